import {expect} from 'chai';
import fc from 'fast-check';
import {
  ACL_ACCESS,
  ACL_DEFAULT,
  differingXattrs,
  digestValue,
  isPreservedXattr,
  isXattrValue,
  type PreservedXattrs,
  preservesXattrs,
  valueDigest,
  XATTR_NAMESPACES,
  type Xattrs,
} from '../../src/core/xattr.js';

const ALL: PreservedXattrs = {xattrs: XATTR_NAMESPACES, acls: true};
const NONE: PreservedXattrs = {xattrs: [], acls: false};
const USER: PreservedXattrs = {xattrs: ['user'], acls: false};
const ACLS: PreservedXattrs = {xattrs: [], acls: true};

describe('core/xattr', () => {
  describe('kept attributes', () => {
    const cases: Record<string, readonly PreservedXattrs[]> = {
      'user.a': [ALL, USER],
      'user.': [ALL, USER],
      'user.a.b': [ALL, USER],
      'trusted.a': [ALL],
      'security.capability': [ALL],
      'security.selinux': [ALL],
      [ACL_ACCESS]: [ALL, ACLS],
      [ACL_DEFAULT]: [ALL, ACLS],
      'trusted.SGI_ACL_FILE': [],
      'trusted.SGI_ACL_DEFAULT': [],
      'system.nfs4_acl': [],
      'system.posix_acl_accessory': [],
      'btrfs.compression': [],
      'userland.a': [],
      '.a': [],
      user: [],
      users: [],
      '': [],
    };
    for (const [name, expected] of Object.entries(cases)) {
      it(JSON.stringify(name), () => {
        expect([ALL, USER, ACLS, NONE].filter((kept) => isPreservedXattr(name, kept))).to.deep.equal(expected);
      });
    }
  });

  it('keeps attributes if a namespace or the ACLs are kept', () => {
    expect([ALL, USER, ACLS, NONE].map(preservesXattrs)).to.deep.equal([true, true, true, false]);
  });

  it('a value is base64, a digest, or unreadable', () => {
    const digest = digestValue('0a'.repeat(32));
    const values = ['', 'QQ==', 'QUI=', 'QUJD', '+/+/', digest, '?'];
    for (const value of values) expect(isXattrValue(value), value).to.equal(true);
    const others = ['QQ===', 'Q Q=', 'Q\n', '-_', '??', `${digest}0`, digest.toUpperCase(), 'sha256:', 1, null, undefined];
    for (const value of others) expect(isXattrValue(value), String(value)).to.equal(false);
  });

  it('distinguishes a digest from a value', () => {
    expect(valueDigest(digestValue('0a'.repeat(32)))).to.equal('0a'.repeat(32));
    expect(['', 'QQ==', '?'].map(valueDigest)).to.deep.equal([undefined, undefined, undefined]);
  });

  describe('differing attributes', () => {
    const name = fc.constantFrom('user.a', 'user.b', 'trusted.a', 'trusted.SGI_ACL_FILE', 'security.x', ACL_ACCESS, ACL_DEFAULT);
    const xattrs: fc.Arbitrary<Xattrs | undefined> = fc.option(
      fc.dictionary(name, fc.constantFrom('', 'QQ==', '?'), {noNullPrototype: true}),
      {nil: undefined},
    );
    const kept: fc.Arbitrary<PreservedXattrs> = fc.record({xattrs: fc.subarray([...XATTR_NAMESPACES]), acls: fc.boolean()});

    it('law: nothing from itself', () =>
      fc.assert(
        fc.property(xattrs, kept, (a, kept) => {
          expect(differingXattrs(a, a && {...a}, kept)).to.deep.equal([]);
        }),
      ));
    it('law: the same either way', () =>
      fc.assert(
        fc.property(xattrs, xattrs, kept, (a, b, kept) => {
          expect(differingXattrs(a, b, kept)).to.have.members(differingXattrs(b, a, kept));
        }),
      ));
    it('law: each name once, kept, and with a different value or none', () =>
      fc.assert(
        fc.property(xattrs, xattrs, kept, (a, b, kept) => {
          const names = differingXattrs(a, b, kept);
          expect(new Set(names).size).to.equal(names.length);
          for (const each of names) {
            expect(isPreservedXattr(each, kept)).to.equal(true);
            expect(a?.[each]).to.not.equal(b?.[each]);
          }
        }),
      ));
    it('law: nothing differs after copying what differs', () =>
      fc.assert(
        fc.property(xattrs, xattrs, kept, (a = {}, b = {}, kept) => {
          const set: Record<string, string> = {...b};
          for (const each of differingXattrs(a, b, kept)) {
            if (a[each] === undefined) delete set[each];
            else set[each] = a[each];
          }
          expect(differingXattrs(a, set, kept)).to.deep.equal([]);
        }),
      ));
    it('law: none is the same as an empty set', () =>
      fc.assert(
        fc.property(xattrs, kept, (a, kept) => {
          expect(differingXattrs(a, undefined, kept)).to.deep.equal(differingXattrs(a, {}, kept));
        }),
      ));
  });
});
