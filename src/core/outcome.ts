import type {RelPath} from './path.js';
import type {Problem} from './problem.js';

/**
 * What happened to an action. `not-kept`: the target cannot hold what it would make, which is no problem; `skipped`: the world had
 * drifted, so nothing was touched; `stopped`: the run ended before it, or its file system was full; `blocked`: it was not to be done, or it was held back, since a file that may be the same one was not copied.
 */
export const OUTCOME_STATUSES = ['done', 'already-done', 'not-kept', 'skipped', 'failed', 'stopped', 'blocked'] as const;
export type OutcomeStatus = (typeof OUTCOME_STATUSES)[number];

/**
 * How far an action has come in a run: its outcome, or what comes before it. `made`, `found`: its folder is there, made by this run or
 * before, and gets its attributes when nothing in it changes any more. `staged`: written, and waiting for the folder that it replaces
 * to be empty.
 */
export const ACTION_STATES = ['pending', 'made', 'found', 'staged', ...OUTCOME_STATUSES] as const;
export type ActionState = (typeof ACTION_STATES)[number];

export function noOutcomes(): Record<OutcomeStatus, number> {
  return Object.fromEntries(OUTCOME_STATUSES.map((status) => [status, 0])) as Record<OutcomeStatus, number>;
}

/** Actions that were not brought to their end. */
export function unfinished({failed, skipped, stopped, blocked}: Readonly<Record<OutcomeStatus, number>>): number {
  return failed + skipped + stopped + blocked;
}

/** What can end a run early: a signal, or the time that it was given. */
export const STOPS = ['SIGHUP', 'SIGINT', 'SIGTERM', 'max-duration'] as const;
export type Stop = (typeof STOPS)[number];
export type StopSignal = Exclude<Stop, 'max-duration'>;

/** The result of an apply. Its counts are of actions, upkeep included in none of them. */
export interface ApplyReport {
  readonly planId: string;
  readonly runId: string;
  readonly started: string;
  readonly finished: string;
  readonly counts: Readonly<Record<OutcomeStatus, number>>;
  /** Bytes written. */
  readonly bytes: number;
  readonly problems: readonly Problem[];
  /** Paths left alone because they had drifted. */
  readonly skipped: readonly RelPath[];
  /** Changes that were left out of the plan, by hand or by flags. */
  readonly leftOut?: number | undefined;
  /** What ended the run early. */
  readonly interrupted?: Stop | undefined;
  /** An error ended it early: the problem of the root tells which. */
  readonly brokenOff?: boolean | undefined;
}
