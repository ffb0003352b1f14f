/** Reads text files with a size limit, because other users may have written them. */
import {closeSync, constants, fstatSync, openSync, readSync} from 'node:fs';
import {osPath} from '../core/name.js';

/** The most bytes of a config or a pattern file. */
const MAX_TEXT = 1024 * 1024;

/** A file that could be opened but is not read. */
export class TextRefused extends Error {
  constructor(
    readonly file: string,
    why: string,
  ) {
    super(why);
  }
}

/** Reads a file. @throws a system error, or TextRefused if it is too large or not a regular file. */
export function readBytes(file: string): Buffer {
  // Without O_NONBLOCK, opening a named pipe waits for a writer.
  const opened = openSync(osPath(file), constants.O_RDONLY | (isShellPipe(file) ? 0 : constants.O_NONBLOCK));
  try {
    const stat = fstatSync(opened);
    if (!stat.isFile() && !stat.isDirectory() && !isShellPipe(file)) throw new TextRefused(file, 'it is not a regular file');
    const bytes = Buffer.allocUnsafe(MAX_TEXT + 1);
    let length = 0;
    for (let got = -1; got !== 0 && length <= MAX_TEXT; length += got)
      got = readSync(opened, bytes, length, MAX_TEXT + 1 - length, null);
    if (length > MAX_TEXT) throw new TextRefused(file, 'it is larger than 1 MiB');
    return bytes.subarray(0, length);
  } finally {
    closeSync(opened);
  }
}

/** Whether it is `<(command)` or standard input: these end when their writer ends. */
function isShellPipe(file: string): boolean {
  return /^\/dev\/(?:stdin|fd\/\d+)$/.test(file);
}

const MAX_VALUES = 50_000;
const MAX_DEPTH = 100;

/**
 * Describes in what way a value from a file is too large; undefined if it is not. With aliases, ten lines of YAML can make a value
 * that contains itself a million times, and walking it would never end. So each alias counts as if it were written out.
 */
export function excess(value: unknown): string | undefined {
  let values = MAX_VALUES;
  let text = MAX_TEXT;
  const take = (at: unknown, depth: number): string | undefined => {
    if (typeof at === 'string') text -= at.length;
    if (--values < 0) return `it contains more than ${MAX_VALUES} values, with every alias expanded`;
    if (text < 0) return 'it contains more than 1 MiB of text, with every alias expanded';
    if (typeof at !== 'object' || at === null) return undefined;
    if (depth === 0) return `it is nested more than ${MAX_DEPTH} levels deep`;
    for (const key in at) {
      text -= key.length;
      const found = take((at as Record<string, unknown>)[key], depth - 1);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return take(value, MAX_DEPTH);
}
