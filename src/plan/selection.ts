/**
 * Selects actions of a plan. Leaving out an action also leaves out those that depend on it, and taking one in also takes in those
 * that it needs (plan/needs), so the selected actions are always a valid plan.
 *
 * Upkeep cannot be selected by itself: it follows from the changes in its folder (see `narrow`).
 */
import type {Action} from '../core/action.js';
import {Needs, type Twins} from './needs.js';
import type {TwinPolicy} from './twins.js';

/** Numbers of changes that were toggled, without upkeep. */
export interface Toggled {
  /** Changes in the given range. */
  readonly asked: number;
  /** Changes outside the range that had to follow. */
  readonly followed: number;
}

/** Which actions of one plan are in. At first all are. */
export class Selection {
  readonly #out: Uint8Array;
  #known: Needs | undefined;
  #leftOut = 0;

  constructor(
    readonly actions: readonly Action[],
    private readonly policy: TwinPolicy,
  ) {
    this.#out = new Uint8Array(actions.length);
  }

  /**
   * Computes the dependencies now instead of at the first call. This takes 0.2 s for a million actions, and a screen does it better
   * while it is drawn (bench: review-million).
   */
  prepare(): void {
    this.#known ??= new Needs(this.actions, this.policy);
  }

  get #needs(): Needs {
    this.prepare();
    return this.#known as Needs;
  }

  /** The number of changes that are left out. */
  get leftOut(): number {
    return this.#leftOut;
  }

  /** The number of left-out changes from `start` up to, but not including, `end`. */
  outIn(start: number, end: number): number {
    let out = 0;
    for (let i = start; i < end; i++) out += this.#out[i] as number;
    return out;
  }

  isIn(index: number): boolean {
    return this.#out[index] === 0;
  }

  /** The index after the actions at and below the path of action `index`. */
  endOf(index: number): number {
    return this.#needs.endOf(index);
  }

  /** The action that creates or renames the folder of action `index`'s path; undefined if none does. */
  makerOf(index: number): number | undefined {
    return this.#needs.makerOf(index);
  }

  /** Leaves out the actions from `start` up to, but not including, `end`, and all that depend on them. */
  leaveOut(start: number, end: number): Toggled {
    return this.#toggle(start, end, 1);
  }

  /** Takes in the actions from `start` up to, but not including, `end`, and all that they need. */
  takeIn(start: number, end: number): Toggled {
    return this.#toggle(start, end, 0);
  }

  #toggle(start: number, end: number, out: 0 | 1): Toggled {
    const needs = this.#needs;
    const pending: number[] = [];
    /** Twins that were already pushed, so that each of a million twins does not push all others. */
    const told = new Set<Twins>();
    let asked = 0;
    let followed = 0;
    const push = (index: number) => {
      if (this.#out[index] === out || needs.isUpkeep(index)) return;
      this.#out[index] = out;
      this.#leftOut += out === 1 ? 1 : -1;
      if (index >= start && index < end) asked++;
      else followed++;
      pending.push(index);
    };
    const follow = (index: number) => {
      // Actions in the range are visited anyway.
      const withBelow = index < start || needs.endOf(index) > end;
      if (out === 1) needs.forEachNeeding(index, withBelow, push);
      else needs.forEachNeeded(index, withBelow, push);
      const going = out === 0 ? needs.twinsGoing(index) : undefined;
      for (const twins of out === 1 ? needs.twinsWritten(index) : going ? [going] : []) {
        if (told.has(twins)) continue;
        told.add(twins);
        for (const other of out === 1 ? twins.gone : twins.written) push(other);
      }
    };
    for (let i = start; i < end; i++) {
      push(i);
      for (let next = pending.pop(); next !== undefined; next = pending.pop()) follow(next);
    }
    return {asked, followed};
  }
}
