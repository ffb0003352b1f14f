import {existsSync, readFileSync} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {expect} from 'chai';
import {DirsyncError} from '../../src/core/errors.js';
import type {Notice} from '../../src/core/event.js';
import type {Hooks} from '../../src/core/hooks.js';
import type {JobRun} from '../../src/core/job-run.js';
import type {RelPath} from '../../src/core/path.js';
import {problem} from '../../src/core/problem.js';
import {type AroundOptions, AroundRun, type Told} from '../../src/hooks/around.js';
import {jobRunDocument} from '../../src/report/json.js';
import {applyReport, jobRun, plannedOf} from '../support/job-run.js';
import {listeners} from '../support/listen.js';
import {act} from '../support/plan.js';
import {tempDirs} from '../support/temp.js';

const NOBODY: Told = {hooks: {commands: {}, timeout: 60_000, folder: undefined}, heartbeat: undefined, webhook: undefined};

const nothing = jobRun({planned: plannedOf([]), report: applyReport({})});
const partial = jobRun({
  result: 'partial',
  exitCode: 3,
  planned: plannedOf([act.create('a'), act.create('b'), act.create('c')]),
  report: applyReport(
    {done: 1, failed: 1, stopped: 1},
    {bytes: 12, problems: [problem({path: 'b' as RelPath, side: 'target', phase: 'write', code: 'EACCES'})]},
  ),
});
const halted = jobRun({
  result: 'halted',
  exitCode: 5,
  planned: plannedOf([act.create('a')], ['source-missing'], {overlap: 'same', sourceMissing: true}),
  report: undefined,
  error: {code: 'GUARD_HALTED', message: 'A guard halted the run; nothing was changed: same-tree', hint: 'choose another'},
});
const unread: JobRun = {
  ...jobRun({planned: undefined, report: undefined, source: undefined, target: undefined, job: undefined}),
  result: 'failed',
  exitCode: 1,
  error: {code: 'CONFIG_INVALID', message: 'The config file has a mistake: x'},
};
const gone: JobRun = {
  ...unread,
  result: 'halted',
  exitCode: 5,
  error: {code: 'SOURCE_MISSING', message: 'The source does not exist: /source'},
};
const interrupted = jobRun({
  result: 'interrupted',
  exitCode: 143,
  report: applyReport({done: 1, stopped: 1}, {interrupted: 'SIGTERM'}),
});

