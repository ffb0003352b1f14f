import {expect} from 'chai';
import fc from 'fast-check';
import {ACTION_KINDS, type Action, type ActionKind, isCarried, isUpkeep, type Move, volumeOf} from '../../../src/core/action.js';
import {comparePaths, type RelPath} from '../../../src/core/path.js';
import {ChangeTree, type Sort, TOP} from '../../../src/ui/review/tree.js';
import {actions as anyActions} from '../../support/arbitrary.js';
import {act, file, folder} from '../../support/plan.js';

const SORTS: readonly Sort[] = ['impact', 'name', 'kind'];
const RISK: readonly ActionKind[] = [
  'delete',
  'rmdir',
  'blocked',
  'replace',
  'update',
  'link',
  'move',
  'attrs',
  'mkdir',
  'create',
];

/** The same questions, answered from nothing but paths. */
class Model {
  readonly paths: string[];

  constructor(
    readonly actions: readonly Action[],
    readonly isShown: (index: number) => boolean,
  ) {
    const named = actions.flatMap((action) => (isCarried(action) ? [action.path, action.from] : [action.path]));
    const all = named.flatMap((path) => (path === '' ? [] : path.split('/').map((_, i, names) => names.slice(0, i + 1))));
    const paths = new Set(['', ...all.map((names) => names.join('/'))]);
    this.paths = [...paths].sort((a, b) => comparePaths(a as RelPath, b as RelPath));
  }

  below(path: string): number[] {
    return this.actions.flatMap((action, i) =>
      path === '' || action.path === path || action.path.startsWith(`${path}/`) ? [i] : [],
    );
  }

  shown(path: string): number[] {
    return this.below(path).filter((i) => !isUpkeep(this.actions[i] as Action) && this.isShown(i));
  }

  /** The visible moves whose old path is at or below a path. */
  leaving(path: string): number[] {
    return this.actions.flatMap((action, i) => (isCarried(action) && this.isShown(i) && isAt(action.from, path) ? [i] : []));
  }

  movesOut(path: string): number[] {
    return this.leaving(path).filter((i) => !isAt((this.actions[i] as Action).path, path));
  }

  isVisible(path: string): boolean {
    return this.shown(path).length + this.leaving(path).length > 0;
  }

  children(path: string): string[] {
    return this.paths.filter((other) => other !== '' && parentOf(other) === path && this.isVisible(other));
  }

  moveFrom(path: string): number | undefined {
    const found = this.actions.findIndex((action) => isCarried(action) && action.from === path);
    return found === -1 ? undefined : found;
  }

  otherEnd(path: string): string | undefined {
    const own = this.actions.find((action) => isCarried(action) && action.path === path);
    return own === undefined ? this.actions[this.moveFrom(path) ?? -1]?.path : (own as Move).from;
  }

  own(path: string): number | undefined {
    return this.below(path).find((i) => this.actions[i]?.path === path && !isUpkeep(this.actions[i] as Action));
  }

  isFolder(path: string): boolean {
    const action = this.actions.find((one) => one.path === path) ?? this.actions[this.moveFrom(path) ?? -1];
    const isAbove = this.paths.some((other) => other !== path && isAt(other, path));
    return path === '' || isAbove || (action?.after ?? action?.before)?.kind === 'directory';
  }

  totals(path: string) {
    const shown = this.shown(path);
    const all = [...shown, ...this.movesOut(path)];
    const count = (kind: ActionKind) => all.filter((i) => this.actions[i]?.kind === kind).length;
    return {
      changes: all.length,
      kinds: Object.fromEntries(ACTION_KINDS.map((kind) => [kind, count(kind)])),
      bytes: shown.reduce((sum, i) => sum + volumeOf(this.actions[i] as Action), 0),
    };
  }

  /** Larger keys come first. Impacts are told apart as well as a 32-bit number tells them. */
  key(path: string, sort: Sort): number {
    const shown = [...this.shown(path), ...this.movesOut(path)];
    if (sort === 'name') return 0;
    if (sort === 'impact') return Math.fround(shown.reduce((sum, i) => sum + 4096 + volumeOf(this.actions[i] as Action), 0));
    return -Math.min(...shown.map((i) => RISK.indexOf((this.actions[i] as Action).kind)));
  }
}

