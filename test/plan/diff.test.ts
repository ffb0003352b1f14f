import {expect} from 'chai';
import fc from 'fast-check';
import type {Action} from '../../src/core/action.js';
import {type Block, entryAt, nameAt} from '../../src/core/block.js';
import type {Entry} from '../../src/core/entry.js';
import {comparePaths, joinPath, type RelPath, ROOT} from '../../src/core/path.js';
import type {PlanOptions} from '../../src/core/plan.js';
import {diff} from '../../src/plan/diff.js';
import {NO_LOSSES} from '../../src/plan/losses.js';
import {type Cases, diffTrees, itDiffers, later, POLICY} from '../support/diff.js';
import {blocksOf, excluded, mount, partial, ruled, streamOf, unknown, was} from '../support/streams.js';
import {arbitraryTree, DEFAULT_MTIME, dir, fifo, file, hardlink, pairOfTrees, symlink, type Tree} from '../support/tree.js';

const CASES: Cases = {
  'nothing to do': {
    'two empty trees': {source: {}, target: {}},
    'the same trees': {
      source: {a: 'x', b: {c: symlink('a'), d: {}}, e: hardlink('a')},
      target: {a: 'x', b: {c: symlink('a'), d: {}}, e: hardlink('a')},
    },
    'a symlink of another mode': {source: {a: symlink('x', {mode: 0o777})}, target: {a: symlink('x', {mode: 0o755})}},
  },
  'what the target has under another name': {
    'a file, otherwise the same': {
      source: {A: 'x'},
      target: {A: was('a', 'x')},
      actions: ['attrs . (children)', 'move A <- a (name)'],
    },
    'a file of other metadata': {
      source: {A: file('x', {mode: 0o600, ...later})},
      target: {A: was('a', file('x', later))},
      actions: ['attrs . (children)', 'move A <- a (name mode)'],
    },
    'a file of other content': {
      source: {A: 'xx'},
      target: {A: was('a', 'x')},
      actions: ['attrs . (children)', 'update A <- a (name size)'],
    },
    'a symlink, the same and another': {
      source: {A: symlink('x'), B: symlink('y')},
      target: {A: was('a', symlink('x')), B: was('b', symlink('z'))},
      actions: ['attrs . (children)', 'move A <- a (name)', 'update B <- b (name link)'],
    },
    'a folder, and what is in it': {
      source: {A: {B: {c: 'x', D: 'y'}, e: 'x'}},
      target: {A: was('a', {B: was('b', {D: was('d', 'y'), c: 'x', f: 'z'}), e: 'x'})},
      actions: [
        'attrs . (children)',
        'move A <- a (name)',
        'move A/B <- a/b (name)',
        'move A/B/D <- a/b/d (name)',
        'delete A/B/f (gone)',
      ],
    },
    'a folder with rules': {
      source: {A: ruled('r', {b: 'x'})},
      target: {A: was('a', {b: 'x'})},
      problems: ['source A FILTER_CHANGED'],
    },
    'another kind, both ways': {
      source: {A: 'x', B: {c: 'x'}, D: symlink('x')},
      target: {A: was('a', {e: 'x'}), B: was('b', 'x'), D: was('d', 'x')},
      actions: [
        'attrs . (children)',
        'replace A <- a (name kind)',
        'delete A/e (gone)',
        'replace B <- b (name kind)',
        'create B/c (new)',
        'replace D <- d (name kind)',
      ],
    },
    'a name of a file of several names': {
      source: {A: 'x', B: hardlink('A')},
      target: {A: 'x', B: was('b', 'x')},
      actions: ['attrs . (children)', 'link B <- b -> A (name hardlink)'],
    },
    'files compared by content': {
      policy: {compare: 'content'},
      source: {A: {same: 'x', other: 'x', Third: 'x'}},
      target: {A: was('a', {same: 'x', other: 'x', Third: was('third', 'x')})},
      different: ['A/other'],
      actions: ['attrs . (children)', 'move A <- a (name)', 'move A/Third <- a/third (name)', 'update A/other (content)'],
      inTarget: ['a/third', 'a/other', 'a/same'],
    },
    'but not what may not be touched': {
      source: {A: excluded(), B: unknown(), C: 'x'},
      target: {A: was('a', 'x'), B: was('b', 'x'), C: excluded()},
      actions: ['blocked B (source-unread)'],
      problems: ['target C PROTECTED'],
    },
  },
  'files that differ': {
    size: {source: {a: 'xx'}, target: {a: 'x'}, actions: ['attrs . (children)', 'update a (size)']},
    mtime: {source: {a: file('x', later)}, target: {a: 'x'}, actions: ['attrs . (children)', 'update a (mtime)']},
    'an older mtime': {source: {a: 'x'}, target: {a: file('x', later)}, actions: ['attrs . (children)', 'update a (mtime)']},
    'size, mtime and mode': {
      source: {a: file('xx', {...later, mode: 0o600})},
      target: {a: 'x'},
      actions: ['attrs . (children)', 'update a (size mtime mode)'],
    },
    'mtime within the window': {source: {a: file('x', later)}, target: {a: 'x'}, policy: {mtimeWindow: 1n}},
    'mtime outside of the window': {
      source: {a: file('x', later)},
      target: {a: file('x', {mtime: DEFAULT_MTIME - 1n})},
      policy: {mtimeWindow: 1n},
      actions: ['attrs . (children)', 'update a (mtime)'],
    },
    'a symlink by where it points': {
      source: {a: symlink('x')},
      target: {a: symlink('y')},
      actions: ['attrs . (children)', 'update a (link)'],
    },
    'a symlink by its mtime alone': {
      source: {a: symlink('x', later)},
      target: {a: symlink('x')},
      actions: ['attrs . (children)', 'attrs a (mtime)'],
    },
  },
  'compared by size': {
    'mtime alone is set': {
      source: {a: file('x', later)},
      target: {a: 'y'},
      policy: {compare: 'size'},
      actions: ['attrs . (children)', 'attrs a (mtime)'],
    },
    size: {source: {a: 'xx'}, target: {a: 'x'}, policy: {compare: 'size'}, actions: ['attrs . (children)', 'update a (size)']},
  },
  'what the target does not tell': {
    'unreadable: nothing is planned there': {source: {a: 'x', b: {c: ''}}, target: {a: unknown(), b: unknown()}},
    'an unreadable folder: only its metadata': {
      source: {a: dir({c: ''}, {mode: 0o700})},
      target: {a: partial()},
      actions: ['attrs . (children)', 'attrs a (mode)'],
    },
    'left out only there': {
      source: {a: 'x', b: {c: ''}},
      target: {a: excluded(), b: excluded()},
      problems: ['target a PROTECTED', 'target b PROTECTED'],
    },
    'left out in both': {source: {a: excluded()}, target: {a: excluded()}},
  },
  'rules that the two walks read differently': {
    'nothing is planned in that folder': {
      source: {a: ruled('one', {b: 'x'}), c: 'new'},
      target: {a: ruled('two', {d: ''})},
      actions: ['attrs . (children)', 'create c (new)'],
      problems: ['source a FILTER_CHANGED'],
    },
    'at the root, nothing at all': {
      source: ruled('one', {a: ''}),
      target: ruled('', {b: ''}),
      problems: ['source . FILTER_CHANGED'],
    },
    'no second problem where one side was not read': {source: {a: ruled('one', {b: 'x'})}, target: {a: partial({c: ''})}},
    'the same rules': {
      source: {a: ruled('one', {b: ''})},
      target: {a: ruled('one', {})},
      actions: ['attrs . (children)', 'attrs a (children)', 'create a/b (new)'],
    },
  },
  'another kind': {
    'file to symlink': {source: {a: symlink('x')}, target: {a: ''}, actions: ['attrs . (children)', 'replace a (kind)']},
    'symlink to file': {source: {a: ''}, target: {a: symlink('x')}, actions: ['attrs . (children)', 'replace a (kind)']},
    'FIFO to file': {source: {a: ''}, target: {a: fifo()}, actions: ['attrs . (children)', 'replace a (kind)']},
    'FIFO to folder': {source: {a: {}}, target: {a: fifo()}, actions: ['attrs . (children)', 'replace a (kind)']},
    'file to folder': {
      source: {a: {b: {c: ''}}, d: ''},
      target: {a: '', d: ''},
      actions: ['attrs . (children)', 'replace a (kind)', 'mkdir a/b (new)', 'create a/b/c (new)'],
    },
    'symlink to folder': {
      source: {a: {b: ''}},
      target: {a: symlink('x')},
      actions: ['attrs . (children)', 'replace a (kind)', 'create a/b (new)'],
    },
    'folder to file': {
      source: {a: '', d: ''},
      target: {a: {b: {c: ''}}, d: ''},
      actions: ['attrs . (children)', 'replace a (kind)', 'rmdir a/b (gone)', 'delete a/b/c (gone)'],
    },
    'folder to symlink': {
      source: {a: symlink('x')},
      target: {a: {b: ''}},
      actions: ['attrs . (children)', 'replace a (kind)', 'delete a/b (gone)'],
    },
    'with delete: false a filled folder stays': {
      source: {a: '', b: 'new'},
      target: {a: {c: ''}},
      policy: {delete: false},
      actions: ['attrs . (children)', 'create b (new)'],
      problems: ['target a NO_DELETE'],
    },
    'with delete: false an empty folder goes': {
      source: {a: ''},
      target: {a: {}},
      policy: {delete: false},
      actions: ['attrs . (children)', 'replace a (kind)'],
    },
    'with delete: false a file goes': {
      source: {a: {b: ''}},
      target: {a: ''},
      policy: {delete: false},
      actions: ['attrs . (children)', 'replace a (kind)', 'create a/b (new)'],
    },
    'what is left out blocks it, and nothing in the folder is deleted': {
      source: {a: '', d: 'new'},
      target: {a: {b: '', c: {x: excluded()}, e: {}}},
      actions: ['attrs . (children)', 'create d (new)'],
      problems: ['target a PROTECTED'],
    },
    'what could not be read blocks it': {
      source: {a: '', b: symlink('x')},
      target: {a: partial(), b: {c: unknown(), d: ''}},
      problems: ['target a UNKNOWN_BELOW', 'target b UNKNOWN_BELOW'],
    },
    'what is left out blocks it also with delete: false': {
      source: {a: ''},
      target: {a: {b: excluded()}},
      policy: {delete: false},
      problems: ['target a PROTECTED'],
    },
  },
  'links that are followed, and lead nowhere': {
    'keep what they led to, and replace what is their text': {
      policy: {linksAs: 'content'},
      source: {a: symlink('x'), b: symlink('x'), c: symlink('x'), d: symlink('x'), e: symlink('x')},
      target: {a: 'copy', b: {copy: 'copy'}, c: 'x', d: symlink('y'), e: file('x', later)},
      problems: ['source a LINK_NOT_FOLLOWED', 'source b LINK_NOT_FOLLOWED', 'source e LINK_NOT_FOLLOWED'],
      actions: ['attrs . (children)', 'replace c (kind)', 'update d (link)'],
    },
  },
  'other file systems': {
    'a folder of one is made, and stays without content': {
      source: {a: mount(), b: {c: mount()}},
      target: {},
      actions: ['attrs . (children)', 'mkdir a (new)', 'mkdir b (new)', 'mkdir b/c (new)'],
      mounts: 2,
    },
    'what the target has in it stays': {
      source: {a: mount()},
      target: {a: {b: '', c: {}}},
      mounts: 1,
    },
    'one of the target is not written to': {
      source: {a: {b: 'x'}},
      target: {a: mount()},
      mounts: 1,
    },
    'its folder alone gets what it should have': {
      source: {a: dir({b: 'x'}, {mode: 0o700})},
      target: {a: mount()},
      actions: ['attrs . (children)', 'attrs a (mode)'],
      mounts: 1,
    },
    'on both sides': {source: {a: mount()}, target: {a: mount()}, mounts: 1},
    'one that the source does not have is not deleted': {source: {b: ''}, target: {a: mount(), b: ''}},
  },
  'after blocks that are the same': {
    'a file below a sibling of the folder in which they begin': {
      source: {a: {}, b: {y: file('new', later)}},
      target: {a: {}, b: {y: 'old'}},
      actions: ['attrs . (children)', 'attrs b (children)', 'update b/y (mtime)'],
    },
    'a file beside the folder in which they end': {
      source: {a: {b: {c: {}}}, d: file('new', later)},
      target: {a: {b: {c: {}}}, d: 'old'},
      actions: ['attrs . (children)', 'update d (mtime)'],
    },
    'a file in the folder in which they end': {
      source: {a: {b: {}, c: {x: '', y: '', z: file('new', later)}}},
      target: {a: {b: {}, c: {x: '', y: '', z: 'old'}}},
      actions: ['attrs . (children)', 'attrs a/c (children)', 'update a/c/z (mtime)'],
    },
    'folders that only one tree has': {
      source: {a: {b: {}}, c: {d: {}, e: {f: ''}}},
      target: {a: {b: {}}, c: {d: {}, g: {h: ''}}},
      actions: [
        ...['attrs . (children)', 'attrs c (children)', 'mkdir c/e (new)', 'create c/e/f (new)'],
        ...['rmdir c/g (gone)', 'delete c/g/h (gone)'],
      ],
    },
  },
  names: {
    'that sort by their bytes': {
      source: {'\uffff': '', '😀': '', x: '', '\udcff': ''},
      target: {x: ''},
      actions: ['attrs . (children)', 'create \uffff (new)', 'create 😀 (new)', 'create \udcff (new)'],
    },
    'of which one begins with the other': {
      source: {a: {}, 'a-': '', a0: {x: ''}},
      target: {'a-': '', a0: {x: ''}, a1: ''},
      actions: ['attrs . (children)', 'mkdir a (new)', 'delete a1 (gone)'],
    },
  },
};

