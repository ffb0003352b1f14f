/** The environment variables of commands. A variable is empty if its value is unknown or does not exist. */
import type {JobRun} from '../core/job-run.js';
import {unfinished} from '../core/outcome.js';
import {haltingGuards, runSentence} from '../report/markdown/run-message.js';

/** The kernel allows 128 KiB for one variable. */
const MAX_VALUE = 16_384;

/**
 * The variables that are known when a run starts. Those of its end are removed, since this process may itself be a hook of another
 * run.
 */
export function startVariables({id, job, source, target}: Pick<JobRun, 'id' | 'job' | 'source' | 'target'>): NodeJS.ProcessEnv {
  return {
    DIRSYNC_RUN_ID: value(id),
    DIRSYNC_JOB: value(job),
    DIRSYNC_SOURCE: value(source),
    DIRSYNC_TARGET: value(target),
    DIRSYNC_RESULT: undefined,
    DIRSYNC_EXIT_CODE: undefined,
    DIRSYNC_CHANGES: undefined,
    DIRSYNC_PENDING: undefined,
    DIRSYNC_BYTES: undefined,
    DIRSYNC_PROBLEMS: undefined,
    DIRSYNC_DURATION: undefined,
    DIRSYNC_GUARD: undefined,
    DIRSYNC_ERROR: undefined,
    DIRSYNC_MESSAGE: undefined,
  };
}

/** The variables that describe how a run ended. */
export function endVariables(run: JobRun): NodeJS.ProcessEnv {
  const {planned, report, error, result, exitCode, duration} = run;
  return {
    DIRSYNC_RESULT: result,
    DIRSYNC_EXIT_CODE: value(exitCode),
    DIRSYNC_CHANGES: value(report?.counts.done ?? 0),
    DIRSYNC_PENDING: value(report ? unfinished(report.counts) : planned?.summary.changes),
    DIRSYNC_BYTES: value(report?.bytes ?? 0),
    DIRSYNC_PROBLEMS: value((report ?? planned?.plan)?.problems.length ?? 0),
    DIRSYNC_DURATION: (duration / 1000).toFixed(3),
    DIRSYNC_GUARD: haltingGuards(run).join(','),
    DIRSYNC_ERROR: value(error?.code),
    DIRSYNC_MESSAGE: value(runSentence(run)),
  };
}

/** A variable cannot contain a NUL. */
function value(what: string | number | undefined): string {
  return String(what ?? '')
    .slice(0, MAX_VALUE)
    .replaceAll('\0', '\ufffd');
}
