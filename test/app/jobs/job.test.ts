import fs from 'node:fs';
import {expect} from 'chai';
import {errorOf, Job} from '../../../src/app/jobs/job.js';
import type {Typed} from '../../../src/app/typed.js';
import {DirsyncError} from '../../../src/core/errors.js';
import {WorkerPool} from '../../../src/platform/pool.js';
import {heardOutput} from '../../support/heard-output.js';
import {jobsFolder} from '../../support/jobs-folder.js';
import {context} from '../../support/sync.js';
import {tempDirs} from '../../support/temp.js';

describe('app/jobs/job', () => {
  const temp = tempDirs();
  before(() => WorkerPool.keepSpares());
  after(() => WorkerPool.dropSpares());

  function given(job: string, tree = {s: {a: 'x'}} as Parameters<typeof jobsFolder>[2], onto = context()) {
    const folder = jobsFolder(temp(), `jobs:\n  j: {source: s, target: t${job}}\n`, tree);
    const output = heardOutput();
    const jobFor = (typed: Typed) => new Job({name: 'j', typed, output, context: onto});
    const types = () => output.heard.map(([, event]) => event.type);
    const notices = () =>
      output.heard.flatMap(([, event]) => (event.type === 'notice' ? [`${event.level} ${event.about}: ${event.message}`] : []));
    return {...folder, output, jobFor, job: jobFor(folder.typed(['j'])), types, notices};
  }

  it('a run tells of its beginning, all that happens, and its end, by one id and under its name', async () => {
    const {job, output, at, types} = given('');
    const {run, failure} = await job.run(await job.settings());
    expect(failure).to.equal(undefined);
    expect(run).to.include({job: 'j', source: at('s'), target: at('t'), result: 'success', exitCode: 0});
    expect(run.report?.runId).to.equal(run.id);
    expect(run.done?.create.count).to.equal(1);
    expect(run.planned?.plan.actions).to.have.length(2);
    expect(types()[0]).to.equal('run-started');
    expect(types().at(-1)).to.equal('run-ended');
    expect(types()).to.include.members(['plan-ready', 'apply-done']);
    expect(new Set(output.heard.map(([name]) => name))).to.deep.equal(new Set(['j']));
    expect(fs.readFileSync(at('t/a'), 'utf8')).to.equal('x');
  });

  describe('how it ended is told', () => {
    it('by a guard that halts', async () => {
      const {job, types} = given('', {s: {}, t: {a: 'x'}});
      const {run, failure} = await job.run(await job.settings());
      expect(run).to.include({result: 'halted', exitCode: 5});
      expect(run.error?.code).to.equal('GUARD_HALTED');
      expect(failure).to.be.instanceOf(DirsyncError);
      expect(types().slice(-2)).to.deep.equal(['run-failed', 'run-ended']);
    });

    it('by a source that is missing', async () => {
      const {run} = await runOf(given('', {}));
      expect(run).to.include({result: 'halted', exitCode: 5});
      expect(run.error?.code).to.equal('SOURCE_MISSING');
    });

    it('by a signal', async () => {
      const controller = new AbortController();
      controller.abort('SIGTERM');
      const made = given('', {s: {a: ''}}, {...context(), signal: controller.signal});
      const {run} = await runOf(made);
      expect(run).to.include({result: 'interrupted', exitCode: 143, error: undefined});
      expect(made.types()).to.not.include('run-failed');
    });

    it('by some paths', async () => {
      const {run} = await runOf(given('', {s: {a: {'.dirsyncignore': 'a\0b'}}, t: {}}));
      expect(run).to.include({result: 'partial', exitCode: 3});
    });
  });

  const runOf = async ({job}: ReturnType<typeof given>) => job.run(await job.settings());

  describe('commands around it', () => {
    it('the one before can end it, and then nothing is changed', async () => {
      const made = given(', hooks: {before: "exit 7"}');
      const {run} = await runOf(made);
      expect(run).to.include({result: 'failed'});
      expect(run.error?.code).to.equal('BEFORE_FAILED');
      expect(fs.existsSync(made.at('t'))).to.equal(false);
    });

    it('the one after makes a run partial that went well', async () => {
      const made = given(', hooks: {after: "exit 7"}');
      const {run} = await runOf(made);
      expect(run).to.include({result: 'partial', exitCode: 3});
      expect(run.error?.code).to.equal('AFTER_FAILED');
      expect(run.report?.counts.done).to.equal(2);
    });

    it('and is a warning where it had failed already', async () => {
      const made = given(', hooks: {after: "exit 7"}', {});
      const {run} = await runOf(made);
      expect(run.error?.code).to.equal('SOURCE_MISSING');
      expect(made.notices().some((text) => text.startsWith('warn hook: '))).to.equal(true);
    });
  });

  it('its metrics are written; where they cannot be, that changes nothing else', async () => {
    const fine = given(', metrics: m.prom');
    await runOf(fine);
    expect(fs.readFileSync(fine.at('m.prom'), 'utf8')).to.include('job="j"');
    const not = given(', metrics: none/m.prom');
    const {run} = await runOf(not);
    expect(run.result).to.equal('success');
    expect(not.notices().map((text) => text.split(':')[0])).to.deep.equal(['warn metrics']);
  });

  describe('of a config that cannot be read', () => {
    it('who was told before is told again', async () => {
      const {job, write, output, at} = given(', log: j.log');
      await job.settings();
      write('jobs: [');
      const settings = await job.settings();
      const {run} = await job.run(settings);
      expect(run).to.include({result: 'failed', source: undefined, target: undefined});
      expect(run.error?.code).to.match(/^CONFIG_/);
      expect(output.logs).to.deep.equal([['j', at('j.log')]]);
    });

    it('who was never told is told as far as it still says', async () => {
      const {job, write, output, at} = given('');
      write('jobs:\n  j: {source: 1, log: j.log}\n');
      await job.run(await job.settings());
      expect(output.logs).to.deep.equal([['j', at('j.log')]]);
    });

    it('a name that is no job has no metrics', async () => {
      const {jobFor, typed, at} = given('');
      const job = jobFor(typed(['none'], {metrics: at('m.prom')}));
      const {run} = await job.run(await job.settings());
      expect(run.error?.code).to.equal('JOB_UNKNOWN');
      expect(fs.existsSync(at('m.prom'))).to.equal(false);
    });
  });

  it('a log that cannot be is refused once, when it starts', async () => {
    const {job, output, write, at} = given(', log: none/j.log');
    const settings = await job.settings();
    if (!('failure' in settings)) throw new Error('it was taken');
    expect(settings.failure).to.include({code: 'LOG_UNWRITABLE'});
    await job.run(settings);
    expect(output.logs, 'none is opened').to.deep.equal([['j', undefined]]);
    write(`jobs:\n  j: {source: s, target: t, log: ${at('gone/too.log')}}\n`);
    expect(await job.settings(), 'a run that is under way goes on').to.not.have.property('failure');
  });

  it('an error is told in words that may be shown, and a bug as one', () => {
    expect(errorOf(new DirsyncError('USAGE', 'd', 'h'))).to.deep.include({code: 'USAGE', hint: 'h'});
    const bug = errorOf(new TypeError('x\x1b\ny'));
    expect(bug.code).to.equal('INTERNAL');
    expect(bug.message).to.not.include('\x1b').and.not.include('\n');
    expect(errorOf('a text').message).to.equal('a text');
  });
});
