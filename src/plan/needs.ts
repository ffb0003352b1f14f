/**
 * Which action of a plan needs which. The one place that knows, asked by whoever leaves actions out (plan/selection) and before
 * each step of a run (apply):
 *
 * - what is in a folder that the plan makes, or gives another name, needs that folder;
 * - a hard link needs the file that leads its group;
 * - a folder that goes, or gives its place to a leaf, needs all below it gone;
 * - what goes to make room for a leaf needs that leaf, written and waiting;
 * - a leaf that goes, or is written over, needs each leaf that it may be under another name: of the same kind, size and time, and to be
 *   written. Where that one waits for a folder to be empty, or each waits for the other, the leaf is set aside until the run is whole.
 */
import {type Action, isUpkeep, type Link} from '../core/action.js';
import type {Entry} from '../core/entry.js';
import {type ActionState, OUTCOME_STATUSES} from '../core/outcome.js';
import type {RelPath} from '../core/path.js';
import {overwritten} from './overwrites.js';
import {goingKey, isTwinTime, type TwinPolicy, writtenKeys} from './twins.js';
import type {WaveStep} from './waves.js';

const NONE = -1;

/** What is asked of an action again and again. Perf: fetching a million actions from memory takes most of a toggle. */
const UPKEEP = 1;
/** What lies below its path can be there only when it is done: it makes that folder, or gives it the name that it has in the plan. */
const MAKES_FOLDER = 2;
/** It can be done only when what lies below its path is gone. */
const EMPTIES_FOLDER = 4;
/** Something stands at its path afterwards. */
const LEAVES_SOMETHING = 8;
/** What goes from below its path can be found there only when it is done, too. */
const RENAMES_FOLDER = 16;

/** What an action needs and does not have; `of` is the action that it needs. */
export interface Unmet {
  readonly need: 'folder' | 'leader' | 'replacement' | 'below' | 'copy';
  readonly of: number;
}

type StateOf = (index: number) => ActionState;

/** How far a run has come. */
export interface RunState {
  readonly stateOf: StateOf;
  /** Whether an action wrote what the source had by then, which is not what the plan saw. */
  readonly isOther?: (index: number) => boolean;
  /** Grows with whatever these answer: while it stays, they answer the same. */
  readonly turn: number;
}

export class Needs {
  /**
   * The action that makes the folder which holds an action's path; for a delete, the action that needs it done, since it removes
   * that folder, or else the one that gives that folder its name.
   */
  readonly #above: Int32Array;
  /** The first action after those at and below an action's path. */
  readonly #end: Int32Array;
  readonly #traits: Uint8Array;
  readonly #links = new Map<number, number[]>();
  readonly #leader = new Map<number, number>();
  /** Leaves that replace folders, in canonical order. */
  readonly #replacing: number[] = [];
  #twins: ReadonlyMap<string, Twins> | undefined;
  /** Files that are written over, whose content another action may bring. */
  #overwritten: ReadonlySet<number> | undefined;

  /** For a million actions that takes 0.2 s. */
  constructor(
    private readonly actions: readonly Action[],
    private readonly policy: TwinPolicy,
  ) {
    const count = actions.length;
    const above = new Int32Array(count).fill(NONE);
    const end = new Int32Array(count);
    const traits = new Uint8Array(count);
    const links: number[] = [];
    /** The folders that hold the last path: indexes, and their paths. */
    const open: number[] = [];
    const paths: RelPath[] = [];
    // Perf: one pass, since most of its time goes to fetching the actions from memory (bench: review-million).
    for (let i = 0; i < count; i++) {
      const action = actions[i] as Action;
      const {path, before, after} = action;
      while (open.length > 0 && !isBelow(path, paths[paths.length - 1] as RelPath)) {
        end[open.pop() as number] = i;
        paths.pop();
      }
      end[i] = i + 1;
      traits[i] = traitsOf(action);
      // Of two folders above that count, the nearer one needs the farther one itself. One whose attributes alone change may lie in one
      // that is renamed.
      if (open.length > 0) {
        const counts = after ? MAKES_FOLDER : EMPTIES_FOLDER | RENAMES_FOLDER;
        let folder = open[open.length - 1] as number;
        while (folder !== NONE && ((traits[folder] as number) & counts) === 0) folder = above[folder] as number;
        above[i] = folder;
      }
      if (after?.kind === 'directory' || before?.kind === 'directory') {
        open.push(i);
        paths.push(path);
      }
      if (before?.kind === 'directory' && after !== undefined && after.kind !== 'directory') this.#replacing.push(i);
      if (action.kind === 'link') links.push(i);
    }
    for (const folder of open) end[folder] = count;
    this.#above = above;
    this.#end = end;
    this.#traits = traits;
    if (links.length > 0) this.#findLeaders(links);
  }

