import path from 'node:path';
import {expect} from 'chai';
import fc from 'fast-check';
import type {Planned} from '../../../src/app/sync/plan.js';
import {planTrees} from '../../../src/app/sync/plan.js';
import {planManifests} from '../../../src/app/sync/plan-manifests.js';
import {snapshotSettings, takeSnapshot} from '../../../src/app/sync/snapshot.js';
import type {Settings} from '../../../src/config/settings.js';
import type {DirsyncError} from '../../../src/core/errors.js';
import type {ManifestFacts, ManifestHeader, TreeFileSystem} from '../../../src/core/manifest.js';
import {ROOT} from '../../../src/core/path.js';
import {writeManifestFile} from '../../../src/formats/saved-manifest.js';
import {WorkerPool} from '../../../src/platform/pool.js';
import {pairIn} from '../../support/cli.js';
import {FACTS, HEADER} from '../../support/manifest.js';
import {blocksOf, streamOf} from '../../support/streams.js';
import {context, settings} from '../../support/sync.js';
import {tempDirs} from '../../support/temp.js';
import {file, pairOfTrees} from '../../support/tree.js';

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

  /** A manifest with other facts than a snapshot of a small folder has. */
  const changed = async (at: string, header: Partial<ManifestHeader>, facts: Partial<ManifestFacts> = {}) => {
    const plain = {...HEADER, options: {...HEADER.options, linksAs: undefined, filters: []}, fileSystem: PLAIN};
    await writeManifestFile(at, {
      header: {...plain, ...header},
      blocks: streamOf(blocksOf({a: file('x', {uid: 7, gid: 8}), 'b.log': 'y'})),
      facts: async () => ({...FACTS, rules: [], tagged: [], isCut: false, ...facts}),
    });
    return at;
  };
  const PLAIN: TreeFileSystem = {madeUp: [], resolution: 1n, range: {}, supports: HEADER.options.read};
  const plan = async (source: string, target: string, overrides: Partial<Settings> = {}) => {
    const made = await planManifests(settings('/s', '/t', overrides), {source, target}, context()).catch((error) => error);
    return made as Planned & DirsyncError;
  };

  it('refuses a target that folds names, and a source whose rules are not all known', async () => {
    const root = temp();
    const good = await changed(path.join(root, 'good'), {});
    const folding = await changed(path.join(root, 'folding'), {fileSystem: HEADER.fileSystem});
    const cut = await changed(path.join(root, 'cut'), {}, {isCut: true});
    for (const [source, target, says] of [
      [good, folding, 'treats names that differ in case as one'],
      [cut, good, 'has more .dirsyncignore files or tags'],
    ] as const) {
      const {code, detail} = await plan(source, target);
      expect(code).to.equal('USAGE');
      expect(detail).to.include(says);
    }
    expect((await plan(good, good)).summary).to.include({changes: 0, upkeep: 0});
  });

  it('has the rules of the source for both trees, and the names of its owners', async () => {
    const root = temp();
    const facts = {rules: [[ROOT, '*.log\n']] as const, owners: {users: {ada: 7, bob: 9}, groups: {staff: 8}}};
    const source = await changed(path.join(root, 's'), {}, facts);
    const target = path.join(root, 't');
    const {totals} = FACTS;
    await writeManifestFile(target, {
      header: {...HEADER, options: {...HEADER.options, linksAs: undefined}, fileSystem: PLAIN},
      blocks: streamOf(blocksOf({'c.log': 'kept', d: 'gone'})),
      facts: async () => ({...FACTS, totals, rules: [], tagged: []}),
    });
    const {plan: made} = await plan(source, target, {ownerBy: 'name', moves: false});
    expect(made.actions.filter(({path: at}) => at !== ROOT).map(({kind, path: at}) => `${kind} ${at}`)).to.deep.equal([
      'create a',
      'delete d',
    ]);
    expect(made.header.totals.source).to.include({entries: 1, leaves: 1});
    expect(made.header.totals.target).to.include({entries: 1, leaves: 1});
    const mayChown = process.geteuid?.() === 0;
    expect(made.header.owners).to.deep.equal(mayChown ? {users: {ada: 7}, groups: {staff: 8}} : undefined);
    expect(made.problems.map(({side, path: at}) => `${side} ${at}`)).to.deep.equal(['source d', 'target d']);
  });
});
