import {expect} from 'chai';
import type {BatchResult} from '../../src/apply/batch.js';
import {Moving} from '../../src/apply/moving.js';
import {Outcomes} from '../../src/apply/outcomes.js';
import type {Progress} from '../../src/apply/progress.js';
import {ALREADY, DONE, failed, STOPPED, skipped} from '../../src/apply/step.js';
import {Steps} from '../../src/apply/steps.js';
import type {Action} from '../../src/core/action.js';
import type {RelPath} from '../../src/core/path.js';
import {problem} from '../../src/core/problem.js';
import type {WaveStep} from '../../src/plan/waves.js';
import {act, file, folder, NOON, planOf} from '../support/plan.js';

const link = (path: string, leader: string): Action => ({
  kind: 'link',
  path: path as RelPath,
  leader: leader as RelPath,
  reasons: ['hardlink'],
  after: file(),
});
const replace = (path: string, before = folder(), after = file()): Action => ({
  kind: 'replace',
  path: path as RelPath,
  reasons: ['kind'],
  before,
  after,
});

function run(...actions: Action[]) {
  const told: string[] = [];
  const spared: number[] = [];
  const outcomes = new Outcomes(actions, {
    onEnd: () => {},
    onProblem: ({path, code, phase}) => told.push(`${path} ${phase} ${code}`),
  });
  const progress = {spareContent: (index: number) => spared.push(index)} as unknown as Progress;
  const steps = new Steps({plan: planOf(actions), outcomes, progress, moving: new Moving(actions), runId: 'run'});
  const states = () => actions.map((_, i) => outcomes.stateOf(i));
  return {steps, outcomes, told, spared, states};
}

