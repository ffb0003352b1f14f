/** The file system at a folder: its id, free space and name folding. It is only examined, never tested by writing. */
import {foldsNames, roomOf, SHARING, typeName} from './filesystems.js';
import {DATA, fd, type Kernel} from './kernel.js';
import {
  BTRFS_IOC_FS_INFO,
  FS_CASEFOLD_FL,
  FS_IOC_GETFLAGS,
  ST_RDONLY,
  XFS_GEOMETRY_REFLINK,
  XFS_IOC_FSGEOMETRY_V4,
} from './libc.js';
import type {Folder, Volume} from './platform.js';

/** The file system at a folder. @throws SystemError if the kernel refuses. */
export function posixVolume(kernel: Kernel, folder: Folder): Volume {
  const {bytes, libc, base} = kernel;
  kernel.check(libc.fstatfs(fd(folder), base + DATA), 'fstatfs');
  const number = (at: number) => Number(bytes.readBigUInt64LE(DATA + at));
  // struct statfs of statfs(2) on 64-bit machines: counts are in fragments if the file system has them.
  const type = typeName(bytes.readUInt32LE(DATA));
  const block = number(72) || number(8);
  const [blocks, freeBlocks, freeToAll] = [number(16), number(24), number(32)];
  const [inodes, freeInodes] = [number(40), number(48)];
  const fsid = bytes.toString('hex', DATA + 56, DATA + 64);
  const readOnly = (number(80) & ST_RDONLY) !== 0;
  const {id, shares = SHARING.has(type ?? '')} = idOf(kernel, folder, type, fsid);
  return {
    id: type && (id === undefined ? type : `${type} ${id}`),
    shares,
    readOnly,
    foldsNames: isFolding(kernel, folder) || foldsNames(type),
    room: roomOf(type, {block, blocks, freeBlocks, freeToAll, inodes, freeInodes}),
  };
}

/**
 * The id that a file system got when it was made. File systems without one only have a device number, which a reboot can change.
 */
function idOf(
  {bytes, libc, base}: Kernel,
  folder: Folder,
  type: string | undefined,
  fsid: string,
): {id?: string; shares?: boolean} {
  if (type === 'ext4') return {id: fsid};
  if (type === 'btrfs' && libc.ioctl(fd(folder), BTRFS_IOC_FS_INFO, base + DATA) === 0) {
    // struct btrfs_ioctl_fs_info_args: one id for all subvolumes and snapshots.
    return {id: bytes.toString('hex', DATA + 16, DATA + 32)};
  }
  if (type === 'xfs' && libc.ioctl(fd(folder), XFS_IOC_FSGEOMETRY_V4, base + DATA) === 0) {
    // struct xfs_fsop_geom_v4.
    const flags = bytes.readUInt32LE(DATA + 92);
    return {id: bytes.toString('hex', DATA + 64, DATA + 80), shares: (flags & XFS_GEOMETRY_REFLINK) !== 0};
  }
  return {};
}

/** ioctl_iflags(2): ext4 and f2fs fold names in folders with this flag. */
function isFolding({bytes, libc, base}: Kernel, folder: Folder): boolean {
  return libc.ioctl(fd(folder), FS_IOC_GETFLAGS, base + DATA) === 0 && (bytes.readUInt32LE(DATA) & FS_CASEFOLD_FL) !== 0;
}
