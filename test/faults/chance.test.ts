import {expect} from 'chai';
import {Chance} from '../support/faults.js';

describe('chance from a seed', () => {
  it('repeats what it gave', () => {
    const draw = () => {
      const chance = new Chance(7);
      return Array.from({length: 20}, () => chance.int(1, 6));
    };
    expect(draw()).to.deep.equal(draw());
    expect(new Set(draw()).size).to.be.greaterThan(3);
  });
});
