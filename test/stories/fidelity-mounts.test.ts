/** Other file systems within the source and the target. */
import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {pairIn, planned} from '../support/cli.js';
import {applied, appliedAsSaved, arrived, nothingLeft} from '../support/faithful.js';
import {fidelityDifference, needFidelityTools} from '../support/fidelity.js';
import {mounts, needMounts} from '../support/filesystems.js';
import {makeOddTree} from '../support/odd-tree.js';
import {bash, call} from '../support/shell.js';
import {tempDirs} from '../support/temp.js';
import {dir, hardlink, readTree, symlink, type Tree, writeTree} from '../support/tree.js';

/** What is named like something of dirsync's, anywhere but in the root's folder. */
function leftovers(target: string): string[] {
  const found = call('find', [target, '-path', `${target}/.dirsync`, '-prune', '-o', '-name', '*dirsync*', '-print']);
  return found.split('\n').filter((line) => line !== '');
}

const OLD: Tree = {
  changed: 'old',
  gone: 'x',
  'to-folder': 'file',
  'to-file': dir({in: 'x', deeper: {in: 'y'}}),
  'to-link': 'file',
  'from-link': symlink('x'),
  first: 'linked before',
  second: hardlink('first'),
  'gone-folder': dir({in: 'x'}),
};
const NEW: Tree = {
  changed: 'new text',
  added: 'a',
  'to-folder': dir({in: 'x', deeper: {in: 'y'}}),
  'to-file': 'file',
  'to-link': symlink('elsewhere'),
  'from-link': 'file',
  first: 'alone',
  second: 'linked now',
  third: hardlink('second'),
  'new-folder': dir({in: 'x', linked: hardlink('second')}),
};

describe('story: a mount inside the target', () => {
  const mount = mounts();
  const temp = tempDirs();

  before(function () {
    needMounts(this);
    needFidelityTools(this);
  });

  const KINDS: Readonly<Record<string, (at: string, root: string) => void>> = {
    'a second file system': (at) => mount.memory(at),
    'a bind mount of the same file system': (at, root) => {
      fs.mkdirSync(path.join(root, 'elsewhere'));
      mount.bind(path.join(root, 'elsewhere'), at);
    },
  };

  for (const [title, mountAt] of Object.entries(KINDS)) {
    for (const saved of [false, true]) {
      it(`${title}: files in it are made, updated, replaced, linked and deleted${saved ? ', by a saved plan' : ''}`, () => {
        const pair = pairIn(temp(), {beside: 'b', folder: {in: 'new text'}}, {folder: {in: 'old'}});
        mountAt(path.join(pair.target, 'mount'), pair.root);
        const inside = path.join(pair.target, 'mount');
        writeTree(inside, OLD);
        writeTree(path.join(pair.source, 'mount'), NEW);
        if (saved) appliedAsSaved(pair, pair.root);
        else applied(pair);
        arrived(pair);
        expect(leftovers(pair.target)).to.deep.equal([]);
        expect(call('mountpoint', [inside])).to.contain('is a mountpoint');
        bash('find . -mindepth 1 -delete', path.join(pair.source, 'mount'));
        applied(pair);
        arrived(pair);
        expect(leftovers(pair.target)).to.deep.equal([]);
      });
    }
  }

  it('everything odd arrives in a mount', () => {
    const pair = pairIn(temp(), {mount: {}}, {mount: {}});
    mount.memory(path.join(pair.target, 'mount'));
    makeOddTree(path.join(pair.source, 'mount'), {
      sections: ['modes', 'times', 'owners', 'symlinks', 'xattrs', 'acls', 'specials', 'names', 'plain'],
    });
    applied(pair);
    arrived(pair);
    expect(leftovers(path.join(pair.target)).filter((at) => !at.startsWith(`${pair.target}/mount/names`))).to.deep.equal([]);
  });

  it('names linked in the source, but on two file systems in the target, are as many files, and not linked for ever', () => {
    const pair = pairIn(temp(), {mount: {name: 'text'}, beside: hardlink('mount/name')}, {mount: {}});
    mount.memory(path.join(pair.target, 'mount'));
    applied(pair);
    expect(fidelityDifference(pair.source, pair.target, {hardlinks: false})).to.deep.equal([]);
    nothingLeft(pair);
  });

  it('a mount point that the source has not: its content is deleted, the rest of the plan is done', () => {
    const pair = pairIn(temp(), {beside: 'b'}, {mount: {}, beside: 'old', gone: 'x'});
    mount.memory(path.join(pair.target, 'mount'));
    fs.writeFileSync(path.join(pair.target, 'mount/file'), 'x');
    expect(planned([pair.source, pair.target])).to.include.members(['delete mount/file', 'update beside', 'delete gone']);
  });

  it('--one-file-system leaves a mount in the target alone', () => {
    const pair = pairIn(temp(), {beside: 'b', mount: {new: 'n'}}, {beside: 'old', mount: {}, gone: 'x'});
    mount.memory(path.join(pair.target, 'mount'));
    writeTree(path.join(pair.target, 'mount'), {kept: 'k', folder: {kept: 'k'}});
    const before = readTree(path.join(pair.target, 'mount'));
    const sync = {...pair, flags: ['--one-file-system']};
    applied(sync);
    const found = readTree(path.join(pair.target, 'mount'));
    expect({...found, '.': ''}, 'nothing in it is another').to.deep.equal({...before, '.': ''});
    expect(readTree(pair.target).beside).to.include('"b"');
    expect(fs.existsSync(path.join(pair.target, 'gone'))).to.equal(false);
    nothingLeft(sync);
  });

  it('--one-file-system leaves a mount in the target alone that the source has not', () => {
    const pair = pairIn(temp(), {beside: 'b'}, {beside: 'old', folder: {mount: {}, gone: 'x'}});
    mount.memory(path.join(pair.target, 'folder/mount'));
    writeTree(path.join(pair.target, 'folder/mount'), {kept: 'k'});
    const sync = {...pair, flags: ['--one-file-system']};
    applied(sync);
    expect(readTree(pair.target)['folder/mount/kept']).to.include('"k"');
    nothingLeft(sync);
  });
});

