import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import type {ActionKind} from '../../src/core/action.js';
import type {Platform} from '../../src/platform/platform.js';
import {skip} from '../support/skip.js';
import {removeTree, tempDirs} from '../support/temp.js';
import {DEFAULT_MTIME, dir, file, hardlink, symlink, type Tree, writeTree} from '../support/tree.js';
import {type ActionOptions, BACKENDS, type Given, type Stands, workers} from '../support/worker.js';
import {needXattrs, setAcl, setXattrs} from '../support/xattrs.js';

/** What happens to one of the two trees, each at its side's name below the root. */
type Change = (root: string) => void;

interface Case extends Partial<Given>, ActionOptions {
  readonly title: string;
  /** Both trees before the plan. */
  readonly given?: Change;
  readonly change?: Change;
  readonly stands: Stands;
}

/** The cases of one kind of action, for the path `a` unless they say another one. */
interface Kind {
  readonly kind: ActionKind;
  readonly path?: string;
  readonly source: Tree;
  readonly target: Tree;
  readonly cases: readonly Case[];
}

const NEW = file('newer', {mtime: DEFAULT_MTIME + 1_000_000_000n});
/** What a mode becomes with the ACL of `setAcl`, so that it is not the mode that is another. */
const BY_ACL = 0o640;
const OTHER_TIME = DEFAULT_MTIME + 5_000_000_000n;

function side(name: 'source' | 'target') {
  const on =
    (act: (at: string) => void) =>
    (at: string): Change =>
    (root) =>
      act(path.join(root, name, at));
  const becomes = (tree: Tree) => (at: string) => on((whole) => put(whole, tree))(at);
  return {
    edited: on((at) => fs.appendFileSync(at, 'edited')),
    touched: on((at) => fs.utimesSync(at, 1, 1)),
    closed: on((at) => fs.chmodSync(at, 0o500)),
    opened: on((at) => fs.chmodSync(at, 0o700)),
    gone: on(remove),
    aFile: becomes({it: 'another'}),
    aFolder: becomes({it: {}}),
    aSymlink: becomes({it: symlink('elsewhere')}),
    is: (at: string, tree: Tree) => becomes(tree)(at),
    xattrs: (at: string, values: Record<string, string>) => on((whole) => setXattrs(whole, values))(at),
    acl: (at: string, user: number) => on((whole) => setAcl(whole, user))(at),
  };
}

function remove(at: string): void {
  const stat = fs.lstatSync(at, {throwIfNoEntry: false});
  if (stat?.isDirectory()) removeTree(at);
  else if (stat !== undefined) fs.unlinkSync(at);
}

/** Puts what is called `it` in a tree at this place; its folder keeps its times. */
function put(at: string, tree: Tree): void {
  const above = path.dirname(at);
  const {atime, mtime} = fs.statSync(above);
  remove(at);
  writeTree(`${at}-new`, tree);
  fs.renameSync(path.join(`${at}-new`, 'it'), at);
  fs.rmdirSync(`${at}-new`);
  fs.utimesSync(above, atime, mtime);
}

const source = side('source');
const target = side('target');
const both =
  (...changes: readonly Change[]): Change =>
  (root) => {
    for (const change of changes) change(root);
  };
const TARGET = 'drift of the target';
const SOURCE = 'drift of the source';

