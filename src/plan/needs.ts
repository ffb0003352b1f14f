/**
 * Dependencies between the actions of a plan. No other file decides them; plan/selection uses them to leave actions out, and apply checks
 * them before each step:
 *
 * - an entry in a folder that the plan creates, moves or renames needs that folder;
 * - a new entry, or one that moves, needs the move that frees its name;
 * - a hard link needs its leader;
 * - a folder that is deleted or replaced by a leaf needs everything below it deleted or moved away;
 * - entries that are deleted to make room for a leaf need that leaf written and waiting;
 * - a leaf that is deleted or overwritten needs each leaf that may be the same one under another name: of the same kind, size and time,
 *   and still to be written. If that one waits until a folder is empty, or both wait for each other, the old leaf is set aside until the
 *   run is complete.
 */
import {type Action, isCarried, isUpkeep, type Link} from '../core/action.js';
import type {Entry} from '../core/entry.js';
import {type ActionState, OUTCOME_STATUSES} from '../core/outcome.js';
import {parentPath, type RelPath, ROOT} from '../core/path.js';
import {OldPaths} from './old-paths.js';
import {overwritten} from './overwrites.js';
import {goingKey, isTwinTime, type TwinPolicy, writtenKeys} from './twins.js';
import type {WaveStep} from './waves.js';

const NONE = -1;

/** Traits of actions, stored as bits. Performance: reading a million actions from memory takes most of the time of a toggle. */
const UPKEEP = 1;
/** Entries below its path can exist only when it is done: it creates that folder, or renames it to its name in the plan. */
const MAKES_FOLDER = 2;
/** It can be done only when everything below its path is deleted. */
const EMPTIES_FOLDER = 4;
/** Something is at its path afterwards. */
const LEAVES_SOMETHING = 8;
/** Entries that are deleted below its path can be found there only when it is done. */
const RENAMES_FOLDER = 16;

/** A dependency that is not met; `of` is the index of the needed action. */
export interface Unmet {
  readonly need: 'folder' | 'name' | 'leader' | 'replacement' | 'below' | 'copy';
  readonly of: number;
}

type StateOf = (index: number) => ActionState;

/** The current state of a run. */
export interface RunState {
  readonly stateOf: StateOf;
  /** Whether an action wrote a newer state of the source than the plan saw. */
  readonly isOther?: (index: number) => boolean;
  /** Whether the entry of a move has left its old path. */
  readonly hasLeft?: (index: number) => boolean;
  /** A counter that increases whenever the results of these functions may change. */
  readonly turn: number;
}

/** The dependencies of one plan. Actions are given by their index in the plan. */
export class Needs {
  /**
   * For each action, the action that creates the folder of its path. For a delete, the action that removes that folder and so needs
   * the delete, or else the one that renames that folder.
   */
  readonly #above: Int32Array;
  /** For each action, the index after the actions at and below its path. */
  readonly #end: Int32Array;
  readonly #traits: Uint8Array;
  readonly #links = new Map<number, number[]>();
  readonly #leader = new Map<number, number>();
  /** Leaves that replace folders, in canonical order. */
  readonly #replacing: number[] = [];
  readonly #paths: OldPaths;
  /** For each move, the actions that need its name; and for each folder that goes, the moves out of it, and the other way around. */
  readonly #heirs = new Map<number, number[]>();
  readonly #movesOut = new Map<number, number[]>();
  readonly #movesOutOf = new Map<number, number>();
  #twins: ReadonlyMap<string, Twins> | undefined;
  /** Files that are overwritten and whose old content another action may write elsewhere. */
  #overwritten: ReadonlySet<number> | undefined;

