/** What the type of a file system says about it: statfs(2) and linux/magic.h. */

import {MAX_SIZE, NS_PER_SECOND as SECOND} from '../core/entry.js';
import {ORDINARY_END, type TimeFacts} from '../core/times.js';
import type {Room} from './platform.js';

interface TypeFacts {
  readonly type: string;
  /** Nanoseconds; times are kept to this where it is more than one. */
  readonly timeResolution?: bigint;
}

/** Inodes of ext2, or of 128 bytes. */
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
  // Two seconds since MS-DOS 2.0; exFAT counts hundredths besides.
  [0x4d44, {type: 'vfat', timeResolution: 2n * SECOND}],
  [0x2011bab0, {type: 'exfat', timeResolution: SECOND / 100n}],
  [0x482b, {type: 'hfsplus', timeResolution: SECOND}],
  [0x4244, {type: 'hfs', timeResolution: SECOND}],
]);

/** What other machines may work on at the same time. */
const SHARED: readonly string[] = ['nfs', 'fuse', 'cifs', 'smb2'];

/** Whether no other machine can have it mounted; of an unknown type that cannot be told. */
export function isOfOneMachine(type: string | undefined): boolean {
  return type !== undefined && !SHARED.includes(type);
}

/** `magic` is f_type of statfs(2), as an unsigned number of 32 bits. */
export function factsOfType(magic: number): {type: string | undefined; times: TimeFacts} {
  const {type, timeResolution: resolution = 1n} = TYPES.get(magic) ?? {type: undefined};
  return {type, times: {resolution, range: {}}};
}

/** What the program behind a file system of FUSE makes of times: `sshfs` speaks a protocol that counts seconds. */
const TIMES_OF_FUSE = new Map<string | undefined, bigint>([
  ['fuse.sshfs', SECOND],
  ['fuse.fusefat', 2n * SECOND],
]);

/** `name`: as mount(8) calls it; `times`: those of its type. */
export function timesOf(name: string | undefined, times: TimeFacts): TimeFacts {
  const resolution = TIMES_OF_FUSE.get(name);
  return resolution === undefined ? times : {...times, resolution};
}

/** As mount(8) calls it. */
export function typeName(magic: number): string | undefined {
  return TYPES.get(magic)?.type;
}

/**
 * These flush a file's content before a rename over another file is on disk (ext4 by auto_da_alloc, btrfs alike, ZFS and bcachefs by
 * their transactions), or are gone with the power anyway. Others can lose both contents when the power goes: XFS does.
 */
export const FLUSHING_RENAMES: ReadonlySet<string | undefined> = new Set(['ext4', 'btrfs', 'zfs', 'bcachefs', 'tmpfs']);

/** FAT counts the bytes of a file in 32 bits, whoever drives it. */
const FAT: ReadonlySet<string | undefined> = new Set(['vfat', 'msdos', 'fuse.fusefat']);

/** These have no modes and owners of their own: the driver shows the same for all files, as the mount options say. */
export const HAVE_NO_MODES: ReadonlySet<string | undefined> = new Set([...FAT, 'exfat', 'hfs', 'fuse.rclone']);

export function largestFileOf(type: string | undefined): number | undefined {
  return FAT.has(type) ? 2 ** 32 - 1 : undefined;
}

/** Two files of these can share content; of others it is not known, or told elsewhere. */
export const SHARING: ReadonlySet<string> = new Set(['btrfs', 'bcachefs']);

const FOLDING: ReadonlySet<string> = new Set(['vfat', 'exfat', 'hfs', 'hfsplus']);
/** Whether these fold names depends on how they are mounted, or on the machine that serves them. */
const MAY_FOLD: ReadonlySet<string> = new Set(['fuse', 'ntfs', 'ntfs3', 'cifs', 'smb2']);

export function foldsNames(type: string | undefined): boolean | undefined {
  if (type === undefined || MAY_FOLD.has(type)) return undefined;
  return FOLDING.has(type);
}

/** The figures of statfs(2). */
export interface Figures {
  readonly block: number;
  readonly blocks: number;
  readonly freeBlocks: number;
  readonly freeToAll: number;
  readonly inodes: number;
  readonly freeInodes: number;
}

/**
 * A file system that counts no blocks has no figures, and one that counts no inodes none of inodes. Some in user space report the
 * largest number of 64 bits; and mounts of clouds, which count no inodes, may report that none is free.
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
