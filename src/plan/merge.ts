/**
 * Merges two trees: reads both streams in step, decides what each tree has at a path, and adds that to the draft, which turns it into
 * actions.
 *
 * Invariant of the main loop: both readers are in the same folder (the current frame), or have left it. A subtree that only one
 * tree has is read completely at once, so the readers stay together.
 *
 * What is moved is not known here: see `FirstMerge`, which puts rows aside, and `LooseMerge`, which merges those.
 */
import type {Reason} from '../core/action.js';
import {belongingsAt, CODE, entryAt, kindOf} from '../core/block.js';
import type {Entry} from '../core/entry.js';
import {compareBytes, encodeName} from '../core/name.js';
import {joinPath, type RelPath, ROOT} from '../core/path.js';
import type {PlanOptions} from '../core/plan.js';
import type {Side} from '../core/problem.js';
import {attributeReasons, contentReasons, isCurrent, preservesTime, sameTime} from './compare.js';
import type {Contents} from './contents.js';
import {type CreationOptions, createTree, skipUnheld} from './creation.js';
import {type Deletion, readBlocked, readDeletion} from './deletion.js';
import type {Draft} from './draft.js';
import {type Frame, pathInTarget, pathOf} from './frame.js';
import {type LimitOptions, Limits} from './limits.js';
import type {LossOptions} from './losses.js';
import {compareNamesAt, isSameBlock, isSameFile, type Reader} from './reader.js';

export interface MergeOptions extends LossOptions, LimitOptions {
  /** Whether both trees are filtered already, so that it does not matter which filter rules they have. */
  readonly areFiltered?: boolean | undefined;
  /** Whether the target's inode numbers stay the same, so that apply can recognise a moved entry by its number. */
  readonly keepsInodes?: boolean | undefined;
}

/** What all merges of one comparison share. */
export interface Shared {
  readonly options: MergeOptions;
  readonly draft: Draft;
  readonly contents: Contents;
}

export interface Readers {
  readonly source: Reader;
  readonly target: Reader;
}

export class Merge {
  protected readonly source: Reader;
  protected readonly target: Reader;
  protected readonly policy: PlanOptions;
  protected readonly draft: Draft;
  readonly #contents: Contents;
  readonly #limits: Limits;
  readonly #creation: CreationOptions;

  constructor(
    protected readonly shared: Shared,
    {source, target}: Readers,
  ) {
    const {options, draft, contents} = shared;
    this.policy = options.policy;
    this.draft = draft;
    this.#contents = contents;
    this.source = source;
    this.target = target;
    this.#limits = new Limits(source, options);
    this.#creation = {source, limits: this.#limits, draft, moveHere: (path, frame) => this.movesHere(path, frame)};
  }

  /** Whether rows of both trees may be skipped that are equal at a glance. */
  protected get skipsEqual(): boolean {
    return this.policy.compare !== 'content';
  }

  /**
   * Handles the next row if it was moved, and goes on to the row after it; false for all other rows. `order`: which of the two current
   * rows is the next one, or 0 for both.
   */
  protected handlesMoved(_frame: Frame, _order: number): Promise<boolean> | false {
    return false;
  }

  /**
   * Plans that the source's current row is moved to a path in a new folder, if it is, and goes on to the next row. `frame`: the nearest
   * folder above that the target has.
   */
  protected async movesHere(_path: RelPath, _frame: Frame | undefined): Promise<boolean> {
    return false;
  }

  /** Whether the target's current row is moved out of a folder that is deleted. */
  protected isLeaving(): boolean {
    return false;
  }

  /** Puts the current row aside, or both current rows, with everything below, if they may have been moved. False if not. */
  protected async putsAside(_what: Side | 'both', _frame: Frame, _path: RelPath): Promise<boolean> {
    return false;
  }

  /** Whether equal size and time mean equal content for both current rows. */
  protected isProved(): boolean {
    return true;
  }

  /** Called for each leaf that stays as it is, at most with other metadata. */
  protected keeps(_leaf: Entry): void {}

