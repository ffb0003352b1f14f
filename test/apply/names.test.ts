import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {type FoldedNames, FolderNames, spelledOtherwise} from '../../src/apply/names.js';
import {toByteName} from '../../src/core/name.js';
import type {RelPath} from '../../src/core/path.js';
import {platform} from '../../src/platform/choose.js';
import {Cursor} from '../../src/platform/cursor.js';
import type {Folder} from '../../src/platform/platform.js';
import {tempDirs} from '../support/temp.js';
import {symlink, type Tree, writeTree} from '../support/tree.js';

describe('apply/names', () => {
  const temp = tempDirs();
  const open: {root: Folder; names: FolderNames}[] = [];
  afterEach(() => {
    for (const {root, names} of open.splice(0)) {
      names.reset();
      platform().close(root);
    }
  });

  const at = (path: string) => path as RelPath;
  function namesOf(tree: Tree, root = temp()): FolderNames {
    writeTree(root, tree);
    const folder = platform().openRoot(toByteName(root));
    const names = new FolderNames(platform(), new Cursor(platform(), folder));
    open.push({root: folder, names});
    return names;
  }

  // An accent of its own after its letter, and both as one.
  const [APART, ONE] = ['e\u0301', '\u00e9'];

  it('has the names that a folder lists, letter by letter', () => {
    const names = namesOf({A: {b: 'x'}, [APART]: ''});
    expect(['A', 'A/b', APART].map((path) => names.has(at(path)))).to.deep.equal([true, true, true]);
    expect(['a', 'A/B', ONE, 'none', 'none/b', 'A/b/c'].filter((path) => names.has(at(path)))).to.deep.equal([]);
  });

  it('returns all paths that are one after folding', () => {
    const names = namesOf({A: {X: '', y: ''}, a: {x: ''}, b: '', [ONE]: '', [APART]: ''});
    expect(names.foldedTo(at(''))).to.deep.equal(['']);
    expect(names.foldedTo(at('a/x'))).to.have.members(['A/X', 'a/x']);
    expect(names.foldedTo(at('A/Y'))).to.deep.equal(['A/y']);
    expect(names.foldedTo(at(ONE))).to.have.members([ONE, APART]);
    expect(names.foldedTo(at('none/x'))).to.deep.equal([]);
  });

  it('a symlink or a file leads to no more names', () => {
    const names = namesOf({real: {x: ''}, link: symlink('real'), file: ''});
    expect([names.foldedTo(at('link/x')), names.foldedTo(at('file/x'))]).to.deep.equal([[], []]);
  });

  it('remembers a folder until it is told to forget', () => {
    const root = temp();
    const names = namesOf({a: ''}, root);
    expect(names.has(at('b'))).to.equal(false);
    fs.writeFileSync(path.join(root, 'b'), '');
    expect(names.has(at('b'))).to.equal(false);
    names.reset();
    expect(names.has(at('b'))).to.equal(true);
  });

  it('answers the same however many folders it was asked about', () => {
    const names = namesOf(Object.fromEntries(Array.from({length: 70}, (_, i) => [`F${i}`, {x: ''}])));
    const ask = () => Array.from({length: 70}, (_, i) => names.foldedTo(at(`f${i}/X`)).join());
    expect(ask()).to.deep.equal(ask());
    expect(names.foldedTo(at('f69/X'))).to.deep.equal(['F69/x']);
  });

  describe('an entry of the target may be', () => {
    const cases: readonly [title: string, source: Tree, target: Tree, path: string, is: string | undefined][] = [
      ['what the source has under another spelling', {Photo: ''}, {photo: ''}, 'photo', 'Photo'],
      ['the same in a folder of another spelling', {A: {x: ''}}, {a: {X: ''}}, 'a/X', 'A/x'],
      ['another one, where the target lists both', {Photo: ''}, {photo: '', Photo: ''}, 'photo', undefined],
      ['another one, where it lists both folders', {A: {x: ''}}, {a: {x: ''}, A: {}}, 'a/x', undefined],
      ['nothing that the source has under this very name', {photo: ''}, {photo: ''}, 'photo', undefined],
      ['nothing of the source', {other: ''}, {photo: ''}, 'photo', undefined],
    ];
    for (const [title, source, target, path, is] of cases) {
      it(title, () => {
        expect(spelledOtherwise(at(path), {source: namesOf(source), target: namesOf(target)})).to.equal(is);
      });
    }

    it('nothing, if there is no source', () => {
      const names: FoldedNames = {source: undefined, target: namesOf({a: ''})};
      expect(spelledOtherwise(at('a'), names)).to.equal(undefined);
    });
  });
});
