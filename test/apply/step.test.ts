import {expect} from 'chai';
import {SourceError} from '../../src/apply/check.js';
import {failed, problemOf, sideOf} from '../../src/apply/step.js';
import {DirsyncError} from '../../src/core/errors.js';
import type {RelPath} from '../../src/core/path.js';
import {SystemError} from '../../src/platform/platform.js';
import {RootReplaced} from '../../src/platform/roots.js';
import {act, file} from '../support/plan.js';

const AT = {path: 'a/b' as RelPath, phase: 'write'} as const;

describe('apply/step', () => {
  const cases: readonly [title: string, error: unknown, side: string, code: string, says: RegExp][] = [
    ['a refusal of the kernel', new SystemError('EACCES', 'openat'), 'target', 'EACCES', /^permission denied/],
    ['one in the source', new SourceError('EACCES', 'openat'), 'source', 'EACCES', /^permission denied/],
    ["an error of Node's", Object.assign(new Error('x'), {code: 'EIO', syscall: 'read'}), 'target', 'EIO', /error/],
    ['a target that was replaced', new RootReplaced('target'), 'target', 'ROOT_REPLACED', /replaced/],
    ['a source that was replaced', new RootReplaced('source'), 'source', 'ROOT_REPLACED', /replaced/],
    [
      'an error of ours, with its way out',
      new DirsyncError('PLAN_STALE', 'd', 'the hint'),
      'target',
      'PLAN_STALE',
      /: d; the hint$/,
    ],
    ['an error of ours without one', new DirsyncError('PLAN_STALE', 'd'), 'target', 'PLAN_STALE', /: d$/],
    ['a bug', new TypeError('x is not a function'), 'target', 'INTERNAL', /bug.*TypeError: x is not a function at /],
    ['what is no error', 'just a text', 'target', 'INTERNAL', /bug.*just a text$/],
  ];
  for (const [title, error, side, code, says] of cases) {
    it(`reports ${title} as a problem of the path`, () => {
      const {message, ...found} = problemOf(error, AT);
      expect(found).to.deep.equal({...AT, side, code});
      expect(message).to.match(says);
      expect(sideOf(error)).to.equal(error instanceof SourceError ? 'source' : 'target');
    });
  }

  it('uses a given side', () => {
    expect(problemOf(new SystemError('EIO', 'read'), {...AT, side: 'source'}).side).to.equal('source');
  });

  it('shows nothing of a bug as it is: it may hold a name', () => {
    expect(problemOf(new Error('\x1b[31m\nname'), AT).message)
      .to.not.include('\x1b')
      .and.not.include('\n');
  });

  it('says that the old entry stays, if the target has one', () => {
    const [made, kept] = [act.create('a'), act.update('a', file(), file(1))].map(
      (action) => failed(action, 'write', 'VANISHED', 'source').problem,
    );
    expect(made).to.include({path: 'a', side: 'source', phase: 'write', code: 'VANISHED'});
    expect(kept?.message).to.include('was kept').and.not.equal(made?.message);
  });
});
