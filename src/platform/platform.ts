/**
 * The one seam between dirsync and the kernel: units of work on names in open folders. Every name is a single component, so
 * no call below can be led through a symlink or out of the tree; who wants a path walks it, folder by folder.
 *
 * Two backends keep this contract: `posix` (Linux, through koffi) and `portable` (node:fs alone). All calls are synchronous,
 * made in worker threads, and throw `SystemError`, except where "nothing is there" is an answer.
 */
import os from 'node:os';
import type {HeldNames} from '../core/abilities.js';
import {emptyStat, type Stat} from '../core/block.js';
import {toNanoseconds} from '../core/entry.js';
import type {ByteName} from '../core/name.js';
import type {LinksAs} from '../core/plan.js';
import type {TimeFacts} from '../core/times.js';
import type {KeptXattrs} from '../core/xattr.js';

/** An open folder: opaque to all but the backend that made it. Must be closed. */
export type Folder = {readonly __brand: 'Folder'};

/** An open file, read or appended to piece by piece: opaque like a folder. Must be closed. */
export type OpenFile = {readonly __brand: 'OpenFile'};

/** One row of a folder's listing. Rows are reused by the next listing that gets them. */
export interface ListedEntry extends Stat {
  name: ByteName;
  /** Why the entry could not be read (an errno name), when its code is `unknown`. */
  fault: string | undefined;
  /** Those of the extended attributes that were asked for, packed as in a block; a byte string. */
  xattrs: string;
}

/** Perf: an object made with `{...emptyStat(), …}` takes twice as long to fill and to read (bench: unchanged-generated). */
export function emptyRow(): ListedEntry {
  return Object.assign(emptyStat(), {name: '' as ByteName, fault: undefined, xattrs: ''});
}

/** Of the extended attributes that are kept, these and no others. */
export interface WantedXattrs {
  readonly kept: KeptXattrs;
  readonly values: readonly (readonly [name: ByteName, value: Uint8Array])[];
}

/** What is set on what was made or changed, in this order: owner, extended attributes, mode, times. Undefined leaves as it is. */
export interface Attributes {
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  readonly xattrs?: WantedXattrs | undefined;
  readonly mode?: number | undefined;
  /** Nanoseconds since 1970. */
  readonly mtime?: bigint | undefined;
  /** Sets the access time with it, to the same: some file systems in user space set both or none. */
  readonly withAccess?: boolean | undefined;
  /** Told which time is there after `mtime` was set: not every file system keeps all of it. */
  readonly readBack?: ((mtime: bigint) => void) | undefined;
}

/** Slows down how content is read and written. */
export interface Pace {
  /** The most bytes that are moved at once. */
  readonly piece: number;
  /** Waits until so many bytes, just moved, are paid for; false when the run is to stop. */
  spend(bytes: number): boolean;
}

/** As fast as it goes. */
export const UNPACED: Pace = {piece: Number.POSITIVE_INFINITY, spend: () => true};

export interface CopyOptions {
  readonly from: Folder;
  readonly name: ByteName;
  readonly to: Folder;
  readonly as: ByteName;
  readonly attributes: Attributes;
  /** Whether the new file is flushed to disk before it is closed: no, only one with holes, or any. */
  readonly fsync: 'none' | 'holes' | 'any';
  /** Whether holes stay holes, else they are written as zeros. */
  readonly sparse: boolean;
  /** Whether a source that grows meanwhile is copied as it is at one moment, else it is a changed one. */
  readonly live: boolean;
  /** Told what the opened source is; false ends the copy before a byte is read. */
  readonly accept: (stat: Stat) => boolean;
  /** Told of each piece written; false stops the copy. */
  readonly onBytes: (bytes: number) => boolean;
  readonly pace?: Pace | undefined;
}

export interface CompareOptions {
  readonly a: Folder;
  readonly aName: ByteName;
  readonly b: Folder;
  readonly bName: ByteName;
  readonly goOn: () => boolean;
  readonly pace?: Pace | undefined;
}

export interface MoveOptions {
  readonly from: Folder;
  readonly name: ByteName;
  readonly to: Folder;
  readonly as: ByteName;
  readonly replace: boolean;
}

/**
 * `refused`: by `accept`; `changed`: the source was written to meanwhile; `unsized`: it has more or less in it than its size says;
 * `stopped`: by `onBytes`. Then no file is left behind.
 */
export type CopyResult = 'copied' | Grown | 'refused' | 'changed' | 'unsized' | 'stopped';

/** It was written to meanwhile, and is copied as it was at one moment, of which this is the size and time. */
export interface Grown {
  readonly grown: Stat;
}

/** Those of a copy that was taken later than they were known: set again in full, since writing has undone some. */
export function attributesOfGrown(attributes: Attributes, {grown}: Grown): Attributes {
  const mtime = attributes.mtime === undefined ? undefined : toNanoseconds(grown.seconds, grown.nanoseconds);
  return {...attributes, mtime, readBack: undefined};
}

