import {expect} from 'chai';
import type {Action, Reason} from '../../../src/core/action.js';
import type {Drift} from '../../../src/core/drift.js';
import type {Entry} from '../../../src/core/entry.js';
import type {RelPath} from '../../../src/core/path.js';
import {ACL_ACCESS, ACL_DEFAULT, type Xattrs} from '../../../src/core/xattr.js';
import {driftText, reasonWords} from '../../../src/report/words/words.js';
import {aclFor} from '../../support/acl.js';
import {file} from '../../support/plan.js';

function words(reasons: readonly Reason[], before: Partial<Entry>, after: Partial<Entry>): string {
  const action: Action = {kind: 'attrs', path: 'a' as RelPath, reasons, before: file(0, before), after: file(0, after)};
  return reasonWords(action);
}

describe('report/words/words', () => {
  const cases: readonly (readonly [reasons: readonly Reason[], before: Xattrs, after: Xattrs, words: string])[] = [
    [['xattrs'], {'user.a': 'YQ=='}, {'user.a': 'Yg=='}, 'user.a'],
    [['xattrs'], {'user.a': ''}, {'user.b': ''}, 'user.a removed, user.b added'],
    [['xattrs'], {}, {'user.\x1b[31m\u202e': ''}, 'user.\\x1b[31m\\u202e added'],
    [['xattrs'], {}, {'user.a': '', 'user.b': '', 'user.c': '', 'user.d': '', [ACL_ACCESS]: ''}, '4 extended attributes'],
    [['acls'], {[ACL_ACCESS]: aclFor(1)}, {[ACL_ACCESS]: aclFor(2)}, 'ACL'],
    [['acls'], {[ACL_ACCESS]: aclFor(1)}, {[ACL_DEFAULT]: aclFor(2)}, 'ACL removed, default ACL added'],
    [['xattrs', 'acls'], {}, {'user.a': '', [ACL_ACCESS]: aclFor(2)}, 'user.a added, ACL added'],
    [['xattrs', 'acls'], {}, {}, 'extended attributes, ACL'],
  ];
  for (const [reasons, before, after, expected] of cases) {
    it(`says "${expected}"`, () => expect(words(reasons, {xattrs: before}, {xattrs: after})).to.equal(expected));
  }

  it('says which device becomes which', () => {
    expect(words(['device'], {kind: 'blockdev', rdev: '8:1'}, {kind: 'blockdev', rdev: '8:2'})).to.equal('device 8:1 → 8:2');
  });

  it('lists drift, the first 50 of it', () => {
    const drift = Array.from(
      {length: 60},
      (_, i): Drift => ({path: `f\n${i}` as RelPath, side: 'target', attribute: 'size', before: '1', now: '2\x1b'}),
    );
    const lines = driftText(drift).split('\n');
    expect(lines).to.have.length(51);
    expect(lines[0]).to.equal('  f\\n0 (target): size 2\\x1b instead of 1');
    expect(lines[50]).to.equal('  … and 10 more');
  });
});
