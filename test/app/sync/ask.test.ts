import {expect} from 'chai';
import fc from 'fast-check';
import {askWorkers, type LookOptions} from '../../../src/app/sync/ask.js';
import type {QuestionTask} from '../../../src/apply/question.js';
import type {RelPath} from '../../../src/core/path.js';
import type {WorkerPool} from '../../../src/platform/pool.js';
import {header} from '../../support/plan.js';

interface Asked extends QuestionTask {
  readonly worker: number;
}

/** Workers that answer each path with itself and where the target has it; those asked first answer last. */
function poolOf(size: number): {pool: WorkerPool; asked: Asked[]} {
  const asked: Asked[] = [];
  const call = async (worker: number, job: QuestionTask) => {
    asked.push({...job, worker});
    for (let turn = size - worker; turn > 0; turn--) await Promise.resolve();
    return job.paths.map((path, i) => `${path} ${job.inTarget[i]}`);
  };
  return {pool: {size, call} as unknown as WorkerPool, asked};
}

const views = {source: {}, target: {}};
const paths = (count: number, prefix = 'p') => Array.from({length: count}, (_, i) => `${prefix}${i}` as RelPath);

describe('app/sync/ask', () => {
  it('answers each path once, in their order, however many workers share them', () =>
    fc.assert(
      fc.asyncProperty(fc.integer({min: 1, max: 9}), fc.nat(8), fc.nat(40), async (size, from, count) => {
        fc.pre(from < size);
        const {pool, asked} = poolOf(size);
        const inTarget = paths(count, 't');
        const answers = await askWorkers('content', paths(count), {pool, roots: header, views, inTarget, from});
        expect(answers).to.deep.equal(inTarget.map((at, i) => `p${i} ${at}`));
        const workers = asked.map(({worker}) => worker);
        expect(new Set(workers).size, 'one job each').to.equal(workers.length);
        expect(workers.every((worker) => worker >= from && worker < size)).to.equal(true);
        expect(
          asked.every((job) => job.paths.length > 0),
          'nobody is asked nothing',
        ).to.equal(true);
      }),
    ));

  it('asks for the same paths in the target, unless it has them elsewhere', async () => {
    const {pool} = poolOf(2);
    expect(await askWorkers('refused', paths(3), {pool, roots: header, views})).to.deep.equal(['p0 p0', 'p1 p1', 'p2 p2']);
  });

  const rootsOf = async (roots: LookOptions['roots']) => {
    const {pool, asked} = poolOf(1);
    await askWorkers('allocated', paths(1), {pool, roots, views});
    return asked.map(({source, target}) => [source, target]);
  };

  it('tells the workers only of roots that are there', async () => {
    const {source, target} = header;
    expect(await rootsOf({source, target})).to.deep.equal([['/source', '/target']]);
    expect(await rootsOf({source, target, sourceMissing: true})).to.deep.equal([[undefined, '/target']]);
    expect(await rootsOf({source, target: {path: '/target'}})).to.deep.equal([['/source', undefined]]);
  });
});
