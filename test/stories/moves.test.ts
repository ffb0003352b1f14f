/** What was renamed in the source is renamed in the target, as a user sees it: with the memory of the run before. */
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {dirsync} from '../support/cli.js';
import {needRsync, rsyncDifference} from '../support/oracle.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';
import {file, nameBytes, setMtime, type Tree, writeTree} from '../support/tree.js';

/** Files of different sizes and times; a photo takes 1,000 bytes and more. */
const photo = (number: number) => file('p'.repeat(1000 + number), {mtime: 1_700_000_000_000_000_000n + BigInt(number)});

class Folder {
  constructor(readonly root: string) {}

  at(name: string): string {
    return path.join(this.root, name);
  }

  rename(from: string, to: string): void {
    fs.renameSync(this.at(from), this.at(to));
  }

  swap(a: string, b: string): void {
    this.rename(a, '.aside');
    this.rename(b, a);
    this.rename('.aside', b);
  }

  mkdir(name: string): void {
    fs.mkdirSync(this.at(name));
  }

  remove(name: string): void {
    fs.rmSync(this.at(name), {recursive: true});
  }

  write(name: string, content: string): void {
    fs.writeFileSync(this.at(name), content);
  }
}

interface Case {
  readonly tree: Tree;
  readonly change: (source: Folder) => void;
  /** The actions, without upkeep: kind, path and old path. */
  readonly actions: readonly string[];
  /** New paths of files that must be the same inodes as at their old paths. */
  readonly kept: Readonly<Record<string, string>>;
  /** Bytes that are copied. */
  readonly bytes: number;
  readonly flags?: readonly string[];
}

const TRIP: Tree = {trip: {a: photo(1), b: photo(2), more: {c: photo(3)}}, z: photo(26)};

