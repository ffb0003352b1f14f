import {spawnSync} from 'node:child_process';
import {expect} from 'chai';
import {calendarTimes} from '../../src/schedule/calendar-times.js';
import {launchdPlist} from '../../src/service/launchd.js';
import type {Service} from '../../src/service/unit.js';
import {NO_SCHEDULE, service} from '../support/service.js';
import {skip} from '../support/skip.js';

const OPTIONS = {folder: '/Library/LaunchDaemons', zone: 'UTC'};

function timesOf(...cron: readonly string[]): Service['times'] {
  return {type: 'calendar', times: calendarTimes({...NO_SCHEDULE, cron}) ?? [], timezone: undefined};
}

/** As Python's plistlib reads it. */
function read(options: Partial<Service>): Record<string, unknown> {
  const {text} = launchdPlist(service(options), OPTIONS);
  const script = 'import json,plistlib,sys; json.dump(plistlib.loads(sys.stdin.buffer.read()), sys.stdout)';
  const {status, stdout, stderr} = spawnSync('python3', ['-c', script], {input: text, encoding: 'utf8'});
  expect(status, stderr).to.equal(0);
  return JSON.parse(stdout);
}

describe('service/launchd', () => {
  before(function () {
    if (spawnSync('python3', ['-c', 'import plistlib']).status !== 0) skip(this, 'python3 is missing');
  });

  it('holds every word as it is', () => {
    const command = ['/opt/a & b/<node>', ']]>', '"é" --', "it's", '  spaces  '];
    const list = read({job: 'a/b <c>', command, environment: {HOME: '/x & y'}, variables: ['A--B', '-->'], user: undefined});
    expect(list).to.deep.equal({
      Label: 'dirsync.a\\x2fb\\x20\\x3cc\\x3e',
      ProgramArguments: command,
      EnvironmentVariables: {HOME: '/x & y'},
      StartCalendarInterval: [{Hour: 3, Minute: 0}],
      ExitTimeOut: 10,
      Nice: 10,
      LowPriorityIO: true,
      ProcessType: 'Background',
    });
  });

  const patterns: readonly (readonly [string, readonly object[]])[] = [
    ['* * * * *', [{}]],
    ['0,30 * * * *', [{Minute: 0}, {Minute: 30}]],
    [
      '0 3 * * sat,sun',
      [
        {Weekday: 0, Hour: 3, Minute: 0},
        {Weekday: 6, Hour: 3, Minute: 0},
      ],
    ],
    [
      '0 3 1 6 fri',
      [
        {Month: 6, Day: 1, Hour: 3, Minute: 0},
        {Month: 6, Weekday: 5, Hour: 3, Minute: 0},
      ],
    ],
  ];
  for (const [pattern, expected] of patterns) {
    it(pattern, () => expect(read({times: timesOf(pattern)}).StartCalendarInterval).to.deep.equal(expected));
  }

  it('an interval', () =>
    expect(read({times: {type: 'interval', every: 420_000}})).to.include({StartInterval: 420, UserName: 'root'}));

  it('a process that stays', () => {
    expect(read({times: {type: 'watch'}})).to.deep.include({
      RunAtLoad: true,
      KeepAlive: {SuccessfulExit: false},
      ThrottleInterval: 60,
    });
  });

  const refused: readonly (readonly [string, Service['times'], RegExp])[] = [
    ['seconds', timesOf('30 0 3 * * *'), /does not support seconds/],
    ['a last day', timesOf('0 0 L * *'), /does not support the last days/],
    ['days that are both', timesOf('0 0 1-7 * +mon'), /does not support the last days/],
    ['another time zone', {type: 'calendar', times: [], timezone: 'Asia/Tokyo'}, /only the time zone of this machine \(UTC\)/],
    ['too many times', timesOf('1-59 1-22 * * *'), /would need 1298 single times/],
  ];
  for (const [name, times, words] of refused) {
    it(`refuses ${name}`, () =>
      expect(() => launchdPlist(service({times}), OPTIONS))
        .to.throw(words)
        .with.property('code', 'SCHEDULE_FOREIGN'));
  }
});
