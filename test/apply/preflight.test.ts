import {expect} from 'chai';
import type {BatchResult} from '../../src/apply/batch.js';
import {Outcomes} from '../../src/apply/outcomes.js';
import {preflight} from '../../src/apply/preflight.js';
import {failed} from '../../src/apply/step.js';
import type {Action} from '../../src/core/action.js';
import type {Drift} from '../../src/core/drift.js';
import type {RelPath} from '../../src/core/path.js';
import {act, file, folder} from '../support/plan.js';

const OPEN: BatchResult = {status: 'todo'};
const ALREADY: BatchResult = {status: 'already-done'};
const behind = (obstacle: string): BatchResult => ({status: 'todo', obstacle: obstacle as RelPath});
const drifted = (path: string): BatchResult => {
  const drift: Drift = {path: path as RelPath, side: 'target', attribute: 'size'};
  return {status: 'skipped', drift};
};
const link = (path: string, leader: string): Action => ({
  kind: 'link',
  path: path as RelPath,
  leader: leader as RelPath,
  reasons: ['hardlink'],
  after: file(),
});
const replaced = (path: string, after = folder()): Action => ({
  kind: 'replace',
  path: path as RelPath,
  reasons: ['kind'],
  before: after.kind === 'directory' ? file() : folder(),
  after,
});

/** What is found at each action, and what comes of it. */
async function look(...found: readonly (readonly [Action, BatchResult])[]) {
  const actions = found.map(([action]) => action);
  const ended: string[] = [];
  const outcomes = new Outcomes(actions, {
    onEnd: ({path}, status) => ended.push(`${path} ${status}`),
    onProblem: ({path, code}) => ended.push(`${path} ${code}`),
  });
  const asked: number[] = [];
  const drift = await preflight({
    actions,
    outcomes,
    pathNow: (index) => actions[index]?.path,
    // Whoever is done first answers first.
    look: async (indexes, onResult) => {
      asked.push(...indexes);
      for (const index of [...indexes].reverse()) onResult(index, (found[index] as (typeof found)[number])[1]);
    },
  });
  return {
    states: Object.fromEntries(actions.map(({path}, i) => [path, outcomes.stateOf(i)])),
    drift: drift.map(({path, attribute}) => `${path} ${attribute}`),
    ended,
    asked,
  };
}

describe('apply/preflight', () => {
  it('leaves open actions, and notes those already done without an event', async () => {
    const {states, drift, ended} = await look(
      [act.create('a'), OPEN],
      [act.create('b'), ALREADY],
      [act.mkdir('c'), ALREADY],
      [act.delete('d'), ALREADY],
    );
    expect(states).to.deep.equal({a: 'pending', b: 'already-done', c: 'found', d: 'already-done'});
    expect([drift, ended]).to.deep.equal([[], []]);
  });

  it('does not check blocked actions', async () => {
    const {asked, states} = await look([act.blocked('a'), OPEN], [act.create('b'), OPEN]);
    expect(asked).to.deep.equal([1]);
    expect(states.a).to.equal('blocked');
  });

  it('leaves drifted paths alone, and fails paths that cannot be read', async () => {
    const create = act.create('b');
    const {states, drift, ended} = await look([act.create('a'), drifted('a')], [create, failed(create, 'check', 'EACCES')]);
    expect(states).to.deep.equal({a: 'skipped', b: 'failed'});
    expect(drift).to.deep.equal(['a size']);
    expect(ended).to.have.members(['a skipped', 'b failed', 'b EACCES']);
  });

  describe('an obstacle above a new path', () => {
    it('is drift, if no action replaces it', async () => {
      const {states, drift} = await look([act.mkdir('a/b'), behind('a')], [act.create('a/b/c'), behind('a')]);
      expect(states).to.deep.equal({'a/b': 'skipped', 'a/b/c': 'skipped'});
      expect(drift).to.have.members(['a/b way', 'a/b/c way']);
    });

    it('is not drift, if the plan replaces it by a folder', async () => {
      const {states, drift} = await look([replaced('a'), OPEN], [act.create('a/b'), behind('a')]);
      expect(states).to.deep.equal({a: 'pending', 'a/b': 'pending'});
      expect(drift).to.deep.equal([]);
    });

    it('is drift, if the action that replaces it has drifted too', async () => {
      const {drift} = await look([act.mkdir('a'), drifted('a')], [act.create('a/b'), behind('a')]);
      expect(drift).to.have.members(['a size', 'a/b way']);
    });

    it('is drift if the plan puts a leaf there, or a folder elsewhere', async () => {
      const {drift} = await look(
        [replaced('a', file()), OPEN],
        [act.create('a/b'), behind('a')],
        [replaced('x'), OPEN],
        [act.create('y/z'), behind('y')],
      );
      expect(drift).to.have.members(['a/b way', 'y/z way']);
    });
  });

  describe('a name that is its leader already', () => {
    const both = (leader: BatchResult) => look([act.create('a'), leader], [link('b', 'a'), ALREADY]);

    it('is done when its leader is', async () => expect((await both(ALREADY)).states.b).to.equal('already-done'));
    it('is to be done again while its leader is to be written', async () =>
      expect((await both(OPEN)).states.b).to.equal('pending'));
    it('is done when its leader is left alone', async () => expect((await both(drifted('a'))).states.b).to.equal('already-done'));
    it('is done when the plan has nothing to do for its leader', async () => {
      expect((await look([link('b', 'elsewhere'), ALREADY])).states.b).to.equal('already-done');
    });
  });
});
