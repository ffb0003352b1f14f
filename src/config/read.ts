/** Reads one config file, without checking its content. */
import {basename, extname} from 'node:path';
import {pathToFileURL} from 'node:url';
import {escapeName} from '../core/escape.js';
import {decodeText, noText} from '../core/text.js';
import {parseJson} from './json.js';
import {isObject} from './schema.js';
import {excess, readBytes} from './text.js';
import {Unparsable} from './unparsable.js';
import {parseYaml, plainYaml} from './yaml.js';

/** The key of the config in a package.json. */
const KEY = 'dirsync';

/** The parser for each extension. */
const LOADERS: Readonly<Record<string, (file: string, content: string) => unknown>> = {
  '': (_, text) => parseYaml(text),
  '.yaml': (_, text) => parseYaml(text),
  '.yml': (_, text) => parseYaml(text),
  '.json': (file, text) => parseJson(text, isPackage(file) ? KEY : undefined),
  '.js': loadModule,
  '.mjs': loadModule,
  '.cjs': loadModule,
};

/** A parsed file, not yet checked. */
export interface RawFile {
  readonly text: string;
  /** Undefined for a package.json without the key "dirsync". */
  readonly value: unknown;
}

/** Reads and parses a config file. @throws a system error, TextRefused or Unparsable. */
export async function readFile(file: string): Promise<RawFile> {
  const bytes = readBytes(file);
  const text = decodeText(bytes);
  if (text.trim() === '') return {text, value: {}};
  try {
    checkText(bytes, text);
    const load = LOADERS[extname(file)];
    if (load === undefined) throw new Error(`"${extname(file)}" is not an extension of a config file`);
    const loaded = await load(file, text);
    const found = excess(loaded);
    if (found !== undefined) throw new Error(found);
    const value = plainYaml(loaded);
    if (!isPackage(file)) return {text, value: value ?? {}};
    return {text, value: isObject(value) ? (value[KEY] ?? undefined) : undefined};
  } catch (error) {
    if (error instanceof Unparsable) throw error;
    // A module may throw any value.
    const {message} = Object(error) as {readonly message?: string};
    throw new Unparsable(escapeName(message ?? String(error)), undefined, error);
  }
}

/** Refuses bytes that are not UTF-8: decoded as U+FFFD, they would mean a different path. */
function checkText(bytes: Uint8Array, text: string): void {
  const why = noText(bytes);
  if (why !== undefined) throw new Error(why);
  const at = text.search(/\p{Cs}/u);
  if (at === -1) return;
  const unit = text.charCodeAt(at).toString(16);
  const line = text.slice(0, at).split('\n').length;
  const what = `the byte \\x${unit.slice(2)} is not UTF-8; if it is intended, write "\\u${unit}" in double quotes`;
  throw new Unparsable(what, line, undefined);
}

/** Whether a file is a package.json, which has the config under the key "dirsync". */
export function isPackage(file: string): boolean {
  return basename(file) === 'package.json';
}

/** Loads a JavaScript config. Node reads a module only once per process. */
async function loadModule(file: string): Promise<unknown> {
  if (!file.isWellFormed())
    throw new Error('Node cannot load a module whose path is not UTF-8; write the config as YAML or JSON');
  return (await import(pathToFileURL(file).href)).default;
}
