/** The parsed command line, and the settings that it makes with the config file. */
import {statSync} from 'node:fs';
import {dirname, isAbsolute} from 'node:path';
import type {Config, JobSettings, LoadOptions} from '../config/load.js';
import {parseHours, parseInterval, parseMilliseconds, parseTimeOfDay} from '../config/quantity.js';
import {type Notices, noticesOf, resolveSettings, type SettingFlags, type Settings} from '../config/settings.js';
import {DirsyncError} from '../core/errors.js';
import {escapeName} from '../core/escape.js';
import type {Format} from '../core/format.js';
import {osPath} from '../core/name.js';
import {currentFolder, environment} from '../platform/environment.js';

/** The parsed command line, as a command passes it on. */
export interface Typed {
  readonly words: readonly string[];
  readonly flags: SettingFlags;
  readonly config: string | undefined;
  /** Undefined: chosen by where the output goes. */
  readonly format: Format | undefined;
  readonly events: boolean;
  readonly all: boolean;
}

/** Returns the settings of a command line: two folders, or a job merged with flags. @throws DirsyncError. */
export async function settingsOf({words, flags, config}: Typed): Promise<Settings> {
  await checkTimes(flags);
  const [word = '', ...others] = words;
  if (others.length === 1) await checkFolders(word, {words, config});
  const name = words.length === 1 ? word : undefined;
  if (name?.includes('/') && isThere(name)) throw notOneJob(name);
  const {job, folder} = await jobOf(name, config).catch((error: unknown) => {
    throw name !== undefined && isUnknownJob(error) ? noJob(name, error) : error;
  });
  return resolveSettings(words, flags, job, folder);
}

/** The roots that are given as manifests: the folders that were read. */
export type ManifestRoots = Readonly<Record<'source' | 'target', string | undefined>>;

/**
 * Returns the settings of a command line with manifests. A single word is the other folder, or a job. @throws DirsyncError USAGE.
 */
export function settingsWithManifests({words, flags, config, ...typed}: Typed, roots: ManifestRoots): Promise<Settings> {
  const twice = (['source', 'target'] as const).find((side) => roots[side] !== undefined && flags[side] !== undefined);
  if (twice !== undefined || words.length > 1) {
    const what = twice ?? (roots.source === undefined ? 'target' : 'source');
    throw new DirsyncError('USAGE', `the ${what} is given twice, as a folder and as a manifest`, 'give it once');
  }
  const [word] = words;
  const isFolder = word !== undefined && (word.includes('/') || isThere(word));
  if (isFolder && roots.source !== undefined && roots.target !== undefined) {
    throw new DirsyncError('USAGE', `both folders are given as manifests, but ${escapeName(word)} too`, 'leave it out');
  }
  const other = isFolder ? {[roots.source === undefined ? 'source' : 'target']: word} : {};
  const {source = flags.source, target = flags.target} = {...roots, ...other} as Partial<ManifestRoots>;
  return settingsOf({...typed, words: isFolder ? [] : words, flags: {...flags, source, target}, config});
}

/**
 * Checks the times of flags, even if no schedule uses them. Times of a config are checked when it is read.
 * @throws DirsyncError INTERVAL_INVALID, SCHEDULE_INVALID or USAGE.
 */
export async function checkTimes(flags: SettingFlags): Promise<void> {
  const {every, cron = [], at = [], timezone, activeHours = [], delay, jitter, backoff, debounce} = flags;
  if (every !== undefined) parseInterval(every);
  at.forEach(parseTimeOfDay);
  activeHours.forEach(parseHours);
  for (const time of [delay, jitter, backoff, debounce]) if (time !== undefined) parseMilliseconds(time);
  if (cron.length === 0 && timezone === undefined) return;
  // Loaded only here, because few flags need a calendar.
  const {checkCron, checkTimezone} = await import('../config/cron.js');
  cron.forEach(checkCron);
  if (timezone !== undefined) checkTimezone(timezone);
}

function isThere(word: string): boolean {
  return statSync(osPath(word), {throwIfNoEntry: false}) !== undefined;
}

/** Returns whether an error means that there is no such job. */
export function isUnknownJob(error: unknown): error is DirsyncError {
  return error instanceof DirsyncError && error.code === 'JOB_UNKNOWN';
}

/** Returns the error for a single word that is a path. */
function notOneJob(word: string): DirsyncError {
  if (isFile(word)) {
    return new DirsyncError('USAGE', `${escapeName(word)} is a file`, `name SOURCE and TARGET, or a JOB; ${FOR_PLANS}`);
  }
  return new DirsyncError('USAGE', `only one folder is given: ${escapeName(word)}`, 'name SOURCE and TARGET, or a JOB');
}

const FOR_PLANS = 'a saved plan works with `dirsync apply` and `dirsync show`';

function isFile(word: string): boolean {
  return statSync(osPath(word), {throwIfNoEntry: false})?.isDirectory() === false;
}

/** Returns the error for a word that names no job but may mean something else. */
function noJob(word: string, unknown: DirsyncError): DirsyncError {
  if (word.includes('/')) return notOneJob(word);
  if (!isThere(word)) return unknown;
  const other = isFile(word)
    ? `there is a file with that name, but ${FOR_PLANS}`
    : 'to copy the folder with that name, add a target';
  return new DirsyncError('JOB_UNKNOWN', unknown.detail, `${unknown.hint}; ${other}`);
}

/** Returns the error for a word of `apply` that is neither a job nor a plan file. */
export function neitherJobNorPlan(word: string, unknown: DirsyncError): DirsyncError {
  if (!/\.plan$/i.test(word))
    return new DirsyncError('JOB_UNKNOWN', unknown.detail, `${unknown.hint}; it is not a plan file either`);
  return new DirsyncError('PLAN_UNREADABLE', `${escapeName(word)} does not exist, and is not a job either`, 'check the path');
}

