import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {GUARD_NAMES} from '../../src/core/plan.js';
import {dirsync} from '../support/cli.js';
import {Chance, report, rounds} from '../support/faults.js';
import {makeImage, mountedFilesystem, mounts, needMounts} from '../support/filesystems.js';
import {judge, nothingBroken, thingsOf} from '../support/interrupted.js';
import {needRsync, rsyncDifference} from '../support/oracle.js';
import {call, has} from '../support/shell.js';
import {skip} from '../support/skip.js';
import {removeTree} from '../support/temp.js';
import {layWorld, randomWorld} from '../support/worlds.js';

const FREELY = GUARD_NAMES.flatMap((name) => ['--allow', name]);

/** Room for a run's own files and folders; with less it cannot begin. */
const LEAST = 160 * 1024;

describe('faults: the disk is full', function () {
  this.timeout(3_600_000);
  const chance = new Chance();
  const memory = mountedFilesystem('tmpfs');
  const mount = mounts();
  const count = rounds({full: 100, short: 2});

  before(function () {
    needRsync(this);
    needMounts(this);
  });

  function setUp(type: 'tmpfs' | 'ext4') {
    const world = randomWorld(chance);
    const root = memory.folder();
    const [source, disk] = [path.join(root, 'source'), path.join(root, 'disk')];
    const image = path.join(root, 'image');
    if (type === 'tmpfs') mount.memory(disk, `size=${chance.int(24, 40)}m`);
    else {
      makeImage('ext4', image, chance.int(24, 40), ['-m', '0', '-i', '16384']);
      mount.image(image, disk);
    }
    const target = path.join(disk, 'target');
    layWorld(world, 'new', source);
    layWorld(world, 'old', target);
    return {world, root, source, target, disk, ballast: path.join(disk, 'ballast')};
  }

  /** Takes all the room but so much. */
  function leave(bytes: number, disk: string, ballast: string): void {
    call('sync', ['-f', disk]);
    const {bavail, bsize} = fs.statfsSync(disk);
    call('fallocate', ['-l', `${Math.max(bsize, bavail * bsize - bytes)}`, ballast]);
  }

  /** False when there was room enough after all. */
  function fill(type: 'tmpfs' | 'ext4', left: readonly string[]): boolean {
    const {world, root, source, target, disk, ballast} = setUp(type);
    const [old, wanted] = [thingsOf(world.old), thingsOf(world.new)];
    const growth = [...wanted].reduce((sum, [at, {text}]) => sum + Math.max(0, text.length - (old.get(at)?.text.length ?? 0)), 0);
    const room = chance.int(LEAST, Math.max(LEAST, growth));
    const {summary} = JSON.parse(dirsync(['plan', source, target, '--json', ...FREELY]).stdout);
    leave(room, disk, ballast);
    const {code, stdout, stderr} = dirsync(['apply', source, target, '--yes', '--json', ...FREELY]);
    const told = `${room} bytes of room for ${growth}: ${stderr}${stdout.slice(0, 2000)}`;
    const isFull = code !== 0;
    expect(judge({target, old, new: wanted, exchanges: true, hasEnded: true}), told).to.deep.equal(nothingBroken());
    if (isFull) {
      expect(code, told).to.equal(3);
      const {counts, problems} = JSON.parse(stdout).report;
      const sum = Object.values(counts as Record<string, number>).reduce((total, number) => total + number, 0);
      expect(sum, told).to.equal(summary.changes);
      // What is as large as what found no room is not begun, and told by its count alone.
      expect(problems.length, told).to.be.at.least(Math.max(1, counts.failed + counts.skipped));
      for (const name of ['tmp', 'lock'])
        expect(fs.existsSync(path.join(target, '.dirsync', name)), `.dirsync/${name}`).to.equal(false);
    }
    fs.unlinkSync(ballast);
    const again = dirsync(['apply', source, target, '--yes', ...FREELY]);
    expect(again.code, again.stderr + again.stdout).to.equal(0);
    expect(rsyncDifference(source, target)).to.deep.equal([]);
    expect(fs.readdirSync(path.join(target, '.dirsync')).sort()).to.deep.equal(left);
    mount.undo();
    removeTree(root);
    return isFull;
  }

  /** What is in `.dirsync` after a run that had all the room it wanted. */
  function leftInPeace(): string[] {
    const {root, source, target} = setUp('tmpfs');
    expect(dirsync(['apply', source, target, '--yes', ...FREELY]).code).to.equal(0);
    const left = fs.readdirSync(path.join(target, '.dirsync')).sort();
    mount.undo();
    removeTree(root);
    return left;
  }

  for (const type of ['tmpfs', 'ext4'] as const) {
    it(`${type}: ${count} times, and what was there is there, or wholly new`, function () {
      if (type === 'ext4' && !has('mkfs.ext4')) skip(this, 'mkfs.ext4 is not installed');
      const left = leftInPeace();
      let [full, roomy] = [0, 0];
      try {
        while (full < count) {
          if (fill(type, left)) full++;
          else roomy++;
        }
      } catch (error) {
        (error as Error).message += `\nSEED=${chance.seed}, round ${full + roomy}`;
        throw error;
      } finally {
        const found = {torn: 0, lost: 0, 'with room enough': roomy};
        report({fault: `full disk: ${type}`, rounds: full, seed: chance.seed, found});
      }
    });
  }
});
