import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {setTimeout as delay} from 'node:timers/promises';
import {expect} from 'chai';
import {GUARD_NAMES} from '../../src/core/plan.js';
import {Attacker, AWAY, type Swap, type Target} from '../support/attacker.js';
import {type CliResult, dirsync, handOver, NOBODY, pairIn, startDirsync} from '../support/cli.js';
import {Chance, report, rounds} from '../support/faults.js';
import {mountedFilesystem, mounts, needMounts} from '../support/filesystems.js';
import {abilities} from '../support/odd-tree.js';
import {needRsync, rsyncDifference} from '../support/oracle.js';
import {call, has} from '../support/shell.js';
import {skip} from '../support/skip.js';
import {injecting, needStrace} from '../support/strace.js';
import {removeTree, tempDirs} from '../support/temp.js';
import {setMtime, type Tree, writeTree} from '../support/tree.js';
import {layWorld, WORLDS, type World} from '../support/worlds.js';

const FREELY = GUARD_NAMES.flatMap((name) => ['--allow', name]);
const SECRET = 'SECRET of another user ';

/** Folders in which things of each kind are done. */
const FOLDERS = [
  'changes/folder-0',
  'changes/folder-3',
  'changes',
  'links',
  'kinds',
  'kinds/nested',
  'attributes',
  'attributes/attrs-folder-3',
];
const FILES = [
  'changes/big',
  'changes/folder-1/updated-1-0',
  'changes/folder-2/same-2-0',
  'attributes/attrs-3',
  'links/changed-0',
  'kinds/upper',
];
const STATE = [
  '.dirsync',
  '.dirsync/tmp',
  '.dirsync/tmp/*',
  '.dirsync/tmp/*/worker-0',
  '.dirsync/tmp/*/waiting',
  '.dirsync/replaced',
  '.dirsync/runs',
];

const EVERYTHING = WORLDS.find(({name}) => name === 'all kinds of actions') as World;

interface Attack {
  readonly what: string;
  readonly swap: Swap;
  readonly side: 'source' | 'target';
  readonly paths: readonly string[];
  /** Only root can. */
  readonly asRoot?: boolean;
}

const ATTACKS: readonly Attack[] = [
  {what: 'folders of the target become symlinks', swap: 'link', side: 'target', paths: FOLDERS},
  {what: 'files of the target become symlinks', swap: 'link', side: 'target', paths: FILES},
  {what: 'folders of the target become files', swap: 'file', side: 'target', paths: FOLDERS},
  {what: 'folders of the source become symlinks', swap: 'link', side: 'source', paths: FOLDERS},
  {what: 'files of the source become symlinks', swap: 'link', side: 'source', paths: FILES},
  {what: 'folders of the source become files', swap: 'file', side: 'source', paths: FOLDERS},
  {what: '.dirsync and what is in it become symlinks', swap: 'link', side: 'target', paths: STATE, asRoot: true},
  {what: '.dirsync becomes a symlink', swap: 'link', side: 'target', paths: ['.dirsync']},
  {what: '.dirsync becomes a file', swap: 'file', side: 'target', paths: ['.dirsync']},
];

class Round {
  readonly source: string;
  readonly target: string;
  readonly outside: string;

  constructor(
    readonly root: string,
    world: World,
  ) {
    this.source = path.join(root, 'source');
    this.target = path.join(root, 'target');
    this.outside = path.join(root, 'outside');
    layWorld(world, 'new', this.source);
    layWorld(world, 'old', this.target);
    fs.mkdirSync(this.outside);
    // To whoever follows a symlink to them, they look like what is in the trees.
    for (const side of ['source', 'target'] as const) call('cp', ['-a', this[side], this.outside]);
    fs.mkdirSync(path.join(this.outside, 'target/.dirsync/tmp'), {recursive: true});
    hideSecrets(path.join(this.outside, 'source'));
    handOver(this.source, this.target);
  }

  targets({side, paths}: Attack): Target[] {
    return paths.map((at) => ({at: path.join(this[side], at), outside: path.join(this.outside, side, at.replace(/\*.*/, ''))}));
  }

