import {expect} from 'chai';
import fc from 'fast-check';
import {FullVolumes} from '../../src/apply/full.js';
import {DONE, failed} from '../../src/apply/step.js';
import type {RelPath} from '../../src/core/path.js';
import type {WaveStep} from '../../src/plan/waves.js';
import type {Cursor} from '../../src/platform/cursor.js';
import {SystemError} from '../../src/platform/platform.js';
import {act, file} from '../support/plan.js';

/** A target with another volume mounted at `disk`, and no way to `gone`. */
const target = {
  volumeAt(folder: RelPath) {
    if (folder === 'gone') throw new SystemError('ENOENT', 'openat');
    return folder === 'disk' ? 'second' : 'first';
  },
} as unknown as Cursor;

const write = (path: string, size: number) => act.create(path, file(size));
const refuse = (full: FullVolumes, path: string, size: number, code = 'ENOSPC', step: WaveStep = 'writes') => {
  const action = write(path, size);
  full.learn(step, action, failed(action, 'write', code));
};

describe('apply/full', () => {
  it('tries all while nothing was refused', () => {
    const full = new FullVolumes(target);
    full.learn('writes', write('a', 1), DONE);
    expect(full.isFor('writes', write('b', 2 ** 40))).to.equal(false);
  });

  it('does not try files as large as the refused one, but tries smaller ones', () =>
    fc.assert(
      fc.property(fc.array(fc.nat(100), {minLength: 1}), fc.nat(100), (sizes, asked) => {
        const full = new FullVolumes(target);
        // As in a run: what is not begun is not refused either.
        let mark = Number.POSITIVE_INFINITY;
        for (const size of sizes) {
          if (full.isFor('writes', write('a', size))) continue;
          refuse(full, 'a', size);
          mark = Math.min(mark, size);
        }
        expect(full.isFor('writes', write('b', asked))).to.equal(asked >= mark);
      }),
    ));

  for (const code of ['ENOSPC', 'EDQUOT']) {
    it(`${code} counts for the volume that it came from`, () => {
      const full = new FullVolumes(target);
      refuse(full, 'disk/a', 10, code);
      expect(full.isFor('writes', write('disk/b', 10))).to.equal(true);
      expect(full.isFor('writes', write('b', 10))).to.equal(false);
    });
  }

  it('ignores other problems, and problems of steps that need no space', () => {
    const full = new FullVolumes(target);
    refuse(full, 'a', 0, 'EACCES');
    refuse(full, 'a', 0, 'ENOSPC', 'deletes');
    refuse(full, 'a', 0, 'ENOSPC', 'attrs');
    expect(full.isFor('writes', write('b', 1))).to.equal(false);
  });

  it('continues steps that free space or need none', () => {
    const full = new FullVolumes(target);
    refuse(full, 'a', 0);
    const going: readonly WaveStep[] = ['renames', 'deletes', 'emptied', 'attrs', 'settle'];
    expect(going.filter((step) => full.isFor(step, write('b', 1)))).to.deep.equal([]);
    const taking: readonly WaveStep[] = ['folders', 'writes', 'overwrites', 'exchanges', 'links'];
    expect(taking.filter((step) => full.isFor(step, write('b', 1)))).to.deep.equal(taking);
  });

  it('leaves the error of an unreachable path to the step itself', () => {
    const full = new FullVolumes(target);
    refuse(full, 'gone/a', 0);
    refuse(full, 'a', 0);
    expect(full.isFor('writes', write('gone/b', 1))).to.equal(false);
    const none = new FullVolumes(undefined);
    refuse(none, 'a', 0);
    expect(none.isFor('writes', write('a', 1))).to.equal(false);
  });
});