describe('story: a source on two devices', () => {
  const mount = mounts();
  const temp = tempDirs();

  before(function () {
    needMounts(this);
    needFidelityTools(this);
  });

  /** Inode numbers of the two file systems are likely to be the same somewhere, which makes no links. */
  function twoDevices(target: Tree = {}) {
    const pair = pairIn(temp(), {}, target);
    for (const at of ['one', 'two']) {
      const root = path.join(pair.source, at);
      mount.memory(root);
      writeTree(root, {a: 'same', b: hardlink('a'), c: `text of ${at}`, folder: {in: at}});
    }
    writeTree(pair.source, {beside: 'b'});
    return pair;
  }

  it('arrives whole, and links stay within each device', () => {
    const pair = twoDevices();
    const inodes = ['one/a', 'two/a'].map((at) => fs.statSync(path.join(pair.source, at)).ino);
    expect(inodes[0], 'the same inode number on both').to.equal(inodes[1]);
    applied(pair);
    arrived(pair);
    expect(fs.statSync(path.join(pair.target, 'one/a')).ino).to.not.equal(fs.statSync(path.join(pair.target, 'two/a')).ino);
  });

  it('--one-file-system: a mount point arrives as an empty folder', () => {
    const pair = twoDevices();
    const sync = {...pair, flags: ['--one-file-system']};
    applied(sync);
    expect(Object.keys(readTree(pair.target)).sort()).to.deep.equal(['.', 'beside', 'one', 'two']);
    nothingLeft(sync);
  });

  it('--one-file-system: what the target has at the path of a mount point is neither changed nor deleted', () => {
    const pair = twoDevices({one: {a: 'of the target', kept: 'k', folder: {kept: 'k'}}, gone: 'x'});
    const sync = {...pair, flags: ['--one-file-system']};
    applied(sync);
    const found = readTree(pair.target);
    expect(Object.keys(found).sort()).to.deep.equal([
      '.',
      'beside',
      'one',
      'one/a',
      'one/folder',
      'one/folder/kept',
      'one/kept',
      'two',
    ]);
    expect(found['one/a']).to.include('"of the target"');
    nothingLeft(sync);
  });
});
