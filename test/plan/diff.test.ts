import {expect} from 'chai';
import fc from 'fast-check';
import type {Action} from '../../src/core/action.js';
import {type Block, entryAt, nameAt} from '../../src/core/block.js';
import type {Entry} from '../../src/core/entry.js';
import {comparePaths, joinPath, type RelPath, ROOT} from '../../src/core/path.js';
import {type PlanOptions, PRESERVABLE, type Preservable} from '../../src/core/plan.js';
import {type Problem, problem} from '../../src/core/problem.js';
import {ACL_ACCESS, ACL_DEFAULT} from '../../src/core/xattr.js';
import {type Diff, type DiffOptions, diff} from '../../src/plan/diff.js';
import {type Losses, NO_LOSSES} from '../../src/plan/losses.js';
import {KEPT} from '../support/plan.js';
import {
  blocksOf,
  describeActions,
  describeProblems,
  device,
  excluded,
  mount,
  partial,
  ruled,
  Scanned,
  streamOf,
  unknown,
  was,
} from '../support/streams.js';
import {
  arbitraryTree,
  DEFAULT_MTIME,
  dir,
  fifo,
  file,
  hardlink,
  Leaf,
  type LeafAttributes,
  pairOfTrees,
  symlink,
  type Tree,
} from '../support/tree.js';

const POLICY: PlanOptions = {
  compare: 'metadata',
  mtimeWindow: 0n,
  delete: true,
  deleteBefore: false,
  deleteAnyway: false,
  deleteExcluded: false,
  oneFileSystem: false,
  renameInvalid: false,
  ...KEPT,
  owner: true,
  groups: 'any',
  filters: [],
  excludeCaches: false,
  excludeIfPresent: [],
  maxDelete: {share: 1},
};

interface Given {
  readonly source: Tree | Leaf;
  /** Left out: there is no target yet. */
  readonly target?: Tree | Leaf;
  readonly policy?: Partial<PlanOptions>;
  /** Paths of files whose content differs; the file at `unreadable` cannot be compared. */
  readonly different?: readonly string[];
  readonly unreadable?: string;
  readonly wanted?: readonly Preservable[];
  /** Names that the target cannot hold. */
  readonly refusedNames?: readonly string[];
  readonly largestFile?: number;
}

function run(
  {source, target, policy = {}, different = [], unreadable, wanted = PRESERVABLE, refusedNames = [], largestFile}: Given,
  rows?: number,
  calls: RelPath[][] = [],
  inTargets: RelPath[] = [],
): Promise<Diff> {
  const answer = (path: RelPath): boolean | Problem =>
    path === unreadable ? problem({path, side: 'source', phase: 'plan', code: 'EACCES'}) : !different.includes(path);
  const options: DiffOptions = {
    source: streamOf(blocksOf(source, rows)),
    target: streamOf(target === undefined ? [] : blocksOf(target, rows)),
    policy: {...POLICY, ...policy},
    wanted,
    uid: 1000,
    holdsName: (name) => !refusedNames.includes(name),
    largestFile,
    sameContent: async (paths, inTarget) => {
      calls.push([...paths]);
      inTargets.push(...inTarget);
      return paths.map(answer);
    },
  };
  return diff(options);
}

const later = {mtime: DEFAULT_MTIME + 1n};

type Case = Given & {
  readonly actions?: readonly string[];
  readonly problems?: readonly string[];
  readonly losses?: Partial<Losses>;
  readonly mounts?: number;
  /** Where the target was asked for content. */
  readonly inTarget?: readonly string[];
};

/** With this value for a name, by default one of the user's. */
const xattr = (value: string, name = 'user.a') => ({xattrs: {[name]: value}});
const pipe = (attributes: LeafAttributes) => new Leaf('fifo', '', {}, attributes);
const ALONE: Partial<PlanOptions> = {owner: false, groups: [1000], xattrs: ['user'], acls: false, devices: false};

