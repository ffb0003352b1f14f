import {readdirSync, readFileSync} from 'node:fs';
import {Ajv2020, type ValidateFunction} from 'ajv/dist/2020.js';
import {expect} from 'chai';
import fc from 'fast-check';
import {explainPath} from '../../../src/app/inspect/explain.js';
import {applySaved} from '../../../src/app/sync/apply.js';
import {judge, planTrees} from '../../../src/app/sync/plan.js';
import {ACTION_KINDS, type ActionKind} from '../../../src/core/action.js';
import {DirsyncError} from '../../../src/core/errors.js';
import type {Event} from '../../../src/core/event.js';
import type {Explanation} from '../../../src/core/explanation.js';
import type {ShownManifest} from '../../../src/core/manifest.js';
import type {RelPath} from '../../../src/core/path.js';
import {GUARD_NAMES, type Plan} from '../../../src/core/plan.js';
import {problem} from '../../../src/core/problem.js';
import type {Run, RunStep, RunSummary} from '../../../src/core/run.js';
import type {ShownConfig} from '../../../src/core/shown-config.js';
import {guardHalts} from '../../../src/plan/guards.js';
import {summarize} from '../../../src/plan/summary.js';
import {
  applyDocument,
  errorDocument,
  eventLine,
  explanationDocument,
  historyDocument,
  jobRunDocument,
  jobsDocument,
  manifestDocument,
  manifestDocumentText,
  planDocument,
  runDocument,
  settingsDocument,
  stoppedDocument,
} from '../../../src/report/json.js';
import * as arbitrary from '../../support/arbitrary.js';
import {jobRun} from '../../support/job-run.js';
import {FACTS, HEADER} from '../../support/manifest.js';
import {act, file as fileEntry, planOf} from '../../support/plan.js';
import {context, settings} from '../../support/sync.js';
import {tempDirs} from '../../support/temp.js';
import {dir, file, hardlink, symlink, writeTree} from '../../support/tree.js';