describe('apply/steps', () => {
  describe('a step is ready', () => {
    it('when nothing was done with its action yet', () => {
      const {steps, outcomes} = run(act.create('a'), act.create('b'));
      outcomes.set(0, 'done');
      expect([0, 1].map((index) => steps.isReady(index, 'writes', true))).to.deep.equal([false, true]);
    });

    it('to settle a folder, when that was made, was found, or was there all the time', () => {
      const {steps, outcomes} = run(act.mkdir('a'), act.mkdir('b'), act.upkeep('c'), act.mkdir('d'));
      outcomes.set(0, 'made');
      outcomes.set(1, 'found');
      outcomes.set(3, 'stopped');
      expect([0, 1, 2, 3].map((index) => steps.isReady(index, 'settle', true))).to.deep.equal([true, true, true, false]);
    });

    it('to give a leaf the place of a folder, when the leaf waits', () => {
      const {steps, outcomes} = run(replace('a'), act.rmdir('b'));
      expect(steps.isReady(0, 'emptied', true)).to.equal(false);
      expect(steps.isReady(1, 'emptied', true)).to.equal(true);
      outcomes.set(0, 'staged');
      expect(steps.isReady(0, 'emptied', true)).to.equal(true);
    });
  });

  it('a step that needs everything on disk fails if that was refused', () => {
    const {steps, states, told} = run(act.delete('a'));
    expect(steps.isReady(0, 'deletes', false)).to.equal(false);
    expect(states()).to.deep.equal(['failed']);
    expect(told).to.deep.equal(['a delete DEPENDS']);
  });

  describe('an action ends like the one that it needs', () => {
    const ends: readonly [how: 'failed' | 'skipped' | 'stopped', then: string, told: readonly string[]][] = [
      ['failed', 'failed', ['a write ENOSPC', 'a/b write DEPENDS']],
      ['skipped', 'failed', ['a/b write DEPENDS']],
      ['stopped', 'stopped', []],
    ];
    for (const [how, then, expected] of ends) {
      it(`a file of a folder that was ${how} is ${then}, and its content is not waited for`, () => {
        const {steps, outcomes, states, told, spared} = run(act.mkdir('a'), act.create('a/b', file(7)));
        if (how === 'failed') outcomes.fail(0, problem({path: 'a' as RelPath, side: 'target', phase: 'write', code: 'ENOSPC'}));
        else outcomes.set(0, how);
        expect(steps.isReady(1, 'writes', true)).to.equal(false);
        expect(states()).to.deep.equal([how, then]);
        expect([told, spared]).to.deep.equal([expected, [1]]);
      });
    }

    it('does not make a link if its leader was not kept', () => {
      const {steps, outcomes, states} = run(act.create('a'), link('b', 'a'));
      outcomes.set(0, 'not-kept');
      expect(steps.isReady(1, 'links', true)).to.equal(false);
      expect(states()[1]).to.equal('not-kept');
    });

    it('holds back what may be the only copy of a file that was not copied, and reports it', () => {
      const {steps, outcomes, states, told} = run(act.create('new', file(5)), act.delete('old', file(5, {mtime: NOON})));
      outcomes.set(0, 'skipped');
      expect(steps.isReady(1, 'deletes', true)).to.equal(false);
      expect(states()[1]).to.equal('blocked');
      expect(told).to.deep.equal(['old delete HELD_BACK']);
    });

    it('does the others', () => {
      const {steps, outcomes} = run(act.mkdir('a'), act.create('b'), act.delete('c', file(9, {mtime: 0n})));
      outcomes.set(0, 'skipped');
      expect([steps.isReady(1, 'writes', true), steps.isReady(2, 'deletes', true)]).to.deep.equal([true, true]);
    });
  });

  it('returns the state of the leader of a link', () => {
    const {steps, outcomes} = run(
      act.create('a'),
      act.create('b'),
      act.update('c', file(), file(1)),
      link('x', 'a'),
      link('y', 'b'),
      link('z', 'c'),
      link('zz', 'elsewhere'),
    );
    outcomes.set(0, 'done');
    outcomes.set(1, 'staged');
    expect(steps.leaderNow(3)).to.deep.equal({is: 'written'});
    expect(steps.leaderNow(4)).to.deep.equal({is: 'staged', index: 1});
    expect(steps.leaderNow(5)).to.deep.include({is: 'attrs'}).and.have.nested.property('action.path', 'c');
    expect(steps.leaderNow(6)).to.deep.equal({is: 'untouched'});
  });

  it('sets aside exchanged files; others only if something waits', () => {
    const {steps, outcomes} = run(replace('a'), act.delete('a/b'));
    expect(steps.asideIn('exchanges')?.(1)).to.equal('a/b');
    for (const step of ['deletes', 'links', 'writes'] as const) expect(steps.asideIn(step)).to.equal(undefined);
    outcomes.set(0, 'staged');
    for (const step of ['deletes', 'links'] as const) expect(steps.asideIn(step)).to.be.a('function');
    expect(steps.asideIn('writes')).to.equal(undefined);
  });

  describe('records the answers of a worker', () => {
    const drift = {path: 'a' as RelPath, side: 'source', attribute: 'size', before: '1', now: '\x1b'} as const;
    const create = act.create('a', file(5));
    const mkdir = act.mkdir('a');
    const bad = problem({path: 'a' as RelPath, side: 'target', phase: 'attrs', code: 'XATTRS_NOT_KEPT'});
    const cases: readonly [
      title: string,
      action: Action,
      step: WaveStep,
      result: BatchResult,
      state: string,
      told: readonly string[],
    ][] = [
      ['done', create, 'writes', DONE, 'done', []],
      ['already done', create, 'writes', ALREADY, 'already-done', []],
      ['not kept', create, 'writes', {status: 'not-kept'}, 'not-kept', []],
      ['stopped', create, 'writes', STOPPED, 'stopped', []],
      ['failed', create, 'writes', failed(create, 'write', 'EIO'), 'failed', ['a write EIO']],
      ['drifted', create, 'writes', skipped(drift), 'skipped', ['a check DRIFTED']],
      ['waiting for a folder', replace('a'), 'writes', {status: 'staged'}, 'staged', []],
      [
        'waiting, with a problem',
        replace('a'),
        'writes',
        {status: 'staged', problem: bad},
        'staged',
        ['a attrs XATTRS_NOT_KEPT'],
      ],
      ['a folder that was made', mkdir, 'folders', DONE, 'made', []],
      ['a folder that was there', mkdir, 'folders', ALREADY, 'found', []],
      ['a folder that was renamed', act.move('a', 'A', folder()), 'renames', DONE, 'made', []],
      ['a file that was renamed', act.move('a', 'A'), 'renames', DONE, 'done', []],
      ['a name alone that was given', act.move('a', 'A'), 'renames', {status: 'todo'}, 'pending', []],
    ];
    for (const [title, action, step, result, state, expected] of cases) {
      it(`${title}: ${state}`, () => {
        const {steps, states, told} = run(action);
        steps.record(step, 0, result);
        expect([states(), told]).to.deep.equal([[state], expected]);
      });
    }

    it('reports drift on its side, with names escaped', () => {
      const {steps, outcomes} = run(create);
      steps.record('writes', 0, skipped(drift));
      expect(outcomes.problems[0]).to.include({side: 'source'});
      expect(outcomes.problems[0]?.message).to.not.include('\x1b');
    });

    it('spares content that was not written, and only once', () => {
      const spared = (step: WaveStep, result: BatchResult) => {
        const {steps, spared} = run(create);
        steps.record(step, 0, result);
        return spared;
      };
      for (const step of ['writes', 'overwrites', 'exchanges'] as const) {
        expect(spared(step, ALREADY)).to.deep.equal([0]);
        expect(spared(step, DONE)).to.deep.equal([]);
      }
      expect(spared('attrs', ALREADY)).to.deep.equal([]);
    });

    it('records content that differs from the plan, because the planned content may be elsewhere', () => {
      for (const status of ['done', 'staged'] as const) {
        const {steps, outcomes} = run(replace('a'));
        steps.record('writes', 0, {status, isOther: true});
        expect([outcomes.isOther(0), outcomes.isSound]).to.deep.equal([true, false]);
      }
    });

    it('a step that leaves work undone where it must not is a bug', () => {
      const {steps} = run(create);
      expect(() => steps.record('writes', 0, {status: 'todo'})).to.throw();
    });
  });
});
