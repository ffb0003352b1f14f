import {expect} from 'chai';
import type {Action, Reason} from '../../../src/core/action.js';
import type {Drift} from '../../../src/core/drift.js';
import type {Entry} from '../../../src/core/entry.js';
import type {RelPath} from '../../../src/core/path.js';
import {ACL_ACCESS, ACL_DEFAULT, type Xattrs} from '../../../src/core/xattr.js';
import {driftText, reasonWords, stepWords} from '../../../src/report/words/words.js';
import {aclFor} from '../../support/acl.js';
import {act, file} from '../../support/plan.js';
import {movedRun} from '../../support/subject.js';

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

  const said: readonly (readonly [action: Action, words: string])[] = [
    [act.moveFolder('new', 'a/old\n', 40_000, 1024 ** 3), 'from a/old\\n/ · 40,000 files, 1 GiB not copied'],
    [act.moveFolder('new', 'old', 1, 5), 'from old/ · 5 B not copied'],
    [act.moveFolder('new', 'old', 3, 0), 'from old/ · 3 files not copied'],
    [act.moveFolder('new', 'old', 0, 0), 'from old/'],
    [act.moveFile('new', 'old\udcff', file(64)), 'from old\\xff · 64 B not copied'],
    [{...act.moveFile('new', 'old', file(64)), reasons: ['children']}, 'from old · 64 B not copied'],
    [act.move('NEW', 'new'), 'from new'],
    [
      {
        kind: 'update',
        path: 'NEW' as RelPath,
        from: 'new' as RelPath,
        reasons: ['size', 'name'],
        before: file(1),
        after: file(2),
      },
      'moved from new, size 1 → 2',
    ],
    [{...act.create('a'), targetDrift: 'removed'}, 'new · removed from the target since the last run'],
    [{...act.delete('a'), targetDrift: 'added'}, 'not in source · added in the target since the last run'],
    [
      {...act.moveFile('a', 'b', file(5)), targetDrift: 'changed'},
      'from b · 5 B not copied · changed in the target since the last run',
    ],
  ];
  for (const [action, expected] of said) {
    it(`says "${expected}" of an action`, () => expect(reasonWords(action)).to.equal(expected));
  }

  it('says of a step what its action says, apart from the reasons', () => {
    const words = movedRun.steps.map(stepWords);
    expect(words).to.deep.equal([
      'from readme',
      'removed from the target since the last run',
      'from incoming/trip · 40,000 files, 1 GiB not copied',
      'changed in the target since the last run',
      'from c\\x1b.jpg · 64 B not copied',
      'added in the target since the last run',
    ]);
  });

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