const groups: Record<string, Record<string, Case>> = {
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
  'nothing to do': {
    'two empty trees': {source: {}, target: {}},
    'the same trees': {
      source: {a: 'x', b: {c: symlink('a'), d: {}}, e: hardlink('a')},
      target: {a: 'x', b: {c: symlink('a'), d: {}}, e: hardlink('a')},
    },
    'a symlink of another mode': {source: {a: symlink('x', {mode: 0o777})}, target: {a: symlink('x', {mode: 0o755})}},
  },
  'what the target has under another name': {
    'a file, otherwise the same': {
      source: {A: 'x'},
      target: {A: was('a', 'x')},
      actions: ['attrs . (children)', 'move A <- a (name)'],
    },
    'a file of other metadata': {
      source: {A: file('x', {mode: 0o600, ...later})},
      target: {A: was('a', file('x', later))},
      actions: ['attrs . (children)', 'move A <- a (name mode)'],
    },
    'a file of other content': {
      source: {A: 'xx'},
      target: {A: was('a', 'x')},
      actions: ['attrs . (children)', 'update A <- a (name size)'],
    },
    'a symlink, the same and another': {
      source: {A: symlink('x'), B: symlink('y')},
      target: {A: was('a', symlink('x')), B: was('b', symlink('z'))},
      actions: ['attrs . (children)', 'move A <- a (name)', 'update B <- b (name link)'],
    },
    'a folder, and what is in it': {
      source: {A: {B: {c: 'x', D: 'y'}, e: 'x'}},
      target: {A: was('a', {B: was('b', {D: was('d', 'y'), c: 'x', f: 'z'}), e: 'x'})},
      actions: [
        'attrs . (children)',
        'move A <- a (name)',
        'move A/B <- a/b (name)',
        'move A/B/D <- a/b/d (name)',
        'delete A/B/f (gone)',
      ],
    },
    'a folder with rules': {
      source: {A: ruled('r', {b: 'x'})},
      target: {A: was('a', {b: 'x'})},
      problems: ['source A FILTER_CHANGED'],
    },
    'another kind, both ways': {
      source: {A: 'x', B: {c: 'x'}, D: symlink('x')},
      target: {A: was('a', {e: 'x'}), B: was('b', 'x'), D: was('d', 'x')},
      actions: [
        'attrs . (children)',
        'replace A <- a (name kind)',
        'delete A/e (gone)',
        'replace B <- b (name kind)',
        'create B/c (new)',
        'replace D <- d (name kind)',
      ],
    },
    'a name of a file of several names': {
      source: {A: 'x', B: hardlink('A')},
      target: {A: 'x', B: was('b', 'x')},
      actions: ['attrs . (children)', 'link B <- b -> A (name hardlink)'],
    },
    'files compared by content': {
      policy: {compare: 'content'},
      source: {A: {same: 'x', other: 'x', Third: 'x'}},
      target: {A: was('a', {same: 'x', other: 'x', Third: was('third', 'x')})},
      different: ['A/other'],
      actions: ['attrs . (children)', 'move A <- a (name)', 'move A/Third <- a/third (name)', 'update A/other (content)'],
      inTarget: ['a/third', 'a/other', 'a/same'],
    },
    'but not what may not be touched': {
      source: {A: excluded(), B: unknown(), C: 'x'},
      target: {A: was('a', 'x'), B: was('b', 'x'), C: excluded()},
      actions: ['blocked B (source-unread)'],
      problems: ['target C PROTECTED'],
    },
  },
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
  'files that differ': {
    size: {source: {a: 'xx'}, target: {a: 'x'}, actions: ['attrs . (children)', 'update a (size)']},
    mtime: {source: {a: file('x', later)}, target: {a: 'x'}, actions: ['attrs . (children)', 'update a (mtime)']},
    'an older mtime': {source: {a: 'x'}, target: {a: file('x', later)}, actions: ['attrs . (children)', 'update a (mtime)']},
    'size, mtime and mode': {
      source: {a: file('xx', {...later, mode: 0o600})},
      target: {a: 'x'},
      actions: ['attrs . (children)', 'update a (size mtime mode)'],
    },
    'mtime within the window': {source: {a: file('x', later)}, target: {a: 'x'}, policy: {mtimeWindow: 1n}},
    'mtime outside of the window': {
      source: {a: file('x', later)},
      target: {a: file('x', {mtime: DEFAULT_MTIME - 1n})},
      policy: {mtimeWindow: 1n},
      actions: ['attrs . (children)', 'update a (mtime)'],
    },
    'a symlink by where it points': {
      source: {a: symlink('x')},
      target: {a: symlink('y')},
      actions: ['attrs . (children)', 'update a (link)'],
    },
    'a symlink by its mtime alone': {
      source: {a: symlink('x', later)},
      target: {a: symlink('x')},
      actions: ['attrs . (children)', 'attrs a (mtime)'],
    },
  },
  'compared by size': {
    'mtime alone is set': {
      source: {a: file('x', later)},
      target: {a: 'y'},
      policy: {compare: 'size'},
      actions: ['attrs . (children)', 'attrs a (mtime)'],
    },
    size: {source: {a: 'xx'}, target: {a: 'x'}, policy: {compare: 'size'}, actions: ['attrs . (children)', 'update a (size)']},
  },
  'compared by content': {
    'the same content': {source: {a: 'x', b: 'y'}, target: {a: 'x', b: 'y'}, policy: {compare: 'content'}},
    'other content under the same metadata': {
      source: {a: 'x', b: 'y', c: {d: 'z'}},
      target: {a: 'x', b: 'y', c: {d: 'z'}},
      policy: {compare: 'content'},
      different: ['b', 'c/d'],
      actions: ['attrs . (children)', 'update b (content)', 'attrs c (children)', 'update c/d (content)'],
    },
    'another mtime, the same content': {
      source: {a: file('x', later)},
      target: {a: 'x'},
      policy: {compare: 'content'},
      actions: ['attrs . (children)', 'attrs a (mtime)'],
    },
    'another mtime and content': {
      source: {a: file('x', later)},
      target: {a: 'x'},
      policy: {compare: 'content'},
      different: ['a'],
      actions: ['attrs . (children)', 'update a (content mtime)'],
    },
    'another size is not read': {
      source: {a: 'xx'},
      target: {a: 'x'},
      policy: {compare: 'content'},
      unreadable: 'a',
      actions: ['attrs . (children)', 'update a (size)'],
    },
    'a file that cannot be read stays, and is a problem': {
      source: {a: file('x', later), b: 'x'},
      target: {a: 'x', b: 'x'},
      policy: {compare: 'content'},
      unreadable: 'a',
      different: ['b'],
      actions: ['attrs . (children)', 'update b (content)'],
      problems: ['source a EACCES'],
    },
    'in canonical order although asked for late': {
      source: {a: {b: 'x'}, c: 'new', d: 'x'},
      target: {a: {b: 'x'}, d: 'x'},
      policy: {compare: 'content'},
      different: ['a/b', 'd'],
      actions: ['attrs . (children)', 'attrs a (children)', 'update a/b (content)', 'create c (new)', 'update d (content)'],
    },
  },
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
  upkeep: {
    'of every touched folder, and of no other': {
      source: {a: {b: {c: 'x'}, d: {e: 'x'}}, f: {}},
      target: {a: {b: {c: 'xx'}, d: {e: 'x'}}, f: {}},
      actions: ['attrs . (children)', 'attrs a/b (children)', 'update a/b/c (size)'],
    },
    'once for several actions, after an untouched sibling': {
      source: {a: {b: '', c: 'new', e: 'new'}},
      target: {a: {b: '', d: 'old'}},
      actions: ['attrs . (children)', 'attrs a (children)', 'create a/c (new)', 'delete a/d (gone)', 'create a/e (new)'],
    },
    'of a folder found touched after what is below it': {
      source: {a: {b: {c: 'x'}, d: 'new'}},
      target: {a: {b: {c: file('x', {mode: 0o600})}}},
      actions: ['attrs . (children)', 'attrs a (children)', 'attrs a/b/c (mode)', 'create a/d (new)'],
    },
    'of the root when metadata alone changes below': {
      source: {a: {b: file('', {mode: 0o600})}},
      target: {a: {b: ''}},
      actions: ['attrs . (children)', 'attrs a/b (mode)'],
    },
  },
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
  'what the target does not tell': {
    'unreadable: nothing is planned there': {source: {a: 'x', b: {c: ''}}, target: {a: unknown(), b: unknown()}},
    'an unreadable folder: only its metadata': {
      source: {a: dir({c: ''}, {mode: 0o700})},
      target: {a: partial()},
      actions: ['attrs . (children)', 'attrs a (mode)'],
    },
    'left out only there': {
      source: {a: 'x', b: {c: ''}},
      target: {a: excluded(), b: excluded()},
      problems: ['target a PROTECTED', 'target b PROTECTED'],
    },
    'left out in both': {source: {a: excluded()}, target: {a: excluded()}},
  },
  'rules that the two walks read differently': {
    'nothing is planned in that folder': {
      source: {a: ruled('one', {b: 'x'}), c: 'new'},
      target: {a: ruled('two', {d: ''})},
      actions: ['attrs . (children)', 'create c (new)'],
      problems: ['source a FILTER_CHANGED'],
    },
    'at the root, nothing at all': {
      source: ruled('one', {a: ''}),
      target: ruled('', {b: ''}),
      problems: ['source . FILTER_CHANGED'],
    },
    'no second problem where one side was not read': {source: {a: ruled('one', {b: 'x'})}, target: {a: partial({c: ''})}},
    'the same rules': {
      source: {a: ruled('one', {b: ''})},
      target: {a: ruled('one', {})},
      actions: ['attrs . (children)', 'attrs a (children)', 'create a/b (new)'],
    },
  },
  'another kind': {
    'file to symlink': {source: {a: symlink('x')}, target: {a: ''}, actions: ['attrs . (children)', 'replace a (kind)']},
    'symlink to file': {source: {a: ''}, target: {a: symlink('x')}, actions: ['attrs . (children)', 'replace a (kind)']},
    'FIFO to file': {source: {a: ''}, target: {a: fifo()}, actions: ['attrs . (children)', 'replace a (kind)']},
    'FIFO to folder': {source: {a: {}}, target: {a: fifo()}, actions: ['attrs . (children)', 'replace a (kind)']},
    'file to folder': {
      source: {a: {b: {c: ''}}, d: ''},
      target: {a: '', d: ''},
      actions: ['attrs . (children)', 'replace a (kind)', 'mkdir a/b (new)', 'create a/b/c (new)'],
    },
    'symlink to folder': {
      source: {a: {b: ''}},
      target: {a: symlink('x')},
      actions: ['attrs . (children)', 'replace a (kind)', 'create a/b (new)'],
    },
    'folder to file': {
      source: {a: '', d: ''},
      target: {a: {b: {c: ''}}, d: ''},
      actions: ['attrs . (children)', 'replace a (kind)', 'rmdir a/b (gone)', 'delete a/b/c (gone)'],
    },
    'folder to symlink': {
      source: {a: symlink('x')},
      target: {a: {b: ''}},
      actions: ['attrs . (children)', 'replace a (kind)', 'delete a/b (gone)'],
    },
    'with delete: false a filled folder stays': {
      source: {a: '', b: 'new'},
      target: {a: {c: ''}},
      policy: {delete: false},
      actions: ['attrs . (children)', 'create b (new)'],
      problems: ['target a NO_DELETE'],
    },
    'with delete: false an empty folder goes': {
      source: {a: ''},
      target: {a: {}},
      policy: {delete: false},
      actions: ['attrs . (children)', 'replace a (kind)'],
    },
    'with delete: false a file goes': {
      source: {a: {b: ''}},
      target: {a: ''},
      policy: {delete: false},
      actions: ['attrs . (children)', 'replace a (kind)', 'create a/b (new)'],
    },
    'what is left out blocks it, and nothing in the folder is deleted': {
      source: {a: '', d: 'new'},
      target: {a: {b: '', c: {x: excluded()}, e: {}}},
      actions: ['attrs . (children)', 'create d (new)'],
      problems: ['target a PROTECTED'],
    },
    'what could not be read blocks it': {
      source: {a: '', b: symlink('x')},
      target: {a: partial(), b: {c: unknown(), d: ''}},
      problems: ['target a UNKNOWN_BELOW', 'target b UNKNOWN_BELOW'],
    },
    'what is left out blocks it also with delete: false': {
      source: {a: ''},
      target: {a: {b: excluded()}},
      policy: {delete: false},
      problems: ['target a PROTECTED'],
    },
  },
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
  'symbolic links that the target does not have': {
    'are left out, and what stands in their place stays': {
      policy: {symlinks: 'none'},
      source: {a: symlink('x'), b: symlink('x'), c: {d: symlink('x')}},
      target: {b: 'x'},
      losses: {symlinks: 3},
      actions: ['attrs . (children)', 'mkdir c (new)'],
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
  'links that are followed, and lead nowhere': {
    'keep what they led to, and replace what is their text': {
      policy: {linksAs: 'content'},
      source: {a: symlink('x'), b: symlink('x'), c: symlink('x'), d: symlink('x'), e: symlink('x')},
      target: {a: 'copy', b: {copy: 'copy'}, c: 'x', d: symlink('y'), e: file('x', later)},
      problems: ['source a LINK_NOT_FOLLOWED', 'source b LINK_NOT_FOLLOWED', 'source e LINK_NOT_FOLLOWED'],
      actions: ['attrs . (children)', 'replace c (kind)', 'update d (link)'],
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
  'other file systems': {
    'a folder of one is made, and stays without content': {
      source: {a: mount(), b: {c: mount()}},
      target: {},
      actions: ['attrs . (children)', 'mkdir a (new)', 'mkdir b (new)', 'mkdir b/c (new)'],
      mounts: 2,
    },
    'what the target has in it stays': {
      source: {a: mount()},
      target: {a: {b: '', c: {}}},
      mounts: 1,
    },
    'one of the target is not written to': {
      source: {a: {b: 'x'}},
      target: {a: mount()},
      mounts: 1,
    },
    'its folder alone gets what it should have': {
      source: {a: dir({b: 'x'}, {mode: 0o700})},
      target: {a: mount()},
      actions: ['attrs . (children)', 'attrs a (mode)'],
      mounts: 1,
    },
    'on both sides': {source: {a: mount()}, target: {a: mount()}, mounts: 1},
    'one that the source does not have is not deleted': {source: {b: ''}, target: {a: mount(), b: ''}},
  },
  'after blocks that are the same': {
    'a file below a sibling of the folder in which they begin': {
      source: {a: {}, b: {y: file('new', later)}},
      target: {a: {}, b: {y: 'old'}},
      actions: ['attrs . (children)', 'attrs b (children)', 'update b/y (mtime)'],
    },
    'a file beside the folder in which they end': {
      source: {a: {b: {c: {}}}, d: file('new', later)},
      target: {a: {b: {c: {}}}, d: 'old'},
      actions: ['attrs . (children)', 'update d (mtime)'],
    },
    'a file in the folder in which they end': {
      source: {a: {b: {}, c: {x: '', y: '', z: file('new', later)}}},
      target: {a: {b: {}, c: {x: '', y: '', z: 'old'}}},
      actions: ['attrs . (children)', 'attrs a/c (children)', 'update a/c/z (mtime)'],
    },
    'folders that only one tree has': {
      source: {a: {b: {}}, c: {d: {}, e: {f: ''}}},
      target: {a: {b: {}}, c: {d: {}, g: {h: ''}}},
      actions: [
        ...['attrs . (children)', 'attrs c (children)', 'mkdir c/e (new)', 'create c/e/f (new)'],
        ...['rmdir c/g (gone)', 'delete c/g/h (gone)'],
      ],
    },
  },
  names: {
    'that sort by their bytes': {
      source: {'\uffff': '', '😀': '', x: '', '\udcff': ''},
      target: {x: ''},
      actions: ['attrs . (children)', 'create \uffff (new)', 'create 😀 (new)', 'create \udcff (new)'],
    },
    'of which one begins with the other': {
      source: {a: {}, 'a-': '', a0: {x: ''}},
      target: {'a-': '', a0: {x: ''}, a1: ''},
      actions: ['attrs . (children)', 'mkdir a (new)', 'delete a1 (gone)'],
    },
  },
};

describe('plan/diff', () => {
  for (const [group, cases] of Object.entries(groups)) {
    describe(group, () => {
      for (const [title, {actions = [], problems = [], losses = {}, mounts = 0, inTarget = [], ...given}] of Object.entries(
        cases,
      )) {
        it(title, async () => {
          // Also with every block boundary possible: nothing may depend on where a block ends.
          for (const rows of [Number.POSITIVE_INFINITY, 1, 2, 3]) {
            const asked: RelPath[] = [];
            const found = await run(given, rows, [], asked);
            expect(describeActions(found.actions)).to.deep.equal(actions);
            expect(describeProblems(found.problems)).to.deep.equal(problems);
            expect(found.losses).to.deep.equal({...NO_LOSSES, ...losses});
            expect(found.mounts).to.equal(mounts);
            if (inTarget.length > 0) expect(asked).to.deep.equal(inTarget);
          }
        });
      }
    });
  }

  it('an action carries what is there and what will be', async () => {
    const {actions} = await run({source: {a: file('xx', {mode: 0o600}), b: symlink('t')}, target: {a: 'x', c: ''}});
    const common = {uid: 1000, gid: 1000, mtime: DEFAULT_MTIME};
    const plain: Entry = {kind: 'file', mode: 0o644, size: 1, ...common};
    expect(actions.slice(1)).to.deep.equal([
      {kind: 'update', path: 'a', reasons: ['size', 'mode'], before: plain, after: {...plain, mode: 0o600, size: 2}},
      {kind: 'create', path: 'b', reasons: ['new'], after: {kind: 'symlink', mode: 0o777, size: 0, link: 't', ...common}},
      {kind: 'delete', path: 'c', reasons: ['gone'], before: {...plain, size: 0}},
    ]);
  });

  it('content is asked for in batches, in order', async () => {
    const tree = Object.fromEntries(Array.from({length: 1100}, (_, i) => [String(i).padStart(4, '0'), 'x']));
    const calls: RelPath[][] = [];
    const found = await run(
      {source: tree, target: tree, policy: {compare: 'content'}, different: ['0003', '1099']},
      undefined,
      calls,
    );
    expect(calls.map((paths) => paths.length)).to.deep.equal([512, 512, 76]);
    expect(describeActions(found.actions)).to.deep.equal([
      'attrs . (children)',
      'update 0003 (content)',
      'update 1099 (content)',
    ]);
  });

  it('tells how many actions there are as it reads, also within a subtree that goes, and ends where there is no room for more', async () => {
    const folder = (count: number): Tree => Object.fromEntries(Array.from({length: count}, (_, i) => [`f${i}`, 'x']));
    const trees = {source: {new: folder(10)}, target: {gone: folder(20)}};
    const counts: number[] = [];
    const options = (onActions: (count: number) => void): DiffOptions => ({
      ...{source: streamOf(blocksOf(trees.source, 5)), target: streamOf(blocksOf(trees.target, 5))},
      ...{policy: POLICY, wanted: [], uid: 0, sameContent: async () => [], onActions},
    });
    await diff(options((count) => counts.push(count)));
    expect(counts).to.deep.equal([0, 0, 4, 9, 14, 19, 26, 31]);
    const full = new Error('full');
    const onActions = (count: number) => {
      if (count > 8) throw full;
    };
    expect(await diff(options(onActions)).catch((error: unknown) => error)).to.equal(full);
  });

  it('a source without a root is a mistake', async () => {
    const options = {policy: POLICY, wanted: [], uid: 0, sameContent: async () => []};
    const error = await diff({...options, source: streamOf([]), target: streamOf([])}).catch((e: unknown) => e);
    expect(error).to.be.an('error').with.property('message').that.includes('root');
  });

  const policies = fc.record({
    compare: fc.constantFrom('metadata', 'size', 'content'),
    delete: fc.boolean(),
    owner: fc.boolean(),
  }) satisfies fc.Arbitrary<Partial<PlanOptions>>;

  /** Also without a target. */
  const pairsOrNew = fc.oneof(
    {weight: 4, arbitrary: pairOfTrees},
    {weight: 1, arbitrary: arbitraryTree.map((tree): [Tree, undefined] => [tree, undefined])},
  );

  it('law: actions are in canonical order, one a path', () =>
    fc.assert(
      fc.asyncProperty(pairOfTrees, policies, async ([source, target], policy) => {
        const {actions} = await run({source, target, policy});
        for (let i = 1; i < actions.length; i++) {
          const [last, next] = [actions[i - 1] as Action, actions[i] as Action];
          expect(comparePaths(last.path, next.path), `${last.path} before ${next.path}`).to.be.below(0);
        }
      }),
    ));
  it('law: where blocks end does not matter', () =>
    fc.assert(
      fc.asyncProperty(pairOfTrees, policies, fc.integer({min: 1, max: 4}), async ([source, target], policy, rows) => {
        expect(await run({source, target, policy}, rows)).to.deep.equal(await run({source, target, policy}));
      }),
      {numRuns: 200},
    ));
  it('law: a tree does not differ from itself', () =>
    fc.assert(
      fc.asyncProperty(arbitraryTree, policies, async (tree, policy) => {
        expect(await run({source: tree, target: tree, policy})).to.deep.equal({
          actions: [],
          problems: [],
          losses: NO_LOSSES,
          mounts: 0,
        });
      }),
    ));
  it('law: done one after the other, the actions make the target what the source is', () =>
    fc.assert(
      fc.asyncProperty(pairsOrNew, fc.integer({min: 1, max: 4}), async ([source, target], rows) => {
        const {actions} = await run({source, ...(target && {target})}, rows);
        const entries = target === undefined ? new Map<RelPath, Entry>() : entriesOf(blocksOf(target));
        for (const {path, before, after} of actions) {
          expect(entries.get(path), path).to.deep.equal(before);
          if (after === undefined) entries.delete(path);
          else entries.set(path, after);
        }
        // Names of one file share what is set through the leader alone.
        const linked = new Set(target === undefined ? [] : namesOfMany(blocksOf(target)));
        const wanted = entriesOf(blocksOf(source));
        expect([...entries.keys()].sort()).to.deep.equal([...wanted.keys()].sort());
        for (const [path, entry] of wanted) if (!linked.has(path)) expect(entries.get(path), path).to.deep.equal(entry);
      }),
      {numRuns: 200},
    ));
  it('law: with nothing to delete nothing goes', () =>
    fc.assert(
      fc.asyncProperty(pairOfTrees, async ([source, target]) => {
        const {actions} = await run({source, target, policy: {delete: false}});
        expect(actions.filter(({kind}) => kind === 'delete' || kind === 'rmdir')).to.deep.equal([]);
      }),
    ));
});

function entriesOf(blocks: readonly Block[]): Map<RelPath, Entry> {
  const entries = new Map<RelPath, Entry>();
  eachRow(blocks, (path, block, i) => entries.set(path, entryAt(block, i)));
  return entries;
}

function namesOfMany(blocks: readonly Block[]): RelPath[] {
  const names: RelPath[] = [];
  eachRow(blocks, (path, block, i) => {
    if ((block.links[i] as number) > 1) names.push(path);
  });
  return names;
}

function eachRow(blocks: readonly Block[], see: (path: RelPath, block: Block, i: number) => void): void {
  const above: RelPath[] = [];
  for (const block of blocks) {
    for (let i = 0; i < block.count; i++) {
      const depth = block.depth[i] as number;
      const path = depth === 0 ? ROOT : joinPath(above[depth - 1] as RelPath, nameAt(block, i));
      above[depth] = path;
      see(path, block, i);
    }
  }
}
