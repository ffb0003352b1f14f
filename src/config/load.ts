/** Finds, reads and checks the config file, and takes jobs from it. */
import {homedir} from 'node:os';
import {basename, dirname, extname, isAbsolute, join, resolve} from 'node:path';
import {pathToFileURL} from 'node:url';
import {defaultLoaders} from 'cosmiconfig';
import {DirsyncError} from '../core/errors.js';
import {escapeName} from '../core/escape.js';
import {nearest} from './nearest.js';
import {type JobSettings, readConfig} from './schema.js';
import {excess, readText, TextRefused} from './text.js';

export type {JobSettings};

export interface Config {
  /** Absolute path. */
  readonly file: string;
  readonly defaults: JobSettings;
  /** As written; `findJob` lays the defaults under them. */
  readonly jobs: ReadonlyMap<string, JobSettings>;
}

/** A job with its defaults. */
export type Job = JobSettings & {readonly source: string; readonly target: string};

export interface LoadOptions {
  readonly cwd: string;
  /** The file to read (`--config`), relative to `cwd`; otherwise it is searched. */
  readonly file?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
}

const ENDINGS = ['yaml', 'yml', 'json', 'js', 'mjs'];
/** The names by which a config is found, the first first. */
export const PROJECT_FILES: readonly string[] = [
  ...ENDINGS.map((ending) => `dirsync.config.${ending}`),
  ...['', '.yaml', '.yml', '.json', '.js'].map((ending) => `.dirsyncrc${ending}`),
  'package.json',
];
const USER_FILES = ENDINGS.map((ending) => `config.${ending}`);

/**
 * The config file given, or else the first found in `cwd`, in the folders above it (up to the home folder, when `cwd` is below
 * it), and in the user's config folder. Undefined when there is none. Throws CONFIG_UNREADABLE, or CONFIG_INVALID with every
 * mistake of the file.
 */
export async function loadConfig(options: LoadOptions): Promise<Config | undefined> {
  const {cwd, file, env} = options;
  if (file !== undefined) {
    const path = resolve(cwd, file);
    const raw = await readRaw(path);
    if (raw === undefined) throw invalid(path, ['the key "dirsync" is missing']);
    return toConfig(path, raw, env);
  }
  for (const place of places(resolve(cwd), env)) {
    const raw = await readRaw(place).catch(unlessAbsent);
    if (raw !== undefined) return toConfig(place, raw, env);
  }
  return undefined;
}

/** A job with the defaults under it; lists replace lists. Throws JOB_UNKNOWN. */
export function findJob(config: Config | undefined, name: string): Job {
  const quoted = `"${escapeName(name)}"`;
  if (config === undefined) {
    const hint = 'Write a dirsync.config.yaml here or in a folder above, or name a file with --config.';
    throw new DirsyncError('JOB_UNKNOWN', `${quoted}, and no config file was found`, hint);
  }
  const job = config.jobs.get(name);
  if (job === undefined) {
    const names = [...config.jobs.keys()];
    const near = nearest(name, names);
    const known = names.length === 0 ? 'It has no jobs.' : `It has: ${names.map(escapeName).join(', ')}.`;
    const hint = near === undefined ? known : `Did you mean "${escapeName(near)}"? ${known}`;
    throw new DirsyncError('JOB_UNKNOWN', `${quoted} is not in ${escapeName(config.file)}`, hint);
  }
  // A config written in JavaScript may say `undefined`, which means "not said".
  const said = Object.fromEntries(Object.entries(job).filter(([, value]) => value !== undefined));
  return layered(config.defaults, said) as Job;
}

/** Settings that say when, any of which takes the place of all below. */
const TIMES = ['every', 'cron', 'at', 'watch'] as const;

/** What `over` says takes the place of what `under` says; of hooks, one by one. */
function layered(under: JobSettings, over: JobSettings): JobSettings {
  const hasTimes = TIMES.some((key) => over[key] !== undefined);
  const below = Object.entries(under).filter(([key]) => !hasTimes || !(TIMES as readonly string[]).includes(key));
  const both = {...Object.fromEntries(below), ...over};
  if (under.hooks === undefined || over.hooks === undefined) return both;
  return {...both, hooks: {...under.hooks, ...over.hooks}};
}

/**
 * Not cosmiconfig's own search: that passes over files it may not read, so that another file would silently hold, and looks
 * for the user's config folder in the process's environment only.
 */
function* places(cwd: string, env: NodeJS.ProcessEnv): Generator<string> {
  const home = env.HOME || homedir();
  for (let folder = cwd; ; folder = dirname(folder)) {
    for (const name of PROJECT_FILES) yield join(folder, name);
    if (folder === home || folder === dirname(folder)) break;
  }
  // XDG Base Directory Specification: a relative path in the variable is to be ignored.
  const xdg = env.XDG_CONFIG_HOME;
  const configHome = xdg !== undefined && isAbsolute(xdg) ? xdg : join(home, '.config');
  for (const name of USER_FILES) yield join(configHome, 'dirsync', name);
}

/** What is taken of a file by its ending. */
const LOADERS: Readonly<Record<string, (file: string, content: string) => unknown>> = {
  '': defaultLoaders.noExt,
  '.yaml': defaultLoaders['.yaml'],
  '.yml': defaultLoaders['.yml'],
  '.json': loadJson,
  '.js': loadModule,
  '.mjs': loadModule,
  '.cjs': loadModule,
};
const MAX_IMPORTS = 100;

