import process from 'node:process';
import {expect} from 'chai';
import {type Context, Interrupted} from '../../../src/app/context.js';
import {jobOf} from '../../../src/app/jobs/choose.js';
import {endInTime, runOnSchedule} from '../../../src/app/jobs/daemon.js';
import type {Event} from '../../../src/core/event.js';
import {WorkerPool} from '../../../src/platform/pool.js';
import {captured} from '../../support/captured.js';
import {heardOutput} from '../../support/heard-output.js';
import {jobsFolder} from '../../support/jobs-folder.js';
import {refusalCode} from '../../support/refusal.js';
import {context} from '../../support/sync.js';
import {tempDirs} from '../../support/temp.js';

const CONFIG = 'jobs:\n  a: {source: s, target: t, every: 1h}\n  b: {source: s, target: u}\n';

describe('app/jobs/daemon', () => {
  const temp = tempDirs();
  before(() => WorkerPool.keepSpares());
  after(() => WorkerPool.dropSpares());

  /** The daemon of these jobs, or of all; it ends with a signal. */
  async function start(names: readonly string[], allJobs: boolean) {
    const {typed, write} = jobsFolder(temp(), CONFIG, {s: {x: ''}});
    const controller = new AbortController();
    const output = heardOutput();
    let wake = () => {};
    const {listener} = output;
    const noted = {
      ...output,
      listener: (event: Event, job?: string) => {
        listener(event, job);
        wake();
      },
    };
    let hangUp: () => 'stop' | undefined = () => undefined;
    const onto: Context = {
      ...context(),
      signal: controller.signal,
      onHangUp: (act) => {
        hangUp = act;
      },
    };
    const own = typed(names);
    const jobs = names.map((name) => jobOf(name, own, onto, noted));
    const settled = await Promise.all(jobs.map(async (job) => ({job, settings: await job.settings()})));
    const options = {typed: typed(), options: {allJobs, atOnce: 2, once: false}, context: onto, output: noted};
    const ended = runOnSchedule(options, settled).catch((error: unknown) => error);
    const told = () =>
      output.heard.map(
        ([job, event]) => `${job} ${event.type}${event.type === 'notice' ? ` ${event.about}: ${event.message}` : ''}`,
      );
    const until = (isSo: () => boolean) =>
      new Promise<void>((done) => {
        wake = () => isSo() && done();
        wake();
      });
    const count = (text: string) => told().filter((each) => each.startsWith(text)).length;
    const stop = async () => {
      controller.abort('SIGTERM');
      expect(await ended).to.be.instanceOf(Interrupted);
    };
    return {ended, told, until, count, stop, write, hangUp: () => hangUp(), output};
  }

  it('a job that cannot run is told to who waits for it, and nothing begins', async () => {
    const {ended, told, output} = await start(['a', 'nobody'], false);
    expect(await refusalCode(async () => Promise.reject(await ended))).to.equal('JOB_UNKNOWN');
    expect(told()).to.include('nobody run-failed').and.not.include('a run-started');
    expect(output.expected).to.deep.equal([]);
  });

  it('runs each job when it is time, one without a schedule once, and ends with a signal', async () => {
    const {until, count, told, stop, output} = await start(['a', 'b'], false);
    await until(() => count('a run-ended') === 1 && count('b run-ended') === 1);
    await stop();
    expect(output.expected).to.deep.equal(['screen of a b']);
    expect(told().filter((text) => text.endsWith('the schedule has started'))).to.have.length(2);
    expect(count('b run-started')).to.equal(1);
  });

  it('of all jobs, one without a schedule is left out, and that is told', async () => {
    const {until, count, stop} = await start(['a', 'b'], true);
    await until(() => count('a run-ended') === 1);
    await stop();
    expect(count('b notice schedule: the job has no schedule')).to.equal(1);
    expect(count('b run-started')).to.equal(0);
  });

  it('SIGUSR1 asks for a run now, and nobody hears it in the end', async () => {
    const before = process.listenerCount('SIGUSR1');
    const {until, count, stop} = await start(['a'], false);
    await until(() => count('a run-ended') === 1 && count('a run-waiting') >= 1);
    process.emit('SIGUSR1');
    await until(() => count('a run-ended') === 2);
    await stop();
    expect(process.listenerCount('SIGUSR1')).to.equal(before);
  });

  it('reads the config again where it is asked to: jobs come and go', async () => {
    const {until, count, stop, write, hangUp} = await start(['a'], true);
    await until(() => count('a run-ended') === 1);
    write('jobs:\n  c: {source: s, target: v, every: 1h}\n');
    expect(hangUp()).to.equal(undefined);
    await until(() => count('c run-ended') === 1);
    write('jobs: [');
    hangUp();
    await until(() => count('c notice config: ') === 1);
    process.emit('SIGUSR1');
    await until(() => count('c run-ended') === 2);
    await stop();
    expect(count('a run-ended'), 'it has gone').to.equal(1);
  });

  it('a process that does not end by itself is ended after a while', async () => {
    const controller = new AbortController();
    const {exit} = process;
    const {setTimeout: real} = globalThis;
    const exits: unknown[] = [];
    let isHeld = true;
    process.exit = ((code: number) => void exits.push(code)) as typeof process.exit;
    globalThis.setTimeout = ((end: () => void, after: number) => {
      expect(after).to.be.within(1000, 10_000);
      end();
      return {unref: () => (isHeld = false)};
    }) as unknown as typeof setTimeout;
    try {
      endInTime({...context(), signal: controller.signal});
      expect(exits).to.deep.equal([]);
      const {stderr} = await captured(() => controller.abort('SIGTERM'));
      expect(stderr).to.include('the next run');
    } finally {
      globalThis.setTimeout = real;
      process.exit = exit;
    }
    expect([exits, isHeld]).to.deep.equal([[143], false]);
  });
});
