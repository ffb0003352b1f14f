import {expect} from 'chai';
import fc from 'fast-check';
import type {Action} from '../../src/core/action.js';
import type {PlanOptions} from '../../src/core/plan.js';
import {applied, type Model, type Node, planMoves, seen} from '../support/moves.js';
import {describeActions} from '../support/streams.js';

/** A file with its own time, so that equal sizes and times are equal content. */
const file = (id: number, content: string, mtime = BigInt(id)): Node => ({id, content, mtime});
/** A file with several names. */
const names = (id: number, links = 2): Node => ({...file(id, 'many'), links});
const folder = (id: number): Node => ({id});
const model = (nodes: Record<string, Node>): Model => new Map(Object.entries(nodes));

interface Case {
  /** Both trees after the last run. */
  readonly last: Record<string, Node>;
  readonly source: Record<string, Node>;
  /** What the target has now, if somebody changed it. */
  readonly target?: Record<string, Node>;
  readonly policy?: Partial<PlanOptions>;
  /** Without upkeep. */
  readonly actions: readonly string[];
  /** The same without memory, by content; if it differs. */
  readonly byContent?: readonly string[];
  /** Without memory the difference is not seen, as with rsync. */
  readonly isBlind?: boolean;
}

const A = {a: folder(10), 'a/x': file(11, 'one'), 'a/y': file(12, 'two')};
const B = {b: folder(20), 'b/x': file(21, 'three')};
const asB = {b: folder(10), 'b/x': file(11, 'one'), 'b/y': file(12, 'two')};

