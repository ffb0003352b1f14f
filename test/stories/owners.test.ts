import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {expect} from 'chai';
import {dirsync, pairIn} from '../support/cli.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';
import {file} from '../support/tree.js';

const PROGRAM = fileURLToPath(new URL('../../../bin/run.js', import.meta.url));

describe('story: owners by name', () => {
  const temp = tempDirs();

  before(function () {
    if (process.geteuid?.() !== 0) skip(this, 'only root may give files away');
    if (spawnSync('unshare', ['-m', 'true']).status !== 0) skip(this, 'no mount namespace can be made');
  });

  function saved(flags: readonly string[]) {
    const pair = pairIn(temp(), {a: file('x', {uid: 1, gid: 1}), b: file('x', {uid: 4_000_000, gid: 0})});
    const plan = path.join(pair.root, 'plan');
    expect(dirsync(['plan', pair.source, pair.target, '--out', plan, ...flags]).code).to.equal(0);
    return {...pair, plan};
  }

  /** Applies a plan where the user with number 1 has number 77. */
  function applyElsewhere({root, plan}: {root: string; plan: string}) {
    const passwd = path.join(root, 'passwd');
    fs.writeFileSync(passwd, fs.readFileSync('/etc/passwd', 'utf8').replace(/^([^:]+:[^:]*):1:/m, '$1:77:'));
    const script = 'mount --bind "$1" /etc/passwd && shift && exec "$@"';
    const command = [process.execPath, PROGRAM, 'apply', plan];
    return spawnSync('unshare', ['-m', 'sh', '-c', script, 'sh', passwd, ...command], {encoding: 'utf8'});
  }

  it('a plan by name is refused where a name has another number, and changes nothing', () => {
    const pair = saved(['--owner-by', 'name']);
    const {status, stderr} = applyElsewhere(pair);
    expect(stderr).to.match(
      /users or groups have different ids: the user \w+ had ID 1 where the plan was made, but has ID 77 here/,
    );
    expect(status).to.equal(4);
    expect(fs.existsSync(pair.target)).to.equal(false);
  });

  it('it is applied where they are the same; a number without a name stays a number', () => {
    const {plan, target} = saved(['--owner-by', 'name']);
    expect(dirsync(['apply', plan]).code).to.equal(0);
    expect(fs.statSync(path.join(target, 'a'))).to.include({uid: 1, gid: 1});
    expect(fs.statSync(path.join(target, 'b'))).to.include({uid: 4_000_000, gid: 0});
  });

  it('a plan by number is applied anywhere', () => {
    const pair = saved([]);
    expect(applyElsewhere(pair).status).to.equal(0);
    expect(fs.statSync(path.join(pair.target, 'a')).uid).to.equal(1);
  });
});
