/**
 * Walks one tree depth first, siblings by the bytes of their names, and writes what it finds into blocks. Synchronous: it runs
 * in a worker thread. What cannot be read is a row of its own and a problem, never an empty folder.
 */
import {createHash} from 'node:crypto';
import {type BlockWriter, CODE, emptyStat, isDevice, MOUNT, PARTIAL, rdevOf, type Stat} from '../core/block.js';
import {addSizes} from '../core/entry.js';
import {type ByteName, FOLDING_UNKNOWN, type Folding, foldName, fromByteName} from '../core/name.js';
import {isStateDir, joinPath, type RelPath, ROOT, STATE_DIR} from '../core/path.js';
import {type Problem, problem, type Side} from '../core/problem.js';
import {decodeText} from '../core/text.js';
import type {KeptXattrs} from '../core/xattr.js';
import {errnoOf, type Folder, type ListedEntry, type Platform} from '../platform/platform.js';
import {type FilterScope, IGNORE_FILE} from './filter.js';
import {respell, type SeenEntry} from './respell.js';
import {readRules, readTag} from './rules.js';

export interface WalkOptions {
  readonly platform: Platform;
  readonly side: Side;
  readonly root: Folder;
  /**
   * The source's root when the target is walked: the rules of the source hold for both trees, else a rule that is new in the
   * source would not yet protect what it names in the target; and a target that folds names is read under the names that the source
   * has. Undefined: this tree is the source.
   */
  readonly rulesRoot?: Folder | undefined;
  /** Nothing is left out by the rules of the source: all of the target is to be seen. */
  readonly isWhole?: boolean | undefined;
  readonly filters: FilterScope;
  /** Which extended attributes are read. */
  readonly kept: KeptXattrs;
  /** Folders on other file systems than the root are not entered. */
  readonly oneFileSystem: boolean;
  /** How the target folds names; undefined where it tells them apart. */
  readonly folding: Folding | undefined;
  /** What killed runs left under names of their own, by these: the names that it had. */
  readonly leftRenamed: ReadonlyMap<string, string>;
  readonly writer: BlockWriter;
  readonly onProblem: (problem: Problem) => void;
  /** Told of each folder seen, as device and inode, to find the other tree inside this one. */
  readonly onFolder: (stat: Stat) => void;
  /** Told of each folder on another file system than the one it is in. */
  readonly onMount: (path: RelPath) => void;
  /** Told of each path at which something is mounted, also of the same file system, and also a file; entered or not. */
  readonly onMountPoint: (path: RelPath) => void;
  /** Told of each .dirsyncignore that holds. */
  readonly onRules: (folder: RelPath, text: string) => void;
  /** Told of each tag that holds, by its name. */
  readonly onTag: (folder: RelPath, tag: string) => void;
  /** Told of a name of the source that is another one's, to a tree that folds names. */
  readonly onCollision: (path: RelPath) => void;
  /** Told of a name that the target has, and shows in a way of its own. */
  readonly onRespelled: () => void;
  /** Told how many entries came since the last call; false ends the walk. */
  readonly onProgress: (entries: number) => boolean;
}

export interface WalkTotals {
  readonly entries: number;
  readonly leaves: number;
  readonly bytes: number;
}

/**
 * Folders are read so deep, and their paths are so long, at most: what programs reach by a path ends at 4096 bytes. A worker's stack holds
 * some 5000 calls, and a line of a plan a path of which each letter takes six bytes.
 */
const MAX_DEPTH = 2048;
const MAX_PATH = 32 * 1024;

/** What a folder answers in whose place something else has come. */
const NO_FOLDER: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP']);

/** The walk was ended from outside: what was written is not a whole tree. */
export class WalkStopped extends Error {}

export function walk(options: WalkOptions): WalkTotals {
  return new Walk(options).run();
}

class Walk {
  #entries = 0;
  #leaves = 0;
  #bytes = 0;
  /** Rows of the open folder at each depth, reused by the next one there. */
  readonly #rows: ListedEntry[][] = [];
  readonly #nothing = emptyStat();
  /** The device of the root. */
  #device = 0;

  constructor(private readonly o: WalkOptions) {}

