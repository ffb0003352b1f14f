import {type Cases, itDiffers, later} from '../support/diff.js';
import {excluded, mount, partial, unknown} from '../support/streams.js';
import {file} from '../support/tree.js';

const CASES: Cases = {
  'what may be elsewhere': {
    'a new folder that cannot be read could hold anything: nothing is deleted': {
      source: {new: partial(), same: {}},
      target: {gone: 'x', old: {a: 'xx', b: {c: 'yyy'}}, same: {d: ''}},
      actions: [
        'attrs . (children)',
        'blocked gone (elsewhere)',
        'mkdir new (new)',
        'blocked old (elsewhere)',
        'attrs same (children)',
        'blocked same/d (elsewhere)',
      ],
    },
    'also one in a new folder, and what could not be read at all': {
      source: {a: {b: partial()}, c: unknown()},
      target: {d: 'x'},
      actions: ['attrs . (children)', 'mkdir a (new)', 'mkdir a/b (new)', 'blocked d (elsewhere)'],
    },
    'also one where the target has a file; and a folder does not give way to a file': {
      source: {a: partial(), b: 'x'},
      target: {a: 'old', b: {c: 'x'}},
      actions: ['attrs . (children)', 'replace a (kind)', 'blocked b (elsewhere)'],
    },
    'one that the target has too protects what is below it, and no more': {
      source: {a: partial()},
      target: {a: {b: 'x'}, c: 'x'},
      actions: ['attrs . (children)', 'blocked a/b (source-unread)', 'delete c (gone)'],
    },
    'one that is new on another file system is not read on purpose': {
      source: {a: mount()},
      target: {c: 'x'},
      mounts: 1,
      actions: ['attrs . (children)', 'mkdir a (new)', 'delete c (gone)'],
    },
    'all of it goes with --delete-anyway': {
      policy: {deleteAnyway: true},
      source: {new: partial()},
      target: {gone: 'x'},
      actions: ['attrs . (children)', 'delete gone (gone)', 'mkdir new (new)'],
    },
    'what is where the target cannot be read holds back what may be the same file': {
      source: {a: {new: 'photo', other: 'x'}},
      target: {a: partial(), b: {old: 'photo', gone: 'xx'}, c: unknown()},
      actions: ['attrs . (children)', 'delete b/gone (gone)', 'blocked b/old (elsewhere)'],
    },
    'what a protected folder stands in the way of, too': {
      source: {a: 'photo'},
      target: {a: {b: excluded()}, c: 'photo', d: 'x'},
      problems: ['target a PROTECTED'],
      actions: ['attrs . (children)', 'blocked c (elsewhere)', 'delete d (gone)'],
    },
    'what gets no place, since what is held back stands in its way, holds back in turn': {
      source: {a: 'photo 1', b: 'photo of 2', c: file('the 3rd photo')},
      target: {a: {x: excluded()}, b: {old: 'photo 1'}, c: {old: 'photo of 2'}, d: 'the 3rd photo', e: 'x'},
      problems: ['target a PROTECTED'],
      actions: [
        'attrs . (children)',
        'blocked b (elsewhere)',
        'blocked c (elsewhere)',
        'blocked d (elsewhere)',
        'delete e (gone)',
      ],
    },
    'a file that could not be compared may be another file, renamed': {
      policy: {compare: 'content'},
      source: {a: file('photo 2', later)},
      target: {a: 'photo 1', b: file('photo 2', later), c: 'one of another size'},
      unreadable: 'a',
      problems: ['source a EACCES'],
      actions: ['attrs . (children)', 'blocked b (elsewhere)', 'delete c (gone)'],
    },
  },
};

describe('plan/hold', () => {
  itDiffers(CASES);
});
