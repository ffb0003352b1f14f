/**
 * Owner, extended attributes, mode and times.
 *
 * The calls for extended attributes take a path instead of a folder's descriptor (Linux 6.13 added calls that do). A worker thread
 * has a working directory of its own and moves it to the current folder; other threads use a path below /proc/self/fd. Both resolve
 * only one name. Perf: 1.2 µs against 3.6 µs (bench: attributes).
 */
import {createHash} from 'node:crypto';
import {isMainThread} from 'node:worker_threads';
import {CODE, emptyStat} from '../core/block.js';
import {toNanoseconds} from '../core/entry.js';
import type {ByteName} from '../core/name.js';
import {
  digestValue,
  isPreservedXattr,
  MAX_XATTR_BYTES,
  MAX_XATTRS,
  type PreservedXattrs,
  preservesXattrs,
  UNREADABLE_XATTR,
} from '../core/xattr.js';
import {fd, type Kernel, NAME_A, NAME_B, XATTR_NAMES, XATTR_VALUE} from './kernel.js';
import {AT, CLONE_FS, XATTR_MAX} from './libc.js';
import {type Attributes, errnoOf, type Folder, type OpenFile, SystemError, type WantedXattrs} from './platform.js';

/**
 * The buffer for the names or a value of extended attributes that is tried before the largest one. Perf: the kernel allocates this
 * much memory per call, and allocating 64 KiB costs as much as the call itself (bench: unchanged-generated).
 */
const XATTR_USUAL = 4096;

/** Reads and sets the attributes of entries in open folders. */
export class PosixAttributes {
  /** Whether this thread has a working directory of its own. */
  readonly #ownDirectory: boolean;
  /** The folder that is the working directory, or -1. */
  #directory = -1;

  constructor(private readonly kernel: Kernel) {
    // A sandbox may forbid it. The main thread keeps its directory, since the user's relative paths start from it.
    this.#ownDirectory = !isMainThread && kernel.libc.unshare(CLONE_FS) === 0;
  }

