/**
 * Trees that are shown differently from how they are stored: escaped names with their real names, and symbolic links as the entries
 * that they lead to. Callers see the names and files of such a tree as the other tree has them. Calls for all other trees are
 * passed through.
 */
import type {HeldNames} from '../core/abilities.js';
import {CODE, emptyStat, type Stat} from '../core/block.js';
import {type ByteName, fromByteName} from '../core/name.js';
import {Naming, withUpperDigits} from '../core/naming.js';
import {STATE_DIR} from '../core/path.js';
import type {PreservedXattrs} from '../core/xattr.js';
import {type Led, LinkWalk, type Tree} from './link-walk.js';
import {
  type Attributes,
  type CompareOptions,
  type CopyOptions,
  type CopyResult,
  errnoOf,
  type Folder,
  type ListedEntry,
  type MakeNodeOptions,
  type MoveOptions,
  type OpenFile,
  type Platform,
  type ShowingPlatform,
  SystemError,
  type View,
} from './platform.js';

/** An open folder of a tree that is shown differently. */
interface Shown extends Tree {
  readonly links: View['links'];
  /** The real paths of the folders above it as shown, and its own: a link to one of them would never end. */
  readonly ways: readonly string[];
}

interface Followed extends Led {
  close(): void;
}

/** The fault of an entry with a name that dirsync never writes, since it could be read as the name of another entry. */
const UNCLEAR = 'NAME_UNCLEAR';

/** A platform that can show some of its trees differently. */
export class Views implements ShowingPlatform {
  readonly #shown = new Map<Folder, Shown>();

  constructor(private readonly base: Platform) {}

  get name() {
    return this.base.name;
  }

  get preservesAll() {
    return this.base.preservesAll;
  }

  get timeResolution() {
    return this.base.timeResolution;
  }

  get canSyncFileSystem() {
    return this.base.canSyncFileSystem;
  }

  show(root: Folder, {names, links, oneFileSystem}: View): void {
    const naming = names && namingOf(names);
    if (naming === undefined && links === undefined) this.#shown.delete(root);
    else
      this.#shown.set(root, {naming, links, device: oneFileSystem ? this.#deviceOf(root) : undefined, root, way: [], ways: ['']});
  }

