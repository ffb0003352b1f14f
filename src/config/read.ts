/** One config file, read but unchecked. */
import {basename, extname} from 'node:path';
import {pathToFileURL} from 'node:url';
import {defaultLoaders} from 'cosmiconfig';
import {escapeName} from '../core/escape.js';
import {isObject} from './schema.js';
import {excess, readText} from './text.js';

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

export interface RawFile {
  readonly text: string;
  /** Undefined for a package.json without our key. */
  readonly value: unknown;
}

/** The file could be read, and is no YAML, JSON or module. */
export class Unparsable extends Error {
  constructor(
    /** Escaped. */
    readonly why: string,
    /** From 1. */
    readonly line: number | undefined,
    cause: unknown,
  ) {
    super(why, {cause});
  }
}

/** @throws a system error, TextRefused or Unparsable. */
export async function readFile(file: string): Promise<RawFile> {
  const text = readText(file);
  if (text.trim() === '') return {text, value: {}};
  try {
    const load = LOADERS[extname(file)];
    if (load === undefined) throw new Error(`no config has the ending "${extname(file)}"`);
    const value = await load(file, text);
    const found = excess(value);
    if (found !== undefined) throw new Error(found);
    if (!isPackage(file)) return {text, value: value ?? {}};
    return {text, value: isObject(value) ? (value.dirsync ?? undefined) : undefined};
  } catch (error) {
    const {reason, message, mark} = Object(error) as ParseError;
    // Where the end comes too early, js-yaml names the line after it.
    const line = mark && Math.min(mark.line + 1, text.split('\n').length);
    throw new Unparsable(escapeName(reason ?? message ?? String(error)), line, error);
  }
}

/** Such a file holds the config under the key "dirsync". */
export function isPackage(file: string): boolean {
  return basename(file) === 'package.json';
}

/** js-yaml's YAMLException, whose lines count from 0, or whatever a module throws. */
interface ParseError {
  readonly message?: string;
  readonly reason?: string;
  readonly mark?: {readonly line: number};
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