const cases: Record<string, Case> = {
  'a file': {last: {x: file(1, 'one')}, source: {y: file(1, 'one')}, actions: ['move y <- x (name)']},
  'a file into another folder': {
    last: {...A, c: folder(20)},
    source: {a: folder(10), 'a/x': file(11, 'one'), c: folder(20), 'c/y': file(12, 'two')},
    actions: ['move c/y <- a/y (name)'],
  },
  'a folder is one action': {last: A, source: asB, actions: ['move b <- a (name)']},
  'a folder, to an earlier name': {
    last: {b: folder(10), 'b/x': file(11, 'one')},
    source: {a: folder(10), 'a/x': file(11, 'one')},
    actions: ['move a <- b (name)'],
  },
  'a folder, with changes in it': {
    last: {...A, 'a/z': file(13, 'three'), 'a/sub': folder(14), 'a/sub/w': file(15, 'four')},
    source: {
      b: folder(10),
      'b/new': file(30, 'new'),
      'b/sub': folder(14),
      'b/sub/w': file(15, 'four!', 99n),
      'b/x': file(11, 'one'),
      'b/y': {...file(12, 'two'), mode: 0o600},
    },
    actions: ['move b <- a (name)', 'create b/new (new)', 'update b/sub/w (size mtime)', 'attrs b/y (mode)', 'delete b/z (gone)'],
  },
  'a folder and a folder in it': {
    last: {...A, 'a/sub': folder(14), 'a/sub/w': file(15, 'four')},
    source: {...asB, 'b/other': folder(14), 'b/other/w': file(15, 'four')},
    actions: ['move b <- a (name)', 'move b/other <- a/sub (name)'],
  },
  'out of a moved folder, and into it': {
    last: {...A, z: file(40, 'zzz')},
    source: {b: folder(10), 'b/x': file(11, 'one'), 'b/z': file(40, 'zzz'), y: file(12, 'two')},
    actions: ['move b <- a (name)', 'move b/z <- z (name)', 'move y <- a/y (name)'],
  },
  'out of a deleted folder': {
    last: {...A, 'a/z': file(13, 'three')},
    source: {y: file(12, 'two')},
    actions: ['delete a/x (gone)', 'delete a/z (gone)', 'rmdir a (gone)', 'move y <- a/y (name)'].sort(),
  },
  'into a new folder': {
    last: A,
    source: {
      n: folder(50),
      'n/deep': folder(51),
      'n/deep/b': folder(10),
      'n/deep/b/x': file(11, 'one'),
      'n/deep/b/y': file(12, 'two'),
      'n/f': file(52, 'new'),
    },
    actions: ['mkdir n (new)', 'mkdir n/deep (new)', 'move n/deep/b <- a (name)', 'create n/f (new)'],
  },
  'a folder into its own new parent': {
    last: A,
    source: {a: folder(60), 'a/sub': folder(10), 'a/sub/x': file(11, 'one'), 'a/sub/y': file(12, 'two')},
    actions: ['mkdir a (new)', 'move a/sub <- a (name)'],
    byContent: ['mkdir a/sub (new)', 'move a/sub/x <- a/x (name)', 'move a/sub/y <- a/y (name)'],
  },
  'two folders swapped': {
    last: {...A, ...B},
    source: {a: folder(20), 'a/x': file(21, 'three'), b: folder(10), 'b/x': file(11, 'one'), 'b/y': file(12, 'two')},
    actions: ['move a <- b (name)', 'move b <- a (name)'],
    byContent: ['update a/x (size mtime)', 'update b/x (size mtime)', 'move b/y <- a/y (name)'],
  },
  'two folders swapped, with files of the same size and time': {
    last: {a: folder(10), 'a/x': file(11, 'one', 5n), b: folder(20), 'b/x': file(21, 'two', 5n)},
    source: {a: folder(20), 'a/x': file(21, 'two', 5n), b: folder(10), 'b/x': file(11, 'one', 5n)},
    actions: ['move a <- b (name)', 'move b <- a (name)'],
    byContent: [],
    isBlind: true,
  },
  'a folder and its folder swapped': {
    last: {a: folder(10), 'a/b': folder(20), 'a/b/x': file(21, 'three'), 'a/y': file(12, 'two')},
    source: {a: folder(20), 'a/b': folder(10), 'a/b/y': file(12, 'two'), 'a/x': file(21, 'three')},
    actions: ['move a <- a/b (name)', 'move a/b <- a (name)'],
    byContent: ['move a/b/y <- a/y (name)', 'move a/x <- a/b/x (name)'],
  },
  'a folder that was replaced by a copy stays': {
    last: A,
    source: {a: folder(60), 'a/x': file(61, 'one', 11n), 'a/y': file(62, 'new', 63n)},
    actions: ['update a/y (mtime)'],
  },
  'out of a folder that a file replaces': {
    last: A,
    source: {a: file(70, 'file now'), y: file(12, 'two')},
    actions: ['replace a (kind)', 'delete a/x (gone)', 'move y <- a/y (name)'],
  },
  'into a folder that replaces a file': {
    last: {...A, f: file(80, 'eighty')},
    source: {f: folder(81), 'f/x': file(11, 'one'), 'f/y': file(12, 'two')},
    actions: ['rmdir a (gone)', 'replace f (kind)', 'move f/x <- a/x (name)', 'move f/y <- a/y (name)'],
    byContent: ['rmdir a (gone)', 'replace f (kind)', 'move f/x <- a/x (name)', 'move f/y <- a/y (name)'],
  },
  'a file that a folder replaces': {
    last: {f: file(80, 'eighty')},
    source: {f: folder(81), 'f/g': file(80, 'eighty')},
    actions: ['mkdir f (new)', 'move f/g <- f (name)'],
  },
  'two files swapped': {
    last: {x: file(1, 'one'), y: file(2, 'four')},
    source: {x: file(2, 'four'), y: file(1, 'one')},
    actions: ['move x <- y (name)', 'move y <- x (name)'],
    byContent: ['update x (size mtime)', 'update y (size mtime)'],
  },
  'a ring of three': {
    last: {x: file(1, 'one'), y: file(2, 'four'), z: file(3, 'seven')},
    source: {x: file(3, 'seven'), y: file(1, 'one'), z: file(2, 'four')},
    actions: ['move x <- z (name)', 'move y <- x (name)', 'move z <- y (name)'],
    byContent: ['update x (size mtime)', 'update y (size mtime)', 'update z (size mtime)'],
  },
  'a chain that ends at a free name': {
    last: {'l.1': file(1, 'one'), 'l.2': file(2, 'four')},
    source: {'l.1': file(5, 'newest'), 'l.2': file(1, 'one'), 'l.3': file(2, 'four')},
    actions: ['create l.1 (new)', 'move l.2 <- l.1 (name)', 'move l.3 <- l.2 (name)'],
    byContent: ['update l.1 (size mtime)', 'update l.2 (size mtime)', 'create l.3 (new)'],
  },
  'a chain that ends at a name that is taken is copied': {
    last: {'l.1': file(1, 'one'), 'l.2': file(2, 'four')},
    source: {'l.1': file(5, 'newest'), 'l.2': file(1, 'one')},
    actions: ['update l.1 (size mtime)', 'update l.2 (size mtime)'],
  },
  'with other metadata': {
    last: {x: file(1, 'one')},
    source: {y: {...file(1, 'one'), mode: 0o600}},
    actions: ['move y <- x (name mode)'],
  },
  'an edited file is copied': {
    last: {x: file(1, 'one')},
    source: {y: file(1, 'one more', 9n)},
    actions: ['delete x (gone)', 'create y (new)'],
  },
  'the target was changed at the old name': {
    last: {x: file(1, 'one')},
    target: {x: file(1, 'two', 7n)},
    source: {y: file(1, 'one')},
    actions: ['delete x (gone)', 'create y (new)'],
  },
  'the target has another file of the new size and time at the old name': {
    last: {x: file(1, 'one')},
    target: {x: file(1, 'TWO', 7n)},
    source: {y: file(1, 'two', 7n)},
    actions: ['delete x (gone)', 'create y (new)'],
  },
  'to another file system in the target': {
    last: {a: folder(10), 'a/x': file(11, 'one'), b: {...folder(20), device: 2}},
    source: {a: folder(10), b: folder(20), 'b/x': file(11, 'one')},
    actions: ['delete a/x (gone)', 'create b/x (new)'],
  },
  'a folder with something that a filter leaves out': {
    last: {...A, 'a/z': {...file(13, 'tmp'), isExcluded: true}},
    source: asB,
    policy: {deleteExcluded: false},
    actions: ['mkdir b (new)', 'move b/x <- a/x (name)', 'move b/y <- a/y (name)'],
  },
  'all names of a file, into a new folder': {
    last: {x: names(1), y: names(1)},
    source: {n: folder(50), 'n/m': folder(51), 'n/m/x': names(1), 'n/m/y': names(1)},
    actions: [
      'mkdir n (new)',
      'mkdir n/m (new)',
      'move n/m/x <- x (name)',
      'link n/m/y -> n/m/x (new hardlink)',
      'delete y (gone)',
    ],
    byContent: [
      'mkdir n (new)',
      'mkdir n/m (new)',
      'create n/m/x (new)',
      'link n/m/y -> n/m/x (new hardlink)',
      'delete x (gone)',
      'delete y (gone)',
    ],
  },
  'an inode that was given out again': {
    last: {x: file(1, 'one')},
    source: {y: {...file(1, 'two'), mtime: 1n}},
    actions: ['move y <- x (name)'],
    byContent: ['delete x (gone)', 'create y (new)'],
  },
  'a file with the same size and time was put into a moved folder': {
    last: A,
    source: {...asB, 'b/x': file(99, 'ONE', 11n)},
    actions: ['move b <- a (name)', 'update b/x (content)'],
  },
  'two files with one identity are copied': {
    last: {x: file(1, 'one')},
    source: {y: file(1, 'one'), z: file(1, 'one')},
    actions: ['delete x (gone)', 'create y (new)', 'create z (new)'],
  },
  'all names of a file': {
    last: {x: names(1), y: names(1)},
    source: {a: names(1), z: names(1)},
    actions: ['move a <- x (name)', 'delete y (gone)', 'link z -> a (new hardlink)'],
    byContent: ['create a (new)', 'delete x (gone)', 'delete y (gone)', 'link z -> a (new hardlink)'],
  },
  'one of the names of a file': {
    last: {x: names(1), y: names(1)},
    source: {x: names(1), z: names(1)},
    actions: ['delete y (gone)', 'link z -> x (new hardlink)'],
  },
  'a folder with names of a file, one of them outside': {
    last: {a: folder(10), 'a/x': names(1, 3), 'a/y': names(1, 3), z: names(1, 3)},
    source: {b: folder(10), 'b/x': names(1, 3), 'b/y': names(1, 3), c: names(1, 3)},
    actions: ['move b <- a (name)', 'link c -> b/x (new hardlink)', 'delete z (gone)'],
    byContent: [
      'mkdir b (new)',
      'create b/x (new)',
      'link b/y -> b/x (new hardlink)',
      'link c -> b/x (new hardlink)',
      'delete a/x (gone)',
      'delete a/y (gone)',
      'rmdir a (gone)',
      'delete z (gone)',
    ],
  },
  'nothing is moved without deletes': {
    last: {x: file(1, 'one')},
    source: {y: file(1, 'one')},
    policy: {delete: false},
    actions: ['create y (new)'],
  },
  'nothing is moved with --no-moves': {
    last: {x: file(1, 'one')},
    source: {y: file(1, 'one')},
    policy: {moves: false},
    actions: ['delete x (gone)', 'create y (new)'],
  },
};