const kinds: Kind[] = [
  {
    kind: 'mkdir',
    source: {a: {b: ''}},
    target: {},
    cases: [
      {title: 'nothing is there', stands: 'todo'},
      {title: 'the folder is there', change: target.is('a', {it: {}}), stands: 'done'},
      {title: 'a folder is there without its attributes', change: target.is('a', {it: dir({}, {mode: 0o700})}), stands: 'todo'},
      {title: 'a file is there', change: target.aFile('a'), stands: TARGET},
      {title: 'a symlink is there', change: target.aSymlink('a'), stands: TARGET},
      {title: 'something has come into it in the source', change: source.touched('a'), stands: 'todo'},
      {title: 'it has another mode in the source', change: source.closed('a'), stands: SOURCE},
      {title: 'it is gone from the source', change: source.gone('a'), stands: SOURCE},
      {title: 'it is a file in the source', change: source.aFile('a'), stands: SOURCE},
      {title: 'it is a symlink in the source', change: source.aSymlink('a'), stands: SOURCE},
    ],
  },
  {
    kind: 'create',
    source: {a: NEW},
    target: {},
    cases: [
      {title: 'nothing is there', stands: 'todo'},
      {title: 'the file is there', change: target.is('a', {it: NEW}), stands: 'done'},
      {title: 'another file is there', change: target.aFile('a'), stands: TARGET},
      {title: 'the file is there with another mode', change: both(target.is('a', {it: NEW}), target.closed('a')), stands: TARGET},
      {title: 'a folder is there', change: target.aFolder('a'), stands: TARGET},
      {title: 'a symlink is there', change: target.aSymlink('a'), stands: TARGET},
      {title: 'it was edited in the source', change: source.edited('a'), stands: SOURCE},
      {title: 'it was touched in the source', change: source.touched('a'), stands: SOURCE},
      {title: 'it has another mode in the source', change: source.closed('a'), stands: SOURCE},
      {title: 'it is gone from the source', change: source.gone('a'), stands: SOURCE},
      {title: 'it is a symlink in the source', change: source.aSymlink('a'), stands: SOURCE},
      {title: 'it is a folder in the source', change: source.aFolder('a'), stands: SOURCE},
    ],
  },
  {
    kind: 'create',
    path: 'folder/link',
    source: {folder: {link: symlink('there')}},
    target: {folder: {}},
    cases: [
      {title: 'no symlink is there', stands: 'todo'},
      {title: 'the symlink is there', change: target.is('folder/link', {it: symlink('there')}), stands: 'done'},
      {title: 'a symlink to elsewhere is there', change: target.aSymlink('folder/link'), stands: TARGET},
      {title: 'it points elsewhere in the source', change: source.aSymlink('folder/link'), stands: SOURCE},
      {title: 'its folder is a symlink in the source', change: source.aSymlink('folder'), stands: SOURCE},
    ],
  },
  {
    kind: 'update',
    source: {a: NEW},
    target: {a: 'old'},
    cases: [
      {title: 'the old file is there', stands: 'todo'},
      {title: 'the new file is there', change: target.is('a', {it: NEW}), stands: 'done'},
      {title: 'it is gone', change: target.gone('a'), stands: TARGET},
      {title: 'it was edited', change: target.edited('a'), stands: TARGET},
      {title: 'it was touched', change: target.touched('a'), stands: TARGET},
      {title: 'it has another mode', change: target.closed('a'), stands: TARGET},
      {title: 'it is a folder', change: target.aFolder('a'), stands: TARGET},
      {title: 'it is a symlink', change: target.aSymlink('a'), stands: TARGET},
      {title: 'it was edited in the source', change: source.edited('a'), stands: SOURCE},
      {title: 'it is gone from the source', change: source.gone('a'), stands: SOURCE},
    ],
  },
  {
    kind: 'update',
    path: 'folder/a',
    source: {folder: {a: NEW}},
    target: {folder: {a: 'old'}},
    cases: [
      {title: 'its folder is gone', change: target.gone('folder'), stands: TARGET},
      {title: 'its folder became a symlink', change: target.aSymlink('folder'), stands: TARGET},
      {title: 'its folder became a symlink in the source', change: source.aSymlink('folder'), stands: SOURCE},
    ],
  },
  {
    kind: 'update',
    source: {a: 'one'},
    target: {a: 'two'},
    cases: [
      {title: 'what its metadata does not show is to be written', reasons: ['content'], stands: 'todo'},
      {title: 'its content is right by now', reasons: ['content'], change: target.is('a', {it: 'one'}), stands: 'done'},
      {title: 'its content is another', reasons: ['content'], change: target.edited('a'), stands: TARGET},
    ],
  },
  {
    kind: 'update',
    source: {a: 'same', b: 'same'},
    target: {a: 'same', b: hardlink('a')},
    cases: [
      {title: 'it is also another name', reasons: ['hardlink'], stands: 'todo'},
      {title: 'it stands alone by now', reasons: ['hardlink'], change: target.gone('b'), stands: 'done'},
    ],
  },
  {
    kind: 'replace',
    source: {a: symlink('there')},
    target: {a: 'old'},
    cases: [
      {title: 'the old file is there, a symlink is to be', stands: 'todo'},
      {title: 'nothing is there, as a run was killed', change: target.gone('a'), stands: 'todo'},
      {title: 'the symlink is there', change: target.is('a', {it: symlink('there')}), stands: 'done'},
      {title: 'another symlink is there', change: target.aSymlink('a'), stands: TARGET},
      {title: 'the old file was edited', change: target.edited('a'), stands: TARGET},
      {title: 'a folder is there', change: target.aFolder('a'), stands: TARGET},
      {title: 'the symlink points elsewhere in the source', change: source.aSymlink('a'), stands: SOURCE},
    ],
  },
  {
    kind: 'replace',
    source: {a: NEW},
    target: {a: {b: 'b'}},
    cases: [
      {title: 'the folder is there, a file is to be', stands: 'todo'},
      {title: 'the folder is empty by now', change: target.gone('a/b'), stands: 'todo'},
      {title: 'the folder has another mode', change: target.closed('a'), stands: TARGET},
      {title: 'the file is there, not the folder', change: target.is('a', {it: NEW}), stands: 'done'},
      {title: 'another file is there', change: target.aFile('a'), stands: TARGET},
      {title: 'the file is gone from the source', change: source.gone('a'), stands: SOURCE},
    ],
  },
  {
    kind: 'replace',
    source: {a: {b: 'b'}},
    target: {a: 'old'},
    cases: [
      {title: 'the file is there, a folder is to be', stands: 'todo'},
      {title: 'the folder is there', change: target.is('a', {it: {}}), stands: 'done'},
      {title: 'the folder is there without its attributes', change: target.is('a', {it: dir({}, {mode: 0o700})}), stands: 'todo'},
      {title: 'the file was edited', change: target.edited('a'), stands: TARGET},
      {title: 'a symlink is there', change: target.aSymlink('a'), stands: TARGET},
      {title: 'the folder has another mode in the source', change: source.closed('a'), stands: SOURCE},
    ],
  },
  {
    kind: 'link',
    path: 'b',
    source: {a: 'same', b: hardlink('a')},
    target: {a: 'same', b: 'diff'},
    cases: [
      {
        title: 'a name that may be its file holds the same size and time',
        leader: 'a',
        policy: {showsLinks: false},
        stands: 'done',
      },
      {
        title: 'a name that may be its file holds other content, which is compared',
        leader: 'a',
        policy: {showsLinks: false, compare: 'content'},
        stands: 'todo',
      },
      {
        title: 'a name that may be its file holds the content that is compared',
        leader: 'a',
        policy: {showsLinks: false, compare: 'content'},
        change: target.is('b', {it: 'same'}),
        stands: 'done',
      },
    ],
  },
  {
    kind: 'link',
    path: 'b',
    source: {a: 'same', b: hardlink('a')},
    target: {a: 'same', b: 'other'},
    cases: [
      {title: 'another file is there', leader: 'a', stands: 'todo'},
      {title: 'nothing is there', leader: 'a', change: target.gone('b'), stands: 'todo'},
      {title: 'a copy of its leader is there', leader: 'a', change: target.is('b', {it: 'same'}), stands: 'todo'},
      {title: 'it is the file of its leader', leader: 'a', change: linked('a', 'b'), stands: 'done'},
      {title: 'its leader is gone', leader: 'a', change: target.gone('a'), stands: 'todo'},
      {title: 'the other file was edited', leader: 'a', change: target.edited('b'), stands: TARGET},
      {title: 'a folder is there', leader: 'a', change: target.aFolder('b'), stands: TARGET},
      {title: 'its file was edited in the source', leader: 'a', change: source.edited('a'), stands: SOURCE},
      {title: 'it is gone from the source', leader: 'a', change: source.gone('b'), stands: SOURCE},
    ],
  },
  {
    kind: 'link',
    path: 'b',
    source: {a: 'same', b: hardlink('a')},
    target: {a: 'same'},
    cases: [
      {title: 'nothing was there', leader: 'a', stands: 'todo'},
      {title: 'a file has come', leader: 'a', change: target.aFile('b'), stands: TARGET},
    ],
  },
  {
    kind: 'attrs',
    source: {a: file('same', {mode: 0o600, mtime: OTHER_TIME})},
    target: {a: file('same', {mode: 0o640})},
    cases: [
      {title: 'they are the old ones', stands: 'todo'},
      {
        title: 'they are the new ones',
        change: target.is('a', {it: file('same', {mode: 0o600, mtime: OTHER_TIME})}),
        stands: 'done',
      },
      {title: 'some are old, some new', change: target.is('a', {it: file('same', {mode: 0o600})}), stands: 'todo'},
      {title: 'a mode is neither', change: target.closed('a'), stands: TARGET},
      {title: 'a time is neither', change: target.touched('a'), stands: TARGET},
      {
        title: 'a time is neither, by less than the source keeps',
        policy: {sourceResolution: 2_000_000_000n},
        change: target.is('a', {it: file('same', {mode: 0o640, mtime: DEFAULT_MTIME + 1_000_000n})}),
        stands: TARGET,
      },
      {title: 'the content was edited', change: target.edited('a'), stands: TARGET},
      {title: 'the file is gone', change: target.gone('a'), stands: TARGET},
      {title: 'a folder is there', change: target.aFolder('a'), stands: TARGET},
      {title: 'the mode is another in the source', change: source.closed('a'), stands: SOURCE},
      {title: 'the file is gone from the source', change: source.gone('a'), stands: SOURCE},
    ],
  },
  {
    kind: 'attrs',
    source: {a: dir({}, {mode: 0o700, mtime: OTHER_TIME})},
    target: {a: dir({}, {mode: 0o750})},
    cases: [
      {title: 'those of a folder are the old ones', stands: 'todo'},
      {title: 'a folder has the time of what was done in it', change: target.touched('a'), stands: 'todo'},
      {title: 'the mode of a folder is neither', change: target.closed('a'), stands: TARGET},
      {title: 'a folder became a file', change: target.aFile('a'), stands: TARGET},
    ],
  },
  {
    kind: 'attrs',
    source: {a: dir({}, {mode: 0o755})},
    target: {a: dir({}, {mode: 0o500})},
    cases: [
      {title: 'a folder was opened up by this run', opened: {a: 0o500}, change: target.opened('a'), stands: 'todo'},
      {title: 'a folder was opened up by somebody else', opened: {b: 0o500}, change: target.opened('a'), stands: TARGET},
      {title: 'a folder that was to be opened up is still closed', opened: {a: 0o500}, stands: 'todo'},
      {
        title: 'a folder that was opened up has yet another mode',
        opened: {a: 0o500},
        change: target.is('a', {it: dir({}, {mode: 0o711})}),
        stands: TARGET,
      },
      {title: 'a folder that was opened up is a file', opened: {a: 0o500}, change: target.aFile('a'), stands: TARGET},
    ],
  },
  {
    kind: 'attrs',
    source: {a: dir({}, {mode: 0o755})},
    target: {a: dir({}, {mode: 0o700})},
    cases: [{title: 'a folder was seen as a killed run had opened it', opened: {a: 0o500}, stands: 'todo'}],
  },
  {
    kind: 'delete',
    path: 'folder/a',
    source: {folder: {}},
    target: {folder: {a: 'old'}},
    cases: [
      {title: 'it is there', stands: 'todo'},
      {title: 'it is gone', change: target.gone('folder/a'), stands: 'done'},
      {title: 'its folder is gone', change: target.gone('folder'), stands: 'done'},
      {title: 'its folder became a symlink', change: target.aSymlink('folder'), stands: 'done'},
      {title: 'it was edited', change: target.edited('folder/a'), stands: TARGET},
      {title: 'it was touched', change: target.touched('folder/a'), stands: TARGET},
      {title: 'it has another mode', change: target.closed('folder/a'), stands: TARGET},
      {title: 'it is a symlink', change: target.aSymlink('folder/a'), stands: TARGET},
      {title: 'it is a folder', change: target.aFolder('folder/a'), stands: TARGET},
      {title: 'it is back in the source', change: source.aFile('folder/a'), stands: SOURCE},
      {title: 'a folder of its name is in the source', change: source.aFolder('folder/a'), stands: SOURCE},
    ],
  },
  {
    kind: 'rmdir',
    source: {},
    target: {a: {b: 'b'}},
    cases: [
      {title: 'the folder is there', stands: 'todo'},
      {title: 'the folder is gone', change: target.gone('a'), stands: 'done'},
      {title: 'something in the folder has changed', change: target.touched('a'), stands: 'todo'},
      {title: 'the folder has another mode', change: target.closed('a'), stands: TARGET},
      {title: 'a file is there', change: target.aFile('a'), stands: TARGET},
      {title: 'a symlink is there', change: target.aSymlink('a'), stands: TARGET},
      {title: 'the folder is back in the source', change: source.aFolder('a'), stands: SOURCE},
    ],
  },
];

