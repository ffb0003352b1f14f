/** Finds, reads and checks the config file, and returns its jobs. */
import {dirname, isAbsolute, join, resolve} from 'node:path';
import {DirsyncError} from '../core/errors.js';
import {escapeName} from '../core/escape.js';
import {isFolder} from './expand.js';
import {homeFolder} from './home.js';
import {type FileMistake, type Layer, type Layers, layered, merged, readLayers, whereSaid} from './layers.js';
import {keyPathWords} from './mistakes.js';
import {nearest} from './nearest.js';
import {Foreign} from './owner.js';
import {type ConfigContent, fieldsOf, type JobSettings, validSettings} from './schema.js';
import {TextRefused} from './text.js';

export type {JobSettings};

/** A config without mistakes. */
export interface Config {
  /** Absolute path. */
  readonly file: string;
  /** That file and the files that it extends, lowest first. */
  readonly layers: readonly Layer[];
  readonly defaults: JobSettings;
  /** Jobs as written; `findJob` merges them with the defaults. */
  readonly jobs: ReadonlyMap<string, JobSettings>;
}

/** A job merged with the defaults. */
export type Job = JobSettings & {readonly source: string; readonly target: string};

/** Where to find the config. */
export interface LoadOptions {
  readonly cwd: string;
  /** The file to read (`--config`), relative to `cwd`; if undefined, a file is searched. */
  readonly file?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
}

const ENDINGS = ['yaml', 'yml', 'json', 'js', 'mjs'];
/** The names of config files, in the order in which they are searched. */
export const PROJECT_FILES: readonly string[] = [
  ...ENDINGS.map((ending) => `dirsync.config.${ending}`),
  ...['', '.yaml', '.yml', '.json', '.js'].map((ending) => `.dirsyncrc${ending}`),
  'package.json',
];
const USER_FILES = ENDINGS.map((ending) => `config.${ending}`);

/**
 * Loads the given config file, or else the first one found in `cwd`, in the folders above it (up to the home folder, if `cwd` is
 * below it), and in the user's config folder, with the files that it extends. Undefined if there is none.
 * @throws DirsyncError CONFIG_UNREADABLE; CONFIG_FOREIGN if a found file may come from another user; CONFIG_INVALID with all
 * mistakes.
 */
export async function loadConfig(options: LoadOptions): Promise<Config | undefined> {
  const found = await findFile(options);
  if (found === undefined) return undefined;
  const {file, layers, mistakes} = found;
  if (mistakes.length > 0) throw await invalid(layers, mistakes);
  // Without mistakes, every layer has content.
  const config = {file, layers, ...merged(layers.map(({content}) => content as ConfigContent))};
  const shared = sharedMetrics(config);
  if (shared.length > 0) throw await invalid(layers, shared);
  return config;
}

/** Returns a job merged with the defaults; its lists replace theirs. @throws DirsyncError JOB_UNKNOWN. */
export function findJob(config: Config | undefined, name: string): Job {
  const quoted = `"${escapeName(name)}"`;
  if (config === undefined) {
    const hint = 'write a dirsync.config.yaml here or in a folder above, or name a file with --config';
    throw new DirsyncError('JOB_UNKNOWN', `${quoted}, and no config file was found`, hint);
  }
  const job = config.jobs.get(name);
  if (job === undefined) {
    const names = [...config.jobs.keys()];
    const near = nearest(name, names);
    const known = names.length === 0 ? 'it has no jobs' : `it has ${names.map(escapeName).join(', ')}`;
    const hint = near === undefined ? known : `did you mean "${escapeName(near)}"? ${known}`;
    throw new DirsyncError('JOB_UNKNOWN', `${quoted} is not in ${escapeName(config.file)}`, hint);
  }
  return layered(config.defaults, job) as Job;
}

/** Settings that decide who is notified about a run. */
const NOTICES = [
  'target',
  'log',
  'logFormat',
  'logLevel',
  'logSize',
  'logAge',
  'logFiles',
  'metrics',
  'heartbeat',
  'webhook',
  'hooks',
] as const;

/**
 * For a config with mistakes: the valid settings of a job, or of the defaults, that are needed to notify somebody that the job
 * cannot run. Undefined if no file can be read. Never throws.
 */
export function salvageNotices(options: SalvageOptions): Promise<Salvaged | undefined> {
  return salvage(options).catch(() => undefined);
}

/** For a config with mistakes: the names of its jobs; empty if no file can be read. Never throws. */
export async function salvageNames(options: LoadOptions): Promise<readonly string[]> {
  const found = await findFile(options).catch(() => undefined);
  return [...new Set(found?.layers.flatMap(({raw}) => Object.keys(fieldsOf(fieldsOf(raw).jobs))))];
}

export interface SalvageOptions extends LoadOptions {
  /** Undefined: only the defaults. */
  readonly job?: string | undefined;
}

/** Settings of a config with mistakes. */
export interface Salvaged {
  readonly settings: JobSettings;
  /** The folder of the config file. */
  readonly folder: string;
}

