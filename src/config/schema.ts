/** The shape of a config file. Settings have the names of the flags, in camelCase; a setting that is absent has the flag's default. */
import {homedir} from 'node:os';
import {resolve} from 'node:path';
import {z} from 'zod';
import {DirsyncError} from '../core/errors.js';
import {escapeName} from '../core/escape.js';
import {HOOKS, WEBHOOK_FORMATS} from '../core/hooks.js';
import {LOG_FORMATS, LOG_LEVELS} from '../core/log.js';
import {GUARD_NAMES, PRESERVABLE} from '../core/plan.js';
import {ON_MISSED, ON_OVERLAP} from '../core/schedule.js';
import {checkCron, checkTimezone} from './cron.js';
import {nearest} from './nearest.js';
import {parseDuration, parseHours, parseInterval, parseMaxDelete, parseSize, parseTimeOfDay} from './quantity.js';

/** What paths in a config file are relative to, and where their `~` and `${NAME}` come from. */
export interface PathContext {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

function settingsShape(context: PathContext) {
  const path = z.string().transform((text, issues) => expandPath(text, context, issues));
  const url = z.string().transform((text, issues) => expandUrl(text, context, issues));
  return {
    source: path.optional().describe('The folder to copy from.'),
    target: path.optional().describe('The folder that becomes what the source is.'),
    exclude: texts().optional().describe('Patterns (gitignore syntax) of what is left out.'),
    include: texts().optional().describe('Patterns of what is taken back in.'),
    excludeFrom: texts()
      .transform((files, issues) => files.map((file) => expandPath(file, context, issues)))
      .optional()
      .describe('Files with patterns, one a line.'),
    delete: z.boolean().optional().describe('Delete from the target what the source does not have.').meta({default: true}),
    deleteBefore: z.boolean().optional().describe('Delete before anything is written, to make room.'),
    checksum: z.boolean().optional().describe('Compare content instead of size and mtime.'),
    sizeOnly: z.boolean().optional().describe('Compare sizes alone.'),
    mtimeWindow: z.string().superRefine(parsedBy(parseDuration)).optional().describe('Times this close are equal, such as 2s.'),
    preserve: z.array(z.enum(PRESERVABLE)).optional().describe('What is kept beside content and names; all of it by default.'),
    noPreserve: z.array(z.enum(PRESERVABLE)).optional().describe('What of it is not kept.'),
    ownerBy: z
      .enum(['id', 'name'])
      .optional()
      .describe('Whether a saved plan holds owners by number alone, or is refused where their names have other numbers.')
      .meta({default: 'id'}),
    oneFileSystem: z.boolean().optional().describe('Copy folders on other file systems without what is in them.'),
    maxDelete: z
      .union([z.string(), z.int()], {error: 'string or integer'})
      .superRefine(parsedBy((value) => parseMaxDelete(String(value))))
      .optional()
      .describe('Halt above this many deletions: a number, or a part of the target such as 50%.'),
    allow: z.array(z.enum(GUARD_NAMES)).optional().describe('Guards that do not halt.'),
    every: z
      .string()
      .superRefine(parsedBy(parseInterval))
      .optional()
      .describe('Run again after this interval, such as 1h30m. With watch: how often all is looked at even so.'),
    cron: texts(z.string().superRefine(parsedBy(checkCron)))
      .optional()
      .describe('Run at the times of these cron patterns, such as "0 3 * * mon-fri".'),
    at: texts(z.string().superRefine(parsedBy(parseTimeOfDay)))
      .optional()
      .describe('Run at these times of the day, such as 03:00.'),
    timezone: z
      .string()
      .superRefine(parsedBy(checkTimezone))
      .optional()
      .describe("The zone of cron, at and activeHours, such as Europe/Berlin; by default this machine's."),
    delay: duration('0').describe('Wait so long before the first run.'),
    jitter: duration('0').describe('Start each run up to so much later, by chance.'),
    overlap: z
      .enum(ON_OVERLAP)
      .optional()
      .describe('A time that comes while a run is at work is skipped, or one run is queued.')
      .meta({default: 'skip'}),
    missed: z
      .enum(ON_MISSED)
      .optional()
      .describe('After a sleep of the machine, run once for the times that passed, or wait for the next.')
      .meta({default: 'run-once'}),
    backoff: duration('5m').describe('The longest pause after runs that failed; 0 for none.'),
    activeHours: texts(z.string().superRefine(parsedBy(parseHours)))
      .optional()
      .describe('Start runs in these hours alone, such as 22:00-06:00.'),
    watch: z.boolean().optional().describe('Run when the source has changed.'),
    debounce: duration('500ms').describe('How long the source is quiet after a change before a run starts.'),
    maxDuration: z
      .string()
      .superRefine(parsedBy(parseInterval))
      .optional()
      .describe('Stop a run cleanly after this time; the next one does the rest.'),
    log: path.optional().describe('The log file.'),
    logFormat: z.enum(LOG_FORMATS).optional().describe('How a line of the log is written.').meta({default: 'text'}),
    logLevel: z.enum(LOG_LEVELS).optional().describe('The least that is logged.').meta({default: 'info'}),
    logSize: z
      .union([z.string(), z.int()], {error: 'string or integer'})
      .superRefine(parsedBy((value) => parseSize(String(value))))
      .optional()
      .describe('Begin a new log file after so many bytes.')
      .meta({default: '5MB'}),
    logAge: z
      .string()
      .superRefine(parsedBy(parseInterval))
      .optional()
      .describe('Begin a new log file after this time, such as 7d.'),
    logFiles: z.int().min(0).max(1000).optional().describe('How many older log files are kept.').meta({default: 3}),
    metrics: path.optional().describe('A file for Prometheus, or a folder in which each job has one.'),
    heartbeat: z
      .union([
        url,
        z.strictObject({start: url.optional(), success: url.optional(), fail: url.optional(), timeout: duration('10s')}),
      ])
      .optional()
      .describe(
        'An address that is called after each run, with /start before it and /fail after one that failed; or one for each.',
      ),
    webhook: z
      .union([
        url,
        z.strictObject({
          url,
          format: z.enum(WEBHOOK_FORMATS).optional().meta({default: 'slack'}),
          always: z.boolean().optional().describe('Also after runs with nothing to do.'),
        }),
      ])
      .optional()
      .describe('An address that is sent the summary of each run that changed something or did not succeed.'),
    hooks: z
      .strictObject({
        before: command().describe('Runs before the run, such as a mount; the run does not start when it fails.'),
        after: command().describe('Runs after every run whose before began.'),
        onStart: command().describe('Runs when a run starts.'),
        onChange: command().describe('Runs after a run that changed the target.'),
        onSuccess: command().describe('Runs after a run that did all there was to do.'),
        onFailure: command().describe('Runs after every other run.'),
        onGuard: command().describe('Runs after a run that a guard halted, beside onFailure.'),
        timeout: duration('5m').describe('How long a command may take.'),
      })
      .optional()
      .describe('Commands: a text for the shell, or a list of a program and its arguments. An empty list is no command.'),
    fsync: z.enum(['none', 'end', 'each']).optional().describe('When written data is forced to disk.').meta({default: 'end'}),
    mkpath: z.boolean().optional().describe('Make the folders above the target.'),
    lockTimeout: z
      .string()
      .superRefine(parsedBy(parseDuration))
      .optional()
      .describe('Wait so long for another run on the same target, such as 30s.')
      .meta({default: '0'}),
    skipDrifted: z.boolean().optional().describe('Leave out paths that changed since the plan, instead of stopping.'),
  };
}

/** A text, or a list of them; always a list once read. */
function texts(text: z.ZodString = z.string()) {
  return z
    .union([text, z.array(text)], {error: 'string or array of strings'})
    .transform((value): readonly string[] => (typeof value === 'string' ? [value] : value));
}

function duration(usual: string) {
  return z.string().superRefine(parsedBy(parseDuration)).optional().meta({default: usual});
}

function command() {
  return z.union([z.string(), z.array(z.string())], {error: 'string or array of strings'}).optional();
}

function configSchema(context: PathContext) {
  const settings = z.strictObject(settingsShape(context));
  return z.strictObject({
    $schema: z.string().optional(),
    defaults: settings.optional().describe('Settings of every job that does not have its own.'),
    jobs: z.record(z.string(), settings).optional().describe('Jobs by name.'),
  });
}

/** The settings of one job, or the defaults; paths are absolute, lists are arrays, quantities are valid but still text. */
export type JobSettings = Readonly<z.output<z.ZodObject<ReturnType<typeof settingsShape>>>>;

/** What a config file holds once read. */
export type ConfigContent = z.output<ReturnType<typeof configSchema>>;

const NOWHERE: PathContext = {folder: '/', env: {}};
const SETTINGS: readonly string[] = Object.keys(settingsShape(NOWHERE));
/** The keys of settings that have some of their own. */
const NESTED = {
  heartbeat: ['start', 'success', 'fail', 'timeout'],
  webhook: ['url', 'format', 'always'],
  hooks: [...HOOKS, 'timeout'],
};
const SECTIONS: readonly string[] = Object.keys(configSchema(NOWHERE).shape);

/** The JSON schema (2020-12) of config files, for editors. */
export function jsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(configSchema(NOWHERE), {io: 'input'});
}

