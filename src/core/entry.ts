/**
 * What one path of a tree is. An entry is plain data: it can be cloned between threads and written to JSON,
 * and two entries are compared by value only (see plan/compare).
 */

import type {Xattrs} from './xattr.js';

/** What a path is on disk. */
export type Kind = 'file' | 'directory' | 'symlink' | 'fifo' | 'socket' | 'chardev' | 'blockdev';

/** What people call them. */
export const KIND_WORDS: Readonly<Record<Kind, string>> = {
  file: 'file',
  directory: 'folder',
  symlink: 'symlink',
  fifo: 'FIFO',
  socket: 'socket',
  chardev: 'character device',
  blockdev: 'block device',
};

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
  /** Where a symlink points, as written in it; surrogateescape text like every name (core/name). */
  readonly link?: string;
  /** A device's numbers, "MAJOR:MINOR". */
  readonly rdev?: string;
  /** Absent where there are none, or where they are not kept. */
  readonly xattrs?: Xattrs;
}

/** The same file, whatever it is called today. Device numbers may change with a reboot, so they identify within a run only. */
export interface Identity {
  readonly device: number;
  readonly inode: bigint;
}

/** The largest file: sizes are numbers, which hold none above this exactly. 8 PiB. */
export const MAX_SIZE = Number.MAX_SAFE_INTEGER;

/** A sum of sizes. One above `MAX_SIZE` stays at that, so that it is written as a whole number, and read again. */
export function addSizes(a: number, b: number): number {
  return Math.min(a + b, MAX_SIZE);
}

export const NS_PER_SECOND = 1_000_000_000n;

/** Joins the two columns a time is stored in. `nanoseconds` is 0 to 999 999 999 also before 1970, as in `struct timespec`. */
export function toNanoseconds(seconds: number, nanoseconds: number): bigint {
  return BigInt(seconds) * NS_PER_SECOND + BigInt(nanoseconds);
}

/** The two columns of a time: the inverse of `toNanoseconds`, but for times beyond what is `countable`. */
export function fromNanoseconds(time: bigint): {seconds: number; nanoseconds: number} {
  const nanoseconds = ((time % NS_PER_SECOND) + NS_PER_SECOND) % NS_PER_SECOND;
  return {seconds: countable(Number((time - nanoseconds) / NS_PER_SECOND)), nanoseconds: Number(nanoseconds)};
}

/** Seconds that a number does not hold exactly are taken for the last or the first that it does, some 285 million years from now. */
export function countable(seconds: number): number {
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, seconds));
}
