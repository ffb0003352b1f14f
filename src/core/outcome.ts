/** Outcomes of actions, and the report of an apply. */
import type {Moved} from './action.js';
import type {RelPath} from './path.js';
import type {Problem} from './problem.js';

/**
 * What happened to an action. `not-kept`: the target cannot hold the result, which is not a problem; `skipped`: the path had
 * drifted, so nothing was changed; `stopped`: the run ended before it, or the file system was full; `blocked`: the plan blocked it,
 * or it was held back because a file that may be the same one was not copied.
 */
export const OUTCOME_STATUSES = ['done', 'already-done', 'not-kept', 'skipped', 'failed', 'stopped', 'blocked'] as const;
export type OutcomeStatus = (typeof OUTCOME_STATUSES)[number];

/**
 * The state of an action in a run: its outcome, or a state before it. `made`, `found`: its folder exists (created by this run, or
 * earlier) and gets its attributes when its content is complete. `staged`: written, and waiting until the folder that it replaces
 * is empty.
 */
export const ACTION_STATES = ['pending', 'made', 'found', 'staged', ...OUTCOME_STATUSES] as const;
export type ActionState = (typeof ACTION_STATES)[number];

/** Counts of 0 for each outcome. */
export function noOutcomes(): Record<OutcomeStatus, number> {
  return Object.fromEntries(OUTCOME_STATUSES.map((status) => [status, 0])) as Record<OutcomeStatus, number>;
}

/** The number of actions that were not completed. */
export function unfinished({failed, skipped, stopped, blocked}: Readonly<Record<OutcomeStatus, number>>): number {
  return failed + skipped + stopped + blocked;
}

/** What can end a run early: a signal, or the time limit. */
export const STOPS = ['SIGHUP', 'SIGINT', 'SIGTERM', 'max-duration'] as const;
export type Stop = (typeof STOPS)[number];
export type StopSignal = Exclude<Stop, 'max-duration'>;

/** The result of an apply. Its counts do not include upkeep. */
export interface ApplyReport {
  readonly planId: string;
  readonly runId: string;
  readonly started: string;
  readonly finished: string;
  readonly counts: Readonly<Record<OutcomeStatus, number>>;
  /** Bytes written. */
  readonly bytes: number;
  /** What moved instead of being copied. */
  readonly moved: Moved;
  readonly problems: readonly Problem[];
  /** Paths that were left alone because they had drifted. */
  readonly skipped: readonly RelPath[];
  /** The number of changes that were left out of the plan, in review or by flags. */
  readonly leftOut?: number | undefined;
  /** What ended the run early. */
  readonly interrupted?: Stop | undefined;
  /** An error ended the run early; the problem of the root describes it. */
  readonly brokenOff?: boolean | undefined;
}
