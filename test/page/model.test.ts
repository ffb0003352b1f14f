import {expect} from 'chai';
import {ACTION_KINDS} from '../../src/core/action.js';
import {type Filter, TreeModel} from '../../src/page/model.js';
import type {PageData, PageMove, PageRow} from '../../src/report/html/page-data.js';

const CREATE = ACTION_KINDS.indexOf('create');
const MOVE = ACTION_KINDS.indexOf('move');
const DELETE = ACTION_KINDS.indexOf('delete');
const NOTHING_HIDDEN: Filter = {query: '', hiddenKinds: new Set(), hiddenNotes: new Set()};

function model(rows: readonly PageRow[], moves: readonly PageMove[] = []): TreeModel {
  const data: PageData = {
    noteLabel: '',
    filterByNote: false,
    rows,
    notes: ['new', 'gone'],
    attributes: [],
    rare: [],
    remarks: {},
    moves,
  };
  return new TreeModel(data);
}

const small = () =>
  model([
    [0, 'docs/'],
    [1, 'Guide/'],
    [2, 'one.md', CREATE, 10, 0],
    [2, 'two.md', DELETE, 5, 1],
    [1, 'index.md', CREATE, 1, 0],
    [0, 'x', CREATE, 3, 0],
  ]);

/** More changes than are all open at first. */
const large = () =>
  model(
    Array.from({length: 50}, (_, i): PageRow[] => [
      [0, `f${i}/`],
      ...(Array(10).fill([1, 'a', CREATE, 1, 0]) as PageRow[]),
    ]).flat(),
  );

function shown(tree: TreeModel): string[] {
  return tree.visible.map((row) => tree.path(row));
}

describe('page/model', () => {
  it('adds up what is below each folder', () => {
    const tree = small();
    expect([...tree.counts]).to.deep.equal([3, 2, 1, 1, 1, 1]);
    expect([...tree.bytes]).to.deep.equal([16, 15, 10, 5, 1, 3]);
    expect(tree.changes).to.equal(4);
  });

  it('shows all of a few changes at first, and the top of many', () => {
    expect(small().visible).to.have.length(6);
    expect(large().visible).to.have.length(50);
  });

  /** `old/a` moves to `new/a`, and `old/b` within its folder to `old/c`. */
  const moving = () =>
    model(
      [
        [0, 'new/'],
        [1, 'a/', MOVE, 0, 0],
        [0, 'old/'],
        [1, 'a/'],
        [1, 'b'],
        [1, 'c', MOVE, 0, 0],
        [0, 'x', CREATE, 3, 0],
      ],
      [
        [3, 1],
        [4, 5],
      ],
    );

  it('knows both ends of a move, and counts it in both folders', () => {
    const tree = moving();
    expect([tree.oldOf(1), tree.moveOf(3), tree.oldOf(3), tree.moveOf(1)]).to.deep.equal([3, 1, undefined, undefined]);
    expect(tree.changes).to.equal(3);
    expect([...tree.counts]).to.deep.equal([1, 1, 2, 1, 1, 1, 1]);
  });

  it('finds both ends of a move by either path', () => {
    const tree = moving();
    for (const query of ['new/', 'old/a']) {
      expect(tree.filter({...NOTHING_HIDDEN, query})).to.equal(1);
      expect(shown(tree)).to.deep.equal(['new/', 'new/a/', 'old/', 'old/a/']);
    }
    expect(tree.filter({...NOTHING_HIDDEN, hiddenKinds: new Set([CREATE])})).to.equal(2);
    expect(shown(tree)).to.have.length(6);
    expect(tree.filter({...NOTHING_HIDDEN, hiddenKinds: new Set([MOVE])})).to.equal(1);
    expect(shown(tree)).to.deep.equal(['x']);
  });

  it('opens and closes folders', () => {
    const tree = small();
    tree.setOpen(0, false);
    expect(shown(tree)).to.deep.equal(['docs/', 'x']);
    tree.setOpen(0, true);
    tree.setOpen(1, false);
    expect(shown(tree)).to.deep.equal(['docs/', 'docs/Guide/', 'docs/index.md', 'x']);
  });

  it('knows the place of a row among those that are shown', () => {
    const tree = small();
    expect(tree.place(5)).to.deep.equal({position: 2, siblings: 2});
    expect(tree.place(3)).to.deep.equal({position: 2, siblings: 2});
    tree.filter({...NOTHING_HIDDEN, hiddenKinds: new Set([CREATE])});
    expect(tree.place(3)).to.deep.equal({position: 1, siblings: 1});
  });

  it('finds text anywhere in a path, whatever its case, and opens what is above it', () => {
    const tree = small();
    tree.setAllOpen(false);
    expect(tree.filter({...NOTHING_HIDDEN, query: 'guide/T'})).to.equal(1);
    expect(shown(tree)).to.deep.equal(['docs/', 'docs/Guide/', 'docs/Guide/two.md']);
    expect(tree.filter(NOTHING_HIDDEN)).to.equal(4);
    expect(shown(tree)).to.deep.equal(['docs/', 'x']);
  });

  it('opens a folder that matches itself where something below it matches too', () => {
    const tree = model([
      [0, 'docs/', CREATE, 0, 0],
      [1, 'one.md', CREATE, 10, 0],
    ]);
    tree.setAllOpen(false);
    expect(tree.filter({...NOTHING_HIDDEN, query: 'docs'})).to.equal(2);
    expect(shown(tree)).to.deep.equal(['docs/', 'docs/one.md']);
  });

  it('counts none where nothing matches', () => {
    const tree = small();
    expect(tree.filter({...NOTHING_HIDDEN, query: 'nowhere'})).to.equal(0);
    expect(tree.visible).to.deep.equal([]);
  });

  it('leaves out kinds and notes', () => {
    const tree = small();
    expect(tree.filter({...NOTHING_HIDDEN, hiddenKinds: new Set([DELETE])})).to.equal(3);
    expect(shown(tree)).not.to.include('docs/Guide/two.md');
    expect(tree.filter({...NOTHING_HIDDEN, hiddenNotes: new Set([0])})).to.equal(1);
    expect(shown(tree)).to.deep.equal(['docs/', 'docs/Guide/', 'docs/Guide/two.md']);
  });

  it('finds the row of a path, and brings it to light', () => {
    const tree = small();
    tree.setAllOpen(false);
    expect(['docs', 'docs/Guide/', 'docs/Guide/two.md', 'x', 'y', 'docs/x', 'x/y'].map((path) => tree.find(path))).to.deep.equal([
      0,
      1,
      3,
      5,
      undefined,
      undefined,
      undefined,
    ]);
    expect(tree.reveal(3)).to.equal(true);
    expect(shown(tree)).to.include('docs/Guide/two.md');
  });

  it('keeps what a filter hides hidden', () => {
    const tree = small();
    tree.filter({...NOTHING_HIDDEN, hiddenKinds: new Set([DELETE])});
    expect(tree.reveal(3)).to.equal(false);
  });

  it('joins the path of what was in a folder that becomes a file', () => {
    const tree = model([
      [0, 'was', CREATE, 1, 0],
      [1, 'in', DELETE, 1, 1],
    ]);
    expect(tree.path(1)).to.equal('was/in');
    expect(tree.filter({...NOTHING_HIDDEN, query: 'was/in'})).to.equal(1);
  });
});
