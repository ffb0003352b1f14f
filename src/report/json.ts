/** The documents of `--json` and the lines of `--events`, as plain values for `JSON.stringify`. report/schema describes them. */

import {type Drift, driftWords} from '../core/drift.js';
import {DirsyncError, EXIT} from '../core/errors.js';
import {escapeJson} from '../core/escape.js';
import type {Event} from '../core/event.js';
import type {Explanation, SideNow} from '../core/explanation.js';
import type {Holder} from '../core/holder.js';
import type {JobRun} from '../core/job-run.js';
import type {ManifestEntry, ShownManifest} from '../core/manifest.js';
import type {ApplyReport, StopSignal} from '../core/outcome.js';
import type {Plan, PlanSummary} from '../core/plan.js';
import type {Run, RunSummary} from '../core/run.js';
import type {ShownConfig} from '../core/shown-config.js';
import {encodeHeader} from '../formats/header-json.js';
import {encodeAction, encodeEntry, encodeProblem} from '../formats/json.js';
import {encodeManifestFacts, encodeManifestHeader} from '../formats/manifest-json.js';
import {encodeRunEnd, encodeRunHeader, encodeRunStep} from '../formats/run-json.js';
import type {
  ApplyDocument,
  ErrorDocument,
  EventLine,
  ExplanationDocument,
  HistoryDocument,
  JobRunDocument,
  JobsDocument,
  ManifestDocument,
  PlanDocument,
  RunDocument,
  SettingsDocument,
  StoppedDocument,
} from './schema/documents.js';
import type {HistorySubject, PlanSubject} from './subject.js';
import {explanationSentence} from './text/explain.js';

/** The version of documents and event lines. Raised when an old reader could misunderstand a new one. */
const FORMAT = 1;

export interface PlanFile {
  readonly path: string;
  readonly sha256: string;
}

/**
 * Returns the text of a document in pieces, because that of a large plan does not fit in one string, and its values do not fit in
 * memory together with the plan. `lists`: the content of lists that are empty in `document`.
 */
export function* documentText(document: object, lists: Readonly<Record<string, Iterable<unknown>>> = {}): Generator<string> {
  let text = '{';
  let isFirst = true;
  for (const [key, value] of Object.entries(document)) {
    if (value === undefined) continue;
    text += `${isFirst ? '' : ','}\n  ${JSON.stringify(key)}: `;
    isFirst = false;
    const list = lists[key];
    if (list === undefined) {
      text += indented(value, '  ');
      continue;
    }
    let separator = '[';
    for (const item of list) {
      text += `${separator}\n    ${indented(item, '    ')}`;
      separator = ',';
      if (text.length < PIECE) continue;
      yield escapeJson(text);
      text = '';
    }
    text += separator === '[' ? '[]' : '\n  ]';
  }
  yield escapeJson(`${text}\n}\n`);
}

const PIECE = 1 << 16;

function indented(value: unknown, by: string): string {
  return JSON.stringify(value, null, 2).replaceAll('\n', `\n${by}`);
}

function* each<Item>(items: readonly Item[], encode: (item: Item) => unknown): Generator<unknown> {
  for (const item of items) yield encode(item);
}

/** Returns the JSON text of a plan piece by piece, since it can be larger than a string may be. */
export function planDocumentText(subject: Parameters<typeof planDocument>[0]): Iterable<string> {
  const {actions, problems} = subject.plan;
  const document = planDocument({...subject, plan: {...subject.plan, actions: [], problems: []}});
  return documentText(document, {actions: each(actions, encodeAction), problems: each(problems, encodeProblem)});
}

/** Returns the JSON text of a recorded run piece by piece. */
export function runDocumentText(run: Run): Iterable<string> {
  const {steps, problems} = run;
  const document = runDocument({...run, steps: [], problems: []});
  return documentText(document, {steps: each(steps, encodeRunStep), problems: each(problems, encodeProblem)});
}

/** `{format, type: 'plan', header, summary, halts, actions, problems, file}`; without `file` if the plan is not in a file. */
export function planDocument({plan, summary, halts, file}: Omit<PlanSubject, 'type'> & {readonly file?: PlanFile | undefined}) {
  return {
    format: FORMAT,
    type: 'plan',
    header: encodeHeader(plan.header),
    summary: encodeSummary(summary),
    halts,
    actions: plan.actions.map(encodeAction),
    problems: plan.problems.map(encodeProblem),
    ...(file && {file}),
  } as const satisfies PlanDocument;
}

/** `{format, type: 'apply', report, plan}`; `plan` is only its header, and missing if there was no plan. */
export function applyDocument(plan: Plan | undefined, report: ApplyReport) {
  return {
    format: FORMAT,
    type: 'apply',
    report: encodeReport(report),
    ...(plan && {plan: encodeHeader(plan.header)}),
  } as const satisfies ApplyDocument;
}

