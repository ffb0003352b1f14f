import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {dirsync, pairIn, startDirsync, withoutChange} from '../support/cli.js';
import {tempDirs} from '../support/temp.js';
import {readTree, type Tree} from '../support/tree.js';

const many: Tree = Object.fromEntries(Array.from({length: 3000}, (_, i) => [`file-${i}`, 'x']));

describe('story: log', () => {
  const temp = tempDirs();

  for (const command of ['apply --yes', 'run']) {
    it(`${command}: a log that cannot be written is told of once, and all else is done`, () => {
      const {source, target} = pairIn(temp(), {a: 'a', b: 'b'}, {});
      const {code, stderr} = dirsync([...command.split(' '), source, target, '-l', '/dev/full']);
      expect({code, stderr}).to.deep.equal({
        code: 0,
        stderr: 'Warning: log: the log /dev/full cannot be written (ENOSPC); continuing without it\n',
      });
      expect(readTree(target)).to.deep.equal(readTree(source));
    });
  }

  for (const [title, args, says] of [
    [
      'apply: in a folder that is missing',
      ['apply', 'source', 'target', '--yes', '-l', 'none/log'],
      'none/log: the folder none does not exist',
    ],
    [
      'run: in a folder that is missing',
      ['run', 'source', 'target', '-l', 'none/log'],
      'none/log: the folder none does not exist',
    ],
    [
      'run: on a schedule',
      ['run', 'source', 'target', '-l', 'none/log', '--every', '1h'],
      'none/log: the folder none does not exist',
    ],
    ['plan: of a job', ['plan', 'job'], 'ROOT/none/log: the folder ROOT/none does not exist'],
    ['run: of a job', ['run', 'job'], 'ROOT/none/log: the folder ROOT/none does not exist'],
    ['apply: of a saved plan', ['apply', 'file', '-l', 'none/log'], 'none/log: the folder none does not exist'],
    ['run: below a file', ['run', 'source', 'target', '-l', 'file/log'], 'file/log: file is not a folder'],
    ['run: a folder', ['run', 'source', 'target', '-l', 'source'], 'source: it is a folder'],
  ] as const) {
    it(`refuses a log at the start, ${title}`, () => {
      const {root} = pairIn(temp(), {a: 'a'}, {});
      fs.writeFileSync(path.join(root, 'file'), '');
      fs.writeFileSync(path.join(root, 'dirsync.config.yaml'), 'jobs: {job: {source: source, target: target, log: none/log}}');
      const {code, stdout, stderr} = withoutChange(root, () => dirsync(args, {cwd: root}));
      expect({code, stdout}).to.deep.equal({code: 1, stdout: ''});
      expect(stderr).to.match(
        /^Error: .*\n {2}(?:create it, or check that its disk is mounted|name a file in (?:it|a folder))\n$/,
      );
      expect(stderr).to.include(`The log cannot be written: ${says.replaceAll('ROOT', root)}\n`);
    });
  }

  it('has its first line when a schedule starts, however late its first run is', async () => {
    const {root, source, target} = pairIn(temp(), {a: 'a'}, {});
    const log = path.join(root, 'log');
    const running = startDirsync(['run', source, target, '-l', log, '--every', '1h', '--delay', '1h']);
    await running.until(() => fs.existsSync(log) && fs.readFileSync(log, 'utf8').includes('the schedule has started'));
    expect(await running.kill('SIGTERM')).to.include({code: 143});
    expect(readTree(target)).to.not.include.keys('a');
  });

  describe('in a tree', () => {
    const NOTHING = 'Nothing to do: the target equals the source.';

    for (const [title, flags, own] of [
      ['the log', ['-l', 'target/[a] log*'], ['[a] log*']],
      ['the metrics file', ['--metrics', 'target/m.prom'], ['m.prom']],
      ['the folder of metrics', ['--metrics', 'target/'], [/^dirsync-.*\.prom$/]],
    ] as const) {
      for (const more of [[], ['--delete-excluded']]) {
        it(`${title} in the target stays and is told ${more}`, () => {
          const {root, source, target} = pairIn(temp(), {a: 'a'}, {});
          const run = () => dirsync(['run', 'source', 'target', ...flags, ...more], {cwd: root});
          expect(run().code).to.equal(0);
          for (const _ of [1, 2]) {
            const {code, stdout, stderr} = run();
            expect({code, stderr}).to.deep.equal({code: 0, stderr: ''});
            expect(stdout).to.include(`Warning: the ${flags[0] === '-l' ? 'log' : 'metrics'} ${flags[1]} in the target`);
            // A file of metrics takes the place of the last one, which gives its folder another time.
            expect(stdout).to.include(flags[0] === '-l' ? NOTHING : 'Plan: 1 change: 1 in attributes only.');
          }
          const kept = fs.readdirSync(target).filter((name) => name !== '.dirsync' && name !== 'a');
          expect(kept).to.have.length(1);
          expect(kept[0]).to.match(own[0] instanceof RegExp ? own[0] : /^\[a\] log\*$|^m\.prom$/);
          expect(fs.readdirSync(source)).to.deep.equal(['a']);
        });
      }
    }

    it('the log in the source is not copied, also with those that it had before, and others of such names are', () => {
      const {root, target} = pairIn(temp(), {a: 'a', 'logs.1': 'other', sub: {log: 'other'}, 'log.1': 'old'});
      const args = ['run', 'source', 'target', '-l', 'source/log'];
      expect(dirsync(args, {cwd: root}).stdout).to.include('Warning: the log source/log in the source is left out of both trees');
      expect(dirsync(args, {cwd: root}).stdout).to.include(NOTHING);
      expect(Object.keys(readTree(target))).to.have.members(['.', 'a', 'logs.1', 'sub', 'sub/log']);
    });

    it('a log that a symlink leads to', () => {
      const {root, target} = pairIn(temp(), {a: 'a'}, {});
      fs.symlinkSync('target/log', path.join(root, 'log'));
      const args = ['run', 'source', 'target', '-l', 'log'];
      expect(dirsync(args, {cwd: root}).code).to.equal(0);
      expect(dirsync(args, {cwd: root}).stdout).to.include(NOTHING);
      expect(fs.existsSync(path.join(target, 'log'))).to.equal(true);
    });
  });

  it('the log of a saved plan, as JSON', () => {
    const {root, source, target} = pairIn(temp(), {a: 'a'}, {});
    const [plan, log] = [path.join(root, 'plan'), path.join(root, 'log')];
    dirsync(['plan', source, target, '--out', plan]);
    expect(dirsync(['apply', plan, '-l', log, '--log-format', 'json', '--log-level', 'debug']).code).to.equal(0);
    const lines = fs.readFileSync(log, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).event)).to.include.members(['apply-started', 'action', 'apply-done']);
  });

  it('holds the error that ended a run', () => {
    const {root, source, target} = pairIn(temp(), {}, {a: 'a', b: 'b'});
    const log = path.join(root, 'log');
    expect(dirsync(['run', source, target, '-l', log, '--log-level', 'error']).code).to.equal(5);
    expect(fs.readFileSync(log, 'utf8')).to.match(/^\S+ ERROR \[[\w-]+\] run failed {2}GUARD_HALTED: .*\n$/);
  });

  for (const format of ['text', 'json']) {
    it(`after kill -9 all lines are whole, but for the last at most: ${format}`, async () => {
      const {root, source, target} = pairIn(temp(), many, {});
      const log = path.join(root, 'log');
      const running = startDirsync(['run', source, target, '-l', log, '--log-format', format]);
      await running.until(() => fs.existsSync(log) && fs.statSync(log).size > 20_000);
      await running.kill('SIGKILL');
      const lines = fs.readFileSync(log, 'utf8').split('\n').slice(0, -1);
      expect(lines.length).to.be.above(100);
      for (const line of lines) {
        if (format === 'json') JSON.parse(line);
        else expect(line).to.match(/^\S{24}Z? (INFO|WARN|ERROR) +\S.*/);
      }
    });
  }
});