  run(): WalkTotals {
    const {platform, root, rulesRoot, writer, filters, kept, folding} = this.o;
    const stat = emptyStat();
    platform.stat(root, '' as ByteName, stat);
    this.#device = stat.device;
    writer.append(0, '', stat);
    const xattrs = platform.xattrs(root, '' as ByteName, kept);
    const {device} = stat;
    this.#folder({
      folder: root,
      rules: rulesRoot,
      path: ROOT,
      depth: 0,
      scope: filters,
      xattrs,
      ownName: undefined,
      device,
      folding,
    });
    writer.finish();
    return {entries: this.#entries, leaves: this.#leaves, bytes: this.#bytes};
  }

  /** The content of an open folder, whose own row was appended last. */
  #folder(at: Level): void {
    const {platform, writer, kept, onProgress} = this.o;
    const {folder, path, depth, xattrs, ownName} = at;
    this.#rows[depth] ??= [];
    const rows = this.#rows[depth];
    let count: number;
    try {
      count = platform.list(folder, rows, kept);
    } catch (error) {
      this.#problem(path, errnoOf(error));
      writer.amend(PARTIAL, '', xattrs, ownName);
      return;
    }
    if (!onProgress(count)) throw new WalkStopped();
    const rules = this.#rules(at, rows, count);
    if (rules !== undefined && depth > rules.scope.deepest) this.#problem(path, 'FILTERS_TOO_COSTLY', 'source');
    if (rules === undefined || depth > rules.scope.deepest) {
      writer.amend(PARTIAL, '', xattrs, ownName);
      return;
    }
    writer.amend(0, rules.digest, xattrs, ownName);

    const {side, leftRenamed} = this.o;
    const isSource = side === 'source';
    const found: SeenEntry[] = rows.slice(0, count);
    if (!isSource && (at.folding !== undefined || leftRenamed.size > 0)) this.#respell(at, found);
    const order = found.sort((a, b) => (a.name < b.name ? -1 : 1));
    const folded = isSource && at.folding !== undefined ? new Set<string>() : undefined;
    for (const row of order) {
      if (depth === 0 && isStateDir(fromByteName(row.name), at.folding)) {
        if (isSource) this.#ownName(row.name);
        continue;
      }
      const excluded =
        row.isLeft ||
        (rules.scope.active && rules.scope.excludes(joinPath(path, fromByteName(row.name)), row.code === CODE.directory));
      if (excluded) {
        this.#excluded(depth + 1, row.name);
        continue;
      }
      if (folded !== undefined) this.#fold(path, row.name, folded);
      if (row.code === CODE.directory) {
        this.#subfolder(at, row, rules.scope);
      } else {
        this.#leaf(at, row);
      }
    }
  }

  /** Reads the entries of a folder of the target under the names that the source has for them. */
  #respell(at: Level, found: SeenEntry[]): void {
    const {platform, leftRenamed, onRespelled} = this.o;
    let names: readonly ByteName[] = [];
    try {
      if (at.rules !== undefined) names = platform.names(at.rules);
    } catch (error) {
      // The source's walk says so, and then nothing is deleted here.
      errnoOf(error);
    }
    if (at.depth === 0) names = names.filter((name) => !isStateDir(fromByteName(name), at.folding));
    const told = respell(found, {names, folding: at.folding, leftRenamed});
    for (let i = 0; i < told.respelled; i++) onRespelled();
    for (const name of told.left) this.#problem(joinPath(at.path, fromByteName(name)), 'LEFT_RENAMED');
  }

  /** To the target this is its own `.dirsync`. */
  #ownName(name: ByteName): void {
    if (name === STATE_DIR) return;
    this.#problem(joinPath(ROOT, fromByteName(name)), 'OWN_NAME');
    this.#excluded(1, name);
  }

  #excluded(depth: number, name: ByteName): void {
    this.#nothing.code = CODE.excluded;
    this.o.writer.append(depth, name, this.#nothing);
  }

  #fold(folder: RelPath, name: ByteName, folded: Set<string>): void {
    const text = fromByteName(name);
    const key = foldName(text);
    if (folded.has(key)) this.o.onCollision(joinPath(folder, text));
    folded.add(key);
  }

  #subfolder(parent: Level, row: SeenEntry, scope: FilterScope): void {
    const {platform, side, writer, onFolder} = this.o;
    const path = joinPath(parent.path, fromByteName(row.name));
    const depth = parent.depth + 1;
    const {xattrs, place = row.name, ownName} = row;
    const isOther = row.device !== parent.device;
    if (isOther) this.o.onMount(path);
    // A subvolume of btrfs has a device number of its own, and is no mount.
    if (row.mounted ?? isOther) this.o.onMountPoint(path);
    if (depth > MAX_DEPTH || path.length > MAX_PATH) {
      this.#problem(path, 'TOO_DEEP');
      this.#entries++;
      writer.append(depth, row.name, row);
      writer.amend(PARTIAL, '', xattrs);
      return;
    }
    if (this.o.oneFileSystem && row.device !== this.#device) {
      this.#entries++;
      writer.append(depth, row.name, row);
      writer.amend(MOUNT, '', xattrs, ownName);
      return;
    }
    let folder: Folder;
    try {
      folder = platform.openFolder(parent.folder, place);
    } catch (error) {
      const code = errnoOf(error);
      this.#problem(path, code);
      // It is not what was listed; else the folder is known, and its content is not.
      if (NO_FOLDER.has(code)) {
        this.#unknown(depth, row.name);
      } else {
        this.#entries++;
        writer.append(depth, row.name, row);
        writer.amend(PARTIAL, '', xattrs, ownName);
      }
      return;
    }
    try {
      this.#entries++;
      onFolder(row);
      writer.append(depth, row.name, row);
      const rules = side === 'source' ? undefined : this.#openRules(parent.rules, row.name);
      try {
        const folding = row.device === parent.device ? parent.folding : this.#foldingIn(folder);
        this.#folder({folder, rules, path, depth, scope, xattrs, ownName, device: row.device, folding});
      } finally {
        if (rules !== undefined) platform.close(rules);
      }
    } finally {
      platform.close(folder);
    }
  }

  /** What is mounted in the target may take names in another way than its root does. */
  #foldingIn(folder: Folder): Folding | undefined {
    const {side, platform, folding} = this.o;
    if (side === 'source') return folding;
    try {
      return platform.volume(folder).foldsNames === false ? undefined : FOLDING_UNKNOWN;
    } catch (error) {
      errnoOf(error);
      return FOLDING_UNKNOWN;
    }
  }

  #leaf(parent: Level, row: SeenEntry): void {
    const {platform, writer} = this.o;
    const depth = parent.depth + 1;
    const {place = row.name, ownName} = row;
    if (row.code === CODE.unknown) {
      this.#problem(joinPath(parent.path, fromByteName(row.name)), row.fault ?? 'EIO');
      this.#unknown(depth, row.name);
      return;
    }
    let link: ByteName | undefined;
    if (row.code === CODE.symlink) {
      try {
        link = platform.readLink(parent.folder, place);
      } catch (error) {
        this.#problem(joinPath(parent.path, fromByteName(row.name)), errnoOf(error));
        this.#unknown(depth, row.name);
        return;
      }
    }
    if (row.mounted) this.o.onMountPoint(joinPath(parent.path, fromByteName(row.name)));
    this.#entries++;
    this.#leaves++;
    this.#bytes = addSizes(this.#bytes, row.size);
    writer.append(depth, row.name, row);
    const belongs = isDevice(row.code) ? rdevOf(row) : link;
    if (belongs !== undefined || row.xattrs !== '' || ownName !== undefined) writer.amend(0, belongs, row.xattrs, ownName);
  }

  #unknown(depth: number, name: ByteName): void {
    this.#nothing.code = CODE.unknown;
    this.o.writer.append(depth, name, this.#nothing);
  }

  /** The filters in force in a folder, and a digest of its own rules and tag ('' for none); undefined when they cannot be known. */
  #rules(at: Level, rows: readonly ListedEntry[], count: number): {scope: FilterScope; digest: string} | undefined {
    const {platform, side} = this.o;
    const holder = side === 'source' ? at.folder : at.rules;
    const none = {scope: at.scope, digest: ''};
    if (holder === undefined || this.o.isWhole) return none;
    const mayHold = (name: ByteName) => side !== 'source' || has(rows, count, name);
    let text: Uint8Array | undefined;
    let tag: string | undefined;
    try {
      if (mayHold(IGNORE_FILE as ByteName)) text = readRules(platform, holder);
    } catch (error) {
      const code = errnoOf(error);
      this.#problem(joinPath(at.path, IGNORE_FILE), RULES_REFUSED[code] ?? code, 'source');
      return undefined;
    }
    try {
      tag = readTag(platform, holder, at.scope.tags, mayHold);
    } catch (error) {
      this.#problem(at.path, errnoOf(error), 'source');
      return undefined;
    }
    if (text === undefined && tag === undefined) return none;
    const hash = createHash('sha256').update(text ?? '');
    // No text of rules holds a NUL.
    if (tag !== undefined) hash.update(`\0${tag}`);
    const rules = text && decodeText(text);
    if (rules !== undefined) this.o.onRules(at.path, rules);
    if (tag !== undefined) this.o.onTag(at.path, tag);
    return {scope: at.scope.within(at.path, rules, tag), digest: hash.digest().toString('latin1')};
  }

  /** The folder of the source at the same place, for its rules and names only. Where it cannot be opened, the source's walk says so. */
  #openRules(parent: Folder | undefined, name: ByteName): Folder | undefined {
    if (parent === undefined) return undefined;
    try {
      return this.o.platform.openFolder(parent, name);
    } catch (error) {
      errnoOf(error);
      return undefined;
    }
  }

  #problem(path: RelPath, code: string, side = this.o.side): void {
    this.o.onProblem(problem({path, side, phase: 'scan', code}));
  }
}

const RULES_REFUSED: Readonly<Record<string, string>> = {EFBIG: 'FILTER_TOO_LARGE', EILSEQ: 'FILTER_NOT_TEXT'};

interface Level {
  readonly folder: Folder;
  readonly rules: Folder | undefined;
  readonly path: RelPath;
  readonly depth: number;
  readonly scope: FilterScope;
  /** The folder's own, packed. */
  readonly xattrs: string;
  /** See `SeenEntry`. */
  readonly ownName: ByteName | undefined;
  readonly device: number;
  /** How names are folded here; of the source, how the target's root folds them. */
  readonly folding: Folding | undefined;
}

function has(rows: readonly ListedEntry[], count: number, name: ByteName): boolean {
  for (let i = 0; i < count; i++) if ((rows[i] as ListedEntry).name === name) return true;
  return false;
}
