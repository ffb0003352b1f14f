/** Subjects of reports, made from plans: with every kind of action, with hostile names, and random. */
import fc from 'fast-check';
import type {Action} from '../../src/core/action.js';
import type {Explanation} from '../../src/core/explanation.js';
import {OUTCOME_STATUSES, type OutcomeStatus} from '../../src/core/outcome.js';
import type {RelPath} from '../../src/core/path.js';
import {GUARD_NAMES, type GuardName, type Plan} from '../../src/core/plan.js';
import {problem} from '../../src/core/problem.js';
import {type Run, type RunSummary, runStep} from '../../src/core/run.js';
import type {Xattrs} from '../../src/core/xattr.js';
import {guardHalts} from '../../src/plan/guards.js';
import {summarize} from '../../src/plan/summary.js';
import type {HistorySubject, PlanSubject, RunSubject, Subject} from '../../src/report/subject.js';
import * as arbitrary from './arbitrary.js';
import {act, file, folder, header, planOf, symlink} from './plan.js';
import {HEADER, runEnd, runOf} from './run.js';

export const everyKind: readonly Action[] = [
  act.upkeep(''),
  act.mkdir('a'),
  act.create('a/new', file(1234)),
  {kind: 'link', path: 'a/two' as RelPath, leader: 'a/new' as RelPath, reasons: ['hardlink'], after: file(1234)},
  act.update('b.txt', file(10), file(12)),
  {kind: 'attrs', path: 'm' as RelPath, reasons: ['mode'], before: folder(), after: folder({mode: 0o700})},
  act.moveFolder('n', 'old/n', 1200, 5 * 1024 ** 2),
  {...act.moveFile('n/x', 'z/x', file(64)), targetDrift: 'changed'},
  {kind: 'replace', path: 'r' as RelPath, reasons: ['kind'], before: folder(), after: file(2 * 1024 ** 3)},
  {...act.delete('z/old', file(300)), targetDrift: 'added'},
  act.rmdir('zz'),
  act.blocked('zzz', 2, 40),
];

/** Moves, and changes at paths that somebody else changed in the target. */
export const movesAndDrift: readonly Action[] = [
  act.move('README', 'readme'),
  {...act.create('a.txt', file(7)), targetDrift: 'removed'},
  act.moveFolder('photos/2024', 'incoming/trip', 40_000, 1024 ** 3),
  {...act.update('photos/2024/x', file(1), file(2)), targetDrift: 'changed'},
  {...act.moveFile('photos/b\n.jpg', 'c\x1b.jpg', file(64), file(64, {mode: 0o600})), reasons: ['name', 'mode']},
  {...act.delete('z', file(300)), targetDrift: 'added'},
];

/** A run that did all of `movesAndDrift`. */
export const movedRun: Run = runOf(movesAndDrift.map((action) => runStep(action, 'done')));

export const locked = problem({path: 'locked' as RelPath, side: 'source', phase: 'scan', code: 'EACCES'});

export function planSubject(plan: Plan, allow: readonly GuardName[] = []): PlanSubject {
  return {type: 'plan', plan, summary: summarize(plan), halts: guardHalts(plan, allow)};
}

export const counts = {done: 0, 'already-done': 0, 'not-kept': 0, skipped: 0, failed: 0, stopped: 0, blocked: 0};

export const run: Run = runOf([], {
  header: {...HEADER, changes: 9, bytes: 1234},
  end: runEnd({done: 9}, {finished: '2026-01-01T10:02:05.000Z', bytes: 1234}),
});

export function runSubject(fields: Partial<Run> = {}): RunSubject {
  return {type: 'run', run: {...run, ...fields}};
}

/** A run that was killed. */
export function killed(fields: Partial<Omit<Run, 'end'>> = {}): RunSubject {
  const {end: _, ...begun} = run;
  return {type: 'run', run: {...begun, ...fields}};
}

export function historySubject(runs: readonly Run[], target = '/target'): HistorySubject {
  const summaries = runs.map(({header, end, problems, steps: _}): RunSummary => {
    return {header, end, kinds: summarize(planOf([])).kinds, problems: problems.length};
  });
  return {type: 'history', target, runs: summaries};
}

