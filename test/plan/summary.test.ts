import {expect} from 'chai';
import type {Action} from '../../src/core/action.js';
import type {RelPath} from '../../src/core/path.js';
import {problem} from '../../src/core/problem.js';
import {summarize} from '../../src/plan/summary.js';
import {act, file, folder, planOf, symlink} from '../support/plan.js';

describe('plan/summary', () => {
  it('counts nothing in an empty plan', () => {
    const {kinds, ...totals} = summarize(planOf([]));
    expect(totals).to.deep.equal({
      changes: 0,
      upkeep: 0,
      bytes: 0,
      moved: {leaves: 0, bytes: 0},
      targetDrift: {added: 0, changed: 0, removed: 0},
      problems: 0,
    });
    expect(Object.values(kinds)).to.deep.equal(Array(10).fill({count: 0, bytes: 0}));
  });

  it('counts changes and bytes by kind, with upkeep and blocked actions separate', () => {
    const replace: Action = {kind: 'replace', path: 'r' as RelPath, reasons: ['kind'], before: symlink('x'), after: file(5)};
    const link: Action = {kind: 'link', path: 'l' as RelPath, leader: 'c' as RelPath, reasons: ['hardlink'], after: file(9)};
    const attrs: Action = {
      kind: 'attrs',
      path: 'z' as RelPath,
      reasons: ['mode'],
      before: folder(),
      after: folder({mode: 0o700}),
    };
    const plan = planOf(
      [
        act.upkeep(''),
        {...act.create('c', file(9)), targetDrift: 'removed'},
        {...act.delete('d', file(100)), targetDrift: 'added'},
        link,
        {...act.mkdir('m'), targetDrift: 'removed'},
        act.move('N', 'n'),
        act.moveFolder('o', 'old/o', 3, 1000),
        act.moveFile('p', 'old/p', file(24)),
        replace,
        act.rmdir('s'),
        act.blocked('u', 3, 30),
        {...attrs, targetDrift: 'changed'},
      ],
      {problems: [problem({path: 'p' as RelPath, side: 'source', phase: 'scan', code: 'EACCES'})]},
    );
    expect(summarize(plan)).to.deep.equal({
      kinds: {
        mkdir: {count: 1, bytes: 0},
        create: {count: 1, bytes: 9},
        update: {count: 0, bytes: 0},
        replace: {count: 1, bytes: 5},
        link: {count: 1, bytes: 0},
        move: {count: 3, bytes: 1024},
        attrs: {count: 1, bytes: 0},
        delete: {count: 1, bytes: 100},
        rmdir: {count: 1, bytes: 0},
        blocked: {count: 1, bytes: 30},
      },
      changes: 10,
      upkeep: 1,
      bytes: 14,
      moved: {leaves: 4, bytes: 1024},
      targetDrift: {added: 1, changed: 1, removed: 2},
      problems: 1,
    });
  });
});
