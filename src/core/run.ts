/** What a run did: as its journal holds it, and as reports show it. */
import {type Action, type ActionKind, volumeOf} from './action.js';
import type {OutcomeStatus, Stop} from './outcome.js';
import type {RelPath} from './path.js';
import type {KindTotals} from './plan.js';
import type {Problem} from './problem.js';

/** What happened to one action of the run's plan. Upkeep (a folder's times put back) is not among them. */
export interface RunStep {
  readonly kind: ActionKind;
  readonly path: RelPath;
  readonly status: OutcomeStatus;
  /** Bytes of content that the action writes; for a delete, bytes given back. */
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
