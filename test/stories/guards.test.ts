import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {dirsync, pairIn, planDocument, withoutChange} from '../support/cli.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';
import {readTree, type Tree} from '../support/tree.js';

const many = (count: number): Tree => Object.fromEntries(Array.from({length: count}, (_, i) => [`f${i}`, 'x']));
const SAME = 'source and target are the same folder';

interface Case {
  readonly title: string;
  readonly guard: 'same-tree' | 'source-empty' | 'too-many-deletes';
  readonly says: string;
  readonly source: Tree;
  readonly target?: Tree;
  readonly flags?: readonly string[];
  /** Where the roots are, in the folder that holds `source` and `target`. */
  readonly roots?: readonly [string, string];
  readonly prepare?: (root: string) => void;
}

const CASES: readonly Case[] = [
  {title: 'an empty source', guard: 'source-empty', says: 'the source is empty', source: {}, target: {a: 'x', b: {}}},
  {title: 'more than half of 21 files', guard: 'too-many-deletes', says: '11 of 21 files', source: many(10), target: many(21)},
  {
    title: 'more than N',
    guard: 'too-many-deletes',
    says: '2 of 3 files',
    source: many(1),
    target: many(3),
    flags: ['--max-delete', '1'],
  },
  {
    title: 'any at all',
    guard: 'too-many-deletes',
    says: '1 of 3 files',
    source: many(2),
    target: many(3),
    flags: ['--max-delete', '0'],
  },
  {
    title: 'more than N %',
    guard: 'too-many-deletes',
    says: '3 of 30 files',
    source: many(27),
    target: many(30),
    flags: ['--max-delete', '9%'],
  },
  {title: 'one folder', guard: 'same-tree', says: SAME, source: {a: 'x'}, roots: ['source', 'source']},
  {
    title: 'one folder by a symlink',
    guard: 'same-tree',
    says: SAME,
    source: {a: 'x'},
    roots: ['source', 'link'],
    prepare: (root) => fs.symlinkSync('source', `${root}/link`),
  },
  {
    title: 'the target in the source',
    guard: 'same-tree',
    says: 'the target lies inside the source',
    source: {a: 'x', in: {}},
    roots: ['source', 'source/in'],
  },
  {
    title: 'an absent target in the source',
    guard: 'same-tree',
    says: 'the target lies inside the source',
    source: {a: 'x'},
    roots: ['source', 'source/new'],
  },
  {
    title: 'the target in the source by a symlink',
    guard: 'same-tree',
    says: 'the target lies inside the source',
    source: {a: 'x', in: {}},
    roots: ['source', 'link'],
    prepare: (root) => fs.symlinkSync('source/in', `${root}/link`),
  },
  {
    title: 'the source in the target',
    guard: 'same-tree',
    says: 'the source lies inside the target',
    source: {in: {a: 'x'}, b: 'x'},
    roots: ['source/in', 'source'],
  },
];

