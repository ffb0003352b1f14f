/** The settings of a run, from all sources: a flag overrides the job, and the job overrides the defaults of the config file. */
import type {ActionKind} from '../core/action.js';
import {DirsyncError} from '../core/errors.js';
import type {Heartbeat, Hooks, Webhook} from '../core/hooks.js';
import type {LogFormat, LogLevel, LogSettings} from '../core/log.js';
import {
  DEFAULT_MOVE_CHECK,
  type GuardName,
  type LinksAs,
  type MaxDelete,
  type OnDrift,
  type PlanOptions,
  PRESERVABLE,
  type Preservable,
} from '../core/plan.js';
import type {IoPriority} from '../core/priority.js';
import {checkLocal} from '../core/remote.js';
import type {OnMissed, OnOverlap, Schedule} from '../core/schedule.js';
import type {JobSettings} from './load.js';
import {
  parseDuration,
  parseFileName,
  parseHours,
  parseInterval,
  parseMaxDelete,
  parseMilliseconds,
  parseRate,
  parseSize,
  parseTimeOfDay,
} from './quantity.js';

/** A filter flag as typed. */
export type FilterFlag = {readonly flag: 'exclude' | 'include' | 'exclude-from'; readonly value: string};

/** The flags that a job can also set; absent if not typed. Quantities are still text. */
export interface SettingFlags {
  readonly source?: string | undefined;
  readonly target?: string | undefined;
  readonly filters: readonly FilterFlag[];
  readonly excludeCaches?: boolean | undefined;
  readonly excludeIfPresent?: readonly string[] | undefined;
  readonly minSize?: string | undefined;
  readonly maxSize?: string | undefined;
  readonly delete?: boolean | undefined;
  readonly deleteBefore?: boolean | undefined;
  readonly deleteAnyway?: boolean | undefined;
  readonly deleteExcluded?: boolean | undefined;
  readonly checksum?: boolean | undefined;
  readonly sizeOnly?: boolean | undefined;
  readonly mtimeWindow?: string | undefined;
  readonly preserve?: readonly Preservable[] | undefined;
  readonly noPreserve?: readonly Preservable[] | undefined;
  readonly ownerBy?: 'id' | 'name' | undefined;
  readonly oneFileSystem?: boolean | undefined;
  readonly linksAs?: LinksAs | undefined;
  readonly renameInvalid?: boolean | undefined;
  readonly memory?: boolean | undefined;
  readonly onDrift?: OnDrift | undefined;
  readonly moves?: boolean | undefined;
  readonly moveCheckLimit?: string | undefined;
  readonly maxDelete?: string | undefined;
  readonly allow?: readonly GuardName[] | undefined;
  readonly every?: string | undefined;
  readonly cron?: readonly string[] | undefined;
  readonly at?: readonly string[] | undefined;
  readonly timezone?: string | undefined;
  readonly delay?: string | undefined;
  readonly jitter?: string | undefined;
  readonly overlap?: OnOverlap | undefined;
  readonly missed?: OnMissed | undefined;
  readonly backoff?: string | undefined;
  readonly activeHours?: readonly string[] | undefined;
  readonly watch?: boolean | undefined;
  readonly debounce?: string | undefined;
  readonly maxDuration?: string | undefined;
  readonly log?: string | undefined;
  readonly logFormat?: LogFormat | undefined;
  readonly logLevel?: LogLevel | undefined;
  readonly metrics?: string | undefined;
  readonly rate?: string | undefined;
  readonly ioPriority?: IoPriority | undefined;
  readonly fsync?: 'none' | 'end' | 'each' | undefined;
  readonly live?: 'copy' | 'skip' | undefined;
  readonly probe?: boolean | undefined;
  readonly mkpath?: boolean | undefined;
  readonly skipDrifted?: boolean | undefined;
  readonly lockTimeout?: string | undefined;
  readonly narrow?: NarrowSettings | undefined;
}

