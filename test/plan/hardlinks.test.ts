import {type Cases, itDiffers} from '../support/diff.js';
import {excluded} from '../support/streams.js';
import {file, hardlink, symlink} from '../support/tree.js';

const CASES: Cases = {
  'hard links': {
    'a new group: the first leads': {
      source: {b: 'x', a: hardlink('b'), c: {d: hardlink('b')}},
      target: {},
      actions: [
        'attrs . (children)',
        'create a (new)',
        'link b -> a (new hardlink)',
        'mkdir c (new)',
        'link c/d -> a (new hardlink)',
      ],
    },
    'a new member': {
      source: {a: 'x', b: hardlink('a')},
      target: {a: 'x'},
      actions: ['attrs . (children)', 'link b -> a (new hardlink)'],
    },
    'a member that comes first leads': {
      source: {a: 'x', b: hardlink('a')},
      target: {b: 'x'},
      actions: ['attrs . (children)', 'create a (new)', 'link b -> a (hardlink)'],
    },
    'equal files that should be one': {
      source: {a: 'x', b: hardlink('a')},
      target: {a: 'x', b: 'x'},
      actions: ['attrs . (children)', 'link b -> a (hardlink)'],
    },
    'one file that should be two': {
      source: {a: 'x', b: 'x'},
      target: {a: 'x', b: hardlink('a')},
      actions: ['attrs . (children)', 'update b (hardlink)'],
    },
    'one file of four names that should be two of two': {
      source: {a: 'x', b: hardlink('a'), c: 'x', d: hardlink('c')},
      target: {a: 'x', b: hardlink('a'), c: hardlink('a'), d: hardlink('a')},
      actions: ['attrs . (children)', 'update c (hardlink)', 'link d -> c (hardlink)'],
    },
    'names that went away outside of the tree do not matter': {
      source: {a: 'x'},
      target: {a: 'x', b: hardlink('a')},
      actions: ['attrs . (children)', 'delete b (gone)'],
    },
    'a leader written anew takes its group along': {
      source: {a: 'xx', b: hardlink('a'), c: hardlink('a')},
      target: {a: 'x', b: hardlink('a')},
      actions: ['attrs . (children)', 'update a (size)', 'link b -> a (hardlink)', 'link c -> a (new hardlink)'],
    },
    'metadata of a group is set once': {
      source: {a: file('x', {mode: 0o600}), b: hardlink('a')},
      target: {a: 'x', b: hardlink('a')},
      actions: ['attrs . (children)', 'attrs a (mode)'],
    },
    'a name joins the group while its metadata is set': {
      source: {a: file('x', {mode: 0o600}), b: hardlink('a')},
      target: {a: 'x', b: 'y'},
      actions: ['attrs . (children)', 'attrs a (mode)', 'link b -> a (hardlink)'],
    },
    'in place of another kind': {
      source: {a: 'x', b: hardlink('a'), c: hardlink('a')},
      target: {a: 'x', b: symlink('a'), c: {d: ''}},
      actions: ['attrs . (children)', 'link b -> a (kind hardlink)', 'link c -> a (kind hardlink)', 'delete c/d (gone)'],
    },
    'a first name whose place is blocked does not lead': {
      source: {a: 'x', b: hardlink('a'), c: hardlink('a')},
      target: {a: {d: excluded()}},
      actions: ['attrs . (children)', 'create b (new)', 'link c -> b (new hardlink)'],
      problems: ['target a PROTECTED'],
    },
    'names left out on one side': {
      source: {a: 'x', b: hardlink('a'), c: excluded()},
      target: {a: 'x', b: hardlink('a'), c: excluded()},
    },
    'the file is rewritten, the other name of the target stays its own': {
      source: {a: 'xx', b: 'x'},
      target: {a: 'x', b: hardlink('a')},
      actions: ['attrs . (children)', 'update a (size)'],
    },
    'compared by content, kept': {
      source: {a: 'x', b: hardlink('a'), c: 'x'},
      target: {a: 'x', b: hardlink('a'), c: 'x'},
      policy: {compare: 'content'},
    },
    'compared by content, written anew': {
      source: {a: 'x', b: hardlink('a')},
      target: {a: 'x', b: hardlink('a')},
      policy: {compare: 'content'},
      different: ['a', 'b'],
      actions: ['attrs . (children)', 'update a (content)', 'link b -> a (hardlink)'],
    },
    'symlinks and folders have no groups': {
      source: {a: symlink('x'), b: symlink('x')},
      target: {a: symlink('x'), b: symlink('x')},
    },
  },
  'hard links that are not kept': {
    'a new group is files of their own': {
      policy: {hardlinks: false},
      losses: {hardlinks: 1, linkedBytes: 1},
      source: {a: 'x', b: hardlink('a')},
      target: {},
      actions: ['attrs . (children)', 'create a (new)', 'create b (new)'],
    },
    'equal files stay as they are': {
      policy: {hardlinks: false},
      losses: {hardlinks: 1, linkedBytes: 1},
      source: {a: 'x', b: hardlink('a')},
      target: {a: 'x', b: 'x'},
    },
    'names of one file in the target become files of their own': {
      policy: {hardlinks: false},
      losses: {hardlinks: 1, linkedBytes: 1},
      source: {a: 'x', b: hardlink('a')},
      target: {a: 'x', b: hardlink('a')},
      actions: ['attrs . (children)', 'update b (hardlink)'],
    },
  },
  'names of one file that show two inodes': {
    'are one where all is the same': {
      policy: {showsLinks: false},
      source: {a: 'x', b: hardlink('a')},
      target: {a: 'x', b: 'x'},
    },
    'are linked where something differs': {
      policy: {showsLinks: false},
      source: {a: 'x', b: hardlink('a'), c: hardlink('a')},
      target: {a: 'x', b: 'y!', c: file('x', {mode: 0o600})},
      actions: ['attrs . (children)', 'link b -> a (hardlink)', 'link c -> a (hardlink)'],
    },
    'are linked where the content differs that is compared': {
      policy: {showsLinks: false, compare: 'content'},
      source: {a: 'x', b: hardlink('a'), c: hardlink('a')},
      target: {a: 'x', b: 'y', c: 'x'},
      different: ['b'],
      actions: ['attrs . (children)', 'link b -> a (hardlink)'],
    },
    'become files of their own where the source has two': {
      policy: {showsLinks: false},
      source: {a: 'x', b: 'x'},
      target: {a: 'x', b: hardlink('a')},
      actions: ['attrs . (children)', 'update a (hardlink)', 'update b (hardlink)'],
    },
  },
};

describe('plan/hardlinks', () => {
  itDiffers(CASES);
});
