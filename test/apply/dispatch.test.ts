import {expect} from 'chai';
import fc from 'fast-check';
import type {BatchResult, BatchTask, WireResult} from '../../src/apply/batch.js';
import {Dispatch} from '../../src/apply/dispatch.js';
import type {ApplyContext} from '../../src/apply/session.js';
import type {Action} from '../../src/core/action.js';
import type {RelPath} from '../../src/core/path.js';
import type {WorkerPool} from '../../src/platform/pool.js';
import type {Opened} from '../../src/state/traces.js';
import {act, file} from '../support/plan.js';

const MIB = 1024 ** 2;
const contextOf = (runId: string) => ({runId}) as ApplyContext;

interface Given {
  readonly workers?: number;
  readonly sizes: readonly number[];
  readonly answer?: (job: BatchTask, worker: number) => unknown;
  readonly isStopped?: () => boolean;
}

/** A dispatch to workers that answer what they are told, in the order in which they are asked. */
function dispatchTo({workers = 2, sizes, answer = ({indexes}) => indexes.map(() => 'done'), isStopped = () => false}: Given) {
  const jobs: (BatchTask & {worker: number})[] = [];
  const atWork = new Array(workers).fill(0);
  let most = 0;
  const pool = {
    size: workers,
    isStopped: false,
    async call(worker: number, job: BatchTask) {
      jobs.push({...job, worker});
      most = Math.max(most, ++atWork[worker]);
      await Promise.resolve();
      atWork[worker]--;
      return answer(job, worker);
    },
    stop() {
      this.isStopped = true;
    },
    async together(work: readonly Promise<unknown>[]) {
      for (const each of work) each.catch(() => this.stop());
      await Promise.allSettled(work);
      await Promise.all(work);
    },
  };
  const opened: Opened[] = [];
  let batches = 0;
  const actions: Action[] = sizes.map((size, i) => act.create(`f${i}`, file(size)));
  const dispatch = new Dispatch({
    pool: pool as unknown as WorkerPool,
    actions,
    context: contextOf('first'),
    opened,
    onOpened: (each) => opened.push(each),
    onBatch: () => batches++,
    isStopped,
  });
  const results = new Map<number, BatchResult>();
  const run = (indexes = actions.map((_, i) => i), asked = {}) =>
    dispatch.run('writes', indexes, (index, result) => results.set(index, result), asked);
  return {dispatch, run, jobs, results, opened, actions, pool, most: () => most, batches: () => batches};
}