const cases: Readonly<Record<string, Case>> = {
  'a file': {tree: TRIP, change: (s) => s.rename('z', 'y'), actions: ['move y from z'], kept: {y: 'z'}, bytes: 0},
  'a folder': {
    tree: TRIP,
    change: (s) => s.rename('trip', 'journey'),
    actions: ['move journey from trip'],
    kept: {'journey/a': 'trip/a', 'journey/more/c': 'trip/more/c'},
    bytes: 0,
  },
  'a folder with an edited, a new and a deleted file': {
    tree: TRIP,
    change: (s) => {
      s.rename('trip', 'journey');
      s.write('journey/a', 'edited');
      s.write('journey/n', 'new');
      s.remove('journey/b');
    },
    actions: ['move journey from trip', 'update journey/a', 'delete journey/b', 'create journey/n'],
    kept: {'journey/more/c': 'trip/more/c'},
    bytes: 9,
  },
  'a folder into a new one, and a folder out of it': {
    tree: TRIP,
    change: (s) => {
      s.mkdir('new');
      s.rename('trip', 'new/trip');
      s.rename('new/trip/more', 'more');
    },
    actions: ['move more from trip/more', 'mkdir new', 'move new/trip from trip'],
    kept: {'more/c': 'trip/more/c', 'new/trip/a': 'trip/a'},
    bytes: 0,
  },
  'out of a deleted folder, and into one that is renamed': {
    tree: {...TRIP, gone: {x: photo(30), y: photo(31)}},
    change: (s) => {
      s.rename('gone/x', 'trip/x');
      s.remove('gone');
      s.rename('trip', 'journey');
    },
    actions: ['rmdir gone', 'delete gone/y', 'move journey from trip', 'move journey/x from gone/x'],
    kept: {'journey/x': 'gone/x', 'journey/a': 'trip/a'},
    bytes: 0,
  },
  'two files swapped': {
    tree: TRIP,
    change: (s) => s.swap('trip/a', 'z'),
    actions: ['attrs trip', 'move trip/a from z', 'move z from trip/a'],
    kept: {z: 'trip/a', 'trip/a': 'z'},
    bytes: 0,
  },
  'two folders swapped': {
    tree: {a: {x: photo(1)}, b: {x: photo(2), y: photo(3)}},
    change: (s) => s.swap('a', 'b'),
    actions: ['move a from b', 'move b from a'],
    kept: {'a/x': 'b/x', 'b/x': 'a/x'},
    bytes: 0,
  },
  'a ring of three, and a chain': {
    tree: {a: photo(1), b: photo(2), c: photo(3), l1: photo(4), l2: photo(5)},
    change: (s) => {
      s.swap('a', 'b');
      s.swap('b', 'c');
      s.rename('l2', 'l3');
      s.rename('l1', 'l2');
      s.write('l1', 'newest');
    },
    actions: ['move a from b', 'move b from c', 'move c from a', 'create l1', 'move l2 from l1', 'move l3 from l2'],
    kept: {a: 'b', b: 'c', c: 'a', l2: 'l1', l3: 'l2'},
    bytes: 6,
  },
  'a folder into its own new parent': {
    tree: TRIP,
    change: (s) => {
      s.rename('trip', '.aside');
      s.mkdir('trip');
      s.rename('.aside', 'trip/2024');
    },
    actions: ['mkdir trip', 'move trip/2024 from trip'],
    kept: {'trip/2024/a': 'trip/a'},
    bytes: 0,
  },
  'a folder and the folder in it swapped': {
    tree: TRIP,
    change: (s) => {
      s.rename('trip/more', '.aside');
      s.rename('trip', '.aside/more');
      s.rename('.aside', 'trip');
    },
    actions: ['move trip from trip/more', 'move trip/more from trip'],
    kept: {'trip/c': 'trip/more/c', 'trip/more/a': 'trip/a'},
    bytes: 0,
  },
  'a file that becomes a folder with that file in it': {
    tree: TRIP,
    change: (s) => {
      s.rename('z', '.aside');
      s.mkdir('z');
      s.rename('.aside', 'z/z');
    },
    actions: ['mkdir z', 'move z/z from z'],
    kept: {'z/z': 'z'},
    bytes: 0,
  },
  'out of a folder that a file replaces': {
    tree: TRIP,
    change: (s) => {
      s.rename('trip/a', 'a');
      s.remove('trip');
      s.write('trip', 'file');
    },
    actions: ['move a from trip/a', 'replace trip', 'delete trip/b', 'rmdir trip/more', 'delete trip/more/c'],
    kept: {a: 'trip/a'},
    bytes: 4,
  },
  'other metadata': {
    tree: TRIP,
    change: (s) => {
      s.rename('trip', 'journey');
      fs.chmodSync(s.at('journey'), 0o700);
      fs.chmodSync(s.at('journey/a'), 0o600);
      s.rename('z', 'y');
      fs.chmodSync(s.at('y'), 0o640);
    },
    actions: ['move journey from trip', 'attrs journey/a', 'move y from z'],
    kept: {y: 'z', 'journey/a': 'trip/a'},
    bytes: 0,
  },
  'only the case of a name': {
    tree: TRIP,
    change: (s) => s.rename('trip', 'Trip'),
    actions: ['move Trip from trip'],
    kept: {'Trip/a': 'trip/a'},
    bytes: 0,
  },
  'names that are not UTF-8': {
    tree: {'old\udcff': {a: photo(1)}, z: photo(2)},
    change: (s) => {
      const [from, to] = ['old\udcff', 'new\udcfe'].map((name) => Buffer.concat([nameBytes(`${s.root}/`), nameBytes(name)]));
      fs.renameSync(from as Buffer, to as Buffer);
    },
    actions: ['move new\udcfe from old\udcff'],
    kept: {},
    bytes: 0,
  },
  'all names of a file': {
    tree: {a: photo(1), z: photo(26)},
    change: (s) => {
      s.rename('a', 'b');
      fs.linkSync(s.at('b'), s.at('c'));
    },
    actions: ['move b from a', 'link c'],
    kept: {b: 'a', c: 'a'},
    bytes: 0,
  },
  'what a filter leaves out stays where it is': {
    tree: {trip: {a: photo(1), 'b.tmp': photo(2)}, z: photo(26)},
    change: (s) => s.rename('trip', 'journey'),
    flags: ['--exclude', '*.tmp'],
    actions: ['mkdir journey', 'move journey/a from trip/a'],
    kept: {'journey/a': 'trip/a'},
    bytes: 0,
  },
  'nothing with --no-moves': {
    tree: {z: photo(26), x: photo(1)},
    change: (s) => s.rename('z', 'y'),
    flags: ['--no-moves'],
    actions: ['create y', 'delete z'],
    kept: {},
    bytes: 1026,
  },
};

