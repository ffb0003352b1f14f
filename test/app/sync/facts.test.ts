import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import fc from 'fast-check';
import {factsNow, namesOf, volumeAt} from '../../../src/app/sync/facts.js';
import type {Action} from '../../../src/core/action.js';
import {type ByteName, FOLDING_UNKNOWN, toByteName} from '../../../src/core/name.js';
import type {RelPath} from '../../../src/core/path.js';
import type {Facts, MountFacts, Plan, RememberedFilters} from '../../../src/core/plan.js';
import {platform} from '../../../src/platform/choose.js';
import {WorkerPool} from '../../../src/platform/pool.js';
import {FilterScope} from '../../../src/scan/filter.js';
import {ensurePath, NAMES} from '../../../src/state/folder.js';
import {remember} from '../../../src/state/memory.js';
import {TraceLog} from '../../../src/state/traces.js';
import {pairIn} from '../../support/cli.js';
import {act, file, header, planOf} from '../../support/plan.js';
import {skip} from '../../support/skip.js';
import '../../support/sync.js';
import {tempDirs} from '../../support/temp.js';
import type {Tree} from '../../support/tree.js';
import {asNobody} from '../../support/user.js';

const TEBIBYTE = 2 ** 40;

describe('app/sync/facts', () => {
  const temp = tempDirs();
  let pool: WorkerPool;
  before(() => {
    pool = WorkerPool.open(1);
  });
  after(() => pool.close());

  type Overrides = NonNullable<Parameters<typeof planOf>[1]>;
  interface World {
    readonly source: string;
    readonly target: string;
    plan(actions: readonly Action[], overrides?: Overrides): Plan;
    remember(fields: Partial<Parameters<typeof remember>[1]>): void;
  }

  /** `'none'`: the target is not there yet. */
  function world(from: Tree = {}, to: Tree | 'none' = {}): World {
    const {source, target} = pairIn(temp(), from, to === 'none' ? undefined : to);
    const identity = header.target.identity;
    return {
      source,
      target,
      plan: (actions, overrides = {}) =>
        planOf(actions, {
          source: {path: source, identity},
          target: {path: target, ...(to !== 'none' && {identity})},
          ...overrides,
        }),
      remember: (fields) =>
        remember(
          {source, target},
          {id: undefined, fileSystem: undefined, filters: undefined, mounts: {source: [], target: []}, anew: false, ...fields},
        ),
    };
  }

  const factsFor = (plan: Plan): Promise<Facts> => factsNow(plan, pool);

  describe('who the target is', () => {
    const ID = '01234567-89ab-cdef-0123-456789abcdef';
    const noteId = (target: string, text: string) => {
      fs.mkdirSync(path.join(target, '.dirsync'));
      fs.writeFileSync(path.join(target, '.dirsync/id.json'), text);
    };

    it('its id, and those that were met at its path', async () => {
      const {target, plan, remember: note} = world();
      note({id: 'another'});
      expect((await factsFor(plan([]))).target).to.deep.equal({now: undefined, before: ['another']});
      noteId(target, JSON.stringify({id: ID}));
      expect((await factsFor(plan([]))).target).to.deep.equal({now: ID, before: ['another']});
    });

    it('an id that cannot be understood counts where something is to be changed', async () => {
      const {target, plan} = world();
      noteId(target, '{');
      const unread = async (actions: readonly Action[]) => (await factsFor(plan(actions))).unread?.map(({file}) => file);
      expect(await unread([])).to.equal(undefined);
      expect(await unread([act.blocked('a')])).to.equal(undefined);
      expect(await unread([act.delete('a')])).to.deep.equal([path.join(target, '.dirsync/id.json')]);
      expect((await factsFor(plan([]))).target).to.equal(undefined);
    });

    it('where it is not there yet, that has no id and nothing mounted in it', async () => {
      const {plan, remember: note} = world({}, 'none');
      note({id: ID});
      const {target, targetMounts} = await factsFor(plan([]));
      expect({target, targetMounts}).to.deep.equal({target: {now: undefined, before: [ID]}, targetMounts: []});
    });
  });

  it('the file system of the source, where it can be told', async () => {
    const {source, plan, remember: note} = world();
    note({fileSystem: 'xfs other'});
    const {sourceFileSystem} = await factsFor(plan([]));
    expect(sourceFileSystem).to.deep.equal({now: volumeAt(source)?.id, before: ['xfs other']});
    fs.rmdirSync(source);
    expect(await factsFor(plan([]))).to.not.have.property('sourceFileSystem');
    expect(volumeAt(source)).to.equal(undefined);
  });

  describe('mounts', () => {
    const at = 'disk' as RelPath;
    const planned = (now: string): MountFacts[] => [{at, now, before: []}];

    it('what was mounted when the plan was made is what it is about', async () => {
      const {plan, remember: note} = world({disk: {}}, {disk: {}});
      note({mounts: {source: [{at, now: 'xfs old'}], target: []}});
      const facts = await factsFor(plan([], {facts: {sourceMounts: planned('ext4 one'), targetMounts: planned('ext4 two')}}));
      expect(facts.sourceMounts).to.deep.equal([{at, now: '', before: ['ext4 one', 'xfs old']}]);
      expect(facts.targetMounts).to.deep.equal([{at, now: '', before: ['ext4 two']}]);
    });

    it('where nothing was mounted then, what was met before counts', async () => {
      const {plan, remember: note} = world({disk: {}}, {});
      note({mounts: {source: [{at, now: 'xfs old'}], target: []}});
      expect((await factsFor(plan([], {facts: {sourceMounts: planned('')}}))).sourceMounts).to.deep.equal([
        {at, now: '', before: ['xfs old']},
      ]);
    });

    it('one that the filters leave out is not missed', async () => {
      const {plan, remember: note} = world({disk: {}}, {});
      note({mounts: {source: [{at, now: 'xfs old'}], target: [{at, now: 'xfs old'}]}});
      const options = {...header.options, filters: ['/disk/']};
      const {sourceMounts, targetMounts} = await factsFor(plan([], {options}));
      expect([sourceMounts, targetMounts]).to.deep.equal([[], []]);
    });
  });

  it('that an earlier run copied the other way', async () => {
    const {source, target, plan} = world();
    expect(await factsFor(plan([]))).to.not.have.property('reversed');
    const nothing = {id: undefined, fileSystem: undefined, filters: undefined, mounts: {source: [], target: []}, anew: false};
    remember({source: target, target: source}, nothing);
    expect((await factsFor(plan([]))).reversed).to.equal(true);
  });

  describe('what the filters of the last run kept', () => {
    let empty: World;
    beforeEach(() => {
      empty = world();
    });
    const lines = (...patterns: string[]): RememberedFilters => ({lines: patterns, rules: [], tagged: []});

    async function unfiltered(old: RememberedFilters, now: readonly string[], actions: readonly Action[], more: Overrides = {}) {
      const {plan, remember: note} = empty;
      note({filters: old});
      const options = {...header.options, ...more.options, filters: now};
      return (await factsFor(plan(actions, {rules: [], ...more, options}))).unfiltered;
    }

    const gone = [act.delete('a/x.o'), act.rmdir('cache'), act.delete('b')];
    const found = (count: number, example: string) => ({count, example});

    it('is told of what is deleted or written over', async () => {
      expect(await unfiltered(lines('*.o', '/cache/'), [], gone)).to.deep.equal(found(2, 'a/x.o'));
      expect(await unfiltered(lines('b'), [], [act.update('b', file(1), file(2))])).to.deep.equal(found(1, 'b'));
      expect(await unfiltered(lines('a/'), [], gone), 'all in a folder').to.deep.equal(found(1, 'a/x.o'));
    });

    it('is none where they are the same, keep nothing of it, or it stays as it is', async () => {
      expect(await unfiltered(lines('*.o'), ['*.o'], gone)).to.equal(undefined);
      expect(await unfiltered(lines('*.txt'), [], gone)).to.equal(undefined);
      const stays = [act.create('n.o'), act.upkeep('m.o'), act.blocked('k.o')];
      expect(await unfiltered(lines('*.o'), [], stays)).to.equal(undefined);
    });

    it('counts the rules and tags of folders', async () => {
      const inFolder = (rules: RememberedFilters['rules'], tagged: RememberedFilters['tagged']) => ({lines: [], rules, tagged});
      expect(await unfiltered(inFolder([['a' as RelPath, '*.o']], []), [], gone)).to.deep.equal(found(1, 'a/x.o'));
      const same = {rules: [['a' as RelPath, '*.o']]} as const;
      expect(await unfiltered(inFolder(same.rules, []), [], gone, same)).to.equal(undefined);
    });

    it('where what is left out is deleted: what they did not leave out, and not what both do', async () => {
      const options = {...header.options, deleteExcluded: true};
      const excluded = (at: string): Action => ({...act.delete(at), reasons: ['excluded']}) as Action;
      expect(await unfiltered(lines(), ['*.o'], [excluded('x.o')], {options})).to.deep.equal(found(1, 'x.o'));
      expect(await unfiltered(lines('x.*'), ['*.o'], [excluded('x.o')], {options})).to.equal(undefined);
      expect(await unfiltered(lines('x.o', 'y'), ['x.o'], [act.delete('x.o')], {options})).to.equal(undefined);
      expect(await unfiltered(lines('x/'), ['x'], [excluded('x')], {options}), 'the source may have a folder there').to.equal(
        undefined,
      );
    });

    it('agrees with a walk that asks each folder on the way', () =>
      fc.assert(
        fc.asyncProperty(
          fc.array(fc.constantFrom('a', 'a/', '/b', '!b', '*/c', 'b/c'), {maxLength: 3}),
          fc.array(fc.constantFrom('a', 'b', 'c'), {minLength: 1, maxLength: 3}),
          async (patterns, names) => {
            const scope = FilterScope.root(patterns);
            const isOut = names.some((_, i) => scope.excludes(names.slice(0, i + 1).join('/') as RelPath, i < names.length - 1));
            const facts = await unfiltered(lines(...patterns, '# other'), patterns.length === 0 ? [] : ['# now'], [
              act.delete(names.join('/')),
            ]);
            expect(facts !== undefined).to.equal(isOut);
          },
        ),
        {numRuns: 30},
      ));
  });

  describe('room', () => {
    const measured = async (
      actions: readonly Action[],
      tree: Tree,
      overrides: Overrides = {},
      sparse: readonly string[] = [],
    ) => {
      const {source, plan} = world(tree, {});
      for (const name of sparse) fs.truncateSync(path.join(source, name), 2 ** 30);
      return (await factsFor(plan(actions, overrides))).space?.[0];
    };

    it('is not measured where the sizes fit', async () => {
      expect(await measured([act.create('a', file(1000))], {a: 'x'})).to.not.have.property('needed');
    });

    it('where they do not, what files take on disk counts', async () => {
      const large = [act.create('a', file(1000 * TEBIBYTE))];
      expect((await measured(large, {a: 'x'}, {}, ['a']))?.needed).to.be.lessThan(2 ** 30);
      const whole = await measured(large, {a: 'x'}, {options: {...header.options, sparse: false}}, ['a']);
      expect(whole?.needed, 'holes are written as zeros').to.be.at.least(1000 * TEBIBYTE);
    });
  });

  describe('what refuses to be changed', () => {
    it('is none where nothing is to be done, or root asks', async () => {
      const {plan} = world({}, {a: {}});
      expect((await factsFor(plan([act.blocked('a')]))).notWritable).to.equal(undefined);
      if (process.geteuid?.() === 0) expect((await factsFor(plan([act.delete('a/x')]))).notWritable).to.equal(undefined);
    });

    it('folders of another user, in which names come or go', async function () {
      if (process.geteuid?.() !== 0) skip(this, 'only root can be another user for a while');
      const {source, target, plan} = world({}, {closed: {x: ''}, open: {x: ''}, own: {x: ''}});
      for (const at of [path.dirname(source), source, target, path.join(target, 'open')]) fs.chmodSync(at, 0o777);
      fs.chownSync(path.join(target, 'own'), 65_534, 65_534);
      fs.chmodSync(path.join(target, 'own'), 0o555);
      const found = (...actions: Action[]) => asNobody(async () => (await factsFor(plan(actions))).notWritable);
      const attrs: Action = {kind: 'attrs', path: 'closed/x' as RelPath, reasons: ['mode'], before: file(), after: file()};
      expect(await found(act.delete('closed/x'), act.delete('open/x'))).to.deep.equal({count: 1, example: 'closed'});
      expect(await found(act.delete('open/x'))).to.equal(undefined);
      expect(await found(act.delete('own/x')), 'its owner can open it up').to.equal(undefined);
      expect(await found(attrs), 'only attributes change').to.equal(undefined);
      expect(await found(act.mkdir('open/new'), act.create('open/new/x')), 'what is made is not there yet').to.equal(undefined);
      expect(await found(act.delete('gone/x')), 'its own action will say so').to.equal(undefined);
      fs.chmodSync(target, 0o755);
      expect(await found(act.delete('open/x')), 'for .dirsync').to.deep.equal({count: 1, example: ''});
    });

    it('the folder in which a target is to be made', async function () {
      if (process.geteuid?.() !== 0) skip(this, 'only root can be another user for a while');
      const {source, plan} = world({}, 'none');
      fs.chmodSync(source, 0o755);
      fs.chmodSync(path.dirname(source), 0o755);
      const found = () => asNobody(async () => (await factsFor(plan([act.create('a')]))).notWritable);
      expect(await found()).to.deep.equal({count: 1, example: ''});
      fs.chmodSync(path.dirname(source), 0o777);
      expect(await found()).to.equal(undefined);
    });
  });

  describe('the names of a target', () => {
    it('are those of the nearest folder that is there', () => {
      const {target} = world();
      const here = namesOf(toByteName(target));
      expect(here.leftRenamed.size).to.equal(0);
      expect(namesOf(toByteName(path.join(target, 'new/deep'))).folding).to.deep.equal(here.folding);
      expect(here.folding, 'a file system that folds none').to.not.equal(FOLDING_UNKNOWN);
    });

    it('are also those that a killed run was giving to something, and not those of a folder above', () => {
      const {target} = world({}, {folder: {}});
      const root = platform().openRoot(toByteName(target));
      const folder = ensurePath(platform(), root, [NAMES.state, NAMES.staging, 'run' as ByteName]);
      const log = new TraceLog(platform(), folder, 0);
      log.add({renamed: {from: 'folder/OLD' as RelPath, via: '.dirsync-run-0.name'}});
      log.close();
      for (const each of [folder, root]) platform().close(each);
      expect(namesOf(toByteName(target)).leftRenamed).to.deep.equal(new Map([['.dirsync-run-0.name', 'OLD']]));
      expect(namesOf(toByteName(path.join(target, 'new'))).leftRenamed.size).to.equal(0);
    });
  });

  it('closes what it opens', async function () {
    if (process.platform !== 'linux') skip(this, 'what is open is known on Linux');
    const {plan} = world({disk: {}, a: {b: 'x'}}, {a: {b: 'y'}, disk: {}});
    const made = plan([act.delete('a/b'), act.create('a/c', file(1000 * TEBIBYTE))], {
      facts: {
        targetMounts: [{at: 'disk' as RelPath, now: 'ext4', before: []}],
        space: [{at: 'disk' as RelPath, block: 1, free: 1}],
      },
    });
    const open = () => fs.readdirSync('/proc/self/fd').length;
    await factsFor(made);
    const before = open();
    await factsFor(made);
    expect(open()).to.equal(before);
  });
});
