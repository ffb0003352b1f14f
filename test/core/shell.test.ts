import {execFileSync} from 'node:child_process';
import {expect} from 'chai';
import fc from 'fast-check';
import {shellWord, typedWord} from '../../src/core/shell.js';

describe('core/shell', () => {
  const plain = ['-a', '--exclude=x', '/mnt/usb,1', 'user@host:/x', 'a+b%c', 'Ab_9.txt'];
  const odd = ['', "it's", '"', '$HOME', '`id`', '\\', 'a b', '*', '~', '#x', ';', '&', '|', '(', '!', 'ü', 'a\nb', "'''"];

  it('writes words that a shell reads as they were', () => {
    const letters = fc.constantFrom(...Array.from('aZ0 \'"$`\\*?~#!&|;<>(){}[]=-_./,:@%+é'));
    const more = fc.sample(fc.string({unit: letters, maxLength: 6}), {numRuns: 300, seed: 1});
    const words = [...plain, ...odd, ...more];
    const read = execFileSync('sh', ['-c', `printf '%s\\0' ${words.map(shellWord).join(' ')}`], {encoding: 'utf8'});
    expect(read.split('\0').slice(0, -1)).to.deep.equal(words);
  });

  it('leaves words that need no quotes as they are', () => expect(plain.map(shellWord)).to.deep.equal(plain));

  it('writes out what could hide in a word that a person types', () => {
    expect(typedWord('a\x1b[31m b')).to.equal("'a\\x1b[31m b'");
  });
});
