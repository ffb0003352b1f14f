/**
 * The difference of two trees as actions: one pass over two streams of blocks in canonical order. Pure: what it must know of
 * the world (the streams, whether two files have the same content) comes as arguments.
 *
 * Memory grows with the changes, the depth, and the files with several names; not with the trees.
 *
 * Invariant of the main loop: both readers stand in the same folder (the top frame), or have left it. A subtree that only one
 * tree has is consumed at once, so the two never part.
 */
import type {Action, Attrs, Reason} from '../core/action.js';
import {type Block, belongingsAt, CODE, entryAt, kindOf, nameAt, ownNameAt} from '../core/block.js';
import {addSizes, type Entry} from '../core/entry.js';
import {compareBytes, encodeName} from '../core/name.js';
import {baseName, joinPath, type RelPath, ROOT} from '../core/path.js';
import type {PlanOptions, Preservable} from '../core/plan.js';
import {type Problem, problem} from '../core/problem.js';
import {ActionList} from './action-list.js';
import {attributeReasons, canMake, contentReasons, isCurrent, isWantedSize, keepsTime, sameTime} from './compare.js';
import {type Deletion, readDeletion} from './deletion.js';
import {HardLinks, type LinkKey} from './hardlinks.js';
import {Elsewhere, holdDeletes, holdOverwrites} from './hold.js';
import {LossCount, type Losses} from './losses.js';
import {type BlockStream, compareNamesAt, isSameBlock, isSameFile, Reader, type Row} from './reader.js';

export interface DiffOptions {
  readonly source: BlockStream;
  readonly target: BlockStream;
  readonly policy: PlanOptions;
  /** What was asked to be kept: what of it is not counts as a loss. */
  readonly wanted: readonly Preservable[];
  /** The user that new files belong to, unless the owner is kept. */
  readonly uid: number;
  /** Whether the target can hold a new name; asked once for each. */
  readonly holdsName?: ((name: string) => boolean) | undefined;
  /** Bytes of the largest file that the target holds; of what is mounted in it nothing is known. */
  readonly largestFile?: number | undefined;
  /** Told now and then how many actions there are by now; it throws when there is no room for more. */
  readonly onActions?: (count: number) => void;
  /**
   * Whether the files at each of these paths have the same content in both trees; asked for `compare: 'content'` only. `inTarget`: where
   * the target has them, which differs where something is to be renamed.
   */
  readonly sameContent: (paths: readonly RelPath[], inTarget: readonly RelPath[]) => Promise<readonly (boolean | Problem)[]>;
}

export interface Diff {
  readonly actions: readonly Action[];
  readonly problems: Problem[];
  readonly losses: Losses;
  /** Folders on other file systems, left as they are. */
  readonly mounts: number;
}

export function diff(options: DiffOptions): Promise<Diff> {
  return new Merge(options).run();
}

/** Files compared by content are asked for in batches of this size. */
const CONTENT_BATCH = 512;

/** A folder that both trees have, while its content is merged. */
interface Frame {
  readonly parent: Frame | undefined;
  readonly depth: number;
  /** Its place in the canonical order. */
  readonly order: number;
  readonly source: Row;
  readonly target: Row;
  /** Nothing in the target's folder is deleted: what is in the source is not known. */
  readonly keeps: 'unread' | 'other-file-system' | undefined;
  /** Whether it, or a folder above it, is to be renamed. */
  readonly isRenamed: boolean;
  path: RelPath | undefined;
  /** Whether an action sets its attributes already. */
  settled: boolean;
}

interface Candidate {
  readonly path: RelPath;
  readonly from: RelPath | undefined;
  readonly order: number;
  readonly frame: Frame;
  readonly before: Entry;
  readonly after: Entry;
  readonly reasons: Reason[];
}

class Merge {
  readonly #source: Reader;
  readonly #target: Reader;
  readonly #policy: PlanOptions;
  readonly #links = new HardLinks();
  readonly #elsewhere: Elsewhere;
  readonly #actions = new ActionList();
  readonly #problems: Problem[] = [];
  readonly #candidates: Candidate[] = [];
  #order = 0;
  /** Entries of the subtree that is being read for its deletion. */
  #deleting = 0;
  readonly #losses: LossCount;
  #mounts = 0;
  /** That of the target's root, as a block has it. */
  #device: Block['device'][number] | undefined;

