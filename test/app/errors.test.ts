import {expect} from 'chai';
import {toError} from '../../src/app/errors.js';
import {DirsyncError} from '../../src/core/errors.js';
import {SystemError} from '../../src/platform/platform.js';

describe('app/errors', () => {
  it('a refusal of the kernel for which there is a way out is an error of the machine', () => {
    const node = Object.assign(new Error('EMFILE: too many open files'), {code: 'EMFILE', syscall: 'open'});
    for (const cause of [new SystemError('EIO', 'read'), new SystemError('EMFILE', 'openat'), node]) {
      const error = toError(cause) as DirsyncError;
      expect(error).to.be.instanceOf(DirsyncError).and.include({code: 'PLATFORM'});
      expect(error.detail).to.include(cause.code).and.include(cause.syscall);
      expect(error.hint).to.be.a('string');
      expect(error.cause).to.equal(cause);
    }
  });

  it('all else stays what it is', () => {
    const others = [
      new SystemError('EWHATEVER', 'openat'),
      Object.assign(new Error('EIO'), {code: 'EIO', syscall: 'read'}),
      new DirsyncError('USAGE', 'x'),
      new TypeError('a bug'),
      'a text',
      undefined,
      null,
    ];
    for (const error of others) expect(toError(error)).to.equal(error);
  });
});
