import {type Cases, itDiffers} from '../support/diff.js';
import {excluded, mount, partial, ruled, Scanned, unknown} from '../support/streams.js';
import {dir, fifo, hardlink, symlink} from '../support/tree.js';

const CASES: Cases = {
  'what is gone': {
    'files and folders, each folder before what is in it': {
      source: {z: ''},
      target: {a: {b: {c: ''}, d: symlink('x')}, e: fifo(), z: ''},
      actions: [
        'attrs . (children)',
        'rmdir a (gone)',
        'rmdir a/b (gone)',
        'delete a/b/c (gone)',
        'delete a/d (gone)',
        'delete e (gone)',
      ],
    },
    'is kept with delete: false': {source: {}, target: {a: {b: ''}, c: ''}, policy: {delete: false}},
    'what is left out, and the folders that hold it, stay': {
      source: {},
      target: {a: {b: {c: excluded(), d: ''}, e: ''}, f: excluded(), g: {h: ''}},
      actions: ['attrs . (children)', 'delete a/b/d (gone)', 'delete a/e (gone)', 'rmdir g (gone)', 'delete g/h (gone)'],
    },
    'what could not be read, and the folders that hold it, stay': {
      source: {},
      target: {a: {b: unknown(), c: ''}, d: partial(), e: unknown()},
      actions: ['attrs . (children)', 'delete a/c (gone)', 'blocked d (target-unread)'],
    },
    'nothing but what stays': {source: {}, target: {a: {b: excluded()}, c: partial()}, actions: ['blocked c (target-unread)']},
    'a folder after a kept one goes': {
      source: {},
      target: {a: {b: {c: excluded()}, d: {}}, e: {}},
      actions: ['attrs . (children)', 'rmdir a/d (gone)', 'rmdir e (gone)'],
    },
  },
  'what is left out, and is to go': {
    'a file that the source has': {
      policy: {deleteExcluded: true},
      source: {a: excluded(), b: ''},
      target: {a: 'x', b: ''},
      actions: ['attrs . (children)', 'delete a (excluded)'],
    },
    'a folder with all that is in it, in a folder that stays': {
      policy: {deleteExcluded: true},
      source: {d: {a: excluded()}},
      target: {d: {a: {b: {}, c: ''}}},
      actions: [
        'attrs . (children)',
        'attrs d (children)',
        'rmdir d/a (excluded)',
        'rmdir d/a/b (excluded)',
        'delete d/a/c (excluded)',
      ],
    },
    'what the source has not got is gone, whatever filters say of it': {
      policy: {deleteExcluded: true},
      source: {},
      target: {a: ''},
      actions: ['attrs . (children)', 'delete a (gone)'],
    },
    'not where the source could not be read': {
      policy: {deleteExcluded: true},
      source: {a: unknown(), b: partial(), c: excluded()},
      target: {a: '', b: {d: ''}, c: ''},
      actions: ['attrs . (children)', 'blocked a (source-unread)', 'blocked b/d (source-unread)', 'delete c (excluded)'],
    },
    'not what of the target could not be read': {
      policy: {deleteExcluded: true},
      source: {a: excluded(), e: excluded()},
      target: {a: {b: unknown(), c: ''}, e: unknown()},
      actions: ['attrs . (children)', 'delete a/c (excluded)'],
    },
    'nothing on another file system': {
      policy: {deleteExcluded: true},
      source: {a: excluded(), b: mount()},
      target: {a: {c: mount()}, b: {d: ''}},
      mounts: 1,
    },
    'a folder that gives its place to a file': {
      policy: {deleteExcluded: true},
      source: {a: 'x'},
      target: {a: {b: ''}},
      actions: ['attrs . (children)', 'replace a (kind)', 'delete a/b (gone)'],
    },
    'one name of a file': {
      policy: {deleteExcluded: true},
      source: {a: excluded(), b: 'x', c: hardlink('b')},
      target: {a: 'x', b: hardlink('a'), c: hardlink('a')},
      actions: ['attrs . (children)', 'delete a (excluded)'],
    },
    'in a folder with rules, which the walk of the target does not read': {
      policy: {deleteExcluded: true},
      source: {a: ruled('1', {b: excluded(), c: ''})},
      target: {a: {b: '', c: ''}},
      actions: ['attrs . (children)', 'attrs a (children)', 'delete a/b (excluded)'],
    },
  },
  'what the source does not tell': {
    'left out: stays at and below': {source: {a: excluded(), b: excluded()}, target: {a: {c: ''}, b: ''}},
    'unreadable: stays at and below': {
      source: {a: unknown(), b: unknown()},
      target: {a: {c: {d: ''}}, b: ''},
      actions: ['blocked a (source-unread)', 'blocked b (source-unread)'],
    },
    'unreadable, and nothing is deleted anyway': {
      policy: {delete: false},
      source: {a: unknown(), b: partial()},
      target: {a: {c: ''}, b: {d: ''}},
    },
    'unreadable: what the target leaves out there, or cannot read, is not blocked': {
      source: {a: unknown(), b: unknown(), c: partial()},
      target: {a: excluded(), b: unknown(), c: {d: excluded(), e: ''}},
      actions: ['blocked c/e (source-unread)'],
    },
    'an unreadable folder: all below stays, its metadata is set': {
      source: {a: new Scanned({}, true, ''), b: ''},
      target: {a: dir({c: {d: ''}, e: ''}, {mode: 0o700}), b: '', f: ''},
      actions: [
        'attrs . (children)',
        'attrs a (mode)',
        'blocked a/c (source-unread)',
        'blocked a/e (source-unread)',
        'delete f (gone)',
      ],
    },
    'an unreadable root': {
      source: partial(),
      target: {a: {c: ''}, b: ''},
      actions: ['blocked a (source-unread)', 'blocked b (source-unread)'],
    },
    'FIFOs that cannot be made: what stands there stays': {
      policy: {specials: false},
      source: {a: fifo(), b: fifo(), c: fifo()},
      target: {a: '', b: {x: ''}, c: fifo()},
      losses: {specials: 2},
    },
  },
};

describe('plan/deletion', () => {
  itDiffers(CASES);
});
