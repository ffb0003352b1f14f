import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import fc from 'fast-check';
import {type Block, CODE, nameAt} from '../../src/core/block.js';
import {BlockWriter} from '../../src/core/block-writer.js';
import type {Tags} from '../../src/core/filter.js';
import {toByteName} from '../../src/core/name.js';
import {joinPath, type RelPath, ROOT} from '../../src/core/path.js';
import {platform} from '../../src/platform/choose.js';
import {decideFilter} from '../../src/scan/decide.js';
import {FilterScope} from '../../src/scan/filter.js';
import {walk} from '../../src/scan/walk.js';
import {skip} from '../support/skip.js';
import {removeTree, tempDirs} from '../support/temp.js';
import {arbitraryTree, dir, Leaf, symlink, type Tree, writeTree} from '../support/tree.js';

const tree: Tree = {
  '.dirsyncignore': '# ours\n\n*.o\n/deep/out/\n',
  'a.o': '',
  deep: {
    '.dirsyncignore': '!keep.o\r\n',
    'keep.o': '',
    out: {'.dirsyncignore': '!x.o', 'x.o': ''},
    'x\udcff': {'.dirsyncignore': 'y*'},
  },
  link: symlink('deep'),
};

const CASES: readonly [asked: string, at: string, excluded: boolean, rule?: string][] = [
  ['.', '', false],
  ['a.o', 'a.o', true, '.dirsyncignore:3 *.o'],
  ['a.c', 'a.c', false],
  ['deep/', 'deep', false],
  ['deep/keep.o', 'deep/keep.o', false, 'deep/.dirsyncignore:1 !keep.o'],
  ['deep/out/', 'deep/out', true, '.dirsyncignore:4 /deep/out/'],
  ['deep/out', 'deep/out', false],
  ['deep/out/x.o', 'deep/out', true, '.dirsyncignore:4 /deep/out/'],
  ['deep/x\udcff/y\udcfe1', 'deep/x\udcff/y\udcfe1', true, 'deep/x\udcff/.dirsyncignore:1 y*'],
  ['missing/folder/b.o', 'missing/folder/b.o', true, '.dirsyncignore:3 *.o'],
  ['missing.tmp/b', 'missing.tmp', true, ':2 *.tmp'],
  // No symlink is followed, so the rules behind it do not hold.
  ['link/keep.o', 'link/keep.o', true, '.dirsyncignore:3 *.o'],
];

const NO_TAGS: Tags = {excludeCaches: false, excludeIfPresent: []};
const TAGS: Tags = {excludeCaches: true, excludeIfPresent: ['a', 'x\udcff']};

