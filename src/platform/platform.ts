/**
 * The only interface between dirsync and the kernel: operations on names in open folders. Every name is a single component, so no
 * call can be led through a symlink or out of the tree. Callers follow a path folder by folder.
 *
 * Two backends implement it: `posix` (Linux, through koffi) and `portable` (only node:fs). All calls are synchronous, are made in
 * worker threads, and throw `SystemError`; some return a value for an entry that does not exist.
 */
import os from 'node:os';
import type {HeldNames} from '../core/abilities.js';
import {emptyStat, type Stat} from '../core/block.js';
import {toNanoseconds} from '../core/entry.js';
import type {ByteName} from '../core/name.js';
import type {LinksAs} from '../core/plan.js';
import type {TimeFacts} from '../core/times.js';
import type {PreservedXattrs} from '../core/xattr.js';

/** An open folder, opaque to everything except its backend. Must be closed. */
export type Folder = {readonly __brand: 'Folder'};

/** An open file that is read or appended to piece by piece, opaque like a folder. Must be closed. */
export type OpenFile = {readonly __brand: 'OpenFile'};

/** One row of a folder's listing. A later listing that gets the rows reuses them. */
export interface ListedEntry extends Stat {
  name: ByteName;
  /** The errno name with which reading the entry failed, if its code is `unknown`. */
  fault: string | undefined;
  /** The requested extended attributes, packed as in a block; a byte string. */
  xattrs: string;
}

/** Perf: an object made with `{...emptyStat(), …}` takes twice as long to fill and to read (bench: unchanged-generated). */
export function emptyRow(): ListedEntry {
  return Object.assign(emptyStat(), {name: '' as ByteName, fault: undefined, xattrs: ''});
}

/** The extended attributes to read. */
export interface WantedXattrs {
  readonly preserved: PreservedXattrs;
  readonly values: readonly (readonly [name: ByteName, value: Uint8Array])[];
}

/** Attributes to set, in this order: owner, extended attributes, mode, times. Undefined leaves one unchanged. */
export interface Attributes {
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  readonly xattrs?: WantedXattrs | undefined;
  readonly mode?: number | undefined;
  /** Nanoseconds since 1970. */
  readonly mtime?: bigint | undefined;
  /** Also sets the access time to `mtime`: some file systems in user space set both times or none. */
  readonly withAccess?: boolean | undefined;
  /** Called with the stored time after `mtime` was set, since not every file system stores all of it. */
  readonly readBack?: ((mtime: bigint) => void) | undefined;
}

/** Limits the rate at which content is read and written. */
export interface Pace {
  /** The most bytes per call. */
  readonly piece: number;
  /** Waits until this many bytes, just moved, are within the limit; false if the run is asked to stop. */
  spend(bytes: number): boolean;
}

/** No limit. */
export const UNPACED: Pace = {piece: Number.POSITIVE_INFINITY, spend: () => true};

/** Options of `Platform.copyFile`. */
export interface CopyOptions {
  readonly from: Folder;
  readonly name: ByteName;
  readonly to: Folder;
  readonly as: ByteName;
  readonly attributes: Attributes;
  /** Which new files are flushed to disk before they are closed: none, only those with holes, or all. */
  readonly fsync: 'none' | 'holes' | 'any';
  /** Whether holes stay holes; if not, they are written as zeros. */
  readonly sparse: boolean;
  /** Whether a source that grows meanwhile is copied as it is at one moment; if not, the result is `changed`. */
  readonly live: boolean;
  /** Called with the stat of the opened source; false ends the copy before a byte is read. */
  readonly accept: (stat: Stat) => boolean;
  /** Called after each written piece; false stops the copy. */
  readonly onBytes: (bytes: number) => boolean;
  readonly pace?: Pace | undefined;
}

