import fs from 'node:fs';
import {userInfo} from 'node:os';
import path from 'node:path';
import {expect} from 'chai';
import {memoryFault, memoryFolder} from '../../src/state/memory-folder.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';

describe('state/memory-folder', () => {
  const temp = tempDirs();
  const {HOME, XDG_STATE_HOME, SUDO_UID} = process.env;
  let home: string;

  beforeEach(() => {
    home = temp();
    process.env.XDG_STATE_HOME = home;
  });
  afterEach(() => {
    for (const [name, value] of Object.entries({HOME, XDG_STATE_HOME, SUDO_UID})) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });

  it('is below XDG_STATE_HOME, else below HOME', () => {
    expect(memoryFolder()).to.equal(path.join(home, 'dirsync/targets'));
    process.env.HOME = '/home/somebody';
    for (const xdg of ['', 'relative']) {
      process.env.XDG_STATE_HOME = xdg;
      expect(memoryFolder()).to.equal('/home/somebody/.local/state/dirsync/targets');
    }
    expect(memoryFault(), 'root may make it, others not').to.be.oneOf([undefined, `in ${memoryFolder()} (EACCES)`]);
  });

  it('is in the home of root where sudo kept the HOME of another user', function () {
    if (process.geteuid?.() !== 0) skip(this, 'only root can be called by sudo');
    process.env.XDG_STATE_HOME = '';
    process.env.HOME = home;
    process.env.SUDO_UID = '65534';
    expect(memoryFolder(), 'a folder of root').to.equal(path.join(home, '.local/state/dirsync/targets'));
    fs.chownSync(home, 65_534, 65_534);
    expect(memoryFolder()).to.equal(path.join(userInfo().homedir, '.local/state/dirsync/targets'));
    delete process.env.SUDO_UID;
    expect(memoryFolder(), 'a container').to.equal(path.join(home, '.local/state/dirsync/targets'));
  });

  it('is nowhere with a relative HOME, and that is told', () => {
    process.env.XDG_STATE_HOME = '';
    process.env.HOME = 'relative';
    expect(memoryFolder()).to.equal(undefined);
    expect(memoryFault()).to.equal('without an absolute path in HOME or XDG_STATE_HOME');
  });
});
