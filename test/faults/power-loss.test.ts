/**
 * The target is a file system in an image, and the image lies where files can share their blocks: a copy of it is what the disk held
 * at one moment. Mounted, it is what a machine finds that lost its power then. What no copy can show is a disk that loses or
 * reorders what it was given.
 */
import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {setTimeout as delay} from 'node:timers/promises';
import {expect} from 'chai';
import {dirsync, Home} from '../support/cli.js';
import {Chance, report, rounds} from '../support/faults.js';
import {makeImage, mountedFilesystem, mounts, needMounts, toolOf} from '../support/filesystems.js';
import {judge, thingsOf} from '../support/interrupted.js';
import {needRsync, rsyncDifference} from '../support/oracle.js';
import {call, has} from '../support/shell.js';
import {skip} from '../support/skip.js';
import {removeTree} from '../support/temp.js';
import {layWorld, PROTECTED, randomWorld, WORLDS, type World} from '../support/worlds.js';

/** Before the n-th of these a run is stopped, and stays so while the disk is copied. */
const CALLS = ['renameat2', 'unlinkat', 'utimensat', 'fchmod', 'write', 'mkdirat', 'syncfs', 'linkat'];
const MEBIBYTES = {ext4: 128, xfs: 320};
const FREELY = ['--allow', 'too-many-deletes', '--exclude', `/${PROTECTED}`];

