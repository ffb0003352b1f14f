import {expect} from 'chai';
import {
  applyExitCode,
  errorExitCode,
  jobsExitCode,
  lostOutputExitCode,
  planExitCode,
  runVerdict,
  signalExitCode,
  snapshotExitCode,
} from '../../src/app/exit-code.js';
import {DirsyncError, type ErrorCode} from '../../src/core/errors.js';
import type {JobRun, RunResult} from '../../src/core/job-run.js';
import {type ApplyReport, noOutcomes, type OutcomeStatus, type Stop, type StopSignal} from '../../src/core/outcome.js';
import type {RelPath} from '../../src/core/path.js';
import type {Halt} from '../../src/core/plan.js';
import {problem} from '../../src/core/problem.js';
import {summarize} from '../../src/plan/summary.js';
import {act, planOf} from '../support/plan.js';

const TROUBLE = problem({path: 'a' as RelPath, side: 'source', phase: 'scan', code: 'EACCES'});

interface Ended {
  readonly counts?: Partial<Record<OutcomeStatus, number>>;
  readonly hasProblem?: boolean;
  readonly interrupted?: Stop;
}

function reportOf({counts = {done: 1}, hasProblem = false, interrupted}: Ended): ApplyReport {
  return {
    ...{planId: 'p', runId: 'r', started: '', finished: '', bytes: 0, moved: {leaves: 0, bytes: 0}, skipped: [], interrupted},
    counts: {...noOutcomes(), ...counts},
    problems: hasProblem ? [TROUBLE] : [],
  };
}

const halt = (allowed: boolean): Halt => ({guard: 'source-empty', message: '', allowed});
const errorOf = (code: ErrorCode, isHalt = false) => new DirsyncError(code, '', undefined, {isHalt});

