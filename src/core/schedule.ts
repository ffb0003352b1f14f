/** Schedules: when a job runs. */

/** What to do if a run is due while the previous run is still working. */
export const ON_OVERLAP = ['skip', 'queue'] as const;
export type OnOverlap = (typeof ON_OVERLAP)[number];

/** What to do about times that passed while the machine slept. */
export const ON_MISSED = ['run-once', 'skip'] as const;
export type OnMissed = (typeof ON_MISSED)[number];

/** Durations are milliseconds. */
export interface Schedule {
  /** From the start of one run to the start of the next; with `watch`, how often to compare everything even without changes. */
  readonly every: number | undefined;
  /** Cron patterns; the job runs at the times of each. */
  readonly cron: readonly string[];
  /** Times of the day. */
  readonly at: readonly TimeOfDay[];
  /** The IANA time zone of `cron`, `at` and `activeHours`; undefined for this machine's zone. */
  readonly timezone: string | undefined;
  /** How long to wait before the first run. */
  readonly delay: number;
  /** Each run is delayed by a random time up to this. */
  readonly jitter: number;
  readonly overlap: OnOverlap;
  readonly missed: OnMissed;
  /** The longest pause after failed runs; 0 for none. */
  readonly backoff: number;
  /** Runs start only in these hours; at any time if the list is empty. */
  readonly activeHours: readonly Hours[];
  /** Run when the source has changed. */
  readonly watch: boolean;
  /** How long the source must be quiet after a change before a run starts. */
  readonly debounce: number;
}

/** Minutes since midnight. */
export type TimeOfDay = number;

/** From one time of the day until another; past midnight if `until` is not after `from`. */
export interface Hours {
  readonly from: TimeOfDay;
  readonly until: TimeOfDay;
}
