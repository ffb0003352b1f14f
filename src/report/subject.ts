/** The subject of a report: a plan, a run or a history. */
import type {Halt, Plan, PlanSummary} from '../core/plan.js';
import type {Run, RunSummary} from '../core/run.js';

/** A plan to report. */
export interface PlanSubject {
  readonly type: 'plan';
  readonly plan: Plan;
  readonly summary: PlanSummary;
  readonly halts: readonly Halt[];
}

/** A run to report. */
export interface RunSubject {
  readonly type: 'run';
  readonly run: Run;
}

/** The runs of a target to report. */
export interface HistorySubject {
  readonly type: 'history';
  /** The target's root: absolute; surrogateescape text. */
  readonly target: string;
  /** The newest first. */
  readonly runs: readonly RunSummary[];
}

export type Subject = PlanSubject | RunSubject | HistorySubject;
