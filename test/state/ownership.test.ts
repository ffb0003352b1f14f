import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {expect} from 'chai';
import type {ByteName} from '../../src/core/name.js';
import {platform} from '../../src/platform/choose.js';
import {writeNote} from '../../src/state/folder.js';
import {handOver, stateOwner} from '../../src/state/ownership.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';
import {dir, type Tree, writeTree} from '../support/tree.js';
import {asNobody} from '../support/user.js';

const NOBODY = 65_534;
const LEFT: Tree = {
  'id.json': '{}',
  'times.json': '{}',
  'naming.json': '{}',
  names: dir({}),
  runs: dir({'a.ndjson': 'x'}, {mode: 0o700}),
};

describe('the owner of .dirsync', () => {
  const temp = tempDirs();

  before(function () {
    if (process.geteuid?.() !== 0) skip(this, 'only root can be two users');
  });

  /** A target of nobody's with a `.dirsync` of root's. */
  function target(state: Tree, mode = 0o700) {
    const root = temp();
    writeTree(root, {'.dirsync': dir(state, {mode})});
    fs.chownSync(root, NOBODY, NOBODY);
    const at = (name: string) => path.join(root, '.dirsync', name);
    const within = <T>(act: (folder: ReturnType<ReturnType<typeof platform>['openRoot']>) => T): T => {
      const folder = platform().openRoot(root as ByteName);
      try {
        return act(folder);
      } finally {
        platform().close(folder);
      }
    };
    return {root, at, within, ownerOf: (name: string) => fs.lstatSync(at(name)).uid};
  }

  it('root gives it to the owner of the target, with all but the journals', () => {
    const {within, ownerOf} = target(LEFT);
    within((folder) => handOver(platform(), folder));
    const owners = ['.', 'id.json', 'times.json', 'naming.json', 'names', 'runs'].map(ownerOf);
    expect(new Set(owners)).to.deep.equal(new Set([NOBODY]));
    expect(ownerOf('runs/a.ndjson')).to.equal(0);
  });

  const PRESERVED: Readonly<Record<string, (root: ReturnType<typeof target>) => void>> = {
    'leaves wait in it for a later run': ({at}) => fs.mkdirSync(at('replaced')),
    'staging is in it': ({at}) => fs.mkdirSync(at('tmp')),
    'somebody is at work': ({at}) => fs.writeFileSync(at('lock'), ''),
    'others could have put something into it': ({at}) => fs.chmodSync(at('.'), 0o777),
    'the target is of root too': ({root}) => fs.chownSync(root, 0, 0),
  };
  for (const [title, change] of Object.entries(PRESERVED)) {
    it(`root keeps it if ${title}`, () => {
      const given = target(LEFT);
      change(given);
      given.within((folder) => handOver(platform(), folder));
      expect(['.', 'id.json', 'runs'].map(given.ownerOf)).to.deep.equal([0, 0, 0]);
    });
  }

  it('root does not give away a file with another name elsewhere', () => {
    const {root, at, within, ownerOf} = target({runs: dir({})});
    fs.writeFileSync(path.join(root, 'secret'), 'of root', {mode: 0o600});
    fs.linkSync(path.join(root, 'secret'), at('id.json'));
    within((folder) => handOver(platform(), folder));
    expect(ownerOf('id.json')).to.equal(0);
    expect(ownerOf('runs')).to.equal(NOBODY);
  });

  it("a note that root writes in the .dirsync of a user is the user's", () => {
    const {at, within, ownerOf} = target({});
    fs.chownSync(at('.'), NOBODY, NOBODY);
    within((folder) => writeNote(platform(), folder, 'id.json' as ByteName, {}));
    expect(ownerOf('id.json')).to.equal(NOBODY);
  });

  it('is asked for as another user: all of it, or a part, may be closed', () => {
    const asked = ({within}: ReturnType<typeof target>) => within((folder) => asNobody(() => stateOwner(platform(), folder)));
    expect(asked(target(LEFT)), 'all').to.equal(0);
    const own = target({tmp: dir({run: dir({}, {mode: 0o700})})});
    for (const name of ['.', 'tmp', 'tmp/run']) fs.chownSync(own.at(name), NOBODY, NOBODY);
    expect(asked(own), 'nothing').to.equal(undefined);
    fs.chownSync(own.at('tmp/run'), 0, 0);
    expect(asked(own), 'what a killed run left').to.equal(0);
    const none = target({});
    fs.rmdirSync(none.at('.'));
    expect(asked(none), 'there is none').to.equal(undefined);
  });
});