/** How many mistakes are told; a file with more is no config, or one of another program. */
const MAX_MISTAKES = 50;

/** Checks what a config file holds: its content, or its mistakes, each a line with the key path, escaped. */
export function readConfig(raw: unknown, context: PathContext): {content: ConfigContent} | {mistakes: readonly string[]} {
  const parsed = configSchema(context).safeParse(raw, {reportInput: true});
  const found = [...(parsed.error?.issues.flatMap(mistakesOf) ?? []), ...missingRoots(raw)];
  if (parsed.success && found.length === 0) return {content: parsed.data};
  const mistakes = found.slice(0, MAX_MISTAKES).map((describe) => describe());
  return {mistakes: found.length > MAX_MISTAKES ? [...mistakes, `and ${found.length - MAX_MISTAKES} more mistakes`] : mistakes};
}

/** A mistake, in words once it is told. */
type Mistake = () => string;

/** A job has a source and a target of its own or from the defaults. */
function missingRoots(raw: unknown): Mistake[] {
  const {jobs, defaults} = fields(raw);
  return Object.entries(fields(jobs)).flatMap(([name, job]) =>
    ['source', 'target']
      .filter((key) => isObject(job) && (job[key] ?? fields(defaults)[key]) === undefined)
      .map((key) => () => `${keyPath(['jobs', name, key])}: missing, expected string`),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fields(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {};
}

function mistakesOf(issue: z.core.$ZodIssue): Mistake[] {
  if (issue.code === 'invalid_union' && isObject(issue.input)) {
    // What is wrong in the form with keys tells more than that the value has none of the forms.
    const meant = issue.errors.find((issues) => issues.every(({code, path}) => code !== 'invalid_type' || path.length > 0));
    if (meant !== undefined) return meant.flatMap((inner) => mistakesOf({...inner, path: [...issue.path, ...inner.path]}));
  }
  if (issue.code !== 'unrecognized_keys') return [() => describeIssue(issue)];
  const known = keysAt(issue.path);
  return issue.keys.map((key) => () => `${keyPath([...issue.path, key])}: unknown key${didYouMean(key, known)}`);
}

/** The keys that may stand at this place of the file. */
function keysAt(path: readonly PropertyKey[]): readonly string[] {
  const [section, ...below] = path;
  const [setting] = section === 'jobs' ? below.slice(1) : below;
  if (section === undefined) return SECTIONS;
  return setting === undefined ? SETTINGS : (NESTED[setting as keyof typeof NESTED] ?? []);
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const at = keyPath(issue.path);
  const {input} = issue;
  switch (issue.code) {
    case 'invalid_value': {
      const meant = typeof input === 'string' ? didYouMean(input, issue.values.map(String)) : '';
      return `${at}: expected ${list(issue.values)}, found ${show(input)}${meant}`;
    }
    case 'invalid_type':
      return `${at}: expected ${issue.expected === 'record' ? 'object' : issue.expected}, found ${show(input)}`;
    case 'invalid_union':
      return `${at}: expected ${issue.message}, found ${show(input)}`;
    default:
      return `${at}: ${issue.message}`;
  }
}

function list(values: readonly unknown[]): string {
  return `one of ${values.join(', ')}`;
}

/** `, did you mean "x"?` or nothing. */
function didYouMean(word: string, candidates: readonly string[]): string {
  const candidate = nearest(word, candidates);
  return candidate === undefined ? '' : `, did you mean "${escapeName(candidate)}"?`;
}

function keyPath(path: readonly PropertyKey[]): string {
  return path.length === 0 ? 'the file' : escapeName(z.core.toDotPath(path as (string | number)[]));
}

const SHOWN = 40;

/** A value from the file, with its type and not at full length. */
function show(value: unknown): string {
  if (value === null) return 'null';
  const type = Array.isArray(value) ? 'array' : typeof value;
  const text = typeof value === 'string' ? `"${escapeName(value)}"` : escapeName(inJson(value));
  return `${type} ${text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text}`;
}

function inJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    // A config in JavaScript may hold what JSON has no word for.
    return Object.prototype.toString.call(value);
  }
}

