/**
 * Compares two trees and returns actions: one pass over two streams of blocks in canonical order. Pure: everything outside (the
 * streams, whether two files have the same content) is passed in. This file reads both streams in step and decides what each tree
 * has at a path; the draft turns that into actions.
 *
 * Memory grows with the number of changes, the depth, and the files with several names, not with the size of the trees.
 *
 * Invariant of the main loop: both readers are in the same folder (the current frame), or have left it. A subtree that only one
 * tree has is read completely at once, so the readers stay together.
 *
 * If something may have been moved, what has no equal at its path is put aside as loose rows, and is compared in the same way when both
 * trees were read: then it is known what was moved (plan/moves).
 */
import type {Reason} from '../core/action.js';
import {type Block, belongingsAt, CODE, entryAt, kindOf} from '../core/block.js';
import {addSizes, type Entry} from '../core/entry.js';
import {compareBytes, encodeName} from '../core/name.js';
import {joinPath, type RelPath, ROOT} from '../core/path.js';
import type {PlanOptions} from '../core/plan.js';
import {attributeReasons, contentReasons, isCurrent, preservesTime, sameTime} from './compare.js';
import {Contents, type SameContent} from './contents.js';
import {type CreationOptions, createTree, skipUnheld} from './creation.js';
import {type Deletion, readBlocked, readDeletion} from './deletion.js';
import {type Diff, Draft} from './draft.js';
import {type Frame, pathInTarget, pathOf} from './frame.js';
import {type LimitOptions, Limits} from './limits.js';
import type {LooseReader, Packing, Range} from './loose-rows.js';
import type {LooseTree} from './loose-tree.js';
import type {LossOptions} from './losses.js';
import {Moves} from './moves.js';
import {type BlockStream, compareNamesAt, isSameBlock, isSameFile, Reader} from './reader.js';
import type {Remembered} from './remembered.js';

export interface DiffOptions extends LossOptions, LimitOptions {
  readonly source: BlockStream;
  readonly target: BlockStream;
  /** Called now and then with the current number of actions; it throws if there is no memory for more. */
  readonly onActions?: (count: number) => void;
  readonly sameContent: SameContent;
  /** Whether both trees are filtered already, so that it does not matter which filter rules they have. */
  readonly areFiltered?: boolean | undefined;
  /** What is remembered of both trees, to find what was moved. */
  readonly remembered?: Remembered | undefined;
  /** How rows are kept until both trees were read; as they are by default. */
  readonly packing?: Packing | undefined;
  /** Whether the target's inode numbers stay the same, so that apply can recognise a moved entry by its number. */
  readonly keepsInodes?: boolean | undefined;
}

/** Compares two trees. @throws whatever a stream, `sameContent` or `onActions` throws. */
export async function diff(options: DiffOptions): Promise<Diff> {
  const {policy, sameContent, remembered, holdsName, packing = UNPACKED} = options;
  const draft = new Draft(options);
  const contents = new Contents(draft, options);
  // What is not deleted at its old path cannot be moved.
  const mayMove = policy.moves && policy.delete;
  const onBlock = () => options.onActions?.(draft.count);
  const all = {policy, remembered, packing, holdsName, sameFiles: sameContent, onRows: onBlock};
  const moves = mayMove ? new Moves(all) : undefined;
  const [source, target] = [new Reader(options.source, onBlock), new Reader(options.target, onBlock)];
  const shared = {options, draft, contents, moves};
  const root = await new Merge(shared, {source, target}).run();
  if (moves !== undefined && moves.slots.length > 0) await mergeLoose(shared, moves);
  await contents.compare();
  // Creating .dirsync changes the root's times, so they are restored if anything is done.
  if (root !== undefined && draft.hasChanges) draft.touch(root);
  return draft.finish();
}

async function mergeLoose(shared: Shared, moves: Moves): Promise<void> {
  await moves.find();
  for (const {frame, order, source = EMPTY, target = EMPTY} of moves.slots) {
    shared.draft.goBackTo(order);
    const read = {source: moves.read('source', source, frame.depth), target: moves.read('target', target, frame.depth)};
    await new Merge(shared, read, {...read, moves}).mergeBelow(frame);
  }
}

