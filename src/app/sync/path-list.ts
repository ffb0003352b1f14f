/** Lists of paths for `--only-from`: exact and relative to the two folders. A folder includes everything in it. */
import fs from 'node:fs/promises';
import process from 'node:process';
import {addAbortSignal} from 'node:stream';
import type {NarrowSettings} from '../../config/settings.js';
import {DirsyncError} from '../../core/errors.js';
import {escapeName} from '../../core/escape.js';
import {decodeName, osPath} from '../../core/name.js';
import type {RelPath} from '../../core/path.js';
import {PathList} from '../../scan/wanted.js';
import {Interrupted} from '../context.js';

/**
 * Returns the paths of all lists together; undefined if there is no list.
 * @throws DirsyncError LIST_UNREADABLE; Interrupted.
 */
export async function readPathLists(
  {onlyFrom = [], from0 = false}: NarrowSettings,
  signal: AbortSignal,
): Promise<PathList | undefined> {
  if (onlyFrom.length === 0) return undefined;
  const paths = new Set<RelPath>();
  for (const file of onlyFrom) for (const path of pathsIn(file, await readList(file, signal), from0)) paths.add(path);
  return new PathList(paths);
}

/** The content of standard input, read once for all runs of this process. */
let input: Buffer | undefined;

async function readList(file: string, signal: AbortSignal): Promise<Buffer> {
  try {
    if (file !== STDIN) return await fs.readFile(osPath(file), {signal});
    // As a stream, so that a signal ends the wait for input.
    input ??= Buffer.concat(await addAbortSignal(signal, process.stdin).toArray());
    return input;
  } catch (error) {
    if (signal.aborted) throw new Interrupted();
    const {code} = error as NodeJS.ErrnoException;
    throw refused(`${shownList(file)} (${code})`, 'check the path given to --only-from', error);
  }
}

const STDIN = '-';

function shownList(file: string): string {
  return file === STDIN ? 'standard input' : escapeName(file);
}

function pathsIn(file: string, bytes: Buffer, from0: boolean): RelPath[] {
  const shown = shownList(file);
  if (!from0 && bytes.includes(0)) {
    throw refused(
      `${shown}: it contains a NUL`,
      'add --from0 (-0) if the paths are separated by NULs; without it, each line is a path',
    );
  }
  return linesOf(bytes, from0).flatMap((line, i) => {
    const names = decodeName(line).split('/');
    if (names.includes('..')) {
      const where = `${shown}:${i + 1}: "${escapeName(decodeName(line))}" has a ".."`;
      throw refused(where, 'write paths relative to the source');
    }
    return line.length === 0 ? [] : [names.filter((name) => name !== '' && name !== '.').join('/') as RelPath];
  });
}

const CARRIAGE_RETURN = 0x0d;

function linesOf(bytes: Buffer, from0: boolean): Buffer[] {
  const lines: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(from0 ? 0 : 0x0a, at);
    const line = bytes.subarray(at, end === -1 ? bytes.length : end);
    lines.push(!from0 && line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line);
    at = end === -1 ? bytes.length : end + 1;
  }
  return lines;
}

function refused(what: string, hint: string, cause?: unknown): DirsyncError {
  return new DirsyncError('LIST_UNREADABLE', what, hint, {cause});
}
