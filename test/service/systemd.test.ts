import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {Cron} from 'croner';
import fc from 'fast-check';
import {calendarTimes} from '../../src/schedule/calendar-times.js';
import {onCalendar, systemdUnits} from '../../src/service/systemd.js';
import {fileNameOf, type Service} from '../../src/service/unit.js';
import {NO_SCHEDULE, service} from '../support/service.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';

const FOLDER = '/etc/systemd/system';

function unit(options: Partial<Service>, folder = FOLDER): string {
  return systemdUnits(service(options), folder).files[0]?.text ?? '';
}

/** The values of a setting. */
function values(text: string, key: string): string[] {
  return text.split('\n').flatMap((line) => (line.startsWith(`${key}=`) ? [line.slice(key.length + 1)] : []));
}

/** Words as systemd takes a line apart (extract-word.c, with EXTRACT_UNQUOTE), with specifiers replaced. */
function words(value: string): string[] {
  const found = value.match(/"(?:[^"\\]|\\.)*"|[^ "]+/gsu) ?? [];
  return found.map((word) => (word.startsWith('"') ? word.slice(1, -1).replace(/\\(["\\])/g, '$1') : word).replaceAll('%%', '%'));
}

/** Texts as paths and names of jobs may be, but for what no unit can hold. */
const odd = fc
  .string({
    unit: fc.oneof(
      fc.constantFrom(' ', '"', "'", '\\', '%', '$', '#', ';', '-', '{', '}', 'h', 'n', 'é', '漢'),
      fc.string({minLength: 1, maxLength: 1}),
    ),
    minLength: 1,
    maxLength: 12,
  })
  .filter((text) => !/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/u.test(text));

describe('service/systemd', () => {
  const temp = tempDirs();

  it('keeps every name as it is', () => {
    fc.assert(
      fc.property(odd, odd, (job, name) => {
        const command = ['/usr/bin/node', `/opt/${name}`, 'run', job, '--config', `/etc/${name}`, '--once'];
        const text = unit({job, command, source: `/src/${name}`, target: `/dst/${name}`, writes: [`/dst/${name}`]});
        expect(words(values(text, 'ExecStart')[0] ?? '').map((word) => word.replaceAll('$$', () => '$'))).to.deep.equal(command);
        expect(words(values(text, 'RequiresMountsFor')[0] ?? '')).to.deep.equal([`/src/${name}`, `/dst/${name}`]);
        expect(words(values(text, 'ReadWritePaths')[0] ?? '')).to.deep.equal([`-/dst/${name}`]);
      }),
    );
  });

  for (const odd of ['a\nb', 'a\u2028b', 'a\u202eb', 'a\u0085b', 'a\udc80b']) {
    it(`refuses ${JSON.stringify(odd)}`, () => {
      expect(() => unit({job: odd}))
        .to.throw(/contains a character/)
        .with.property('code', 'SERVICE_UNWRITABLE');
      expect(() => unit({target: `/${odd}`})).to.throw(/contains a character/);
    });
  }

  it('names files as systemd-escape does, but for "-" and "/"', function () {
    const names = ['photos', 'a b', 'é%', 'x.y:z_1', '~', 'a\\b'];
    const escaped = spawnSync('systemd-escape', names, {encoding: 'utf8'});
    if (escaped.error !== undefined) skip(this, 'systemd-escape is missing');
    expect(names.map(fileNameOf)).to.deep.equal(escaped.stdout.trim().split(' '));
    expect(fileNameOf('a-b/c')).to.equal('a-b\\x2fc');
  });

  describe('walls', () => {
    const cases: readonly (readonly [string, Partial<Service>, readonly string[], readonly string[]])[] = [
      [
        'root',
        {},
        ['ProtectSystem=strict', 'PrivateTmp=yes', 'ProtectKernelModules=yes'],
        ['PrivateDevices=yes', 'ProtectClock=yes'],
      ],
      ['without devices', {preserve: ['mode']}, ['PrivateDevices=yes', 'ProtectClock=yes'], []],
      ['another user', {user: 'ada'}, ['User=ada', 'CapabilityBoundingSet=', 'PrivateDevices=yes'], []],
      [
        'a user of their own systemd',
        {user: undefined},
        ['NoNewPrivileges=yes'],
        ['ProtectSystem=strict', 'PrivateTmp=yes', 'User=root'],
      ],
      ['hooks', {hasHooks: true}, [], ['ProtectSystem=strict', 'NoNewPrivileges=yes', 'PrivateTmp=yes']],
      ['a source in /tmp', {source: '/tmp/a'}, ['ProtectKernelLogs=yes'], ['PrivateTmp=yes']],
      ['a log in /var/tmp', {writes: ['/var/tmp/logs']}, [], ['PrivateTmp=yes']],
      [
        'all of the machine',
        {source: '/', preserve: ['mode']},
        ['ProtectSystem=strict', 'ProtectHostname=yes'],
        [
          'PrivateTmp=yes',
          'PrivateDevices=yes',
          'ProtectKernelModules=yes',
          'ProtectKernelTunables=yes',
          'ProtectKernelLogs=yes',
        ],
      ],
      ['/usr', {source: '/usr'}, ['PrivateTmp=yes'], ['ProtectKernelModules=yes']],
    ];
    for (const [name, options, there, missing] of cases) {
      it(name, () => {
        const lines = unit(options).split('\n');
        expect(lines).to.include.members(there as string[]);
        for (const line of missing) expect(lines).not.to.include(line);
        // Never, whatever is kept.
        expect(
          lines.filter((line) => /^(?:RestrictSUIDSGID|MemoryDenyWriteExecute|ProtectHome|DynamicUser)=/.test(line)),
        ).to.deep.equal([]);
      });
    }
  });

  describe('times', () => {
    const timers: readonly (readonly [string, Partial<Service>, readonly string[]])[] = [
      ['an interval', {times: {type: 'interval', every: 420_000}}, ['OnActiveSec=1s', 'OnUnitActiveSec=7min', 'AccuracySec=1s']],
      [
        'a late first',
        {times: {type: 'interval', every: 5_400_000}, delay: 90_000},
        ['OnActiveSec=90s', 'OnUnitActiveSec=90min'],
      ],
      ['the calendar', {}, ['OnCalendar=*-*-* 03:00:00', 'Persistent=yes']],
      [
        'missed times that are left',
        {catchesUp: false, jitter: 1500},
        ['OnCalendar=*-*-* 03:00:00', 'Persistent=no', 'RandomizedDelaySec=1500ms'],
      ],
    ];
    for (const [name, options, lines] of timers) {
      it(name, () => {
        const timer = systemdUnits(service(options), FOLDER).files[1]?.text ?? '';
        const [, settings = ''] = timer.split('[Timer]\n');
        expect(settings.split('\n\n')[0]?.split('\n')).to.deep.equal(lines);
      });
    }

    it('a process that stays has no timer', () => {
      const {files, enabled} = systemdUnits(service({times: {type: 'watch'}}), FOLDER);
      expect(files.map(({path}) => path)).to.deep.equal([`${FOLDER}/dirsync-photos.service`]);
      expect(enabled).to.equal('dirsync-photos.service');
      expect(files[0]?.text)
        .to.match(/^Type=exec$/m)
        .and.match(/^Restart=on-failure$/m)
        .and.match(/^WantedBy=multi-user.target$/m);
    });
  });

  describe('systemd-analyze', () => {
    before(function () {
      if (spawnSync('systemd-analyze', ['--version']).status !== 0) skip(this, 'systemd-analyze is missing');
    });

    const units: readonly (readonly [string, Partial<Service>])[] = [
      ['root', {}],
      ['an odd name', {job: 'a "b" %h $HOME é \\', source: '/srv/a b%\\"', writes: ['/srv/x y']}],
      ['an interval', {times: {type: 'interval', every: 420_000}, jitter: 1500}],
      ['watch with hooks', {times: {type: 'watch'}, hasHooks: true, hasBefore: true, needsNetwork: true}],
      ['variables', {variables: ['DISK', 'A B'], environment: {HOME: '/home/a "b" %'}, timeout: 7_200_000}],
      ['a user', {user: undefined}],
    ];
    for (const [name, options] of units) {
      it(`takes the units of ${name}`, () => {
        const folder = temp();
        const isUser = 'user' in options && options.user === undefined;
        const {files} = systemdUnits(service({command: [process.execPath, '/x'], ...options}), folder);
        const paths = files.map(({path: file = '', text}) => {
          fs.writeFileSync(file, text);
          return file;
        });
        const env = {PATH: process.env.PATH, XDG_RUNTIME_DIR: folder, HOME: folder};
        const args = [isUser ? '--user' : '--system', '--recursive-errors=no', '--man=no', 'verify', ...paths];
        const {status, stderr} = spawnSync('systemd-analyze', args, {encoding: 'utf8', env});
        // It reads what else is installed, and complains of that too.
        const ours = stderr.split('\n').filter((line) => line.includes('dirsync') || line.includes(path.basename(folder)));
        expect({status, ours}).to.deep.equal({status: 0, ours: []});
      });
    }

    it('the calendar gives the times that croner gives', function () {
      this.timeout(120_000);
      const base = new Date('2027-02-26T21:59:30Z');
      const table = [
        '0 3 * * mon-fri',
        '*/7 * * * *',
        '0 0 1,15 * fri',
        '0 0 L * *',
        '0 0 * * fri#L',
        '0 0 * * 0#5',
        '30 4 29 2 *',
        '0 0 L * +fri',
        '*/20 59 23 31 12 *',
      ];
      const patterns = [...table, ...fc.sample(cronPattern, {numRuns: 150, seed: 7})].filter((pattern) => comes(pattern, base));
      const said = patterns.map((pattern) => onCalendars(pattern));
      const elapses = elapsesOf(said.flat(), base);
      let at = 0;
      for (const [i, expressions] of said.entries()) {
        const times = expressions.flatMap(() => elapses[at++] ?? []);
        const first = [...new Set(times)].sort((a, b) => a - b).slice(0, RUNS);
        const pattern = patterns[i] as string;
        const expected = new Cron(pattern, {paused: true, timezone: 'UTC', mode: '5-or-6-parts'})
          .nextRuns(RUNS, base)
          .map(Number);
        expect(first.map(iso), `${pattern}: ${expressions.join(' | ')}`).to.deep.equal(expected.map(iso));
      }
    });

    it('a time zone holds for the calendar', () => {
      const base = new Date('2027-03-26T00:00:00Z');
      const [times] = elapsesOf(onCalendars('0 3 * * *', 'Europe/Berlin'), base);
      const expected = new Cron('0 3 * * *', {paused: true, timezone: 'Europe/Berlin'}).nextRuns(RUNS, base);
      expect(times?.map(iso)).to.deep.equal(expected.map((date) => iso(Number(date))));
    });
  });
});

const RUNS = 5;

function iso(time: number): string {
  return new Date(time).toISOString();
}

function onCalendars(pattern: string, timezone = 'UTC'): string[] {
  return (calendarTimes({...NO_SCHEDULE, cron: [pattern]}) ?? []).flatMap((times) => onCalendar(times, timezone));
}

/** Some patterns name days that no month has. */
function comes(pattern: string, base: Date): boolean {
  const runs = new Cron(pattern, {paused: true, timezone: 'UTC', mode: '5-or-6-parts'}).nextRuns(RUNS, base);
  return runs.length === RUNS && (runs.at(-1) as Date).getUTCFullYear() < 2060;
}

/** The next times of each expression. */
function elapsesOf(expressions: readonly string[], base: Date): number[][] {
  const since = `${base.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  const args = ['calendar', `--iterations=${RUNS}`, `--base-time=${since}`, ...expressions];
  const {stdout, stderr} = spawnSync('systemd-analyze', args, {
    encoding: 'utf8',
    env: {...process.env, TZ: 'UTC', LC_ALL: 'C'},
    maxBuffer: 1 << 26,
  });
  expect(stderr).to.equal('');
  const blocks = stdout.split('\n\n');
  expect(blocks).to.have.length(expressions.length);
  return blocks.map((block) =>
    [...block.matchAll(/(?:Next elapse|\(in UTC\)|Iter\. #\d+): \w{3} (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC/g)].map(
      ([, date, time]) => Date.parse(`${date}T${time}Z`),
    ),
  );
}

/** A field: any, a list of numbers and ranges, or a step. */
function cronField(first: number, last: number): fc.Arbitrary<string> {
  const number = fc.integer({min: first, max: last});
  const range = fc.tuple(number, number).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
  const step = fc
    .tuple(fc.oneof(fc.constant('*'), range), fc.integer({min: 1, max: last - first}))
    .map(([of, by]) => `${of}/${by}`);
  const list = fc.array(fc.oneof(number.map(String), range), {minLength: 1, maxLength: 3}).map((parts) => parts.join(','));
  return fc.oneof(
    fc.constant('*'),
    list,
    step.filter((text) => !/^(\d+)-\1\/|^(\d+)-(\d+)\/(\d+)$/.test(text) || fits(text)),
  );
}

/** croner refuses a step that is longer than its range. */
function fits(text: string): boolean {
  const [, from, to, by] = /^(\d+)-(\d+)\/(\d+)$/.exec(text) ?? [];
  return Number(by) <= Number(to) - Number(from) + 1;
}

const cronPattern = fc
  .tuple(
    fc.option(cronField(0, 59)),
    cronField(0, 59),
    cronField(0, 23),
    fc.oneof(cronField(1, 31), fc.constantFrom('L', '1,L', '?')),
    cronField(1, 12),
    fc.oneof(cronField(0, 6), fc.constantFrom('mon-fri', '7', 'fri#1', 'sun#5', 'tue#L', 'mon#2,wed', '?')),
  )
  .map((fields) => fields.filter((field) => field !== null).join(' '));
