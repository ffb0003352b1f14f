/** Literals of runs of jobs, with the fields that a test does not care about filled in. */
import type {Action} from '../../src/core/action.js';
import type {JobRun} from '../../src/core/job-run.js';
import type {ApplyReport} from '../../src/core/outcome.js';
import type {GuardName, Plan} from '../../src/core/plan.js';
import {guardHalts} from '../../src/plan/guards.js';
import {summarize} from '../../src/plan/summary.js';
import {act, planOf} from './plan.js';
import {counts, planSubject} from './subject.js';

export function jobRun(fields: Partial<JobRun> = {}): JobRun {
  return {
    id: 'run-1',
    job: 'photos',
    source: '/source',
    target: '/target',
    started: '2026-01-01T10:00:00.000Z',
    finished: '2026-01-01T10:00:02.500Z',
    duration: 2500,
    result: 'success',
    exitCode: 0,
    planned: plannedOf([act.create('a')]),
    report: applyReport({done: 1}),
    ...fields,
  };
}

/** A successful run of 90 seconds, without further details. */
export function bareRun(fields: Partial<JobRun> = {}): JobRun {
  return jobRun({
    id: 'R1',
    started: '2026-11-23T15:58:30.500Z',
    finished: '2026-11-23T16:00:00.500Z',
    duration: 90_000,
    planned: undefined,
    report: undefined,
    ...fields,
  });
}

export function plannedFor(plan: Plan): NonNullable<JobRun['planned']> {
  return {plan, summary: summarize(plan), halts: guardHalts(plan, [])};
}

export function plannedOf(
  actions: readonly Action[],
  allow: readonly GuardName[] = [],
  overrides: Parameters<typeof planOf>[1] = {},
) {
  const {plan, summary, halts} = planSubject(planOf(actions, overrides), allow);
  return {plan, summary, halts};
}

export function applyReport(outcomes: Partial<ApplyReport['counts']>, fields: Partial<ApplyReport> = {}): ApplyReport {
  return {
    planId: 'plan-1',
    runId: 'run-1',
    started: '2026-01-01T10:00:00.000Z',
    finished: '2026-01-01T10:00:02.500Z',
    counts: {...counts, ...outcomes},
    bytes: 0,
    problems: [],
    moved: {leaves: 0, bytes: 0},
    skipped: [],
    ...fields,
  };
}
