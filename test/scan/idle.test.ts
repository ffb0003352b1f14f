import {expect} from 'chai';
import fc from 'fast-check';
import {joinPath, type RelPath, ROOT} from '../../src/core/path.js';
import {FilterScope} from '../../src/scan/filter.js';
import {idlePatterns} from '../../src/scan/idle.js';

const ROOTS = ['/home/me/src', '/mnt/copy', '/mnt/copy/new'];

describe('scan/idle', () => {
  const cases: [pattern: string, why: string, instead?: string][] = [
    ['./a.o', 'no name is "."', '/a.o'],
    ['./a/b', 'no name is "."', '/a/b'],
    ['a/./b', 'no name is "."', 'a/b'],
    ['./a/', 'no name is "."', '/a/'],
    ['!./a.o', 'no name is "."', '!/a.o'],
    ['a/.', 'no name is "."', 'a'],
    ['.', 'no name is "."'],
    ['./', 'no name is "."'],
    ['../a', 'no name is ".."'],
    ['a/../b/./c', 'no name is ".."'],
    ['.. /.', 'no name is "."'],
    ['a.o//', 'no path contains "//"', 'a.o/'],
    ['a//b', 'no path contains "//"', 'a/b'],
    ['//a', 'no path contains "//"', '/a'],
    ['//', 'the root itself is never left out'],
    ['/', 'the root itself is never left out'],
    ['!/  ', 'the root itself is never left out'],
    ['/home/me/src/x', 'a "/" at its beginning means the root itself', '/x'],
    ['!/home/me/src/x/*.o  ', 'a "/" at its beginning means the root itself', '!/x/*.o'],
    ['/mnt/copy/new/x/', 'a "/" at its beginning means the root itself', '/x/'],
    ['/home/me/src', 'a "/" at its beginning means the root itself'],
    ['/home/me/src/', 'a "/" at its beginning means the root itself'],
  ];
  for (const [pattern, why, instead] of cases) {
    it(`${pattern} can match nothing`, () => {
      const expected = {pattern, why, ...(instead !== undefined && {instead})};
      expect(idlePatterns([{pattern}], ROOTS)).to.deep.equal([expected]);
    });
  }

  it('reports no other pattern', () => {
    const sound = [
      '',
      '  ',
      '#./a',
      '\\#',
      'a',
      '/a',
      'a/',
      '!a',
      '*',
      '**',
      '/*',
      '.a',
      '..a',
      'a..',
      '...',
      '.*',
      '/home',
      '/home/me/src2',
      'home/me/src/x',
      '/home/me/sr*/x',
      '*.o/',
      'a/**/b',
      'a\\ ',
    ];
    expect(
      idlePatterns(
        sound.map((pattern) => ({pattern})),
        ROOTS,
      ),
    ).to.deep.equal([]);
  });

  it('is right: none of these patterns matches anything, and the suggested ones can', () => {
    const names = ['a', 'b', '.a', '...', ' ', '\\', '*'];
    const paths = [ROOT, ...names].flatMap((above) => names.map((name) => joinPath(above as RelPath, name)));
    const pieces = fc.constantFrom('a', 'b', '.', '..', '/', '/', '*', '**', '!', ' ', '\\', '?', '[./]');
    const pattern = fc.array(pieces, {minLength: 1, maxLength: 7}).map((parts) => parts.join(''));
    const excluded = (text: string) => {
      const scope = FilterScope.root(text.startsWith('!') ? [text.slice(1)] : [text]);
      return paths.flatMap((path) => [true, false].filter((isFolder) => scope.excludes(path, isFolder)).map(() => path));
    };
    fc.assert(
      fc.property(pattern, (text) => {
        for (const {instead} of idlePatterns([{pattern: text}], [])) {
          expect(excluded(text)).to.deep.equal([]);
          expect(idlePatterns([{pattern: instead ?? 'a'}], [])).to.deep.equal([]);
        }
      }),
      {numRuns: 2000},
    );
  });
});
