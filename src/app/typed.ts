/** What was typed, and what it comes to with the config file. */
import {existsSync} from 'node:fs';
import {dirname, isAbsolute} from 'node:path';
import type {Config, JobSettings, LoadOptions} from '../config/load.js';
import {type Notices, noticesOf, resolveSettings, type SettingFlags, type Settings} from '../config/settings.js';
import {DirsyncError} from '../core/errors.js';
import {escapeName} from '../core/escape.js';
import type {Format} from '../core/format.js';
import {osPath} from '../core/name.js';
import {currentFolder, environment} from '../platform/environment.js';

/** What was typed, as a command hands it over. */
export interface Typed {
  readonly words: readonly string[];
  readonly flags: SettingFlags;
  readonly config: string | undefined;
  /** Undefined: what suits where the output goes. */
  readonly format: Format | undefined;
  readonly events: boolean;
  readonly all: boolean;
}

export async function settingsOf({words, flags, config}: Typed): Promise<Settings> {
  const [word = ''] = words;
  if (words.length === 1 && word.includes('/') && existsSync(osPath(word))) {
    throw new DirsyncError('USAGE', `only one folder is given: ${escapeName(word)}`, 'name SOURCE and TARGET, or a JOB');
  }
  const {job, folder} = await jobOf(words.length === 1 ? word : undefined, config);
  return resolveSettings(words, flags, job, folder);
}

/** What says how a plan is made; filters and the config file besides. */
const MAKING = [
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
] as const satisfies (keyof SettingFlags)[];

/** @throws DirsyncError USAGE for what would be without effect on a plan that is made already. */
export function checkForSaved({config, flags}: Typed): void {
  const {filters, live, log, logFormat, logLevel} = flags;
  const typed = MAKING.filter((key) => flags[key] !== undefined).map((key) => flagName(key, flags[key]));
  const [flag] = [...filters.map((filter) => `--${filter.flag}`), ...typed, ...(config === undefined ? [] : ['--config'])];
  if (flag !== undefined) {
    throw new DirsyncError(
      'USAGE',
      `${flag} says how a plan is made, and a saved plan is made already`,
      'leave it out, or plan again with it',
    );
  }
  if (live !== undefined) {
    const detail =
      '--live is for plans made just now: of a file that has grown, nobody knows whether it is still what was approved';
    throw new DirsyncError('USAGE', detail, 'leave it out; what has changed since is left alone');
  }
  if (log !== undefined || (logFormat ?? logLevel) === undefined) return;
  const detail = `${logFormat === undefined ? '--log-level' : '--log-format'} is given without a log`;
  throw new DirsyncError('USAGE', detail, 'name the file with --log');
}

function flagName(key: string, value: unknown): string {
  return `--${value === false ? 'no-' : ''}${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** The target alone: of two roots the second, of a flag, of a job, or a folder by itself. */
export async function targetOf({words, flags, config}: Typed): Promise<string> {
  const [word, second] = words;
  if (word !== undefined && flags.target !== undefined) {
    throw new DirsyncError('USAGE', 'the target is given twice, as a word and by -o', 'give it once');
  }
  const given = second ?? flags.target;
  if (given !== undefined) return given;
  if (word === undefined) throw new DirsyncError('USAGE', 'no target is given', 'name TARGET, or a JOB of the config file');
  const isFolder = existsSync(osPath(word));
  if (isFolder && word.includes('/')) return word;
  try {
    const {job} = await jobOf(word, config);
    return job.target as string;
  } catch (error) {
    // A job comes first, as in the other commands: beside its config there is often a folder of the same name.
    if (isFolder && error instanceof DirsyncError && error.code === 'JOB_UNKNOWN') return word;
    throw error;
  }
}

/** The config file that is named or found; undefined where there is none. */
export async function configOf({config}: Pick<Typed, 'config'>): Promise<Config | undefined> {
  // Loaded only here: reading config files costs more than a small run (bench: startup-plan).
  const {loadConfig} = await import('../config/load.js');
  return loadConfig(placeOf(config));
}

/** Where a config is read or searched, and where its paths come from. @throws DirsyncError CURRENT_FOLDER where that is needed. */
export function placeOf(file: string | undefined): LoadOptions {
  return {cwd: file !== undefined && isAbsolute(file) ? dirname(file) : currentFolder(), file, env: environment()};
}

/** A config file is read when it is named, or when a job is: two folders on a command line need none. */
async function jobOf(name: string | undefined, file: string | undefined): Promise<{job: JobSettings; folder?: string}> {
  if (name === undefined && file === undefined) return {job: {}};
  const config = await configOf({config: file});
  const {findJob} = await import('../config/load.js');
  const job = name === undefined ? (config?.defaults ?? {}) : findJob(config, name);
  return {job, ...(config && {folder: dirname(config.file)})};
}

/** The names of the jobs of a config that has mistakes. */
export async function salvagedNames({config}: Typed): Promise<readonly string[]> {
  const {salvageNames} = await import('../config/load.js');
  return salvageNames(placeOf(config));
}

/** Who is to be told that a job cannot run, as far as a config with mistakes still says so. */
export async function salvagedNotices({words, flags, config}: Typed): Promise<Notices | undefined> {
  const [job, more] = words;
  if (config === undefined && (job === undefined || more !== undefined)) return undefined;
  const {salvageNotices} = await import('../config/load.js');
  const found = await salvageNotices({...placeOf(config), job: more === undefined ? job : undefined});
  return found && noticesOf(flags, found.settings, found.folder);
}
