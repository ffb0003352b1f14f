import {ACL_ACCESS, ACL_DEFAULT} from '../../src/core/xattr.js';
import {ALONE, type Cases, itDiffers, xattr} from '../support/diff.js';
import {device} from '../support/streams.js';
import {dir, fifo, file} from '../support/tree.js';

const CASES: Cases = {
  'what is lost': {
    'is counted by its kind, each path once': {
      policy: ALONE,
      source: {
        a: file('x', {uid: 5, gid: 5, xattrs: {'trusted.a': '', 'trusted.b': '', [ACL_ACCESS]: '', [ACL_DEFAULT]: ''}}),
        b: device('8:1'),
        c: dir({}, xattr('', ACL_DEFAULT)),
      },
      target: {a: 'x'},
      actions: ['attrs . (children)', 'mkdir c (new)'],
      losses: {owner: 1, xattrs: 1, acls: 2, devices: 1},
    },
    'is nothing that was not asked for': {
      policy: {...ALONE, specials: false, xattrs: []},
      wanted: [],
      source: {a: file('x', {uid: 5, xattrs: {'user.a': '', [ACL_ACCESS]: ''}}), b: device('8:1'), c: fifo()},
      target: {},
      actions: ['attrs . (children)', 'create a (new)'],
    },
    'is not what only the target has': {
      policy: ALONE,
      source: {a: 'x'},
      target: {a: file('x', {uid: 5, xattrs: {'trusted.a': '', [ACL_ACCESS]: ''}}), b: device('8:1')},
      actions: ['attrs . (children)', 'delete b (gone)'],
      losses: {owner: 1},
    },
  },
};

describe('plan/losses', () => {
  itDiffers(CASES);
});
