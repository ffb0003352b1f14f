/** Times of the calendar, in what every scheduler has: numbers of fields. */

/** Sorted; undefined: any. */
export type Numbers = readonly number[] | undefined;

/** The times at which all fields match, and any of the `days`. */
export interface CalendarTimes {
  readonly seconds: Numbers;
  readonly minutes: Numbers;
  readonly hours: Numbers;
  /** 1: January. */
  readonly months: Numbers;
  readonly days: readonly Days[];
}

/** The days on which all of these match. */
export interface Days {
  /** 0: Sunday. */
  readonly weekdays: Numbers;
  /** Days of the month. */
  readonly dates: Numbers;
  /** So many days at the end of the month. */
  readonly last: number | undefined;
}

export const EVERY_DAY: Days = {weekdays: undefined, dates: undefined, last: undefined};
