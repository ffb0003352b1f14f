import {expect} from 'chai';
import {checkLocal, isRemote} from '../../src/core/remote.js';

describe('core/remote', () => {
  for (const root of [
    'nas:',
    'nas:photos',
    'me@nas:/photos',
    'nas::module',
    'me@[::1]:x',
    'sftp://nas/x',
    'file:///x',
    ':x',
    'a b:',
  ]) {
    it(`${root} is on another machine`, () => expect(isRemote(root)).to.equal(true));
  }
  for (const root of ['', '.', 'nas', './nas:x', '/nas:x', 'a/b:c', '../a:b', '~/a:b']) {
    it(`${JSON.stringify(root)} is on this one`, () => expect(isRemote(root)).to.equal(false));
  }

  it('gives a hint, and escapes the name', () => {
    expect(() => checkLocal('n\x1b[as:x'))
      .to.throw('A folder on another machine cannot be reached: n\\x1b[as:x (')
      .with.property('hint')
      .that.includes('./n\\x1b[as:x');
  });
});