const EMPTY: Range = {start: 0, end: 0};
const UNPACKED: Packing = {pack: (block) => block, unpack: (packed) => packed as Block};

/** What all merges of one comparison share. */
interface Shared {
  readonly options: DiffOptions;
  readonly draft: Draft;
  readonly contents: Contents;
  readonly moves: Moves | undefined;
}

/** Entries that are not folders and stay as they are in a moved folder, and their bytes. */
interface Load {
  leaves: number;
  bytes: number;
}

/** Loose rows that are merged after it is known what was moved. */
interface Loose {
  /** If they are in a moved folder: what it carries. */
  readonly load?: Load | undefined;
  readonly source: LooseReader;
  readonly target: LooseReader;
  readonly moves: Moves;
}

class Merge {
  readonly #source: Reader;
  readonly #target: Reader;
  readonly #policy: PlanOptions;
  readonly #draft: Draft;
  readonly #contents: Contents;
  readonly #limits: Limits;
  readonly #creation: CreationOptions;
  /** Where loose rows are put; undefined if they are planned at once. */
  readonly #moves: Moves | undefined;

  constructor(
    private readonly shared: Shared,
    {source, target}: {readonly source: Reader; readonly target: Reader},
    private readonly loose?: Loose,
  ) {
    const {options, draft, contents, moves} = shared;
    this.#policy = options.policy;
    this.#draft = draft;
    this.#contents = contents;
    this.#source = source;
    this.#target = target;
    this.#limits = new Limits(source, options);
    this.#moves = loose === undefined ? moves : undefined;
    const moveHere = loose && ((path: RelPath, frame: Frame | undefined) => this.#moveHere(path, frame));
    this.#creation = {source, limits: this.#limits, draft, moveHere};
  }

  /** Compares both trees completely. Returns the frame of the root if both have one. */
  async run(): Promise<Frame | undefined> {
    const s = this.#source;
    const t = this.#target;
    await s.fill();
    await t.fill();
    if (s.depth !== 0) throw new Error('a stream of blocks starts with its root');
    if (t.depth !== 0) {
      await createTree(this.#creation, undefined);
      return undefined;
    }
    const root = await this.#both(undefined);
    if (root !== undefined) await this.mergeBelow(root);
    return root;
  }

  /** Compares the content of a folder. */
  async mergeBelow(top: Frame): Promise<void> {
    const s = this.#source;
    const t = this.#target;
    const byMetadata = this.#policy.compare !== 'content' && this.loose === undefined;
    let frame: Frame = top;
    for (;;) {
      if (s.atEnd) await s.fill();
      if (t.atEnd) await t.fill();
      if (byMetadata && isSameBlock(s, t)) {
        frame = this.#skipBlock(frame);
        continue;
      }
      const inSource: boolean = s.depth > frame.depth;
      const inTarget: boolean = t.depth > frame.depth;
      if (!inSource && !inTarget) {
        if (frame === top) return;
        frame = frame.parent as Frame;
        continue;
      }
      const order = !inTarget ? -1 : !inSource ? 1 : compareNamesAt(s, t);
      if (await this.#hasMoved(frame, order)) continue;
      if (order === 0) {
        if (byMetadata && isSameFile(s, t)) {
          s.next();
          t.next();
          this.#draft.nextOrder();
        } else {
          frame = (await this.#both(frame)) ?? frame;
        }
      } else if (order < 0) {
        await this.#sourceOnly(frame);
      } else {
        await this.#targetOnly(frame);
      }
    }
  }

  /**
   * Plans the move of the source's current row if it was moved here, or passes over the target's current row if that is moved away;
   * false for all other rows. `order`: which of the two rows is the next one.
   */
  async #hasMoved(frame: Frame, order: number): Promise<boolean> {
    if (this.loose === undefined) return false;
    const {source, target, moves} = this.loose;
    const origin = order <= 0 ? moves.originOf(source.number) : undefined;
    if (order === 0 && origin === target.number) return false;
    if (origin !== undefined) {
      this.#draft.touch(frame);
      return this.#moveHere(joinPath(pathOf(frame), source.name()), frame);
    }
    if (order < 0 || !moves.isLeaving(target.number)) return false;
    this.#draft.touch(frame);
    await target.skipTree();
    return true;
  }

  /** Plans the move of the source's current row to a path, and what changes below it. False if it was not moved. */
  async #moveHere(path: RelPath, parent: Frame | undefined): Promise<boolean> {
    const {source: s, moves} = this.loose as Loose;
    const origin = moves.originOf(s.number);
    if (origin === undefined) return false;
    const {number, depth} = s;
    const [source, target] = [s.row(), moves.target.rows.row(origin)];
    const from = moves.pathOf('target', origin);
    const before = entryAt(target.block, target.index);
    const after = entryAt(source.block, source.index);
    const order = this.#draft.nextOrder();
    const inode = this.shared.options.keepsInodes ? target.block.inode[target.index] : undefined;
    const isFolder = after.kind === 'directory';
    const load: Load = isFolder ? {leaves: 0, bytes: 0} : {leaves: 1, bytes: after.size};
    // What a folder carries is known when its content was compared.
    const carried = Object.assign(load, inode !== undefined && {inode});
    this.#draft.add(order, {
      kind: 'move',
      path,
      from,
      before,
      after,
      carried,
      reasons: ['name', ...this.#metadata(after, before)],
    });
    // It leads its group: further names become links to it.
    if (!isFolder) this.#draft.links.step(path, this.#draft.keyOf(s, parent), undefined);
    await s.skipTree();
    if (!isFolder) return true;
    const frame: Frame = {
      ...{parent, depth, order, source, target, path, inTarget: from},
      ...{noDeletes: undefined, isRenamed: true, settled: true},
    };
    const below = {
      source: moves.read('source', moves.source.below(number), depth),
      target: moves.read('target', moves.target.below(origin), depth),
    };
    await new Merge(this.shared, below, {...below, moves, load}).mergeBelow(frame);
    return true;
  }

  /** Whether a row of one tree may be moved to, or come from, another path. `other`: the other tree's reader, and its loose rows. */
  #mayMove(other: Reader, loose: LooseTree | undefined): boolean {
    const hasEnded = other.depth === -1 && !other.atEnd;
    return this.#moves !== undefined && !(hasEnded && loose?.count === 0);
  }

