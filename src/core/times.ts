/**
 * How exactly the target keeps times, learnt from those that were set and read back. Few are asked for: one that is kept to the
 * nanosecond proves all others of ordinary years.
 */
import {NS_PER_SECOND} from './entry.js';
import type {TimeRange} from './plan.js';

export interface TimeFacts {
  /** Times are cut to multiples of so many nanoseconds. */
  readonly resolution: bigint;
  readonly range: TimeRange;
}

/** What file systems count times in, finest first. */
const RESOLUTIONS = [1n, 100n, 1_000n, 1_000_000n, 10_000_000n, NS_PER_SECOND, 2n * NS_PER_SECOND];
/** No file system in use keeps times less exactly. */
export const COARSEST = 2n * NS_PER_SECOND;

/** Every file system holds the times from here on: those of FAT begin with 1980, in whatever time zone. */
export const ORDINARY_START = 315_619_200n * NS_PER_SECOND;

/** And all before this: what 31 bits of seconds hold. */
export const ORDINARY_END = 2n ** 31n * NS_PER_SECOND;

export class TimeLearner {
  /** Times that are multiples of it are known to be kept. */
  #proved = COARSEST;
  /** Times from here on are not before those that the file system holds. */
  #start = ORDINARY_START;
  #resolution = 1n;
  #min: bigint | undefined;
  #max: bigint | undefined;

  /** Whether it is worth looking how this time is kept. */
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
      // The finest that explains it: one that is too fine is found out by the next times, one that is too coarse hides changes.
      const resolution = RESOLUTIONS.find((each) => kept % each === 0n && each > off) ?? powerOfTen(off);
      if (resolution > this.#resolution) this.#resolution = resolution;
    } else if (kept < wanted) {
      this.#max = kept;
    } else {
      this.#min = kept;
    }
  }

  /** Undefined where nothing is lost, as far as is known. */
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

/** Both together: the coarser resolution, the narrower range. */
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
