import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {expect} from 'chai';
import {writePlanFile} from '../../src/formats/plan-file.js';
import {Home, pairIn} from '../support/cli.js';
import {Chance, IS_FULL, report, rounds} from '../support/faults.js';
import {cannotMount, mountedFilesystem} from '../support/filesystems.js';
import {thingsIn, thingsOf} from '../support/interrupted.js';
import {type Calls, callsIn, type Moment, runKilled} from '../support/killed.js';
import {inMicroseconds, type Moved, planMoves} from '../support/move-plans.js';
import {needRsync, rsyncDifference} from '../support/oracle.js';
import {has} from '../support/shell.js';
import {skip} from '../support/skip.js';
import {removeTree, tempDirs} from '../support/temp.js';
import {file, type Tree} from '../support/tree.js';

/** Each content contains its name, so that it is recognised anywhere, and has a time of its own, in whole microseconds. */
const content = (name: string) => {
  const seconds = Array.from(name).reduce((sum, letter) => sum * 31n + BigInt(letter.charCodeAt(0)), 0n) % 100_000_000n;
  return file(`${name}\n`.repeat(40 + name.length * 7), {mtime: (1_600_000_000n + seconds) * 1_000_000_000n + 123_456_000n});
};
const box = (name: string, more: Tree = {}): Tree => ({
  [`1-${name}`]: content(`1 ${name}`),
  [`2-${name}`]: content(`2 ${name}`),
  ...more,
});

/** All forms of moves, beside each other. */
const OLD: Tree = {
  swap: {a: content('swap a'), b: content('swap b')},
  folders: {a: box('fa', {gone: content('gone'), update: content('old')}), b: box('fb'), c: box('fc')},
  ring: {a: content('ring a'), d: {b: content('ring b')}, c: content('ring c')},
  family: {parent: box('parent', {child: box('child')})},
  deeper: box('deeper'),
  log: content('log 0'),
  'log.1': content('log 1'),
  'log.2': content('log 2'),
  gone: {leaves: content('leaves'), goes: content('goes')},
  turned: {out: content('out')},
  file: content('a file'),
  into: content('into'),
};

const NEW: Tree = {
  swap: {a: content('swap b'), b: content('swap a')},
  folders: {
    a: box('fb', {new: content('new')}),
    b: box('fc'),
    c: box('fa', {update: content('new content')}),
  },
  ring: {a: content('ring b'), d: {b: content('ring c')}, c: content('ring a')},
  family: {parent: box('child', {child: box('parent')})},
  deeper: {sub: box('deeper')},
  log: content('a new log'),
  'log.1': content('log 0'),
  'log.2': content('log 1'),
  'log.3': content('log 2'),
  left: content('leaves'),
  turned: content('now a file'),
  out: content('out'),
  file: {x: {into: content('into')}},
};

const MOVES: readonly Moved[] = [
  ['swap/a', 'swap/b'],
  ['swap/b', 'swap/a'],
  ['folders/a', 'folders/c'],
  ['folders/b', 'folders/a'],
  ['folders/c', 'folders/b'],
  ['ring/a', 'ring/c'],
  ['ring/d/b', 'ring/a'],
  ['ring/c', 'ring/d/b'],
  ['family/parent', 'family/parent/child'],
  ['family/parent/child', 'family/parent'],
  ['deeper', 'deeper/sub'],
  ['log', 'log.1'],
  ['log.1', 'log.2'],
  ['log.2', 'log.3'],
  ['gone/leaves', 'left'],
  ['turned/out', 'out'],
  ['into', 'file/x/into'],
];

