/** Facts that follow from the type of a file system: statfs(2) and linux/magic.h. */

import {MAX_SIZE, NS_PER_SECOND as SECOND} from '../core/entry.js';
import {ORDINARY_END, type TimeFacts} from '../core/times.js';
import type {Room} from './platform.js';

interface TypeFacts {
  readonly type: string;
  /** Nanoseconds: times are stored in steps of this size. */
  readonly timeResolution?: bigint;
}

/** For inodes of ext2, and inodes of 128 bytes. */
export const SECONDS_OF_32_BITS: TimeFacts = {resolution: SECOND, range: {min: -ORDINARY_END, max: ORDINARY_END - SECOND}};

const TYPES = new Map<number, TypeFacts>([
  [0xef53, {type: 'ext4'}],
  [0x58465342, {type: 'xfs'}],
  [0x9123683e, {type: 'btrfs'}],
  [0x01021994, {type: 'tmpfs'}],
  [0xf2f52010, {type: 'f2fs'}],
  [0x2fc12fc1, {type: 'zfs'}],
  [0xca451a4e, {type: 'bcachefs'}],
  [0x794c7630, {type: 'overlay'}],
  [0x6969, {type: 'nfs'}],
  [0x65735546, {type: 'fuse'}],
  [0x5346544e, {type: 'ntfs', timeResolution: 100n}],
  [0x7366746e, {type: 'ntfs3', timeResolution: 100n}],
  [0xff534d42, {type: 'cifs', timeResolution: 100n}],
  [0xfe534d42, {type: 'smb2', timeResolution: 100n}],
  // Two seconds since MS-DOS 2.0; exFAT also stores hundredths.
  [0x4d44, {type: 'vfat', timeResolution: 2n * SECOND}],
  [0x2011bab0, {type: 'exfat', timeResolution: SECOND / 100n}],
  [0x482b, {type: 'hfsplus', timeResolution: SECOND}],
  [0x4244, {type: 'hfs', timeResolution: SECOND}],
]);

/** Types that other machines may use at the same time. */
const SHARED: readonly string[] = ['nfs', 'fuse', 'cifs', 'smb2'];

/** Whether no other machine can have it mounted; false if the type is unknown. */
export function isOfOneMachine(type: string | undefined): boolean {
  return type !== undefined && !SHARED.includes(type);
}

/** As mount(8) prints them. Others are shared, store no extended attributes, or are not known well enough. */
const STAMPING: ReadonlySet<string | undefined> = new Set([
  'ext4',
  'xfs',
  'btrfs',
  'f2fs',
  'zfs',
  'bcachefs',
  'overlay',
  'tmpfs',
]);

/** See `FileSystem.stampsChanges`. `release`: the kernel's; before 6.0, attributes set in tmpfs did not change the time. */
export function stampsChanges(type: string | undefined, release: string): boolean {
  return STAMPING.has(type) && (type !== 'tmpfs' || Number.parseInt(release, 10) >= 6);
}

/** File systems with a number in the inode itself. Others make numbers up, some of them anew after each mount. */
const NUMBERED: ReadonlySet<string | undefined> = new Set(['ext4', 'xfs', 'btrfs', 'f2fs', 'zfs', 'bcachefs', 'tmpfs']);

/** Whether an entry has the same inode number as long as it exists. */
export function keepsInodes(type: string | undefined): boolean {
  return NUMBERED.has(type);
}

/** Whether a folder can be renamed without risk: some FUSE file systems, such as `rclone` and `fusefat`, lose files in it. */
export function renamesFolders(type: string | undefined): boolean {
  return type !== undefined && !type.startsWith('fuse');
}

/** `magic` is f_type of statfs(2), as an unsigned number of 32 bits. */
export function factsOfType(magic: number): {type: string | undefined; times: TimeFacts} {
  const {type, timeResolution: resolution = 1n} = TYPES.get(magic) ?? {type: undefined};
  return {type, times: {resolution, range: {}}};
}

/** Times of FUSE file systems, by their program: the protocol of `sshfs` has whole seconds. */
const TIMES_OF_FUSE = new Map<string | undefined, bigint>([
  ['fuse.sshfs', SECOND],
  ['fuse.fusefat', 2n * SECOND],
]);

/** `name`: as mount(8) prints it; `times`: the facts of its type. */
export function timesOf(name: string | undefined, times: TimeFacts): TimeFacts {
  const resolution = TIMES_OF_FUSE.get(name);
  return resolution === undefined ? times : {...times, resolution};
}

/** As mount(8) prints it. */
export function typeName(magic: number): string | undefined {
  return TYPES.get(magic)?.type;
}

/**
 * These write a file's content to disk before a rename over another file (ext4 by auto_da_alloc, btrfs in a similar way, ZFS and
 * bcachefs by transactions), or lose everything at a power loss anyway. Others, such as XFS, can lose both the old and the new
 * content.
 */
export const FLUSHING_RENAMES: ReadonlySet<string | undefined> = new Set(['ext4', 'btrfs', 'zfs', 'bcachefs', 'tmpfs']);

/** FAT stores the size of a file in 32 bits, with any driver. */
const FAT: ReadonlySet<string | undefined> = new Set(['vfat', 'msdos', 'fuse.fusefat']);

/** These store no modes and owners: the driver shows the ones of the mount options for all files. */
export const HAVE_NO_MODES: ReadonlySet<string | undefined> = new Set([...FAT, 'exfat', 'hfs', 'fuse.rclone']);

/** The size of the largest file in bytes; undefined if there is no known limit. */
export function largestFileOf(type: string | undefined): number | undefined {
  return FAT.has(type) ? 2 ** 32 - 1 : undefined;
}

/** Types in which two files can share content. For other types this is unknown or found out otherwise. */
export const SHARING: ReadonlySet<string> = new Set(['btrfs', 'bcachefs']);

const FOLDING: ReadonlySet<string> = new Set(['vfat', 'exfat', 'hfs', 'hfsplus']);
/** Whether these fold names depends on mount options or on the server. */
const MAY_FOLD: ReadonlySet<string> = new Set(['fuse', 'ntfs', 'ntfs3', 'cifs', 'smb2']);

/** Whether a type of file system folds names; undefined if that is not known. */
export function foldsNames(type: string | undefined): boolean | undefined {
  if (type === undefined || MAY_FOLD.has(type)) return undefined;
  return FOLDING.has(type);
}

/** The numbers of statfs(2). */
export interface Figures {
  readonly block: number;
  readonly blocks: number;
  readonly freeBlocks: number;
  readonly freeToAll: number;
  readonly inodes: number;
  readonly freeInodes: number;
}

/**
 * Undefined figures for a file system that counts no blocks, or no inodes. Some file systems in user space report the largest
 * 64-bit number instead, and cloud mounts, which count no inodes, may report that none is free.
 */
export function roomOf(
  type: string | undefined,
  {block, blocks, freeBlocks, freeToAll, inodes, freeInodes}: Figures,
): Room | undefined {
  if (blocks === 0) return undefined;
  const most = (count: number) => Math.min(count, MAX_SIZE);
  return {
    block,
    free: most(freeToAll * block),
    freeForRoot: most(freeBlocks * block),
    freeInodes: inodes === 0 || (type === 'fuse' && freeInodes === 0) ? undefined : most(freeInodes),
  };
}