const described = (actions: readonly Action[]) =>
  describeActions(actions.filter(({kind, reasons}) => !(kind === 'attrs' && reasons[0] === 'children')));

describe('moves', () => {
  it('restores the times of both folders of a move', async () => {
    const last = model({...A, c: folder(20)});
    const source = model({a: folder(10), 'a/x': file(11, 'one'), c: folder(20), 'c/y': file(12, 'two')});
    const actions = await planMoves({source, target: last, last});
    expect(describeActions(actions)).to.deep.equal([
      'attrs . (children)',
      'attrs a (children)',
      'attrs c (children)',
      'move c/y <- a/y (name)',
    ]);
  });

  for (const [title, {last, source, target = last, policy, actions, byContent = actions, isBlind}] of Object.entries(cases)) {
    const trees = {source: model(source), target: model(target), policy};
    it(`${title}, as remembered`, async () => {
      const found = await planMoves({...trees, last: model(last)});
      expect(described(found)).to.have.members(actions);
    });
    it(`${title}, by content`, async () => {
      const found = await planMoves(trees);
      expect(described(found)).to.have.members(byContent);
      if (policy === undefined && !isBlind) expect(seen(applied(found, trees))).to.deep.equal(seen(trees.source));
    });
  }
});

/** Changes of a tree, as numbers that choose what to do and where. */
const changes = fc.array(fc.tuple(fc.nat(6), fc.nat(), fc.nat()), {minLength: 1, maxLength: 12});
const NAMES = ['a', 'b', 'c', 'd'];

