/**
 * The C library's calls, declared once. Pointers are plain numbers into one block of scratch memory of this thread, which
 * never moves; names are written there NUL-terminated. Linux only (constants of x86-64 and arm64, which agree).
 */
import {createRequire} from 'node:module';
import {getSystemErrorName} from 'node:util';
import type {KoffiFunc} from 'koffi';
import {SystemError} from './platform.js';

/** open(2), AT_* of openat(2), statx(2), flock(2), rename(2). */
export const O = {
  RDONLY: 0,
  WRONLY: 0o1,
  RDWR: 0o2,
  CREAT: 0o100,
  EXCL: 0o200,
  NONBLOCK: 0o4000,
  // These two differ: arm and arm64 swap the values of x86-64.
  DIRECTORY: process.arch === 'x64' ? 0o200000 : 0o40000,
  NOFOLLOW: process.arch === 'x64' ? 0o400000 : 0o100000,
  CLOEXEC: 0o2000000,
} as const;
/** lseek(2). */
export const SEEK = {SET: 0, DATA: 3, HOLE: 4} as const;
/** ioctl_ficlone(2). */
export const FICLONE = 0x40049409;
/** ioctl_iflags(2). */
export const FS_IOC_GETFLAGS = 0x80086601;
export const FS_CASEFOLD_FL = 0x40000000;
/** linux/btrfs.h and xfs/xfs_fs.h. */
export const BTRFS_IOC_FS_INFO = 0x8400941f;
export const XFS_IOC_FSGEOMETRY_V4 = 0x8070587c;
export const XFS_GEOMETRY_REFLINK = 1 << 20;
/** f_flags of statfs(2). */
export const ST_RDONLY = 1;
/** access(2) and faccessat(2). */
export const ACCESS = {WRITE_AND_SEARCH: 2 | 1, EFFECTIVE: 0x200} as const;
/** unshare(2): this thread gets a working directory of its own. */
export const CLONE_FS = 0x200;
/** The most bytes that listxattr(2) and getxattr(2) return: XATTR_LIST_MAX and XATTR_SIZE_MAX of xattr(7). */
export const XATTR_MAX = 65_536;
export const AT = {FDCWD: -100, SYMLINK_NOFOLLOW: 0x100, REMOVEDIR: 0x200, EMPTY_PATH: 0x1000} as const;
export const STATX_BASIC_STATS = 0x7ff;
export const STATX_BTIME = 0x800;
export const STATX_MNT_ID = 0x1000;
export const STATX_ATTR_MOUNT_ROOT = 0x2000;
export const RENAME_NOREPLACE = 1;
export const RENAME_EXCHANGE = 2;
export const LOCK_EX_NB = 2 | 4;
/** tv_nsec of utimensat(2) that leaves a time as it is. */
export const UTIME_OMIT = 0x3ffffffe;

type Call = KoffiFunc<(...args: number[]) => number>;

/** The declared calls; see their man pages. */
export interface Libc {
  readonly openat: Call;
  readonly close: Call;
  readonly lseek: Call;
  readonly getdents64: Call;
  readonly statx: Call;
  readonly readlinkat: Call;
  readonly read: Call;
  readonly write: Call;
  readonly copy_file_range: Call;
  readonly ftruncate: Call;
  readonly ioctl: Call;
  readonly fstatfs: Call;
  readonly faccessat: Call;
  readonly mknodat: Call;
  readonly llistxattr: Call;
  readonly lgetxattr: Call;
  readonly lsetxattr: Call;
  readonly lremovexattr: Call;
  readonly fsetxattr: Call;
  readonly unshare: Call;
  readonly fchdir: Call;
  readonly mkdirat: Call;
  readonly unlinkat: Call;
  readonly symlinkat: Call;
  readonly linkat: Call;
  readonly renameat2: Call;
  readonly fchownat: Call;
  readonly fchown: Call;
  readonly fchmodat: Call;
  readonly fchmod: Call;
  readonly utimensat: Call;
  readonly futimens: Call;
  readonly fsync: Call;
  readonly syncfs: Call;
  readonly flock: Call;
  /** The errno of the last failed call; with `set`, sets it first. */
  readonly errno: (set?: number) => number;
  /** Address and bytes of this thread's scratch memory. */
  readonly memory: {readonly address: number; readonly bytes: Buffer};
}