describe('plan/diff', () => {
  itDiffers(CASES);

  it('a source without a root is a mistake', async () => {
    const options = {policy: POLICY, wanted: [], uid: 0, sameContent: async () => []};
    const error = await diff({...options, source: streamOf([]), target: streamOf([])}).catch((e: unknown) => e);
    expect(error).to.be.an('error').with.property('message').that.includes('root');
  });

  const policies = fc.record({
    compare: fc.constantFrom('metadata', 'size', 'content'),
    delete: fc.boolean(),
    owner: fc.boolean(),
  }) satisfies fc.Arbitrary<Partial<PlanOptions>>;

  /** Also without a target. */
  const pairsOrNew = fc.oneof(
    {weight: 4, arbitrary: pairOfTrees},
    {weight: 1, arbitrary: arbitraryTree.map((tree): [Tree, undefined] => [tree, undefined])},
  );

  it('law: actions are in canonical order, one a path', () =>
    fc.assert(
      fc.asyncProperty(pairOfTrees, policies, async ([source, target], policy) => {
        const {actions} = await diffTrees({source, target, policy});
        for (let i = 1; i < actions.length; i++) {
          const [last, next] = [actions[i - 1] as Action, actions[i] as Action];
          expect(comparePaths(last.path, next.path), `${last.path} before ${next.path}`).to.be.below(0);
        }
      }),
    ));
  it('law: the ends of blocks do not matter', () =>
    fc.assert(
      fc.asyncProperty(pairOfTrees, policies, fc.integer({min: 1, max: 4}), async ([source, target], policy, rows) => {
        expect(await diffTrees({source, target, policy}, rows)).to.deep.equal(await diffTrees({source, target, policy}));
      }),
      {numRuns: 200},
    ));
  it('law: a tree does not differ from itself', () =>
    fc.assert(
      fc.asyncProperty(arbitraryTree, policies, async (tree, policy) => {
        expect(await diffTrees({source: tree, target: tree, policy})).to.deep.equal({
          actions: [],
          problems: [],
          losses: NO_LOSSES,
          mounts: 0,
        });
      }),
    ));
  it('law: done one after the other, the actions make the target equal to the source', () =>
    fc.assert(
      fc.asyncProperty(pairsOrNew, fc.integer({min: 1, max: 4}), async ([source, target], rows) => {
        const {actions} = await diffTrees({source, ...(target && {target})}, rows);
        const entries = target === undefined ? new Map<RelPath, Entry>() : entriesOf(blocksOf(target));
        for (const {path, before, after} of actions) {
          expect(entries.get(path), path).to.deep.equal(before);
          if (after === undefined) entries.delete(path);
          else entries.set(path, after);
        }
        // Names of one file share what is set through the leader alone.
        const linked = new Set(target === undefined ? [] : namesOfMany(blocksOf(target)));
        const wanted = entriesOf(blocksOf(source));
        expect([...entries.keys()].sort()).to.deep.equal([...wanted.keys()].sort());
        for (const [path, entry] of wanted) if (!linked.has(path)) expect(entries.get(path), path).to.deep.equal(entry);
      }),
      {numRuns: 200},
    ));
  it('law: without deletion, nothing is deleted', () =>
    fc.assert(
      fc.asyncProperty(pairOfTrees, async ([source, target]) => {
        const {actions} = await diffTrees({source, target, policy: {delete: false}});
        expect(actions.filter(({kind}) => kind === 'delete' || kind === 'rmdir')).to.deep.equal([]);
      }),
    ));
});

function entriesOf(blocks: readonly Block[]): Map<RelPath, Entry> {
  const entries = new Map<RelPath, Entry>();
  eachRow(blocks, (path, block, i) => entries.set(path, entryAt(block, i)));
  return entries;
}

function namesOfMany(blocks: readonly Block[]): RelPath[] {
  const names: RelPath[] = [];
  eachRow(blocks, (path, block, i) => {
    if ((block.links[i] as number) > 1) names.push(path);
  });
  return names;
}

function eachRow(blocks: readonly Block[], see: (path: RelPath, block: Block, i: number) => void): void {
  const above: RelPath[] = [];
  for (const block of blocks) {
    for (let i = 0; i < block.count; i++) {
      const depth = block.depth[i] as number;
      const path = depth === 0 ? ROOT : joinPath(above[depth - 1] as RelPath, nameAt(block, i));
      above[depth] = path;
      see(path, block, i);
    }
  }
}
