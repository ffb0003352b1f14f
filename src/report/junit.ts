/**
 * Renders plans, runs and histories as JUnit XML, in the dialect of CI servers. A passed report means that there is nothing to look
 * at, as with `--detailed-exitcode`: a plan has failures for each guard that halts, for each problem, for each path that somebody
 * else changed in the target, and for being out of sync; a run has failures for each problem and failed action, and skipped cases for drifted paths and actions that were not started.
 * Completed actions are only counted. A history has a test case for each run.
 */

import type {Action} from '../core/action.js';
import {escapeMarkup} from '../core/entities.js';
import {escapeName} from '../core/escape.js';
import {unfinished} from '../core/outcome.js';
import type {RelPath} from '../core/path.js';
import {GUARD_NAMES} from '../core/plan.js';
import type {Problem} from '../core/problem.js';
import {movedBy, type RunEnd, type RunStep, type RunSummary} from '../core/run.js';
import type {HistorySubject, PlanSubject, RunSubject, Subject} from './subject.js';
import {endSentence, OUTCOMES, planSentence, TARGET_DRIFT_WORDS} from './words/words.js';

interface Case {
  readonly name: string;
  readonly className: string;
  /** Seconds. */
  readonly time?: number | undefined;
  readonly result?: Result | undefined;
}

/** Why a case did not pass. `error`: it could not be judged. */
interface Result {
  readonly element: 'failure' | 'error' | 'skipped';
  readonly type?: string;
  readonly message: string;
}

interface Suite {
  readonly name: string;
  readonly properties?: Readonly<Record<string, string | number>>;
  readonly cases: readonly Case[];
}

/** Returns a plan or a run as a JUnit XML document. */
export function junitReport(subject: Subject): string {
  return document(subject.type, suitesOf(subject));
}

/** Renders the error that ended a command, because a server may treat a missing report as success. */
export function junitError({code, message}: {readonly code: string; readonly message: string}): string {
  const result = {element: 'error', type: code, message} as const;
  return document('error', [{name: 'run', cases: [{name: 'finished', className: 'run', result}]}]);
}

function document(type: string, suites: readonly Suite[]): string {
  const filled = suites.filter(({cases}) => cases.length > 0);
  const all = filled.flatMap(({cases}) => cases);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    element('testsuites', {name: `dirsync ${type}`, ...tallies(all)}, filled.flatMap(suiteLines)),
    '',
  ].join('\n');
}

function suitesOf(subject: Subject): Suite[] {
  switch (subject.type) {
    case 'plan':
      return planSuites(subject);
    case 'run':
      return runSuites(subject);
    case 'history':
      return [historySuite(subject)];
  }
}

function planSuites({plan, summary, halts}: PlanSubject): Suite[] {
  const {id, source, target} = plan.header;
  const inSync = summary.changes + summary.upkeep === 0;
  return [
    {
      name: 'plan',
      properties: {
        id,
        source: source.path,
        target: target.path,
        changes: summary.changes,
        bytes: summary.bytes,
        movedFiles: summary.moved.leaves,
        movedBytes: summary.moved.bytes,
      },
      cases: [
        {
          name: 'in sync',
          className: 'plan',
          result: inSync ? undefined : {element: 'failure', type: 'changes', message: planSentence(plan, summary)},
        },
      ],
    },
    {
      name: 'guards',
      cases: GUARD_NAMES.map((guard) => {
        const halt = halts.find((found) => found.guard === guard);
        const result = halt && ({element: halt.allowed ? 'skipped' : 'failure', type: guard, message: halt.message} as const);
        return {name: guard, className: 'guards', result};
      }),
    },
    {name: 'target drift', cases: plan.actions.flatMap(targetDriftCases)},
    {name: 'problems', cases: plan.problems.map(problemCase)},
  ];
}

function targetDriftCases({path, targetDrift}: Action): Case[] {
  if (targetDrift === undefined) return [];
  const result = {element: 'failure', type: targetDrift, message: TARGET_DRIFT_WORDS[targetDrift]} as const;
  return [{name: pathName(path), className: 'targetDrift', result}];
}

