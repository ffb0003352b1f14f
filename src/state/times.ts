/** How a target stores times, as runs have seen it: in `.dirsync/times.json`, for later plans. */
import {NS_PER_SECOND} from '../core/entry.js';
import type {TimeRange} from '../core/plan.js';
import {joinFacts, ORDINARY_END, ORDINARY_START, type TimeFacts} from '../core/times.js';
import type {Folder, Platform} from '../platform/platform.js';
import {NAMES, readNote, writeNote} from './folder.js';

/** Nanoseconds, as decimal digits. */
interface Written {
  readonly resolution: string;
  readonly min?: string | undefined;
  readonly max?: string | undefined;
}

/** The noted facts; undefined if there are none, or if they are not valid. */
export function readTimeFacts(platform: Platform, root: Folder): TimeFacts | undefined {
  return decode(readNote(platform, root, NAMES.times)?.value);
}

/** Adds to the noted facts. */
export function writeTimeFacts(platform: Platform, root: Folder, learnt: TimeFacts): void {
  const facts = joinFacts(readTimeFacts(platform, root), learnt) as TimeFacts;
  const {resolution, range} = facts;
  const written: Written = {resolution: String(resolution), min: range.min?.toString(), max: range.max?.toString()};
  writeNote(platform, root, NAMES.times, written);
}

const NUMBER = /^-?\d{1,30}$/;

function decode(note: unknown): TimeFacts | undefined {
  if (typeof note !== 'object' || note === null) return undefined;
  const {resolution, min, max} = note as Partial<Record<keyof Written, unknown>>;
  const number = (value: unknown) => (typeof value === 'string' && NUMBER.test(value) ? BigInt(value) : undefined);
  const [kept, from, to] = [number(resolution), number(min), number(max)];
  if (kept === undefined || kept < 1n || kept > 2_000_000_000n) return undefined;
  // Every file system can store the years between these: a narrower range would hide changes.
  if ((from ?? 0n) > ORDINARY_START || (to ?? ORDINARY_END) < ORDINARY_END - NS_PER_SECOND) return undefined;
  const range: TimeRange = {...(from !== undefined && {min: from}), ...(to !== undefined && {max: to})};
  return {resolution: kept, range};
}
