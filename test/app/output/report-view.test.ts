import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {JobsView, JsonView, ReportView} from '../../../src/app/output/report-view.js';
import type {View} from '../../../src/app/output/view.js';
import type {Drift} from '../../../src/core/drift.js';
import {DirsyncError} from '../../../src/core/errors.js';
import type {Event} from '../../../src/core/event.js';
import type {RelPath} from '../../../src/core/path.js';
import {captured} from '../../support/captured.js';
import {applyReport, bareRun} from '../../support/job-run.js';
import {act, planOf} from '../../support/plan.js';
import {explanationOf, historySubject, planSubject, run} from '../../support/subject.js';
import {tempDirs} from '../../support/temp.js';

const ready: Event = {...planSubject(planOf([act.create('a'), act.delete('b')])), type: 'plan-ready'};
const done: Event = {type: 'apply-done', report: applyReport({done: 2})};
const drift: Drift = {path: 'a' as RelPath, side: 'target', attribute: 'size', before: '1', now: '2'};
const stale = new DirsyncError('PLAN_STALE', 'the detail', 'the hint');
const warning: Event = {type: 'notice', level: 'warn', about: 'log', message: 'it is full'};

async function shown(view: View, act: (view: View) => void) {
  const {stdout, stderr} = await captured(async () => {
    act(view);
    await view.close();
  });
  return {stdout, stderr};
}
const show =
  (...events: Event[]) =>
  (view: View) => {
    for (const event of events) view.show(event);
  };

