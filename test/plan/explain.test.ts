import {expect} from 'chai';
import type {Action} from '../../src/core/action.js';
import type {RelPath} from '../../src/core/path.js';
import {problem} from '../../src/core/problem.js';
import {isOfFolder, problemsAbove} from '../../src/plan/explain.js';
import {act, file, folder} from '../support/plan.js';

describe('plan/explain', () => {
  it('a path has the problems of itself and of folders above, the nearest first, and those of filters that hold for it', () => {
    const of = (path: string, phase: 'scan' | 'check' = 'scan') =>
      problem({path: path as RelPath, side: 'source', phase, code: 'EACCES'});
    const problems = [
      ...[of(''), of('a'), of('a/b'), of('a/b/c'), of('a/bc'), of('d')],
      ...[of('a/.dirsyncignore'), of('d/.dirsyncignore'), of('.dirsyncignore', 'check')],
    ];
    const found = problemsAbove('a/b' as RelPath, problems).map(({path}) => path);
    expect(found).to.have.members(['a/b', 'a/.dirsyncignore', 'a', '']);
    expect([found[0], found.at(-1)]).to.deep.equal(['a/b', '']);
  });

  const actions: readonly (readonly [Action, boolean])[] = [
    [act.mkdir('a'), true],
    [act.rmdir('a'), true],
    [{...act.update('a', folder(), file()), kind: 'replace'} as Action, true],
    [act.move('A', 'a', folder()), true],
    [act.move('A', 'a', file()), false],
    [act.create('a'), false],
    [act.upkeep('a'), false],
  ];
  for (const [action, expected] of actions) {
    const what = `${action.kind} of ${(action.after ?? action.before)?.kind}`;
    it(`${expected ? 'a folder' : 'no folder'} is created, deleted or renamed by ${what}`, () =>
      expect(isOfFolder(action)).to.equal(expected));
  }
});
