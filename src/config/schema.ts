/** The schema of config files. Settings have the names of the flags in camelCase; an absent setting has the flag's default. */
import {z} from 'zod';
import {DirsyncError} from '../core/errors.js';
import {HOOKS, WEBHOOK_FORMATS} from '../core/hooks.js';
import {LOG_FORMATS, LOG_LEVELS} from '../core/log.js';
import {DEFAULT_MOVE_CHECK, GUARD_NAMES, LINKS_AS, ON_DRIFT, PRESERVABLE} from '../core/plan.js';
import {IO_PRIORITIES} from '../core/priority.js';
import {ON_MISSED, ON_OVERLAP} from '../core/schedule.js';
import {checkCron, checkTimezone} from './cron.js';
import {checkName, checkUtf8, expandFileOrFolder, expandPath, expandRoot, expandUrl, type PathContext} from './expand.js';
import {type KeyPath, type Mistake, mistakesOf, TEXTS} from './mistakes.js';
import {
  parseDuration,
  parseFileName,
  parseHours,
  parseInterval,
  parseMaxDelete,
  parseRate,
  parseSize,
  parseTimeOfDay,
} from './quantity.js';

function settingsShape(context: PathContext) {
  const path = z.string().transform((text, issues) => expandPath(text, context, issues));
  const root = z.string().transform((text, issues) => expandRoot(text, context, issues));
  const fileOrFolder = z.string().transform((text, issues) => expandFileOrFolder(text, context, issues));
  const url = z.string().transform((text, issues) => expandUrl(text, context, issues));
  return {
    source: root.optional().describe('The folder to copy from.'),
    target: root.optional().describe('The folder that becomes a copy of the source.'),
    exclude: texts()
      .optional()
      .describe('Patterns (gitignore syntax) of what to leave out.')
      .meta({examples: [['*.tmp', '/cache/']]}),
    include: texts().optional().describe('Patterns of what to include again.'),
    excludeFrom: texts(path).optional().describe('Files with patterns, one per line.'),
    excludeCaches: flag(false).describe('Leave out the content of folders that have a valid CACHEDIR.TAG.'),
    excludeIfPresent: texts(z.string().superRefine(checkName).superRefine(parsedBy(parseFileName)))
      .optional()
      .describe('Leave out the content of folders that contain a file with one of these names.')
      .meta({examples: ['.nobackup']}),
    minSize: size()
      .describe('Leave smaller files alone on both sides.')
      .meta({examples: ['1KiB']}),
    maxSize: size()
      .describe('Leave larger files alone on both sides.')
      .meta({examples: ['2GB']}),
    onlyFrom: texts(path).optional().describe('Files that list paths: each plan contains only the changes at or below them.'),
    from0: flag(false).describe('The paths in such a list are separated by NULs, not by line ends.'),
    delete: flag(true).describe('Delete from the target what the source does not have.'),
    deleteBefore: flag(false).describe('Delete before writing, to make room.'),
    deleteAnyway: flag(false).describe(
      'Delete and overwrite files even if they may be the only copies of files that could not be copied.',
    ),
    deleteExcluded: flag(false).describe('Also delete from the target what a filter leaves out.'),
    checksum: flag(false).describe('Compare content instead of size and mtime.'),
    sizeOnly: flag(false).describe('Compare only sizes.'),
    mtimeWindow: duration().describe(
      'Times that differ by no more than this are equal, such as 2s; by default the precision of the target.',
    ),
    preserve: z
      .array(z.enum(PRESERVABLE))
      .optional()
      .describe('What to preserve in addition to content and names.')
      .meta({default: [...PRESERVABLE]}),
    noPreserve: z.array(z.enum(PRESERVABLE)).optional().describe('What not to preserve.').meta({default: []}),
    ownerBy: z
      .enum(['id', 'name'])
      .optional()
      .describe('Whether a saved plan identifies owners only by id, or is refused if their names have different ids.')
      .meta({default: 'id'}),
    oneFileSystem: flag(false).describe('Copy folders on other file systems without their content.'),
    linksAs: z
      .enum(LINKS_AS)
      .optional()
      .describe('Copy the files that symbolic links inside the source point to, or store each link as a small text file.'),
    renameInvalid: flag(false).describe('Escape names that the target cannot hold; the original names can be restored.'),
    moves: flag(true).describe('Rename in the target what was renamed in the source, instead of copying it again.'),
    memory: flag(true).describe('Remember in the target what both trees were, and use that in the next plan.'),
    onDrift: z
      .enum(ON_DRIFT)
      .optional()
      .describe('What to do where somebody else has changed the target since the last run: overwrite it, keep it, or halt.')
      .meta({default: 'overwrite'}),
    moveCheckLimit: size()
      .describe('How much is read at most to find moved files by their content, where nothing is remembered of the last run.')
      .meta({default: DEFAULT_MOVE_CHECK, examples: ['10GiB']}),
    maxDelete: z
      .union([z.string(), z.int()], {error: 'string or integer'})
      .superRefine(parsedBy((value) => parseMaxDelete(String(value))))
      .optional()
      .describe(
        'Halt above this many deletions: a number, or a share of the target; by default half of a target with more than 20 files.',
      )
      .meta({examples: [100, '5%']}),
    allow: z.array(z.enum(GUARD_NAMES)).optional().describe('Guards that do not halt a run.').meta({default: []}),
    every: interval('1h30m').describe(
      'Run again after this interval, such as 1h30m. With watch: how often to compare everything even without changes.',
    ),
    cron: texts(z.string().superRefine(parsedBy(checkCron)))
      .optional()
      .describe('Run at the times of these cron patterns.')
      .meta({examples: ['0 3 * * mon-fri']}),
    at: texts(z.string().superRefine(parsedBy(parseTimeOfDay)))
      .optional()
      .describe('Run at these times of the day.')
      .meta({examples: ['03:00', ['06:00', '18:30']]}),
    timezone: z
      .string()
      .superRefine(parsedBy(checkTimezone))
      .optional()
      .describe("The time zone of cron, at and activeHours; by default this machine's.")
      .meta({examples: ['Europe/Berlin', 'UTC']}),
    delay: duration('0').describe('How long to wait before the first run.'),
    jitter: duration('0').describe('Delay each run by a random time up to this.'),
    overlap: z
      .enum(ON_OVERLAP)
      .optional()
      .describe('If a run is due while another is working: skip it, or queue one run.')
      .meta({default: 'skip'}),
    missed: z
      .enum(ON_MISSED)
      .optional()
      .describe('After the machine slept: run once for all missed times, or wait for the next time.')
      .meta({default: 'run-once'}),
    backoff: duration('5m').describe('The longest pause after failed runs; 0 for none.'),
    activeHours: texts(z.string().superRefine(parsedBy(parseHours)))
      .optional()
      .describe('Start runs only in these hours.')
      .meta({examples: ['22:00-06:00']}),
    watch: flag(false).describe('Run when the source has changed.'),
    debounce: duration('500ms').describe('How long the source must be quiet after a change before a run starts.'),
    maxDuration: interval('2h').describe('Stop a run cleanly after this time; the next one does the rest.'),
    log: path.optional().describe('The log file.'),
    logFormat: z.enum(LOG_FORMATS).optional().describe('The format of log lines.').meta({default: 'text'}),
    logLevel: z.enum(LOG_LEVELS).optional().describe('The lowest level that is logged.').meta({default: 'info'}),
    logSize: size().describe('Begin a new log file after this many bytes, such as 512KiB or 5MB.').meta({default: '5MB'}),
    logAge: interval('7d').describe('Begin a new log file after this time, such as 7d.'),
    logFiles: z
      .int()
      .min(0, LOG_FILES)
      .max(MAX_LOG_FILES, LOG_FILES)
      .optional()
      .describe('How many older log files to keep.')
      .meta({default: 3}),
    metrics: fileOrFolder
      .optional()
      .describe('A file for Prometheus, or a folder (an existing one, or a path that ends with "/") with one file for each job.')
      .meta({examples: ['/var/lib/node_exporter/textfile/']}),
    heartbeat: z
      .union(
        [
          url,
          z.strictObject({
            start: url.optional().describe('Called when a run starts.'),
            success: url.optional().describe('Called when a run succeeded.'),
            fail: url.optional().describe('Called when a run ended in any other way.'),
            timeout: duration('10s').describe('The time limit of one call.'),
          }),
        ],
        {error: 'an address, or an object with addresses'},
      )
      .optional()
      .describe(
        'An address that is called after each run, with /start before it and /fail after a failed run; or an address for each event.',
      ),
    webhook: z
      .union(
        [
          url,
          z.strictObject({
            url: url.describe('The address.'),
            format: z
              .enum(WEBHOOK_FORMATS)
              .optional()
              .describe('JSON for Slack and compatible services, JSON for Discord, or Markdown.')
              .meta({default: 'slack'}),
            always: flag(false).describe('Also send it after runs with nothing to do.'),
          }),
        ],
        {error: 'an address, or an object with an address'},
      )
      .optional()
      .describe('An address that receives a summary of each run that changed something or did not succeed.'),
    hooks: z
      .strictObject({
        before: command().describe('Runs before the run, such as a mount; if it fails, the run does not start.'),
        after: command().describe('Runs after every run for which before was started.'),
        onStart: command().describe('Runs when a run starts.'),
        onChange: command().describe('Runs after a run that changed the target.'),
        onSuccess: command().describe('Runs after a run that succeeded.'),
        onFailure: command().describe('Runs after a run that did not succeed.'),
        onGuard: command().describe('Runs after a run that a guard halted, in addition to onFailure.'),
        timeout: duration('5m').describe('The time limit of one command.'),
      })
      .optional()
      .describe('Commands: a string for the shell, or a list with a program and its arguments. An empty list means no command.'),
    rate: z
      .string()
      .superRefine(parsedBy(parseRate))
      .optional()
      .describe('Copy no more content per second than this, such as 50MB/s; 0 for no limit.')
      .meta({default: '0'}),
    ioPriority: z
      .enum(IO_PRIORITIES)
      .optional()
      .describe('How far a run gives way to other programs that use the same disks and processors.')
      .meta({default: 'normal'}),
    fsync: z.enum(['none', 'end', 'each']).optional().describe('When written data is flushed to disk.').meta({default: 'end'}),
    live: z
      .enum(['copy', 'skip'])
      .optional()
      .describe('If a file grows while it is copied: copy its state at one moment, or skip it.')
      .meta({default: 'copy'}),
    mkpath: flag(false).describe('Create missing folders above the target.'),
    lockTimeout: duration('0').describe('How long to wait for another run on the same target, such as 30s.'),
    skipDrifted: flag(false).describe('Leave out paths that changed since the plan was made, instead of stopping.'),
  };
}

