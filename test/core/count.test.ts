import {expect} from 'chai';
import {formatCount, formatPlural} from '../../src/core/count.js';

describe('core/count', () => {
  it('sets thousands apart', () => expect([0, 84_012].map(formatCount)).to.deep.equal(['0', '84,012']));

  it('says one of a thing, and many', () => {
    const words = [0, 1, 1200].map((count) => formatPlural(count, 'entry', 'entries'));
    expect(words).to.deep.equal(['0 entries', '1 entry', '1,200 entries']);
    expect(formatPlural(2, 'file')).to.equal('2 files');
  });
});
