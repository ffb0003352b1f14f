import {expect} from 'chai';
import type {Action, Link} from '../../src/core/action.js';
import {type Entry, NS_PER_SECOND} from '../../src/core/entry.js';
import type {ActionState} from '../../src/core/outcome.js';
import type {RelPath} from '../../src/core/path.js';
import {Needs} from '../../src/plan/needs.js';
import type {TwinPolicy} from '../../src/plan/twins.js';
import type {WaveStep} from '../../src/plan/waves.js';
import {act, file, folder, NOON, symlink} from '../support/plan.js';

const EXACT: TwinPolicy = {times: true, mtimeWindow: 0n, deleteAnyway: false};

const link = (path: string, leader: string): Link => ({
  kind: 'link',
  path: path as RelPath,
  leader: leader as RelPath,
  reasons: ['hardlink'],
  after: file(),
});
const replace = (path: string, before: Entry, after: Entry): Action => ({
  kind: 'replace',
  path: path as RelPath,
  reasons: ['kind'],
  before,
  after,
});
const attrs = (path: string): Action => ({
  kind: 'attrs',
  path: path as RelPath,
  reasons: ['mode'],
  before: file(),
  after: file(),
});

interface Case {
  readonly actions: readonly Action[];
  /** How far each has come; pending where it is not said. */
  readonly states: Readonly<Record<string, ActionState>>;
  readonly asked: readonly [path: string, step: WaveStep];
  /** "NEED PATH", or undefined where all is met. */
  readonly unmet: string | undefined;
  readonly policy?: Partial<TwinPolicy>;
}

const made = [act.mkdir('a'), act.create('a/b')];
const grouped = [act.create('a'), link('b', 'a')];
const turned = [replace('a', folder(), file()), act.rmdir('a/b'), act.delete('a/b/c')];
const renamed = [act.create('new', file(5)), act.delete('old', file(5))];

