import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {applyFresh} from '../../src/app/sync/apply.js';
import type {Settings} from '../../src/config/settings.js';
import {pairIn} from '../support/cli.js';
import {context, planTrees, settings, syncTrees} from '../support/sync.js';
import {tempDirs} from '../support/temp.js';
import {dir, file, hardlink, holdings, readTree, symlink, type Tree} from '../support/tree.js';

const photo = (number: number) => file(`photo ${number}`, {mtime: BigInt(number) * 1_000_000_000n});

interface Case {
  readonly source: Tree;
  readonly target: Tree;
  /** What is gone from the source when it is to be copied. */
  readonly vanish: readonly string[];
  readonly overrides?: Partial<Settings>;
  /** What of the target is still there. */
  readonly kept: readonly string[];
  readonly gone?: readonly string[];
}

const cases: Record<string, Case> = {
  'files of a renamed folder, which stays as well': {
    source: {renamed: {a: photo(1), b: photo(2)}},
    target: {old: {a: photo(1), b: photo(2)}},
    vanish: ['renamed/a', 'renamed/b'],
    kept: ['old/a', 'old/b'],
  },
  'no more than what did not arrive': {
    source: {renamed: {a: photo(1), b: photo(2)}, 'renamed.txt': photo(3)},
    target: {old: {a: photo(1), b: photo(2)}, 'old.txt': photo(3), other: photo(4)},
    vanish: ['renamed/a'],
    kept: ['old/a'],
    gone: ['old/b', 'old.txt', 'other'],
  },
  'a file that was renamed over another': {
    source: {b: photo(1)},
    target: {a: photo(1), b: photo(2)},
    vanish: ['b'],
    kept: ['a', 'b'],
  },
  'a file that was renamed over a symlink': {
    source: {b: photo(1)},
    target: {a: photo(1), b: symlink('x')},
    vanish: ['b'],
    kept: ['a'],
  },
  'a file that was renamed over a folder': {
    source: {b: photo(1)},
    target: {a: photo(1), b: {c: photo(2)}},
    vanish: ['b'],
    kept: ['a', 'b/c'],
  },
  'a renamed symlink': {
    source: {b: symlink('x', {mtime: 1n})},
    target: {a: symlink('x', {mtime: 1n})},
    vanish: ['b'],
    kept: ['a'],
  },
  'a file of the same size and another time is another file': {
    source: {b: photo(1)},
    target: {a: photo(2)},
    vanish: ['b'],
    kept: [],
    gone: ['a'],
  },
  'by size alone where times are not kept': {
    source: {b: photo(1)},
    target: {a: photo(2)},
    vanish: ['b'],
    overrides: {preserve: ['mode']},
    kept: ['a'],
  },
  'nothing with --delete-anyway': {
    source: {b: photo(1)},
    target: {a: photo(1)},
    vanish: ['b'],
    overrides: {deleteAnyway: true},
    kept: [],
    gone: ['a'],
  },
};

/** Files that are written over, of which the old content did not arrive at its new name. */
const over: Record<string, Required<Omit<Case, 'overrides'>>> = {
  'a file with a new one at its old name': {
    source: {a: photo(2), b: photo(1), c: photo(3)},
    target: {a: photo(1), c: photo(4)},
    vanish: ['b'],
    kept: ['a'],
    gone: ['c'],
  },
  'rotated logs': {
    source: {log: photo(0), 'log.1': photo(1), 'log.2': photo(2), 'log.3': photo(3)},
    target: {log: photo(1), 'log.1': photo(2), 'log.2': photo(3)},
    vanish: ['log.3'],
    kept: ['log', 'log.1', 'log.2'],
    gone: [],
  },
  'a file with a symlink at its old name': {
    source: {a: symlink('x'), b: photo(1)},
    target: {a: photo(1)},
    vanish: ['b'],
    kept: ['a'],
    gone: [],
  },
  'a file with a hard link at its old name': {
    source: {a: photo(2), b: photo(1), z: hardlink('a')},
    target: {a: photo(2), z: photo(1)},
    vanish: ['b'],
    kept: ['z'],
    gone: [],
  },
};

