/** Literals of runs and their parts, with the fields that a test does not care about filled in. */
import type {ActionKind} from '../../src/core/action.js';
import type {RelPath} from '../../src/core/path.js';
import type {Run, RunEnd, RunHeader, RunStep} from '../../src/core/run.js';

export const HEADER: RunHeader = {
  id: 'run-1',
  planId: 'plan-1',
  writer: 'dirsync 0.1.0',
  source: '/source',
  target: '/target',
  started: '2026-01-01T10:00:00.000Z',
  changes: 2,
  bytes: 12,
};

export function step(kind: ActionKind, path: string, fields: Partial<RunStep> = {}): RunStep {
  return {kind, path: path as RelPath, status: 'done', bytes: 0, ...fields};
}

/** Ended two and a half seconds after `HEADER` started. */
export function runEnd(counts: Partial<RunEnd['counts']>, fields: Partial<RunEnd> = {}): RunEnd {
  return {
    finished: '2026-01-01T10:00:02.500Z',
    counts: {done: 0, 'already-done': 0, 'not-kept': 0, skipped: 0, failed: 0, stopped: 0, blocked: 0, ...counts},
    bytes: 0,
    ...fields,
  };
}

export function runOf(steps: readonly RunStep[], fields: Partial<Run> = {}): Run {
  return {header: HEADER, steps, problems: [], end: runEnd({done: steps.length}), ...fields};
}
