import fs from 'node:fs';
import path from 'node:path';
import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';
import {expect} from 'chai';
import {Logs} from '../../../src/app/output/log.js';
import type {Event} from '../../../src/core/event.js';
import type {JobRun} from '../../../src/core/job-run.js';
import type {LogSettings} from '../../../src/core/log.js';
import {act, file as fileEntry} from '../../support/plan.js';
import {HOSTILE} from '../../support/subject.js';
import {tempDirs} from '../../support/temp.js';

const TIME = '2026-11-23T16:00:00.000Z';
const DONE: Event = {type: 'action', action: act.create('a', fileEntry(3)), status: 'done'};
const WAIT: Event = {type: 'run-waiting', next: TIME};
const notice = (message: string): Event => ({type: 'notice', level: 'warn', about: 'log', message});

/** The memory that is still in use after garbage was collected. Other tests of the same process have left garbage of their own. */
function heldBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const {heapUsed, external} = process.memoryUsage();
  return heapUsed + external;
}

const RUN: JobRun = {
  id: 'R1',
  job: undefined,
  source: '/s',
  target: '/t',
  started: TIME,
  finished: TIME,
  duration: 1000,
  result: 'success',
  exitCode: 0,
};

describe('app/output/log', () => {
  const temp = tempDirs();
  let root = '';
  let logs: Logs;
  beforeEach(() => {
    root = temp();
    logs = new Logs({
      now: () => new Date(TIME),
      onTrouble: (message) => {
        throw new Error(message);
      },
    });
  });
  afterEach(() => logs.close());

  function settings(name: string, fields: Partial<LogSettings> = {}): LogSettings {
    const file = path.join(root, name);
    return {file, format: 'text', level: 'debug', maxSize: 5e6, maxAge: undefined, maxFiles: 3, ...fields};
  }

  const read = (name: string) => fs.readFileSync(path.join(root, name), 'utf8');
  const linesOf = (name: string) => read(name).split('\n').slice(0, -1);
  const jsonOf = (name: string) => linesOf(name).map((line) => JSON.parse(line));

  it('tells the run from its start to its end', () => {
    logs.open(settings('log'), 'photos');
    for (const event of [WAIT, {type: 'run-started', id: 'R1'} as const, DONE]) logs.write(event, 'photos');
    logs.write({type: 'run-ended', run: RUN}, 'photos');
    logs.write(WAIT, 'photos');
    expect(linesOf('log')).to.deep.equal([
      `${TIME} DEBUG [photos] waiting  next run at ${TIME}`,
      `${TIME} DEBUG [photos] [R1] run started`,
      `${TIME} INFO  [photos] [R1] create done  a (3 B)`,
      `${TIME} DEBUG [photos] [R1] run ended  success, exit code 0, 1.0 s`,
      `${TIME} DEBUG [photos] waiting  next run at ${TIME}`,
    ]);
  });

  it('writes JSON with what programs look for', () => {
    logs.open(settings('log', {format: 'json'}), 'photos');
    logs.write({type: 'run-started', id: 'R1'}, 'photos');
    logs.write(DONE, 'photos');
    const from = {level: 'info', time: TIME, job: 'photos', run: 'R1'};
    expect(jsonOf('log')).to.deep.equal([
      {...from, level: 'debug', event: 'run-started', msg: 'run started'},
      {...from, event: 'action', kind: 'create', path: 'a', status: 'done', bytes: 3, msg: 'create done  a (3 B)'},
    ]);
  });

  it('leaves out what is of no job and of no run', () => {
    logs.open(settings('log', {format: 'json'}), undefined);
    logs.write({type: 'run-skipped', ticks: 2, why: 'busy'}, undefined);
    expect(jsonOf('log').map(Object.keys)).to.deep.equal([['level', 'time', 'event', 'ticks', 'msg']]);
  });

  for (const [level, lines] of [
    ['debug', 4],
    ['info', 3],
    ['warn', 2],
    ['error', 1],
  ] as const) {
    it(`of level ${level} holds ${lines} of four`, () => {
      logs.open(settings('log', {level}), undefined);
      logs.write({type: 'scan-done', side: 'source', entries: 1, bytes: 1}, undefined);
      logs.write(DONE, undefined);
      logs.write(notice('n'), undefined);
      logs.write({type: 'run-failed', code: 'USAGE', message: 'm'}, undefined);
      expect(linesOf('log')).to.have.length(lines);
    });
  }

  it('jobs share a file, each in its own form and level; what is of no job is in each file once', () => {
    logs.open(settings('shared'), 'a');
    logs.open(settings('shared', {format: 'json', level: 'warn'}), 'b');
    logs.open(settings('own'), 'c');
    for (const job of ['a', 'b', 'c', 'unknown']) logs.write(DONE, job);
    logs.write(notice('to b'), 'b');
    logs.write(notice('to all'), undefined);
    expect(linesOf('shared').map((line) => line.replace(/.*(?=\[)|.*"msg":/, ''))).to.deep.equal([
      '[a] create done  a (3 B)',
      '"log  to b"}',
      '"log  to all"}',
    ]);
    expect(linesOf('own').map((line) => line.slice(31))).to.deep.equal(['[c] create done  a (3 B)', 'log  to all']);
  });

  it('changes file, form and level from one run to the next', () => {
    logs.open(settings('first'), 'a');
    logs.write(DONE, 'a');
    logs.open(settings('second', {format: 'json'}), 'a');
    logs.write(DONE, 'a');
    logs.open(settings('second', {level: 'warn'}), 'a');
    logs.write(DONE, 'a');
    logs.write(notice('n'), 'a');
    expect(linesOf('first')).to.have.length(1);
    expect(linesOf('second').map((line) => line.at(0))).to.deep.equal(['{', '2']);
  });

  for (const format of ['text', 'json'] as const) {
    it(`nothing in a name gets out of its line, or unescaped into it: ${format}`, () => {
      for (const hostile of HOSTILE) {
        logs.open(settings('log', {format}), hostile);
        logs.write({type: 'run-started', id: hostile}, hostile);
        logs.write({type: 'action', action: act.create(hostile), status: 'done'}, hostile);
        logs.write({type: 'plan-started', source: hostile, target: hostile}, hostile);
        logs.write(notice(hostile), hostile);
        logs.write({type: 'run-failed', code: hostile, message: hostile}, hostile);
      }
      expect(read('log')).to.not.match(/[^\P{C}\n\p{Cn}\p{Co}]|[\p{Zl}\p{Zp}\ufffd]/u);
      expect(linesOf('log')).to.have.length(5 * HOSTILE.length);
      if (format === 'json') {
        const paths = jsonOf('log').flatMap((line) => (line.event === 'action' ? [line.path] : []));
        expect(paths).to.deep.equal(HOSTILE);
        expect(new Set(jsonOf('log').map(({job}) => job))).to.deep.equal(new Set(HOSTILE));
      }
    });

    it(`100 000 lines at once neither wait in memory nor are lost: ${format}`, () => {
      logs.open(settings('log', {format, maxSize: 5e6, maxFiles: 20}), 'photos');
      const write = (from: number, to: number) => {
        for (let i = from; i < to; i++) {
          logs.write({type: 'action', action: act.create(`folder/name-${i}`, fileEntry(i)), status: 'done'}, 'photos');
        }
      };
      write(0, 20_000);
      const before = heldBytes();
      write(20_000, 100_000);
      expect(heldBytes() - before, '80,000 lines have more than 8 MB').to.be.below(4e6);
      const seen = fs.readdirSync(root).flatMap((name) => linesOf(name).map((line) => Number(/name-(\d+)/.exec(line)?.[1])));
      expect(seen.sort((a, b) => a - b)).to.deep.equal(Array.from({length: 100_000}, (_, i) => i));
    });
  }
});
