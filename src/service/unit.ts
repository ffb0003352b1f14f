/** A job that systemd, cron or launchd starts, and what their files have in common. */
import type {CalendarTimes, Numbers} from '../core/calendar.js';
import {DirsyncError} from '../core/errors.js';
import {escapeName} from '../core/escape.js';
import type {Preservable} from '../core/plan.js';

export type ServiceTimes =
  | {readonly type: 'calendar'; readonly times: readonly CalendarTimes[]; readonly timezone: string | undefined}
  /** Milliseconds from the start of a run to the start of the next. */
  | {readonly type: 'interval'; readonly every: number}
  /** A process that keeps running. */
  | {readonly type: 'watch'};

/** A job for a scheduler. Durations are in milliseconds, and paths are absolute. */
export interface Service {
  readonly job: string;
  /** A program and its arguments. */
  readonly command: readonly string[];
  /** Variables of the current environment that a scheduler would not set. */
  readonly environment: Readonly<Record<string, string>>;
  /** Names of the variables that the config uses. Their values may be secrets. */
  readonly variables: readonly string[];
  /** The user who runs the job; undefined for the scheduler of the user. */
  readonly user: string | undefined;
  readonly times: ServiceTimes;
  readonly delay: number;
  readonly jitter: number;
  /** Whether a run that is due during another run is started right after it. */
  readonly queues: boolean;
  /** Whether runs that were missed while the machine was off are made up for. */
  readonly catchesUp: boolean;
  readonly source: string;
  readonly target: string;
  /** All folders in which a run writes. */
  readonly writes: readonly string[];
  /** Folders in `writes` that do not exist now, except the target, which comes with its disk. */
  readonly missing: readonly string[];
  /** The URL of the documentation about services. */
  readonly documentation: string;
  readonly preserve: readonly Preservable[];
  /** Whether the config has hooks. */
  readonly hasHooks: boolean;
  /** Whether one of them runs before the run, such as a mount. */
  readonly hasBefore: boolean;
  /** Whether a run calls URLs. */
  readonly needsNetwork: boolean;
  /** Time after which a run is considered to hang; undefined: never. */
  readonly timeout: number | undefined;
  /** Time that a run may take to stop. */
  readonly stopTimeout: number;
}

/** A file that a scheduler reads. Without a path, lines to add to a file. */
export interface ServiceFile {
  readonly path: string | undefined;
  readonly text: string;
}

/** Characters that break or reorder lines. Scheduler files cannot contain them. */
const UNHOLDABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/u;

/** @throws DirsyncError SERVICE_UNWRITABLE for names that scheduler files cannot contain. */
export function checkNames({job, command, environment, source, target, writes}: Service): void {
  const odd = [job, ...command, ...Object.values(environment), source, target, ...writes].find((text) => UNHOLDABLE.test(text));
  if (odd === undefined) return;
  const hint = 'use a name without control characters, or keep `dirsync run` running';
  throw new DirsyncError('SERVICE_UNWRITABLE', `"${escapeName(odd)}" contains a character that breaks or reorders lines`, hint);
}

/**
 * A job's name as part of a file's: as `systemd-escape` does it, but for "-", which stays, and "/", which is escaped like the rest;
 * so usual names stay as they are, and two jobs never share a file.
 */
export function fileNameOf(job: string): string {
  const bytes = Array.from(Buffer.from(job));
  return bytes
    .map((byte) => String.fromCharCode(byte))
    .map((char) => (/[A-Za-z0-9:_.-]/.test(char) ? char : `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`))
    .join('');
}

/** How a scheduler writes the values of a calendar field. */
export interface FieldForm {
  readonly first: number;
  readonly last: number;
  readonly number: (value: number) => string;
  readonly range: (from: string, to: string) => string;
  /** From a number on to the end of the field. */
  readonly step: (from: number, by: number) => string;
}

/** The numbers of a field in short: `*`, a step, or ranges and single numbers. */
export function fieldText(field: Numbers, {first, last, number, range, step}: FieldForm): string {
  if (field === undefined) return '*';
  const [from = first, second = from] = field;
  const by = second - from;
  const isStep =
    field.length > 2 && by > 1 && field.every((value, i) => value === from + i * by) && (field.at(-1) ?? 0) + by > last;
  if (isStep) return step(from, by);
  return rangesOf(field)
    .flatMap(([start, end]) => {
      if (end - start < 2) return start === end ? [number(start)] : [number(start), number(end)];
      return [range(number(start), number(end))];
    })
    .join(',');
}

function rangesOf(field: readonly number[]): [from: number, to: number][] {
  const ranges: [number, number][] = [];
  for (const value of field) {
    const open = ranges.at(-1);
    if (open !== undefined && open[1] === value - 1) open[1] = value;
    else ranges.push([value, value]);
  }
  return ranges;
}

/** @throws DirsyncError SCHEDULE_FOREIGN */
export function foreign(detail: string, hint: string): never {
  throw new DirsyncError('SCHEDULE_FOREIGN', detail, hint);
}
