import {expect} from 'chai';
import type {Action} from '../../src/core/action.js';
import type {Entry} from '../../src/core/entry.js';
import type {RelPath} from '../../src/core/path.js';
import {isDestructive, waves} from '../../src/plan/waves.js';
import {act, file, folder, symlink} from '../support/plan.js';

const change = (kind: 'update' | 'replace' | 'attrs', path: string, before: Entry, after: Entry): Action => ({
  kind,
  path: path as RelPath,
  reasons: ['mode'],
  before,
  after,
});
const link = (path: string, before?: Entry): Action => ({
  kind: 'link',
  path: path as RelPath,
  leader: 'a' as RelPath,
  reasons: ['hardlink'],
  before,
  after: file(),
});

const cases: [title: string, actions: Action[], waves: string[]][] = [
  ['nothing', [], []],
  [
    'folders shallow first, settled deepest first',
    [act.upkeep(''), act.mkdir('a'), act.mkdir('a/b'), act.mkdir('a/b/c'), act.mkdir('d')],
    ['folders: a d', 'folders: a/b', 'folders: a/b/c', 'settle: a/b/c', 'settle: a/b', 'settle: a d', 'settle: .'],
  ],
  ['a new root', [act.mkdir(''), act.create('a')], ['folders: .', 'writes: a', 'settle: .']],
  [
    'writes before links before deletes before metadata',
    [act.create('a'), act.delete('b'), change('attrs', 'c', file(), file()), link('d'), act.update('e', file(), file(1))],
    ['writes: a e', 'links: d', 'deletes: b', 'attrs: c'],
  ],
  [
    'folders are emptied deepest first',
    [act.rmdir('a'), act.rmdir('a/b'), act.delete('a/b/c'), act.rmdir('d')],
    ['deletes: a/b/c', 'emptied: a/b', 'emptied: a d'],
  ],
  [
    'a leaf becomes a folder before what is in it is written',
    [change('replace', 'a', file(), folder()), act.create('a/b')],
    ['folders: a', 'writes: a/b', 'settle: a'],
  ],
  [
    'a folder becomes a leaf: written first, put in place when the folder is empty',
    [change('replace', 'a', folder(), symlink('x')), act.rmdir('a/b'), act.delete('a/b/c')],
    ['writes: a', 'deletes: a/b/c', 'emptied: a/b', 'emptied: a'],
  ],
  [
    'names are given before all else, folders before what is in them; metadata after the deletes',
    [
      act.move('A', 'a', folder()),
      act.move('A/B', 'a/b', folder()),
      act.move('A/C', 'a/c', file(), file()),
      {...act.move('A/D', 'a/d'), reasons: ['name', 'mode']} as Action,
      {...change('update', 'A/E', file(), file(1)), from: 'a/e' as RelPath} as Action,
      act.delete('A/f'),
    ],
    ['renames: A', 'renames: A/B A/C A/D A/E', 'writes: A/E', 'deletes: A/f', 'attrs: A/D', 'settle: A/B', 'settle: A'],
  ],
  [
    'moves come after new folders that they lead to, before all that writes or deletes',
    [
      act.delete('a'),
      act.create('b'),
      act.mkdir('d'),
      act.mkdir('d/e'),
      act.carry('d/e/x', 'x'),
      act.mkdir('f'),
      act.carry('y', 'z'),
    ],
    [
      'folders: d',
      'moves: y',
      'folders: d/e',
      'moves: d/e/x',
      'folders: f',
      'writes: b',
      'deletes: a',
      'settle: d/e',
      'settle: d f',
    ],
  ],
  [
    'a chain ends with the name that is free',
    [act.carry('b', 'a'), act.carry('c', 'b'), act.carry('d', 'c')],
    ['moves: d', 'moves: c', 'moves: b'],
  ],
  [
    'in a ring, one waits in a spot; what waits for the ring comes with it',
    [act.carry('a', 'b'), act.carry('b', 'a'), act.carry('c', 'd'), act.carry('d', 'e'), act.carry('e', 'c')],
    ['parks: d a', 'moves: b e', 'moves: a c', 'moves: d'],
  ],
  [
    'a folder that becomes part of a new one of its name',
    [act.mkdir('d'), act.carry('d/sub', 'd', folder())],
    ['parks: d/sub', 'folders: d', 'moves: d/sub', 'settle: d/sub', 'settle: d'],
  ],
  [
    'parent and child',
    [act.carry('a', 'a/b', folder()), act.carry('a/b', 'a', folder())],
    ['parks: a/b', 'moves: a', 'moves: a/b', 'settle: a/b', 'settle: a'],
  ],
  [
    'what leaves a folder that moves comes first, if both can be done at the same time',
    [act.carry('p', 'q', folder()), act.carry('r', 'q/x'), act.carry('s', 'q/y/z'), act.carry('t', 'u')],
    ['moves: r s', 'moves: p t', 'settle: p'],
  ],
  [
    'what enters a folder that moves comes after it',
    [act.carry('p', 'q', folder()), act.carry('p/x', 'x'), act.carry('p/y', 'q/z')],
    ['moves: p', 'moves: p/x p/y', 'settle: p'],
  ],
  [
    'names in a folder that moves get their spelling after it, but before what they contain',
    [
      act.carry('p', 'q', folder()),
      act.move('p/a', 'p/A', folder()),
      act.move('p/b', 'p/B'),
      act.carry('p/a/x', 'x'),
      act.move('z', 'Z'),
    ],
    ['renames: z', 'moves: p', 'renames: p/a', 'moves: p/a/x', 'renames: p/b', 'settle: p/a', 'settle: p'],
  ],
  [
    'two spellings may be one name, which must be free',
    [act.carry('README', 'x'), act.carry('old', 'readme')],
    ['moves: old', 'moves: README'],
  ],
  [
    'metadata of what moved is set with that of all others',
    [{...act.carry('b', 'a'), reasons: ['name', 'mode']} as Action, act.delete('c')],
    ['moves: b', 'deletes: c', 'attrs: b'],
  ],
  ['a folder becomes a hard link', [link('a', folder()), act.delete('a/b')], ['links: a', 'deletes: a/b', 'emptied: a']],
  [
    'what is written over follows what its old content may be, a ring comes last, links follow all files',
    [
      act.update('a', file(1), file(2)),
      act.create('b', file(1)),
      link('c'),
      act.update('d', file(3), file(4)),
      act.update('e', file(4), file(3)),
      act.delete('f'),
    ],
    ['writes: b', 'overwrites: a', 'exchanges: d e', 'links: c', 'deletes: f'],
  ],
  ['one kind of leaf becomes another', [change('replace', 'a', file(), symlink('x'))], ['writes: a']],
];