describe('faults: the power is lost', function () {
  this.timeout(3_600_000);
  const chance = new Chance();
  const memory = mountedFilesystem('tmpfs', {mebibytes: 4096});
  const disks = mounts();
  const shelf = mounts();
  let home: Home;

  before(function () {
    needRsync(this);
    needMounts(this);
    for (const tool of ['strace', toolOf('xfs'), toolOf('ext4')]) if (!has(tool)) skip(this, `${tool} is not installed`);
    if (process.env.DIRSYNC_PLATFORM === 'portable') skip(this, 'this backend has no syncfs');
    home = new Home({});
  });
  after(() => home?.remove());

  interface Outcome {
    losses: number;
    'updates torn': number;
    'new files torn': number;
    'deleted before all was written': number;
    'lost or touched': number;
  }

  /** Takes a run's disk away at some moment, and looks at what is on it; false when the run was over before. */
  async function lose(at: string, type: keyof typeof MEBIBYTES, fsync: string, left: readonly string[], outcome: Outcome) {
    const world = chance.int(1, 3) === 1 ? randomWorld(chance) : chance.of(WORLDS.filter(({forUser}) => !forUser));
    const root = memory.folder();
    const [source, disk] = [path.join(root, 'source'), path.join(root, 'disk')];
    const [image, copy] = [path.join(at, 'image'), path.join(at, 'copy')];
    call('cp', ['--reflink=always', path.join(at, type), image]);
    disks.image(image, disk);
    layWorld(world, 'new', source);
    layWorld(world, 'old', path.join(disk, 'target'));
    call('sync', ['-f', disk]);

    const run = start(source, path.join(disk, 'target'), fsync);
    const isAtWork = await run.atMoment(disk);
    // The journal of the file system may be written at any time, and content later: here, now.
    if (chance.int(1, 3) > 1) commit(path.join(disk, 'other'));
    call('cp', ['--reflink=always', image, copy]);
    await run.goOn();
    disks.undo();
    if (isAtWork) {
      disks.image(copy, disk, type === 'xfs' ? 'nouuid' : undefined);
      outcome.losses++;
      inspect(world, source, path.join(disk, 'target'), fsync, left, outcome);
      disks.undo();
    }
    removeTree(root);
  }

  function start(source: string, target: string, fsync: string) {
    const args = [process.execPath, home.program, 'apply', source, target, '--yes', '--fsync', fsync, ...FREELY];
    const stop = chance.int(1, 4) > 1 && `${chance.of(CALLS)}:signal=SIGSTOP:when=${chance.int(1, 40)}`;
    const tracer = [
      'strace',
      '-f',
      '-qq',
      '-o',
      '/dev/null',
      '-e',
      `trace=${String(stop).split(':')[0]}`,
      '-e',
      `inject=${stop}`,
    ];
    const [file = '', ...rest] = stop ? [...tracer, ...args] : args;
    const child = spawn(file, rest, {...home.spawnOptions, stdio: 'ignore'});
    const ended = once(child, 'exit');
    const program = () => (stop ? childOf(child) : child.pid);
    return {
      /** False when it had ended before. */
      async atMoment(disk: string): Promise<boolean> {
        if (!stop) {
          while (child.exitCode === null && !fs.existsSync(path.join(disk, 'target/.dirsync/lock'))) await delay(1);
          await delay(chance.int(0, 300));
        }
        // A thread is stopped for a moment at each call that strace looks at, too.
        for (let seen = 0; child.exitCode === null && stop && seen < 5; await delay(4))
          seen = isStopped(program()) ? seen + 1 : 0;
        return child.exitCode === null;
      },
      async goOn(): Promise<void> {
        // Each of its threads comes to its n-th call, and stops them all.
        for (; child.exitCode === null && child.signalCode === null; await delay(5)) resume(program());
        await ended;
        expect(child.exitCode, 'the run whose disk was copied').to.equal(0);
      },
    };
  }

  function inspect(world: World, source: string, target: string, fsync: string, left: readonly string[], outcome: Outcome): void {
    const old = thingsOf(world.old);
    const {torn, lost, touched, ...other} = judge({target, old, new: thingsOf(world.new), exchanges: true});
    const early = other['deleted wrongly'];
    for (const at of torn) outcome[old.has(at) ? 'updates torn' : 'new files torn']++;
    outcome['deleted before all was written'] += early.length;
    outcome['lost or touched'] += lost.length + touched.length;
    // Without a flush of each file a new one may have its name before its content; but nothing that is replaced is ever lost.
    expect({torn: fsync === 'each' ? torn : torn.filter((at) => old.has(at)), lost, touched, early}).to.deep.equal({
      torn: [],
      lost: [],
      touched: [],
      early: [],
    });
    if (fs.existsSync(target)) {
      const history = dirsync(['history', '--target', target]);
      expect(history.code, history.stderr).to.equal(0);
    }
    const again = dirsync(['apply', source, target, '--yes', ...FREELY]);
    expect(again.code, again.stderr + again.stdout).to.equal(0);
    expect(rsyncDifference(source, target, {more: [`--exclude=/${PROTECTED}`]})).to.deep.equal([]);
    expect(fs.readdirSync(path.join(target, '.dirsync')).sort()).to.deep.equal(left);
  }

  /** What is in `.dirsync` after a run in peace. */
  function leftInPeace(): string[] {
    const root = memory.folder();
    const [source, target] = [path.join(root, 'source'), path.join(root, 'target')];
    layWorld(randomWorld(chance), 'new', source);
    expect(dirsync(['apply', source, target, '--yes']).code).to.equal(0);
    return fs.readdirSync(path.join(target, '.dirsync')).sort();
  }

  for (const type of ['ext4', 'xfs'] as const) {
    for (const fsync of ['end', 'each'] as const) {
      const count = Math.ceil(rounds({full: 60, short: 4}) / 4);
      it(`on ${type}, --fsync ${fsync}: ${count} times`, async () => {
        const at = path.join(memory.folder(), 'shelf');
        makeImage('xfs', `${at}.image`, 1024);
        shelf.image(`${at}.image`, at);
        makeImage(type, path.join(at, type), MEBIBYTES[type]);
        const left = leftInPeace();
        const outcome: Outcome = {
          losses: 0,
          'updates torn': 0,
          'new files torn': 0,
          'deleted before all was written': 0,
          'lost or touched': 0,
        };
        try {
          while (outcome.losses < count) await lose(at, type, fsync, left, outcome);
        } catch (error) {
          (error as Error).message += `\nSEED=${chance.seed}, loss ${outcome.losses}`;
          throw error;
        } finally {
          const {losses, ...found} = outcome;
          report({fault: `power loss: ${type}, --fsync ${fsync}`, rounds: losses, seed: chance.seed, found: {...found}});
        }
      });
    }
  }
});

/** Has the file system write its journal, by flushing a file that has nothing to do with the run. */
function commit(at: string): void {
  const file = fs.openSync(at, 'a');
  fs.writeSync(file, '.');
  fs.fsyncSync(file);
  fs.closeSync(file);
}

/** The program that strace runs. */
function childOf({pid}: ChildProcess): number | undefined {
  try {
    const [first] = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    return first ? Number(first) : undefined;
  } catch {
    return undefined;
  }
}

function resume(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(pid, 'SIGCONT');
  } catch {
    // It has ended by itself.
  }
}

function isStopped(pid: number | undefined): boolean {
  try {
    return / [Tt] /.test(fs.readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}
