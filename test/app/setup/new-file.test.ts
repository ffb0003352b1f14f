import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {readTextOf, writeText} from '../../../src/app/setup/new-file.js';
import {tempDirs} from '../../support/temp.js';

describe('app/setup/new-file', () => {
  const temp = tempDirs();

  it('writes a file that is new, and none over another', () => {
    const folder = temp();
    const file = path.join(folder, 'x');
    writeText(file, 'one', {replace: false});
    expect(() => writeText(file, 'two', {replace: false}))
      .to.throw()
      .with.property('code', 'EEXIST');
    expect(readTextOf(file)).to.equal('one');
    expect(fs.readdirSync(folder)).to.deep.equal(['x']);
  });

  it('replaces a file in one step, where that is asked for', () => {
    const folder = temp();
    const file = path.join(folder, 'x');
    writeText(file, 'one', {replace: false});
    const {ino} = fs.statSync(file);
    writeText(file, 'two', {replace: true});
    expect(readTextOf(file)).to.equal('two');
    expect(fs.statSync(file).ino).to.not.equal(ino);
    expect(fs.readdirSync(folder)).to.deep.equal(['x']);
  });

  it('leaves nothing half written', () => {
    const folder = temp();
    fs.mkdirSync(path.join(folder, 'x'));
    expect(() => writeText(path.join(folder, 'x'), 'two', {replace: true})).to.throw();
    expect(() => writeText(path.join(folder, 'y'), null as unknown as string, {replace: false})).to.throw();
    expect(fs.readdirSync(folder)).to.deep.equal(['x']);
  });

  it('tells what is not there from what cannot be read', () => {
    const folder = temp();
    expect(readTextOf(path.join(folder, 'none'))).to.equal(undefined);
    expect(() => readTextOf(folder))
      .to.throw()
      .with.property('code', 'EISDIR');
  });
});