const MAX_LOG_FILES = 1000;
const LOG_FILES = {error: `expected an integer from 0 to ${MAX_LOG_FILES}`};

function flag(usual: boolean) {
  return z.boolean().optional().meta({default: usual});
}

/** A text or a list of texts, parsed to a list. */
function texts(text: z.ZodType<string, string> = z.string().superRefine(checkName)) {
  return z
    .union([text, z.array(text)], {error: TEXTS})
    .transform((value): readonly string[] => (typeof value === 'string' ? [value] : value));
}

function size() {
  return z
    .union([z.string(), z.int()], {error: 'string or integer'})
    .superRefine(parsedBy((value) => parseSize(String(value))))
    .optional();
}

function duration(usual?: string) {
  // 0 has no unit, so YAML parses it as a number.
  return z
    .union([z.string(), z.int()], {error: 'a time such as 90s or 500ms, or 0'})
    .superRefine(parsedBy(parseDuration))
    .optional()
    .meta(usual === undefined ? {} : {default: usual});
}

function interval(example: string) {
  return z
    .string({error: (issue) => (issue.input === undefined ? undefined : 'a time with its unit, such as 90s or 15m')})
    .superRefine(parsedBy(parseInterval))
    .optional()
    .meta({examples: [example]});
}

function command() {
  const word = z.string().superRefine(checkUtf8);
  return z.union([word, z.array(word)], {error: TEXTS}).optional();
}