  #findLeaders(links: readonly number[]): void {
    const {actions} = this;
    const leaderOf = (link: number) => (actions[link] as Link).leader;
    const leaders = new Set(links.map(leaderOf));
    const places = new Map<RelPath, number>();
    actions.forEach(({path}, i) => {
      if (leaders.has(path)) places.set(path, i);
    });
    for (const link of links) {
      const leader = places.get(leaderOf(link));
      if (leader === undefined) continue;
      this.#leader.set(link, leader);
      const known = this.#links.get(leader);
      if (known === undefined) this.#links.set(leader, [link]);
      else known.push(link);
    }
  }

  isUpkeep(index: number): boolean {
    return this.#is(index, UPKEEP);
  }

  /** The first action after those at and below the path of action `index`. */
  endOf(index: number): number {
    return this.#end[index] as number;
  }

  /** The action that makes or renames the folder which holds the path of action `index`, if one does. */
  makerOf(index: number): number | undefined {
    const above = this.#aboveOf(index);
    if (above === undefined || this.#is(index, LEAVES_SOMETHING)) return above;
    return this.#is(above, RENAMES_FOLDER) ? above : undefined;
  }

  /** The action of the file that leads the group of link `index`; undefined where that file has none. */
  leaderOf(index: number): number | undefined {
    return this.#leader.get(index);
  }

  /** Tells each action that `index` needs, twins apart; those below its path only where they are asked for. */
  forEachNeeded(index: number, withBelow: boolean, tell: (needed: number) => void): void {
    const maker = this.makerOf(index);
    if (maker !== undefined) tell(maker);
    const leader = this.#leader.size > 0 ? this.#leader.get(index) : undefined;
    if (leader !== undefined) tell(leader);
    if (withBelow && this.#is(index, EMPTIES_FOLDER)) for (let i = index + 1; i < this.endOf(index); i++) tell(i);
  }

  /** Tells each action that needs `index`, in the same way. */
  forEachNeeding(index: number, withBelow: boolean, tell: (needing: number) => void): void {
    if (withBelow && this.#is(index, MAKES_FOLDER)) for (let i = index + 1; i < this.endOf(index); i++) tell(i);
    const above = this.#aboveOf(index);
    if (above !== undefined && above !== this.makerOf(index)) tell(above);
    if (this.#links.size > 0) for (const link of this.#links.get(index) ?? []) tell(link);
  }

  /** The first need of a step that is not met, as far as the run has come; what was begun and failed is met never. */
  unmet(index: number, step: WaveStep, run: RunState): Unmet | undefined {
    const {stateOf} = run;
    switch (step) {
      case 'renames':
      case 'folders':
      case 'writes':
        return this.#unmetFolder(index, stateOf);
      case 'links': {
        const folder = this.#unmetFolder(index, stateOf);
        const leader = this.leaderOf(index);
        if (folder !== undefined) return folder;
        const isLed = leader === undefined || isLeading(this.actions[leader] as Action, stateOf(leader));
        return isLed ? this.#unmetCopy(index, run) : {need: 'leader', of: leader};
      }
      case 'overwrites':
      case 'exchanges':
        return this.#unmetFolder(index, stateOf) ?? this.#unmetCopy(index, run);
      case 'deletes':
        return this.#unmetFolder(index, stateOf) ?? this.#unmetReplacement(index, stateOf) ?? this.#unmetCopy(index, run);
      case 'emptied':
        return this.#unmetFolder(index, stateOf) ?? this.#unmetReplacement(index, stateOf) ?? this.#unmetBelow(index, stateOf);
      case 'attrs':
      case 'settle':
        return undefined;
    }
  }

  #unmetFolder(index: number, stateOf: StateOf): Unmet | undefined {
    const maker = this.makerOf(index);
    return maker === undefined || IS_THERE.has(stateOf(maker)) ? undefined : {need: 'folder', of: maker};
  }

  /** For a leaf that replaces a folder, that is itself. */
  #unmetReplacement(index: number, stateOf: StateOf): Unmet | undefined {
    const of = this.#replacementAt(index);
    return of === undefined || WRITTEN.has(stateOf(of)) ? undefined : {need: 'replacement', of};
  }

  #unmetBelow(index: number, stateOf: StateOf): Unmet | undefined {
    for (let i = index + 1; i < this.endOf(index); i++) if (!IS_GONE.has(stateOf(i))) return {need: 'below', of: i};
    return undefined;
  }

  #unmetCopy(index: number, {stateOf, isOther = () => false, turn}: RunState): Unmet | undefined {
    const twins = this.twinsGoing(index);
    if (twins === undefined) return undefined;
    // Perf: what has ended is looked at once, and nothing while nothing has, since a million files may share one size and time.
    twins.lost ??= [];
    twins.open ??= twins.written;
    if (twins.turn !== turn) {
      twins.turn = turn;
      twins.lost.push(...twins.open.filter((i) => IS_LOST.has(stateOf(i)) || isOther(i)));
      twins.open = twins.open.filter((i) => !HAS_ENDED.has(stateOf(i)));
    }
    const of = this.#sameTimeIn(twins.lost, index);
    return of === undefined ? undefined : {need: 'copy', of};
  }

  /**
   * Where a leaf goes, or a link is put over it, while what it may be under another name still waits for its place, which it may be
   * refused: the path at which that changes, its own or that of the folder that gives its place to another leaf.
   */
  asideOf(index: number, stateOf: StateOf): RelPath | undefined {
    const at = (this.actions[index] as Action).kind === 'link' ? index : this.#replacementAt(index);
    const twins = at === undefined ? undefined : this.twinsGoing(index);
    if (at === undefined || twins === undefined) return undefined;
    // Perf: nothing comes to wait, or gets its place, while leaves are deleted.
    twins.waiting ??= twins.written.filter((i) => stateOf(i) === 'staged');
    return this.#sameTimeIn(twins.waiting, index) === undefined ? undefined : this.actions[at]?.path;
  }

  /** The first of these that is written with the time of what stands where action `index` is done. */
  #sameTimeIn(written: readonly number[], index: number): number | undefined {
    const {before} = this.actions[index] as Action;
    return written.find((i) => {
      const {mtime} = (this.actions[i] as Action).after as Entry;
      return i !== index && isTwinTime((before as Entry).mtime, mtime, this.policy);
    });
  }

  /** What may be under other names what goes, or is written over, by action `index`. */
  twinsGoing(index: number): Twins | undefined {
    const {before} = this.actions[index] as Action;
    if (this.policy.deleteAnyway || before === undefined || !this.#isGoing(index)) return undefined;
    return this.#allTwins.get(goingKey(before, this.policy));
  }

  /** What may be under other names what action `index` writes. */
  twinsWritten(index: number): readonly Twins[] {
    const action = this.actions[index] as Action;
    if (this.policy.deleteAnyway || !isWritten(action)) return [];
    const keys = writtenKeys(action.after as Entry, this.policy);
    return keys.map((key) => this.#allTwins.get(key)).filter((twins) => twins !== undefined);
  }

  #isGoing(index: number): boolean {
    if (isGoing(this.actions[index] as Action)) return true;
    this.#overwritten ??= new Set(overwritten(this.actions, this.policy));
    return this.#overwritten.has(index);
  }

  get #allTwins(): ReadonlyMap<string, Twins> {
    this.#twins ??= findTwins(this.actions, (index) => this.#isGoing(index), this.policy);
    return this.#twins;
  }

  /** The leaf that replaces the folder at or above the path of action `index`. */
  #replacementAt(index: number): number | undefined {
    let [low, high] = [0, this.#replacing.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#replacing[middle] as number) <= index) low = middle + 1;
      else high = middle;
    }
    const last = this.#replacing[low - 1];
    return last !== undefined && index < this.endOf(last) ? last : undefined;
  }

  #aboveOf(index: number): number | undefined {
    const above = this.#above[index] as number;
    return above === NONE ? undefined : above;
  }

  #is(index: number, trait: number): boolean {
    return ((this.#traits[index] as number) & trait) !== 0;
  }
}