async function salvage(options: SalvageOptions): Promise<Salvaged | undefined> {
  const found = await findFile(options);
  if (found === undefined || found.layers.at(-1)?.file !== found.file) return undefined;
  const contents = found.layers.map(({file, raw}): ConfigContent => {
    const context = {folder: dirname(file), env: options.env};
    const {defaults, jobs} = fieldsOf(raw);
    const valid = (settings: unknown) => validSettings(settings, NOTICES, context);
    const job = options.job === undefined ? undefined : fieldsOf(jobs)[options.job];
    return {defaults: valid(defaults), jobs: {job: valid(job)}};
  });
  const {defaults, jobs} = merged(contents);
  return {settings: layered(defaults, jobs.get('job') ?? {}), folder: dirname(found.file)};
}

/** @throws DirsyncError CONFIG_UNREADABLE, CONFIG_FOREIGN, or CONFIG_INVALID if a named package.json has no key "dirsync". */
async function findFile({cwd, file, env}: LoadOptions): Promise<(Layers & {readonly file: string}) | undefined> {
  if (file !== undefined) {
    const path = resolve(cwd, file);
    const layers = await readLayers(path, {env, isMeant: true}).catch((error: unknown) =>
      Promise.reject(unreadable(path, error)),
    );
    if (layers === undefined) {
      throw await invalid([], [{file: path, path: [], isForm: true, say: () => 'the key "dirsync" is missing'}]);
    }
    return {...layers, file: path};
  }
  for (const place of places(resolve(cwd), env)) {
    const layers = await readLayers(place, {env, isMeant: false}).catch((error: unknown) => {
      if (!isAbsent(error)) throw unreadable(place, error);
      return undefined;
    });
    if (layers !== undefined) return {...layers, file: place};
  }
  return undefined;
}

/**
 * The paths to try, in order. A file that cannot be read is an error and not skipped, because another file would silently be used.
 */
function* places(cwd: string, env: NodeJS.ProcessEnv): Generator<string> {
  const home = homeFolder(env);
  for (let folder = cwd; ; folder = dirname(folder)) {
    for (const name of PROJECT_FILES) yield join(folder, name);
    if (folder === home || folder === dirname(folder)) break;
  }
  // XDG Base Directory Specification: a relative path in the variable must be ignored.
  const xdg = env.XDG_CONFIG_HOME;
  const configHome = xdg !== undefined && isAbsolute(xdg) ? xdg : home && join(home, '.config');
  if (configHome !== undefined) for (const name of USER_FILES) yield join(configHome, 'dirsync', name);
}

/** Whether the file is missing, or is a folder. */
function isAbsent(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
}

function unreadable(file: string, error: unknown): unknown {
  if (error instanceof TextRefused) {
    const hint = 'name a file that contains only the config';
    return new DirsyncError('CONFIG_UNREADABLE', `${escapeName(file)}: ${error.message}`, hint, {cause: error});
  }
  if (error instanceof Foreign) {
    const hint = `look at it first; if you trust it, name it: --config ${escapeName(file)}`;
    return new DirsyncError('CONFIG_FOREIGN', `${escapeName(file)} (${error.message})`, hint, {cause: error});
  }
  const {code} = error as NodeJS.ErrnoException;
  if (code === undefined) return error;
  const hint = 'check that the file exists and that you can read it';
  return new DirsyncError('CONFIG_UNREADABLE', `${escapeName(file)} (${code})`, hint, {cause: error});
}

/** Reports jobs that would overwrite each other's metrics file. */
function sharedMetrics(config: Config): FileMistake[] {
  const owners = new Map<string, string>();
  return [...config.jobs.keys()].flatMap((name) => {
    const {metrics} = findJob(config, name);
    if (metrics === undefined || isFolder(metrics)) return [];
    const owner = owners.get(metrics);
    owners.set(metrics, owner ?? name);
    const said = whereSaid(config.layers, name, ['metrics']);
    if (owner === undefined || said === undefined) return [];
    const say = () =>
      `the jobs "${escapeName(owner)}" and "${escapeName(name)}" would write the same file; end the path with "/" to get a folder with one file for each job`;
    return [{file: said.layer.file, path: said.path, say}];
  });
}

/** The most mistakes that are reported; a file with more is probably not a config of dirsync. */
const MAX_MISTAKES = 50;
const LONGEST = 1000;

/** The error with one line per mistake, sorted by file and line. */
async function invalid(layers: readonly Layer[], mistakes: readonly FileMistake[]): Promise<DirsyncError> {
  // Loaded only here, because a config without mistakes needs no second parser.
  const {lineFinder} = await import('./lines.js');
  const lineOf = lineFinder(layers);
  const files = [...new Set(mistakes.map(({file}) => file))];
  const told = mistakes.slice(0, MAX_MISTAKES).map((mistake) => {
    const {file, path, isForm} = mistake;
    return {...mistake, order: files.indexOf(file), line: isForm ? mistake.line : lineOf(file, path)};
  });
  told.sort((a, b) => a.order - b.order || (a.line ?? 0) - (b.line ?? 0));
  const lines = told.map(({file, line, path, isForm, say}) => {
    const where = line === undefined ? '' : `:${line}`;
    const what = isForm ? say() : `${keyPathWords(path)}: ${say()}`;
    return `${escapeName(file)}${where}: ${what.length > LONGEST ? `${what.slice(0, LONGEST)}…` : what}`;
  });
  const more = mistakes.length - told.length;
  if (more > 0) lines.push(`${escapeName(files[0] ?? '')}: and ${more} more mistakes`);
  // The mistakes of a file that is extended twice are found twice.
  return new DirsyncError('CONFIG_INVALID', [...new Set(lines)].join('\n'));
}