const cases: Record<string, Case> = {
  'a folder that was made': {actions: made, states: {a: 'made'}, asked: ['a/b', 'writes'], unmet: undefined},
  'a folder that was there': {actions: made, states: {a: 'found'}, asked: ['a/b', 'writes'], unmet: undefined},
  'a folder that could not be made': {actions: made, states: {a: 'failed'}, asked: ['a/b', 'writes'], unmet: 'folder a'},
  'a folder that was not begun': {actions: made, states: {a: 'stopped'}, asked: ['a/b', 'writes'], unmet: 'folder a'},
  'a leader that is done': {actions: grouped, states: {a: 'done'}, asked: ['b', 'links'], unmet: undefined},
  'a leader that was done already': {actions: grouped, states: {a: 'already-done'}, asked: ['b', 'links'], unmet: undefined},
  'a leader that waits in staging': {actions: grouped, states: {a: 'staged'}, asked: ['b', 'links'], unmet: undefined},
  'a leader that has drifted': {actions: grouped, states: {a: 'skipped'}, asked: ['b', 'links'], unmet: 'leader a'},
  'a leader that failed': {actions: grouped, states: {a: 'failed'}, asked: ['b', 'links'], unmet: 'leader a'},
  'a leader that is still to be written': {actions: grouped, states: {}, asked: ['b', 'links'], unmet: 'leader a'},
  'a leader of which attributes only are to be set': {
    actions: [attrs('a'), link('b', 'a')],
    states: {},
    asked: ['b', 'links'],
    unmet: undefined,
  },
  'a leader without an action': {actions: [link('b', 'a')], states: {}, asked: ['b', 'links'], unmet: undefined},
  'what makes room for a leaf that waits': {
    actions: turned,
    states: {a: 'staged'},
    asked: ['a/b/c', 'deletes'],
    unmet: undefined,
  },
  'what makes room for a leaf that failed': {
    actions: turned,
    states: {a: 'failed'},
    asked: ['a/b/c', 'deletes'],
    unmet: 'replacement a',
  },
  'a folder that makes room for a leaf that was skipped': {
    actions: turned,
    states: {a: 'skipped', 'a/b/c': 'done'},
    asked: ['a/b', 'emptied'],
    unmet: 'replacement a',
  },
  'a folder that is empty': {
    actions: turned,
    states: {a: 'staged', 'a/b/c': 'already-done'},
    asked: ['a/b', 'emptied'],
    unmet: undefined,
  },
  'a folder in which something stays': {
    actions: turned,
    states: {a: 'staged', 'a/b/c': 'blocked'},
    asked: ['a/b', 'emptied'],
    unmet: 'below a/b/c',
  },
  'a leaf whose folder still holds something': {
    actions: turned,
    states: {a: 'staged', 'a/b/c': 'done', 'a/b': 'failed'},
    asked: ['a', 'emptied'],
    unmet: 'below a/b',
  },
  'a file whose new name is there': {actions: renamed, states: {new: 'done'}, asked: ['old', 'deletes'], unmet: undefined},
  'a file whose new name failed': {actions: renamed, states: {new: 'failed'}, asked: ['old', 'deletes'], unmet: 'copy new'},
  'a file whose new name was skipped': {actions: renamed, states: {new: 'skipped'}, asked: ['old', 'deletes'], unmet: 'copy new'},
  'a file whose new name found no room': {
    actions: renamed,
    states: {new: 'stopped'},
    asked: ['old', 'deletes'],
    unmet: 'copy new',
  },
  'a file that goes before anything is written': {actions: renamed, states: {}, asked: ['old', 'deletes'], unmet: undefined},
  'a file that goes anyway': {
    actions: renamed,
    states: {new: 'failed'},
    asked: ['old', 'deletes'],
    unmet: undefined,
    policy: {deleteAnyway: true},
  },
  'a file whose new name is an updated file': {
    actions: [act.update('a', file(1), file(5)), act.delete('old', file(5))],
    states: {a: 'failed'},
    asked: ['old', 'deletes'],
    unmet: 'copy a',
  },
  'a file whose new name is a further name of another': {
    actions: [link('b', 'a'), act.delete('old', file())],
    states: {b: 'failed'},
    asked: ['old', 'deletes'],
    unmet: 'copy b',
  },
  'a file of another size': {
    actions: [act.create('new', file(5)), act.delete('old', file(6))],
    states: {new: 'failed'},
    asked: ['old', 'deletes'],
    unmet: undefined,
  },
  'a file of another time': {
    actions: [act.create('new', file(5)), act.delete('old', file(5, {mtime: NOON + NS_PER_SECOND}))],
    states: {new: 'failed'},
    asked: ['old', 'deletes'],
    unmet: undefined,
  },
  'a file of a time that is the same to the target': {
    actions: [act.create('new', file(5)), act.delete('old', file(5, {mtime: NOON + NS_PER_SECOND}))],
    states: {new: 'failed'},
    asked: ['old', 'deletes'],
    unmet: 'copy new',
    policy: {mtimeWindow: NS_PER_SECOND},
  },
  'a file of a time that is the same to the source': {
    actions: [act.create('new', file(5)), act.delete('old', file(5, {mtime: NOON + 1n}))],
    states: {new: 'failed'},
    asked: ['old', 'deletes'],
    unmet: 'copy new',
    policy: {sourceResolution: NS_PER_SECOND},
  },
  'a file of another time where times are not kept': {
    actions: [act.create('new', file(5)), act.delete('old', file(5, {mtime: NOON + NS_PER_SECOND}))],
    states: {new: 'failed'},
    asked: ['old', 'deletes'],
    unmet: 'copy new',
    policy: {times: false},
  },
  'a symlink to the same place': {
    actions: [act.create('new', symlink('x')), act.delete('old', symlink('x'))],
    states: {new: 'failed'},
    asked: ['old', 'deletes'],
    unmet: 'copy new',
  },
  'a symlink to another place': {
    actions: [act.create('new', symlink('x')), act.delete('old', symlink('y'))],
    states: {new: 'failed'},
    asked: ['old', 'deletes'],
    unmet: undefined,
  },
};

