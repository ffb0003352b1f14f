import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {toByteName} from '../../src/core/name.js';
import {platform} from '../../src/platform/choose.js';
import type {Folder} from '../../src/platform/platform.js';
import {ensureTargetId, readTargetId} from '../../src/state/identity.js';
import {call} from '../support/shell.js';
import {tempDirs} from '../support/temp.js';

describe('state/identity', () => {
  const temp = tempDirs();
  let target: string;
  let file: string;

  beforeEach(() => {
    target = temp();
    file = path.join(target, '.dirsync/id.json');
  });

  function inTarget<T>(act: (root: Folder) => T): T {
    const root = platform().openRoot(toByteName(target));
    try {
      return act(root);
    } finally {
      platform().close(root);
    }
  }
  const read = () => inTarget((root) => readTargetId(platform(), root));
  const ensure = () => inTarget((root) => ensureTargetId(platform(), root));

  it('is given once, and stays', () => {
    expect(read()).to.deep.equal({});
    ensure();
    const {id, fault} = read();
    expect({length: id?.length, fault}).to.deep.equal({length: 36, fault: undefined});
    ensure();
    expect(read()).to.deep.equal({id});
    expect(fs.readdirSync(path.dirname(file))).to.deep.equal(['id.json']);
  });

  const spoilt: Record<string, readonly [fault: string, spoil: () => void]> = {
    'an empty file': ['it is not valid JSON, or it is cut off', () => fs.writeFileSync(file, '')],
    'a torn one': ['it is not valid JSON, or it is cut off', () => fs.writeFileSync(file, '{"id":"12')],
    'no id': ['it contains no id', () => fs.writeFileSync(file, '{}')],
    null: ['it contains no id', () => fs.writeFileSync(file, 'null')],
    'an id that is none': ['it contains no id', () => fs.writeFileSync(file, '{"id":"../../etc"}')],
    'a large file': ['it is larger than 4096 bytes', () => fs.writeFileSync(file, ' '.repeat(5000))],
    'a folder with something in it': ['it is not a file', () => fs.mkdirSync(path.join(file, 'inside'), {recursive: true})],
    'a symlink': ['it is not a file', () => fs.symlinkSync('/etc/hostname', file)],
    'a FIFO': ['it is not a file', () => call('mkfifo', [file])],
  };
  for (const [title, [fault, spoil]] of Object.entries(spoilt)) {
    it(`${title} does not count as missing, and is replaced by a new id`, () => {
      fs.mkdirSync(path.dirname(file));
      spoil();
      expect(read()).to.deep.equal({fault});
      ensure();
      expect(read().id).to.have.length(36);
      expect(fs.readdirSync(path.dirname(file))).to.deep.equal(['id.json']);
    });
  }

  it('a .dirsync that is not a folder has no id, and writing is refused', () => {
    fs.writeFileSync(path.dirname(file), '');
    expect(read()).to.deep.equal({});
    expect(ensure).to.throw();
  });
});