describe('scan/decide', () => {
  const temp = tempDirs();

  /** A trailing slash says that the path is a folder. */
  function decide(root: string | undefined, asked: string, filters: readonly string[] = [], tags = NO_TAGS) {
    const fs = platform();
    const folder = root === undefined ? undefined : fs.openRoot(toByteName(root));
    try {
      const at = asked.replace(/\/$|^\.$/, '') as RelPath;
      return decideFilter({
        platform: fs,
        root: folder,
        filtering: {filters, ...tags},
        path: at,
        isFolder: asked.endsWith('/'),
      });
    } finally {
      if (folder !== undefined) fs.close(folder);
    }
  }

  for (const [asked, at, excluded, words] of CASES) {
    it(`${JSON.stringify(asked)}: ${words ?? 'no line'}`, () => {
      const root = temp();
      writeTree(root, tree);
      const {rule, ...found} = decide(root, asked, ['!none', '*.tmp']);
      expect(found).to.deep.equal({excluded, at});
      expect(rule && `${rule.from}:${rule.line} ${rule.pattern}`).to.equal(words);
    });
  }

  it('without a source only the command line decides', () => {
    expect(decide(undefined, 'a/b.o', ['*.o']).excluded).to.equal(true);
    expect(decide(undefined, 'a/b.c', ['*.o'])).to.deep.equal({excluded: false, at: 'a/b.c'});
  });

  it('decides nothing about a folder whose .dirsyncignore cannot be read', () => {
    const root = temp();
    writeTree(root, {'.dirsyncignore': '*.o', large: {}, folder: {'.dirsyncignore': dir({})}});
    fs.writeFileSync(path.join(root, 'large/.dirsyncignore'), Buffer.alloc(1024 * 1024 + 1, '#'));
    fs.mkdirSync(path.join(root, 'many'));
    fs.writeFileSync(path.join(root, 'many/.dirsyncignore'), '*.o\n'.repeat(10_001));
    for (const at of ['large/a.o', 'folder/a.o', 'many/a.o', 'many/b/a.o']) {
      expect(decide(root, at)).to.deep.equal({excluded: false, at});
    }
    expect(decide(root, 'a.o').excluded).to.equal(true);
  });

  it('closes all folders that it opens', function () {
    if (process.platform !== 'linux') skip(this, 'what is open is known on Linux');
    const root = temp();
    writeTree(root, {a: {b: {c: {'.dirsyncignore': dir({}), d: 'x'}}}});
    const open = () => fs.readdirSync('/proc/self/fd').length;
    decide(root, 'a/b/c/d');
    const before = open();
    for (const at of ['a/b/c/d', 'a/b/x/y/z', 'a/b/c/', 'x']) for (let i = 0; i < 10; i++) decide(root, at);
    expect(open()).to.equal(before);
  });

  it('law: it decides as a walk does', () => {
    const line = fc.constantFrom('a', '!a', '/b', '!*', '*', 'a/', '!b/', 'a.b', '**/c', 'a/b', '#', '!/a', 'x\udcff');
    const lines = fc.array(line, {maxLength: 4});
    fc.assert(
      fc.property(arbitraryTree, fc.array(lines, {minLength: 1, maxLength: 4}), lines, (plain, rules, filters) => {
        const root = path.join(temp(), 'root');
        writeTree(root, withRules(plain, rules));
        for (const tags of [NO_TAGS, TAGS]) {
          for (const [at, code] of rowsOf(root, filters, tags)) {
            const found = decide(root, code === CODE.directory ? `${at}/` : at, filters, tags);
            // An excluded row does not say whether it is a folder.
            const asFolder = decide(root, `${at}/`, filters, tags);
            if (code !== CODE.excluded) expect(found, at).to.include({excluded: false, at});
            else expect([found.excluded || asFolder.excluded, asFolder.at], at).to.deep.equal([true, at]);
          }
        }
        removeTree(root);
      }),
      {numRuns: 100},
    );
  });
});

/** The tree with these lines in some of its folders. */
function withRules(tree: Tree, rules: readonly (readonly string[])[]): Tree {
  let next = 0;
  const visit = (at: Tree): Tree => {
    const lines = rules[next++];
    const below = Object.entries(at).map(([name, node]): [string, Tree[string]] => {
      const isFolder = node instanceof Leaf && node.type === 'dir';
      return [name, isFolder ? dir(visit(node.tree), node.attributes) : node];
    });
    return {...Object.fromEntries(below), ...(lines && {'.dirsyncignore': lines.join('\n')})};
  };
  return visit(tree);
}

/** What a walk of the source writes below the root. */
function rowsOf(root: string, filters: readonly string[], tags = NO_TAGS): [at: RelPath, code: number][] {
  const fs = platform();
  const blocks: Block[] = [];
  const folder = fs.openRoot(toByteName(root));
  const nothing = () => {};
  const options = {platform: fs, side: 'source', root: folder, filters: FilterScope.root(filters, tags)} as const;
  walk({
    ...options,
    preserved: {xattrs: [], acls: false},
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
    onProblem: nothing,
    onFolder: nothing,
    onProgress: () => true,
  });
  fs.close(folder);
  const above: RelPath[] = [];
  return blocks
    .flatMap((block) =>
      Array.from({length: block.count}, (_, i): [RelPath, number] => {
        const depth = block.depth[i] as number;
        const at = depth === 0 ? ROOT : joinPath(above[depth - 1] ?? ROOT, nameAt(block, i));
        above[depth] = at;
        return [at, block.code[i] as number];
      }),
    )
    .filter(([at]) => at !== ROOT);
}
