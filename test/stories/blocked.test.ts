import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {dirsync, handOver, NOBODY, pairIn, planDocument} from '../support/cli.js';
import {tempDirs} from '../support/temp.js';
import {dir} from '../support/tree.js';

describe('story: what cannot be read is kept', () => {
  const temp = tempDirs();

  it('shows what stays and why, deletes the rest, and ends with 3', () => {
    const root = temp();
    const {source, target} = pairIn(
      root,
      {closed: dir({}, {mode: 0o300}), kept: 'kept'},
      {closed: {a: {b: 'old', c: 'older'}, d: 'd'}, gone: {e: 'e'}, kept: 'old'},
    );
    fs.chmodSync(root, 0o755);
    handOver(source, target);
    const options = {uid: NOBODY};
    const document = planDocument([source, target], options) as ReturnType<typeof planDocument> & {
      readonly summary: {readonly changes: number; readonly kinds: {readonly blocked: unknown}};
    };
    expect(document.actions.filter(({kind}) => kind !== 'attrs').map(({kind, path: at}) => `${kind} ${at}`)).to.deep.equal([
      'blocked closed/a',
      'blocked closed/d',
      'rmdir gone',
      'delete gone/e',
      'update kept',
    ]);
    expect(document.summary.kinds.blocked).to.deep.equal({count: 2, bytes: 9});
    const plan = dirsync(['plan', source, target], options);
    expect(plan.stdout).to.match(/! blocked +closed\/a\/ +8 B +kept because the source could not be read here/);
    expect(plan.stdout).to.include('2 paths are blocked and kept. 1 problem.');
    expect(dirsync(['plan', source, target, '--detailed-exitcode'], options).code).to.equal(3);

    const applied = dirsync(['apply', source, target, '--yes', '--json'], options);
    expect(applied.code).to.equal(3);
    const {report} = JSON.parse(applied.stdout);
    expect(report.counts).to.include({blocked: 2, failed: 0, stopped: 0});
    expect(fs.readFileSync(path.join(target, 'closed/a/b'), 'utf8')).to.equal('old');
    expect(fs.readdirSync(target)).to.have.members(['.dirsync', 'closed', 'kept']);

    // Where nothing but that is left, it is still said.
    expect(dirsync(['apply', source, target, '--yes'], options).code).to.equal(3);
    for (const side of [source, target]) fs.chmodSync(path.join(side, 'closed'), 0o755);
    expect(dirsync(['apply', source, target, '--yes', '--allow', 'too-many-deletes'], options).code).to.equal(0);
    expect(fs.readdirSync(path.join(target, 'closed'))).to.deep.equal([]);
  });
});
