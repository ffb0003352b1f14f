/** What platform/platform.ts promises, asked of both backends. */
import {createHash} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {CODE, emptyStat, type Stat, toEntry} from '../../src/core/block.js';
import {toNanoseconds} from '../../src/core/entry.js';
import {type ByteName, toByteName} from '../../src/core/name.js';
import {ACL_ACCESS, XATTR_NAMESPACES} from '../../src/core/xattr.js';
import {
  type CopyOptions,
  errnoOf,
  type Folder,
  type ListedEntry,
  type Platform,
  type WantedXattrs,
} from '../../src/platform/platform.js';
import {PortablePlatform} from '../../src/platform/portable.js';
import {PosixPlatform} from '../../src/platform/posix.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';
import {dir, fifo, file, hardlink, readTree, symlink, type Tree, writeTree} from '../support/tree.js';
import {asNobody} from '../support/user.js';

const KIB = 1024;
const isRoot = process.geteuid?.() === 0;
/** From here on (the year 2242), floats of seconds have steps of two microseconds. */
const FLOATS_OF_TWO_MICROSECONDS = 2n ** 33n * 1_000_000_000n;

for (const backend of ['posix', 'portable'] as const) {
  describe(`platform contract: ${backend}`, () => {
    const tempDir = tempDirs();
    let platform: Platform;
    let root: string;
    let opened: Folder[];

    before(function () {
      if (backend === 'posix' && process.platform !== 'linux') skip(this, 'the posix backend runs on Linux');
      platform = backend === 'posix' ? new PosixPlatform() : new PortablePlatform();
    });
    beforeEach(() => {
      root = tempDir();
      opened = [];
    });
    afterEach(() => {
      for (const folder of opened) platform.close(folder);
    });

    const name = (text: string) => toByteName(text);
    /** Opens the folder at this path below the test's own. */
    const open = (at = '') => {
      const folder = platform.openRoot(name(path.join(root, at)));
      opened.push(folder);
      return folder;
    };
    const statOf = (folder: Folder, at: string): Stat | undefined => {
      const stat = emptyStat();
      return platform.stat(folder, name(at), stat) ? stat : undefined;
    };
    const mtimeOf = (at: string) => fs.lstatSync(path.join(root, at), {bigint: true}).mtimeNs;
    const expectTime = (actual: bigint, wanted: bigint) => {
      const off = actual - wanted;
      // Exact to a nanosecond is exact; a coarser backend may be off by what it says.
      expect(off < 0n ? -off : off, `${actual} for ${wanted}`).to.satisfy((n: bigint) =>
        platform.timeResolution === 1n
          ? n === 0n
          : n <= platform.timeResolution * (wanted < FLOATS_OF_TWO_MICROSECONDS ? 1n : 2n),
      );
    };

    describe('opening folders', () => {
      const tree: Tree = {
        dir: {inside: ''},
        file: 'x',
        linkToDir: symlink('dir'),
        linkToNothing: symlink('nowhere'),
        pipe: fifo(),
      };
      const refusals: [name: string, code: string][] = [
        ['linkToDir', 'ELOOP'],
        ['linkToNothing', 'ELOOP'],
        ['file', 'ENOTDIR'],
        ['pipe', 'ENOTDIR'],
        ['absent', 'ENOENT'],
      ];
      for (const [at, code] of refusals) {
        it(`refuses ${at}: ${code}`, () => {
          writeTree(root, tree);
          const refusal = codeOf(() => platform.openFolder(open(), name(at)));
          // The kernel answers ENOTDIR for a symlink that it was told both not to follow and to be a folder.
          expect(code === 'ELOOP' ? ['ELOOP', 'ENOTDIR'] : [code]).to.include(refusal);
        });
      }
      it('opens a folder, and a root through a symlink', () => {
        writeTree(root, tree);
        const folder = platform.openFolder(open(), name('dir'));
        opened.push(folder);
        expect(statOf(folder, 'inside')).to.include({code: CODE.file});
        expect(statOf(open('linkToDir'), 'inside')).to.include({code: CODE.file});
      });
      it('refuses a root that is a file or missing', () => {
        writeTree(root, tree);
        expect(codeOf(() => open('file'))).to.equal('ENOTDIR');
        expect(codeOf(() => open('absent'))).to.equal('ENOENT');
      });
      it('leaves no folder open behind', function () {
        if (process.platform !== 'linux') skip(this, 'open files are counted in /proc');
        writeTree(root, tree);
        const count = () => fs.readdirSync('/proc/self/fd').length;
        const before = count();
        const folder = platform.openRoot(name(root));
        const inner = platform.openFolder(folder, name('dir'));
        platform.list(inner, []);
        platform.readFile(inner, name('inside'), 10);
        platform.sameContent({a: inner, aName: name('inside'), b: folder, bName: name('file'), goOn: () => true});
        platform.copyFile(copy({from: folder, name: 'file', to: inner, as: 'copy'}));
        const made = platform.createFile(inner, name('made'));
        platform.append(made, Buffer.from('x'));
        platform.close(made);
        platform.close(platform.openFile(inner, name('made')));
        codeOf(() => platform.createFile(inner, name('made')));
        codeOf(() => platform.openFolder(folder, name('file')));
        codeOf(() => platform.copyFile(copy({from: folder, name: 'file', to: inner, as: 'copy'})));
        platform.close(inner);
        platform.close(folder);
        expect(count()).to.equal(before);
      });
    });

    describe('listing and stat', () => {
      it('lists every kind as stat returns it, twice the same', () => {
        writeTree(root, {a: file('abc', {mode: 0o4755}), b: hardlink('a'), dir: {}, link: symlink('a'), pipe: fifo()});
        const folder = open();
        const list = () => {
          const rows: ListedEntry[] = [];
          const count = platform.list(folder, rows);
          return rows.slice(0, count).sort((x, y) => (x.name < y.name ? -1 : 1));
        };
        const rows = list();
        expect(rows.map((row) => [row.name, row.code])).to.deep.equal([
          ['a', CODE.file],
          ['b', CODE.file],
          ['dir', CODE.directory],
          ['link', CODE.symlink],
          ['pipe', CODE.fifo],
        ]);
        for (const {name, fault, xattrs, ...stat} of rows) {
          expect(xattrs).to.equal('');
          expect(fault).to.equal(undefined);
          expect(stat).to.deep.equal(statOf(folder, name));
        }
        expect(list()).to.deep.equal(rows);
      });
      it('returns the names of all entries, also with several reads, and again', () => {
        const names = Array.from({length: 600}, (_, i) => `${i}-${'n'.repeat(200)}`);
        writeTree(root, {
          few: {a: '', '.b': {}, '\udcff': symlink('a')},
          many: Object.fromEntries(names.map((name) => [name, ''])),
        });
        for (const at of ['few', 'many', 'few']) {
          const rows: ListedEntry[] = [];
          platform.list(open(at), rows);
          expect(platform.names(open(at)).sort()).to.deep.equal(rows.map(({name}) => name).sort());
        }
        expect(platform.names(open('few'))).to.have.members(['a', '.b', '\xff']);
        expect(platform.names(open('many'))).to.have.length(600);
      });
      it('reuses rows without their old values', () => {
        writeTree(root, {more: {a: '', b: '', c: ''}, less: {z: 'zz'}});
        const rows: ListedEntry[] = [];
        expect(platform.list(open('more'), rows)).to.equal(3);
        const [first] = rows;
        expect(platform.list(open('less'), rows)).to.equal(1);
        expect(rows[0]).to.equal(first);
        expect(rows[0]).to.include({name: 'z', size: 2});
      });
      it('lists a folder that needs several reads', () => {
        const one = path.join(root, 'n'.repeat(250));
        fs.writeFileSync(one, '');
        // Links are made faster than files.
        for (let i = 1; i < 1900; i++) fs.linkSync(one, `${one}-${i}`);
        const rows: ListedEntry[] = [];
        expect(platform.list(open(), rows)).to.equal(1900);
        expect(new Set(rows.map((row) => row.name)).size).to.equal(1900);
      });
      it('returns the same as node:fs', () => {
        writeTree(root, {a: file('abc', {mode: 0o6711, mtime: -1_500_000_001n}), b: hardlink('a')});
        const truth = fs.lstatSync(path.join(root, 'a'), {bigint: true});
        const stat = statOf(open(), 'a') as Stat;
        expect({...stat, device: 0}).to.deep.equal({
          code: CODE.file,
          mode: 0o6711,
          uid: Number(truth.uid),
          gid: Number(truth.gid),
          size: 3,
          ...{seconds: stat.seconds, nanoseconds: stat.nanoseconds, device: 0},
          inodeLow: Number(BigInt.asUintN(32, truth.ino)),
          inodeHigh: Number(truth.ino >> 32n),
          links: 2,
          birthSeconds: Number(truth.birthtimeNs / 1_000_000_000n),
          birthNanoseconds: Number(truth.birthtimeNs % 1_000_000_000n),
          changeSeconds: Number(truth.ctimeNs / 1_000_000_000n),
          changeNanoseconds: Number(truth.ctimeNs % 1_000_000_000n),
          rdevMajor: 0,
          rdevMinor: 0,
          mounted: backend === 'posix' ? false : undefined,
        });
        expect(toNanoseconds(stat.seconds, stat.nanoseconds)).to.equal(truth.mtimeNs);
        expect(stat.nanoseconds).to.be.within(0, 999_999_999);
      });
      it("'' is the folder itself, and what is absent is false", () => {
        writeTree(root, {dir: {}});
        expect(statOf(open('dir'), '')).to.deep.equal(statOf(open(), 'dir'));
        expect(statOf(open(), 'absent')).to.equal(undefined);
      });
      it('distinguishes two folders on the same device', () => {
        writeTree(root, {a: {}, b: {}});
        const [a, b] = [statOf(open('a'), ''), statOf(open('b'), '')] as [Stat, Stat];
        expect(a.device).to.equal(b.device);
        expect(a.inodeLow).not.to.equal(b.inodeLow);
      });
      it('lists an unreadable entry as unknown, with the reason', function () {
        if (process.platform === 'win32') skip(this, 'modes mean little on Windows');
        writeTree(root, {dir: {a: '', b: ''}});
        fs.chmodSync(root, 0o755);
        fs.chmodSync(path.join(root, 'dir'), 0o444);
        const rows: ListedEntry[] = [];
        asNobody(() => platform.list(open('dir'), rows));
        expect(rows.map(({code, fault}) => [code, fault])).to.deep.equal([
          [CODE.unknown, 'EACCES'],
          [CODE.unknown, 'EACCES'],
        ]);
        fs.chmodSync(path.join(root, 'dir'), 0o755);
        platform.list(open('dir'), rows);
        expect(rows.map(({code, fault}) => [code, fault])).to.deep.equal([
          [CODE.file, undefined],
          [CODE.file, undefined],
        ]);
      });
      it('the time of birth stays when the folder is changed', () => {
        const folder = open();
        const birth = platform.birthtime(folder);
        fs.writeFileSync(path.join(root, 'new'), '');
        fs.utimesSync(root, 1, 1);
        expect(platform.birthtime(folder)).to.equal(birth);
        expect(birth >= 0n).to.equal(true);
      });
    });

    describe('names', () => {
      const hostile = [
        'a\nb',
        '\x1b[31m',
        'x\udcff',
        '\udcc3',
        '\udced\udca0\udc80',
        '-rf',
        ' ',
        '😀',
        '\ufeff',
        '*',
        '\\',
        'é',
        'e\u0301',
      ];
      it('of any bytes round trip through making, listing, linking, moving and removing', () => {
        const folder = open();
        for (const text of hostile) {
          platform.makeFolder(folder, name(text), 0o755);
          platform.makeSymlink(folder, name(`${text}-link`), name(text), {});
          expect(platform.readLink(folder, name(`${text}-link`))).to.equal(name(text));
          platform.move({from: folder, name: name(`${text}-link`), to: folder, as: name(`${text}-moved`), replace: false});
        }
        const rows: ListedEntry[] = [];
        platform.list(folder, rows);
        expect(rows.map((row) => row.name).sort()).to.deep.equal(
          hostile.flatMap((text) => [name(text), name(`${text}-moved`)]).sort(),
        );
        for (const text of hostile) {
          platform.removeFolder(folder, name(text));
          platform.removeFile(folder, name(`${text}-moved`));
        }
        expect(platform.list(folder, rows)).to.equal(0);
      });
      it('that are too long are refused', () => {
        const long = name('n'.repeat(10_000));
        expect(codeOf(() => platform.makeFolder(open(), long, 0o755))).to.equal('ENAMETOOLONG');
        expect(codeOf(() => statOf(open(), long))).to.equal('ENAMETOOLONG');
      });
    });

    describe('content', () => {
      it('readFile reads at most its limit, follows no symlink, and reports a missing file', () => {
        writeTree(root, {text: 'hello', empty: '', link: symlink('text')});
        const folder = open();
        const read = (at: string, limit: number) => {
          const bytes = platform.readFile(folder, name(at), limit);
          return bytes && Buffer.from(bytes).toString();
        };
        expect(read('text', 100)).to.equal('hello');
        expect(read('text', 5)).to.equal('hello');
        expect(read('text', 3)).to.equal('hel');
        expect(read('empty', 3)).to.equal('');
        expect(read('absent', 3)).to.equal(undefined);
        expect(codeOf(() => read('link', 3))).to.equal('ELOOP');
      });

      it('a file is made private, appended to, and read piece by piece', () => {
        const folder = open();
        const pieces = [Buffer.from('one'), Buffer.alloc(0), Buffer.alloc(512 * KIB + 1, 'abc'), Buffer.from('last')];
        const made = platform.createFile(folder, name('made'));
        for (const piece of pieces) platform.append(made, piece);
        expect(fs.readFileSync(path.join(root, 'made')).equals(Buffer.concat(pieces)), 'before it is closed').to.equal(true);
        platform.close(made);
        expect(fs.statSync(path.join(root, 'made')).mode & 0o777).to.equal(0o600);
        const found: Uint8Array[] = [];
        const file = platform.openFile(folder, name('made'));
        for (;;) {
          const piece = platform.readNext(file, 100_000);
          expect(piece.length).to.be.at.most(100_000);
          if (piece.length === 0) break;
          found.push(piece);
        }
        const all = Buffer.concat(pieces);
        expect(Buffer.from(platform.readAt(file, 5, 9)).equals(all.subarray(5, 14))).to.equal(true);
        expect(Buffer.from(platform.readAt(file, all.length - 3, 9)).equals(all.subarray(-3))).to.equal(true);
        expect(platform.readAt(file, all.length, 9)).to.have.length(0);
        platform.close(file);
        expect(Buffer.concat(found).equals(Buffer.concat(pieces))).to.equal(true);
      });
      for (const [title, at, made, read] of [
        ['a file', 'file', 'EEXIST', undefined],
        ['a symlink', 'link', 'EEXIST', 'ELOOP'],
        ['a symlink to nowhere', 'dangling', 'EEXIST', 'ELOOP'],
        ['a folder', 'dir', 'EEXIST', undefined],
        ['a FIFO', 'pipe', 'EEXIST', undefined],
        ['nothing', 'absent', undefined, 'ENOENT'],
      ] as const) {
        it(`createFile and openFile on ${title}: ${made ?? 'made'}, ${read ?? 'opened'}`, () => {
          writeTree(root, {file: 'x', link: symlink('file'), dangling: symlink('nowhere'), dir: {}, pipe: fifo()});
          const folder = open();
          expect(codeOf(() => platform.close(platform.openFile(folder, name(at))))).to.equal(read);
          expect(codeOf(() => platform.close(platform.createFile(folder, name(at))))).to.equal(made);
          expect(fs.existsSync(path.join(root, 'nowhere'))).to.equal(false);
        });
      }

      const big = Buffer.alloc(512 * KIB + 1, 'abc');
      const changed = (bytes: Buffer, at: number) => {
        const copy = Buffer.from(bytes);
        copy[at] = 0;
        return copy;
      };
      const pairs: [name: string, a: Buffer, b: Buffer, same: boolean][] = [
        ['both empty', Buffer.alloc(0), Buffer.alloc(0), true],
        ['one empty', Buffer.alloc(0), Buffer.from('x'), false],
        ['equal', Buffer.from('same'), Buffer.from('same'), true],
        ['the last byte differs', Buffer.from('samE'), Buffer.from('same'), false],
        ['one is the beginning of the other', Buffer.from('same and more'), Buffer.from('same'), false],
        ['equal, over 512 KiB', big, Buffer.from(big), true],
        ['equal, 512 KiB exactly', big.subarray(1), Buffer.from(big.subarray(1)), true],
        ['the last byte differs, over 512 KiB', big, changed(big, big.length - 1), false],
        ['the first byte differs, over 512 KiB', big, changed(big, 0), false],
        ['longer by one byte after 512 KiB', big, big.subarray(0, 512 * KIB), false],
      ];
      for (const [title, a, b, same] of pairs) {
        it(`sameContent: ${title}`, () => {
          fs.writeFileSync(path.join(root, 'a'), a);
          fs.writeFileSync(path.join(root, 'b'), b);
          const folder = open();
          expect(platform.sameContent({a: folder, aName: name('a'), b: folder, bName: name('b'), goOn: () => true})).to.equal(
            same,
          );
          expect(platform.sameContent({a: folder, aName: name('b'), b: folder, bName: name('a'), goOn: () => true})).to.equal(
            same,
          );
        });
      }
      it('sameContent reads no more at once than its pace allows, and ends when that says so', () => {
        fs.writeFileSync(path.join(root, 'a'), big);
        fs.writeFileSync(path.join(root, 'b'), big);
        const folder = open();
        const spent: number[] = [];
        const same = (most: number) => {
          const spend = (bytes: number) => spent.push(bytes) < most;
          const pace = {piece: 100_000, spend};
          return platform.sameContent({a: folder, aName: name('a'), b: folder, bName: name('b'), goOn: () => true, pace});
        };
        expect(same(Number.POSITIVE_INFINITY)).to.equal(true);
        expect([Math.max(...spent), spent.reduce((sum, bytes) => sum + bytes)]).to.deep.equal([100_000, big.length]);
        expect([same(spent.length + 2), spent.slice(-2)]).to.deep.equal([false, [100_000, 100_000]]);
      });
      it('sameContent follows no symlink', () => {
        writeTree(root, {a: 'x', link: symlink('a')});
        expect(
          codeOf(() => platform.sameContent({a: open(), aName: name('a'), b: open(), bName: name('link'), goOn: () => true})),
        ).to.equal('ELOOP');
      });
    });

    describe('copyFile', () => {
      it('moves no more at once than its pace allows, and ends when that says so', () => {
        writeTree(root, {a: 'x'.repeat(250_000)});
        const folder = open();
        const spent: number[] = [];
        const pace = {piece: 100_000, spend: (bytes: number) => spent.push(bytes) !== 5};
        const copied = (as: string) => platform.copyFile({...copy({from: folder, name: 'a', to: folder, as}), pace});
        expect([copied('b'), spent]).to.deep.equal(['copied', [100_000, 100_000, 50_000]]);
        expect([copied('c'), fs.readdirSync(root).sort()]).to.deep.equal(['stopped', ['a', 'b']]);
      });

      for (const size of [0, 1, 512 * KIB, 512 * KIB + 1, 3 * KIB * KIB]) {
        it(`copies ${size} bytes, tells of each and sets attributes`, () => {
          writeTree(root, {from: {}, to: {}});
          const content = Buffer.alloc(size, 'not all the same');
          fs.writeFileSync(path.join(root, 'from/a'), content);
          let told = 0;
          const accepted: number[] = [];
          const result = platform.copyFile(
            copy({
              from: open('from'),
              name: 'a',
              to: open('to'),
              as: 'b',
              attributes: {mode: 0o4751, mtime: 1_000_000_000_123_456_789n},
              accept: (stat) => accepted.push(stat.size) > 0,
              onBytes: (bytes) => {
                told += bytes;
                return true;
              },
            }),
          );
          expect([result, told, accepted]).to.deep.equal(['copied', size, [size]]);
          expect(fs.readFileSync(path.join(root, 'to/b')).equals(content)).to.equal(true);
          expect(fs.statSync(path.join(root, 'to/b')).mode & 0o7777).to.equal(0o4751);
          expectTime(mtimeOf('to/b'), 1_000_000_000_123_456_789n);
        });
      }
      it('sets the owner of the copy if the process may', function () {
        if (!isRoot) skip(this, 'only root gives files away');
        writeTree(root, {a: 'x'});
        const attributes = {uid: 1234, gid: 2345, mode: 0o4755};
        platform.copyFile(copy({from: open(), name: 'a', to: open(), as: 'b', attributes}));
        expect(fs.statSync(path.join(root, 'b'))).to.include({uid: 1234, gid: 2345, mode: 0o104755});
      });
      it('is private until it gets its mode', () => {
        writeTree(root, {a: file('x', {mode: 0o666})});
        let mode = 0;
        const onBytes = () => {
          mode = fs.statSync(path.join(root, 'b')).mode & 0o777;
          return true;
        };
        platform.copyFile(copy({from: open(), name: 'a', to: open(), as: 'b', onBytes}));
        expect(mode).to.equal(0o600);
      });

      const large = Buffer.alloc(600 * KIB, 'x');
      const grow = (source: string) => () => {
        fs.appendFileSync(source, 'more');
        return true;
      };
      const touch = (source: string) => () => {
        fs.utimesSync(source, 1, 1);
        return true;
      };
      const rewrite = (source: string) => {
        fs.utimesSync(source, 1, 1);
        return () => {
          const {ctimeNs} = fs.statSync(source, {bigint: true});
          // The kernel's clock for files is coarse: until it has moved on, nothing tells.
          while (fs.statSync(source, {bigint: true}).ctimeNs === ctimeNs) {
            fs.writeFileSync(source, 'y');
            fs.utimesSync(source, 1, 1);
          }
          return true;
        };
      };
      const shrink = (source: string) => () => {
        fs.truncateSync(source, 10);
        return true;
      };
      const ends: [title: string, content: string | Buffer, result: string, options: (source: string) => Partial<CopyOptions>][] =
        [
          ['accept says no', 'x', 'refused', () => ({accept: () => false})],
          ['onBytes says no', 'x', 'stopped', () => ({onBytes: () => false})],
          ['onBytes says no, large', large, 'stopped', () => ({onBytes: () => false})],
          ['the source grows', 'x', 'changed', (source) => ({onBytes: grow(source)})],
          ['the source grows, large', large, 'changed', (source) => ({onBytes: grow(source)})],
          ['the source is touched', 'x', 'changed', (source) => ({onBytes: touch(source)})],
          ['the source is written and its mtime put back', 'x', 'changed', (source) => ({onBytes: rewrite(source)})],
          ['the source shrank once opened', large, 'changed', (source) => ({accept: shrink(source)})],
          ['the source shrank once opened, small', 'longer than ten bytes', 'changed', (source) => ({accept: shrink(source)})],
          ['the source grew once opened', 'x', 'changed', (source) => ({accept: grow(source)})],
          ['the source grew once opened, large', large, 'changed', (source) => ({accept: grow(source)})],
          ['the source was empty and grew', '', 'changed', (source) => ({accept: grow(source)})],
        ];
      for (const [title, content, result, options] of ends) {
        it(`leaves nothing when ${title}: ${result}`, () => {
          writeTree(root, {from: {}, to: {}});
          const source = path.join(root, 'from/a');
          fs.writeFileSync(source, content);
          const answer = platform.copyFile(copy({from: open('from'), name: 'a', to: open('to'), as: 'b', ...options(source)}));
          expect(answer).to.equal(result);
          expect(fs.readdirSync(path.join(root, 'to'))).to.deep.equal([]);
        });
      }
      /** Once, after the first piece. */
      const once = (act: () => void) => {
        let isDone = false;
        return () => {
          if (!isDone) act();
          isDone = true;
          return true;
        };
      };
      const overwrite = (source: string, at: number, text: string) => {
        const open = fs.openSync(source, 'r+');
        fs.writeSync(open, text, at);
        fs.closeSync(open);
      };
      const lives: [title: string, content: string | Buffer, change: (source: string) => Partial<CopyOptions>][] = [
        ['grows', 'x', (source) => ({onBytes: once(() => fs.appendFileSync(source, 'more'))})],
        ['grows, large', large, (source) => ({onBytes: once(() => fs.appendFileSync(source, large))})],
        ['grew once opened', 'x', (source) => ({accept: grow(source)})],
        ['was empty and grew', '', (source) => ({accept: grow(source)})],
        [
          'has holes and grows',
          Buffer.alloc(0),
          (source) => {
            fs.truncateSync(source, 5_000_000);
            return {onBytes: once(() => fs.appendFileSync(source, 'more'))};
          },
        ],
        [
          'is changed inside before that is read, and grows',
          large,
          (source) => ({
            accept() {
              overwrite(source, 1_000_000, 'other');
              fs.appendFileSync(source, 'more');
              return true;
            },
          }),
        ],
      ];
      for (const [title, content, change] of lives) {
        it(`live: takes what it is at one moment where the source ${title}`, () => {
          writeTree(root, {from: {}, to: {}});
          const source = path.join(root, 'from/a');
          fs.writeFileSync(source, content);
          const attributes = {mode: 0o640, mtime: 1_700_000_000_000_000_000n};
          const options = {attributes, live: true, ...change(source)};
          const answer = platform.copyFile(copy({from: open('from'), name: 'a', to: open('to'), as: 'b', ...options}));
          const now = statOf(open('from'), 'a') as Stat;
          expect(answer).to.deep.equal({grown: now});
          const made = statOf(open('to'), 'b') as Stat;
          expect(fs.readFileSync(path.join(root, 'to/b')).equals(fs.readFileSync(source))).to.equal(true);
          expect(made.mode).to.equal(0o640);
          expectTime(toEntry(made).mtime, toEntry(now).mtime);
        });
      }
      const spoilt: [title: string, content: string | Buffer, change: (source: string) => Partial<CopyOptions>][] = [
        [
          'changes inside, and grows',
          large,
          (source) => ({
            onBytes: once(() => {
              overwrite(source, 0, 'other');
              fs.appendFileSync(source, 'more');
            }),
          }),
        ],
        [
          'grows, and changes inside while it is compared',
          large,
          (source) => {
            const append = once(() => fs.appendFileSync(source, 'more'));
            return {
              onBytes(bytes) {
                if (bytes === 0) overwrite(source, 0, 'other');
                return append();
              },
            };
          },
        ],
        ['is rewritten and put back to its size', 'x', (source) => ({onBytes: rewrite(source)})],
        ['shrinks', large, (source) => ({accept: shrink(source)})],
        [
          'shrinks and grows again',
          large,
          (source) => ({
            onBytes: once(() => {
              fs.truncateSync(source, 10);
              fs.appendFileSync(source, Buffer.alloc(2 * large.length));
            }),
          }),
        ],
        ['is touched', 'x', (source) => ({onBytes: touch(source)})],
      ];
      for (const [title, content, change] of spoilt) {
        it(`live: leaves nothing where the source ${title}`, () => {
          writeTree(root, {from: {}, to: {}});
          const source = path.join(root, 'from/a');
          fs.writeFileSync(source, content);
          const options = {live: true, ...change(source)};
          const answer = platform.copyFile(copy({from: open('from'), name: 'a', to: open('to'), as: 'b', ...options}));
          expect(answer).to.equal('changed');
          expect(fs.readdirSync(path.join(root, 'to'))).to.deep.equal([]);
        });
      }
      it('live: takes the beginning of a source that grows for ever', () => {
        writeTree(root, {a: 'x'});
        const source = path.join(root, 'a');
        const grown = {live: true, accept: grow(source), onBytes: grow(source)};
        const answer = platform.copyFile(copy({from: open(), name: 'a', to: open(), as: 'b', ...grown}));
        const content = fs.readFileSync(path.join(root, 'b'), 'utf8');
        expect(answer).to.have.property('grown').that.includes({size: content.length});
        expect(content.length).to.be.greaterThan(5);
        expect(fs.readFileSync(source, 'utf8').startsWith(content)).to.equal(true);
      });
      for (const live of [false, true]) {
        for (const file of ['/proc/version', '/proc/self/status', '/sys/kernel/uevent_seqnum']) {
          it(`${live ? 'live: ' : ''}leaves nothing of ${file}, whose size is not that of its content`, function () {
            if (!fs.existsSync(file)) skip(this, `there is no ${file}`);
            const from = platform.openRoot(toByteName(path.dirname(fs.realpathSync(file))));
            const answer = platform.copyFile(copy({from, name: path.basename(file), to: open(), as: 'b', live}));
            platform.close(from);
            expect(answer).to.equal('unsized');
            expect(fs.readdirSync(root)).to.deep.equal([]);
          });
        }
      }
      const refusals: [title: string, code: string, from: string, as: string][] = [
        ['a name that is taken', 'EEXIST', 'a', 'taken'],
        ['a name that a dangling symlink has', 'EEXIST', 'a', 'dangling'],
        ['a source that is a symlink', 'ELOOP', 'link', 'b'],
        ['a source that is not there', 'ENOENT', 'absent', 'b'],
        ['a source that is a folder', 'EISDIR', 'dir', 'b'],
      ];
      for (const [title, code, from, as] of refusals) {
        it(`refuses ${title}: ${code}`, () => {
          writeTree(root, {a: 'x', taken: 'mine', dangling: symlink('nowhere'), link: symlink('a'), dir: {}});
          const before = readTree(root);
          expect(codeOf(() => platform.copyFile(copy({from: open(), name: from, to: open(), as})))).to.equal(code);
          const {'.': _before, ...rest} = readTree(root);
          const {'.': _after, ...expected} = before;
          expect(rest).to.deep.equal(expected);
        });
      }
      it('does not follow a source that grows for ever', () => {
        writeTree(root, {a: 'x'});
        const source = path.join(root, 'a');
        let calls = 0;
        const onBytes = () => {
          fs.appendFileSync(source, 'more');
          return ++calls < 100;
        };
        expect(platform.copyFile(copy({from: open(), name: 'a', to: open(), as: 'b', accept: grow(source), onBytes}))).to.equal(
          'changed',
        );
        expect(calls).to.equal(1);
      });
      it('does not hang on a FIFO', () => {
        writeTree(root, {pipe: fifo()});
        const accept = (stat: Stat) => stat.code === CODE.file;
        expect(platform.copyFile(copy({from: open(), name: 'pipe', to: open(), as: 'b', accept}))).to.equal('refused');
      });
      it('leaves nothing when attributes cannot be set', function () {
        if (!isRoot) skip(this, 'needs a user to be taken away rights from');
        writeTree(root, {from: {a: 'x'}, to: {}});
        fs.chmodSync(root, 0o755);
        fs.chmodSync(path.join(root, 'to'), 0o777);
        const options = copy({from: open('from'), name: 'a', to: open('to'), as: 'b', attributes: {uid: 0}});
        expect(codeOf(() => asNobody(() => platform.copyFile(options)))).to.equal('EPERM');
        expect(fs.readdirSync(path.join(root, 'to'))).to.deep.equal([]);
      });
      it('flushes when asked to', () => {
        writeTree(root, {a: 'x'});
        expect(platform.copyFile(copy({from: open(), name: 'a', to: open(), as: 'b', fsync: 'any'}))).to.equal('copied');
      });
    });

    describe('attributes', () => {
      const times: [string, bigint][] = [
        ['1970', 0n],
        ['a nanosecond', 1_700_000_000_000_000_001n],
        ['the last nanosecond of a second', 1_700_000_000_999_999_999n],
        ['any', 1_700_000_000_123_456_789n],
        ['just before 1970', -1n],
        ['half a second before 1970', -500_000_000n],
        ['a whole second before 1970', -1_000_000_000n],
        ['1960', -315_619_200_123_456_789n],
        ['after 2038', 2_147_483_648_000_000_001n],
        ['2100', 4_102_444_800_987_654_321n],
        ['2400', 13_569_465_600_987_654_321n],
      ];
      for (const [title, mtime] of times) {
        it(`mtime: ${title}`, () => {
          writeTree(root, {file: '', dir: {}, link: symlink('file')});
          const folder = open();
          for (const [at, code] of [
            ['file', CODE.file],
            ['dir', CODE.directory],
            ['link', CODE.symlink],
          ] as const) {
            platform.setAttributes(folder, name(at), code, {mtime});
            expectTime(mtimeOf(at), mtime);
            const stat = statOf(folder, at) as Stat;
            expect(toNanoseconds(stat.seconds, stat.nanoseconds)).to.equal(mtimeOf(at));
          }
          platform.setAttributes(open('dir'), '' as ByteName, CODE.directory, {mtime});
          expectTime(mtimeOf('dir'), mtime);
        });
      }
      it('a symlink is made with its own attributes, and its target is not touched', () => {
        writeTree(root, {file: file('x', {mode: 0o640}), dir: {}});
        const untouched = [fs.statSync(path.join(root, 'file')), fs.statSync(path.join(root, 'dir'))];
        const folder = open();
        platform.makeSymlink(folder, name('a'), name('file'), {mode: 0o777, mtime: 1_000_000_000n});
        platform.makeSymlink(folder, name('b'), name('dir'), {mtime: 2_000_000_000n});
        platform.setAttributes(folder, name('b'), CODE.symlink, {mode: 0o700, mtime: 3_000_000_000n});
        expect([mtimeOf('a'), mtimeOf('b')]).to.deep.equal([1_000_000_000n, 3_000_000_000n]);
        const now = [fs.statSync(path.join(root, 'file')), fs.statSync(path.join(root, 'dir'))];
        now.forEach((stat, i) => {
          const {mode, mtimeMs, ctimeMs} = untouched[i] as fs.Stats;
          expect(stat).to.include({mode, mtimeMs, ctimeMs});
        });
      });
      it('of a symlink whose target is missing are set', () => {
        const folder = open();
        platform.makeSymlink(folder, name('a'), name('nowhere'), {mtime: 1_000_000_000n});
        expect(mtimeOf('a')).to.equal(1_000_000_000n);
        expect(codeOf(() => platform.makeSymlink(folder, name('a'), name('else'), {}))).to.equal('EEXIST');
      });
      it('that are not named stay', () => {
        writeTree(root, {file: file('x', {mode: 0o640, mtime: 5_000_000_000n})});
        const stamp = path.join(root, 'file');
        const before = readTree(root);
        platform.setAttributes(open(), name('file'), CODE.file, {});
        expect(readTree(root)).to.deep.equal(before);
        fs.utimesSync(stamp, 7, 5);
        platform.setAttributes(open(), name('file'), CODE.file, {mode: 0o600});
        expect(mtimeOf('file')).to.equal(5_000_000_000n);
        platform.setAttributes(open(), name('file'), CODE.file, {mtime: 6_000_000_000n});
        expect(fs.statSync(stamp)).to.include({mode: 0o100600, atimeMs: 7000, mtimeMs: 6000});
      });
      it('modes of files and folders, special bits too', () => {
        writeTree(root, {file: '', dir: {}});
        for (const mode of [0, 0o644, 0o1777, 0o2755, 0o6711]) {
          platform.setAttributes(open(), name('file'), CODE.file, {mode});
          platform.setAttributes(open(), name('dir'), CODE.directory, {mode});
          for (const at of ['file', 'dir']) expect(fs.statSync(path.join(root, at)).mode & 0o7777).to.equal(mode);
        }
        platform.setAttributes(open(), name('dir'), CODE.directory, {mode: 0o755});
        platform.setAttributes(open('dir'), '' as ByteName, CODE.directory, {mode: 0o750});
        expect(fs.statSync(path.join(root, 'dir')).mode & 0o7777).to.equal(0o750);
      });
      it('sets owner and group separately, before the mode', function () {
        if (!isRoot) skip(this, 'only root gives files away');
        writeTree(root, {file: '', dir: {}, link: symlink('file')});
        const folder = open();
        platform.setAttributes(folder, name('file'), CODE.file, {uid: 1234, mode: 0o4755});
        platform.setAttributes(folder, name('dir'), CODE.directory, {gid: 2345});
        platform.setAttributes(folder, name('link'), CODE.symlink, {uid: 1, gid: 2});
        platform.setAttributes(open('dir'), '' as ByteName, CODE.directory, {uid: 4_294_967_290});
        const owners = ['file', 'dir', 'link'].map((at) => {
          const {uid, gid} = fs.lstatSync(path.join(root, at));
          return `${uid}:${gid}`;
        });
        expect(owners).to.deep.equal(['1234:0', '4294967290:2345', '1:2']);
        expect(fs.statSync(path.join(root, 'file')).mode & 0o7777).to.equal(0o4755);
      });
      it('of a missing entry: ENOENT', () => {
        for (const attributes of [{mode: 0o644}, {mtime: 0n}]) {
          expect(codeOf(() => platform.setAttributes(open(), name('absent'), CODE.file, attributes))).to.equal('ENOENT');
        }
      });
      it('makeFolder: a mode, and EEXIST', () => {
        platform.makeFolder(open(), name('new'), 0o700);
        expect(fs.statSync(path.join(root, 'new')).mode & 0o7777).to.equal(0o700);
        expect(codeOf(() => platform.makeFolder(open(), name('new'), 0o700))).to.equal('EEXIST');
      });
    });

    describe('names that come and go', () => {
      const tree: Tree = {from: {a: 'a', dir: {inside: ''}, link: symlink('a')}, to: {a: 'old', empty: {}, full: {x: ''}}};
      const moves: [title: string, from: string, to: string, replace: boolean, code: string | undefined][] = [
        ['to a free name', 'a', 'free', false, undefined],
        ['to a free name, replacing', 'a', 'free', true, undefined],
        ['a folder', 'dir', 'free', false, undefined],
        ['a symlink, not its target', 'link', 'free', false, undefined],
        ['over a file', 'a', 'a', true, undefined],
        ['over a file, not replacing', 'a', 'a', false, 'EEXIST'],
        ['over an empty folder, not replacing', 'dir', 'empty', false, 'EEXIST'],
        ['a folder over an empty one', 'dir', 'empty', true, undefined],
        ['a folder over a filled one', 'dir', 'full', true, 'ENOTEMPTY'],
        ['a file over a folder', 'a', 'empty', true, 'EISDIR'],
        ['what is not there', 'absent', 'free', false, 'ENOENT'],
      ];
      for (const [title, from, to, replace, code] of moves) {
        it(`move ${title}: ${code ?? 'done'}`, () => {
          writeTree(root, tree);
          const before = readTree(root);
          const move = () => platform.move({from: open('from'), name: name(from), to: open('to'), as: name(to), replace});
          if (code !== undefined) {
            expect(codeOf(move)).to.equal(code);
            expect(readTree(root)).to.deep.equal(before);
          } else {
            move();
            const after = readTree(root);
            expect(after[`to/${to}`]).to.equal(before[`from/${from}`]);
            expect(after).not.to.have.property(`from/${from}`);
          }
        });
      }
      it('exchange swaps two names, or says that it cannot', () => {
        writeTree(root, tree);
        const before = readTree(root);
        const done = platform.exchange(open('from'), name('dir'), open('to'), name('a'));
        const after = readTree(root);
        expect(done).to.equal(backend === 'posix');
        const [one, two] = done ? ['to/a', 'from/dir'] : ['from/dir', 'to/a'];
        expect([after[one as string], after[two as string]]).to.deep.equal([before['from/dir'], before['to/a']]);
        expect(done ? after['to/a/inside'] : after['from/dir/inside']).to.be.a('string');
      });
      it('makeLink gives a second name, of a symlink too, and refuses a taken one', () => {
        writeTree(root, tree);
        const [from, to] = [open('from'), open('to')];
        platform.makeLink(from, name('a'), to, name('b'));
        expect(fs.statSync(path.join(root, 'to/b')).ino).to.equal(fs.statSync(path.join(root, 'from/a')).ino);
        platform.makeLink(from, name('link'), to, name('link'));
        expect(fs.readlinkSync(path.join(root, 'to/link'))).to.equal('a');
        expect(codeOf(() => platform.makeLink(from, name('a'), to, name('a')))).to.equal('EEXIST');
      });
      it('removeFile removes only files, and removeFolder only folders', () => {
        writeTree(root, tree);
        const [from, to] = [open('from'), open('to')];
        expect(codeOf(() => platform.removeFolder(to, name('full')))).to.equal('ENOTEMPTY');
        expect(codeOf(() => platform.removeFolder(to, name('a')))).to.equal('ENOTDIR');
        expect(codeOf(() => platform.removeFile(to, name('empty')))).to.be.oneOf(['EISDIR', 'EPERM']);
        expect(codeOf(() => platform.removeFile(to, name('absent')))).to.equal('ENOENT');
        platform.removeFolder(to, name('empty'));
        platform.removeFile(from, name('link'));
        expect(Object.keys(readTree(root)))
          .to.include('from/a')
          .and.not.include.members(['to/empty', 'from/link']);
      });
    });

    describe('extended attributes', () => {
      const ALL = {xattrs: XATTR_NAMESPACES, acls: true};
      const bytes = (text: string) => Buffer.from(text, 'latin1');
      // u::rw-,u:5:rw-,g::r--,m::rw-,o::---
      const ACL = '0200000001000600ffffffff020006000500000004000400ffffffff10000600ffffffff20000000ffffffff';
      const values = (...pairs: [string, string][]) => pairs.map(([at, value]) => [name(at), bytes(value)] as const);
      const text = (value: string) => bytes(value).toString('base64');

      it('are read as they were set, in the order of their names, or declared as not kept', () => {
        writeTree(root, {file: 'x', dir: {}, link: symlink('file')});
        const wanted = values(['user.b', 'two'], ['user.a', ''], ['user.bytes\udcff', '\0\xff']);
        for (const [at, code] of [
          ['file', CODE.file],
          ['dir', CODE.directory],
        ] as const) {
          platform.setAttributes(open(), name(at), code, {xattrs: {preserved: ALL, values: wanted}});
          const packed = platform.xattrs(open(), name(at), ALL);
          const all = `user.a\0\0user.b\0${text('two')}\0user.bytes\xff\0${text('\0\xff')}\0`;
          expect(packed).to.equal(platform.preservesAll ? all : '');
          expect(platform.xattrs(open(), name(at), {xattrs: [], acls: true})).to.equal('');
        }
        const rows: ListedEntry[] = [];
        const count = platform.list(open(), rows, ALL);
        expect(rows.slice(0, count).filter(({xattrs}) => xattrs !== '')).to.have.length(platform.preservesAll ? 2 : 0);
        expect(platform.xattrs(open('dir'), name(''), ALL)).to.equal(platform.xattrs(open(), name('dir'), ALL));
        expect(platform.xattrs(open(), name('link'), ALL), 'not followed').to.equal('');
        expect(platform.xattr(open(), name('file'), name('user.absent'))).to.equal(undefined);
        const one = platform.xattr(open(), name('file'), name('user.b'));
        expect(one && Buffer.from(one).toString()).to.equal(platform.preservesAll ? 'two' : undefined);
      });

      if (backend === 'portable') return;

      it('are exactly those that are wanted, of those that are kept', () => {
        writeTree(root, {file: 'x'});
        const set = (xattrs: WantedXattrs) => platform.setAttributes(open(), name('file'), CODE.file, {xattrs});
        set({preserved: ALL, values: values(['user.a', '1'], ['user.b', '2'])});
        set({preserved: {xattrs: [], acls: true}, values: []});
        expect(platform.xattrs(open(), name('file'), ALL), 'none of another kind is touched').to.include('user.a');
        set({preserved: ALL, values: values(['user.b', '3'])});
        expect(platform.xattrs(open(), name('file'), ALL)).to.equal(`user.b\0${text('3')}\0`);
      });

      it('returns the digest of a value above 256 bytes, and reads the whole value by name', () => {
        writeTree(root, {file: 'x'});
        const [short, long] = ['s'.repeat(256), 'l'.repeat(257)];
        const xattrs = {preserved: ALL, values: values(['user.long', long], ['user.short', short])};
        platform.setAttributes(open(), name('file'), CODE.file, {xattrs});
        const digest = createHash('sha256').update(long).digest('hex');
        expect(platform.xattrs(open(), name('file'), ALL)).to.equal(`user.long\0sha256:${digest}\0user.short\0${text(short)}\0`);
        expect(Buffer.from(platform.xattr(open(), name('file'), name('user.long')) as Uint8Array).toString()).to.equal(long);
      });

      it('an ACL is one of them, on a new file too, and the mode follows it', function () {
        if (!platform.fileSystem(open()).preserves.acls) skip(this, 'ACLs are not kept here');
        writeTree(root, {file: 'x'});
        const xattrs = {preserved: ALL, values: [[name(ACL_ACCESS), Buffer.from(ACL, 'hex')] as const]};
        const attributes = {xattrs, mode: 0o660};
        expect(platform.copyFile(copy({from: open(), name: 'file', to: open(), as: 'copy', attributes}))).to.equal('copied');
        const packed = `${ACL_ACCESS}\0${Buffer.from(ACL, 'hex').toString('base64')}\0`;
        expect(platform.xattrs(open(), name('copy'), ALL)).to.equal(packed);
        expect(fs.statSync(path.join(root, 'copy')).mode & 0o777).to.equal(0o660);
      });

      it('of a read-only file the owner changes them', () => {
        writeTree(root, dir({file: file('x', {mode: 0o444})}));
        if (isRoot) for (const at of ['.', 'file']) fs.chownSync(path.join(root, at), 65_534, 65_534);
        asNobody(() => {
          const attributes = {
            xattrs: {preserved: {xattrs: ['user'] as const, acls: false}, values: values(['user.a', '1'])},
            mode: 0o444,
          };
          platform.setAttributes(open(), name('file'), CODE.file, attributes);
          expect(platform.xattrs(open(), name('file'), ALL)).to.equal(`user.a\0${text('1')}\0`);
          expect(fs.statSync(path.join(root, 'file')).mode & 0o777).to.equal(0o444);
        });
      });

      it('of a read-only file that are refused leave it read-only', () => {
        writeTree(root, dir({file: file('x', {mode: 0o444})}));
        if (isRoot) for (const at of ['.', 'file']) fs.chownSync(path.join(root, at), 65_534, 65_534);
        asNobody(() => {
          const xattrs = {preserved: ALL, values: values(['user.a', '1'], ['nowhere.a', '1'])};
          const refusal = codeOf(() => platform.setAttributes(open(), name('file'), CODE.file, {xattrs, mode: 0o600}));
          expect(refusal).to.equal('EOPNOTSUPP');
          expect(platform.xattrs(open(), name('file'), ALL), 'it was opened up for the first').to.include('user.a');
          expect(fs.statSync(path.join(root, 'file')).mode & 0o777).to.equal(0o444);
        });
      });
    });

    describe('FIFOs, sockets, devices, holes', () => {
      for (const [title, code, major, minor] of [
        ['a FIFO', CODE.fifo, 0, 0],
        ['a socket', CODE.socket, 0, 0],
        ['a character device', CODE.chardev, 5, 1],
        ['a block device with large numbers', CODE.blockdev, 259, 200_000],
      ] as const) {
        it(`makes ${title}, or says that it cannot`, function () {
          if (major > 0 && !isRoot) skip(this, 'only root makes devices');
          const make = () => {
            const attributes = {mode: 0o640, mtime: 1_600_000_000_000_000_000n};
            platform.makeNode({folder: open(), name: name('node'), code, major, minor, attributes});
          };
          if (!platform.preservesAll) {
            expect(codeOf(make)).to.equal('ENOSYS');
            return;
          }
          make();
          expect(statOf(open(), 'node')).to.include({
            code,
            mode: 0o640,
            rdevMajor: major,
            rdevMinor: minor,
            seconds: 1_600_000_000,
          });
          expect(codeOf(make)).to.equal('EEXIST');
        });
      }

      it('holes stay holes, unless they are to be zeros; the content is the same, and all of it is told', () => {
        const MIB = 1024 ** 2;
        const holes = fs.openSync(path.join(root, 'holes'), 'w');
        fs.writeSync(holes, 'data', 3 * MIB);
        fs.ftruncateSync(holes, 8 * MIB);
        fs.closeSync(holes);
        fs.writeFileSync(path.join(root, 'nothing'), '');
        fs.truncateSync(path.join(root, 'nothing'), 8 * MIB);
        for (const file of ['holes', 'nothing']) {
          for (const sparse of [true, false]) {
            const as = `${file}-${sparse}`;
            let told = 0;
            const onBytes = (bytes: number) => {
              told += bytes;
              return true;
            };
            expect(platform.copyFile(copy({from: open(), name: file, to: open(), as, sparse, onBytes}))).to.equal('copied');
            expect(told).to.equal(8 * MIB);
            expect(fs.readFileSync(path.join(root, as)).equals(fs.readFileSync(path.join(root, file)))).to.equal(true);
            const used = fs.statSync(path.join(root, as)).blocks * 512;
            if (platform.preservesAll && sparse) expect(used).to.be.at.most(MIB);
            else expect(used).to.be.at.least(8 * MIB);
          }
        }
      });
    });

    describe('the file system as a whole', () => {
      it('has a type, and a time that was set is read back', () => {
        const {type, times, preserves} = platform.fileSystem(open());
        expect(type === undefined || /^[a-z0-9]+$/.test(type)).to.equal(true);
        expect(times.resolution >= 1n).to.equal(true);
        if (!platform.preservesAll) expect(preserves).to.deep.equal({xattrs: [], acls: false});
        writeTree(root, {file: 'x'});
        const kept: bigint[] = [];
        const attributes = {mtime: 1_600_000_000_123_456_000n, readBack: (mtime: bigint) => kept.push(mtime)};
        platform.setAttributes(open(), name('file'), CODE.file, attributes);
        platform.copyFile(copy({from: open(), name: 'file', to: open(), as: 'copy', attributes}));
        expect(kept).to.deep.equal([mtimeOf('file'), mtimeOf('copy')]);
      });
      it('has one mount for a folder and its content, and a different one for a mount point in it', function () {
        fs.mkdirSync(path.join(root, 'in'));
        expect(platform.mountOf(open('in'))).to.equal(platform.mountOf(open()));
        if (!fs.existsSync('/proc/self')) skip(this, 'nothing is mounted that is known');
        const proc = platform.openRoot(name('/proc'));
        expect(platform.mountOf(proc)).to.not.equal(platform.mountOf(open()));
        platform.close(proc);
      });
      it('is flushed', () => platform.syncFileSystem(open()));
      it('locks a folder once, until it is closed, if the backend has locks', () => {
        const first = platform.openRoot(name(root));
        const second = open();
        const answers = [platform.lock(first), platform.lock(second)];
        platform.close(first);
        answers.push(platform.lock(second));
        if (backend === 'portable') expect(answers).to.deep.equal(['none', 'none', 'none']);
        else
          expect(answers).to.be.deep.oneOf([
            ['all', 'held', 'all'],
            ['machine', 'held', 'machine'],
          ]);
      });
    });
  });
}

type Copy = Omit<Partial<CopyOptions>, 'name' | 'as'> & Pick<CopyOptions, 'from' | 'to'> & {name: string; as: string};

function copy({name, as, ...options}: Copy): CopyOptions {
  const defaults = {attributes: {}, fsync: 'none' as const, sparse: true, live: false, accept: () => true, onBytes: () => true};
  return {...defaults, ...options, name: toByteName(name), as: toByteName(as)};
}

/** The errno with which something is refused; undefined when it is not. */
function codeOf(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return errnoOf(error);
  }
}