describe('faults: killed while entries are moved', function () {
  const inMemory = cannotMount() === undefined ? mountedFilesystem('tmpfs') : undefined;
  const temp = inMemory === undefined ? tempDirs() : () => inMemory.folder();
  this.timeout(3_600_000);
  const chance = new Chance();
  let home: Home;

  before(function () {
    needRsync(this);
    if (!has('strace')) skip(this, 'strace is not installed');
    home = new Home({});
  });
  after(() => home?.remove());

  class Session {
    readonly source: string;
    readonly target: string;
    readonly plan: string;

    constructor(
      readonly root: string,
      readonly env: NodeJS.ProcessEnv,
    ) {
      ({source: this.source, target: this.target} = pairIn(root, inMicroseconds(NEW), inMicroseconds(OLD).tree));
      this.plan = path.join(root, 'plan');
    }

    async begin(): Promise<this> {
      await writePlanFile(this.plan, await planMoves({...this, moves: MOVES}));
      return this;
    }

    run(isSaved: boolean, more: {moment?: Moment | undefined; trace?: string} = {}): boolean {
      const args = isSaved ? ['apply', this.plan] : ['apply', this.source, this.target, '--yes'];
      return runKilled([...args, '--allow', 'too-many-deletes'], {home, env: this.env, ...more});
    }

    /** Every content that both trees have is somewhere in the target, and nothing is torn. */
    judge(): void {
      const texts = (root: string) => [...thingsIn(root).values()].flatMap(({kind, text}) => (kind === 'file' ? [text] : []));
      const [old, wanted] = [textsOf(OLD), textsOf(NEW)];
      const kept = ['moving', 'replaced'].flatMap((each) => texts(path.join(this.target, '.dirsync', each)));
      const found = texts(this.target);
      const there = new Set([...found, ...kept]);
      const lost = old.filter((text) => wanted.includes(text) && !there.has(text)).map(nameOf);
      const torn = found.filter((text) => !old.includes(text) && !wanted.includes(text)).map(nameOf);
      expect({lost, torn}, 'after it was killed').to.deep.equal({lost: [], torn: []});
    }

    finished(): void {
      expect(rsyncDifference(this.source, this.target)).to.deep.equal([]);
      expect(fs.readdirSync(path.join(this.target, '.dirsync'))).to.not.include.members(['moving']);
    }
  }

  const textsOf = (tree: Tree) => [...thingsOf(tree).values()].flatMap(({kind, text}) => (kind === 'file' ? [text] : []));
  const nameOf = (text: string) => text.slice(0, text.indexOf('\n'));

  for (const backend of IS_FULL ? ['posix', 'portable'] : ['posix']) {
    if (process.env.DIRSYNC_PLATFORM === 'portable' && backend === 'posix') continue;
    const env = backend === 'portable' ? {DIRSYNC_PLATFORM: 'portable'} : {};
    const share = Number(process.env.KILLS ?? rounds({full: 200, short: 12}));

    async function whole(): Promise<{calls: Calls; milliseconds: number}> {
      const session = await new Session(temp(), env).begin();
      const trace = path.join(session.root, 'trace');
      const started = Date.now();
      session.run(true, {trace});
      const milliseconds = Date.now() - started;
      session.finished();
      const calls = callsIn(fs.readFileSync(trace, 'latin1'));
      removeTree(session.root);
      return {calls, milliseconds};
    }

    it(`${backend}: ${share} times`, async () => {
      const {calls, milliseconds} = await whole();
      // Renames are what matters here.
      const often = [...calls.keys()].flatMap((call) => (call.startsWith('rename') ? [call, call, call, call] : [call]));
      const momentNow = (): Moment => {
        if (chance.int(1, 6) === 1) return {after: chance.int(Math.floor(milliseconds * 0.3), milliseconds)};
        const call = chance.of(often);
        const [first, last] = calls.get(call) as readonly [number, number];
        return {call, nth: chance.int(first, last)};
      };
      let kills = 0;
      while (kills < share) {
        const session = await new Session(temp(), env).begin();
        const story: string[] = [];
        try {
          // Once another plan has changed the target, the saved one no longer fits.
          let isSaved = true;
          let again = chance.int(1, 4);
          for (let killed = true; killed; ) {
            const moment = again-- > 0 ? momentNow() : undefined;
            isSaved &&= story.length === 0 || chance.int(1, 3) > 1;
            story.push(`${isSaved ? 'saved' : 'fresh'} plan, ${moment ? JSON.stringify(moment) : 'to its end'}`);
            killed = session.run(isSaved, {moment});
            if (killed && fs.existsSync(path.join(session.target, '.dirsync', 'lock'))) kills++;
            const lock = path.join(session.target, '.dirsync', 'lock');
            if (backend === 'portable' && fs.statSync(lock, {throwIfNoEntry: false})?.size === 0) fs.rmSync(lock);
            session.judge();
          }
          // What another plan has set aside is dropped by a run that sees both trees as they are now.
          session.run(false);
          session.finished();
          removeTree(session.root);
        } catch (error) {
          console.error(`${backend}, SEED=${chance.seed}: ${story.join('; ')} in ${session.root}`);
          throw error;
        }
      }
      report({fault: `kill -9 while entries are moved, ${backend}`, rounds: kills, seed: chance.seed, found: {lost: 0, torn: 0}});
    });
  }
});
