import {spawn, spawnSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {expect} from 'chai';
import {applyPlan} from '../../src/apply/apply.js';
import {DirsyncError} from '../../src/core/errors.js';
import type {Event} from '../../src/core/event.js';
import {WorkerPool} from '../../src/platform/pool.js';
import {type CliResult, dirsync, Home, pairIn, Running, startDirsync, withoutChange} from '../support/cli.js';
import {has} from '../support/shell.js';
import {skip} from '../support/skip.js';
import {context, planTrees, settings} from '../support/sync.js';
import {tempDirs} from '../support/temp.js';
import {readTree, type Tree} from '../support/tree.js';

/** Of each of three kinds, for each backend. */
const ROUNDS = Number(process.env.ROUNDS ?? 7);
const BACKENDS = process.platform === 'linux' ? ['posix', 'portable'] : ['portable'];

/** So many that a run is at work for a while. */
function many(count: number): Tree {
  const tree: Tree = {};
  for (let i = 0; i < count; i++) tree[`f${i}`] = `${i}`;
  return tree;
}

for (const backend of BACKENDS) {
  const env = {DIRSYNC_PLATFORM: backend};

  describe(`story: locks, ${backend}`, () => {
    const temp = tempDirs();

    const lockOf = (target: string) => path.join(target, '.dirsync/lock');
    const left = (target: string) => fs.readdirSync(path.join(target, '.dirsync')).filter((name) => name !== 'times.json');

    /** The portable backend keeps no nanoseconds. */
    const shownTree = (root: string) => JSON.stringify(readTree(root)).replaceAll(/\.\d{9}(?=[ "])/g, '');

    /** When a run told what became of an action, by its log. */
    function worked(log: string): string[] {
      const lines = fs.existsSync(log) ? fs.readFileSync(log, 'utf8').split('\n') : [];
      return lines
        .filter((line) => /^\S+ \w+ +\[\S+\] (?:mkdir|create|update|delete|attrs) /.test(line))
        .map((line) => line.slice(0, 24));
    }

    /** Starts a run and stops its process in the middle of its work. */
    async function startAndStop(running: Running, target: string, pid = running.child.pid as number): Promise<void> {
      await running.until(() => fs.existsSync(lockOf(target)) && fs.readFileSync(lockOf(target)).length > 0);
      process.kill(pid, 'SIGSTOP');
    }

    for (const {title, target, flags, codes} of [
      {title: 'exits 6', target: {old: 'o'} as Tree | undefined, flags: [], codes: [0, 6]},
      {title: 'waits', target: {old: 'o'}, flags: ['--lock-timeout', '50s'], codes: [0]},
      {title: 'waits, where the target is made', target: undefined, flags: ['--lock-timeout', '50s'], codes: [0]},
    ]) {
      it(`of two runs started together one works and the other ${title}: ${ROUNDS} times`, async function () {
        this.timeout(ROUNDS * 10_000);
        const root = temp();
        for (let round = 0; round < ROUNDS; round++) {
          const pair = pairIn(path.join(root, String(round)), many(300), target);
          const logs = ['a', 'b'].map((name) => path.join(pair.root, name));
          const args = ['run', pair.source, pair.target, ...flags];
          const ended = await Promise.all(logs.map((log) => startDirsync([...args, '-l', log], {env}).ended));
          const shown = JSON.stringify(ended);
          const found = ended.map(({code}) => code);
          expect(codes, shown).to.include.members(found);
          expect(found, shown).to.include(0);
          for (const {code, stderr} of ended) {
            if (code === 6) expect(stderr).to.include(`Another run is working on this target: ${pair.target} is locked`);
          }
          expect(shownTree(pair.target) === shownTree(pair.source), shown).to.equal(true);
          expect(left(pair.target)).to.have.members(['abilities.json', 'id.json', 'last.manifest', 'runs']);
          const [first, second] = logs.map(worked).sort(([a = '~'], [b = '~']) => (a < b ? -1 : 1)) as [string[], string[]];
          expect(first.length, shown).to.be.greaterThan(300);
          // Mostly who was late has nothing to tell; never before the first has told its last.
          expect((second[0] ?? '~') >= (first.at(-1) as string), shown).to.equal(true);
        }
      });
    }

    it('who waited does what is still right, and leaves alone what the other changed', async () => {
      const root = temp();
      const {source, target} = pairIn(root, {...many(3000), same: 'both', mine: 'of the first'}, {gone: 'g'});
      const second = pairIn(path.join(root, 'second'), {same: 'both', mine: 'of the second', more: 'new'});
      const holder = startDirsync(['run', source, target], {env});
      await startAndStop(holder, target);
      const waiting = startDirsync(['run', second.source, target, '--no-delete', '--lock-timeout', '50s'], {env});
      await waiting.until(() => waiting.stderr.includes('Waiting up to 50 s'));
      holder.child.kill('SIGCONT');
      expect((await holder.ended).code).to.equal(0);
      const {code, stdout, stderr} = await waiting.ended;
      expect(stderr).to.include(
        `Waiting up to 50 s for the lock of ${target}, held by process ${holder.child.pid} on ${os.hostname()} since `,
      );
      expect(stderr).to.include(`: dirsync run ${source} ${target}\n`);
      expect(fs.readFileSync(path.join(target, 'mine'), 'utf8'), stdout).to.be.oneOf(['of the first', 'of the second']);
      expect(fs.readFileSync(path.join(target, 'more'), 'utf8')).to.equal('new');
      const isLeft = fs.readFileSync(path.join(target, 'mine'), 'utf8') === 'of the first';
      expect(code).to.equal(isLeft ? 3 : 0);
      expect(left(target)).to.have.members(['abilities.json', 'id.json', 'last.manifest', 'runs']);
    });

    it('a stopped holder keeps it, told by name; when it is killed the target is free at once', async () => {
      const {root, source, target} = pairIn(temp(), many(3000), {});
      const holder = startDirsync(['run', source, target], {env});
      await startAndStop(holder, target);
      const refused = withoutChange(root, () => dirsync(['run', source, target], {env}));
      expect(refused.code, refused.stderr).to.equal(6);
      expect(refused.stderr).to.include(
        `${target} is locked by process ${holder.child.pid} on ${os.hostname()} since ${new Date().toISOString().slice(0, 4)}`,
      );
      expect(refused.stderr).to.include(`: dirsync run ${source} ${target}\n  wait for that run to end`);
      const late = dirsync(['run', source, target, '--lock-timeout', '300ms'], {env});
      expect(late.code, late.stderr).to.equal(6);
      expect(late.stderr).to.include('Waiting up to 1 s').and.include('is locked by process');
      await holder.kill('SIGKILL');
      expect(fs.existsSync(lockOf(target)), 'it is left behind').to.equal(true);
      const next = dirsync(['run', source, target], {env});
      expect(next.code, next.stderr).to.equal(0);
      expect(shownTree(target) === shownTree(source), 'the trees are equal').to.equal(true);
      expect(left(target)).to.have.members(['abilities.json', 'id.json', 'last.manifest', 'runs']);
    });

    for (const {signal, code} of [
      {signal: 'SIGINT', code: 130},
      {signal: 'SIGTERM', code: 143},
    ] as const) {
      it(`${signal} ends the wait, and nothing is changed`, async () => {
        const {source, target} = pairIn(temp(), many(3000), {});
        const holder = startDirsync(['run', source, target], {env});
        await startAndStop(holder, target);
        const before = readTree(target);
        const waiting = startDirsync(['run', source, target, '--events', '--lock-timeout', '50s'], {env});
        await waiting.says('"lock-waiting"');
        const ended = await waiting.kill(signal);
        expect(ended.code, ended.stderr).to.equal(code);
        const events = ended.stdout
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line));
        const told = events.filter(({type}) => type === 'lock-waiting');
        expect(told).to.have.length(1);
        expect(told[0]).to.deep.include({format: 1, target, timeout: 50_000});
        expect(told[0].holder).to.include({
          pid: holder.child.pid,
          host: os.hostname(),
          command: `dirsync run ${source} ${target}`,
        });
        expect(readTree(target)).to.deep.equal(before);
        await holder.kill('SIGKILL');
      });
    }

    it('a holder in other namespaces keeps it; the kernel frees its lock, and a file can be removed', async function () {
      if (process.platform !== 'linux') skip(this, 'namespaces are of Linux');
      if (process.geteuid?.() !== 0) skip(this, 'only root may make namespaces');
      const unshare = ['-n', '-u', '-p', '--fork', '--kill-child'];
      if (spawnSync('unshare', [...unshare, 'true']).status !== 0) skip(this, 'no namespaces can be made here');
      const {root, source, target} = pairIn(temp(), many(3000), {});
      const home = new Home({env});
      const script = 'hostname elsewhere && exec "$@"';
      const command = ['sh', '-c', script, 'sh', process.execPath, home.program, 'run', source, target];
      const holder = new Running(spawn('unshare', [...unshare, ...command], home.spawnOptions), () => home.remove());
      await holder.until(() => fs.existsSync(lockOf(target)) && fs.readFileSync(lockOf(target)).length > 0);
      // As its child is known from here.
      const children = `/proc/${holder.child.pid}/task/${holder.child.pid}/children`;
      const pid = Number(fs.readFileSync(children, 'utf8').trim());
      process.kill(pid, 'SIGSTOP');
      const refused = withoutChange(root, () => dirsync(['run', source, target, '--lock-timeout', '300ms'], {env}));
      expect(refused.code, refused.stderr).to.equal(6);
      expect(refused.stderr).to.include(`${target} is locked by process 1 on elsewhere since `);
      process.kill(pid, 'SIGKILL');
      await holder.ended;
      if (backend === 'portable') {
        const {code, stderr} = dirsync(['run', source, target], {env});
        expect(code).to.equal(6);
        expect(stderr).to.include(`--lock-timeout 2m detects that, or remove ${lockOf(target)}`);
        fs.unlinkSync(lockOf(target));
      }
      const next = dirsync(['run', source, target], {env});
      expect(next.code, next.stderr).to.equal(0);
      expect(shownTree(target) === shownTree(source), 'the trees are equal').to.equal(true);
    });
  });
}

describe('story: locks, where the kernel has none for the file system', () => {
  const temp = tempDirs();

  for (const errno of ['ENOLCK', 'EOPNOTSUPP', 'ENOSYS']) {
    it(`${errno}: the file is the lock`, function () {
      if (process.platform !== 'linux' || !has('strace')) skip(this, 'strace refuses the lock');
      const {source, target} = pairIn(temp(), {a: 'x'}, {});
      const home = new Home({});
      const run = (): CliResult => {
        const strace = ['-f', '-qq', '-o', '/dev/null', '-e', 'trace=flock', '-e', `inject=flock:error=${errno}`];
        const args = [...strace, process.execPath, home.program, 'run', source, target];
        const {status, stdout, stderr} = spawnSync('strace', args, {...home.spawnOptions, encoding: 'utf8'});
        return {code: status, signal: null, stdout, stderr};
      };
      try {
        fs.mkdirSync(path.join(target, '.dirsync'));
        fs.writeFileSync(path.join(target, '.dirsync/lock'), 'of somebody');
        expect(run()).to.include({code: 6});
        fs.unlinkSync(path.join(target, '.dirsync/lock'));
        expect(run()).to.include({code: 0});
        expect(fs.readdirSync(path.join(target, '.dirsync'))).to.have.members([
          'abilities.json',
          'id.json',
          'last.manifest',
          'runs',
        ]);
      } finally {
        home.remove();
      }
    });
  }
});

describe('story: a run that lost its lock', () => {
  const temp = tempDirs();

  it('stops, says so, and leaves the lock and all else to who took it over', async () => {
    const {source, target} = pairIn(temp(), many(4000), {gone: 'deleted last'});
    const planned = await planTrees(settings(source, target));
    const lock = path.join(target, '.dirsync/lock');
    const other = '{"pid":7,"host":"other"}';
    const pool = WorkerPool.open();
    const events: Event[] = [];
    try {
      const error = await applyPlan({
        ...context(),
        plan: planned.plan,
        pool,
        runId: 'run-1',
        writer: 'test',
        approach: 'fresh',
        skipDrifted: false,
        fsync: 'none',
        live: 'copy',
        probe: false,
        lock: {timeout: 0, command: 'test', timing: {poll: 5, beat: 5, still: 1000}},
        onEvent(event) {
          events.push(event);
          if (event.type === 'action' && !fs.existsSync(`${lock}.seen`)) {
            fs.writeFileSync(`${lock}.seen`, '');
            fs.writeFileSync(lock, other);
          }
        },
      }).catch((reason) => reason);
      expect(error).to.be.instanceOf(DirsyncError).and.include({code: 'LOCK_LOST', exitCode: 6});
    } finally {
      await pool.close();
    }
    expect(fs.readFileSync(lock, 'utf8')).to.equal(other);
    expect(events.map(({type}) => type)).to.not.include('apply-done');
    expect(fs.existsSync(path.join(target, 'gone'))).to.equal(true);
    expect(fs.readdirSync(target).length).to.be.lessThan(4000);
    expect(fs.existsSync(path.join(target, '.dirsync/tmp')), 'swept by who has the lock').to.equal(true);
  });
});
