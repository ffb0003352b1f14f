import {deflateRawSync, inflateRawSync} from 'node:zlib';
import {expect} from 'chai';
import fc from 'fast-check';
import {BLOCK_ENTRIES, type Block, CODE, emptyStat, nameAt} from '../../src/core/block.js';
import {BlockWriter} from '../../src/core/block-writer.js';
import type {RelPath} from '../../src/core/path.js';
import {ManifestWriter, NewerManifest, NotAManifest, openManifest} from '../../src/formats/manifest-file.js';
import {Devices, decodeFrame, encodeFrame, FRAME_HEAD} from '../../src/formats/manifest-frame.js';
import {FormatError, HostilePathError} from '../../src/formats/shapes.js';
import {accessTo, manifestOf, openBytes, pathsIn, readAll, seal, usedColumns} from '../support/manifest.js';
import {blocksOf, device, excluded, partial, ruled, unknown, was} from '../support/streams.js';
import {arbitraryTree, dir, fifo, file, hardlink, symlink, type Tree} from '../support/tree.js';

const rel = (path: string) => path as RelPath;

/** All kinds of rows. */
const RICH: Tree = {
  'a\udcff': file('text', {mtime: -1n, uid: 0, xattrs: {'user.a': 'YQ==', 'user.b': '?'}}),
  b: dir({x: 'x', 'x-1': file('y', {xattrs: {'user.a': 'YQ=='}}), 'x-2': file('z', {xattrs: {'user.a': 'YQ=='}})}),
  c: dir({deep: dir({deeper: dir({deepest: ''})}), next: symlink('../\udcff')}),
  d: hardlink('b/x'),
  dev: device('8:1'),
  e: excluded(),
  f: unknown(),
  g: partial(),
  h: ruled('\0\xffrules', {i: fifo()}),
  other: was('OTHER', symlink('x')),
  'z z': file('', {mtime: 2n ** 60n * 1_000_000_000n - 1n}),
};

const columns = (blocks: readonly Block[]) => blocks.map(usedColumns);

