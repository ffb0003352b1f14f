/**
 * The shape of what is written for programs: the documents of `--json` and the lines of `--events`, each in a file of its own. The
 * build makes JSON Schema of it (dist/schema); at run time only its types are used, which prove that report/json writes no other
 * shape.
 */
import {z} from 'zod';
import {apply} from './apply.js';
import {error} from './error.js';
import {event} from './event.js';
import {explanation} from './explanation.js';
import {history} from './history.js';
import {job} from './job-run.js';
import {jobs} from './jobs.js';
import {manifest} from './manifest.js';
import {plan} from './plan.js';
import {run} from './run.js';
import {settings} from './settings.js';
import {stopped} from './stopped.js';

/** The input type of a schema, deeply read-only. */
type Written<Schema extends z.ZodType> = Frozen<z.input<Schema>>;
type Frozen<T> = T extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? {readonly [Key in keyof T]: Frozen<T[Key]>}
    : T;

export type PlanDocument = Written<typeof plan>;
export type ApplyDocument = Written<typeof apply>;
export type RunDocument = Written<typeof run>;
export type HistoryDocument = Written<typeof history>;
export type ExplanationDocument = Written<typeof explanation>;
export type JobRunDocument = Written<typeof job>;
export type JobsDocument = Written<typeof jobs>;
export type ManifestDocument = Written<typeof manifest>;
export type SettingsDocument = Written<typeof settings>;
export type ErrorDocument = Written<typeof error>;
export type StoppedDocument = Written<typeof stopped>;
export type EventLine = Written<typeof event>;

const DOCUMENTS = {
  plan: [plan, 'A plan, as plan --json writes it.'],
  apply: [apply, 'How an apply ended, as apply --json writes it.'],
  run: [run, 'A run of the past with all its steps.'],
  history: [history, 'The runs of a target.'],
  explanation: [explanation, 'Why a path is or is not in a plan, as explain --json writes it.'],
  'job-run': [job, 'A run of a job, as hooks read it from stdin.'],
  jobs: [jobs, 'The runs of several jobs, as run --json writes them.'],
  manifest: [manifest, 'The snapshot of a folder, as snapshot --json and show --json write it.'],
  settings: [settings, 'The settings of jobs and where each is set, as config --json writes them.'],
  error: [error, 'The error that ended a command, which --json writes in place of its document.'],
  stopped: [stopped, 'The signal that ended a command, which --json writes in place of its document.'],
  event: [event, 'One line of --events.'],
} as const;

/**
 * JSON Schema (2020-12) of each document by the name of its file, such as "plan-1".
 * @public build.js calls it.
 */
export function documentSchemas(): Record<string, object> {
  return Object.fromEntries(
    Object.entries(DOCUMENTS).map(([type, [schema, description]]) => {
      const file = `${type}-1`;
      const titled = schema.meta({$id: `urn:dirsync:schema:${file}`, title: `dirsync ${type}, format 1`, description});
      return [file, z.toJSONSchema(titled, {io: 'input', override: withoutSafeMaximum})];
    }),
  );
}

/** Removes the limit of safe integers, because sums above 2^53 are rounded, but still valid. */
function withoutSafeMaximum({jsonSchema}: {jsonSchema: {maximum?: number}}): void {
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
}
