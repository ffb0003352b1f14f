import {createHash} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import fc from 'fast-check';
import {type Block, belongingsAt, CODE, entryAt, kindOf, nameAt, nameStart, PARTIAL, type Stat} from '../../src/core/block.js';
import {BlockWriter} from '../../src/core/block-writer.js';
import type {Tags} from '../../src/core/filter.js';
import {toByteName} from '../../src/core/name.js';
import {joinPath, type RelPath, ROOT} from '../../src/core/path.js';
import type {Side} from '../../src/core/problem.js';
import {XATTR_NAMESPACES} from '../../src/core/xattr.js';
import {type Platform, SystemError} from '../../src/platform/platform.js';
import {PortablePlatform} from '../../src/platform/portable.js';
import {PosixPlatform} from '../../src/platform/posix.js';
import {FilterScope} from '../../src/scan/filter.js';
import {WalkStopped, type WalkTotals, walk} from '../../src/scan/walk.js';
import {skip} from '../support/skip.js';
import {describeProblems} from '../support/streams.js';
import {removeTree, tempDirs} from '../support/temp.js';
import {arbitraryTree, dir, fifo, file, hardlink, symlink, type Tree, writeTree} from '../support/tree.js';
import {asNobody} from '../support/user.js';

interface Scan {
  /** Such as `a/b file`, `c directory partial rules`, `d excluded`. */
  readonly rows: string[];
  readonly problems: string[];
  readonly totals: WalkTotals;
  readonly blocks: Block[];
  readonly folders: Stat[];
  readonly told: number;
}

interface ScanOptions {
  readonly side?: Side;
  readonly rulesRoot?: string;
  readonly filters?: readonly string[];
  readonly tags?: Tags;
  readonly onProgress?: () => boolean;
}

const RULES = '.dirsyncignore';

