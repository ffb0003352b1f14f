/** Runs jobs once each, or on their schedules until a signal ends them. */

import {DirsyncError} from '../../core/errors.js';
import type {Format} from '../../core/format.js';
import type {StopSignal} from '../../core/outcome.js';
import {Slots} from '../../schedule/slots.js';
import {type Context, Interrupted} from '../context.js';
import {jobsExitCode, signalExitCode} from '../exit-code.js';
import type {Output} from '../output/output.js';
import type {Typed} from '../typed.js';
import {jobOf, namesOf, type RunOptions, runWhenFree, scheduleOf, unknownOr} from './choose.js';
import {runOnSchedule} from './daemon.js';

/** Formats that hold only one run. */
const REPORTS: readonly Format[] = ['markdown', 'html', 'github', 'junit'];

/** Runs jobs once, or on their schedules until a signal. Returns the exit code. @throws DirsyncError; Interrupted. */
export async function runJobs(typed: Typed, options: RunOptions, context: Context, output: Output): Promise<number> {
  const {signal} = context;
  const names = await namesOf(typed, options.allJobs);
  const jobs = names.map((name) => jobOf(name, typed, context, output));
  const settled = unknownOr(await Promise.all(jobs.map(async (job) => ({job, settings: await job.settings()}))));
  if (!options.once && settled.some(({settings}) => scheduleOf(settings) !== undefined)) {
    checkFormat(typed, 'a single run', 'use --events, or look at runs later with `dirsync show`', ['json', ...REPORTS]);
    return runOnSchedule({typed, options, context, output}, settled);
  }
  if (names.length > 1) checkFormat(typed, 'a single job', 'use --json, or look at runs later with `dirsync show`', REPORTS);
  output.expectJobs(settled.length);
  const slots = new Slots(options.atOnce);
  const runs = await Promise.all(settled.map(({job, settings}) => runWhenFree({slots, job, signal, onWait: () => {}}, settings)));
  const ended = runs.filter((run) => run !== undefined);
  if (signal.aborted && ended.length === 0) throw new Interrupted();
  if (ended.length === 1 && ended[0]?.failure !== undefined) throw ended[0].failure;
  if (signal.aborted) return signalExitCode(signal.reason as StopSignal);
  return jobsExitCode(ended.map(({run}) => run));
}

function checkFormat({format}: Typed, whom: string, hint: string, refused: readonly Format[]): void {
  if (format === undefined || !refused.includes(format)) return;
  throw new DirsyncError('USAGE', `--format ${format} works only for ${whom}`, hint);
}