/** All settings of a run, parsed. */
export interface Settings {
  readonly source: string;
  readonly target: string;
  readonly filters: readonly FilterFlag[];
  /** See `Tags`. */
  readonly excludeCaches: boolean;
  readonly excludeIfPresent: readonly string[];
  /** The size limits of copied files, in bytes; undefined for no limit. */
  readonly minSize: number | undefined;
  readonly maxSize: number | undefined;
  readonly compare: PlanOptions['compare'];
  /** In nanoseconds; undefined: as exact as this machine keeps times. */
  readonly mtimeWindow: bigint | undefined;
  readonly delete: boolean;
  /** Delete before writing. */
  readonly deleteBefore: boolean;
  readonly deleteAnyway: boolean;
  /** Also delete what a filter leaves out. */
  readonly deleteExcluded: boolean;
  readonly preserve: readonly Preservable[];
  /** Those of `preserve` that the user named: they are copied even if the source's file system makes them up. */
  readonly insisted: readonly Preservable[];
  readonly ownerBy: 'id' | 'name';
  readonly oneFileSystem: boolean;
  /** Undefined: symbolic links are copied as links. */
  readonly linksAs: LinksAs | undefined;
  /** Escape names that the target cannot hold. */
  readonly renameInvalid: boolean;
  /** Remember in the target what both trees were, and use what earlier runs have remembered. */
  readonly memory: boolean;
  /** What to do where somebody else has changed the target since the last run. */
  readonly onDrift: OnDrift;
  /** Rename in the target what was renamed in the source. */
  readonly moves: boolean;
  /** The most bytes that are read to find moved files by content. */
  readonly moveCheckLimit: number;
  /** Undefined: the default of the guard. */
  readonly maxDelete: MaxDelete | undefined;
  readonly allow: readonly GuardName[];
  /** Undefined: run once, now. */
  readonly schedule: Schedule | undefined;
  /** Milliseconds after which a run stops. */
  readonly maxDuration: number | undefined;
  readonly log: LogSettings | undefined;
  /** A file, or a folder with one file per job (an existing folder, or a path that ends with "/"); as typed, or absolute. */
  readonly metrics: string | undefined;
  readonly heartbeat: Heartbeat | undefined;
  readonly webhook: Webhook | undefined;
  readonly hooks: Hooks;
  /** The limit of copied content in bytes per second; undefined for no limit. */
  readonly rate: number | undefined;
  readonly ioPriority: IoPriority;
  readonly fsync: 'none' | 'end' | 'each';
  /** What to do with files that grow while they are copied. */
  readonly live: 'copy' | 'skip';
  /** Try again what the target can hold, even if it is known. */
  readonly probe: boolean;
  readonly mkpath: boolean;
  readonly skipDrifted: boolean;
  /** Milliseconds to wait for another run on the target. */
  readonly lockTimeout: number;
  readonly narrow?: NarrowSettings | undefined;
}

/** Which actions of a plan are wanted. */
export interface NarrowSettings {
  /** Patterns of wanted paths (gitignore syntax); empty for all paths. */
  readonly only: readonly string[];
  /** Patterns of paths that are not wanted. */
  readonly except: readonly string[];
  /** Wanted kinds of actions; empty for all kinds. */
  readonly kinds: readonly ActionKind[];
  /** Files that list wanted paths, in addition to `only`; `-` is standard input. */
  readonly onlyFrom?: readonly string[] | undefined;
  /** The paths in such a list are separated by NULs, not by line ends. */
  readonly from0?: boolean | undefined;
}

/**
 * Combines flags and a job. `roots`: SOURCE and TARGET if they were typed as arguments; `job`: the job of the config file, merged
 * with the defaults; `folder`: the folder of the config file.
 * @throws DirsyncError USAGE, ROOT_REMOTE or INTERVAL_INVALID.
 *
 * @example
 * const filters = [{flag: 'exclude', value: '*.tmp'}];
 * const settings = resolveSettings(['source', 'target'], {filters, delete: false}, {});
 * settings.delete; // → false
 */