describe('app/output/report-view', () => {
  describe('as JSON', () => {
    const document = async (act: (view: View) => void) => {
      const {stdout, stderr} = await shown(new JsonView(), act);
      expect(stderr).to.equal('');
      return stdout === '' ? undefined : (JSON.parse(stdout) as {type: string} & Record<string, unknown>);
    };

    const cases: readonly [title: string, events: readonly Event[], type: string | undefined][] = [
      ['nothing came to a result', [{type: 'plan-started', source: '/s', target: '/t'}], undefined],
      ['a plan was made', [ready], 'plan'],
      ['a plan was applied', [ready, done], 'apply'],
      ['a path was explained', [{type: 'explained', explanation: explanationOf({})}], 'explanation'],
      ['a run was asked for', [{type: 'run-shown', run}], 'run'],
      ['a history was asked for', [historySubject([run])], 'history'],
      ['a config was asked for', [{type: 'config-shown', config: {file: '/c', files: [], jobs: []}}], 'settings'],
    ];
    for (const [title, events, type] of cases) {
      it(`where ${title}`, async () => {
        const found = await document(show(...events));
        if (type === undefined) expect(found).to.equal(undefined);
        else
          expect(found?.type)
            .to.be.a('string')
            .and.include(type === 'settings' ? '' : type);
      });
    }

    it('a plan that was written is told with its file', async () => {
      const found = await document(show(ready, {type: 'plan-file', file: '/p.plan', sha256: 'ab'}));
      expect(found?.file).to.deep.equal({path: '/p.plan', sha256: 'ab'});
    });

    it('an error is told instead of what came before, with what has drifted', async () => {
      const found = await document((view) => {
        show(ready, {type: 'drift', drift: [drift]})(view);
        view.fail(stale);
      });
      expect(found).to.have.property('type', 'error');
      expect(JSON.stringify(found)).to.include('PLAN_STALE').and.include('"attribute":"size"').and.not.include('"actions"');
    });

    it('what is no error is told as one, and a signal as what it is', async () => {
      expect(await document((view) => view.fail('a text'))).to.have.property('type', 'error');
      expect(JSON.stringify(await document((view) => view.stopped?.('SIGTERM'))))
        .to.include('SIGTERM')
        .and.include('143');
    });

    it('is written once, however often it is closed', async () => {
      const view = new JsonView();
      const first = await shown(view, show(ready));
      expect(first.stdout).to.not.equal('');
      expect(await shown(view, () => {})).to.deep.equal({stdout: '', stderr: ''});
    });

    it('a warning goes to stderr', async () => {
      const {stdout, stderr} = await shown(new JsonView(), show(warning));
      expect([stdout, stderr]).to.deep.equal(['', 'Warning: log: it is full\n']);
    });
  });

  describe('of several jobs', () => {
    it('holds the run of each, in the order in which they ended', async () => {
      const runs = [bareRun({job: 'b'}), bareRun({job: 'a', exitCode: 3, result: 'partial'})];
      const {stdout} = await shown(new JobsView(), show(...runs.map((each): Event => ({type: 'run-ended', run: each}))));
      const {runs: told} = JSON.parse(stdout) as {runs: {job: string}[]};
      expect(told.map(({job}) => job)).to.deep.equal(['b', 'a']);
    });

    it('or the error that ended them', async () => {
      const {stdout, stderr} = await shown(new JobsView(), (view) => {
        show({type: 'run-ended', run: bareRun()}, warning)(view);
        view.fail(stale);
      });
      expect(JSON.parse(stdout)).to.have.property('type', 'error');
      expect(stderr).to.include('it is full');
    });
  });

  for (const format of ['markdown', 'html', 'junit'] as const) {
    describe(`as ${format}`, () => {
      const report = (act: (view: View) => void) => shown(new ReportView(format, false), act);

      it('says nothing where there is nothing to report', async () => {
        expect(await report(show())).to.deep.equal({stdout: '', stderr: ''});
      });

      it('tells a run where a plan was applied, with the steps of that apply alone', async () => {
        const started: Event = {type: 'apply-started', actions: 1, steps: 1, checks: 0, bytes: 0};
        const step = (name: string): Event => ({type: 'action', action: act.create(name), status: 'failed'});
        const plan = await report(show(ready));
        const applied = await report(show(ready, started, step('STEP-1'), started, step('STEP-2'), done));
        expect(applied.stdout).to.not.equal(plan.stdout);
        expect(applied.stdout).to.include('STEP-2').and.not.include('STEP-1');
      });

      it('an error is told to whoever looks, with what has drifted', async () => {
        const {stdout, stderr} = await report((view) => {
          show(ready, {type: 'drift', drift: [drift]})(view);
          view.fail(stale);
        });
        expect(stderr).to.include('the detail').and.include('the hint').and.include('size 2 instead of 1');
        if (format === 'junit') expect(stdout).to.include('PLAN_STALE');
        else expect(stdout, 'no report of what was not done').to.equal('');
      });

      it('a signal leaves no report of a half', async () => {
        const {stdout} = await report((view) => {
          show(ready)(view);
          view.stopped?.('SIGINT');
        });
        if (format === 'junit') expect(stdout).to.include('STOPPED').and.include('SIGINT');
        else expect(stdout).to.equal('');
      });

      it('is written once', async () => {
        const view = new ReportView(format, false);
        expect((await shown(view, show(historySubject([run])))).stdout).to.not.equal('');
        expect((await shown(view, () => {})).stdout).to.equal('');
      });
    });
  }

  describe('for GitHub', () => {
    const temp = tempDirs();
    const {GITHUB_STEP_SUMMARY} = process.env;
    afterEach(() => {
      if (GITHUB_STEP_SUMMARY === undefined) delete process.env.GITHUB_STEP_SUMMARY;
      else process.env.GITHUB_STEP_SUMMARY = GITHUB_STEP_SUMMARY;
    });
    const report = (act: (view: View) => void) => shown(new ReportView('github', false), act);

    it('the summary is added to the file of the step, or printed where there is none', async () => {
      const file = path.join(temp(), 'summary');
      fs.writeFileSync(file, 'of another step\n');
      delete process.env.GITHUB_STEP_SUMMARY;
      const printed = await report(show(ready));
      process.env.GITHUB_STEP_SUMMARY = file;
      const {stdout} = await report(show(ready));
      const summary = fs.readFileSync(file, 'utf8');
      expect(summary).to.match(/^of another step\n./s);
      expect(printed.stdout).to.equal(stdout + summary.slice('of another step\n'.length));
      expect(stdout).to.match(/^::/m);
    });

    it('an error is an annotation, with each path that drifted', async () => {
      const {stdout, stderr} = await report((view) => {
        show({type: 'drift', drift: [drift]})(view);
        view.fail(stale);
      });
      expect(stdout)
        .to.match(/^::error/m)
        .and.include('the detail');
      expect(stderr).to.include('the hint');
    });

    it('a bug is none: it is told on stderr alone', async () => {
      const {stdout, stderr} = await report((view) => view.fail(new TypeError('a bug')));
      expect(stdout).to.equal('');
      expect(stderr).to.include('a bug');
    });
  });
});
