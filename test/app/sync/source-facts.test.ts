import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {sourceFacts} from '../../../src/app/sync/source-facts.js';
import type {Abilities} from '../../../src/core/abilities.js';
import {NS_PER_SECOND} from '../../../src/core/entry.js';
import {toByteName} from '../../../src/core/name.js';
import {platform} from '../../../src/platform/choose.js';
import {learnAbilities} from '../../../src/state/abilities.js';
import {writeTimeFacts} from '../../../src/state/times.js';
import {mountedFilesystem} from '../../support/filesystems.js';
import {tempDirs} from '../../support/temp.js';
import {writeTree} from '../../support/tree.js';

describe('app/sync/source-facts', () => {
  const temp = tempDirs();
  const factsOf = (root: string) => sourceFacts(toByteName(root));

  /** As a run would leave it of whose target this was a part of what was tried. */
  function tried(root: string, found: Partial<Abilities>): void {
    const folder = platform().openRoot(toByteName(root));
    learnAbilities(platform(), folder);
    platform().close(folder);
    const note = path.join(root, '.dirsync/abilities.json');
    fs.writeFileSync(note, JSON.stringify({...JSON.parse(fs.readFileSync(note, 'utf8')), ...found}));
  }

  it('of a folder on a disk: nothing is made up, and times are exact', () => {
    const root = temp();
    writeTree(root, {a: 'x', b: {c: 'y'}});
    const {madeUp, resolution, type} = factsOf(root);
    expect({madeUp, resolution}).to.deep.equal({madeUp: [], resolution: 1n});
    if (platform().preservesAll) expect(type).to.be.a('string');
  });

  it('of what cannot be opened: nothing, since others tell why', () => {
    const root = temp();
    fs.writeFileSync(path.join(root, 'file'), '');
    const unknown = {type: undefined, madeUp: [], resolution: 1n};
    expect(factsOf(path.join(root, 'none'))).to.deep.equal(unknown);
    expect(factsOf(path.join(root, 'file'))).to.deep.equal(unknown);
  });

  const cases: readonly [title: string, found: Partial<Abilities>, madeUp: readonly string[]][] = [
    ['all', {}, []],
    ['no modes', {mode: false}, ['mode']],
    ['no owners', {owner: false}, ['owner']],
    ['neither modes nor owners', {mode: false, owner: false}, ['mode', 'owner']],
  ];
  for (const [title, found, madeUp] of cases) {
    it(`where runs into it have found that it keeps ${title}`, () => {
      const root = temp();
      tried(root, found);
      expect(factsOf(root).madeUp).to.deep.equal(madeUp);
    });
  }

  it('times are as exact as runs into it have found', () => {
    const root = temp();
    const folder = platform().openRoot(toByteName(root));
    writeTimeFacts(platform(), folder, {resolution: 2n * NS_PER_SECOND, range: {}});
    platform().close(folder);
    expect(factsOf(root).resolution).to.equal(2n * NS_PER_SECOND);
  });

  describe('of a file system that has neither modes nor owners', () => {
    const disk = mountedFilesystem('ntfs-exact', {mebibytes: 8});

    it('both are made up, and times are to 100 ns', () => {
      const {madeUp, resolution} = factsOf(disk.folder());
      expect({madeUp, resolution}).to.deep.equal({madeUp: ['mode', 'owner'], resolution: 100n});
    });

    it('what was tried in it counts for more', () => {
      const root = disk.folder();
      tried(root, {mode: true, owner: true});
      expect(factsOf(root).madeUp).to.deep.equal([]);
    });
  });
});
