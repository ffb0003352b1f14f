/**
 * Holds back deletes while a plan is made: a leaf that is to be deleted may have moved to a path of the source that could not be
 * read, or to one that cannot be written in the target. Such deletes are blocked, with everything that depends on them.
 */
import type {Action, Blocked, Reason} from '../core/action.js';
import type {Entry} from '../core/entry.js';
import type {RelPath} from '../core/path.js';
import type {PlanOptions} from '../core/plan.js';
import {Needs} from './needs.js';
import {isOverwrite} from './overwrites.js';
import {goingKey, isTwinTime, writtenKeys} from './twins.js';

/** Leaves of the source that are not known, or are not written. */
export class Elsewhere {
  /** A folder that the target does not have could not be read: it could contain anything. */
  isUnknown = false;
  /** The times of such leaves, by key. */
  readonly #unwritten = new Map<string, Set<bigint>>();

  constructor(private readonly policy: PlanOptions) {}

  /** Adds a leaf of the source that this plan does not write although the target does not have it. */
  add(leaf: Entry): void {
    for (const key of writtenKeys(leaf, this.policy)) {
      const times = this.#unwritten.get(key);
      if (times === undefined) this.#unwritten.set(key, new Set([leaf.mtime]));
      else times.add(leaf.mtime);
    }
  }

  /** Whether a leaf that the source no longer has at its path may be at another path there. */
  mayHold(leaf: Entry): boolean {
    return this.isUnknown || this.#unwritten.has(goingKey(leaf, this.policy));
  }

  /** Whether a leaf has the kind, size and time of one that is not written. */
  hasTwin(leaf: Entry): boolean {
    const times = this.#unwritten.get(goingKey(leaf, this.policy)) ?? [];
    return [...times].some((time) => isTwinTime(leaf.mtime, time, this.policy));
  }

  get isNothing(): boolean {
    return !this.isUnknown && this.#unwritten.size === 0;
  }
}

const ELSEWHERE: readonly Reason[] = ['elsewhere'];

/** Returns the same actions, in canonical order, with such deletes blocked. */
export function holdDeletes(actions: readonly Action[], elsewhere: Elsewhere, policy: PlanOptions): readonly Action[] {
  if (elsewhere.isNothing || policy.deleteAnyway) return actions;
  const needs = new Needs(actions, policy);
  for (let held = hold(actions, needs, elsewhere); ; held = hold(actions, needs, elsewhere)) {
    // A leaf that cannot be written, because the folder at its path stays, may be the same as a leaf that is deleted elsewhere.
    const unwritten = held.unwritten.filter((leaf) => !elsewhere.mayHold(leaf));
    if (unwritten.length === 0) return held.actions;
    for (const leaf of unwritten) elsewhere.add(leaf);
  }
}

/**
 * Returns the actions without those that overwrite a file whose old content may be the only copy of a leaf that is not written, and
 * the paths of the removed actions. Only if times are kept: see `overwrites`.
 */
export function holdOverwrites(actions: readonly Action[], elsewhere: Elsewhere, policy: PlanOptions) {
  const held: RelPath[] = [];
  if (elsewhere.isNothing || policy.deleteAnyway || !policy.times) return {actions, held};
  const left = actions.filter((action) => {
    const isHeld = isOverwrite(action) && elsewhere.hasTwin(action.before as Entry);
    if (isHeld) held.push(action.path);
    return !isHeld;
  });
  return {actions: left, held};
}

/** `unwritten`: leaves that would have replaced folders that stay. */
interface Held {
  readonly actions: readonly Action[];
  readonly unwritten: readonly Entry[];
}

function hold(actions: readonly Action[], needs: Needs, elsewhere: Elsewhere): Held {
  const isHeld = (action: Action) => action.kind === 'delete' && elsewhere.mayHold(action.before);
  const held: Action[] = [];
  const unwritten: Entry[] = [];
  for (let i = 0; i < actions.length; i++) {
    const action = actions[i] as Action;
    const {before, after} = action;
    const isGoing = before?.kind === 'directory' && after?.kind !== 'directory' && action.kind !== 'blocked';
    if (isHeld(action)) held.push(blocked(action, [action]));
    else if (!isGoing) held.push(action);
    else {
      const below = actions.slice(i + 1, needs.endOf(i));
      const isWhole = elsewhere.isUnknown || (after !== undefined && below.some(isHeld));
      if (isWhole) {
        held.push(blocked(action, below));
        if (after !== undefined) unwritten.push(after);
        i = needs.endOf(i) - 1;
      } else if (!below.some(isHeld)) held.push(action);
    }
  }
  return {actions: held, unwritten};
}

function blocked({path, before}: Action, leaving: readonly Action[]): Blocked {
  let [leaves, bytes] = [0, 0];
  for (const {kind, before: leaf} of leaving) {
    if (kind === 'delete') [leaves, bytes] = [leaves + 1, bytes + leaf.size];
  }
  return {kind: 'blocked', path, before: before as Entry, leaves, bytes, reasons: ELSEWHERE};
}