export function resolveSettings(roots: readonly string[], flags: SettingFlags, job: JobSettings, folder?: string): Settings {
  const [first, second] = roots.length === 2 ? roots : [flags.source, flags.target];
  if (roots.length === 2 && (flags.source ?? flags.target) !== undefined) {
    throw new DirsyncError('USAGE', 'the folders are given twice, as arguments and with -i/-o', 'give each folder once');
  }
  const source = first ?? job.source;
  const target = second ?? job.target;
  if (source === undefined || target === undefined) {
    const missing = source === undefined ? 'no source is given' : 'no target is given';
    throw new DirsyncError('USAGE', missing, 'name SOURCE and TARGET, or a JOB from the config file');
  }
  for (const root of [source, target]) {
    if (root === '') throw new DirsyncError('USAGE', 'an empty path is given', 'is a variable in your script empty?');
    checkLocal(root);
  }
  const checksum = flags.checksum ?? (flags.sizeOnly ? false : job.checksum);
  const sizeOnly = flags.sizeOnly ?? (flags.checksum ? false : job.sizeOnly);
  if (checksum && sizeOnly) throw new DirsyncError('USAGE', '--checksum and --size-only cannot be used together', 'choose one');
  const mtimeWindow = flags.mtimeWindow ?? job.mtimeWindow;
  const maxDelete = flags.maxDelete ?? job.maxDelete;
  const maxDuration = flags.maxDuration ?? job.maxDuration;
  return {
    source,
    target,
    filters: [...jobFilters(job), ...flags.filters],
    excludeCaches: flags.excludeCaches ?? job.excludeCaches ?? false,
    excludeIfPresent: [...new Set([...(job.excludeIfPresent ?? []), ...(flags.excludeIfPresent ?? [])])].map(parseFileName),
    ...sizesOf(flags, job),
    compare: checksum ? 'content' : sizeOnly ? 'size' : 'metadata',
    mtimeWindow: mtimeWindow === undefined ? undefined : parseDuration(mtimeWindow),
    ...deletes(flags, job),
    deleteBefore: flags.deleteBefore ?? job.deleteBefore ?? false,
    deleteAnyway: flags.deleteAnyway ?? job.deleteAnyway ?? false,
    ...preserved(flags, job),
    ownerBy: flags.ownerBy ?? job.ownerBy ?? 'id',
    oneFileSystem: flags.oneFileSystem ?? job.oneFileSystem ?? false,
    linksAs: flags.linksAs ?? job.linksAs,
    renameInvalid: flags.renameInvalid ?? job.renameInvalid ?? false,
    memory: flags.memory ?? job.memory ?? true,
    onDrift: flags.onDrift ?? job.onDrift ?? 'overwrite',
    moves: flags.moves ?? job.moves ?? true,
    moveCheckLimit: parseSize(String(flags.moveCheckLimit ?? job.moveCheckLimit ?? DEFAULT_MOVE_CHECK)),
    maxDelete: maxDelete === undefined ? undefined : parseMaxDelete(String(maxDelete)),
    allow: flags.allow ?? job.allow ?? [],
    schedule: scheduleOf(flags, job),
    maxDuration: maxDuration === undefined ? undefined : parseInterval(maxDuration),
    ...noticesOf(flags, job, folder),
    ioPriority: flags.ioPriority ?? job.ioPriority ?? 'normal',
    rate: parseRate(flags.rate ?? job.rate ?? '0'),
    fsync: flags.fsync ?? job.fsync ?? 'end',
    live: flags.live ?? job.live ?? 'copy',
    probe: flags.probe ?? false,
    mkpath: flags.mkpath ?? job.mkpath ?? false,
    skipDrifted: flags.skipDrifted ?? job.skipDrifted ?? false,
    lockTimeout: parseMilliseconds(flags.lockTimeout ?? job.lockTimeout ?? '0'),
    narrow: narrowOf(flags, job),
  };
}

/** A typed list replaces the job's list, including its separator. */
function narrowOf({narrow}: SettingFlags, {onlyFrom, from0}: JobSettings): NarrowSettings | undefined {
  if (onlyFrom === undefined || narrow?.onlyFrom !== undefined) return narrow;
  return {only: [], except: [], kinds: [], ...narrow, onlyFrom, from0: narrow?.from0 ?? from0};
}

function sizesOf(flags: SettingFlags, job: JobSettings): Pick<Settings, 'minSize' | 'maxSize'> {
  const [minSize, maxSize] = (['minSize', 'maxSize'] as const).map((key) => {
    const size = flags[key] ?? job[key];
    return size === undefined ? undefined : parseSize(String(size));
  });
  if (minSize === undefined || maxSize === undefined || minSize <= maxSize) return {minSize, maxSize};
  throw new DirsyncError(
    'USAGE',
    'the minimum size is larger than the maximum size, so no file would be copied',
    'give a smaller --min-size',
  );
}

/** A typed --no-delete overrides the job. If the job turns deletion off, --delete-excluded alone does not turn it on. */
function deletes(flags: SettingFlags, job: JobSettings): Pick<Settings, 'delete' | 'deleteExcluded'> {
  const isWanted = flags.delete ?? job.delete ?? true;
  const excluded = flags.deleteExcluded ?? (flags.delete === false ? false : job.deleteExcluded) ?? false;
  if (!excluded || isWanted) return {delete: isWanted, deleteExcluded: excluded};
  throw new DirsyncError(
    'USAGE',
    '--delete-excluded is given, but nothing is to be deleted',
    flags.delete === false ? 'leave out one of --delete-excluded and --no-delete' : 'leave it out, or give --delete too',
  );
}

/** Where a run is reported. */
export type Notices = Pick<Settings, 'log' | 'metrics' | 'heartbeat' | 'webhook' | 'hooks'>;

/** The notices of a job, even if its other settings are not known. */
export function noticesOf(
  flags: Pick<SettingFlags, 'log' | 'logFormat' | 'logLevel' | 'metrics'>,
  job: JobSettings,
  folder?: string,
): Notices {
  return {
    log: logOf(flags, job),
    metrics: flags.metrics ?? job.metrics,
    heartbeat: heartbeatOf(job),
    webhook: webhookOf(job),
    hooks: hooksOf(job, folder),
  };
}

