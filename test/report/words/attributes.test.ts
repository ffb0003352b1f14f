import {expect} from 'chai';
import type {Entry} from '../../../src/core/entry.js';
import {ACL_ACCESS, ACL_DEFAULT, UNREADABLE_XATTR, type Xattrs} from '../../../src/core/xattr.js';
import {attributeRows, rareRows} from '../../../src/report/words/attributes.js';
import {aclFor} from '../../support/acl.js';
import {file, folder} from '../../support/plan.js';

const device = (rdev: string): Entry => ({...file(), kind: 'blockdev', rdev});
const text = (value: string) => Buffer.from(value).toString('base64');
const numbered = (from: number, to: number, value = ''): Xattrs =>
  Object.fromEntries(Array.from({length: to - from}, (_, i) => [`user.${String(from + i).padStart(3, '0')}`, value]));

describe('report/words/attributes', () => {
  it('has a row for each attribute that either side has', () => {
    const rows = attributeRows({before: file(1), after: file(2, {xattrs: {'user.a': ''}})});
    expect(rows.map(({name, differs}) => [name, differs])).to.deep.equal([
      ['kind', false],
      ['size', true],
      ['modified', false],
      ['mode', false],
      ['owner', false],
      ['user.a', true],
    ]);
  });

  it('has none more for what most entries are', () => {
    expect(rareRows({before: file(), after: folder()})).to.deep.equal([]);
    expect(rareRows({before: file(0, {xattrs: {}})})).to.deep.equal([]);
  });

  it('shows the numbers of devices', () => {
    expect(rareRows({before: device('8:1'), after: device('8:2')})).to.deep.equal([
      {name: 'device', before: '8:1', after: '8:2', differs: true},
    ]);
    expect(rareRows({before: file(), after: device('8:2')})).to.deep.equal([
      {name: 'device', before: undefined, after: '8:2', differs: true},
    ]);
  });

  it('shows ACLs, then other attributes by their names, and which differ', () => {
    const before = {'trusted.a': text('a'), 'user.b': text('b'), [ACL_ACCESS]: aclFor(1)};
    const after = {'user.b': text('c'), 'trusted.a': text('a'), [ACL_ACCESS]: aclFor(1), [ACL_DEFAULT]: UNREADABLE_XATTR};
    const acl = 'u::rw-,u:1:r--,g::r--,m::r--,o::---';
    expect(rareRows({before: folder({xattrs: before}), after: folder({xattrs: after})})).to.deep.equal([
      {name: 'ACL', before: acl, after: acl, differs: false},
      {name: 'default ACL', before: undefined, after: 'unreadable', differs: true},
      {name: 'trusted.a', before: '"a"', after: '"a"', differs: false},
      {name: 'user.b', before: '"b"', after: '"c"', differs: true},
    ]);
  });

  it('marks nothing where there is one side alone', () => {
    expect(rareRows({after: file(0, {xattrs: {'user.a': ''}})})).to.deep.equal([
      {name: 'user.a', before: undefined, after: '""', differs: false},
    ]);
  });

  it('counts what is beyond twenty, those that do not differ first', () => {
    const before = file(0, {xattrs: {...numbered(0, 40), ...numbered(40, 45, text('old'))}});
    const after = file(0, {xattrs: numbered(5, 45)});
    const rows = rareRows({before, after});
    expect(rows.filter(({differs}) => differs).map(({name}) => name)).to.deep.equal([
      ...Object.keys(numbered(0, 5)),
      ...Object.keys(numbered(40, 45)),
    ]);
    expect(rows).to.have.length(21);
    expect(rows.at(-1)).to.deep.equal({
      name: '25 more',
      before: '25 attributes',
      after: '25 attributes',
      differs: false,
      count: 25,
    });
  });

  it('marks the count where some of those that it counts differ', () => {
    const rows = rareRows({before: file(0, {xattrs: numbered(0, 21)}), after: file()});
    expect(rows.at(-1)).to.deep.equal({name: '1 more', before: '1 attribute', after: '0 attributes', differs: true, count: 1});
  });
});