function runSuites({run: {header, steps, problems, end}}: RunSubject): Suite[] {
  const {id, planId, source, target, started} = header;
  const rest = steps.filter(({status}) => status !== 'done' && status !== 'already-done');
  const failed = new Set(rest.flatMap(({path, status}) => (status === 'failed' ? [path] : [])));
  const causes = new Map(problems.flatMap((problem) => (failed.has(problem.path) ? [[problem.path, problem]] : [])));
  const others = problems.filter((problem) => causes.get(problem.path) !== problem);
  const time = seconds(started, end);
  const moved = movedBy(steps);
  return [
    {
      name: 'run',
      properties: {
        id,
        planId,
        source,
        target,
        ...(end && {...end.counts, bytes: end.bytes, movedFiles: moved.leaves, movedBytes: moved.bytes}),
      },
      cases: [{name: 'finished', className: 'run', time, result: ending(end)}],
    },
    {name: 'actions', cases: rest.map((step) => stepCase(step, causes.get(step.path)))},
    {name: 'problems', cases: others.map(problemCase)},
  ];
}

/** A run that did not finish could not be judged. */
function ending(end: RunEnd | undefined): Result | undefined {
  if (end !== undefined && end.interrupted === undefined) return undefined;
  return {element: 'error', type: end?.interrupted ?? 'unfinished', message: endSentence(end, 0)};
}

function historySuite({target, runs}: HistorySubject): Suite {
  return {name: 'runs', properties: {target}, cases: runs.map(runCase)};
}

function runCase({header, end, problems}: RunSummary): Case {
  const isWhole = end !== undefined && problems + unfinished(end.counts) === 0;
  const result = isWhole ? undefined : ({element: 'failure', type: 'partial', message: endSentence(end, problems)} as const);
  return {name: header.id, className: 'runs', time: seconds(header.started, end), result: ending(end) ?? result};
}

function stepCase({kind, path, status}: RunStep, problem: Problem | undefined): Case {
  const place = {name: pathName(path), className: `actions.${kind}`};
  if (status !== 'failed') return {...place, result: {element: 'skipped', message: OUTCOMES[status]}};
  return {...place, result: problem ? problemResult(problem) : {element: 'failure', message: OUTCOMES[status]}};
}

function problemCase(problem: Problem): Case {
  return {name: pathName(problem.path), className: `problems.${problem.side}`, result: problemResult(problem)};
}

function problemResult({code, message}: Problem): Result {
  return {element: 'failure', type: code, message: `${code}: ${message}`};
}

/** Returns the name of a path. Texts are escaped only when they become XML. */
function pathName(path: RelPath): string {
  return path === '' ? '.' : path;
}

function seconds(started: string, end: RunEnd | undefined): number | undefined {
  const ms = Date.parse(end?.finished ?? '') - Date.parse(started);
  return Number.isNaN(ms) ? undefined : Math.max(0, ms) / 1000;
}

// ── XML ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

function suiteLines({name, properties = {}, cases}: Suite): string[] {
  const pairs = Object.entries(properties).map(([key, value]) => element('property', {name: key, value}));
  return indent([
    element('testsuite', {name, ...tallies(cases)}, [
      ...(pairs.length > 0 ? indent([element('properties', {}, indent(pairs))]) : []),
      ...indent(cases.map(caseElement)),
    ]),
  ]);
}

function caseElement({name, className, time, result}: Case): string {
  const attributes = {name, classname: className, time: time?.toFixed(3)};
  if (result === undefined) return element('testcase', attributes);
  return element('testcase', attributes, indent([element(result.element, {message: result.message, type: result.type})]));
}

function tallies(cases: readonly Case[]): Attributes {
  const count = (wanted: Result['element']) => cases.filter(({result}) => result?.element === wanted).length;
  const time = cases.reduce((sum, one) => sum + (one.time ?? 0), 0);
  return {
    tests: cases.length,
    failures: count('failure'),
    errors: count('error'),
    skipped: count('skipped'),
    time: time.toFixed(3),
  };
}

type Attributes = Readonly<Record<string, string | number | undefined>>;

function element(name: string, attributes: Attributes, lines: readonly string[] = []): string {
  const pairs = Object.entries(attributes).filter(([, value]) => value !== undefined);
  const open = [name, ...pairs.map(([key, value]) => `${key}="${xml(String(value))}"`)].join(' ');
  return lines.length === 0 ? `<${open}/>` : `<${open}>\n${lines.join('\n')}\n</${name}>`;
}

function indent(blocks: readonly string[]): string[] {
  return blocks.map((block) => block.replaceAll(/^/gm, '  '));
}

/** Escapes a text for an attribute. Of the characters that XML 1.0 forbids, escapeName leaves two. */
function xml(text: string): string {
  return escapeMarkup(escapeName(text).replaceAll('\ufffe', '\\ufffe').replaceAll('\uffff', '\\uffff'));
}
