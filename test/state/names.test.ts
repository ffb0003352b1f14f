import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {type ByteName, FOLDING_UNKNOWN, type Folding, fromByteName, toByteName} from '../../src/core/name.js';
import {platform} from '../../src/platform/choose.js';
import type {Folder, Platform} from '../../src/platform/platform.js';
import {foldingOf, writeSamples} from '../../src/state/names.js';
import {tempDirs} from '../support/temp.js';

/** This machine's backend on a disk that shows names in a way of its own, and finds them under others. */
function disk(shows: (name: string) => string, isSame: (a: string, b: string) => boolean, foldsNames?: boolean): Platform {
  const backend = platform();
  const real = (folder: Folder, name: ByteName) =>
    backend.names(folder).find((other) => isSame(fromByteName(other), fromByteName(name))) ?? name;
  const overrides: Partial<Platform> = {
    volume: (folder) => ({...backend.volume(folder), foldsNames}),
    names: (folder) => backend.names(folder).map((name) => toByteName(shows(fromByteName(name)))),
    stat: (folder, name, stat) => backend.stat(folder, name === '' ? name : real(folder, name), stat),
  };
  return new Proxy(backend, {
    get(target, key) {
      const own = overrides[key as keyof Platform] ?? target[key as keyof Platform];
      return typeof own === 'function' ? own.bind(target) : own;
    },
  });
}

const asGiven = (name: string) => name;
const exactly = (a: string, b: string) => a === b;
const anyCase = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
const anyAccent = (a: string, b: string) => a.normalize('NFD') === b.normalize('NFD');

const cases: readonly (readonly [title: string, disk: Platform, folding: Folding | undefined])[] = [
  ['tells names apart', disk(asGiven, exactly), undefined],
  ['takes upper and lower case for one', disk(asGiven, anyCase), {keepsCase: true, keepsAccents: true}],
  ['shows lower case', disk((name) => name.toLowerCase(), anyCase), {keepsCase: false, keepsAccents: true}],
  [
    'shows names of capitals alone in lower case',
    disk((name) => (name === name.toUpperCase() ? name.toLowerCase() : name), anyCase),
    {keepsCase: false, keepsAccents: true},
  ],
  ['takes accents in two ways for one', disk(asGiven, anyAccent), {keepsCase: true, keepsAccents: true}],
  ['writes accents in its own way', disk((name) => name.normalize('NFD'), anyAccent), {keepsCase: true, keepsAccents: false}],
  ['is known to fold, whatever shows', disk(asGiven, exactly, true), {keepsCase: true, keepsAccents: true}],
];

describe('state/names', () => {
  const temp = tempDirs();
  let target: string;
  beforeEach(() => {
    target = temp();
  });
  const within = <T>(act: (root: Folder) => T): T => {
    const root = platform().openRoot(toByteName(target));
    try {
      return act(root);
    } finally {
      platform().close(root);
    }
  };
  const samples = () => path.join(target, '.dirsync/names');

  for (const [title, fs, folding] of cases) {
    it(`a disk that ${title}`, () => {
      expect(within((root) => foldingOf(fs, root))).to.deep.equal(FOLDING_UNKNOWN);
      within((root) => writeSamples(fs, root));
      expect(within((root) => foldingOf(fs, root))).to.deep.equal(folding);
      within((root) => writeSamples(fs, root));
      expect(within((root) => foldingOf(fs, root))).to.deep.equal(folding);
    });
  }

  it('creates no file if the file system reports its folding', () => {
    const told = disk(asGiven, exactly, false);
    within((root) => writeSamples(told, root));
    expect(fs.existsSync(samples())).to.equal(false);
    expect(within((root) => foldingOf(told, root))).to.equal(undefined);
  });

  it('knows nothing if not all files are there', () => {
    const exact = disk(asGiven, exactly);
    within((root) => writeSamples(exact, root));
    fs.rmSync(path.join(samples(), 'NAMES'));
    expect(within((root) => foldingOf(exact, root))).to.deep.equal(FOLDING_UNKNOWN);
    fs.rmSync(samples(), {recursive: true});
    fs.writeFileSync(samples(), 'no folder');
    expect(within((root) => foldingOf(exact, root))).to.deep.equal(FOLDING_UNKNOWN);
  });
});
