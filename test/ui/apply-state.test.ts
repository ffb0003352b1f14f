import {expect} from 'chai';
import type {RelPath} from '../../src/core/path.js';
import {type Problem, problem} from '../../src/core/problem.js';
import {APPLY_STATE, type ApplyState, applyState, type ScreenMessage} from '../../src/ui/apply-state.js';
import {MAX_KEPT, type ProblemList, visibleProblems} from '../../src/ui/problem-list.js';
import {applyProgress} from '../support/plan.js';

const trouble = (path: string): Problem => problem({path: path as RelPath, side: 'source', phase: 'write', code: 'EACCES'});

function fold(...messages: readonly ScreenMessage[]): ApplyState {
  return messages.reduce((state, message, i) => applyState(state, message, i * 200), APPLY_STATE);
}

/** Such as "3–5: 3 4 5". */
function shown(list: ProblemList, lines: number): string {
  const {first, problems} = visibleProblems(list, lines);
  return `${first}–${first + problems.length - 1}: ${problems.map(({path}) => path).join(' ')}`;
}

const problems = (count: number) =>
  Array.from({length: count}, (_, i): ScreenMessage => ({type: 'problem', problem: trouble(String(i + 1))}));
const by = (lines: number): ScreenMessage => ({type: 'scroll', by: lines, shown: 3});

describe('ui/apply-state', () => {
  it('follows the progress of the apply at hand', () => {
    const started: ScreenMessage = {type: 'apply-started', actions: 10, steps: 10, checks: 0, bytes: 100};
    const half = fold(started, {...applyProgress, steps: 5, bytes: 50, actions: 5});
    expect(half.progress).to.deep.include({phase: 'write', actions: {done: 5, total: 10}});
    expect(half.progress?.share).to.equal(0.5);
    const again = fold(started, {...applyProgress, steps: 5, bytes: 50}, ...problems(2), {type: 'stop'}, started);
    expect(again).to.deep.include({stops: 0, problems: APPLY_STATE.problems});
    expect(again.progress?.share).to.equal(0);
  });

  it('leaves the state alone for what it does not show', () => {
    const state = fold(...problems(2));
    expect(applyState(state, {type: 'scan-progress', source: 1, target: 1}, 0)).to.equal(state);
    expect(applyState(state, applyProgress, 0), 'without a start').to.equal(state);
  });

  it('counts wishes to stop', () => expect(fold({type: 'stop'}, {type: 'stop'}).stops).to.equal(2));

  describe('shows of the problems', () => {
    const cases: [name: string, messages: ScreenMessage[], lines: string][] = [
      ['all that fit', problems(2), '1–2: 1 2'],
      ['the newest', problems(5), '3–5: 3 4 5'],
      ['earlier ones', [...problems(5), by(-1)], '2–4: 2 3 4'],
      ['no others before the first', [...problems(5), by(-9)], '1–3: 1 2 3'],
      ['the first', [...problems(5), by(Number.NEGATIVE_INFINITY)], '1–3: 1 2 3'],
      ['the last again', [...problems(5), by(-9), by(Number.POSITIVE_INFINITY)], '3–5: 3 4 5'],
      ['the same when another comes', [...problems(5), by(-1), ...problems(1)], '2–4: 2 3 4'],
      ['the newest after scrolling back down', [...problems(5), by(-1), by(1), ...problems(1)], '4–6: 4 5 1'],
      ['all, though scrolled, when they fit', [...problems(2), by(-1)], '1–2: 1 2'],
    ];
    for (const [name, messages, lines] of cases) it(name, () => expect(shown(fold(...messages).problems, 3)).to.equal(lines));

    it('only those that are kept, by their numbers', () => {
      const {problems: list} = fold(...problems(MAX_KEPT + 5), by(Number.NEGATIVE_INFINITY));
      expect(list.kept).to.have.length(MAX_KEPT);
      expect(shown(list, 3)).to.equal('6–8: 6 7 8');
    });
  });
});