describe('app/exit-code', () => {
  describe('of an error', () => {
    const codes: Record<string, readonly [unknown, number]> = {
      'that is foreseen': [errorOf('USAGE'), 1],
      'of a plan that is stale': [errorOf('PLAN_STALE'), 4],
      'of a plan for another folder': [errorOf('PLAN_OTHER_ROOT'), 4],
      'of a plan with other owners': [errorOf('PLAN_OTHER_OWNERS'), 4],
      'of a plan for another user': [errorOf('PLAN_OTHER_USER'), 4],
      'of a plan that nobody approved': [errorOf('PLAN_NOT_APPROVED'), 4],
      'of a guard': [errorOf('GUARD_HALTED'), 5],
      'that is a guard to who would change the target': [errorOf('SOURCE_MISSING', true), 5],
      'that is none to who plans': [errorOf('SOURCE_MISSING'), 1],
      'of a target that is locked': [errorOf('TARGET_LOCKED'), 6],
      'of a lock that was lost': [errorOf('LOCK_LOST'), 6],
      'of the time that was over': [errorOf('OUT_OF_TIME'), 3],
      'of the command after a run': [errorOf('AFTER_FAILED'), 3],
      'of the command before it': [errorOf('BEFORE_FAILED'), 1],
      'that is a bug': [new Error('boom'), 1],
    };
    for (const [title, [error, code]] of Object.entries(codes)) {
      it(title, () => expect(errorExitCode(error)).to.equal(code));
    }
  });

  describe('of a signal', () => {
    const codes: Record<StopSignal, number> = {SIGHUP: 129, SIGINT: 130, SIGTERM: 143};
    for (const [name, code] of Object.entries(codes)) {
      it(name, () => expect(signalExitCode(name as StopSignal)).to.equal(code));
    }
  });

  describe('of a plan', () => {
    const cases: readonly {
      readonly title: string;
      readonly plan: ReturnType<typeof planOf>;
      readonly halts?: readonly Halt[];
      readonly code: number;
    }[] = [
      {title: 'with nothing to do', plan: planOf([]), code: 0},
      {title: 'with changes', plan: planOf([act.create('a')]), code: 2},
      {title: 'with times to be put back', plan: planOf([act.upkeep('')]), code: 2},
      {title: 'with a problem and changes', plan: planOf([act.create('a')], {problems: [TROUBLE]}), code: 3},
      {title: 'with something that is blocked', plan: planOf([act.blocked('a')]), code: 3},
      {title: 'that a guard would halt', plan: planOf([], {problems: [TROUBLE]}), halts: [halt(false)], code: 5},
      {title: 'that an allowed guard would halt', plan: planOf([act.create('a')]), halts: [halt(true)], code: 2},
    ];
    for (const {title, plan, halts = [], code} of cases) {
      it(title, () => {
        const planned = {plan, summary: summarize(plan), halts};
        expect(planExitCode(planned, true)).to.equal(code);
        expect(planExitCode(planned, false), 'without --detailed-exitcode').to.equal(0);
      });
    }
  });

  const applies: readonly (Ended & {readonly title: string; readonly code: number; readonly result: RunResult})[] = [
    {title: 'that did all', code: 0, result: 'success'},
    {title: 'that found all done', counts: {'already-done': 1}, code: 0, result: 'success'},
    {title: 'of what the target does not hold', counts: {'not-kept': 1}, code: 0, result: 'success'},
    {title: 'in which an action failed', counts: {done: 1, failed: 1}, code: 3, result: 'partial'},
    {title: 'that skipped what had drifted', counts: {skipped: 1}, code: 3, result: 'partial'},
    {title: 'that stopped before an action', counts: {stopped: 1}, code: 3, result: 'partial'},
    {title: 'in which something was blocked', counts: {blocked: 1}, code: 3, result: 'partial'},
    {title: 'with a problem', hasProblem: true, code: 3, result: 'partial'},
    {title: 'whose time was over', counts: {stopped: 1}, interrupted: 'max-duration', code: 3, result: 'partial'},
    {title: 'that a signal ended', counts: {stopped: 1}, interrupted: 'SIGINT', code: 130, result: 'interrupted'},
    {title: 'that a signal met at its end', interrupted: 'SIGTERM', code: 143, result: 'interrupted'},
  ];
  describe('of an apply', () => {
    for (const {title, code, ...ended} of applies) {
      it(title, () => expect(applyExitCode(reportOf(ended))).to.equal(code));
    }
    it('that nobody confirmed', () => expect(applyExitCode(undefined)).to.equal(1));
  });

  describe('of a run of a job, with the word for it', () => {
    for (const {title, code, result, ...ended} of applies) {
      it(title, () => {
        const verdict = runVerdict({report: reportOf(ended), failure: undefined, stoppedBy: undefined});
        expect(verdict).to.deep.equal({result, exitCode: code});
      });
    }
    const failures: readonly (readonly [string, unknown, RunResult, number])[] = [
      ['that a guard did not let begin', errorOf('GUARD_HALTED'), 'halted', 5],
      ['whose time was over before its changes', errorOf('OUT_OF_TIME'), 'partial', 3],
      ['that met a locked target', errorOf('TARGET_LOCKED'), 'failed', 6],
      ['that met a bug', new Error('boom'), 'failed', 1],
    ];
    for (const [title, failure, result, exitCode] of failures) {
      it(title, () => expect(runVerdict({report: undefined, failure, stoppedBy: undefined})).to.deep.equal({result, exitCode}));
    }
    it('whose command after it failed, though it did all', () => {
      const verdict = runVerdict({report: reportOf({}), failure: errorOf('AFTER_FAILED'), stoppedBy: undefined});
      expect(verdict).to.deep.equal({result: 'partial', exitCode: 3});
    });
    it('that a signal ended before its changes', () => {
      const verdict = runVerdict({report: undefined, failure: new Error('interrupted'), stoppedBy: 'SIGHUP'});
      expect(verdict).to.deep.equal({result: 'interrupted', exitCode: 129});
    });
  });

  it('of a snapshot says whether all was read', () => {
    expect([snapshotExitCode({problems: []}), snapshotExitCode({problems: [TROUBLE]})]).to.deep.equal([0, 3]);
  });

  it('of several jobs is that of the gravest', () => {
    const of = (...codes: readonly number[]) =>
      jobsExitCode(codes.map((exitCode) => ({exitCode}) satisfies Pick<JobRun, 'exitCode'>));
    expect(of()).to.equal(0);
    expect(of(0, 0)).to.equal(0);
    const rising = [0, 3, 4, 5, 6, 1];
    rising.forEach((code, i) => {
      expect(of(...rising.slice(0, i + 1))).to.equal(code);
      expect(of(...rising.slice(0, i + 1).reverse())).to.equal(code);
    });
  });

  describe('of a command whose output was lost', () => {
    const cases: readonly (readonly [command: string | undefined, gave: number, code: number])[] = [
      ['plan', 0, 1],
      ['history', 0, 1],
      [undefined, 0, 1],
      ['apply', 0, 3],
      ['run', 0, 3],
      ['init', 0, 3],
      ['snapshot', 0, 3],
      ['snapshot', 3, 3],
      ['diff', 0, 1],
      ['apply', 5, 5],
      ['plan', 2, 2],
    ];
    for (const [command, gave, code] of cases) {
      it(`${command} that gave ${gave}`, () => expect(lostOutputExitCode(command, gave)).to.equal(code));
    }
  });
});
