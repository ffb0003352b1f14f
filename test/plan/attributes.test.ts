import {ACL_ACCESS, ACL_DEFAULT} from '../../src/core/xattr.js';
import {type Cases, itDiffers, later, pipe, xattr} from '../support/diff.js';
import {device} from '../support/streams.js';
import {dir, fifo, file, hardlink, symlink} from '../support/tree.js';

const CASES: Cases = {
  metadata: {
    'mode of a file and a folder': {
      source: {a: file('x', {mode: 0o600}), b: dir({}, {mode: 0o700})},
      target: {a: 'x', b: {}},
      actions: ['attrs . (children)', 'attrs a (mode)', 'attrs b (mode)'],
    },
    'owner and group': {
      source: {a: file('x', {uid: 1, gid: 2}), b: symlink('x', {uid: 1}), c: dir({}, {gid: 2})},
      target: {a: 'x', b: symlink('x'), c: {}},
      actions: ['attrs . (children)', 'attrs a (owner group)', 'attrs b (owner)', 'attrs c (group)'],
    },
    'an owner that cannot be given, groups that can and cannot': {
      source: {a: file('x', {uid: 1}), b: file('x', {gid: 2}), c: file('x', {gid: 3}), d: file('x', {uid: 1})},
      target: {a: 'x', b: 'x', c: 'x'},
      policy: {owner: false, groups: [2]},
      actions: ['attrs . (children)', 'attrs b (group)', 'create d (new)'],
      losses: {owner: 3},
    },
    'a new file of this user is no loss': {
      source: {a: 'x'},
      target: {},
      policy: {owner: false},
      actions: ['attrs . (children)', 'create a (new)'],
    },
    'mtime of a folder': {
      source: {a: dir({}, later)},
      target: {a: {}},
      actions: ['attrs . (children)', 'attrs a (mtime)'],
    },
    'of the root': {source: dir({}, {mode: 0o700, ...later}), target: {}, actions: ['attrs . (mode mtime)']},
    'of folders settles them, whatever is done in them': {
      source: dir({a: dir({b: ''}, {mode: 0o700})}, later),
      target: {a: {}},
      actions: ['attrs . (mtime)', 'attrs a (mode)', 'create a/b (new)'],
    },
  },
  'symbolic links whose owner and time cannot be set': {
    'are the same where they lead to the same': {
      policy: {symlinks: 'bare'},
      source: {a: symlink('x', later), b: symlink('x')},
      target: {a: symlink('x'), b: symlink('y')},
      actions: ['attrs . (children)', 'update b (link)'],
    },
  },
  'modes that are not kept': {
    'are no difference, and counted where they differ': {
      policy: {mode: false},
      source: {a: file('x', {mode: 0o600}), b: 'x', c: symlink('x')},
      target: {a: 'x', b: 'x', c: symlink('x')},
      losses: {mode: 1},
    },
  },
  'times that are not kept': {
    'nothing to do where the target is newer, or is no file': {
      policy: {times: false},
      losses: {times: 5},
      source: dir({a: 'x', b: symlink('x'), c: {}, d: fifo()}),
      target: dir({a: file('x', later), b: symlink('x', later), c: dir({}, later), d: pipe(later)}, later),
    },
    'a newer file is written': {
      policy: {times: false},
      losses: {times: 1},
      source: {a: file('x', later)},
      target: {a: 'x'},
      actions: ['update a (mtime)'],
    },
    'a newer file within the window is not': {
      policy: {times: false, mtimeWindow: 1n},
      losses: {times: 1},
      source: {a: file('x', later)},
      target: {a: 'x'},
    },
    'no times of folders are put back': {
      policy: {times: false},
      losses: {times: 1},
      source: {a: {b: 'new'}},
      target: {a: {c: 'old'}},
      actions: ['create a/b (new)', 'delete a/c (gone)'],
    },
    'a newer file by size is not': {
      policy: {times: false, compare: 'size'},
      losses: {times: 1},
      source: {a: file('x', later)},
      target: {a: 'x'},
    },
  },
  'extended attributes': {
    'one that differs, comes or goes': {
      source: {a: file('x', xattr('QQ==')), b: file('x', xattr('')), c: 'x', d: dir({}, xattr('')), e: symlink('x')},
      target: {a: file('x', xattr('QUI=')), b: 'x', c: file('x', xattr('')), d: {}, e: symlink('x', xattr('', 'trusted.a'))},
      actions: ['attrs . (children)', ...['a', 'b', 'c', 'd', 'e'].map((path) => `attrs ${path} (xattrs)`)],
    },
    ACLs: {
      source: {a: file('x', xattr('QQ==', ACL_ACCESS)), b: dir({}, xattr('QQ==', ACL_DEFAULT))},
      target: {a: 'x', b: {}},
      actions: ['attrs . (children)', 'attrs a (acls)', 'attrs b (acls)'],
    },
    'of the root': {source: dir({}, xattr('')), target: {}, actions: ['attrs . (xattrs)']},
    'the same': {source: dir({a: file('x', xattr('QQ=='))}, xattr('?')), target: dir({a: file('x', xattr('QQ=='))}, xattr('?'))},
    'with new content': {
      source: {a: file('xx', xattr('QQ=='))},
      target: {a: 'x'},
      actions: ['attrs . (children)', 'update a (size xattrs)'],
    },
    'of the same content': {
      policy: {compare: 'content'},
      source: {a: file('x', xattr('QQ=='))},
      target: {a: 'x'},
      actions: ['attrs . (children)', 'attrs a (xattrs)'],
    },
    'of a file of two names are set once': {
      source: {a: file('x', xattr('QQ==')), b: hardlink('a')},
      target: {a: 'x', b: hardlink('a')},
      actions: ['attrs . (children)', 'attrs a (xattrs)'],
    },
    'that are not kept are lost where they are not there already, and never removed': {
      policy: {xattrs: ['user']},
      source: {
        a: file('x', xattr('QQ==', 'trusted.a')),
        b: file('x', xattr('QQ==', 'security.capability')),
        c: file('x', xattr('QQ==', 'trusted.a')),
        d: 'x',
      },
      target: {b: 'x', c: file('x', xattr('QQ==', 'trusted.a')), d: file('x', xattr('QQ==', 'trusted.a'))},
      actions: ['attrs . (children)', 'create a (new)'],
      losses: {xattrs: 2},
    },
    'labels of the kernel, and what nothing copies, are no loss': {
      policy: {xattrs: []},
      source: {a: file('x', xattr('QQ==', 'security.selinux')), b: file('x', xattr('QQ==', 'system.other'))},
      target: {},
      actions: ['attrs . (children)', 'create a (new)', 'create b (new)'],
    },
  },
  'devices, FIFOs and sockets': {
    'new ones': {
      source: {a: fifo(), b: device('8:1'), c: device('1:3', 'chardev')},
      target: {},
      actions: ['attrs . (children)', 'create a (new)', 'create b (new)', 'create c (new)'],
    },
    'the same': {source: {a: fifo(), b: device('8:1')}, target: {a: fifo(), b: device('8:1')}},
    'other numbers': {
      source: {a: device('8:1'), b: device('8:1', 'blockdev', {mode: 0o600})},
      target: {a: device('8:2'), b: device('8:2')},
      actions: ['attrs . (children)', 'update a (device)', 'update b (device mode)'],
    },
    'the same numbers of another kind': {
      source: {a: device('8:1', 'chardev')},
      target: {a: device('8:1')},
      actions: ['attrs . (children)', 'replace a (kind)'],
    },
    'their metadata': {
      source: {a: pipe({mode: 0o600, ...later}), b: device('8:1', 'blockdev', {uid: 5})},
      target: {a: fifo(), b: device('8:1')},
      actions: ['attrs . (children)', 'attrs a (mode mtime)', 'attrs b (owner)'],
    },
    'a FIFO in place of others, and others in place of one': {
      source: {a: fifo(), b: fifo(), c: '', d: {x: ''}},
      target: {a: '', b: {x: ''}, c: fifo(), d: fifo()},
      actions: [
        'attrs . (children)',
        'replace a (kind)',
        'replace b (kind)',
        'delete b/x (gone)',
        'replace c (kind)',
        'replace d (kind)',
        'create d/x (new)',
      ],
    },
    'of several names': {
      source: {a: fifo(), b: hardlink('a'), c: device('8:1'), d: hardlink('c')},
      target: {a: fifo(), b: fifo(), c: device('8:1'), d: hardlink('c')},
      actions: ['attrs . (children)', 'link b -> a (hardlink)'],
    },
    gone: {
      source: {},
      target: {a: fifo(), b: device('8:1')},
      actions: ['attrs . (children)', 'delete a (gone)', 'delete b (gone)'],
    },
    'devices that cannot be made stay as they are, and are a loss where they are not there': {
      policy: {devices: false},
      source: {a: device('8:1'), b: device('8:1'), c: device('8:1'), d: device('8:1'), e: fifo()},
      target: {b: device('8:1'), c: device('8:2'), d: {x: ''}},
      actions: ['attrs . (children)', 'create e (new)'],
      losses: {devices: 3},
    },
    'below a new folder': {
      policy: {devices: false, specials: false},
      source: {a: {b: device('8:1'), c: fifo(), d: ''}},
      target: {},
      actions: ['attrs . (children)', 'mkdir a (new)', 'create a/d (new)'],
      losses: {devices: 1, specials: 1},
    },
    'gone although none can be made': {
      policy: {devices: false, specials: false},
      source: {},
      target: {a: fifo(), b: device('8:1')},
      actions: ['attrs . (children)', 'delete a (gone)', 'delete b (gone)'],
    },
  },
};

describe('plan/attributes', () => {
  itDiffers(CASES);
});
