import {spawnSync} from 'node:child_process';
import {expect} from 'chai';
import fc from 'fast-check';
import {shellWord} from '../../../src/app/setup/shell-word.js';

describe('app/setup/shell-word', () => {
  it('is read by a shell as the word that it was', () => {
    const letters = fc.constantFrom(...Array.from('aZ0 \'"$`\\*?~#!&|;<>(){}[]=-_./,:@%+é'));
    const words = fc.sample(fc.string({unit: letters, minLength: 0, maxLength: 6}), {numRuns: 300, seed: 1});
    const {stdout} = spawnSync('sh', ['-c', `printf '%s\\0' ${words.map(shellWord).join(' ')}`], {encoding: 'utf8'});
    expect(stdout.split('\0').slice(0, -1)).to.deep.equal(words);
  });

  it('is left as it is where no shell would read it otherwise', () => {
    for (const plain of ['photos', '/a/b.c', 'a-b_c', '1:2,3@4%5+6=7']) expect(shellWord(plain)).to.equal(plain);
  });

  it('shows nothing that a terminal would obey', () => {
    expect(shellWord('a\x1b[31m')).to.not.include('\x1b');
  });
});
