/**
 * Learns how exactly the target keeps times, from times that were set and read back. Few are needed: one time that is kept to the
 * nanosecond proves the same for all other times of ordinary years.
 */
import {NS_PER_SECOND} from './entry.js';
import type {TimeRange} from './plan.js';

/** How exactly a target keeps times. */
export interface TimeFacts {
  /** Times are truncated to multiples of this many nanoseconds. */
  readonly resolution: bigint;
  readonly range: TimeRange;
}

/** The resolutions of file systems in nanoseconds, finest first. */
const RESOLUTIONS = [1n, 100n, 1_000n, 1_000_000n, 10_000_000n, NS_PER_SECOND, 2n * NS_PER_SECOND];
/** The coarsest resolution of any file system in use, in nanoseconds. */
export const COARSEST = 2n * NS_PER_SECOND;

/** Every file system can hold times from here on: FAT begins in 1980, in any time zone. Nanoseconds since 1970. */
export const ORDINARY_START = 315_619_200n * NS_PER_SECOND;

/** Every file system can hold ordinary times before this: 31 bits of seconds. Nanoseconds since 1970. */
export const ORDINARY_END = 2n ** 31n * NS_PER_SECOND;

/** Collects pairs of a wanted time and the time that was read back, in nanoseconds since 1970. */
export class TimeLearner {
  /** Multiples of this are known to be kept. */
  #proved = COARSEST;
  /** The file system is known to hold times from here on. */
  #start = ORDINARY_START;
  #resolution = 1n;
  #min: bigint | undefined;
  #max: bigint | undefined;

  /** Whether reading back this time would show something new. */
  wants(mtime: bigint): boolean {
    return mtime < this.#start || mtime >= ORDINARY_END || mtime % this.#proved !== 0n;
  }

  learn(wanted: bigint, kept: bigint): void {
    const off = wanted > kept ? wanted - kept : kept - wanted;
    if (off === 0n) {
      const proved = RESOLUTIONS.findLast((resolution) => wanted % resolution === 0n) ?? 1n;
      if (proved < this.#proved) this.#proved = proved;
      if (wanted < this.#start) this.#start = wanted;
    } else if (off < COARSEST && isOrdinary(wanted) === isOrdinary(kept)) {
      // The finest resolution that explains it: later times correct one that is too fine, but one that is too coarse hides changes.
      const resolution = RESOLUTIONS.find((each) => kept % each === 0n && each > off) ?? powerOfTen(off);
      if (resolution > this.#resolution) this.#resolution = resolution;
    } else if (kept < wanted) {
      this.#max = kept;
    } else {
      this.#min = kept;
    }
  }

  /** What was learnt; undefined if all times are kept exactly, as far as is known. */
  facts(): TimeFacts | undefined {
    const isPlain = this.#resolution === 1n && this.#min === undefined && this.#max === undefined;
    if (isPlain) return undefined;
    const range = {...(this.#min !== undefined && {min: this.#min}), ...(this.#max !== undefined && {max: this.#max})};
    return {resolution: this.#resolution, range};
  }
}

function isOrdinary(time: bigint): boolean {
  return time >= -ORDINARY_END && time < ORDINARY_END;
}

function powerOfTen(above: bigint): bigint {
  let power = 1n;
  while (power <= above) power *= 10n;
  return power;
}

/** Combines two results: the coarser resolution and the narrower range. */
export function joinFacts(a: TimeFacts | undefined, b: TimeFacts | undefined): TimeFacts | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const min = extreme(a.range.min, b.range.min, (x, y) => x > y);
  const max = extreme(a.range.max, b.range.max, (x, y) => x < y);
  return {
    resolution: extreme(a.resolution, b.resolution, (x, y) => x > y),
    range: {...(min !== undefined && {min}), ...(max !== undefined && {max})},
  };
}

function extreme<T extends bigint | undefined>(a: T, b: T, wins: (a: bigint, b: bigint) => boolean): T {
  if (a === undefined || b === undefined) return a ?? b;
  return wins(a, b) ? a : b;
}
