import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {applyFresh, applySaved} from '../../src/app/sync/apply.js';
import {SourceError} from '../../src/apply/check.js';
import {type ApplyContext, Session} from '../../src/apply/session.js';
import type {RelPath} from '../../src/core/path.js';
import {GUARD_NAMES} from '../../src/core/plan.js';
import {platform} from '../../src/platform/choose.js';
import {UNPACED} from '../../src/platform/platform.js';
import {RootReplaced} from '../../src/platform/roots.js';
import {applyContext} from '../support/apply-context.js';
import {pairIn} from '../support/cli.js';
import {mounts, needMounts} from '../support/filesystems.js';
import {skip} from '../support/skip.js';
import {context, planTrees, settings} from '../support/sync.js';
import {tempDirs} from '../support/temp.js';
import {readTree, type Tree, writeTree} from '../support/tree.js';

const SOURCE: Tree = {new: 'new', changed: 'as it is now', folder: {inside: 'x'}};
const TARGET: Tree = {changed: 'as it was', gone: 'not in the source'};
/** What comes to the place of a root: a folder that nobody has planned for. */
const OTHER: Tree = {changed: 'of somebody else', gone: 'not in the source', new: 'of somebody else'};

describe('apply, when a root is replaced by another folder after the lock was taken', () => {
  const mount = mounts();
  const temp = tempDirs();

  type Side = 'source' | 'target';
  const ways: Record<string, (root: string) => string> = {
    'is moved away'(root) {
      fs.renameSync(root, `${root}-away`);
      writeTree(root, OTHER);
      return root;
    },
    'is covered by a mount'(root) {
      mount.memory(root);
      writeTree(root, OTHER);
      return root;
    },
    'is covered by a bind mount of another folder'(root) {
      const other = `${root}-other`;
      writeTree(other, OTHER);
      mount.bind(other, root);
      return other;
    },
  };

  for (const side of ['source', 'target'] as const) {
    for (const [title, replace] of Object.entries(ways)) {
      for (const approach of ['fresh', 'saved'] as const) {
        it(`the ${side} ${title}: nothing is copied, changed or deleted (${approach})`, async function () {
          if (title.includes('mount')) needMounts(this);
          const pair: Record<Side, string> & {root: string} = pairIn(temp(), SOURCE, TARGET);
          const wanted = settings(pair.source, pair.target);
          let other = '';
          let before = {};
          const onEvent = ({type}: {type: string}) => {
            if (type !== 'apply-started') return;
            other = replace(pair[side]);
            before = readTree(other);
          };
          const {plan} = await planTrees(wanted);
          const report =
            approach === 'fresh'
              ? await applyFresh(wanted, {...context(), onEvent})
              : await applySaved(
                  {...wanted, plan, allow: GUARD_NAMES, source: undefined, target: undefined},
                  {...context(), onEvent},
                );
          expect(readTree(other), 'the folder that came').to.deep.equal(before);
          const codes = new Set(report.problems.map(({code}) => code));
          expect(codes.delete('ROOT_REPLACED')).to.equal(true);
          expect([...codes].filter((code) => code !== 'DEPENDS')).to.deep.equal([]);
          expect(report.counts).to.include({done: 0, 'already-done': 0});
          if (side === 'source') {
            const {'.': root, ...kept} = readTree(pair.target);
            expect(Object.keys(kept)).to.deep.equal(['changed', 'gone']);
            expect(root).to.be.a('string');
            expect(fs.readFileSync(path.join(pair.target, 'changed'), 'utf8')).to.equal('as it was');
          }
        });
      }
    }
  }
});

