/** What the engine says while it works. Text, JSON, the log and screens all listen to this one union. */
import type {Action} from './action.js';
import type {Explanation} from './explanation.js';
import type {ApplyReport, OutcomeStatus} from './outcome.js';
import type {Drift, Halt, Plan, PlanSummary} from './plan.js';
import type {Problem, Side} from './problem.js';

export type Event =
  | {readonly type: 'plan-started'; readonly source: string; readonly target: string}
  | {readonly type: 'scan-progress'; readonly source: number; readonly target: number}
  | {readonly type: 'scan-done'; readonly side: Side; readonly entries: number; readonly bytes: number}
  | {readonly type: 'plan-ready'; readonly plan: Plan; readonly summary: PlanSummary; readonly halts: readonly Halt[]}
  /** The file that a plan was written to or read from, and the checksum that `--plan-sha256` pins. */
  | {readonly type: 'plan-file'; readonly file: string; readonly sha256: string}
  | {readonly type: 'explained'; readonly explanation: Explanation}
  | {readonly type: 'drift'; readonly drift: readonly Drift[]}
  | {readonly type: 'apply-started'; readonly actions: number; readonly bytes: number}
  | {readonly type: 'apply-progress'; readonly actions: number; readonly bytes: number}
  | {readonly type: 'action'; readonly action: Action; readonly status: OutcomeStatus}
  | {readonly type: 'problem'; readonly problem: Problem}
  | {readonly type: 'apply-done'; readonly report: ApplyReport}
  | {readonly type: 'run-waiting'; readonly next: string}
  | {readonly type: 'run-skipped'; readonly ticks: number}
  | {readonly type: 'run-failed'; readonly code: string; readonly message: string; readonly hint?: string | undefined};

export type Listener = (event: Event) => void;
