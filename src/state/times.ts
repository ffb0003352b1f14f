/** What was learnt of how a target keeps times: in `.dirsync/times.json`, for the plans that follow. */
import {NS_PER_SECOND} from '../core/entry.js';
import type {ByteName} from '../core/name.js';
import type {TimeRange} from '../core/plan.js';
import {joinFacts, ORDINARY_END, ORDINARY_START, type TimeFacts} from '../core/times.js';
import {errnoOf, type Folder, type Platform} from '../platform/platform.js';
import {ensureFolder, NAMES, openState, removeTree} from './folder.js';

/** Nanoseconds, as decimal text. */
interface Written {
  readonly resolution: string;
  readonly min?: string | undefined;
  readonly max?: string | undefined;
}

/** Undefined where nothing is noted, or nothing that can be understood. */
export function readTimeFacts(platform: Platform, root: Folder): TimeFacts | undefined {
  try {
    const state = openState(platform, root);
    if (state === undefined) return undefined;
    try {
      const text = platform.readFile(state, NAMES.times, 4096);
      return text && parse(Buffer.from(text).toString());
    } finally {
      platform.close(state);
    }
  } catch (error) {
    // A target that may not be read is the scan's to report.
    errnoOf(error);
    return undefined;
  }
}

/** Adds to what is noted. */
export function writeTimeFacts(platform: Platform, root: Folder, learnt: TimeFacts): void {
  const facts = joinFacts(readTimeFacts(platform, root), learnt) as TimeFacts;
  const {resolution, range} = facts;
  const written: Written = {resolution: String(resolution), min: range.min?.toString(), max: range.max?.toString()};
  const state = ensureFolder(platform, root, NAMES.state);
  try {
    const name = `${NAMES.times}.new` as ByteName;
    removeTree(platform, state, name);
    platform.writeFile(state, name, Buffer.from(`${JSON.stringify(written)}\n`));
    platform.move({from: state, name, to: state, as: NAMES.times, replace: true});
  } finally {
    platform.close(state);
  }
}

const NUMBER = /^-?\d{1,30}$/;

function parse(text: string): TimeFacts | undefined {
  try {
    const {resolution, min, max} = JSON.parse(text) as Partial<Record<keyof Written, unknown>>;
    const number = (value: unknown) => (typeof value === 'string' && NUMBER.test(value) ? BigInt(value) : undefined);
    const [kept, from, to] = [number(resolution), number(min), number(max)];
    if (kept === undefined || kept < 1n || kept > 2_000_000_000n) return undefined;
    // Every file system holds the years between: a narrower range would hide changes.
    if ((from ?? 0n) > ORDINARY_START || (to ?? ORDINARY_END) < ORDINARY_END - NS_PER_SECOND) return undefined;
    const range: TimeRange = {...(from !== undefined && {min: from}), ...(to !== undefined && {max: to})};
    return {resolution: kept, range};
  } catch {
    return undefined;
  }
}