describe('apply/session', () => {
  const temp = tempDirs();
  const sessions: Session[] = [];
  afterEach(() => {
    for (const session of sessions.splice(0)) session.close();
  });

  function begin(
    pair: {source: string; target: string},
    fields: Partial<ApplyContext> = {},
    onAsked: (path: string) => void = () => {},
  ) {
    const leftOut = () => {
      onAsked('anew');
      return (path: RelPath) => {
        onAsked(path);
        return path === 'out';
      };
    };
    const session = new Session(applyContext(pair, fields), {worker: 3, leftOut, pace: UNPACED}, () => true);
    sessions.push(session);
    return session;
  }
  const openNow = () => fs.readdirSync('/proc/self/fd').length;

  it('opens the trees once, and staging with the first step that needs it', () => {
    const {source, target} = pairIn(temp(), {a: ''}, {});
    const session = begin({source, target});
    const {world} = session;
    expect(session.world).to.equal(world);
    expect(fs.readdirSync(target), 'nothing is made to look').to.deep.equal([]);
    expect(session.staging).to.equal(session.staging);
    expect(fs.readdirSync(path.join(target, '.dirsync/tmp', session.context.runId))).to.include('worker-3');
  });

  it('holds no folder open once it is closed', function () {
    if (process.platform !== 'linux') skip(this, 'what is open is known on Linux');
    const pair = pairIn(temp(), {a: {b: ''}}, {a: {b: ''}});
    const before = openNow();
    const session = begin(pair);
    for (const way of ['source', 'target', 'leaders'] as const) session.world[way]?.find('a/b' as RelPath);
    session.world.names?.source?.has('a/b' as RelPath);
    expect(session.staging.volume).to.be.a('string');
    expect(openNow()).to.be.greaterThan(before);
    session.close();
    expect(openNow()).to.equal(before);
  });

  it('refuses a root that was replaced, and keeps nothing open', function () {
    if (process.platform !== 'linux') skip(this, 'what is open is known on Linux');
    for (const side of ['source', 'target'] as const) {
      const pair = pairIn(temp(), {}, {});
      const session = begin(pair);
      fs.renameSync(pair[side], path.join(pair.root, 'away'));
      fs.mkdirSync(pair[side]);
      const before = openNow();
      expect(() => session.world)
        .to.throw(RootReplaced)
        .with.property('side', side);
      expect(openNow()).to.equal(before);
    }
  });

  it('distinguishes a source that cannot be opened from a target', () => {
    const pair = pairIn(temp(), {}, {});
    const session = begin(pair);
    fs.rmdirSync(pair.source);
    expect(() => session.world)
      .to.throw(SourceError)
      .with.property('code', 'ENOENT');
  });

  it('a source that is missing has no way, and leaves nothing out', () => {
    const {world} = begin(pairIn(temp(), {}, {}), {source: undefined});
    expect([world.source, world.names?.source, world.isLeftOut('out' as RelPath, false)]).to.deep.equal([
      undefined,
      undefined,
      false,
    ]);
  });

  it('reads the filters of the source once per step', () => {
    const asked: string[] = [];
    const session = begin(pairIn(temp(), {}, {}), {}, (path) => asked.push(path));
    session.begin('writes');
    const answers = ['a', 'out'].map((path) => session.world.isLeftOut(path as RelPath, false));
    session.begin('writes');
    session.world.isLeftOut('b' as RelPath, false);
    session.begin('deletes');
    session.world.isLeftOut('c' as RelPath, false);
    expect(answers).to.deep.equal([false, true]);
    expect(asked).to.deep.equal(['anew', 'a', 'out', 'b', 'anew', 'c']);
  });

  it('learns of folders that were opened up, whatever the step', () => {
    const session = begin(pairIn(temp(), {}, {}));
    session.begin('writes', [{path: 'a' as RelPath, mode: 0o500}]);
    session.begin('writes', [{path: 'b' as RelPath, mode: 0o555}]);
    expect([...session.world.opened]).to.deep.equal([
      ['a', 0o500],
      ['b', 0o555],
    ]);
  });

  it('compares times no more exactly than this machine keeps them', () => {
    const pair = pairIn(temp(), {}, {});
    const {policy} = begin(pair).world;
    expect(policy.mtimeWindow).to.equal(platform().timeResolution > 1n ? platform().timeResolution : 0n);
    const coarse = {...applyContext(pair).policy, mtimeWindow: 5_000_000_000n};
    expect(begin(pair, {policy: coarse}).world.policy.mtimeWindow).to.equal(5_000_000_000n);
  });
});
