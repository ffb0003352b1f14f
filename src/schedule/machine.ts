/**
 * A state machine that decides when the next run of a job begins. It has no side effects: schedule/loop asks it, reports events to it,
 * waits and runs the job.
 *
 *             ┌────── ended ───────┐
 *             ▼                    │
 *          waiting ── began ──▶ running
 *             │                    │ stop
 *             │ stop               ▼
 *             ├───────────────▶ stopped ◀── ended ── stopping
 *
 * A run starts at the earliest of: a tick of the interval, a calendar time, a change of the source, a request. A request starts it at
 * once. The others wait for the end of the pause after failures, and for active hours.
 */
import type {RunResult} from '../core/job-run.js';
import type {Schedule} from '../core/schedule.js';
import {Calendar, type WallTime} from './calendar.js';

/** One moment on two clocks, both in milliseconds. */
export interface Now {
  /** The calendar clock, which jumps when it is set. */
  readonly wall: WallTime;
  /** Counts from any moment, never jumps, and continues while the machine is suspended. */
  readonly steady: number;
}

export type State = 'waiting' | 'running' | 'stopping' | 'stopped';

/** What to do next. */
export interface Step {
  /** Milliseconds until the next run; 0: now. */
  readonly wait: number;
  /** The number of scheduled times that were skipped before it. */
  readonly skipped?: {readonly times: number; readonly why: 'busy' | 'slept'} | undefined;
}

/** When a run is due by the schedule, and its random delay. */
interface Due {
  readonly nominal: number;
  readonly at: number;
}

/** If a run is later than this, the machine was suspended. */
const SLEPT_MS = 60_000;
/** The pause after the first failure in a row. Each further failure doubles it. */
const FIRST_PAUSE_MS = 5_000;
/** A source that is never quiet is synchronised anyway, after this many times the requested quiet time. */
const MOST_DEBOUNCES = 10;
/** If a clock falls behind by less than this, it was not set back. */
const SET_BACK_MS = 1_000;

/** The schedule of one job. */
export class Machine {
  #state: State = 'waiting';
  #schedule: Schedule;
  #calendar: Calendar;
  /** The steady time from which intervals are counted. */
  #anchor: number;
  /** The next tick of the interval, in steady time. */
  #tick: Due | undefined;
  /** The next calendar time, in wall time. */
  #time: Due | undefined;
  /** The steady times of the first and the last change that no run has seen yet. */
  #changes: {readonly first: number; readonly last: number} | undefined;
  #isAsked = false;
  #failures = 0;
  /** Steady time. */
  #pausedUntil = Number.NEGATIVE_INFINITY;
  #seen: Now;
  /** The steady time of the next run at the last call of `look`. */
  #promised: number | undefined;

  constructor(
    schedule: Schedule,
    now: Now,
    /** From 0 to less than 1. */
    private readonly random: () => number = Math.random,
  ) {
    this.#schedule = schedule;
    this.#calendar = new Calendar(schedule);
    this.#anchor = now.steady + schedule.delay;
    this.#seen = now;
    this.#tick = schedule.every === undefined && !schedule.watch ? undefined : this.#due(this.#anchor);
    this.#time = this.#timeAfter(now.wall + schedule.delay);
  }

  get state(): State {
    return this.#state;
  }