/** So often what has come meanwhile is taken too, until nothing comes for the moment that it takes. */
export const CATCH_UPS = 10;

/**
 * `all`: the lock was got, and nobody else gets it; `machine`: got, but other machines know nothing of it; `held`: another process
 * has it; `none`: there are no such locks here.
 */
export type Locked = 'all' | 'machine' | 'held' | 'none';

/** What a file system is and can, as far as looking at it tells. */
export interface FileSystem {
  /** As mount(8) calls it, such as "ext4"; undefined for an unknown one. */
  readonly type: string | undefined;
  /** Namespaces of extended attributes, and ACLs, that it has. */
  readonly keeps: KeptXattrs;
  /** How it keeps times, as far as its type tells. */
  readonly times: TimeFacts;
  /** Bytes of the largest file that it holds, where that is less than other limits. */
  readonly largestFile: number | undefined;
  /** Others may write to it where this system does not see it at once: what is seen of it may be some seconds old. */
  readonly isShared: boolean;
  /** Tells apart in which way it is mounted: what it can hold may differ with that. Undefined where the system does not tell. */
  readonly mounted: string | undefined;
}

/** What is free of a file system. */
export interface Room {
  /** Bytes of a block. */
  readonly block: number;
  /** Bytes, for everybody and with what is kept back for root. */
  readonly free: number;
  readonly freeForRoot: number;
  /** Undefined where there is no limit. */
  readonly freeInodes: number | undefined;
}

/** What is mounted at a folder, as it is at this moment. */
export interface Volume {
  /** Its type and, where it has one that outlives a reboot, its id: "ext4 1f2e…". Undefined for a type without a name. */
  readonly id: string | undefined;
  /** Whether two of its files can share content until one is written to. */
  readonly shares: boolean;
  readonly readOnly: boolean;
  /** Whether names that differ in case alone, or in how an accent is written, are one; undefined where that shows only in use. */
  readonly foldsNames: boolean | undefined;
  /** Undefined where it is not told, as by file systems in memory without a limit and by some in user space. */
  readonly room: Room | undefined;
}

export interface MakeNodeOptions {
  readonly folder: Folder;
  readonly name: ByteName;
  /** That of a FIFO, a socket or a device. */
  readonly code: number;
  /** A device's numbers, 0 for all else. */
  readonly major: number;
  readonly minor: number;
  readonly attributes: Attributes;
}

/** How a tree is shown, where that is not as it lies on disk. */
export interface View {
  /** Names are written as `Naming` has it, where these are refused. */
  readonly names?: HeldNames | undefined;
  /**
   * Symbolic links are shown as what they lead to, where that is in the tree; or each as a file that holds what it says. Only of a tree
   * that is read.
   */
  readonly links?: LinksAs | undefined;
  /** No link is followed to another file system. */
  readonly oneFileSystem?: boolean | undefined;
}

export interface ShowingPlatform extends Platform {
  /** Shows a tree in this way to who opens what is in it from this folder on, which is its root. */
  show(root: Folder, view: View): void;
}

export interface Platform {
  readonly name: 'posix' | 'portable';
  /** Whether extended attributes, FIFOs, sockets and devices, and holes are read and made at all. */
  readonly keepsAll: boolean;
  /** Times are set and read back exactly to so many nanoseconds. */
  readonly timeResolution: bigint;
  /** Whether `syncFileSystem` does what it says; else files must be flushed one by one. */
  readonly canSyncFileSystem: boolean;

  /** Opens a root; symlinks on the way to it are followed, as for every path that a user types. */
  openRoot(path: ByteName): Folder;
  /** Opens a folder in `parent`; ELOOP or ENOTDIR when it is something else, a symlink too. */
  openFolder(parent: Folder, name: ByteName): Folder;
  close(open: Folder | OpenFile): void;

