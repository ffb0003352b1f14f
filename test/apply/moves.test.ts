import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {expect} from 'chai';
import {applyApproved, applyPlanned} from '../../src/app/sync/apply.js';
import {judge} from '../../src/app/sync/plan.js';
import {toByteName} from '../../src/core/name.js';
import type {ApplyReport} from '../../src/core/outcome.js';
import type {RelPath} from '../../src/core/path.js';
import {GUARD_NAMES, type Plan} from '../../src/core/plan.js';
import {writePlanFile} from '../../src/formats/plan-file.js';
import {platform} from '../../src/platform/choose.js';
import {ParkingLot} from '../../src/state/moving.js';
import {dirsync, handOver, NOBODY, pairIn} from '../support/cli.js';
import {mounts, needMounts} from '../support/filesystems.js';
import {inMicroseconds, type Moved, planMoves} from '../support/move-plans.js';
import {abilities} from '../support/odd-tree.js';
import {needRsync, rsyncDifference} from '../support/oracle.js';
import {bash} from '../support/shell.js';
import {skip} from '../support/skip.js';
import {applyFile, context, planTrees, settings} from '../support/sync.js';
import {tempDirs} from '../support/temp.js';
import {dir, file, hardlink, nameBytes, readTree, symlink, type Tree} from '../support/tree.js';

const OTHER = {mtime: 1_500_000_000_000_000_000n};

interface Case {
  readonly target: Tree;
  readonly source: Tree;
  readonly moves: readonly Moved[];
}

/** A folder that is recognised by its content. */
const box = (name: string, more: Tree = {}): Tree => ({[`in-${name}`]: `content of ${name}`, ...more});

