/** One run of a job from start to end, even if it changed nothing. */
import type {ActionKind} from './action.js';
import type {ApplyReport} from './outcome.js';
import type {Halt, KindTotals, Plan, PlanSummary} from './plan.js';

/** `partial`: done except for some paths; `halted`: a guard stopped it before its first change. */
export const RUN_RESULTS = ['success', 'partial', 'halted', 'failed', 'interrupted'] as const;
export type RunResult = (typeof RUN_RESULTS)[number];

/** One run of a job; times of day are in UTC. */
export interface JobRun {
  /** The same id as in its journal and in its log lines. */
  readonly id: string;
  /** The job's name; undefined for a run of two given folders. */
  readonly job: string | undefined;
  /** The roots as they were given; undefined if the config could not be read. */
  readonly source: string | undefined;
  readonly target: string | undefined;
  /** ISO 8601 UTC. */
  readonly started: string;
  readonly finished: string;
  /** Milliseconds, by a monotonic clock. */
  readonly duration: number;
  readonly result: RunResult;
  readonly exitCode: number;
  /** The plan, if one was made. */
  readonly planned?: {readonly plan: Plan; readonly summary: PlanSummary; readonly halts: readonly Halt[]} | undefined;
  /** The result of apply, if it was reached. */
  readonly report?: ApplyReport | undefined;
  /** The actions that were done, by kind, without upkeep (`countDone`). */
  readonly done?: Readonly<Record<ActionKind, KindTotals>> | undefined;
  /** Why it ended early. */
  readonly error?: RunError | undefined;
}

/** The error that ended a run early. */
export interface RunError {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
}