interface Action {
  readonly kind: string;
  readonly path: string;
  readonly from?: string;
  readonly reasons: readonly string[];
}

const isUpkeep = ({reasons}: Action) => reasons.length === 1 && reasons[0] === 'children';
const words = ({kind, path: at, from}: Action) => `${kind} ${at}${from === undefined ? '' : ` from ${from}`}`;

describe('story: what was renamed', () => {
  const temp = tempDirs();

  /** Both trees after a first run, and one with nothing to do. */
  function begin(tree: Tree, env: NodeJS.ProcessEnv) {
    const root = temp();
    const [source, target, state] = ['source', 'target', 'state'].map((name) => path.join(root, name)) as [
      string,
      string,
      string,
    ];
    writeTree(source, tree);
    const options = {env: {...env, XDG_STATE_HOME: state}};
    const run = (command: string, ...args: string[]) => dirsync([command, source, target, ...args], options);
    for (let i = 0; i < 2; i++) expect(run('run').code).to.equal(0);
    return {root, source: new Folder(source), target: new Folder(target), run, options};
  }

  for (const DIRSYNC_PLATFORM of ['posix', 'portable']) {
    for (const approach of DIRSYNC_PLATFORM === 'posix' ? ['fresh', 'saved'] : ['saved']) {
      // The portable backend sets times to the microsecond.
      const exact = {times: DIRSYNC_PLATFORM === 'posix'};
      describe(`${DIRSYNC_PLATFORM}, ${approach}`, () => {
        for (const [title, {tree, change, actions, kept, bytes, flags = []}] of Object.entries(cases)) {
          it(title, function () {
            needRsync(this);
            const {root, source, target, run, options} = begin(tree, {DIRSYNC_PLATFORM});
            const inodes = Object.entries(kept).map(([to, from]) => [to, fs.statSync(target.at(from)).ino] as const);
            change(source);
            const plan = path.join(root, 'plan');
            const planned = run('plan', '--json', '--out', plan, ...flags);
            const listed = (JSON.parse(planned.stdout) as {actions: Action[]}).actions.filter((action) => !isUpkeep(action));
            // The times of the root differ too.
            expect(listed.filter(({path: at}) => at !== '').map(words)).to.have.members(actions);
            const applied =
              approach === 'fresh' ? run('apply', '--yes', '--json', ...flags) : dirsync(['apply', plan, '--json'], options);
            expect(applied.code, applied.stderr).to.equal(0);
            const {report} = JSON.parse(applied.stdout) as {report: {bytes: number; counts: {done: number}}};
            expect({bytes: report.bytes, done: report.counts.done}).to.deep.equal({bytes, done: listed.length});
            if (flags[0] !== '--exclude') expect(rsyncDifference(source.root, target.root, exact)).to.deep.equal([]);
            else expect(fs.readdirSync(target.at('trip'))).to.deep.equal(['b.tmp']);
            for (const [to, inode] of inodes) expect(fs.statSync(target.at(to)).ino, to).to.equal(inode);
            if (approach === 'fresh') return;
            // Applied again, it is already done.
            const again = dirsync(['apply', plan, '--json'], options);
            expect(again.code, again.stderr).to.equal(0);
            expect((JSON.parse(again.stdout) as {report: {counts: object}}).report.counts).to.include({done: 0});
          });
        }
      });
    }
  }
});

