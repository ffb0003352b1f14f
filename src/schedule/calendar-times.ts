/** A schedule as calendar times, for schedulers that support nothing else. */
import {CronPattern} from 'croner';
import {type CalendarTimes, type Days, EVERY_DAY, type Numbers} from '../core/calendar.js';
import {DirsyncError} from '../core/errors.js';
import {escapeName} from '../core/escape.js';
import type {Hours, Schedule} from '../core/schedule.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MONDAY = 1;

/**
 * Undefined for an interval that does not fall on the same times every day.
 * @throws DirsyncError SCHEDULE_FOREIGN if the schedule cannot be expressed as numbers of fields.
 */
export function calendarTimes({every, cron, at, activeHours}: Schedule): CalendarTimes[] | undefined {
  if (cron.length + at.length > 0) {
    return [...cron.map(ofCron), ...at.map((time) => daily({minutes: [time % 60], hours: [Math.floor(time / 60)]}))].map(
      (times) => within(times, activeHours),
    );
  }
  const even = every === undefined ? undefined : ofInterval(every);
  if (even !== undefined) return [within(even, activeHours)];
  if (activeHours.length === 0) return undefined;
  throw foreign(
    'its interval does not divide an hour or a day evenly, and activeHours are given',
    'give another interval, or keep `dirsync run` running',
  );
}

/** The defaults: every day at 00:00:00. */
function daily(times: Partial<CalendarTimes>): CalendarTimes {
  return {seconds: [0], minutes: [0], hours: undefined, months: undefined, days: [EVERY_DAY], ...times};
}

/** An interval that divides a minute, an hour, a day or a week. */
function ofInterval(every: number): CalendarTimes | undefined {
  if (MINUTE % every === 0) return daily({seconds: steps(every / SECOND, 60), minutes: undefined});
  if (every % MINUTE === 0 && HOUR % every === 0) return daily({minutes: steps(every / MINUTE, 60)});
  if (every % HOUR === 0 && DAY % every === 0) return daily({hours: steps(every / HOUR, 24)});
  return every === 7 * DAY ? daily({hours: [0], days: [{...EVERY_DAY, weekdays: [MONDAY]}]}) : undefined;
}

function steps(step: number, end: number): Numbers {
  return numbers(Array.from({length: end}, (_, i) => i % step === 0));
}

function ofCron(text: string): CalendarTimes {
  const pattern = new CronPattern(text, undefined, {mode: '5-or-6-parts'});
  const {second, minute, hour, month} = pattern;
  return {
    seconds: numbers(second),
    minutes: numbers(minute),
    hours: numbers(hour),
    months: numbers(month, 1),
    days: daysOf(pattern, `"${escapeName(text)}"`),
  };
}

/** The positions that are set, counted from `first`; undefined if all are set. */
function numbers(set: readonly (number | boolean)[], first = 0): Numbers {
  const found = set.flatMap((isSet, i) => (isSet ? [i + first] : []));
  return found.length === set.length ? undefined : found;
}

/** In cron, a day of the month and a day of the week mean "or", unless one of them is `*` or has a `+`. */
function daysOf(pattern: CronPattern, quoted: string): readonly Days[] {
  const {starDOM, starDOW, useAndLogic} = pattern;
  const dates = datesOf(pattern, quoted);
  if (starDOW) return dates;
  const weekdays = weekdaysOf(pattern);
  const days =
    useAndLogic || starDOM
      ? dates.flatMap((date) => weekdays.flatMap((weekday) => both(date, weekday, quoted)))
      : [...dates, ...weekdays];
  const isEvery = (each: Days) => each.weekdays === undefined && each.dates === undefined && each.last === undefined;
  return days.some(isEvery) ? [EVERY_DAY] : days;
}

function datesOf({day, lastDayOfMonth, lastWeekday, nearestWeekdays}: CronPattern, quoted: string): Days[] {
  if (lastWeekday || nearestWeekdays.some((isSet) => isSet)) {
    throw foreign(`${quoted} asks for the weekday nearest to a day (W)`, 'name days of the month or of the week');
  }
  const dates = numbers(day, 1);
  return [
    ...(dates === undefined || dates.length > 0 ? [{...EVERY_DAY, dates}] : []),
    ...(lastDayOfMonth ? [{...EVERY_DAY, last: 1}] : []),
  ];
}

/** croner's bits for a weekday: one for each week of the month, one for the last week, or all of them. */
const ALL_WEEKS = 63;
const LAST_WEEK = 32;

function weekdaysOf({dayOfWeek}: CronPattern): Days[] {
  const having = (test: (weeks: number) => boolean) => numbers(dayOfWeek.map(test));
  const inWeek = (bit: number) => having((weeks) => weeks !== ALL_WEEKS && (weeks & bit) !== 0);
  const weeks = [1, 2, 3, 4, 5].map((week): Days => {
    const dates = Array.from({length: 7}, (_, i) => 7 * (week - 1) + 1 + i).filter((date) => date <= 31);
    return {weekdays: inWeek(1 << (week - 1)), dates, last: undefined};
  });
  const all: Days[] = [
    {...EVERY_DAY, weekdays: having((found) => found === ALL_WEEKS)},
    ...weeks,
    {weekdays: inWeek(LAST_WEEK), dates: undefined, last: 7},
  ];
  return all.filter(({weekdays}) => weekdays?.length !== 0);
}

/** The days that are in both: one or none. */
function both(date: Days, {weekdays, dates, last}: Days, quoted: string): Days[] {
  if (dates === undefined && last === undefined) return [{...date, weekdays}];
  if (date.dates === undefined && date.last === undefined) return [{weekdays, dates, last}];
  if (date.dates === undefined || dates === undefined) {
    throw foreign(
      `${quoted} asks for the last days of the month and for other days at once`,
      'give a pattern without L, or without +',
    );
  }
  const common = date.dates.filter((each) => dates.includes(each));
  return common.length === 0 ? [] : [{weekdays, dates: common, last: undefined}];
}

/** The times within the hours in which runs may start. */
function within(times: CalendarTimes, activeHours: readonly Hours[]): CalendarTimes {
  if (activeHours.length === 0) return times;
  if (activeHours.some(({from, until}) => from % 60 !== 0 || until % 60 !== 0)) {
    throw foreign('activeHours do not begin and end on the hour', 'give whole hours, or keep `dirsync run` running');
  }
  const isActive = (hour: number) =>
    activeHours.some(({from, until}) => {
      const [start, end] = [from / 60, until / 60];
      return start < end ? hour >= start && hour < end : hour >= start || hour < end;
    });
  const hours = numbers(Array.from({length: 24}, (_, hour) => isActive(hour) && (times.hours?.includes(hour) ?? true)));
  if (hours?.length === 0) throw foreign('none of its times is within activeHours', 'change the times, or the hours');
  return {...times, hours};
}

function foreign(detail: string, hint: string): DirsyncError {
  return new DirsyncError('SCHEDULE_FOREIGN', detail, hint);
}
