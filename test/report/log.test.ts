import {expect} from 'chai';
import type {Event} from '../../src/core/event.js';
import type {JobRun, RunResult} from '../../src/core/job-run.js';
import type {ApplyReport} from '../../src/core/outcome.js';
import type {RelPath} from '../../src/core/path.js';
import {problem} from '../../src/core/problem.js';
import {guardHalts} from '../../src/plan/guards.js';
import {summarize} from '../../src/plan/summary.js';
import {logEntry, logText} from '../../src/report/log.js';
import {act, applyProgress, file, planOf} from '../support/plan.js';
import {explanationOf, movesAndDrift} from '../support/subject.js';

const time = '2026-11-23T04:00:00.000Z';

const report: ApplyReport = {
  planId: 'p',
  runId: 'r',
  started: '2026-01-01T10:00:00.000Z',
  finished: '2026-01-01T10:00:02.000Z',
  counts: {done: 1, 'already-done': 0, 'not-kept': 0, skipped: 0, failed: 0, stopped: 0, blocked: 0},
  bytes: 12,
  problems: [],
  moved: {leaves: 0, bytes: 0},
  skipped: [],
};
const failed = {...report, counts: {...report.counts, failed: 2}};
const idle = {...report, counts: {...report.counts, done: 0}, bytes: 0};
const calm = planOf([act.create('a', file(12))]);
const mad = planOf([act.create('a', file(12))], {overlap: 'same'});
const moving = planOf(movesAndDrift);
const photo = act.create('photos/a\n.jpg', file(12_288));
const drift = [{path: 'd\n' as RelPath, side: 'target', attribute: 'existence', before: 'file'} as const];

function ended(result: RunResult, exitCode: number): JobRun {
  const times = {started: time, finished: time, duration: 1234.5};
  return {id: 'r', job: undefined, source: '/s', target: '/t', ...times, result, exitCode};
}

