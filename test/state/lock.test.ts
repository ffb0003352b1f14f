import {spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {expect} from 'chai';
import {DirsyncError} from '../../src/core/errors.js';
import type {Holder} from '../../src/core/holder.js';
import {type ByteName, toByteName} from '../../src/core/name.js';
import type {Folder, Locked, MoveOptions, Platform} from '../../src/platform/platform.js';
import {PortablePlatform} from '../../src/platform/portable.js';
import {PosixPlatform} from '../../src/platform/posix.js';
import {hasEnded, thisProcess} from '../../src/platform/process.js';
import {isLocked, type LockOptions, TargetLock} from '../../src/state/lock.js';
import {steppedClock} from '../support/clock.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';

const onLinux = process.platform === 'linux';
const TIMING = {poll: 5, beat: 5, still: 50};

/** The posix backend where other machines know nothing of its locks, as on NFS. */
class SharedPosix extends PosixPlatform {
  override lock(folder: Folder): Locked {
    const locked = super.lock(folder);
    return locked === 'all' ? 'machine' : locked;
  }
}

describe('state/lock', () => {
  const temp = tempDirs();
  let target: string;
  let file: string;
  let locks: [TargetLock, Platform, Folder | undefined][];
  let ids: number;

  before(function () {
    if (!onLinux) skip(this, 'the posix backend runs on Linux');
  });
  beforeEach(() => {
    target = temp();
    file = path.join(target, '.dirsync/lock');
    locks = [];
    ids = 0;
  });
  afterEach(() => {
    for (const [lock, platform, root] of locks) {
      lock.release();
      if (root !== undefined) platform.close(root);
    }
  });

  function make(platform: Platform, options: Partial<LockOptions> = {}): TargetLock {
    return new TargetLock({
      platform,
      path: toByteName(target),
      id: `run-${ids++}`,
      command: 'dirsync run photos',
      now: () => new Date('2026-01-01T10:00:00.000Z'),
      timeout: 0,
      onWait: () => {},
      onLost: (reason) => expect.fail(reason.message),
      timing: TIMING,
      ...options,
    });
  }

  function take(lock: TargetLock, platform: Platform): TargetLock {
    const root = platform.openRoot(toByteName(target));
    try {
      lock.take(root);
    } catch (error) {
      platform.close(root);
      throw error;
    }
    locks.push([lock, platform, root]);
    return lock;
  }

  function hold(platform: Platform, options: Partial<LockOptions> = {}): TargetLock {
    const lock = take(make(platform, options), platform);
    lock.announce();
    return lock;
  }

  /** As a run does; false when a signal ended the wait. */
  async function inTurn(lock: TargetLock, platform: Platform, signal = new AbortController().signal): Promise<boolean> {
    for (;;) {
      if (signal.aborted) return false;
      try {
        take(lock, platform);
        return true;
      } catch (error) {
        if (!isLocked(error)) throw error;
        await lock.wait(signal);
      }
    }
  }

  function refusal(act: () => unknown): DirsyncError {
    try {
      act();
    } catch (error) {
      expect(error).to.be.instanceOf(DirsyncError).and.include({code: 'TARGET_LOCKED', exitCode: 6});
      return error as DirsyncError;
    }
    return expect.fail('it was taken');
  }

  const marked = () => ({
    ...thisProcess(),
    since: '2025-01-01T10:00:00.000Z',
    command: 'dirsync apply a b',
    id: 'other',
    flock: false,
  });
  function put(content: object | string): void {
    fs.mkdirSync(path.dirname(file), {recursive: true});
    fs.writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  }
  const read = () => JSON.parse(fs.readFileSync(file, 'utf8'));
  const endedPid = () => spawnSync('true').pid;
  const state = () => fs.readdirSync(path.dirname(file)).sort();

  for (const [name, Backend] of Object.entries({
    posix: PosixPlatform,
    'posix on a shared file system': SharedPosix,
    portable: PortablePlatform,
  })) {
    describe(name, () => {
      let platform: Platform;
      before(() => {
        platform = new Backend();
      });

      it('says who holds it, and leaves nothing', () => {
        const lock = hold(platform);
        expect(read()).to.deep.include({
          pid: process.pid,
          host: os.hostname(),
          since: '2026-01-01T10:00:00.000Z',
          command: 'dirsync run photos',
        });
        lock.release();
        expect(fs.existsSync(file)).to.equal(false);
      });

      it('changes nothing until it is announced', () => {
        take(make(platform), platform);
        expect(fs.readdirSync(target)).to.deep.equal([]);
      });

      it('keeps another run out and names the holder', () => {
        hold(platform, {command: `dirsync run \u001b[31m\u202e ${'x'.repeat(5000)}`});
        const {message, hint} = refusal(() => take(make(platform), platform));
        const who = `${target} is locked by process ${process.pid} on ${os.hostname()} since 2026-01-01T10:00:00.000Z: dirsync run`;
        expect(message).to.include(`${who} \\x1b[31m\\u202e xxx`).and.match(/x…$/);
        expect(message.length).to.be.lessThan(1000);
        expect(hint).to.include('--lock-timeout');
      });

      it('is given to a waiting run when it is free; the wait is reported once', async () => {
        const first = hold(platform);
        const told: (Holder | undefined)[] = [];
        const second = make(platform, {timeout: 60_000, onWait: (holder) => told.push(holder)});
        const waiting = inTurn(second, platform);
        await delay(5 * TIMING.poll);
        expect(told).to.have.length(1);
        expect(told[0]).to.include({pid: process.pid, command: 'dirsync run photos'});
        first.release();
        platform.close(locks.splice(0, 1)[0]?.[2] as Folder);
        expect(await waiting).to.equal(true);
        expect(second.hasWaited).to.equal(true);
        second.announce();
        expect(state()).to.deep.equal(['lock']);
      });

      it('is refused when the time is over', async () => {
        hold(platform);
        const second = make(platform, {timeout: 20});
        const error = await inTurn(second, platform).catch((reason) => reason);
        expect(error).to.include({code: 'TARGET_LOCKED'});
      });

      it('is not waited for after a signal', async () => {
        hold(platform);
        const controller = new AbortController();
        const second = make(platform, {timeout: 60_000, onWait: () => controller.abort('SIGINT')});
        expect(await inTurn(second, platform, controller.signal)).to.equal(false);
      });

      it('is free when its holder has ended', () => {
        put({...marked(), pid: endedPid()});
        hold(platform);
        expect(read()).to.include({pid: process.pid, id: 'run-0'});
      });

      it('is held by a process that is there, also one that has no lock of the kernel', () => {
        put(marked());
        expect(refusal(() => take(make(platform), platform)).message).to.include(': dirsync apply a b');
        expect(read()).to.include({id: 'other'});
      });

      it('is lost to the run that took it over, which is noticed', async () => {
        const lost = new Promise<DirsyncError>((resolve) => {
          hold(platform, {onLost: resolve});
        });
        put({...marked(), host: 'other\u001b'});
        const {code, exitCode, message} = await lost;
        expect({code, exitCode}).to.deep.equal({code: 'LOCK_LOST', exitCode: 6});
        expect(message).to.include(`on other\\x1b since 2025-01-01T10:00:00.000Z: dirsync apply a b`);
        locks[0]?.[0].release();
        expect(read()).to.include({id: 'other'});
      });

      it('beats', async () => {
        hold(platform);
        const before = fs.statSync(file).mtimeMs;
        while (fs.statSync(file).mtimeMs === before) await delay(1);
        expect(read()).to.include({id: 'run-0'});
      });
    });
  }

  describe('if the file is the lock', () => {
    const platform = new PortablePlatform();

    it('is lost when it is gone', async () => {
      const lost = new Promise<DirsyncError>((resolve) => {
        hold(platform, {onLost: resolve});
      });
      fs.unlinkSync(file);
      expect(await lost).to.include({code: 'LOCK_LOST'});
    });

    const elsewhere: Record<string, object> = {
      'of another host': {host: 'elsewhere'},
      'of another boot': {boot: 'another'},
      'of other namespaces': {space: 'pid:[1] time:[2]'},
    };
    for (const [title, fields] of Object.entries(elsewhere)) {
      it(`a holder ${title} keeps it, no matter how old the file is, and the hint says what to do`, () => {
        put({...marked(), ...fields, pid: endedPid()});
        fs.utimesSync(file, 0, 0);
        const {hint} = refusal(() => take(make(platform), platform));
        expect(hint).to.include('--lock-timeout 2m').and.include(`remove ${file}`);
      });

      it(`a holder ${title} loses it if its beat stops`, async () => {
        put({...marked(), ...fields, pid: endedPid()});
        const lock = make(platform, {timeout: 60_000});
        expect(await inTurn(lock, platform)).to.equal(true);
        lock.announce();
        expect(read()).to.include({id: 'run-0'});
      });
    }

    it('a holder elsewhere that beats keeps it', async () => {
      put({...marked(), host: 'elsewhere'});
      let beats = 0;
      class Beating extends PortablePlatform {
        override readFile(folder: Folder, name: ByteName, limit: number): Uint8Array | undefined {
          fs.utimesSync(file, 0, ++beats);
          return super.readFile(folder, name, limit);
        }
      }
      const beating = new Beating();
      const lock = make(beating, {timeout: 10 * TIMING.still});
      const error = await inTurn(lock, beating).catch((reason) => reason);
      expect(error).to.include({code: 'TARGET_LOCKED'});
      expect(read()).to.include({id: 'other'});
    });

    describe('as time passes', () => {
      const clock = steppedClock();
      /** What counts of the time between two looks. */
      const WATCHED = 5 * TIMING.poll;

      it('does not count the time that this machine slept', () => {
        put({...marked(), host: 'elsewhere'});
        const lock = make(platform);
        refusal(() => take(lock, platform));
        clock.pass(100 * TIMING.still);
        refusal(() => take(lock, platform));
        for (let watched = 2 * WATCHED; watched < TIMING.still; watched += WATCHED) {
          clock.pass(100 * TIMING.still);
          refusal(() => take(lock, platform));
        }
        clock.pass(100 * TIMING.still);
        take(lock, platform);
      });

      it('a beat restarts the wait', () => {
        put({...marked(), host: 'elsewhere'});
        const lock = make(platform);
        for (let beat = 1; beat <= 3; beat++) {
          fs.utimesSync(file, beat, beat);
          for (let watched = 0; watched < TIMING.still; watched += WATCHED) {
            refusal(() => take(lock, platform));
            clock.pass(WATCHED);
          }
        }
        take(lock, platform);
      });
    });

    it('a reused process number does not hold the lock', () => {
      put({...marked(), start: '1'});
      hold(platform);
      expect(read()).to.include({id: 'run-0'});
    });

    it('of two that find it free one gets it', () => {
      const [first, second] = [take(make(platform), platform), take(make(platform), platform)];
      first.announce();
      refusal(() => second.announce());
      expect(read()).to.include({id: 'run-0'});
    });

    it('of two that take it over one gets it', () => {
      put({...marked(), pid: endedPid()});
      const [first, second] = [take(make(platform), platform), take(make(platform), platform)];
      first.announce();
      refusal(() => second.announce());
      expect(read()).to.include({id: 'run-0'});
    });

    /** Lets others act right before the first, and right after it, that moves the file out of the way. */
    class Slow extends PortablePlatform {
      before: (() => void) | undefined;
      after: (() => void) | undefined;
      override move(options: MoveOptions): void {
        const {before, after} = this;
        [this.before, this.after] = [undefined, undefined];
        before?.();
        super.move(options);
        after?.();
      }
    }

    it('a run that takes over too late restores the moved file', () => {
      put({...marked(), pid: endedPid()});
      const slow = new Slow();
      const [first, late] = [take(make(platform), platform), take(make(slow), slow)];
      slow.before = () => first.announce();
      refusal(() => late.announce());
      expect(read()).to.include({id: 'run-0'});
    });

    it('a run that takes over at the same time as a faster one finds the file gone, and then taken', () => {
      put({...marked(), pid: endedPid()});
      const slow = new Slow();
      const [first, late] = [take(make(platform), platform), take(make(slow), slow)];
      slow.before = () => {
        first.announce();
        first.release();
      };
      late.announce();
      expect(read()).to.include({id: 'run-1'});
    });

    it('of three runs that take over, the one that lost the file to the third notices', async () => {
      put({...marked(), pid: endedPid()});
      const slow = new Slow();
      let lose: (reason: DirsyncError) => void = () => {};
      const lost = new Promise<DirsyncError>((resolve) => {
        lose = resolve;
      });
      const first = take(make(platform, {onLost: (reason) => lose(reason)}), platform);
      const late = take(make(slow), slow);
      const third = take(make(platform), platform);
      slow.before = () => first.announce();
      slow.after = () => third.announce();
      refusal(() => late.announce());
      expect(await lost).to.include({code: 'LOCK_LOST'});
      expect(read()).to.include({id: 'run-2'});
    });
  });

  describe('an invalid lock file', () => {
    const contents: Record<string, object | string> = {
      'of nothing': '',
      'half written': '{"pid":1,"host":',
      null: 'null',
      'a number': '5',
      'no number of a process': {pid: 'x'},
      'process 0': {pid: 0},
      'all processes': {pid: -1},
      'a number that no process has': {pid: 2 ** 40},
      'a host that is no text': {host: 5},
      'no command': {command: undefined},
      'more than is read': {host: 'x'.repeat(10_000)},
    };
    for (const [title, content] of Object.entries(contents)) {
      it(`${title}: does not hold the lock if all use the kernel's lock, else it does`, () => {
        put(typeof content === 'string' ? content : {...marked(), pid: endedPid(), ...content});
        const {message, hint} = refusal(() => take(make(new PortablePlatform()), new PortablePlatform()));
        expect(message).to.match(/is locked$/);
        expect(hint).to.include(`remove ${file}`);
        hold(new PosixPlatform());
        expect(read()).to.include({pid: process.pid});
      });
    }

    for (const [title, place] of Object.entries({
      'a folder': () => fs.mkdirSync(path.join(file, 'a'), {recursive: true}),
      'a symlink': () => {
        fs.mkdirSync(path.dirname(file));
        fs.symlinkSync('/etc/passwd', file);
      },
    })) {
      it(`${title} gives way, and is not followed`, async () => {
        place();
        const platform = new PortablePlatform();
        const lock = make(platform, {timeout: 60_000});
        expect(await inTurn(lock, platform)).to.equal(true);
        lock.announce();
        expect(fs.lstatSync(file).isFile()).to.equal(true);
        expect(read()).to.include({id: 'run-0'});
      });
    }
  });

  describe('on a shared file system', () => {
    it('a file of this machine means nothing once the kernel gives the lock', () => {
      put({...marked(), flock: true});
      hold(new SharedPosix());
    });

    it('a file of another machine is the lock', () => {
      put({...marked(), flock: true, boot: 'another', host: 'elsewhere'});
      refusal(() => take(make(new SharedPosix()), new SharedPosix()));
    });

    it('a file of a machine with an unknown boot is the lock, also for another such machine', () => {
      put({...marked(), flock: true, boot: '', host: 'elsewhere'});
      withoutBootId(() => refusal(() => take(make(new SharedPosix()), new SharedPosix())));
    });

    it('but on a local file system, its machine is gone', () => {
      put({...marked(), flock: true, boot: 'another', host: 'elsewhere'});
      hold(new PosixPlatform());
    });
  });

  it('a deleted file does not end a run that has the lock of the kernel', async () => {
    const platform = new PosixPlatform();
    hold(platform);
    const content = fs.readFileSync(file);
    fs.unlinkSync(file);
    await delay(3 * TIMING.beat);
    fs.writeFileSync(file, content);
    fs.utimesSync(file, 0, 0);
    while (fs.statSync(file).mtimeMs === 0) await delay(1);
  });

  it('a process that was killed and not asked after has ended', async () => {
    const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], {stdio: ['ignore', 'pipe', 'ignore']});
    try {
      const [line] = await once(parent.stdout, 'data');
      const pid = Number(line);
      // A shell would ask after its child; `sleep` does not.
      while (fs.readFileSync(`/proc/${parent.pid}/comm`, 'utf8') !== 'sleep\n') await delay(1);
      process.kill(pid, 'SIGKILL');
      const stat = () => fs.readFileSync(`/proc/${pid}/stat`, 'latin1').split(' ');
      while (stat()[2] !== 'Z') await delay(1);
      expect(hasEnded({...thisProcess(), pid, start: stat()[21] as string})).to.equal(true);
      expect(hasEnded({...thisProcess(), pid: parent.pid as number, start: ''})).to.equal(false);
    } finally {
      parent.kill('SIGKILL');
      await once(parent, 'close');
    }
  });
});

/** As where there is no /proc. */
function withoutBootId(act: () => void): void {
  const {readFileSync} = fs;
  const read = (file: unknown, ...rest: unknown[]) => {
    if (file === '/proc/sys/kernel/random/boot_id') throw Object.assign(new Error('no such file'), {code: 'ENOENT'});
    return Reflect.apply(readFileSync, fs, [file, ...rest]);
  };
  fs.readFileSync = read as typeof readFileSync;
  try {
    expect(thisProcess().boot).to.equal('');
    act();
  } finally {
    fs.readFileSync = readFileSync;
  }
}