  constructor(private readonly options: DiffOptions) {
    const onBlock = () => options.onActions?.(this.#actions.count + this.#deleting);
    this.#source = new Reader(options.source, onBlock);
    this.#target = new Reader(options.target, onBlock);
    this.#policy = options.policy;
    this.#elsewhere = new Elsewhere(options.policy);
    this.#losses = new LossCount(options);
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
        this.#device = root.target.block.device[root.target.index];
        await this.#mergeBelow(root);
        await this.#compareContent();
        // Creating .dirsync touches the root itself, so whenever anything is done its times are put back.
        if (this.#actions.some(({kind}) => kind !== 'blocked')) this.#touch(root);
      }
    } else {
      await this.#createTree(undefined);
    }
    const held = holdOverwrites(
      holdDeletes(this.#actions.sorted(), this.#elsewhere, this.#policy),
      this.#elsewhere,
      this.#policy,
    );
    for (const path of held.held) this.#problem(path, 'target', 'HELD_BACK');
    return {
      actions: held.actions,
      problems: this.#problems,
      losses: this.#losses.counts,
      mounts: this.#mounts,
    };
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
          this.#order++;
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
      const order = this.#order++;
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
    const path = frame === undefined ? ROOT : joinPath(this.#pathOf(frame), s.name());
    const sourceCode = s.code;
    const targetCode = t.code;
    if (sourceCode === CODE.excluded) return this.#leftOut(frame as Frame);
    if (sourceCode === CODE.unknown) {
      await this.#skip(s);
      await this.#block(path);
      return undefined;
    }
    if (targetCode === CODE.unknown) return this.#leaveBoth();
    if (targetCode === CODE.excluded) {
      this.#problem(path, 'target', 'PROTECTED');
      return this.#leaveBoth();
    }
    if (this.#isCopyOfLed()) {
      this.#problem(path, 'source', 'LINK_NOT_FOLLOWED');
      return this.#leaveBoth();
    }
    if (this.#cannotMake(sourceCode)) {
      const isThere = sourceCode === targetCode && s.entry().rdev === t.entry().rdev;
      if (!isThere) this.#losses.countUnmade(sourceCode);
      return this.#skipBoth();
    }
    if (this.#isOtherSize()) {
      if (s.code !== t.code || !isCurrent(s.entry(), t.entry(), this.#policy)) this.#elsewhere.add(s.entry());
      return this.#skipBoth();
    }
    if (this.#isTooLarge(frame)) {
      this.#problem(path, 'source', 'FILE_TOO_LARGE');
      this.#elsewhere.add(s.entry());
      return this.#skipBoth();
    }
    const from = this.#renamedFrom(frame);
    if (sourceCode === CODE.directory && targetCode === CODE.directory) return this.#bothFolders(frame, path, from);
    if (sourceCode === targetCode) await this.#bothLeaves(frame as Frame, path, from);
    else if (targetCode === CODE.directory) await this.#folderToLeaf(frame as Frame, path, from);
    else if (sourceCode === CODE.directory) await this.#createTree(frame, {before: t.take(), from});
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
    await this.#skip(this.#source);
    await this.#targetOnly(frame, EXCLUDED);
    return undefined;
  }

  /** Where the target has the row at which it stands, if it is to be renamed. */
  #renamedFrom(frame: Frame | undefined): RelPath | undefined {
    const ownName = this.#target.ownName();
    return ownName === undefined || frame === undefined ? undefined : joinPath(this.#inTarget(frame), ownName);
  }

  /** Where the target has a folder. */
  #inTarget({parent, target: {block, index}}: Frame): RelPath {
    return parent === undefined ? ROOT : joinPath(this.#inTarget(parent), ownNameAt(block, index) ?? nameAt(block, index));
  }

  async #bothFolders(parent: Frame | undefined, path: RelPath, from: RelPath | undefined): Promise<Frame | undefined> {
    const source = this.#source.row();
    const target = this.#target.row();
    const isOneReader = this.#policy.deleteExcluded;
    if (!isOneReader && compareBytes(belongingsAt(source.block, source.index), belongingsAt(target.block, target.index)) !== 0) {
      // The two walks read different filter rules here: which of what follows is left out is not known.
      if (!(this.#source.partial || this.#target.partial)) this.#problem(path, 'source', 'FILTER_CHANGED');
      return this.#leaveBoth();
    }
    // What is in the target's folder is not known: nothing is planned in it. The scan said why.
    const untouchable = this.#target.partial;
    if (this.#source.isMount || this.#target.isMount) this.#mounts++;
    const before = entryAt(target.block, target.index);
    const after = entryAt(source.block, source.index);
    const keeps = this.#source.isMount ? 'other-file-system' : this.#source.partial ? 'unread' : undefined;
    const reasons = this.#metadata(after, before);
    const order = this.#order++;
    if (from !== undefined && parent !== undefined) {
      this.#touch(parent);
      this.#add(order, {kind: 'move', path, from, before, after, reasons: ['name', ...reasons]});
    } else if (reasons.length > 0) {
      this.#add(order, {kind: 'attrs', path, before, after, reasons});
    }
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
    const after = s.entry();
    const before = t.entry();
    const source = this.#keyOfSource(frame);
    const names = t.linkKey();
    const {showsLinks} = this.#policy;
    const target = showsLinks ? names : undefined;
    s.next();
    t.next();
    const order = this.#order++;
    const step = this.#links.step(path, source, target);
    // Where one file shows two inodes, what is the same in all that is kept counts as one.
    const isSame = step.type === 'link' && !showsLinks && isCurrent(after, before, this.#policy);
    const isLinked = step.type === 'linked' || (isSame && (await this.#isSameContent({path, from, frame, after})));
    if (isLinked) {
      // Its metadata is set through the name that leads.
      if (from !== undefined) this.#settle({path, from, order, frame, before, after, reasons: []});
      return;
    }
    if (step.type === 'link') {
      this.#touch(frame);
      const reasons = withName(['hardlink'], from);
      this.#add(order, {kind: 'link', path, ...renamed(from), before, after, leader: step.leader, reasons});
      return;
    }
    const attributes = this.#metadata(after, before);
    const content = contentReasons(after, before, this.#policy);
    if (step.type === 'part' || (!showsLinks && names !== undefined && source === undefined)) content.push('hardlink');
    if (content.length > 0) {
      this.#touch(frame);
      const reasons = withName([...new Set([...content, ...attributes])], from);
      this.#add(order, {kind: 'update', path, ...renamed(from), before, after, reasons});
    } else if (this.#policy.compare === 'content' && after.kind === 'file') {
      this.#candidates.push({path, from, order, frame, before, after, reasons: attributes});
      const manyNames = source !== undefined || target !== undefined;
      if (manyNames || this.#candidates.length >= CONTENT_BATCH) {
        const same = (await this.#compareContent()).at(-1);
        if (same) this.#links.keep(path, source, target);
      }
    } else {
      this.#links.keep(path, source, target);
      this.#settle({path, from, order, frame, before, after, reasons: attributes});
    }
  }

  /** What has the content that it is to have gets its name and its metadata, where they are others. */
  #settle({path, from, order, frame, before, after, reasons}: Candidate): void {
    if (from !== undefined) {
      this.#touch(frame);
      this.#add(order, {kind: 'move', path, from, before, after, reasons: ['name', ...reasons]});
    } else if (reasons.length > 0) {
      this.#add(order, {kind: 'attrs', path, before, after, reasons});
    }
  }

  /** Another kind of leaf: one rename replaces it. */
  #leafToLeaf(frame: Frame, path: RelPath, from: RelPath | undefined): void {
    const after = this.#source.entry();
    const before = this.#target.entry();
    const key = this.#keyOfSource(frame);
    this.#source.next();
    this.#target.next();
    this.#replaceByLeaf({frame, path, from, order: this.#order++, before, after, key});
  }

  /** The target's folder goes with all that is in it, or stays whole. */
  async #folderToLeaf(frame: Frame, path: RelPath, from: RelPath | undefined): Promise<void> {
    const after = this.#source.entry();
    const key = this.#keyOfSource(frame);
    const before = this.#target.entry();
    const order = this.#order++;
    this.#source.next();
    const gone = await this.#deletion(path, GONE);
    const empty = gone.steps.length === 1;
    const kept = gone.kept ?? (this.#policy.delete || empty ? undefined : 'NO_DELETE');
    if (kept !== undefined) {
      this.#problem(path, 'target', kept);
      this.#elsewhere.add(after);
    } else {
      this.#replaceByLeaf({frame, path, from, order, before, after, key});
      for (const step of gone.steps.slice(1)) this.#add(step.order, step.action);
    }
  }

  #replaceByLeaf({frame, path, from, order, before, after, key}: LeafReplacement): void {
    const step = this.#links.step(path, key, undefined);
    this.#losses.count(after);
    this.#touch(frame);
    const place = {path, ...renamed(from), before, after};
    if (step.type === 'link')
      this.#add(order, {kind: 'link', ...place, leader: step.leader, reasons: withName(['kind', 'hardlink'], from)});
    else this.#add(order, {kind: 'replace', ...place, reasons: withName(['kind'], from)});
  }

  async #sourceOnly(frame: Frame): Promise<void> {
    const s = this.#source;
    const code = s.code;
    this.#noteUnread();
    if (code === CODE.excluded || code === CODE.unknown) return this.#skip(s);
    if (this.#cannotMake(code)) {
      this.#losses.countUnmade(code);
      return this.#skip(s);
    }
    if (this.#isOtherSize()) {
      this.#elsewhere.add(s.entry());
      return this.#skip(s);
    }
    const fault = this.#unheld(frame);
    if (fault !== undefined) return this.#skipUnheld(joinPath(this.#pathOf(frame), s.name()), fault);
    await this.#createTree(frame);
  }

  /**
   * Creates all that the source has at and below the row it stands at. `replaced` is the leaf that stands in the target where
   * a folder is to be.
   */
  async #createTree(frame: Frame | undefined, replaced?: {before: Entry; from: RelPath | undefined}): Promise<void> {
    const s = this.#source;
    const top = s.depth;
    const paths: RelPath[] = [frame === undefined ? ROOT : this.#pathOf(frame)];
    if (frame !== undefined) this.#touch(frame);
    do {
      const code = s.code;
      const parent = paths[s.depth - top] as RelPath;
      const path = s.depth === 0 ? ROOT : joinPath(parent, s.name());
      const kind = kindOf(code);
      this.#noteUnread();
      const fault = s.depth > top && kind !== undefined ? this.#unheld(frame) : undefined;
      if (fault !== undefined) {
        await this.#skipUnheld(path, fault);
        continue;
      }
      if (this.#cannotMake(code)) {
        this.#losses.countUnmade(code);
      } else if (this.#isOtherSize()) {
        this.#elsewhere.add(s.entry());
      } else if (kind !== undefined) {
        const after = s.entry();
        const order = this.#order++;
        this.#losses.count(after);
        if (s.isMount) this.#mounts++;
        if (kind !== 'directory') this.#create(order, path, after, this.#keyOfSource(frame));
        else if (replaced !== undefined && s.depth === top) {
          const {before, from} = replaced;
          this.#add(order, {kind: 'replace', path, ...renamed(from), before, after, reasons: withName(['kind'], from)});
        } else this.#add(order, {kind: 'mkdir', path, after, reasons: NEW});
        if (kind === 'directory') paths[s.depth - top + 1] = path;
      }
      s.next();
      if (s.atEnd) await s.fill();
    } while (s.depth > top);
  }

  /** Why the target cannot have what the source has here, if it cannot; `frame`: the folder of the target that it would be in or below. */
  #unheld(frame: Frame | undefined): string | undefined {
    if (this.options.holdsName?.(this.#source.name()) === false) return 'NAME_NOT_HELD';
    return this.#isTooLarge(frame) ? 'FILE_TOO_LARGE' : undefined;
  }

  /** A file that is to be left alone for its size; it may have come from another path, at which it is then not deleted. */
  #isOtherSize(): boolean {
    const {code, block, index} = this.#source;
    return code === CODE.file && !isWantedSize(block.size[index] as number, this.#policy);
  }

  #isTooLarge(frame: Frame | undefined): boolean {
    const {largestFile = Infinity} = this.options;
    const {code, block, index} = this.#source;
    if (code !== CODE.file || (block.size[index] as number) <= largestFile) return false;
    return frame === undefined || frame.target.block.device[frame.target.index] === this.#device;
  }

  /** What is in a folder that the target cannot have does not arrive either. */
  async #skipUnheld(path: RelPath, fault: string): Promise<void> {
    const s = this.#source;
    const {depth} = s;
    this.#problem(path, 'source', fault);
    do {
      this.#noteUnread();
      const kind = kindOf(s.code);
      if (kind !== undefined && kind !== 'directory') this.#elsewhere.add(s.entry());
      s.next();
      if (s.atEnd) await s.fill();
    } while (s.depth > depth);
  }

  #create(order: number, path: RelPath, after: Entry, key: LinkKey): void {
    const step = this.#links.step(path, key, undefined);
    if (step.type === 'link') this.#add(order, {kind: 'link', path, after, leader: step.leader, reasons: ['new', 'hardlink']});
    else this.#add(order, {kind: 'create', path, after, reasons: NEW});
  }

  async #targetOnly(frame: Frame, reasons = GONE): Promise<void> {
    const t = this.#target;
    if (!this.#policy.delete || frame.keeps === 'other-file-system') return this.#skip(t);
    const path = joinPath(this.#pathOf(frame), t.name());
    if (frame.keeps === 'unread') return this.#block(path);
    const {steps} = await this.#deletion(path, reasons);
    if (steps.some(({action}) => action.kind !== 'blocked')) this.#touch(frame);
    for (const step of steps) this.#add(step.order, step.action);
  }

  /** What the target has here stays, since the source could not be read. */
  async #block(path: RelPath): Promise<void> {
    const t = this.#target;
    const isKnown = kindOf(t.code) !== undefined;
    if (!isKnown || !this.#policy.delete) return this.#skip(t);
    const before = t.entry();
    const top = t.depth;
    let [leaves, bytes] = [0, 0];
    do {
      const kind = kindOf(t.code);
      if (kind !== undefined && kind !== 'directory') {
        leaves++;
        bytes = addSizes(bytes, t.entry().size);
      }
      t.next();
      if (t.atEnd) await t.fill();
    } while (t.depth > top);
    this.#add(this.#order++, {kind: 'blocked', path, before, leaves, bytes, reasons: SOURCE_UNREAD});
  }

  #deletion(path: RelPath, reasons: readonly Reason[]): Promise<Deletion> {
    const nextOrder = () => {
      this.#deleting++;
      return this.#order++;
    };
    return readDeletion(this.#target, {path, reasons, nextOrder});
  }

  async #skip(reader: Reader): Promise<void> {
    const top = reader.depth;
    do {
      reader.next();
      if (reader.atEnd) await reader.fill();
    } while (reader.depth > top);
  }

  /** The source stands at something of which not all is known, where the target has nothing of its own to be protected. */
  #noteUnread(): void {
    const s = this.#source;
    if (s.code === CODE.unknown || (s.code === CODE.directory && s.partial && !s.isMount)) this.#elsewhere.isUnknown = true;
  }

  /** What both have here stays as it is, though the source may have something new: a problem says why. */
  async #leaveBoth(): Promise<undefined> {
    const s = this.#source;
    const top = s.depth;
    do {
      // A folder that the target has too protects what is below it, and no more.
      if (s.depth > top || this.#target.code !== CODE.directory) this.#noteUnread();
      const kind = kindOf(s.code);
      if (kind !== undefined && kind !== 'directory') this.#elsewhere.add(s.entry());
      s.next();
      if (s.atEnd) await s.fill();
    } while (s.depth > top);
    await this.#skip(this.#target);
    return undefined;
  }

  async #skipBoth(): Promise<undefined> {
    await this.#skip(this.#source);
    await this.#skip(this.#target);
    return undefined;
  }

  /** Asks for the content of all waiting files; returns for each whether it is the same. */
  async #compareContent(): Promise<boolean[]> {
    const waiting = this.#candidates.splice(0);
    if (waiting.length === 0) return [];
    const answers = await this.#askContent(waiting);
    return waiting.map((candidate, i) => {
      const {path, from, order, frame, before, after, reasons} = candidate;
      const answer = answers[i] as boolean | Problem;
      if (typeof answer !== 'boolean') {
        this.#problems.push(answer);
        this.#elsewhere.add(after);
      } else if (!answer) {
        this.#touch(frame);
        this.#add(order, {
          kind: 'update',
          path,
          ...renamed(from),
          before,
          after,
          reasons: withName(['content', ...reasons], from),
        });
      } else this.#settle(candidate);
      return answer === true;
    });
  }

