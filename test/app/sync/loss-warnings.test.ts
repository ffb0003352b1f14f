import {expect} from 'chai';
import {lossWarnings} from '../../../src/app/sync/loss-warnings.js';
import {FOLDING_UNKNOWN} from '../../../src/core/name.js';
import type {Preserved} from '../../../src/core/plan.js';
import {XATTR_NAMESPACES} from '../../../src/core/xattr.js';
import {type Losses, NO_LOSSES} from '../../../src/plan/losses.js';
import {platform} from '../../../src/platform/choose.js';
import type {FileSystem} from '../../../src/platform/platform.js';
import {skip} from '../../support/skip.js';

const NOTHING: Preserved = {
  mode: false,
  owner: false,
  groups: [],
  times: false,
  xattrs: [],
  acls: false,
  symlinks: 'kept',
  hardlinks: false,
  showsLinks: true,
  sparse: false,
  specials: false,
  devices: false,
};

describe('app/sync/loss-warnings', () => {
  const ext4: FileSystem = {
    type: 'ext4',
    preserves: {xattrs: XATTR_NAMESPACES, acls: true},
    times: {resolution: 1n, range: {}},
    largestFile: undefined,
    isShared: false,
    stampsChanges: true,
    mounted: undefined,
  };
  const vfat: FileSystem = {
    type: 'vfat',
    preserves: {xattrs: [], acls: false},
    times: {resolution: 2_000_000_000n, range: {}},
    largestFile: undefined,
    isShared: false,
    stampsChanges: true,
    mounted: undefined,
  };
  const warnings = (
    losses: Partial<Losses>,
    {fileSystem = ext4, mounts = 0, times = true, respelled = 0, folding = FOLDING_UNKNOWN} = {},
  ) => {
    const read = {xattrs: [], acls: false};
    const preserved = {...NOTHING, times};
    const given = {read, readInTarget: read, abilities: undefined, fileSystem, times: fileSystem.times, preserved};
    return lossWarnings({losses: {...NO_LOSSES, ...losses}, preserving: given, mounts, respelled, folding});
  };

  before(function () {
    if (!platform().preservesAll) skip(this, 'there is no posix backend');
  });

  const cases: readonly (readonly [losses: Partial<Losses>, warning: string, options?: Parameters<typeof warnings>[1]])[] = [
    [{owner: 1}, 'the owner or group of 1 path is not kept: only root can give files to other users'],
    [{owner: 1234}, 'the owner or group of 1,234 paths is not kept: only root can give files to other users'],
    [{xattrs: 2}, 'extended attributes of 2 paths are not kept: only root can set system attributes'],
    [
      {xattrs: 2},
      'extended attributes of 2 paths are not kept: the target (ext3) does not support all kinds of them',
      {fileSystem: {...ext4, type: 'ext3', preserves: {xattrs: ['user'], acls: true}}},
    ],
    [
      {acls: 1},
      'the ACLs of 1 path are not kept: the target does not support them',
      {fileSystem: {...ext4, type: undefined, preserves: {xattrs: XATTR_NAMESPACES, acls: false}}},
    ],
    [{specials: 1}, '1 FIFO or socket cannot be made: the target (ext4) does not support them'],
    [{specials: 2}, '2 FIFOs and sockets cannot be made: the target (ext4) does not support them'],
    [{devices: 3}, '3 devices cannot be made: only root can make them, with the posix backend'],
    [{}, 'the target (vfat) stores times only with a precision of 2 s', {fileSystem: vfat}],
    [
      {},
      'the target (ntfs) stores times only with a precision of 100 ns',
      {fileSystem: {...ext4, type: 'ntfs', times: {resolution: 100n, range: {}}}},
    ],
    [{}, '1 folder on another file system is copied without content (--one-file-system)', {mounts: 1}],
    [{}, '2 folders on another file system are copied without content (--one-file-system)', {mounts: 2}],
  ];
  for (const [losses, warning, options] of cases) {
    it(warning, () => expect(warnings(losses, options)).to.deep.equal([warning]));
  }

  it('says nothing where nothing is', () => {
    expect(warnings({})).to.deep.equal([]);
    expect(warnings({}, {fileSystem: vfat, times: false})).to.deep.equal([]);
  });
});
