import {expect} from 'chai';
import type {Schedule} from '../../src/core/schedule.js';
import {Calendar} from '../../src/schedule/calendar.js';

type Times = Pick<Schedule, 'cron' | 'at' | 'activeHours' | 'timezone'>;
const NOTHING: Times = {cron: [], at: [], activeHours: [], timezone: 'UTC'};
const BERLIN = 'Europe/Berlin';

function calendar(times: Partial<Times>): Calendar {
  return new Calendar({...NOTHING, ...times});
}

/** The next times, in ISO 8601 without seconds. */
function nextTimes(times: Partial<Times>, from: string, count: number): string[] {
  const asked = calendar(times);
  const found: string[] = [];
  for (let time: number | undefined = Date.parse(from); found.length < count; ) {
    time = asked.next(time);
    if (time === undefined) break;
    found.push(new Date(time).toISOString().slice(0, 16));
  }
  return found;
}

describe('schedule/calendar', () => {
  const cases: [name: string, times: Partial<Times>, from: string, expected: string[]][] = [
    [
      'working days at three',
      {cron: ['0 3 * * mon-fri']},
      '2026-11-20T02:00Z',
      ['2026-11-20T03:00', '2026-11-23T03:00', '2026-11-24T03:00'],
    ],
    ['a time is not its own next', {at: [180]}, '2026-11-20T03:00Z', ['2026-11-21T03:00']],
    [
      'several times and patterns, in their order',
      {at: [900, 180], cron: ['30 4 * * *']},
      '2026-11-20T00:00Z',
      ['2026-11-20T03:00', '2026-11-20T04:30', '2026-11-20T15:00', '2026-11-21T03:00'],
    ],
    ['in a zone', {at: [180], timezone: 'America/New_York'}, '2026-11-20T00:00Z', ['2026-11-20T08:00', '2026-11-21T08:00']],
    [
      'a time that the change to summer time leaves out comes when the clock has been put forward',
      {cron: ['30 2 * * *'], timezone: BERLIN},
      '2026-03-28T00:00Z',
      ['2026-03-28T01:30', '2026-03-29T01:00', '2026-03-30T00:30'],
    ],
    [
      'a time that the change from summer time brings twice comes once',
      {at: [150], timezone: BERLIN},
      '2026-10-24T00:00Z',
      ['2026-10-24T00:30', '2026-10-25T00:30', '2026-10-26T01:30'],
    ],
    [
      'each half hour, through the hour that comes twice',
      {cron: ['*/30 * * * *'], timezone: BERLIN},
      '2026-10-24T23:59Z',
      ['2026-10-25T00:00', '2026-10-25T00:30', '2026-10-25T01:00', '2026-10-25T01:30', '2026-10-25T02:00'],
    ],
    [
      'each half hour, through the hour that is left out',
      {cron: ['*/30 * * * *'], timezone: BERLIN},
      '2026-03-29T00:10Z',
      ['2026-03-29T00:30', '2026-03-29T01:00', '2026-03-29T01:30'],
    ],
    [
      'a change by half an hour',
      {cron: ['0 * * * *'], timezone: 'Australia/Lord_Howe'},
      '2026-04-04T13:30Z',
      ['2026-04-04T14:00', '2026-04-04T15:30', '2026-04-04T16:30'],
    ],
    ['leap days alone', {cron: ['0 0 29 2 *']}, '2026-01-01T00:00Z', ['2028-02-29T00:00', '2032-02-29T00:00']],
    ['no time', {}, '2026-01-01T00:00Z', []],
  ];
  for (const [name, times, from, expected] of cases) {
    it(name, () => expect(nextTimes(times, from, expected.length || 1)).to.deep.equal(expected));
  }

  it('counts the times that passed', () => {
    const daily = calendar({at: [180]});
    const count = (from: string, to: string) => daily.count(Date.parse(from), Date.parse(to));
    expect(count('2026-01-01T03:00Z', '2026-01-04T03:00Z')).to.equal(3);
    expect(count('2026-01-01T03:00Z', '2026-01-02T02:59Z')).to.equal(0);
    expect(count('2026-01-02T00:00Z', '2026-01-01T00:00Z')).to.equal(0);
  });

  describe('active hours', () => {
    const NIGHT = [{from: 22 * 60, until: 6 * 60}];
    const TWO = [...NIGHT, {from: 12 * 60, until: 13 * 60}];
    const hours: [name: string, times: Partial<Times>, time: string, expected: string][] = [
      ['none', {}, '2026-11-20T10:00', '2026-11-20T10:00'],
      ['within', {activeHours: NIGHT}, '2026-11-20T23:30', '2026-11-20T23:30'],
      ['within, past midnight', {activeHours: NIGHT}, '2026-11-20T05:59', '2026-11-20T05:59'],
      ['at their first minute', {activeHours: NIGHT}, '2026-11-20T22:00', '2026-11-20T22:00'],
      ['at their end', {activeHours: NIGHT}, '2026-11-20T06:00', '2026-11-20T22:00'],
      ['the next of several', {activeHours: TWO}, '2026-11-20T07:00', '2026-11-20T12:00'],
      ['in a zone', {activeHours: NIGHT, timezone: BERLIN}, '2026-11-20T20:30', '2026-11-20T21:00'],
      ['the night that is an hour longer', {activeHours: NIGHT, timezone: BERLIN}, '2026-10-25T04:30', '2026-10-25T04:30'],
      ['the night that is an hour shorter', {activeHours: NIGHT, timezone: BERLIN}, '2026-03-29T04:30', '2026-03-29T20:00'],
    ];
    for (const [name, times, time, expected] of hours) {
      it(name, () => {
        const active = calendar(times).active(Date.parse(`${time}Z`));
        expect(new Date(active).toISOString().slice(0, 16)).to.equal(expected);
      });
    }
  });
});
