/** What must hold whatever happens in the middle of a run, where names cannot change places and times are of whole seconds. */
import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {GUARD_NAMES} from '../../src/core/plan.js';
import {type CliOptions, dirsync, planned} from '../support/cli.js';
import {type DiskName, disks, needDisk} from '../support/disks.js';
import {Chance, report, rounds} from '../support/faults.js';
import {remembering} from '../support/guards.js';
import {judge, nothingBroken, type Thing, type Things, thingsOf} from '../support/interrupted.js';
import {needRsync, rsyncDifference} from '../support/oracle.js';
import {bash} from '../support/shell.js';
import {removeTree, tempDirs} from '../support/temp.js';
import {layWorld, randomWorld, type Version, type World} from '../support/worlds.js';

const FREELY = GUARD_NAMES.flatMap((name) => ['--allow', name]);
const SECOND = 1_000_000_000n;
/** The mode that each file shows, where there are none. */
const MODE: Partial<Record<DiskName, number>> = {exfat: 0o777};

/** Room for a run's own files and folders; with less it cannot begin. */
const LEAST = 256 * 1024;

interface Place {
  readonly name: DiskName;
  readonly world: World;
  readonly disk: string;
  readonly source: string;
  readonly target: string;
  readonly options: CliOptions;
}

/** A version of a world, as this file system shows it. */
function shown({name, world}: Place, version: Version): Things {
  const asShown = (thing: Thing): Thing => ({
    ...thing,
    mode: MODE[name] ?? thing.mode,
    mtime: thing.mtime && thing.mtime - (thing.mtime % SECOND),
  });
  return new Map([...thingsOf(world[version])].map(([at, thing]) => [at, asShown(thing)]));
}

function lay({source, world}: Place, version: Version): void {
  if (fs.existsSync(source)) removeTree(source);
  layWorld(world, version, source);
}

function apply({source, target, options}: Place, more: CliOptions = {}) {
  return dirsync(['apply', source, target, '--yes', '--json', ...FREELY], {...options, ...more});
}

/** Runs to the end, and gives its milliseconds: everything is where it belongs, and the next run has nothing to do. */
function expectEnd(place: Place): number {
  const {name, source, target, options} = place;
  const started = Date.now();
  const {code, stdout, stderr} = apply(place);
  const milliseconds = Date.now() - started;
  expect(code, `${stderr}${stdout.slice(0, 2000)}`).to.equal(0);
  const kept = {owner: false, times: false, mode: MODE[name] === undefined, acls: false, xattrs: false};
  expect(rsyncDifference(source, target, kept)).to.deep.equal([]);
  const left = fs.readdirSync(path.join(target, '.dirsync'));
  expect(left.filter((name) => name === 'tmp' || name === 'lock')).to.deep.equal([]);
  expect(planned([source, target, ...FREELY], options)).to.deep.equal([]);
  return milliseconds;
}

describe('faults: the disks that people have', function () {
  this.timeout(3_600_000);
  const chance = new Chance();
  const disk = disks();
  const temp = tempDirs();

  before(function () {
    needRsync(this);
  });

  function begin(name: DiskName, mebibytes?: number): Place {
    const root = temp();
    const at = disk.mount(name, root, mebibytes === undefined ? {} : {mebibytes});
    const [source, target] = [path.join(root, 'source'), path.join(at, 'backup')];
    fs.mkdirSync(target);
    const place = {name, world: randomWorld(chance), disk: at, source, target, options: remembering(root)};
    lay(place, 'old');
    expectEnd(place);
    return place;
  }

  function tellSeed(body: () => void): void {
    try {
      body();
    } catch (error) {
      (error as Error).message += `\nSEED=${chance.seed}`;
      throw error;
    }
  }

  /** False when it had ended by then, and well. */
  function isKilled(place: Place, milliseconds: number): boolean {
    try {
      const {code, stdout, stderr} = apply(place, {timeout: milliseconds});
      expect(code, `${stderr}${stdout.slice(0, 2000)}`).to.equal(0);
      return false;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ETIMEDOUT') return true;
      throw error;
    }
  }

  for (const name of ['exfat', 'sshfs'] as const) {
    const count = rounds({full: 50, short: 4});
    it(`${name}: killed ${count} times, and each file is the old one or the new one`, function () {
      needDisk(this, name);
      tellSeed(() => {
        const place = begin(name);
        const {target} = place;
        const versions: [before: Version, after: Version] = ['old', 'new'];
        let [kills, milliseconds] = [0, 0];
        while (kills < count) {
          const [before, after] = versions.map((version) => shown(place, version)) as [Things, Things];
          lay(place, versions[1]);
          // The first turn is not killed: it tells how long one takes.
          for (let more = milliseconds === 0 ? 0 : chance.int(1, 4); more > 0 && kills < count; more--) {
            if (!isKilled(place, chance.int(Math.floor(milliseconds * 0.4), milliseconds))) break;
            // Who is killed before it has begun, or after its end, proves nothing.
            if (fs.existsSync(path.join(target, '.dirsync/lock'))) kills++;
            const broken = judge({target, old: before, new: after, exchanges: false});
            expect(broken, 'after it was killed').to.deep.equal(nothingBroken());
          }
          milliseconds = expectEnd(place);
          versions.reverse();
        }
        report({fault: `kill -9: ${name}`, rounds: kills, seed: chance.seed, found: {torn: 0, lost: 0}});
      });
    });
  }

  it('exfat: full, and what was there is there, or wholly new', function () {
    needDisk(this, 'exfat');
    tellSeed(() => {
      const place = begin('exfat', 48);
      const {disk: at, target} = place;
      const ballast = path.join(at, 'ballast');
      const {bavail, bsize} = fs.statfsSync(at);
      lay(place, 'new');
      // It has no fallocate.
      bash(`head -c ${bavail * bsize - LEAST} /dev/zero >ballast`, at);
      const {code, stdout, stderr} = apply(place);
      const told = `${stderr}${stdout.slice(0, 2000)}`;
      expect(code, told).to.equal(3);
      expect(JSON.parse(stdout).report.problems, told).to.not.deep.equal([]);
      const [old, wanted] = [shown(place, 'old'), shown(place, 'new')];
      expect(judge({target, old, new: wanted, exchanges: false, hasEnded: true}), told).to.deep.equal(nothingBroken());
      fs.unlinkSync(ballast);
      expectEnd(place);
    });
  });
});