  /** Whether a leaf that is the same in its metadata is so in its content, as far as that is asked for; a problem leaves it as it is. */
  async #isSameContent(leaf: Pick<Candidate, 'path' | 'from' | 'frame' | 'after'>): Promise<boolean> {
    if (this.#policy.compare !== 'content' || leaf.after.kind !== 'file') return true;
    const [answer] = await this.#askContent([leaf]);
    if (typeof answer === 'boolean') return answer;
    this.#problems.push(answer as Problem);
    this.#elsewhere.add(leaf.after);
    return true;
  }

  #askContent(files: readonly Pick<Candidate, 'path' | 'from' | 'frame'>[]): Promise<readonly (boolean | Problem)[]> {
    const inTarget = files.map(({path, from, frame}) => {
      return from ?? (frame.isRenamed ? joinPath(this.#inTarget(frame), baseName(path)) : path);
    });
    return this.options.sameContent(
      files.map(({path}) => path),
      inTarget,
    );
  }

  /** In which metadata two entries of one kind differ, times included. */
  #metadata(after: Entry, before: Entry): Reason[] {
    this.#losses.count(after, before);
    const reasons = attributeReasons(after, before, this.#policy);
    if (keepsTime(after.kind, this.#policy) && !sameTime(after.mtime, before.mtime, this.#policy)) reasons.push('mtime');
    return reasons;
  }

  /**
   * Which file of several names the source has here, where that is kept; `frame`: the target's folder that the path is or will be
   * in. Names on two file systems of the target are two files.
   */
  #keyOfSource(frame: Frame | undefined): LinkKey {
    const s = this.#source;
    const key = s.linkKey();
    if (key !== undefined && !this.#policy.hardlinks) {
      if (s.code === CODE.file) this.#losses.countName(key, s.block.size[s.index] as number);
      return undefined;
    }
    if (key === undefined || frame === undefined) return key;
    const {block, index} = frame.target;
    return `${key}@${block.device[index]}`;
  }

  /** What is of no use to try: it is left out, and what stands in its place stays. */
  #cannotMake(code: number): boolean {
    return !canMake(code, this.#policy);
  }

  /** What is done in a folder changes its times: an action puts them back, unless one sets them anyway. */
  #touch(frame: Frame): void {
    if (frame.settled || !this.#policy.times) return;
    frame.settled = true;
    const before = entryAt(frame.target.block, frame.target.index);
    const after = entryAt(frame.source.block, frame.source.index);
    const action: Attrs = {kind: 'attrs', path: this.#pathOf(frame), before, after, reasons: ['children']};
    this.#add(frame.order, action);
  }

  #pathOf(frame: Frame): RelPath {
    frame.path ??= joinPath(this.#pathOf(frame.parent as Frame), nameAt(frame.source.block, frame.source.index));
    return frame.path;
  }

  #add(order: number, action: Action): void {
    this.#actions.add(order, action);
    this.#deleting = 0;
  }

  #problem(path: RelPath, side: 'source' | 'target', code: string): void {
    this.#problems.push(problem({path, side, phase: 'plan', code}));
  }
}

/** Shared by all actions that have it, since there may be millions. */
const NEW: readonly Reason[] = ['new'];
const GONE: readonly Reason[] = ['gone'];
const EXCLUDED: readonly Reason[] = ['excluded'];
const SOURCE_UNREAD: readonly Reason[] = ['source-unread'];

function renamed(from: RelPath | undefined): {readonly from?: RelPath} {
  return from === undefined ? {} : {from};
}

function withName(reasons: readonly Reason[], from: RelPath | undefined): readonly Reason[] {
  return from === undefined ? reasons : ['name', ...reasons];
}

interface LeafReplacement {
  readonly frame: Frame;
  readonly path: RelPath;
  readonly from: RelPath | undefined;
  readonly order: number;
  readonly before: Entry;
  readonly after: Entry;
  readonly key: LinkKey;
}
