/**
 * The difference of two trees as actions: one pass over two streams of blocks in canonical order. Pure: what it must know of
 * the world (the streams, whether two files have the same content) comes as arguments. Here the two are read in step, and told
 * what each has at a path; what follows from it is for the draft.
 *
 * Memory grows with the changes, the depth, and the files with several names; not with the trees.
 *
 * Invariant of the main loop: both readers stand in the same folder (the top frame), or have left it. A subtree that only one
 * tree has is consumed at once, so the two never part.
 */
import type {Reason} from '../core/action.js';
import {belongingsAt, CODE, entryAt, kindOf} from '../core/block.js';
import type {Entry} from '../core/entry.js';
import {compareBytes, encodeName} from '../core/name.js';
import {joinPath, type RelPath, ROOT} from '../core/path.js';
import type {PlanOptions} from '../core/plan.js';
import {attributeReasons, contentReasons, isCurrent, keepsTime, sameTime} from './compare.js';
import {Contents, type SameContent} from './contents.js';
import {type CreationOptions, createTree, skipUnheld} from './creation.js';
import {type Deletion, readBlocked, readDeletion} from './deletion.js';
import {type Diff, Draft} from './draft.js';
import {type Frame, pathInTarget, pathOf} from './frame.js';
import {type LimitOptions, Limits} from './limits.js';
import type {LossOptions} from './losses.js';
import {type BlockStream, compareNamesAt, isSameBlock, isSameFile, Reader} from './reader.js';

export interface DiffOptions extends LossOptions, LimitOptions {
  readonly source: BlockStream;
  readonly target: BlockStream;
  /** Told now and then how many actions there are by now; it throws when there is no room for more. */
  readonly onActions?: (count: number) => void;
  readonly sameContent: SameContent;
}

export function diff(options: DiffOptions): Promise<Diff> {
  return new Merge(options).run();
}

class Merge {
  readonly #source: Reader;
  readonly #target: Reader;
  readonly #policy: PlanOptions;
  readonly #draft: Draft;
  readonly #contents: Contents;
  readonly #limits: Limits;
  readonly #creation: CreationOptions;