/** Two files to compare by content. */
export interface CompareOptions {
  readonly a: Folder;
  readonly aName: ByteName;
  readonly b: Folder;
  readonly bName: ByteName;
  readonly goOn: () => boolean;
  readonly pace?: Pace | undefined;
}

/** Options of a rename: from one folder and name to another. */
export interface MoveOptions {
  readonly from: Folder;
  readonly name: ByteName;
  readonly to: Folder;
  readonly as: ByteName;
  readonly replace: boolean;
}

/**
 * `refused`: `accept` returned false; `changed`: the source was written to meanwhile; `unsized`: it has more or less content than
 * its size; `stopped`: `onBytes` returned false. In these cases no file is left behind.
 */
export type CopyResult = 'copied' | Grown | 'refused' | 'changed' | 'unsized' | 'stopped';

/** The source was written to meanwhile; the copy is the source as it was at one moment, with this size and time. */
export interface Grown {
  readonly grown: Stat;
}

/** The attributes of a copy that was made at a later moment. All are set again, since writing has undone some. */
export function attributesOfGrown(attributes: Attributes, {grown}: Grown): Attributes {
  const mtime = attributes.mtime === undefined ? undefined : toNanoseconds(grown.seconds, grown.nanoseconds);
  return {...attributes, mtime, readBack: undefined};
}

/** Rounds in which a copy appends what its source has grown by, until the source does not change during a round. */
export const CATCH_UPS = 10;

/**
 * `all`: locked against every process; `machine`: locked, but other machines do not see the lock; `held`: another process has the
 * lock; `none`: there are no such locks here.
 */
export type Locked = 'all' | 'machine' | 'held' | 'none';

/** The type and the abilities of a file system, as far as they can be read without writing. */
export interface FileSystem {
  /** As mount(8) prints it, such as "ext4"; undefined if unknown. */
  readonly type: string | undefined;
  /** The namespaces of extended attributes, and ACLs, that it supports. */
  readonly preserves: PreservedXattrs;
  /** How it stores times, as far as its type determines that. */
  readonly times: TimeFacts;
  /** The size in bytes of the largest file that it can hold, if that is below all other limits. */
  readonly largestFile: number | undefined;
  /** Whether others may write to it without this system noticing at once: what is read may be some seconds old. */
  readonly isShared: boolean;
  /** Whether every change of an entry, also of its extended attributes, gives it a new change time (ctime). */
  readonly stampsChanges: boolean;
  /** Identifies its mount options, on which its abilities may depend. Undefined if the system does not provide them. */
  readonly mounted: string | undefined;
}

/** The free space of a file system. */
export interface Room {
  /** The size of a block in bytes. */
  readonly block: number;
  /** Free bytes: for all users, and including what is reserved for root. */
  readonly free: number;
  readonly freeForRoot: number;
  /** Free inodes; undefined if there is no limit. */
  readonly freeInodes: number | undefined;
}

/** The file system that is mounted at a folder at this moment. */
export interface Volume {
  /** Its type and, if it has one that survives a reboot, its id: "ext4 1f2e…". Undefined for a type without a name. */
  readonly id: string | undefined;
  /** Whether two of its files can share content until one is written to. */
  readonly shares: boolean;
  readonly readOnly: boolean;
  /**
   * Whether names that differ only in case, or in the encoding of an accent, are the same; undefined if that is only seen in use.
   */
  readonly foldsNames: boolean | undefined;
  /** Undefined if unknown, such as for file systems in memory without a limit and some in user space. */
  readonly room: Room | undefined;
}

/** Options to create a FIFO, a socket or a device. */
export interface MakeNodeOptions {
  readonly folder: Folder;
  readonly name: ByteName;
  /** The code of a FIFO, a socket or a device. */
  readonly code: number;
  /** The numbers of a device, else 0. */
  readonly major: number;
  readonly minor: number;
  readonly attributes: Attributes;
}

