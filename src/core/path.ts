/**
 * Relative paths: names joined by "/", with no leading, trailing or doubled slash; '' is the root itself.
 * The brand keeps them apart from paths that the operating system would accept.
 */
import {compareNames, type Folding, foldName, isName} from './name.js';

export type RelPath = string & {readonly __brand: 'RelPath'};

export const ROOT = '' as RelPath;

/** The folder at a root where dirsync keeps its own files. It is never part of a tree. */
export const STATE_DIR = '.dirsync';

/** Whether a name in the root is that folder's, to a target that folds names like this. */
export function isStateDir(name: string, folding: Folding | undefined): boolean {
  return name === STATE_DIR || (folding !== undefined && foldName(name) === STATE_DIR);
}

/** Whether a name is one that dirsync gives to what it is just renaming, for a moment: data of the user under a name of its own. */
export function isRenamedName(name: string): boolean {
  return RENAMED_NAME.test(name);
}

const RENAMED_NAME = /^\.dirsync-[\w-]+\.name$/;

export function joinPath(parent: RelPath, name: string): RelPath {
  // Perf: join makes one flat string; a concatenation keeps its parts, which takes twice the memory (bench: review-million).
  return (parent === '' ? name : [parent, name].join('/')) as RelPath;
}

/** The folder that holds `path`; the root's is the root. */
export function parentPath(path: RelPath): RelPath {
  return path.slice(0, Math.max(0, path.lastIndexOf('/'))) as RelPath;
}

export function baseName(path: RelPath): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

export function pathParts(path: RelPath): string[] {
  return path === '' ? [] : path.split('/');
}

/** How many names a path has; the root has none. */
export function pathDepth(path: RelPath): number {
  if (path === '') return 0;
  let depth = 1;
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) depth++;
  return depth;
}

/** Whether `path` is `ancestor` or lies below it. */
export function isWithin(path: RelPath, ancestor: RelPath): boolean {
  return ancestor === '' || path === ancestor || path.startsWith(`${ancestor}/`);
}

/** Canonical order: a folder before what is in it, siblings by the bytes of their names. */
export function comparePaths(a: RelPath, b: RelPath): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left === right) continue;
    // Below the surrogates the order of UTF-16 units is that of the bytes; at its "/" a name ends, and the shorter comes first.
    if (left >= 0xd800 || right >= 0xd800) return compareParts(a, b);
    if (left === SLASH) return -1;
    return right === SLASH ? 1 : left - right;
  }
  return a.length - b.length;
}

const SLASH = 0x2f;

function compareParts(a: RelPath, b: RelPath): number {
  const left = pathParts(a);
  const right = pathParts(b);
  for (let i = 0; i < left.length && i < right.length; i++) {
    const order = compareNames(left[i] as string, right[i] as string);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

/** Empty names, "." and "..". */
const NO_NAME = /(?:^|\/)\.{0,2}(?:\/|$)/;

/** Says what is wrong with a path that came from outside, or undefined for a sound one. */
export function pathFault(path: unknown): string | undefined {
  if (typeof path !== 'string') return 'is not a string';
  if (path === '') return undefined;
  if (path.startsWith('/')) return 'is absolute';
  if (path.includes('\0')) return 'contains a NUL';
  if (!isName(path)) return 'contains a surrogate that represents no byte';
  if (NO_NAME.test(path)) {
    return path.split('/').includes('..') ? 'climbs out of the root with ".."' : 'is not normalized';
  }
  if (isWithin(path as RelPath, STATE_DIR as RelPath)) return `is inside ${STATE_DIR}, which belongs to dirsync`;
  return undefined;
}
