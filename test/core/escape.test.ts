import {expect} from 'chai';
import fc from 'fast-check';
import {escapeJson, escapeName, unescapeName} from '../../src/core/escape.js';
import {name} from '../support/arbitrary.js';

/** Cursor movers, line breaks, bidirectional and other invisible format characters, halves of characters. */
const DANGEROUS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

describe('core/escape', () => {
  const cases: [given: string, shown: string][] = [
    ['plain name.txt', 'plain name.txt'],
    ['é 😀 …', 'é 😀 …'],
    ['a\nb\tc\rd', 'a\\nb\\tc\\rd'],
    ['\x1b[31m', '\\x1b[31m'],
    ['\0\x7f\x9b', '\\x00\\x7f\\u009b'],
    ['\u202etxt.exe', '\\u202etxt.exe'],
    ['\u200b\u2066\u2069\ufeff', '\\u200b\\u2066\\u2069\\ufeff'],
    ['\u2028\u2029', '\\u2028\\u2029'],
    ['\u{e0041}', '\\u{e0041}'],
    ['x\udcff', 'x\\xff'],
    ['\ud83d', '\\ud83d'],
    ['C:\\x1b', 'C:\\\\x1b'],
  ];
  for (const [given, shown] of cases) it(shown, () => expect(escapeName(given)).to.equal(shown));

  const text = fc.oneof(
    name,
    fc.string({unit: 'binary'}),
    fc.string({unit: fc.constantFrom(...'\\x1bnu{}', '\x1b', '\n', '\u202e', '\udcff')}),
  );
  it('law: nothing dangerous comes out', () => {
    fc.assert(
      fc.property(text, (given) => {
        expect(escapeName(given)).not.to.match(DANGEROUS);
      }),
    );
  });
  it('law: every name can be read back', () => {
    fc.assert(
      fc.property(text, (given) => {
        expect(unescapeName(escapeName(given))).to.equal(given);
      }),
      {numRuns: 1000},
    );
  });
  it('leaves text alone that is not an escape', () => {
    for (const given of ['\\', '\\x', '\\xf', '\\xFF', '\\u12', '\\u{110000}', '\\u{}', '\\q', 'é']) {
      expect(unescapeName(given)).to.equal(given);
    }
  });
  it('no two of many names look the same', () => {
    const units = [
      '\\',
      'x',
      'u',
      '{',
      '}',
      '0',
      '1b',
      '80',
      '200b',
      ...Array.from({length: 256}, (_, i) => String.fromCharCode(i)),
    ];
    const bytes = Array.from({length: 128}, (_, i) => String.fromCharCode(0xdc80 + i));
    const singles = [...new Set([...units, ...bytes, '\u200b', '\u{e0041}', '\ud83d', '😀'])];
    const names = new Set(singles.flatMap((a) => [a, ...singles.map((b) => a + b), `\\x${a}`, `\\u${a}`]));
    expect(new Set(Array.from(names, escapeName)).size).to.equal(names.size);
  });

  it('keeps the meaning of JSON, without characters that could move a cursor', () => {
    const names = ['a\u202eb', '\u001b[2J', 'new\nline', '\udcff', '\u{e0041}', '\u2028', 'é😀'];
    const json = escapeJson(JSON.stringify({names}, null, 2));
    expect(json.replaceAll('\n', '')).not.to.match(DANGEROUS);
    expect(JSON.parse(json)).to.deep.equal({names});
  });
});