  /** Skips the rest of both blocks; returns the folder in which they end. */
  #skipBlock(start: Frame): Frame {
    const s = this.#source;
    const t = this.#target;
    let frame = start;
    for (let i = s.index; i < s.block.count; i++) {
      const depth = s.block.depth[i] as number;
      while (frame.depth >= depth) frame = frame.parent as Frame;
      const order = this.#draft.nextOrder();
      if (s.block.code[i] !== CODE.directory) continue;
      const [source, target] = [
        {block: s.block, index: i},
        {block: t.block, index: i},
      ];
      const {isRenamed} = frame;
      frame = {parent: frame, depth, order, source, target, noDeletes: undefined, isRenamed, path: undefined, settled: false};
    }
    s.skipBlock();
    t.skipBlock();
    return frame;
  }

  /** Both trees have this name. Returns the folder to enter if both are folders that must be compared. */
  async #both(frame: Frame | undefined): Promise<Frame | undefined> {
    const s = this.#source;
    const t = this.#target;
    const draft = this.#draft;
    const path = frame === undefined ? ROOT : joinPath(pathOf(frame), s.name());
    const sourceCode = s.code;
    const targetCode = t.code;
    if (sourceCode === CODE.excluded) return this.#leftOut(frame as Frame);
    if (sourceCode === CODE.unknown) {
      await s.skipTree();
      await this.#block(path);
      return undefined;
    }
    if (targetCode === CODE.unknown) return this.#leaveBoth();
    if (targetCode === CODE.excluded) {
      draft.problem(path, 'target', 'PROTECTED');
      return this.#leaveBoth();
    }
    if (this.#isCopyOfLed()) {
      draft.problem(path, 'source', 'LINK_NOT_FOLLOWED');
      return this.#leaveBoth();
    }
    if (this.#limits.cannotMake) {
      const isThere = sourceCode === targetCode && s.entry().rdev === t.entry().rdev;
      if (!isThere) draft.losses.countUnmade(sourceCode);
      return this.#skipBoth();
    }
    if (this.#limits.isOtherSize) {
      if (s.code !== t.code || !isCurrent(s.entry(), t.entry(), this.#policy)) draft.elsewhere.add(s.entry());
      return this.#skipBoth();
    }
    if (this.#limits.isTooLarge(frame)) {
      draft.problem(path, 'source', 'FILE_TOO_LARGE');
      draft.elsewhere.add(s.entry());
      return this.#skipBoth();
    }
    const from = this.#renamedFrom(frame);
    if (frame !== undefined && from === undefined && this.#isPutAside(path)) {
      await this.#moves?.takeBoth(draft.nextOrder(), frame, {source: s, target: t});
      return undefined;
    }
    if (sourceCode === CODE.directory && targetCode === CODE.directory) return this.#bothFolders(frame, path, from);
    if (sourceCode === targetCode) await this.#bothLeaves(frame as Frame, path, from);
    else if (targetCode === CODE.directory) await this.#folderToLeaf(frame as Frame, path, from);
    else if (sourceCode === CODE.directory) await createTree(this.#creation, frame, {before: t.take(), from});
    else this.#leafToLeaf(frame as Frame, path, from);
    return undefined;
  }

  /**
   * Whether what both trees have at a path may be moved, each to another path: entries of two kinds, or another file or folder than the
   * last run has seen.
   */
  #isPutAside(path: RelPath): boolean {
    const [s, t] = [this.#source, this.#target];
    if (this.#moves === undefined) return false;
    if (s.code !== t.code || s.isOther) return true;
    if (s.code !== CODE.file || s.linkKey() !== undefined || t.linkKey() !== undefined) return false;
    return contentReasons(s.entry(), t.entry(), this.#policy).length > 0 && this.#moves.isOther(s.row(), path);
  }

  /**
   * Whether the target has a copy of what a link pointed to, and the link is broken now. The file may come back, as when a disk is
   * mounted again. A link stored as text is not such a copy.
   */
  #isCopyOfLed(): boolean {
    const [s, t] = [this.#source, this.#target];
    if (this.#policy.linksAs !== 'content' || s.code !== CODE.symlink || t.code === CODE.symlink) return false;
    const [{link = '', mtime}, before] = [s.entry(), t.entry()];
    const isText = before.kind === 'file' && before.size === encodeName(link).length;
    return !(isText && sameTime(mtime, before.mtime, this.#policy));
  }

  /** A filter leaves out the source's entry: the target's entry stays, or is deleted as if the source had nothing. */
  async #leftOut(frame: Frame): Promise<undefined> {
    if (!this.#policy.deleteExcluded) return this.#skipBoth();
    await this.#source.skipTree();
    await this.#targetOnly(frame, EXCLUDED);
    return undefined;
  }

  /** The target's current path of its current row, if it will be renamed. */
  #renamedFrom(frame: Frame | undefined): RelPath | undefined {
    const ownName = this.#target.ownName();
    return ownName === undefined || frame === undefined ? undefined : joinPath(pathInTarget(frame), ownName);
  }

  get #mayDifferInRules(): boolean {
    return !(this.#policy.deleteExcluded || this.shared.options.areFiltered);
  }

  async #bothFolders(parent: Frame | undefined, path: RelPath, from: RelPath | undefined): Promise<Frame | undefined> {
    const source = this.#source.row();
    const target = this.#target.row();
    if (
      this.#mayDifferInRules &&
      compareBytes(belongingsAt(source.block, source.index), belongingsAt(target.block, target.index)) !== 0
    ) {
      // The two walks read different filter rules here, so it is not known which entries below are left out.
      if (!(this.#source.partial || this.#target.partial)) this.#draft.problem(path, 'source', 'FILTER_CHANGED');
      return this.#leaveBoth();
    }
    // The content of the target's folder is not known, so nothing is planned in it. The scan reported why.
    const untouchable = this.#target.partial;
    if (this.#source.isMount || this.#target.isMount) this.#draft.mounts++;
    const before = entryAt(target.block, target.index);
    const after = entryAt(source.block, source.index);
    const noDeletes = this.#source.isMount ? 'other-file-system' : this.#source.partial ? 'unread' : undefined;
    const reasons = this.#metadata(after, before);
    const order = this.#draft.nextOrder();
    this.#draft.settle({path, from, order, frame: parent, before, after}, reasons);
    const depth = this.#source.depth;
    const settled = reasons.length > 0 || from !== undefined;
    if (untouchable) return this.#target.isMount ? this.#skipBoth() : this.#leaveBoth();
    this.#source.next();
    this.#target.next();
    const isRenamed = parent?.isRenamed === true || from !== undefined;
    return {parent, depth, order, source, target, noDeletes, isRenamed, path, settled};
  }

  async #bothLeaves(frame: Frame, path: RelPath, from: RelPath | undefined): Promise<void> {
    const s = this.#source;
    const t = this.#target;
    const draft = this.#draft;
    const after = s.entry();
    const before = t.entry();
    const source = draft.keyOf(s, frame);
    const names = t.linkKey();
    const {showsLinks} = this.#policy;
    const target = showsLinks ? names : undefined;
    const isProved = this.#isProved();
    s.next();
    t.next();
    const pair = {path, from, order: draft.nextOrder(), frame, before, after};
    const step = draft.links.step(path, source, target);
    // If one file shows two inodes, two names with equal content and metadata count as one file.
    const isSame = step.type === 'link' && !showsLinks && isProved && isCurrent(after, before, this.#policy);
    const isLinked = step.type === 'linked' || (isSame && (await this.#contents.isSame(pair)));
    // Its metadata is set through the leader.
    if (isLinked) return draft.settle(pair, []);
    if (step.type === 'link') return draft.link(pair, step.leader);
    const attributes = this.#metadata(after, before);
    const content = contentReasons(after, before, this.#policy);
    if (step.type === 'part' || (!showsLinks && names !== undefined && source === undefined)) content.push('hardlink');
    if (content.length === 0 && !isProved) content.push('content');
    const load = this.loose?.load;
    if (load !== undefined && content.length === 0) {
      load.leaves++;
      load.bytes = addSizes(load.bytes, after.size);
    }
    if (content.length > 0) {
      draft.update(pair, [...new Set([...content, ...attributes])]);
    } else if (this.#policy.compare === 'content' && after.kind === 'file') {
      this.#contents.add(pair, attributes);
      const manyNames = source !== undefined || target !== undefined;
      if (manyNames || this.#contents.isFull) {
        const same = (await this.#contents.compare()).at(-1);
        if (same) draft.links.keep(path, source, target);
      }
    } else {
      draft.links.keep(path, source, target);
      draft.settle(pair, attributes);
    }
  }

  /** Whether equal sizes and times mean equal content: not in a moved folder for a file that was put into it. */
  #isProved(): boolean {
    if (this.loose?.load === undefined || this.#policy.compare === 'content' || this.#source.code !== CODE.file) return true;
    const {source, target, moves} = this.loose;
    return source.block.size[source.index] === 0 || moves.isProved(source.number, target.number);
  }

  /** A leaf of a different kind: one rename replaces it. */
  #leafToLeaf(frame: Frame, path: RelPath, from: RelPath | undefined): void {
    const draft = this.#draft;
    const key = draft.keyOf(this.#source, frame);
    const after = this.#source.take();
    const before = this.#target.take();
    draft.replaceByLeaf({frame, path, from, order: draft.nextOrder(), before, after}, key);
  }

  /** The target's folder is deleted with its content, or stays as a whole. */
  async #folderToLeaf(frame: Frame, path: RelPath, from: RelPath | undefined): Promise<void> {
    const draft = this.#draft;
    const key = draft.keyOf(this.#source, frame);
    const after = this.#source.take();
    const before = this.#target.entry();
    const order = draft.nextOrder();
    const gone = await this.#deletion(path, GONE);
    const empty = gone.steps.length === 1;
    const kept = gone.kept ?? (this.#policy.delete || empty ? undefined : 'NO_DELETE');
    if (kept !== undefined) {
      draft.problem(path, 'target', kept);
      draft.elsewhere.add(after);
    } else {
      draft.replaceByLeaf({frame, path, from, order, before, after}, key);
      for (const step of gone.steps.slice(1)) draft.add(step.order, step.action);
    }
  }

  async #sourceOnly(frame: Frame): Promise<void> {
    const s = this.#source;
    const code = s.code;
    if (s.isUnread) this.#draft.elsewhere.isUnknown = true;
    if (code === CODE.excluded || code === CODE.unknown) return s.skipTree();
    if (this.#limits.cannotMake) {
      this.#draft.losses.countUnmade(code);
      return s.skipTree();
    }
    if (this.#limits.isOtherSize) {
      this.#draft.elsewhere.add(s.entry());
      return s.skipTree();
    }
    if (this.#mayMove(this.#target, this.#moves?.target)) return this.#moves?.takeSource(this.#draft.nextOrder(), frame, s);
    const fault = this.#limits.unheld(frame);
    if (fault !== undefined) return skipUnheld(this.#creation, joinPath(pathOf(frame), s.name()), fault);
    await createTree(this.#creation, frame);
  }

  async #targetOnly(frame: Frame, reasons = GONE): Promise<void> {
    const t = this.#target;
    if (!this.#policy.delete || frame.noDeletes === 'other-file-system') return t.skipTree();
    const path = joinPath(pathOf(frame), t.name());
    if (frame.noDeletes === 'unread') return this.#block(path);
    const isKnown = kindOf(t.code) !== undefined && reasons === GONE;
    if (isKnown && this.#mayMove(this.#source, this.#moves?.source)) {
      return this.#moves?.takeTarget(this.#draft.nextOrder(), frame, t);
    }
    const {steps} = await this.#deletion(path, reasons);
    if (steps.some(({action}) => action.kind !== 'blocked')) this.#draft.touch(frame);
    for (const step of steps) this.#draft.add(step.order, step.action);
  }

  /** The target's entry stays, because the source could not be read here. */
  async #block(path: RelPath): Promise<void> {
    const t = this.#target;
    const isKnown = kindOf(t.code) !== undefined;
    if (!isKnown || !this.#policy.delete) return t.skipTree();
    const action = await readBlocked(t, path);
    this.#draft.add(this.#draft.nextOrder(), action);
  }

  #deletion(path: RelPath, reasons: readonly Reason[]): Promise<Deletion> {
    const isLeaving = this.loose && (() => this.loose?.moves.isLeaving(this.loose.target.number) === true);
    return readDeletion(this.#target, {path, reasons, nextOrder: () => this.#draft.nextOrderOfDeletion(), isLeaving});
  }

  /** Leaves both entries alone although the source may have something new; a problem says why. */
  async #leaveBoth(): Promise<undefined> {
    const s = this.#source;
    const {elsewhere} = this.#draft;
    const top = s.depth;
    do {
      // If the target has the folder too, only what is below it is protected.
      if (s.isUnread && (s.depth > top || this.#target.code !== CODE.directory)) elsewhere.isUnknown = true;
      if (s.isLeaf) elsewhere.add(s.entry());
      s.next();
      if (s.atEnd) await s.fill();
    } while (s.depth > top);
    await this.#target.skipTree();
    return undefined;
  }

  async #skipBoth(): Promise<undefined> {
    await this.#source.skipTree();
    await this.#target.skipTree();
    return undefined;
  }

  /** How the metadata of two entries of one kind differs, including times. */
  #metadata(after: Entry, before: Entry): Reason[] {
    this.#draft.losses.count(after, before);
    const reasons = attributeReasons(after, before, this.#policy);
    if (preservesTime(after.kind, this.#policy) && !sameTime(after.mtime, before.mtime, this.#policy)) reasons.push('mtime');
    return reasons;
  }
}

/** Shared by all actions that have it, because there may be millions. */
const GONE: readonly Reason[] = ['gone'];
const EXCLUDED: readonly Reason[] = ['excluded'];
