/** The arguments and flags that commands share, as help lists them. */
import {Args, Flags} from '@oclif/core';
import {ACTION_KINDS} from '../core/action.js';
import {FORMATS} from '../core/format.js';
import {LOG_FORMATS, LOG_LEVELS} from '../core/log.js';
import {DEFAULT_MOVE_CHECK, GUARD_NAMES, LINKS_AS, ON_DRIFT, PRESERVABLE} from '../core/plan.js';
import {IO_PRIORITIES} from '../core/priority.js';
import {ON_MISSED, ON_OVERLAP} from '../core/schedule.js';

export const rootArgs = {
  source: Args.string({description: 'Folder to copy from; as the only argument, a JOB of the config file.'}),
  target: Args.string({description: 'Folder to copy to.'}),
};

export const rootFlags = {
  source: Flags.string({char: 'i', summary: 'Folder to copy from.', helpValue: 'DIR', helpGroup: 'FOLDER'}),
  target: Flags.string({char: 'o', summary: 'Folder to copy to.', helpValue: 'DIR', helpGroup: 'FOLDER'}),
  config: Flags.string({summary: 'Config file to read, instead of searching for one.', helpValue: 'FILE', helpGroup: 'FOLDER'}),
  mkpath: Flags.boolean({summary: 'Create missing folders above the target.', allowNo: true, helpGroup: 'FOLDER'}),
};

export const planFlags = {
  exclude: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    summary: 'Leave out matching paths, on both sides (gitignore syntax).',
    helpValue: 'PATTERN',
    helpGroup: 'FILTER',
  }),
  include: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    summary: 'Include matching paths again; the last match wins.',
    helpValue: 'PATTERN',
    helpGroup: 'FILTER',
  }),
  'exclude-from': Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    summary: 'Read --exclude patterns from a file.',
    helpValue: 'FILE',
    helpGroup: 'FILTER',
  }),
  'exclude-caches': Flags.boolean({
    summary: 'Leave out the contents of folders that have a valid CACHEDIR.TAG.',
    allowNo: true,
    helpGroup: 'FILTER',
  }),
  'exclude-if-present': Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    summary: 'Leave out the contents of folders that hold a file with this name, such as .nobackup.',
    helpValue: 'NAME',
    helpGroup: 'FILTER',
  }),
  'min-size': Flags.string({
    summary: 'Leave alone source files smaller than this, and whatever the target has at their paths.',
    helpValue: 'SIZE',
    helpGroup: 'FILTER',
  }),
  'max-size': Flags.string({
    summary: 'Leave alone source files larger than this, such as 2GB, and whatever the target has at their paths.',
    helpValue: 'SIZE',
    helpGroup: 'FILTER',
  }),
  delete: Flags.boolean({
    summary: 'Delete paths from the target that the source does not have (default).',
    allowNo: true,
    helpGroup: 'COMPARE',
  }),
  'delete-before': Flags.boolean({
    summary: 'Delete before anything is written, to make room.',
    allowNo: true,
    helpGroup: 'COMPARE',
  }),
  'delete-anyway': Flags.boolean({
    summary: 'Delete and overwrite files even if they may be the only copies of files that could not be copied.',
    allowNo: true,
    helpGroup: 'COMPARE',
  }),
  'delete-excluded': Flags.boolean({
    summary: 'Also delete from the target what a filter leaves out, instead of protecting it.',
    allowNo: true,
    helpGroup: 'FILTER',
  }),
  checksum: Flags.boolean({summary: 'Compare the content of files instead of size and time.', helpGroup: 'COMPARE'}),
  'size-only': Flags.boolean({summary: 'Compare only sizes.', helpGroup: 'COMPARE'}),
  'mtime-window': Flags.string({
    summary: 'Treat times as equal if they differ by no more than this, such as 2s.',
    helpValue: 'TIME',
    helpGroup: 'COMPARE',
  }),
  preserve: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ',',
    options: [...PRESERVABLE],
    summary: `In addition to content, preserve only these: ${PRESERVABLE.join(', ')} (default: all).`,
    helpValue: 'WHAT,…',
    helpGroup: 'PRESERVE',
  }),
  'no-preserve': Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ',',
    options: [...PRESERVABLE],
    summary: 'Do not compare or set these.',
    helpValue: 'WHAT,…',
    helpGroup: 'PRESERVE',
  }),
  'owner-by': Flags.string({
    options: ['id', 'name'],
    summary: 'With name, a saved plan is refused on a machine where its users or groups have different IDs.',
    helpGroup: 'PRESERVE',
  }),
  'one-file-system': Flags.boolean({
    char: 'x',
    summary: 'Copy folders on other file systems without their contents, and leave such folders in the target alone.',
    allowNo: true,
    helpGroup: 'FILTER',
  }),
  'links-as': Flags.string({
    options: [...LINKS_AS],
    summary: 'Copy what symbolic links inside the source point to, or store each link as a small text file.',
    helpGroup: 'PRESERVE',
  }),
  'rename-invalid': Flags.boolean({
    summary: 'Escape names that the target cannot hold, such as "a:b" as "a%3Ab"; copying back from that target restores them.',
    allowNo: true,
    helpGroup: 'PRESERVE',
  }),
  moves: Flags.boolean({
    summary: 'Rename in the target what was renamed in the source, instead of copying it again (default).',
    allowNo: true,
    helpGroup: 'COMPARE',
  }),
  memory: Flags.boolean({
    summary: 'Remember in the target what both trees were, and use that in the next plan (default).',
    allowNo: true,
    helpGroup: 'COMPARE',
  }),
  'on-drift': Flags.string({
    summary: 'What to do where somebody else has changed the target since the last run (default: overwrite).',
    options: [...ON_DRIFT],
    helpGroup: 'GUARD',
  }),
  'move-check-limit': Flags.string({
    summary: `To find moved files of which nothing is remembered, read at most this much (default: ${DEFAULT_MOVE_CHECK}).`,
    helpValue: 'SIZE',
    helpGroup: 'COMPARE',
  }),
  'max-delete': Flags.string({
    summary: 'Halt if more than this would be deleted: a number, or a percentage such as 5%.',
    helpValue: 'N|N%',
    helpGroup: 'GUARD',
  }),
};

