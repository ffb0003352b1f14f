/** Planning writes nothing into either tree: not where it could, and not where it must not. */
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {dirsync, pairIn} from '../support/cli.js';
import {mounts, needMounts} from '../support/filesystems.js';
import {needStrace} from '../support/strace.js';
import {tempDirs} from '../support/temp.js';
import {file, hardlink, symlink, type Tree} from '../support/tree.js';

const SOURCE: Tree = {
  same: 'same',
  changed: 'new text',
  sized: 'sized1',
  folder: {added: 'a', kind: {inside: 'x'}, '.dirsyncignore': '*.tmp\n', 'left.tmp': 'l'},
  leader: 'two names',
  name: hardlink('leader'),
  way: symlink('changed'),
  mode: file('m', {mode: 0o600}),
};
const TARGET: Tree = {
  same: 'same',
  changed: 'old',
  sized: 'sized2',
  folder: {kind: 'a file', gone: 'g'},
  way: symlink('elsewhere'),
  mode: 'm',
};
const ALLOW = ['--allow', 'too-many-deletes'];

describe('story: a plan writes nothing', () => {
  const mount = mounts();
  const temp = tempDirs();

  /** A pair on which a run has worked already, so that there is a `.dirsync` to be left alone. */
  function usedPair() {
    const pair = pairIn(temp(), {first: 'f'}, TARGET);
    expect(dirsync(['apply', pair.source, pair.target, '--yes', '--no-delete']).code).to.equal(0);
    fs.rmSync(path.join(pair.source, 'first'));
    return pairIn(pair.root, SOURCE);
  }

  describe('into trees that are mounted read-only', () => {
    before(function () {
      needMounts(this);
    });

    for (const {title, flags, code} of [
      {title: 'as text', flags: [], code: 0},
      {title: 'as JSON', flags: ['--json'], code: 0},
      {title: 'as Markdown', flags: ['--format', 'markdown'], code: 0},
      {title: 'with --detailed-exitcode', flags: ['--detailed-exitcode', ...ALLOW], code: 2},
      {title: 'with --detailed-exitcode and a guard', flags: ['--detailed-exitcode', '--max-delete', '1'], code: 5},
      {title: 'with --checksum', flags: ['--checksum', '--json'], code: 0},
      {title: 'with --out to elsewhere', flags: ['--out', 'FILE', ...ALLOW], code: 0},
    ]) {
      it(title, () => {
        const {root, source, target} = usedPair();
        const file = path.join(root, 'plan');
        const given = flags.map((flag) => (flag === 'FILE' ? file : flag));
        const guards: boolean[] = [];
        const planned = () => {
          const {stdout, ...ended} = dirsync(['plan', source, target, '--allow', 'not-writable', ...given]);
          guards.push(stdout.includes('not-writable'));
          const saved = given.includes(file) ? actionsOf(dirsync(['show', file, '--json']).stdout) : undefined;
          return {
            ...ended,
            said: given.includes('--json')
              ? actionsOf(stdout)
              : stdout.replace(/SHA-256 .*|Plan `.*|(?:> \[!WARNING\]\n)?.*not-writable.*\n+/g, ''),
            saved,
          };
        };
        const writable = planned();
        expect(writable).to.include({code, stderr: ''});
        for (const tree of [source, target]) mount.readOnly(tree, tree);
        expect(() => fs.writeFileSync(path.join(target, 'x'), '')).to.throw('EROFS');
        expect(planned()).to.deep.equal(writable);
        expect(guards, 'the guard tells of it, and of nothing else').to.deep.equal([false, true]);
      });
    }
  });

  /** All of a plan but its id and its time. */
  function actionsOf(json: string) {
    const {actions, problems, halts, summary} = JSON.parse(json);
    expect(actions).to.have.length.greaterThan(5);
    const others = (halts as {guard: string}[]).filter(({guard}) => guard !== 'not-writable');
    return {actions, problems, halts: others, summary};
  }

  describe('as strace sees it', () => {
    before(function () {
      needStrace(this);
    });

    const CALLS = [
      ...['open', 'openat', 'openat2', 'creat', 'mkdir', 'mkdirat', 'mknod', 'mknodat', 'symlink', 'symlinkat', 'link', 'linkat'],
      ...['rename', 'renameat', 'renameat2', 'unlink', 'unlinkat', 'rmdir', 'flock', 'fcntl', 'ioctl'],
      ...['write', 'writev', 'pwrite64', 'pwritev', 'pwritev2', 'copy_file_range', 'sendfile', 'splice'],
      ...['truncate', 'ftruncate', 'fallocate', 'fsync', 'fdatasync', 'syncfs'],
      ...['chmod', 'fchmod', 'fchmodat', 'fchmodat2', 'chown', 'lchown', 'fchown', 'fchownat'],
      ...['utime', 'utimes', 'futimesat', 'utimensat'],
      ...['setxattr', 'lsetxattr', 'fsetxattr', 'removexattr', 'lremovexattr', 'fremovexattr'],
    ];

    /** The calls on what is in either tree, without those that open for reading. */
    function changes(
      args: readonly string[],
      {root, source, target}: ReturnType<typeof pairIn>,
    ): {opened: number; others: string[]} {
      const trace = path.join(root, 'trace');
      const calls = CALLS.map((call) => `?${call}`).join(',');
      const strace = ['-f', '-qq', '-y', '-s', '0', '-o', trace, '-e', `trace=${calls}`];
      const command = [process.execPath, new URL('../../../bin/run.js', import.meta.url).pathname, ...args];
      expect(spawnSync('strace', [...strace, ...command]).status).to.equal(0);
      // What a call answers may stand on a line of its own, behind those of other threads.
      const lines = fs
        .readFileSync(trace, 'utf8')
        .split('\n')
        .filter((line) => !line.includes(' resumed>'));
      const inTrees = lines.filter((line) =>
        [source, target].some((tree) => line.includes(`<${tree}`) || line.includes(`"${tree}`)),
      );
      // Relative names stand beside the folder that they are in, which `-y` shows.
      const isReading = (line: string) =>
        (/^\d+ +open(?:at)?\(/.test(line) && line.includes('O_RDONLY') && !/O_(?:CREAT|TRUNC|TMPFILE)/.test(line)) ||
        /^\d+ +ioctl\(.*, (?:FS_IOC_GETFLAGS|BTRFS_IOC_FS_INFO|XFS_IOC_FSGEOMETRY)/.test(line);
      return {opened: inTrees.filter(isReading).length, others: inTrees.filter((line) => !isReading(line))};
    }

    for (const flags of [[], ['--checksum'], ['--json'], ['--preserve', 'times'], ['--out', 'FILE']]) {
      it(`plan ${flags.join(' ')}`.trimEnd(), () => {
        const pair = usedPair();
        const given = flags.map((flag) => (flag === 'FILE' ? path.join(pair.root, 'plan') : flag));
        const {opened, others} = changes(['plan', pair.source, pair.target, ...given], pair);
        expect(others).to.deep.equal([]);
        expect(opened, 'both trees were read').to.be.greaterThan(5);
      });
    }

    it('which sees what an apply changes', () => {
      const pair = usedPair();
      const {others} = changes(['apply', pair.source, pair.target, '--yes', ...ALLOW], pair);
      for (const call of ['openat', 'unlinkat', 'renameat', 'fchmod', 'utimensat', 'syncfs', 'flock'])
        expect(
          others.filter((line) => line.includes(` ${call}`)),
          call,
        ).to.not.deep.equal([]);
    });
  });
});
