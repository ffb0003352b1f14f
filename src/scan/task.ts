/** A scan as a worker's task: its options, the messages and answer that it sends back, and the scan itself. */
import {type Block, blockBuffers, inodeOf} from '../core/block.js';
import {BlockWriter} from '../core/block-writer.js';
import type {Identity} from '../core/entry.js';
import {type Filtering, IGNORE_FILE, type Tagged} from '../core/filter.js';
import type {ByteName, Folding} from '../core/name.js';
import {joinPath, type RelPath} from '../core/path.js';
import type {Found, Rules, TreeTotals} from '../core/plan.js';
import type {Problem, Side} from '../core/problem.js';
import type {PreservedXattrs} from '../core/xattr.js';
import {platform} from '../platform/choose.js';
import type {View} from '../platform/platform.js';
import {openTree} from '../platform/roots.js';
import {FilterScope} from './filter.js';
import {type Idle, idlePatterns} from './idle.js';
import {Keeper, type KeptBlock, type MemoryAnswer, type MemoryCodec, type MemoryTask} from './keeper.js';
import {TreeDigest} from './tree-digest.js';
import {WalkStopped, walk} from './walk.js';

const NOTHING_LEFT: ReadonlyMap<string, string> = new Map();

/** Limits on what is kept from one run to the next, in KiB of JSON: all .dirsyncignore files, all tags, and all mount points. */
export const MAX_RULES_KIB = 128;
export const MAX_TAGS_KIB = 128;
export const MAX_MOUNTS_KIB = 64;

/** The most patterns that can match nothing and are reported. */
const MAX_IDLE = 1000;

/** The tree to scan, and how. */
export interface ScanTask extends Filtering {
  readonly type: 'scan';
  readonly side: Side;
  readonly root: ByteName;
  readonly view: View;
  /** The source's root if this is a scan of the target. */
  readonly rulesRoot?: ByteName | undefined;
  readonly rulesView?: View | undefined;
  /** Whether the rules of the source leave nothing out. */
  readonly isWhole?: boolean | undefined;
  /** Absolute paths that mean a root itself. */
  readonly rootNames: readonly string[];
  /** Which extended attributes to read. */
  readonly preserved: PreservedXattrs;
  readonly oneFileSystem: boolean;
  /** See `WalkOptions`. */
  readonly folding?: Folding | undefined;
  readonly leftRenamed?: ReadonlyMap<string, string>;
  /** What is known of an earlier scan of this tree, and what will be remembered of this one. */
  readonly memory?: MemoryTask | undefined;
  /** The other tree's root: if the scan finds it, the two trees overlap. */
  readonly other?: Identity | undefined;
}

/** One block with the problems found while it was filled. */
export interface ScanMessage {
  readonly block: Block;
  /** Undefined if this scan is not remembered. */
  readonly kept?: KeptBlock | undefined;
  readonly problems: readonly Problem[];
}

/** The results that are known at the end of a scan. */
export interface ScanAnswer {
  readonly totals: TreeTotals;
  /** Problems found after the last block. */
  readonly problems: readonly Problem[];
  /** Names that a target which folds names treats as one. */
  readonly collisions: Found | undefined;
  /** The number of names that the target shows in a different spelling. */
  readonly respelled: number;
  /** Folders on a different file system than their parent folder. */
  readonly mounts: readonly RelPath[];
  /** Mount points: see `WalkOptions.onMountPoint`. */
  readonly mountPoints: Bounded<RelPath>;
  /** The .dirsyncignore files with their folders. */
  readonly rules: Bounded<Rules[number]>;
  /** The folders with a tag. */
  readonly tagged: Bounded<Tagged[number]>;
  /** Patterns in .dirsyncignore files that can match nothing; not all if there are many. */
  readonly idle: readonly Idle[];
  /** Whether the other tree's root is in this tree. */
  readonly holdsOther: boolean;
  /** Undefined if nothing is remembered. */
  readonly memory?: MemoryAnswer | undefined;
  /** Whether the scan was stopped, so that the blocks are not a whole tree. */
  readonly stopped: boolean;
}

/** A list that is cut at a limit. */
interface Bounded<T> {
  readonly items: readonly T[];
  readonly isCut: boolean;
}

