import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {expect} from 'chai';
import {Home, handOver, NOBODY} from '../support/cli.js';
import {Chance, IS_FULL, report, rounds} from '../support/faults.js';
import {sparseDifference} from '../support/fidelity.js';
import {cannotMount, mountedFilesystem} from '../support/filesystems.js';
import {type Broken, judge, nothingBroken, thingsOf} from '../support/interrupted.js';
import {type Calls, callsIn, type Moment, runKilled} from '../support/killed.js';
import {abilities} from '../support/odd-tree.js';
import {needRsync, rsyncDifference} from '../support/oracle.js';
import {Reader} from '../support/reader.js';
import {has} from '../support/shell.js';
import {skip} from '../support/skip.js';
import {removeTree, tempDirs} from '../support/temp.js';
import {layWorld, PROTECTED, WORLDS, type World} from '../support/worlds.js';

/** Where the other backend has other ways to go wrong. */
const SHORT_PORTABLE = ['updates, deletes and new files', 'folders and files replace each other'];

type Backend = 'posix' | 'portable';

/** What a run that nobody killed did. */
interface Whole {
  readonly milliseconds: number;
  /** Its calls from the first change in the target on. */
  readonly calls: Calls;
  /** What it left in `.dirsync`. */
  readonly left: readonly string[];
}