/** With --delete-before. */
const early: typeof cases = [
  [
    'moves come first, with the folders that they need',
    [act.delete('a'), act.mkdir('d'), act.carry('d/x', 'x'), act.mkdir('f'), act.create('f/y')],
    ['folders: d', 'moves: d/x', 'deletes: a', 'folders: f', 'writes: f/y', 'settle: d f'],
  ],
  [
    'deletes, and emptied folders deepest first, before all else',
    [act.create('a'), act.delete('b'), act.mkdir('c'), act.rmdir('d'), act.rmdir('d/e'), act.delete('d/e/f')],
    ['deletes: b d/e/f', 'emptied: d/e', 'emptied: d', 'folders: c', 'writes: a', 'settle: c'],
  ],
  [
    'what is in a folder that becomes a leaf goes after that is written',
    [change('replace', 'a', folder(), symlink('x')), act.rmdir('a/b'), act.delete('a/b/c'), act.delete('d')],
    ['deletes: d', 'writes: a', 'deletes: a/b/c', 'emptied: a/b', 'emptied: a'],
  ],
];

const EXACT = {times: true, mtimeWindow: 0n, deleteAnyway: false};

describe('plan/waves', () => {
  for (const [title, actions, expected, deleteBefore] of [
    ...cases.map((each) => [...each, false] as const),
    ...early.map((each) => [...each, true] as const),
  ]) {
    it(title, () => {
      const told = waves(actions, {...EXACT, deleteBefore}).map(({step, actions: indexes}) => {
        const paths = indexes.map((i) => (actions[i] as Action).path || '.');
        return `${step}: ${paths.join(' ')}`;
      });
      expect(told).to.deep.equal(expected);
    });
  }
  it('only deleting waits for the disk', () => {
    const steps = ['folders', 'writes', 'links', 'deletes', 'emptied', 'attrs', 'settle'] as const;
    expect(steps.filter(isDestructive)).to.deep.equal(['deletes', 'emptied']);
  });
});
