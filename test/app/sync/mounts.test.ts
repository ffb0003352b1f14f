import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {mountFacts} from '../../../src/app/sync/mounts.js';
import {toByteName} from '../../../src/core/name.js';
import type {RelPath} from '../../../src/core/path.js';
import type {MountFacts} from '../../../src/core/plan.js';
import {platform} from '../../../src/platform/choose.js';
import {SystemError} from '../../../src/platform/platform.js';
import {mounts, needMounts} from '../../support/filesystems.js';
import {skip} from '../../support/skip.js';
import {tempDirs} from '../../support/temp.js';
import {symlink, type Tree, writeTree} from '../../support/tree.js';

describe('app/sync/mounts', () => {
  const mount = mounts();
  const temp = tempDirs();

  const treeOf = (tree: Tree) => {
    const root = temp();
    writeTree(root, tree);
    return root;
  };
  const facts = (root: string, met: readonly string[], known: Readonly<Record<string, readonly string[]>> = {}): MountFacts[] =>
    mountFacts({
      open: () => platform().openRoot(toByteName(root)),
      met: met as RelPath[],
      known: Object.entries(known).map(([at, fileSystems]) => ({at: at as RelPath, fileSystems})),
    });

  it('opens no tree in which nothing was met', () => {
    const open = () => expect.fail('it was opened');
    expect(mountFacts({open, met: [], known: []})).to.deep.equal([]);
  });

  it('says nothing of a tree that cannot be opened', () => {
    const open = () => {
      throw new SystemError('ENOENT', 'open');
    };
    expect(mountFacts({open, met: ['a' as RelPath], known: []})).to.deep.equal([]);
  });

  it('an error that is not of the system is a bug, and not hidden', () => {
    const open = () => {
      throw new TypeError('a bug');
    };
    expect(() => mountFacts({open, met: ['a' as RelPath], known: []})).to.throw(TypeError);
  });

  const GONE: Record<string, Tree> = {
    'a plain folder': {disk: {x: ''}},
    'a file': {disk: 'x'},
    nothing: {},
  };
  for (const [title, tree] of Object.entries(GONE)) {
    it(`where a disk was, there is ${title} now`, () => {
      expect(facts(treeOf(tree), [], {disk: ['ext4 one']})).to.deep.equal([{at: 'disk', now: '', before: ['ext4 one']}]);
    });
  }

  it('a mount that the scan met and is gone again had no name', () => {
    expect(facts(treeOf({disk: {}}), ['disk'])).to.deep.equal([{at: 'disk', now: '', before: ['unnamed']}]);
  });

  it('where something else is on the way, it is gone', () => {
    const root = treeOf({a: 'x', link: symlink('.')});
    expect(facts(root, [], {'a/disk': ['ext4 one'], 'link/disk': ['ext4 two']})).to.deep.equal([
      {at: 'a/disk', now: '', before: ['ext4 one']},
      {at: 'link/disk', now: '', before: ['ext4 two']},
    ]);
  });

  it('a path that was met and is known is told once', () => {
    const root = treeOf({disk: {}});
    expect(facts(root, ['disk', 'disk'], {disk: ['ext4 one']})).to.have.length(1);
  });

  it('closes what it opens', function () {
    if (process.platform !== 'linux') skip(this, 'what is open is known on Linux');
    const root = treeOf({a: {b: {disk: {}}}});
    const open = () => fs.readdirSync('/proc/self/fd').length;
    const before = open();
    facts(root, ['a/b/disk', 'a/b'], {'a/x': ['ext4']});
    expect(open()).to.equal(before);
  });

  describe('of what is mounted', () => {
    before(function () {
      needMounts(this);
    });

    it('tells the file system, and all that were met there', () => {
      const root = treeOf({disk: {}, other: {}});
      mount.memory(path.join(root, 'disk'));
      const [disk, ...more] = facts(root, ['disk'], {disk: ['ext4 one', 'xfs two']});
      expect(disk).to.deep.include({at: 'disk', before: ['ext4 one', 'xfs two']});
      expect(disk?.now).to.match(/^tmpfs/);
      expect(more).to.deep.equal([]);
      expect(facts(root, ['disk'])[0]).to.deep.equal({...disk, before: []});
    });

    it('tells a bind mount from a plain folder of the same file system', () => {
      const root = treeOf({of: {x: ''}, disk: {}, file: '', text: 'x'});
      mount.bind(path.join(root, 'of'), path.join(root, 'disk'));
      mount.file(path.join(root, 'text'), path.join(root, 'file'));
      const found = facts(root, ['disk', 'file', 'of']);
      expect(found.map(({at, now}) => [at, now.split(' ')[0]])).to.deep.equal([
        ['disk', 'bind'],
        ['file', 'bind'],
        ['of', ''],
      ]);
      mount.undo();
      expect(facts(root, [], {disk: ['bind ext4 one']}), 'it is gone, and that is seen').to.deep.equal([
        {at: 'disk', now: '', before: ['bind ext4 one']},
      ]);
    });
  });
});
