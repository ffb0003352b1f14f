import {expect} from 'chai';
import fc from 'fast-check';
import {type Context, Interrupted, isRunId, newId, withTimeLimit, withWorkers} from '../../src/app/context.js';
import {EXIT} from '../../src/core/errors.js';
import type {WorkerPool} from '../../src/platform/pool.js';
import {refusal} from '../support/refusal.js';
import {context} from '../support/sync.js';

/** Done when the signal comes. */
const untilStopped = ({signal}: Context) =>
  new Promise<string>((done) => {
    if (signal.aborted) done(signal.reason);
    signal.addEventListener('abort', () => done(signal.reason));
  });

describe('app/context', () => {
  describe('a limit of time', () => {
    it('is none where none is given: the same context', async () => {
      const own = context();
      expect(await withTimeLimit(undefined, own, async (given) => given)).to.equal(own);
    });

    it('stops what takes longer, and its result counts', async () => {
      expect(await withTimeLimit(1, context(), untilStopped)).to.equal('max-duration');
    });

    it('is told where there was no change yet', async () => {
      const body = async (given: Context) => {
        await untilStopped(given);
        throw new Interrupted();
      };
      const error = await refusal(() => withTimeLimit(1, context(), body));
      expect(error).to.include({code: 'OUT_OF_TIME', exitCode: EXIT.partial});
      expect(error.hint).to.include('--max-duration');
    });

    it('hands on the signal from outside, before and meanwhile', async () => {
      for (const isBefore of [true, false]) {
        const controller = new AbortController();
        if (isBefore) controller.abort('SIGINT');
        const stopped = withTimeLimit(60_000, {...context(), signal: controller.signal}, async (given) => {
          await untilStopped(given);
          throw new Interrupted(given.signal.reason);
        });
        controller.abort('SIGINT');
        const error = await stopped.catch((error: unknown) => error);
        expect(error, 'no matter of time').to.be.instanceOf(Interrupted);
        expect((error as Interrupted).message).to.equal('SIGINT');
      }
    });

    it('that is longer than a timer can be is no limit of a millisecond', async () => {
      const reason = await withTimeLimit(2 ** 40, context(), async ({signal}) => {
        // Timers end in the order of their times: one of a millisecond would have ended before.
        await new Promise((done) => setTimeout(done, 3));
        return signal.aborted;
      });
      expect(reason).to.equal(false);
    });

    it('lets errors through as they are', async () => {
      const bug = new TypeError('a bug');
      expect(await withTimeLimit(60_000, context(), () => Promise.reject(bug)).catch((error: unknown) => error)).to.equal(bug);
    });
  });

  describe('workers', () => {
    const usable = async (pool: WorkerPool) => {
      const job = {type: 'question', question: 'refused', paths: ['a'], inTarget: [], views: {source: {}, target: {}}};
      return pool.call(0, job);
    };

    it('are there for what is done with them, and no longer', async () => {
      let kept: WorkerPool | undefined;
      const answer = await withWorkers({size: 1}, context(), async (pool) => {
        kept = pool;
        return usable(pool);
      });
      expect(answer).to.deep.equal([undefined]);
      expect(kept?.size).to.equal(1);
      expect(await usable(kept as WorkerPool).catch(() => 'they have ended')).to.equal('they have ended');
    });

    it('are not started after a signal, and asked to stop by one', async () => {
      const controller = new AbortController();
      const given = {...context(), signal: controller.signal};
      const isStopped = await withWorkers({size: 1}, given, async (pool) => {
        controller.abort('SIGTERM');
        return pool.isStopped;
      });
      expect(isStopped).to.equal(true);
      const again = await withWorkers({size: 1}, given, async () => 'begun').catch((error: unknown) => error);
      expect(again).to.be.instanceOf(Interrupted);
    });

    it('end also where it failed', async () => {
      let kept: WorkerPool | undefined;
      const failed = await withWorkers({size: 1}, context(), async (pool) => {
        kept = pool;
        throw new Error('it failed');
      }).catch((error: Error) => error.message);
      expect(failed).to.equal('it failed');
      expect(await usable(kept as WorkerPool).catch(() => 'they have ended')).to.equal('they have ended');
    });
  });

  describe('an id', () => {
    const times = fc.date({min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true});

    it('is one of a run, and no two are the same', () => {
      const now = new Date();
      const ids = Array.from({length: 50}, () => newId(now));
      expect(ids.every(isRunId)).to.equal(true);
      expect(new Set(ids).size).to.equal(50);
    });

    it('sorts by time', () => {
      fc.assert(
        fc.property(times, times, (a, b) => {
          if (a.getTime() !== b.getTime()) expect(newId(a) < newId(b)).to.equal(a < b);
        }),
      );
    });

    it('is not whatever looks like one', () => {
      const [time = ''] = newId(new Date()).split('-');
      for (const text of [time, `${time}-12345`, `${time}-ABCDEF`, `${time}-1234567`, `../${time}-123456`, 'latest', ''])
        expect(isRunId(text), text).to.equal(false);
    });
  });
});