  /** Compares both trees completely. Returns the frame of the root if both have one. */
  async run(): Promise<Frame | undefined> {
    const s = this.source;
    const t = this.target;
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
    const s = this.source;
    const t = this.target;
    const {skipsEqual} = this;
    let frame: Frame = top;
    for (;;) {
      if (s.atEnd) await s.fill();
      if (t.atEnd) await t.fill();
      if (skipsEqual && isSameBlock(s, t)) {
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
      const isHandled = this.handlesMoved(frame, order);
      // Perf: waiting for each row takes longer than comparing it (bench: unchanged-generated).
      if (isHandled !== false && (await isHandled)) continue;
      if (order === 0) {
        if (skipsEqual && isSameFile(s, t)) {
          s.next();
          t.next();
          this.draft.nextOrder();
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

  /** Skips the rest of both blocks; returns the folder in which they end. */
  #skipBlock(start: Frame): Frame {
    const s = this.source;
    const t = this.target;
    let frame = start;
    for (let i = s.index; i < s.block.count; i++) {
      const depth = s.block.depth[i] as number;
      while (frame.depth >= depth) frame = frame.parent as Frame;
      const order = this.draft.nextOrder();
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
    const s = this.source;
    const t = this.target;
    const draft = this.draft;
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
      if (s.code !== t.code || !isCurrent(s.entry(), t.entry(), this.policy)) draft.elsewhere.add(s.entry());
      return this.#skipBoth();
    }
    if (this.#limits.isTooLarge(frame)) {
      draft.problem(path, 'source', 'FILE_TOO_LARGE');
      draft.elsewhere.add(s.entry());
      return this.#skipBoth();
    }
    const from = this.#renamedFrom(frame);
    if (frame !== undefined && from === undefined && (await this.putsAside('both', frame, path))) return undefined;
    if (sourceCode === CODE.directory && targetCode === CODE.directory) return this.#bothFolders(frame, path, from);
    if (sourceCode === targetCode) await this.#bothLeaves(frame as Frame, path, from);
    else if (targetCode === CODE.directory) await this.#folderToLeaf(frame as Frame, path, from);
    else if (sourceCode === CODE.directory) await createTree(this.#creation, frame, {before: t.take(), from});
    else this.#leafToLeaf(frame as Frame, path, from);
    return undefined;
  }

  /**
   * Whether the target has a copy of what a link pointed to, and the link is broken now. The file may come back, as when a disk is
   * mounted again. A link stored as text is not such a copy.
   */
  #isCopyOfLed(): boolean {
    const [s, t] = [this.source, this.target];
    if (this.policy.linksAs !== 'content' || s.code !== CODE.symlink || t.code === CODE.symlink) return false;
    const [{link = '', mtime}, before] = [s.entry(), t.entry()];
    const isText = before.kind === 'file' && before.size === encodeName(link).length;
    return !(isText && sameTime(mtime, before.mtime, this.policy));
  }

  /** A filter leaves out the source's entry: the target's entry stays, or is deleted as if the source had nothing. */
  async #leftOut(frame: Frame): Promise<undefined> {
    if (!this.policy.deleteExcluded) return this.#skipBoth();
    await this.source.skipTree();
    await this.#targetOnly(frame, EXCLUDED);
    return undefined;
  }

  /** The target's current path of its current row, if it will be renamed. */
  #renamedFrom(frame: Frame | undefined): RelPath | undefined {
    const ownName = this.target.ownName();
    return ownName === undefined || frame === undefined ? undefined : joinPath(pathInTarget(frame), ownName);
  }

  get #mayDifferInRules(): boolean {
    return !(this.policy.deleteExcluded || this.shared.options.areFiltered);
  }

  async #bothFolders(parent: Frame | undefined, path: RelPath, from: RelPath | undefined): Promise<Frame | undefined> {
    const source = this.source.row();
    const target = this.target.row();
    if (
      this.#mayDifferInRules &&
      compareBytes(belongingsAt(source.block, source.index), belongingsAt(target.block, target.index)) !== 0
    ) {
      // The two walks read different filter rules here, so it is not known which entries below are left out.
      if (!(this.source.partial || this.target.partial)) this.draft.problem(path, 'source', 'FILTER_CHANGED');
      return this.#leaveBoth();
    }
    // The content of the target's folder is not known, so nothing is planned in it. The scan reported why.
    const untouchable = this.target.partial;
    if (this.source.isMount || this.target.isMount) this.draft.mounts++;
    const before = entryAt(target.block, target.index);
    const after = entryAt(source.block, source.index);
    const noDeletes = this.source.isMount ? 'other-file-system' : this.source.partial ? 'unread' : undefined;
    const reasons = this.metadata(after, before);
    const order = this.draft.nextOrder();
    this.draft.settle({path, from, order, frame: parent, before, after}, reasons);
    const depth = this.source.depth;
    const settled = reasons.length > 0 || from !== undefined;
    if (untouchable) return this.target.isMount ? this.#skipBoth() : this.#leaveBoth();
    this.source.next();
    this.target.next();
    const isRenamed = parent?.isRenamed === true || from !== undefined;
    return {parent, depth, order, source, target, noDeletes, isRenamed, path, settled};
  }

