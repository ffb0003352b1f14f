import {expect} from 'chai';
import {escapeName} from '../../src/core/escape.js';
import type {JobRun} from '../../src/core/job-run.js';
import type {RelPath} from '../../src/core/path.js';
import {GUARD_NAMES} from '../../src/core/plan.js';
import {countDone, noKinds} from '../../src/core/run.js';
import {lastSuccessIn, metricsText} from '../../src/report/metrics.js';
import {applyReport, bareRun, plannedFor} from '../support/job-run.js';
import {needPrometheus, parseMetrics} from '../support/openmetrics.js';
import {planOf} from '../support/plan.js';
import {everyKind, HOSTILE, locked} from '../support/subject.js';

const SPACE = [
  {at: '' as RelPath, block: 4096, free: 5e9, freeInodes: 1234},
  {at: 'mounted' as RelPath, block: 4096, free: 7e9},
];
const FINISHED = Date.parse('2026-11-23T16:00:00.500Z') / 1000;

const plan = planOf(everyKind, {facts: {space: SPACE}, problems: [locked]});
const bare = planOf(everyKind);
const halting = planOf(everyKind, {overlap: 'same'});
const done = noKinds();
for (const action of everyKind) countDone(done, action, action.kind === 'blocked' ? 'blocked' : 'done');

const full = bareRun({
  planned: plannedFor(plan),
  report: applyReport(
    {done: 5, failed: 1, skipped: 1, stopped: 1, blocked: 1},
    {bytes: 77, moved: {leaves: 3, bytes: 5}, problems: [locked], skipped: ['s' as RelPath]},
  ),
  done,
  result: 'partial',
  exitCode: 3,
});

/** Samples as "name{labels} value", without the job and the prefix of all. */
const cases: {title: string; run: JobRun; last?: number; has: readonly string[]; hasNot?: readonly string[]}[] = [
  {
    title: 'a run that did all',
    run: bareRun({planned: plannedFor(plan), report: applyReport({done: 8}), done}),
    last: 5,
    has: [
      `last_run_timestamp_seconds{} ${FINISHED}`,
      `last_success_timestamp_seconds{} ${FINISHED}`,
      'last_run_duration_seconds{} 90',
      'last_run_result{result=success} 1',
      'last_run_result{result=partial} 0',
      'last_run_result{result=interrupted} 0',
      'last_run_exit_code{} 0',
      'pending_actions{} 0',
      'drifted_paths{} 0',
    ],
  },
  {
    title: 'a run that did a part',
    run: full,
    last: 5,
    has: [
      'last_success_timestamp_seconds{} 5',
      'last_run_result{result=success} 0',
      'last_run_result{result=partial} 1',
      'last_run_exit_code{} 3',
      'last_run_done_actions{kind=create} 1',
      // Upkeep is no change of attributes.
      'last_run_done_actions{kind=attrs} 1',
      'last_run_written_bytes{} 77',
      'last_run_moved_bytes{} 5',
      'last_run_planned_bytes{kind=create} 1234',
      'last_run_planned_bytes{kind=delete} 300',
      'pending_actions{} 3',
      'drifted_paths{} 1',
      'blocked_paths{} 1',
      'problems{} 1',
      'target_free_bytes{} 5000000000',
      'target_free_inodes{} 1234',
      'tree_entries{side=source} 100',
      'tree_bytes{side=target} 1000',
      ...GUARD_NAMES.map((guard) => `guard_halted{guard=${guard}} 0`),
    ],
    hasNot: ['last_run_done_actions{kind=blocked}'],
  },
  {
    title: 'a run that a guard halted',
    run: bareRun({planned: plannedFor(halting), result: 'halted', exitCode: 5}),
    has: [
      'last_success_timestamp_seconds{} 0',
      'guard_halted{guard=same-tree} 1',
      'guard_halted{guard=no-space} 0',
      'pending_actions{} 10',
      'blocked_paths{} 1',
      'last_run_moved_bytes{} 0',
      'last_run_planned_bytes{kind=move} 5242944',
      'target_drift_paths{change=added} 1',
      'target_drift_paths{change=changed} 1',
      'target_drift_paths{change=removed} 0',
      'last_run_done_actions{kind=create} 0',
      'last_run_written_bytes{} 0',
    ],
    hasNot: ['target_free_bytes', 'target_free_inodes'],
  },
  {
    title: 'a guard that is lifted',
    run: bareRun({planned: {...plannedFor(halting), halts: [{guard: 'same-tree', message: '', allowed: true}]}}),
    has: ['guard_halted{guard=same-tree} 0'],
  },
  {
    title: 'a run that came to no plan',
    run: bareRun({result: 'failed', exitCode: 6}),
    last: 5,
    has: ['last_success_timestamp_seconds{} 5', 'last_run_result{result=failed} 1', 'last_run_exit_code{} 6'],
    hasNot: ['pending_actions', 'problems', 'tree_entries', 'last_run_planned_bytes', 'target_drift_paths'],
  },
  {
    title: 'a report without its actions by kind, of a file system that tells no space',
    run: bareRun({planned: plannedFor(bare), report: applyReport({done: 8})}),
    has: ['pending_actions{} 0'],
    hasNot: ['last_run_done_actions', 'target_free_bytes'],
  },
  {
    title: 'a success that is still to come',
    run: bareRun({result: 'failed', exitCode: 1}),
    last: 9_999_999_999,
    has: ['last_success_timestamp_seconds{} 0'],
  },
];