for (const backend of ['posix', 'portable'] as const) {
  describe(`scan/walk: ${backend}`, () => {
    const tempDir = tempDirs();
    let platform: Platform;

    before(function () {
      if (backend === 'posix' && process.platform !== 'linux') skip(this, 'the posix backend runs on Linux');
      platform = backend === 'posix' ? new PosixPlatform() : new PortablePlatform();
    });

    const scan = (
      at: string,
      {side = 'source', rulesRoot, filters = [], tags, onProgress = () => true}: ScanOptions = {},
    ): Scan => {
      const blocks: Block[] = [];
      const problems: Parameters<typeof describeProblems>[0][number][] = [];
      const folders: Stat[] = [];
      let told = 0;
      const root = platform.openRoot(toByteName(at));
      const rules = rulesRoot === undefined ? undefined : platform.openRoot(toByteName(rulesRoot));
      try {
        const totals = walk({
          platform,
          side,
          root,
          rulesRoot: rules,
          filters: FilterScope.root(filters, tags),
          preserved: {xattrs: XATTR_NAMESPACES, acls: true},
          oneFileSystem: false,
          folding: undefined,
          leftRenamed: new Map(),
          onMount: () => {},
          onMountPoint: () => {},
          onRules: () => {},
          onTag: () => {},
          onCollision: () => {},
          onRespelled: () => {},
          writer: new BlockWriter((block) => blocks.push(block)),
          onProblem: (problem) => problems.push(problem),
          onFolder: (stat) => folders.push({...stat}),
          onProgress: (entries) => {
            told += entries;
            return onProgress();
          },
        });
        return {rows: blocks.flatMap(describeRows()), problems: describeProblems(problems), totals, blocks, folders, told};
      } finally {
        platform.close(root);
        if (rules !== undefined) platform.close(rules);
      }
    };
    const made = (tree: Tree): string => {
      const root = tempDir();
      writeTree(root, tree);
      return root;
    };

    it('lists the root and everything below, with their kinds', () => {
      const root = made({
        a: file('abc', {mode: 0o640, mtime: -1_500_000_001n}),
        b: {c: symlink('../\udcff'), d: {}},
        'b.c': hardlink('a'),
        pipe: fifo(),
      });
      const {rows, totals, folders, told, problems, blocks} = scan(root);
      expect(rows).to.deep.equal([
        '. directory',
        'a file',
        'b directory',
        'b/c symlink',
        'b/d directory',
        'b.c file',
        'pipe fifo',
      ]);
      expect(totals).to.deep.equal({entries: 6, leaves: 4, bytes: 6});
      expect([told, problems]).to.deep.equal([6, []]);
      const [block] = blocks as [Block];
      const {mtimeNs, uid, gid, ino} = fs.statSync(path.join(root, 'a'), {bigint: true});
      const entry = {kind: 'file', mode: 0o640, uid: Number(uid), gid: Number(gid), size: 3, mtime: mtimeNs};
      expect([entryAt(block, 1), entryAt(block, 5)]).to.deep.equal([entry, entry]);
      expect([block.inode[1], block.inode[5], block.links[1]]).to.deep.equal([ino, ino, 2]);
      expect(entryAt(block, 3)).to.include({kind: 'symlink', link: '../\udcff', size: 0});
      expect(folders.map((stat) => stat.inodeLow)).to.deep.equal(
        ['b', 'b/d'].map((at) => Number(BigInt.asUintN(32, fs.statSync(path.join(root, at), {bigint: true}).ino))),
      );
    });

    it('law: canonical order is depth first, siblings by their bytes', () => {
      fc.assert(
        fc.property(arbitraryTree, (tree) => {
          const root = path.join(tempDir(), 'root');
          writeTree(root, tree);
          const {blocks, totals, problems} = scan(root);
          const listed = listing(Buffer.from(root));
          expect(blocks.flatMap(bytePaths())).to.deep.equal(['', ...listed]);
          expect([totals.entries, problems]).to.deep.equal([listed.length, []]);
          removeTree(root);
        }),
        {numRuns: 30},
      );
    });

    it('fills several blocks', () => {
      const root = tempDir();
      const one = path.join(root, 'one');
      fs.writeFileSync(one, '');
      for (let i = 0; i < 4; i++) {
        fs.mkdirSync(path.join(root, `d${i}`));
        // Links are made faster than files.
        for (let j = 0; j < 1025; j++) fs.linkSync(one, path.join(root, `d${i}/f${j}`));
      }
      const {blocks, totals} = scan(root);
      expect(blocks.length).to.equal(2);
      expect(blocks.flatMap(bytePaths())).to.deep.equal(['', ...listing(Buffer.from(root))]);
      expect(totals).to.deep.equal({entries: 1 + 4 * 1026, leaves: 1 + 4 * 1025, bytes: 0});
    });

    it('leaves out .dirsync at the root, and only there', () => {
      const root = made({'.dirsync': {lock: ''}, a: {'.dirsync': {b: ''}}, '.dirsync2': ''});
      for (const side of ['source', 'target'] as const) {
        expect(scan(root, {side}).rows).to.deep.equal([
          '. directory',
          '.dirsync2 file',
          'a directory',
          'a/.dirsync directory',
          'a/.dirsync/b file',
        ]);
      }
    });

    it('follows no symlink', () => {
      const root = made({a: {b: ''}, link: symlink('a'), loop: symlink('.'), out: symlink('/')});
      expect(scan(root).rows).to.deep.equal([
        '. directory',
        'a directory',
        'a/b file',
        'link symlink',
        'loop symlink',
        'out symlink',
      ]);
    });

    it('is stopped from outside', () => {
      const root = made({a: {b: {c: ''}}});
      let folders = 0;
      expect(() => scan(root, {onProgress: () => ++folders < 2})).to.throw(WalkStopped);
      expect(folders).to.equal(2);
    });

    it('leaves no folder open behind, stopped or not', function () {
      if (process.platform !== 'linux') skip(this, 'open files are counted in /proc');
      const root = made({a: {b: {c: ''}, [RULES]: symlink('x')}, [RULES]: '*.o'});
      const count = () => fs.readdirSync('/proc/self/fd').length;
      const before = count();
      scan(root);
      scan(root, {side: 'target', rulesRoot: root});
      let folders = 0;
      expect(() => scan(root, {onProgress: () => ++folders < 2})).to.throw(WalkStopped);
      expect(count()).to.equal(before);
    });

    describe('filters', () => {
      const tree: Tree = {
        [RULES]: '*.tmp\n',
        'a.tmp': '',
        b: '',
        cache: {x: '', 'y.tmp': ''},
        sub: {[RULES]: '!keep.tmp\n/only\n', 'keep.tmp': '', only: '', deep: {only: '', 'z.tmp': ''}},
      };
      const rows = [
        '. directory rules',
        '.dirsyncignore file',
        'a.tmp excluded',
        'b file',
        'cache excluded',
        'sub directory rules',
        'sub/.dirsyncignore file',
        'sub/deep directory',
        'sub/deep/only file',
        'sub/deep/z.tmp excluded',
        'sub/keep.tmp file',
        'sub/only excluded',
      ];
      it('an excluded entry is one row, without its content', () => {
        const {totals, told, ...found} = scan(made(tree), {filters: ['/cache/']});
        expect([found.rows, found.problems]).to.deep.equal([rows, []]);
        expect([totals.entries, totals.leaves]).to.deep.equal([7, 5]);
        expect(told).to.equal(11);
      });
      it('the rules of the source apply to the target, whose own rules are ignored', () => {
        const source = made(tree);
        const target = made({
          ...tree,
          [RULES]: 'b\n',
          sub: {...(tree.sub as Tree), [RULES]: ''},
          alone: {[RULES]: '*', f: '', 'g.tmp': ''},
        });
        const found = scan(target, {side: 'target', rulesRoot: source, filters: ['/cache/']});
        const alone = ['alone directory', 'alone/.dirsyncignore file', 'alone/f file', 'alone/g.tmp excluded'];
        expect([found.rows, found.problems]).to.deep.equal([rows.toSpliced(3, 0, ...alone), []]);
      });
      it('apply in the target even if it has no rule file', () => {
        const source = made({[RULES]: '*.tmp', d: {[RULES]: '/x'}});
        expect(scan(made({'a.tmp': '', d: {x: '', y: ''}}), {side: 'target', rulesRoot: source}).rows).to.deep.equal([
          '. directory rules',
          'a.tmp excluded',
          'd directory rules',
          'd/x excluded',
          'd/y file',
        ]);
      });
      it('a target without a source has no rules', () => {
        expect(scan(made({[RULES]: '*', a: ''}), {side: 'target'}).rows).to.deep.equal([
          '. directory',
          '.dirsyncignore file',
          'a file',
        ]);
      });
      it('the digest of a folder is that of its own rule file, the same on both sides', () => {
        const source = made({[RULES]: 'x\n', a: {[RULES]: 'y\n'}, b: {}});
        const target = made({a: {}, b: {}});
        const digests = ({blocks}: Scan) =>
          blocks.flatMap((block) =>
            Array.from({length: block.count}, (_, i) => i)
              .filter((i) => block.code[i] === CODE.directory)
              .map((i) => Buffer.from(belongingsAt(block, i)).toString('hex')),
          );
        const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
        const expected = [sha256('x\n'), sha256('y\n'), ''];
        expect(digests(scan(source))).to.deep.equal(expected);
        expect(digests(scan(target, {side: 'target', rulesRoot: source}))).to.deep.equal(expected);
      });
      it('match names that are not UTF-8, by the same bytes in the rule file', () => {
        const root = made({'caf\udce9': '', 'caf\udcea': '', café: ''});
        fs.writeFileSync(path.join(root, RULES), Buffer.from('caf\xe9\n', 'latin1'));
        expect(scan(root).rows).to.deep.equal([
          '. directory rules',
          '.dirsyncignore file',
          'café file',
          'caf\udce9 excluded',
          'caf\udcea file',
        ]);
      });

      const unusable: [title: string, rules: Tree[string], code: string][] = [
        ['a symlink', symlink('b'), 'ELOOP'],
        ['a folder', {x: ''}, 'EISDIR'],
        ['no text', '*.db\0', 'FILTER_NOT_TEXT'],
        ['too large', `#${'x'.repeat(1024 * 1024)}`, 'FILTER_TOO_LARGE'],
      ];
      for (const [title, rules, code] of unusable) {
        it(`a rule file that is ${title} leaves its folder unread, on both sides`, () => {
          const source = made({a: {[RULES]: rules, b: ''}, c: ''});
          const expected = ['. directory', 'a directory partial', 'c file'];
          const found = scan(source);
          expect([found.rows, found.problems]).to.deep.equal([expected, [`source a/${RULES} ${code}`]]);
          const target = scan(made({a: {b: '', d: ''}, c: ''}), {side: 'target', rulesRoot: source});
          // Both walks read the rules, and each may meet what the other does not: both say so.
          expect([target.rows, target.problems]).to.deep.equal([expected, found.problems]);
        });
      }
      const costly: [title: string, rules: string][] = [
        ['of 300 000 patterns', 'a*\n'.repeat(300_000)],
        ['of a pattern whose regular expression V8 would refuse', '?'.repeat(1_000_000)],
        ['that tries all ways through a path', '**/a/'.repeat(800)],
      ];
      for (const [title, rules] of costly) {
        it(`a rule file ${title} leaves its folder unread, on both sides`, () => {
          let below: Tree = {b: ''};
          for (let i = 0; i < 60; i++) below = {a: below};
          const source = made({a: {...below, [RULES]: rules}, c: ''});
          const found = scan(source);
          const target = scan(made({a: {...below, d: ''}, c: ''}), {side: 'target', rulesRoot: source});
          for (const {rows, problems} of [found, target]) {
            expect(rows).to.include('c file').and.not.include('a/b file');
            expect(rows.filter((row) => row.endsWith(' partial'))).to.have.length(1);
            expect(problems).to.have.length(1);
            expect(problems[0]).to.match(/^source a[/a]* FILTERS_TOO_COSTLY$/);
          }
        });
      }
      it('a rule file of just the size that is allowed is read', () => {
        const rules = `*.tmp\n#${'x'.repeat(1024 * 1024 - 7)}`;
        expect(scan(made({[RULES]: rules, 'a.tmp': ''})).rows).to.include('a.tmp excluded');
      });
    });

    it('tags of the source hold for both trees, and those of the target for none', () => {
      const source = made({a: {no: '', x: ''}, b: {x: ''}});
      const target = made({a: {x: '', y: {z: ''}}, b: {no: '', x: ''}});
      const tags = {excludeCaches: false, excludeIfPresent: ['no']};
      const [one, two] = [scan(source, {tags}), scan(target, {side: 'target', rulesRoot: source, tags})];
      expect(one.rows).to.deep.equal([
        '. directory',
        'a directory rules',
        'a/no file',
        'a/x excluded',
        'b directory',
        'b/x file',
      ]);
      expect(two.rows).to.deep.equal([
        '. directory',
        'a directory rules',
        'a/x excluded',
        'a/y excluded',
        'b directory',
        'b/no file',
        'b/x file',
      ]);
      const digest = ({blocks: [block]}: Scan) => belongingsAt(block as Block, 1);
      expect(digest(one)).to.deep.equal(digest(two)).and.to.have.length.above(0);
    });

    describe('unreadable entries', () => {
      it('a folder that cannot be entered exists, but its content is not known', () => {
        const root = made({a: dir({b: ''}, {mode: 0}), c: {d: ''}});
        for (const side of ['source', 'target'] as const) {
          const found = asNobody(() => scan(root, {side}));
          expect(found.rows).to.deep.equal(['. directory', 'a directory partial', 'c directory', 'c/d file']);
          expect(found.problems).to.deep.equal([`${side} a EACCES`]);
          expect(found.totals.entries).to.equal(3);
        }
      });
      it('a folder that the disk does not give is there, its content is not known; one that went meanwhile is unknown', () => {
        const root = made({a: {b: ''}, c: {d: ''}});
        const {openFolder} = platform;
        platform.openFolder = (parent, name) => {
          if (name === 'a' || name === 'c') throw new SystemError(name === 'a' ? 'EIO' : 'ENOENT', 'openat');
          return openFolder.call(platform, parent, name);
        };
        try {
          const found = scan(root);
          expect(found.rows).to.deep.equal(['. directory', 'a directory partial', 'c unknown']);
          expect(found.problems).to.deep.equal(['source a EIO', 'source c ENOENT']);
        } finally {
          platform.openFolder = openFolder;
        }
      });
      it('an entry that can be listed but not examined is unknown', () => {
        const root = made({a: dir({b: '', c: {}}, {mode: 0o444})});
        const found = asNobody(() => scan(root));
        expect(found.rows).to.deep.equal(['. directory', 'a directory', 'a/b unknown', 'a/c unknown']);
        expect(found.problems).to.deep.equal(['source a/b EACCES', 'source a/c EACCES']);
        expect(found.totals).to.deep.equal({entries: 1, leaves: 0, bytes: 0});
      });
      it('a rule file that cannot be read', () => {
        const root = made({a: {[RULES]: file('*', {mode: 0}), b: ''}});
        const found = asNobody(() => scan(root));
        expect(found.rows).to.deep.equal(['. directory', 'a directory partial']);
        expect(found.problems).to.deep.equal([`source a/${RULES} EACCES`]);
      });
      it('a tag that cannot be read leaves the content of its folder unknown', () => {
        const tree = {a: {'CACHEDIR.TAG': file('x', {mode: 0}), b: ''}, c: ''};
        const tags = {excludeCaches: true, excludeIfPresent: []};
        const source = made(tree);
        const found = asNobody(() => [scan(source, {tags}), scan(made(tree), {side: 'target', rulesRoot: source, tags})]);
        for (const {rows, problems} of found) {
          expect(rows).to.deep.equal(['. directory', 'a directory partial', 'c file']);
          expect(problems).to.deep.equal(['source a EACCES']);
        }
      });
      it('a folder of the source that cannot be entered leaves the rules for the target unknown', () => {
        const source = made({a: dir({[RULES]: 'x'}, {mode: 0})});
        const target = made({a: {x: '', y: ''}});
        const [one, two] = asNobody(() => [scan(source), scan(target, {side: 'target', rulesRoot: source})]);
        expect(one?.rows).to.deep.equal(['. directory', 'a directory partial']);
        // Whether x is left out cannot be told; the source's row keeps everything here from being deleted.
        expect(two?.rows[1]).to.match(/^a directory/);
        expect(two?.problems).to.deep.equal([]);
      });
    });
  });
}

