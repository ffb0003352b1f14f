import {expect} from 'chai';
import fc from 'fast-check';
import type {RelPath} from '../../src/core/path.js';
import {PathList, wantedPaths} from '../../src/scan/wanted.js';

const NAMES = fc.constantFrom('a', 'b', 'ab');
const PATHS = fc.array(NAMES, {maxLength: 4}).map((names) => names.join('/') as RelPath);

const listOf = (...paths: string[]) => new PathList(new Set(paths as RelPath[]));

describe('scan/wanted', () => {
  describe('a list of paths', () => {
    it('contains a path if it or a folder above it is listed', () => {
      fc.assert(
        fc.property(fc.array(PATHS, {maxLength: 4}), PATHS, (named, asked) => {
          const expected = named.some((path) => path === '' || asked === path || asked.startsWith(`${path}/`));
          expect(new PathList(new Set(named)).holds(asked)).to.equal(expected);
        }),
      );
    });
  });

  it('finds what moves by either path, and leaves it out by either', () => {
    const wants = (only: string[], except: string[], list?: PathList) =>
      wantedPaths({only, except, list})('new/a' as RelPath, false, 'old/b' as RelPath);
    expect([wants(['new'], []), wants(['old/'], []), wants(['b'], []), wants(['other'], [])]).to.deep.equal([
      true,
      true,
      true,
      false,
    ]);
    expect([wants([], ['new']), wants([], ['old/']), wants(['new'], ['old']), wants([], ['other'])]).to.deep.equal([
      false,
      false,
      false,
      true,
    ]);
    expect([wants([], [], listOf('old/b')), wants([], [], listOf('new')), wants([], [], listOf('b'))]).to.deep.equal([
      true,
      true,
      false,
    ]);
  });

  const cases: Record<
    string,
    {readonly only?: string[]; readonly except?: string[]; readonly list?: PathList; readonly wanted: string[]}
  > = {
    'all, of which nothing is asked': {wanted: ['a', 'a/b', 'c.o']},
    'what a pattern names, with all that is in it': {only: ['a'], wanted: ['a', 'a/b']},
    'what a list names, with all that is in it': {list: listOf('a'), wanted: ['a', 'a/b']},
    'what patterns or a list name': {only: ['*.o'], list: listOf('a/b'), wanted: ['a/b', 'c.o']},
    'nothing, of an empty list': {list: listOf(), wanted: []},
    'all but what is named': {except: ['a/b'], wanted: ['a', 'c.o']},
    'what is named, but for what is excepted': {only: ['a'], except: ['b'], wanted: ['a']},
  };
  for (const [title, {only = [], except = [], list, wanted}] of Object.entries(cases)) {
    it(`wants ${title}`, () => {
      const isWanted = wantedPaths({only, except, list});
      const asked = ['a', 'a/b', 'c.o'];
      expect(asked.filter((path) => isWanted(path as RelPath, path === 'a'))).to.deep.equal(wanted);
    });
  }
});
