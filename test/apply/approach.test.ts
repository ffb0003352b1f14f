import {expect} from 'chai';
import {type Approach, type Rules, rulesOf} from '../../src/apply/approach.js';

type Given = Parameters<typeof rulesOf>[1];

const usual: Given = {skipDrifted: false, live: 'copy', hasWaited: false};
const NONE: Rules = {looksFirst: false, refusesDrift: false, follows: false, takesGrowing: false};

describe('apply/approach', () => {
  const cases: readonly [approach: Approach, given: Partial<Given>, rules: Partial<Rules>][] = [
    ['fresh', {}, {follows: true, takesGrowing: true}],
    ['fresh', {live: 'skip'}, {follows: true}],
    ['fresh', {hasWaited: true}, {looksFirst: true, follows: true, takesGrowing: true}],
    ['approved', {}, {}],
    ['approved', {hasWaited: true}, {looksFirst: true}],
    ['saved', {}, {looksFirst: true, refusesDrift: true}],
    ['saved', {skipDrifted: true}, {looksFirst: true}],
    ['saved', {hasWaited: true}, {looksFirst: true, refusesDrift: true}],
  ];
  for (const [approach, given, rules] of cases) {
    const how = Object.entries(given).map(([key, value]) => `${key} ${value}`);
    const what = Object.keys(rules).join(', ') || 'nothing of all that';
    it(`${[approach, ...how].join(', ')}: ${what}`, () => {
      expect(rulesOf(approach, {...usual, ...given})).to.deep.equal({...NONE, ...rules});
    });
  }

  it('never copies a newer state of an approved plan', () => {
    for (const approach of ['approved', 'saved'] as const)
      for (const skipDrifted of [false, true])
        for (const live of ['copy', 'skip'] as const)
          for (const hasWaited of [false, true]) {
            expect(rulesOf(approach, {skipDrifted, live, hasWaited})).to.include({follows: false, takesGrowing: false});
          }
  });
});
