/**
 * Entries: what a tree has at one path. An entry is plain data: it can be cloned between threads and written as JSON, and two
 * entries are compared only by value (plan/compare).
 */

import type {Xattrs} from './xattr.js';

/** What a path is on disk. */
export type Kind = 'file' | 'directory' | 'symlink' | 'fifo' | 'socket' | 'chardev' | 'blockdev';

/** The words for kinds in messages and reports. */
export const KIND_WORDS: Readonly<Record<Kind, string>> = {
  file: 'file',
  directory: 'folder',
  symlink: 'symlink',
  fifo: 'FIFO',
  socket: 'socket',
  chardev: 'character device',
  blockdev: 'block device',
};

/** What a tree has at one path. */
export interface Entry {
  readonly kind: Kind;
  /** Permission bits with setuid, setgid and sticky: 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of a file's content, at most `MAX_SIZE`; 0 for every other kind. */
  readonly size: number;
  /** Last modification, in nanoseconds since 1970. May be negative. */
  readonly mtime: bigint;
  /** The target of a symlink as it is stored; surrogateescape text like every name (core/name). */
  readonly link?: string;
  /** A device's numbers, "MAJOR:MINOR". */
  readonly rdev?: string;
  /** Absent if there are none, or if they are not preserved. */
  readonly xattrs?: Xattrs;
}

/** Identifies a file independently of its name. Device numbers may change with a reboot, so it is valid only within a run. */
export interface Identity {
  readonly device: number;
  readonly inode: bigint;
}

/** The size of the largest file: 8 PiB, because a number cannot hold a larger size exactly. */
export const MAX_SIZE = Number.MAX_SAFE_INTEGER;

/** Adds two sizes. A sum above `MAX_SIZE` becomes `MAX_SIZE`, so that it is still written and read as a whole number. */
export function addSizes(a: number, b: number): number {
  return Math.min(a + b, MAX_SIZE);
}

export const NS_PER_SECOND = 1_000_000_000n;

/** Joins the two columns of a time. `nanoseconds` is 0 to 999 999 999, also before 1970, as in `struct timespec`. */
export function toNanoseconds(seconds: number, nanoseconds: number): bigint {
  return BigInt(seconds) * NS_PER_SECOND + BigInt(nanoseconds);
}

/** Splits a time into two columns: the inverse of `toNanoseconds`, except that seconds are made `countable`. */
export function fromNanoseconds(time: bigint): {seconds: number; nanoseconds: number} {
  const nanoseconds = ((time % NS_PER_SECOND) + NS_PER_SECOND) % NS_PER_SECOND;
  return {seconds: countable(Number((time - nanoseconds) / NS_PER_SECOND)), nanoseconds: Number(nanoseconds)};
}

/** Limits seconds to the range that a number holds exactly, about 285 million years from now. */
export function countable(seconds: number): number {
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, seconds));
}
