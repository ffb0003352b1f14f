/**
 * The backend for Linux: system calls through koffi, on folders held open by descriptor, so that no path is ever resolved twice and
 * no symlink is followed. It has what node:fs lacks: exact nanoseconds, extended attributes, holes, nodes, syncfs and flock.
 *
 * This file handles names in folders; posix-content handles the content of files, posix-attributes their attributes.
 */
import os from 'node:os';
import {CODE, emptyStat, type Stat} from '../core/block.js';
import type {ByteName} from '../core/name.js';
import {ACL_ACCESS, type PreservedXattrs, preservesXattrs, XATTR_NAMESPACES} from '../core/xattr.js';
import {factsOfType, isOfOneMachine, largestFileOf, SECONDS_OF_32_BITS, stampsChanges, timesOf} from './filesystems.js';
import {DATA, DATA_BYTES, fd, Kernel, NAME_A, NAME_B, STATX} from './kernel.js';
import {
  ACCESS,
  AT,
  LOCK_EX_NB,
  O,
  RENAME_EXCHANGE,
  RENAME_NOREPLACE,
  STATX_BASIC_STATS,
  STATX_BTIME,
  STATX_MNT_ID,
} from './libc.js';
import {type MountLine, mountLines} from './mount-text.js';
import {
  type Attributes,
  type CompareOptions,
  type CopyOptions,
  type CopyResult,
  emptyRow,
  errnoOf,
  type FileSystem,
  type Folder,
  type ListedEntry,
  type Locked,
  type MakeNodeOptions,
  type MoveOptions,
  type OpenFile,
  type Platform,
  SystemError,
  type Volume,
} from './platform.js';
import {readPart} from './portable-content.js';
import {PosixAttributes} from './posix-attributes.js';
import {PosixContent} from './posix-content.js';
import {posixVolume} from './posix-volume.js';

/** The four bits of a mode that encode the kind, by code: mknod(2). */
const NODE_TYPES = new Map<number, number>([
  [CODE.fifo, 0o010000],
  [CODE.chardev, 0o020000],
  [CODE.blockdev, 0o060000],
  [CODE.socket, 0o140000],
]);

interface ListOptions {
  readonly folder: Folder;
  /** The extended attributes to read. */
  readonly wanted: PreservedXattrs | undefined;
  /** The first free row. */
  readonly from: number;
  /** If given, only these names are listed. */
  readonly only?: ReadonlySet<ByteName>;
  /** Called for a listed name that does not exist; 'unknown' makes a row for it. */
  readonly onVanished: (name: ByteName) => unknown;
}

/** The Linux backend. */
export class PosixPlatform implements Platform {
  readonly name = 'posix';
  readonly preservesAll = true;
  readonly timeResolution = 1n;
  readonly canSyncFileSystem = true;
  readonly #attributes: PosixAttributes;
  readonly #content: PosixContent;

  /** @throws Error if koffi cannot be loaded. */
  constructor(private readonly kernel = new Kernel()) {
    this.#attributes = new PosixAttributes(kernel);
    this.#content = new PosixContent(kernel, (file, attributes) => this.#attributes.setOnFile(file, attributes));
  }

  openRoot(path: ByteName): Folder {
    return this.kernel.open(AT.FDCWD, path, O.RDONLY | O.DIRECTORY) as unknown as Folder;
  }

  openFolder(parent: Folder, name: ByteName): Folder {
    return this.kernel.open(fd(parent), name, O.RDONLY | O.DIRECTORY | O.NOFOLLOW) as unknown as Folder;
  }

  close(open: Folder | OpenFile): void {
    this.#attributes.forget(open);
    this.kernel.libc.close(fd(open));
  }

  list(folder: Folder, rows: ListedEntry[], preserved?: PreservedXattrs): number {
    const wanted = preserved !== undefined && preservesXattrs(preserved) ? preserved : undefined;
    const vanished = new Set<ByteName>();
    const count = this.#listInto(rows, {folder, wanted, from: 0, onVanished: (name) => vanished.add(name)});
    if (vanished.size === 0) return count;
    // It is still listed and still cannot be found, so something does have this name.
    const again = {wanted, from: count, only: vanished, onVanished: () => 'unknown'} as const;
    return this.#anew(folder, (opened) => this.#listInto(rows, {...again, folder: opened}));
  }