/** A folder into which something can be put. */
const IS_THERE: ReadonlySet<ActionState> = new Set(['made', 'found', 'done', 'already-done']);
const WRITTEN: ReadonlySet<ActionState> = new Set(['staged', 'done', 'already-done']);
const IS_GONE: ReadonlySet<ActionState> = new Set(['done', 'already-done']);
/** Its content did not arrive in this run. What goes before anything is written (--delete-before) does not wait for it. */
const IS_LOST: ReadonlySet<ActionState> = new Set(['failed', 'skipped', 'stopped', 'blocked']);

/** Nothing becomes of these any more. */
const HAS_ENDED: ReadonlySet<ActionState> = new Set(OUTCOME_STATUSES);

/** Whether links can be made to a file. One whose attributes alone are still to be set is whole already. */
function isLeading({kind}: Action, state: ActionState): boolean {
  return WRITTEN.has(state) || ((kind === 'attrs' || kind === 'move') && state === 'pending');
}

/** What writes content that may be that of a leaf which goes. */
function isWritten({kind, after}: Action): boolean {
  return (kind === 'create' || kind === 'update' || kind === 'replace' || kind === 'link') && after.kind !== 'directory';
}

/** A leaf of which no other leaf takes the place: it is deleted, or gives its place to a folder. */
function isGoing({kind, before, after}: Action): boolean {
  return kind === 'delete' || (kind === 'replace' && before.kind !== 'directory' && after.kind === 'directory');
}

