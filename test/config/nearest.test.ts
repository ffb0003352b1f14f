import {expect} from 'chai';
import {nearest} from '../../src/config/nearest.js';

describe('config/nearest', () => {
  const words = ['exclude', 'excludeFrom', 'include', 'delete', 'maxDelete', 'log', ''];
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['exlude', 'exclude'],
    ['exclud', 'exclude'],
    ['includes', 'include'],
    ['max-delete', 'maxDelete'],
    ['MAX_DELETE', 'maxDelete'],
    ['exclude-form', 'excludeFrom'],
    ['lgo', 'log'],
    ['golf', undefined],
    ['dleete', 'delete'],
    ['lag', 'log'],
    ['compression', undefined],
  ];
  for (const [word, expected] of cases) it(`${word} -> ${expected}`, () => expect(nearest(word, words)).to.equal(expected));

  it('offers nothing from nothing', () => expect(nearest('a', [])).to.equal(undefined));
});