/** @throws Error if koffi or one of the calls is missing: then use the portable backend. */
export function loadLibc(scratchBytes: number): Libc {
  const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi');
  const libc = koffi.load(null);
  // A pointer is a `uintptr_t`: numbers pass through koffi fastest, and the memory they point to never moves.
  const declare = (name: string, result: string, ...args: string[]) => libc.func(name, result, args) as Call;
  // glibc has it since 2.33; without it, making a node is a problem of that path.
  const declareNew = (...[name, result, ...args]: Parameters<typeof declare>) => {
    try {
      return declare(name, result, ...args);
    } catch {
      return (() => {
        throw new SystemError('ENOSYS', name);
      }) as unknown as Call;
    }
  };
  const pointer = koffi.alloc('uint8_t', scratchBytes);
  return {
    openat: declare('openat', 'int', 'int', 'uintptr_t', 'int', 'uint32_t'),
    close: declare('close', 'int', 'int'),
    lseek: declare('lseek', 'long', 'int', 'long', 'int'),
    getdents64: declare('getdents64', 'long', 'int', 'uintptr_t', 'size_t'),
    statx: declare('statx', 'int', 'int', 'uintptr_t', 'int', 'uint32_t', 'uintptr_t'),
    readlinkat: declare('readlinkat', 'long', 'int', 'uintptr_t', 'uintptr_t', 'size_t'),
    read: declare('read', 'long', 'int', 'uintptr_t', 'size_t'),
    write: declare('write', 'long', 'int', 'uintptr_t', 'size_t'),
    copy_file_range: declare('copy_file_range', 'long', 'int', 'uintptr_t', 'int', 'uintptr_t', 'size_t', 'uint32_t'),
    ftruncate: declare('ftruncate', 'int', 'int', 'long'),
    ioctl: declare('ioctl', 'int', 'int', 'unsigned long', 'long'),
    fstatfs: declare('fstatfs', 'int', 'int', 'uintptr_t'),
    faccessat: declare('faccessat', 'int', 'int', 'uintptr_t', 'int', 'int'),
    mknodat: declareNew('mknodat', 'int', 'int', 'uintptr_t', 'uint32_t', 'uint64_t'),
    llistxattr: declare('llistxattr', 'long', 'uintptr_t', 'uintptr_t', 'size_t'),
    lgetxattr: declare('lgetxattr', 'long', 'uintptr_t', 'uintptr_t', 'uintptr_t', 'size_t'),
    lsetxattr: declare('lsetxattr', 'int', 'uintptr_t', 'uintptr_t', 'uintptr_t', 'size_t', 'int'),
    lremovexattr: declare('lremovexattr', 'int', 'uintptr_t', 'uintptr_t'),
    fsetxattr: declare('fsetxattr', 'int', 'int', 'uintptr_t', 'uintptr_t', 'size_t', 'int'),
    unshare: declare('unshare', 'int', 'int'),
    fchdir: declare('fchdir', 'int', 'int'),
    mkdirat: declare('mkdirat', 'int', 'int', 'uintptr_t', 'uint32_t'),
    unlinkat: declare('unlinkat', 'int', 'int', 'uintptr_t', 'int'),
    symlinkat: declare('symlinkat', 'int', 'uintptr_t', 'int', 'uintptr_t'),
    linkat: declare('linkat', 'int', 'int', 'uintptr_t', 'int', 'uintptr_t', 'int'),
    renameat2: declare('renameat2', 'int', 'int', 'uintptr_t', 'int', 'uintptr_t', 'uint32_t'),
    fchownat: declare('fchownat', 'int', 'int', 'uintptr_t', 'uint32_t', 'uint32_t', 'int'),
    fchown: declare('fchown', 'int', 'int', 'uint32_t', 'uint32_t'),
    fchmodat: declare('fchmodat', 'int', 'int', 'uintptr_t', 'uint32_t', 'int'),
    fchmod: declare('fchmod', 'int', 'int', 'uint32_t'),
    utimensat: declare('utimensat', 'int', 'int', 'uintptr_t', 'uintptr_t', 'int'),
    futimens: declare('futimens', 'int', 'int', 'uintptr_t'),
    fsync: declare('fsync', 'int', 'int'),
    syncfs: declare('syncfs', 'int', 'int'),
    flock: declare('flock', 'int', 'int', 'int'),
    errno: (set) => (set === undefined ? koffi.errno() : koffi.errno(set)),
    memory: {address: Number(koffi.address(pointer)), bytes: Buffer.from(koffi.view(pointer, scratchBytes))},
  };
}

/** ioprio_set(2), for which the C library has no function: the numbers of its calls, by processor. */
const IOPRIO_CALLS: Partial<Record<string, {readonly set: number; readonly get: number}>> = {
  x64: {set: 251, get: 252},
  arm64: {set: 30, get: 31},
};
const IOPRIO_WHO_PROCESS = 1;

/** The system calls for I/O priorities. */
export interface IoPriorityCalls {
  /** The priority of a thread, 0 for this one; undefined if the kernel refuses. */
  readonly get: (thread: number) => number | undefined;
  /** Returns the errno name if the kernel refuses. */
  readonly set: (thread: number, priority: number) => string | undefined;
}

/** Undefined if this system has none. */
export function loadIoPriority(): IoPriorityCalls | undefined {
  const calls = IOPRIO_CALLS[process.arch];
  if (calls === undefined) return undefined;
  const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi');
  const syscall = koffi.load(null).func('syscall', 'long', ['long', 'int', 'int', 'int']) as Call;
  return {
    get(thread) {
      const priority = syscall(calls.get, IOPRIO_WHO_PROCESS, thread, 0);
      return priority < 0 ? undefined : priority;
    },
    set(thread, priority) {
      const refused = syscall(calls.set, IOPRIO_WHO_PROCESS, thread, priority) < 0;
      return refused ? getSystemErrorName(-koffi.errno()) : undefined;
    },
  };
}
