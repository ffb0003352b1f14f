/**
 * The backend for all other systems, which uses only node:fs. It implements the same interface as far as that library allows:
 * - times are set as a float of seconds, so they are only exact to a microsecond (`timeResolution`);
 * - an open folder is only a path, which was not a symlink when it was opened: a symlink swapped in later is followed;
 * - extended attributes, ACLs, FIFOs, sockets and devices are neither read nor made, and holes become zeros;
 * - there is no syncfs, so files are flushed one by one, and no kernel lock (state/lock makes a file instead);
 * - two names cannot be swapped in one step, and a rename that must not replace anything checks first.
 */
import fs from 'node:fs';
import os from 'node:os';
import {CODE, emptyStat, type Stat} from '../core/block.js';
import type {ByteName} from '../core/name.js';
import {factsOfType, foldsNames, isOfOneMachine, largestFileOf, roomOf, stampsChanges, timesOf, typeName} from './filesystems.js';
import {type MountLine, mountLines} from './mount-text.js';
import {
  type Attributes,
  attributesOfGrown,
  type CompareOptions,
  type CopyOptions,
  type CopyResult,
  emptyRow,
  errnoOf,
  type FileSystem,
  type Folder,
  type ListedEntry,
  type Locked,
  type MoveOptions,
  type OpenFile,
  type Platform,
  SystemError,
  UNPACED,
  type Volume,
} from './platform.js';
import {catchUp, copyContent, isSameContent, isSameVersion, readFully, readPart, readPiece} from './portable-content.js';
import {fill, seconds, setOnFile} from './portable-stat.js';

const {constants} = fs;
const NOFOLLOW = constants.O_NOFOLLOW ?? 0;
const NONBLOCK = constants.O_NONBLOCK ?? 0;

interface ListOptions {
  readonly folder: Folder;
  readonly names: readonly ByteName[];
  /** The first free row. */
  readonly from: number;
  /** Called for a listed name that does not exist; 'unknown' makes a row for it. */
  readonly onVanished: (name: ByteName) => unknown;
}

/** The portable backend. */
export class PortablePlatform implements Platform {
  readonly name = 'portable';
  readonly preservesAll = false;
  readonly timeResolution = 1000n;
  readonly canSyncFileSystem = false;

  openRoot(path: ByteName): Folder {
    if (!fs.statSync(bytes(path)).isDirectory()) throw new SystemError('ENOTDIR', 'stat');
    // Only a listing shows whether the folder can be read; in the other backend, opening it does.
    fs.opendirSync(bytes(path)).closeSync();
    return path as unknown as Folder;
  }

  openFolder(parent: Folder, name: ByteName): Folder {
    const path = at(parent, name);
    const stat = fs.lstatSync(path);
    if (stat.isSymbolicLink()) throw new SystemError('ELOOP', 'open');
    if (!stat.isDirectory()) throw new SystemError('ENOTDIR', 'open');
    fs.opendirSync(path).closeSync();
    return path.toString('latin1') as unknown as Folder;
  }

  close(open: Folder | OpenFile): void {
    // A folder is only a path: there is nothing to close.
    if (typeof open === 'number') fs.closeSync(open);
  }

  list(folder: Folder, rows: ListedEntry[]): number {
    const names = () => fs.readdirSync(at(folder, ''), {encoding: 'buffer'}).map((name) => name.toString('latin1') as ByteName);
    const vanished: ByteName[] = [];
    const count = this.#listInto(rows, {folder, names: names(), from: 0, onVanished: (name) => vanished.push(name)});
    if (vanished.length === 0) return count;
    // It is still listed and still cannot be found, so something does have this name.
    const still = names().filter((name) => vanished.includes(name));
    return this.#listInto(rows, {folder, names: still, from: count, onVanished: () => 'unknown'});
  }