/** `{format, type: 'run', header, steps, problems, end}`; without `end` if the run did not finish. */
export function runDocument(run: Run) {
  return {format: FORMAT, type: 'run', ...encodeRun(run)} as const satisfies RunDocument;
}

/** `{format, type: 'history', target, runs}`. */
export function historyDocument({target, runs}: Omit<HistorySubject, 'type'>) {
  return {format: FORMAT, type: 'history', target, runs: runs.map(encodeRunSummary)} as const satisfies HistoryDocument;
}

/** `{format, type: 'explanation', path, verdict, sentence, plan, …}`; `plan` is only its header. */
export function explanationDocument(explanation: Explanation) {
  return {format: FORMAT, type: 'explanation', ...encodeExplanation(explanation)} as const satisfies ExplanationDocument;
}

/**
 * `{format, type: 'error', code, exitCode, message}`, with `summary`, `detail` and `hint` for a DirsyncError, and `drift` if a
 * saved plan was refused because of it.
 */
export function errorDocument(error: DirsyncError | Error, drift?: readonly Drift[]) {
  const base = {format: FORMAT, type: 'error', ...(drift && {drift: drift.map(encodeDrift)})} as const;
  if (!(error instanceof DirsyncError)) {
    return {...base, code: 'INTERNAL', exitCode: EXIT.error as number, message: error.message} satisfies ErrorDocument;
  }
  const {code, exitCode, message, summary, detail, hint} = error;
  return {...base, code, exitCode, message, summary, detail, ...(hint !== undefined && {hint})} satisfies ErrorDocument;
}

/** `{format, type: 'stopped', stopped, exitCode}`, for a command that a signal ended before it had a result. */
export function stoppedDocument(by: StopSignal, exitCode: number) {
  return {format: FORMAT, type: 'stopped', stopped: by, exitCode} as const satisfies StoppedDocument;
}

/** `{format, type: 'job-run', id, result, exitCode, …}`; `plan` is only its header. */
export function jobRunDocument(run: JobRun) {
  return {format: FORMAT, type: 'job-run', ...encodeJobRun(run)} as const satisfies JobRunDocument;
}

/** `{format, type: 'jobs', runs}`. */
export function jobsDocument(runs: readonly JobRun[]) {
  return {format: FORMAT, type: 'jobs', runs: runs.map(encodeJobRun)} as const satisfies JobsDocument;
}

/** `{format, type: 'settings', file, files, jobs: {NAME: {settings: {KEY: value}, origins: {KEY: {from, file, line}}}}}`. */
export function settingsDocument(config: ShownConfig) {
  return {format: FORMAT, type: 'settings', ...encodeConfig(config)} as const satisfies SettingsDocument;
}

/** `{format, type: 'manifest', file, checksum, header, facts}`. */
export function manifestDocument(manifest: ShownManifest) {
  return {format: FORMAT, type: 'manifest', ...encodeManifest(manifest)} as const satisfies ManifestDocument;
}

/** Returns the JSON text of a manifest piece by piece, with its `entries` if they are wanted. */
export function manifestDocumentText(manifest: ShownManifest): Iterable<string> {
  const {entries} = manifest;
  const document = manifestDocument(manifest);
  if (entries === undefined) return documentText(document);
  return documentText({...document, entries: []}, {entries: manifestEntries(entries())});
}

function* manifestEntries(entries: Iterable<ManifestEntry>): Generator<NonNullable<ManifestDocument['entries']>[number]> {
  for (const {path, state, entry, digest} of entries) {
    yield {
      path,
      ...(state !== 'known' && {state}),
      ...(entry && {entry: encodeEntry(entry)}),
      ...(digest !== undefined && {digest}),
    };
  }
}

/**
 * One event for `--events`: `{format, job, type, …}`, without `job` for two folders. A finished plan has only its counts and
 * guards, without actions.
 */
export function eventLine(event: Event, job?: string) {
  return {format: FORMAT, ...(job !== undefined && {job}), ...eventFields(event)} as const satisfies EventLine;
}

