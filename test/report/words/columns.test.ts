import {expect} from 'chai';
import fc from 'fast-check';
import {columns, cut, cutMiddle, cutStart, head, pad} from '../../../src/report/words/columns.js';

describe('report/words/columns', () => {
  const widths: readonly (readonly [text: string, width: number, what: string])[] = [
    ['', 0, 'nothing'],
    ['plain text ~', 12, 'ASCII'],
    ['é', 1, 'a letter with its accent'],
    ['e\u0301', 1, 'a letter and its accent'],
    ['漢字', 4, 'Han'],
    ['ひらがな', 8, 'Hiragana'],
    ['カタカナ', 8, 'Katakana'],
    ['ｶﾀｶﾅ', 4, 'halfwidth Katakana'],
    ['ｶﾞ', 2, 'halfwidth Katakana with a sound mark'],
    ['Ａ！', 4, 'fullwidth forms'],
    ['ꀀꒌ', 4, 'Yi'],
    ['한글', 4, 'Hangul'],
    ['한글'.normalize('NFD'), 4, 'Hangul in parts, as macOS writes it'],
    ['😀', 2, 'an emoji'],
    ['❤', 1, 'a sign that may be an emoji'],
    ['❤\ufe0f', 2, 'such a sign as an emoji'],
    ['❤\ufe0e', 1, 'such a sign as text'],
    ['1\ufe0f\u20e3', 2, 'a key'],
    ['👍🏽', 2, 'an emoji with a skin tone'],
    ['🇩🇪', 2, 'a flag'],
    ['\ud7b0', 0, 'an ending of Hangul alone'],
    ['🏽', 2, 'a skin tone alone'],
    ['…→', 2, 'signs of our own'],
  ];
  for (const [text, width, what] of widths) it(`${what}: ${text}`, () => expect(columns(text)).to.equal(width));

  const texts = [...widths.map(([text]) => text), widths.map(([text]) => text).join('')];

  it('cuts to what there is room for, and fills it up', () => {
    for (const text of texts) {
      for (let width = 1; width <= columns(text) + 2; width++) {
        for (const made of [cut(text, width), cutMiddle(text, width), cutStart(text, width), head(text, width)]) {
          expect(columns(made), `${text} in ${width}`).to.be.at.most(width);
        }
        expect(columns(pad(cut(text, width), width))).to.equal(width);
      }
      expect([cut, cutMiddle, cutStart, head].map((make) => make(text, columns(text)))).to.deep.equal(Array(4).fill(text));
    }
  });

  it('gives a text the same room wherever it stands', () => {
    const signs = fc.constantFrom('a', '漢', 'ｶ', 'ﾞ', '\u0301', '\u1100', '\u1161', '\ud7b0', '👍', '🏽', '❤', '\ufe0f', '🇩');
    fc.assert(
      fc.property(fc.string({unit: signs}), fc.constantFrom('…', '/', ' '), (text, before) => {
        expect(columns(before + text)).to.equal(1 + columns(text));
      }),
    );
  });

  it('parts no character from what joins it', () => {
    expect(head('ae\u0301b', 2)).to.equal('ae\u0301');
    expect(cutStart('ae\u0301bc', 3)).to.equal('…bc');
    expect(cutStart('abe\u0301c', 3)).to.equal('…e\u0301c');
    expect(cut('a❤\ufe0fb', 3)).to.equal('a…');
    expect(cut('❤\ufe0fbc', 3)).to.equal('❤\ufe0f…');
  });
});
