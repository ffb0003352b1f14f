import {type Cases, itDiffers, later} from '../support/diff.js';
import {file, symlink} from '../support/tree.js';

const CASES: Cases = {
  'symbolic links that the target does not have': {
    'are left out, and what stands in their place stays': {
      policy: {symlinks: 'none'},
      source: {a: symlink('x'), b: symlink('x'), c: {d: symlink('x')}},
      target: {b: 'x'},
      losses: {symlinks: 3},
      actions: ['attrs . (children)', 'mkdir c (new)'],
    },
  },
  'files that are too large for the target': {
    'are left out, and what they may be elsewhere is held back': {
      largestFile: 4,
      source: {a: {b: 'large', c: 'fits'}, d: 'large', e: 'large', f: {g: 'large'}},
      target: {a: {}, e: 'old', f: {g: {h: 'old'}}, gone: 'large', other: 'old'},
      problems: ['source a/b FILE_TOO_LARGE', 'source d FILE_TOO_LARGE', 'source e FILE_TOO_LARGE', 'source f/g FILE_TOO_LARGE'],
      actions: [
        'attrs . (children)',
        'attrs a (children)',
        'create a/c (new)',
        'blocked gone (elsewhere)',
        'delete other (gone)',
      ],
    },
    'and those of a target that is not there yet': {
      largestFile: 4,
      source: {a: 'large', b: 'fits'},
      problems: ['source a FILE_TOO_LARGE'],
      actions: ['mkdir . (new)', 'create b (new)'],
    },
    'and those in new folders': {
      largestFile: 4,
      source: {a: {b: {c: 'large'}, d: 'fits'}},
      target: {},
      problems: ['source a/b/c FILE_TOO_LARGE'],
      actions: ['attrs . (children)', 'mkdir a (new)', 'mkdir a/b (new)', 'create a/d (new)'],
    },
  },
  'names that the target cannot hold': {
    'hold back what would be written over their only copy': {
      refusedNames: ['b:'],
      source: {a: file('new', later), 'b:': 'photo', c: file('newer', later)},
      target: {a: 'photo', c: 'an older one'},
      problems: ['source b: NAME_NOT_HELD', 'target a HELD_BACK'],
      actions: ['attrs . (children)', 'update c (size mtime)'],
    },
    'and nothing else to do': {
      refusedNames: ['a:', 'd?'],
      source: {'a:': 'x', b: {'d?': {e: 'x'}}},
      target: {b: {}},
      problems: ['source a: NAME_NOT_HELD', 'source b/d? NAME_NOT_HELD'],
    },
    'hold back nothing with --delete-anyway': {
      policy: {deleteAnyway: true},
      refusedNames: ['b:'],
      source: {a: file('new', later), 'b:': 'photo'},
      target: {a: 'photo'},
      problems: ['source b: NAME_NOT_HELD'],
      actions: ['attrs . (children)', 'update a (size mtime)'],
    },
    'are problems, also of all that is in a folder; what may be there is not deleted elsewhere': {
      refusedNames: ['a:', 'b?'],
      source: {'a:': file('one', later), 'b?': {c: file('three', later), d: {e: 'x'}}, f: 'x'},
      target: {old: file('one', later), older: file('three', later), oldest: 'another one'},
      problems: ['source a: NAME_NOT_HELD', 'source b? NAME_NOT_HELD'],
      actions: [
        'attrs . (children)',
        'create f (new)',
        'blocked old (elsewhere)',
        'blocked older (elsewhere)',
        'delete oldest (gone)',
      ],
    },
  },
};

describe('plan/limits', () => {
  itDiffers(CASES);
});