  async #bothLeaves(frame: Frame, path: RelPath, from: RelPath | undefined): Promise<void> {
    const s = this.source;
    const t = this.target;
    const draft = this.draft;
    const after = s.entry();
    const before = t.entry();
    const source = draft.keyOf(s, frame);
    const names = t.linkKey();
    const {showsLinks} = this.policy;
    const target = showsLinks ? names : undefined;
    const isProved = this.isProved();
    s.next();
    t.next();
    const pair = {path, from, order: draft.nextOrder(), frame, before, after};
    const step = draft.links.step(path, source, target);
    // If one file shows two inodes, two names with equal content and metadata count as one file.
    const isSame = step.type === 'link' && !showsLinks && isProved && isCurrent(after, before, this.policy);
    const isLinked = step.type === 'linked' || (isSame && (await this.#contents.isSame(pair)));
    // Its metadata is set through the leader.
    if (isLinked) return draft.settle(pair, []);
    if (step.type === 'link') return draft.link(pair, step.leader);
    const attributes = this.metadata(after, before);
    const content = contentReasons(after, before, this.policy);
    if (step.type === 'part' || (!showsLinks && names !== undefined && source === undefined)) content.push('hardlink');
    if (content.length === 0 && !isProved) content.push('content');
    if (content.length === 0) this.keeps(after);
    if (content.length > 0) {
      draft.update(pair, [...new Set([...content, ...attributes])]);
    } else if (this.policy.compare === 'content' && after.kind === 'file') {
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

  /** A leaf of a different kind: one rename replaces it. */
  #leafToLeaf(frame: Frame, path: RelPath, from: RelPath | undefined): void {
    const draft = this.draft;
    const key = draft.keyOf(this.source, frame);
    const after = this.source.take();
    const before = this.target.take();
    draft.replaceByLeaf({frame, path, from, order: draft.nextOrder(), before, after}, key);
  }

  /** The target's folder is deleted with its content, or stays as a whole. */
  async #folderToLeaf(frame: Frame, path: RelPath, from: RelPath | undefined): Promise<void> {
    const draft = this.draft;
    const key = draft.keyOf(this.source, frame);
    const after = this.source.take();
    const before = this.target.entry();
    const order = draft.nextOrder();
    const gone = await this.#deletion(path, GONE);
    const empty = gone.steps.length === 1;
    const kept = gone.kept ?? (this.policy.delete || empty ? undefined : 'NO_DELETE');
    if (kept !== undefined) {
      draft.problem(path, 'target', kept);
      draft.elsewhere.add(after);
    } else {
      draft.replaceByLeaf({frame, path, from, order, before, after}, key);
      for (const step of gone.steps.slice(1)) draft.add(step.order, step.action);
    }
  }

  async #sourceOnly(frame: Frame): Promise<void> {
    const s = this.source;
    const code = s.code;
    if (s.isUnread) this.draft.elsewhere.isUnknown = true;
    if (code === CODE.excluded || code === CODE.unknown) return s.skipTree();
    if (this.#limits.cannotMake) {
      this.draft.losses.countUnmade(code);
      return s.skipTree();
    }
    if (this.#limits.isOtherSize) {
      this.draft.elsewhere.add(s.entry());
      return s.skipTree();
    }
    const path = joinPath(pathOf(frame), s.name());
    if (await this.putsAside('source', frame, path)) return;
    const fault = this.#limits.unheld(frame);
    if (fault !== undefined) return skipUnheld(this.#creation, path, fault);
    await createTree(this.#creation, frame);
  }

  async #targetOnly(frame: Frame, reasons = GONE): Promise<void> {
    const t = this.target;
    if (!this.policy.delete || frame.noDeletes === 'other-file-system') return t.skipTree();
    const path = joinPath(pathOf(frame), t.name());
    if (frame.noDeletes === 'unread') return this.#block(path);
    const isKnown = kindOf(t.code) !== undefined && reasons === GONE;
    if (isKnown && (await this.putsAside('target', frame, path))) return;
    const {steps} = await this.#deletion(path, reasons);
    if (steps.some(({action}) => action.kind !== 'blocked')) this.draft.touch(frame);
    for (const step of steps) this.draft.add(step.order, step.action);
  }

  /** The target's entry stays, because the source could not be read here. */
  async #block(path: RelPath): Promise<void> {
    const t = this.target;
    const isKnown = kindOf(t.code) !== undefined;
    if (!isKnown || !this.policy.delete) return t.skipTree();
    const action = await readBlocked(t, path);
    this.draft.add(this.draft.nextOrder(), action);
  }

  #deletion(path: RelPath, reasons: readonly Reason[]): Promise<Deletion> {
    const nextOrder = () => this.draft.nextOrderOfDeletion();
    return readDeletion(this.target, {path, reasons, nextOrder, isLeaving: () => this.isLeaving()});
  }

  /** Leaves both entries alone although the source may have something new; a problem says why. */
  async #leaveBoth(): Promise<undefined> {
    const s = this.source;
    const {elsewhere} = this.draft;
    const top = s.depth;
    do {
      // If the target has the folder too, only what is below it is protected.
      if (s.isUnread && (s.depth > top || this.target.code !== CODE.directory)) elsewhere.isUnknown = true;
      if (s.isLeaf) elsewhere.add(s.entry());
      s.next();
      if (s.atEnd) await s.fill();
    } while (s.depth > top);
    await this.target.skipTree();
    return undefined;
  }

  async #skipBoth(): Promise<undefined> {
    await this.source.skipTree();
    await this.target.skipTree();
    return undefined;
  }

  /** How the metadata of two entries of one kind differs, including times. */
  protected metadata(after: Entry, before: Entry): Reason[] {
    this.draft.losses.count(after, before);
    const reasons = attributeReasons(after, before, this.policy);
    if (preservesTime(after.kind, this.policy) && !sameTime(after.mtime, before.mtime, this.policy)) reasons.push('mtime');
    return reasons;
  }
}

/** Shared by all actions that have it, because there may be millions. */
const GONE: readonly Reason[] = ['gone'];
const EXCLUDED: readonly Reason[] = ['excluded'];
