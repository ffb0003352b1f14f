/** One line of `--events`. */
import {z} from 'zod';
import {NOTICE_TOPICS} from '../../core/event.js';
import {report} from './apply.js';
import {error} from './error.js';
import {explained} from './explanation.js';
import {historyFields} from './history.js';
import {jobRun} from './job-run.js';
import {manifestFields} from './manifest.js';
import {
  action,
  count,
  drift,
  flag,
  format,
  halts,
  moment,
  name,
  ofType,
  problem,
  relPath,
  sha256,
  side,
  status,
  summary,
  text,
} from './parts.js';
import {runFields} from './run.js';
import {configFields} from './settings.js';
import {stopped} from './stopped.js';

/** The job of an event. */
const jobName = text('The name of the job; absent for two folders.').optional();

export const event = z.discriminatedUnion('type', [
  z.strictObject({
    format,
    job: jobName,
    type: ofType('plan-started'),
    source: name.describe('The absolute path of the source.'),
    target: name.describe('The absolute path of the target.'),
  }),
  z.strictObject({
    format,
    job: jobName,
    type: ofType('scan-progress'),
    source: count('Entries of the source read so far.'),
    target: count('Entries of the target read so far.'),
  }),
  z.strictObject({
    format,
    job: jobName,
    type: ofType('scan-done'),
    side: side.describe('The tree that was read.'),
    entries: count('The number of entries.'),
    bytes: count('Bytes of all its files.'),
  }),
  z.strictObject({
    format,
    job: jobName,
    type: ofType('plan-ready'),
    plan: text("The plan's id."),
    summary: summary.describe('Its counts.'),
    halts,
  }),
  z.strictObject({
    format,
    job: jobName,
    type: ofType('plan-file'),
    file: name.describe('The file that the plan was written to or read from.'),
    sha256: sha256.describe('The SHA-256 for --plan-sha256.'),
  }),
  z.strictObject({
    format,
    job: jobName,
    type: ofType('explained'),
    explanation: z.strictObject(explained).describe('The answer, as in the document explanation.'),
  }),
  z.strictObject({format, job: jobName, type: ofType('drift'), drift}),
  z.strictObject({
    format,
    job: jobName,
    type: ofType('lock-waiting'),
    target: name.describe('The absolute path of the target, on which another run is active.'),
    holder: z
      .strictObject({
        pid: count('Its process.'),
        host: text('The host of that process.'),
        since: text('When it got the lock; ISO 8601, in UTC.'),
        command: text('Its command line, which may be truncated.'),
      })
      .describe('That run, as described by itself; absent if it has not written that yet.')
      .optional(),
    timeout: count('The most milliseconds that this run waits.'),
  }),
  z.strictObject({
    format,
    job: jobName,
    type: ofType('apply-started'),
    actions: count('All actions of the plan.'),
    steps: count('All steps: the checks, and each action once for each of its waves.'),
    checks: count('The number of steps that are checks before the first change.'),
    bytes: count('Bytes to be written.'),
  }),
  z.strictObject({
    format,
    job: jobName,
    type: ofType('apply-progress'),
    phase: z.enum(['check', 'write', 'sync', 'delete', 'attrs']).describe('The current phase.'),
    actions: count('Actions with a known outcome.'),
    steps: count('Steps done so far; steps that need no work count as done.'),
    totalSteps: count('All steps.'),
    bytes: count('Bytes written so far, and bytes that need not be written.'),
    totalBytes: count('All bytes to be written.'),
    current: z
      .array(relPath.nullable().describe('A path, or null for a worker without work.'))
      .describe('The current path of each worker.'),
  }),
  z.strictObject({
    format,
    job: jobName,
    type: ofType('action'),
    status: status.describe('What happened to it.'),
    action: action.describe('The step of the plan.'),
  }),
  z.strictObject({format, job: jobName, type: ofType('problem'), problem: problem.describe('The problem.')}),
  z.strictObject({format, job: jobName, type: ofType('apply-done'), report: report.describe('How it ended.')}),
  z.strictObject({format, job: jobName, type: ofType('run-shown'), ...runFields}),
  z.strictObject({format, job: jobName, type: ofType('history'), ...historyFields}),
  z.strictObject({format, job: jobName, type: ofType('config-shown'), ...configFields}),
  z.strictObject({
    format,
    job: jobName,
    type: ofType('snapshot-progress'),
    entries: count('Entries read so far.'),
    bytes: count('Bytes of content read so far.'),
  }),
  z.strictObject({format, job: jobName, type: ofType('manifest'), ...manifestFields}),
  z.strictObject({
    format,
    job: jobName,
    type: ofType('run-waiting'),
    next: moment('When the next run begins.'),
    watching: flag('Whether a change of the source starts a run too; absent when it does not.').optional(),
  }),
  z.strictObject({
    format,
    job: jobName,
    type: ofType('run-skipped'),
    ticks: count("How many of the job's times passed without a run."),
    why: z.enum(['busy', 'slept']).describe('busy: another run was in progress; slept: the machine was suspended.'),
  }),
  z.strictObject({
    format,
    job: jobName,
    type: ofType('run-failed'),
    code: text('The error code, as in the document error.'),
    message: text('The whole sentence.'),
    hint: text('What to do about it; absent if there is no advice.').optional(),
  }),
  z.strictObject({
    format,
    job: jobName,
    type: ofType('run-started'),
    id: text("The run's id, as in its journal and in the log."),
  }),
  z.strictObject({format, job: jobName, type: ofType('run-ended'), run: jobRun.describe('How it ended.')}),
  z.strictObject({
    format,
    job: jobName,
    type: ofType('notice'),
    level: z.enum(['info', 'warn']).describe('warn: a user should look at it.'),
    about: z.enum(NOTICE_TOPICS).describe('Its subject. It never changes the result of a run.'),
    message: text('A sentence; names in it are escaped.'),
  }),
  error.describe('The error that ended the program; the last line.'),
  stopped.describe('The signal that ended the program; the last line.'),
]);
