import {expect} from 'chai';
import type {Schedule} from '../../src/core/schedule.js';
import {calendarTimes} from '../../src/schedule/calendar-times.js';
import {onCalendar} from '../../src/service/systemd.js';
import {NO_SCHEDULE} from '../support/service.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NIGHT = [{from: 22 * 60, until: 6 * 60}];

/** In the words of systemd. */
function said(schedule: Partial<Schedule>): string[] | undefined {
  return calendarTimes({...NO_SCHEDULE, ...schedule})?.flatMap((times) => onCalendar(times, schedule.timezone));
}

describe('schedule/calendar-times', () => {
  const told: readonly (readonly [string, Partial<Schedule>, readonly string[] | undefined])[] = [
    ['5 s', {every: 5 * SECOND}, ['*-*-* *:*:00/5']],
    ['1 min', {every: MINUTE}, ['*-*-* *:*:00']],
    ['30 min', {every: 30 * MINUTE}, ['*-*-* *:00,30:00']],
    ['1 h', {every: HOUR}, ['*-*-* *:00:00']],
    ['6 h', {every: 6 * HOUR}, ['*-*-* 00..23/6:00:00']],
    ['a day', {every: DAY}, ['*-*-* 00:00:00']],
    ['a week', {every: 7 * DAY}, ['Mon *-*-* 00:00:00']],
    ['7 min, which divides no hour', {every: 7 * MINUTE}, undefined],
    ['90 s', {every: 90 * SECOND}, undefined],
    ['2 days', {every: 2 * DAY}, undefined],
    [
      'times of the day',
      {at: [0, 3 * 60 + 30], timezone: 'Asia/Tokyo'},
      ['*-*-* 00:00:00 Asia/Tokyo', '*-*-* 03:30:00 Asia/Tokyo'],
    ],
    ['hours of the night', {every: 30 * MINUTE, activeHours: NIGHT}, ['*-*-* 00..05,22,23:00,30:00']],
    ['some of its hours', {cron: ['0 4,12 * * *'], activeHours: NIGHT}, ['*-*-* 04:00:00']],
  ];
  for (const [name, schedule, expected] of told) it(name, () => expect(said(schedule)).to.deep.equal(expected));

  const patterns: readonly (readonly [string, ...string[]])[] = [
    ['0 3 * * mon-fri', 'Mon..Fri *-*-* 03:00:00'],
    ['*/15 * * * *', '*-*-* *:00/15:00'],
    ['*/25 */2 * * *', '*-*-* 00..23/2:00..59/25:00'],
    ['10-50/20 * * * *', '*-*-* *:10/20:00'],
    ['*/20 1-3,7 * * * *', '*-*-* *:01..03,07:00/20'],
    ['0 0 * * 7', 'Sun *-*-* 00:00:00'],
    ['0 0 * * 5-7', 'Fri..Sun *-*-* 00:00:00'],
    ['0 0 ? jan,dec ?', '*-01,12-* 00:00:00'],
    ['0 0 1,15 * fri', '*-*-01,15 00:00:00', 'Fri *-*-* 00:00:00'],
    ['0 0 1-7 * +mon', 'Mon *-*-01..07 00:00:00'],
    ['0 0 1-31 * mon', '*-*-* 00:00:00'],
    ['0 0 L * *', '*-*~01 00:00:00'],
    ['0 0 1,L * *', '*-*-01 00:00:00', '*-*~01 00:00:00'],
    ['0 0 L * +fri', 'Fri *-*~01 00:00:00'],
    ['0 0 * * fri#2', 'Fri *-*-08..14 00:00:00'],
    ['0 0 * * fri#5', 'Fri *-*-29..31 00:00:00'],
    ['0 0 10-20 * +fri#2', 'Fri *-*-10..14 00:00:00'],
    ['0 0 * * fri#L', 'Fri *-*~07/1 00:00:00'],
    ['0 0 * * mon#1,tue', 'Tue *-*-* 00:00:00', 'Mon *-*-01..07 00:00:00'],
    ['@hourly', '*-*-* *:00:00'],
  ];
  for (const [pattern, ...expected] of patterns) {
    it(`cron: ${pattern}`, () => expect(said({cron: [pattern]})).to.deep.equal(expected));
  }

  const refused: readonly (readonly [string, Partial<Schedule>, RegExp])[] = [
    ['a nearest weekday', {cron: ['0 0 15W * *']}, /"0 0 15W \* \*" asks for the weekday nearest to a day \(W\)/],
    ['a last weekday', {cron: ['0 0 LW * *']}, /\(W\)/],
    ['two kinds of days at once', {cron: ['0 0 1-7 * +fri#L']}, /last days of the month and for other days/],
    ['hours that begin at the half', {every: HOUR, activeHours: [{from: 90, until: 180}]}, /on the hour/],
    ['hours that no time is in', {at: [12 * 60], activeHours: NIGHT}, /none of its times/],
    ['hours for an interval of its own', {every: 7 * MINUTE, activeHours: NIGHT}, /does not divide an hour/],
  ];
  for (const [name, schedule, words] of refused) {
    it(`refuses ${name}`, () =>
      expect(() => said(schedule))
        .to.throw(words)
        .with.property('code', 'SCHEDULE_FOREIGN'));
  }
});