describe('hooks/around', () => {
  const temp = tempDirs();
  const listen = listeners();

  function around(told: Partial<Told>, options: Partial<AroundOptions> = {}) {
    const notices: Notice[] = [];
    const cwd = temp();
    const run = new AroundRun({
      told: {...NOBODY, ...told},
      run: {id: 'run-1', job: 'photos', source: '/source', target: '/target'},
      cwd,
      env: process.env,
      onNotice: (notice) => notices.push(notice),
      signal: new AbortController().signal,
      ...options,
      times: {pauses: [1, 1], grace: 40, ...options.times},
    });
    /** With the time that commands took left out. */
    const said = () => notices.map(({level, about, message}) => `${level} ${about} ${message.replace(/\d+\.\d s/, 'T')}`);
    const read = (name: string) => (existsSync(path.join(cwd, name)) ? readFileSync(path.join(cwd, name), 'utf8') : undefined);
    return {run, notices, said, read};
  }

  const told = (commands: Hooks['commands'], timeout = 60_000): Partial<Told> => ({
    hooks: {commands, timeout, folder: undefined},
  });
  const hook = 'echo "$DIRSYNC_HOOK" >>told';
  const ALL = told({before: hook, after: hook, onStart: hook, onChange: hook, onSuccess: hook, onFailure: hook, onGuard: hook});

  const runs: [name: string, run: JobRun, hooks: string][] = [
    ['changed something', jobRun(), 'onChange onSuccess'],
    ['had nothing to do', nothing, 'onSuccess'],
    ['is done but for some paths', partial, 'onChange onFailure'],
    ['was halted', halted, 'onFailure onGuard'],
    ['found no source', gone, 'onFailure onGuard'],
    ['came to no config', unread, 'onFailure'],
    ['was interrupted', interrupted, ''],
  ];
  for (const [name, ended, hooks] of runs) {
    it(`a run that ${name} calls: ${hooks || 'nothing'}`, async () => {
      const {run, read} = around(ALL);
      await run.before();
      await run.after();
      await run.ended(ended);
      expect(read('told')?.trim().split('\n').join(' ')).to.equal(`onStart before after ${hooks}`.trim());
    });
  }

  describe('gives a command', () => {
    const environment = async (ended: JobRun, name: 'onStart' | 'onSuccess' | 'onFailure') => {
      const env = {...process.env, DIRSYNC_RESULT: 'of another', DIRSYNC_ERROR: 'of another'};
      const {run, read} = around(told({[name]: 'env >env; cat >stdin'}), {env});
      await run.before();
      await run.ended(ended);
      const lines = (read('env') as string).split('\n').filter((line) => line.startsWith('DIRSYNC_'));
      return {variables: Object.fromEntries(lines.map((line) => line.split(/=(.*)/s, 2))), stdin: read('stdin') as string};
    };
    const started = {DIRSYNC_RUN_ID: 'run-1', DIRSYNC_JOB: 'photos', DIRSYNC_SOURCE: '/source', DIRSYNC_TARGET: '/target'};

    it('the facts at the start', async () => {
      const {variables, stdin} = await environment(jobRun(), 'onStart');
      expect(variables).to.deep.equal({DIRSYNC_HOOK: 'onStart', ...started});
      expect(stdin).to.equal('');
    });

    it('the facts at the end', async () => {
      const {variables, stdin} = await environment(partial, 'onFailure');
      expect(variables).to.deep.equal({
        DIRSYNC_HOOK: 'onFailure',
        ...started,
        DIRSYNC_RESULT: 'partial',
        DIRSYNC_EXIT_CODE: '3',
        DIRSYNC_CHANGES: '1',
        DIRSYNC_PENDING: '2',
        DIRSYNC_BYTES: '12',
        DIRSYNC_PROBLEMS: '1',
        DIRSYNC_DURATION: '2.500',
        DIRSYNC_GUARD: '',
        DIRSYNC_ERROR: '',
        DIRSYNC_MESSAGE: 'Incomplete: 1 change done, 1 failed, 1 not started.',
      });
      expect(JSON.parse(stdin)).to.deep.equal(JSON.parse(JSON.stringify(jobRunDocument(partial))));
    });

    const ends: [ended: JobRun, variables: Record<string, string>][] = [
      [halted, {DIRSYNC_GUARD: 'same-tree', DIRSYNC_ERROR: 'GUARD_HALTED', DIRSYNC_PENDING: '1', DIRSYNC_CHANGES: '0'}],
      [gone, {DIRSYNC_GUARD: 'source-missing', DIRSYNC_PENDING: '', DIRSYNC_SOURCE: '', DIRSYNC_JOB: ''}],
      [unread, {DIRSYNC_GUARD: '', DIRSYNC_ERROR: 'CONFIG_INVALID', DIRSYNC_MESSAGE: 'The config file has a mistake: x'}],
      [{...unread, source: 'a\0b'}, {DIRSYNC_SOURCE: 'a\ufffdb'}],
      [{...unread, error: {code: 'PLATFORM', message: 'x'.repeat(1_000_000)}}, {DIRSYNC_ERROR: 'PLATFORM'}],
    ];
    for (const [ended, variables] of ends) {
      it(Object.entries(variables).join(' '), async () => {
        expect((await environment(ended, 'onFailure')).variables).to.include(variables);
      });
    }

    it('no name that reaches a terminal from its JSON', async () => {
      const {stdin} = await environment(jobRun({source: '/\x1b[31m\u202e'}), 'onSuccess');
      expect(stdin).to.include('"/\\u001b[31m\\u202e"');
    });
  });

  describe('when a command fails', () => {
    it('the others continue, and it is reported', async () => {
      const {run, said} = around(told({onStart: 'exit 1', onChange: 'echo sorry; exit 2', onSuccess: ['./no-such']}));
      await run.before();
      await run.ended(jobRun());
      expect(said()).to.deep.equal([
        'warn hook onStart: exit code 1 after T',
        'warn hook onChange: exit code 2 after T: sorry',
        'warn hook onSuccess: could not be started (ENOENT)',
      ]);
    });

    it('before the run, that does not start, and `after` follows', async () => {
      const {run, read, said} = around(told({before: 'echo no disk; exit 32', after: hook}));
      expect(await thrown(run.before())).to.match(/^BEFORE_FAILED exit code 32 after \d\.\d s: no disk$/);
      await run.after();
      expect(read('told')).to.equal('after\n');
      expect(said()).to.deep.equal(['info hook after: done in T']);
    });

    it('before the run, in that it takes too long', async () => {
      const {run} = around(told({before: 'sleep 1000'}, 20));
      expect(await thrown(run.before())).to.match(/^BEFORE_FAILED reached its time limit, and was stopped after \d\.\d s$/);
    });

    it('before the run, in that there is none, `after` has nothing to undo', async () => {
      const {run, read} = around(told({before: ['./no-such'], after: hook}));
      expect(await thrown(run.before())).to.equal('BEFORE_FAILED could not be started (ENOENT)');
      await run.after();
      expect(read('told')).to.equal(undefined);
    });

    it('after the run, it is an error', async () => {
      const {run} = around(told({after: 'exit 1'}));
      await run.before();
      expect(await thrown(run.after())).to.match(/^AFTER_FAILED exit code 1 after \d\.\d s$/);
    });
  });

  it('`after` does not follow a run that never began', async () => {
    const {run, read} = around(told({after: hook}));
    await run.after();
    expect(read('told')).to.equal(undefined);
  });

  describe('when dirsync is asked to stop', () => {
    it('before anything began, nothing does', async () => {
      const {run, read} = around(ALL, {signal: AbortSignal.abort()});
      await run.before();
      await run.after();
      expect(read('told')).to.equal(undefined);
    });

    it('`before` stops without an error, and `after` still follows', async () => {
      const controller = new AbortController();
      const {run, read} = around(told({before: 'sleep 1000', after: hook}), {signal: controller.signal});
      const begun = run.before();
      setTimeout(() => controller.abort(), 30);
      await begun;
      await run.after();
      expect(read('told')).to.equal('after\n');
    });

    it('`after` gets little time', async () => {
      const controller = new AbortController();
      const {run} = around(told({after: 'sleep 1000'}), {signal: controller.signal, times: {linger: 20}});
      await run.before();
      controller.abort();
      expect(await thrown(run.after())).to.equal('AFTER_FAILED stopped, because dirsync was asked to stop');
    });

    it('once a run has ended well, nobody waits', async () => {
      const controller = new AbortController();
      const {url, host} = await listen(() => controller.abort());
      const {run, said} = around(
        {...told({onChange: 'sleep 1000'}), heartbeat: {success: url, timeout: 60_000}},
        {signal: controller.signal},
      );
      await run.before();
      await run.ended(jobRun());
      const stopped = 'because dirsync was asked to stop';
      expect(said()).to.have.members([
        `warn hook onChange: stopped, ${stopped}`,
        `warn heartbeat success: ${host} was not called, ${stopped}`,
      ]);
    });
  });

  describe('a heartbeat', () => {
    const beats = async (ended: JobRun, status = 200) => {
      const {url, host, heard} = await listen(status);
      const base = `${url}/ping/secret`;
      const heartbeat = {start: `${base}/start`, success: base, fail: `${base}/fail`, timeout: 10_000};
      const {run, said} = around({heartbeat});
      await run.before();
      await run.ended(ended);
      return {paths: heard.map(({method, path: at}) => `${method} ${at.replace('/ping/secret', '')}`), said: said(), host};
    };

    it('of a success', async () => {
      const {paths, said} = await beats(nothing);
      expect(paths).to.deep.equal(['GET /start', 'GET ']);
      expect(said).to.deep.equal(['info heartbeat start: sent', 'info heartbeat success: sent']);
    });

    for (const [name, ended] of Object.entries({partial, halted, unread})) {
      it(`of a run that did not succeed: ${name}`, async () => {
        expect((await beats(ended)).paths).to.deep.equal(['GET /start', 'GET /fail']);
      });
    }

    it('of a run that was interrupted', async () => {
      expect((await beats(interrupted)).paths).to.deep.equal(['GET /start']);
    });

    it('that fails, reported without its address', async () => {
      const {paths, said, host} = await beats(nothing, 500);
      expect(paths).to.deep.equal(['GET /start', 'GET ', 'GET ', 'GET ']);
      expect(said).to.deep.equal([
        `warn heartbeat start: ${host} answered 500`,
        `warn heartbeat success: ${host} answered 500 (attempt 3 of 3)`,
      ]);
    });
  });

  describe('a webhook', () => {
    const sent: [name: string, ended: JobRun, always: boolean, isSent: boolean][] = [
      ['changes', jobRun(), false, true],
      ['nothing to do', nothing, false, false],
      ['nothing to do, when that is wanted', nothing, true, true],
      ['a failure', unread, false, true],
      ['a guard', halted, false, true],
      ['an interruption', interrupted, true, false],
    ];
    for (const [name, ended, always, isSent] of sent) {
      it(`is ${isSent ? '' : 'not '}sent for ${name}`, async () => {
        const {url, heard} = await listen(200);
        const {run, said} = around({webhook: {url, format: 'slack', always}});
        await run.ended(ended);
        expect(heard.map(({method}) => method)).to.deep.equal(isSent ? ['POST'] : []);
        expect(said()).to.deep.equal(isSent ? ['info webhook sent'] : []);
      });
    }

    it('that refuses is reported without its address', async () => {
      const {url, host} = await listen(410);
      const {run, said} = around({webhook: {url: `${url}/services/secret?token=1`, format: 'discord', always: false}});
      await run.ended(jobRun());
      expect(said()).to.deep.equal([`warn webhook ${host} answered 410`]);
    });
  });

  it('holds no call up by a command', async () => {
    const controller = new AbortController();
    const {url, heard} = await listen((response) => {
      response.writeHead(200).end();
      controller.abort();
    });
    const {run} = around(
      {...told({onSuccess: 'sleep 1000'}), webhook: {url, format: 'markdown', always: true}},
      {signal: controller.signal},
    );
    await run.ended(jobRun());
    expect(heard).to.have.length(1);
  });
});

async function thrown(promise: Promise<void>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof DirsyncError) return `${error.code} ${error.detail}`;
    throw error;
  }
  return 'nothing';
}
