import path from 'node:path';
import {expect} from 'chai';
import fc from 'fast-check';
import {planTrees} from '../../../src/app/sync/plan.js';
import {planManifests} from '../../../src/app/sync/plan-manifests.js';
import {snapshotSettings, takeSnapshot} from '../../../src/app/sync/snapshot.js';
import {WorkerPool} from '../../../src/platform/pool.js';
import {pairIn} from '../../support/cli.js';
import {context, settings} from '../../support/sync.js';
import {tempDirs} from '../../support/temp.js';
import {pairOfTrees} from '../../support/tree.js';

describe('app/sync/plan-manifests', () => {
  const temp = tempDirs();
  before(() => WorkerPool.keepSpares());
  after(() => WorkerPool.dropSpares());

  it('law: any two trees have the same plan, whether folders or manifests are given', async () => {
    await fc.assert(
      fc.asyncProperty(pairOfTrees, fc.boolean(), async ([from, to], isContent) => {
        const {root, source, target} = pairIn(temp(), from, to);
        const files = {source: path.join(root, 's.m'), target: path.join(root, 't.m')};
        const read = snapshotSettings({filters: []}, isContent);
        await takeSnapshot(source, files.source, read, context());
        await takeSnapshot(target, files.target, read, context());
        const wanted = settings(source, target, {
          compare: isContent ? 'content' : 'metadata',
          moves: false,
          filters: [{flag: 'exclude', value: 'a-b'}],
        });
        const live = await planTrees(wanted, context());
        for (const given of [files, {...files, target: undefined}, {...files, source: undefined}]) {
          const {plan} = await planManifests(wanted, given, context());
          expect(plan.actions).to.deep.equal(live.plan.actions);
          for (const side of ['source', 'target'] as const) {
            const {digest: _, ...totals} = plan.header.totals[side];
            expect(live.plan.header.totals[side]).to.deep.include(totals);
          }
        }
      }),
      {numRuns: 10, endOnFailure: true},
    );
  });
});
