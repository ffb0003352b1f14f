import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {contentOf, filterOf} from '../../../src/app/inspect/difference.js';
import {makePlan} from '../../../src/app/sync/plan.js';
import type {Settings} from '../../../src/config/settings.js';
import type {Action} from '../../../src/core/action.js';
import type {RelPath} from '../../../src/core/path.js';
import type {Plan} from '../../../src/core/plan.js';
import {WorkerPool} from '../../../src/platform/pool.js';
import type {DifferenceLine} from '../../../src/report/words/difference.js';
import {pairIn} from '../../support/cli.js';
import {planMoves} from '../../support/move-plans.js';
import {act, file, planOf} from '../../support/plan.js';
import {context, settings} from '../../support/sync.js';
import {tempDirs} from '../../support/temp.js';
import {hardlink, file as leaf, symlink, type Tree} from '../../support/tree.js';

const OLD = {mtime: 1_500_000_000_000_000_000n};

describe('app/inspect/difference', () => {
  const temp = tempDirs();
  let pool: WorkerPool;
  before(() => {
    pool = WorkerPool.open(2);
  });
  after(() => pool.close());

  async function planned(from: Tree, to: Tree, overrides: Partial<Settings> = {}) {
    const pair = pairIn(temp(), from, to);
    const {plan} = await makePlan(settings(pair.source, pair.target, overrides), {pool, isKept: false}, context());
    const actionAt = (at: string, of: Plan = plan) => of.actions.find(({path}) => path === at) as Action;
    return {...pair, plan, actionAt, content: (at: string) => contentOf(actionAt(at), plan)};
  }
  const none = (found: ReturnType<typeof contentOf>) => ('none' in found ? found.none : expect.fail('there is a difference'));

  it('is that of the two texts', async () => {
    const {content} = await planned({a: 'one\ntwo\n', n: 'new\n'}, {a: leaf('one\n2\n', OLD), g: 'gone\n'});
    expect(content('a')).to.have.property('lines').that.is.not.empty;
    for (const at of ['n', 'g']) expect(content(at)).to.have.property('lines').with.length.greaterThan(0);
  });

  const without: readonly [title: string, from: Tree, to: Tree, at: string, says: RegExp][] = [
    ['attributes alone change', {a: leaf('x', {mode: 0o600})}, {a: 'x'}, 'a', /attributes/],
    ['it becomes a further name', {a: 'x', b: hardlink('a')}, {a: 'x'}, 'b', /linked/],
    ['it is a folder', {a: {}}, {}, 'a', /no content of its own/],
    ['it is a link', {a: symlink('x')}, {}, 'a', /no content of its own/],
    ['it is binary', {a: 'x\0y'}, {a: leaf('z', OLD)}, 'a', /source, it is binary/],
    ['the old one is binary', {a: 'x'}, {a: leaf('z\0z', OLD)}, 'a', /target, it is binary/],
    ['it is large', {a: 'x'.repeat(512 * 1024 + 1)}, {}, 'a', /512/],
    ['it is what it was', {a: 'x'}, {a: leaf('x', OLD)}, 'a', /the same/],
  ];
  for (const [title, from, to, at, says] of without) {
    it(`is none where ${title}`, async () => expect(none((await planned(from, to)).content(at))).to.match(says));
  }

  it('is none of a text that is not UTF-8', async () => {
    const {source, content} = await planned({a: 'xx'}, {});
    const {atime, mtime} = fs.statSync(path.join(source, 'a'));
    fs.writeFileSync(path.join(source, 'a'), Buffer.from([0x78, 0xff]));
    fs.utimesSync(path.join(source, 'a'), atime, mtime);
    expect(none(content('a'))).to.match(/changed after|not UTF-8/);
  });

  it('is none where only its name changes', () => {
    expect(none(contentOf(act.move('a', 'A'), planOf([])))).to.match(/path/);
  });

  it('in a folder that moves is read at the old path', async () => {
    const pair = pairIn(temp(), {new: {a: 'one\ntwo\n', b: 'x'}}, {old: {a: leaf('one\n', OLD), b: 'x'}});
    const plan = await planMoves({...pair, moves: [['old', 'new']]});
    const update = plan.actions.find(({path}) => path === 'new/a') as Action;
    const {lines} = contentOf(update, plan) as {lines: readonly DifferenceLine[]};
    expect(lines.slice(1)).to.deep.equal([
      {type: 'same', text: 'one'},
      {type: 'added', text: 'two'},
    ]);
  });

  it('is none of what is not what the plan saw, on either side', async () => {
    const {source, target, content} = await planned({a: 'one', b: 'one'}, {a: leaf('two', OLD), b: leaf('two', OLD)});
    fs.writeFileSync(path.join(source, 'a'), 'other text');
    fs.rmSync(path.join(target, 'b'));
    expect(none(content('a'))).to.match(/source, .*changed/);
    expect(none(content('b'))).to.match(/target, it was removed/);
    fs.renameSync(source, `${source}-away`);
    expect(none(content('b'))).to.match(/was removed/);
  });

  describe('the filter that lets a path in', () => {
    it('is the line that says so, with where it stands', async () => {
      const {plan, actionAt} = await planned(
        {'a.o': 'x', b: '', c: {'.dirsyncignore': '!d', d: ''}},
        {},
        {
          filters: [
            {flag: 'exclude', value: '*.o'},
            {flag: 'include', value: 'a.o'},
          ],
        },
      );
      expect(filterOf(actionAt('a.o'), plan)).to.include('!a.o');
      expect(filterOf(actionAt('b'), plan)).to.equal(undefined);
      expect(filterOf(actionAt('c/d'), plan)).to.include('c/.dirsyncignore');
    });

    it('is not known where the source is gone', async () => {
      const {plan, source} = await planned({a: ''}, {}, {filters: [{flag: 'include', value: 'a'}]});
      fs.renameSync(source, `${source}-away`);
      expect(filterOf(act.create('a', file()), plan)).to.equal(undefined);
      const missing = {...plan, header: {...plan.header, sourceMissing: true}};
      expect(filterOf({...act.delete('a'), path: 'a' as RelPath}, missing)).to.include('!a');
    });
  });

  it('holds nothing open', async () => {
    const {content, actionAt, plan} = await planned({d: {a: 'one'}}, {d: {a: leaf('two', OLD)}});
    content('d/a');
    const open = () => fs.readdirSync('/dev/fd').length;
    const before = open();
    content('d/a');
    filterOf(actionAt('d/a'), plan);
    expect(open()).to.equal(before);
  });
});