describe('faults: killed at any moment', function () {
  // In memory: what flushes cost on a disk that others write to would be most of the time.
  const inMemory = cannotMount() === undefined ? mountedFilesystem('tmpfs') : undefined;
  const temp = inMemory === undefined ? tempDirs() : () => inMemory.folder();
  this.timeout(3_600_000);
  const chance = new Chance();
  const kills = Number(process.env.KILLS ?? rounds({full: 1000, short: 12}));
  const homes = new Map<number | undefined, Home>();

  before(function () {
    needRsync(this);
    if (!has('strace')) skip(this, 'strace is not installed');
  });
  after(() => {
    for (const home of homes.values()) home.remove();
  });

  function homeOf(uid: number | undefined): Home {
    const home = homes.get(uid) ?? new Home({uid});
    homes.set(uid, home);
    return home;
  }

  class Session {
    readonly root = temp();
    readonly source = path.join(this.root, 'source');
    readonly target = path.join(this.root, 'target');
    readonly plan = path.join(this.root, 'plan');
    readonly #home: Home;

    constructor(
      readonly world: World,
      readonly backend: Backend,
    ) {
      const uid = world.forUser ? NOBODY : undefined;
      layWorld(world, 'new', this.source);
      layWorld(world, 'old', this.target);
      if (world.forUser) handOver(this.root);
      this.#home = homeOf(uid);
    }

    get fresh(): string[] {
      return ['apply', this.source, this.target, '--yes', '--exclude', `/${PROTECTED}`, '--allow', 'too-many-deletes'];
    }

    get saved(): string[] {
      return ['apply', this.plan, '--allow', 'too-many-deletes'];
    }

    /** True when it was killed; one that was not must have ended well. */
    run(args: readonly string[], {moment, trace}: {moment?: Moment; trace?: string} = {}): boolean {
      const env = this.backend === 'portable' ? {DIRSYNC_PLATFORM: 'portable'} : {};
      return runKilled(args, {home: this.#home, moment, trace, env});
    }

    get left(): string[] {
      return fs.readdirSync(path.join(this.target, '.dirsync')).sort();
    }

    /** Everything is where it belongs, and nothing else is there. */
    finished({left}: Pick<Whole, 'left'>): void {
      const isPortable = this.backend === 'portable';
      const kept = isPortable ? {xattrs: false, acls: false, specials: false} : {};
      expect(rsyncDifference(this.source, this.target, {...kept, more: [`--exclude=/${PROTECTED}`]})).to.deep.equal([]);
      if (!isPortable) expect(sparseDifference(this.source, this.target)).to.deep.equal([]);
      expect(this.left, 'in .dirsync').to.deep.equal(left);
    }
  }

  function wholeRun(world: World, backend: Backend): Whole {
    const session = new Session(world, backend);
    const trace = path.join(session.root, 'trace');
    const started = Date.now();
    session.run(session.fresh, {trace});
    const milliseconds = Date.now() - started;
    const whole = {milliseconds, calls: callsIn(fs.readFileSync(trace, 'latin1')), left: session.left};
    session.finished(whole);
    removeTree(session.root);
    return whole;
  }

  function momentIn({milliseconds, calls}: Whole): Moment {
    if (chance.int(1, 4) === 1) return {after: chance.int(Math.floor(milliseconds * 0.4), milliseconds)};
    const call = chance.of([...calls.keys()]);
    const [first, last] = calls.get(call) as readonly [number, number];
    return {call, nth: chance.int(first, last)};
  }

  interface Total {
    kills: number;
    reads: number;
    readonly found: Record<string, number>;
  }

  /** Kills a run, and the next one, and so on; then lets one end. */
  async function interrupted(world: World, backend: Backend, whole: Whole, total: Total): Promise<void> {
    const session = new Session(world, backend);
    const {target} = session;
    const [old, wanted] = [thingsOf(world.old), thingsOf(world.new)];
    const hasPlan = chance.int(1, 2) === 1;
    if (hasPlan) {
      session.run(['plan', session.source, target, '--exclude', `/${PROTECTED}`, '--out', session.plan]);
    }
    const reader = chance.int(1, 4) === 1 ? new Reader(target, old, wanted) : undefined;
    const story: string[] = [];
    try {
      let again = chance.int(1, 8);
      for (let killed = true; killed; ) {
        const moment = again-- > 0 ? momentIn(whole) : undefined;
        // A plan that saw no target does not fit one that a run of another plan has made.
        const isSaved = hasPlan && (world.old === undefined || chance.int(1, 2) === 1);
        story.push(`${isSaved ? 'saved' : 'fresh'} plan, ${moment ? JSON.stringify(moment) : 'to its end'}`);
        killed = session.run(isSaved ? session.saved : session.fresh, moment && {moment});
        // Who is killed before it has begun, or after its end, proves nothing.
        if (killed && fs.existsSync(path.join(target, '.dirsync', 'lock'))) total.kills++;
        if (killed && backend === 'portable') removeEmptyLock(target);
        const broken = judge({target, old, new: wanted, exchanges: backend === 'posix'});
        for (const [what, paths] of Object.entries(broken)) total.found[what] = (total.found[what] ?? 0) + paths.length;
        expect(broken, 'after it was killed').to.deep.equal(nothingBroken() satisfies Broken);
      }
      // What the runs of another plan have set aside is dropped by one that sees both trees as they are now.
      session.run(session.fresh);
      session.finished(whole);
      if (reader !== undefined) {
        const {reads, wrong} = await reader.end();
        total.reads += reads;
        expect(wrong, 'what a reader saw').to.deep.equal([]);
      }
      removeTree(session.root);
    } catch (error) {
      (error as Error).message += `\n${world.name}, ${backend}, SEED=${chance.seed}: ${story.join('; ')}`;
      throw error;
    } finally {
      await reader?.end();
    }
  }

  const worlds = WORLDS.flatMap((world): [World, Backend][] => [
    [world, 'posix'],
    ...(world.isPortable && (IS_FULL || SHORT_PORTABLE.includes(world.name)) ? [[world, 'portable'] as [World, Backend]] : []),
  ]);
  for (const [world, backend] of worlds) {
    if (process.env.DIRSYNC_PLATFORM === 'portable' && backend === 'posix') continue;
    const share = Math.ceil(kills / worlds.length);
    it(`${world.name}, ${backend}: ${share} times`, async function () {
      if (world.needsXattrs && !abilities(temp()).xattrs) skip(this, 'no extended attributes are kept here');
      const total: Total = {kills: 0, reads: 0, found: {}};
      const whole = wholeRun(world, backend);
      try {
        while (total.kills < share) await interrupted(world, backend, whole, total);
      } finally {
        const {reads, found} = total;
        report({fault: `kill -9: ${world.name}, ${backend}`, rounds: total.kills, seed: chance.seed, found: {...found, reads}});
      }
    });
  }
});

/**
 * Where the file is the lock, one that was killed between making it and writing into it leaves a lock of nobody: the next run says how to
 * wait until that is certain, or to remove it.
 */
function removeEmptyLock(target: string): void {
  const lock = path.join(target, '.dirsync', 'lock');
  if (fs.statSync(lock, {throwIfNoEntry: false})?.size === 0) fs.rmSync(lock);
}