  /**
   * The server of an sshfs reads an open folder only once. Read again, the folder looks empty to every process, for as long as
   * sshfs caches that.
   */
  #anew<Result>(folder: Folder, read: (opened: Folder) => Result): Result {
    const opened = this.openFolder(folder, '.' as ByteName);
    try {
      return read(opened);
    } finally {
      this.close(opened);
    }
  }

  /** getdents64(2), with a statx(2) for each entry while its name is still in the buffer. */
  #listInto(rows: ListedEntry[], {folder, wanted, from, only, onVanished}: ListOptions): number {
    const {getdents64, lseek} = this.kernel.libc;
    const bytes = this.kernel.bytes;
    this.kernel.check(lseek(fd(folder), 0, 0), 'lseek');
    let count = from;
    for (;;) {
      const filled = this.kernel.check(getdents64(fd(folder), this.kernel.base + DATA, DATA_BYTES), 'getdents64');
      if (filled === 0) return count;
      for (let at = DATA; at < DATA + filled; ) {
        const length = (bytes[at + 16] as number) | ((bytes[at + 17] as number) << 8);
        const start = at + 19;
        let end = start;
        while (bytes[end] !== 0) end++;
        at += length;
        if (bytes[start] === 0x2e && (end - start === 1 || (end - start === 2 && bytes[start + 1] === 0x2e))) continue;
        const name = bytes.latin1Slice(start, end) as ByteName;
        if (only !== undefined && !only.has(name)) continue;
        if (count === rows.length) rows.push(emptyRow());
        const row = rows[count] as ListedEntry;
        row.xattrs = '';
        row.name = name;
        row.fault = undefined;
        if (this.kernel.statx(fd(folder), this.kernel.base + start, AT.SYMLINK_NOFOLLOW, row) !== 0) {
          const code = this.kernel.errno();
          if (code === 'ENOENT' && onVanished(name) !== 'unknown') continue;
          Object.assign(row, emptyStat(), {code: CODE.unknown, fault: code});
        } else if (wanted !== undefined) {
          try {
            row.xattrs = this.#attributes.xattrsAt(folder, row.name, start, wanted);
          } catch (error) {
            Object.assign(row, emptyStat(), {code: CODE.unknown, fault: errnoOf(error)});
          }
        }
        count++;
      }
    }
  }

  /** Reads them in the same way as `list`. */
  names(folder: Folder): ByteName[] {
    return this.#anew(folder, (opened) => this.#namesIn(opened));
  }

  #namesIn(folder: Folder): ByteName[] {
    const {getdents64} = this.kernel.libc;
    const {bytes} = this.kernel;
    const names: ByteName[] = [];
    for (;;) {
      const filled = this.kernel.check(getdents64(fd(folder), this.kernel.base + DATA, DATA_BYTES), 'getdents64');
      if (filled === 0) return names.filter((name) => name !== '.' && name !== '..');
      for (let at = DATA; at < DATA + filled; at += bytes.readUInt16LE(at + 16)) {
        names.push(bytes.latin1Slice(at + 19, bytes.indexOf(0, at + 19)) as ByteName);
      }
    }
  }

  stat(folder: Folder, name: ByteName, stat: Stat): boolean {
    const flags = name === '' ? AT.EMPTY_PATH : AT.SYMLINK_NOFOLLOW;
    if (this.kernel.statx(fd(folder), this.kernel.name(NAME_A, name), flags, stat) === 0) return true;
    const code = this.kernel.errno();
    if (code === 'ENOENT') return false;
    throw new SystemError(code, 'statx');
  }

  mountOf(folder: Folder): number {
    const {statx} = this.kernel.libc;
    const mask = STATX_MNT_ID | STATX_BASIC_STATS;
    this.kernel.check(statx(fd(folder), this.kernel.name(NAME_A, ''), AT.EMPTY_PATH, mask, this.kernel.base + STATX), 'statx');
    // Before Linux 5.8 only the device is known, which is the same for two mounts of one file system.
    const has = (this.kernel.words[STATX / 4] as number) & STATX_MNT_ID;
    return has ? this.kernel.bytes.readUInt32LE(STATX + 144) : this.kernel.bytes.readUInt32LE(STATX + 140);
  }

  /** proc_pid_mountinfo(5), which has the ids of statx(2) since Linux 5.8. */
  mounts(): ReadonlySet<number> | undefined {
    const lines = mountLines();
    if (lines === undefined) return undefined;
    const mounts = new Set(lines.map(({id}) => id));
    const root = this.openRoot('/' as ByteName);
    const isKnown = mounts.has(this.mountOf(root));
    this.close(root);
    return isKnown ? mounts : undefined;
  }

  /** fstatfs(2). To see which attributes are supported, one that no file has is read from each namespace: ENODATA or EOPNOTSUPP. */
  fileSystem(folder: Folder): FileSystem {
    const {type, times} = this.#factsOf(folder);
    const line = this.#mountLine(folder);
    const isSmall = type === 'ext4' && this.#hasSmallInodes(folder);
    const knows = (attribute: string) => {
      try {
        this.xattr(folder, '' as ByteName, attribute as ByteName);
        return true;
      } catch (error) {
        errnoOf(error);
        return false;
      }
    };
    const name = type === 'fuse' ? (line?.type ?? type) : type;
    return {
      type: name,
      largestFile: largestFileOf(name),
      times: isSmall ? SECONDS_OF_32_BITS : timesOf(name, times),
      isShared: !isOfOneMachine(type),
      stampsChanges: stampsChanges(type, os.release()),
      mounted: line && `${line.type} ${line.options}`,
      preserves: {xattrs: XATTR_NAMESPACES.filter((namespace) => knows(`${namespace}.dirsync`)), acls: knows(ACL_ACCESS)},
    };
  }

  #mountLine(folder: Folder): MountLine | undefined {
    const mount = this.mountOf(folder);
    return mountLines()?.find(({id}) => id === mount);
  }

  volume(folder: Folder): Volume {
    return posixVolume(this.kernel, folder);
  }

  refusesNames(folder: Folder): string | undefined {
    const name = this.kernel.name(NAME_A, '.');
    const {faccessat} = this.kernel.libc;
    return faccessat(fd(folder), name, ACCESS.WRITE_AND_SEARCH, ACCESS.EFFECTIVE) === 0 ? undefined : this.kernel.errno();
  }

  bytesOnDisk(folder: Folder, name: ByteName): number {
    const {statx} = this.kernel.libc;
    const address = this.kernel.name(NAME_A, name);
    if (statx(fd(folder), address, AT.SYMLINK_NOFOLLOW, STATX_BASIC_STATS, this.kernel.base + STATX) !== 0) return 0;
    return 512 * Number(this.kernel.bytes.readBigUInt64LE(STATX + 48));
  }

  #factsOf(folder: Folder): ReturnType<typeof factsOfType> {
    this.kernel.check(this.kernel.libc.fstatfs(fd(folder), this.kernel.base + DATA), 'fstatfs');
    return factsOfType(this.kernel.bytes.readUInt32LE(DATA));
  }

  birthtime(folder: Folder): bigint {
    if (!this.#hasBirthtime(folder, '' as ByteName)) return 0n;
    return this.kernel.bytes.readBigInt64LE(STATX + 80) * 1_000_000_000n + BigInt(this.kernel.bytes.readUInt32LE(STATX + 88));
  }

  /**
   * Whether the entry has a birth time, which is then in scratch memory. It may be 0 even if the file system stores birth times.
   */
  #hasBirthtime(folder: Folder, name: ByteName): boolean {
    const flags = name === '' ? AT.EMPTY_PATH : AT.SYMLINK_NOFOLLOW;
    const {statx} = this.kernel.libc;
    this.kernel.check(statx(fd(folder), this.kernel.name(NAME_A, name), flags, STATX_BTIME, this.kernel.base + STATX), 'statx');
    return ((this.kernel.words[STATX / 4] as number) & STATX_BTIME) !== 0;
  }

  /**
   * Whether inodes have 128 bytes, which leave no room for birth times and fractions of seconds. A folder that was last changed by
   * an old ext3 has no birth time either, even if inodes are large: then its entries show which size inodes have. In doubt inodes
   * count as large, since runs notice later if times are not kept, while a change that is not noticed would not be copied.
   */
  #hasSmallInodes(folder: Folder): boolean {
    if (this.#hasBirthtime(folder, '' as ByteName)) return false;
    const rows: ListedEntry[] = [];
    try {
      const count = this.list(folder, rows);
      return !rows.slice(0, count).some(({name, fault}) => fault === undefined && this.#hasBirthtime(folder, name));
    } catch (error) {
      errnoOf(error);
      return false;
    }
  }

  readLink(folder: Folder, name: ByteName): ByteName {
    const {readlinkat} = this.kernel.libc;
    const length = this.kernel.check(
      readlinkat(fd(folder), this.kernel.name(NAME_A, name), this.kernel.base + DATA, DATA_BYTES),
      'readlinkat',
    );
    return this.kernel.bytes.toString('latin1', DATA, DATA + length) as ByteName;
  }

  readFile(folder: Folder, name: ByteName, limit: number): Uint8Array | undefined {
    // Perf: called in every folder, and almost always fails; an exception costs ten times the call (bench: unchanged-generated).
    const flags = O.RDONLY | O.NOFOLLOW | O.NONBLOCK | O.CLOEXEC;
    const file = this.kernel.libc.openat(fd(folder), this.kernel.name(NAME_A, name), flags, 0);
    if (file < 0) {
      const code = this.kernel.errno();
      if (code === 'ENOENT') return undefined;
      throw new SystemError(code, 'openat');
    }
    try {
      const pieces: Buffer[] = [];
      let rest = limit;
      while (rest > 0) {
        const piece = this.#content.readPiece(file, rest);
        if (piece.length === 0) break;
        pieces.push(piece);
        rest -= piece.length;
      }
      return Buffer.concat(pieces);
    } finally {
      this.kernel.libc.close(file);
    }
  }

  writeFile(folder: Folder, name: ByteName, content: Uint8Array): void {
    const file = this.createFile(folder, name);
    try {
      this.append(file, content);
    } finally {
      this.close(file);
    }
  }

  createFile(folder: Folder, name: ByteName): OpenFile {
    return this.kernel.open(fd(folder), name, O.WRONLY | O.CREAT | O.EXCL | O.NOFOLLOW, 0o600) as unknown as OpenFile;
  }

  append(file: OpenFile, content: Uint8Array): void {
    for (let at = 0; at < content.length; at += DATA_BYTES) {
      const piece = content.subarray(at, at + DATA_BYTES);
      this.kernel.bytes.set(piece, DATA);
      this.#content.writeFully(fd(file), DATA, piece.length);
    }
  }

  lengthen(file: OpenFile, size: number): void {
    this.kernel.check(this.kernel.libc.ftruncate(fd(file), size), 'ftruncate');
  }

  setOnFile(file: OpenFile, attributes: Attributes): void {
    this.#attributes.setOnFile(fd(file), attributes);
  }

  flush(file: OpenFile): void {
    this.kernel.check(this.kernel.libc.fsync(fd(file)), 'fsync');
  }

  openFile(folder: Folder, name: ByteName): OpenFile {
    return this.kernel.open(fd(folder), name, O.RDONLY | O.NOFOLLOW | O.NONBLOCK) as unknown as OpenFile;
  }

  readNext(file: OpenFile, limit: number): Uint8Array {
    return this.#content.readPiece(fd(file), limit);
  }

  readAt(file: OpenFile, offset: number, length: number): Uint8Array {
    return readPart(fd(file), offset, length);
  }

  makeFolder(parent: Folder, name: ByteName, mode: number): void {
    this.kernel.check(this.kernel.libc.mkdirat(fd(parent), this.kernel.name(NAME_A, name), mode), 'mkdirat');
  }

  makeSymlink(folder: Folder, name: ByteName, link: ByteName, attributes: Attributes): void {
    this.kernel.check(
      this.kernel.libc.symlinkat(this.kernel.name(NAME_A, link), fd(folder), this.kernel.name(NAME_B, name)),
      'symlinkat',
    );
    this.setAttributes(folder, name, CODE.symlink, attributes);
  }

  makeNode({folder, name, code, major, minor, attributes}: MakeNodeOptions): void {
    const type = NODE_TYPES.get(code);
    if (type === undefined) throw new Error('only FIFOs, sockets and devices are nodes');
    this.kernel.check(
      this.kernel.libc.mknodat(fd(folder), this.kernel.name(NAME_A, name), type | 0o600, makedev(major, minor)),
      'mknodat',
    );
    this.setAttributes(folder, name, code, attributes);
  }

  makeLink(from: Folder, name: ByteName, to: Folder, as: ByteName): void {
    const {linkat} = this.kernel.libc;
    this.kernel.check(linkat(fd(from), this.kernel.name(NAME_A, name), fd(to), this.kernel.name(NAME_B, as), 0), 'linkat');
  }

  move({from, name, to, as, replace}: MoveOptions): void {
    if (!replace && this.#rename(from, name, to, as, RENAME_NOREPLACE)) return;
    // Race if the file system has no RENAME_NOREPLACE: an entry that appears between this check and the rename is replaced.
    if (!replace && this.stat(to, as, emptyStat())) throw new SystemError('EEXIST', 'renameat2');
    this.#rename(from, name, to, as, 0);
  }

  exchange(from: Folder, name: ByteName, to: Folder, as: ByteName): boolean {
    return this.#rename(from, name, to, as, RENAME_EXCHANGE);
  }

  removeFile(folder: Folder, name: ByteName): void {
    this.kernel.check(this.kernel.libc.unlinkat(fd(folder), this.kernel.name(NAME_A, name), 0), 'unlinkat');
  }

  removeFolder(parent: Folder, name: ByteName): void {
    this.kernel.check(this.kernel.libc.unlinkat(fd(parent), this.kernel.name(NAME_A, name), AT.REMOVEDIR), 'unlinkat');
  }

  syncFileSystem(folder: Folder): void {
    this.kernel.check(this.kernel.libc.syncfs(fd(folder)), 'syncfs');
  }

  /** flock(2). Network file systems pass locks of files on to the server, but not locks of folders (nfs_dir_operations). */
  lock(folder: Folder): Locked {
    if (this.kernel.libc.flock(fd(folder), LOCK_EX_NB) === 0)
      return isOfOneMachine(this.#factsOf(folder).type) ? 'all' : 'machine';
    const code = this.kernel.errno();
    if (code === 'EAGAIN' || code === 'EWOULDBLOCK') return 'held';
    if (code === 'ENOLCK' || code === 'EOPNOTSUPP' || code === 'ENOTSUP' || code === 'ENOSYS') return 'none';
    throw new SystemError(code, 'flock');
  }

  /** renameat2(2). False if the file system does not support the flags. */
  #rename(from: Folder, name: ByteName, to: Folder, as: ByteName, flags: number): boolean {
    const {renameat2} = this.kernel.libc;
    if (renameat2(fd(from), this.kernel.name(NAME_A, name), fd(to), this.kernel.name(NAME_B, as), flags) === 0) return true;
    const code = this.kernel.errno();
    if (flags !== 0 && (code === 'EINVAL' || code === 'ENOSYS')) return false;
    throw new SystemError(code, 'renameat2');
  }

  sameContent(options: CompareOptions): boolean {
    return this.#content.sameContent(options);
  }

  copyFile(options: CopyOptions): CopyResult {
    return this.#content.copyFile(options);
  }

  setAttributes(folder: Folder, name: ByteName, code: number, attributes: Attributes): void {
    this.#attributes.setAttributes(folder, name, code, attributes);
  }

  xattrs(folder: Folder, name: ByteName, preserved: PreservedXattrs): string {
    return this.#attributes.xattrs(folder, name, preserved);
  }

  xattr(folder: Folder, name: ByteName, attribute: ByteName): Uint8Array | undefined {
    return this.#attributes.xattr(folder, name, attribute);
  }
}

/** makedev(3): major and minor number in the 64 bits of a dev_t. Exact, since the kernel has 12 and 20 bits of them. */
function makedev(major: number, minor: number): number {
  return (minor & 0xff) + (major & 0xfff) * 0x100 + (minor >>> 8) * 0x10_0000;
}
