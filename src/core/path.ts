/**
 * Relative paths: names joined by "/", with no leading, trailing or doubled slash; '' is the root itself.
 * The brand keeps them apart from paths that the operating system would accept.
 */
import {compareNames, isName} from './name.js';

export type RelPath = string & {readonly __brand: 'RelPath'};

export const ROOT = '' as RelPath;

/** The folder at a root where dirsync keeps its own files. It is never part of a tree. */
export const STATE_DIR = '.dirsync';

export function joinPath(parent: RelPath, name: string): RelPath {
  return (parent === '' ? name : `${parent}/${name}`) as RelPath;
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
  const left = pathParts(a);
  const right = pathParts(b);
  for (let i = 0; i < left.length && i < right.length; i++) {
    const order = compareNames(left[i] as string, right[i] as string);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

/** Says what is wrong with a path that came from outside, or undefined for a sound one. */
export function pathFault(path: unknown): string | undefined {
  if (typeof path !== 'string') return 'is not a text';
  if (path === '') return undefined;
  if (path.startsWith('/')) return 'is absolute';
  if (path.includes('\0')) return 'holds a NUL';
  if (!isName(path)) return 'holds a surrogate that stands for no byte';
  const parts = path.split('/');
  if (parts.includes('..')) return 'climbs out of the root with ".."';
  if (parts.includes('.') || parts.includes('')) return 'is not in its shortest form';
  if (parts[0] === STATE_DIR) return `lies in ${STATE_DIR}, which is dirsync's own`;
  return undefined;
}