describe('apply, deletes that are held back since something was not copied', () => {
  const temp = tempDirs();

  for (const [title, {source: tree, target: old, vanish, overrides, kept, gone = []}] of Object.entries(cases)) {
    it(title, async () => {
      const {source, target} = pairIn(temp(), tree, old);
      const before = readTree(target);
      const onEvent = ({type}: {type: string}) => {
        if (type === 'plan-ready') for (const at of vanish) fs.rmSync(path.join(source, at));
      };
      const report = await applyFresh(settings(source, target, {moves: false, ...overrides}), {...context(), onEvent});
      const after = readTree(target);
      for (const at of kept) expect(after[at], at).to.equal(before[at]);
      for (const at of gone) expect(after[at], at).to.equal(undefined);
      const held = report.problems.filter(({code}) => code === 'HELD_BACK').map((problem) => problem.path);
      expect(held).to.deep.equal(kept.filter((at) => !at.startsWith('b')));
      if (held.length > 0) expect(report.counts.blocked).to.be.at.least(held.length);

      // What is not in the source any more is let go by the next run, which sees all of it.
      expect((await syncTrees(settings(source, target, overrides))).problems).to.deep.equal([]);
      if (overrides?.preserve === undefined) expect(holdings(target)).to.deep.equal(holdings(source));
    });
  }

  for (const [title, {source: tree, target: old, vanish, kept, gone}] of Object.entries(over)) {
    it(title, async () => {
      const {source, target} = pairIn(temp(), tree, old);
      const before = readTree(target);
      const onEvent = ({type}: {type: string}) => {
        if (type === 'plan-ready') for (const at of vanish) fs.rmSync(path.join(source, at));
      };
      const report = await applyFresh(settings(source, target, {moves: false}), {...context(), onEvent});
      const after = readTree(target);
      for (const at of kept) expect(after[at], at).to.equal(before[at]);
      for (const at of gone) expect(after[at], at).to.not.equal(before[at]);
      const held = report.problems.filter(({code}) => code === 'HELD_BACK').map((problem) => problem.path);
      expect(held).to.have.members(kept);
      expect(report.counts.blocked).to.equal(kept.length);
      expect((await syncTrees(settings(source, target))).problems).to.deep.equal([]);
      expect(holdings(target)).to.deep.equal(holdings(source));
    });
  }

  it('a renamed file that was renamed again, when a different one has its name', async () => {
    const {source, target} = pairIn(temp(), {b: photo(1), d: photo(3)}, {a: photo(1), c: photo(3)});
    const onEvent = ({type}: {type: string}) => {
      if (type !== 'plan-ready') return;
      fs.renameSync(path.join(source, 'b'), path.join(source, 'moved'));
      fs.writeFileSync(path.join(source, 'b'), 'another');
      // Its change time alone is another then.
      fs.chmodSync(path.join(source, 'd'), 0o600);
    };
    const report = await applyFresh(settings(source, target, {moves: false}), {...context(), onEvent});
    expect(report.problems.map((found) => `${found.path} ${found.code}`)).to.deep.equal(['a HELD_BACK']);
    expect(fs.readFileSync(path.join(target, 'a'), 'utf8')).to.equal('photo 1');
    expect(fs.existsSync(path.join(target, 'c'))).to.equal(false);
    expect((await syncTrees(settings(source, target))).problems).to.deep.equal([]);
    expect(holdings(target)).to.deep.equal(holdings(source));
  });

  it('a replaced folder, when its content was renamed and not copied', async () => {
    const {source, target} = pairIn(temp(), {renamed: photo(1), way: 'x'}, {way: dir({a: photo(1)})});
    const onEvent = ({type}: {type: string}) => {
      if (type === 'plan-ready') fs.rmSync(path.join(source, 'renamed'));
    };
    const report = await applyFresh(settings(source, target, {moves: false}), {...context(), onEvent});
    expect(fs.readFileSync(path.join(target, 'way/a'), 'utf8')).to.equal('photo 1');
    expect(report.counts).to.include({blocked: 2, failed: 1});
  });

  it('a folder with its content, if the target cannot hold the symlink that should replace it', async () => {
    const {source, target} = pairIn(temp(), {way: {a: photo(1), below: {b: photo(2)}}}, {});
    await syncTrees(settings(source, target));
    fs.rmSync(path.join(source, 'way'), {recursive: true});
    fs.symlinkSync('x', path.join(source, 'way'));
    const onEvent = ({type}: {type: string}) => {
      if (type !== 'plan-ready') return;
      const note = path.join(target, '.dirsync/abilities.json');
      fs.writeFileSync(note, JSON.stringify({...JSON.parse(fs.readFileSync(note, 'utf8')), symlinks: 'none'}));
    };
    const report = await applyFresh(settings(source, target, {moves: false}), {...context(), onEvent});
    expect(report.counts).to.include({'not-kept': 4});
    expect(report.problems).to.deep.equal([]);
    expect(fs.readFileSync(path.join(target, 'way/a'), 'utf8')).to.equal('photo 1');
    expect(fs.readFileSync(path.join(target, 'way/below/b'), 'utf8')).to.equal('photo 2');
    expect((await planTrees(settings(source, target))).plan.actions).to.deep.equal([]);
  });
});
