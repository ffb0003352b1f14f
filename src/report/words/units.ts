/** Formats numbers and times for users, always in English. Times are in this machine's time zone, and name it. */
import {fromNanoseconds} from '../../core/entry.js';
import {escapeName} from '../../core/escape.js';

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** Bytes with at most one decimal: "0 B", "1.2 KiB", "340 MiB". */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // A value that rounds up to 1024 is 1 of the next unit.
  while (round(value) >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${round(value)} ${UNITS[unit]}`;
}

function round(value: number): number {
  return value < 100 ? Math.round(value * 10) / 10 : Math.round(value);
}

/** A count in a few characters: "1.2M". */
export function formatShortCount(count: number): string {
  return count.toLocaleString('en-US', {notation: 'compact', maximumFractionDigits: 1});
}

/** Milliseconds in the two largest units that matter: "0.4 s" (`whole`: "1 s"), "2 min 5 s", "3 h 10 min", "2 d 4 h". */
export function formatDuration(ms: number, {whole = false}: {whole?: boolean} = {}): string {
  if (ms < 59_950 && !whole) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = whole ? Math.ceil(ms / 1000) : Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/**
 * Formats nanoseconds since 1970 as "2026-01-01 11:00:00+01:00", or with "Z" for UTC; `exact`: with nine decimals. Times outside of
 * the calendar are shown in seconds.
 */
export function formatTime(time: bigint, {exact = false, utc = false}: {exact?: boolean; utc?: boolean} = {}): string {
  const {seconds, nanoseconds} = fromNanoseconds(time);
  const fraction = exact ? `.${String(nanoseconds).padStart(9, '0')}` : '';
  // For historical zones based on solar time, whole minutes are precise enough.
  const offset = utc ? 0 : -Math.round(new Date(seconds * 1000).getTimezoneOffset());
  const local = new Date((seconds + 60 * offset) * 1000);
  // A Date ends in the year 275760, but file systems can store later times.
  if (Number.isNaN(local.getTime())) return `${seconds}${fraction} s`;
  return `${local.toISOString().slice(0, -5).replace('T', ' ')}${fraction}${zoneWords(offset)}`;
}

/** Formats an offset from UTC in minutes. */
function zoneWords(offset: number): string {
  if (offset === 0) return 'Z';
  const part = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return `${offset < 0 ? '-' : '+'}${part(Math.abs(offset) / 60)}:${part(Math.abs(offset) % 60)}`;
}

/** Formats an ISO 8601 time in the same form. Any other text is escaped. */
export function formatIsoTime(iso: string): string {
  const ms = Date.parse(iso);
  return Number.isNaN(ms) ? escapeName(iso) : formatTime(BigInt(ms) * 1_000_000n);
}