export const narrowFlags = {
  only: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    summary: 'Keep only matching paths in the plan (gitignore syntax).',
    helpValue: 'PATTERN',
    helpGroup: 'NARROW',
  }),
  'only-from': Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    summary: 'Keep only the paths that this file lists, one per line (-: standard input); a folder includes everything in it.',
    helpValue: 'FILE',
    helpGroup: 'NARROW',
  }),
  from0: Flags.boolean({
    // Only oclif's types restrict this: at run time any character works.
    char: '0' as 'z',
    summary: 'With --only-from: the paths are separated by NULs, as `find -print0` writes them.',
    allowNo: true,
    helpGroup: 'NARROW',
  }),
  except: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    summary: 'Leave matching paths out of the plan (gitignore syntax).',
    helpValue: 'PATTERN',
    helpGroup: 'NARROW',
  }),
  kinds: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ',',
    options: [...ACTION_KINDS],
    summary: `Keep only these kinds of change in the plan: ${ACTION_KINDS.join(', ')}.`,
    helpValue: 'KIND,…',
    helpGroup: 'NARROW',
  }),
};

export const guardFlags = {
  allow: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    options: [...GUARD_NAMES],
    summary: `Lift a guard: ${GUARD_NAMES.join(', ')}.`,
    helpValue: 'GUARD',
    helpGroup: 'GUARD',
  }),
};

export const applyFlags = {
  fsync: Flags.string({
    options: ['none', 'end', 'each'],
    summary: 'When to flush to disk: never, before deletes and at the end (default), or also after each file.',
    helpGroup: 'APPLY',
  }),
  live: Flags.string({
    options: ['copy', 'skip'],
    summary: 'If a file grows while it is copied: copy what it held at one moment (default), or skip it.',
    helpGroup: 'APPLY',
  }),
  probe: Flags.boolean({
    summary: 'Test again what the target can hold; the next plan uses the result.',
    helpGroup: 'APPLY',
  }),
  'lock-timeout': Flags.string({
    summary: 'Wait this long for another run on the same target, such as 30s (default: 0, do not wait).',
    helpValue: 'TIME',
    helpGroup: 'APPLY',
  }),
};

export const paceFlags = {
  rate: Flags.string({
    summary: 'Copy and compare at most this much content per second, such as 50MB/s (default: 0, no limit).',
    helpValue: 'SIZE/s',
    helpGroup: 'PACE',
  }),
  'io-priority': Flags.string({
    options: [...IO_PRIORITIES],
    summary: 'Yield disks and processors to other programs (default: normal, unchanged).',
    helpGroup: 'PACE',
  }),
};

export const limitFlags = {
  'max-duration': Flags.string({
    summary: 'Stop cleanly after this time, such as 30m; apply again to do the rest.',
    helpValue: 'TIME',
    helpGroup: 'APPLY',
  }),
};

