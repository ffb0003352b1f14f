/**
 * When the next run of a job begins. It does nothing itself: schedule/loop asks it, tells it what has happened, and does the
 * waiting and the work.
 *
 *             ┌────── ended ───────┐
 *             ▼                    │
 *          waiting ── began ──▶ running
 *             │                    │ stop
 *             │ stop               ▼
 *             ├───────────────▶ stopped ◀── ended ── stopping
 *
 * Of what can start a run, the earliest counts: a tick of the interval, a time of the calendar, a change that was heard, a
 * wish. A wish starts it at once. All else waits until the pause after failures is over, and for active hours.
 */
import type {RunResult} from '../core/job-run.js';
import type {Schedule} from '../core/schedule.js';
import {Calendar, type WallTime} from './calendar.js';

/** One moment on two clocks, in milliseconds. */
export interface Now {
  /** As the calendar has it: it can be set, and then jumps. */
  readonly wall: WallTime;
  /** From any moment on: it never jumps, and goes on while the machine sleeps. */
  readonly steady: number;
}

export type State = 'waiting' | 'running' | 'stopping' | 'stopped';

export interface Step {
  /** Milliseconds until a run is to begin; 0: now. */
  readonly wait: number;
  /** Times of the schedule that were left out for it. */
  readonly skipped?: {readonly times: number; readonly why: 'busy' | 'slept'} | undefined;
}

/** When a run is due by the schedule, and by chance so much later. */
interface Due {
  readonly nominal: number;
  readonly at: number;
}

/** Later than this, what was due was not late by chance: the machine slept. */
const SLEPT_MS = 60_000;
/** The pause after the first failure in a row; each that follows doubles it. */
const FIRST_PAUSE_MS = 5_000;
/** A source that never is quiet is looked at all the same, after so many times the quiet that was asked for. */
const MOST_DEBOUNCES = 10;
/** A clock that falls behind by less was not set back. */
const SET_BACK_MS = 1_000;

export class Machine {
  #state: State = 'waiting';
  #schedule: Schedule;
  #calendar: Calendar;
  /** Steady time from which intervals count. */
  #anchor: number;
  /** The interval's next tick, in steady time. */
  #tick: Due | undefined;
  /** The calendar's next time, in wall time. */
  #time: Due | undefined;
  /** Steady times of the first and the last change that no run has seen. */
  #changes: {readonly first: number; readonly last: number} | undefined;
  #isAsked = false;
  #failures = 0;
  /** Steady time. */
  #pausedUntil = Number.NEGATIVE_INFINITY;
  #seen: Now;
  /** Steady time at which the next run was to begin, when last asked. */
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

  /** How long it is until the next run. Asked while waiting, at least every now and then: clocks are set, machines sleep. */
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

  /** The run has begun that `look` was asked about. */
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

  /** The run has ended; what became of the times that came meanwhile is told by the answer. */
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
    // What was heard is still to be done.
    if (hasFailed && this.#schedule.watch) this.#changes ??= {first: now.steady, last: now.steady};
    if (now.wall < this.#seen.wall) this.#time = this.#timeAfter(now.wall);
    const times = this.#skip(now);
    this.#seen = now;
    if (times === 0) return {};
    if (this.#schedule.overlap === 'skip') return {skipped: {times, why: 'busy'}};
    this.#tick = {nominal: this.#tick?.nominal ?? now.steady, at: now.steady};
    return times === 1 ? {} : {skipped: {times: times - 1, why: 'busy'}};
  }

  /** A change of the source was heard. */
  changed(now: Now): void {
    if (this.#state === 'stopped' || this.#state === 'stopping') return;
    this.#changes = {first: this.#changes?.first ?? now.steady, last: now.steady};
  }

  /** Somebody wants a run now; while one is at work, one after it. */
  ask(): void {
    if (this.#state !== 'stopped' && this.#state !== 'stopping') this.#isAsked = true;
  }

  /** From now on this schedule holds. One that is equal changes nothing; another's interval counts from now. */
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

  /** No run begins any more. */
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

  /** Moves on to the next tick and the next time after now; answers how many have passed. */
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
