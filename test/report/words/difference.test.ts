import {expect} from 'chai';
import {difference} from '../../../src/report/words/difference.js';

const MARKS = {hunk: '', same: ' ', added: '+', removed: '-'};
const shown = (before: string, after: string) => difference(before, after)?.map(({type, text}) => MARKS[type] + text);

const numbers = Array.from({length: 30}, (_, i) => `${i + 1}\n`);

describe('report/words/difference', () => {
  for (const {name, before, after, lines} of [
    {name: 'the same text has none', before: 'a\n', after: 'a\n', lines: []},
    {name: 'a new text', before: '', after: 'a\nb\n', lines: ['@@ -0,0 +1,2 @@', '+a', '+b']},
    {name: 'a text that goes', before: 'a\n', after: '', lines: ['@@ -1 +0,0 @@', '-a']},
    {
      name: 'three lines around a change',
      before: numbers.join(''),
      after: numbers.with(14, 'x\n').join(''),
      lines: ['@@ -12,7 +12,7 @@', ' 12', ' 13', ' 14', '-15', '+x', ' 16', ' 17', ' 18'],
    },
    {
      name: 'the newline at the end',
      before: 'a\n',
      after: 'a',
      lines: ['@@ -1 +1 @@', '-a', '+a', '\\ No newline at end of file'],
    },
    {
      name: 'control characters are written out',
      before: '',
      after: '\x1b[2J\tb\\n\r\n',
      lines: ['@@ -0,0 +1 @@', '+\\x1b[2J    b\\n\\r'],
    },
  ]) {
    it(name, () => expect(shown(before, after)).to.deep.equal(lines));
  }

  it('gives up on large texts that have nothing in common', () => {
    const text = (word: string) => Array.from({length: 30_000}, (_, i) => `${word}${i}\n`).join('');
    const started = performance.now();
    expect(difference(text('a'), text('b'))).to.equal(undefined);
    expect(performance.now() - started).to.be.below(5000);
  });
});
