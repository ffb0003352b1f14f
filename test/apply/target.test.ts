import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {Target} from '../../src/apply/target.js';
import {toByteName} from '../../src/core/name.js';
import type {PlanHeader} from '../../src/core/plan.js';
import type {Problem} from '../../src/core/problem.js';
import {platform} from '../../src/platform/choose.js';
import {rootIdentity} from '../../src/platform/roots.js';
import {TargetLock} from '../../src/state/lock.js';
import {RUN_ID} from '../support/apply-context.js';
import {act, planOf} from '../support/plan.js';
import {refusal, refusalCode} from '../support/refusal.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';
import {holdings, readTree} from '../support/tree.js';
import {asNobody} from '../support/user.js';

describe('apply/target', () => {
  const temp = tempDirs();
  const left: Target[] = [];
  afterEach(() => {
    for (const target of left.splice(0)) target.leave();
  });

  function identityOf(at: string) {
    const root = platform().openRoot(toByteName(at));
    try {
      return rootIdentity(root);
    } finally {
      platform().close(root);
    }
  }

  /** By default of a plan that has seen the folder as it is now. */
  function targetAt(at: string, fields: Partial<PlanHeader> & {problems?: readonly Problem[]} = {}, id = RUN_ID) {
    const identity = fields.target === undefined && fs.existsSync(at) ? identityOf(at) : undefined;
    const plan = planOf([act.create('a')], {target: {path: at, ...(identity && {identity})}, ...fields});
    const problems: Problem[] = [];
    const lock = new TargetLock({
      platform: platform(),
      path: toByteName(at),
      id,
      command: 'test',
      now: () => new Date(),
      timeout: 0,
      onWait: () => {},
      onLost: () => {},
    });
    const target = new Target({
      platform: platform(),
      plan,
      runId: id,
      isOld: false,
      lock,
      approach: 'saved',
      probe: false,
      onProblem: (found) => problems.push(found),
    });
    left.push(target);
    return {target, problems};
  }
  const prepared = (at: string, fields: Parameters<typeof targetAt>[1] = {}) => {
    const made = targetAt(at, fields);
    made.target.enter();
    made.target.prepare();
    return made;
  };

  describe('is entered', () => {
    it('without a change, and locked against other runs', async () => {
      const at = temp();
      const before = readTree(at);
      const {target} = targetAt(at);
      target.enter();
      expect(target.mark?.path).to.equal(at);
      expect(readTree(at)).to.deep.equal(before);
      expect(fs.readdirSync(at)).to.deep.equal([]);
      expect(await refusalCode(() => targetAt(at, {}, '20260102T000000000Z-000000').target.enter())).to.equal('TARGET_LOCKED');
      target.leave();
      left.splice(left.indexOf(target), 1);
      targetAt(at).target.enter();
    });

    it('if it still does not exist, as in the plan', () => {
      const {target} = targetAt(path.join(temp(), 'none'));
      target.enter();
      expect([target.root, target.mark, target.abilities, target.foldsNames]).to.deep.equal([
        undefined,
        undefined,
        undefined,
        false,
      ]);
    });

    it('but not if it is gone, not a folder, or a different folder', async () => {
      const root = temp();
      const at = path.join(root, 'target');
      const identity = identityOf(root);
      const enter = () => targetAt(at, {target: {path: at, identity}}).target.enter();
      expect(await refusalCode(enter)).to.equal('TARGET_UNREADABLE');
      fs.writeFileSync(at, '');
      expect(await refusalCode(enter)).to.equal('TARGET_UNREADABLE');
      fs.rmSync(at);
      fs.mkdirSync(at);
      expect(await refusalCode(enter)).to.equal('PLAN_OTHER_ROOT');
    });

    it('but not if it was created since the plan was made', async () => {
      const at = path.join(temp(), 'target');
      const {target} = targetAt(at);
      fs.mkdirSync(at);
      expect(await refusalCode(() => target.enter())).to.equal('PLAN_STALE');
    });

    it('but not if its names are escaped differently than in the plan', async () => {
      const at = temp();
      const some = {entries: 1, leaves: 1, bytes: 0, digest: ''};
      const {target} = targetAt(at, {totals: {source: some, target: some}});
      fs.mkdirSync(path.join(at, '.dirsync'));
      fs.writeFileSync(path.join(at, '.dirsync/naming.json'), JSON.stringify({refused: ':', ends: '', letters: 'bytes'}));
      expect(await refusalCode(() => target.enter())).to.equal('PLAN_STALE');
    });
  });

  describe('is prepared', () => {
    it('it has an id and a lock that names the holder, and is created if it was missing', () => {
      const at = path.join(temp(), 'deep/target');
      const {target} = prepared(at, {target: {path: at}});
      expect(fs.readdirSync(path.join(at, '.dirsync'))).to.include.members(['id.json', 'lock']);
      expect(fs.statSync(at).mode & 0o7777, 'until its journal is there').to.equal(0o1700);
      target.openNewRoot();
      expect(fs.statSync(at).mode & 0o7777).to.equal(0o777 & ~process.umask());
    });

    it('once, and the mode of one that was there stays', () => {
      const at = temp();
      fs.chmodSync(at, 0o711);
      const {target} = prepared(at);
      const {mtimeMs} = fs.statSync(path.join(at, '.dirsync/id.json'));
      target.prepare();
      target.openNewRoot();
      expect(fs.statSync(path.join(at, '.dirsync/id.json')).mtimeMs).to.equal(mtimeMs);
      expect(fs.statSync(at).mode & 0o777).to.equal(0o711);
    });

    it('and the staging of a killed run is removed', () => {
      const at = temp();
      const old = path.join(at, '.dirsync/tmp/20250101T000000000Z-000000/worker-0');
      fs.mkdirSync(old, {recursive: true});
      fs.writeFileSync(path.join(old, '0'), 'half');
      const before = targetAt(at);
      before.target.enter();
      expect(before.target.hasLeftovers).to.equal(true);
      before.target.prepare();
      expect(fs.existsSync(old)).to.equal(false);
    });

    it('but not if .dirsync is not a folder', async () => {
      for (const make of [(at: string) => fs.writeFileSync(at, ''), (at: string) => fs.symlinkSync('.', at)]) {
        const at = temp();
        make(path.join(at, '.dirsync'));
        const {code, hint} = await refusal(() => prepared(at));
        expect(code).to.equal('TARGET_UNWRITABLE');
        expect(hint).to.include('.dirsync').and.include('remove it');
      }
    });

    it('but not by a user who cannot write to it, and the hint names the owner', async function () {
      if (process.geteuid?.() !== 0) skip(this, 'only root can be another user for a while');
      const [closed, at] = [temp(), temp()];
      fs.chmodSync(closed, 0o755);
      expect(await asNobody(() => refusalCode(() => prepared(closed)))).to.equal('TARGET_UNWRITABLE');
      fs.chmodSync(at, 0o777);
      fs.mkdirSync(path.join(at, '.dirsync'), {mode: 0o700});
      fs.mkdirSync(path.join(at, '.dirsync/tmp'));
      const theirs = await asNobody(() => refusal(() => prepared(at)));
      expect(theirs.code).to.equal('TARGET_UNWRITABLE');
      expect(theirs.hint).to.include('uid 0').and.include('chown');
    });
  });

  it('keeps leftovers if the plan has not seen all of the target', () => {
    const at = temp();
    fs.mkdirSync(path.join(at, '.dirsync/tmp'), {recursive: true});
    const hasLeftovers = (fields: Parameters<typeof targetAt>[1]) => {
      const {target} = targetAt(at, fields);
      target.enter();
      const has = target.hasLeftovers;
      target.leave();
      left.splice(left.indexOf(target), 1);
      return has;
    };
    const problem = {path: '', side: 'source', phase: 'scan', code: 'EACCES', message: ''} as unknown as Problem;
    expect(hasLeftovers({})).to.equal(true);
    expect(hasLeftovers({problems: [problem]})).to.equal(false);
    expect(hasLeftovers({narrowed: {from: 'x', leftOut: 1}})).to.equal(false);
  });

  describe('is swept', () => {
    const OLD_RUN = '20250101T000000000Z-000000';
    const setAside = (at: string, run: string) => {
      const folder = path.join(at, '.dirsync/replaced', run);
      fs.mkdirSync(folder, {recursive: true});
      fs.writeFileSync(path.join(folder, '0'), 'only copy');
      return path.join(folder, '0');
    };
    const problem = {path: '', side: 'source', phase: 'scan', code: 'EACCES', message: ''} as unknown as Problem;
    const cases: readonly [title: string, isWhole: boolean, fields: Parameters<typeof targetAt>[1], isKept: boolean][] = [
      ['goes when all is done and on disk', true, {}, false],
      ['stays when it is not', false, {}, true],
      ['stays when something was hidden from the plan', true, {problems: [problem]}, true],
      ['stays when the plan was of a part, and another’s', true, {narrowed: {from: 'x', leftOut: 1}}, true],
    ];
    for (const [title, isWhole, fields, isKept] of cases) {
      it(`files that an earlier run set aside ${title}`, () => {
        const at = temp();
        const files = [OLD_RUN, RUN_ID].map((run) => setAside(at, run));
        const {target, problems} = prepared(at, fields);
        target.sweep(isWhole, [], undefined);
        expect(fs.existsSync(files[0] as string)).to.equal(isKept);
        expect(fs.existsSync(files[1] as string), 'of this run').to.equal(isKept && fields?.narrowed === undefined);
        expect(fs.existsSync(path.join(at, '.dirsync/tmp')), 'staging').to.equal(false);
        expect(problems).to.deep.equal([]);
      });
    }
  });

  it('is left as it was, with nothing of the lock', () => {
    const at = temp();
    const {target} = prepared(at);
    target.leave();
    left.pop();
    expect(fs.readdirSync(path.join(at, '.dirsync')))
      .to.include('id.json')
      .and.not.include('lock');
    expect(Object.keys(holdings(at))).to.deep.equal(['.']);
  });
});
