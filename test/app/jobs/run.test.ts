import fs from 'node:fs';
import {expect} from 'chai';
import {Interrupted} from '../../../src/app/context.js';
import type {RunOptions} from '../../../src/app/jobs/choose.js';
import {runJobs} from '../../../src/app/jobs/run.js';
import type {Typed} from '../../../src/app/typed.js';
import type {Format} from '../../../src/core/format.js';
import {WorkerPool} from '../../../src/platform/pool.js';
import {heardOutput} from '../../support/heard-output.js';
import {jobsFolder} from '../../support/jobs-folder.js';
import {refusalCode} from '../../support/refusal.js';
import {context} from '../../support/sync.js';
import {tempDirs} from '../../support/temp.js';

const CONFIG = `jobs:
  fine: {source: s, target: t1}
  also: {source: s, target: t2}
  partial: {source: bad, target: t3}
  halted: {source: empty, target: full}
  missing: {source: none, target: t5}
  often: {source: s, target: t6, every: 1h}
`;
const TREE = {s: {a: 'x'}, bad: {a: {'.dirsyncignore': 'a\0b'}}, empty: {}, full: {a: 'x'}};

describe('app/jobs/run', () => {
  const temp = tempDirs();
  before(() => WorkerPool.keepSpares());
  after(() => WorkerPool.dropSpares());

  function given(onto = context()) {
    const folder = jobsFolder(temp(), CONFIG, TREE);
    const output = heardOutput();
    const run = (words: readonly string[], options: Partial<RunOptions> = {}, fields: Partial<Typed> = {}) =>
      runJobs(folder.typed(words, {}, fields), {allJobs: false, atOnce: 2, once: true, ...options}, onto, output);
    return {...folder, output, run};
  }

  it('of several jobs the gravest end counts, and all are run', async () => {
    const cases: readonly [words: readonly string[], code: number][] = [
      [['fine', 'also'], 0],
      [['fine', 'partial'], 3],
      [['halted', 'partial', 'fine'], 5],
      [['missing', 'halted', 'fine'], 5],
    ];
    for (const [words, code] of cases) {
      const {run, output} = given();
      expect(await run(words), words.join(' ')).to.equal(code);
      expect(output.expected).to.deep.equal([`${words.length} jobs`]);
      const ended = output.heard.flatMap(([job, event]) => (event.type === 'run-ended' ? [job] : []));
      expect(ended).to.have.members(words);
    }
  });

  it('the error of a single job is that of the program', async () => {
    expect(await refusalCode(() => given().run(['halted']))).to.equal('GUARD_HALTED');
    expect(await given().run(['partial'])).to.equal(3);
  });

  it('a job that no config has is told before any is run', async () => {
    const {run, at} = given();
    expect(await refusalCode(() => run(['fine', 'nobody']))).to.equal('JOB_UNKNOWN');
    expect(fs.existsSync(at('t1'))).to.equal(false);
  });

  it('a signal is the end', async () => {
    const controller = new AbortController();
    controller.abort('SIGINT');
    const {run, at} = given({...context(), signal: controller.signal});
    expect(await run(['fine', 'also']).catch((error: unknown) => error)).to.be.instanceOf(Interrupted);
    expect(fs.existsSync(at('t1'))).to.equal(false);
  });

  it('a signal that comes after some have ended is the exit code', async () => {
    const controller = new AbortController();
    const {run, output} = given({...context(), signal: controller.signal});
    const {listener} = output;
    Object.assign(output, {
      listener: (...[event, job]: Parameters<typeof listener>) => {
        listener(event, job);
        if (event.type === 'run-ended') controller.abort('SIGTERM');
      },
    });
    expect(await run(['fine', 'also'], {atOnce: 1})).to.equal(143);
  });

  describe('formats that hold one run', () => {
    const refused = async (words: readonly string[], format: Format, options: Partial<RunOptions> = {}) =>
      refusalCode(() => given().run(words, options, {format}));

    it('are refused for several jobs, and JSON is not', async () => {
      for (const format of ['markdown', 'html', 'github', 'junit'] as const)
        expect(await refused(['fine', 'also'], format)).to.equal('USAGE');
      expect(await given().run(['fine', 'also'], {}, {format: 'json'})).to.equal(0);
      expect(await given().run(['fine'], {}, {format: 'html'})).to.equal(0);
    });

    it('are refused for a schedule, and JSON too', async () => {
      expect(await refused(['often'], 'json', {once: false})).to.equal('USAGE');
      expect(await given().run(['often'], {once: true}, {format: 'json'}), 'but for one run of it').to.equal(0);
    });
  });
});