function extended(context: PathContext) {
  return texts(z.string().transform((text, issues) => expandPath(text, context, issues)));
}

function configSchema(context: PathContext, settings = z.strictObject(settingsShape(context))) {
  return z.strictObject({
    $schema: z.string().optional().describe('The JSON schema of this file, for editors.'),
    extends: extended(context)
      .optional()
      .describe(
        'Config files to extend: this file overrides their defaults and jobs, and a later file overrides an earlier one.',
      ),
    defaults: settings.optional().describe('Settings of every job that does not override them.'),
    jobs: z
      .record(z.string().min(1, {error: 'a job needs a name, found ""'}), settings)
      .optional()
      .describe('Jobs by name.'),
  });
}

/** Checked settings of a job, or of the defaults: paths are absolute, lists are arrays, quantities are valid but still text. */
export type JobSettings = Readonly<z.output<z.ZodObject<ReturnType<typeof settingsShape>>>>;

/** The checked content of a config file. */
export type ConfigContent = z.output<ReturnType<typeof configSchema>>;

const NOWHERE: PathContext = {folder: '/', env: {}};
/** The keys of all settings, in the order in which they are listed. */
export const SETTINGS = Object.keys(settingsShape(NOWHERE)) as readonly (keyof JobSettings)[];
/** The keys below those settings that are objects. */
export const NESTED: Readonly<Partial<Record<keyof JobSettings, readonly string[]>>> = {
  heartbeat: ['start', 'success', 'fail', 'timeout'],
  webhook: ['url', 'format', 'always'],
  hooks: [...HOOKS, 'timeout'],
};
const SECTIONS: readonly string[] = Object.keys(configSchema(NOWHERE).shape);

