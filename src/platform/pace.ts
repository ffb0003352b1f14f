/** Limits the rate at which content is read and written: all workers of a run share one allowance. */
import process from 'node:process';
import {NS_PER_SECOND} from '../core/entry.js';
import type {Pace} from './platform.js';

/** Bytes per second, 0 for no limit; and the time at which all bytes moved so far are paid for, in nanoseconds of the clock. */
const RATE = 0;
const FREE = 1;

/** The largest fraction of a second that one piece may take, so that a stop is noticed and progress is shown in between. */
const PIECES_PER_SECOND = 8;
const PAGE = 4096;
/** Shorter waits are put together, since a wait per small file would be too slow. */
const LEAST_WAIT = 5_000_000n;

/** A new allowance without a limit, shared by all workers. */
export function newAllowance(): BigInt64Array {
  return new BigInt64Array(new SharedArrayBuffer(16));
}

/** Sets the limit to `rate` bytes per second; undefined for no limit. */
export function limit(allowance: BigInt64Array, rate: number | undefined): void {
  Atomics.store(allowance, RATE, BigInt(rate ?? 0));
  Atomics.store(allowance, FREE, 0n);
}

/** The clock of a pace. */
export interface Clock {
  /** Nanoseconds, the same in all threads. */
  readonly now: () => bigint;
  /** Waits for this many milliseconds, or until the run is asked to stop. */
  readonly wait: (milliseconds: number) => void;
  readonly isStopped: () => boolean;
}

/** A pace that takes from the shared allowance. */
export class SharedPace implements Pace {
  constructor(
    private readonly allowance: BigInt64Array,
    private readonly clock: Clock,
  ) {}

  get piece(): number {
    const rate = Number(Atomics.load(this.allowance, RATE));
    if (rate === 0) return Number.POSITIVE_INFINITY;
    const piece = Math.ceil(rate / PIECES_PER_SECOND);
    return piece < PAGE ? piece : piece - (piece % PAGE);
  }

  spend(bytes: number): boolean {
    const {isStopped, now, wait} = this.clock;
    const rate = Atomics.load(this.allowance, RATE);
    if (rate === 0n || bytes === 0) return !isStopped();
    const due = this.#book((BigInt(bytes) * NS_PER_SECOND) / rate);
    for (let left = due - now(); left >= LEAST_WAIT && !isStopped(); left = due - now()) wait(Math.ceil(Number(left) / 1e6));
    return !isStopped();
  }

  /** Adds this many nanoseconds of debt and returns the time at which it will be paid. Unused allowance is lost. */
  #book(cost: bigint): bigint {
    for (;;) {
      const free = Atomics.load(this.allowance, FREE);
      let from = this.clock.now();
      if (free > from) from = free;
      if (Atomics.compareExchange(this.allowance, FREE, free, from + cost) === free) return from + cost;
    }
  }
}

/** The clock of a worker: a stop, signalled by `control[at]`, ends each wait. */
export function workersClock(control: Int32Array, at: number): Clock {
  return {
    now: () => process.hrtime.bigint(),
    wait: (milliseconds) => Atomics.wait(control, at, 0, milliseconds),
    isStopped: () => Atomics.load(control, at) !== 0,
  };
}