  /** Takes 0.2 s for a million actions. */
  constructor(
    private readonly actions: readonly Action[],
    private readonly policy: TwinPolicy,
  ) {
    const count = actions.length;
    const above = new Int32Array(count).fill(NONE);
    const end = new Int32Array(count);
    const traits = new Uint8Array(count);
    const links: number[] = [];
    /** The folders above the last path: indexes and paths. */
    const open: number[] = [];
    const paths: RelPath[] = [];
    // Performance: one pass, because reading the actions from memory takes most of the time (bench: review-million).
    for (let i = 0; i < count; i++) {
      const action = actions[i] as Action;
      const {path, before, after} = action;
      while (open.length > 0 && !isBelow(path, paths[paths.length - 1] as RelPath)) {
        end[open.pop() as number] = i;
        paths.pop();
      }
      end[i] = i + 1;
      traits[i] = traitsOf(action);
      // If two folders above matter, the nearer one itself needs the farther one. A folder that changes only attributes may be inside one
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
    this.#paths = new OldPaths(actions);
    if (this.#paths.moves.length > 0) this.#findMoves();
  }

  #findMoves(): void {
    const {actions} = this;
    const paths = this.#paths;
    const going = new Map<RelPath, number>();
    actions.forEach(({path}, i) => {
      for (const move of this.#freeing(i)) push(this.#heirs, move, i);
      const old = this.#is(i, EMPTIES_FOLDER) ? paths.of(path) : undefined;
      if (old !== undefined) going.set(old, i);
    });
    for (const move of paths.moves) {
      for (let above = fromOf(actions[move]); above !== ROOT; ) {
        above = parentPath(above);
        const folder = going.get(above);
        if (folder !== undefined) {
          push(this.#movesOut, folder, move);
          this.#movesOutOf.set(move, folder);
        }
        // The folders above it need the nearest one, and do not have what moves away with a folder.
        if (folder !== undefined || paths.moveFrom(above) !== undefined) break;
      }
    }
  }

  /** The moves that free the name of an action whose entry is not there yet. */
  #freeing(index: number): readonly number[] {
    if (this.#paths.moves.length === 0) return [];
    const action = this.actions[index] as Action;
    return action.before === undefined || isCarried(action) ? this.#paths.freeing(action.path) : [];
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

  /** The index after the actions at and below the path of action `index`. */
  endOf(index: number): number {
    return this.#end[index] as number;
  }

  /** The action that creates or renames the folder of action `index`'s path; undefined if none does. */
  makerOf(index: number): number | undefined {
    let above = this.#aboveOf(index);
    if (above === undefined || this.#is(index, LEAVES_SOMETHING)) return above;
    while (above !== undefined && !this.#is(above, RENAMES_FOLDER)) above = this.#aboveOf(above);
    return above;
  }

  /** The action of the leader of link `index`; undefined if the leader has none. */
  leaderOf(index: number): number | undefined {
    return this.#leader.get(index);
  }

  /** Calls `tell` for each action that `index` needs, except twins; for those below its path only with `withBelow`. */
  forEachNeeded(index: number, withBelow: boolean, tell: (needed: number) => void): void {
    const maker = this.makerOf(index);
    if (maker !== undefined) tell(maker);
    const leader = this.#leader.size > 0 ? this.#leader.get(index) : undefined;
    if (leader !== undefined) tell(leader);
    for (const move of this.#freeing(index)) tell(move);
    for (const move of this.#movesOut.get(index) ?? []) tell(move);
    if (withBelow && this.#is(index, EMPTIES_FOLDER)) for (let i = index + 1; i < this.endOf(index); i++) tell(i);
  }

  /** Calls `tell` for each action that needs `index`, except twins; for those below its path only with `withBelow`. */
  forEachNeeding(index: number, withBelow: boolean, tell: (needing: number) => void): void {
    if (withBelow && this.#is(index, MAKES_FOLDER)) for (let i = index + 1; i < this.endOf(index); i++) tell(i);
    const above = this.#aboveOf(index);
    if (above !== undefined && above !== this.makerOf(index)) tell(above);
    for (const heir of this.#heirs.get(index) ?? []) tell(heir);
    const left = this.#movesOutOf.get(index);
    if (left !== undefined) tell(left);
    if (this.#links.size > 0) for (const link of this.#links.get(index) ?? []) tell(link);
  }

  /** The first dependency of a step that is not met in the current state of the run; undefined if the step can be done. */
  unmet(index: number, step: WaveStep, run: RunState): Unmet | undefined {
    const {stateOf} = run;
    switch (step) {
      case 'parks':
        return undefined;
      case 'renames':
      case 'folders':
      case 'moves':
      case 'writes':
        return this.#unmetPlace(index, run);
      case 'links': {
        const folder = this.#unmetPlace(index, run);
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
        return this.#unmetFolder(index, stateOf) ?? this.#unmetReplacement(index, stateOf) ?? this.#unmetBelow(index, run);
      case 'attrs':
      case 'settle':
        return this.#unmetMove(index, stateOf);
    }
  }

  /** The folder of a new entry, and its name in that folder. */
  #unmetPlace(index: number, {stateOf, hasLeft}: RunState): Unmet | undefined {
    const folder = this.#unmetFolder(index, stateOf);
    if (folder !== undefined) return folder;
    const of = this.#freeing(index).find((move) => !hasLeft?.(move));
    return of === undefined ? undefined : {need: 'name', of};
  }

  /** An entry in a folder that only gets another spelling is found under both names, but one in a folder that moves is not. */
  #unmetMove(index: number, stateOf: StateOf): Unmet | undefined {
    if (this.#paths.moves.length === 0) return undefined;
    for (let of = this.makerOf(index); of !== undefined; of = this.makerOf(of)) {
      if (isCarried(this.actions[of] as Action) && !IS_THERE.has(stateOf(of))) return {need: 'folder', of};
    }
    return undefined;
  }

  #unmetFolder(index: number, stateOf: StateOf): Unmet | undefined {
    const maker = this.makerOf(index);
    return maker === undefined || IS_THERE.has(stateOf(maker)) ? undefined : {need: 'folder', of: maker};
  }

  /** A leaf that replaces a folder is its own replacement. */
  #unmetReplacement(index: number, stateOf: StateOf): Unmet | undefined {
    const of = this.#replacementAt(index);
    return of === undefined || WRITTEN.has(stateOf(of)) ? undefined : {need: 'replacement', of};
  }

  #unmetBelow(index: number, {stateOf, hasLeft}: RunState): Unmet | undefined {
    const move = this.#movesOut.get(index)?.find((of) => !hasLeft?.(of));
    if (move !== undefined) return {need: 'below', of: move};
    for (let i = index + 1; i < this.endOf(index); i++) if (!IS_GONE.has(stateOf(i))) return {need: 'below', of: i};
    return undefined;
  }

  #unmetCopy(index: number, {stateOf, isOther = () => false, turn}: RunState): Unmet | undefined {
    const twins = this.twinsGoing(index);
    if (twins === undefined) return undefined;
    // Performance: each ended action is checked once, and none while the state is unchanged, because a million files may be twins.
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
   * Whether a leaf that is deleted, or overwritten by a link, must be set aside because its twin still waits for its place, which
   * may fail. Returns the path of the action that decides: its own, or the one of the folder that a leaf replaces; undefined if the
   * leaf need not be set aside.
   */
  asideOf(index: number, stateOf: StateOf): RelPath | undefined {
    const at = (this.actions[index] as Action).kind === 'link' ? index : this.#replacementAt(index);
    const twins = at === undefined ? undefined : this.twinsGoing(index);
    if (at === undefined || twins === undefined) return undefined;
    // Performance: no action starts or ends waiting while leaves are deleted.
    twins.waiting ??= twins.written.filter((i) => stateOf(i) === 'staged');
    return this.#sameTimeIn(twins.waiting, index) === undefined ? undefined : this.actions[at]?.path;
  }

  /** The first of these whose new time may be the time of what action `index` deletes or overwrites. */
  #sameTimeIn(written: readonly number[], index: number): number | undefined {
    const {before} = this.actions[index] as Action;
    return written.find((i) => {
      const {mtime} = (this.actions[i] as Action).after as Entry;
      return i !== index && isTwinTime((before as Entry).mtime, mtime, this.policy);
    });
  }

  /** The twins of what action `index` deletes or overwrites; undefined if there are none. */
  twinsGoing(index: number): Twins | undefined {
    const {before} = this.actions[index] as Action;
    if (this.policy.deleteAnyway || before === undefined || !this.#isGoing(index)) return undefined;
    return this.#allTwins.get(goingKey(before, this.policy));
  }

  /** The twins of what action `index` writes. */
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

/** The states in which a folder exists. */
const IS_THERE: ReadonlySet<ActionState> = new Set(['made', 'found', 'done', 'already-done']);
const WRITTEN: ReadonlySet<ActionState> = new Set(['staged', 'done', 'already-done']);
const IS_GONE: ReadonlySet<ActionState> = new Set(['done', 'already-done']);
/** The states in which content was not written. Deletes that come first (--delete-before) do not wait for it. */
const IS_LOST: ReadonlySet<ActionState> = new Set(['failed', 'skipped', 'stopped', 'blocked']);

/** Final states. */
const HAS_ENDED: ReadonlySet<ActionState> = new Set(OUTCOME_STATUSES);

/** Whether links can be made to a leader. A file that only waits for its attributes is already complete. */
function isLeading({kind}: Action, state: ActionState): boolean {
  return WRITTEN.has(state) || ((kind === 'attrs' || kind === 'move') && state === 'pending');
}

/** Whether an action writes content that may be the content of a deleted leaf. */
function isWritten({kind, after}: Action): boolean {
  return (kind === 'create' || kind === 'update' || kind === 'replace' || kind === 'link') && after.kind !== 'directory';
}

/** Whether a leaf is deleted or replaced by a folder. */
function isGoing({kind, before, after}: Action): boolean {
  return kind === 'delete' || (kind === 'replace' && before.kind !== 'directory' && after.kind === 'directory');
}

/** Leaves that may be the same: indexes of actions that delete or overwrite one, and of actions that write one. */
export interface Twins {
  readonly gone: number[];
  readonly written: number[];
  /** Writes that failed or were left out, and those that have not ended. */
  lost?: number[];
  open?: readonly number[];
  /** The turn in which `lost` and `open` were updated: see `RunState`. */
  turn?: number;
  /** Writes that wait until a folder is empty. */
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

function fromOf(action: Action | undefined): RelPath {
  return action !== undefined && isCarried(action) ? action.from : ROOT;
}

function push(lists: Map<number, number[]>, key: number, value: number): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

function isBelow(path: RelPath, folder: RelPath): boolean {
  return folder === '' || (path.charCodeAt(folder.length) === 0x2f && path.startsWith(folder));
}
