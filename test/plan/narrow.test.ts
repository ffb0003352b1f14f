import {expect} from 'chai';
import type {Action, ActionKind} from '../../src/core/action.js';
import type {RelPath} from '../../src/core/path.js';
import {chooseWanted, narrow, type Wanted} from '../../src/plan/narrow.js';
import {Selection} from '../../src/plan/selection.js';
import {act, file, folder, planOf} from '../support/plan.js';

const replaceByFile = (path: string): Action => ({
  kind: 'replace',
  path: path as RelPath,
  before: folder(),
  after: file(1),
  reasons: ['kind'],
});
const replaceByFolder = (path: string): Action => ({
  kind: 'replace',
  path: path as RelPath,
  before: file(1),
  after: folder(),
  reasons: ['kind'],
});
const link = (path: string, leader: string): Action => ({
  kind: 'link',
  path: path as RelPath,
  leader: leader as RelPath,
  after: file(),
  reasons: ['hardlink'],
});
const attrs = (path: string): Action => ({
  kind: 'attrs',
  path: path as RelPath,
  before: folder({mode: 0o700}),
  after: folder(),
  reasons: ['mode'],
});

/** Times are compared exactly. */
const EXACT = {times: true, mtimeWindow: 0n, deleteAnyway: false};

const words = (actions: readonly Action[]) => actions.map(({kind, path}) => `${kind} ${path || '.'}`);

