import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {lastRunOf, readRun, readRuns} from '../../src/app/inspect/runs.js';
import {applyFresh} from '../../src/app/sync/apply.js';
import type {Event} from '../../src/core/event.js';
import type {ApplyReport, OutcomeStatus} from '../../src/core/outcome.js';
import type {RelPath} from '../../src/core/path.js';
import type {Run} from '../../src/core/run.js';
import {writePlanFile} from '../../src/formats/plan-file.js';
import {summarizeRun} from '../../src/plan/summary.js';
import {startOf} from '../../src/state/runs.js';
import {applyFile, context, planTrees, settings, syncTrees} from '../support/sync.js';
import {tempDirs} from '../support/temp.js';
import {hardlink, readTree, symlink, type Tree, writeTree} from '../support/tree.js';

describe('apply, its journal', () => {
  const temp = tempDirs();
  let source: string;
  let target: string;

  const trees = (from: Tree, to?: Tree) => {
    const root = temp();
    [source, target] = [path.join(root, 'source'), path.join(root, 'target')];
    writeTree(source, from);
    if (to !== undefined) writeTree(target, to);
  };

  /** All that a report and a journal both tell. */
  const expectSame = (run: Run, report: ApplyReport) => {
    const {planId, runId, started, finished, counts, bytes, problems, interrupted} = report;
    expect(run.header).to.include({id: runId, planId, started});
    const end = {finished, counts, bytes, ...(interrupted && {interrupted})};
    expect(run.end).to.deep.equal(end);
    expect(run.problems).to.have.deep.members(problems);
    const counted: Record<OutcomeStatus, number> = {
      done: 0,
      'already-done': 0,
      'not-kept': 0,
      skipped: 0,
      failed: 0,
      stopped: 0,
      blocked: 0,
    };
    for (const {status} of run.steps) counted[status]++;
    expect({...counted, stopped: counts.stopped}, 'one line for each outcome').to.deep.equal(counts);
    expect(new Set(run.steps.map(({path}) => path)).size).to.equal(run.steps.length);
  };

  const FROM: Tree = {a: {b: 'b', c: 'cc'}, link: symlink('a'), other: hardlink('a/b'), was: {folder: 'f'}, edited: 'new text'};
  const TO: Tree = {gone: '12345', empty: {deep: {}}, was: 'file', edited: 'old'};

  it('has the same results as the report', async () => {
    trees(FROM, TO);
    const wanted = settings(source, target);
    const {plan, summary} = await planTrees(wanted);
    const report = await syncTrees(wanted);
    const run = readRun(target, report.runId);
    expectSame(run, report);
    expect(run.header).to.include({source, target, changes: summary.changes, bytes: summary.bytes, writer: plan.header.writer});
    expect(run.steps.map(({kind, path, bytes}) => `${kind} ${path} ${bytes}`).sort()).to.deep.equal([
      'create a/b 1',
      'create a/c 2',
      'create link 0',
      'create was/folder 1',
      'delete gone 5',
      'link other 0',
      'mkdir a 0',
      'replace was 0',
      'rmdir empty 0',
      'rmdir empty/deep 0',
      'update edited 8',
    ]);
    expect(summarizeRun(run).kinds).to.deep.equal(summary.kinds);
    expect(readRuns(target)).to.deep.equal([summarizeRun(run)]);
  });

  it('of a target that did not exist', async () => {
    trees(FROM);
    const report = await syncTrees(settings(source, target));
    expectSame(readRun(target, 'latest'), report);
  });

  it('is not written when there is nothing to do, nor for a plan, nor for one that is refused', async () => {
    trees(FROM, TO);
    const plan = path.join(temp(), 'plan');
    await writePlanFile(plan, (await planTrees(settings(source, target))).plan);
    fs.writeFileSync(path.join(target, 'gone'), 'changed since');
    expect(await applyFile(plan).catch(({code}) => code)).to.equal('PLAN_STALE');
    expect(fs.existsSync(path.join(target, '.dirsync'))).to.equal(false);

    await syncTrees(settings(source, target));
    await syncTrees(settings(source, target));
    expect(readRuns(target)).to.have.length(1);
  });

  it('has what a saved plan skipped, found done, and failed to do', async () => {
    trees({...FROM, vanishes: 'v'}, TO);
    const plan = path.join(temp(), 'plan');
    await writePlanFile(plan, (await planTrees(settings(source, target))).plan);
    fs.writeFileSync(path.join(target, 'gone'), 'changed since');
    fs.rmSync(path.join(target, 'empty'), {recursive: true});
    fs.rmSync(path.join(target, 'edited'));
    fs.mkdirSync(path.join(target, 'a'));
    fs.rmSync(path.join(source, 'vanishes'));
    const report = await applyFile(plan, {skipDrifted: true});
    expect(report.counts['already-done']).to.be.greaterThan(0);
    expect(report.counts.skipped).to.be.greaterThan(0);
    expectSame(readRun(target, 'latest'), report);
  });

  it('of an interrupted run has what had been done until then', async () => {
    const fifty: Tree = Object.fromEntries(Array.from({length: 50}, (_, i) => [`f${i}`, `${i}`]));
    trees(Object.fromEntries(Array.from({length: 40}, (_, d) => [`d${d}`, fifty])), {});
    const controller = new AbortController();
    const stop = (event: Event) => {
      if (event.type === 'action') controller.abort('SIGINT');
    };
    const at = {...context(), signal: controller.signal, onEvent: stop};
    const report = await applyFresh(settings(source, target), at);
    expect(report.counts.stopped).to.be.greaterThan(0);
    expect(report.counts.done).to.be.greaterThan(0);
    expectSame(readRun(target, 'latest'), report);
  });

  it('that cannot be written is a problem of its own, and the run is done', async () => {
    trees(FROM, {...TO, '.dirsync': {runs: 'a file'}});
    const report = await syncTrees(settings(source, target));
    // Without a record of runs, it is not known which run was remembered last.
    const [unremembered, ...problems] = report.problems;
    expect(unremembered).to.include({path: '', side: 'target', code: 'LAST_UNWRITABLE'});
    expect(problems).to.deep.equal([
      {
        path: '',
        side: 'target',
        phase: 'write',
        code: 'JOURNAL_UNWRITABLE',
        message:
          'the run could not be recorded, so it will be missing from the history; free some space, or repair .dirsync/runs (ENOTDIR)',
      },
    ]);
    expect(report.counts).to.deep.equal({
      done: 11,
      'already-done': 0,
      'not-kept': 0,
      skipped: 0,
      failed: 0,
      stopped: 0,
      blocked: 0,
    });
    expect(Object.keys(readTree(target))).to.deep.equal(Object.keys(readTree(source)));
  });

  it('shows which run was the last one at a path', async () => {
    trees({a: 'one', b: 'b', same: 's'});
    const first = await syncTrees(settings(source, target));
    fs.writeFileSync(path.join(source, 'a'), 'second');
    fs.rmSync(path.join(source, 'b'));
    const second = await syncTrees(settings(source, target));
    const last = (at: string) => {
      const found = lastRunOf(target, at as RelPath);
      return found && {id: found.header.id, kind: found.step.kind, bytes: found.step.bytes};
    };
    expect(last('a')).to.deep.equal({id: second.runId, kind: 'update', bytes: 6});
    expect(last('b')).to.deep.equal({id: second.runId, kind: 'delete', bytes: 1});
    expect(last('same')).to.deep.equal({id: first.runId, kind: 'create', bytes: 1});
    expect(last('never')).to.equal(undefined);
    expect(lastRunOf(path.join(target, 'absent'), 'a' as RelPath)).to.equal(undefined);

    fs.appendFileSync(path.join(target, '.dirsync/runs', `${second.runId}.ndjson`), 'rubbish\n');
    expect(last('same'), 'past a damaged journal').to.include({id: first.runId});
    const [damaged, whole] = readRuns(target);
    expect(damaged?.fault).to.match(/^The journal of the run is damaged: .*, line \d: there is more after the end of the run$/);
    expect(damaged).to.deep.include({header: readHeader(second.runId), problems: 0});
    expect(whole?.fault).to.equal(undefined);
    fs.writeFileSync(path.join(target, '.dirsync/runs', `${second.runId}.ndjson`), '');
    expect(readRuns(target, 1)[0]?.header).to.include({
      id: second.runId,
      started: startOf(second.runId),
      source: '',
    });
  });

  function readHeader(id: string) {
    const [line = ''] = fs.readFileSync(path.join(target, '.dirsync/runs', `${id}.ndjson`), 'utf8').split('\n');
    const {dirsync, format, ...header} = JSON.parse(line);
    return header;
  }
});
