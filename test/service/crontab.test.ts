import {execFileSync, spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import fc from 'fast-check';
import {calendarTimes} from '../../src/schedule/calendar-times.js';
import {crontab} from '../../src/service/crontab.js';
import type {Service} from '../../src/service/unit.js';
import {NO_SCHEDULE, service} from '../support/service.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';

/** The lines that start something. */
function entries(options: Partial<Service>): string[] {
  const {text} = crontab(service(options));
  return text
    .trimEnd()
    .split('\n')
    .filter((line) => !/^#|^\w+=/.test(line));
}

function timesOf(...cron: readonly string[]): Service['times'] {
  return {type: 'calendar', times: calendarTimes({...NO_SCHEDULE, cron}) ?? [], timezone: undefined};
}

/** The five fields of each line. */
function fields(...cron: readonly string[]): string[] {
  return entries({times: timesOf(...cron)}).map((line) => line.split(' ', 5).join(' '));
}

/** What cron hands to the shell (child_process in do_command.c of Vixie's cron, which cronie has too): up to the first bare `%`. */
function heardByCron(command: string): string {
  let heard = '';
  let isEscaped = false;
  for (const char of command) {
    if (isEscaped && char === '%') heard = `${heard.slice(0, -1)}%`;
    else if (!isEscaped && char === '%') return heard;
    else heard += char;
    isEscaped = !isEscaped && char === '\\';
  }
  return heard;
}

describe('service/crontab', () => {
  const temp = tempDirs();

  const patterns: readonly (readonly [string, string])[] = [
    ['0 3 * * mon-fri', '0 3 * * 1-5'],
    ['*/15 8-18 * * *', '*/15 8-18 * * *'],
    ['0 0 1,15 jan,jul sun', '0 0 1,15 1,7 0'],
    ['0 0 */2 * mon', '0 0 1-31/2 * 1'],
    ['0 0 1-31 * mon', '0 0 * * *'],
    ['0 0 ? * 5-7', '0 0 * * 0,5,6'],
    ['@weekly', '0 0 * * 0'],
  ];
  for (const [pattern, expected] of patterns) it(pattern, () => expect(fields(pattern)).to.deep.equal([expected]));

  it('has a line for each pattern, under the time zone', () => {
    const times = {...(timesOf('0 3 * * *', '30 4 1 * *') as object), timezone: 'Asia/Tokyo'} as Service['times'];
    const {text} = crontab(service({times}));
    const command = '/usr/bin/node /usr/bin/dirsync run photos --config /etc/dirsync.yaml --once';
    expect(text.endsWith(`\nCRON_TZ=Asia/Tokyo\n0 3 * * * ${command}\n30 4 1 * * ${command}\n`)).to.equal(true);
  });

  const refused: readonly (readonly [string, Service['times'], RegExp])[] = [
    ['seconds', timesOf('30 0 3 * * *'), /does not support seconds/],
    ['a last day', timesOf('0 0 L * *'), /does not support the last days/],
    ['a weekday of a week', timesOf('0 0 * * fri#2'), /does not support the last days/],
    ['days that are both', timesOf('0 0 1-7 * +mon'), /does not support the last days/],
    ['an uneven interval', {type: 'interval', every: 420_000}, /does not fall on the same times/],
    ['watch', {type: 'watch'}, /cannot keep a process running/],
  ];
  for (const [name, times, words] of refused) {
    it(`refuses ${name}`, () =>
      expect(() => crontab(service({times})))
        .to.throw(words)
        .with.property('code', 'SCHEDULE_FOREIGN'));
  }

  it('reaches the program with every word as it is', () => {
    const unit = fc.constantFrom(' ', '"', "'", '\\', '%', '$', '`', '#', '*', '!', '-', 'a', 'é', '漢');
    const word = fc.string({unit, minLength: 1, maxLength: 10});
    const print = `process.stdout.write(JSON.stringify([process.argv.slice(1), process.env.XDG_STATE_HOME]))`;
    const check = (words: string[], home: string) => {
      const [line = ''] = entries({
        command: [process.execPath, '-e', print, '--', ...words],
        environment: {XDG_STATE_HOME: home},
      });
      const command = line.split(' ').slice(5).join(' ');
      expect(JSON.parse(execFileSync('/bin/sh', ['-c', heardByCron(command)], {encoding: 'utf8'})), line).to.deep.equal([
        words,
        home,
      ]);
    };
    check(['100%', '\\%', '\\\\%', "'%", "\\'%", '%%', '$HOME', 'a b'], '/x %\\%');
    fc.assert(fc.property(fc.array(word, {minLength: 1, maxLength: 4}), word, check), {numRuns: 20});
  });

  it('crontab takes it', function () {
    if (spawnSync('crontab', ['-V']).error !== undefined) skip(this, 'cron is missing');
    const file = path.join(temp(), 'crontab');
    fs.writeFileSync(file, crontab(service({times: timesOf('*/7 0-5 1-31/3 * mon', '0 3 * * *'), job: 'a%b'})).text);
    // Looks at the file and installs nothing: -T in cronie, -n in Debian's cron.
    const tried = ['-T', '-n'].map((flag) => spawnSync('crontab', [flag, file], {encoding: 'utf8'}));
    expect(
      tried.some(({status}) => status === 0),
      JSON.stringify(tried),
    ).to.equal(true);
  });
});
