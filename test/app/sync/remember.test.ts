import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {memoryWarnings, rememberRun, sizeWarnings} from '../../../src/app/sync/remember.js';
import type {RelPath} from '../../../src/core/path.js';
import type {GuardName, MountFacts, Plan, PlanHeader} from '../../../src/core/plan.js';
import {problem} from '../../../src/core/problem.js';
import {recall} from '../../../src/state/memory.js';
import {pairIn} from '../../support/cli.js';
import {act, header, planOf} from '../../support/plan.js';
import {settings, syncTrees} from '../../support/sync.js';
import {tempDirs} from '../../support/temp.js';

type Overrides = Parameters<typeof planOf>[1];

describe('app/sync/remember', () => {
  const temp = tempDirs();

  /** Plans of a pair of folders of which nothing is remembered yet. */
  function pair() {
    const {source, target} = pairIn(temp(), {}, {});
    const plan = (filters: readonly string[], {actions = [], ...fields}: Overrides & {actions?: Plan['actions']} = {}) =>
      planOf(actions, {
        source: {path: source},
        target: {path: target},
        rules: [],
        ...fields,
        options: {...header.options, filters, ...fields.options},
      });
    const run = (of: Plan, allowed: readonly GuardName[] = [], interrupted = false) =>
      rememberRun(of, {interrupted, allowed: new Set(allowed)});
    const known = () => recall({source, target});
    return {source, target, plan, run, known, lines: () => known().filters?.lines};
  }

  it('the file system of the source, and the id that the target has', async () => {
    const {source, target, plan, run, known} = pair();
    expect(run(plan([]))).to.equal(undefined);
    expect(known().ids, 'no run has changed it').to.deep.equal([]);
    expect(known().fileSystems).to.have.length(1);
    await syncTrees(settings(source, target));
    fs.writeFileSync(path.join(source, 'a'), '');
    await syncTrees(settings(source, target));
    const {id} = JSON.parse(fs.readFileSync(path.join(target, '.dirsync/id.json'), 'utf8'));
    expect(known().ids).to.deep.equal([id]);
  });

  it('nothing of what is restored from a copy', () => {
    const {plan, run, known} = pair();
    run(plan(['a']), ['reversed']);
    expect(known()).to.deep.include({ids: [], fileSystems: [], filters: undefined});
  });

  describe('the filters', () => {
    const unread = problem({path: 'x' as RelPath, side: 'source', phase: 'scan', code: 'EACCES'});
    const partial: Record<string, Overrides & {actions?: Plan['actions']}> = {
      'had a problem': {problems: [unread]},
      'could not delete something': {actions: [act.blocked('x')]},
    };
    for (const [title, fields] of Object.entries(partial)) {
      it(`of a run that ${title} are remembered as the first, and once that was let pass`, () => {
        const {plan, run, lines} = pair();
        run(plan(['first'], fields));
        expect(lines()).to.deep.equal(['first']);
        run(plan(['second'], fields));
        expect(lines(), 'those of the run before').to.deep.equal(['first']);
        run(plan(['third'], fields), ['filters-changed']);
        expect(lines()).to.deep.equal(['third']);
        run(plan(['fourth']));
        expect(lines(), 'after a whole run').to.deep.equal(['fourth']);
      });
    }

    const never: Record<string, [overrides: Partial<PlanHeader>, interrupted?: true]> = {
      'was stopped': [{}, true],
      'did a part of its plan': [{narrowed: {from: 'x', leftOut: 1}}],
      'deleted nothing': [{options: {...header.options, delete: false}}],
      'told no rules': [{rules: undefined}],
    };
    for (const [title, [overrides, interrupted]] of Object.entries(never)) {
      it(`of a run that ${title} are not remembered, also of the first`, () => {
        const {plan, run, lines} = pair();
        run(plan(['x'], overrides), ['filters-changed'], interrupted);
        expect(lines()).to.equal(undefined);
      });
    }

    it('are not remembered where they are too large, and that is warned of', () => {
      const {plan, run, lines} = pair();
      const large = plan(['x'.repeat(513 * 1024)]);
      run(large);
      expect(lines()).to.equal(undefined);
      const list = {items: [], isCut: false};
      const side = {mountPoints: list, rules: list, tagged: list, collisions: undefined, mounts: []};
      expect(sizeWarnings(large.header.options, {source: side, target: side})[0]).to.include('filters-changed');
      expect(sizeWarnings(plan([]).header.options, {source: side, target: side})).to.deep.equal([]);
    });
  });

  describe('what is mounted', () => {
    const at = 'disk' as RelPath;
    const mount = (now: string, before: readonly string[] = []): MountFacts => ({at, now, before});
    const cases: readonly [title: string, found: MountFacts, isKnown: boolean][] = [
      ['is new', mount('ext4 one'), true],
      ['is as before', mount('ext4 one', ['ext4 one']), true],
      ['is one of those before', mount('ext4 one', ['xfs two', 'ext4 one']), true],
      ['is another', mount('ext4 one', ['xfs two']), false],
      ['is gone', mount('', ['xfs two']), false],
      ['was never there', mount(''), false],
    ];
    for (const [title, found, isKnown] of cases) {
      it(`${title}: it is ${isKnown ? '' : 'not '}known from now on, unless it is let pass`, () => {
        for (const [side, guard] of [
          ['source', 'source-fs-changed'],
          ['target', 'target-lost'],
        ] as const) {
          const facts = {[`${side}Mounts`]: [found]};
          const expected = [{at, fileSystems: [found.now]}];
          const plain = pair();
          plain.run(plain.plan([], {facts}), side === 'source' ? ['target-lost'] : ['source-fs-changed']);
          expect(plain.known().mounts[side]).to.deep.equal(isKnown ? expected : []);
          const allowed = pair();
          allowed.run(allowed.plan([], {facts}), [guard]);
          expect(allowed.known().mounts[side]).to.deep.equal(expected);
        }
      });
    }
  });

  describe('where nothing can be remembered', () => {
    const {XDG_STATE_HOME} = process.env;
    afterEach(() => {
      process.env.XDG_STATE_HOME = XDG_STATE_HOME;
    });

    it('is a problem of the run, unless its plan has warned of it', () => {
      const {plan, run} = pair();
      const file = path.join(temp(), 'file');
      fs.writeFileSync(file, '');
      expect(memoryWarnings()).to.deep.equal([]);
      process.env.XDG_STATE_HOME = file;
      const warnings = memoryWarnings();
      expect(warnings[0]).to.include('ENOTDIR');
      const found = run(plan([]));
      expect(found).to.include({path: '', side: 'target', code: 'MEMORY_UNWRITABLE'});
      expect(found?.message).to.match(/\((ENOTDIR|EEXIST)\)$/);
      expect(run(plan([], {warnings}))).to.equal(undefined);
    });

    it('what is remembered and cannot be understood is replaced only where that was let pass', () => {
      const {plan, run, known} = pair();
      process.env.XDG_STATE_HOME = temp();
      run(plan(['a']));
      const folder = path.join(process.env.XDG_STATE_HOME as string, 'dirsync/targets');
      const [note = ''] = fs.readdirSync(folder);
      fs.writeFileSync(path.join(folder, note), 'torn');
      expect(run(plan(['b']))).to.include({code: 'MEMORY_UNWRITABLE'});
      expect(known().unread).to.not.equal(undefined);
      expect(run(plan(['b']), ['memory-unreadable'])).to.equal(undefined);
      expect(known().filters?.lines).to.deep.equal(['b']);
    });
  });

  it('what is cut is warned of, each with the guard that may not notice', () => {
    const whole = {items: [], isCut: false};
    const cut = {items: [], isCut: true};
    const side = {mountPoints: whole, rules: whole, tagged: whole, collisions: undefined, mounts: []};
    const warned = (fields: object, target: object = {}) =>
      sizeWarnings(header.options, {source: {...side, ...fields}, target: {...side, ...target}});
    const guards = (warnings: readonly string[]) => warnings.map((text) => /so the guard (\S+) may/.exec(text)?.[1]);
    expect(guards(warned({rules: cut, tagged: cut}))).to.deep.equal(['filters-changed', 'filters-changed']);
    expect(guards(warned({mountPoints: cut}))).to.deep.equal(['source-fs-changed']);
    expect(guards(warned({}, {mountPoints: cut}))).to.deep.equal(['target-lost']);
  });
});
