import {expect} from 'chai';
import type {JobSettings} from '../../src/config/schema.js';
import {resolveSettings, type SettingFlags} from '../../src/config/settings.js';
import {DirsyncError} from '../../src/core/errors.js';
import {PRESERVABLE, type Preservable} from '../../src/core/plan.js';

type Lists = {readonly preserve?: readonly Preservable[]; readonly noPreserve?: readonly Preservable[]};

const settings = (flags: Partial<SettingFlags>, job: Partial<JobSettings> = {}) =>
  resolveSettings(['/s', '/t'], {filters: [], ...flags}, job as JobSettings);

function errorOf(act: () => unknown): DirsyncError {
  try {
    act();
  } catch (error) {
    if (error instanceof DirsyncError) return error;
  }
  throw new Error('it was not refused');
}

describe('config/settings', () => {
  describe('preserve', () => {
    const without = (...left: Preservable[]) => PRESERVABLE.filter((each) => !left.includes(each));
    const cases: Record<string, readonly [flags: Lists, job: Lists, kept: readonly Preservable[]]> = {
      'all, where nothing is said': [{}, {}, PRESERVABLE],
      'what is typed': [{preserve: ['times', 'mode']}, {}, ['mode', 'times']],
      'all but what is typed': [{noPreserve: ['owner']}, {}, without('owner')],
      'what is typed both ways': [{preserve: ['mode', 'owner'], noPreserve: ['owner']}, {}, ['mode']],
      'what the job says': [{}, {preserve: ['mode']}, ['mode']],
      'all but what the job says': [{}, {noPreserve: ['mode', 'xattrs']}, without('mode', 'xattrs')],
      'what the job says both ways': [{}, {preserve: ['mode', 'times'], noPreserve: ['times']}, ['mode']],
      'what is typed, whatever the job says': [{preserve: ['times']}, {preserve: ['mode'], noPreserve: ['times']}, ['times']],
      'all but what is typed, whatever the job says': [{noPreserve: ['acls']}, {preserve: ['mode']}, without('acls')],
      'nothing, where an empty list is given': [{preserve: []}, {preserve: ['mode']}, []],
      'all again, where nothing is typed to be left': [{noPreserve: []}, {noPreserve: ['mode']}, PRESERVABLE],
    };
    for (const [title, [flags, job, kept]] of Object.entries(cases)) {
      it(title, () => expect(settings(flags, job as Partial<JobSettings>).preserve).to.deep.equal(kept));
    }

    it('insists on named values, but not on a list of all values', () => {
      const insisted = (flags: Lists, job: Lists = {}) => settings(flags, job as Partial<JobSettings>).insisted;
      expect(insisted({preserve: ['mode', 'times']})).to.deep.equal(['mode', 'times']);
      expect(insisted({}, {preserve: ['mode']})).to.deep.equal(['mode']);
      expect(insisted({noPreserve: ['acls']}, {preserve: ['mode']})).to.deep.equal([]);
      expect(insisted({preserve: PRESERVABLE})).to.deep.equal([]);
    });
  });

  describe('delete', () => {
    type Said = {readonly delete?: boolean; readonly deleteExcluded?: boolean};
    const cases: Record<string, readonly [flags: Said, job: Said, is: readonly [boolean, boolean] | string]> = {
      'what the source has not got': [{}, {}, [true, false]],
      nothing: [{delete: false}, {}, [false, false]],
      'what is left out too, by a flag': [{deleteExcluded: true}, {}, [true, true]],
      'what is left out too, by the job': [{}, {deleteExcluded: true}, [true, true]],
      'what is left out not, by a flag': [{deleteExcluded: false}, {deleteExcluded: true}, [true, false]],
      'nothing, whatever the job says': [{delete: false}, {deleteExcluded: true}, [false, false]],
      'all, whatever the job says': [{delete: true, deleteExcluded: true}, {delete: false}, [true, true]],
      'nothing and what is left out': [
        {delete: false, deleteExcluded: true},
        {},
        'leave out one of --delete-excluded and --no-delete',
      ],
      'what is left out, where the job deletes nothing': [{deleteExcluded: true}, {delete: false}, 'or give --delete too'],
      'a job that contradicts itself': [{}, {delete: false, deleteExcluded: true}, 'or give --delete too'],
    };
    for (const [title, [flags, job, is]] of Object.entries(cases)) {
      it(title, () => {
        if (typeof is !== 'string') {
          const found = settings(flags, job as Partial<JobSettings>);
          expect([found.delete, found.deleteExcluded]).to.deep.equal(is);
          return;
        }
        const error = errorOf(() => settings(flags, job as Partial<JobSettings>));
        expect(error.code).to.equal('USAGE');
        expect(error.hint).to.include(is);
      });
    }
  });

  it('tags that are typed are added to those of the job, and a size that is typed takes its place', () => {
    const job = {excludeCaches: true, excludeIfPresent: ['.a', '.b'], maxSize: '1k', minSize: 10};
    const of = (flags: Parameters<typeof settings>[0]) => {
      const {excludeCaches, excludeIfPresent, minSize, maxSize} = settings(flags, job);
      return {excludeCaches, excludeIfPresent, minSize, maxSize};
    };
    const ofJob = {excludeCaches: true, excludeIfPresent: ['.a', '.b'], minSize: 10, maxSize: 1024};
    expect(of({})).to.deep.equal(ofJob);
    const typed = {excludeCaches: false, excludeIfPresent: ['.c', '.a'], maxSize: '2kB'};
    const added = {excludeCaches: false, excludeIfPresent: ['.a', '.b', '.c'], maxSize: 2000};
    expect(of(typed)).to.deep.equal({...ofJob, ...added});
  });

  it('a flag overrides the lock timeout of the job', () => {
    const of = (flag?: string, job?: string) =>
      settings({lockTimeout: flag}, job === undefined ? {} : {lockTimeout: job}).lockTimeout;
    expect([of(), of('30s'), of(undefined, '5m'), of('0', '5m'), of('1ns')]).to.deep.equal([0, 30_000, 300_000, 0, 0]);
  });

  it('enters other file systems, unless the job or a flag forbids it', () => {
    const of = (flag?: boolean, job?: boolean) =>
      settings({oneFileSystem: flag}, job === undefined ? {} : {oneFileSystem: job}).oneFileSystem;
    expect([of(), of(true), of(undefined, true), of(false, true), of(true, false)]).to.deep.equal([
      false,
      true,
      true,
      false,
      true,
    ]);
  });
});