  #deviceOf(root: Folder): number {
    const stat = emptyStat();
    this.base.stat(root, '' as ByteName, stat);
    return stat.device;
  }

  openRoot(path: ByteName): Folder {
    return this.base.openRoot(path);
  }

  openFolder(parent: Folder, name: ByteName): Folder {
    const shown = this.#shown.get(parent);
    // The content of dirsync's own folder is shown unchanged.
    const isOwn = parent === shown?.root && name === STATE_DIR;
    if (shown === undefined || isOwn) return this.base.openFolder(parent, name);
    const text = fromByteName(name);
    try {
      return this.#opened(this.base.openFolder(parent, this.#written(parent, name)), shown, [...shown.way, text]);
    } catch (error) {
      const followed = ['ENOTDIR', 'ELOOP'].includes(errnoOf(error)) ? this.#follow(parent, name) : undefined;
      if (followed === undefined) throw error;
      try {
        if (followed.name !== '') throw error;
        return this.#opened(this.base.openFolder(followed.folder, '.' as ByteName), shown, followed.way);
      } finally {
        followed.close();
      }
    }
  }

  #opened(folder: Folder, parent: Shown, way: readonly string[]): Folder {
    this.#shown.set(folder, {...parent, way, ways: [...parent.ways, way.join('/')]});
    return folder;
  }

  close(open: Folder | OpenFile): void {
    if (this.#shown.size > 0) this.#shown.delete(open as Folder);
    this.base.close(open);
  }

  list(folder: Folder, rows: ListedEntry[], preserved?: PreservedXattrs): number {
    const count = this.base.list(folder, rows, preserved);
    const shown = this.#shown.get(folder);
    if (shown === undefined) return count;
    if (shown.links !== undefined) {
      for (const row of rows.slice(0, count)) if (row.code === CODE.symlink) this.#showLink(folder, row, preserved);
    }
    return shown.naming === undefined ? count : this.#readRows(folder, rows, count);
  }

  /** Replaces the names of rows by their real names; returns how many rows are left. */
  #readRows(folder: Folder, rows: ListedEntry[], count: number): number {
    const found = rows.slice(0, count);
    const names = this.#read(
      folder,
      found.map(({name}) => name),
    );
    const unclear = new Set<ByteName>();
    for (const [i, row] of found.entries()) {
      const name = names[i];
      if (name === undefined) {
        unclear.add(row.name);
        row.code = CODE.unknown;
        row.fault = UNCLEAR;
      } else row.name = name;
    }
    // It can be read as the name of another entry: an ambiguous entry stays, and so does the entry with that name.
    const isLeft = (row: ListedEntry) => unclear.has(row.name) && row.fault !== UNCLEAR;
    const left = found.filter(isLeft);
    if (left.length > 0) rows.splice(0, count, ...found.filter((row) => !isLeft(row)), ...left);
    return count - left.length;
  }

  /** The real names of the names in a folder; undefined for an ambiguous name. */
  #read(folder: Folder, written: readonly ByteName[]): (ByteName | undefined)[] {
    const {naming} = this.#shown.get(folder) as Shown & {naming: Naming};
    const names = written.map((name) => naming.read(name));
    const known = new Set(names);
    return names.map((name, i) => {
      if (name !== undefined) return name;
      const upper = withUpperDigits(written[i] as ByteName);
      const other = naming.read(upper);
      // A target that folds names shows this spelling, and finds the entry under both.
      const isFolded = other !== undefined && !known.has(other) && this.base.stat(folder, upper, emptyStat());
      return isFolded ? other : undefined;
    });
  }

  /** `row` still has its name on disk. */
  #showLink(folder: Folder, row: ListedEntry, preserved: PreservedXattrs | undefined): void {
    const {naming, links} = this.#shown.get(folder) as Shown;
    try {
      if (links === 'text') this.#asText(folder, row.name, row);
      const name = naming === undefined ? row.name : naming.read(row.name);
      const followed = name && this.#follow(folder, name);
      if (followed === undefined) return;
      try {
        this.base.stat(followed.folder, followed.name, row);
        row.xattrs = preserved === undefined ? '' : this.base.xattrs(followed.folder, followed.name, preserved);
      } finally {
        followed.close();
      }
    } catch (error) {
      row.fault = errnoOf(error);
      row.code = CODE.unknown;
    }
  }

  names(folder: Folder): ByteName[] {
    const names = this.base.names(folder);
    const {naming} = this.#shown.get(folder) ?? {};
    return naming === undefined ? names : this.#read(folder, names).filter((name) => name !== undefined);
  }

  stat(folder: Folder, name: ByteName, stat: Stat): boolean {
    return this.#reading(folder, name, (at, as) => {
      const isThere = this.base.stat(at, as, stat);
      if (isThere && stat.code === CODE.symlink && this.#shown.get(at)?.links === 'text') this.#asText(at, as, stat);
      return isThere;
    });
  }

  xattrs(folder: Folder, name: ByteName, preserved: PreservedXattrs): string {
    return this.#reading(folder, name, (at, as) => this.base.xattrs(at, as, preserved));
  }

  xattr(folder: Folder, name: ByteName, attribute: ByteName): Uint8Array | undefined {
    return this.#reading(folder, name, (at, as) => this.base.xattr(at, as, attribute));
  }

  bytesOnDisk(folder: Folder, name: ByteName): number {
    return this.#reading(folder, name, (at, as) => this.base.bytesOnDisk(at, as));
  }

  readLink(folder: Folder, name: ByteName): ByteName {
    return this.base.readLink(folder, this.#written(folder, name));
  }

  readFile(folder: Folder, name: ByteName, limit: number): Uint8Array | undefined {
    return this.#reading(folder, name, (at, as) => this.base.readFile(at, as, limit));
  }

  openFile(folder: Folder, name: ByteName): OpenFile {
    return this.#reading(folder, name, (at, as) => this.base.openFile(at, as));
  }

  sameContent({a, aName, b, bName, ...more}: CompareOptions): boolean {
    const [left, right] = [this.#text(a, aName), this.#text(b, bName)];
    if (left !== undefined || right !== undefined) {
      const limit = (left ?? right ?? '').length + 1;
      const bytes = (text: ByteName | undefined, folder: Folder, name: ByteName) =>
        text === undefined ? this.readFile(folder, name, limit) : Buffer.from(text, 'latin1');
      const [first, second] = [bytes(left, a, aName), bytes(right, b, bName)];
      return first !== undefined && second !== undefined && Buffer.compare(first, second) === 0;
    }
    return this.#reading(a, aName, (at, as) =>
      this.#reading(b, bName, (bAt, bAs) => this.base.sameContent({a: at, aName: as, b: bAt, bName: bAs, ...more})),
    );
  }

  copyFile(options: CopyOptions): CopyResult {
    const as = this.#written(options.to, options.as);
    const text = this.#text(options.from, options.name);
    if (text !== undefined) return this.#copyText(text, {...options, as});
    return this.#reading(options.from, options.name, (from, name) => this.base.copyFile({...options, from, name, as}));
  }

  #copyText(text: ByteName, {from, name, to, as, attributes, fsync, accept, onBytes}: CopyOptions): CopyResult {
    const stat = emptyStat();
    if (!this.stat(from, name, stat)) throw new SystemError('ENOENT', 'statx');
    if (!accept(stat)) return 'refused';
    const file = this.base.createFile(to, as);
    let isWhole = false;
    try {
      this.base.append(file, Buffer.from(text, 'latin1'));
      this.base.setOnFile(file, attributes);
      if (fsync === 'any') this.base.flush(file);
      isWhole = onBytes(text.length);
    } finally {
      this.base.close(file);
      if (!isWhole) this.base.removeFile(to, as);
    }
    return isWhole ? 'copied' : 'stopped';
  }

  writeFile(folder: Folder, name: ByteName, content: Uint8Array): void {
    this.base.writeFile(folder, this.#written(folder, name), content);
  }

  createFile(folder: Folder, name: ByteName): OpenFile {
    return this.base.createFile(folder, this.#written(folder, name));
  }

  makeFolder(parent: Folder, name: ByteName, mode: number): void {
    this.base.makeFolder(parent, this.#written(parent, name), mode);
  }

  makeSymlink(folder: Folder, name: ByteName, link: ByteName, attributes: Attributes): void {
    this.base.makeSymlink(folder, this.#written(folder, name), link, attributes);
  }

  makeNode(options: MakeNodeOptions): void {
    this.base.makeNode({...options, name: this.#written(options.folder, options.name)});
  }

  makeLink(from: Folder, name: ByteName, to: Folder, as: ByteName): void {
    this.base.makeLink(from, this.#written(from, name), to, this.#written(to, as));
  }

  setAttributes(folder: Folder, name: ByteName, code: number, attributes: Attributes): void {
    this.base.setAttributes(folder, this.#written(folder, name), code, attributes);
  }

  move({from, name, to, as, replace}: MoveOptions): void {
    this.base.move({from, name: this.#written(from, name), to, as: this.#written(to, as), replace});
  }

  exchange(from: Folder, name: ByteName, to: Folder, as: ByteName): boolean {
    return this.base.exchange(from, this.#written(from, name), to, this.#written(to, as));
  }

  removeFile(folder: Folder, name: ByteName): void {
    this.base.removeFile(folder, this.#written(folder, name));
  }

  removeFolder(parent: Folder, name: ByteName): void {
    this.base.removeFolder(parent, this.#written(parent, name));
  }

  readNext(file: OpenFile, limit: number) {
    return this.base.readNext(file, limit);
  }

  readAt(file: OpenFile, offset: number, length: number) {
    return this.base.readAt(file, offset, length);
  }

  append(file: OpenFile, content: Uint8Array): void {
    this.base.append(file, content);
  }

  lengthen(file: OpenFile, size: number): void {
    this.base.lengthen(file, size);
  }

  setOnFile(file: OpenFile, attributes: Attributes): void {
    this.base.setOnFile(file, attributes);
  }

  flush(file: OpenFile): void {
    this.base.flush(file);
  }

  mountOf(folder: Folder) {
    return this.base.mountOf(folder);
  }

  mounts() {
    return this.base.mounts();
  }

  fileSystem(folder: Folder) {
    return this.base.fileSystem(folder);
  }

  volume(folder: Folder) {
    return this.base.volume(folder);
  }

  refusesNames(folder: Folder) {
    return this.base.refusesNames(folder);
  }

  birthtime(folder: Folder) {
    return this.base.birthtime(folder);
  }

  syncFileSystem(folder: Folder): void {
    this.base.syncFileSystem(folder);
  }

  lock(folder: Folder) {
    return this.base.lock(folder);
  }

  #written(folder: Folder, name: ByteName): ByteName {
    return this.#shown.get(folder)?.naming?.write(name) ?? name;
  }

  /** The entry at a name, for callers that only read it. */
  #reading<Result>(folder: Folder, name: ByteName, read: (folder: Folder, name: ByteName) => Result): Result {
    if (this.#shown.size === 0) return read(folder, name);
    const followed = this.#follow(folder, name);
    if (followed === undefined) return read(folder, this.#written(folder, name));
    try {
      return read(followed.folder, followed.name);
    } finally {
      followed.close();
    }
  }

  /** The text of a link that is shown as a file with this text. */
  #text(folder: Folder, name: ByteName): ByteName | undefined {
    if (this.#shown.get(folder)?.links !== 'text') return undefined;
    const written = this.#written(folder, name);
    const stat = emptyStat();
    const isLink = this.base.stat(folder, written, stat) && stat.code === CODE.symlink;
    return isLink ? this.base.readLink(folder, written) : undefined;
  }

  /** The same text that git writes without links: core.symlinks in git-config(1). */
  #asText(folder: Folder, written: ByteName, stat: Stat): void {
    stat.size = this.base.readLink(folder, written).length;
    stat.code = CODE.file;
    stat.mode = 0o644;
  }

  /** Undefined if it is not a link that is followed, or if it leads nowhere, out of the tree, or back to its own folder. */
  #follow(folder: Folder, name: ByteName): Followed | undefined {
    const shown = this.#shown.get(folder);
    if (shown?.links !== 'content' || name === '') return undefined;
    const stat = emptyStat();
    const written = this.#written(folder, name);
    if (!this.base.stat(folder, written, stat) || stat.code !== CODE.symlink) return undefined;
    const walk = new LinkWalk(this.base, shown);
    let found: Led | undefined;
    try {
      found = walk.to(fromByteName(this.base.readLink(folder, written)));
      if (found?.name === '' && shown.ways.includes(found.way.join('/'))) found = undefined;
    } finally {
      if (found === undefined) walk.close();
    }
    return found && {...found, close: () => walk.close()};
  }
}

const namings = new Map<string, Naming>();

/** The regular expressions are made only once. */
function namingOf(names: HeldNames): Naming {
  const key = JSON.stringify(names);
  const known = namings.get(key);
  if (known !== undefined) return known;
  const naming = new Naming(names);
  namings.set(key, naming);
  return naming;
}