describe('apply/dispatch', () => {
  it('gives each action to one worker, neighbours together, and hears of each', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(0, 1, MIB, 31 * MIB, 40 * MIB), {maxLength: 400, size: 'max'}),
        fc.integer({min: 1, max: 4}),
        async (sizes, workers) => {
          const {run, jobs, results, actions, batches, most} = dispatchTo({sizes, workers});
          await run();
          expect(jobs.flatMap(({indexes}) => indexes)).to.deep.equal([...sizes.keys()]);
          expect([...results.keys()].sort((a, b) => a - b)).to.deep.equal([...sizes.keys()]);
          for (const job of jobs) {
            expect(job.actions).to.deep.equal(job.indexes.map((index) => actions[index]));
            expect(job.indexes.length).to.be.within(1, 128);
            const allButLast = job.indexes.slice(0, -1).reduce((sum, index) => sum + (sizes[index] as number), 0);
            expect(allButLast, 'one that is full takes no more').to.be.lessThan(32 * MIB);
          }
          expect(batches()).to.equal(jobs.length);
          expect(most(), 'as many wait at a worker').to.be.at.most(2);
        },
      ),
      {numRuns: 50},
    ));

  it('sends only the wanted actions, each with what belongs to it', async () => {
    const {run, jobs} = dispatchTo({sizes: [1, 2, 3]});
    const asked = {
      leader: (index: number) => ({is: 'staged', index}),
      asideOf: (index: number) => (index === 2 ? ('x' as RelPath) : undefined),
    };
    await run([0, 2], asked);
    expect(jobs).to.have.length(1);
    expect(jobs[0]).to.deep.include({
      step: 'writes',
      indexes: [0, 2],
      leaders: [
        {is: 'staged', index: 0},
        {is: 'staged', index: 2},
      ],
      asides: [undefined, 'x'],
    });
    await run([]);
    expect(jobs, 'nobody is asked nothing').to.have.length(1);
  });

  it('reads short answers as results', async () => {
    const answers: WireResult[] = [
      'done',
      {status: 'skipped', drift: {path: 'f1' as RelPath, side: 'target', attribute: 'size'}},
    ];
    const {run, results} = dispatchTo({sizes: [1, 1], answer: () => answers});
    await run();
    expect(results.get(0)).to.deep.equal({status: 'done'});
    expect(results.get(1)).to.equal(answers[1]);
  });

  describe('a worker gets', () => {
    const many = Array.from({length: 6}, () => 40 * MIB);

    it('the context once, and again when it changes', async () => {
      const {dispatch, run, jobs} = dispatchTo({sizes: many});
      await run();
      const told = () => jobs.splice(0).map(({worker, context}) => [worker, context?.runId]);
      const first = told();
      expect(first.filter(([, run]) => run !== undefined)).to.have.deep.members([
        [0, 'first'],
        [1, 'first'],
      ]);
      await run();
      expect(told().filter(([, run]) => run !== undefined)).to.deep.equal([]);
      dispatch.context = contextOf('second');
      await run();
      expect(told().filter(([, run]) => run !== undefined)).to.have.deep.members([
        [0, 'second'],
        [1, 'second'],
      ]);
    });

    it('each opened folder once, and all of them with a new context', async () => {
      const folder = (path: string): Opened => ({path: path as RelPath, mode: 0o500});
      const answer = ({indexes}: BatchTask) => indexes.map((index) => ({status: 'done', opened: [folder(`d${index}`)]}));
      const {dispatch, run, jobs, opened} = dispatchTo({sizes: [1, 1], answer, workers: 1});
      await run([0]);
      await run([1]);
      await dispatch.sync();
      const told = () => jobs.splice(0).map((job) => (job.opened ?? []).map(({path}) => path));
      expect(told()).to.deep.equal([[], ['d0'], ['d1']]);
      expect(opened).to.deep.equal([folder('d0'), folder('d1')]);
      dispatch.context = contextOf('second');
      await dispatch.sync();
      expect(told()).to.deep.equal([['d0', 'd1']]);
    });
  });

  describe('begins no more batches', () => {
    const many = Array.from({length: 20}, () => 40 * MIB);

    it('when the run is stopped', async () => {
      let asked = 0;
      const {run, jobs, results} = dispatchTo({sizes: many, isStopped: () => asked++ >= 4});
      await run();
      expect([jobs.length, results.size]).to.deep.equal([4, 4]);
    });

    it('when the workers were asked to stop', async () => {
      const made = dispatchTo({
        sizes: many,
        answer: ({indexes}) => {
          made.pool.stop();
          return indexes.map(() => 'stopped');
        },
      });
      await made.run();
      expect(made.jobs.length).to.be.lessThan(many.length);
    });

    it('when one has failed itself, and ends with that failure when all have ended', async () => {
      const failure = new Error('a worker died');
      const answer = ({indexes}: BatchTask) => (indexes[0] === 0 ? Promise.reject(failure) : indexes.map(() => 'done'));
      const {run, jobs} = dispatchTo({sizes: many, answer});
      expect(await run().catch((error: unknown) => error)).to.equal(failure);
      expect(jobs.length).to.be.lessThan(many.length);
    });
  });

  it('has every worker flush, and answers the first refusal', async () => {
    const fine = dispatchTo({sizes: [], workers: 3, answer: () => undefined});
    expect(await fine.dispatch.sync()).to.equal(undefined);
    expect(fine.jobs.map(({worker, step}) => [worker, step])).to.deep.equal([
      [0, 'sync'],
      [1, 'sync'],
      [2, 'sync'],
    ]);
    const refused = dispatchTo({sizes: [], workers: 3, answer: (_, worker) => (worker === 0 ? undefined : {code: `E${worker}`})});
    expect(await refused.dispatch.sync()).to.deep.equal({code: 'E1'});
  });

  it('combines what the workers have learnt about times', async () => {
    const of = (...known: unknown[]) => dispatchTo({sizes: [], workers: known.length, answer: (_, worker) => known[worker]});
    expect(await of(undefined, undefined).dispatch.timeFacts()).to.equal(undefined);
    const facts = [{resolution: 100n, range: {}}, undefined, {resolution: 1000n, range: {min: 0n}}];
    expect(await of(...facts).dispatch.timeFacts()).to.deep.equal({resolution: 1000n, range: {min: 0n}});
  });
});