  #listInto(rows: ListedEntry[], {folder, names, from, onVanished}: ListOptions): number {
    let count = from;
    for (const name of names) {
      if (count === rows.length) rows.push(emptyRow());
      const row = rows[count] as ListedEntry;
      row.name = name;
      row.fault = undefined;
      try {
        if (!this.stat(folder, name, row)) {
          if (onVanished(name) !== 'unknown') continue;
          Object.assign(row, emptyStat(), {code: CODE.unknown, fault: 'ENOENT'});
        }
      } catch (error) {
        Object.assign(row, emptyStat(), {code: CODE.unknown, fault: errnoOf(error)});
      }
      count++;
    }
    return count;
  }

  names(folder: Folder): ByteName[] {
    return fs.readdirSync(at(folder, ''), {encoding: 'buffer'}).map((name) => name.toString('latin1') as ByteName);
  }

  stat(folder: Folder, name: ByteName, stat: Stat): boolean {
    const found = fs.lstatSync(at(folder, name), {bigint: true, throwIfNoEntry: false});
    if (found === undefined) return false;
    fill(stat, found);
    return true;
  }

  xattrs(): string {
    return '';
  }

  xattr(): undefined {
    return undefined;
  }

  mountOf(folder: Folder): number {
    return fs.statSync(at(folder, '')).dev;
  }

  mounts(): undefined {
    return undefined;
  }

  fileSystem(folder: Folder): FileSystem {
    const {type, times} = factsOfType(fs.statfsSync(at(folder, '')).type);
    const line = mountLine(fs.statSync(at(folder, ''), {bigint: true}).dev);
    const name = type === 'fuse' ? (line?.type ?? type) : type;
    return {
      type: name,
      largestFile: largestFileOf(name),
      times: timesOf(name, times),
      preserves: {xattrs: [], acls: false},
      isShared: !isOfOneMachine(type),
      stampsChanges: stampsChanges(type, os.release()),
      mounted: line && `${line.type} ${line.options}`,
    };
  }

  volume(folder: Folder): Volume {
    const {type, bsize, blocks, bavail, bfree, files, ffree} = fs.statfsSync(at(folder, ''));
    const name = typeName(type);
    return {
      id: name,
      shares: false,
      readOnly: false,
      foldsNames: foldsNames(name),
      room: roomOf(name, {block: bsize, blocks, freeBlocks: bfree, freeToAll: bavail, inodes: files, freeInodes: ffree}),
    };
  }

  refusesNames(folder: Folder): string | undefined {
    try {
      fs.accessSync(at(folder, ''), constants.W_OK | constants.X_OK);
      return undefined;
    } catch (error) {
      return errnoOf(error);
    }
  }

  bytesOnDisk(folder: Folder, name: ByteName): number {
    return 512 * (fs.lstatSync(at(folder, name), {throwIfNoEntry: false})?.blocks ?? 0);
  }

  /** Node 20 returns the access time on some kernels, so birth times are not reliable. */
  birthtime(): bigint {
    return 0n;
  }

  readLink(folder: Folder, name: ByteName): ByteName {
    return fs.readlinkSync(at(folder, name), {encoding: 'buffer'}).toString('latin1') as ByteName;
  }

  readFile(folder: Folder, name: ByteName, limit: number): Uint8Array | undefined {
    let file: number;
    try {
      file = openToRead(folder, name);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw error;
    }
    try {
      const content = Buffer.alloc(limit);
      return content.subarray(0, readFully(file, content));
    } finally {
      fs.closeSync(file);
    }
  }

  writeFile(folder: Folder, name: ByteName, content: Uint8Array): void {
    fs.writeFileSync(at(folder, name), content, {flag: 'wx', mode: 0o600});
  }

  createFile(folder: Folder, name: ByteName): OpenFile {
    return fs.openSync(at(folder, name), 'wx', 0o600) as unknown as OpenFile;
  }

  append(file: OpenFile, content: Uint8Array): void {
    for (let done = 0; done < content.length; ) done += fs.writeSync(fd(file), content, done);
  }

  lengthen(file: OpenFile, size: number): void {
    fs.ftruncateSync(fd(file), size);
  }

  setOnFile(file: OpenFile, attributes: Attributes): void {
    setOnFile(fd(file), attributes);
  }

  flush(file: OpenFile): void {
    fs.fsyncSync(fd(file));
  }

  openFile(folder: Folder, name: ByteName): OpenFile {
    return openToRead(folder, name) as unknown as OpenFile;
  }

  readNext(file: OpenFile, limit: number): Uint8Array {
    return readPiece(fd(file), limit);
  }

  readAt(file: OpenFile, offset: number, length: number): Uint8Array {
    return readPart(fd(file), offset, length);
  }

  sameContent({a, aName, b, bName, goOn, pace = UNPACED}: CompareOptions): boolean {
    const one = openToRead(a, aName);
    try {
      const two = openToRead(b, bName);
      try {
        return isSameContent(one, two, {goOn, pace});
      } finally {
        fs.closeSync(two);
      }
    } finally {
      fs.closeSync(one);
    }
  }

  makeFolder(parent: Folder, name: ByteName, mode: number): void {
    fs.mkdirSync(at(parent, name), {mode});
  }

  copyFile(options: CopyOptions): CopyResult {
    const {from, name, to, as, attributes, fsync, live, accept, onBytes, pace = UNPACED} = options;
    const source = openToRead(from, name);
    try {
      const opened = fs.fstatSync(source, {bigint: true});
      const stat = emptyStat();
      fill(stat, opened);
      if (!accept(stat)) return 'refused';
      const copy = fs.openSync(at(to, as), constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
      let isWhole = false;
      try {
        const finish = (set: Attributes) => {
          setOnFile(copy, set);
          if (fsync === 'any') fs.fsyncSync(copy);
        };
        const ended = copyContent({source, copy, size: stat.size, onBytes, pace});
        if (ended === 'stopped') return ended;
        if (ended === 'copied') finish(attributes);
        const isSame = isSameVersion(opened, fs.fstatSync(source, {bigint: true}));
        let result: CopyResult = isSame ? (ended === 'copied' ? ended : 'unsized') : 'changed';
        if (result === 'changed' && live && ended !== 'shorter') result = catchUp({source, copy, from: opened, onBytes, pace});
        if (typeof result === 'object') finish(attributesOfGrown(attributes, result));
        isWhole = result === 'copied' || typeof result === 'object';
        return result;
      } finally {
        if (!isWhole) fs.unlinkSync(at(to, as));
        fs.closeSync(copy);
      }
    } finally {
      fs.closeSync(source);
    }
  }

  makeSymlink(folder: Folder, name: ByteName, link: ByteName, attributes: Attributes): void {
    fs.symlinkSync(bytes(link), at(folder, name));
    this.setAttributes(folder, name, CODE.symlink, attributes);
  }

  makeNode(): void {
    throw new SystemError('ENOSYS', 'mknod');
  }

  makeLink(from: Folder, name: ByteName, to: Folder, as: ByteName): void {
    fs.linkSync(at(from, name), at(to, as));
  }

  setAttributes(folder: Folder, name: ByteName, code: number, {uid, gid, mode, mtime, readBack}: Attributes): void {
    const path = at(folder, name);
    if (uid !== undefined || gid !== undefined) fs.lchownSync(path, uid ?? -1, gid ?? -1);
    // Race: chmod follows symlinks. A user who swaps one in at this moment gets the mode of its target changed.
    if (mode !== undefined && code !== CODE.symlink) fs.chmodSync(path, mode);
    if (mtime === undefined) return;
    fs.lutimesSync(path, fs.lstatSync(path).atime, seconds(mtime));
    readBack?.(fs.lstatSync(path, {bigint: true}).mtimeNs);
  }

  move({from, name, to, as, replace}: MoveOptions): void {
    // Race: an entry that appears between this check and the rename is replaced.
    if (!replace && this.stat(to, as, emptyStat())) throw new SystemError('EEXIST', 'rename');
    fs.renameSync(at(from, name), at(to, as));
  }

  exchange(): boolean {
    return false;
  }

  removeFile(folder: Folder, name: ByteName): void {
    fs.unlinkSync(at(folder, name));
  }

  removeFolder(parent: Folder, name: ByteName): void {
    fs.rmdirSync(at(parent, name));
  }

  syncFileSystem(): void {}

  lock(): Locked {
    return 'none';
  }
}

function bytes(path: string): Buffer {
  return Buffer.from(path, 'latin1');
}

function at(folder: Folder, name: string): Buffer {
  const path = folder as unknown as string;
  return bytes(name === '' ? path : `${path}/${name}`);
}

function fd(file: OpenFile): number {
  return file as unknown as number;
}

function openToRead(folder: Folder, name: ByteName): number {
  return fs.openSync(at(folder, name), constants.O_RDONLY | NOFOLLOW | NONBLOCK);
}

/** `dev` in the layout of the Linux C library: makedev(3). */
function mountLine(dev: bigint): MountLine | undefined {
  const [major, minor] = [(dev >> 8n) & 0xfffn, (dev & 0xffn) | ((dev >> 12n) & 0xfff00n)];
  return mountLines()?.find(({device}) => device === `${major}:${minor}`);
}
