/**
 * Walks one tree depth first, with siblings in the order of the bytes of their names, and writes the entries into blocks. It is
 * synchronous and runs in a worker thread. A folder that cannot be read gets a row of its own and a problem; it never counts as
 * empty.
 */
import {createHash} from 'node:crypto';
import {CODE, emptyStat, isDevice, MOUNT, PARTIAL, rdevOf, type Stat} from '../core/block.js';
import type {BlockWriter} from '../core/block-writer.js';
import {addSizes} from '../core/entry.js';
import {IGNORE_FILE} from '../core/filter.js';
import {type ByteName, FOLDING_UNKNOWN, type Folding, foldName, fromByteName} from '../core/name.js';
import {isStateDir, joinPath, type RelPath, ROOT, STATE_DIR} from '../core/path.js';
import {type Problem, problem, type Side} from '../core/problem.js';
import {decodeText} from '../core/text.js';
import {type PreservedXattrs, preservesXattrs} from '../core/xattr.js';
import {errnoOf, type Folder, type ListedEntry, orNothing, type Platform} from '../platform/platform.js';
import type {FilterScope} from './filter.js';
import type {Recall} from './recall.js';
import {respell, type SeenEntry} from './respell.js';
import {readRules, readTag} from './rules.js';

/** What to walk, and where the results go. */
export interface WalkOptions {
  readonly platform: Platform;
  readonly side: Side;
  readonly root: Folder;
  /**
   * The source's root if the target is walked: the source's rules apply to both trees, since a new rule in the source must already
   * protect its entries in the target; and a target that folds names is read with the source's spelling. Undefined if this tree is
   * the source.
   */
  readonly rulesRoot?: Folder | undefined;
  /** Whether the source's rules exclude nothing, so that all of the target is seen. */
  readonly isWhole?: boolean | undefined;
  readonly filters: FilterScope;
  /** The extended attributes to read. */
  readonly preserved: PreservedXattrs;
  /** Whether folders on file systems other than the root's are skipped. */
  readonly oneFileSystem: boolean;
  /** How the target folds names; undefined if it does not. */
  readonly folding: Folding | undefined;
  /** Entries that killed runs left under temporary names: their original names by temporary name. */
  readonly leftRenamed: ReadonlyMap<string, string>;
  readonly writer: BlockWriter;
  /** What an earlier scan has found: then extended attributes are only read where they may have changed since. */
  readonly recall?: Recall | undefined;
  readonly onProblem: (problem: Problem) => void;
  /** Called for each folder, to find the other tree inside this one by device and inode. */
  readonly onFolder: (stat: Stat) => void;
  /** Called for each folder on a different file system than its parent. */
  readonly onMount: (path: RelPath) => void;
  /** Called for each mount point, also for files and for mounts of the same file system, whether entered or not. */
  readonly onMountPoint: (path: RelPath) => void;
  /** Called for each .dirsyncignore that applies. */
  readonly onRules: (folder: RelPath, text: string) => void;
  /** Called for each tag that applies, with its name. */
  readonly onTag: (folder: RelPath, tag: string) => void;
  /** Called for a name of the source that a tree that folds names cannot distinguish from another one. */
  readonly onCollision: (path: RelPath) => void;
  /** Called for a name that the target shows in a different spelling. */
  readonly onRespelled: () => void;
  /** Called with the number of entries since the last call; false ends the walk. */
  readonly onProgress: (entries: number) => boolean;
}

/** Totals of a walked tree: entries, entries that are not folders, and bytes of files. */
export interface WalkTotals {
  readonly entries: number;
  readonly leaves: number;
  readonly bytes: number;
}

/**
 * The largest depth and path length that are read. Programs can use paths of up to 4096 bytes. A worker's stack holds about 5000
 * calls, and in a line of a plan each letter of a path can take six bytes.
 */
const MAX_DEPTH = 2048;
const MAX_PATH = 32 * 1024;

/** The errors of opening a folder that has been replaced by something else. */
const NO_FOLDER: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP']);

