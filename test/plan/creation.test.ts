import {type Cases, itDiffers} from '../support/diff.js';
import {excluded, partial, unknown} from '../support/streams.js';
import {fifo, symlink} from '../support/tree.js';

const CASES: Cases = {
  'what is new': {
    'a file': {source: {a: 'x'}, target: {}, actions: ['attrs . (children)', 'create a (new)']},
    'a symlink': {source: {a: symlink('x')}, target: {}, actions: ['attrs . (children)', 'create a (new)']},
    'folders, each before what is in it': {
      source: {a: {b: {c: 'x'}, 'b.c': 'x'}, 'a.b': 'x'},
      target: {},
      actions: [
        'attrs . (children)',
        'mkdir a (new)',
        'mkdir a/b (new)',
        'create a/b/c (new)',
        'create a/b.c (new)',
        'create a.b (new)',
      ],
    },
    'siblings after a deep folder': {
      source: {a: {b: {c: {d: ''}}, e: {f: ''}}},
      target: {},
      actions: [
        'attrs . (children)',
        ...['mkdir a', 'mkdir a/b', 'mkdir a/b/c', 'create a/b/c/d', 'mkdir a/e', 'create a/e/f'].map(
          (action) => `${action} (new)`,
        ),
      ],
    },
    'a whole target': {source: {a: 'x', b: {}}, actions: ['mkdir . (new)', 'create a (new)', 'mkdir b (new)']},
    'an empty target that is missing': {source: {}, actions: ['mkdir . (new)']},
    'but not what is left out, unreadable, or cannot be made': {
      policy: {specials: false},
      source: {a: {b: excluded(), c: unknown(), d: fifo(), e: 'x'}, f: excluded(), g: unknown()},
      target: {},
      actions: ['attrs . (children)', 'mkdir a (new)', 'create a/e (new)'],
      losses: {specials: 1},
    },
    'what is left out or unreadable touches nothing': {
      source: {a: {b: excluded(), c: unknown()}, d: excluded()},
      target: {a: {}},
    },
    'a folder that could not be read is made, empty': {
      source: {a: partial()},
      target: {},
      actions: ['attrs . (children)', 'mkdir a (new)'],
    },
  },
};

describe('plan/creation', () => {
  itDiffers(CASES);
});