/** The files that the build made. */
const FOLDER = new URL('../../../../dist/schema/', import.meta.url);
const SCHEMAS: Record<string, Record<string, unknown>> = Object.fromEntries(
  readdirSync(FOLDER)
    .filter((name) => name.endsWith('-1.json'))
    .map((name) => [name.replace('-1.json', ''), JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8'))]),
);
const ajv = new Ajv2020({validateFormats: false, strictTypes: false});
const VALIDATORS: Record<string, ValidateFunction> = Object.fromEntries(
  Object.entries(SCHEMAS).map(([type, schema]) => [type, ajv.compile(schema)]),
);

type Json = Record<string, unknown>;

/** What a reader sees of a document. */
function read(document: object): Json {
  return JSON.parse(JSON.stringify(document));
}

function faults(type: string, document: object): string[] {
  const validate = VALIDATORS[type] as ValidateFunction;
  validate(read(document));
  return (validate.errors ?? []).map(({instancePath, message, params}) => `${instancePath} ${message} ${JSON.stringify(params)}`);
}

function expectValid(type: string, document: object): void {
  expect(faults(type, document)).to.deep.equal([]);
}

const counts = {done: 1, 'already-done': 0, 'not-kept': 0, skipped: 1, failed: 0, stopped: 0, blocked: 0};
const trouble = problem({path: 'locked\udcff' as RelPath, side: 'source', phase: 'scan', code: 'EACCES'});
const run: Run = {
  header: {
    id: 'r',
    planId: 'p',
    writer: 'dirsync 0.1.0',
    source: '/s\udcff',
    target: '/t',
    started: '2026-01-01T10:00:00.000Z',
    changes: 2,
    bytes: 12,
  },
  steps: [
    {kind: 'create', path: 'a\udcff' as RelPath, status: 'done', bytes: 12},
    {kind: 'delete', path: 'b' as RelPath, status: 'skipped', bytes: 3},
    {
      kind: 'move',
      path: 'c' as RelPath,
      from: 'b/c\udcff' as RelPath,
      moved: {leaves: 2, bytes: 7},
      targetDrift: 'changed',
      status: 'done',
      bytes: 0,
    },
  ],
  problems: [trouble],
  end: {finished: '2026-01-01T10:00:02.000Z', counts, bytes: 12, interrupted: 'SIGINT'},
};
const {end: _, ...unfinished} = run;
const summaryOf = ({header, end, problems}: Run): RunSummary => ({
  header,
  end,
  kinds: summarize(planOf([act.create('a')])).kinds,
  problems: problems.length,
});
const plan = planOf([act.create('a'), act.delete('b')], {
  overlap: 'same',
  narrowed: {from: 'plan-0', leftOut: 3},
  warnings: ['w'],
  problems: [trouble],
});
const planned = planDocument({plan, summary: summarize(plan), halts: guardHalts(plan, ['same-tree'])});
const report = {
  planId: 'p',
  runId: 'r',
  started: '2026-01-01T10:00:00.000Z',
  finished: '2026-01-01T10:00:02.000Z',
  counts,
  bytes: 12,
  problems: [trouble],
  moved: {leaves: 0, bytes: 0},
  skipped: ['b' as RelPath],
};
const stale = errorDocument(new DirsyncError('PLAN_STALE', '1 path', 'plan again'));

const explanation: Explanation = {
  path: 'd/a\udcff' as RelPath,
  from: 'e/a' as RelPath,
  movesTo: 'f' as RelPath,
  verdict: 'changed',
  header: plan.header,
  source: {entry: fileEntry(12)},
  target: {fault: 'EACCES'},
  action: act.create('d/a\udcff', fileEntry(12)),
  above: [act.mkdir('d')],
  leader: 'b' as RelPath,
  below: {changes: 1, problems: 2},
  holds: 'd/x' as RelPath,
  filter: {excluded: false, rule: {from: 'd/.dirsyncignore', line: 3, pattern: '!a*'}, at: 'd/a\udcff' as RelPath},
  problems: [trouble],
  halts: guardHalts(plan, []),
  notes: ['drifted', 'size-only', 'within-window', 'mode-not-kept', 'owner-not-kept', 'group-not-kept'],
  lastRun: {header: run.header, step: run.steps[0] as RunStep},
};
const {
  action: _action,
  leader: _leader,
  holds: _holds,
  lastRun: _lastRun,
  from: _from,
  movesTo: _movesTo,
  ...short
} = explanation;

const shown: ShownConfig = {
  file: '/c/a\udcff.yaml',
  files: ['/c/a\udcff.yaml', '/c/b.yaml'],
  jobs: [
    {
      name: 'photos',
      settings: [
        {key: 'source', value: '/s', origin: {from: 'job', file: '/c/b.yaml', line: 3}},
        {key: 'exclude', value: ['a'], origin: {from: 'defaults', file: '/c/a\udcff.yaml'}},
        {key: 'delete', value: true, origin: {from: 'default'}},
        {key: 'logFiles', value: 3, origin: {from: 'flag'}},
      ],
    },
  ],
};

const manifest: ShownManifest = {
  file: '/m\udcff',
  checksum: '0a'.repeat(16),
  header: HEADER,
  facts: FACTS,
  entries: () => [
    {path: 'a\udcff' as RelPath, entry: fileEntry(12), state: 'known', digest: '0b'.repeat(32)},
    {path: 'b' as RelPath, entry: fileEntry(3), state: 'known'},
    {path: 'c' as RelPath, entry: undefined, state: 'excluded'},
    {path: 'd' as RelPath, entry: undefined, state: 'unknown'},
  ],
};

const ended = jobRun({planned: {plan, summary: summarize(plan), halts: guardHalts(plan, [])}, report});
const failed = jobRun({
  job: undefined,
  source: undefined,
  target: undefined,
  planned: undefined,
  report: undefined,
  result: 'failed',
  exitCode: 1,
  error: {code: 'CONFIG_INVALID', message: 'x', hint: 'y'},
});

/** Some documents of every type, with every field among them. */
const DOCUMENTS: [name: string, type: string, document: object][] = [
  ['a plan that halts, with problems, and narrowed', 'plan', planned],
  ['an apply', 'apply', applyDocument(plan, report)],
  ['an apply that was interrupted, without a plan', 'apply', applyDocument(undefined, {...report, interrupted: 'SIGTERM'})],
  ['a run', 'run', runDocument(run)],
  ['a run that was killed', 'run', runDocument(unfinished)],
  ['a history', 'history', historyDocument({target: '/t', runs: [summaryOf(run), summaryOf(unfinished)]})],
  ['an explanation', 'explanation', explanationDocument(explanation)],
  [
    'an explanation of nothing',
    'explanation',
    explanationDocument({...short, verdict: 'nowhere', filter: {excluded: false, at: 'x' as RelPath}, source: {}, target: {}}),
  ],
  ['settings', 'settings', settingsDocument(shown)],
  ['a manifest', 'manifest', manifestDocument(manifest)],
  ['a manifest with its entries', 'manifest', JSON.parse([...manifestDocumentText(manifest)].join(''))],
  ['a run of a job', 'job-run', jobRunDocument(ended)],
  ['a run of two folders that came to nothing', 'job-run', jobRunDocument(failed)],
  ['runs of several jobs', 'jobs', jobsDocument([ended, failed])],
  ['an error', 'error', stale],
  [
    'an error with drift',
    'error',
    {...stale, drift: [{path: 'd', side: 'target', attribute: 'size', before: '1', now: '2', found: 'size 2 instead of 1'}]},
  ],
  ['a stop', 'stopped', stoppedDocument('SIGHUP', 129)],
  ['an unforeseen error', 'error', errorDocument(new TypeError('oops'))],
];

const EVENTS: Event[] = [
  {type: 'plan-started', source: '/s\udcff', target: '/t'},
  {type: 'scan-progress', source: 1, target: 2},
  {type: 'scan-done', side: 'source', entries: 1, bytes: 2},
  {type: 'plan-ready', plan, summary: summarize(plan), halts: guardHalts(plan, [])},
  {type: 'explained', explanation},
  {type: 'drift', drift: [{path: 'd' as RelPath, side: 'target', attribute: 'size', before: '1', now: '2'}]},
  {type: 'config-shown', config: shown},
  {type: 'snapshot-progress', entries: 12, bytes: 0},
  {type: 'manifest', manifest},
  {
    type: 'lock-waiting',
    target: '/t\udcff',
    holder: {pid: 12, host: 'nas', since: '2026-01-01T10:00:00.000Z', command: 'dirsync run photos'},
    timeout: 30_000,
  },
  {type: 'apply-started', steps: 12, checks: 3, actions: 1, bytes: 2},
  {
    type: 'apply-progress',
    phase: 'write',
    steps: 5,
    totalSteps: 12,
    totalBytes: 99,
    current: ['a' as RelPath, undefined],
    actions: 1,
    bytes: 2,
  },
  {type: 'action', action: act.create('a'), status: 'done'},
  {type: 'problem', problem: trouble},
  {type: 'apply-done', report},
  {type: 'run-waiting', next: '2026-01-01T10:00:00.000Z'},
  {type: 'run-waiting', next: '2026-01-01T10:00:00.000Z', watching: true},
  {type: 'run-skipped', ticks: 2, why: 'busy'},
  {type: 'run-failed', code: 'USAGE', message: 'x', hint: 'y'},
  {type: 'run-started', id: 'run-1'},
  {type: 'run-ended', run: ended},
  {type: 'notice', level: 'warn', about: 'hook', message: 'onStart: exit code 1'},
];

/** Every object of a document with how to reach it. */
function objectsIn(value: unknown, at: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [];
  const below = Object.entries(value).flatMap(([key, inner]) => objectsIn(inner, [...at, key]));
  return Array.isArray(value) ? below : [at, ...below];
}

function changed(document: object, at: readonly string[], change: (found: Json) => void): Json {
  const copy = read(document);
  change(at.reduce((found, key) => found[key] as Json, copy));
  return copy;
}

describe('report/schema/documents', () => {
  const temp = tempDirs();

  it('comes as a file for each document', () => {
    expect(Object.keys(SCHEMAS).sort()).to.deep.equal([
      'apply',
      'error',
      'event',
      'explanation',
      'history',
      'job-run',
      'jobs',
      'manifest',
      'plan',
      'run',
      'settings',
      'stopped',
    ]);
  });

  for (const [type, schema] of Object.entries(SCHEMAS)) {
    it(`says what every field of ${type} is`, () => {
      expect(schema).to.include({$id: `urn:dirsync:schema:${type}-1`, title: `dirsync ${type}, format 1`});
      const silent = objectsIn(schema).flatMap((at) => {
        if (at.at(-1) !== 'properties') return [];
        const fields = at.reduce((found, key) => found[key] as Json, schema as Json) as Record<string, Json>;
        return Object.entries(fields).flatMap(([name, {description}]) => (description ? [] : [[...at, name].join('.')]));
      });
      expect(silent).to.deep.equal([]);
    });
  }

  describe('describes', () => {
    for (const [name, type, document] of DOCUMENTS) it(name, () => expectValid(type, document));
    for (const event of EVENTS) it(`the event ${event.type}`, () => expectValid('event', eventLine(event)));
    it('the error that ends a stream of events', () => expectValid('event', stale));

    it('any plan, and its actions as events', () => {
      fc.assert(
        fc.property(arbitrary.plan, (any) => {
          expectValid('plan', planDocument({plan: any, summary: summarize(any), halts: guardHalts(any, [])}));
          for (const action of any.actions) expectValid('event', eventLine({type: 'action', action, status: 'done'}));
        }),
        {numRuns: 50},
      );
    });
  });

  describe('refuses', () => {
    const all: [type: string, document: object][] = [
      ...DOCUMENTS.map(([, type, document]): [string, object] => [type, document]),
      ...EVENTS.map((event): [string, object] => ['event', eventLine(event)]),
    ];
    // These alone may be absent, wherever they stand.
    const optional =
      /^(?:link|identity|overlap|plannedBy|stateOwner|sourceMissing|narrowed|interrupted|plan|end|summary|detail|hint|drift|entry|fault|rule|lastRun|holds|holder|watching|targetDrift)$/;
    const optionalInExplanation = /^(?:action|leader|from|movesTo)$/;
    const optionalInDrift = /^(?:before|now)$/;
    const optionalInStep = /^(?:from|moved)$/;
    const optionalInManifest = /^(?:entries|linksAs|type|largestFile|folding|state)$/;
    const optionalInJobRun = /^(?:job|source|target|halts|report|error)$/;
    const cases: [name: string, type: string, document: Json][] = all.flatMap(([type, document]) =>
      objectsIn(read(document)).flatMap((at) => {
        const found = at.reduce((value, key) => value[key] as Json, read(document));
        const where = [(document as Json).type, ...at].join('.');
        // Whose keys are names, so that none is needed or too many.
        const isNamed = /^(?:settings|config-shown)\.jobs(?:\.photos\.(?:settings|origins))?$/.test(where);
        const isOrigin = /\.origins\.\w+$/.test(where);
        const isJobRun = /^(?:job-run|jobs\.runs\.\d+|run-ended\.run)$/.test(where);
        const isDrift = /\.drift\.\d+$/.test(where);
        const isStep = /\.steps?(?:\.\d+)?$/.test(where);
        const isManifest = /^manifest(?:\.header\.(?:options|fileSystem)|\.entries\.\d+|)$/.test(where);
        const isExplanation = /^(?:explanation|explained\.explanation)$/.test(where);
        return [
          [`${where} with one more field`, type, changed(document, at, (value) => Object.assign(value, {extra: null}))] as const,
          ...Object.keys(found).flatMap((key) => [
            [
              `${where}.${key} of another type`,
              type,
              changed(document, at, (value) => Object.assign(value, {[key]: null})),
            ] as const,
            ...(optional.test(key) ||
            isNamed ||
            (isOrigin && key !== 'from') ||
            (isJobRun && optionalInJobRun.test(key)) ||
            (isDrift && optionalInDrift.test(key)) ||
            (isStep && optionalInStep.test(key)) ||
            (isManifest && optionalInManifest.test(key) && !(key === 'type' && at.length === 0)) ||
            (/^manifest\.entries\.\d+$/.test(where) && key === 'digest') ||
            /^manifest\.facts\.owners\.\w+$/.test(where) ||
            (isExplanation && optionalInExplanation.test(key))
              ? []
              : [[`${where} without ${key}`, type, changed(document, at, (value) => delete value[key])] as const]),
          ]),
        ].map(([name, ...rest]): [string, string, Json] => [name, ...rest]);
      }),
    );

    it(`each of ${cases.length} documents with a field that is wrong, missing or too many`, () => {
      expect(cases.filter(([, type, document]) => faults(type, document).length === 0).map(([name]) => name)).to.deep.equal([]);
    });

    for (const [name, fields] of Object.entries({
      'a create with something before it': {kind: 'create', before: {}},
      'a link without a leader': {kind: 'link'},
      'an action of an unknown kind': {kind: 'move'},
    })) {
      it(name, () => {
        const [action] = planned.actions;
        expect(faults('plan', {...planned, actions: [{...action, ...fields}]})).to.not.deep.equal([]);
      });
    }
  });

  it('describes all that a real plan, its apply and their events say', async () => {
    const [source, target] = [temp(), temp()];
    writeTree(source, {
      new: dir({'x\udcff': 'x', again: hardlink('new/x\udcff')}),
      link: symlink('nowhere/\udcff'),
      grown: 'longer',
      kind: dir({inside: ''}),
      mode: file('same', {mode: 0o600}),
      held: 'in the way of what a filter protects',
    });
    writeTree(target, {
      grown: 'short',
      held: {'x.tmp': ''},
      kind: 'a file',
      mode: file('same', {mode: 0o644}),
      old: dir({gone: 'gone', changed: 'before'}),
    });
    const events: Event[] = [];
    const listening = {...context(), onEvent: (event: Event) => events.push(event)};
    const {plan} = await planTrees(settings(source, target, {filters: [{flag: 'exclude', value: '*.tmp'}]}), listening);
    const found = judge({...plan, actions: [...plan.actions, act.blocked('unread')]}, GUARD_NAMES);
    writeTree(`${target}/old`, {changed: 'after, and longer'});
    const done = await applySaved({plan: found.plan, allow: GUARD_NAMES, fsync: 'none', skipDrifted: true}, listening);

    // No disk that is always there folds names.
    const renaming: Plan = {...found.plan, actions: [...found.plan.actions, act.move('Z', 'z')]};
    expectValid('plan', planDocument(judge(renaming, GUARD_NAMES)));
    expectValid('apply', applyDocument(found.plan, done));
    for (const event of events) expectValid('event', eventLine(event));
    for (const {path} of found.plan.actions) {
      expectValid('explanation', explanationDocument(await explainPath({path: `${target}/${path}`, planned: found})));
    }
    expect(found.plan.problems).to.have.length(1);
    expect(done.skipped).to.deep.equal(['old/changed']);
    const kinds = new Set<ActionKind>(renaming.actions.map(({kind}) => kind));
    expect(ACTION_KINDS.filter((kind) => !kinds.has(kind))).to.deep.equal([]);
    expect(events.map(({type}) => type)).to.include.members(['plan-started', 'scan-done', 'plan-ready', 'drift', 'apply-done']);
  });
});
