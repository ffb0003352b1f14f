import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {dirsync, handOver, NOBODY, pairIn, withoutChange} from '../support/cli.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';
import {readTree, type Tree} from '../support/tree.js';

describe('story: root and another user at one target', () => {
  const temp = tempDirs();

  before(function () {
    if (NOBODY === undefined) skip(this, 'only root can be two users');
  });

  /** All belongs to the user. */
  function pairOfUser(source: Tree, target?: Tree) {
    const pair = pairIn(temp(), source, target);
    handOver(pair.root);
    fs.chmodSync(pair.root, 0o755);
    const user = {uid: NOBODY, cwd: pair.root};
    return {...pair, args: [pair.source, pair.target], plan: path.join(pair.root, 'plan'), user};
  }

  it('a plan of the user is refused to root where it makes a file, and what it deletes root may delete', () => {
    const {root, source, target, args, plan, user} = pairOfUser({a: 'new'}, {gone: 'x'});
    expect(dirsync(['plan', ...args, '--out', plan], user).code).to.equal(0);
    const refused = withoutChange(root, () => dirsync(['apply', plan, '--allow', 'too-many-deletes']));
    expect(refused.code).to.equal(4);
    expect(refused.stderr)
      .to.include('uid 65534 made the plan, which sets no owners, so a would belong to uid 0')
      .and.include('apply it as that user, or plan again as this user');

    fs.rmSync(plan);
    expect(dirsync(['plan', ...args, '--only', 'gone', '--out', plan], user).code).to.equal(0);
    expect(dirsync(['apply', plan])).to.deep.include({code: 0, stderr: ''});
    expect(fs.readdirSync(target)).to.deep.equal(['.dirsync']);
    expect(fs.statSync(path.join(target, '.dirsync')).uid).to.equal(NOBODY);
    expect(dirsync(['run', ...args], user)).to.deep.include({code: 0, stderr: ''});
    expect(readTree(target).a).to.equal(readTree(source).a);
  });

  it('a plan of root is refused to the user before a byte is copied', () => {
    const {root, target, args, plan, user} = pairOfUser({a: 'new'}, {});
    fs.chownSync(path.join(root, 'source/a'), 0, 0);
    expect(dirsync(['plan', ...args, '--out', plan]).code).to.equal(0);
    fs.chmodSync(plan, 0o644);
    const {code, stderr} = withoutChange(root, () => dirsync(['apply', plan], user));
    expect(code).to.equal(4);
    expect(stderr).to.include('a must belong to 0:0, which uid 65534 cannot set').and.include('apply it as root');
    expect(fs.readdirSync(target)).to.deep.equal([]);
  });

  for (const {title, old} of [
    {title: 'a target that is there', old: {gone: 'x'}},
    {title: 'a target that it makes', old: undefined},
  ]) {
    it(`a run of root in ${title} leaves it to the user, who goes on`, () => {
      const {source, target, args, user} = pairOfUser({a: 'old'}, old);
      expect(dirsync(['run', ...args]).code).to.equal(0);
      fs.writeFileSync(path.join(source, 'a'), 'newer');
      fs.chownSync(path.join(source, 'a'), NOBODY as number, NOBODY as number);
      expect(dirsync(['run', ...args], user)).to.deep.include({code: 0, stderr: ''});
      expect(fs.readFileSync(path.join(target, 'a'), 'utf8')).to.equal('newer');
      const {code, stdout} = dirsync(['history', target], user);
      expect(code).to.equal(0);
      expect(new Set(stdout.match(/\d{8}T\d{9}Z-/g))).to.have.property('size', 2);
      expect(dirsync(['run', ...args]), 'root again').to.deep.include({code: 0, stderr: ''});
    });
  }

  it('a .dirsync that root has left is named by a guard, and by the error where that is lifted', () => {
    const {target, args, user} = pairOfUser({a: 'old'}, {});
    expect(dirsync(['run', ...args], user).code).to.equal(0);
    expect(spawnSync('chown', ['-R', '0:0', path.join(target, '.dirsync')]).status).to.equal(0);
    expect(dirsync(['plan', ...args], user).stdout, 'nothing to do').to.not.include('Would halt');
    fs.writeFileSync(path.join(args[0] as string, 'b'), 'new');
    const said = '.dirsync in the target belongs to uid 0';
    expect(dirsync(['plan', ...args], user).stdout).to.include(`Would halt: not-writable — ${said}`);
    const halted = withoutChange(target, () => dirsync(['run', ...args], user));
    expect(halted.code).to.equal(5);
    expect(halted.stderr).to.include(`not-writable: ${said}`);
    const {code, stderr} = withoutChange(target, () => dirsync(['run', ...args, '--allow', 'not-writable'], user));
    expect(code).to.equal(1);
    expect(stderr)
      .to.include(`The target cannot be written: ${target}/.dirsync (EACCES)`)
      .and.include(`chown -R ${NOBODY} ${target}/.dirsync`);
    expect(spawnSync('chown', ['-R', String(NOBODY), path.join(target, '.dirsync')]).status).to.equal(0);
    expect(dirsync(['run', ...args], user).code).to.equal(0);
  });

  it('what a run of root with the HOME of the user has left there is no missing disk', () => {
    const {root, source, args, user} = pairOfUser({a: 'old'}, {});
    const home = path.join(root, 'home');
    fs.mkdirSync(home);
    fs.chownSync(home, NOBODY as number, NOBODY as number);
    const env = {HOME: home, XDG_STATE_HOME: '', XDG_DATA_HOME: ''};
    const asUser = {...user, env};
    const said = 'this user cannot read the record that identifies the target of earlier runs';
    expect(dirsync(['run', ...args], {env}).code).to.equal(0);
    expect(spawnSync('chown', [String(NOBODY), path.join(home, '.local'), path.join(home, '.local/state')]).status).to.equal(0);
    fs.chmodSync(path.join(home, '.local/state/dirsync'), 0o755);
    fs.writeFileSync(path.join(source, 'b'), 'new');
    const {stdout, stderr} = dirsync(['plan', ...args], asUser);
    expect(stdout).to.include(said).and.not.include('is the right disk mounted');
    expect(stderr).to.equal('');
  });

  it('says nothing of a folder for plug-ins that is closed', () => {
    const {root, args, user} = pairOfUser({a: 'old'}, {});
    const data = path.join(root, 'data');
    fs.mkdirSync(path.join(data, 'dirsync'), {recursive: true, mode: 0o700});
    expect(dirsync(['plan', ...args], {...user, env: {XDG_DATA_HOME: data}})).to.deep.include({code: 0, stderr: ''});
  });
});