  constructor(options: DiffOptions) {
    this.#policy = options.policy;
    this.#draft = new Draft(options);
    this.#contents = new Contents(this.#draft, options);
    const onBlock = () => options.onActions?.(this.#draft.count);
    this.#source = new Reader(options.source, onBlock);
    this.#target = new Reader(options.target, onBlock);
    this.#limits = new Limits(this.#source, options);
    this.#creation = {source: this.#source, limits: this.#limits, draft: this.#draft};
  }

  async run(): Promise<Diff> {
    const s = this.#source;
    const t = this.#target;
    await s.fill();
    await t.fill();
    if (s.depth !== 0) throw new Error('a stream of blocks starts with its root');
    if (t.depth === 0) {
      const root = await this.#both(undefined);
      if (root !== undefined) {
        await this.#mergeBelow(root);
        await this.#contents.compare();
        // Creating .dirsync touches the root itself, so whenever anything is done its times are put back.
        if (this.#draft.hasChanges) this.#draft.touch(root);
      }
    } else {
      await createTree(this.#creation, undefined);
    }
    return this.#draft.finish();
  }

  async #mergeBelow(root: Frame): Promise<void> {
    const s = this.#source;
    const t = this.#target;
    const byMetadata = this.#policy.compare !== 'content';
    let frame: Frame | undefined = root;
    while (frame !== undefined) {
      if (s.atEnd) await s.fill();
      if (t.atEnd) await t.fill();
      if (byMetadata && isSameBlock(s, t)) {
        frame = this.#skipBlock(frame);
        continue;
      }
      const inSource: boolean = s.depth > frame.depth;
      const inTarget: boolean = t.depth > frame.depth;
      if (!inSource && !inTarget) {
        frame = frame.parent;
        continue;
      }
      const order = !inTarget ? -1 : !inSource ? 1 : compareNamesAt(s, t);
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

  /** Goes to the end of both blocks; returns the folder in which they end. */
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
      frame = {parent: frame, depth, order, source, target, keeps: undefined, isRenamed, path: undefined, settled: false};
    }
    s.skipBlock();
    t.skipBlock();
    return frame;
  }

  /** Both trees have something of this name. Returns the folder to go into, if both are folders that are to be merged. */
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
    if (sourceCode === CODE.directory && targetCode === CODE.directory) return this.#bothFolders(frame, path, from);
    if (sourceCode === targetCode) await this.#bothLeaves(frame as Frame, path, from);
    else if (targetCode === CODE.directory) await this.#folderToLeaf(frame as Frame, path, from);
    else if (sourceCode === CODE.directory) await createTree(this.#creation, frame, {before: t.take(), from});
    else this.#leafToLeaf(frame as Frame, path, from);
    return undefined;
  }

  /** The target has what a link led to, which it leads to no more: that may come back, as a disk does. A link as text is no copy. */
  #isCopyOfLed(): boolean {
    const [s, t] = [this.#source, this.#target];
    if (this.#policy.linksAs !== 'content' || s.code !== CODE.symlink || t.code === CODE.symlink) return false;
    const [{link = '', mtime}, before] = [s.entry(), t.entry()];
    const isText = before.kind === 'file' && before.size === encodeName(link).length;
    return !(isText && sameTime(mtime, before.mtime, this.#policy));
  }

  /** The source's filters leave out what it has here: what the target has stays, or goes as if the source had nothing. */
  async #leftOut(frame: Frame): Promise<undefined> {
    if (!this.#policy.deleteExcluded) return this.#skipBoth();
    await this.#source.skipTree();
    await this.#targetOnly(frame, EXCLUDED);
    return undefined;
  }

  /** Where the target has the row at which it stands, if it is to be renamed. */
  #renamedFrom(frame: Frame | undefined): RelPath | undefined {
    const ownName = this.#target.ownName();
    return ownName === undefined || frame === undefined ? undefined : joinPath(pathInTarget(frame), ownName);
  }

  async #bothFolders(parent: Frame | undefined, path: RelPath, from: RelPath | undefined): Promise<Frame | undefined> {
    const source = this.#source.row();
    const target = this.#target.row();
    const isOneReader = this.#policy.deleteExcluded;
    if (!isOneReader && compareBytes(belongingsAt(source.block, source.index), belongingsAt(target.block, target.index)) !== 0) {
      // The two walks read different filter rules here: which of what follows is left out is not known.
      if (!(this.#source.partial || this.#target.partial)) this.#draft.problem(path, 'source', 'FILTER_CHANGED');
      return this.#leaveBoth();
    }
    // What is in the target's folder is not known: nothing is planned in it. The scan said why.
    const untouchable = this.#target.partial;
    if (this.#source.isMount || this.#target.isMount) this.#draft.mounts++;
    const before = entryAt(target.block, target.index);
    const after = entryAt(source.block, source.index);
    const keeps = this.#source.isMount ? 'other-file-system' : this.#source.partial ? 'unread' : undefined;
    const reasons = this.#metadata(after, before);
    const order = this.#draft.nextOrder();
    this.#draft.settle({path, from, order, frame: parent, before, after}, reasons);
    const depth = this.#source.depth;
    const settled = reasons.length > 0 || from !== undefined;
    if (untouchable) return this.#target.isMount ? this.#skipBoth() : this.#leaveBoth();
    this.#source.next();
    this.#target.next();
    const isRenamed = parent?.isRenamed === true || from !== undefined;
    return {parent, depth, order, source, target, keeps, isRenamed, path, settled};
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
    s.next();
    t.next();
    const pair = {path, from, order: draft.nextOrder(), frame, before, after};
    const step = draft.links.step(path, source, target);
    // Where one file shows two inodes, what is the same in all that is kept counts as one.
    const isSame = step.type === 'link' && !showsLinks && isCurrent(after, before, this.#policy);
    const isLinked = step.type === 'linked' || (isSame && (await this.#contents.isSame(pair)));
    // Its metadata is set through the name that leads.
    if (isLinked) return draft.settle(pair, []);
    if (step.type === 'link') return draft.link(pair, step.leader);
    const attributes = this.#metadata(after, before);
    const content = contentReasons(after, before, this.#policy);
    if (step.type === 'part' || (!showsLinks && names !== undefined && source === undefined)) content.push('hardlink');
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

  /** Another kind of leaf: one rename replaces it. */
  #leafToLeaf(frame: Frame, path: RelPath, from: RelPath | undefined): void {
    const draft = this.#draft;
    const key = draft.keyOf(this.#source, frame);
    const after = this.#source.take();
    const before = this.#target.take();
    draft.replaceByLeaf({frame, path, from, order: draft.nextOrder(), before, after}, key);
  }

  /** The target's folder goes with all that is in it, or stays whole. */
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
    const fault = this.#limits.unheld(frame);
    if (fault !== undefined) return skipUnheld(this.#creation, joinPath(pathOf(frame), s.name()), fault);
    await createTree(this.#creation, frame);
  }

  async #targetOnly(frame: Frame, reasons = GONE): Promise<void> {
    const t = this.#target;
    if (!this.#policy.delete || frame.keeps === 'other-file-system') return t.skipTree();
    const path = joinPath(pathOf(frame), t.name());
    if (frame.keeps === 'unread') return this.#block(path);
    const {steps} = await this.#deletion(path, reasons);
    if (steps.some(({action}) => action.kind !== 'blocked')) this.#draft.touch(frame);
    for (const step of steps) this.#draft.add(step.order, step.action);
  }

  /** What the target has here stays, since the source could not be read. */
  async #block(path: RelPath): Promise<void> {
    const t = this.#target;
    const isKnown = kindOf(t.code) !== undefined;
    if (!isKnown || !this.#policy.delete) return t.skipTree();
    const action = await readBlocked(t, path);
    this.#draft.add(this.#draft.nextOrder(), action);
  }

  #deletion(path: RelPath, reasons: readonly Reason[]): Promise<Deletion> {
    return readDeletion(this.#target, {path, reasons, nextOrder: () => this.#draft.nextOrderOfDeletion()});
  }

  /** What both have here stays as it is, though the source may have something new: a problem says why. */
  async #leaveBoth(): Promise<undefined> {
    const s = this.#source;
    const {elsewhere} = this.#draft;
    const top = s.depth;
    do {
      // A folder that the target has too protects what is below it, and no more.
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

  /** In which metadata two entries of one kind differ, times included. */
  #metadata(after: Entry, before: Entry): Reason[] {
    this.#draft.losses.count(after, before);
    const reasons = attributeReasons(after, before, this.#policy);
    if (keepsTime(after.kind, this.#policy) && !sameTime(after.mtime, before.mtime, this.#policy)) reasons.push('mtime');
    return reasons;
  }
}

/** Shared by all actions that have it, since there may be millions. */
const GONE: readonly Reason[] = ['gone'];
const EXCLUDED: readonly Reason[] = ['excluded'];
