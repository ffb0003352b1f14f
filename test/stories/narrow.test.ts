import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {dirsync, pairIn, planned, withoutChange} from '../support/cli.js';
import {tempDirs} from '../support/temp.js';
import {readTree} from '../support/tree.js';

describe('story: a part of a plan', () => {
  const temp = tempDirs();

  const start = () =>
    pairIn(
      temp(),
      {docs: {'a.md': 'new a', 'b.txt': 'b'}, src: {'main.c': 'main'}},
      {docs: {'a.md': 'a'}, old: {'x.c': 'is gone'}},
    );

  const cases = [
    {flags: ['--only', 'docs/'], plan: ['update docs/a.md', 'create docs/b.txt']},
    {flags: ['--only', '*.c'], plan: ['delete old/x.c', 'mkdir src', 'create src/main.c']},
    {flags: ['--only', 'docs/', '--except', '*.md'], plan: ['create docs/b.txt']},
    {flags: ['--except', 'docs/', '--except', 'old/'], plan: ['mkdir src', 'create src/main.c']},
    {flags: ['--kinds', 'create,update'], plan: ['update docs/a.md', 'create docs/b.txt', 'mkdir src', 'create src/main.c']},
    {flags: ['--kinds', 'delete'], plan: ['delete old/x.c']},
    {flags: ['--only', 'no such'], plan: []},
  ];
  for (const {flags, plan} of cases) {
    it(`${flags.join(' ')}: the plan holds nothing else, and apply does nothing else`, () => {
      const {root, source, target} = start();
      expect(withoutChange(root, () => planned([source, target, ...flags]))).to.deep.equal(plan);
      const whole = planned([source, target]);
      expect(dirsync(['apply', source, target, '--yes', ...flags]).code).to.equal(0);
      const left = planned([source, target]);
      expect(left).to.deep.equal(whole.filter((line) => !plan.includes(line)));
    });
  }

  it('a saved plan holds the part; the whole plan can be narrowed when it is shown or applied', () => {
    const {root, source, target} = start();
    const [whole, part] = [path.join(root, 'whole.plan'), path.join(root, 'part.plan')];
    expect(dirsync(['plan', source, target, '--out', whole]).code).to.equal(0);
    const shown = dirsync(['show', whole, '--only', 'docs/', '--out', part]);
    expect(shown.stdout).to.contain('2 changes: 1 to create, 1 to update').and.to.contain('4 left out');
    expect(dirsync(['apply', part]).stdout).to.contain('Done: 2 changes.');
    expect(dirsync(['apply', whole, '--kinds', 'delete']).stdout).to.contain('Done: 1 change.');
    expect(Object.keys(readTree(target))).to.deep.equal(['.', 'docs', 'docs/a.md', 'docs/b.txt', 'old']);
    expect(dirsync(['apply', whole]).code).to.equal(0);
    expect(readTree(target)).to.deep.equal(readTree(source));
  });

  it('a folder that keeps its own mode is compared with that, not with the mode that the source has', () => {
    const {root, source, target} = pairIn(temp(), {a: 'new', b: 'new'}, {});
    fs.chmodSync(source, 0o755);
    fs.chmodSync(target, 0o700);
    const part = path.join(root, 'part.plan');
    expect(dirsync(['plan', source, target, '--only', 'a', '--out', part]).code).to.equal(0);
    fs.utimesSync(target, 1, 1);
    expect(dirsync(['apply', part])).to.deep.include({code: 0, stderr: ''});
    expect(Object.keys(readTree(target))).to.deep.equal(['.', 'a']);
    expect(fs.statSync(target).mode & 0o777).to.equal(0o700);
  });

  it('nothing left is said as that, not as "equal"', () => {
    const {source, target} = start();
    const {stdout} = dirsync(['plan', source, target, '--only', 'none']);
    expect(stdout).to.contain('Nothing to do: 6 changes are left out.').and.not.to.contain('equals');
  });

  it('what was wanted, but needs what is left out, is counted', () => {
    const {source, target} = pairIn(temp(), {a: {x: 'x'}}, {a: 'a file'});
    const {stdout} = dirsync(['plan', source, target, '--kinds', 'create']);
    expect(stdout).to.contain('1 change is also left out, because they need changes that are left out');
  });

  it('--plan-sha256 applies the plan that was approved, and no other', () => {
    const {root, source, target} = start();
    const file = path.join(root, 'plan');
    const {stdout} = dirsync(['plan', source, target, '--out', file]);
    const [, sha256 = ''] = /^SHA-256 ([0-9a-f]{64})$/m.exec(stdout) ?? [];
    const {file: told} = JSON.parse(dirsync(['show', file, '--json']).stdout);
    expect(told).to.deep.equal({path: file, sha256});
    const refused = withoutChange(root, () => dirsync(['apply', file, '--plan-sha256', sha256.replace(/./g, '0')]));
    expect(refused.code).to.equal(4);
    expect(refused.stderr).to.contain('is not the one that was approved').and.to.contain(sha256);
    expect(dirsync(['apply', file, '--plan-sha256', 'abc']).stderr).to.contain('takes 64 hexadecimal digits');
    expect(dirsync(['apply', source, target, '--yes', '--plan-sha256', sha256]).code).to.equal(1);
    expect(dirsync(['apply', file, '--plan-sha256', sha256.toUpperCase()]).code).to.equal(0);
    expect(readTree(target)).to.deep.equal(readTree(source));
  });
});
