/** Literals of runs of jobs, with the fields that a test does not care about filled in. */
import type {JobRun} from '../../src/core/job-run.js';
import type {ApplyReport} from '../../src/core/outcome.js';
import type {Plan} from '../../src/core/plan.js';
import {guardHalts} from '../../src/plan/guards.js';
import {summarize} from '../../src/plan/summary.js';

/** A run of 90 seconds that ended well. */
export function jobRun(fields: Partial<JobRun> = {}): JobRun {
  return {
    id: 'R1',
    job: 'photos',
    source: '/source',
    target: '/target',
    started: '2026-11-23T15:58:30.500Z',
    finished: '2026-11-23T16:00:00.500Z',
    duration: 90_000,
    result: 'success',
    exitCode: 0,
    ...fields,
  };
}

export function plannedOf(plan: Plan): NonNullable<JobRun['planned']> {
  return {plan, summary: summarize(plan), halts: guardHalts(plan, [])};
}

export function applyReport(counts: Partial<ApplyReport['counts']>, fields: Partial<ApplyReport> = {}): ApplyReport {
  return {
    planId: 'plan-1',
    runId: 'R1',
    started: '2026-11-23T15:58:40.000Z',
    finished: '2026-11-23T16:00:00.000Z',
    counts: {done: 0, 'already-done': 0, skipped: 0, failed: 0, stopped: 0, blocked: 0, ...counts},
    bytes: 0,
    problems: [],
    skipped: [],
    ...fields,
  };
}
