/** What a run does, from all places that can say so: a flag wins over the job, the job over the defaults of the config file. */
import {resolve} from 'node:path';
import type {ActionKind} from '../core/action.js';
import {DirsyncError} from '../core/errors.js';
import {type GuardName, type MaxDelete, type PlanOptions, PRESERVABLE, type Preservable} from '../core/plan.js';
import type {JobSettings} from './load.js';
import {parseDuration, parseInterval, parseMaxDelete, parseMilliseconds} from './quantity.js';

/** A filter as it was typed, in the order in which it was typed. */
export type FilterFlag = {readonly flag: 'exclude' | 'include' | 'exclude-from'; readonly value: string};

/** The flags that a job can set too; absent where not typed. Quantities are still text. */
export interface SettingFlags {
  readonly source?: string | undefined;
  readonly target?: string | undefined;
  readonly filters: readonly FilterFlag[];
  readonly delete?: boolean | undefined;
  readonly deleteBefore?: boolean | undefined;
  readonly checksum?: boolean | undefined;
  readonly sizeOnly?: boolean | undefined;
  readonly mtimeWindow?: string | undefined;
  readonly preserve?: readonly Preservable[] | undefined;
  readonly noPreserve?: readonly Preservable[] | undefined;
  readonly ownerBy?: 'id' | 'name' | undefined;
  readonly oneFileSystem?: boolean | undefined;
  readonly maxDelete?: string | undefined;
  readonly allow?: readonly GuardName[] | undefined;
  readonly every?: string | undefined;
  readonly log?: string | undefined;
  readonly fsync?: 'none' | 'end' | 'each' | undefined;
  readonly mkpath?: boolean | undefined;
  readonly skipDrifted?: boolean | undefined;
  readonly lockTimeout?: string | undefined;
  readonly narrow?: NarrowSettings | undefined;
}

export interface Settings {
  readonly source: string;
  readonly target: string;
  readonly filters: readonly FilterFlag[];
  readonly compare: PlanOptions['compare'];
  /** Undefined: as exact as this machine keeps times. */
  readonly mtimeWindow: bigint | undefined;
  readonly delete: boolean;
  /** What the source has not got goes before anything is written. */
  readonly deleteBefore: boolean;
  readonly preserve: readonly Preservable[];
  readonly ownerBy: 'id' | 'name';
  readonly oneFileSystem: boolean;
  /** Undefined: the guard's own default. */
  readonly maxDelete: MaxDelete | undefined;
  readonly allow: readonly GuardName[];
  /** Milliseconds from the start of a run to the start of the next. */
  readonly every: number | undefined;
  readonly log: string | undefined;
  readonly fsync: 'none' | 'end' | 'each';
  readonly mkpath: boolean;
  readonly skipDrifted: boolean;
  /** Milliseconds to wait for another run on the target. */
  readonly lockTimeout: number;
  readonly narrow?: NarrowSettings | undefined;
}

/** What of a plan is wanted. */
export interface NarrowSettings {
  /** Paths that match one of these patterns (gitignore syntax); all when there are none. */
  readonly only: readonly string[];
  /** But not paths that match one of these. */
  readonly except: readonly string[];
  /** Actions of these kinds; all when there are none. */
  readonly kinds: readonly ActionKind[];
}

/**
 * `roots`: SOURCE and TARGET where they were typed as words; `job`: that of the config file, with its defaults.
 * @throws DirsyncError USAGE or INTERVAL_INVALID.
 */
export function resolveSettings(roots: readonly string[], flags: SettingFlags, job: JobSettings): Settings {
  const [first, second] = roots.length === 2 ? roots : [flags.source, flags.target];
  if (roots.length === 2 && (flags.source ?? flags.target) !== undefined) {
    throw new DirsyncError('USAGE', 'the roots are given twice, as words and by -i/-o', 'give each root once');
  }
  const source = first ?? job.source;
  const target = second ?? job.target;
  if (source === undefined || target === undefined) {
    const missing = source === undefined ? 'no source is given' : 'no target is given';
    throw new DirsyncError('USAGE', missing, 'name SOURCE and TARGET, or a JOB of the config file');
  }
  for (const root of [source, target]) {
    if (root === '') throw new DirsyncError('USAGE', 'an empty path is given', 'is a variable of the script empty?');
  }
  const checksum = flags.checksum ?? (flags.sizeOnly ? false : job.checksum);
  const sizeOnly = flags.sizeOnly ?? (flags.checksum ? false : job.sizeOnly);
  if (checksum && sizeOnly) throw new DirsyncError('USAGE', '--checksum and --size-only exclude each other', 'choose one');
  const mtimeWindow = flags.mtimeWindow ?? job.mtimeWindow;
  const maxDelete = flags.maxDelete ?? job.maxDelete;
  const every = flags.every ?? job.every;
  return {
    source,
    target,
    filters: [...jobFilters(job), ...flags.filters],
    compare: checksum ? 'content' : sizeOnly ? 'size' : 'metadata',
    mtimeWindow: mtimeWindow === undefined ? undefined : parseDuration(mtimeWindow),
    delete: flags.delete ?? job.delete ?? true,
    deleteBefore: flags.deleteBefore ?? job.deleteBefore ?? false,
    preserve: preserved(flags, job),
    ownerBy: flags.ownerBy ?? job.ownerBy ?? 'id',
    oneFileSystem: flags.oneFileSystem ?? job.oneFileSystem ?? false,
    maxDelete: maxDelete === undefined ? undefined : parseMaxDelete(String(maxDelete)),
    allow: flags.allow ?? job.allow ?? [],
    every: every === undefined ? undefined : parseInterval(every),
    log: flags.log === undefined ? job.log : resolve(flags.log),
    fsync: flags.fsync ?? job.fsync ?? 'end',
    mkpath: flags.mkpath ?? job.mkpath ?? false,
    skipDrifted: flags.skipDrifted ?? job.skipDrifted ?? false,
    lockTimeout: parseMilliseconds(flags.lockTimeout ?? job.lockTimeout ?? '0'),
    narrow: flags.narrow,
  };
}

/** `preserve` says what is kept instead of all, `noPreserve` what of it is not. A typed list of either takes the job's place. */
function preserved(flags: SettingFlags, job: JobSettings): Preservable[] {
  const isTyped = flags.preserve !== undefined || flags.noPreserve !== undefined;
  const {preserve = PRESERVABLE, noPreserve = []} = isTyped ? flags : job;
  return PRESERVABLE.filter((each) => preserve.includes(each) && !noPreserve.includes(each));
}

function jobFilters({excludeFrom = [], exclude = [], include = []}: JobSettings): FilterFlag[] {
  return [
    ...excludeFrom.map((value): FilterFlag => ({flag: 'exclude-from', value})),
    ...exclude.map((value): FilterFlag => ({flag: 'exclude', value})),
    ...include.map((value): FilterFlag => ({flag: 'include', value})),
  ];
}
