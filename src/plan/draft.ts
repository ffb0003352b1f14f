/**
 * The draft of a plan: the comparison adds actions, problems and losses to it, and in the end some actions are held back. If the
 * content of a folder changes, the draft adds an action that restores its times. Further names of a file become links to the first.
 */
import type {Action, Reason} from '../core/action.js';
import {CODE} from '../core/block.js';
import type {Entry} from '../core/entry.js';
import type {RelPath} from '../core/path.js';
import type {PlanOptions} from '../core/plan.js';
import {type Problem, problem} from '../core/problem.js';
import {ActionList} from './action-list.js';
import {deviceOf, entriesOf, type Frame, pathOf} from './frame.js';
import {HardLinks, type LinkKey} from './hardlinks.js';
import {Elsewhere, holdDeletes, holdOverwrites} from './hold.js';
import {LossCount, type Losses, type LossOptions} from './losses.js';
import type {Reader} from './reader.js';

/** The result of a comparison. */
export interface Diff {
  readonly actions: readonly Action[];
  readonly problems: Problem[];
  readonly losses: Losses;
  /** The number of folders on other file systems, which are left alone. */
  readonly mounts: number;
}

/** The entries of both trees at a path. */
export interface Pair {
  readonly path: RelPath;
  /** Its current path in the target, if it will be renamed. */
  readonly from: RelPath | undefined;
  readonly order: number;
  /** Its folder; undefined for the root. */
  readonly frame: Frame | undefined;
  readonly before: Entry;
  readonly after: Entry;
}

/** Collects the result of a comparison. */
export class Draft {
  readonly elsewhere: Elsewhere;
  readonly losses: LossCount;
  readonly links = new HardLinks();
  mounts = 0;
  readonly #policy: PlanOptions;
  readonly #actions = new ActionList();
  readonly #problems: Problem[] = [];
  #order = 0;
  /** A position and all steps before the next whole number are exact up to 2^26 paths, with as many steps each. */
  #step = 1;
  /** The number of entries in the subtree that is being read for its deletion. */
  #deleting = 0;

  constructor(options: LossOptions) {
    this.#policy = options.policy;
    this.elsewhere = new Elsewhere(options.policy);
    this.losses = new LossCount(options);
  }

  /** The current number of actions, including the entries of a subtree that is being read for its deletion. */
  get count(): number {
    return this.#actions.count + this.#deleting;
  }

  get hasChanges(): boolean {
    return this.#actions.some(({kind}) => kind !== 'blocked');
  }

  /** Returns the position of the next path in canonical order. */
  nextOrder(): number {
    const order = this.#order;
    this.#order += this.#step;
    return order;
  }

  /** Returns the position of a path that may be deleted. */
  nextOrderOfDeletion(): number {
    this.#deleting++;
    return this.nextOrder();
  }

  /** From now on, the positions follow this one, and come before all later ones. */
  goBackTo(order: number): void {
    this.#order = order;
    this.#step = 2 ** -26;
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

  /** Changes in a folder change its times: adds an action that restores them, unless another one sets them anyway. */
  touch(frame: Frame | undefined): void {
    if (frame === undefined || frame.settled || !this.#policy.times) return;
    frame.settled = true;
    this.add(frame.order, {kind: 'attrs', path: pathOf(frame), ...entriesOf(frame), reasons: ['children']});
  }

  /** A new leaf in a folder that is already touched. */
  create(order: number, {path, after, key}: {path: RelPath; after: Entry; key: LinkKey}): void {
    const step = this.links.step(path, key, undefined);
    if (step.type === 'link') this.add(order, {kind: 'link', path, after, leader: step.leader, reasons: ['new', 'hardlink']});
    else this.add(order, {kind: 'create', path, after, reasons: NEW});
  }

  mkdir(order: number, path: RelPath, after: Entry): void {
    this.add(order, {kind: 'mkdir', path, after, reasons: NEW});
  }

  /** Sets name and metadata if they differ; the content is already right. */
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

  /** A separate file becomes another name of `leader`. */
  link({path, from, order, frame, before, after}: Pair, leader: RelPath): void {
    this.touch(frame);
    this.add(order, {kind: 'link', path, ...renamed(from), before, after, leader, reasons: withName(['hardlink'], from)});
  }

  /** A folder replaces a leaf, in a folder that is already touched. */
  replaceByFolder({path, from, order, before, after}: Pair): void {
    this.add(order, {kind: 'replace', path, ...renamed(from), before, after, reasons: withName(['kind'], from)});
  }

  /** A leaf replaces an entry of a different kind. */
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
   * The key of a file with several names at the source's current row, if hard links are kept. `frame`: the target's folder that
   * contains or will contain the path. Names on two file systems of the target are two files.
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

/** Shared by all actions that have it, because there may be millions. */
const NEW: readonly Reason[] = ['new'];

function renamed(from: RelPath | undefined): {readonly from?: RelPath} {
  return from === undefined ? {} : {from};
}

function withName(reasons: readonly Reason[], from: RelPath | undefined): readonly Reason[] {
  return from === undefined ? reasons : ['name', ...reasons];
}
