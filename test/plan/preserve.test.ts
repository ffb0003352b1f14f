import {expect} from 'chai';
import {PRESERVABLE, type Preserved} from '../../src/core/plan.js';
import {XATTR_NAMESPACES} from '../../src/core/xattr.js';
import {type PreserveOptions, whatIsPreserved} from '../../src/plan/preserve.js';
import {ABLE} from '../support/plan.js';

const ALL: PreserveOptions = {
  wanted: PRESERVABLE,
  user: {chown: true, groups: [1000, 27], makeDevices: true, trustedXattrs: true},
  preservesAll: true,
  supported: {xattrs: XATTR_NAMESPACES, acls: true},
  abilities: undefined,
};
const NOBODY = {...ALL.user, chown: false, makeDevices: false, trustedXattrs: false};

const EVERYTHING: Preserved = {
  ...{mode: true, owner: true, groups: 'any', times: true, xattrs: XATTR_NAMESPACES, acls: true, symlinks: 'kept'},
  ...{hardlinks: true, showsLinks: true, sparse: true, specials: true, devices: true},
};

describe('plan/preserve', () => {
  const cases: Record<string, {readonly given: Partial<PreserveOptions>; readonly lacks: Partial<Preserved>}> = {
    'all, where all can be': {given: {}, lacks: {}},
    'all, where a run has found that the target can hold it': {given: {abilities: ABLE}, lacks: {}},
    'no owners, devices and attributes of the system by another user than root': {
      given: {user: NOBODY},
      lacks: {owner: false, groups: [1000, 27], xattrs: ['user'], devices: false},
    },
    'what the backend can': {
      given: {preservesAll: false},
      lacks: {xattrs: [], acls: false, sparse: false, specials: false, devices: false},
    },
    'the attributes that the file system supports': {
      given: {supported: {xattrs: ['user'], acls: false}},
      lacks: {xattrs: ['user'], acls: false},
    },
    'the attributes that both it and the user allow': {
      given: {user: {...ALL.user, trustedXattrs: false}, supported: {xattrs: ['trusted'], acls: true}},
      lacks: {xattrs: []},
    },
    'what a run has found that the target can hold': {
      given: {
        abilities: {...ABLE, mode: false, owner: false, times: 'none', symlinks: 'none', hardlinks: 'none', specials: false},
      },
      lacks: {
        ...{mode: false, owner: false, groups: [], times: false, symlinks: 'none', hardlinks: false},
        ...{specials: false, devices: false},
      },
    },
    'no groups where owners are not wanted': {
      given: {wanted: PRESERVABLE.filter((each) => each !== 'owner'), user: NOBODY},
      lacks: {owner: false, groups: [], xattrs: ['user'], devices: false},
    },
  };
  for (const [title, {given, lacks}] of Object.entries(cases)) {
    it(title, () => expect(whatIsPreserved({...ALL, ...given}).preserved).to.deep.equal({...EVERYTHING, ...lacks}));
  }

  it('attributes that are wanted are read in the source, though the target may not hold them', () => {
    const {read, readInTarget} = whatIsPreserved({...ALL, supported: {xattrs: ['user'], acls: false}});
    expect(read).to.deep.equal({xattrs: XATTR_NAMESPACES, acls: true});
    expect(readInTarget).to.deep.equal({xattrs: ['user'], acls: false});
  });

  it('nothing that is not wanted is read', () => {
    const {read, readInTarget} = whatIsPreserved({...ALL, wanted: ['mode']});
    expect(read).to.deep.equal({xattrs: [], acls: false});
    expect(readInTarget).to.deep.equal({xattrs: [], acls: false});
  });
});
