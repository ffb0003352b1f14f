/** Parses values that users write: intervals, durations, limits and names. */
import {NS_PER_SECOND} from '../core/entry.js';
import {DirsyncError} from '../core/errors.js';
import {escapeName} from '../core/escape.js';
import type {MaxDelete} from '../core/plan.js';
import type {Hours, TimeOfDay} from '../core/schedule.js';

/** Nanoseconds of a unit. */
const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  ms: 1_000_000n,
  s: NS_PER_SECOND,
  m: 60n * NS_PER_SECOND,
  h: 3_600n * NS_PER_SECOND,
  d: 86_400n * NS_PER_SECOND,
  w: 604_800n * NS_PER_SECOND,
};

const NS_PER_MS = 1_000_000n;
const YEAR = 365n * 86_400n * NS_PER_SECOND;

/**
 * An interval such as `5s`, `10m` or `1h30m` in milliseconds: whole seconds, from 1 s to 365 days.
 * @throws DirsyncError INTERVAL_INVALID.
 */
export function parseInterval(text: string): number {
  const time = parseTime(text);
  if (time === undefined || time < NS_PER_SECOND || time > YEAR || time % NS_PER_SECOND !== 0n) {
    const hint = 'give numbers with the units s, m, h, d or w, from 1s to 365d, such as 5s, 10m, 1h30m or 1d';
    throw new DirsyncError('INTERVAL_INVALID', `${quote(text)} is not an interval`, hint);
  }
  return Number(time / NS_PER_MS);
}

/** A duration such as `2s`, `500ms`, `100us` or `0` in nanoseconds, up to 365 days. @throws DirsyncError USAGE. */
export function parseDuration(given: string | number): bigint {
  const text = String(given);
  const time = text === '0' ? 0n : parseTime(text);
  if (time === undefined || time > YEAR) {
    throw new DirsyncError(
      'USAGE',
      `${quote(text)} is not a duration`,
      'give 0, or numbers with units, such as 1s, 500ms or 100us',
    );
  }
  return time;
}

/** A duration in whole milliseconds. @throws DirsyncError USAGE. */
export function parseMilliseconds(given: string | number): number {
  return Number(parseDuration(given) / NS_PER_MS);
}

/** A limit on deletions: `100` leaves, or `50%` of the target's leaves. @throws DirsyncError USAGE. */
export function parseMaxDelete(text: string): MaxDelete {
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(text)?.[1];
  if (percent !== undefined && Number(percent) <= 100) return {share: Number(percent) / 100};
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return {count: Number(text)};
  throw new DirsyncError(
    'USAGE',
    `${quote(text)} is not a limit on deletions`,
    'give a whole number or 0% to 100%, such as 100 or 50%',
  );
}

/** Exponents of units, by first letter: alone or with "iB" of 1024, with "B" of 1000. */
const SIZES: Readonly<Record<string, number>> = {k: 1, m: 2, g: 3, t: 4};

/** A number of bytes such as `4096`, `5MB` or `512KiB`. @throws DirsyncError USAGE. */
export function parseSize(text: string): number {
  const [, count = '', letter, ending] = /^(\d{1,15})(?:([kmgt])(i?b)?|b)?$/i.exec(text) ?? [];
  const base = ending?.toLowerCase() === 'b' ? 1000 : 1024;
  const size =
    count === '' ? Number.NaN : Number(count) * base ** (letter === undefined ? 0 : (SIZES[letter.toLowerCase()] as number));
  if (Number.isSafeInteger(size)) return size;
  throw new DirsyncError(
    'USAGE',
    `${quote(text)} is not a size`,
    'give a whole number, with or without a unit, such as 512KiB or 5MB',
  );
}

/** A file name without a path. @throws DirsyncError USAGE. */
export function parseFileName(text: string): string {
  if (!/^\.{0,2}$|[/\0]/.test(text)) return text;
  throw new DirsyncError('USAGE', `${quote(text)} is not a file name`, 'give a name without a path, such as .nobackup');
}

/** Below this rate, even the smallest file would take minutes. */
const LEAST_RATE = 1000;

/** Bytes per second, such as `50MB/s`; undefined for `0`, which means no limit. @throws DirsyncError USAGE. */
export function parseRate(text: string): number | undefined {
  const rate = rateOf(text);
  if (rate === 0 || (rate !== undefined && rate >= LEAST_RATE)) return rate === 0 ? undefined : rate;
  throw new DirsyncError(
    'USAGE',
    `${quote(text)} is not a rate`,
    'give 0 for no limit, or at least 1kB/s, such as 500KiB/s or 50MB/s',
  );
}

function rateOf(text: string): number | undefined {
  try {
    return parseSize(text.replace(/\/s$/, ''));
  } catch {
    return undefined;
  }
}

/** A time of the day such as `03:00`. @throws DirsyncError USAGE. */
export function parseTimeOfDay(text: string): TimeOfDay {
  const [, hour, minute] = /^(\d{1,2}):(\d{2})$/.exec(text) ?? [];
  if (hour !== undefined && Number(hour) < 24 && Number(minute) < 60) return Number(hour) * 60 + Number(minute);
  throw new DirsyncError('USAGE', `${quote(text)} is not a time of the day`, 'give hour and minute, from 00:00 to 23:59');
}

/** Hours of the day such as `22:00-06:00`. @throws DirsyncError USAGE. */
export function parseHours(text: string): Hours {
  const [from, until, ...more] = text.split('-');
  if (from !== undefined && until !== undefined && more.length === 0 && from !== until) {
    return {from: parseTimeOfDay(from), until: until === '24:00' ? 0 : parseTimeOfDay(until)};
  }
  throw new DirsyncError('USAGE', `${quote(text)} is not a range of hours`, 'give two times, such as 22:00-06:00');
}

/** The sum of numbers with units, in nanoseconds. */
function parseTime(text: string): bigint | undefined {
  if (!/^(\d{1,18}[a-z]+)+$/.test(text)) return undefined;
  let time = 0n;
  for (const [, count = '', unit = ''] of text.matchAll(/(\d+)([a-z]+)/g)) {
    if (!Object.hasOwn(UNITS, unit)) return undefined;
    time += BigInt(count) * (UNITS[unit] as bigint);
  }
  return time;
}

function quote(text: string): string {
  return `"${escapeName(text)}"`;
}