const over: Record<string, Case> = {
  'a file that is written over, and was renamed': {
    actions: [act.update('a', file(5), file(6)), act.create('b', file(5))],
    states: {b: 'failed'},
    asked: ['a', 'overwrites'],
    unmet: 'copy b',
  },
  'a file that is written over, when its copy has arrived': {
    actions: [act.update('a', file(5), file(6)), act.create('b', file(5))],
    states: {b: 'done'},
    asked: ['a', 'overwrites'],
    unmet: undefined,
  },
  'a name of a ring, when another is not written': {
    actions: [act.update('a', file(5), file(6)), act.update('b', file(6), file(5))],
    states: {b: 'skipped'},
    asked: ['a', 'exchanges'],
    unmet: 'copy b',
  },
  'a file that is written over in a folder that is not there': {
    actions: [act.mkdir('d'), act.update('d/a', file(5), file(6)), act.create('d/b', file(5))],
    states: {d: 'failed', 'd/b': 'failed'},
    asked: ['d/a', 'overwrites'],
    unmet: 'folder d',
  },
  'a file that a link is put over': {
    actions: [{...link('a', 'c'), before: file(5), after: file(6)}, act.create('b', file(5))],
    states: {b: 'failed'},
    asked: ['a', 'links'],
    unmet: 'copy b',
  },
};

const moved = [act.carry('p', 'q', folder()), act.update('p/a', file(1), file(2)), act.rmdir('p/d'), act.delete('p/d/b')];
const chain = [act.create('a'), act.carry('b', 'a'), act.carry('c', 'b')];
const emptied = [act.carry('a', 'd/a'), act.carry('b', 'd/e/b'), act.rmdir('d'), act.rmdir('d/e')];

/** `states`: a move that is done has left its old path. */
const moves: Record<string, Case> = {
  'a file in a folder that moved': {actions: moved, states: {p: 'made'}, asked: ['p/a', 'writes'], unmet: undefined},
  'a file in a folder that did not move': {actions: moved, states: {p: 'failed'}, asked: ['p/a', 'writes'], unmet: 'folder p'},
  'a delete below a folder that goes, in one that did not move': {
    actions: moved,
    states: {p: 'skipped'},
    asked: ['p/d/b', 'deletes'],
    unmet: 'folder p',
  },
  'metadata in a folder that did not move': {
    actions: [act.carry('p', 'q', folder()), attrs('p/a')],
    states: {p: 'failed'},
    asked: ['p/a', 'attrs'],
    unmet: 'folder p',
  },
  'the times of a folder in one that did not move': {
    actions: [act.carry('p', 'q', folder()), act.upkeep('p/d')],
    states: {p: 'failed'},
    asked: ['p/d', 'settle'],
    unmet: 'folder p',
  },
  'a move whose new name is free': {actions: chain, states: {c: 'done'}, asked: ['b', 'moves'], unmet: undefined},
  'a move whose new name stays taken': {actions: chain, states: {c: 'failed'}, asked: ['b', 'moves'], unmet: 'name c'},
  'a new file whose name stays taken': {actions: chain, states: {b: 'failed'}, asked: ['a', 'writes'], unmet: 'name b'},
  'a folder that everything has left': {
    actions: emptied,
    states: {a: 'done', b: 'done', 'd/e': 'done'},
    asked: ['d', 'emptied'],
    unmet: undefined,
  },
  'a folder that something has not left': {
    actions: emptied,
    states: {a: 'failed', b: 'done', 'd/e': 'done'},
    asked: ['d', 'emptied'],
    unmet: 'below a',
  },
  'a folder in a folder that something has not left': {
    actions: emptied,
    states: {a: 'done', b: 'failed'},
    asked: ['d/e', 'emptied'],
    unmet: 'below b',
  },
  'a file that goes, and its twin only moves': {
    actions: [act.carry('b', 'a', file(5)), act.delete('c', file(5))],
    states: {b: 'failed'},
    asked: ['c', 'deletes'],
    unmet: undefined,
  },
};

