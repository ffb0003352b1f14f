import {expect} from 'chai';
import type {Reason} from '../../src/core/action.js';
import {type Entry, NS_PER_SECOND} from '../../src/core/entry.js';
import {ACL_ACCESS, ACL_DEFAULT, XATTR_NAMESPACES} from '../../src/core/xattr.js';
import {
  attributeReasons,
  contentReasons,
  isCurrent,
  mayGiveTo,
  type Policy,
  sameEntry,
  sameTime,
  withTimeFacts,
} from '../../src/plan/compare.js';
import {file, folder, NOON, symlink} from '../support/plan.js';

const ALL: Policy = {
  compare: 'metadata',
  mtimeWindow: 0n,
  mode: true,
  owner: true,
  groups: 'any',
  times: true,
  symlinks: 'kept',
  xattrs: XATTR_NAMESPACES,
  acls: true,
};
const S = NS_PER_SECOND;
const device = (rdev: string, kind: 'blockdev' | 'chardev' = 'blockdev'): Entry => ({...file(), kind, rdev});

describe('plan/compare', () => {
  describe('attributes', () => {
    const other: readonly (readonly [title: string, fields: Partial<Entry>, reasons: readonly Reason[], off: Partial<Policy>])[] =
      [
        ['mode', {mode: 0o600}, ['mode'], {mode: false}],
        ['owner', {uid: 1}, ['owner'], {owner: false}],
        ['group', {gid: 1}, ['group'], {groups: []}],
        ['extended attributes', {xattrs: {'user.a': ''}}, ['xattrs'], {xattrs: []}],
        ['those of the system', {xattrs: {'security.a': '', 'trusted.a': ''}}, ['xattrs'], {xattrs: ['user']}],
        ['an ACL', {xattrs: {[ACL_ACCESS]: ''}}, ['acls'], {acls: false}],
        ['a default ACL', {xattrs: {[ACL_DEFAULT]: ''}}, ['acls'], {acls: false}],
        ['what is never kept', {xattrs: {'system.other': '', 'trusted.SGI_ACL_FILE': ''}}, [], {}],
        [
          'all of them',
          {mode: 0o600, uid: 1, gid: 1, xattrs: {'user.a': '', [ACL_ACCESS]: ''}},
          ['mode', 'owner', 'group', 'xattrs', 'acls'],
          {mode: false, owner: false, groups: [], xattrs: [], acls: false},
        ],
      ];
    for (const [title, fields, reasons, off] of other) {
      it(`${title}: compared if kept, in both directions`, () => {
        expect(attributeReasons(file(0, fields), file(), ALL)).to.deep.equal(reasons);
        expect(attributeReasons(file(), file(0, fields), ALL)).to.deep.equal(reasons);
        expect(attributeReasons(file(0, fields), file(), {...ALL, ...off})).to.deep.equal([]);
        expect(attributeReasons(file(0, fields), file(0, fields), ALL)).to.deep.equal([]);
      });
    }

    it('a different value is a different attribute', () => {
      const [a, b] = ['QQ==', 'QUI='].map((value) => file(0, {xattrs: {'user.a': value}})) as [Entry, Entry];
      expect(attributeReasons(a, b, ALL)).to.deep.equal(['xattrs']);
    });

    it('the mode of a symlink means nothing, its owner does', () => {
      expect(attributeReasons(symlink('x', {mode: 0o755, uid: 1}), symlink('x'), ALL)).to.deep.equal(['owner']);
    });

    it('a group counts if the process may set it', () => {
      expect(mayGiveTo(7, {groups: 'any'})).to.equal(true);
      expect(mayGiveTo(7, {groups: [7]})).to.equal(true);
      expect(mayGiveTo(7, {groups: [8]})).to.equal(false);
      expect(attributeReasons(file(0, {gid: 7}), file(0, {gid: 8}), {...ALL, groups: [8]})).to.deep.equal([]);
    });
  });

  describe('content', () => {
    const later = file(1, {mtime: NOON + 1n});
    const cases: readonly (readonly [title: string, source: Entry, target: Entry, policy: Partial<Policy>, reasons: Reason[]])[] =
      [
        ['the same', file(1), file(1), {}, []],
        ['size', file(1), file(2), {}, ['size']],
        ['later', later, file(1), {}, ['mtime']],
        ['earlier', file(1), later, {}, ['mtime']],
        ['later, by size', later, file(1), {compare: 'size'}, []],
        ['later, by content', later, file(1), {compare: 'content'}, []],
        ['size, by content', file(1), file(2), {compare: 'content'}, ['size']],
        ['within the window', later, file(1), {mtimeWindow: 1n}, []],
        ['later, times not kept', later, file(1), {times: false}, ['mtime']],
        ['earlier, times not kept', file(1), later, {times: false}, []],
        ['later within the window, times not kept', later, file(1), {times: false, mtimeWindow: 1n}, []],
        ['symlink', symlink('x'), symlink('y'), {}, ['link']],
        ['symlink of another time', symlink('x', {mtime: 0n}), symlink('x'), {}, []],
        ['device', device('8:1'), device('8:2'), {}, ['device']],
        ['device of another time', {...device('8:1'), mtime: 0n}, device('8:1'), {}, []],
        ['FIFO of another time', {...file(0, {mtime: 0n}), kind: 'fifo'}, {...file(), kind: 'fifo'}, {}, []],
      ];
    for (const [title, source, target, policy, reasons] of cases) {
      it(title, () => expect(contentReasons(source, target, {...ALL, ...policy})).to.deep.equal(reasons));
    }
  });

  describe('times', () => {
    const range = {min: 0n, max: 100n * S};
    const cases: readonly (readonly [a: bigint, b: bigint, policy: Partial<Policy>, same: boolean])[] = [
      [5n, 5n, {}, true],
      [5n, 6n, {}, false],
      [5n, 6n, {mtimeWindow: 1n}, true],
      [5n, 7n, {mtimeWindow: 1n}, false],
      [5n * S, 6n * S - 1n, {sourceResolution: S}, true],
      [5n * S, 6n * S, {sourceResolution: S}, false],
      [5n * S, 7n * S, {sourceResolution: S, mtimeWindow: 2n * S}, true],
      [-5n * S, 0n, {}, false],
      [-5n * S, 0n, {mtimeRange: range}, true],
      [-5n * S, -9n * S, {mtimeRange: range}, true],
      [-5n * S, 1n, {mtimeRange: range}, false],
      [-5n * S, 1n, {mtimeRange: range, mtimeWindow: 1n}, true],
      [999n * S, 100n * S, {mtimeRange: range}, true],
      [999n * S, 100n * S - 1n, {mtimeRange: range}, false],
      [999n * S, 100n * S, {mtimeRange: {min: 0n}}, false],
      [-5n * S, 0n, {mtimeRange: {max: 100n * S}}, false],
      [50n * S, 50n * S + 1n, {mtimeRange: range}, false],
    ];
    for (const [a, b, policy, same] of cases) {
      const {mtimeWindow = 0n, sourceResolution = 0n, mtimeRange} = policy;
      const kept = mtimeRange === undefined ? 'anywhere' : `from ${mtimeRange.min ?? '…'} to ${mtimeRange.max ?? '…'}`;
      it(`${a} and ${b}, ± ${mtimeWindow}, cut to ${sourceResolution}, ${kept}: ${same ? 'the same' : 'others'}`, () => {
        expect(sameTime(a, b, {...ALL, ...policy})).to.equal(same);
        expect(sameTime(b, a, {...ALL, ...policy})).to.equal(same);
      });
    }

    it('a policy adopts facts about the target, and never becomes finer', () => {
      expect(withTimeFacts(ALL, undefined)).to.equal(ALL);
      expect(withTimeFacts(ALL, {resolution: 1n, range}).mtimeWindow).to.equal(0n);
      expect(withTimeFacts(ALL, {resolution: S, range})).to.deep.equal({...ALL, mtimeWindow: S, mtimeRange: range});
      expect(withTimeFacts({...ALL, mtimeWindow: 2n * S}, {resolution: S, range: {}}).mtimeWindow).to.equal(2n * S);
      const narrow = withTimeFacts({...ALL, mtimeRange: {min: 5n}}, {resolution: 1n, range: {min: 0n, max: 9n}});
      expect(narrow.mtimeRange).to.deep.equal({min: 5n, max: 9n});
    });
  });

  describe('current, and the same as before', () => {
    const later = {mtime: NOON + S};
    const cases: readonly (readonly [
      title: string,
      a: Entry,
      b: Entry,
      policy: Partial<Policy>,
      current: boolean,
      same: boolean,
    ])[] = [
      ['equal', file(1), file(1), {}, true, true],
      ['another kind', file(), folder(), {}, false, false],
      ['another size', file(1), file(2), {}, false, false],
      ['another time', file(1), file(1, later), {}, false, false],
      ['another time of a folder', folder(), folder(later), {}, false, false],
      ['another time by size', file(1), file(1, later), {compare: 'size'}, false, false],
      ['another time by content', file(1), file(1, later), {compare: 'content'}, false, false],
      ['a time cut to seconds', file(1), file(1, {mtime: NOON + 1n}), {sourceResolution: S}, true, false],
      ['a newer target, times not kept', file(1), file(1, later), {times: false}, true, false],
      ['an older target, times not kept', file(1, later), file(1), {times: false}, false, false],
      ['a folder, times not kept', folder(), folder(later), {times: false}, true, false],
      ['another mode', file(), file(0, {mode: 0o600}), {}, false, false],
      ['another mode, not kept', file(), file(0, {mode: 0o600}), {mode: false}, true, true],
      ['another attribute', file(), file(0, {xattrs: {'user.a': ''}}), {}, false, false],
      ['another attribute, not kept', file(), file(0, {xattrs: {'user.a': ''}}), {xattrs: []}, true, true],
      ['another device', device('8:1'), device('8:2'), {}, false, false],
      ['another kind of device', device('8:1'), device('8:1', 'chardev'), {}, false, false],
      ['another link', symlink('a'), symlink('b'), {}, false, false],
    ];
    for (const [title, a, b, policy, current, same] of cases) {
      it(title, () => {
        expect(isCurrent(a, b, {...ALL, ...policy}), 'current').to.equal(current);
        expect(sameEntry(a, b, {...ALL, ...policy}), 'same').to.equal(same);
      });
    }
  });
});