class BoundedList<T> implements Bounded<T> {
  readonly items: T[] = [];
  isCut = false;
  #room: number;

  constructor(kibibytes: number) {
    this.#room = kibibytes * 1024;
  }

  add(item: T): void {
    this.#room -= this.isCut ? 0 : Buffer.byteLength(JSON.stringify(item));
    this.isCut ||= this.#room < 0;
    if (!this.isCut) this.items.push(item);
  }
}

/** How a scan sends messages and reports progress. */
export interface ScanContext {
  readonly memory: MemoryCodec;
  readonly send: (message: ScanMessage, transfer: ArrayBuffer[]) => void;
  /** Called with the number of new entries; false ends the scan. */
  readonly onProgress: (entries: number) => boolean;
}

/** Scans a tree, in a worker. @throws SystemError if a root cannot be opened. */
export function scan(task: ScanTask, {send, onProgress, memory}: ScanContext): ScanAnswer {
  const fs = platform();
  const digest = new TreeDigest();
  let problems: Problem[] = [];
  let holdsOther = false;
  let collisions: Found | undefined;
  let respelled = 0;
  const mounts: RelPath[] = [];
  const mountPoints = new BoundedList<RelPath>(MAX_MOUNTS_KIB);
  const rules = new BoundedList<Rules[number]>(MAX_RULES_KIB);
  const tagged = new BoundedList<Tagged[number]>(MAX_TAGS_KIB);
  const idle: Idle[] = [];
  const keeper = task.memory && new Keeper(task.memory, task.side, memory);
  const writer = new BlockWriter((block) => {
    digest.add(block);
    const kept = keeper?.keep(block);
    send({block, kept, problems}, blockBuffers(block));
    problems = [];
  });
  const root = openTree(task.root, task.view);
  const rulesRoot = task.rulesRoot === undefined ? undefined : openTree(task.rulesRoot, task.rulesView ?? {});
  let totals = {entries: 0, leaves: 0, bytes: 0};
  let stopped = false;
  try {
    totals = walk({
      platform: fs,
      side: task.side,
      root,
      rulesRoot,
      isWhole: task.isWhole,
      filters: FilterScope.root(task.filters, task),
      preserved: task.preserved,
      oneFileSystem: task.oneFileSystem,
      folding: task.folding,
      leftRenamed: task.leftRenamed ?? NOTHING_LEFT,
      writer,
      recall: keeper?.recall(writer),
      onProblem: (problem) => problems.push(problem),
      onFolder: (stat) => {
        holdsOther ||= task.other !== undefined && stat.device === task.other.device && inodeOf(stat) === task.other.inode;
      },
      onMount: (path) => mounts.push(path),
      onMountPoint: (path) => mountPoints.add(path),
      onRules(folder, text) {
        if (idle.length < MAX_IDLE) idle.push(...idleIn(folder, text, task.rootNames));
        rules.add([folder, text]);
      },
      onTag: (folder, tag) => tagged.add([folder, tag]),
      onCollision(path) {
        collisions = {count: (collisions?.count ?? 0) + 1, example: collisions?.example ?? path};
      },
      onRespelled: () => respelled++,
      onProgress,
    });
  } catch (error) {
    if (!(error instanceof WalkStopped)) throw error;
    stopped = true;
  } finally {
    fs.close(root);
    if (rulesRoot !== undefined) fs.close(rulesRoot);
    keeper?.close();
  }
  return {
    totals: {...totals, digest: digest.value()},
    problems,
    collisions,
    respelled,
    mounts,
    mountPoints: {items: mountPoints.items, isCut: mountPoints.isCut},
    rules: {items: rules.items, isCut: rules.isCut},
    tagged: {items: tagged.items, isCut: tagged.isCut},
    idle: idle.slice(0, MAX_IDLE),
    holdsOther,
    memory: keeper?.answer(),
    stopped,
  };
}

function idleIn(folder: RelPath, text: string, rootNames: readonly string[]): Idle[] {
  const file = joinPath(folder, IGNORE_FILE);
  return idlePatterns(
    text.split(/\r?\n/).map((pattern, i) => ({pattern, at: `${file}:${i + 1}`})),
    rootNames,
  );
}