  /** The time until the next run. Call it repeatedly while waiting, since clocks are set and machines are suspended. */
  look(now: Now): Step {
    this.#expect('waiting');
    const behind = now.steady - this.#seen.steady - (now.wall - this.#seen.wall);
    this.#seen = now;
    if (behind > SET_BACK_MS) this.#time = this.#timeAfter(now.wall);
    if (this.#isAsked) return {wait: 0};
    const slept = this.#promised !== undefined && now.steady - this.#promised > SLEPT_MS;
    const skipped = slept && this.#schedule.missed === 'skip' ? this.#skip(now) : 0;
    const wait = this.#wait(now);
    this.#promised = now.steady + wait;
    return {wait, ...(skipped > 0 && {skipped: {times: skipped, why: 'slept' as const}})};
  }

  /** Reports that the run of the last `look` has begun. */
  began(now: Now): void {
    this.#expect('waiting');
    this.#state = 'running';
    this.#seen = now;
    this.#tick = this.#tickAfter(now.steady);
    this.#time = this.#timeAfter(now.wall);
    this.#promised = undefined;
    this.#isAsked = false;
    this.#changes = undefined;
  }

  /** Reports that the run has ended; returns what happened to the times that came meanwhile. */
  ended(result: RunResult, now: Now): Pick<Step, 'skipped'> {
    this.#expect('running', 'stopping');
    if (this.#state === 'stopping') {
      this.#state = 'stopped';
      return {};
    }
    this.#state = 'waiting';
    const hasFailed = result === 'failed' || result === 'halted';
    this.#failures = hasFailed ? this.#failures + 1 : 0;
    const pause = hasFailed ? Math.min(this.#schedule.backoff, FIRST_PAUSE_MS * 2 ** (this.#failures - 1)) : 0;
    this.#pausedUntil = now.steady + pause;
    // The changes still have to be synchronised.
    if (hasFailed && this.#schedule.watch) this.#changes ??= {first: now.steady, last: now.steady};
    if (now.wall < this.#seen.wall) this.#time = this.#timeAfter(now.wall);
    const times = this.#skip(now);
    this.#seen = now;
    if (times === 0) return {};
    if (this.#schedule.overlap === 'skip') return {skipped: {times, why: 'busy'}};
    this.#tick = {nominal: this.#tick?.nominal ?? now.steady, at: now.steady};
    return times === 1 ? {} : {skipped: {times: times - 1, why: 'busy'}};
  }

  /** Reports a change of the source. */
  changed(now: Now): void {
    if (this.#state === 'stopped' || this.#state === 'stopping') return;
    this.#changes = {first: this.#changes?.first ?? now.steady, last: now.steady};
  }

  /** Requests a run now, or after the current run. */
  ask(): void {
    if (this.#state !== 'stopped' && this.#state !== 'stopping') this.#isAsked = true;
  }

  /** Sets a new schedule. An equal one changes nothing; the interval of a different one counts from now. */
  reload(schedule: Schedule, now: Now): void {
    this.#expect('waiting', 'running', 'stopping');
    if (JSON.stringify(schedule) === JSON.stringify(this.#schedule)) return;
    const isSameInterval = schedule.every === this.#schedule.every;
    this.#schedule = schedule;
    this.#calendar = new Calendar(schedule);
    this.#promised = undefined;
    this.#time = this.#timeAfter(now.wall);
    if (isSameInterval) return;
    this.#anchor = now.steady;
    this.#tick = this.#tickAfter(now.steady);
  }

  /** Prevents further runs. */
  stop(): void {
    this.#expect('waiting', 'running', 'stopping');
    this.#state = this.#state === 'waiting' ? 'stopped' : 'stopping';
  }

  #wait(now: Now): number {
    const {debounce} = this.#schedule;
    const changes = this.#changes;
    const due = Math.min(
      this.#tick === undefined ? Number.POSITIVE_INFINITY : this.#tick.at - now.steady,
      this.#time === undefined ? Number.POSITIVE_INFINITY : this.#time.at - now.wall,
      changes === undefined
        ? Number.POSITIVE_INFINITY
        : Math.min(changes.last + debounce, changes.first + MOST_DEBOUNCES * debounce) - now.steady,
    );
    const wait = Math.max(0, due, this.#pausedUntil - now.steady);
    return Number.isFinite(wait) ? this.#calendar.active(now.wall + wait) - now.wall : wait;
  }

  /** Moves to the next tick and the next calendar time after now; returns how many have passed. */
  #skip(now: Now): number {
    let passed = 0;
    const {every} = this.#schedule;
    if (this.#tick !== undefined && this.#tick.at <= now.steady) {
      const next = this.#tickAfter(now.steady);
      passed += every === undefined ? 1 : ((next as Due).nominal - this.#tick.nominal) / every;
      this.#tick = next;
    }
    if (this.#time !== undefined && this.#time.at <= now.wall) {
      passed += 1 + this.#calendar.count(this.#time.nominal, now.wall);
      this.#time = this.#timeAfter(now.wall);
    }
    return passed;
  }

  #tickAfter(steady: number): Due | undefined {
    const {every} = this.#schedule;
    if (every === undefined) return undefined;
    const ticks = Math.max(0, Math.floor((steady - this.#anchor) / every) + 1);
    return this.#due(this.#anchor + ticks * every);
  }

  #timeAfter(wall: WallTime): Due | undefined {
    const next = this.#calendar.next(wall);
    return next === undefined ? undefined : this.#due(next);
  }

  #due(nominal: number): Due {
    return {nominal, at: nominal + Math.floor(this.random() * this.#schedule.jitter)};
  }

  #expect(...states: State[]): void {
    if (!states.includes(this.#state)) throw new Error(`a run loop that is ${this.#state} is not ${states.join(' or ')}`);
  }
}
