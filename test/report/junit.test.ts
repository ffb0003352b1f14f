import {expect} from 'chai';
import fc from 'fast-check';
import {DirsyncError} from '../../src/core/errors.js';
import type {RelPath} from '../../src/core/path.js';
import {GUARD_NAMES} from '../../src/core/plan.js';
import {problem} from '../../src/core/problem.js';
import {junitError, junitReport} from '../../src/report/junit.js';
import {act, planOf} from '../support/plan.js';
import {
  counts,
  HOSTILE,
  historySubject,
  hostileSubjects,
  killed,
  locked,
  movedRun,
  movesAndDrift,
  planSubject,
  run,
  runSubject,
  subject,
} from '../support/subject.js';

const ENTITIES: Record<string, string> = {'&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&apos;': "'"};

interface Element {
  readonly name: string;
  readonly attributes: Record<string, string>;
  readonly children: Element[];
}

/** Reads the little XML that we write, and refuses whatever is not well formed. */
function parse(xml: string): Element {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0 forbids them
  expect(xml).to.match(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n[^\x00-\x08\x0b-\x1f\p{Cs}\ufffe\uffff]*$/u);
  const open: Element[] = [{name: 'document', attributes: {}, children: []}];
  const token = /\s*<(\/?)(\w+)((?: \w+="[^"<]*")*)(\/?)>/y;
  token.lastIndex = xml.indexOf('\n');
  while (token.lastIndex < xml.trimEnd().length) {
    const at = token.lastIndex;
    const match = token.exec(xml);
    if (!match) throw new Error(`not well formed: ${xml.slice(at, at + 80)}`);
    const [, close, name = '', pairs = '', empty] = match;
    if (close) {
      expect(open.pop()?.name).to.equal(name);
      continue;
    }
    const attributes: Record<string, string> = Object.create(null);
    for (const [, key = '', value = ''] of pairs.matchAll(/ (\w+)="([^"]*)"/g)) {
      expect(attributes).to.not.have.property(key);
      expect(value).to.match(/^(?:[^&]|&(?:amp|lt|gt|quot|apos);)*$/);
      attributes[key] = value.replaceAll(/&\w+;/g, (entity) => ENTITIES[entity] as string);
    }
    const element = {name, attributes, children: []};
    open.at(-1)?.children.push(element);
    if (!empty) open.push(element);
  }
  expect(open).to.have.length(1);
  const [root, ...others] = open[0]?.children ?? [];
  expect(others).to.deep.equal([]);
  return root as Element;
}

/** The cases with how they ended, one a line. */
function cases(xml: string): string[] {
  return parse(xml).children.flatMap(({attributes: suite, children}) =>
    children.flatMap(({name, attributes, children: [result]}) =>
      name === 'testcase'
        ? [`${suite.name} ${attributes.name}: ${result?.name ?? 'passed'} ${result?.attributes.message ?? ''}`.trim()]
        : [],
    ),
  );
}

/** A server trusts the counts of a suite. */
function expectTallies(element: Element): void {
  const all = (name: string, {children}: Element): number =>
    children.reduce((sum, child) => sum + (child.name === name ? 1 : 0) + all(name, child), 0);
  const tally = {tests: 'testcase', failures: 'failure', errors: 'error', skipped: 'skipped'};
  for (const [key, name] of Object.entries(tally)) expect(Number(element.attributes[key]), key).to.equal(all(name, element));
  for (const child of element.children) if (child.name === 'testsuite') expectTallies(child);
}

const PASSED = GUARD_NAMES.map((guard) => `guards ${guard}: passed`);
const DENIED = 'EACCES: permission denied while reading; check the permissions of the path and of the folders above it';

