/** A config file and the files that it extends, as layers: a higher layer overrides lower ones. */
import {dirname} from 'node:path';
import {escapeName} from '../core/escape.js';
import {type KeyPath, type Mistake, missing} from './mistakes.js';
import {checkOwn, Foreign} from './owner.js';
import {isPackage, readFile} from './read.js';
import {type ConfigContent, checkConfig, fieldsOf, isObject, type JobSettings, readExtends} from './schema.js';
import {TextRefused} from './text.js';
import {Unparsable} from './unparsable.js';

/** One config file. */
export interface Layer {
  /** Absolute path. */
  readonly file: string;
  readonly text: string;
  /** The value as parsed. */
  readonly raw: unknown;
  /** The checked content; undefined if the file has mistakes. */
  readonly content: ConfigContent | undefined;
}

/** A mistake in one of the files. */
export interface FileMistake extends Mistake {
  readonly file: string;
  /** Undefined if `path` gives the line. */
  readonly line?: number | undefined;
  /** The mistake is in the file's syntax, so there is no key to name. */
  readonly isForm?: boolean;
}

/** The layers of a config, with all mistakes found in them. */
export interface Layers {
  /** Lowest first; a file that is extended twice is in the list twice. */
  readonly layers: readonly Layer[];
  readonly mistakes: readonly FileMistake[];
}

const MAX_FILES = 100;

export interface ReadOptions {
  readonly env: NodeJS.ProcessEnv;
  /** The user named the file, so it and the files that it extends are trusted, no matter who wrote them. */
  readonly isMeant: boolean;
}

/**
 * Reads a file and everything that it extends, and checks each file by itself. Undefined for a package.json without a key
 * "dirsync".
 * @throws a system error, TextRefused or Foreign if the file itself cannot be read.
 */
export async function readLayers(file: string, {env, isMeant}: ReadOptions): Promise<Layers | undefined> {
  const mistakes: FileMistake[] = [];
  let left = MAX_FILES;

  async function layersOf(path: string, above: readonly string[]): Promise<Layer[] | undefined> {
    let read: Awaited<ReturnType<typeof readFile>>;
    // Reading a package.json is harmless, and most do not mention dirsync.
    if (!isMeant && !isPackage(path)) checkOwn(path);
    try {
      read = await readFile(path);
    } catch (error) {
      if (!(error instanceof Unparsable)) throw error;
      mistakes.push({file: path, path: [], line: error.line, isForm: true, say: () => error.why});
      return [];
    }
    if (read.value === undefined) return undefined;
    if (!isMeant && isPackage(path)) checkOwn(path);
    const context = {folder: dirname(path), env};
    const checked = checkConfig(read.value, context);
    if ('mistakes' in checked) for (const mistake of checked.mistakes) mistakes.push({...mistake, file: path});
    const content = 'content' in checked ? checked.content : undefined;
    const below: Layer[] = [];
    for (const [index, name] of readExtends(read.value, context).entries()) {
      if (left < 0) break;
      const key = Array.isArray(fieldsOf(read.value).extends) ? ['extends', index] : ['extends'];
      below.push(...(await extendedBy(path, key, name, above)));
    }
    return [...below, {file: path, text: read.text, raw: read.value, content}];
  }

  async function extendedBy(by: string, key: KeyPath, name: string, above: readonly string[]): Promise<Layer[]> {
    const chain = [...above, by];
    const wrong = (why: string): Layer[] => {
      mistakes.push({file: by, path: key, say: () => why});
      return [];
    };
    if (chain.includes(name)) return wrong(ringWords(chain.slice(chain.indexOf(name))));
    if (--left < 0) return wrong(`more than ${MAX_FILES} files`);
    try {
      return (await layersOf(name, chain)) ?? wrong(`${escapeName(name)} has no key "dirsync"`);
    } catch (error) {
      return wrong(`${escapeName(name)} ${unreadableWords(error)}`);
    }
  }

  const layers = await layersOf(file, []);
  return layers && {layers, mistakes: mistakes.concat(missingRoots(layers), bothCompares(layers))};
}

function ringWords([first = '', ...others]: readonly string[]): string {
  const through = others.length === 0 ? '' : `, through ${others.map(escapeName).join(' and ')}`;
  return `${escapeName(first)} extends itself${through}`;
}