/** What the file holds, unchecked; undefined for a package.json without our key. */
async function readRaw(file: string): Promise<unknown> {
  try {
    return await readWithImports(file, [], {left: MAX_IMPORTS});
  } catch (error) {
    throw readError(file, error as LoadError);
  }
}

/**
 * A file, and under it those that it names by `$import`. Not cosmiconfig's own reading: that takes a file of any size and kind,
 * and imports of any number.
 */
async function readWithImports(file: string, above: readonly string[], files: {left: number}): Promise<unknown> {
  const [content, imports] = [await readOne(file), [] as unknown[]];
  if (!isObject(content) || !('$import' in content)) return content;
  const {$import: named, ...own} = content;
  for (const name of [named].flat()) {
    if (typeof name !== 'string') throw new Error('$import: expected string or array of strings');
    const place = resolve(dirname(file), name);
    if (place === file || above.includes(place)) throw new Error(`$import: "${name}" imports itself`);
    if (--files.left < 0) throw new Error(`$import: over ${MAX_IMPORTS} files`);
    imports.push(await readWithImports(place, [...above, file], files));
  }
  return bounded([...imports, own].filter(isObject).reduce<Json>(merge, {}));
}

function bounded<T>(raw: T): T {
  const found = excess(raw);
  if (found !== undefined) throw new Error(found);
  return raw;
}

type Json = Record<string, unknown>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What `over` says goes over what `under` says; lists replace lists. */
function merge(under: Json, over: Json): Json {
  const both = Object.entries(over).map(([key, value]) => {
    const below = Object.hasOwn(under, key) ? under[key] : undefined;
    return [key, isObject(below) && isObject(value) ? merge(below, value) : value];
  });
  return {...under, ...Object.fromEntries(both)};
}

async function readOne(file: string): Promise<unknown> {
  const content = readText(file);
  if (content.trim() === '') return {};
  const load = LOADERS[extname(file)];
  try {
    if (load === undefined) throw new Error(`no config has the ending "${extname(file)}"`);
    const raw = bounded(await load(file, content));
    if (basename(file) !== 'package.json') return raw ?? {};
    return isObject(raw) ? (raw.dirsync ?? undefined) : undefined;
  } catch (error) {
    throw Object.assign(error as Error, {filepath: file});
  }
}

/** The default loader tries again with require(), and reports how that failed. Node reads a module once in the life of a process. */
async function loadModule(file: string): Promise<unknown> {
  return (await import(pathToFileURL(file).href)).default;
}

/** The default loader, which does not tell lines. */
function loadJson(file: string, content: string): unknown {
  try {
    return defaultLoaders['.json'](file, content);
  } catch (error) {
    const position = /at position (\d+)/.exec((error as Error).message)?.[1] ?? content.length;
    const line = content.slice(0, Number(position)).split('\n').length - 1;
    throw Object.assign(new Error('no valid JSON', {cause: error}), {mark: {line}});
  }
}

/** What reading can throw: a system error, js-yaml's YAMLException (lines count from 0), or whatever a JavaScript config does. */
interface LoadError extends NodeJS.ErrnoException {
  /** The file that was read: the one asked for, or one that it imports. */
  readonly filepath?: string;
  readonly reason?: string;
  readonly mark?: {readonly line: number};
}

function readError(file: string, error: LoadError): DirsyncError {
  if (error instanceof TextRefused) {
    const hint = 'Name a file with the config alone.';
    return new DirsyncError('CONFIG_UNREADABLE', `${escapeName(error.file)}: ${error.message}`, hint, {cause: error});
  }
  // A config in JavaScript, or one with $import, may fail on other files; EISDIR comes without a path.
  if (error.syscall !== undefined && (error.path ?? file) === file) {
    const hint = 'Check that the file exists and that you may read it.';
    return new DirsyncError('CONFIG_UNREADABLE', `${escapeName(file)} (${error.code})`, hint, {cause: error});
  }
  const where = error.mark === undefined ? '' : `line ${error.mark.line + 1}: `;
  return invalid(error.filepath ?? file, [where + escapeName(error.reason ?? String(error.message))], error);
}

/** Takes a missing file (or a folder of that name) for nothing; other errors stay. */
function unlessAbsent(error: DirsyncError): undefined {
  const {code = ''} = error.cause as NodeJS.ErrnoException;
  if (error.code !== 'CONFIG_UNREADABLE' || !['ENOENT', 'ENOTDIR', 'EISDIR'].includes(code)) throw error;
}

function toConfig(file: string, raw: unknown, env: NodeJS.ProcessEnv): Config {
  const read = readConfig(raw, {folder: dirname(file), env});
  if ('mistakes' in read) throw invalid(file, read.mistakes);
  const {defaults = {}, jobs = {}} = read.content;
  return {file, defaults, jobs: new Map(Object.entries(jobs))};
}

const LONGEST = 1000;

/** `mistakes` are escaped already; each becomes a line of its own. */
function invalid(file: string, mistakes: readonly string[], cause?: unknown): DirsyncError {
  const lines = mistakes.map(
    (mistake) => `${escapeName(file)}: ${mistake.length > LONGEST ? `${mistake.slice(0, LONGEST)}…` : mistake}`,
  );
  return new DirsyncError('CONFIG_INVALID', lines.join('\n'), undefined, {cause});
}