const cases: Record<string, Case> = {
  'a file gets another name': {target: {a: 'x'}, source: {b: 'x'}, moves: [['a', 'b']]},
  'a file goes to another folder': {target: {a: 'x', d: {}}, source: {d: {a: 'x'}}, moves: [['a', 'd/a']]},
  'a file goes to a new folder in a new folder': {
    target: {a: 'x'},
    source: {d: {e: {a: 'x'}}},
    moves: [['a', 'd/e/a']],
  },
  'a file goes to a folder that replaces a file': {target: {a: 'x', d: 'old'}, source: {d: {a: 'x'}}, moves: [['a', 'd/a']]},
  'a file goes out of a folder that is deleted': {
    target: {d: {a: 'x', b: 'gone', e: {c: 'y'}}},
    source: {a: 'x', c: 'y'},
    moves: [
      ['d/a', 'a'],
      ['d/e/c', 'c'],
    ],
  },
  'a file goes out of a folder that a file replaces': {
    target: {d: {a: 'x', b: 'gone'}},
    source: {a: 'x', d: 'now a file'},
    moves: [['d/a', 'a']],
  },
  'a folder moves with its content, and that changes': {
    target: {q: box('q', {update: 'old', gone: 'gone', sub: box('sub')}), other: {}},
    source: {other: {p: box('q', {update: 'newer', new: 'new', sub: box('sub', {new: 'new'})})}},
    moves: [['q', 'other/p']],
  },
  'a folder moves, and files in and out of it': {
    target: {q: box('q', {w: 'w', s: {deep: 'deep'}}), in: 'in', deeper: 'deeper'},
    source: {p: box('q', {in: 'in', s: {deeper: 'deeper'}}), w: 'w', deep: 'deep'},
    moves: [
      ['q', 'p'],
      ['q/w', 'w'],
      ['q/s/deep', 'deep'],
      ['in', 'p/in'],
      ['deeper', 'p/s/deeper'],
    ],
  },
  'a folder that stays in a folder that moves gets another name': {
    target: {q: {a: box('a'), w: 'w'}},
    source: {p: {b: box('a'), w: 'w'}},
    moves: [
      ['q', 'p'],
      ['q/a', 'p/b'],
    ],
  },
  'a chain of files': {
    target: {log: '1', 'log.1': '2', 'log.2': '3'},
    source: {log: 'new', 'log.1': '1', 'log.2': '2', 'log.3': '3'},
    moves: [
      ['log', 'log.1'],
      ['log.1', 'log.2'],
      ['log.2', 'log.3'],
    ],
  },
  'a chain of folders': {
    target: {a: box('a'), b: box('b'), c: box('c')},
    source: {b: box('a'), c: box('b'), d: box('c')},
    moves: [
      ['a', 'b'],
      ['b', 'c'],
      ['c', 'd'],
    ],
  },
  'two files are swapped': {
    target: {a: 'one', b: 'two'},
    source: {a: 'two', b: 'one'},
    moves: [
      ['a', 'b'],
      ['b', 'a'],
    ],
  },
  'two folders are swapped, and change': {
    target: {a: box('a', {gone: 'gone', update: 'old'}), b: box('b')},
    source: {a: box('b', {new: 'new'}), b: box('a', {update: 'newer'})},
    moves: [
      ['a', 'b'],
      ['b', 'a'],
    ],
  },
  'a ring of three, of files and folders': {
    target: {a: 'a', b: box('b'), d: {c: 'c'}},
    source: {d: {c: 'a'}, a: box('b'), b: 'c'},
    moves: [
      ['a', 'd/c'],
      ['b', 'a'],
      ['d/c', 'b'],
    ],
  },
  'two rings, and a file that waits for one': {
    target: {a: 'a', b: 'b', c: 'c', d: 'd', e: 'e'},
    source: {a: 'b', b: 'a', c: 'd', d: 'c', f: 'e'},
    moves: [
      ['a', 'b'],
      ['b', 'a'],
      ['c', 'd'],
      ['d', 'c'],
      ['e', 'f'],
    ],
  },
  'a folder becomes part of a new folder of its name': {
    target: {d: box('d')},
    source: {d: {sub: box('d'), new: 'new'}},
    moves: [['d', 'd/sub']],
  },
  'a file becomes part of a new folder of its name': {target: {d: 'x'}, source: {d: {sub: 'x'}}, moves: [['d', 'd/sub']]},
  'a folder goes deeper, and others take its name': {
    target: {a: box('a'), b: box('b')},
    source: {a: box('b'), b: {x: box('a')}},
    moves: [
      ['a', 'b/x'],
      ['b', 'a'],
    ],
  },
  'parent and child are swapped': {
    target: {a: box('a', {b: box('b')})},
    source: {a: box('b', {b: box('a')})},
    moves: [
      ['a', 'a/b'],
      ['a/b', 'a'],
    ],
  },
  'three generations are turned around': {
    target: {a: box('a', {b: box('b', {c: box('c')})})},
    source: {a: box('c', {b: box('b', {c: box('a')})})},
    moves: [
      ['a', 'a/b/c'],
      ['a/b/c', 'a'],
      ['a/b', 'a/b'],
    ],
  },
  'only the case of a name': {target: {Readme: 'x'}, source: {README: 'x'}, moves: [['Readme', 'README']]},
  'names that are not UTF-8': {
    target: {'\udcff': 'x', 'd\udc80': {}},
    source: {'d\udc80': {'\udcfe': 'x'}},
    moves: [['\udcff', 'd\udc80/\udcfe']],
  },
  'one of several names of a file': {
    target: {a: 'x', stays: hardlink('a')},
    source: {b: 'x', stays: hardlink('b')},
    moves: [['a', 'b']],
  },
  symlinks: {target: {a: symlink('to')}, source: {d: {b: symlink('to')}}, moves: [['a', 'd/b']]},
  'a mode and a time change too': {
    target: {a: 'x', d: dir({b: 'y'}, {mode: 0o755})},
    source: {c: file('x', {mode: 0o600, ...OTHER}), e: dir({b: 'y'}, {mode: 0o700, ...OTHER})},
    moves: [
      ['a', 'c'],
      ['d', 'e'],
    ],
  },
};
describe('apply: moves', function () {
  const mount = mounts();
  const temp = tempDirs();
  this.timeout(60_000);
  before(function () {
    needRsync(this);
  });

  const isPortable = process.env.DIRSYNC_PLATFORM === 'portable';
  const same = isPortable ? {xattrs: false, acls: false} : {};

  async function given({source, target, moves}: Case, more: {keepsInodes?: boolean} = {}) {
    const pair = pairIn(temp(), inMicroseconds(source), inMicroseconds(target).tree);
    const plan = await planMoves({...pair, moves, ...more});
    const inodes = new Map(moves.map(([from, at]) => [at, fs.lstatSync(nameBytes(`${pair.target}/${from}`)).ino]));
    const save = async () => {
      const saved = path.join(pair.root, 'plan');
      await writePlanFile(saved, plan);
      return saved;
    };
    const isMoved = () => {
      for (const [at, inode] of inodes) expect(fs.lstatSync(nameBytes(`${pair.target}/${at}`)).ino, at).to.equal(inode);
    };
    const isEqual = async () => {
      expect(rsyncDifference(pair.source, pair.target, same)).to.deep.equal([]);
      isMoved();
      expect(fs.readdirSync(path.join(pair.target, '.dirsync'))).to.not.include.members(['moving']);
      const again = await planTrees(settings(pair.source, pair.target));
      expect(again.plan.actions, 'another plan').to.deep.equal([]);
    };
    return {...pair, plan, save, isEqual};
  }

  const applied = (plan: Plan): Promise<ApplyReport> =>
    applyPlanned(judge(plan, GUARD_NAMES), {allow: GUARD_NAMES, fsync: 'none', skipDrifted: false}, context());

  const isFine = ({problems, counts}: ApplyReport) => {
    expect(problems).to.deep.equal([]);
    expect(counts).to.include({failed: 0, skipped: 0, stopped: 0, blocked: 0});
  };

  for (const [title, each] of Object.entries(cases)) {
    it(title, async () => {
      const {plan, isEqual} = await given(each);
      isFine(await applied(plan));
      await isEqual();
    });

    it(`${title}: a saved plan, applied twice`, async () => {
      const {save, isEqual, target} = await given(each);
      const saved = await save();
      isFine(await applyFile(saved));
      await isEqual();
      const before = readTree(target);
      const again = await applyFile(saved);
      isFine(again);
      expect(again.counts.done, 'done again').to.equal(0);
      expect(readTree(target)).to.deep.equal(before);
    });
  }

  interface Drifted extends Case {
    readonly change: (pair: {readonly source: string; readonly target: string}) => void;
    /** What happens to the actions that are not done, by path. */
    readonly ends: Readonly<Record<string, string>>;
  }
  const read = (root: string, at: string) => fs.readFileSync(path.join(root, at), 'utf8');
  const write = (root: string, at: string, text = 'of somebody else') => fs.writeFileSync(path.join(root, at), text);
  const one: Case = {target: {a: 'x', d: {}, z: 'old'}, source: {d: {b: 'x'}, z: 'newer'}, moves: [['a', 'd/b']]};
  const swapped = cases['two files are swapped'] as Case;
  const folder = cases['a folder moves with its content, and that changes'] as Case;
  const dependents = {'other/p/gone': 'failed DEPENDS', 'other/p/new': 'failed DEPENDS', 'other/p/sub/new': 'failed DEPENDS'};
  const below = {...dependents, 'other/p/update': 'failed DEPENDS'};

  const drifts: Record<string, Drifted> = {
    'what is to be moved was changed': {...one, change: ({target}) => write(target, 'a'), ends: {'d/b': 'skipped'}},
    'what is to be moved is gone': {...one, change: ({target}) => fs.rmSync(`${target}/a`), ends: {'d/b': 'skipped'}},
    'another file with the same content and time is there': {
      ...one,
      change: ({target}) => {
        fs.cpSync(`${target}/a`, `${target}/new`, {preserveTimestamps: true});
        fs.renameSync(`${target}/a`, `${target}/other`);
        fs.renameSync(`${target}/new`, `${target}/a`);
      },
      ends: {'d/b': 'skipped'},
    },
    'the new name is taken by a file': {...one, change: ({target}) => write(target, 'd/b'), ends: {'d/b': 'skipped'}},
    'the new name is taken by a folder': {
      ...one,
      change: ({target}) => fs.mkdirSync(`${target}/d/b`),
      ends: {'d/b': 'skipped'},
    },
    'the source was changed': {...one, change: ({source}) => write(source, 'd/b'), ends: {'d/b': 'skipped'}},
    'the source is gone': {...one, change: ({source}) => fs.rmSync(`${source}/d/b`), ends: {'d/b': 'skipped'}},
    'a folder has another mode': {
      ...folder,
      change: ({target}) => fs.chmodSync(`${target}/q`, 0o711),
      ends: {'other/p': 'skipped', ...below},
    },
    'the name of a folder is taken by a folder with the same names in it': {
      ...folder,
      change: ({target}) => fs.cpSync(`${target}/q`, `${target}/other/p`, {recursive: true, preserveTimestamps: true}),
      ends: {'other/p': 'skipped', ...below},
    },
    'one of two that are swapped was changed': {
      ...swapped,
      change: ({target}) => write(target, 'b'),
      ends: {a: 'skipped', b: 'failed DEPENDS'},
    },
    'one of two that are swapped is gone': {
      ...swapped,
      change: ({target}) => fs.rmSync(`${target}/b`),
      ends: {a: 'skipped', b: 'failed DEPENDS'},
    },
    'the end of a chain is taken': {
      ...(cases['a chain of files'] as Case),
      change: ({target}) => write(target, 'log.3'),
      ends: {log: 'failed DEPENDS', 'log.1': 'failed DEPENDS', 'log.2': 'failed DEPENDS', 'log.3': 'skipped'},
    },
    'what is to leave a folder that is deleted was changed': {
      target: {d: {a: 'x', b: 'gone'}},
      source: {a: 'x'},
      moves: [['d/a', 'a']],
      change: ({target}) => write(target, 'd/a'),
      ends: {a: 'skipped', d: 'failed DEPENDS'},
    },
    'what is to leave a folder that a file replaces was changed': {
      target: {d: {a: 'x', b: 'gone'}},
      source: {a: 'x', d: 'now a file'},
      moves: [['d/a', 'a']],
      change: ({target}) => write(target, 'd/a'),
      ends: {a: 'skipped', d: 'failed DEPENDS'},
    },
  };

  for (const [title, each] of Object.entries(drifts)) {
    /** The texts of all files. */
    const texts = (root: string) => Object.values(readTree(root)).flatMap((line) => /^file .*?("[^"]*")/.exec(line)?.[1] ?? []);

    it(`${title}: it is left alone, and what needs it`, async () => {
      const {plan, source, target} = await given(each);
      each.change({source, target});
      const before = new Set(texts(target));
      const {problems, counts} = await applied(plan);
      const codes = new Map(problems.map(({path: at, code}) => [at, code]));
      const ends = Object.entries(each.ends).map(([at, end]) => [at, end === 'skipped' ? 'DRIFTED' : end.split(' ')[1]]);
      expect(Object.fromEntries(codes)).to.deep.equal(Object.fromEntries(ends));
      expect(counts.skipped + counts.failed).to.equal(ends.length);
      const planned = new Set(
        plan.actions.flatMap(({kind, path: at}) => (kind === 'delete' || kind === 'update' ? [at as string] : [])),
      );
      const goes = new Set([...planned].filter((at) => !(at in each.ends)));
      const kept = [...before].filter((text) => !texts(target).includes(text));
      expect(kept.length, `lost: ${kept}`).to.be.at.most(goes.size);
      expect(fs.readdirSync(path.join(target, '.dirsync'))).to.not.include('moving');
    });

    it(`${title}: a saved plan is refused, and nothing is changed`, async () => {
      const {save, source, target} = await given(each);
      const saved = await save();
      each.change({source, target});
      const before = readTree(target);
      const error = await applyFile(saved).catch((reason: Error) => reason);
      expect(error).to.include({code: 'PLAN_STALE'});
      expect(readTree(target)).to.deep.equal(before);
    });
  }

  it('closed folders are opened for their owner, and closed again', async function () {
    if (NOBODY === undefined) skip(this, 'only root can be two users');
    const closed = (tree: Tree, mode = 0o555) => dir(tree, {mode});
    const {source, target, root, plan} = await given({
      target: {from: closed({q: closed(box('q')), a: 'x', sub: closed({b: 'y'})}), to: closed({}), gone: closed({c: 'z'})},
      source: {from: closed({sub: closed({})}), to: closed({p: closed(box('q')), a: 'x', b: 'y', n: closed({c: 'z'})})},
      moves: [
        ['from/q', 'to/p'],
        ['from/a', 'to/a'],
        ['from/sub/b', 'to/b'],
        ['gone/c', 'to/n/c'],
      ],
    });
    const owned = JSON.parse(
      JSON.stringify(plan.actions, (_, value) => (typeof value === 'bigint' ? `${value}n` : value)),
      (key, value) =>
        key === 'uid' || key === 'gid'
          ? NOBODY
          : typeof value === 'string' && /^\d+n$/.test(value)
            ? BigInt(value.slice(0, -1))
            : value,
    );
    const saved = path.join(root, 'plan');
    const options = {...plan.header.options, owner: false, groups: [NOBODY]};
    await writePlanFile(saved, {...plan, header: {...plan.header, options, plannedBy: NOBODY}, actions: owned});
    handOver(root);
    const ended = dirsync(['apply', saved], {uid: NOBODY, cwd: root});
    expect(ended.code, ended.stderr).to.equal(0);
    expect(rsyncDifference(source, target, same)).to.deep.equal([]);
  });

  it('an entry that cannot be renamed to another volume stays where it is', async function () {
    needMounts(this);
    const {plan, target, source} = await given(one);
    const onto = path.join(target, 'd');
    fs.rmSync(onto, {recursive: true});
    fs.mkdirSync(onto);
    mount.memory(onto);
    const {problems} = await applied(plan);
    expect(problems.map(({path: at, code}) => `${at} ${code}`)).to.include('d/b NOT_MOVED');
    expect(fs.readFileSync(path.join(target, 'a'), 'utf8')).to.equal('x');
    expect(fs.readFileSync(path.join(source, 'd/b'), 'utf8')).to.equal('x');
    mount.undo();
  });

  it('extended attributes and ACLs are kept, or set where they differ', async function () {
    if (isPortable || !abilities(temp()).xattrs) skip(this, 'no extended attributes are kept here');
    const pair = pairIn(temp(), {p: {a: 'x', b: 'y'}}, {q: {a: 'x'}, b: 'y'});
    bash('setfattr -n user.note -v same p/a; setfattr -n user.note -v new p/b; setfacl -m u:1:r p/a', pair.source);
    bash('setfattr -n user.note -v same q/a; setfattr -n user.note -v old b; setfacl -m u:1:r q/a', pair.target);
    const moves: Moved[] = [
      ['q', 'p'],
      ['b', 'p/b'],
    ];
    const plan = await planMoves({...pair, moves});
    expect(plan.actions.find(({path: at}) => at === 'p/b')?.reasons).to.deep.equal(['name', 'xattrs']);
    isFine(await applied(plan));
    expect(rsyncDifference(pair.source, pair.target)).to.deep.equal([]);
  });

  it('where inode numbers are not kept, a file is recognised by what it is', async () => {
    const {plan, save, isEqual} = await given(one, {keepsInodes: false});
    const saved = await save();
    isFine(await applied(plan));
    await isEqual();
    const {counts} = await applyFile(saved);
    expect(counts).to.include({done: 0, failed: 0, skipped: 0});
  });

  it('a run that is stopped in a ring puts back what waits', async () => {
    const {plan, target} = await given(swapped);
    const controller = new AbortController();
    const stopping = {...context(), signal: controller.signal};
    const lot = path.join(target, '.dirsync/moving');
    const watch = setInterval(() => fs.existsSync(lot) && controller.abort('SIGINT'), 1);
    await applyPlanned(judge(plan, GUARD_NAMES), {allow: GUARD_NAMES, fsync: 'none', skipDrifted: false}, stopping);
    clearInterval(watch);
    expect(fs.existsSync(lot)).to.equal(false);
    expect([read(target, 'a'), read(target, 'b')].sort()).to.deep.equal(['one', 'two']);
  });

  it('what a killed run left waiting is put back before the next plan is made, and plan says so', async () => {
    const pair = pairIn(temp(), {a: 'two', b: 'one'}, {b: 'two'});
    const root = platform().openRoot(toByteName(pair.target));
    const lot = new ParkingLot(platform(), root, {runId: 'run', worker: 0});
    lot.note(3, {from: 'a' as RelPath, path: 'b' as RelPath, isFlushed: false});
    lot.close();
    platform().close(root);
    write(pair.target, '.dirsync/moving/run/3', 'one');
    const {plan} = await planTrees(settings(pair.source, pair.target));
    expect(plan.header.warnings.join()).to.include('a killed run has left files of the target in .dirsync/moving');
    let now: string[] = [];
    await applyApproved(
      settings(pair.source, pair.target),
      async () => {
        now = fs.readdirSync(pair.target).sort();
        return undefined;
      },
      context(),
    );
    expect(now).to.deep.equal(['.dirsync', 'a', 'b']);
    expect(read(pair.target, 'a')).to.equal('one');
  });
});
