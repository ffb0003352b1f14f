/** One run of a job, from its start until it has ended, whether or not it came to change anything. */
import type {ActionKind} from './action.js';
import type {ApplyReport} from './outcome.js';
import type {Halt, KindTotals, Plan, PlanSummary} from './plan.js';

/** `partial`: done, but for some paths; `halted`: a guard did not let it begin. */
export const RUN_RESULTS = ['success', 'partial', 'halted', 'failed', 'interrupted'] as const;
export type RunResult = (typeof RUN_RESULTS)[number];

export interface JobRun {
  /** Also that of its journal, and of its lines in the log. */
  readonly id: string;
  /** Undefined for two folders. */
  readonly job: string | undefined;
  /** As they were given; undefined where the config could not be read. */
  readonly source: string | undefined;
  readonly target: string | undefined;
  /** ISO 8601 UTC. */
  readonly started: string;
  readonly finished: string;
  /** Milliseconds on a clock that does not jump. */
  readonly duration: number;
  readonly result: RunResult;
  readonly exitCode: number;
  /** What it was to do, where it came to that. */
  readonly planned?: {readonly plan: Plan; readonly summary: PlanSummary; readonly halts: readonly Halt[]} | undefined;
  /** What it did, where it came to that. */
  readonly report?: ApplyReport | undefined;
  /** The actions that it did, by kind, upkeep in none (`countDone`). */
  readonly done?: Readonly<Record<ActionKind, KindTotals>> | undefined;
  /** Why it ended early. */
  readonly error?: RunError | undefined;
}

export interface RunError {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
}
