/** Holes stay holes, and on file systems that have reflinks, blocks are shared. */
import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {applied, arrived} from '../support/faithful.js';
import {bytesOnDisk, needFidelityTools, sparseDifference} from '../support/fidelity.js';
import {FILESYSTEMS, mountedFilesystem} from '../support/filesystems.js';
import {bash, call, has} from '../support/shell.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

for (const type of FILESYSTEMS) {
  describe(`story: sparse files: ${type}`, function () {
    this.timeout(120_000);
    const filesystem = mountedFilesystem(type);
    const temp = tempDirs();

    before(function () {
      needFidelityTools(this);
    });

    function pair() {
      const sync = {source: path.join(temp(), 'source'), target: filesystem.folder()};
      fs.mkdirSync(sync.source);
      return sync;
    }

    /** Writes pieces of a byte into a file of this size. */
    function write(file: string, size: number, pieces: readonly (readonly [at: number, length: number])[]): void {
      const handle = fs.openSync(file, fs.constants.O_RDWR | fs.constants.O_CREAT);
      fs.ftruncateSync(handle, size);
      for (const [at, length] of pieces) fs.writeSync(handle, Buffer.alloc(length, 'x'), 0, length, at);
      fs.closeSync(handle);
    }

    it('a file of 10 GiB with 1 MiB of data stays one', () => {
      const {source, target} = pair();
      const pieces = Array.from({length: 16}, (_, i): [number, number] => [Math.floor((i * 10 * GIB) / 16), 65_536]);
      write(path.join(source, 'huge'), 10 * GIB, pieces);
      applied({source, target});
      call('sync', ['-f', target]);
      expect(fs.statSync(path.join(target, 'huge')).size).to.equal(10 * GIB);
      expect(bytesOnDisk(path.join(target, 'huge')))
        .to.be.at.least(MIB)
        .and.below(4 * MIB);
      const handle = fs.openSync(path.join(target, 'huge'), 'r');
      for (const [at, length] of pieces) {
        const read = Buffer.alloc(length + 1);
        fs.readSync(handle, read, 0, read.length, at);
        expect(read.indexOf(0), `at ${at}`).to.equal(length);
      }
      fs.closeSync(handle);
    });

    it('holes at the start, in the middle, at the end, and nothing but a hole', () => {
      const {source, target} = pair();
      const make = (name: string, size: number, pieces: readonly (readonly [number, number])[]) =>
        write(path.join(source, name), size, pieces);
      make('start', 8 * MIB, [[7 * MIB, MIB]]);
      make('middle', 8 * MIB, [
        [0, MIB],
        [7 * MIB, MIB],
      ]);
      make('end', 8 * MIB + 1, [[0, 1]]);
      make('hole', 64 * MIB, []);
      make('odd', 3_000_001, [[1_500_001, 3]]);
      make(
        'many',
        64 * MIB,
        Array.from({length: 64}, (_, i): [number, number] => [i * MIB + 12_345, 5000]),
      );
      applied({source, target});
      arrived({source, target});
      expect(sparseDifference(source, target, 128 * 1024)).to.deep.equal([]);
      expect(bytesOnDisk(path.join(target, 'hole'))).to.be.below(64 * 1024);
    });

    it('a sparse file that is edited stays sparse, and data that became a hole is a hole', () => {
      const {source, target} = pair();
      write(path.join(source, 'file'), 32 * MIB, [
        [0, 4 * MIB],
        [16 * MIB, MIB],
      ]);
      applied({source, target});
      arrived({source, target});
      write(path.join(source, 'file'), 48 * MIB, [[40 * MIB, 1000]]);
      call('fallocate', ['--punch-hole', '--offset', '0', '--length', `${4 * MIB}`, path.join(source, 'file')]);
      applied({source, target});
      arrived({source, target});
      expect(sparseDifference(source, target)).to.deep.equal([]);
    });

    it('allocated zeros are read as zeros', () => {
      const {source, target} = pair();
      fs.writeFileSync(path.join(source, 'zeros'), Buffer.alloc(3 * MIB));
      call('fallocate', ['--length', `${3 * MIB}`, path.join(source, 'allocated')]);
      applied({source, target});
      arrived({source, target});
    });
  });
}

for (const type of ['btrfs', 'xfs'] as const) {
  describe(`story: reflinks: ${type}`, () => {
    const filesystem = mountedFilesystem(type);

    before(function () {
      needFidelityTools(this);
      if (!has('filefrag')) skip(this, 'filefrag is not installed');
    });

    const sharedExtents = (file: string) =>
      call('filefrag', ['-v', file], {env: {PATH: `${process.env.PATH}:/usr/sbin`}}).match(/shared/g)?.length ?? 0;

    it('a file copied within a file system shares its blocks, and is a file of its own', () => {
      const root = filesystem.folder();
      const [source, target] = [path.join(root, 'source'), path.join(root, 'target')];
      for (const folder of [source, target]) fs.mkdirSync(folder);
      bash(
        'head -c 8M /dev/urandom >big; head -c 8M /dev/urandom >updated; head -c 1M /dev/urandom >../target/updated; sync -f .',
        source,
      );
      expect(sharedExtents(path.join(source, 'big')), 'before').to.equal(0);
      applied({source, target});
      call('sync', ['-f', target]);
      arrived({source, target}, {directoryLinks: false});
      for (const name of ['big', 'updated']) expect(sharedExtents(path.join(target, name)), name).to.be.greaterThan(0);
      bash('printf changed | dd of=big conv=notrunc status=none', target);
      expect(fs.readFileSync(path.join(source, 'big')).subarray(0, 7).equals(Buffer.from('changed'))).to.equal(false);
    });
  });
}
