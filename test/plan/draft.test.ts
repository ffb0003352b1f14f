import {expect} from 'chai';
import type {Entry} from '../../src/core/entry.js';
import {type DiffOptions, diff} from '../../src/plan/diff.js';
import {type Cases, diffTrees, itDiffers, POLICY} from '../support/diff.js';
import {blocksOf, streamOf} from '../support/streams.js';
import {DEFAULT_MTIME, file, symlink, type Tree} from '../support/tree.js';

const CASES: Cases = {
  upkeep: {
    'of every touched folder, and of no other': {
      source: {a: {b: {c: 'x'}, d: {e: 'x'}}, f: {}},
      target: {a: {b: {c: 'xx'}, d: {e: 'x'}}, f: {}},
      actions: ['attrs . (children)', 'attrs a/b (children)', 'update a/b/c (size)'],
    },
    'once for several actions, after an untouched sibling': {
      source: {a: {b: '', c: 'new', e: 'new'}},
      target: {a: {b: '', d: 'old'}},
      actions: ['attrs . (children)', 'attrs a (children)', 'create a/c (new)', 'delete a/d (gone)', 'create a/e (new)'],
    },
    'of a folder found touched after what is below it': {
      source: {a: {b: {c: 'x'}, d: 'new'}},
      target: {a: {b: {c: file('x', {mode: 0o600})}}},
      actions: ['attrs . (children)', 'attrs a (children)', 'attrs a/b/c (mode)', 'create a/d (new)'],
    },
    'of the root when metadata alone changes below': {
      source: {a: {b: file('', {mode: 0o600})}},
      target: {a: {b: ''}},
      actions: ['attrs . (children)', 'attrs a/b (mode)'],
    },
  },
};

describe('plan/draft', () => {
  itDiffers(CASES);

  it('an action has the entries before and after', async () => {
    const {actions} = await diffTrees({source: {a: file('xx', {mode: 0o600}), b: symlink('t')}, target: {a: 'x', c: ''}});
    const common = {uid: 1000, gid: 1000, mtime: DEFAULT_MTIME};
    const plain: Entry = {kind: 'file', mode: 0o644, size: 1, ...common};
    expect(actions.slice(1)).to.deep.equal([
      {kind: 'update', path: 'a', reasons: ['size', 'mode'], before: plain, after: {...plain, mode: 0o600, size: 2}},
      {kind: 'create', path: 'b', reasons: ['new'], after: {kind: 'symlink', mode: 0o777, size: 0, link: 't', ...common}},
      {kind: 'delete', path: 'c', reasons: ['gone'], before: {...plain, size: 0}},
    ]);
  });

  it('reports the number of actions while it reads, also in a deleted subtree, and ends if there is no memory for more', async () => {
    const folder = (count: number): Tree => Object.fromEntries(Array.from({length: count}, (_, i) => [`f${i}`, 'x']));
    const trees = {source: {new: folder(10)}, target: {gone: folder(20)}};
    const counts: number[] = [];
    const options = (onActions: (count: number) => void): DiffOptions => ({
      ...{source: streamOf(blocksOf(trees.source, 5)), target: streamOf(blocksOf(trees.target, 5))},
      ...{policy: POLICY, wanted: [], uid: 0, sameContent: async () => [], onActions},
    });
    await diff(options((count) => counts.push(count)));
    expect(counts).to.deep.equal([0, 0, 4, 9, 14, 19, 26, 31]);
    const full = new Error('full');
    const onActions = (count: number) => {
      if (count > 8) throw full;
    };
    expect(await diff(options(onActions)).catch((error: unknown) => error)).to.equal(full);
  });
});
