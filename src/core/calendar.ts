/** Calendar times as numbers for each field, a form that every scheduler supports. */

/** Sorted; undefined means any. */
export type Numbers = readonly number[] | undefined;

/** The times at which all fields match, on days that match any of `days`. */
export interface CalendarTimes {
  readonly seconds: Numbers;
  readonly minutes: Numbers;
  readonly hours: Numbers;
  /** 1 is January. */
  readonly months: Numbers;
  readonly days: readonly Days[];
}

/** The days on which all of these fields match. */
export interface Days {
  /** 0 is Sunday. */
  readonly weekdays: Numbers;
  /** Days of the month. */
  readonly dates: Numbers;
  /** Only the last this many days of the month. */
  readonly last: number | undefined;
}

export const EVERY_DAY: Days = {weekdays: undefined, dates: undefined, last: undefined};
