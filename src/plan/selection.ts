/**
 * Which actions of a plan are in and which are left out. What is left out takes with it what cannot be done without it, and what
 * is taken in brings what it needs (plan/needs), so that the actions that are in are a sound plan at any time.
 *
 * Upkeep is no choice of its own: it follows from what changes in its folder (see `narrow`).
 */
import type {Action} from '../core/action.js';
import {Needs, type Twins} from './needs.js';
import type {TwinPolicy} from './twins.js';

/** Counts of changes; upkeep is none of them. */
export interface Toggled {
  /** Those of the range that was asked for. */
  readonly asked: number;
  /** Those outside of it that had to follow. */
  readonly followed: number;
}

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
   * Finds out what needs what, which is otherwise done when it is first asked. For a million actions that takes 0.2 s, which a
   * screen spends better when it is drawn (bench: review-million).
   */
  prepare(): void {
    this.#known ??= new Needs(this.actions, this.policy);
  }

  get #needs(): Needs {
    this.prepare();
    return this.#known as Needs;
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
    return this.#needs.endOf(index);
  }

  /** The action that makes the folder which holds the path of action `index`, if one does. */
  makerOf(index: number): number | undefined {
    return this.#needs.makerOf(index);
  }

  /** Leaves out the actions from `start` up to, not including, `end`, and all that need one of them. */
  leaveOut(start: number, end: number): Toggled {
    return this.#toggle(start, end, 1);
  }

  /** Takes the actions from `start` up to, not including, `end` back in, and all that they need. */
  takeIn(start: number, end: number): Toggled {
    return this.#toggle(start, end, 0);
  }

  #toggle(start: number, end: number, out: 0 | 1): Toggled {
    const needs = this.#needs;
    const pending: number[] = [];
    /** Twins that were all pushed: each of a million would push the others. */
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
      // The turn of what is in the range comes anyway.
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
