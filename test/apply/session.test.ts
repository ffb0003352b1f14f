import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {applyFresh, applySaved} from '../../src/app/sync/apply.js';
import {GUARD_NAMES} from '../../src/core/plan.js';
import {pairIn} from '../support/cli.js';
import {mounts, needMounts} from '../support/filesystems.js';
import {context, planTrees, settings} from '../support/sync.js';
import {tempDirs} from '../support/temp.js';
import {readTree, type Tree, writeTree} from '../support/tree.js';

const SOURCE: Tree = {new: 'new', changed: 'as it is now', folder: {inside: 'x'}};
const TARGET: Tree = {changed: 'as it was', gone: 'not in the source'};
/** What comes to the place of a root: a folder that nobody has planned for. */
const OTHER: Tree = {changed: 'of somebody else', gone: 'not in the source', new: 'of somebody else'};

describe('apply, when another folder comes to the path of a root after the lock was taken', () => {
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
