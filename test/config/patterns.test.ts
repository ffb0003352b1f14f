import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {typedPatterns} from '../../src/config/patterns.js';
import {refusal} from '../support/refusal.js';
import {tempDirs} from '../support/temp.js';

describe('config/patterns', () => {
  const temp = tempDirs();
  const fileWith = (content: string | Buffer, name = 'rules') => {
    const at = path.join(temp(), name);
    fs.writeFileSync(at, content);
    return at;
  };
  const read = (value: string) => typedPatterns([{flag: 'exclude-from', value}]);

  it('keeps the typed order of patterns and pattern files', () => {
    const file = fileWith('one\n!two\n');
    const typed = [
      {flag: 'exclude', value: '*.o'},
      {flag: 'exclude-from', value: file},
      {flag: 'include', value: 'keep.o'},
    ] as const;
    expect(typedPatterns(typed)).to.deep.equal([
      {pattern: '*.o'},
      {pattern: 'one', at: `${file}:1`},
      {pattern: '!two', at: `${file}:2`},
      {pattern: '', at: `${file}:3`},
      {pattern: '!keep.o'},
    ]);
  });

  it('takes lines that end as on Windows, and a mark of the order of bytes', () => {
    const patterns = read(fileWith('\ufeffa\r\nb \r\n')).map(({pattern}) => pattern);
    expect(patterns).to.deep.equal(['a', 'b ', '']);
  });

  it('takes bytes that are not UTF-8 as names have them', () => {
    expect(read(fileWith(Buffer.from([0x61, 0xff, 0x0a]))).map(({pattern}) => pattern)).to.deep.equal(['a\udcff', '']);
  });

  const refused: Record<string, {readonly file: () => string; readonly says: string}> = {
    'is not there': {file: () => path.join(temp(), 'none'), says: 'ENOENT'},
    'is a folder': {file: temp, says: 'EISDIR'},
    'is UTF-16': {file: () => fileWith(Buffer.from('a\n', 'utf16le')), says: 'rules: '},
    'holds a NUL': {file: () => fileWith('a\0b'), says: 'rules: '},
    'has a name for terminals': {file: () => path.join(temp(), '\x1b[31m'), says: '\\x1b[31m'},
  };
  for (const [title, {file, says}] of Object.entries(refused)) {
    it(`refuses a file that ${title}, and says which one and what to do`, async () => {
      const error = await refusal(() => read(file()));
      expect(error.code).to.equal('FILTER_UNREADABLE');
      expect(error.detail).to.include(says).and.not.include('\x1b');
      expect(error.hint).to.include('--exclude-from');
    });
  }
});