  /** Call it before a folder is closed, since its descriptor may soon belong to another folder. */
  forget(open: Folder | OpenFile): void {
    if (fd(open) === this.#directory) this.#directory = -1;
  }

  /** The attributes of a listed entry; `written` is the address of its name, which is already in scratch memory. */
  xattrsAt(folder: Folder, name: ByteName, written: number, preserved: PreservedXattrs): string {
    return this.#readXattrs(folder, this.#path(folder, name, written), preserved);
  }

  setAttributes(folder: Folder, name: ByteName, code: number, attributes: Attributes): void {
    const libc = this.kernel.libc;
    const {uid, gid, xattrs, mode, mtime, withAccess, readBack} = attributes;
    const flags = name === '' ? AT.EMPTY_PATH : AT.SYMLINK_NOFOLLOW;
    if (uid !== undefined || gid !== undefined)
      this.kernel.check(libc.fchownat(fd(folder), this.kernel.name(NAME_A, name), owner(uid), owner(gid), flags), 'fchownat');
    if (xattrs !== undefined) this.#setXattrs(folder, name, code, xattrs);
    const at = this.kernel.name(NAME_A, name);
    if (mode !== undefined && code !== CODE.symlink) {
      const changed = name === '' ? libc.fchmod(fd(folder), mode) : libc.fchmodat(fd(folder), at, mode, AT.SYMLINK_NOFOLLOW);
      this.kernel.check(changed, 'fchmodat');
    }
    if (mtime !== undefined) {
      const times = this.kernel.times(mtime, withAccess);
      const changed = name === '' ? libc.futimens(fd(folder), times) : libc.utimensat(fd(folder), at, times, AT.SYMLINK_NOFOLLOW);
      this.kernel.check(changed, 'utimensat');
      readBack?.(this.#mtimeOf(fd(folder), at, flags));
    }
  }

  /** Sets attributes of a new file, which has no extended attributes yet. */
  setOnFile(file: number, {uid, gid, xattrs, mode, mtime, withAccess, readBack}: Attributes): void {
    const libc = this.kernel.libc;
    if (uid !== undefined || gid !== undefined) this.kernel.check(libc.fchown(file, owner(uid), owner(gid)), 'fchown');
    for (const [attribute, value] of xattrs?.values ?? []) {
      const at = this.kernel.name(NAME_B, attribute);
      this.kernel.check(libc.fsetxattr(file, at, this.#put(value), value.length, 0), 'fsetxattr');
    }
    if (mode !== undefined) this.kernel.check(libc.fchmod(file, mode), 'fchmod');
    if (mtime !== undefined) {
      this.kernel.check(libc.futimens(file, this.kernel.times(mtime, withAccess)), 'futimens');
      readBack?.(this.#mtimeOf(file, this.kernel.name(NAME_A, ''), AT.EMPTY_PATH));
    }
  }

  xattrs(folder: Folder, name: ByteName, preserved: PreservedXattrs): string {
    return preservesXattrs(preserved) ? this.#readXattrs(folder, this.#path(folder, name), preserved) : '';
  }

  xattr(folder: Folder, name: ByteName, attribute: ByteName): Uint8Array | undefined {
    const length = this.#xattrValue(this.#path(folder, name), this.kernel.name(NAME_B, attribute));
    return length < 0 ? undefined : Buffer.from(this.kernel.bytes.subarray(XATTR_VALUE, XATTR_VALUE + length));
  }

  #mtimeOf(folder: number, name: number, flags: number): bigint {
    const stat = emptyStat();
    if (this.kernel.statx(folder, name, flags, stat) !== 0) throw new SystemError(this.kernel.errno(), 'statx');
    return toNanoseconds(stat.seconds, stat.nanoseconds);
  }

  /**
   * The address of a path to a name in a folder, for calls that take no descriptor; '' is the folder itself. `written`: the address
   * of the name if it is already in scratch memory.
   */
  #path(folder: Folder, name: string, written?: number): number {
    if (!this.#ownDirectory) return this.kernel.name(NAME_A, `/proc/self/fd/${fd(folder)}/${name === '' ? '.' : name}`);
    if (this.#directory !== fd(folder)) {
      this.#directory = -1;
      this.kernel.check(this.kernel.libc.fchdir(fd(folder)), 'fchdir');
      this.#directory = fd(folder);
    }
    return written === undefined ? this.kernel.name(NAME_A, name === '' ? '.' : name) : this.kernel.base + written;
  }

  /** llistxattr(2), and lgetxattr(2) for the wanted attributes; packed as in a block. `path` is an address. */
  #readXattrs(folder: Folder, path: number, preserved: PreservedXattrs): string {
    const {llistxattr} = this.kernel.libc;
    let listed = llistxattr(path, this.kernel.base + XATTR_NAMES, XATTR_USUAL);
    // Perf: almost no file has any (bench: unchanged-generated).
    if (listed === 0) return '';
    if (listed < 0 && this.kernel.errno() === 'ERANGE') listed = llistxattr(path, this.kernel.base + XATTR_NAMES, XATTR_MAX);
    if (listed < 0) {
      const code = this.kernel.errno();
      if (code === 'EOPNOTSUPP' || code === 'ENOENT' || (code === 'EIO' && this.#hasNone(folder))) return '';
      throw new SystemError(code, 'llistxattr');
    }
    const names = this.kernel.bytes
      .latin1Slice(XATTR_NAMES, XATTR_NAMES + listed)
      .split('\0')
      .slice(0, -1);
    let packed = '';
    for (const name of names.filter((name) => isPreservedXattr(name, preserved)).sort()) {
      const value = this.#valueText(path, name);
      if (value !== undefined) packed += `${name}\0${value}\0`;
    }
    if (packed.length > MAX_XATTRS) throw new SystemError('E2BIG', 'llistxattr');
    return packed;
  }

  /** `rclone mount` returns EIO for files, and no attributes for folders. */
  #hasNone(folder: Folder): boolean {
    const {llistxattr} = this.kernel.libc;
    const listed = llistxattr(this.#path(folder, ''), this.kernel.base + XATTR_NAMES, XATTR_USUAL);
    return listed < 0 && this.kernel.errno() === 'EOPNOTSUPP';
  }

  #valueText(path: number, name: string): string | undefined {
    let length: number;
    try {
      length = this.#xattrValue(path, this.kernel.name(NAME_B, name));
    } catch (error) {
      // Reading `user` attributes needs permission to read the file.
      if (errnoOf(error) === 'EACCES') return UNREADABLE_XATTR;
      throw error;
    }
    if (length < 0) return undefined;
    const value = this.kernel.bytes.subarray(XATTR_VALUE, XATTR_VALUE + length);
    if (length <= MAX_XATTR_BYTES) return value.toString('base64');
    return digestValue(createHash('sha256').update(value).digest('hex'));
  }

  /** lgetxattr(2) into scratch memory: returns the value's length, -1 if there is none. Both arguments are addresses. */
  #xattrValue(path: number, name: number): number {
    const {lgetxattr} = this.kernel.libc;
    let length = lgetxattr(path, name, this.kernel.base + XATTR_VALUE, XATTR_USUAL);
    if (length < 0 && this.kernel.errno() === 'ERANGE') length = lgetxattr(path, name, this.kernel.base + XATTR_VALUE, XATTR_MAX);
    if (length >= 0) return length;
    const code = this.kernel.errno();
    if (code === 'ENODATA' || code === 'ENOENT') return -1;
    throw new SystemError(code, 'lgetxattr');
  }

  #setXattrs(folder: Folder, name: ByteName, code: number, {preserved, values}: WantedXattrs): void {
    const {lsetxattr, lremovexattr} = this.kernel.libc;
    const wanted = new Set<string>(values.map(([attribute]) => attribute));
    const standing = this.#readXattrs(folder, this.#path(folder, name), preserved).split('\0');
    const act = (call: () => number, syscall: string, fine?: string) => {
      if (call() === 0) return;
      const errno = this.kernel.errno();
      if (errno !== fine) throw new SystemError(errno, syscall);
    };
    const change = () => {
      for (let i = 0; i + 1 < standing.length; i += 2) {
        const attribute = standing[i] as string;
        if (wanted.has(attribute)) continue;
        act(() => lremovexattr(this.#path(folder, name), this.kernel.name(NAME_B, attribute)), 'lremovexattr', 'ENODATA');
      }
      for (const [attribute, value] of values) {
        const set = () =>
          lsetxattr(this.#path(folder, name), this.kernel.name(NAME_B, attribute), this.#put(value), value.length, 0);
        act(set, 'lsetxattr');
      }
    };
    try {
      change();
    } catch (error) {
      if (errnoOf(error) !== 'EACCES' || code === CODE.symlink || name === '') throw error;
      this.#openedUp(folder, name, change);
    }
  }

  /** Changing `user` attributes needs permission to write: the owner grants it to himself for this moment. */
  #openedUp(folder: Folder, name: ByteName, act: () => void): void {
    const stat = emptyStat();
    this.kernel.check(this.kernel.statx(fd(folder), this.kernel.name(NAME_A, name), AT.SYMLINK_NOFOLLOW, stat), 'statx');
    const setMode = (mode: number) =>
      this.kernel.check(
        this.kernel.libc.fchmodat(fd(folder), this.kernel.name(NAME_A, name), mode, AT.SYMLINK_NOFOLLOW),
        'fchmodat',
      );
    setMode(stat.mode | 0o600);
    try {
      act();
    } finally {
      setMode(stat.mode);
    }
  }

  /** Writes a value into scratch memory and returns its address. */
  #put(value: Uint8Array): number {
    if (value.length > XATTR_MAX) throw new SystemError('E2BIG', 'lsetxattr');
    this.kernel.bytes.set(value, XATTR_VALUE);
    return this.kernel.base + XATTR_VALUE;
  }
}

/** chown(2) takes -1 for "leave as it is". */
function owner(id: number | undefined): number {
  return id ?? 0xffff_ffff;
}