describe('story: guards', () => {
  const temp = tempDirs();

  function expectHalted(root: string, guard: string, says: string, roots: readonly string[], flags: readonly string[] = []) {
    const plan = withoutChange(root, () => dirsync(['plan', ...roots, ...flags], {cwd: root}));
    expect(plan).to.deep.include({code: 0, stderr: ''});
    expect(plan.stdout).to.include(`Would halt: ${guard} — `).and.include(says).and.include(`lift it with --allow ${guard}`);
    expect(withoutChange(root, () => dirsync(['plan', ...roots, ...flags, '--detailed-exitcode'], {cwd: root})).code).to.equal(5);
    for (const command of [['apply', '--yes'], ['apply'], ['run']]) {
      const {code, stderr} = withoutChange(root, () => dirsync([...command, ...roots, ...flags], {cwd: root}));
      expect(code).to.equal(5);
      expect(stderr).to.include(`A guard halted the run; nothing was changed: ${guard}: `).and.include(says);
      expect(stderr).to.include(`\n  if this is intended, add --allow ${guard}\n`);
    }
    const saved = path.join(temp(), 'plan');
    expect(dirsync(['plan', ...roots, ...flags, '--out', saved], {cwd: root}).code).to.equal(0);
    expect(withoutChange(root, () => dirsync(['apply', saved])).code, 'a saved plan').to.equal(5);
    return saved;
  }

  for (const {title, guard, says, source, target, flags = [], roots = ['source', 'target'], prepare} of CASES) {
    it(`${guard} halts ${title}, and is lifted by --allow`, () => {
      const {root} = pairIn(temp(), source, target);
      prepare?.(root);
      const saved = expectHalted(root, guard, says, roots, flags);
      const allow = ['--allow', guard];
      const {halts} = planDocument([...roots, ...flags, ...allow], {cwd: root});
      expect(halts.map(({allowed, ...halt}) => [halt.guard, allowed])).to.deep.equal([[guard, true]]);
      if (guard === 'same-tree') return;
      expect(dirsync(['apply', saved, ...allow]).code).to.equal(0);
      const {'.': is, ...found} = readTree(path.join(root, 'target'));
      const {'.': was, ...wanted} = readTree(path.join(root, 'source'));
      expect(found).to.deep.equal(wanted);
    });
  }

  for (const {title, source, target, flags} of [
    {title: 'half of 22 files', source: many(11), target: many(22), flags: []},
    {title: 'most of 20 files', source: many(1), target: many(20), flags: []},
    {title: 'as many as --max-delete says', source: many(1), target: many(3), flags: ['--max-delete', '2']},
    {title: 'as large a part as --max-delete says', source: many(27), target: many(30), flags: ['--max-delete', '10%']},
    {title: 'an empty source where the target is empty', source: {}, target: {}, flags: []},
    {title: 'an empty source with --no-delete', source: {}, target: many(30), flags: ['--no-delete']},
  ]) {
    it(`let ${title} pass`, () => {
      const roots = pairIn(temp(), source, target);
      expect(dirsync(['run', roots.source, roots.target, ...flags])).to.deep.include({code: 0, stderr: ''});
    });
  }

  it('source-missing halts apply and run, and is lifted by --allow: the target is emptied', () => {
    const {root, target} = pairIn(temp(), {}, {a: 'x'});
    const roots = ['missing', 'target'];
    for (const command of [['apply', '--yes'], ['run']]) {
      const {code, stderr} = withoutChange(root, () => dirsync([...command, ...roots], {cwd: root}));
      expect(code).to.equal(5);
      expect(stderr).to.include('The source does not exist: missing; halted by source-missing\n');
      expect(stderr).to.include('or add --allow source-missing --allow source-empty if this is intended\n');
    }
    const second = dirsync(['run', ...roots, '--allow', 'source-empty'], {cwd: root});
    expect(second.stderr).to.include('or add --allow source-missing if this is intended\n');
    const allow = ['--allow', 'source-missing', '--allow', 'source-empty'];
    expect(withoutChange(root, () => dirsync(['plan', ...roots, ...allow], {cwd: root})).stdout).to.include(
      'Allowed: source-missing — the source does not exist',
    );
    expect(dirsync(['run', ...roots, '--allow', 'source-missing'], {cwd: root}).code, 'source-empty is another').to.equal(5);
    expect(dirsync(['apply', '--yes', ...roots, ...allow], {cwd: root})).to.deep.include({code: 0, stderr: ''});
    expect(Object.keys(readTree(target))).to.deep.equal(['.']);
  });

  it('tells of all guards that halt, and each has to be lifted', () => {
    const {source, target} = pairIn(temp(), {}, many(30));
    const args = ['run', source, target];
    const {stderr} = dirsync(args);
    expect(stderr).to.include('source-empty: ').and.include(', and too-many-deletes\n');
    expect(stderr).to.include('if this is intended, add --allow source-empty --allow too-many-deletes\n');
    expect(dirsync([...args, '--allow', 'source-empty']).stderr).to.include('too-many-deletes: ');
    expect(dirsync([...args, '--allow', 'source-empty', '--allow', 'too-many-deletes']).code).to.equal(0);
  });

  describe('same-tree through a bind mount', () => {
    const mounts: string[] = [];

    before(function () {
      if (process.geteuid?.() !== 0) skip(this, 'only root may mount');
      const folder = fs.mkdtempSync('/tmp/dirsync-mount-');
      const {status} = spawnSync('mount', ['--bind', folder, folder]);
      if (status === 0) spawnSync('umount', [folder]);
      fs.rmdirSync(folder);
      if (status !== 0) skip(this, 'mounting is not permitted here');
    });

    afterEach(() => {
      for (const at of mounts.splice(0)) expect(spawnSync('umount', [at]).status, `umount ${at}`).to.equal(0);
    });

    function bind(from: string, to: string) {
      fs.mkdirSync(to, {recursive: true});
      expect(spawnSync('mount', ['--bind', from, to]).status).to.equal(0);
      mounts.push(to);
    }

    it('halts one folder under two names', () => {
      const {root, source, target} = pairIn(temp(), {a: 'x'}, {});
      bind(source, target);
      expectHalted(root, 'same-tree', SAME, [source, target]);
    });

    it('halts a target that is mounted in the source', () => {
      const {root, source, target} = pairIn(temp(), {a: 'x'}, {b: 'x'});
      bind(target, path.join(source, 'folder/mounted'));
      expectHalted(root, 'same-tree', 'the target lies inside the source', [source, target]);
    });

    it('halts a source that is mounted in the target', () => {
      const {root, source, target} = pairIn(temp(), {a: 'x'}, {b: 'x'});
      bind(source, path.join(target, 'folder/mounted'));
      expectHalted(root, 'same-tree', 'the source lies inside the target', [source, target]);
    });

    it('halts a target that is a folder of the source, mounted elsewhere', () => {
      const {root, source, target} = pairIn(temp(), {a: 'x', folder: {deep: {b: 'x'}}}, {});
      bind(path.join(source, 'folder'), target);
      expectHalted(root, 'same-tree', 'the target lies inside the source', [source, target]);
    });
  });
});