/** The walk was stopped: its blocks are not the whole tree. */
export class WalkStopped extends Error {}

/** Walks a tree. @throws SystemError if the root cannot be examined; WalkStopped if `onProgress` returns false. */
export function walk(options: WalkOptions): WalkTotals {
  return new Walk(options).run();
}

class Walk {
  #entries = 0;
  #leaves = 0;
  #bytes = 0;
  /** Rows of the open folder at each depth, which the next folder there reuses. */
  readonly #rows: ListedEntry[][] = [];
  readonly #nothing = emptyStat();
  /** The device of the root. */
  #device = 0;

  /** The extended attributes to read with each list; undefined if they are read entry by entry, or not at all. */
  readonly #listed: PreservedXattrs | undefined;

  constructor(private readonly o: WalkOptions) {
    this.#listed = o.recall === undefined ? o.preserved : undefined;
  }

  run(): WalkTotals {
    const {platform, root, rulesRoot, writer, filters, preserved, folding, recall} = this.o;
    const stat = emptyStat();
    platform.stat(root, '' as ByteName, stat);
    this.#device = stat.device;
    recall?.seek(0, '' as ByteName);
    writer.append(0, '', stat);
    const xattrs = platform.xattrs(root, '' as ByteName, preserved);
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
      isStamped: this.#isStamped(root),
    });
    writer.finish();
    return {entries: this.#entries, leaves: this.#leaves, bytes: this.#bytes};
  }

  /** Walks the content of an open folder, whose own row was appended last. */
  #folder(at: Level): void {
    const {platform, writer, recall, onProgress} = this.o;
    const {folder, path, depth, xattrs, ownName} = at;
    this.#rows[depth] ??= [];
    const rows = this.#rows[depth];
    let count: number;
    try {
      count = platform.list(folder, rows, this.#listed);
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
      const isKnown = recall?.seek(depth + 1, row.name) === true;
      const excluded =
        row.isLeft ||
        (rules.scope.active && rules.scope.excludes(joinPath(path, fromByteName(row.name)), row.code === CODE.directory));
      if (excluded) {
        this.#excluded(depth + 1, row.name);
        continue;
      }
      if (recall !== undefined) this.#readXattrs(at, row, isKnown);
      if (folded !== undefined) this.#fold(path, row.name, folded);
      if (row.code === CODE.directory) {
        this.#subfolder(at, row, rules.scope, isKnown && recall?.isOtherFolder(row) === true);
      } else {
        this.#leaf(at, row);
      }
    }
  }

  /** Reads the extended attributes of a listed entry, unless they are as the earlier scan has found them. */
  #readXattrs(at: Level, row: SeenEntry, isKnown: boolean): void {
    const {platform, recall, preserved} = this.o;
    if (row.code === CODE.unknown || !preservesXattrs(preserved)) return;
    const recalled = isKnown && at.isStamped && row.device === at.device ? recall?.xattrs(row) : undefined;
    try {
      row.xattrs = recalled ?? platform.xattrs(at.folder, row.place ?? row.name, preserved);
    } catch (error) {
      Object.assign(row, emptyStat(), {code: CODE.unknown, fault: errnoOf(error)});
    }
  }

  /** Whether change times show every change on the file system of this folder. Only asked if there is an earlier scan. */
  #isStamped(folder: Folder): boolean {
    const {platform, recall} = this.o;
    return recall !== undefined && orNothing(() => platform.fileSystem(folder).stampsChanges) === true;
  }

  /** Reads the entries of a folder of the target with the source's spelling of their names. */
  #respell(at: Level, found: SeenEntry[]): void {
    const {platform, leftRenamed, onRespelled} = this.o;
    let names: readonly ByteName[] = [];
    try {
      if (at.rules !== undefined) names = platform.names(at.rules);
    } catch (error) {
      // The walk of the source reports this, and then nothing is deleted here.
      errnoOf(error);
    }
    if (at.depth === 0) names = names.filter((name) => !isStateDir(fromByteName(name), at.folding));
    const told = respell(found, {names, folding: at.folding, leftRenamed});
    for (let i = 0; i < told.respelled; i++) onRespelled();
    for (const name of told.left) this.#problem(joinPath(at.path, fromByteName(name)), 'LEFT_RENAMED');
  }

  /** For the target this is its own `.dirsync`. */
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

  #subfolder(parent: Level, row: SeenEntry, scope: FilterScope, isOtherFolder: boolean): void {
    const {platform, side, writer, onFolder} = this.o;
    const path = joinPath(parent.path, fromByteName(row.name));
    const depth = parent.depth + 1;
    const {xattrs, place = row.name, ownName} = row;
    const append = () => {
      writer.append(depth, row.name, row);
      if (isOtherFolder) writer.markOther();
    };
    const isOther = row.device !== parent.device;
    if (isOther) this.o.onMount(path);
    // A subvolume of btrfs has its own device number, but is not a mount.
    if (row.mounted ?? isOther) this.o.onMountPoint(path);
    if (depth > MAX_DEPTH || path.length > MAX_PATH) {
      this.#problem(path, 'TOO_DEEP');
      this.#entries++;
      append();
      writer.amend(PARTIAL, '', xattrs);
      return;
    }
    if (this.o.oneFileSystem && row.device !== this.#device) {
      this.#entries++;
      append();
      writer.amend(MOUNT, '', xattrs, ownName);
      return;
    }
    let folder: Folder;
    try {
      folder = platform.openFolder(parent.folder, place);
    } catch (error) {
      const code = errnoOf(error);
      this.#problem(path, code);
      // It is no longer the listed folder. In all other cases the folder is known, but its content is not.
      if (NO_FOLDER.has(code)) {
        this.#unknown(depth, row.name);
      } else {
        this.#entries++;
        append();
        writer.amend(PARTIAL, '', xattrs, ownName);
      }
      return;
    }
    try {
      this.#entries++;
      onFolder(row);
      append();
      const rules = side === 'source' ? undefined : this.#openRules(parent.rules, row.name);
      try {
        const folding = isOther ? this.#foldingIn(folder) : parent.folding;
        const isStamped = isOther ? this.#isStamped(folder) : parent.isStamped;
        this.#folder({folder, rules, path, depth, scope, xattrs, ownName, device: row.device, folding, isStamped});
      } finally {
        if (rules !== undefined) platform.close(rules);
      }
    } finally {
      platform.close(folder);
    }
  }

  /** A file system mounted inside the target may treat names differently from its root. */
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

  /** The filters that apply in a folder, and a digest of its own rules and tag ('' for none); undefined if they cannot be read. */
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
    // A text of rules contains no NUL.
    if (tag !== undefined) hash.update(`\0${tag}`);
    const rules = text && decodeText(text);
    if (rules !== undefined) this.o.onRules(at.path, rules);
    if (tag !== undefined) this.o.onTag(at.path, tag);
    return {scope: at.scope.within(at.path, rules, tag), digest: hash.digest().toString('latin1')};
  }

  /**
   * The source's folder at the same path, only for its rules and names. If it cannot be opened, the walk of the source reports
   * that.
   */
  #openRules(parent: Folder | undefined, name: ByteName): Folder | undefined {
    if (parent === undefined) return undefined;
    return orNothing(() => this.o.platform.openFolder(parent, name));
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
  /** The extended attributes of the folder itself, packed. */
  readonly xattrs: string;
  /** See `SeenEntry`. */
  readonly ownName: ByteName | undefined;
  readonly device: number;
  /** How names are folded here; for the source, how the target's root folds them. */
  readonly folding: Folding | undefined;
  /** See `FileSystem.stampsChanges`. */
  readonly isStamped: boolean;
}

function has(rows: readonly ListedEntry[], count: number, name: ByteName): boolean {
  for (let i = 0; i < count; i++) if ((rows[i] as ListedEntry).name === name) return true;
  return false;
}
