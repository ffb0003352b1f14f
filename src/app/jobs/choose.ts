/** Chooses the jobs to run, and when each may start. */
import {existsSync} from 'node:fs';
import {isFolder} from '../../config/expand.js';
import type {Settings} from '../../config/settings.js';
import {DirsyncError} from '../../core/errors.js';
import {escapeName} from '../../core/escape.js';
import {osPath} from '../../core/name.js';
import {absolutePath, realPath} from '../../platform/environment.js';
import type {SlotOptions, Slots} from '../../schedule/slots.js';
import type {Context} from '../context.js';
import type {Output} from '../output/output.js';
import {configOf, isUnknownJob, salvagedNames, type Typed} from '../typed.js';
import {type EndedRun, Job, type NoSettings} from './job.js';

/** How `dirsync run` runs its jobs. */
export interface RunOptions {
  /** Run all jobs of the config file. */
  readonly allJobs: boolean;
  /** The most jobs that run at the same time. */
  readonly atOnce: number;
  /** Run once, now, and ignore the schedule. */
  readonly once: boolean;
}

/** A job with its settings, or with the error in them. */
export interface JobSettled {
  readonly job: Job;
  readonly settings: Settings | NoSettings;
}

/** Returns the job with this name, or for two folders the job without a name. */
export function jobOf(name: string | undefined, typed: Typed, context: Context, output: Output): Job {
  return new Job({name, typed: name === undefined ? typed : {...typed, words: [name]}, output, context});
}

/** Returns the names of the jobs to run; undefined stands for two folders. @throws DirsyncError USAGE. */
export async function namesOf(typed: Typed, allJobs: boolean): Promise<readonly (string | undefined)[]> {
  const {words, flags} = typed;
  if (allJobs) {
    if (words.length > 0) throw new DirsyncError('USAGE', 'both --all and jobs are given', 'give only one of them');
    const names = await allNames(typed);
    if (names.length === 0)
      throw new DirsyncError('USAGE', '--all is given, but there are no jobs', 'write a config file with jobs');
    return checkRoots(names, flags);
  }
  if (words.length === 0 || (words.length === 2 && !(await areJobs(typed)))) return [undefined];
  return checkRoots([...new Set(words)], flags);
}

/** Returns the names of all jobs, also from a config with mistakes: then each run fails and notifies its hooks. */
async function allNames(typed: Typed): Promise<readonly string[]> {
  try {
    return [...((await configOf(typed))?.jobs.keys() ?? [])];
  } catch (error) {
    const names = await salvagedNames(typed);
    if (names.length === 0) throw error;
    return names;
  }
}

/** @throws DirsyncError USAGE if flags for a single job are given for several. */
function checkRoots(names: readonly string[], {source, target, metrics}: Typed['flags']): readonly string[] {
  if (names.length < 2) return names;
  if ((source ?? target) !== undefined) {
    throw new DirsyncError('USAGE', 'one folder is given for several jobs', 'leave out -i and -o, or run one job');
  }
  if (metrics !== undefined && !isFolder(metrics)) {
    throw new DirsyncError(
      'USAGE',
      'one metrics file is given for several jobs',
      'name a folder, so that each job gets its own file in it',
    );
  }
  return names;
}

/**
 * Whether two words are jobs. They are folders if both exist or if neither is a job. A job together with an unknown word is a
 * misspelled job, because as folders they would create a new target.
 */
async function areJobs(typed: Typed): Promise<boolean> {
  const {words} = typed;
  if (words.some((word) => word.includes('/'))) return false;
  const [isThere, isTargetThere] = words.map((word) => existsSync(osPath(word)));
  const config = await configOf(typed).catch(() => 'broken' as const);
  // Each job then reports the broken config.
  if (config === 'broken') return !isThere;
  const jobs = words.filter((word) => config?.jobs.has(word));
  if (config === undefined || jobs.length === 0 || (jobs.length === 1 && isThere && isTargetThere)) return false;
  if (!isThere) return true;
  const names = words.map(escapeName);
  const folders = `for the folders, write ./${names.join(' ./')}`;
  const {findJob} = await import('../../config/load.js');
  for (const word of words) {
    try {
      findJob(config, word);
    } catch (error) {
      throw isUnknownJob(error) ? new DirsyncError(error.code, error.detail, `${error.hint}; ${folders}`) : error;
    }
  }
  throw new DirsyncError(
    'USAGE',
    `${names.join(' and ')} are jobs of ${escapeName(config.file)}, but ${names[0]} is also a folder`,
    `${folders}; for the jobs, run them one after the other`,
  );
}

/** Returns the jobs that no config has, or all jobs if there are none. Unknown jobs are reported before anything runs. */
export function unknownOr(settled: readonly JobSettled[]): readonly JobSettled[] {
  const unknown = settled.filter(({settings}) => 'failure' in settings && isUnknownJob(settings.failure));
  return unknown.length > 0 ? unknown : settled;
}

export interface Admission extends Pick<SlotOptions, 'signal' | 'onWait'> {
  readonly slots: Slots;
  readonly job: Job;
}

/** Runs a job as soon as no other job works on its target. Returns undefined if it was stopped before it started. */
export async function runWhenFree(admission: Admission, settings: Settings | NoSettings): Promise<EndedRun | undefined> {
  const {slots, job} = admission;
  const target = targetKey(settings, job);
  const ended = await slots.use({...admission, target}, async (hasWaited) => {
    // The config, and so the target, may have changed in the meantime.
    const current = hasWaited ? await job.settings() : settings;
    return targetKey(current, job) === target ? {run: await job.run(current)} : {instead: current};
  });
  return ended !== undefined && 'instead' in ended ? runWhenFree(admission, ended.instead) : ended?.run;
}

/** Returns the schedule of a job, or undefined if it has none. */
export function scheduleOf(settings: Settings | NoSettings): Settings['schedule'] {
  return 'failure' in settings ? undefined : settings.schedule;
}

/** Returns the roots of a job; empty texts if its settings are not valid. */
export function rootsOf(settings: Settings | NoSettings): {source: string; target: string} {
  return 'failure' in settings ? {source: '', target: ''} : settings;
}

/** Returns a key that is the same for all spellings of a target. */
function targetKey(settings: Settings | NoSettings, {name}: Job): string {
  if ('failure' in settings) return `job ${name}`;
  try {
    return realPath(settings.target);
  } catch {
    // The target does not exist yet.
    return absolutePath(settings.target);
  }
}
