import {expect} from 'chai';
import type {RelPath} from '../../src/core/path.js';
import type {GuardName, Plan, PlanHeader} from '../../src/core/plan.js';
import {problem} from '../../src/core/problem.js';
import {filtersOf, filtersToRemember, nowKnown, withPlanned} from '../../src/plan/remember.js';
import {act, header, planOf} from '../support/plan.js';

const at = 'disk' as RelPath;
const [DISK, OTHER] = ['ext4 1', 'ext4 2'];

describe('plan/remember', () => {
  describe('known mounts', () => {
    const cases: Record<string, {readonly now: string; readonly before: readonly string[]; readonly known: boolean}> = {
      'where it was there before': {now: DISK, before: [OTHER, DISK], known: true},
      'where nothing was there before': {now: DISK, before: [], known: true},
      'not where nothing is there, and nothing was': {now: '', before: [], known: false},
      'not where it is missing': {now: '', before: [DISK], known: false},
      'not where it is another one': {now: OTHER, before: [DISK], known: false},
    };
    for (const [title, {now, before, known}] of Object.entries(cases)) {
      it(title, () => {
        expect(nowKnown([{at, now, before}], false)).to.have.length(known ? 1 : 0);
        expect(nowKnown([{at, now, before}], true), 'let pass').to.have.length(1);
      });
    }
    it('none, if none were checked', () => expect(nowKnown(undefined, true)).to.deep.equal([]));
  });

  it('adds the mounts of the plan to the known ones, but not missing mounts', () => {
    const planned = [
      {at, now: DISK, before: []},
      {at: 'b' as RelPath, now: '', before: []},
    ];
    expect(withPlanned([{at, fileSystems: [OTHER]}], planned)).to.deep.equal([{at, fileSystems: [DISK, OTHER]}]);
  });

  describe('filters are remembered', () => {
    const whole: Partial<PlanHeader> = {rules: [['a' as RelPath, '*.o']], options: {...header.options, filters: ['x']}};
    const trouble = problem({path: 'a' as RelPath, side: 'source', phase: 'scan', code: 'EACCES'});
    interface Case {
      readonly plan?: Plan;
      readonly interrupted?: boolean;
      readonly allowed?: readonly GuardName[];
      readonly fits?: boolean;
      readonly areKnown?: boolean;
      readonly isKept: boolean;
    }
    const cases: Record<string, Case> = {
      'of a whole run': {isKept: true},
      'not of one that was interrupted': {interrupted: true, isKept: false},
      'not of a plan that was narrowed': {plan: planOf([], {...whole, narrowed: {from: 'p', leftOut: 1}}), isKept: false},
      'not where nothing is deleted': {
        plan: planOf([], {...whole, options: {...header.options, delete: false}}),
        isKept: false,
      },
      'not where the plan holds no rules': {plan: planOf([]), isKept: false},
      'not where they are too large': {fits: false, isKept: false},
      'not with a problem, which may hide something': {plan: planOf([], {...whole, problems: [trouble]}), isKept: false},
      'not where something is blocked': {plan: planOf([act.blocked('a')], whole), isKept: false},
      'with a problem too, once the change of filters was let pass': {
        plan: planOf([], {...whole, problems: [trouble]}),
        allowed: ['filters-changed'],
        isKept: true,
      },
      'with a problem too, where none are known yet': {
        plan: planOf([], {...whole, problems: [trouble]}),
        areKnown: false,
        isKept: true,
      },
    };
    for (const [title, given] of Object.entries(cases)) {
      const {plan = planOf([], whole), interrupted = false, allowed = [], fits = true, areKnown = true, isKept} = given;
      it(title, () => {
        const found = filtersToRemember(plan, {interrupted, allowed: new Set(allowed)}, {fits, areKnown: () => areKnown});
        expect(found).to.deep.equal(isKept ? filtersOf(plan.header) : undefined);
      });
    }
    it('as lines, rules and tags', () => {
      const tagged = [['c' as RelPath, 'CACHEDIR.TAG']] as const;
      expect(filtersOf({...header, ...whole, tagged})).to.deep.equal({lines: ['x'], rules: [['a', '*.o']], tagged});
      expect(filtersOf(header)).to.deep.equal({lines: [], rules: [], tagged: []});
    });
  });
});