describe('report/metrics', () => {
  before(function () {
    needPrometheus(this);
  });

  for (const {title, run, last, has, hasNot = []} of cases) {
    it(title, async () => {
      const [read] = parseMetrics([await metricsText(run, 'photos', last)]);
      const samples = read?.openmetrics.map(([name, {job, ...labels}, value]) => {
        expect(job).to.equal('photos');
        const shown = Object.entries(labels).map(([label, text]) => `${label}=${text}`);
        return `${name.replace(/^dirsync_/, '')}{${shown.join(',')}} ${value}`;
      });
      expect(samples).to.include.members([...has]);
      expect(new Set(samples).size).to.equal(samples?.length);
      for (const absent of hasNot) expect(samples?.filter((sample) => sample.startsWith(absent))).to.deep.equal([]);
      expect(read?.classic).to.deep.equal(read?.openmetrics);
      for (const [, , , type, help] of read?.openmetrics ?? []) {
        expect(type).to.equal('gauge');
        expect(help).to.match(/^[A-Z].*\.$/);
      }
    });
  }

  const NAMES = [...HOSTILE, 'a"b', 'a\\', 'a\nb', '} 1\nx 2', '', 'é😀', 'x\udcff'];

  it('a job may have any name', async () => {
    const texts = await Promise.all(NAMES.map((name) => metricsText(full, name, 5)));
    const read = parseMetrics(texts);
    for (const [i, name] of NAMES.entries()) {
      for (const samples of [read[i]?.openmetrics, read[i]?.classic]) {
        expect(new Set(samples?.map(([, {job}]) => job))).to.deep.equal(new Set([escapeName(name)]));
      }
      expect(texts[i]).to.not.match(/[^\P{C}\n\p{Cn}\p{Co}]/u);
    }
  });

  it('tells when a job last succeeded, to that job alone', async () => {
    for (const name of NAMES) {
      const text = await metricsText(full, name, 1_764_000_000.25);
      expect(lastSuccessIn(text, name)).to.equal(1_764_000_000.25);
      expect(lastSuccessIn(text, `${name}x`)).to.equal(undefined);
      expect(lastSuccessIn(await metricsText(full, name, undefined), name)).to.equal(undefined);
    }
  });

  for (const text of [
    '',
    'dirsync_last_success_timestamp_seconds{job="photos"}',
    'dirsync_last_success_timestamp_seconds{job="photos"} NaN',
    'dirsync_last_success_timestamp_seconds{job="photos"} -5',
    'dirsync_last_success_timestamp_seconds{job="photos"} 1e99',
    'dirsync_last_success_timestamp_seconds{job="photos',
    'dirsync_last_success_timestamp_seconds{job="music"} 5',
    `dirsync_last_success_timestamp_seconds{job="${'\\'.repeat(100_001)}`,
  ]) {
    it(`takes nothing from ${text.slice(0, 80)}`, () => expect(lastSuccessIn(text, 'photos')).to.equal(undefined));
  }
});
