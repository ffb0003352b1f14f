import {expect} from 'chai';
import {errnoOf, SystemError} from '../../src/platform/platform.js';

describe('platform, errors of the kernel', () => {
  const withCode = (code: string) => Object.assign(new Error('refused'), {code});
  for (const [title, error, code] of [
    ['of a backend', new SystemError('EACCES', 'openat'), 'EACCES'],
    ['of Node', withCode('ENOENT'), 'ENOENT'],
    ['that Node does not name', withCode('Unknown system error -74'), 'EBADMSG'],
    ['that nobody names', withCode('Unknown system error -5000'), 'E5000'],
  ] as const) {
    it(`${title}: ${code}`, () => expect(errnoOf(error)).to.equal(code));
  }

  for (const error of [new Error('a bug'), withCode('ERR_INVALID_ARG_TYPE'), 'text']) {
    it(`${error} is none, and is thrown on`, () => {
      let thrown: unknown;
      try {
        errnoOf(error);
      } catch (caught) {
        thrown = caught;
      }
      expect(thrown).to.equal(error);
    });
  }
});