describe('a selection of a plan', () => {
  interface Case {
    readonly name: string;
    readonly actions: readonly Action[];
    /** Paths to leave out, each with all below when it ends with "/". */
    readonly out: readonly string[];
    readonly back?: readonly string[];
    readonly left: readonly string[];
  }
  const NEW = [act.mkdir('a'), act.create('a/x'), act.mkdir('a/b'), act.create('a/b/y'), act.create('z')];
  const NAMED = [
    act.move('A', 'a', folder()),
    act.upkeep('A/b'),
    act.update('A/b/x', file(), file(1)),
    act.delete('A/b/y'),
    act.create('A/c'),
    act.create('z'),
  ];
  const GONE = [act.rmdir('a'), act.rmdir('a/b'), act.delete('a/b/y'), act.delete('a/x'), act.delete('z')];
  const cases: Case[] = [
    {name: 'a new folder takes what is in it along', actions: NEW, out: ['a'], left: ['create z']},
    {
      name: 'a folder that is renamed takes what is in it along, deletes too',
      actions: NAMED,
      out: ['A'],
      left: ['attrs A/b', 'create z'],
    },
    {
      name: 'a delete in a folder that is renamed goes alone',
      actions: NAMED,
      out: ['A/b/y'],
      left: ['move A', 'attrs A/b', 'update A/b/x', 'create A/c', 'create z'],
    },
    {
      name: 'a delete that is taken back in brings the name of its folder',
      actions: NAMED,
      out: ['A'],
      back: ['A/b/y'],
      left: ['move A', 'attrs A/b', 'delete A/b/y', 'create z'],
    },
    {
      name: 'a file in a new folder goes alone',
      actions: NEW,
      out: ['a/b/y'],
      left: ['mkdir a', 'create a/x', 'mkdir a/b', 'create z'],
    },
    {
      name: 'taken back in, it brings the folders above',
      actions: NEW,
      out: ['a'],
      back: ['a/b/y'],
      left: ['mkdir a', 'mkdir a/b', 'create a/b/y', 'create z'],
    },
    {name: 'a delete that is left out keeps the folders above', actions: GONE, out: ['a/b/y'], left: ['delete a/x', 'delete z']},
    {
      name: 'a file that gives its place to a folder stays, when what it may be in there is left out',
      actions: [replaceByFolder('a'), act.create('a/b', file(1)), act.create('a/c', file(2)), act.create('d')],
      out: ['a/b'],
      left: ['create d'],
    },
    {
      name: 'taken back in, it brings what it may be',
      actions: [replaceByFolder('a'), act.create('a/b', file(1)), act.create('a/c', file(2)), act.create('d')],
      out: ['a/b'],
      back: ['a/c'],
      left: ['replace a', 'create a/b', 'create a/c', 'create d'],
    },
    {
      name: 'a folder that is kept does not keep its files',
      actions: GONE,
      out: ['a'],
      left: ['rmdir a/b', 'delete a/b/y', 'delete a/x', 'delete z'],
    },
    {name: 'a folder that goes after all needs all in it gone', actions: GONE, out: ['a/'], back: ['a'], left: words(GONE)},
    {
      name: 'a folder that becomes a file stays when something in it stays',
      actions: [replaceByFile('a'), act.delete('a/x'), act.delete('a/y')],
      out: ['a/x'],
      left: ['delete a/y'],
    },
    {
      name: 'a file that becomes a folder stays with all that would be in it',
      actions: [replaceByFolder('a'), act.create('a/x')],
      out: ['a'],
      left: [],
    },
    {name: 'a hard link needs its leader', actions: [act.create('a'), link('b', 'a'), link('c/d', 'a')], out: ['a'], left: []},
    {
      name: 'a hard link brings its leader back',
      actions: [act.create('a'), link('b', 'a'), link('c', 'a')],
      out: ['a'],
      back: ['c'],
      left: ['create a', 'link c'],
    },
    {name: 'a leader that does not change is not needed', actions: [link('b', 'a')], out: [], left: ['link b']},
    {
      name: 'a folder that moves takes what changes in it along, and what needs its name',
      actions: [
        act.mkdir('a'),
        act.carry('b', 'a', folder()),
        act.update('b/x', file(), file(1)),
        act.delete('b/y'),
        act.create('c'),
      ],
      out: ['b'],
      left: ['create c'],
    },
    {
      name: 'a file in a folder that moves brings its move back, and what frees the name',
      actions: [act.carry('b', 'a', folder()), act.update('b/x', file(), file(1)), act.carry('c', 'b', folder())],
      out: ['c'],
      back: ['b/x'],
      left: ['move b', 'update b/x', 'move c'],
    },
    {
      name: 'a ring goes as a whole',
      actions: [act.carry('a', 'b'), act.carry('b', 'c'), act.carry('c', 'a'), act.carry('e', 'd')],
      out: ['b'],
      left: ['move e'],
    },
    {
      name: 'a folder stays when something does not leave it',
      actions: [act.carry('a', 'd/e/a'), act.rmdir('d'), act.rmdir('d/e'), act.delete('d/x')],
      out: ['a'],
      left: ['delete d/x'],
    },
    {
      name: 'a move out of a folder whose own move is left out goes alone',
      actions: [act.carry('p', 'q', folder()), act.carry('r', 'q/x')],
      out: ['p'],
      left: ['move r'],
    },
    {name: 'attributes of a folder hold nothing', actions: [attrs('a'), act.create('a/x')], out: ['a'], left: ['create a/x']},
  ];
  for (const {name, actions, out, back = [], left} of cases) {
    it(name, () => {
      const selection = new Selection(actions, EXACT);
      const range = (text: string): [number, number] => {
        const at = actions.findIndex(({path}) => path === text.replace(/\/$/, ''));
        return [at, text.endsWith('/') ? selection.endOf(at) : at + 1];
      };
      for (const path of out) selection.leaveOut(...range(path));
      for (const path of back) selection.takeIn(...range(path));
      expect(words(actions.filter((_, i) => selection.isIn(i)))).to.deep.equal(left);
    });
  }

  it('counts requested and following changes separately, without upkeep', () => {
    const selection = new Selection(
      [act.upkeep(''), act.rmdir('a'), act.rmdir('a/b'), act.delete('a/b/y'), act.delete('a/x')],
      EXACT,
    );
    expect(selection.leaveOut(3, 4)).to.deep.equal({asked: 1, followed: 2});
    expect(selection.leaveOut(3, 4)).to.deep.equal({asked: 0, followed: 0});
    expect(selection.takeIn(0, 5)).to.deep.equal({asked: 3, followed: 0});
    expect(selection.isIn(0)).to.equal(true);
  });
});

