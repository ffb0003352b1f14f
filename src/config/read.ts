/** One config file, read but unchecked. */
import {basename, extname} from 'node:path';
import {pathToFileURL} from 'node:url';
import {defaultLoaders} from 'cosmiconfig';
import {escapeName} from '../core/escape.js';
import {decodeText, noText} from '../core/text.js';
import {isObject} from './schema.js';
import {excess, readBytes} from './text.js';

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
  const bytes = readBytes(file);
  const text = decodeText(bytes);
  if (text.trim() === '') return {text, value: {}};
  try {
    checkText(bytes, text);
    const load = LOADERS[extname(file)];
    if (load === undefined) throw new Error(`no config has the ending "${extname(file)}"`);
    const value = await load(file, text);
    const found = excess(value);
    if (found !== undefined) throw new Error(found);
    if (!isPackage(file)) return {text, value: value ?? {}};
    return {text, value: isObject(value) ? (value.dirsync ?? undefined) : undefined};
  } catch (error) {
    if (error instanceof Unparsable) throw error;
    const {reason, message, mark} = Object(error) as ParseError;
    // Where the end comes too early, js-yaml names the line after it.
    const line = mark && Math.min(mark.line + 1, text.split('\n').length);
    throw new Unparsable(escapeName(reason ?? message ?? String(error)), line, error);
  }
}

/** Read as UTF-8 with U+FFFD in their place, such bytes would make another path. */
function checkText(bytes: Uint8Array, text: string): void {
  const why = noText(bytes);
  if (why !== undefined) throw new Error(why);
  const at = text.search(/\p{Cs}/u);
  if (at === -1) return;
  const unit = text.charCodeAt(at).toString(16);
  const line = text.slice(0, at).split('\n').length;
  const what = `the byte \\x${unit.slice(2)} is not UTF-8; where it is meant, write "\\u${unit}" in double quotes`;
  throw new Unparsable(what, line, undefined);
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
  if (!file.isWellFormed()) throw new Error('Node loads no module whose path is not UTF-8; write the config as YAML or JSON');
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
