import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {idleWarnings, rootNames, typedPatterns} from '../../../src/app/sync/filters.js';
import {refusal} from '../../support/refusal.js';
import {tempDirs} from '../../support/temp.js';

describe('app/sync/filters', () => {
  const temp = tempDirs();
  const fileWith = (content: string | Buffer, name = 'rules') => {
    const at = path.join(temp(), name);
    fs.writeFileSync(at, content);
    return at;
  };
  const read = (value: string) => typedPatterns([{flag: 'exclude-from', value}]);

  it('keeps the order in which patterns were typed, those of a file where it was named', () => {
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
    it(`refuses a file that ${title}, and says which it is and what helps`, async () => {
      const error = await refusal(() => read(file()));
      expect(error.code).to.equal('FILTER_UNREADABLE');
      expect(error.detail).to.include(says).and.not.include('\x1b');
      expect(error.hint).to.include('--exclude-from');
    });
  }

  describe('the paths that mean a root', () => {
    it('are the roots, and how they were typed', () => {
      const root = temp();
      const [source, target] = [path.join(root, 's'), path.join(root, 't')];
      const typed = path.relative(process.cwd(), path.join(root, 'link'));
      expect(rootNames([source, target], [source, typed])).to.deep.equal([source, target, path.join(root, 'link')]);
    });

    it('are none where "/" is copied, or where the path also stands in a root', () => {
      const root = temp();
      const inside = path.join(root, root);
      fs.mkdirSync(inside, {recursive: true});
      expect(rootNames(['/', root])).to.deep.equal([]);
      fs.rmdirSync(inside);
      expect(rootNames([root])).to.deep.equal([root]);
      expect(rootNames([root], ['/'])).to.deep.equal([root]);
    });
  });

  describe('patterns that can match nothing', () => {
    const idle = (i: number) => ({pattern: `/${i}//x`, why: 'it is odd'});

    it('are told with where they stand, and what was meant', () => {
      expect(idleWarnings([{pattern: './a', at: 'rules:3', why: 'w', instead: '/a'}, idle(1)])).to.deep.equal([
        'rules:3: the pattern "./a" can match nothing, since w; write "/a"',
        'the pattern "/1//x" can match nothing, since it is odd',
      ]);
    });

    it('are told once each, ten at most, and how many more there are', () => {
      expect(idleWarnings([idle(1), idle(1)])).to.have.length(1);
      const many = (count: number) => idleWarnings(Array.from({length: count}, (_, i) => idle(i)));
      expect(many(10)).to.have.length(10);
      expect(many(11)).to.have.length(11);
      expect(many(11).at(-1)).to.match(/^1 more pattern /);
      expect(many(30)).to.have.length(11);
      expect(many(30).at(-1)).to.match(/^20 more patterns /);
    });
  });
});