const isAt = (path: string, above: string) => above === '' || path === above || path.startsWith(`${above}/`);
const parentOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf('/')));

function nodesOf(tree: ChangeTree): Map<string, number> {
  return new Map(Array.from({length: tree.size}, (_, node) => [tree.pathOf(node), node]));
}

describe('ui/review/tree', () => {
  it('answers as a naive model does, whatever is shown', () => {
    fc.assert(
      fc.property(anyActions, fc.array(fc.boolean(), {minLength: 1}), (actions, show) => {
        const pick = (flags: readonly boolean[]) => (index: number) => flags[index % flags.length] === true;
        const tree = new ChangeTree(actions);
        for (const isShown of [() => true, pick(show)]) {
          const model = new Model(actions, isShown);
          tree.show(isShown);
          const nodes = nodesOf(tree);
          expect([...nodes.keys()].sort()).to.deep.equal([...model.paths].sort());
          expect(tree.shown).to.equal(model.shown('').length);
          expect(tree.changes).to.equal(actions.filter((action) => !isUpkeep(action)).length);
          for (const [path, node] of nodes) {
            const below = model.below(path);
            const {start, end} = tree.range(node);
            expect([end - start, below[0] ?? start, (below.at(-1) ?? start - 1) + 1]).to.deep.equal([below.length, start, end]);
            expect(tree.moveFrom(node)).to.equal(model.moveFrom(path));
            expect(tree.movesOut(node)).to.have.members(model.movesOut(path));
            const other = tree.otherEnd(node);
            expect(other && tree.pathOf(other)).to.equal(model.otherEnd(path));
            const children = tree.children(node);
            expect(children.map((child) => tree.pathOf(child))).to.deep.equal(model.children(path));
            for (const child of children) expect(tree.parentOf(child)).to.equal(node);
            expect(tree.hasChildren(node)).to.equal(children.length > 0);
            expect(tree.actionOf(node)).to.equal(model.own(path));
            expect(tree.isFolder(node)).to.equal(model.isFolder(path));
            expect(tree.shownIn(node)).to.equal(model.shown(path).length);
            expect(tree.totals(node)).to.deep.equal(model.totals(path));
            for (const sort of SORTS) {
              const expected = model
                .children(path)
                .map((name, place) => ({name, place, key: model.key(name, sort)}))
                .sort((a, b) => b.key - a.key || a.place - b.place);
              expect(tree.sorted(children, sort).map((child) => tree.pathOf(child))).to.deep.equal(
                expected.map(({name}) => name),
              );
            }
          }
        }
      }),
    );
  });

  it('joins folders that each hold one thing only, up to what has a change of its own', () => {
    const chain = (actions: readonly Action[], path: string) => {
      const tree = new ChangeTree(actions);
      return tree.pathOf(tree.endOfChain(nodesOf(tree).get(path) as number));
    };
    expect(chain([act.create('a/b/c/x')], 'a'), 'a file ends it').to.equal('a/b/c');
    expect(chain([act.create('a/b/c/x'), act.create('a/b/d')], 'a'), 'two things end it').to.equal('a/b');
    expect(chain([act.mkdir('a/b'), act.create('a/b/c/x')], 'a')).to.equal('a/b');
    expect(chain([act.mkdir('a/b'), act.create('a/b/c/x')], 'a/b'), 'a change is a line of its own').to.equal('a/b');
    expect(chain([act.upkeep('a'), act.upkeep('a/b'), act.create('a/b/x')], 'a'), 'upkeep is no change').to.equal('a/b');
    expect(chain([act.create('a/x')], ''), 'the top is a line of its own').to.equal('');
  });

  it('has a line for the old path of what moves, and counts the move in both folders', () => {
    const tree = new ChangeTree([
      act.upkeep('in'),
      act.moveFolder('out/x', 'in/x', 2),
      act.create('swap', file(1)),
      act.moveFile('tidy/b', 'tidy/a'),
      act.moveFile('z', 'swap'),
    ]);
    const lines = (node: number): string[] =>
      tree.children(node).flatMap((child) => [`${tree.pathOf(child)} ${tree.totals(child).changes}`, ...lines(child)]);
    expect(lines(TOP)).to.deep.equal([
      ...['in 1', 'in/x 1', 'out 1', 'out/x 1', 'swap 2'],
      ...['tidy 1', 'tidy/a 1', 'tidy/b 1', 'z 1'],
    ]);
    expect(tree.totals(TOP).changes).to.equal(4);
    const node = nodesOf(tree).get('swap') as number;
    expect([tree.actionOf(node), tree.moveFrom(node)]).to.deep.equal([2, 4]);
    tree.show((_, kind) => kind !== 'move');
    expect(lines(TOP)).to.deep.equal(['swap 1']);
  });

  it('joins folders up to the old path of a move', () => {
    const tree = new ChangeTree([act.moveFile('a/b/c', 'd/e/f/g'), act.moveFolder('h/i', 'j/k/l')]);
    const nodes = nodesOf(tree);
    const ends = ['d', 'j'].map((path) => tree.pathOf(tree.endOfChain(nodes.get(path) as number)));
    expect(ends).to.deep.equal(['d/e/f', 'j/k/l']);
  });

  it('never counts upkeep, and has no line for it', () => {
    const tree = new ChangeTree([act.upkeep(''), act.upkeep('a'), act.create('b', file(3))]);
    expect(tree.changes).to.equal(1);
    expect(tree.children(TOP).map((node) => tree.pathOf(node))).to.deep.equal(['b']);
    expect(tree.actionOf(TOP)).to.equal(undefined);
  });

  it('sorts by impact and by kind; what is equal stays in canonical order', () => {
    const tree = new ChangeTree([
      act.create('a', file(10)),
      act.update('b', file(1), file(10)),
      act.delete('c', file(5000)),
      act.create('d', file(10)),
      act.mkdir('e'),
      act.create('e/x', file(9000)),
    ]);
    const order = (sort: Sort) =>
      tree
        .sorted(tree.children(TOP), sort)
        .map((node) => tree.pathOf(node))
        .join(' ');
    expect(order('impact')).to.equal('e c a b d');
    expect(order('kind')).to.equal('c b e a d');
    expect(order('name')).to.equal('a b c d e');
  });

  it('has room for many folders without a change of their own', () => {
    const actions = Array.from({length: 3000}, (_, i) => act.create(`${String(i).padStart(4, '0')}/a/b/c/x`));
    const tree = new ChangeTree(actions);
    expect(tree.size).to.equal(1 + 5 * actions.length);
    const last = tree.size - 1;
    expect(tree.pathOf(last)).to.equal('2999/a/b/c/x');
    expect(tree.pathOf(tree.parentOf(last))).to.equal('2999/a/b/c');
  });

  it('holds paths of 500 levels', () => {
    const path = Array.from({length: 500}, (_, i) => `d${i}`).join('/');
    for (const actions of [
      [act.create(path)],
      path.split('/').map((_, i, names) => act.mkdir(names.slice(0, i + 1).join('/'))),
      path.split('/').map((_, i, names): Action => {
        const own = names.slice(0, i + 1).join('/') as RelPath;
        return {kind: 'rmdir', path: own, reasons: ['gone'], before: folder()};
      }),
    ]) {
      const tree = new ChangeTree(actions);
      expect(tree.size).to.equal(501);
      expect(tree.pathOf(500)).to.equal(path);
      expect(tree.shownIn(TOP)).to.equal(actions.length);
    }
  });

  it('sorts a flat folder of 50,000 in no time', () => {
    const count = 50_000;
    const actions = Array.from({length: count}, (_, i) =>
      act.create(`f${String(i).padStart(5, '0')}`, file((i * 7919) % 100_003)),
    );
    const started = performance.now();
    const tree = new ChangeTree(actions);
    const sorted = tree.sorted(tree.children(TOP), 'impact');
    expect(performance.now() - started).to.be.below(1000);
    expect(sorted).to.have.length(count);
    const sizes = sorted.map((node) => actions[tree.actionOf(node) as number]?.after?.size as number);
    for (let i = 1; i < count; i++) expect(sizes[i]).to.be.at.most(sizes[i - 1] as number);
  });
});