/** An explanation of a path with only the given values. */
export function explanationOf(fields: Partial<Explanation>): Explanation {
  const path = fields.path ?? ('a' as RelPath);
  return {
    path,
    verdict: 'nowhere',
    header,
    source: {},
    target: {},
    above: [],
    below: {changes: 0, problems: 0},
    filter: {excluded: false, at: path},
    problems: [],
    halts: [],
    notes: [],
    ...fields,
  };
}

/** Names that a reader of reports could take for markup or a command. */
export const HOSTILE: readonly string[] = [
  '<img src=x onerror=alert(1)>',
  '</details><h1>x',
  '</code></pre><script>x</script>',
  '`<b>`',
  '``` @octocat',
  `${'`'.repeat(100)}<img src=x>`,
  '| a | b |',
  'a\\|b\\\\|c',
  '[x](https://example.com)',
  '![x](y.png)',
  '<https://example.com>',
  'www.example.com',
  'user@example.com',
  '@octocat',
  'octo/repo#12',
  '#12',
  'GH-12',
  'a5c3785ed8d6a35868bc169f07e40e889087fd2e',
  '**bold** _it_ ~~gone~~',
  '# title',
  '- list',
  '1. list',
  '---',
  '    code',
  ' spaces  inside ',
  '::error::x',
  'a%0Ab',
  'a\r\n::warning::b',
  '"quoted\' &amp; ]]>',
  '\x00\x1b[31m\u202e\ufffe\uffff\udcff',
  '$x$ $`y`$ :tada:',
];

/** The text as the name of one attribute, and as the value of another. */
export function hostileXattrs(text: string): Xattrs {
  return {[`user.${text}`]: '', 'user.text': Buffer.from(text).toString('base64')};
}

/** This text in every place where a text from outside can be. */
export function hostileSubjects(text: string): readonly Subject[] {
  const path = text as RelPath;
  const bad = {...problem({path, side: 'target', phase: 'write', code: text}), message: text};
  const hostile = {...header, writer: text, source: {path: text}, target: {path: text}, warnings: [text], created: text};
  const plan = planOf(
    [
      act.create(text, symlink(text)),
      act.delete(`${text}/x`),
      act.update(text, symlink('x'), symlink(text)),
      {kind: 'update', path, reasons: ['link'], before: symlink('x'), after: symlink(text)},
      {kind: 'replace', path, reasons: ['kind'], before: folder(), after: file()},
      {kind: 'link', path, leader: path, reasons: ['hardlink'], after: file()},
      {...act.moveFolder(`${text}/new`, `${text}/old`, 2, 3), targetDrift: 'changed'},
      act.move(`${text}/N`, `${text}/n`),
      {kind: 'attrs', path, reasons: ['xattrs'], before: file(), after: file(0, {xattrs: hostileXattrs(text)})},
      ...Array.from({length: 30}, (_, i) => act.create(`${text}/${i}`)),
    ],
    {...hostile, narrowed: {from: text, leftOut: 1}, problems: [bad]},
  );
  const names = {id: text, planId: text, writer: text, source: text, target: text, started: text};
  const found: Run = {
    ...run,
    header: {...run.header, ...names},
    steps: [
      {kind: 'create', path, status: 'failed', bytes: 0},
      {kind: 'move', path: `${text}/new` as RelPath, from: path, moved: {leaves: 2, bytes: 3}, status: 'done', bytes: 0},
    ],
    problems: [bad],
  };
  const halts = [{guard: GUARD_NAMES[0], message: text, allowed: false}];
  return [{...planSubject(plan), halts}, runSubject(found), historySubject([found, found], text)];
}

const STATUSES = OUTCOME_STATUSES;

export const subject: fc.Arbitrary<Subject> = fc
  .tuple(arbitrary.plan, fc.array(fc.constantFrom(...STATUSES), {minLength: 1}), fc.boolean(), fc.nat(2))
  .map(([plan, statuses, ended, which]) => {
    const steps = plan.actions.map((action, i) => {
      return {...runStep(action, statuses[i % statuses.length] as OutcomeStatus), bytes: i};
    });
    const tally = {...counts};
    for (const {status} of steps) tally[status]++;
    const fields = {steps, problems: plan.problems};
    const found = ended ? runSubject({...fields, end: {...(run.end as NonNullable<Run['end']>), counts: tally}}) : killed(fields);
    return [planSubject(plan), found, historySubject([found.run, run])][which] as Subject;
  });