  /** A fresh run, or one by a plan that was made in peace. */
  attackedRun(plan: string | undefined): CliResult {
    const roots = plan === undefined ? [this.source, this.target, '--yes', '--exclude', `*${AWAY}`] : [plan, '--skip-drifted'];
    return dirsync(['apply', ...roots, ...FREELY]);
  }

  savePlan(): string {
    const plan = path.join(this.root, 'plan');
    expect(dirsync(['plan', this.source, this.target, '--exclude', `*${AWAY}`, '--out', plan]).code).to.equal(0);
    return plan;
  }

  /** In peace, everything is put right. */
  putRight(): void {
    const {code, stdout, stderr} = dirsync(['apply', this.source, this.target, '--yes', ...FREELY]);
    expect(code, `a run in peace: ${stderr}${stdout}`).to.equal(0);
    expect(rsyncDifference(this.source, this.target)).to.deep.equal([]);
  }
}

describe('faults: paths swapped by an attacker while root applies', function () {
  this.timeout(3_600_000);
  const chance = new Chance();
  const memory = mountedFilesystem('tmpfs');

  before(function () {
    needRsync(this);
    if (!has('perl')) skip(this, 'perl is not installed');
    if (process.env.DIRSYNC_PLATFORM === 'portable') skip(this, 'this backend follows what is swapped in');
    if (!abilities(memory.root).xattrs) skip(this, 'no extended attributes are kept here');
  });

  async function attacked(attack: Attack, outcome: {turns: number; ended: Record<string, number>}): Promise<void> {
    const round = new Round(memory.folder(), EVERYTHING);
    const uid = attack.asRoot ? undefined : NOBODY;
    const plan = chance.int(1, 2) === 1 ? round.savePlan() : undefined;
    const before = traceOf(round.outside);
    const attacker = await Attacker.start({
      swap: attack.swap,
      targets: round.targets(attack),
      pause: chance.of([50, 300, 2000]),
      uid,
    });
    let result: CliResult;
    try {
      result = round.attackedRun(plan);
    } finally {
      outcome.turns += (await attacker.stop()).turns;
    }
    const {code, stdout, stderr} = result;
    outcome.ended[`exit ${code}`] = (outcome.ended[`exit ${code}`] ?? 0) + 1;
    expect(traceOf(round.outside), 'what is outside').to.deep.equal(before);
    expect(secretsIn(round.target), 'secrets in the target').to.deep.equal([]);
    expect(code, stderr + stdout).to.be.oneOf([0, 1, 3, 4]);
    expect(stderr).not.to.match(/bug|internal|\bat .*:\d+:\d+/i);
    round.putRight();
    removeTree(round.root);
  }

  for (const attack of ATTACKS) {
    const count = Math.ceil(rounds({full: 200, short: 9}) / ATTACKS.length);
    it(`${attack.what}: ${count} times, and nothing outside is touched or read`, async () => {
      const outcome = {turns: 0, ended: {}};
      let done = 0;
      try {
        for (; done < count; done++) await attacked(attack, outcome);
      } catch (error) {
        (error as Error).message += `\nSEED=${chance.seed}, round ${done}`;
        throw error;
      } finally {
        const {turns, ended} = outcome;
        report({
          fault: `swap: ${attack.what}`,
          rounds: done,
          seed: chance.seed,
          found: {'bytes outside': 0, swaps: turns, ...ended},
        });
      }
      expect(outcome.turns, 'swaps').to.be.greaterThan(count);
    });
  }
});

