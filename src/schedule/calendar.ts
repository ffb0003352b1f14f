/** The times of a schedule that a clock on the wall tells: cron patterns, times of the day, active hours. */
import {Cron} from 'croner';
import type {Schedule, TimeOfDay} from '../core/schedule.js';

/** Milliseconds since 1970, as `Date.now` gives them. */
export type WallTime = number;

/**
 * Changes of summer time are croner's: a time that a day leaves out comes when the clock has been put forward, and one that a
 * day has twice comes at the first; what comes each hour or more often comes in both.
 */
export class Calendar {
  readonly #times: readonly Cron[];
  readonly #hours: readonly {readonly opens: Cron; readonly closes: Cron}[];

  constructor({cron, at, activeHours, timezone}: Pick<Schedule, 'cron' | 'at' | 'activeHours' | 'timezone'>) {
    const parse = (pattern: string) => new Cron(pattern, {paused: true, mode: '5-or-6-parts', ...(timezone && {timezone})});
    this.#times = [...cron, ...at.map(daily)].map(parse);
    this.#hours = activeHours.map(({from, until}) => ({opens: parse(daily(from)), closes: parse(daily(until))}));
  }

  /** The first time after this one; undefined where none is given, or none comes any more. */
  next(after: WallTime): WallTime | undefined {
    return first(this.#times, after);
  }

  /** How many times come after `from`, up to and with `to`; a few thousand are counted. */
  count(from: WallTime, to: WallTime): number {
    let count = 0;
    for (let time = this.next(from); time !== undefined && time <= to && count < MAX_COUNT; time = this.next(time)) count++;
    return count;
  }

  /** This time, or else when the next active hours begin. */
  active(time: WallTime): WallTime {
    if (this.#hours.length === 0) return time;
    // Hours are open when they close before they open again.
    const isOpen = this.#hours.some(({opens, closes}) => nextOf(closes, time) < nextOf(opens, time));
    return isOpen ? time : Math.min(...this.#hours.map(({opens}) => nextOf(opens, time)));
  }
}

const MAX_COUNT = 5000;

function daily(time: TimeOfDay): string {
  return `${time % 60} ${Math.floor(time / 60)} * * *`;
}

function first(patterns: readonly Cron[], after: WallTime): WallTime | undefined {
  const times = patterns.map((pattern) => nextOf(pattern, after)).filter(Number.isFinite);
  return times.length === 0 ? undefined : Math.min(...times);
}

function nextOf(pattern: Cron, after: WallTime): WallTime {
  return pattern.nextRun(new Date(after))?.getTime() ?? Number.POSITIVE_INFINITY;
}