describe('report/junit', () => {
  it('gives an error', () => {
    const xml = junitError(new DirsyncError('TARGET_LOCKED', 'by "12" <ada>', 'wait'));
    expect(cases(xml)).to.deep.equal(['run finished: error Another run is working on this target: by "12" <ada>']);
    expectTallies(parse(xml));
  });

  describe('gives a plan', () => {
    it('with nothing to do', () => {
      expect(cases(junitReport(planSubject(planOf([]))))).to.deep.equal(['plan in sync: passed', ...PASSED]);
    });

    it('with changes, guards and problems', () => {
      const plan = planOf([act.create('a')], {overlap: 'same', sourceMissing: true, problems: [locked]});
      expect(cases(junitReport(planSubject(plan, ['source-missing'])))).to.deep.equal([
        'plan in sync: failure Plan: 1 change: 1 to create. 1 problem.',
        'guards same-tree: failure source and target are the same folder',
        'guards reversed: passed',
        'guards source-missing: skipped the source does not exist and was treated as an empty folder',
        ...PASSED.slice(3),
        `problems locked: failure ${DENIED}`,
      ]);
    });
  });

  it('gives each path of a plan that somebody changed in the target, and how much moves', () => {
    const xml = junitReport(planSubject(planOf(movesAndDrift)));
    expect(cases(xml).slice(1 + PASSED.length)).to.deep.equal([
      'target drift a.txt: failure removed from the target since the last run',
      'target drift photos/2024/x: failure changed in the target since the last run',
      'target drift z: failure added in the target since the last run',
    ]);
    expectTallies(parse(xml));
    const moved = '<property name="movedFiles" value="40001"/>\n      <property name="movedBytes" value="1073741888"/>';
    expect(xml).to.include(moved);
    expect(junitReport({type: 'run', run: movedRun})).to.include(moved);
  });

  it('gives a run: what was not done by name, all else by number', () => {
    const full = problem({path: 'b' as RelPath, side: 'target', phase: 'write', code: 'ENOSPC'});
    const step = (path: string, status: 'done' | 'failed' | 'skipped' | 'stopped') => {
      return {kind: 'create', path: path as RelPath, status, bytes: 1} as const;
    };
    const end = {
      finished: '2026-01-01T10:02:05.000Z',
      counts: {...counts, done: 1, failed: 1, skipped: 1, stopped: 1, blocked: 0},
      bytes: 9,
    };
    const steps = [step('a', 'done'), step('b', 'failed'), step('c', 'skipped'), step('d', 'stopped')];
    const xml = junitReport(runSubject({steps, problems: [full, locked], end}));
    expect(cases(xml)).to.deep.equal([
      'run finished: passed',
      'actions b: failure ENOSPC: no space left on the target while writing; free bytes or inodes (df, df -i) and run again',
      'actions c: skipped skipped (drift)',
      'actions d: skipped not started',
      `problems locked: failure ${DENIED}`,
    ]);
    expect(xml).to.include('<testcase name="finished" classname="run" time="125.000"/>');
    expect(xml).to.include('<property name="done" value="1"/>');
  });

  for (const [name, about, message] of [
    ['that was killed', killed(), 'Not finished: the run is still running or was killed; apply again to do the rest.'],
    [
      'that was interrupted',
      runSubject({end: {finished: run.header.started, counts, bytes: 0, interrupted: 'SIGTERM'}}),
      'Interrupted by SIGTERM: 0 changes left; apply again to do the rest.',
    ],
  ] as const) {
    it(`gives a run ${name} as an error`, () =>
      expect(cases(junitReport(about))).to.deep.equal([`run finished: error ${message}`]));
  }

  it('gives a history, a case a run', () => {
    const troubled = runSubject({problems: [locked]}).run;
    expect(cases(junitReport(historySubject([killed().run, troubled, run])))).to.deep.equal([
      'runs run-1: error Not finished: the run is still running or was killed; apply again to do the rest.',
      'runs run-1: failure Done: 9 changes, but 1 path had problems.',
      'runs run-1: passed',
    ]);
  });

  describe('is well formed whatever the name:', () => {
    for (const text of HOSTILE) {
      it(JSON.stringify(text), () => {
        for (const hostile of hostileSubjects(text)) expectTallies(parse(junitReport(hostile)));
      });
    }

    it('any', () => {
      fc.assert(fc.property(subject, (any) => expectTallies(parse(junitReport(any)))));
    });
  });
});
