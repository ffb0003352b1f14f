/** Finds the path of the trees that a user means. */
import {posix} from 'node:path';
import {DirsyncError} from '../../core/errors.js';
import {escapeName, unescapeName} from '../../core/escape.js';
import {isName} from '../../core/name.js';
import type {Naming} from '../../core/naming.js';
import type {RelPath} from '../../core/path.js';
import {realPath} from '../../platform/environment.js';

export interface LocateOptions {
  /** Relative to the roots or to `cwd`, or absolute. Names that cannot be typed are written as dirsync prints them. */
  readonly typed: string;
  /** Undefined if the current folder no longer exists. Relative paths then start at the roots. */
  readonly cwd: string | undefined;
  /** Absolute paths of source and target. */
  readonly roots: readonly string[];
  /** Whether the path exists on either side or is in the plan. */
  readonly isKnown: (path: RelPath) => boolean;
  /** The escaping of names in the trees, to read paths that are written as on disk. */
  readonly escaped: readonly Naming[];
}

/** Returns the first interpretation of the typed path that is known, or else the first one. @throws DirsyncError USAGE. */
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

/**
 * Returns the part of an absolute path below a root, also if it reaches the root through a symlink; undefined if it is in no
 * root.
 */
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
