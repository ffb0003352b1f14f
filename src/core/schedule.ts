/** When a job runs. */

/** What becomes of a time of the schedule that comes while the run before it is still at work. */
export const ON_OVERLAP = ['skip', 'queue'] as const;
export type OnOverlap = (typeof ON_OVERLAP)[number];

/** What becomes of a time that passed while the machine slept. */
export const ON_MISSED = ['run-once', 'skip'] as const;
export type OnMissed = (typeof ON_MISSED)[number];

/** Durations are milliseconds. */
export interface Schedule {
  /** From the start of a run to the start of the next; with `watch`, how often all is looked at even if nothing was heard. */
  readonly every: number | undefined;
  /** Cron patterns; the job runs at the times of each. */
  readonly cron: readonly string[];
  /** Times of the day. */
  readonly at: readonly TimeOfDay[];
  /** The IANA name of the zone of `cron`, `at` and `activeHours`; undefined: that of this machine. */
  readonly timezone: string | undefined;
  /** Before the first run. */
  readonly delay: number;
  /** A run starts up to so much later, by chance. */
  readonly jitter: number;
  readonly overlap: OnOverlap;
  readonly missed: OnMissed;
  /** The longest pause after runs that failed; 0: none. */
  readonly backoff: number;
  /** Runs start in these hours alone; at any time when there are none. */
  readonly activeHours: readonly Hours[];
  /** Runs when the source has changed. */
  readonly watch: boolean;
  /** How long the source is quiet after a change before a run starts. */
  readonly debounce: number;
}

/** Minutes since midnight. */
export type TimeOfDay = number;

/** From one time of the day until another; past midnight where `until` is not after `from`. */
export interface Hours {
  readonly from: TimeOfDay;
  readonly until: TimeOfDay;
}