/** Checks that two words are folders. @throws DirsyncError USAGE if they name jobs and the source does not exist. */
async function checkFolders(source: string, {words, config}: Pick<Typed, 'words' | 'config'>): Promise<void> {
  if (words.some((word) => word.includes('/')) || isThere(source)) return;
  const jobs = await configOf({config}).then(
    (found) => words.filter((word) => found?.jobs.has(word)),
    // Two folders need no config, and a missing source is reported later.
    () => [],
  );
  if (jobs.length === 0) return;
  const names = jobs.map(escapeName).join(' and ');
  const what = jobs.length === 1 ? `${names} is a job` : `${names} are jobs`;
  throw new DirsyncError(
    'USAGE',
    `${what}, but the folder ${escapeName(source)} does not exist`,
    'name one JOB, or SOURCE and TARGET',
  );
}

/** Flags that affect how a plan is made, in addition to filters and the config file. */
const MAKING = [
  'excludeCaches',
  'excludeIfPresent',
  'minSize',
  'maxSize',
  'delete',
  'deleteBefore',
  'deleteAnyway',
  'deleteExcluded',
  'checksum',
  'sizeOnly',
  'mtimeWindow',
  'preserve',
  'noPreserve',
  'ownerBy',
  'oneFileSystem',
  'linksAs',
  'renameInvalid',
  'moves',
  'moveCheckLimit',
  'memory',
  'onDrift',
] as const satisfies (keyof SettingFlags)[];

/** @throws DirsyncError USAGE for flags that have no effect on a saved plan. */
export function checkForSaved({config, flags}: Typed): void {
  const {filters, live, log, logFormat, logLevel} = flags;
  const typed = MAKING.filter((key) => flags[key] !== undefined).map((key) => flagName(key, flags[key]));
  const [flag] = [...filters.map((filter) => `--${filter.flag}`), ...typed, ...(config === undefined ? [] : ['--config'])];
  if (flag !== undefined) {
    throw new DirsyncError(
      'USAGE',
      `${flag} affects how a plan is made, but a saved plan is already made`,
      'leave it out, or make a new plan with it',
    );
  }
  if (live !== undefined) {
    const detail = '--live works only with fresh plans: if a file has grown, it may no longer be what was approved';
    throw new DirsyncError('USAGE', detail, 'leave it out; files that changed since are not copied');
  }
  if (log !== undefined || (logFormat ?? logLevel) === undefined) return;
  const detail = `${logFormat === undefined ? '--log-level' : '--log-format'} is given without a log`;
  throw new DirsyncError('USAGE', detail, 'name the file with --log');
}

function flagName(key: string, value: unknown): string {
  return `--${value === false ? 'no-' : ''}${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** Returns the target: the second of two roots, that of a flag or a job, or a single folder. @throws DirsyncError USAGE. */
export async function targetOf({words, flags, config}: Typed): Promise<string> {
  const [word, second] = words;
  if (word !== undefined && flags.target !== undefined) {
    throw new DirsyncError('USAGE', 'the target is given twice, as an argument and with -o', 'give it once');
  }
  const given = second ?? flags.target;
  if (given !== undefined) return given;
  if (word === undefined) throw new DirsyncError('USAGE', 'no target is given', 'name TARGET, or a JOB of the config file');
  const isFolder = isThere(word);
  if (isFolder && word.includes('/')) return word;
  try {
    const {job} = await jobOf(word, config);
    return job.target as string;
  } catch (error) {
    // As in other commands, a job takes precedence: next to its config there is often a folder with its name.
    if (isUnknownJob(error) && (isFolder || word.includes('/'))) return word;
    throw error;
  }
}

/** Returns the config file that is named or found; undefined if there is none. */
export async function configOf({config}: Pick<Typed, 'config'>): Promise<Config | undefined> {
  // Loaded only here, because reading config files takes longer than a small run (bench: startup-plan).
  const {loadConfig} = await import('../config/load.js');
  return loadConfig(placeOf(config));
}

/**
 * Returns where a config is read or searched for. @throws DirsyncError CURRENT_FOLDER if the current folder is needed but unusable.
 */
export function placeOf(file: string | undefined): LoadOptions {
  return {cwd: file !== undefined && isAbsolute(file) ? dirname(file) : currentFolder(), file, env: environment()};
}

/** Reads the config only if it or a job is named, because two folders need none. */
async function jobOf(name: string | undefined, file: string | undefined): Promise<{job: JobSettings; folder?: string}> {
  if (name === undefined && file === undefined) return {job: {}};
  const config = await configOf({config: file});
  const {findJob} = await import('../config/load.js');
  const job = name === undefined ? (config?.defaults ?? {}) : findJob(config, name);
  return {job, ...(config && {folder: dirname(config.file)})};
}

/** Returns the names of the jobs in a config that has mistakes. */
export async function salvagedNames({config}: Typed): Promise<readonly string[]> {
  const {salvageNames} = await import('../config/load.js');
  return salvageNames(placeOf(config));
}

/** Returns the log, metrics and hooks of a job, as far as they can be read from a config with mistakes. */
export async function salvagedNotices({words, flags, config}: Typed): Promise<Notices | undefined> {
  const [job, more] = words;
  if (config === undefined && (job === undefined || more !== undefined)) return undefined;
  const {salvageNotices} = await import('../config/load.js');
  const found = await salvageNotices({...placeOf(config), job: more === undefined ? job : undefined});
  return found && noticesOf(flags, found.settings, found.folder);
}
