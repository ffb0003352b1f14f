import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {type JobSettled, jobOf, namesOf, rootsOf, runWhenFree, scheduleOf, unknownOr} from '../../../src/app/jobs/choose.js';
import type {EndedRun, Job, NoSettings} from '../../../src/app/jobs/job.js';
import type {Settings} from '../../../src/config/settings.js';
import {DirsyncError} from '../../../src/core/errors.js';
import {Slots} from '../../../src/schedule/slots.js';
import {heardOutput} from '../../support/heard-output.js';
import {bareRun} from '../../support/job-run.js';
import {jobsFolder} from '../../support/jobs-folder.js';
import {refusal, refusalCode} from '../../support/refusal.js';
import {schedule} from '../../support/schedule.js';
import {context, settings} from '../../support/sync.js';
import {tempDirs} from '../../support/temp.js';

const CONFIG = 'jobs:\n  a: {source: s, target: t}\n  b: {source: s, target: u}\n';

describe('app/jobs/choose', () => {
  const temp = tempDirs();
  const cwd = process.cwd();
  afterEach(() => process.chdir(cwd));
  const given = (config = CONFIG) => {
    const jobs = jobsFolder(temp(), config);
    process.chdir(jobs.folder);
    return jobs;
  };

  describe('which jobs', () => {
    it('are those that are named, each once', async () => {
      const {typed} = given();
      expect(await namesOf(typed(['b', 'a', 'b']), false)).to.deep.equal(['b', 'a']);
      expect(await namesOf(typed(['a']), false)).to.deep.equal(['a']);
    });

    it('are all, where that is asked for, and none besides', async () => {
      const {typed} = given();
      expect(await namesOf(typed(), true)).to.deep.equal(['a', 'b']);
      expect(await refusalCode(() => namesOf(typed(['a']), true))).to.equal('USAGE');
      expect(await refusalCode(() => namesOf(given('jobs: {}\n').typed(), true))).to.equal('USAGE');
    });

    it('are still known of a config with mistakes, unless it tells none', async () => {
      expect(await namesOf(given('jobs:\n  a: {source: 1}\n  b: {}\n').typed(), true)).to.deep.equal(['a', 'b']);
      expect(await refusalCode(() => namesOf(given('jobs: [').typed(), true))).to.match(/^CONFIG_/);
    });

    it('are none of two folders', async () => {
      const {typed} = given();
      expect(await namesOf(typed([]), false)).to.deep.equal([undefined]);
      expect(await namesOf(typed(['./a', 'b']), false)).to.deep.equal([undefined]);
      expect(await namesOf(typed(['new', 'other']), false)).to.deep.equal([undefined]);
    });

    describe('of two words', () => {
      const words = async (folders: readonly string[], typedWords: readonly string[], config = CONFIG) => {
        const {typed, at} = given(config);
        for (const folder of folders) fs.mkdirSync(at(folder));
        return namesOf(typed(typedWords), false);
      };

      it('that are jobs, and no folder is called like the first', async () => {
        expect(await words([], ['a', 'b'])).to.deep.equal(['a', 'b']);
        expect(await words([], ['a', 'x']), 'each job says that it is none').to.deep.equal(['a', 'x']);
        expect(await words(['b'], ['a', 'b'])).to.deep.equal(['a', 'b']);
      });

      it('that are folders, of which one is called like a job', async () => {
        expect(await words(['a', 'x'], ['a', 'x'])).to.deep.equal([undefined]);
      });

      it('that are both are refused, and say how each is meant', async () => {
        const both = await refusal(() => words(['a', 'b'], ['a', 'b']));
        expect(both.code).to.equal('USAGE');
        expect(both.hint).to.include('./a ./b');
        const mistyped = await refusal(() => words(['a'], ['a', 'x']));
        expect(mistyped.code).to.equal('JOB_UNKNOWN');
        expect(mistyped.hint).to.include('./a ./x');
      });

      it('where the config cannot be read: folders, if the first is one', async () => {
        expect(await words(['a'], ['a', 'b'], 'jobs: [')).to.deep.equal([undefined]);
        expect(await words([], ['a', 'b'], 'jobs: [')).to.deep.equal(['a', 'b']);
      });
    });

    it('what is of one job is not said for several', async () => {
      const {typed, folder, at} = given();
      for (const flags of [{source: 'x'}, {target: 'x'}, {metrics: at('m.prom')}]) {
        expect(await refusalCode(() => namesOf(typed(['a', 'b'], flags), false))).to.equal('USAGE');
        expect(await namesOf(typed(['a'], flags), false)).to.deep.equal(['a']);
      }
      expect(await namesOf(typed(['a', 'b'], {metrics: folder}), false)).to.deep.equal(['a', 'b']);
    });
  });

  it('who names a job that no config has is told that before anything is done', () => {
    const job = jobOf('a', given().typed(['a']), context(), heardOutput());
    const unknown: JobSettled = {job, settings: {failure: new DirsyncError('JOB_UNKNOWN', 'x')}};
    const other: JobSettled = {job, settings: {failure: new DirsyncError('CONFIG_INVALID', 'x')}};
    const fine: JobSettled = {job, settings: settings('/s', '/t')};
    expect(unknownOr([fine, unknown, other])).to.deep.equal([unknown]);
    expect(unknownOr([fine, other])).to.deep.equal([fine, other]);
  });

  it('a job without settings has no schedule, and no roots', () => {
    const failed: NoSettings = {failure: new Error('x')};
    expect([scheduleOf(failed), rootsOf(failed)]).to.deep.equal([undefined, {source: '', target: ''}]);
    const own = settings('/s', '/t', {schedule: schedule({every: 5})});
    expect(scheduleOf(own)?.every).to.equal(5);
    expect(rootsOf(own)).to.include({source: '/s', target: '/t'});
  });

  describe('a run waits for another on its target', () => {
    /** A job that runs until it is told to end. */
    function jobWith(name: string, own: () => Settings | NoSettings) {
      const begun: string[] = [];
      let end: () => void = () => {};
      const job = {
        name,
        settings: async () => own(),
        run: (current: Settings | NoSettings) => {
          begun.push('failure' in current ? 'failure' : path.basename(current.target));
          return new Promise<EndedRun>((done) => {
            end = () => done({run: bareRun({job: name}), failure: undefined});
          });
        },
      } as unknown as Job;
      return {job, begun, end: () => end()};
    }
    const {signal} = new AbortController();
    const soon = () => new Promise((done) => setImmediate(done));

    async function both(first: string, second: string, later = second) {
      const slots = new Slots(9);
      const [a, b] = [jobWith('a', () => settings('/s', first)), jobWith('b', () => settings('/s', later))];
      const waited: string[] = [];
      const run = ({job}: {job: Job}, target: string) =>
        runWhenFree({slots, job, signal, onWait: () => waited.push(job.name as string)}, settings('/s', target));
      const [one, two] = [run(a, first), run(b, second)];
      await soon();
      const atOnce = [...b.begun];
      a.end();
      await one;
      await soon();
      b.end();
      await two;
      return {waited, atOnce, inTheEnd: b.begun};
    }

    it('however the target is written', async () => {
      const root = temp();
      fs.mkdirSync(path.join(root, 't'));
      fs.symlinkSync('t', path.join(root, 'link'));
      const target = path.join(root, 't');
      expect(await both(target, path.join(root, 'link'))).to.deep.equal({waited: ['b'], atOnce: [], inTheEnd: ['link']});
      expect(await both(target, `${target}/../t`)).to.deep.include({waited: ['b']});
      expect(await both(path.join(root, 'new'), path.join(root, 'x/../new')), 'also when it is not there yet').to.deep.include({
        waited: ['b'],
      });
      expect(await both(target, path.join(root, 'other'))).to.deep.include({waited: [], atOnce: ['other']});
    });

    it('and reads its settings again then: the target may be another', async () => {
      const root = temp();
      const [t, moved] = ['t', 'moved'].map((name) => path.join(root, name)) as [string, string];
      expect(await both(t, t, moved)).to.deep.include({waited: ['b'], inTheEnd: ['moved']});
    });

    it('or ends before it began', async () => {
      const slots = new Slots(1);
      const controller = new AbortController();
      const [a, b] = [jobWith('a', () => settings('/s', '/t')), jobWith('b', () => settings('/s', '/u'))];
      const onWait = () => {};
      const one = runWhenFree({slots, job: a.job, signal, onWait}, settings('/s', '/t'));
      const two = runWhenFree({slots, job: b.job, signal: controller.signal, onWait}, settings('/s', '/u'));
      controller.abort('SIGINT');
      expect(await two).to.equal(undefined);
      await soon();
      a.end();
      expect((await one)?.run.job).to.equal('a');
    });
  });
});