describe('story: what only looks as if it was renamed', () => {
  const temp = tempDirs();

  function begin(tree: Tree) {
    const root = temp();
    const [source, target, state] = ['source', 'target', 'state'].map((name) => path.join(root, name)) as [
      string,
      string,
      string,
    ];
    writeTree(source, tree);
    const options = {env: {XDG_STATE_HOME: state}};
    const run = (from = source, ...flags: string[]) => dirsync(['run', from, target, ...flags], options);
    for (let i = 0; i < 2; i++) expect(run().code).to.equal(0);
    return {root, source: new Folder(source), target: new Folder(target), run};
  }

  const right = ({source, target}: {source: Folder; target: Folder}) =>
    expect(rsyncDifference(source.root, target.root)).to.deep.equal([]);

  beforeEach(function () {
    needRsync(this);
  });

  it('another file of the same size and time, at the new name', () => {
    const story = begin({a: photo(1)});
    const {source, run} = story;
    source.write('b', 'q'.repeat(1001));
    setMtime(Buffer.from(source.at('b')), 1_700_000_000_000_000_001n);
    source.remove('a');
    expect(run().code).to.equal(0);
    right(story);
  });

  it('another file of the same size and time, in a renamed folder', () => {
    const story = begin(TRIP);
    const {source, run} = story;
    source.rename('trip', 'journey');
    source.remove('journey/a');
    source.write('journey/a', 'q'.repeat(1001));
    setMtime(Buffer.from(source.at('journey/a')), 1_700_000_000_000_000_001n);
    expect(run().code).to.equal(0);
    right(story);
  });

  it('an inode that was given out again', () => {
    const story = begin({a: photo(1)});
    const {source, run} = story;
    const {ino} = fs.statSync(source.at('a'));
    source.remove('a');
    // Until a new file gets the inode; some file systems do not do that.
    for (let i = 0; i < 100; i++) {
      source.write(`b${i}`, 'q'.repeat(1001));
      setMtime(Buffer.from(source.at(`b${i}`)), 1_700_000_000_000_000_001n);
      if (fs.statSync(source.at(`b${i}`)).ino === ino) break;
    }
    expect(run().code).to.equal(0);
    right(story);
  });

  it('a source that was restored from a backup: nothing to do, and later renames are right', () => {
    const story = begin(TRIP);
    const {root, source, run} = story;
    const restored = path.join(root, 'restored');
    expect(spawnSync('cp', ['-a', source.root, restored]).status).to.equal(0);
    fs.rmSync(source.root, {recursive: true});
    fs.renameSync(restored, source.root);
    expect(run().code).to.equal(0);
    source.rename('trip', 'journey');
    source.write('journey/a', 'edited');
    expect(run().code).to.equal(0);
    right(story);
  });

  it('a copy of the source, with other content under the same names, sizes and times', () => {
    const story = begin(TRIP);
    const {root, source, run} = story;
    const copy = new Folder(path.join(root, 'copy'));
    expect(spawnSync('cp', ['-a', source.root, copy.root]).status).to.equal(0);
    copy.rename('trip', 'journey');
    copy.write('journey/a', 'q'.repeat(1001));
    setMtime(Buffer.from(copy.at('journey/a')), 1_700_000_000_000_000_001n);
    expect(run(copy.root, '--allow', 'target-lost', '--allow', 'source-fs-changed').code).to.equal(0);
    right({...story, source: copy});
  });

  it('a folder that a bind mount shows twice', function () {
    if (process.geteuid?.() !== 0) skip(this, 'only root can mount');
    const story = begin(TRIP);
    const {source, run} = story;
    source.mkdir('again');
    if (spawnSync('mount', ['--bind', source.at('trip'), source.at('again')]).status !== 0)
      skip(this, 'nothing can be mounted here');
    try {
      expect(run().code).to.equal(0);
      right(story);
      expect(fs.readdirSync(story.target.at('trip'))).to.deep.equal(['a', 'b', 'more']);
    } finally {
      spawnSync('umount', [source.at('again')]);
    }
  });

  it('a target in which somebody changed the file at its old name', () => {
    const story = begin(TRIP);
    const {source, target, run} = story;
    target.write('z', 'changed by somebody else');
    source.rename('z', 'y');
    expect(run().code).to.equal(0);
    right(story);
  });
});
