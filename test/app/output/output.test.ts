import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {lostWords, type Output, openOutput, reportError} from '../../../src/app/output/output.js';
import {DirsyncError} from '../../../src/core/errors.js';
import type {Event} from '../../../src/core/event.js';
import type {LogSettings} from '../../../src/core/log.js';
import {captured} from '../../support/captured.js';
import {applyReport, bareRun} from '../../support/job-run.js';
import {act, planOf} from '../../support/plan.js';
import {planSubject} from '../../support/subject.js';
import {tempDirs} from '../../support/temp.js';

type Options = Partial<Parameters<typeof openOutput>[0]>;

const ready: Event = {...planSubject(planOf([act.create('a')])), type: 'plan-ready'};
const empty: Event = {...planSubject(planOf([])), type: 'plan-ready'};
const failed: Event = {type: 'run-failed', code: 'USAGE', message: 'it failed', hint: 'mend it'};
const notice = (level: 'info' | 'warn', about: 'schedule' | 'hook', message = 'something'): Event => ({
  type: 'notice',
  level,
  about,
  message,
});

describe('app/output/output', () => {
  const temp = tempDirs();

  const output = (options: Options, act: (output: Output) => unknown) =>
    captured(async () => {
      const opened = openOutput({format: undefined, events: false, all: false, now: () => new Date(0), ...options});
      await act(opened);
      await opened.close();
    });
  const logAt = (file: string): LogSettings => ({
    file,
    format: 'text',
    level: 'info',
    maxSize: 1e6,
    maxAge: undefined,
    maxFiles: 1,
  });

  describe('as text', () => {
    const text = (...events: Event[]) =>
      output({}, ({listener}) => {
        for (const event of events) listener(event);
      });

    it('shows results on stdout, and nothing of what is between', async () => {
      const {stdout, stderr} = await text({type: 'run-started', id: 'x'}, ready, {
        type: 'plan-file',
        file: 'p\x1b',
        sha256: 'ab',
      });
      expect(stderr).to.equal('');
      expect(stdout).to.include('SHA-256 ab').and.include('p\\x1b').and.not.include('\x1b');
    });

    it('an apply with nothing to do is not told once more', async () => {
      const done = (report: Parameters<typeof applyReport>[0], fields = {}): Event => ({
        type: 'apply-done',
        report: applyReport(report, fields),
      });
      expect((await text(done({}))).stdout).to.equal('');
      expect((await text(done({done: 1}))).stdout).to.not.equal('');
      expect((await text(done({}, {interrupted: 'SIGINT'}))).stdout).to.not.equal('');
    });

    it('warnings go to stderr; what is well is told where it is of the schedule, the watch or the config', async () => {
      const {stdout, stderr} = await text(
        notice('warn', 'hook'),
        notice('info', 'hook', 'called'),
        notice('info', 'schedule', 'it waits'),
      );
      expect(stderr).to.equal('Warning: hook: something\n');
      expect(stdout).to.match(/^.t waits\.\n$/);
    });

    it('an error that ends the program is told once', async () => {
      const {stderr} = await output({}, ({listener, error}) => {
        listener(failed);
        error(new DirsyncError('USAGE', 'it failed', 'mend it'));
      });
      expect(stderr.match(/it failed/g)).to.have.length(1);
      expect(stderr).to.include('mend it');
    });

    it('of several jobs, each tells whose what follows is, and its error when it ends', async () => {
      const {stdout, stderr} = await output({}, ({listener, expectJobs}) => {
        expectJobs(2);
        listener(empty, 'a');
        listener(empty, 'a');
        listener(empty, 'b\x1b');
        listener(failed, 'b\x1b');
      });
      expect(stdout.match(/^a:$/gm)).to.have.length(1);
      expect(stdout)
        .to.match(/^b\\x1b:$/m)
        .and.not.include('\x1b');
      expect(stderr).to.include('it failed');
    });

    it('one job is not named', async () => {
      const {stdout} = await output({}, ({listener, expectJobs}) => {
        expectJobs(1);
        listener(empty, 'a');
      });
      expect(stdout).to.not.match(/^a:$/m);
    });

    it('a plan that somebody looks through is not listed, but one without changes is', async () => {
      const reviewed = (event: Event) =>
        output({}, ({listener, expectReview}) => {
          expectReview();
          listener(event);
        });
      expect((await reviewed(ready)).stdout).to.equal('');
      expect((await reviewed(empty)).stdout).to.not.equal('');
    });
  });

  it('events are a line of JSON each, also an error and a signal, and hold whose they are', async () => {
    const {stdout, stderr} = await output({events: true}, (opened) => {
      opened.listener({type: 'run-started', id: 'x'}, 'a');
      opened.error(new DirsyncError('USAGE', 'd'));
      opened.error('a text');
      opened.stopped('SIGINT');
    });
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({type}) => type).slice(0, 2)).to.deep.equal(['run-started', 'error']);
    expect(lines[0]).to.include({job: 'a'});
    expect(lines).to.have.length(4);
    expect(JSON.stringify(lines[3])).to.include('SIGINT').and.include('130');
    expect(stderr).to.equal('');
  });

  it('JSON is one document: of a job, or of several', async () => {
    const document = async (count: number) => {
      const {stdout} = await output({format: 'json'}, ({listener, expectJobs}) => {
        expectJobs(count);
        listener(ready);
        listener({type: 'run-ended', run: bareRun()});
      });
      return JSON.parse(stdout);
    };
    expect(await document(1)).to.have.property('actions');
    expect(await document(2))
      .to.have.property('runs')
      .with.length(1);
  });

  describe('a log', () => {
    it('hears of all, whatever is shown, and of an error that no run has told', async () => {
      const file = path.join(temp(), 'log');
      await output({format: 'json'}, async (opened) => {
        await opened.openLog(logAt(file));
        opened.log(notice('info', 'schedule', 'for the log alone'));
        opened.listener(notice('info', 'hook', 'for all'));
        opened.error(new DirsyncError('USAGE', 'the end'));
      });
      const text = fs.readFileSync(file, 'utf8');
      expect(text).to.include('for the log alone').and.include('for all').and.include('the end');
    });

    it('hears of an error of a run once', async () => {
      const file = path.join(temp(), 'log');
      await output({}, async (opened) => {
        await opened.openLog(logAt(file));
        opened.listener(failed);
        opened.error(new DirsyncError('USAGE', 'it failed'));
      });
      expect(fs.readFileSync(file, 'utf8').match(/it failed/g)).to.have.length(1);
    });

    it('that cannot be written is told, and changes nothing else', async () => {
      const file = path.join(temp(), 'none/log');
      const {stdout, stderr} = await output({}, async (opened) => {
        await opened.openLog(logAt(file));
        opened.listener(empty);
      });
      expect(stderr).to.match(/^Warning: log: /);
      expect(stdout).to.not.equal('');
    });

    it('is let go of', async () => {
      const file = path.join(temp(), 'log');
      await output({}, async (opened) => {
        await opened.openLog(logAt(file), 'a');
        await opened.openLog(undefined, 'a');
        opened.listener(failed, 'a');
      });
      expect(fs.readFileSync(file, 'utf8')).to.equal('');
    });
  });

  it('an error that came before any command is told in the form that was asked for', async () => {
    const error = new DirsyncError('USAGE', 'the detail');
    const text = await captured(() => reportError(error, {format: undefined, events: false}));
    expect([text.stdout, text.stderr.includes('the detail')]).to.deep.equal(['', true]);
    const json = await captured(() => reportError(error, {format: 'json', events: false}));
    expect(JSON.parse(json.stdout)).to.have.property('type', 'error');
  });

  it('words for an output that is lost, and an error as an event', () => {
    expect(lostWords({output: 'stdout', why: 'w'}))
      .to.include('stdout')
      .and.include('w');
  });
});
