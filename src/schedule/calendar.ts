/** The times of a schedule in local time: cron patterns, times of day, active hours. */
import {Cron} from 'croner';
import type {Schedule, TimeOfDay} from '../core/schedule.js';

/** Milliseconds since 1970, as in `Date.now`. */
export type WallTime = number;

/**
 * croner handles daylight saving time: a time that a day skips comes right after the clock was put forward, and a time that a day
 * has twice comes only the first time; times that come every hour or more often come in both hours.
 */
export class Calendar {
  readonly #times: readonly Cron[];
  readonly #hours: readonly {readonly opens: Cron; readonly closes: Cron}[];

  constructor({cron, at, activeHours, timezone}: Pick<Schedule, 'cron' | 'at' | 'activeHours' | 'timezone'>) {
    const parse = (pattern: string) => new Cron(pattern, {paused: true, mode: '5-or-6-parts', ...(timezone && {timezone})});
    this.#times = [...cron, ...at.map(daily)].map(parse);
    this.#hours = activeHours.map(({from, until}) => ({opens: parse(daily(from)), closes: parse(daily(until))}));
  }

  /** The first time after this one; undefined if there is none. */
  next(after: WallTime): WallTime | undefined {
    return first(this.#times, after);
  }

  /** The number of times after `from`, up to and including `to`; it stops at a few thousand. */
  count(from: WallTime, to: WallTime): number {
    let count = 0;
    for (let time = this.next(from); time !== undefined && time <= to && count < MAX_COUNT; time = this.next(time)) count++;
    return count;
  }

  /** This time if it is in active hours, or the beginning of the next active hours. */
  active(time: WallTime): WallTime {
    if (this.#hours.length === 0) return time;
    // The hours are active now if their end comes before their next beginning.
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