/** How a tree is shown if that differs from how it is stored. */
export interface View {
  /** Names that the file system refuses are escaped as in `Naming`. */
  readonly names?: HeldNames | undefined;
  /**
   * Symbolic links are shown as the entries that they lead to, if those are in the tree; or each as a file with the link's text.
   * Only for a tree that is not written to.
   */
  readonly links?: LinksAs | undefined;
  /** Whether links are followed only within one file system. */
  readonly oneFileSystem?: boolean | undefined;
}

/** A platform that can show trees differently from how they are stored. */
export interface ShowingPlatform extends Platform {
  /** Shows a tree in this way to all that open its entries through this folder, which is its root. */
  show(root: Folder, view: View): void;
}

/** Operations on open folders. Every method throws a SystemError if the kernel refuses, unless it says otherwise. */
export interface Platform {
  readonly name: 'posix' | 'portable';
  /** Whether it can read and make extended attributes, FIFOs, sockets, devices and holes. */
  readonly preservesAll: boolean;
  /** The resolution in nanoseconds at which times are set and read. */
  readonly timeResolution: bigint;
  /** Whether `syncFileSystem` works; if not, files must be flushed one by one. */
  readonly canSyncFileSystem: boolean;

  /** Opens a root. Symlinks in its path are followed, as in every path that a user types. */
  openRoot(path: ByteName): Folder;
  /** Opens a folder in `parent`. @throws SystemError ELOOP or ENOTDIR if it is not a folder, also for a symlink. */
  openFolder(parent: Folder, name: ByteName): Folder;
  close(open: Folder | OpenFile): void;

  /**
   * Reads all entries of a folder into `rows`, in no particular order, and reuses existing rows; returns their number. It reads
   * only the wanted extended attributes.
   */
  list(folder: Folder, rows: ListedEntry[], preserved?: PreservedXattrs): number;
  /** The names in a folder, in no particular order, without reading the entries. */
  names(folder: Folder): ByteName[];
  /**
   * Fills `stat` for `name` without following it; '' is the folder itself. False if it does not exist. Like all calls that read a
   * file's size, it throws EOVERFLOW for a file above `MAX_SIZE`.
   */
  stat(folder: Folder, name: ByteName, stat: Stat): boolean;
  /** The wanted extended attributes of `name`, which is not followed: packed as in a block. */
  xattrs(folder: Folder, name: ByteName, preserved: PreservedXattrs): string;
  /** The value of one extended attribute; undefined if there is none. */
  xattr(folder: Folder, name: ByteName, attribute: ByteName): Uint8Array | undefined;
  /** Identifies the mount of a folder: nothing can be renamed or linked between folders with different numbers. */
  mountOf(folder: Folder): number;
  /** All current mounts, in the numbers of `mountOf`; undefined if unknown. */
  mounts(): ReadonlySet<number> | undefined;
  /** The file system of an open folder, found out without writing. */
  fileSystem(folder: Folder): FileSystem;
  volume(folder: Folder): Volume;
  /** The errno name with which the kernel forbids this process to add and remove names in a folder; undefined if it allows that. */
  refusesNames(folder: Folder): string | undefined;
  /** Bytes on disk of the file at `name`; 0 if it does not exist. */
  bytesOnDisk(folder: Folder, name: ByteName): number;
  /** The birth time of `folder` in nanoseconds since 1970; 0 if the file system stores none. */
  birthtime(folder: Folder): bigint;
  readLink(folder: Folder, name: ByteName): ByteName;
  /** The first `limit` bytes of a small file; undefined if it does not exist. Symlinks are not followed. */
  readFile(folder: Folder, name: ByteName, limit: number): Uint8Array | undefined;
  /** Writes a small private file (0600). The name must be free. */
  writeFile(folder: Folder, name: ByteName, content: Uint8Array): void;
  /** Makes a private file (0600) for appending. The name must be free. */
  createFile(folder: Folder, name: ByteName): OpenFile;
  append(file: OpenFile, content: Uint8Array): void;
  /** Makes an open file longer; the new part is a hole if the file system supports holes. */
  lengthen(file: OpenFile, size: number): void;
  /** Sets attributes of a new file, which has no extended attributes yet. */
  setOnFile(file: OpenFile, attributes: Attributes): void;
  /** Flushes an open file to disk. */
  flush(file: OpenFile): void;
  /** Opens a file for reading from its beginning. Symlinks are not followed. */
  openFile(folder: Folder, name: ByteName): OpenFile;
  /** The next piece of an open file, at most `limit` bytes; empty at its end. */
  readNext(file: OpenFile, limit: number): Uint8Array;
  /** At most `length` bytes of an open file from `offset` on; fewer only at its end. Does not change where `readNext` reads. */
  readAt(file: OpenFile, offset: number, length: number): Uint8Array;
  /** Whether two files have the same content. `goOn` is called before each piece; the result is also false if it returns false. */
  sameContent(options: CompareOptions): boolean;