function logOf(flags: Pick<SettingFlags, 'log' | 'logFormat' | 'logLevel'>, job: JobSettings): LogSettings | undefined {
  const file = flags.log ?? job.log;
  if (file === undefined) return undefined;
  return {
    file,
    format: flags.logFormat ?? job.logFormat ?? 'text',
    level: flags.logLevel ?? job.logLevel ?? 'info',
    maxSize: parseSize(String(job.logSize ?? '5MB')),
    maxAge: job.logAge === undefined ? undefined : parseInterval(job.logAge),
    maxFiles: job.logFiles ?? 3,
  };
}

function heartbeatOf({heartbeat}: JobSettings): Heartbeat | undefined {
  if (heartbeat === undefined) return undefined;
  if (typeof heartbeat !== 'string') return {...heartbeat, timeout: parseMilliseconds(heartbeat.timeout ?? '10s')};
  // The convention of healthchecks.io and compatible services.
  const base = heartbeat.replace(/\/$/, '');
  return {start: `${base}/start`, success: base, fail: `${base}/fail`, timeout: parseMilliseconds('10s')};
}

function webhookOf({webhook}: JobSettings): Webhook | undefined {
  if (webhook === undefined) return undefined;
  const {url, format = 'slack', always = false} = typeof webhook === 'string' ? {url: webhook} : webhook;
  return {url, format, always};
}

function hooksOf({hooks = {}}: JobSettings, folder: string | undefined): Hooks {
  const {timeout = '5m', ...named} = hooks;
  const isCommand = (command: string | readonly string[] | undefined) => command !== undefined && command.length > 0;
  const commands = Object.fromEntries(Object.entries(named).filter(([, command]) => isCommand(command)));
  return {commands: commands as Hooks['commands'], timeout: parseMilliseconds(timeout), folder};
}

/** How often a watched source is compared even without changes, in milliseconds. */
const FULL_LOOK = '6h';

/** A typed schedule replaces the whole schedule of the job. */
function scheduleOf(flags: SettingFlags, job: JobSettings): Schedule | undefined {
  const isTyped = flags.watch === true || [flags.every, flags.cron, flags.at].some((given) => given !== undefined);
  const said = isTyped ? flags : job;
  const {cron = [], at = []} = said;
  const watch = flags.watch ?? said.watch ?? false;
  const every = said.every ?? (watch && cron.length + at.length === 0 ? FULL_LOOK : undefined);
  if (every === undefined && cron.length === 0 && at.length === 0 && !watch) return undefined;
  if (every !== undefined && !watch && cron.length + at.length > 0) {
    throw new DirsyncError('USAGE', 'both an interval and calendar times are given', 'choose one of every, and cron or at');
  }
  return {
    every: every === undefined ? undefined : parseInterval(every),
    cron,
    at: at.map(parseTimeOfDay),
    timezone: flags.timezone ?? job.timezone,
    delay: parseMilliseconds(flags.delay ?? job.delay ?? '0'),
    jitter: parseMilliseconds(flags.jitter ?? job.jitter ?? '0'),
    overlap: flags.overlap ?? job.overlap ?? 'skip',
    missed: flags.missed ?? job.missed ?? 'run-once',
    backoff: parseMilliseconds(flags.backoff ?? job.backoff ?? '5m'),
    activeHours: (flags.activeHours ?? job.activeHours ?? []).map(parseHours),
    watch,
    debounce: parseMilliseconds(flags.debounce ?? job.debounce ?? '500ms'),
  };
}

/**
 * `preserve` lists what to keep instead of everything, `noPreserve` what to remove from that. A typed list replaces the job's list.
 */
function preserved(flags: SettingFlags, job: JobSettings): Pick<Settings, 'preserve' | 'insisted'> {
  const isTyped = flags.preserve !== undefined || flags.noPreserve !== undefined;
  const {preserve: named, noPreserve = []} = isTyped ? flags : job;
  const preserve = PRESERVABLE.filter((each) => (named ?? PRESERVABLE).includes(each) && !noPreserve.includes(each));
  // Naming all of them is the default and insists on none.
  return {preserve, insisted: preserve.length === PRESERVABLE.length ? [] : (named ?? [])};
}

function jobFilters({excludeFrom = [], exclude = [], include = []}: JobSettings): FilterFlag[] {
  return [
    ...excludeFrom.map((value): FilterFlag => ({flag: 'exclude-from', value})),
    ...exclude.map((value): FilterFlag => ({flag: 'exclude', value})),
    ...include.map((value): FilterFlag => ({flag: 'include', value})),
  ];
}