/** For `flatMap` over the blocks of one scan: it remembers the folders that it is in. */
function describeRows(): (block: Block) => string[] {
  const above: RelPath[] = [];
  return (block) =>
    Array.from({length: block.count}, (_, i) => {
      const depth = block.depth[i] as number;
      const code = block.code[i] as number;
      const at = depth === 0 ? ROOT : joinPath(above[depth - 1] as RelPath, nameAt(block, i));
      above[depth] = at;
      const words = [at || '.', kindOf(code) ?? (code === CODE.excluded ? 'excluded' : 'unknown')];
      if (((block.flags[i] as number) & PARTIAL) !== 0) words.push('partial');
      if (code === CODE.directory && belongingsAt(block, i).length > 0) words.push('rules');
      return words.join(' ');
    });
}

/** The same, as paths with a unit for each byte. */
function bytePaths(): (block: Block) => string[] {
  const above: string[] = [];
  return (block) =>
    Array.from({length: block.count}, (_, i) => {
      const depth = block.depth[i] as number;
      const name = Buffer.from(block.text.slice(nameStart(block, i), block.nameEnd[i])).toString('latin1');
      above.length = depth;
      above.push(name);
      return above.slice(1).join('/');
    });
}

/** All below a folder, listed without any code of dirsync's. */
function listing(folder: Buffer, above = ''): string[] {
  return fs
    .readdirSync(folder, {encoding: 'buffer'})
    .sort(Buffer.compare)
    .flatMap((name) => {
      const at = Buffer.concat([folder, Buffer.from('/'), name]);
      const shown = `${above}${name.toString('latin1')}`;
      return fs.lstatSync(at).isDirectory() ? [shown, ...listing(at, `${shown}/`)] : [shown];
    });
}
