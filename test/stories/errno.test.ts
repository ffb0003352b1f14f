/** What the kernel refuses: told by path, with what was tried and a way out; all else is done, and the next run does the rest. */
import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {platform} from '../../src/platform/choose.js';
import {type CliOptions, dirsync, pairIn, startDirsync} from '../support/cli.js';
import {mountedFilesystem, mounts, needMounts, remount} from '../support/filesystems.js';
import {needRsync, rsyncDifference} from '../support/oracle.js';
import {call, has} from '../support/shell.js';
import {skip} from '../support/skip.js';
import {type Injection, injecting, needStrace} from '../support/strace.js';
import {tempDirs} from '../support/temp.js';
import {hardlink, readTree, type Tree} from '../support/tree.js';

interface Pair {
  readonly source: string;
  readonly target: string;
}

interface Report {
  readonly counts: Readonly<Record<'done' | 'already-done' | 'failed' | 'skipped' | 'stopped', number>>;
  readonly problems: readonly {path: string; side: string; phase: string; code: string; message: string}[];
}

const TRIED: Readonly<Record<string, string>> = {
  scan: 'reading',
  write: 'writing',
  attrs: 'setting attributes',
  delete: 'deleting',
  sync: 'flushing to disk',
};

/** Applies while the fault is there: always a whole report, exit code 3, and no half-written file left. */
/** The faults are to be met, not foreseen. */
const ALLOW = ['too-many-deletes', 'no-space', 'not-writable', 'unreadable-source'].flatMap((guard) => ['--allow', guard]);

function applyWith({source, target}: Pair, flags: readonly string[] = [], options: CliOptions = {}): Report {
  const {code, stdout, stderr} = dirsync(['apply', source, target, '--yes', '--json', ...ALLOW, ...flags], options);
  // koffi flushes both streams when the process ends: an injected fault meets it there too.
  const said = stderr.replace(/^Error: Failed to sync '<std\w+>'.*\n/gm, '');
  expect({code, said}, stdout).to.deep.equal({code: 3, said: ''});
  const {report} = JSON.parse(stdout) as {report: Report};
  for (const {phase, side, message} of report.problems.filter(({code}) => /^E[A-Z]+$/.test(code))) {
    const tried = side === 'source' ? 'reading' : TRIED[phase];
    expect(message).to.match(new RegExp(`^.+ while ${tried}; .+$`));
  }
  return report;
}

/** Problems as "CODE phase side path". */
function told({problems}: Report): string[] {
  return problems.map(({code, phase, side, path}) => `${code} ${phase} ${side} ${path}`);
}

/** The paths in which the trees differ, as rsync sees them. */
function undone({source, target}: Pair): string[] {
  return rsyncDifference(source, target).map((line) => line.slice(12).replace(/\/$| => .*/, ''));
}

function textOf(target: string, at: string): string {
  return fs.readFileSync(path.join(target, at), 'utf8');
}

function leftIn(target: string): string[] {
  const state = path.join(target, '.dirsync');
  return fs.existsSync(state) ? fs.readdirSync(state) : [];
}

/** With the fault gone, one more run makes the trees equal, and sweeps what is left in staging. */
function completes(pair: Pair): void {
  fs.writeFileSync(path.join(pair.source, 'later'), 'later');
  const {code, stdout, stderr} = dirsync(['apply', pair.source, pair.target, '--yes', ...ALLOW]);
  expect(code, stdout + stderr).to.equal(0);
  expect(undone(pair)).to.deep.equal([]);
  expect(leftIn(pair.target)).to.have.members(['abilities.json', 'id.json', 'last.manifest', 'runs']);
}

const SOURCE: Tree = {
  changed: 'new text',
  added: 'added',
  folder: {inside: 'new text', kept: 'same'},
  'new-folder': {inside: 'x', deeper: {file: 'y'}},
  leader: 'two names',
  name: hardlink('leader'),
  touched: 'same',
  big: 'larger than the others',
};
const TARGET: Tree = {
  changed: 'old',
  folder: {inside: 'old', kept: 'same', gone: 'is gone'},
  gone: 'is gone',
  'gone-folder': {inside: 'is gone'},
  touched: 'same',
  big: 'old',
};