function eventFields(event: Event) {
  switch (event.type) {
    case 'plan-ready':
      return {type: event.type, plan: event.plan.header.id, summary: encodeSummary(event.summary), halts: event.halts};
    case 'explained':
      return {type: event.type, explanation: encodeExplanation(event.explanation)};
    case 'drift':
      return {type: event.type, drift: event.drift.map(encodeDrift)};
    case 'action':
      return {type: event.type, status: event.status, action: encodeAction(event.action)};
    case 'problem':
      return {type: event.type, problem: encodeProblem(event.problem)};
    case 'apply-done':
      return {type: event.type, report: encodeReport(event.report)};
    case 'apply-progress':
      return {...event, current: event.current.map((path) => path ?? null)};
    case 'run-shown':
      return {type: event.type, ...encodeRun(event.run)};
    case 'history':
      return {type: event.type, target: event.target, runs: event.runs.map(encodeRunSummary)};
    case 'config-shown':
      return {type: event.type, ...encodeConfig(event.config)};
    case 'manifest':
      return {type: event.type, ...encodeManifest(event.manifest)};
    case 'lock-waiting': {
      const {type, target, holder, timeout} = event;
      return {type, target, ...(holder && {holder: encodeHolder(holder)}), timeout};
    }
    case 'run-ended':
      return {type: event.type, run: encodeJobRun(event.run)};
    case 'run-started':
    case 'notice':
    case 'plan-file':
    case 'plan-started':
    case 'scan-progress':
    case 'snapshot-progress':
    case 'scan-done':
    case 'apply-started':
    case 'run-waiting':
    case 'run-skipped':
    case 'run-failed':
      return event;
  }
}

function encodeHolder({pid, host, since, command}: Holder): Holder {
  return {pid, host, since, command};
}

function encodeSummary({kinds, changes, upkeep, bytes, moved, targetDrift, problems}: PlanSummary): PlanSummary {
  return {changes, upkeep, bytes, moved, targetDrift, problems, kinds};
}

function encodeExplanation(explanation: Explanation) {
  const {path, verdict, header, source, target, action, above, leader, below, holds, mount, filter, problems, halts, notes} =
    explanation;
  const {from, movesTo, lastRun} = explanation;
  return {
    path,
    ...(from !== undefined && {from}),
    ...(movesTo !== undefined && {movesTo}),
    verdict,
    sentence: explanationSentence(explanation),
    plan: encodeHeader(header),
    source: encodeSide(source),
    target: encodeSide(target),
    ...(action && {action: encodeAction(action)}),
    above: above.map(encodeAction),
    ...(leader !== undefined && {leader}),
    below,
    ...(holds !== undefined && {holds}),
    ...(mount !== undefined && {mount}),
    filter,
    problems: problems.map(encodeProblem),
    halts,
    notes,
    ...(lastRun && {lastRun: {header: encodeRunHeader(lastRun.header), step: encodeRunStep(lastRun.step)}}),
  };
}

function encodeManifest({file, checksum, header, facts}: ShownManifest) {
  return {file, checksum, header: encodeManifestHeader(header), facts: encodeManifestFacts(facts)};
}

function encodeSide({entry, escaped, fault}: SideNow) {
  return {
    ...(entry && {entry: encodeEntry(entry)}),
    ...(escaped !== undefined && {escaped}),
    ...(fault !== undefined && {fault}),
  };
}

function encodeConfig({file, files, jobs}: ShownConfig) {
  const encoded = jobs.map(({name, settings}) => [
    name,
    {
      settings: Object.fromEntries(settings.map(({key, value}) => [key, value])),
      origins: Object.fromEntries(settings.map(({key, origin}) => [key, origin])),
    },
  ]);
  return {file, files, jobs: Object.fromEntries(encoded)};
}

function encodeDrift(drift: Drift) {
  return {...drift, found: driftWords(drift)};
}

function encodeReport(report: ApplyReport) {
  const {planId, runId, started, finished, counts, bytes, moved, problems, skipped, interrupted} = report;
  return {
    planId,
    runId,
    started,
    finished,
    counts,
    bytes,
    moved,
    problems: problems.map(encodeProblem),
    skipped,
    ...(interrupted && {interrupted}),
  };
}

function encodeJobRun({planned, report, error, duration, ...run}: JobRun) {
  const {id, job, source, target, started, finished, result, exitCode} = run;
  return {
    id,
    ...(job !== undefined && {job}),
    ...(source !== undefined && {source}),
    ...(target !== undefined && {target}),
    started,
    finished,
    duration: Math.round(duration),
    result,
    exitCode,
    ...(planned && {plan: encodeHeader(planned.plan.header), summary: encodeSummary(planned.summary), halts: planned.halts}),
    ...(report && {report: encodeReport(report)}),
    ...(error && {error: {code: error.code, message: error.message, ...(error.hint !== undefined && {hint: error.hint})}}),
  };
}

function encodeRun({header, steps, problems, end}: Run) {
  return {
    header: encodeRunHeader(header),
    steps: steps.map(encodeRunStep),
    problems: problems.map(encodeProblem),
    ...(end && {end: encodeRunEnd(end)}),
  };
}

function encodeRunSummary({header, end, kinds, problems, fault}: RunSummary): RunSummary {
  return {
    header: encodeRunHeader(header),
    ...(end && {end: encodeRunEnd(end)}),
    kinds,
    problems,
    ...(fault !== undefined && {fault}),
  };
}
