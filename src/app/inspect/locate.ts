/** Which path of the trees a user means. */
import {posix} from 'node:path';
import {DirsyncError} from '../../core/errors.js';
import {escapeName, unescapeName} from '../../core/escape.js';
import {isName} from '../../core/name.js';
import type {Naming} from '../../core/naming.js';
import type {RelPath} from '../../core/path.js';
import {realPath} from '../../platform/environment.js';

export interface LocateOptions {
  /** Relative to the roots or to `cwd`, or absolute; a name that no command line can carry in the form that dirsync prints. */
  readonly typed: string;
  /** Undefined: there is none any more, and what is relative is so to the roots. */
  readonly cwd: string | undefined;
  /** Absolute paths of source and target. */
  readonly roots: readonly string[];
  /** Whether something stands at this path on either side, or the plan says something of it. */
  readonly isKnown: (path: RelPath) => boolean;
  /** What a path means that is written as one of the two trees has it on disk. */
  readonly escaped: readonly Naming[];
}

/** The path that is meant: the first reading of which something is known. @throws DirsyncError USAGE. */
export function locate({typed, cwd, roots, isKnown, escaped}: LocateOptions): RelPath {
  if (typed === '') throw new DirsyncError('USAGE', 'the path is empty', 'write "." for the folder itself');
  const unescaped = unescapeName(typed);
  const texts = unescaped === typed ? [typed] : [typed, unescaped];
  const readings = texts.flatMap((text) => readingsOf(text, cwd, roots));
  const [first] = readings;
  if (first === undefined) {
    throw new DirsyncError(
      'USAGE',
      `${escapeName(typed)} is outside of both ${roots.map(escapeName).join(' and ')}`,
      'give a path in one of them, or relative to them',
    );
  }
  const onDisk = readings.flatMap((path) => escaped.map((naming) => naming.readPath(path) as RelPath | undefined));
  return [...readings, ...onDisk.filter((path) => path !== undefined)].find(isKnown) ?? first;
}

function readingsOf(text: string, cwd: string | undefined, roots: readonly string[]): RelPath[] {
  if (text.includes('\0') || !isName(text)) return [];
  const plain = posix.normalize(text).replace(/(?<=.)\/$/, '');
  const below = posix.isAbsolute(plain) || plain === '..' || plain.startsWith('../') ? [] : [plain === '.' ? '' : plain];
  const absolute = posix.isAbsolute(plain) ? plain : cwd && posix.join(cwd, plain);
  const inRoot = absolute && belowRoot(absolute, roots);
  return [...below, ...(inRoot === undefined ? [] : [inRoot])] as RelPath[];
}

/** The rest of an absolute path below the first of its folders that is a root, also through symlinks that lead to the root. */
function belowRoot(absolute: string, roots: readonly string[]): string | undefined {
  const names = absolute.split('/').filter((name) => name !== '');
  for (let length = 0; length <= names.length; length++) {
    const folder = `/${names.slice(0, length).join('/')}`;
    if (roots.includes(folder) || roots.includes(realPathOr(folder))) return names.slice(length).join('/');
  }
  return undefined;
}

function realPathOr(folder: string): string {
  try {
    return realPath(folder);
  } catch {
    return folder;
  }
}
