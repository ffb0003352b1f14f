/** The documents of `--json` and the lines of `--events`: plain values, ready for `JSON.stringify`. */
import {DirsyncError, EXIT} from '../core/errors.js';
import type {Event} from '../core/event.js';
import type {ApplyReport} from '../core/outcome.js';
import type {Drift, Halt, Plan, PlanSummary} from '../core/plan.js';
import {encodeAction, encodeHeader, encodeProblem} from '../formats/json.js';

/** The version of documents and event lines: it is raised when an old reader could misunderstand a new one. */
const FORMAT = 1;

/** `{format, type: 'plan', header, summary, halts, actions, problems}`. */
export function planDocument(plan: Plan, summary: PlanSummary, halts: readonly Halt[]) {
  return {
    format: FORMAT,
    type: 'plan',
    header: encodeHeader(plan.header),
    summary: encodeSummary(summary),
    halts,
    actions: plan.actions.map(encodeAction),
    problems: plan.problems.map(encodeProblem),
  } as const;
}

/** `{format, type: 'apply', report, plan}`; the plan is its header alone, and left out where there was none. */
export function applyDocument(plan: Plan | undefined, report: ApplyReport) {
  return {
    format: FORMAT,
    type: 'apply',
    report: encodeReport(report),
    ...(plan && {plan: encodeHeader(plan.header)}),
  } as const;
}

/** `{format, type: 'error', code, exitCode, message}`, and `summary`, `detail` and `hint` of an error that dirsync foresaw. */
export function errorDocument(error: DirsyncError | Error) {
  const base = {format: FORMAT, type: 'error'} as const;
  if (!(error instanceof DirsyncError)) {
    return {...base, code: 'INTERNAL', exitCode: EXIT.error as number, message: error.message};
  }
  const {code, exitCode, message, summary, detail, hint} = error;
  return {...base, code, exitCode, message, summary, detail, ...(hint !== undefined && {hint})};
}

/** One event for `--events`: `{format, type, …}`. A finished plan comes as its counts and guards, without the actions. */
export function eventLine(event: Event): object {
  return {format: FORMAT, ...eventFields(event)};
}

function eventFields(event: Event): object {
  const {type} = event;
  switch (event.type) {
    case 'plan-ready':
      return {type, plan: event.plan.header.id, summary: encodeSummary(event.summary), halts: event.halts};
    case 'drift':
      return {type, drift: event.drift.map(encodeDrift)};
    case 'action':
      return {type, status: event.status, action: encodeAction(event.action)};
    case 'problem':
      return {type, problem: encodeProblem(event.problem)};
    case 'apply-done':
      return {type, report: encodeReport(event.report)};
    case 'apply-progress':
      return {...event, current: event.current.map((path) => path ?? null)};
    case 'plan-started':
    case 'scan-progress':
    case 'scan-done':
    case 'apply-started':
    case 'run-waiting':
    case 'run-skipped':
    case 'run-failed':
      return event;
  }
}

function encodeSummary({kinds, changes, upkeep, bytes, problems}: PlanSummary): PlanSummary {
  return {changes, upkeep, bytes, problems, kinds};
}

function encodeDrift({path, side, found}: Drift): Drift {
  return {path, side, found};
}

function encodeReport(report: ApplyReport) {
  return {...report, problems: report.problems.map(encodeProblem)};
}