/** Each gives attributes before the plan, and may change them after it. */
const withXattrs: Kind[] = [
  {
    kind: 'attrs',
    source: {a: file('same', {mode: BY_ACL})},
    target: {a: file('same', {mode: BY_ACL})},
    cases: [
      {title: 'one of the user’s is still to be set', given: source.xattrs('a', {'user.x': 'new'}), stands: 'todo'},
      {
        title: 'it was set by a run that was ended early',
        given: both(source.xattrs('a', {'user.x': 'new', 'user.y': 'new'}), target.xattrs('a', {'user.y': 'old'})),
        change: target.xattrs('a', {'user.x': 'new', 'user.y': 'old'}),
        stands: 'todo',
      },
      {
        title: 'one that is to go is gone',
        given: both(source.xattrs('a', {'user.x': 'new'}), target.xattrs('a', {'user.y': 'old'})),
        change: target.xattrs('a', {}),
        stands: 'todo',
      },
      {
        title: 'all are set',
        given: source.xattrs('a', {'user.x': 'new'}),
        change: target.xattrs('a', {'user.x': 'new'}),
        stands: 'done',
      },
      {
        title: 'the one to be set has a value of somebody else',
        given: source.xattrs('a', {'user.x': 'new'}),
        change: target.xattrs('a', {'user.x': 'mine'}),
        stands: TARGET,
      },
      {
        title: 'the old value was changed',
        given: both(source.xattrs('a', {'user.x': 'new'}), target.xattrs('a', {'user.x': 'old'})),
        change: target.xattrs('a', {'user.x': 'mine'}),
        stands: TARGET,
      },
      {
        title: 'another one has come',
        given: source.xattrs('a', {'user.x': 'new'}),
        change: target.xattrs('a', {'user.mine': 'mine'}),
        stands: TARGET,
      },
      {
        title: 'one that stays is gone',
        given: both(source.xattrs('a', {'user.x': 'new', 'user.y': 'y'}), target.xattrs('a', {'user.y': 'y'})),
        change: target.xattrs('a', {}),
        stands: TARGET,
      },
      {title: 'an ACL has come', given: source.xattrs('a', {'user.x': 'new'}), change: target.acl('a', 1234), stands: TARGET},
      {
        title: 'an ACL is another',
        given: both(source.acl('a', 1000), target.acl('a', 1001)),
        change: target.acl('a', 1234),
        stands: TARGET,
      },
      {
        title: 'the source has another',
        given: source.xattrs('a', {'user.x': 'new'}),
        change: source.xattrs('a', {}),
        stands: SOURCE,
      },
      {
        title: 'they are not kept',
        given: source.xattrs('a', {'user.x': 'new'}),
        change: target.xattrs('a', {'user.x': 'mine'}),
        policy: {xattrs: []},
        stands: 'done',
      },
    ],
  },
  {
    kind: 'attrs',
    source: {a: dir({}, {mode: BY_ACL, mtime: OTHER_TIME})},
    target: {a: dir({}, {mode: BY_ACL})},
    cases: [
      {title: 'a folder has one that nobody saw', change: target.xattrs('a', {'user.mine': 'mine'}), stands: TARGET},
      {title: 'a folder has an ACL that nobody saw', change: target.acl('a', 1234), stands: TARGET},
    ],
  },
  {
    kind: 'mkdir',
    source: {a: {}},
    target: {},
    cases: [
      {
        title: 'a folder is there, its own are still to be set',
        given: source.xattrs('a', {'user.x': 'new'}),
        change: target.is('a', {it: {}}),
        stands: 'todo',
      },
      {title: 'the folder has another in the source', change: source.xattrs('a', {'user.x': 'new'}), stands: SOURCE},
    ],
  },
  {
    kind: 'create',
    source: {a: file('newer', {mode: BY_ACL})},
    target: {},
    cases: [
      {
        title: 'the file is there without them',
        given: source.xattrs('a', {'user.x': 'new'}),
        change: target.is('a', {it: file('newer', {mode: BY_ACL})}),
        stands: TARGET,
      },
      {title: 'the file has another in the source', change: source.xattrs('a', {'user.x': 'new'}), stands: SOURCE},
      {title: 'the file has an ACL in the source', change: source.acl('a', 1234), stands: SOURCE},
    ],
  },
  {
    kind: 'update',
    source: {a: NEW},
    target: {a: file('old', {mode: BY_ACL})},
    cases: [
      {title: 'the old file has one that nobody saw', change: target.xattrs('a', {'user.mine': 'mine'}), stands: TARGET},
      {
        title: 'the old file has lost one',
        given: target.xattrs('a', {'user.mine': 'mine'}),
        change: target.xattrs('a', {}),
        stands: TARGET,
      },
      {title: 'the old file has an ACL that nobody saw', change: target.acl('a', 1234), stands: TARGET},
    ],
  },
  {
    kind: 'replace',
    source: {a: {}},
    target: {a: file('old', {mode: BY_ACL})},
    cases: [{title: 'the old file has one that nobody saw', change: target.xattrs('a', {'user.mine': 'mine'}), stands: TARGET}],
  },
  {
    kind: 'replace',
    source: {a: NEW},
    target: {a: {}},
    cases: [{title: 'the old folder has one that nobody saw', change: target.xattrs('a', {'user.mine': 'mine'}), stands: TARGET}],
  },
  {
    kind: 'link',
    path: 'b',
    source: {a: 'same', b: hardlink('a')},
    target: {a: 'same', b: 'other'},
    cases: [
      {
        title: 'the other file has one that nobody saw',
        leader: 'a',
        change: target.xattrs('b', {'user.mine': 'mine'}),
        stands: TARGET,
      },
    ],
  },
  {
    kind: 'delete',
    source: {},
    target: {a: file('old', {mode: BY_ACL})},
    cases: [
      {title: 'the file has one that nobody saw', change: target.xattrs('a', {'user.mine': 'mine'}), stands: TARGET},
      {title: 'the file has an ACL that nobody saw', change: target.acl('a', 1234), stands: TARGET},
    ],
  },
  {
    kind: 'rmdir',
    source: {},
    target: {a: {}},
    cases: [{title: 'the folder has one that nobody saw', change: target.xattrs('a', {'user.mine': 'mine'}), stands: TARGET}],
  },
];

