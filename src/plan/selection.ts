/**
 * Which actions of a plan are in and which are left out. What is left out takes with it what cannot be done without it, and what
 * is taken in brings what it needs, so that the actions that are in are a sound plan at any time:
 *
 * - what is in a folder that the plan makes needs the action that makes it;
 * - a folder that goes, or gives its place to a leaf, needs all deletes in it;
 * - a hard link needs the action of the file that leads its group.
 *
 * Upkeep is no choice of its own: it follows from what changes in its folder (see `narrow`).
 */
import {type Action, isUpkeep, type Link} from '../core/action.js';
import type {RelPath} from '../core/path.js';

const NONE = -1;

/** What is asked of an action again and again. Perf: fetching a million actions from memory takes most of a toggle. */
const UPKEEP = 1;
/** What lies below its path can be there only when it is done. */
const MAKES_FOLDER = 2;
/** It can be done only when what lies below its path is gone. */
const EMPTIES_FOLDER = 4;
/** Something stands at its path afterwards. */
const LEAVES_SOMETHING = 8;

/** Counts of changes; upkeep is none of them. */
export interface Toggled {
  /** Those of the range that was asked for. */
  readonly asked: number;
  /** Those outside of it that had to follow. */
  readonly followed: number;
}

export class Selection {
  /**
   * The action that makes the folder which holds an action's path; for a delete, the action that needs it done, since it removes
   * that folder.
   */
  #above = new Int32Array();
  /** The first action after those at and below an action's path. */
  #end = new Int32Array();
  #traits = new Uint8Array();
  readonly #out: Uint8Array;
  /** For the leader of a group of hard links: its links. */
  readonly #links = new Map<number, number[]>();
  readonly #leader = new Map<number, number>();
  #leftOut = 0;
  #isPrepared = false;

  constructor(readonly actions: readonly Action[]) {
    this.#out = new Uint8Array(actions.length);
  }

  /**
   * Finds out what needs what, which is otherwise done when it is first asked. For a million actions that takes 0.2 s, which a
   * screen spends better when it is drawn (bench: review-million).
   */
  prepare(): void {
    if (this.#isPrepared) return;
    this.#isPrepared = true;
    const count = this.actions.length;
    const above = new Int32Array(count).fill(NONE);
    const end = new Int32Array(count);
    const traits = new Uint8Array(count);
    const links: number[] = [];
    /** The folders that hold the last path: indexes, and their paths. */
    const open: number[] = [];
    const paths: RelPath[] = [];
    // Perf: one pass, since most of its time goes to fetching the actions from memory.
    for (let i = 0; i < count; i++) {
      const action = this.actions[i] as Action;
      const {path, before, after} = action;
      while (open.length > 0 && !isBelow(path, paths[paths.length - 1] as RelPath)) {
        end[open.pop() as number] = i;
        paths.pop();
      }
      end[i] = i + 1;
      traits[i] = traitsOf(action);
      // Of two folders above that count, the nearer one needs the farther one itself. One whose attributes alone change is held by
      // none that comes or goes.
      if (open.length > 0) {
        const folder = open[open.length - 1] as number;
        if (((traits[folder] as number) & (after ? MAKES_FOLDER : EMPTIES_FOLDER)) !== 0) above[i] = folder;
      }
      if (after?.kind === 'directory' || before?.kind === 'directory') {
        open.push(i);
        paths.push(path);
      }
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

  /** Changes that are left out. */
  get leftOut(): number {
    return this.#leftOut;
  }

  /** Changes that are left out, from `start` up to, not including, `end`. */
  outIn(start: number, end: number): number {
    let out = 0;
    for (let i = start; i < end; i++) out += this.#out[i] as number;
    return out;
  }

  isIn(index: number): boolean {
    return this.#out[index] === 0;
  }

  /** The first action after those at and below the path of action `index`. */
  endOf(index: number): number {
    this.prepare();
    return this.#end[index] as number;
  }

  /** The action that makes the folder which holds the path of action `index`, if one does. */
  makerOf(index: number): number | undefined {
    this.prepare();
    const maker = this.#above[index] as number;
    return maker === NONE || !this.#is(index, LEAVES_SOMETHING) ? undefined : maker;
  }

  /** Leaves out the actions from `start` up to, not including, `end`, and all that need one of them. */
  leaveOut(start: number, end: number): Toggled {
    return this.#toggle(start, end, 1, (index, push) => {
      if (this.#is(index, MAKES_FOLDER)) this.#pushBelow({index, start, end, push});
      if (!this.#is(index, LEAVES_SOMETHING)) push(this.#above[index] as number);
      if (this.#links.size > 0) for (const link of this.#links.get(index) ?? []) push(link);
    });
  }

  /** Takes the actions from `start` up to, not including, `end` back in, and all that they need. */
  takeIn(start: number, end: number): Toggled {
    return this.#toggle(start, end, 0, (index, push) => {
      if (this.#is(index, LEAVES_SOMETHING)) push(this.#above[index] as number);
      if (this.#leader.size > 0) push(this.#leader.get(index) ?? NONE);
      if (this.#is(index, EMPTIES_FOLDER)) this.#pushBelow({index, start, end, push});
    });
  }

  #is(index: number, trait: number): boolean {
    return ((this.#traits[index] as number) & trait) !== 0;
  }

  /** What is below an action and not in the range that is asked for, whose turn comes anyway. */
  #pushBelow({index, start, end, push}: {index: number; start: number; end: number; push: (other: number) => void}): void {
    const below = this.#end[index] as number;
    if (index >= start && below <= end) return;
    for (let i = index + 1; i < below; i++) push(i);
  }

  #toggle(start: number, end: number, out: 0 | 1, needs: (index: number, push: (other: number) => void) => void): Toggled {
    this.prepare();
    const pending: number[] = [];
    let asked = 0;
    let followed = 0;
    const push = (index: number) => {
      if (index === NONE || this.#out[index] === out || this.#is(index, UPKEEP)) return;
      this.#out[index] = out;
      this.#leftOut += out === 1 ? 1 : -1;
      if (index >= start && index < end) asked++;
      else followed++;
      pending.push(index);
    };
    for (let i = start; i < end; i++) {
      push(i);
      for (let next = pending.pop(); next !== undefined; next = pending.pop()) needs(next, push);
    }
    return {asked, followed};
  }
}

function traitsOf(action: Action): number {
  const {kind, before, after} = action;
  let traits = isUpkeep(action) ? UPKEEP : 0;
  if (after?.kind === 'directory' && kind !== 'attrs') traits |= MAKES_FOLDER;
  if (before?.kind === 'directory' && after?.kind !== 'directory') traits |= EMPTIES_FOLDER;
  if (after !== undefined) traits |= LEAVES_SOMETHING;
  return traits;
}

function isBelow(path: RelPath, folder: RelPath): boolean {
  return folder === '' || (path.charCodeAt(folder.length) === 0x2f && path.startsWith(folder));
}
