/** What a run did: as its journal holds it, and as reports show it. */
import {ACTION_KINDS, type Action, type ActionKind, isUpkeep, volumeOf} from './action.js';
import {addSizes} from './entry.js';
import type {OutcomeStatus, Stop} from './outcome.js';
import type {RelPath} from './path.js';
import type {KindTotals} from './plan.js';
import type {Problem} from './problem.js';

/** What happened to one action of the run's plan. Upkeep (a folder's times put back) is not among them. */
export interface RunStep {
  readonly kind: ActionKind;
  readonly path: RelPath;
  readonly status: OutcomeStatus;
  /** As `volumeOf` counts them. */
  readonly bytes: number;
}

export function runStep(action: Action, status: OutcomeStatus): RunStep {
  return {kind: action.kind, path: action.path, status, bytes: volumeOf(action)};
}

/** What is known when a run begins. */
export interface RunHeader {
  readonly id: string;
  readonly planId: string;
  /** Program and version, such as "dirsync 0.1.0". */
  readonly writer: string;
  /** Absolute paths of the roots; surrogateescape text. */
  readonly source: string;
  readonly target: string;
  /** ISO 8601 UTC. */
  readonly started: string;
  /** Actions of the plan without upkeep, and the bytes that they write. */
  readonly changes: number;
  readonly bytes: number;
}

/** What is known when a run has ended. */
export interface RunEnd {
  readonly finished: string;
  readonly counts: Readonly<Record<OutcomeStatus, number>>;
  /** Bytes written. */
  readonly bytes: number;
  readonly interrupted?: Stop | undefined;
}

export interface Run {
  readonly header: RunHeader;
  /** In the order in which they ended. What had not begun when the run was stopped is not among them, only counted in `end`. */
  readonly steps: readonly RunStep[];
  readonly problems: readonly Problem[];
  /** Absent when the run was killed, or is still at work. */
  readonly end?: RunEnd | undefined;
}

/** A run as a line of a history. */
export interface RunSummary {
  readonly header: RunHeader;
  readonly end?: RunEnd | undefined;
  /** What was done, by kind; bytes as in `KindTotals`. */
  readonly kinds: Readonly<Record<ActionKind, KindTotals>>;
  readonly problems: number;
  /**
   * Why its journal cannot be read to the end; the rest is what stands before that. Where not even the header can be read, only
   * its `id` and `started` are known, from the journal's name.
   */
  readonly fault?: string | undefined;
}

type Kinds = Record<ActionKind, {-readonly [Key in keyof KindTotals]: KindTotals[Key]}>;

/** What was done, by kind. */
export function doneKinds(steps: readonly RunStep[]): Kinds {
  const kinds = noKinds();
  for (const step of steps) countStep(kinds, step);
  return kinds;
}

/** Counts a step that was done: for who does not hold all of a run at once. */
export function countStep(kinds: Kinds, {kind, status, bytes}: RunStep): void {
  if (status !== 'done') return;
  kinds[kind].count++;
  kinds[kind].bytes = addSizes(kinds[kind].bytes, bytes);
}

/** Counts an action that was done, upkeep in no kind: for who hears of a run's actions one by one. */
export function countDone(kinds: Kinds, action: Action, status: OutcomeStatus): void {
  if (!isUpkeep(action)) countStep(kinds, runStep(action, status));
}

export function noKinds(): Kinds {
  return Object.fromEntries(ACTION_KINDS.map((kind) => [kind, {count: 0, bytes: 0}])) as Kinds;
}