class Tree {
  readonly nodes: Map<string, Node>;
  #id: number;

  constructor(nodes: Model = new Map(), id = 100) {
    this.nodes = new Map(nodes);
    this.#id = id;
  }

  change([what, first, second]: readonly [number, number, number]): void {
    const paths = [...this.nodes.keys()];
    const at = paths[first % Math.max(paths.length, 1)];
    const folders = ['', ...paths.filter((path) => this.nodes.get(path)?.content === undefined)];
    const parent = folders[second % folders.length] as string;
    const free = NAMES.map((name) => (parent === '' ? name : `${parent}/${name}`)).find((path) => !this.nodes.has(path));
    const id = this.#id++;
    if (what === 0 && free !== undefined) this.nodes.set(free, {id});
    if (what === 1 && free !== undefined) this.nodes.set(free, file(id, 'x'.repeat(1 + (first % 3)) + id));
    if (at === undefined) return;
    const node = this.nodes.get(at) as Node;
    if (what === 2 && node.content !== undefined)
      this.nodes.set(at, {...node, content: `${node.content.slice(0, -1)}!`, mtime: BigInt(id)});
    if (what === 3) this.#remove(at);
    if ((what === 4 || what === 5) && free !== undefined && free !== at && !free.startsWith(`${at}/`)) this.#rename(at, free);
    // A copy with the same time, and a rename over another file.
    if (what === 6 && node.content !== undefined && free !== undefined) this.nodes.set(free, {...node, id});
  }

  #remove(at: string): void {
    for (const path of [...this.nodes.keys()]) if (path === at || path.startsWith(`${at}/`)) this.nodes.delete(path);
  }

  #rename(at: string, to: string): void {
    for (const [path, node] of [...this.nodes]) {
      if (path !== at && !path.startsWith(`${at}/`)) continue;
      this.nodes.delete(path);
      this.nodes.set(to + path.slice(at.length), node);
    }
  }
}

describe('law: moves', () => {
  const check = (isRemembered: boolean) =>
    fc.asyncProperty(changes, changes, fc.option(changes), async (before, after, drift) => {
      const tree = new Tree();
      for (const change of before) tree.change(change);
      const last = new Map(tree.nodes);
      // Somebody changes the target, too.
      const other = new Tree(tree.nodes, 100_000);
      for (const change of drift ?? []) other.change(change);
      for (const change of after) tree.change(change);
      const trees = {source: tree.nodes, target: other.nodes};
      const found = await planMoves({...trees, last: isRemembered ? last : undefined});
      expect(seen(applied(found, trees))).to.deep.equal(seen(tree.nodes));
    });
  it('a plan by what is remembered makes the target equal', () => fc.assert(check(true), {numRuns: 3000}));
  it('a plan by content makes the target equal', () => fc.assert(check(false), {numRuns: 3000}));
});
