import {expect} from 'chai';
import type {RelPath} from '../../src/core/path.js';
import {type Cases, diffTrees, itDiffers, later} from '../support/diff.js';
import {describeActions} from '../support/streams.js';
import {file} from '../support/tree.js';

const CASES: Cases = {
  'compared by content': {
    'the same content': {source: {a: 'x', b: 'y'}, target: {a: 'x', b: 'y'}, policy: {compare: 'content'}},
    'other content under the same metadata': {
      source: {a: 'x', b: 'y', c: {d: 'z'}},
      target: {a: 'x', b: 'y', c: {d: 'z'}},
      policy: {compare: 'content'},
      different: ['b', 'c/d'],
      actions: ['attrs . (children)', 'update b (content)', 'attrs c (children)', 'update c/d (content)'],
    },
    'another mtime, the same content': {
      source: {a: file('x', later)},
      target: {a: 'x'},
      policy: {compare: 'content'},
      actions: ['attrs . (children)', 'attrs a (mtime)'],
    },
    'another mtime and content': {
      source: {a: file('x', later)},
      target: {a: 'x'},
      policy: {compare: 'content'},
      different: ['a'],
      actions: ['attrs . (children)', 'update a (content mtime)'],
    },
    'another size is not read': {
      source: {a: 'xx'},
      target: {a: 'x'},
      policy: {compare: 'content'},
      unreadable: 'a',
      actions: ['attrs . (children)', 'update a (size)'],
    },
    'a file that cannot be read stays, and is a problem': {
      source: {a: file('x', later), b: 'x'},
      target: {a: 'x', b: 'x'},
      policy: {compare: 'content'},
      unreadable: 'a',
      different: ['b'],
      actions: ['attrs . (children)', 'update b (content)'],
      problems: ['source a EACCES'],
    },
    'in canonical order although asked for late': {
      source: {a: {b: 'x'}, c: 'new', d: 'x'},
      target: {a: {b: 'x'}, d: 'x'},
      policy: {compare: 'content'},
      different: ['a/b', 'd'],
      actions: ['attrs . (children)', 'attrs a (children)', 'update a/b (content)', 'create c (new)', 'update d (content)'],
    },
  },
};

describe('plan/contents', () => {
  itDiffers(CASES);

  it('content is asked for in batches, in order', async () => {
    const tree = Object.fromEntries(Array.from({length: 1100}, (_, i) => [String(i).padStart(4, '0'), 'x']));
    const calls: RelPath[][] = [];
    const found = await diffTrees(
      {source: tree, target: tree, policy: {compare: 'content'}, different: ['0003', '1099']},
      undefined,
      calls,
    );
    expect(calls.map((paths) => paths.length)).to.deep.equal([512, 512, 76]);
    expect(describeActions(found.actions)).to.deep.equal([
      'attrs . (children)',
      'update 0003 (content)',
      'update 1099 (content)',
    ]);
  });
});