/** A path of the target becomes another name of what is at `leader`. */
function linked(leader: string, at: string): Change {
  return (root) => {
    fs.unlinkSync(path.join(root, 'target', at));
    fs.linkSync(path.join(root, 'target', leader), path.join(root, 'target', at));
  };
}

for (const [name, make] of Object.entries(BACKENDS)) {
  describe(`apply/check, ${name}`, () => {
    const temp = tempDirs();
    const worker = workers(temp);
    let platform: Platform;

    before(function () {
      if (name === 'posix' && process.platform !== 'linux') skip(this, 'the posix backend runs on Linux');
      platform = make();
    });

    function tests(all: readonly Kind[]): void {
      for (const {kind, path: at = 'a', cases, ...trees} of all) {
        for (const {title, given, change, stands, leader, reasons, policy, opened} of cases) {
          it(`${kind}, ${title}: ${stands}`, () => {
            const hands = worker(platform, {...trees, policy, opened});
            given?.(hands.root);
            const action = hands.plan(kind, at, {leader, reasons});
            change?.(hands.root);
            expect(hands.check(action)).to.equal(stands);
          });
        }
      }
    }

    tests(kinds);

    if (name === 'portable') return;

    describe('with extended attributes', () => {
      before(function () {
        needXattrs(this, temp());
      });
      tests(withXattrs);
    });
  });
}