/** Whoever holds a folder open still holds it when it is moved to where it is no part of the tree. */
describe('faults: folders moved out of the tree, or mounted over, while root applies', function () {
  this.timeout(3_600_000);
  const temp = tempDirs();
  const mount = mounts();
  const chance = new Chance();
  const count = rounds({full: 20, short: 1});
  const folders = 4;
  const files = 150;

  before(function () {
    needStrace(this);
  });

  /** A run at work in one of some folders, slowly: each file takes its place only after some milliseconds, and so does each delete. */
  async function atWork() {
    const root = temp();
    const tree = (version: string, more: Tree = {}) =>
      Object.fromEntries(
        Array.from({length: folders}, (_, i) => [
          `folder-${i}`,
          {...Object.fromEntries(Array.from({length: files}, (_, n) => [`f${n}`, `${version} ${i} ${n}`])), ...more},
        ]),
      );
    const gone = Object.fromEntries(Array.from({length: files}, (_, n) => [`gone-${n}`, 'to be deleted']));
    const pair = pairIn(root, tree('the new one,'), tree('old', gone));
    const under = injecting({calls: 'renameat2,unlinkat', does: 'delay_enter=4000'});
    const running = startDirsync(['apply', pair.source, pair.target, '--yes', ...FREELY], {under});
    const folder = path.join(pair.target, `folder-${chance.int(0, folders - 1)}`);
    const isDeleting = chance.int(0, 1) === 1;
    const isThere = isDeleting
      ? () => !fs.existsSync(path.join(folder, `gone-${chance.int(0, 9)}`))
      : () => fs.readFileSync(path.join(folder, `f${chance.int(0, 9)}`), 'utf8').startsWith('the new one');
    await running.until(isThere);
    return {...pair, folder, running};
  }

  it(`nothing is changed in them once they are outside, ${count} times`, async () => {
    const found = {'changes outside': 0, 'files lost': 0};
    let done = 0;
    try {
      for (; done < count; done++) {
        const {root, folder, running} = await atWork();
        const outside = path.join(root, 'outside');
        fs.mkdirSync(outside);
        const moved = path.join(outside, 'moved');
        fs.renameSync(folder, moved);
        // What is in hand at this moment ends.
        await delay(100);
        const [before, left] = [traceOf(outside), fs.readdirSync(moved).length];
        const {stdout, stderr} = await running.ended;
        expect(stdout + stderr).to.not.match(/bug/);
        if (traceOf(outside) !== before) found['changes outside']++;
        found['files lost'] += left - fs.readdirSync(moved).length;
      }
    } finally {
      report({fault: 'swap: folders of the target are moved out', rounds: done, seed: chance.seed, found});
    }
    expect(found).to.deep.equal({'changes outside': 0, 'files lost': 0});
  });

  it(`nothing is written to what root mounts over them meanwhile, ${count} times`, async function () {
    needMounts(this);
    const found = {'changes outside': 0};
    let done = 0;
    try {
      for (; done < count; done++) {
        const {root, target, running} = await atWork();
        const outside = path.join(root, 'outside');
        writeTree(outside, {f1: 'outside', 'gone-1': 'outside'});
        const before = traceOf(outside);
        for (const name of fs.readdirSync(target)) if (name.startsWith('folder-')) mount.bind(outside, path.join(target, name));
        const {code, stdout, stderr} = await running.ended;
        expect(code, stderr + stdout).to.be.oneOf([0, 3]);
        if (traceOf(outside) !== before) found['changes outside']++;
        mount.undo();
      }
    } finally {
      report({fault: 'swap: folders of the target are mounted over', rounds: done, seed: chance.seed, found});
    }
    expect(found).to.deep.equal({'changes outside': 0});
  });
});

/** All that can be seen of a tree from outside, with what no program can set back: the ctime. */
function traceOf(root: string): string {
  return call('find', ['.', '-printf', '%p %y %m %U:%G %s %T@ %C@ %i %l\\n'], {cwd: root});
}

/** Each file gets another content of the same size and time. */
function hideSecrets(root: string): void {
  for (const entry of fs.readdirSync(root, {withFileTypes: true, recursive: true})) {
    if (!entry.isFile()) continue;
    const at = path.join(entry.parentPath, entry.name);
    const {size, mtimeNs} = fs.statSync(at, {bigint: true});
    fs.writeFileSync(at, SECRET.repeat(Math.ceil(Number(size) / SECRET.length)).slice(0, Number(size)));
    setMtime(Buffer.from(at), mtimeNs);
  }
}

function secretsIn(root: string): string[] {
  const {status, stdout} = spawnSync('grep', ['-rlsaF', '--devices=skip', SECRET.slice(0, 12), '.'], {
    cwd: root,
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim().split('\n') : [];
}
