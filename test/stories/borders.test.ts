/** Borders within the target that no mount shows, and that nothing is renamed or linked across. */
import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {dirsync, pairIn} from '../support/cli.js';
import {applied, appliedAsSaved, nothingLeft} from '../support/faithful.js';
import {differences, type FidelityOptions, needFidelityTools} from '../support/fidelity.js';
import {makeImage, mounts, needMounts, toolOf} from '../support/filesystems.js';
import {call, has} from '../support/shell.js';
import {skip} from '../support/skip.js';
import {needStrace} from '../support/strace.js';
import {tempDirs} from '../support/temp.js';
import {dir, file, hardlink, readTree, symlink, type Tree, writeTree} from '../support/tree.js';

const OLD: Tree = {
  changed: 'old',
  gone: 'x',
  'to-folder': 'file',
  'to-file': dir({in: 'x', deeper: {in: 'y'}}),
  'to-link': dir({}),
  'from-link': symlink('x'),
  first: 'linked before',
  second: hardlink('first'),
  'gone-folder': dir({in: 'x'}),
  moded: file('same', {mode: 0o600}),
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
  moded: file('same', {mode: 0o644}),
};

describe('story: a border inside the target that is no mount', () => {
  const mount = mounts();
  const temp = tempDirs();

  before(function () {
    needMounts(this);
    needFidelityTools(this);
  });

  interface Border {
    readonly type: 'btrfs' | 'xfs' | undefined;
    readonly mebibytes?: number;
    /** Makes a folder with the border around it. */
    readonly make: (at: string) => void;
  }

  const BORDERS: Readonly<Record<string, Border>> = {
    'a subvolume of btrfs': {type: 'btrfs', mebibytes: 128, make: (at) => call('btrfs', ['subvolume', 'create', at])},
    'a folder of another project (xfs)': {
      type: 'xfs',
      mebibytes: 320,
      make: (at) => {
        fs.mkdirSync(at);
        call('chattr', ['-p', '100', at]);
        call('chattr', ['+P', at]);
      },
    },
    'folders of the lower layer of an overlay': {type: undefined, make: (at) => fs.mkdirSync(at)},
  };

  /** A target that holds this tree, and in it a folder `inside` with a border around it that holds that one. */
  function pairWith(context: Mocha.Context, {type, mebibytes = 0, make}: Border, inside: Tree, beside: Tree = {}) {
    const pair = pairIn(temp());
    const {root, target} = pair;
    const at = type === undefined ? path.join(root, 'lower') : target;
    fs.mkdirSync(at);
    if (type !== undefined) {
      for (const tool of [toolOf(type), type === 'xfs' ? 'chattr' : 'btrfs'])
        if (!has(tool)) skip(context, `${tool} is not installed`);
      const image = path.join(root, 'image');
      makeImage(type, image, mebibytes);
      mount.image(image, at);
    }
    make(path.join(at, 'inside'));
    writeTree(path.join(at, 'inside'), inside);
    writeTree(at, beside);
    if (type === undefined) mount.overlay(at, target);
    return {...pair, inside: path.join(target, 'inside')};
  }

  /** What is named like something of dirsync's, anywhere but in the root's folder. */
  function leftovers(target: string): string[] {
    const found = call('find', [target, '-path', `${target}/.dirsync`, '-prune', '-o', '-name', '*dirsync*', '-print']);
    return found.split('\n').filter((line) => line !== '');
  }

  /** As both judges see it; how many names a folder has, btrfs and overlays do not say. */
  function arrivedWithin({source, target}: {source: string; target: string}, options: FidelityOptions = {}): void {
    expect(differences(source, target, options).filter((line) => !line.includes('link count'))).to.deep.equal([]);
    expect(leftovers(target)).to.deep.equal([]);
  }

  for (const [title, border] of Object.entries(BORDERS)) {
    for (const saved of [false, true]) {
      it(`${title}: all is made, updated, replaced, linked and deleted${saved ? ', by a saved plan' : ''}`, function () {
        const pair = pairWith(this, border, OLD, {beside: 'old'});
        writeTree(pair.source, {beside: 'newer'});
        writeTree(path.join(pair.source, 'inside'), NEW);
        const {ino} = fs.statSync(pair.inside);
        if (saved) appliedAsSaved(pair, pair.root);
        else applied(pair);
        arrivedWithin(pair);
        nothingLeft(pair);
        expect(fs.statSync(pair.inside).ino, 'the same folder').to.equal(ino);
        for (const name of fs.readdirSync(path.join(pair.source, 'inside')))
          fs.rmSync(path.join(pair.source, 'inside', name), {recursive: true});
        applied(pair);
        arrivedWithin(pair);
        nothingLeft(pair);
        expect(fs.readdirSync(pair.inside)).to.deep.equal([]);
      });
    }

    it(`${title}: the folder itself gives its place to a file`, function () {
      const pair = pairWith(this, border, OLD);
      writeTree(pair.source, {inside: 'a file now', beside: 'x'});
      applied(pair);
      arrivedWithin(pair);
      nothingLeft(pair);
      fs.rmSync(path.join(pair.source, 'inside'));
      applied(pair);
      arrivedWithin(pair);
      nothingLeft(pair);
    });

    it(`${title}: the folder itself goes`, function () {
      const pair = pairWith(this, border, OLD);
      writeTree(pair.source, {beside: 'x'});
      applied(pair);
      arrivedWithin(pair);
      nothingLeft(pair);
    });
  }

  it('a subvolume of btrfs: names of one file on both sides of it are as many files, and not linked for ever', function () {
    const pair = pairWith(this, BORDERS['a subvolume of btrfs'] as Border, {});
    writeTree(pair.source, {inside: {name: 'text'}, beside: hardlink('inside/name')});
    applied(pair);
    arrivedWithin(pair, {hardlinks: false});
    nothingLeft(pair);
  });

  it('projects: a border that is met when a folder is gone already, which gives its place to a leaf', function () {
    const folders = {file: dir({in: 'x'}), link: dir({}), name: dir({})};
    const pair = pairWith(this, BORDERS['a folder of another project (xfs)'] as Border, {...folders, leader: 'text'});
    writeTree(path.join(pair.source, 'inside'), {
      file: 'a file now',
      link: symlink('elsewhere'),
      leader: 'text',
      name: hardlink('leader'),
    });
    applied(pair);
    arrivedWithin(pair);
    nothingLeft(pair);
  });

  it('projects: names of one file on both sides of a border are as many files, which is said each time', function () {
    const pair = pairWith(this, BORDERS['a folder of another project (xfs)'] as Border, {replaced: dir({}), old: 'older'});
    writeTree(pair.source, {
      aaa: 'text',
      inside: {name: hardlink('aaa'), old: hardlink('aaa'), replaced: hardlink('aaa'), other: 'x'},
    });
    // With moves, new names wait until it is known what was moved, so another name would lead.
    const args = ['apply', pair.source, pair.target, '--yes', '--no-moves', '--allow', 'too-many-deletes'];
    const {code, stdout} = dirsync(args);
    expect(code).to.equal(3);
    expect(stdout.match(/^ {2}! NOT_LINKED {2}inside\/\w+/gm)).to.have.length(3);
    arrivedWithin(pair, {hardlinks: false});
    const inodes = () => ['name', 'old', 'replaced'].map((name) => fs.statSync(path.join(pair.inside, name)).ino);
    const made = inodes();
    expect(dirsync(args).code, 'again').to.equal(3);
    expect(inodes(), 'not copied again').to.deep.equal(made);
  });

  describe('is met by a run that is killed', () => {
    before(function () {
      needStrace(this);
    });

    for (const title of ['a subvolume of btrfs', 'a folder of another project (xfs)']) {
      for (const nth of [1, 2, 3, 5, 8]) {
        it(`${title}: at its rename number ${nth}; applied again, all is there and nothing is left over`, function () {
          const pair = pairWith(this, BORDERS[title] as Border, OLD, {beside: 'old'});
          writeTree(pair.source, {beside: 'newer'});
          writeTree(path.join(pair.source, 'inside'), NEW);
          const plan = path.join(pair.root, 'plan');
          expect(dirsync(['plan', pair.source, pair.target, '--out', plan]).code).to.equal(0);
          const inject = `inject=renameat2:signal=SIGKILL:when=${nth}`;
          const under = ['strace', '-f', '-qq', '-e', 'signal=none', '-o', '/dev/null', '-e', 'trace=renameat2', '-e', inject];
          const apply = ['apply', plan, '--allow', 'too-many-deletes'];
          expect(dirsync(apply, {under}).signal).to.equal('SIGKILL');
          const kept = ['second', 'first'].map((name) => readTree(pair.inside)[name]);
          expect(kept, 'an old or a new version stands there').to.not.include(undefined);
          expect(dirsync(apply)).to.deep.include({code: 0, stderr: ''});
          arrivedWithin(pair);
          nothingLeft(pair);
        });
      }
    }
  });
});