/** Leaves of one kind and size: indexes of those that go or are written over, and of those that are written. */
export interface Twins {
  readonly gone: number[];
  readonly written: number[];
  /** Those of the written that did not arrive, and those of which it is not known yet. */
  lost?: number[];
  open?: readonly number[];
  /** When that was looked at: see `RunState`. */
  turn?: number;
  /** Those of the written that wait for a folder to be empty. */
  waiting?: readonly number[];
}

function findTwins(actions: readonly Action[], isGone: (index: number) => boolean, policy: TwinPolicy): Map<string, Twins> {
  const found = new Map<string, Twins>();
  actions.forEach(({before}, i) => {
    if (before === undefined || !isGone(i)) return;
    const key = goingKey(before, policy);
    const twins = found.get(key);
    if (twins === undefined) found.set(key, {gone: [i], written: []});
    else twins.gone.push(i);
  });
  if (found.size === 0) return found;
  actions.forEach((action, i) => {
    if (!isWritten(action)) return;
    for (const key of writtenKeys(action.after as Entry, policy)) found.get(key)?.written.push(i);
  });
  return found;
}

function traitsOf(action: Action): number {
  const {kind, before, after} = action;
  let traits = isUpkeep(action) ? UPKEEP : 0;
  if (after?.kind === 'directory' && kind !== 'attrs') traits |= MAKES_FOLDER;
  if (before?.kind === 'directory' && after?.kind !== 'directory' && kind !== 'blocked') traits |= EMPTIES_FOLDER;
  if (after !== undefined) traits |= LEAVES_SOMETHING;
  if (kind === 'move' && after.kind === 'directory') traits |= RENAMES_FOLDER;
  return traits;
}

function isBelow(path: RelPath, folder: RelPath): boolean {
  return folder === '' || (path.charCodeAt(folder.length) === 0x2f && path.startsWith(folder));
}
