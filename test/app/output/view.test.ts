import {expect} from 'chai';
import {errorText, tellNotice, withHint} from '../../../src/app/output/view.js';
import {DirsyncError} from '../../../src/core/errors.js';
import {captured} from '../../support/captured.js';

describe('app/output/view', () => {
  it('an error of ours is told with its way out, and no stack', () => {
    const error = new DirsyncError('USAGE', 'the detail', 'the hint');
    expect(errorText(error)).to.equal(`Error: ${error.message}\n  the hint`);
    expect(errorText(new DirsyncError('USAGE', 'the detail'))).to.match(/^Error: .*the detail$/);
    expect(withHint({message: 'm', hint: undefined})).to.equal('Error: m');
  });

  it('a bug is told as one, with its stack, line by line, and nothing that a terminal would obey', () => {
    const text = errorText(new TypeError('x\x1b[31m'));
    expect(text)
      .to.match(/^Error: .*bug/)
      .and.not.include('\x1b');
    expect(text.split('\n').length, 'a frame in each line').to.be.greaterThan(3);
    expect(errorText('just a text')).to.include('just a text');
    const bare = Object.assign(new Error('no stack'), {stack: undefined});
    expect(errorText(bare)).to.match(/\nno stack$/);
  });

  it('a notice is told on stderr where somebody should look at it', async () => {
    const {stdout, stderr} = await captured(() => {
      tellNotice({type: 'notice', level: 'info', about: 'hook', message: 'it was called'});
      tellNotice({type: 'notice', level: 'warn', about: 'hook', message: 'it failed'});
    });
    expect([stdout, stderr]).to.deep.equal(['', 'Warning: hook: it failed\n']);
  });
});