describe('a narrowed plan', () => {
  const kinds = (...names: ActionKind[]): Wanted => ({kinds: new Set(names)});
  const below = (prefix: string): Wanted => ({path: (path) => path === prefix || path.startsWith(`${prefix}/`)});
  const cases: {name: string; actions: readonly Action[]; wanted: Wanted; left: readonly string[]; followed?: number}[] = [
    {
      name: 'folders above what is wanted are made',
      actions: [act.upkeep(''), act.mkdir('a'), act.mkdir('a/b'), act.create('a/b/x'), act.create('a/y')],
      wanted: below('a/b'),
      left: ['attrs .', 'mkdir a', 'mkdir a/b', 'create a/b/x'],
    },
    {
      name: 'kinds: new files bring their new folders, but nothing that destroys',
      actions: [act.mkdir('a'), act.create('a/x'), replaceByFolder('b'), act.create('b/x'), act.delete('c')],
      wanted: kinds('create'),
      left: ['mkdir a', 'create a/x'],
      followed: 1,
    },
    {
      name: 'kinds: a folder is not removed when its files are not to be deleted',
      actions: [act.rmdir('a'), act.delete('a/x'), act.rmdir('b')],
      wanted: kinds('rmdir'),
      left: ['rmdir b'],
      followed: 1,
    },
    {
      name: 'a link whose leader is not wanted is left out',
      actions: [act.create('a'), act.mkdir('b'), link('b/c', 'a')],
      wanted: below('b'),
      left: ['mkdir b'],
      followed: 1,
    },
    {
      name: 'upkeep goes with what it was for',
      actions: [act.upkeep(''), act.upkeep('a'), act.create('a/x'), act.upkeep('b'), act.delete('b/y')],
      wanted: below('b'),
      left: ['attrs .', 'attrs b', 'delete b/y'],
    },
    {
      name: 'a folder that stays keeps its times, whatever goes in it',
      actions: [act.upkeep(''), act.rmdir('a'), act.delete('a/x')],
      wanted: kinds('delete'),
      left: ['attrs .', 'attrs a', 'delete a/x'],
    },
    {
      name: 'both folders of a move keep their times',
      actions: [act.upkeep(''), act.upkeep('a'), act.carry('a/x', 'b/x'), act.upkeep('b'), act.upkeep('c'), act.create('c/y')],
      wanted: below('a'),
      left: ['attrs .', 'attrs a', 'move a/x', 'attrs b'],
    },
    {
      name: 'a folder whose move is left out keeps its times at its old path',
      actions: [act.upkeep(''), act.carry('p', 'q', folder()), act.upkeep('p/s'), act.carry('r', 'q/s/x'), act.carry('t', 'q/y')],
      wanted: {path: (path) => path === 'r' || path === 't'},
      left: ['attrs .', 'attrs q', 'attrs q/s', 'move r', 'move t'],
    },
    {
      name: 'a folder that replaces a leaf stays where it is when a move is left out',
      actions: [replaceByFolder('a'), act.create('a/y'), act.carry('b', 'z')],
      wanted: below('a'),
      left: ['replace a', 'create a/y'],
    },
    {name: 'nothing is left', actions: [act.upkeep(''), act.create('a')], wanted: below('b'), left: []},
  ];
  for (const {name, actions, wanted, left, followed = 0} of cases) {
    it(name, () => {
      const plan = planOf(actions);
      const choice = chooseWanted(plan, wanted);
      const made = narrow(plan, {selection: choice.selection, id: 'plan-2'});
      expect({left: words(made.actions), followed: choice.followed}).to.deep.equal({left, followed});
    });
  }

  it('is the plan itself when nothing is left out', () => {
    const plan = planOf([act.upkeep(''), act.create('a')]);
    expect(narrow(plan, {selection: new Selection(plan.actions, plan.header.options), id: 'plan-2'})).to.equal(plan);
  });

  it('names the original plan, also the second time', () => {
    const plan = planOf([act.create('a'), act.create('b'), act.create('c')]);
    const first = narrow(plan, {...chooseWanted(plan, {path: (path) => path !== 'a'}), id: 'plan-2'});
    const second = narrow(first, {...chooseWanted(first, {path: (path) => path !== 'b'}), id: 'plan-3'});
    expect(second.header.id).to.equal('plan-3');
    expect(second.header.narrowed).to.deep.equal({from: 'plan-1', leftOut: 2});
  });

  it('restores the attributes of a folder whose own change is left out', () => {
    const plan = planOf([attrs('a'), act.create('a/x')]);
    const [kept] = narrow(plan, {...chooseWanted(plan, {kinds: new Set(['create'])}), id: 'plan-2'}).actions;
    expect(kept).to.deep.equal({
      kind: 'attrs',
      path: 'a',
      before: folder({mode: 0o700}),
      after: folder({mode: 0o700}),
      reasons: ['children'],
    });
  });
});
