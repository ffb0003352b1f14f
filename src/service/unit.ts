/** A job that another program starts: what systemd, cron and launchd are told of it. */
import type {CalendarTimes, Numbers} from '../core/calendar.js';
import {DirsyncError} from '../core/errors.js';
import {escapeName} from '../core/escape.js';
import type {Preservable} from '../core/plan.js';

export type ServiceTimes =
  | {readonly type: 'calendar'; readonly times: readonly CalendarTimes[]; readonly timezone: string | undefined}
  /** Milliseconds from the start of a run to the start of the next. */
  | {readonly type: 'interval'; readonly every: number}
  /** A process that stays. */
  | {readonly type: 'watch'};

/** Durations are milliseconds, paths absolute. */
export interface Service {
  readonly job: string;
  /** A program and its arguments. */
  readonly command: readonly string[];
  /** What the program finds here in its environment and would not find when it is started by another. */
  readonly environment: Readonly<Record<string, string>>;
  /** Variables that the config names; their values may be secrets. */
  readonly variables: readonly string[];
  /** Undefined: in the scheduler of the user. */
  readonly user: string | undefined;
  readonly times: ServiceTimes;
  readonly delay: number;
  readonly jitter: number;
  /** Whether one run is to follow when a time comes while a run is at work. */
  readonly queues: boolean;
  /** Whether a time that passed while the machine was off is made up for. */
  readonly catchesUp: boolean;
  readonly source: string;
  readonly target: string;
  /** All folders in which a run writes. */
  readonly writes: readonly string[];
  /** Those beside the target that do not exist now: that of a target comes with its disk. */
  readonly missing: readonly string[];
  /** The address of the page that tells of services. */
  readonly documentation: string;
  readonly preserve: readonly Preservable[];
  /** Commands of the config run beside it. */
  readonly hasHooks: boolean;
  /** One of them before the run, such as a mount. */
  readonly hasBefore: boolean;
  /** Addresses are called. */
  readonly needsNetwork: boolean;
  /** After which a run that still goes on hangs; undefined: never. */
  readonly timeout: number | undefined;
  /** How long it may take to stop. */
  readonly stopTimeout: number;
}

/** A file that a scheduler reads; without a path, lines to be added to one. */
export interface ServiceFile {
  readonly path: string | undefined;
  readonly text: string;
}

/** Characters that end a line or turn the order of text: no unit holds them as they are. */
const UNHOLDABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/u;

/** @throws DirsyncError SERVICE_UNWRITABLE for names that the files of schedulers cannot hold. */
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