describe('story: what the kernel refuses', () => {
  const mount = mounts();
  const temp = tempDirs();
  before(function () {
    needRsync(this);
  });

  function pairOf(source = SOURCE, target = TARGET): Pair {
    const pair = pairIn(temp(), source, target);
    fs.chmodSync(path.join(pair.target, 'touched'), 0o600);
    return pair;
  }

  describe('each errno at each kind of step', () => {
    before(function () {
      needStrace(this);
    });

    interface Case {
      readonly title: string;
      readonly fault: (pair: Pair) => Injection;
      readonly flags?: readonly string[];
      readonly told: readonly string[];
      /** What the target does not have of the source, or has beside it. */
      readonly undone: readonly string[];
      /** Beside the journals. */
      readonly left?: readonly string[];
    }

    const dependingDeletes = (...paths: string[]) => paths.map((at) => `DEPENDS delete target ${at}`);

    const WRITTEN = ['added', 'big', 'changed', 'folder/inside', 'leader', 'name', 'new-folder/deeper/file', 'new-folder/inside'];

    const CASES: readonly Case[] = [
      {
        title: 'EIO while the content of a source file is read',
        fault: ({source}) => ({calls: 'read,copy_file_range', does: 'error=EIO', at: [`${source}/changed`]}),
        told: ['EIO write source changed'],
        undone: ['changed'],
      },
      {
        title: 'EIO while a source file is opened',
        fault: () => ({calls: 'openat', does: 'error=EIO', at: ['changed']}),
        told: ['EIO write source changed'],
        undone: ['changed'],
      },
      {
        title: 'EIO while a folder of the source is listed: nothing below it is deleted',
        fault: ({source}) => ({calls: 'getdents64', does: 'error=EIO', at: [`${source}/folder`]}),
        told: ['EIO scan source folder'],
        undone: ['folder/inside', 'folder/gone'],
      },
      {
        title: 'EIO while the root of the source is listed: nothing is deleted',
        fault: ({source}) => ({calls: 'getdents64', does: 'error=EIO', at: [source]}),
        told: ['EIO scan source '],
        left: [],
        undone: [
          'big',
          'changed',
          'gone',
          'touched',
          'added',
          'folder/inside',
          'folder/gone',
          'gone-folder',
          'gone-folder/inside',
          'leader',
          'name',
          'new-folder',
          'new-folder/inside',
          'new-folder/deeper',
          'new-folder/deeper/file',
        ],
      },
      {
        title: 'EIO while an entry is looked at, on both sides',
        fault: () => ({calls: 'statx', does: 'error=EIO', at: ['changed']}),
        told: ['EIO scan source changed', 'EIO scan target changed'],
        undone: ['changed'],
      },
      {
        title: 'EIO while an entry of the target is looked at: it stays',
        fault: () => ({calls: 'statx', does: 'error=EIO', at: ['gone']}),
        told: ['EIO scan target gone', 'EIO scan target folder/gone'],
        undone: ['gone', 'folder/gone'],
      },
      {
        title: 'EIO while a folder of the target is listed',
        fault: ({target}) => ({calls: 'getdents64', does: 'error=EIO', at: [`${target}/folder`]}),
        told: ['EIO scan target folder'],
        undone: ['folder/inside', 'folder/gone'],
      },
      {
        title: 'EIO while a file is flushed',
        fault: () => ({calls: 'fsync', does: 'error=EIO:when=1'}),
        flags: ['--fsync', 'each', '--only', 'changed', '--only', 'gone'],
        told: ['EIO write target changed'],
        undone: ['changed'],
      },
      {
        title: 'EIO while a file takes its place',
        fault: () => ({calls: 'renameat,renameat2', does: 'error=EIO', at: ['changed']}),
        told: ['EIO write target changed'],
        undone: ['changed'],
      },
      {
        title: 'EIO while a file is deleted',
        fault: () => ({calls: 'unlinkat', does: 'error=EIO', at: ['gone']}),
        told: ['EIO delete target gone', 'EIO delete target folder/gone'],
        undone: ['gone', 'folder/gone'],
      },
      {
        title: 'EIO while all is flushed: nothing is deleted',
        fault: () => ({calls: 'syncfs', does: 'error=EIO'}),
        told: [
          'EIO sync target ',
          ...dependingDeletes('folder/gone', 'gone', 'gone-folder/inside', 'gone-folder'),
          'EIO sync target ',
        ],
        undone: ['gone', 'folder/gone', 'gone-folder', 'gone-folder/inside'],
      },
      {
        title: 'EIO while staging is made: nothing is written, what is gone is deleted',
        fault: () => ({calls: 'mkdirat', does: 'error=EIO', at: ['waiting']}),
        told: WRITTEN.map((at) => `${at === 'name' ? 'DEPENDS' : 'EIO'} write target ${at}`),
        undone: WRITTEN,
      },
      {
        title: 'EIO while staging is removed',
        fault: () => ({calls: 'unlinkat', does: 'error=EIO', at: ['worker-0', 'worker-1']}),
        told: ['EIO delete target '],
        undone: [],
        left: ['abilities.json', 'id.json', 'last.manifest', 'runs', 'tmp'],
      },
      {
        title: 'EIO while the journal is made',
        fault: () => ({calls: 'openat', does: 'error=EIO', at: ['runs']}),
        told: ['JOURNAL_UNWRITABLE write target ', 'LAST_UNWRITABLE write target '],
        undone: [],
      },
      {
        title: 'EIO while it is written what both trees are',
        fault: () => ({calls: 'openat', does: 'error=EIO', at: ['last.manifest.new']}),
        told: ['LAST_UNWRITABLE write target '],
        undone: [],
        left: ['abilities.json', 'id.json', 'runs'],
      },
      {
        title: 'ETXTBSY while a file takes its place',
        fault: () => ({calls: 'renameat,renameat2', does: 'error=ETXTBSY', at: ['changed']}),
        told: ['ETXTBSY write target changed'],
        undone: ['changed'],
      },
      {
        title: 'EXDEV while a file takes its place',
        fault: () => ({calls: 'renameat,renameat2', does: 'error=EXDEV', at: ['added']}),
        told: ['EXDEV write target added'],
        undone: ['added'],
      },
      {
        title: 'EMFILE while a file is opened',
        fault: () => ({calls: 'openat', does: 'error=EMFILE', at: ['changed']}),
        told: ['EMFILE write source changed'],
        undone: ['changed'],
      },
      {
        title: 'ENAMETOOLONG while a file takes its place',
        fault: () => ({calls: 'renameat,renameat2', does: 'error=ENAMETOOLONG', at: ['added']}),
        told: ['ENAMETOOLONG write target added'],
        undone: ['added'],
      },
      {
        title: 'ENAMETOOLONG while a folder is made: what is in it depends on it',
        fault: () => ({calls: 'mkdirat', does: 'error=ENAMETOOLONG', at: ['new-folder']}),
        told: [
          'ENAMETOOLONG write target new-folder',
          'DEPENDS write target new-folder/deeper',
          'DEPENDS write target new-folder/deeper/file',
          'DEPENDS write target new-folder/inside',
        ],
        undone: ['new-folder', 'new-folder/deeper', 'new-folder/deeper/file', 'new-folder/inside'],
      },
      {
        title: 'EPERM while attributes are set',
        fault: () => ({calls: 'fchownat', does: 'error=EPERM', at: ['touched']}),
        told: ['EPERM attrs target touched'],
        undone: ['touched'],
      },
      {
        title: 'EDQUOT while the largest file is copied: smaller ones still find room',
        fault: ({source}) => ({calls: 'ioctl,copy_file_range', does: 'error=EDQUOT', at: [`${source}/big`]}),
        told: ['EDQUOT write target big'],
        undone: ['big'],
        left: ['abilities.json', 'id.json', 'runs'],
      },
      {
        title: 'EROFS while files are deleted',
        fault: () => ({calls: 'unlinkat', does: 'error=EROFS', at: ['gone', 'gone-folder']}),
        told: ['EROFS delete target gone', 'EROFS delete target folder/gone', 'EROFS delete target gone-folder'],
        undone: ['gone', 'folder/gone', 'gone-folder'],
      },
    ];

    for (const {title, fault, flags, left = ['abilities.json', 'id.json', 'last.manifest', 'runs'], ...expected} of CASES) {
      it(title, () => {
        const pair = pairOf();
        const report = applyWith(pair, flags, {under: injecting(fault(pair))});
        expect(told(report)).to.have.members(expected.told);
        const narrow = flags?.filter((_, i) => flags[i - 1] === '--only');
        expect(undone(pair).filter((at) => narrow?.includes(at) ?? true)).to.have.members(expected.undone);
        for (const at of expected.undone) {
          const old = (TARGET as Record<string, string>)[at];
          if (old !== undefined && typeof old === 'string') expect(textOf(pair.target, at), at).to.equal(old);
        }
        if (!expected.told[0]?.startsWith('JOURNAL')) expect(leftIn(pair.target)).to.deep.equal(left);
        completes(pair);
      });
    }
  });

  describe('real file systems', () => {
    before(function () {
      needMounts(this);
    });

    /** The target is a mount of its own, made before anything is in it. */
    function pairOn(options: string, source: Tree, target: Tree): Pair {
      const root = temp();
      mount.memory(path.join(root, 'target'), options);
      return pairIn(root, source, target);
    }

    const many = (count: number, text: (i: number) => string): Tree =>
      Object.fromEntries(Array.from({length: count}, (_, i) => [`file${String(i).padStart(3, '0')}`, text(i)]));

    /** Old files and new ones are whole, what is gone is deleted, and all actions are counted. */
    function checkFull(pair: Pair, report: Report, old: Tree) {
      const {counts, problems} = report;
      expect(
        Object.values(counts).reduce((sum, count) => sum + count),
        'all are counted',
      ).to.equal(actions(pair, old));
      expect(
        problems.filter(({code}) => code === 'ENOSPC'),
        'few are told',
      ).to.have.length.within(1, 10);
      expect(counts.stopped, 'most are not begun').to.be.greaterThan(10);
      const [wanted, found] = [readTree(pair.source), readTree(pair.target)];
      for (const at of Object.keys(found).filter((name) => found[name]?.startsWith('file')))
        expect(found[at]?.includes('"old"') || found[at] === wanted[at], at).to.equal(true);
      expect(found.changed, 'what stood there stands there').to.be.a('string');
      expect(found.gone).to.equal(undefined);
      expect(leftIn(pair.target)).to.have.members(['abilities.json', 'id.json', 'runs']);
    }

    /** Paths of the source that are not in the old target as they are, and those to delete. */
    function actions({source}: Pair, old: Tree): number {
      return Object.keys(readTree(source)).length - 1 + Object.keys(old).filter((name) => name.startsWith('gone')).length;
    }

    const OLD: Tree = {changed: 'old', gone: 'gone'};

    it('ENOSPC for bytes: the largest are not begun, the report is whole', () => {
      const source = {changed: 'new text', folder: many(60, () => 'x'.repeat(100_000)), small: many(60, () => 's')};
      const pair = pairOn('size=1500k', source, OLD);
      const report = applyWith(pair);
      checkFull(pair, report, OLD);
      expect(report.counts.done).to.be.greaterThan(10);
      remount(pair.target, 'size=64m');
      completes(pair);
    });

    it('ENOSPC for inodes: no more files are begun, what is gone is deleted', () => {
      const source = {changed: 'new text', folder: many(60, (i) => `${i}`), next: {deeper: {deepest: many(60, (i) => `${i}`)}}};
      const pair = pairOn('size=8m,nr_inodes=50', source, OLD);
      checkFull(pair, applyWith(pair), OLD);
      remount(pair.target, 'nr_inodes=1000');
      completes(pair);
    });

    it('ENOSPC from the first byte: nothing can be written, not even who holds the lock; what is gone is deleted', () => {
      const source = {changed: 'new text', folder: many(20, () => 'x'.repeat(5000)), filler: 'f'};
      const pair = pairOn('size=1m', source, {...OLD, filler: 'f'});
      call('sh', ['-c', 'cat /dev/zero >filler 2>/dev/null; touch -r "$0" filler || true', path.join(pair.source, 'filler')], {
        cwd: pair.target,
      });
      const report = applyWith(pair, ['--except', 'filler']);
      expect(new Set(report.problems.map(({code}) => code))).to.deep.equal(new Set(['ENOSPC']));
      expect(report.counts).to.deep.include({done: 2, skipped: 0});
      expect(textOf(pair.target, 'changed')).to.equal('old');
      expect(fs.existsSync(path.join(pair.target, 'gone'))).to.equal(false);
      expect(fs.readdirSync(path.join(pair.target, '.dirsync'))).to.not.include('lock');
      remount(pair.target, 'size=64m');
      completes(pair);
    });

    it('ENOSPC for the journal alone: all is done, and that it is not recorded is told', () => {
      const pair = pairOf();
      const runs = path.join(pair.target, '.dirsync/runs');
      mount.memory(runs, 'size=4k');
      fs.writeFileSync(path.join(runs, 'filler'), 'x'.repeat(4096));
      expect(told(applyWith(pair))).to.deep.equal(['JOURNAL_UNWRITABLE write target ']);
      expect(undone(pair)).to.deep.equal([]);
    });

    it('EROFS of the whole target: told at once, and nothing is changed', () => {
      const {source, target} = pairOn('size=1m', SOURCE, TARGET);
      const before = readTree(target);
      remount(target, 'ro');
      const {code, stderr} = dirsync(['apply', source, target, '--yes', ...ALLOW]);
      expect(code).to.equal(1);
      expect(stderr).to.match(/The target cannot be written: .* \(EROFS\)\n {2}mount it read-write/);
      expect(readTree(target)).to.deep.equal(before);
      remount(target, 'rw');
      completes({source, target});
    });

    it('EROFS of a mount inside the target', () => {
      const pair = pairOf();
      const folder = path.join(pair.target, 'folder');
      mount.readOnly(folder, folder);
      const report = applyWith(pair);
      expect(told(report)).to.have.members(['EROFS write target folder/inside', 'EROFS delete target folder/gone']);
      expect(textOf(pair.target, 'folder/inside')).to.equal('old');
      expect(undone(pair)).to.have.members(['folder/inside', 'folder/gone']);
      remount(folder, 'bind,rw');
      completes(pair);
    });

    it('EMFILE: a tree deeper than there may be open files ends with problems and with how to raise the limit', () => {
      let tree: Tree = {};
      for (let depth = 0; depth < 60; depth++) tree = {d: tree, file: `${depth}`};
      const pair = pairIn(temp(), tree, {});
      const report = applyWith(pair, [], {under: ['prlimit', '--nofile=70']});
      const codes = new Set(report.problems.map(({code}) => code));
      expect([...codes])
        .to.include('EMFILE')
        .and.to.have.members([...codes].filter((code) => code === 'EMFILE' || code === 'DEPENDS'));
      for (const {code, message} of report.problems) if (code === 'EMFILE') expect(message).to.include('ulimit -n');
      completes(pair);
    });
  });

  describe('EFBIG of ext4', () => {
    const ext4 = mountedFilesystem('ext4', {mebibytes: 64});

    it('a file that is too large: nothing of it is left, and all else is copied', function () {
      if (!platform().preservesAll) skip(this, 'without holes it is the disk that is too small');
      const pair = {source: path.join(temp(), 'source'), target: ext4.folder()};
      mount.memory(pair.source);
      const large = path.join(pair.source, 'large');
      for (const file of [large, path.join(pair.source, 'small')]) fs.writeFileSync(file, 'text');
      fs.truncateSync(large, 2 ** 44);
      expect(told(applyWith(pair))).to.deep.equal(['EFBIG write target large']);
      expect(fs.readdirSync(pair.target)).to.have.members(['.dirsync', 'small']);
      expect(leftIn(pair.target)).to.have.members(['abilities.json', 'id.json', 'last.manifest', 'runs']);
      fs.truncateSync(large, 4);
      completes(pair);
    });
  });

  describe('EPERM by chattr on ext4', () => {
    const ext4 = mountedFilesystem('ext4', {mebibytes: 64});
    const marked: string[] = [];
    before(function () {
      if (!has('chattr')) skip(this, 'chattr is not installed');
    });
    afterEach(() => {
      for (const at of marked.splice(0)) call('chattr', ['-ia', at]);
    });

    for (const {title, flag, at, expected, left} of [
      {
        title: 'a file to update that is immutable',
        flag: '+i',
        at: 'changed',
        expected: ['EPERM write target changed'],
        left: ['changed'],
      },
      {
        title: 'a file to update that is append-only',
        flag: '+a',
        at: 'changed',
        expected: ['EPERM write target changed'],
        left: ['changed'],
      },
      {
        title: 'a file to delete that is immutable',
        flag: '+i',
        at: 'gone',
        expected: ['EPERM delete target gone'],
        left: ['gone'],
      },
      {
        title: 'a file whose mode is to be set that is immutable',
        flag: '+i',
        at: 'touched',
        expected: ['EPERM attrs target touched'],
        left: ['touched'],
      },
      {
        title: 'a folder that is immutable',
        flag: '+i',
        at: 'folder',
        expected: ['EPERM write target folder/inside', 'EPERM delete target folder/gone'],
        left: ['folder/inside', 'folder/gone'],
      },
      {
        title: 'a folder that is append-only',
        flag: '+a',
        at: 'folder',
        expected: ['EPERM write target folder/inside', 'EPERM delete target folder/gone'],
        left: ['folder/inside', 'folder/gone'],
      },
    ]) {
      it(title, () => {
        const pair = pairIn(ext4.folder(), SOURCE, TARGET);
        fs.chmodSync(path.join(pair.target, 'touched'), 0o600);
        call('chattr', [flag, path.join(pair.target, at)]);
        marked.push(path.join(pair.target, at));
        expect(told(applyWith(pair))).to.have.members(expected);
        expect(undone(pair)).to.have.members(left);
        call('chattr', ['-ia', marked.pop() as string]);
        completes(pair);
      });
    }
  });

  describe('EROFS in the middle, as ext4 makes itself after an error', () => {
    const ext4 = mountedFilesystem('ext4', {mebibytes: 64});

    it('ends in a whole report, with the old files as they were', async function () {
      needStrace(this);
      const text = (version: string) => Object.fromEntries(Array.from({length: 40}, (_, i) => [`file${i}`, version]));
      const {source, target} = pairIn(ext4.folder(), text('new text'), {...text('old'), gone: 'gone'});
      remount(ext4.root, 'errors=remount-ro');
      const under = injecting({calls: 'renameat,renameat2', does: 'delay_enter=50000'});
      const running = startDirsync(['apply', source, target, '--yes', '--json', ...ALLOW], {under});
      const versions = () => Object.keys(text('')).map((at) => textOf(target, at));
      await running.until(() => versions().includes('new text'));
      const device = path.basename(call('findmnt', ['-n', '-o', 'SOURCE', ext4.root]).trim());
      fs.writeFileSync(`/sys/fs/ext4/${device}/trigger_fs_error`, '1');
      const {code, stdout, stderr} = await running.ended;
      expect({code, stderr}).to.deep.equal({code: 3, stderr: ''});
      const {report} = JSON.parse(stdout) as {report: Report};
      expect(report.problems.map((problem) => problem.code)).to.include.members(['EROFS', 'JOURNAL_UNWRITABLE']);
      // The flush before it fails as well, where it does not the delete itself does.
      expect(report.problems.filter((problem) => problem.path === 'gone')).to.have.length(1);
      expect(report.counts.done + report.counts.failed).to.equal(41);
      expect(new Set(versions())).to.deep.equal(new Set(['new text', 'old']));
      expect(textOf(target, 'gone')).to.equal('gone');
    });
  });
});
