import {expect} from 'chai';
import fc from 'fast-check';
import {ACTION_KINDS, type ActionKind} from '../../../src/core/action.js';
import type {RelPath} from '../../../src/core/path.js';
import type {Change} from '../../../src/report/html/change.js';
import {HUES, type Tile, treemapTiles} from '../../../src/report/html/treemap.js';

const WIDTH = 1000;
const HEIGHT = 400;

function change(path: string, bytes = 0, kind: ActionKind = 'create'): Change {
  return {path: path as RelPath, kind, bytes};
}

function tilesOf(changes: readonly Change[]): Tile[] {
  return treemapTiles({changes, width: WIDTH, height: HEIGHT});
}

function inner(changes: readonly Change[]): Tile[] {
  return tilesOf(changes).filter(({frame}) => !frame);
}

/** A folder's own change is in its frame. */
const LEAF_KINDS = ACTION_KINDS.filter((kind) => kind !== 'mkdir' && kind !== 'rmdir');

const changes = fc.uniqueArray(
  fc
    .record({
      path: fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e.txt'), {minLength: 1, maxLength: 4}),
      kind: fc.constantFrom(...LEAF_KINDS),
      bytes: fc.constantFrom(0, 1, 100, 5000, 1_000_000),
    })
    .map(({path, kind, bytes}) => change(path.join('/'), bytes, kind)),
  {selector: ({path}) => path, minLength: 1, maxLength: 120},
);

describe('report/html/treemap', () => {
  it('gives a tile twice the bytes of another twice its area', () => {
    const [large, small] = inner([change('a', 200_000), change('b', 100_000)]);
    expect([large?.path, small?.path]).to.deep.equal(['a', 'b']);
    const area = ({width, height}: Tile) => width * height;
    // Each change weighs a little of its own.
    expect(area(large as Tile) / area(small as Tile)).to.be.within(1.7, 2);
  });

  it('shows a change without bytes beside a large one', () => {
    const tile = inner([change('large', 1e12), change('gone', 0, 'delete')]).find(({path}) => path === 'gone');
    expect((tile?.width ?? 0) * (tile?.height ?? 0)).to.be.greaterThan((WIDTH * HEIGHT) / 20);
  });

  it('names a chain of folders that hold nothing else as one', () => {
    const tiles = tilesOf([change('x', 10), change('usr/share/doc/a', 10), change('usr/share/doc/b', 10)]);
    expect(tiles.filter(({frame}) => frame).map(({name}) => name)).to.deep.equal(['usr/share/doc']);
  });

  it('tells the kinds apart in what it does not open', () => {
    const many = Array.from({length: 3000}, (_, i) => change(`d/${i}`, 10, (['create', 'update', 'delete'] as const)[i % 3]));
    const tiles = inner(many);
    expect(new Set(tiles.map(({kind}) => kind))).to.deep.equal(new Set(['create', 'update', 'delete']));
  });

  it('draws no more tiles than can be told apart', () => {
    const many = Array.from({length: 20_000}, (_, i) => change(`${i % 70}/${i % 900}/${i}`, i, ACTION_KINDS[i % 8]));
    expect(inner(many).length).to.be.within(100, 300);
  });

  it('holds every change and every byte in one tile, inside the picture', () => {
    fc.assert(
      fc.property(changes, (all) => {
        const tiles = inner(all);
        const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
        // What is too thin for a pixel is not drawn, and of a few changes none is.
        const drawn = sum(tiles.map((tile) => tile.changes));
        expect(drawn).to.be.at.most(all.length);
        if (all.length < 40) {
          expect(drawn).to.equal(all.length);
          expect(sum(tiles.map(({bytes}) => bytes))).to.equal(sum(all.map(({bytes}) => bytes)));
        }
        for (const {x, y, width, height} of tiles) {
          expect([x >= 0, y >= 0, x + width <= WIDTH, y + height <= HEIGHT]).not.to.include(false);
        }
        for (const {kind, counts} of tiles)
          expect(Object.keys(counts).map((each) => HUES[each as ActionKind])).to.include(HUES[kind]);
      }),
    );
  });
});
