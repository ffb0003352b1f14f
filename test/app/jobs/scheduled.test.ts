import path from 'node:path';
import {expect} from 'chai';
import type {EndedRun, Job, NoSettings} from '../../../src/app/jobs/job.js';
import {Scheduled} from '../../../src/app/jobs/scheduled.js';
import type {Settings} from '../../../src/config/settings.js';
import {DirsyncError} from '../../../src/core/errors.js';
import {noKinds} from '../../../src/core/run.js';
import {pairIn} from '../../support/cli.js';
import {bareRun} from '../../support/job-run.js';
import {schedule} from '../../support/schedule.js';
import {settings} from '../../support/sync.js';
import {tempDirs} from '../../support/temp.js';

const HOURLY = schedule({every: 3_600_000});

describe('app/jobs/scheduled', () => {
  const temp = tempDirs();
  const ends: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });

  /** A job on its schedule, whose runs end at once; `current`: what its config says. */
  function start(current: Settings | NoSettings, {lasts = HOURLY} = {}) {
    const state = {current, run: bareRun()};
    const told: string[] = [];
    const logs: unknown[] = [];
    const used: (Settings | NoSettings)[] = [];
    let hear = () => {};
    const own = new Set<string>();
    const job = {
      name: 'j',
      settings: async () => state.current,
      openLog: async ({log}: Pick<Settings, 'log'>) => void logs.push(log?.file),
      notice: (level: string, about: string, message: string) => told.push(`${level} ${about}: ${message}`),
      tell: ({type, watching}: {type: string; watching?: boolean}) => told.push(watching ? `${type}, watching` : type),
    } as unknown as Job;
    const one = new Scheduled({
      job,
      schedule: lasts,
      signal: new AbortController().signal,
      now: () => new Date(),
      own,
      use: async (given): Promise<EndedRun> => {
        used.push(given);
        hear();
        return {run: state.run, failure: undefined};
      },
    });
    const running = one.run();
    const end = async () => {
      one.end();
      await running;
    };
    ends.push(end);
    /** After so many runs. */
    const runs = (count: number) =>
      new Promise<void>((done) => {
        hear = () => used.length >= count && setImmediate(done);
        hear();
      });
    return {one, told, logs, used, own, state, runs, end};
  }

  it('runs, and again when it is asked to, with what the config says then', async () => {
    const {one, used, state, runs, told} = start(settings('/s', '/t', {schedule: HOURLY}));
    await runs(1);
    const other = settings('/s', '/other', {schedule: HOURLY});
    state.current = other;
    one.ask();
    await runs(2);
    expect(used.at(-1)).to.equal(other);
    expect(told).to.include('run-waiting');
  });

  it('ends after the run at hand, and lets go of its log', async () => {
    const {runs, logs, end, used} = start(settings('/s', '/t', {schedule: HOURLY}));
    await runs(1);
    await end();
    expect([used.length, logs]).to.deep.equal([1, [undefined]]);
  });

  it('a config without a schedule is warned of, and the one that it had goes on', async () => {
    const {one, told, runs, used} = start(settings('/s', '/t', {schedule: undefined}));
    await runs(1);
    one.ask();
    await runs(2);
    expect(told.filter((text) => text.startsWith('warn schedule: '))).to.have.length(2);
    expect(used).to.have.length(2);
  });

  it('a config that cannot be read is told, and what it said before goes on', async () => {
    const {one, told, logs, state, runs} = start(settings('/s', '/t', {schedule: HOURLY}));
    await runs(1);
    state.current = {failure: new DirsyncError('CONFIG_INVALID', 'a mistake')};
    await one.reread();
    expect(told.at(-1)).to.match(/^warn config: .*a mistake$/);
    expect(logs, 'its log is as it was').to.deep.equal([]);
    state.current = settings('/s', '/t', {schedule: HOURLY});
    await one.reread();
    expect(told.at(-1)).to.match(/^info config: /);
    expect(logs).to.deep.equal([undefined]);
  });

  it('files that its runs write are known to all that watch', async () => {
    const root = temp();
    const {own, runs} = start(settings('/s', '/t', {schedule: HOURLY, metrics: path.join(root, 'm.prom')}));
    await runs(1);
    expect([...own]).to.deep.equal([path.join(root, 'm.prom')]);
  });

  describe('that watches its source', () => {
    const watching = schedule({watch: true, debounce: 0});

    it('a source of which nothing is heard is looked at now and then; that is told once, and when it is heard again', async () => {
      const both = schedule({watch: true, debounce: 0, every: 3_600_000});
      const {source, target} = pairIn(temp(), {}, {});
      const none = settings(path.join(source, 'none'), target, {schedule: both});
      const {one, told, state, runs} = start(none, {lasts: both});
      await runs(1);
      one.ask();
      await runs(2);
      const deaf = () => told.filter((text) => text.startsWith('warn watch: '));
      expect(deaf()).to.have.length(1);
      expect(deaf()[0]).to.include('1 min');
      expect(told).to.include('run-waiting').and.not.include('run-waiting, watching');
      state.current = settings(source, target, {schedule: both});
      await one.reread();
      expect(told.filter((text) => text.startsWith('info watch: '))).to.have.length(1);
      expect(deaf()).to.have.length(1);
      one.ask();
      await runs(3);
      while (!told.includes('run-waiting, watching')) await new Promise(setImmediate);
    });

    it('a run that made folders while the watch began is followed by another, since something in them may be missed', async () => {
      const {source, target} = pairIn(temp(), {}, {});
      for (const kind of ['mkdir', 'replace'] as const) {
        const {state, runs, used} = start(settings(source, target, {schedule: watching}), {lasts: watching});
        state.run = bareRun({done: {...noKinds(), [kind]: {count: 1, bytes: 0}}});
        await runs(1);
        state.run = bareRun();
        await runs(2);
        expect(used, kind).to.have.length(2);
      }
    });

    it('is told no more of what is not heard, once it watches nothing', async () => {
      const {source, target} = pairIn(temp(), {}, {});
      const {one, told, state, runs} = start(settings(path.join(source, 'none'), target, {schedule: watching}), {
        lasts: watching,
      });
      await runs(1);
      state.current = settings(source, target, {schedule: HOURLY});
      await one.reread();
      expect(told.filter((text) => text.startsWith('info watch: '))).to.deep.equal([]);
    });
  });
});
