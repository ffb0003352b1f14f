/** Runs jobs: once each, or whenever their schedules say so until a signal ends it. */
import {existsSync, realpathSync} from 'node:fs';
import {resolve} from 'node:path';
import process from 'node:process';
import type {Settings} from '../config/settings.js';
import {DirsyncError, EXIT} from '../core/errors.js';
import {escapeName} from '../core/escape.js';
import type {Format} from '../core/format.js';
import {WorkerPool} from '../platform/pool.js';
import {Slots} from '../schedule/slots.js';
import {type Context, Interrupted} from './context.js';
import {signalExitCode} from './errors.js';
import {type EndedRun, Job, type NoSettings} from './job.js';
import type {Output} from './output.js';
import {Scheduled} from './scheduled.js';
import {configOf, type Typed} from './typed.js';

export interface RunOptions {
  /** All jobs of the config file. */
  readonly allJobs: boolean;
  /** At most so many at a time. */
  readonly jobs: number;
  /** Once and now, whatever the schedule says. */
  readonly once: boolean;
}

/** After a signal, runs have so long to end cleanly; what is half written then lies in staging, as after any kill. */
const GRACE_MS = 4_500;
/** Of several jobs: the exit code of the program is the first of these that one of them gives. */
const GRAVEST_FIRST = [EXIT.error, EXIT.locked, EXIT.guard, EXIT.drift, EXIT.partial, EXIT.done];

export async function runJobs(typed: Typed, options: RunOptions, context: Context, output: Output): Promise<number> {
  const {signal} = context;
  const names = await namesOf(typed, options.allJobs);
  const jobs = names.map((name) => jobOf(name, typed, context, output));
  const settled = await Promise.all(jobs.map(async (job) => ({job, settings: await job.settings()})));
  const isOnSchedule = !options.once && settled.some(({settings}) => scheduleOf(settings) !== undefined);
  if (isOnSchedule) await checkTimes(typed);
  if (isOnSchedule) return runOnSchedule({typed, options, context, output}, settled);
  if (names.length > 1) checkFormat(typed, 'a single job', ['html', 'junit']);
  output.expectJobs(names.length);
  const slots = new Slots(options.jobs);
  const use: Use = (job, settings) => slots.use(targetKey(settings, job), signal, () => job.run(settings));
  const runs = await Promise.all(settled.map(({job, settings}) => use(job, settings)));
  if (signal.aborted) throw new Interrupted();
  const ended = runs.filter((run) => run !== undefined);
  if (ended.length === 1 && ended[0]?.failure !== undefined) throw ended[0].failure;
  return GRAVEST_FIRST.find((code) => ended.some(({run}) => run.exitCode === code)) ?? EXIT.done;
}

/** Runs a job when it may: one whose target another works on waits. Undefined when it was stopped before. */
type Use = (job: Job, settings: Settings | NoSettings) => Promise<EndedRun | undefined>;

type JobSettled = {readonly job: Job; readonly settings: Settings | NoSettings};

interface Session {
  readonly typed: Typed;
  readonly options: RunOptions;
  readonly context: Context;
  readonly output: Output;
}

/** Until a signal ends it. SIGHUP reads the config again, SIGUSR1 wants a run of each job now. */
async function runOnSchedule({typed, options, context, output}: Session, settled: readonly JobSettled[]): Promise<never> {
  checkFormat(typed, 'a single run', ['markdown', 'html', 'github', 'junit']);
  WorkerPool.keepSpares();
  const {signal} = context;
  const slots = new Slots(options.jobs);
  const use: Use = (job, settings) => slots.use(targetKey(settings, job), signal, () => job.run(settings));
  const scheduled = new Map<string | undefined, Scheduled>();
  const running = new Set<Promise<void>>();

  const add = ({job, settings}: JobSettled, fail: (error: unknown) => void) => {
    const schedule = scheduleOf(settings);
    if (schedule !== undefined) {
      const one = new Scheduled({job, schedule, signal, use, now: context.now});
      scheduled.set(job.name, one);
      running.add(one.run().catch(fail));
    } else if ('failure' in settings || !options.allJobs) {
      running.add(use(job, settings).then(() => undefined, fail));
    } else {
      job.notice('info', 'schedule', 'it has no schedule and is left out; name it to run it once');
    }
  };

  await output.openRunScreen(settled.map(({job, settings}) => ({name: job.name, ...rootsOf(settings)})));
  await new Promise<void>((done, fail) => {
    signal.addEventListener('abort', () => done(), {once: true});
    const addNew = async () => {
      const names = await namesOf(typed, true);
      for (const [name, one] of scheduled) {
        if (names.includes(name)) continue;
        scheduled.delete(name);
        one.end();
      }
      for (const name of names.filter((each) => !scheduled.has(each))) {
        const job = jobOf(name, typed, context, output);
        add({job, settings: await job.settings()}, fail);
      }
    };
    const reread = async () => {
      for (const one of scheduled.values()) await one.reread();
      // A config that cannot be read was told of by each job.
      if (options.allJobs) await addNew().catch(() => {});
    };
    const ask = () => {
      for (const one of scheduled.values()) one.ask();
    };
    const hangUp = () => void reread();
    process.on('SIGHUP', hangUp).on('SIGUSR1', ask);
    signal.addEventListener('abort', () => process.off('SIGHUP', hangUp).off('SIGUSR1', ask), {once: true});
    for (const one of settled) add(one, fail);
  });
  const exit = setTimeout(() => process.exit(signalExitCode(signal.reason)), GRACE_MS);
  await Promise.all(running);
  clearTimeout(exit);
  throw new Interrupted();
}

