import {expect} from 'chai';
import {Outcomes} from '../../src/apply/outcomes.js';
import type {Action} from '../../src/core/action.js';
import {ACTION_STATES, type ActionState, type OutcomeStatus} from '../../src/core/outcome.js';
import {problem} from '../../src/core/problem.js';
import {act} from '../support/plan.js';

function table(actions: readonly Action[]) {
  const told: string[] = [];
  const outcomes = new Outcomes(actions, {
    onEnd: ({path}, status) => told.push(`${path} ${status}`),
    onProblem: ({path, code}) => told.push(`${path} ${code}`),
  });
  return {outcomes, told};
}

describe('apply/outcomes', () => {
  const ways: Partial<Record<ActionState, readonly ActionState[]>> = {
    pending: ['made', 'found', 'staged', 'done', 'already-done', 'not-kept', 'skipped', 'failed', 'stopped', 'blocked'],
    made: ['done', 'already-done', 'skipped', 'failed', 'stopped'],
    found: ['done', 'already-done', 'skipped', 'failed', 'stopped'],
    staged: ['done', 'skipped', 'failed', 'stopped', 'blocked'],
  };
  for (const from of ACTION_STATES) {
    for (const to of ACTION_STATES) {
      const isWay = ways[from]?.includes(to) ?? false;
      it(`${from} ${isWay ? 'can' : 'cannot'} become ${to}`, () => {
        const {outcomes} = table([act.create('a')]);
        if (from !== 'pending') outcomes.set(0, from);
        const step = () => outcomes.set(0, to);
        if (isWay) expect(step).not.to.throw();
        else expect(step).to.throw(`an action that is ${from} cannot be ${to}`);
      });
    }
  }

  it('a folder that was made and needed nothing more was done', () => {
    const {outcomes, told} = table([act.mkdir('a')]);
    outcomes.set(0, 'made');
    expect(told).to.deep.equal([]);
    outcomes.set(0, 'already-done');
    expect(outcomes.stateOf(0)).to.equal('done');
    expect(told).to.deep.equal(['a done']);
  });

  it('counts each action once, and unfinished ones as stopped', () => {
    const {outcomes} = table([
      act.mkdir('a'),
      act.mkdir('b'),
      act.create('c'),
      act.create('d'),
      act.blocked('e'),
      act.upkeep(''),
      act.delete('f'),
    ]);
    outcomes.set(0, 'made');
    outcomes.set(1, 'found');
    outcomes.set(2, 'staged');
    outcomes.set(6, 'done');
    const expected: Record<OutcomeStatus, number> = {
      done: 1,
      'already-done': 1,
      'not-kept': 0,
      skipped: 0,
      failed: 0,
      stopped: 3,
      blocked: 1,
    };
    expect(outcomes.counts()).to.deep.equal(expected);
    expect(outcomes.isWhole).to.equal(false);
    expect(outcomes.pending()).to.deep.equal([3, 5]);
  });

  it('is sound until something it began does not go well', () => {
    for (const state of ['done', 'already-done', 'made', 'found', 'staged'] as const) {
      const {outcomes} = table([act.create('a'), act.blocked('b')]);
      outcomes.set(0, state);
      expect(outcomes.isSound, state).to.equal(true);
    }
    for (const state of ['skipped', 'failed', 'stopped', 'blocked', 'not-kept'] as const) {
      const {outcomes} = table([act.create('a')]);
      outcomes.set(0, state);
      expect(outcomes.isSound, state).to.equal(false);
    }
  });

  it('reports the end of each action, a problem after its failure, and actions found done on request', () => {
    const {outcomes, told} = table([act.create('a'), act.create('b'), act.create('c'), act.upkeep('d')]);
    outcomes.foundDone(0);
    outcomes.fail(1, problem({path: act.create('b').path, side: 'target', phase: 'write', code: 'EIO'}));
    outcomes.set(2, 'stopped');
    outcomes.set(3, 'done');
    expect(told).to.deep.equal(['b failed', 'b EIO']);
    expect([...outcomes.untold()].map(([{path}, status]) => `${path} ${status}`)).to.deep.equal(['a already-done']);
    expect(outcomes.ended).to.equal(3);
  });
});
