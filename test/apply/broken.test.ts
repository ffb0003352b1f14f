/** What becomes of a run in which something of dirsync itself goes wrong. */
import fs from 'node:fs';
import path from 'node:path';
import {Worker} from 'node:worker_threads';
import {expect} from 'chai';
import {applyExitCode} from '../../src/app/exit-code.js';
import {applyFresh, applyPlanned, applySaved} from '../../src/app/sync/apply.js';
import type {Planned} from '../../src/app/sync/plan.js';
import type {Action} from '../../src/core/action.js';
import type {Event} from '../../src/core/event.js';
import {GUARD_NAMES} from '../../src/core/plan.js';
import type {Request} from '../../src/platform/pool.js';
import {dirsync, pairIn} from '../support/cli.js';
import {needRsync, rsyncDifference} from '../support/oracle.js';
import {context, planTrees, settings, syncTrees} from '../support/sync.js';
import {tempDirs} from '../support/temp.js';

const HOW = {allow: GUARD_NAMES, fsync: 'none', skipDrifted: false} as const;

describe('apply, with a bug in dirsync', () => {
  const temp = tempDirs();
  before(function () {
    needRsync(this);
  });

  describe('at one path', () => {
    /** A plan of which no code of ours can take one entry. */
    async function withBug(source: string, target: string, at: string): Promise<Planned> {
      const planned = await planTrees(settings(source, target));
      const actions = planned.plan.actions.map((action) =>
        action.path === at ? ({...action, after: {...action.after, xattrs: null}} as unknown as Action) : action,
      );
      return {...planned, plan: {...planned.plan, actions}};
    }

    const WAYS = {
      'a plan that was approved just now': (planned: Planned) => applyPlanned(planned, HOW, context()),
      'a saved plan': ({plan}: Planned) => applySaved({...HOW, plan}, context()),
    };
    for (const [title, apply] of Object.entries(WAYS)) {
      it(`${title}: it is a problem of that path with the details, and the rest is done`, async () => {
        const files = {a: '1', folder: {b: '2', c: '3'}, z: '4'};
        const {source, target} = pairIn(temp(), files, {gone: 'gone', folder: {b: 'old'}});
        const report = await apply(await withBug(source, target, 'folder/b'));
        const [found, ...others] = report.problems;
        expect(others).to.deep.equal([]);
        expect(found).to.include({path: 'folder/b', code: 'INTERNAL'});
        expect(found?.message).to.match(/^this is a bug in dirsync, please report it: TypeError: [^\n]+ at [^\n]+$/);
        expect(report.counts).to.include({failed: 1, stopped: 0});
        expect(applyExitCode(report)).to.equal(3);
        expect(fs.readFileSync(path.join(target, 'folder/b'), 'utf8')).to.equal('old');
        expect((await syncTrees(settings(source, target))).counts).to.include({done: 1, failed: 0});
        expect(rsyncDifference(source, target)).to.deep.equal([]);
      });
    }
  });

  describe('a worker dies', () => {
    const send = Worker.prototype.postMessage;
    afterEach(() => {
      Worker.prototype.postMessage = send;
    });

    /** From now on the first worker that is sent a task of this step is ended in the middle of it. */
    function endingAt(step: string): void {
      let isDone = false;
      Worker.prototype.postMessage = function (this: Worker, request: Request) {
        send.call(this, request);
        if (isDone || (request.task as {step?: string}).step !== step) return;
        isDone = true;
        void this.terminate();
      } as typeof send;
    }

    const content = 'x'.repeat(20_000);
    const many = Object.fromEntries(Array.from({length: 2000}, (_, i) => [`f${i}`, content]));

    it('after the first change: the run ends with a report, which says so, and the rest is done by the next', async () => {
      const {root, source, target} = pairIn(temp(), {many}, {gone: 'g'});
      endingAt('writes');
      const events: Event[] = [];
      const report = await applyFresh(settings(source, target), {...context(), onEvent: (event) => void events.push(event)});
      expect(report.problems.map(({path, code}) => ({path, code}))).to.deep.equal([{path: '', code: 'INTERNAL'}]);
      expect(report.problems[0]?.message).to.include('a worker thread ended before its task');
      expect(report.counts.stopped).to.be.greaterThan(0);
      expect(applyExitCode(report)).to.equal(3);
      expect(events.at(-1), 'it has ended').to.deep.equal({type: 'apply-done', report});
      expect(fs.existsSync(path.join(target, 'gone')), 'nothing is deleted before all else is there').to.equal(true);
      const history = JSON.parse(dirsync(['history', target, '--json'], {cwd: root}).stdout);
      expect(history.runs[0].end.counts, 'its journal has an end').to.deep.equal(report.counts);
      expect((await syncTrees(settings(source, target))).problems, 'it holds no lock').to.deep.equal([]);
      expect(rsyncDifference(source, target)).to.deep.equal([]);
    });

    it('before the first change: the run ends with the error, and nothing is changed', async () => {
      const {source, target} = pairIn(temp(), {many}, {gone: 'g'});
      const {plan} = await planTrees(settings(source, target));
      endingAt('check');
      const error = await applySaved({...HOW, plan}, context()).catch((error: unknown) => error);
      expect(error).to.be.instanceOf(Error).with.property('message', 'a worker thread ended before its task');
      expect(fs.readdirSync(target)).to.deep.equal(['gone']);
    });
  });
});
