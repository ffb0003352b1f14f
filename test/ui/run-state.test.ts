import {expect} from 'chai';
import type {Event} from '../../src/core/event.js';
import type {ApplyReport} from '../../src/core/outcome.js';
import type {RelPath} from '../../src/core/path.js';
import {problem} from '../../src/core/problem.js';
import {historyBars, newJob, type RunMessage, type RunResult, type RunState, runState, runsText} from '../../src/ui/run-state.js';
import {applyProgress} from '../support/plan.js';

const counts = {done: 0, 'already-done': 0, 'not-kept': 0, skipped: 0, failed: 0, stopped: 0, blocked: 0};
const report: ApplyReport = {
  planId: 'p',
  runId: 'r',
  started: '2026-01-01T10:00:00.000Z',
  finished: '2026-01-01T10:00:02.000Z',
  counts: {...counts, done: 3},
  bytes: 12,
  problems: [],
  moved: {leaves: 0, bytes: 0},
  skipped: [],
};
const MOVED = {leaves: 2, bytes: 2048};
const trouble = problem({path: 'p' as RelPath, side: 'target', phase: 'write', code: 'EIO'});
const initial: RunState = {jobs: [newJob({name: 'photos', source: 's', target: 't'})], stops: 0};

const planned: Event = {type: 'plan-started', source: '/s', target: '/t'};
const started: Event = {type: 'apply-started', actions: 10, steps: 10, checks: 0, bytes: 100};
const waiting: Event = {type: 'run-waiting', next: '2026-01-01T10:05:00.000Z'};
const done = (fields: Partial<ApplyReport> = {}): Event => ({type: 'apply-done', report: {...report, ...fields}});
const failed: Event = {type: 'run-failed', code: 'SOURCE_MISSING', message: 'It is gone', hint: 'check'};

/** The job after these events, a second between two of them. */
function jobAfter(...messages: readonly (Event | RunMessage)[]) {
  return messages.reduce((state, message, i) => runState(state, ofJob(message), i * 1000), initial).jobs[0];
}

function ofJob(message: Event | RunMessage, job = 'photos'): RunMessage {
  return message.type === 'stop' || message.type === 'scroll' || message.type === 'of-job'
    ? message
    : {type: 'of-job', job, event: message};
}

describe('ui/run-state', () => {
  const cases: [name: string, events: Event[], fields: object][] = [
    ['plans', [planned], {status: 'planning', source: '/s', target: '/t', progress: undefined}],
    ['reads', [planned, {type: 'scan-progress', source: 2, target: 3}], {status: 'planning', scanned: 5}],
    ['waits', [planned, started, done(), waiting], {status: 'waiting', next: '2026-01-01T10:05:00.000Z', progress: undefined}],
    [
      'waits for another run',
      [planned, {type: 'lock-waiting', target: '/t', holder: undefined, timeout: 1000}],
      {status: 'locked', progress: undefined},
    ],
    [
      'waits for changes',
      [planned, started, done(), {type: 'run-waiting', next: '2026-01-01T10:05:00.000Z', watching: true}],
      {status: 'waiting', watching: true},
    ],
    ['plans again', [planned, started, done(), waiting, planned], {status: 'planning', next: undefined, scanned: 0}],
    [
      'counts what was skipped',
      [
        {type: 'run-skipped', ticks: 2, why: 'busy'},
        {type: 'run-skipped', ticks: 1, why: 'busy'},
      ],
      {skipped: 3},
    ],
  ];
  for (const [name, events, fields] of cases) it(name, () => expect(jobAfter(...events)).to.deep.include(fields));

  it('applies', () => {
    const job = jobAfter(planned, started, {...applyProgress, steps: 5, bytes: 50});
    expect(job).to.include({status: 'applying'});
    expect(job?.progress?.share).to.equal(0.5);
  });

  const results: [name: string, events: Event[], result: Partial<RunResult>][] = [
    ['done', [planned, started, done()], {status: 'done', verdict: 'Done: 3 changes.', duration: 2000, changes: 3, bytes: 12}],
    ['with moves', [planned, started, done({moved: MOVED})], {status: 'done', moved: MOVED}],
    ['with nothing to do', [planned, started, done({counts, bytes: 0})], {status: 'unchanged', verdict: 'Nothing to do.'}],
    ['with problems', [planned, started, done({problems: [trouble]})], {status: 'partial', changes: 3}],
    ['stopped', [planned, started, done({interrupted: 'SIGINT'})], {status: 'partial'}],
    ['failed while it planned', [planned, failed], {status: 'failed', verdict: 'It is gone', hint: 'check', duration: 1000}],
    ['failed before it began', [planned, done(), waiting, failed], {status: 'failed', duration: 0}],
  ];
  for (const [name, events, result] of results) {
    it(`keeps the result of a run that ${name.startsWith('failed') ? name : `ended ${name}`}`, () => {
      const job = jobAfter(...events);
      expect(job?.runs.at(-1)).to.include(result);
      expect(job?.totals.runs[result.status ?? 'done']).to.equal(1);
    });
  }

  it('shows the problems of the last run until the next one starts', () => {
    const events: Event[] = [planned, started, {type: 'problem', problem: trouble}];
    expect(jobAfter(...events)?.problems.kept).to.deep.equal([trouble]);
    expect(jobAfter(...events, done({problems: [trouble, trouble]}), waiting)?.problems.count).to.equal(2);
    expect(jobAfter(...events, done({problems: [trouble]}), waiting, planned)?.problems.count).to.equal(0);
  });

  describe('history', () => {
    const runs = [0, 1, 50, 100].map((changes) => ({changes, status: changes === 0 ? 'unchanged' : 'done'}) as RunResult);
    const all = [...runs, {changes: 0, status: 'failed'} as RunResult];
    const charts: [name: string, lines: string[], width: number, height: number][] = [
      ['one line', ['·▁▄█✗'], 80, 1],
      ['several lines', ['   █ ', '·▁██✗'], 80, 2],
      ['the newest that fit', ['█✗'], 2, 1],
      ['no room', [''], 0, 1],
    ];
    for (const [name, lines, width, height] of charts) {
      it(name, () => expect(historyBars(all, width, height)).to.deep.equal(lines));
    }
    it('no runs', () => expect(historyBars([], 80, 1)).to.deep.equal(['']));
    it('is no longer than the widest terminal', () => {
      const events = Array.from({length: 700}, (): Event[] => [planned, done()]).flat();
      expect(jobAfter(...events)?.runs).to.have.length(500);
      expect(jobAfter(...events)?.totals.runs.done).to.equal(700);
    });
  });

  it('sums up what stays on the terminal', () => {
    const state = [planned, done({moved: MOVED}), planned, done({counts, bytes: 0}), failed].reduce(
      (s, event) => runState(s, ofJob(event), 0),
      initial,
    );
    expect(runsText(state, 3_600_000)).to.equal(
      '3 runs in 1 h 0 min: 1 done, 1 with nothing to do, 1 failed; 3 changes, 12 B written, 2 files (2 KiB) moved, not copied.',
    );
    expect(runsText(initial, 1000)).to.equal('0 runs in 1.0 s; 0 changes.');
  });
});