/** A check by the parser that will read the value later; its words become the mistake. */
function parsedBy<T>(parse: (value: T) => unknown) {
  return (value: T, issues: z.RefinementCtx) => {
    try {
      parse(value);
    } catch (error) {
      if (!(error instanceof DirsyncError)) throw error;
      issues.addIssue({code: 'custom', message: `${error.detail}. ${error.hint}`});
    }
  };
}

/** An absolute path. */
function expandPath(text: string, context: PathContext, issues: z.RefinementCtx): string {
  if (text === '') issues.addIssue({code: 'custom', message: 'expected a path, found ""'});
  const home = text.replace(/^~(?=\/|$)/, () => context.env.HOME || homedir());
  return resolve(context.folder, expand(home, context, issues));
}

function expandUrl(text: string, context: PathContext, issues: z.RefinementCtx): string {
  const expanded = expand(text, context, issues);
  if (/^https?:\/\//i.test(expanded) && URL.canParse(expanded)) return expanded;
  // What is found is not repeated: an address is often a secret.
  issues.addIssue({code: 'custom', message: 'expected an address that begins with http:// or https://'});
  return expanded;
}

/** An unset or empty variable is a mistake, since what is left could be a very different folder or address. */
function expand(text: string, {env}: PathContext, issues: z.RefinementCtx): string {
  return text.replace(/\$\{([^}]*)\}/g, (_, name: string) => {
    if (!env[name]) issues.addIssue({code: 'custom', message: `the environment variable "${escapeName(name)}" is not set`});
    return env[name] ?? '';
  });
}