export const scheduleFlags = {
  every: Flags.string({
    char: 't',
    summary: 'Run again after this time, such as 30s, 5m or 1h30m.',
    helpValue: 'TIME',
    helpGroup: 'SCHEDULE',
  }),
  cron: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    summary: 'Run at the times of a cron pattern, such as "0 3 * * mon-fri".',
    helpValue: 'PATTERN',
    helpGroup: 'SCHEDULE',
  }),
  at: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ',',
    summary: 'Run at this time every day, such as 03:00.',
    helpValue: 'HH:MM',
    helpGroup: 'SCHEDULE',
  }),
  watch: Flags.boolean({
    summary: 'Run when the source changes; --every sets how often to check everything anyway (default: 6h).',
    allowNo: true,
    helpGroup: 'SCHEDULE',
  }),
  timezone: Flags.string({
    summary: "Time zone of --cron, --at and --active-hours, such as Europe/Berlin (default: this machine's).",
    helpValue: 'ZONE',
    helpGroup: 'SCHEDULE',
  }),
  delay: Flags.string({summary: 'Wait this long before the first run.', helpValue: 'TIME', helpGroup: 'SCHEDULE'}),
  jitter: Flags.string({
    summary: 'Delay each run by a random time of up to this long.',
    helpValue: 'TIME',
    helpGroup: 'SCHEDULE',
  }),
  overlap: Flags.string({
    options: [...ON_OVERLAP],
    summary: 'If a run is due while another is still running: skip it (default), or start it right after.',
    helpGroup: 'SCHEDULE',
  }),
  missed: Flags.string({
    options: [...ON_MISSED],
    summary: 'If the machine was asleep when a run was due: start it on waking (default), or wait for the next one.',
    helpGroup: 'SCHEDULE',
  }),
  backoff: Flags.string({
    summary: 'The longest pause after failed runs (default: 5m; 0: no pause).',
    helpValue: 'TIME',
    helpGroup: 'SCHEDULE',
  }),
  'active-hours': Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ',',
    summary: 'Start runs only in these hours, such as 22:00-06:00.',
    helpValue: 'HOURS',
    helpGroup: 'SCHEDULE',
  }),
  debounce: Flags.string({
    summary: 'With --watch: wait until the source has been quiet for this long (default: 500ms).',
    helpValue: 'TIME',
    helpGroup: 'SCHEDULE',
  }),
};

export const logFlags = {
  log: Flags.string({char: 'l', summary: 'Append a line for each event to this file.', helpValue: 'FILE', helpGroup: 'OUTPUT'}),
  'log-format': Flags.string({options: [...LOG_FORMATS], summary: 'Format of log lines.', helpGroup: 'OUTPUT'}),
  'log-level': Flags.string({options: [...LOG_LEVELS], summary: 'Lowest level to log.', helpGroup: 'OUTPUT'}),
};

export const outputFlags = {
  format: Flags.string({
    options: [...FORMATS],
    summary: `Print a report in this format, without a review or a screen: ${FORMATS.join(', ')}.`,
    exclusive: ['json', 'events'],
    helpValue: 'FORMAT',
    helpGroup: 'OUTPUT',
  }),
  json: Flags.boolean({
    summary: 'Print one JSON document.',
    exclusive: ['events'],
    helpGroup: 'OUTPUT',
  }),
  events: Flags.boolean({summary: 'Print each event as a line of JSON as it happens.', helpGroup: 'OUTPUT'}),
  full: Flags.boolean({summary: 'List every change, no matter how many.', helpGroup: 'OUTPUT'}),
};

/** The flags that say how a folder is read. */
export const readFlags = {
  exclude: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    summary: 'Leave out matching paths (gitignore syntax).',
    helpValue: 'PATTERN',
    helpGroup: 'FILTER',
  }),
  include: planFlags.include,
  'exclude-from': planFlags['exclude-from'],
  'exclude-caches': planFlags['exclude-caches'],
  'exclude-if-present': planFlags['exclude-if-present'],
  'one-file-system': {...planFlags['one-file-system'], summary: 'Leave out the contents of folders on other file systems.'},
  'links-as': Flags.string({
    options: [...LINKS_AS],
    summary: 'Read what symbolic links inside the folder point to, or each link as a small text file.',
    helpGroup: 'PRESERVE',
  }),
};

/** Manifests are shown as text or as JSON. */
export const manifestOutputFlags = {
  format: Flags.string({
    options: ['text', 'json'],
    summary: 'Print the result in this format: text, json.',
    exclusive: ['json', 'events'],
    helpValue: 'FORMAT',
    helpGroup: 'OUTPUT',
  }),
  json: outputFlags.json,
  events: outputFlags.events,
  full: Flags.boolean({summary: 'List every problem, no matter how many.', helpGroup: 'OUTPUT'}),
};
