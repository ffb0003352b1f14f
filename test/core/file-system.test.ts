import {expect} from 'chai';
import {isSameFileSystem, withFileSystem} from '../../src/core/file-system.js';

describe('core/file-system', () => {
  const pairs: readonly [a: string, b: string, same: boolean][] = [
    ['ext4 12ab', 'ext4 12ab', true],
    ['ext4 12ab', 'ext4 34cd', false],
    ['ext4', 'ext4 12ab', true],
    ['tmpfs', 'tmpfs', true],
    ['xfs', 'ext4 12ab', false],
    ['ext4', 'ext', false],
    ['', '', true],
    ['', 'ext4', false],
    ['', 'ext4 12ab', false],
  ];
  for (const [a, b, same] of pairs) {
    it(`"${a}" and "${b}" ${same ? 'may be' : 'are not'} one`, () => {
      expect([isSameFileSystem(a, b), isSameFileSystem(b, a)]).to.deep.equal([same, same]);
    });
  }

  const added: readonly [title: string, names: readonly string[], name: string, after: readonly string[]][] = [
    ['a first one', [], 'ext4 a', ['ext4 a']],
    ['another one comes first', ['ext4 a'], 'xfs b', ['xfs b', 'ext4 a']],
    ['one met again comes first', ['ext4 a', 'ext4 b'], 'ext4 b', ['ext4 b', 'ext4 a']],
    ['a type says nothing new where an id is known', ['ext4 a', 'ext4 b'], 'ext4', ['ext4 a', 'ext4 b']],
    ['an id takes the place of its type', ['ext4', 'xfs b'], 'ext4 a', ['ext4 a', 'xfs b']],
    ['a type that is all there is', ['ext4 a'], 'tmpfs', ['tmpfs', 'ext4 a']],
    ['a type met again', ['ext4 a', 'tmpfs'], 'tmpfs', ['tmpfs', 'ext4 a']],
  ];
  for (const [title, names, name, after] of added) {
    it(`${title}: ${JSON.stringify(names)} with ${name}`, () => {
      expect(withFileSystem(names, name)).to.deep.equal(after);
    });
  }
});
