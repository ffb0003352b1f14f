import {expect} from 'chai';
import fc from 'fast-check';
import {encodeName} from '../../src/core/name.js';
import {
  baseName,
  comparePaths,
  isWithin,
  joinPath,
  parentPath,
  pathDepth,
  pathFault,
  pathParts,
  type RelPath,
} from '../../src/core/path.js';
import {name, relPath} from '../support/arbitrary.js';

const rel = (path: string) => path as RelPath;

describe('core/path', () => {
  const faults: [path: unknown, fault: string | undefined][] = [
    ['', undefined],
    ['a', undefined],
    ['a/b c/…', undefined],
    ['...', undefined],
    ['.a', undefined],
    ['a..b/..c', undefined],
    ['a\nb', undefined],
    ['a\\..\\b', undefined],
    ['x\udcff', undefined],
    ['.dirsyncignore', undefined],
    ['.dirsync2', undefined],
    ['a/.dirsync', undefined],
    [1, 'is not a string'],
    [undefined, 'is not a string'],
    ['/', 'is absolute'],
    ['/a', 'is absolute'],
    ['a\0b', 'contains a NUL'],
    ['..', 'climbs'],
    ['a/../b', 'climbs'],
    ['a/..', 'climbs'],
    ['.', 'normalized'],
    ['a/./b', 'normalized'],
    ['a//b', 'normalized'],
    ['a/', 'normalized'],
    ['\ud83d', 'surrogate'],
    ['a/\udcc3\udca9', 'surrogate'],
    ['.dirsync', 'is inside .dirsync'],
    ['.dirsync/lock', 'is inside .dirsync'],
  ];
  for (const [path, fault] of faults) {
    it(`pathFault of ${JSON.stringify(path)}: ${fault ?? 'none'}`, () => {
      if (fault === undefined) expect(pathFault(path)).to.equal(undefined);
      else expect(pathFault(path)).to.include(fault);
    });
  }

  it('law: paths made of names have no fault', () => {
    fc.assert(
      fc.property(relPath, (path) => {
        expect(pathFault(path)).to.equal(undefined);
      }),
    );
  });

  // Names that differ just where "/" and its neighbours, surrogates and escapes sort.
  const close = fc.array(fc.oneof(name, fc.constantFrom('a', 'a.', 'a-', 'a0', 'a\x01', 'a😀', 'a\uffff', 'a\udcff', 'é')), {
    minLength: 0,
    maxLength: 4,
  });
  it('law: sorts by the bytes of names, a folder before its content', () => {
    fc.assert(
      fc.property(close, close, (a, b) => {
        expect(Math.sign(comparePaths(rel(a.join('/')), rel(b.join('/'))))).to.equal(orderOfParts(a, b));
      }),
      {numRuns: 500},
    );
  });
  const pairs: [smaller: string, larger: string][] = [
    ['', 'a'],
    ['a', 'a/b'],
    ['a/b', 'a.b'],
    ['a/b', 'a b'],
    ['a/z', 'a\x01'],
    ['a/\uffff', 'a/😀'],
    ['a\uffff/b', 'a😀'],
    ['a/😀/x', 'a/😀!'],
    ['a/\uffff', 'a/\udcff'],
  ];
  for (const [smaller, larger] of pairs) {
    it(`${JSON.stringify(smaller)} comes before ${JSON.stringify(larger)}`, () => {
      expect(comparePaths(rel(smaller), rel(larger))).to.be.below(0);
      expect(comparePaths(rel(larger), rel(smaller))).to.be.above(0);
      expect(comparePaths(rel(smaller), rel(smaller))).to.equal(0);
    });
  }

  it('law: a path is its parent and its name', () => {
    fc.assert(
      fc.property(relPath, (path) => {
        expect(joinPath(parentPath(path), baseName(path))).to.equal(path);
        expect(pathParts(path).join('/')).to.equal(path);
        expect(pathDepth(path)).to.equal(pathParts(path).length);
        expect(isWithin(path, parentPath(path))).to.equal(true);
        expect(isWithin(parentPath(path), path)).to.equal(false);
      }),
    );
  });
  it('the root has no parts, and a name is not inside a shorter one', () => {
    expect([pathDepth(rel('')), pathParts(rel('')), parentPath(rel('a'))]).to.deep.equal([0, [], '']);
    expect([isWithin(rel('ab'), rel('a')), isWithin(rel('a/b'), rel('a')), isWithin(rel('a'), rel('a'))]).to.deep.equal([
      false,
      true,
      true,
    ]);
  });
});

function orderOfParts(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = Buffer.compare(encodeName(a[i] as string), encodeName(b[i] as string));
    if (order !== 0) return order;
  }
  return Math.sign(a.length - b.length);
}
