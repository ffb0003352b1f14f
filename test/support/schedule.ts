import type {Schedule} from '../../src/core/schedule.js';

/** A schedule with the given settings, in UTC, without pauses or random delays. */
export function schedule(fields: Partial<Schedule> = {}): Schedule {
  return {
    every: undefined,
    cron: [],
    at: [],
    timezone: 'UTC',
    delay: 0,
    jitter: 0,
    overlap: 'skip',
    missed: 'run-once',
    backoff: 300_000,
    activeHours: [],
    watch: false,
    debounce: 500,
    ...fields,
  };
}
