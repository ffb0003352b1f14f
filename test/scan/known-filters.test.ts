import {expect} from 'chai';
import type {RelPath} from '../../src/core/path.js';
import {KnownFilters} from '../../src/scan/known-filters.js';

const path = (text: string) => text as RelPath;

describe('scan/known-filters', () => {
  const filters = new KnownFilters({
    lines: ['*.o', '!kept.o'],
    rules: [
      [path(''), 'build/\nlogs\n'],
      [path('a'), '!logs\n/only\n'],
      [path('build'), '!*\n'],
    ],
    tagged: [[path('cache'), 'CACHEDIR.TAG']],
  });
  const cases: readonly (readonly [title: string, path: string, isFolder: boolean, excluded: boolean])[] = [
    ['never the root', '', true, false],
    ['what a line leaves out, at any depth', 'x/y/z.o', false, true],
    ['not what a line takes back', 'x/kept.o', false, false],
    ['a folder, by the rules of the root', 'build', true, true],
    ['not a file of its name', 'build', false, false],
    ['what is in such a folder, whatever its own rules say', 'build/x/y', false, true],
    ['what the rules of the root leave out', 'x/logs', false, true],
    ['not where those of a folder take it back', 'a/x/logs', false, false],
    ['what those of a folder leave out', 'a/only', false, true],
    ['not what they do not reach', 'a/x/only', false, false],
    ['what is in a folder with a tag', 'cache/x', false, true],
    ['not the tag', 'cache/CACHEDIR.TAG', false, false],
    ['not what nothing says', 'x', false, false],
  ];
  for (const [title, asked, isFolder, excluded] of cases) {
    it(`leaves out ${title}`, () => expect(filters.excludes(path(asked), isFolder)).to.equal(excluded));
  }
});