describe('formats/manifest-file', () => {
  describe('writing and reading', () => {
    it('law: gives back any tree, in blocks of any size', () => {
      fc.assert(
        fc.property(arbitraryTree, fc.constantFrom(1, 2, 3, 1000), (tree, rows) => {
          const blocks = blocksOf(tree, rows);
          expect(columns(readAll(manifestOf(blocks)))).to.deep.equal(columns(blocks));
        }),
      );
    });
    it('gives back every kind of row', () => {
      for (const rows of [1, 2, 5, 100]) {
        const blocks = blocksOf(RICH, rows);
        expect(columns(readAll(manifestOf(blocks)))).to.deep.equal(columns(blocks));
      }
    });
    it('law: gives back any numbers in all columns', () => {
      const u32 = fc.nat(0xffffffff);
      const safe = fc.oneof(fc.maxSafeInteger(), fc.constantFrom(-1, 0, 2 ** 32, 2 ** 32 - 1, Number.MIN_SAFE_INTEGER));
      const row = fc.record({
        mode: fc.nat(0o7777),
        uid: u32,
        gid: u32,
        size: fc.maxSafeNat(),
        seconds: safe,
        nanoseconds: fc.nat(999_999_999),
        device: u32,
        inodeLow: u32,
        inodeHigh: u32,
        links: u32,
        birthSeconds: u32,
        birthNanoseconds: fc.nat(999_999_999),
        changeSeconds: u32,
        changeNanoseconds: fc.nat(999_999_999),
      });
      fc.assert(
        fc.property(fc.array(row, {maxLength: 40}), (rows) => {
          const blocks: Block[] = [];
          const writer = new BlockWriter((block) => blocks.push(block));
          writer.append(0, '', {...emptyStat(), code: CODE.directory});
          for (const [i, each] of rows.entries()) writer.append(1, `${i + 100}`, {...emptyStat(), code: CODE.file, ...each});
          writer.finish();
          expect(columns(readAll(manifestOf(blocks)))).to.deep.equal(columns(blocks));
        }),
      );
    });
    it('keeps digests of files', () => {
      const [block] = blocksOf({a: 'x', b: dir({}), c: 'y'}) as [Block];
      const digests = new Uint8Array(32 * block.count);
      digests.fill(7, 32, 64);
      digests.fill(9, 96, 128);
      const [read] = readAll(manifestOf([{...block, digests}])) as [Block];
      expect(read.digests).to.deep.equal(digests);
    });
    it('has header and closing facts, and the path of each first row', () => {
      const blocks = blocksOf(RICH, 3);
      const manifest = openBytes(manifestOf(blocks, {header: {writer: 'me'}, closing: {totals: [1]}}));
      expect([manifest.header, manifest.closing]).to.deep.equal([{writer: 'me'}, {totals: [1]}]);
      expect(manifest.rows).to.equal(blocks.reduce((sum, {count}) => sum + count, 0));
      expect(manifest.frames.map(({first, rows}) => [first, rows])).to.deep.equal(
        blocks.map(({count}, k) => [pathsIn(blocks, k)[0], count]),
      );
    });
    it('is read where it is in a larger file', () => {
      const bytes = manifestOf(blocksOf(RICH, 2));
      const larger = Buffer.concat([Buffer.alloc(5, 1), bytes, bytes, Buffer.alloc(9, 1)]);
      for (const offset of [5, 5 + bytes.length]) {
        const manifest = openBytes(larger, {offset, length: bytes.length});
        expect(columns([...manifest.blocks()])).to.deep.equal(columns(blocksOf(RICH, 2)));
      }
      expect(() => openBytes(larger, {offset: 5, length: bytes.length + 1})).to.throw(FormatError, 'something follows its end');
      expect(() => openBytes(larger, {offset: 5, length: 2 * bytes.length})).to.throw(FormatError);
    });
    it('finds the frames with the rows at and below a path', () => {
      const blocks = blocksOf(RICH, 2);
      const manifest = openBytes(manifestOf(blocks));
      for (const path of ['', 'a\udcff', 'b', 'b/x', 'b/x-1', 'c', 'c/deep/deeper', 'd', 'h/i', 'nowhere', 'zz']) {
        const expected = new Set<number>();
        const found = new Set<number>();
        const {from, to} = manifest.framesAt(rel(path));
        for (const [k] of blocks.entries()) {
          const isThere = pathsIn(blocks, k).some((each) => path === '' || each === path || each.startsWith(`${path}/`));
          if (isThere) expected.add(k);
          if (k >= from && k < to) found.add(k);
        }
        for (const k of expected) expect(found.has(k), `${path} in frame ${k}`).to.equal(true);
        expect(found.size, path).to.be.at.most(Math.max(1, expected.size + 1));
      }
    });
    it('copies frames of another manifest as they are, with other numbers for its devices', () => {
      const old = openBytes(manifestOf(blocksOf(RICH, 4)));
      const pieces: Uint8Array[] = [];
      const writer = new ManifestWriter({}, (bytes) => pieces.push(bytes));
      for (const [k, {first}] of old.frames.entries()) writer.add(old.bytes(k), first);
      writer.finish({}, [77]);
      const copied = openBytes(Buffer.concat(pieces));
      for (const block of copied.blocks()) expect(new Set(block.device)).to.deep.equal(new Set([77]));
      expect([...copied.blocks()].map(({count}) => count)).to.deep.equal([...old.blocks()].map(({count}) => count));
    });
    it('takes the fewest bytes for what repeats', () => {
      const tree = Object.fromEntries(Array.from({length: 4000}, (_, i) => [`picture-${10_000 + i}.jpeg`, 'x']));
      const bytes = manifestOf(blocksOf(dir({p: dir(tree)})));
      expect(bytes.length / 4000).to.be.below(1.5);
    });
    it('writes the same bytes for the same tree', () => {
      expect(manifestOf(blocksOf(RICH, 5)).equals(manifestOf(blocksOf(RICH, 5)))).to.equal(true);
    });
    it('refuses too many devices, too long a header, and a block with too much text', () => {
      const writer = new ManifestWriter({}, () => undefined);
      expect(() => writer.finish({}, new Array(5000).fill(1))).to.throw(FormatError, 'devices');
      expect(() => new ManifestWriter({text: 'x'.repeat(1 << 20)}, () => undefined)).to.throw(FormatError, '1 MiB');
      const [block] = blocksOf({a: 'x'}) as [Block];
      const long = {
        ...block,
        nameEnd: Uint32Array.of(0, 6 << 20),
        belongsEnd: Uint32Array.of(0, 6 << 20),
        end: Uint32Array.of(0, 6 << 20),
      };
      expect(() => encodeFrame({...long, text: new Uint8Array(6 << 20)}, new Devices())).to.throw(FormatError, 'too much text');
    });
  });

  describe('damage', () => {
    const whole = manifestOf(blocksOf(RICH, 6), {closing: {totals: 1}});
    it('any flipped bit is found', () => {
      for (let i = 0; i < whole.length; i++) {
        for (const bit of [0, 3, 7]) {
          const bytes = Buffer.from(whole);
          bytes[i] = (bytes[i] as number) ^ (1 << bit);
          expect(() => readAll(bytes), `bit ${bit} of byte ${i}`).to.throw(FormatError);
        }
      }
    });
    it('any shorter and any longer file is refused', () => {
      for (let length = 0; length < whole.length; length++) {
        expect(() => readAll(whole.subarray(0, length)), String(length)).to.throw(FormatError);
      }
      expect(() => readAll(Buffer.concat([whole, Buffer.of(0)]))).to.throw(FormatError, 'something follows its end');
      expect(() => readAll(Buffer.concat([whole, whole]))).to.throw(FormatError);
    });
    it('a file that becomes shorter while it is read', () => {
      const {read} = accessTo(whole);
      const manifest = openBytes(whole);
      expect(manifest.frames.length).to.be.above(2);
      const bytes = Buffer.from(whole);
      const shrinking = {
        size: whole.length,
        read: (offset: number, length: number) => read(offset, length).subarray(0, length - 1),
      };
      expect(() => openBytes(bytes, undefined)).not.to.throw();
      expect(() => [...openManifest(shrinking).blocks()]).to.throw(FormatError);
    });
    it('files that are no manifests, and newer ones', () => {
      for (const bytes of [
        Buffer.alloc(0),
        Buffer.from('x'),
        Buffer.alloc(100_000),
        Buffer.from('{"dirsync":"plan"}'),
        Buffer.from('\x1f\x8b'),
      ]) {
        expect(() => openBytes(bytes)).to.throw(NotAManifest);
      }
      const newer = Buffer.from(whole);
      newer.writeUInt32LE(2, 8);
      expect(() => openBytes(newer)).to.throw(NewerManifest, 'has format 2; this dirsync reads format 1');
    });
    it('zeros without end take no memory', () => {
      let asked = 0;
      const zeros = {
        size: 2 ** 31,
        read(_: number, length: number) {
          asked += length;
          return new Uint8Array(length);
        },
      };
      expect(() => openManifest(zeros)).to.throw(NotAManifest);
      expect(asked).to.be.below(100);
    });
    it('random bytes after a valid start', () => {
      fc.assert(
        fc.property(fc.uint8Array({minLength: 1, maxLength: 400}), fc.nat(whole.length - 1), (noise, at) => {
          const bytes = Buffer.from(whole);
          bytes.set(noise.subarray(0, bytes.length - at), at);
          if (!bytes.equals(whole)) expect(() => readAll(bytes)).to.throw(FormatError);
        }),
      );
    });
  });

  describe('hostile content', () => {
    /** The same block with other values in single rows of its columns. */
    function changed(block: Block, changes: Partial<Record<keyof Block, Record<number, number>>>): Block {
      const copy: Record<string, unknown> = {...block};
      for (const [name, rows] of Object.entries(changes)) {
        const column = (block[name as keyof Block] as Uint8Array).slice();
        for (const [row, value] of Object.entries(rows)) column[Number(row)] = value;
        copy[name] = column;
      }
      return copy as unknown as Block;
    }
    /** A block whose names are replaced by other ones. */
    function named(names: readonly string[], depths: readonly number[] = names.map((_, i) => Math.min(i, 1))): Block {
      const blocks: Block[] = [];
      const writer = new BlockWriter((block) => blocks.push(block));
      for (const [i, name] of names.entries()) writer.append(depths[i] as number, name, {...emptyStat(), code: CODE.directory});
      writer.finish();
      return blocks[0] as Block;
    }
    const decode = (block: Block) => decodeFrame(encodeFrame(block, new Devices()), [1]);

    const names: [title: string, names: string[], depths: number[], error: typeof FormatError][] = [
      ['names out of order', ['', 'b', 'a'], [0, 1, 1], FormatError],
      ['a name twice', ['', 'a', 'a'], [0, 1, 1], FormatError],
      ['a name before its own start', ['', 'ab', 'a'], [0, 1, 1], FormatError],
      ['names out of order below a folder', ['', 'a', 'y', 'x'], [0, 1, 2, 2], FormatError],
      ['a folder after its sibling came', ['', 'b', 'c', 'a'], [0, 1, 2, 1], FormatError],
      ['an empty name', ['', 'a', ''], [0, 1, 2], HostilePathError],
      ['"."', ['', '.'], [0, 1], HostilePathError],
      ['".."', ['', 'a', '..'], [0, 1, 2], HostilePathError],
      ['a slash', ['', 'a/b'], [0, 1], HostilePathError],
      ['a NUL', ['', 'a\0b'], [0, 1], HostilePathError],
      ['.dirsync', ['', '.dirsync'], [0, 1], HostilePathError],
      ['a root with a name', ['a'], [0], FormatError],
      ['a second root', ['', ''], [0, 0], FormatError],
      ['a missing folder', ['', 'a', 'b'], [0, 1, 3], FormatError],
    ];
    for (const [title, given, depths, error] of names) {
      it(title, () => {
        expect(() => decode(named(given, depths))).to.throw(error);
      });
    }
    it('but not what only looks like it', () => {
      const given = ['', '...', '.a', '.dirsync2', 'a', '.dirsync', 'a.', '\xff'];
      const depths = [0, 1, 1, 1, 1, 2, 1, 1];
      expect(decode(named(given, depths)).count).to.equal(given.length);
    });

    const [block] = blocksOf(RICH) as [Block];
    const rowOf = (name: string) =>
      Array.from({length: block.count}, (_, i) => i).find((i) => nameAt(block, i) === name) as number;
    const cases: [title: string, changes: Parameters<typeof changed>[1], message: string][] = [
      ['an entry below a file', {code: {[rowOf('b')]: CODE.fifo}}, 'below something that is not a folder'],
      ['a root that is a file', {code: {0: CODE.file}}, 'not a folder'],
      ['code 0', {code: {[rowOf('d')]: 0}}, 'unknown kind'],
      ['code 10', {code: {[rowOf('d')]: 10}}, 'unknown kind'],
      ['an unknown flag', {flags: {[rowOf('d')]: 8}}, 'impossible flag'],
      ['a mode', {mode: {[rowOf('d')]: 0o10000}}, 'impossible mode'],
      ['nanoseconds', {nanoseconds: {[rowOf('d')]: 1_000_000_000}}, 'impossible time'],
      ['nanoseconds of birth', {birthNanoseconds: {[rowOf('d')]: 1_000_000_000}}, 'impossible time'],
      ['nanoseconds of a change', {changeNanoseconds: {[rowOf('d')]: 1_000_000_000}}, 'impossible time'],
      ['seconds beyond what a number counts', {seconds: {[rowOf('d')]: 2 ** 60}}, 'impossible time'],
      ['a size beyond what a number counts', {size: {[rowOf('d')]: 2 ** 60}}, 'impossible size'],
      ['a negative size', {size: {[rowOf('d')]: -1}}, 'size that no entry can have'],
      ['a folder with a size', {size: {[rowOf('b')]: 1}}, 'size that no entry can have'],
      ['a device of no list', {device: {[rowOf('d')]: 2}}, 'impossible device'],
      ['a file with belongings', {code: {[rowOf('dev')]: CODE.file}}, 'belongings'],
      ['a symlink to nothing', {code: {[rowOf('d')]: CODE.symlink}}, 'belongings'],
      ['a device without numbers', {code: {[rowOf('d')]: CODE.chardev}}, 'belongings'],
      ['an unread entry with attributes', {code: {1: CODE.unknown}, size: {1: 0}}, 'not read'],
      ['a name of its own that is missing', {flags: {[rowOf('d')]: 4}}, 'name of its own'],
    ];
    for (const [title, changes, message] of cases) {
      it(title, () => {
        expect(() => decode(changed(block, changes))).to.throw(FormatError, message);
      });
    }
    it('names of their own that lead elsewhere', () => {
      for (const own of ['..', '.', 'a/b', '']) {
        expect(() => decode(blocksOf({a: was(own, 'x')})[0] as Block), own).to.throw(HostilePathError);
      }
    });
    it('extended attributes without a namespace, and with values that are none', () => {
      for (const xattrs of [{nodot: 'YQ=='}, {'user.a': 'not base64!'}, {'user.a': 'x'.repeat(50_000)}]) {
        expect(() => decode(blocksOf({a: file('', {xattrs})})[0] as Block)).to.throw(FormatError, 'extended attributes');
      }
    });

    it('counts and lengths that lie', () => {
      const good = encodeFrame(block, new Devices());
      expect(decodeFrame(good, [1]).count).to.equal(block.count);
      const resealed = (change: (bytes: Buffer) => void) => {
        const bytes = Buffer.from(good);
        change(bytes);
        return () => decodeFrame(seal(bytes), [1]);
      };
      expect(resealed((bytes) => bytes.writeUInt32LE(block.count - 1, 24))).to.throw(FormatError);
      expect(resealed((bytes) => bytes.writeUInt32LE(block.count + 1, 24))).to.throw(FormatError);
      expect(resealed((bytes) => bytes.writeUInt32LE(0, 24))).to.throw(FormatError, 'impossible');
      expect(resealed((bytes) => bytes.writeUInt32LE(BLOCK_ENTRIES + 1, 24))).to.throw(FormatError, 'impossible');
      expect(resealed((bytes) => bytes.writeUInt32LE(0xffffffff, 20))).to.throw(FormatError, 'impossible');
      expect(resealed((bytes) => bytes.writeUInt32LE(bytes.readUInt32LE(20) - 1, 20))).to.throw(FormatError, 'unpacked');
      expect(resealed((bytes) => bytes.writeUInt32LE(bytes.readUInt32LE(20) + 1, 20))).to.throw(FormatError, 'unpacked');
      expect(resealed((bytes) => bytes.writeUInt32LE(bytes.readUInt32LE(16) - 1, 16))).to.throw(FormatError, 'length');
      const longer = Buffer.concat([good, Buffer.of(0)]);
      longer.writeUInt32LE(longer.length - FRAME_HEAD, 16);
      expect(() => decodeFrame(seal(longer), [1])).to.throw(FormatError, 'unpacked');
    });
    it('law: any changed columns with a valid checksum are read or refused, and nothing else', () => {
      const raw = inflateRawSync(encodeFrame(block, new Devices()).subarray(FRAME_HEAD));
      fc.assert(
        fc.property(fc.nat(raw.length - 1), fc.uint8Array({minLength: 1, maxLength: 6}), (at, noise) => {
          const other = Buffer.from(raw);
          other.set(noise.subarray(0, other.length - at), at);
          const packed = deflateRawSync(other);
          const frame = Buffer.concat([Buffer.alloc(FRAME_HEAD), packed]);
          frame.writeUInt32LE(packed.length, 16);
          frame.writeUInt32LE(other.length, 20);
          frame.writeUInt32LE(block.count, 24);
          try {
            const read = decodeFrame(seal(frame), [1]);
            expect(columns([decode(read)])).to.deep.equal(columns([read]));
          } catch (error) {
            expect(error).to.be.instanceOf(FormatError);
          }
        }),
        {numRuns: 2000},
      );
    });

    /** A manifest of these blocks with these first paths, true or not. */
    function claimed(blocks: readonly Block[], firsts: readonly string[]): () => Block[] {
      const devices = new Devices();
      const pieces: Uint8Array[] = [];
      const writer = new ManifestWriter({}, (bytes) => pieces.push(bytes));
      for (const [i, block] of blocks.entries()) writer.add(encodeFrame(block, devices), rel(firsts[i] as string));
      writer.finish({}, devices.numbers);
      return () => readAll(Buffer.concat(pieces));
    }
    const tree = {a: dir({x: 'x', y: 'y'}), b: 'b', c: dir({z: 'z'})};
    const parts = blocksOf(tree, 2);
    const firsts = parts.map((_, k) => pathsIn(parts, k)[0] as string);
    it('frames that are not where the index says', () => {
      expect(firsts).to.deep.equal(['', 'a/x', 'b', 'c/z']);
      expect(claimed(parts, firsts)()).to.have.length(4);
      expect(claimed(parts, ['', 'a/w', 'b', 'c/z'])).to.throw(FormatError, 'not where the index says');
      expect(claimed(parts, ['', 'a/x/x', 'b', 'c/z'])).to.throw(FormatError, 'not where the index says');
      expect(claimed(parts, ['a', 'a/x', 'b', 'c/z'])).to.throw(FormatError, 'out of order');
      expect(claimed(parts, ['', 'b', 'a/x', 'c/z'])).to.throw(FormatError, 'out of order');
      expect(claimed(parts, ['', 'a/x', 'a/x', 'c/z'])).to.throw(FormatError, 'out of order');
      expect(claimed(parts, ['', 'a/x', 'b', '../z'])).to.throw(HostilePathError);
    });
    it('frames that are missing, doubled, or do not fit together', () => {
      const pick = (...which: number[]) =>
        claimed(
          which.map((k) => parts[k] as Block),
          which.map((k) => firsts[k] as string),
        );
      expect(pick(0, 1, 1, 2, 3)).to.throw(FormatError, 'out of order');
      expect(pick(0, 3)).to.throw(FormatError, 'missing');
      expect(pick(1, 2, 3)).to.throw(FormatError, 'out of order');
      expect(pick()).to.throw(FormatError, 'no rows');
      const single = blocksOf(tree, 1);
      const singleFirsts = single.map((_, k) => pathsIn(single, k)[0] as string);
      const asFile = single.map((each) => (nameAt(each, 0) === 'a' ? changed(each, {code: {0: CODE.fifo}}) : each));
      expect(claimed(asFile, singleFirsts)).to.throw(FormatError, 'missing');
    });
  });
});