function unreadableWords(error: unknown): string {
  if (error instanceof TextRefused) return `cannot be read: ${error.message}`;
  if (error instanceof Foreign) return `is not read: ${error.message}; if that is intended, name the config with --config`;
  const {code} = error as NodeJS.ErrnoException;
  if (code === undefined) throw error;
  return code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`;
}

/** Where a setting of a job is set: in the highest layer whose job sets it, or else whose defaults do. */
export interface Said {
  readonly layer: Layer;
  readonly path: KeyPath;
  readonly value: unknown;
}

/**
 * Finds where a setting is set; undefined if no layer sets it. `key`: a setting or a key below it. A JavaScript `undefined` does
 * not count.
 */
export function whereSaid(layers: readonly Layer[], job: string, key: KeyPath): Said | undefined {
  for (const place of [['jobs', job], ['defaults']]) {
    for (const layer of layers.toReversed()) {
      const path = [...place, ...key];
      const value = path.reduce<unknown>((found, name) => ownField(found, name), layer.raw);
      if (value !== undefined) return {layer, path, value};
    }
  }
  return undefined;
}

function ownField(value: unknown, key: PropertyKey): unknown {
  return isObject(value) && Object.hasOwn(value, key) ? value[key as string] : undefined;
}

/** Job names in the order of the layers. A job without a name is reported elsewhere. */
function jobNames(layers: readonly Layer[]): string[] {
  const names = new Set(layers.flatMap(({raw}) => Object.keys(fieldsOf(fieldsOf(raw).jobs))));
  return [...names].filter((name) => name !== '');
}

/** Reports jobs that have no source or target, not even from the defaults. */
function missingRoots(layers: readonly Layer[]): FileMistake[] {
  return jobNames(layers).flatMap((name) => {
    const naming = layers.findLast(({raw}) => isObject(ownField(fieldsOf(raw).jobs, name)));
    if (naming === undefined) return [];
    return ['source', 'target']
      .filter((key) => whereSaid(layers, name, [key]) === undefined)
      .map((key) => ({file: naming.file, path: ['jobs', name, key], say: () => missing('string')}));
  });
}

function bothCompares(layers: readonly Layer[]): FileMistake[] {
  return jobNames(layers).flatMap((name) => {
    const [checksum, sizeOnly] = ['checksum', 'sizeOnly'].map((key) => whereSaid(layers, name, [key]));
    if (checksum?.value !== true || sizeOnly?.value !== true) return [];
    return [{file: sizeOnly.layer.file, path: sizeOnly.path, say: () => 'cannot be used with checksum; choose one of them'}];
  });
}

/** Settings of the schedule: setting any of them overrides all of them in lower layers. */
const TIMES = ['every', 'cron', 'at', 'watch'] as const;

/** Merges settings: `over` overrides `under`; hooks are merged one by one. */
export function layered(under: JobSettings, over: JobSettings): JobSettings {
  const above = withoutUndefined(over);
  const hasTimes = TIMES.some((key) => above[key] !== undefined);
  const below = hasTimes ? without(under, TIMES) : under;
  const both = {...below, ...above};
  if (under.hooks === undefined || above.hooks === undefined) return both;
  return {...both, hooks: {...under.hooks, ...withoutUndefined(above.hooks)}};
}

/** Settings without some keys. */
export function without<Key extends keyof JobSettings>(settings: JobSettings, keys: readonly Key[]): Omit<JobSettings, Key> {
  const left = Object.entries(settings).filter(([key]) => !(keys as readonly string[]).includes(key));
  return Object.fromEntries(left) as Omit<JobSettings, Key>;
}

/** Removes `undefined` values, which a JavaScript config may have and which mean "not set". */
function withoutUndefined<T extends object>(settings: T): T {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as T;
}

/** Merges the layers, lowest first. */
export function merged(contents: readonly ConfigContent[]): {defaults: JobSettings; jobs: Map<string, JobSettings>} {
  const jobs = new Map<string, JobSettings>();
  let defaults: JobSettings = {};
  for (const content of contents) {
    defaults = layered(defaults, content.defaults ?? {});
    for (const [name, job] of Object.entries(content.jobs ?? {})) jobs.set(name, layered(jobs.get(name) ?? {}, job));
  }
  return {defaults, jobs};
}