const cases: [event: Event, line: string | undefined][] = [
  [{type: 'plan-started', source: '/s\x1b', target: '/t'}, 'DEBUG plan started  /s\\x1b → /t'],
  [{type: 'scan-progress', source: 1, target: 2}, undefined],
  [{type: 'scan-done', side: 'source', entries: 84_012, bytes: 2048}, 'DEBUG source read  84,012 entries, 2 KiB'],
  [
    {type: 'plan-ready', plan: calm, summary: summarize(calm), halts: []},
    'INFO  plan ready  Plan: 1 change: 1 to create; 12 B to write.',
  ],
  [
    {type: 'plan-ready', plan: mad, summary: summarize(mad), halts: guardHalts(mad, [])},
    'WARN  plan ready  Plan: 1 change: 1 to create; 12 B to write. same-tree: source and target are the same folder.',
  ],
  [
    {type: 'plan-ready', plan: mad, summary: summarize(mad), halts: guardHalts(mad, ['same-tree'])},
    'INFO  plan ready  Plan: 1 change: 1 to create; 12 B to write.',
  ],
  [
    {type: 'plan-ready', plan: moving, summary: summarize(moving), halts: []},
    'INFO  plan ready  Plan: 6 changes: 1 to create, 1 to update, 3 to move, 1 to delete; 9 B to write. ' +
      '40,001 files (1 GiB) moved, not copied. In the target since the last run: 1 added, 1 changed, 1 removed.',
  ],
  [{type: 'explained', explanation: explanationOf({})}, undefined],
  [{type: 'drift', drift}, 'WARN  drift  1 path: d\\n: it is gone'],
  [
    {
      type: 'lock-waiting',
      target: '/t\n',
      holder: {pid: 12, host: 'nas\x1b', since: '2026', command: 'dirsync run a\nb'},
      timeout: 30_000,
    },
    'INFO  waiting  up to 30 s for the lock of /t\\n, held by process 12 on nas\\x1b since 2026: dirsync run a\\nb',
  ],
  [
    {type: 'lock-waiting', target: '/t', holder: undefined, timeout: 90_000},
    'INFO  waiting  up to 1 min 30 s for the lock of /t',
  ],
  [{type: 'apply-started', actions: 1, steps: 1, checks: 0, bytes: 12}, 'INFO  apply started  1 action, 12 B to write'],
  [applyProgress, undefined],
  [{type: 'action', action: photo, status: 'done'}, 'INFO  create done  photos/a\\n.jpg (12 KiB)'],
  [
    {type: 'action', action: act.moveFolder('new', 'a\n', 2, 2048), status: 'done'},
    'INFO  move done  new/  from a\\n · 2 files, 2 KiB not copied',
  ],
  [
    {type: 'action', action: {...photo, targetDrift: 'removed'}, status: 'done'},
    'INFO  create done  photos/a\\n.jpg (12 KiB)  removed from the target since the last run',
  ],
  [{type: 'action', action: act.rmdir('x'), status: 'skipped'}, 'WARN  rmdir skipped  x/'],
  [{type: 'action', action: act.upkeep(''), status: 'failed'}, 'ERROR attrs failed  ./'],
  [
    {type: 'problem', problem: problem({path: 'p\n' as RelPath, side: 'target', phase: 'write', code: 'EIO'})},
    'ERROR EIO  p\\n (target): input/output error while writing; check the disk and its connection, then run again',
  ],
  [{type: 'apply-done', report}, 'INFO  apply done  Done: 1 change. 12 B written.'],
  [
    {type: 'apply-done', report: {...report, moved: {leaves: 2, bytes: 2048}}},
    'INFO  apply done  Done: 1 change. 12 B written. 2 files (2 KiB) moved, not copied.',
  ],
  [{type: 'apply-done', report: failed}, 'WARN  apply done  Incomplete: 1 change done, 2 failed. 12 B written.'],
  [{type: 'run-started', id: 'r'}, 'DEBUG run started'],
  [{type: 'apply-started', actions: 0, steps: 0, checks: 0, bytes: 0}, 'DEBUG apply started  0 actions, 0 B to write'],
  [{type: 'apply-done', report: idle}, 'DEBUG apply done  Done: 0 changes. 0 B written.'],
  [{type: 'run-ended', run: {...ended('success', 0), report}}, 'INFO  run ended  success, exit code 0, 1.2 s'],
  [{type: 'run-ended', run: {...ended('success', 0), report: idle}}, 'DEBUG run ended  success, exit code 0, 1.2 s'],
  [{type: 'run-ended', run: ended('partial', 3)}, 'WARN  run ended  partial, exit code 3, 1.2 s'],
  [{type: 'run-ended', run: ended('failed', 1)}, 'ERROR run ended  failed, exit code 1, 1.2 s'],
  [{type: 'notice', level: 'warn', about: 'hook', message: 'it printed \x1b[2J\u202e'}, 'WARN  hook  it printed \\x1b[2J\\u202e'],
  [{type: 'run-waiting', next: '2026-11-23T05:00:00.000Z'}, 'DEBUG waiting  next run at 2026-11-23T05:00:00.000Z'],
  [
    {type: 'run-waiting', next: '2026-11-23T05:00:00.000Z', watching: true},
    'DEBUG waiting  next run at 2026-11-23T05:00:00.000Z, or when the source changes',
  ],
  [{type: 'run-skipped', ticks: 2, why: 'busy'}, 'WARN  skipped  2 scheduled runs were missed while a run was in progress'],
  [{type: 'run-failed', code: 'TARGET_LOCKED', message: 'one\ntwo\x1b'}, 'ERROR run failed  TARGET_LOCKED: one; two\\x1b'],
];

describe('report/log', () => {
  for (const [event, line] of cases) {
    it(line ?? `nothing for ${event.type}`, () => {
      expect(textOf(event)).to.equal(line && `${time} ${line}`);
    });
  }

  for (const [from, shown] of [
    [{job: 'photos', run: 'R1'}, '[photos] [R1] '],
    [{job: 'a\n\x1b'}, '[a\\n\\x1b] '],
    [{run: 'R1'}, '[R1] '],
  ] as const) {
    it(`tells where a line is from: ${shown}`, () => {
      expect(textOf({type: 'run-skipped', ticks: 1, why: 'busy'}, from)).to.contain(
        ` WARN  ${shown}skipped  one scheduled run was missed`,
      );
    });
  }

  it('tells programs the names as they are', () => {
    const entry = logEntry({type: 'action', action: photo, status: 'done'});
    expect(entry?.fields).to.deep.equal({kind: 'create', path: 'photos/a\n.jpg', status: 'done', bytes: 12_288});
  });
});

function textOf(event: Event, from: {job?: string; run?: string} = {}): string | undefined {
  const entry = logEntry(event);
  return entry && logText({time, ...from, event: event.type, level: entry.level, msg: entry.text});
}
