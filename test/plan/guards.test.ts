import {expect} from 'chai';
import type {Action} from '../../src/core/action.js';
import type {GuardName, MaxDelete, Plan, PlanHeader} from '../../src/core/plan.js';
import {DEFAULT_MAX_DELETE, guardHalts} from '../../src/plan/guards.js';
import {act, header, planOf} from '../support/plan.js';

interface Case {
  readonly name: string;
  readonly plan: Plan;
  /** Guards with their sentences. */
  readonly halts: Partial<Record<GuardName, string>>;
}

const cases: Case[] = [
  {name: 'an ordinary plan', plan: planOf([act.create('a'), act.delete('b')]), halts: {}},
  {name: 'one folder twice', plan: planOf([], {overlap: 'same'}), halts: {'same-tree': 'source and target are the same folder'}},
  {
    name: 'a target in its source',
    plan: planOf([], {overlap: 'target-in-source'}),
    halts: {'same-tree': 'the target lies inside the source'},
  },
  {
    name: 'a source in its target',
    plan: planOf([], {overlap: 'source-in-target'}),
    halts: {'same-tree': 'the source lies inside the target'},
  },
  {
    name: 'a missing source and a target with content',
    plan: planOf([act.delete('a')], {sourceMissing: true, totals: totals({source: 0, leaves: 20})}),
    halts: {
      'source-missing': 'the source does not exist and was taken as an empty folder',
      'source-empty': 'the source is empty and would empty the target: 1 of its 20 entries would go',
    },
  },
  {
    name: 'an empty source and a target of empty folders',
    plan: planOf([act.rmdir('a')], {totals: totals({source: 0, leaves: 0, entries: 1})}),
    halts: {'source-empty': 'the source is empty and would empty the target: 1 of its 1 entries would go'},
  },
  {name: 'an empty source and target', plan: planOf([], {totals: totals({source: 0, leaves: 0})}), halts: {}},
  {name: 'an empty source, but nothing is deleted', plan: planOf([], {totals: totals({source: 0, leaves: 5})}), halts: {}},
  {name: 'deletes at the share', plan: deleting(500, {share: 0.5}, 1000), halts: {}},
  {
    name: 'deletes above the share',
    plan: deleting(812, {share: 0.5}, 1000),
    halts: {'too-many-deletes': 'would delete 812 of 1,000 files (81.2 %), more than --max-delete 50%'},
  },
  {name: 'all deletes in a target of 20 leaves', plan: deleting(20, {share: 0.5}, 20), halts: {}},
  {
    name: 'all deletes in a target of 21 leaves',
    plan: deleting(21, {share: 0.125}, 21),
    halts: {'too-many-deletes': 'would delete 21 of 21 files (100 %), more than --max-delete 12.5%'},
  },
  {name: 'all deletes with 100%', plan: deleting(1000, {share: 1}, 1000), halts: {}},
  {name: 'deletes at the count', plan: deleting(3, {count: 3}, 5), halts: {}},
  {
    name: 'deletes above the count, in a small target too',
    plan: deleting(1, {count: 0}, 5),
    halts: {'too-many-deletes': 'would delete 1 of 5 files (20 %), more than --max-delete 0'},
  },
  {
    name: 'folders are not counted',
    plan: planOf([act.rmdir('a'), act.rmdir('b')], {options: {...header.options, maxDelete: {count: 0}}}),
    halts: {},
  },
];

function totals({
  source = 100,
  leaves = 100,
  entries = leaves,
}: {
  source?: number;
  leaves?: number;
  entries?: number;
}): PlanHeader['totals'] {
  return {
    source: {...header.totals.source, entries: source, leaves: source},
    target: {...header.totals.target, entries, leaves},
  };
}

function deleting(count: number, maxDelete: MaxDelete, leaves: number): Plan {
  const actions = Array.from({length: count}, (_, i): Action => act.delete(`f${i}`));
  return planOf(actions, {options: {...header.options, maxDelete}, totals: totals({leaves})});
}

describe('plan/guards', () => {
  for (const {name, plan, halts} of cases) {
    it(name, () => {
      const found = guardHalts(plan, []).map(({guard, message}) => [guard, message]);
      expect(Object.fromEntries(found)).to.deep.equal(halts);
    });
  }

  it('marks what is allowed and keeps the order', () => {
    const plan = planOf([act.delete('a')], {overlap: 'same', sourceMissing: true, totals: totals({source: 0})});
    const halts = guardHalts(plan, ['source-empty', 'same-tree']).map(({guard, allowed}) => [guard, allowed]);
    expect(halts).to.deep.equal([
      ['same-tree', true],
      ['source-missing', false],
      ['source-empty', true],
    ]);
  });

  it('halts above half of the target by default', () => {
    expect(DEFAULT_MAX_DELETE).to.deep.equal({share: 0.5});
  });
});
