/**
 * The C library and this thread's scratch memory. Names and structures are written there before a call and read from there after
 * it; the next call that uses the same part overwrites them.
 */
import os from 'node:os';
import {CODE, type Stat} from '../core/block.js';
import {countable, fromNanoseconds, MAX_SIZE} from '../core/entry.js';
import {type Libc, loadLibc, O, STATX_ATTR_MOUNT_ROOT, STATX_BASIC_STATS, STATX_BTIME, UTIME_OMIT, XATTR_MAX} from './libc.js';
import {type Folder, type OpenFile, SystemError} from './platform.js';

// Scratch memory: two names, one statx, two timespecs, a buffer for listings and content, and a second buffer for comparisons. The
// second buffer also holds the names and one value of extended attributes while the first one holds a listing.
const NAME_BYTES = 8192;
export const NAME_A = 0;
export const NAME_B = NAME_BYTES;
export const STATX = 2 * NAME_BYTES;
const TIMES = STATX + 256;
export const DATA = STATX + 4096;
export const DATA_BYTES = 512 * 1024;
export const OTHER = DATA + DATA_BYTES;
/** @alias Other content, at another time. */
export const XATTR_NAMES = OTHER;
export const XATTR_VALUE = OTHER + XATTR_MAX;
const SCRATCH_BYTES = OTHER + DATA_BYTES;

/** Codes by the four bits of a mode that encode the kind: inode(7). */
const CODES = [
  CODE.unknown,
  CODE.fifo,
  CODE.chardev,
  CODE.unknown,
  CODE.directory,
  CODE.unknown,
  CODE.blockdev,
  CODE.unknown,
  CODE.file,
  CODE.unknown,
  CODE.symlink,
  CODE.unknown,
  CODE.socket,
] as const;

const ERRNO = new Map(Object.entries(os.constants.errno).map(([name, number]) => [number, name]));

/** The upper 32 bits of the first size above `MAX_SIZE`. */
const MAX_SIZE_HIGH = (MAX_SIZE + 1) / 0x1_0000_0000;

/** System calls with the scratch memory of one thread. */
export class Kernel {
  readonly libc: Libc;
  readonly bytes: ByteStrings;
  readonly words: Uint32Array;
  /** The address of the scratch memory. */
  readonly base: number;

  /** @throws Error if koffi cannot be loaded. */
  constructor() {
    this.libc = loadLibc(SCRATCH_BYTES);
    const {address, bytes} = this.libc.memory;
    this.base = address;
    this.bytes = bytes as ByteStrings;
    this.words = new Uint32Array(bytes.buffer, bytes.byteOffset, SCRATCH_BYTES / 4);
  }

  open(folder: number, name: string, flags: number, mode = 0): number {
    return this.check(this.libc.openat(folder, this.name(NAME_A, name), flags | O.CLOEXEC, mode), 'openat');
  }

  /**
   * Calls statx(2) and fills a row; offsets are those of `struct statx`. Returns the result of the call, or EOVERFLOW for a file
   * above `MAX_SIZE`.
   */
  statx(folder: number, name: number, flags: number, stat: Stat): number {
    const result = this.libc.statx(folder, name, flags, STATX_BASIC_STATS | STATX_BTIME, this.base + STATX);
    if (result !== 0) return result;
    const w = this.words;
    const at = STATX / 4;
    const mode = (w[at + 7] as number) & 0xffff;
    stat.code = CODES[mode >> 12] ?? CODE.unknown;
    if (stat.code === CODE.file && (w[at + 11] as number) >= MAX_SIZE_HIGH) {
      this.libc.errno(os.constants.errno.EOVERFLOW);
      return -1;
    }
    stat.mode = mode & 0o7777;
    stat.uid = w[at + 5] as number;
    stat.gid = w[at + 6] as number;
    stat.size = stat.code === CODE.file ? (w[at + 10] as number) + (w[at + 11] as number) * 0x1_0000_0000 : 0;
    stat.seconds = secondsOf(w[at + 28], w[at + 29]);
    stat.nanoseconds = w[at + 30] as number;
    stat.inodeLow = w[at + 8] as number;
    stat.inodeHigh = w[at + 9] as number;
    stat.device = (((w[at + 34] as number) << 20) | (w[at + 35] as number)) >>> 0;
    stat.links = w[at + 4] as number;
    const hasBirth = ((w[at] as number) & STATX_BTIME) !== 0;
    stat.birthSeconds = hasBirth ? (w[at + 20] as number) : 0;
    stat.birthNanoseconds = hasBirth ? (w[at + 22] as number) : 0;
    stat.changeSeconds = w[at + 24] as number;
    stat.changeNanoseconds = w[at + 26] as number;
    // A mask beside the attributes says which ones the kernel knows: this one since Linux 5.8.
    stat.mounted =
      ((w[at + 14] as number) & STATX_ATTR_MOUNT_ROOT) === 0 ? undefined : ((w[at + 2] as number) & STATX_ATTR_MOUNT_ROOT) !== 0;
    const isDevice = stat.code === CODE.chardev || stat.code === CODE.blockdev;
    stat.rdevMajor = isDevice ? (w[at + 32] as number) : 0;
    stat.rdevMinor = isDevice ? (w[at + 33] as number) : 0;
    return 0;
  }

  /** The two times of utimensat(2); the access time stays as it is, unless both are set to the same time. */
  times(mtime: bigint, withAccess = false): number {
    const {seconds, nanoseconds} = fromNanoseconds(mtime);
    this.bytes.writeBigInt64LE(withAccess ? BigInt(seconds) : 0n, TIMES);
    this.bytes.writeBigInt64LE(BigInt(withAccess ? nanoseconds : UTIME_OMIT), TIMES + 8);
    this.bytes.writeBigInt64LE(BigInt(seconds), TIMES + 16);
    this.bytes.writeBigInt64LE(BigInt(nanoseconds), TIMES + 24);
    return this.base + TIMES;
  }

  /** Writes a name into scratch memory and returns its address. */
  name(at: number, name: string): number {
    if (name.length >= NAME_BYTES) throw new SystemError('ENAMETOOLONG', 'name');
    this.bytes.latin1Write(name, at);
    this.bytes[at + name.length] = 0;
    return this.base + at;
  }

  check(result: number, syscall: string): number {
    if (result < 0) throw new SystemError(this.errno(), syscall);
    return result;
  }

  errno(): string {
    const number = this.libc.errno();
    return ERRNO.get(number) ?? `E${number}`;
  }
}

/** Perf: the native functions behind Buffer's toString and write; this saves two calls per entry (bench: unchanged-generated). */
interface ByteStrings extends Buffer {
  latin1Slice(start: number, end: number): string;
  latin1Write(text: string, at: number): number;
}

/** A signed 64-bit number of seconds in two words. */
export function secondsOf(low: number | undefined, high: number | undefined): number {
  return countable((low as number) + ((high as number) | 0) * 0x1_0000_0000);
}

/** The descriptor of an open folder or file of this backend. */
export function fd(open: Folder | OpenFile): number {
  return open as unknown as number;
}