function jobOf(name: string | undefined, typed: Typed, context: Context, output: Output): Job {
  return new Job({name, typed: name === undefined ? typed : {...typed, words: [name]}, output, context});
}

/** Names of jobs, or undefined for two folders. */
async function namesOf(typed: Typed, allJobs: boolean): Promise<readonly (string | undefined)[]> {
  const {words, flags} = typed;
  if (allJobs) {
    if (words.length > 0) throw new DirsyncError('USAGE', '--all is given, and jobs too', 'give one of the two');
    const names = [...((await configOf(typed))?.jobs.keys() ?? [])];
    if (names.length === 0)
      throw new DirsyncError('USAGE', '--all is given, and there are no jobs', 'write a config file with jobs');
    return checkRoots(names, flags);
  }
  if (words.length === 0 || (words.length === 2 && !(await areJobs(typed)))) return [undefined];
  return checkRoots([...new Set(words)], flags);
}

function checkRoots(names: readonly string[], {source, target}: Typed['flags']): readonly string[] {
  if (names.length < 2 || (source ?? target) === undefined) return names;
  throw new DirsyncError('USAGE', 'a root is given for several jobs', 'leave out -i and -o, or run one job');
}

/** Two words are folders, unless there is no such source and both are jobs. */
async function areJobs(typed: Typed): Promise<boolean> {
  const {words} = typed;
  if (words.some((word) => word.includes('/'))) return false;
  const isFolder = existsSync(words[0] as string);
  const config = await configOf(typed).catch((error: unknown) => {
    if (!isFolder) throw error;
    return undefined;
  });
  if (config === undefined || !words.every((word) => config.jobs.has(word))) return false;
  if (!isFolder) return true;
  const names = words.map(escapeName);
  throw new DirsyncError(
    'USAGE',
    `${names.join(' and ')} are jobs of ${escapeName(config.file)}, and ${names[0]} is a folder too`,
    `for the folders write ./${names.join(' ./')}, for the jobs run one after the other`,
  );
}

function checkFormat({format}: Typed, whom: string, refused: readonly Format[]): void {
  if (format === undefined || !refused.includes(format)) return;
  throw new DirsyncError('USAGE', `--format ${format} is for ${whom}`, 'read runs later with `show`');
}

/** Those of the config are checked where it is read. @throws DirsyncError SCHEDULE_INVALID. */
async function checkTimes({flags: {cron = [], timezone}}: Typed): Promise<void> {
  // Loaded only here: few flags need a calendar.
  const {checkCron, checkTimezone} = await import('../config/cron.js');
  cron.forEach(checkCron);
  if (timezone !== undefined) checkTimezone(timezone);
}

function scheduleOf(settings: Settings | NoSettings): Settings['schedule'] {
  return 'failure' in settings ? undefined : settings.schedule;
}

function rootsOf(settings: Settings | NoSettings): {source: string; target: string} {
  return 'failure' in settings ? {source: '', target: ''} : settings;
}

/** One for each target, however it is written. */
function targetKey(settings: Settings | NoSettings, {name}: Job): string {
  if ('failure' in settings) return `job ${name}`;
  const path = resolve(settings.target);
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
