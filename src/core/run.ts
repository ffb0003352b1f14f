/** What a run did, as its journal records it and reports show it. */
import {
  ACTION_KINDS,
  type Action,
  type ActionKind,
  carriedOf,
  fromOf,
  isUpkeep,
  type Moved,
  type TargetDrift,
  volumeOf,
} from './action.js';
import {addSizes} from './entry.js';
import type {OutcomeStatus, Stop} from './outcome.js';
import type {RelPath} from './path.js';
import type {KindTotals} from './plan.js';
import type {Problem} from './problem.js';

/** What happened to one action of the run's plan. Upkeep (restoring a folder's times) has no steps. */
export interface RunStep {
  readonly kind: ActionKind;
  readonly path: RelPath;
  /** The path in the target before the action. */
  readonly from?: RelPath | undefined;
  /** What a move carries. */
  readonly moved?: Moved | undefined;
  readonly targetDrift?: TargetDrift | undefined;
  readonly status: OutcomeStatus;
  /** As `volumeOf` counts them. */
  readonly bytes: number;
}

/** The journal step for an action and its outcome. */
export function runStep(action: Action, status: OutcomeStatus): RunStep {
  const {kind, path, targetDrift} = action;
  const from = fromOf(action);
  const carried = carriedOf(action);
  return {
    kind,
    path,
    ...(from !== undefined && {from}),
    ...(carried && {moved: {leaves: carried.leaves, bytes: carried.bytes}}),
    ...(targetDrift && {targetDrift}),
    status,
    bytes: volumeOf(action),
  };
}

/** What is known when a run starts. */
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
  /** The number of the plan's actions without upkeep, and the bytes that they write. */
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

/** A run with all its steps, as read from its journal. */
export interface Run {
  readonly header: RunHeader;
  /** In the order in which they ended. Actions that had not started when the run was stopped are only counted in `end`. */
  readonly steps: readonly RunStep[];
  readonly problems: readonly Problem[];
  /** Absent if the run was killed or is still running. */
  readonly end?: RunEnd | undefined;
}

/** A run as a line of a history. */
export interface RunSummary {
  readonly header: RunHeader;
  readonly end?: RunEnd | undefined;
  /** The actions that were done, by kind. */
  readonly kinds: Readonly<Record<ActionKind, KindTotals>>;
  readonly problems: number;
  /**
   * Why its journal cannot be read to the end; the other fields describe the part before that. If not even the header can be read,
   * only `id` and `started` are known, from the journal's name.
   */
  readonly fault?: string | undefined;
}

type Kinds = Record<ActionKind, {-readonly [Key in keyof KindTotals]: KindTotals[Key]}>;

/** Counts the steps that were done, by kind. */
export function doneKinds(steps: readonly RunStep[]): Kinds {
  const kinds = noKinds();
  for (const step of steps) countStep(kinds, step);
  return kinds;
}

/** What the moves of a run carried. */
export function movedBy(steps: readonly RunStep[]): Moved {
  const sum = {leaves: 0, bytes: 0};
  for (const {moved, status} of steps) if (moved && status === 'done') addMoved(sum, moved);
  return sum;
}

export function addMoved(sum: {-readonly [Key in keyof Moved]: Moved[Key]}, {leaves, bytes}: Moved): void {
  sum.leaves += leaves;
  sum.bytes = addSizes(sum.bytes, bytes);
}

/** Counts one step if it was done, for callers that do not keep all steps of a run. */
export function countStep(kinds: Kinds, {kind, moved, status, bytes}: RunStep): void {
  if (status !== 'done') return;
  kinds[kind].count++;
  kinds[kind].bytes = addSizes(kinds[kind].bytes, moved?.bytes ?? bytes);
}

/** Counts one action if it was done and is not upkeep, for callers that receive a run's actions one by one. */
export function countDone(kinds: Kinds, action: Action, status: OutcomeStatus): void {
  if (!isUpkeep(action)) countStep(kinds, runStep(action, status));
}

/** Totals of 0 for each kind. */
export function noKinds(): Kinds {
  return Object.fromEntries(ACTION_KINDS.map((kind) => [kind, {count: 0, bytes: 0}])) as Kinds;
}