  /**
   * Reads all entries of a folder into `rows`, reusing those that are there, in no order; returns how many. Of extended
   * attributes it reads those that are kept.
   */
  list(folder: Folder, rows: ListedEntry[], kept?: KeptXattrs): number;
  /** The names in a folder, in no order; nothing is looked at. */
  names(folder: Folder): ByteName[];
  /**
   * Fills `stat` with what stands at `name`, not followed; '' is the folder itself. False when nothing is there. Here as in all that
   * looks at a file, one above `MAX_SIZE` is refused: EOVERFLOW.
   */
  stat(folder: Folder, name: ByteName, stat: Stat): boolean;
  /** The extended attributes of what stands at `name`, not followed, of those that are kept: packed as in a block. */
  xattrs(folder: Folder, name: ByteName, kept: KeptXattrs): string;
  /** One extended attribute's value; undefined when there is none. */
  xattr(folder: Folder, name: ByteName, attribute: ByteName): Uint8Array | undefined;
  /** Tells apart what is mounted where: between two folders with different numbers nothing is renamed or linked. */
  mountOf(folder: Folder): number;
  /** All that is mounted at this moment, as `mountOf` tells it apart; undefined where that is not known. */
  mounts(): ReadonlySet<number> | undefined;
  /** What the file system of an open folder is; nothing is written to find out. */
  fileSystem(folder: Folder): FileSystem;
  volume(folder: Folder): Volume;
  /** The errno name with which the kernel refuses this process to make and remove names in a folder; undefined: it does not. */
  refusesNames(folder: Folder): string | undefined;
  /** Bytes that the file at `name` takes on disk; 0 when nothing is there. */
  bytesOnDisk(folder: Folder, name: ByteName): number;
  /** When `folder` was made, in nanoseconds since 1970; 0 where the file system keeps no birth times, or says 0. */
  birthtime(folder: Folder): bigint;
  readLink(folder: Folder, name: ByteName): ByteName;
  /** A small file's content, at most `limit` bytes of it; undefined when there is none. Not followed. */
  readFile(folder: Folder, name: ByteName, limit: number): Uint8Array | undefined;
  /** Writes a small private file (0600) under a name that must be free. */
  writeFile(folder: Folder, name: ByteName, content: Uint8Array): void;
  /** Makes a private file (0600) under a name that must be free, to be appended to. */
  createFile(folder: Folder, name: ByteName): OpenFile;
  append(file: OpenFile, content: Uint8Array): void;
  /** Makes an open file longer: what comes is a hole, where the file system has such. */
  lengthen(file: OpenFile, size: number): void;
  /** Sets attributes of a file just made, which has no extended ones yet. */
  setOnFile(file: OpenFile, attributes: Attributes): void;
  /** Flushes an open file to disk. */
  flush(file: OpenFile): void;
  /** Opens a file to be read from its beginning. Not followed. */
  openFile(folder: Folder, name: ByteName): OpenFile;
  /** The next piece of an open file, at most `limit` bytes; none at its end. */
  readNext(file: OpenFile, limit: number): Uint8Array;
  /** Whether two files have the same content; false as well when `goOn`, asked before each piece, says so. */
  sameContent(options: CompareOptions): boolean;

  makeFolder(parent: Folder, name: ByteName, mode: number): void;
  /** Copies a regular file to a name that must be free. */
  copyFile(options: CopyOptions): CopyResult;
  makeSymlink(folder: Folder, name: ByteName, link: ByteName, attributes: Attributes): void;
  /** Makes a FIFO, a socket or a device. */
  makeNode(options: MakeNodeOptions): void;
  makeLink(from: Folder, name: ByteName, to: Folder, as: ByteName): void;
  /** Sets attributes of what stands at `name`, not followed; '' is the folder itself. */
  setAttributes(folder: Folder, name: ByteName, code: number, attributes: Attributes): void;
  /** Renames in one step. With `replace` over whatever stands at the new name, else EEXIST when anything does. */
  move(options: MoveOptions): void;
  /** Swaps two names in one step; false where the file system cannot. */
  exchange(from: Folder, name: ByteName, to: Folder, as: ByteName): boolean;
  removeFile(folder: Folder, name: ByteName): void;
  removeFolder(parent: Folder, name: ByteName): void;

  /** Flushes the file system that holds `folder` to disk. */
  syncFileSystem(folder: Folder): void;
  /** Takes the kernel's exclusive lock on an open folder, which ends with `close` or the process. It never waits. */
  lock(folder: Folder): Locked;
}

/** The kernel's refusal, with the errno's name as code, as in Node's own errors. */
export class SystemError extends Error {
  override readonly name = 'SystemError';
  constructor(
    readonly code: string,
    readonly syscall: string,
  ) {
    super(`${syscall}: ${code}`);
  }
}

/** What a file system answers to a name that it cannot hold: nothing stands there. */
export const NOT_HELD: ReadonlySet<string> = new Set(['EILSEQ', 'EINVAL', 'ENAMETOOLONG']);

/** The errno name of an error of the kernel; any other error is a bug and is thrown on. */
export function errnoOf(error: unknown): string {
  const code = isErrno(error) ? error.code : undefined;
  if (code === undefined) throw error;
  const [, number] = UNKNOWN.exec(code) ?? [];
  return number === undefined ? code : (NAMES.get(Number(number)) ?? `E${number}`);
}

/** Node's own argument errors (ERR_…) are bugs of ours. */
export function isErrno(error: unknown): error is Error & {readonly code: string} {
  const {code} = error as {code?: unknown};
  return error instanceof Error && typeof code === 'string' && (/^E[A-Z0-9]+$/.test(code) || UNKNOWN.test(code));
}

/** Node does not name all errors that a file system in user space may answer. */
const UNKNOWN = /^Unknown system error -(\d+)$/;
const NAMES = new Map(Object.entries(os.constants.errno).map(([name, number]) => [number, name]));
