import {expect} from 'chai';
import {runAtInterval} from '../../src/schedule/interval.js';

/** Runs work that takes these times, one after the other, on a clock of its own; ends after the last, or where `stopAt` says. */
async function runs(every: number, durations: readonly number[], stopAt?: 'waiting' | 'working') {
  const seen: string[] = [];
  const controller = new AbortController();
  let time = 100;
  let run = 0;
  await runAtInterval({
    every,
    clock: () => time,
    signal: controller.signal,
    async work() {
      seen.push(`run at ${time}`);
      const duration = durations[run++] as number;
      if (stopAt === 'working' && run === durations.length) controller.abort();
      await Promise.resolve();
      time += duration;
      seen.push(`ended at ${time}`);
    },
    async sleep(milliseconds, signal) {
      expect(signal).to.equal(controller.signal);
      if (run === durations.length) controller.abort();
      else time += milliseconds;
    },
    onWait: (milliseconds, missed) => seen.push(`wait ${milliseconds}, ${missed} missed`),
  });
  return seen;
}

describe('runAtInterval', () => {
  it('starts at whole intervals from the first start, however long the work takes', async () => {
    expect(await runs(10, [1, 9, 0])).to.deep.equal([
      'run at 100',
      'ended at 101',
      'wait 9, 0 missed',
      'run at 110',
      'ended at 119',
      'wait 1, 0 missed',
      'run at 120',
      'ended at 120',
      'wait 10, 0 missed',
    ]);
  });

  it('skips the ticks that a run outlasts, and tells how many', async () => {
    expect(await runs(10, [25, 10, 1])).to.deep.equal([
      'run at 100',
      'ended at 125',
      'wait 5, 2 missed',
      'run at 130',
      'ended at 140',
      'wait 10, 1 missed',
      'run at 150',
      'ended at 151',
      'wait 9, 0 missed',
    ]);
  });

  it('ends when it is stopped while it waits', async () => {
    expect(await runs(10, [1], 'waiting')).to.deep.equal(['run at 100', 'ended at 101', 'wait 9, 0 missed']);
  });

  it('ends after the work at hand when it is stopped while it works', async () => {
    expect(await runs(10, [1, 1], 'working')).to.deep.equal([
      'run at 100',
      'ended at 101',
      'wait 9, 0 missed',
      'run at 110',
      'ended at 111',
    ]);
  });

  it('does nothing when it is stopped before', async () => {
    const sleep = async () => {};
    const work = () => Promise.reject(new Error('it worked'));
    await runAtInterval({every: 1, clock: () => 0, signal: AbortSignal.abort(), sleep, work, onWait: () => {}});
  });

  it('fails with its work', async () => {
    const options = {every: 1, clock: () => 0, signal: new AbortController().signal, sleep: async () => {}, onWait: () => {}};
    const error = await runAtInterval({...options, work: () => Promise.reject(new Error('it broke'))}).catch((reason) => reason);
    expect(error).to.have.property('message', 'it broke');
  });
});
