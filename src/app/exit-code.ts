/**
 * With which code the program ends: all of it is decided here. What each error comes to is said beside its summary (core/errors); each command's
 * help lists the codes that it can give.
 */
import {DirsyncError, EXIT} from '../core/errors.js';
import type {JobRun} from '../core/job-run.js';
import {type ApplyReport, type StopSignal, unfinished} from '../core/outcome.js';

/** What else ends a program is a bug. */
export function errorExitCode(error: unknown): number {
  return error instanceof DirsyncError ? error.exitCode : EXIT.error;
}

export function signalExitCode(name: StopSignal): number {
  return {SIGHUP: EXIT.sighup, SIGINT: EXIT.sigint, SIGTERM: EXIT.sigterm}[name];
}

/** Of a plan that was made, and of which nothing is applied: `detailed` as asked for by --detailed-exitcode. */
export function planExitCode({plan, summary, halts}: NonNullable<JobRun['planned']>, detailed: boolean): number {
  if (!detailed) return EXIT.done;
  if (halts.some(({allowed}) => !allowed)) return EXIT.guard;
  if (plan.problems.length > 0 || summary.kinds.blocked.count > 0) return EXIT.partial;
  return summary.changes + summary.upkeep > 0 ? EXIT.changes : EXIT.done;
}

/** `report`: undefined where a plan was to be applied, and nobody confirmed it. */
export function applyExitCode(report: ApplyReport | undefined): number {
  if (report === undefined) return EXIT.error;
  const {counts, problems, interrupted} = report;
  if (interrupted !== undefined && interrupted !== 'max-duration') return signalExitCode(interrupted);
  const isWhole = problems.length === 0 && unfinished(counts) === 0;
  return isWhole ? EXIT.done : EXIT.partial;
}

export interface HowRunEnded {
  /** What it did; undefined where it did not come to that. */
  readonly report: ApplyReport | undefined;
  /** The error that ended it. */
  readonly failure: unknown;
  /** The signal that ended it before it had changed anything. */
  readonly stoppedBy: StopSignal | undefined;
}

/** Of one run of a job: its code by itself, and the word for it. */
export function runVerdict({report, failure, stoppedBy}: HowRunEnded): Pick<JobRun, 'result' | 'exitCode'> {
  if (stoppedBy !== undefined) return {result: 'interrupted', exitCode: signalExitCode(stoppedBy)};
  if (failure !== undefined || report === undefined) {
    const exitCode = errorExitCode(failure);
    return {result: exitCode === EXIT.guard ? 'halted' : exitCode === EXIT.partial ? 'partial' : 'failed', exitCode};
  }
  const exitCode = applyExitCode(report);
  if (exitCode === EXIT.done) return {result: 'success', exitCode};
  return {result: exitCode === EXIT.partial ? 'partial' : 'interrupted', exitCode};
}

/** Of several jobs: the first of these that one of them gives. */
const GRAVEST_FIRST: readonly number[] = [EXIT.error, EXIT.locked, EXIT.guard, EXIT.drift, EXIT.partial, EXIT.done];

export function jobsExitCode(runs: readonly Pick<JobRun, 'exitCode'>[]): number {
  return GRAVEST_FIRST.find((code) => runs.some(({exitCode}) => exitCode === code)) ?? EXIT.done;
}

/** Commands that do more than to print a result. */
const CHANGING: readonly unknown[] = ['apply', 'run', 'init'];

/** Where something that a command printed was lost; `exitCode` is what the command gave. */
export function lostOutputExitCode(command: string | undefined, exitCode: number): number {
  if (exitCode !== EXIT.done) return exitCode;
  return CHANGING.includes(command) ? EXIT.partial : EXIT.error;
}
