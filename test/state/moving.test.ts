import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {toByteName} from '../../src/core/name.js';
import type {RelPath} from '../../src/core/path.js';
import {platform} from '../../src/platform/choose.js';
import type {Folder} from '../../src/platform/platform.js';
import {ParkingLot, parkedIn, restoreParked, sweepParked} from '../../src/state/moving.js';
import {tempDirs} from '../support/temp.js';
import {holdings, type Tree, writeTree} from '../support/tree.js';

const RUN = '20260101T000000000Z-000000';
const OTHER = '20260101T000000000Z-000001';

/** What killed runs have left. */
interface Left {
  readonly tree: Tree;
  /** What waits, by run and index, with its old and its new path. */
  readonly waiting?: Readonly<Record<string, readonly [content: Tree | string, from: string, path: string]>>;
  readonly moved?: readonly (readonly [from: string, path: string])[];
}

describe('state/moving', () => {
  const temp = tempDirs();
  const backend = platform();
  const open: Folder[] = [];
  afterEach(() => {
    for (const folder of open.splice(0)) backend.close(folder);
  });

  function given({tree, waiting = {}, moved = []}: Left) {
    const target = temp();
    writeTree(target, tree);
    const root = backend.openRoot(toByteName(target));
    open.push(root);
    for (const [worker, [spot, [content, from, to]]] of Object.entries(waiting).entries()) {
      const [runId = '', index = ''] = spot.split('/');
      const lot = new ParkingLot(backend, root, {runId, worker});
      lot.note(Number(index), {from: from as RelPath, path: to as RelPath, isFlushed: true});
      for (const [was, is] of moved) {
        const inode = String(fs.lstatSync(path.join(target, is)).ino);
        lot.noteMoved({from: was as RelPath, path: is as RelPath, inode});
      }
      lot.close();
      writeTree(path.join(target, '.dirsync/moving', runId), {[index]: content});
    }
    const left = () => (fs.existsSync(`${target}/.dirsync/moving`) ? [...parkedIn(backend, root).values()].sort() : 'nothing');
    const paths = () => Object.keys(holdings(target)).filter((at) => at !== '.');
    return {target, root, left, paths};
  }

  const cases: Record<string, Left & {readonly restored: readonly string[]; readonly left?: readonly string[]}> = {
    'what waits goes back to its old path': {
      tree: {d: {}},
      waiting: {[`${RUN}/3`]: ['x', 'd/a', 'b']},
      restored: ['d', 'd/a'],
    },
    'or to its new path, if the old one is taken': {
      tree: {a: 'other'},
      waiting: {[`${RUN}/3`]: [{in: 'x'}, 'a', 'b']},
      restored: ['a', 'b', 'b/in'],
    },
    'or to its new path, if the old folder is gone': {
      tree: {},
      waiting: {[`${RUN}/3`]: ['x', 'd/a', 'b']},
      restored: ['b'],
    },
    'it stays if both are taken, and nothing is known of what is there': {
      tree: {a: 'other', b: 'other'},
      waiting: {[`${RUN}/3`]: ['x', 'a', 'b']},
      restored: ['a', 'b'],
      left: [`.dirsync/moving/${RUN}/3`],
    },
    'it stays if its old path is taken, and the new folder is not there': {
      tree: {a: 'other'},
      waiting: {[`${RUN}/3`]: ['x', 'a', 'd/b']},
      restored: ['a'],
      left: [`.dirsync/moving/${RUN}/3`],
    },
    'the moves of a ring are undone, the last one first': {
      tree: {c: 'of b', b: 'of a', z: 'in the way'},
      waiting: {[`${RUN}/3`]: ['of c', 'c', 'z']},
      moved: [
        ['a', 'b'],
        ['b', 'c'],
      ],
      restored: ['a', 'b', 'c', 'z'],
    },
    'what waits in a folder that waits goes back after it': {
      tree: {},
      waiting: {[`${RUN}/1`]: ['x', 'd/a', 'new/b'], [`${RUN}/2`]: [{}, 'd', 'e']},
      restored: ['d', 'd/a'],
    },
  };
  for (const [title, {restored, left = [], ...each}] of Object.entries(cases)) {
    it(title, () => {
      const seen = given(each);
      restoreParked(backend, seen.root);
      expect(seen.paths()).to.deep.equal(restored);
      expect(seen.left()).to.deep.equal(left);
    });
  }

  it('moves are undone only for what killed runs left: this run knows of them as done', () => {
    const ring = given({tree: {c: 'of b', z: 'in the way'}, waiting: {[`${RUN}/3`]: ['of c', 'c', 'z']}, moved: [['b', 'c']]});
    restoreParked(backend, ring.root, RUN);
    expect(ring.paths()).to.deep.equal(['c', 'z']);
  });

  it('puts back only what one run has left, if asked', () => {
    const two = given({tree: {}, waiting: {[`${RUN}/3`]: ['x', 'a', 'b'], [`${OTHER}/3`]: ['y', 'c', 'd']}});
    restoreParked(backend, two.root, RUN);
    expect(two.paths()).to.deep.equal(['a']);
    expect(two.left()).to.deep.equal([`.dirsync/moving/${OTHER}/3`]);
  });

  it('an undone move must be of the entry that was moved', () => {
    const ring = given({tree: {c: 'of b', z: 'in the way'}, waiting: {[`${RUN}/3`]: ['of c', 'c', 'z']}, moved: [['b', 'c']]});
    fs.renameSync(`${ring.target}/c`, `${ring.target}/kept`);
    fs.writeFileSync(`${ring.target}/c`, 'of somebody else');
    restoreParked(backend, ring.root);
    expect(ring.paths()).to.deep.equal(['c', 'kept', 'z']);
    expect(ring.left()).to.deep.equal([`.dirsync/moving/${RUN}/3`]);
  });

  it('a note that leads out of the target, or into .dirsync, moves nothing', () => {
    const {root, target, left} = given({tree: {}, waiting: {[`${RUN}/3`]: ['x', 'a', 'b']}});
    const notes = [
      {from: '../a', path: '../b', spot: `${RUN}/3`},
      {from: '.dirsync/id.json', path: '.dirsync/lock', spot: `${RUN}/3`},
      {from: 'a', path: 'b', spot: '../tmp'},
    ];
    const lines = notes.map((parked) => `${JSON.stringify({parked})}\n`);
    fs.writeFileSync(path.join(target, '.dirsync/moving', RUN, 'traces-0'), lines.join(''));
    restoreParked(backend, root);
    expect(left()).to.deep.equal([`.dirsync/moving/${RUN}/3`]);
  });

  describe('at the end of a run', () => {
    const waiting = {
      [`${RUN}/1`]: ['x', 'a', 'b'],
      [`${OTHER}/1`]: ['y', 'c', 'd'],
      [`${OTHER}/2`]: [{in: 'z'}, 'e', 'f'],
    } as const satisfies Left['waiting'];

    it('nothing that waits is removed if the run was not whole', () => {
      const {root, left} = given({tree: {}, waiting});
      sweepParked(backend, root, 'empty');
      expect(left()).to.have.length(3);
    });

    it('files of its own plan are removed if it was whole', () => {
      const {root, left} = given({tree: {}, waiting});
      sweepParked(backend, root, {isOwn: (run) => run === RUN});
      expect(left()).to.deep.equal([`.dirsync/moving/${OTHER}/1`, `.dirsync/moving/${OTHER}/2`]);
    });

    it('all files are removed if it has seen everything, but no folder', () => {
      const {root, left} = given({tree: {}, waiting});
      sweepParked(backend, root, 'all');
      expect(left()).to.deep.equal([`.dirsync/moving/${OTHER}/2`]);
    });

    it('notes alone do not stay', () => {
      const {root, left, target} = given({tree: {}, waiting: {[`${RUN}/1`]: ['x', 'a', 'b']}});
      fs.rmSync(path.join(target, '.dirsync/moving', RUN, '1'));
      sweepParked(backend, root, 'empty');
      expect(left()).to.equal('nothing');
    });
  });
});
