/** What the type of a file system says about it: statfs(2) and linux/magic.h. */

interface TypeFacts {
  readonly type: string;
  /** Nanoseconds; times are kept to this where it is more than one. */
  readonly timeResolution?: bigint;
}

const SECOND = 1_000_000_000n;

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

const UNKNOWN = {type: undefined};

/** `magic` is f_type of statfs(2), as an unsigned number of 32 bits. */
export function factsOfType(magic: number): {type: string | undefined; timeResolution?: bigint} {
  return TYPES.get(magic) ?? UNKNOWN;
}
