/**
 * What follows from what the comparison of two trees finds: actions by their places in canonical order, problems, losses, and what is
 * held back in the end. Each change of a folder's content has its times put back; names of one file become links to the first.
 */
import type {Action, Reason} from '../core/action.js';
import {CODE, entryAt} from '../core/block.js';
import type {Entry} from '../core/entry.js';
import type {RelPath} from '../core/path.js';
import type {PlanOptions} from '../core/plan.js';
import {type Problem, problem} from '../core/problem.js';
import {ActionList} from './action-list.js';
import {deviceOf, type Frame, pathOf} from './frame.js';
import {HardLinks, type LinkKey} from './hardlinks.js';
import {Elsewhere, holdDeletes, holdOverwrites} from './hold.js';
import {LossCount, type Losses, type LossOptions} from './losses.js';
import type {Reader} from './reader.js';

export interface Diff {
  readonly actions: readonly Action[];
  readonly problems: Problem[];
  readonly losses: Losses;
  /** Folders on other file systems, left as they are. */
  readonly mounts: number;
}

/** What both trees have at a path. */
export interface Pair {
  readonly path: RelPath;
  /** Where the target has it, if it is to be renamed. */
  readonly from: RelPath | undefined;
  readonly order: number;
  /** The folder that holds it; undefined for the root. */
  readonly frame: Frame | undefined;
  readonly before: Entry;
  readonly after: Entry;
}

export class Draft {
  readonly elsewhere: Elsewhere;
  readonly losses: LossCount;
  readonly links = new HardLinks();
  mounts = 0;
  readonly #policy: PlanOptions;
  readonly #actions = new ActionList();
  readonly #problems: Problem[] = [];
  #order = 0;
  /** Entries of the subtree that is being read for its deletion. */
  #deleting = 0;

  constructor(options: LossOptions) {
    this.#policy = options.policy;
    this.elsewhere = new Elsewhere(options.policy);
    this.losses = new LossCount(options);
  }

  /** How many actions there are by now, with those of a subtree that is being read for its deletion. */
  get count(): number {
    return this.#actions.count + this.#deleting;
  }

  get hasChanges(): boolean {
    return this.#actions.some(({kind}) => kind !== 'blocked');
  }

  /** The place of the next path in canonical order. */
  nextOrder(): number {
    return this.#order++;
  }

  /** That of a path which may be deleted. */
  nextOrderOfDeletion(): number {
    this.#deleting++;
    return this.#order++;
  }

  add(order: number, action: Action): void {
    this.#actions.add(order, action);
    this.#deleting = 0;
  }

  addProblem(found: Problem): void {
    this.#problems.push(found);
  }

  problem(path: RelPath, side: 'source' | 'target', code: string): void {
    this.addProblem(problem({path, side, phase: 'plan', code}));
  }

  /** What is done in a folder changes its times: an action puts them back, unless one sets them anyway. */
  touch(frame: Frame | undefined): void {
    if (frame === undefined || frame.settled || !this.#policy.times) return;
    frame.settled = true;
    const before = entryAt(frame.target.block, frame.target.index);
    const after = entryAt(frame.source.block, frame.source.index);
    this.add(frame.order, {kind: 'attrs', path: pathOf(frame), before, after, reasons: ['children']});
  }

  /** A leaf that is new in a folder which is touched already. */
  create(order: number, {path, after, key}: {path: RelPath; after: Entry; key: LinkKey}): void {
    const step = this.links.step(path, key, undefined);
    if (step.type === 'link') this.add(order, {kind: 'link', path, after, leader: step.leader, reasons: ['new', 'hardlink']});
    else this.add(order, {kind: 'create', path, after, reasons: NEW});
  }

  mkdir(order: number, path: RelPath, after: Entry): void {
    this.add(order, {kind: 'mkdir', path, after, reasons: NEW});
  }

  /** What has the content that it is to have gets its name and its metadata, where they are others. */
  settle({path, from, order, frame, before, after}: Pair, reasons: readonly Reason[]): void {
    if (from !== undefined) {
      this.touch(frame);
      this.add(order, {kind: 'move', path, from, before, after, reasons: ['name', ...reasons]});
    } else if (reasons.length > 0) {
      this.add(order, {kind: 'attrs', path, before, after, reasons});
    }
  }

  update({path, from, order, frame, before, after}: Pair, reasons: readonly Reason[]): void {
    this.touch(frame);
    this.add(order, {kind: 'update', path, ...renamed(from), before, after, reasons: withName(reasons, from)});
  }

  /** A file of its own becomes a further name of another. */
  link({path, from, order, frame, before, after}: Pair, leader: RelPath): void {
    this.touch(frame);
    this.add(order, {kind: 'link', path, ...renamed(from), before, after, leader, reasons: withName(['hardlink'], from)});
  }

  /** A folder takes the place of a leaf, in a folder which is touched already. */
  replaceByFolder({path, from, order, before, after}: Pair): void {
    this.add(order, {kind: 'replace', path, ...renamed(from), before, after, reasons: withName(['kind'], from)});
  }

  /** A leaf takes the place of something of another kind. */
  replaceByLeaf({path, from, order, frame, before, after}: Pair, key: LinkKey): void {
    const step = this.links.step(path, key, undefined);
    this.losses.count(after);
    this.touch(frame);
    const place = {path, ...renamed(from), before, after};
    if (step.type === 'link')
      this.add(order, {kind: 'link', ...place, leader: step.leader, reasons: withName(['kind', 'hardlink'], from)});
    else this.add(order, {kind: 'replace', ...place, reasons: withName(['kind'], from)});
  }

  /**
   * Which file of several names the source has where it stands, if that is kept; `frame`: the target's folder that the path is or
   * will be in. Names on two file systems of the target are two files.
   */
  keyOf(source: Reader, frame: Frame | undefined): LinkKey {
    const key = source.linkKey();
    if (key !== undefined && !this.#policy.hardlinks) {
      if (source.code === CODE.file) this.losses.countName(key, source.block.size[source.index] as number);
      return undefined;
    }
    return key === undefined || frame === undefined ? key : `${key}@${deviceOf(frame)}`;
  }

  finish(): Diff {
    const deletes = holdDeletes(this.#actions.sorted(), this.elsewhere, this.#policy);
    const {actions, held} = holdOverwrites(deletes, this.elsewhere, this.#policy);
    for (const path of held) this.problem(path, 'target', 'HELD_BACK');
    return {actions, problems: this.#problems, losses: this.losses.counts, mounts: this.mounts};
  }
}

/** Shared by all actions that have it, since there may be millions. */
const NEW: readonly Reason[] = ['new'];

function renamed(from: RelPath | undefined): {readonly from?: RelPath} {
  return from === undefined ? {} : {from};
}

function withName(reasons: readonly Reason[], from: RelPath | undefined): readonly Reason[] {
  return from === undefined ? reasons : ['name', ...reasons];
}