/** The JSON schema of config files for editors, in draft 7, which all editors support. */
export function jsonSchema(): Record<string, unknown> {
  const settings = z.strictObject(settingsShape(NOWHERE)).meta({id: 'settings', description: 'Settings of a job.'});
  const titled = configSchema(NOWHERE, settings).meta({
    $id: 'urn:dirsync:schema:config-1',
    title: 'dirsync config file',
    description: 'Jobs and their settings, as in dirsync.config.yaml.',
  });
  return z.toJSONSchema(titled, {io: 'input', target: 'draft-7'});
}

interface Described {
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Described>>;
  readonly anyOf?: readonly Described[];
}

/** The built-in defaults of settings that have one; settings that are objects have a default per key. */
export function builtInSettings(): Record<string, unknown> {
  const {definitions} = jsonSchema() as {definitions: {settings: Described}};
  return defaultsOf(definitions.settings);
}

function defaultsOf({properties = {}}: Described): Record<string, unknown> {
  const found = Object.entries(properties).flatMap(([key, described]) => {
    const form = described.properties ? described : described.anyOf?.find((each) => each.properties);
    const usual = form ? defaultsOf(form) : described.default;
    return usual === undefined ? [] : [[key, usual]];
  });
  return Object.fromEntries(found);
}

/** Checks one config file by itself. */
export function checkConfig(raw: unknown, context: PathContext): {content: ConfigContent} | {mistakes: readonly Mistake[]} {
  const parsed = configSchema(context).safeParse(raw, {reportInput: true});
  const mistakes = [...(parsed.error?.issues.flatMap((issue) => mistakesOf(issue, keysAt)) ?? []), ...mixedTimes(raw)];
  return parsed.success && mistakes.length === 0 ? {content: parsed.data} : {mistakes};
}

/** The files that a config file extends, even if the rest of it has mistakes. */
export function readExtends(raw: unknown, context: PathContext): readonly string[] {
  return extended(context).safeParse(fieldsOf(raw).extends).data ?? [];
}

/** Those of the given settings that are valid; hooks are checked one by one. */
export function validSettings(raw: unknown, keys: readonly (keyof JobSettings)[], context: PathContext): JobSettings {
  const {hooks, ...shape} = settingsShape(context);
  const {hooks: rawHooks, ...rest} = fieldsOf(raw);
  return {
    ...validFields(shape, rest, keys),
    ...(isObject(rawHooks) && keys.includes('hooks') && {hooks: validFields(hooks.unwrap().shape, rawHooks)}),
  };
}

function validFields(
  shape: Readonly<Record<string, z.ZodType>>,
  raw: Record<string, unknown>,
  keys: readonly string[] = Object.keys(shape),
): object {
  const valid = keys.flatMap((key) => {
    const parsed = Object.hasOwn(raw, key) ? shape[key]?.safeParse(raw[key]) : undefined;
    return parsed?.success ? [[key, parsed.data]] : [];
  });
  return Object.fromEntries(valid);
}

/** Reports an interval together with calendar times, unless `watch` gives the interval a different meaning. */
function mixedTimes(raw: unknown): Mistake[] {
  const {defaults, jobs} = fieldsOf(raw);
  const places: [KeyPath, unknown][] = [
    [['defaults'], defaults],
    ...Object.entries(fieldsOf(jobs)).map(([name, job]): [KeyPath, unknown] => [['jobs', name], job]),
  ];
  return places.flatMap(([path, settings]) => {
    const {every, watch, ...others} = fieldsOf(settings);
    const other = ['cron', 'at'].find((key) => others[key] !== undefined && [others[key]].flat().length > 0);
    if (every === undefined || watch === true || other === undefined) return [];
    return [{path: [...path, 'every'], say: () => `cannot be used with ${other}; choose one of them (or add watch: true)`}];
  });
}

/** Whether a value is an object and not an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The fields of an object; empty for any other value. */
export function fieldsOf(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {};
}

/** The valid keys at a place of the file. */
function keysAt(path: KeyPath): readonly string[] {
  const [section, ...below] = path;
  const [setting] = section === 'jobs' ? below.slice(1) : below;
  if (section === undefined) return SECTIONS;
  return setting === undefined ? SETTINGS : (NESTED[setting as keyof JobSettings] ?? []);
}

/** Checks a value with the parser that will read it later; the message of its error becomes the mistake. */
function parsedBy<T>(parse: (value: T) => unknown) {
  return (value: T, issues: z.RefinementCtx) => {
    try {
      parse(value);
    } catch (error) {
      if (!(error instanceof DirsyncError)) throw error;
      issues.addIssue({code: 'custom', message: `${error.detail}; ${error.hint}`});
    }
  };
}
