/**
 * Relative paths: names joined by "/", with no leading, trailing or doubled slash; '' is the root itself. The brand keeps them
 * apart from paths that the operating system would accept.
 */
import {compareNames, type Folding, foldName, isName} from './name.js';

/** A valid path relative to a root. */
export type RelPath = string & {readonly __brand: 'RelPath'};

export const ROOT = '' as RelPath;

/** The folder in a root where dirsync keeps its own files. It is never part of a tree. */
export const STATE_DIR = '.dirsync';

/** Whether a name in the root means that folder in a target with this folding. */
export function isStateDir(name: string, folding: Folding | undefined): boolean {
  return name === STATE_DIR || (folding !== undefined && foldName(name) === STATE_DIR);
}

/** Whether dirsync gave this temporary name to a user's file or folder while renaming it. */
export function isRenamedName(name: string): boolean {
  return RENAMED_NAME.test(name);
}

const RENAMED_NAME = /^\.dirsync-[\w-]+\.name$/;

/** The path of an entry in a folder. */
export function joinPath(parent: RelPath, name: string): RelPath {
  // Performance: join makes one flat string; a concatenation keeps its parts and takes twice the memory (bench: review-million).
  return (parent === '' ? name : [parent, name].join('/')) as RelPath;
}

/** The folder that contains `path`; for the root, the root itself. */
export function parentPath(path: RelPath): RelPath {
  return path.slice(0, Math.max(0, path.lastIndexOf('/'))) as RelPath;
}

/** The last name of a path; empty for the root. */
export function baseName(path: RelPath): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The names of a path; none for the root. */
export function pathParts(path: RelPath): string[] {
  return path === '' ? [] : path.split('/');
}

/** The number of names in a path; 0 for the root. */
export function pathDepth(path: RelPath): number {
  if (path === '') return 0;
  let depth = 1;
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) depth++;
  return depth;
}

/** Whether `path` is `ancestor` or below it. */
export function isWithin(path: RelPath, ancestor: RelPath): boolean {
  return ancestor === '' || path === ancestor || path.startsWith(`${ancestor}/`);
}

/** Compares in canonical order: a folder comes before its content, and siblings are sorted by the bytes of their names. */
export function comparePaths(a: RelPath, b: RelPath): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left === right) continue;
    // Below the surrogates, UTF-16 units have the same order as bytes. A name ends at "/", and the shorter name comes first.
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

/** Describes what is wrong with a path from outside, to follow the path in a message; undefined for a valid one. */
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
