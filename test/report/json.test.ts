import {expect} from 'chai';
import fc from 'fast-check';
import {DirsyncError} from '../../src/core/errors.js';
import {escapeJson} from '../../src/core/escape.js';
import type {Event} from '../../src/core/event.js';
import type {ApplyReport} from '../../src/core/outcome.js';
import type {RelPath} from '../../src/core/path.js';
import {problem} from '../../src/core/problem.js';
import {decodeHeader, encodeHeader} from '../../src/formats/header-json.js';
import {decodeAction, decodeProblem, encodeAction} from '../../src/formats/json.js';
import {guardHalts} from '../../src/plan/guards.js';
import {summarize} from '../../src/plan/summary.js';
import {
  applyDocument,
  documentText,
  errorDocument,
  eventLine,
  planDocument,
  planDocumentText,
  runDocument,
  runDocumentText,
} from '../../src/report/json.js';
import * as arbitrary from '../support/arbitrary.js';
import {act, applyProgress, planOf} from '../support/plan.js';
import {runOf, step} from '../support/run.js';

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

describe('report/json', () => {
  it('gives a plan that can be decoded again', () => {
    fc.assert(
      fc.property(arbitrary.plan, (plan) => {
        const text = JSON.stringify(planDocument({plan, summary: summarize(plan), halts: guardHalts(plan, [])}));
        expect(text.isWellFormed()).to.equal(true);
        const {header, actions, problems, ...rest} = JSON.parse(text);
        expect({
          header: decodeHeader(header),
          actions: actions.map(decodeAction),
          problems: problems.map(decodeProblem),
        }).to.deep.equal(plan);
        expect(rest).to.deep.include({format: 1, type: 'plan'});
        expect(rest.summary).to.deep.equal(summarize(plan));
      }),
    );
  });

  it('writes the same text in pieces as in one', () => {
    const whole = (document: object) => `${escapeJson(JSON.stringify(document, null, 2))}\n`;
    fc.assert(
      fc.property(arbitrary.plan, (plan) => {
        const subject = {plan, summary: summarize(plan), halts: guardHalts(plan, []), file: undefined};
        expect([...planDocumentText(subject)].join('')).to.equal(whole(planDocument(subject)));
      }),
    );
    const steps = Array.from({length: 5000}, (_, i) => step('create', `a\u202e${i}`));
    for (const run of [
      runOf([]),
      runOf(steps, {problems: [problem({path: 'a' as RelPath, side: 'source', phase: 'scan', code: 'EIO'})]}),
    ])
      expect([...runDocumentText(run)].join('')).to.equal(whole(runDocument(run)));
    expect([...runDocumentText(runOf(steps))].length, 'in pieces').to.be.greaterThan(5);
    expect([...documentText(applyDocument(undefined, report))].join('')).to.equal(whole(applyDocument(undefined, report)));
  });

  it('gives a run, with its plan where there was one', () => {
    const plan = planOf([act.create('a')]);
    expect(applyDocument(undefined, report)).to.deep.equal({format: 1, type: 'apply', report});
    expect(applyDocument(plan, report)).to.deep.equal({format: 1, type: 'apply', report, plan: encodeHeader(plan.header)});
  });

  it('gives errors', () => {
    expect(errorDocument(new DirsyncError('PLAN_STALE', '3 paths', 'plan again'))).to.deep.equal({
      format: 1,
      type: 'error',
      code: 'PLAN_STALE',
      exitCode: 4,
      message: 'The plan no longer fits the two trees: 3 paths',
      summary: 'The plan no longer fits the two trees',
      detail: '3 paths',
      hint: 'plan again',
    });
    expect(errorDocument(new DirsyncError('USAGE', 'x'))).to.not.have.property('hint');
    expect(errorDocument(new TypeError('oops'))).to.deep.equal({
      format: 1,
      type: 'error',
      code: 'INTERNAL',
      exitCode: 1,
      message: 'oops',
    });
  });

  describe('gives an event line for', () => {
    const plan = planOf([act.create('a')]);
    const trouble = problem({path: 'p' as RelPath, side: 'source', phase: 'scan', code: 'EIO'});
    const action = act.create('a');
    const summary = summarize(plan);
    const halts = guardHalts(plan, []);
    const drift = [{path: 'd' as RelPath, side: 'target', attribute: 'existence', before: 'file'} as const];
    const same: Event[] = [
      {type: 'plan-started', source: '/s', target: '/t'},
      {type: 'scan-progress', source: 1, target: 2},
      {type: 'scan-done', side: 'source', entries: 1, bytes: 2},
      {
        type: 'lock-waiting',
        target: '/t',
        holder: {pid: 12, host: 'nas', since: '2026-01-01T10:00:00.000Z', command: 'dirsync run photos'},
        timeout: 30_000,
      },
      {type: 'apply-started', actions: 1, steps: 2, checks: 1, bytes: 2},
      {type: 'problem', problem: trouble},
      {type: 'apply-done', report},
      {type: 'run-waiting', next: '2026-01-01T10:00:00.000Z'},
      {type: 'run-skipped', ticks: 2, why: 'busy'},
      {type: 'run-failed', code: 'USAGE', message: 'x'},
    ];
    const cases: [event: Event, line: object][] = [
      ...same.map((event): [Event, object] => [event, event]),
      [
        {type: 'plan-ready', plan, summary, halts},
        {type: 'plan-ready', plan: 'plan-1', summary, halts},
      ],
      [
        {type: 'lock-waiting', target: '/t', holder: undefined, timeout: 1},
        {type: 'lock-waiting', target: '/t', timeout: 1},
      ],
      [
        {...applyProgress, current: ['p' as RelPath, undefined]},
        {...applyProgress, current: ['p', null]},
      ],
      [
        {type: 'action', action, status: 'done'},
        {type: 'action', status: 'done', action: encodeAction(action)},
      ],
      [
        {type: 'drift', drift},
        {type: 'drift', drift: [{path: 'd', side: 'target', attribute: 'existence', before: 'file', found: 'it is gone'}]},
      ],
    ];
    for (const [event, line] of cases) {
      it(event.type, () => expect(JSON.parse(JSON.stringify(eventLine(event)))).to.deep.equal({format: 1, ...line}));
    }
  });
});
