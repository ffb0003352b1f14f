/**
 * Decides all exit codes of the program. core/errors has the code of each error; the help of each command lists the codes that it
 * can return.
 */
import {DirsyncError, EXIT} from '../core/errors.js';
import type {JobRun} from '../core/job-run.js';
import type {ManifestFacts} from '../core/manifest.js';
import {type ApplyReport, type StopSignal, unfinished} from '../core/outcome.js';

/** Returns the exit code for an error. An error that is not a DirsyncError is a bug. */
export function errorExitCode(error: unknown): number {
  return error instanceof DirsyncError ? error.exitCode : EXIT.error;
}

/** Returns 128 plus the number of the signal, as shells do. */
export function signalExitCode(name: StopSignal): number {
  return {SIGHUP: EXIT.sighup, SIGINT: EXIT.sigint, SIGTERM: EXIT.sigterm}[name];
}

/** Returns the exit code for a plan that is not applied; `detailed`: with --detailed-exitcode. */
export function planExitCode({plan, summary, halts}: NonNullable<JobRun['planned']>, detailed: boolean): number {
  if (!detailed) return EXIT.done;
  if (halts.some(({allowed}) => !allowed)) return EXIT.guard;
  if (plan.problems.length > 0 || summary.kinds.blocked.count > 0) return EXIT.partial;
  return summary.changes + summary.upkeep > 0 ? EXIT.changes : EXIT.done;
}

/** Returns the exit code for a snapshot that was written. */
export function snapshotExitCode({problems}: Pick<ManifestFacts, 'problems'>): number {
  return problems.length > 0 ? EXIT.partial : EXIT.done;
}

/** Returns the exit code for an apply. `report`: undefined if the user did not confirm it. */
export function applyExitCode(report: ApplyReport | undefined): number {
  if (report === undefined) return EXIT.error;
  const {counts, problems, interrupted} = report;
  if (interrupted !== undefined && interrupted !== 'max-duration') return signalExitCode(interrupted);
  const isWhole = problems.length === 0 && unfinished(counts) === 0;
  return isWhole ? EXIT.done : EXIT.partial;
}

export interface HowRunEnded {
  /** What the run did; undefined if it did not get that far. */
  readonly report: ApplyReport | undefined;
  /** The error that ended the run. */
  readonly failure: unknown;
  /** The signal that ended the run before it changed anything. */
  readonly stoppedBy: StopSignal | undefined;
}

/** Returns the result and the exit code of a single run. */
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

/** With several jobs, the exit code is the first of these that a job returns. */
const GRAVEST_FIRST: readonly number[] = [EXIT.error, EXIT.locked, EXIT.guard, EXIT.drift, EXIT.partial, EXIT.done];

/** Returns the most serious exit code of several runs. */
export function jobsExitCode(runs: readonly Pick<JobRun, 'exitCode'>[]): number {
  return GRAVEST_FIRST.find((code) => runs.some(({exitCode}) => exitCode === code)) ?? EXIT.done;
}

/** Commands that do more than print a result. */
const CHANGING: readonly unknown[] = ['apply', 'run', 'init', 'snapshot'];

/** Returns the exit code if output of a command was lost; `exitCode`: that of the command itself. */
export function lostOutputExitCode(command: string | undefined, exitCode: number): number {
  if (exitCode !== EXIT.done) return exitCode;
  return CHANGING.includes(command) ? EXIT.partial : EXIT.error;
}
