import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {Interrupted} from '../../../src/app/context.js';
import {planExitCode} from '../../../src/app/exit-code.js';
import {judge, makePlan, planTrees, withFacts, workersFor} from '../../../src/app/sync/plan.js';
import type {Settings} from '../../../src/config/settings.js';
import type {Event} from '../../../src/core/event.js';
import type {RelPath} from '../../../src/core/path.js';
import type {GuardName, Plan} from '../../../src/core/plan.js';
import {problem} from '../../../src/core/problem.js';
import {WorkerPool} from '../../../src/platform/pool.js';
import {pairIn} from '../../support/cli.js';
import {act, planOf} from '../../support/plan.js';
import {refusal} from '../../support/refusal.js';
import {describeActions} from '../../support/streams.js';
import {context, settings} from '../../support/sync.js';
import {tempDirs} from '../../support/temp.js';
import {readTree, type Tree} from '../../support/tree.js';
import {asNobody} from '../../support/user.js';

describe('app/sync/plan', () => {
  const temp = tempDirs();
  // One for all: threads take longer to start than these plans to be made.
  let pool: WorkerPool;
  before(() => {
    pool = WorkerPool.open(2);
  });
  after(() => pool.close());

  const plan = (source: string, target: string, overrides: Partial<Settings> = {}) =>
    makePlan(settings(source, target, overrides), {pool, isKept: false}, context());
  const planned = async (from: Tree, to: Tree | undefined, overrides: Partial<Settings> = {}) => {
    const {source, target} = pairIn(temp(), from, to);
    return (await plan(source, target, overrides)).plan;
  };
  const changes = (plan: Plan) => describeActions(plan.actions).filter((text) => !text.includes('(children)'));

  it('changes nothing, and says what it reads before it reads it', async () => {
    const {source, target, root} = pairIn(temp(), {a: 'x', b: {c: 'y'}}, {a: 'xy'});
    const before = readTree(root);
    const events: Event[] = [];
    const found = await makePlan(
      settings(source, target),
      {pool, isKept: false},
      {...context(), onEvent: (event) => events.push(event)},
    );
    expect(readTree(root)).to.deep.equal(before);
    const told = events.filter(({type}) => type !== 'scan-progress');
    expect(told.map(({type}) => type)).to.deep.equal(['plan-started', 'scan-done', 'scan-done', 'plan-ready']);
    expect(told[0]).to.deep.equal({type: 'plan-started', source, target});
    expect(told[1]).to.include({side: 'source', entries: 3, bytes: 2});
    expect(told[2]).to.include({side: 'target', entries: 1, bytes: 2});
    expect(told[3]).to.deep.equal({type: 'plan-ready', ...found});
  });

  it('is named after when it began, and knows its roots again', async () => {
    const {source, target} = pairIn(temp(), {}, {});
    let seconds = 0;
    const now = () => new Date(Date.UTC(2026, 0, 1, 10, 0, seconds++));
    const {header} = (await makePlan(settings(source, target), {pool, isKept: false}, {...context(), now})).plan;
    expect(header.created).to.equal('2026-01-01T10:00:00.000Z');
    expect(header.id).to.match(/^20260101T100000000Z-[0-9a-f]{6}$/);
    expect(header.source.identity?.inode).to.equal(fs.statSync(source, {bigint: true}).ino);
    expect(header).to.include({plannedBy: process.geteuid?.()});
  });

  it('a target that is not there is taken as empty, and needs the folder above', async () => {
    const made = await planned({a: 'x'}, undefined);
    expect(changes(made)).to.deep.equal(['mkdir . (new)', 'create a (new)']);
    expect(made.header.target.identity).to.equal(undefined);
    const {source, root} = pairIn(temp(), {});
    const deep = path.join(root, 'a/b');
    expect((await refusal(() => plan(source, deep))).code).to.equal('TARGET_PARENT_MISSING');
    expect((await plan(source, deep, {mkpath: true})).plan.header.target.path).to.equal(deep);
  });

  describe('of a source that is not there', () => {
    const missing = async (allow: readonly GuardName[], to: Tree | undefined = {a: 'x', b: {}}) => {
      const {root, target} = pairIn(temp(), {}, to);
      const {plan: made} = await plan(path.join(root, 'none'), target, {allow});
      return made;
    };

    it('is refused, and says all that would have to be let pass', async () => {
      const {code, hint} = await refusal(() => missing([]));
      expect(code).to.equal('SOURCE_MISSING');
      expect(hint).to.include('--allow source-missing --allow source-empty');
      const {hint: shorter} = await refusal(() => missing(['source-empty']));
      expect(shorter).to.include('--allow source-missing').and.not.include('source-empty');
    });

    it('is of an empty one, once that is let pass', async () => {
      const {header, actions} = await missing(['source-missing']);
      expect(header).to.deep.include({sourceMissing: true});
      expect(header.totals.source.entries).to.equal(0);
      expect(actions.map(({kind, path}) => `${kind} ${path}`)).to.include.members(['delete a', 'rmdir b']);
    });

    it('is refused without a target, whatever is let pass', async () => {
      const {root} = pairIn(temp(), {});
      const into = path.join(root, 'target');
      const {code} = await refusal(() => plan(path.join(root, 'none'), into, {allow: ['source-missing']}));
      expect(code).to.equal('SOURCE_MISSING');
    });
  });

  it('of a source that may not be read, once that is let pass, keeps what the target has', async () => {
    const {source, target, root} = pairIn(temp(), {a: 'x'}, {a: 'x', b: 'y'});
    for (const folder of [root, target]) fs.chmodSync(folder, 0o755);
    fs.chmodSync(source, 0);
    const found = await asNobody(async () => {
      const {code, hint} = await refusal(() => plan(source, target, {allow: []}));
      return {code, hint, plan: (await plan(source, target)).plan};
    });
    expect(found.code).to.equal('SOURCE_UNREADABLE');
    expect(found.hint).to.include('--allow unreadable-source');
    expect(found.plan.header.sourceMissing).to.equal(undefined);
    expect(found.plan.problems.map(({path, side, code}) => `${side} ${path} ${code}`)).to.deep.equal(['source  EACCES']);
    expect(found.plan.actions.filter(({kind}) => kind !== 'blocked' && kind !== 'attrs')).to.deep.equal([]);
  });

  it('refuses filters before a worker reads anything', async () => {
    const filters = [{flag: 'exclude', value: 'x'.repeat(5000)}] as const;
    expect((await refusal(() => planned({}, {}, {filters}))).code).to.equal('FILTERS_REFUSED');
  });

  it('what is deleted though a filter leaves it out is seen, but never a log of its own', async () => {
    const {source, target} = pairIn(temp(), {}, {'x.o': '', 'x.log': '', 'x.log.1': ''});
    const log = {
      file: path.join(target, 'x.log'),
      format: 'text',
      level: 'info',
      maxSize: 1,
      maxAge: undefined,
      maxFiles: 1,
    } as const;
    const filters = [{flag: 'exclude', value: '*.o'}] as const;
    const deleted = async (overrides: Partial<Settings>) =>
      changes((await plan(source, target, {log, filters, ...overrides})).plan);
    expect(await deleted({})).to.deep.equal([]);
    expect(await deleted({deleteExcluded: true})).to.deep.equal(['delete x.o (gone)']);
  });

  it('tells a problem once that both walks met', async () => {
    const tree = {a: {'.dirsyncignore': 'a\0b', x: ''}};
    const {problems} = await planned(tree, tree);
    const told = problems.map(({path, side, code}) => `${side} ${path} ${code}`);
    expect(told).to.include('source a/.dirsyncignore FILTER_NOT_TEXT');
    expect(new Set(told).size).to.equal(told.length);
  });

  it('remembers rules and tags of the source', async () => {
    const {header} = await planned({a: {'.dirsyncignore': '*.o'}, b: {NOBACKUP: ''}}, {}, {excludeIfPresent: ['NOBACKUP']});
    expect(header.rules).to.deep.equal([['a', '*.o']]);
    expect(header.tagged).to.have.length(1);
    expect((await planned({}, {})).header.tagged).to.equal(undefined);
  });

  it('times are compared as exactly as they were asked to be', async () => {
    const {options} = (await planned({}, {}, {mtimeWindow: 3_000_000_000n})).header;
    expect(options).to.deep.include({mtimeWindow: 3_000_000_000n, sourceResolution: undefined});
  });

  it('the share that may be deleted is that of the guard, unless it is said', async () => {
    expect((await planned({}, {})).header.options.maxDelete).to.have.property('share');
    expect((await planned({}, {}, {maxDelete: {count: 3}})).header.options.maxDelete).to.deep.equal({count: 3});
  });

  it('names of owners travel with it only where they are kept', async () => {
    expect((await planned({a: ''}, {}, {ownerBy: 'id'})).header.owners).to.equal(undefined);
    expect((await planned({a: ''}, {}, {ownerBy: 'name', preserve: []})).header.owners).to.equal(undefined);
    if (process.geteuid?.() !== 0) return;
    expect((await planned({a: ''}, {}, {ownerBy: 'name'})).header.owners?.users).to.deep.equal({root: 0});
  });

  it('tells how the roots overlap', async () => {
    const {source, root} = pairIn(temp(), {inside: {x: ''}});
    const overlap = async (from: string, to: string) => (await plan(from, to)).plan.header.overlap;
    expect(await overlap(source, source)).to.equal('same');
    expect(await overlap(source, path.join(source, 'inside'))).to.equal('target-in-source');
    expect(await overlap(source, root)).to.equal('source-in-target');
  });

  it('ends with a signal, also one that comes while it reads', async () => {
    const {source, target} = pairIn(temp(), {a: 'x'}, {});
    const stopped = async (at: Event['type'] | undefined) => {
      const controller = new AbortController();
      if (at === undefined) controller.abort('SIGINT');
      const onEvent = ({type}: Event) => type === at && controller.abort('SIGINT');
      const {signal} = controller;
      return planTrees(settings(source, target), {...context(), signal, onEvent}).catch((error: unknown) => error);
    };
    expect(await stopped(undefined)).to.be.instanceOf(Interrupted);
    expect(await stopped('plan-started')).to.be.instanceOf(Interrupted);
  });

  it('asks for workers beside those that read where content is compared', () => {
    const usual = {rate: undefined, ioPriority: 'normal'} as const;
    expect(workersFor({...usual, compare: 'metadata'}).size).to.equal(undefined);
    expect(workersFor({...usual, compare: 'content'}).size).to.be.greaterThan(2);
    expect(workersFor({compare: 'size', rate: 7, ioPriority: 'idle'})).to.include({rate: 7, ioPriority: 'idle'});
  });

  describe('its exit code', () => {
    const bad = problem({path: 'x' as RelPath, side: 'target', phase: 'scan', code: 'EACCES'});
    const deletes = Array.from({length: 60}, (_, i) => act.delete(`d${i}`));
    const cases: readonly [title: string, plan: Plan, allow: readonly GuardName[], code: number][] = [
      ['nothing to do', planOf([]), [], 0],
      ['changes', planOf([act.create('a')]), [], 2],
      ['upkeep alone', planOf([act.upkeep('a')]), [], 2],
      ['a problem', planOf([act.create('a')], {problems: [bad]}), [], 3],
      ['something blocked', planOf([act.blocked('a')]), [], 3],
      ['a guard that halts', planOf(deletes, {problems: [bad]}), [], 5],
      ['a guard that is let pass', planOf(deletes), ['too-many-deletes'], 2],
    ];
    for (const [title, plan, allow, code] of cases) {
      it(`of ${title} is ${code} where it was asked for, else 0`, () => {
        expect(planExitCode(judge(plan, allow), true)).to.equal(code);
        expect(planExitCode(judge(plan, allow), false)).to.equal(0);
      });
    }
  });

  it('is judged by the facts that it is given', () => {
    const plan = planOf([act.delete('a')]);
    expect(judge(plan, []).halts).to.deep.equal([]);
    const lost = withFacts(plan, {target: {now: 'other', before: ['one']}});
    expect(judge(lost, []).halts.map(({guard, allowed}) => [guard, allowed])).to.deep.equal([['target-lost', false]]);
    expect(judge(lost, ['target-lost']).halts.map(({allowed}) => allowed)).to.deep.equal([true]);
    expect(plan.header.facts).to.equal(undefined);
  });
});