describe('plan/needs', () => {
  for (const [title, {actions, states, asked, unmet, policy}] of Object.entries({...cases, ...over, ...moves})) {
    it(title, () => {
      const needs = new Needs(actions, {...EXACT, ...policy});
      const [path, step] = asked;
      const index = actions.findIndex((action) => action.path === path);
      const stateOf = (i: number) => states[actions[i]?.path as string] ?? 'pending';
      const found = needs.unmet(index, step, {stateOf, hasLeft: (i) => stateOf(i) === 'done', turn: 0});
      expect(found && `${found.need} ${actions[found.of]?.path}`).to.equal(unmet);
    });
  }

  it('a file of which a newer state was written', () => {
    const needs = new Needs(renamed, EXACT);
    const state = (i: number): ActionState => (i === 0 ? 'done' : 'pending');
    const unmet = (isOther: boolean) => needs.unmet(1, 'deletes', {stateOf: state, isOther: () => isOther, turn: 0});
    expect(unmet(true)).to.deep.equal({need: 'copy', of: 0});
    expect(new Needs(renamed, EXACT).unmet(1, 'deletes', {stateOf: state, turn: 0})).to.equal(undefined);
  });

  it('a later failure counts at the next question, also for a different time', () => {
    const other = file(5, {mtime: NOON + 2n * NS_PER_SECOND});
    const actions = [act.create('a', file(5)), act.create('b', other), act.delete('c', file(5)), act.delete('d', other)];
    const needs = new Needs(actions, {...EXACT, mtimeWindow: NS_PER_SECOND});
    const states: ActionState[] = ['failed', 'staged', 'pending', 'pending'];
    let turn = 0;
    const unmet = (index: number) => needs.unmet(index, 'deletes', {stateOf: (i) => states[i] as ActionState, turn: turn++})?.of;
    expect([unmet(2), unmet(3)]).to.deep.equal([0, undefined]);
    states[1] = 'failed';
    expect([unmet(2), unmet(3)]).to.deep.equal([0, 1]);
  });

  it('a file is set aside while its twin waits for its place', () => {
    const other = file(5, {mtime: NOON + 2n * NS_PER_SECOND});
    const actions = [
      replace('a', folder(), file(5)),
      act.delete('a/b', file(5)),
      act.delete('a/c', other),
      act.delete('d', file(5)),
    ];
    const aside = (state: ActionState, policy = EXACT) => {
      const needs = new Needs(actions, policy);
      return [1, 2, 3].map((index) => needs.asideOf(index, (i) => (i === 0 ? state : 'pending')));
    };
    expect(aside('staged')).to.deep.equal(['a', undefined, undefined]);
    expect(aside('staged', {...EXACT, mtimeWindow: 2n * NS_PER_SECOND})).to.deep.equal(['a', 'a', undefined]);
    expect(aside('staged', {...EXACT, deleteAnyway: true})).to.deep.equal([undefined, undefined, undefined]);
    expect(aside('already-done')).to.deep.equal([undefined, undefined, undefined]);
  });

  it('a file that a link overwrites is set aside while its twin waits for its place', () => {
    const actions: Action[] = [{...link('a', 'c'), before: file(5), after: file(6)}, replace('b', folder(), file(5))];
    const needs = new Needs(actions, EXACT);
    expect(needs.asideOf(0, (i) => (i === 1 ? 'staged' : 'pending'))).to.equal('a');
    expect(new Needs(actions, EXACT).asideOf(0, () => 'done')).to.equal(undefined);
  });

  it('a million twins are found in one pass', () => {
    const count = 200_000;
    const actions = [
      ...Array.from({length: count}, (_, i) => act.create(`a${i}`, file(5))),
      ...Array.from({length: count}, (_, i) => act.delete(`b${i}`, file(5))),
    ];
    const needs = new Needs(actions, EXACT);
    const stateOf = (i: number): ActionState => (i === count - 1 ? 'failed' : i < count ? 'done' : 'pending');
    for (let i = count; i < 2 * count; i++) expect(needs.unmet(i, 'deletes', {stateOf, turn: 0})?.of).to.equal(count - 1);
  });

  it('open actions are checked again only after one has ended', () => {
    const count = 1000;
    const after = file(5);
    const actions = [
      ...Array.from({length: count}, (_, i) => act.create(`a${i}`, after)),
      ...Array.from({length: count}, (_, i) => act.delete(`b${i}`, file(5))),
    ];
    const needs = new Needs(actions, EXACT);
    let asked = 0;
    const stateOf = (): ActionState => {
      asked++;
      return 'pending';
    };
    for (let i = count; i < 2 * count; i++) needs.unmet(i, 'deletes', {stateOf, turn: 0});
    expect(asked).to.be.lessThan(10 * count);
  });
});