  makeFolder(parent: Folder, name: ByteName, mode: number): void;
  /** Copies a regular file. The new name must be free. */
  copyFile(options: CopyOptions): CopyResult;
  makeSymlink(folder: Folder, name: ByteName, link: ByteName, attributes: Attributes): void;
  /** Makes a FIFO, a socket or a device. */
  makeNode(options: MakeNodeOptions): void;
  makeLink(from: Folder, name: ByteName, to: Folder, as: ByteName): void;
  /** Sets attributes of the entry at `name` without following it; '' is the folder itself. */
  setAttributes(folder: Folder, name: ByteName, code: number, attributes: Attributes): void;
  /** Renames in one step. Without `replace`, fails with EEXIST if the new name exists. */
  move(options: MoveOptions): void;
  /** Swaps two names in one step; false if the file system does not support that. */
  exchange(from: Folder, name: ByteName, to: Folder, as: ByteName): boolean;
  removeFile(folder: Folder, name: ByteName): void;
  removeFolder(parent: Folder, name: ByteName): void;

  /** Flushes the file system of `folder` to disk. */
  syncFileSystem(folder: Folder): void;
  /** Takes the kernel's exclusive lock on an open folder, without waiting. `close` or the end of the process releases it. */
  lock(folder: Folder): Locked;
}

/** An error of the kernel, with the errno name as code, as in Node's own errors. */
export class SystemError extends Error {
  override readonly name = 'SystemError';
  constructor(
    readonly code: string,
    readonly syscall: string,
  ) {
    super(`${syscall}: ${code}`);
  }
}

/** The errors of a file system for a name that it cannot hold: no entry has this name. */
export const NOT_HELD: ReadonlySet<string> = new Set(['EILSEQ', 'EINVAL', 'ENAMETOOLONG']);

/** The errno name of an error of the kernel. @throws any other error, which is a bug, unchanged. */
export function errnoOf(error: unknown): string {
  const code = isErrno(error) ? error.code : undefined;
  if (code === undefined) throw error;
  const [, number] = UNKNOWN.exec(code) ?? [];
  return number === undefined ? code : (NAMES.get(Number(number)) ?? `E${number}`);
}

/** What `act` returns; undefined if the kernel refuses. @throws any other error. */
export function orNothing<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    errnoOf(error);
    return undefined;
  }
}

/** Whether it is an error of the kernel. Node's own argument errors (ERR_…) are bugs of dirsync. */
export function isErrno(error: unknown): error is Error & {readonly code: string} {
  const {code} = error as {code?: unknown};
  return error instanceof Error && typeof code === 'string' && (/^E[A-Z0-9]+$/.test(code) || UNKNOWN.test(code));
}

/** Node has no name for some errors that a file system in user space may return. */
const UNKNOWN = /^Unknown system error -(\d+)$/;
const NAMES = new Map(Object.entries(os.constants.errno).map(([name, number]) => [number, name]));
