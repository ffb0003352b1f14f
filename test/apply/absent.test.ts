import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {applyFresh} from '../../src/app/sync/apply.js';
import type {Event} from '../../src/core/event.js';
import {writePlanFile} from '../../src/formats/plan-file.js';
import {dirsync, pairIn, withoutChange} from '../support/cli.js';
import {mounts, needMounts} from '../support/filesystems.js';
import {needStrace} from '../support/strace.js';
import {applyFile, context, planTrees, settings, syncTrees} from '../support/sync.js';
import {tempDirs} from '../support/temp.js';
import {dir, readTree, type Tree, writeTree} from '../support/tree.js';

const NEW: Tree = {file: 'text', folder: dir({inside: 'text'}, {mode: 0o750})};

describe('apply, with a root that did not exist when the plan was made', () => {
  const mount = mounts();
  const temp = tempDirs();

  /** A pair of trees, planned while one of them was not there. */
  async function planned(source: Tree, target: Tree | undefined) {
    const pair = {...pairIn(temp(), source, target), plan: ''};
    if (target !== undefined) fs.renameSync(pair.source, `${pair.source}-away`);
    const {plan} = await planTrees(settings(pair.source, pair.target));
    pair.plan = path.join(pair.root, 'plan');
    await writePlanFile(pair.plan, plan);
    return pair;
  }

  /** A refusal names its code and changes nothing at all. */
  async function refused({root, plan}: {root: string; plan: string}, overrides = {}) {
    const before = readTree(root);
    const error = await applyFile(plan, overrides).catch((reason: unknown) => reason);
    expect(error).to.include({code: 'PLAN_STALE', exitCode: 4});
    expect(readTree(root)).to.deep.equal(before);
  }

  describe('the source', () => {
    const OLD: Tree = {a: 'x', folder: {b: 'y'}};

    it('is still gone: everything is deleted as planned, also in a folder that was touched since', async () => {
      const pair = await planned({}, OLD);
      fs.utimesSync(pair.target, 1, 1);
      const {counts} = await applyFile(pair.plan);
      expect(counts).to.include({done: 3, skipped: 0, failed: 0});
      expect(fs.readdirSync(pair.target)).to.deep.equal(['.dirsync']);
    });

    const BACK: Readonly<Record<string, (source: string) => void>> = {
      'as it was': (source) => fs.renameSync(`${source}-away`, source),
      'as an empty folder': (source) => fs.mkdirSync(source),
      'as a file': (source) => fs.writeFileSync(source, ''),
      'by a symlink': (source) => fs.symlinkSync(`${source}-away`, source),
    };
    for (const [title, comeBack] of Object.entries(BACK)) {
      it(`is back ${title}: the plan is stale, and --skip-drifted does not help`, async () => {
        const pair = await planned(OLD, OLD);
        comeBack(pair.source);
        await refused(pair);
        await refused(pair, {skipDrifted: true});
      });
    }

    it('comes back while the plan is applied: entries that are not deleted yet stay', async () => {
      const pair = await planned({}, OLD);
      const onEvent = (event: Event) => {
        if (event.type === 'apply-started') fs.mkdirSync(pair.source);
      };
      const report = await applyFile(pair.plan, {skipDrifted: true}, {...context(), onEvent});
      expect(report.counts).to.include({done: 0, skipped: 3});
      expect(readTree(pair.target)).to.include.keys('a', 'folder/b');
    });
  });

  describe('the target', () => {
    const COME: Readonly<Record<string, (target: string) => unknown>> = {
      'an empty folder': (target) => fs.mkdirSync(target),
      'an empty folder, closed to others': (target) => fs.mkdirSync(target, {mode: 0o700}),
      'a folder with content': (target) => writeTree(target, {file: 'private', folder: dir({kept: 'k'}, {mode: 0o700})}),
      'what another run has made': async (target) => {
        writeTree(`${target}-other`, {other: 'x'});
        await syncTrees(settings(`${target}-other`, target));
      },
      'what another run of this source has made': async (target) => {
        await syncTrees(settings(path.join(target, '../source'), target));
      },
      'a symlink to a folder': (target) => {
        fs.mkdirSync(`${target}-elsewhere`);
        fs.symlinkSync(`${target}-elsewhere`, target);
      },
    };
    for (const [title, come] of Object.entries(COME)) {
      it(`is ${title} now: the plan is stale, and nothing in there is changed`, async () => {
        const pair = await planned(NEW, undefined);
        await come(pair.target);
        await refused(pair);
        await refused(pair, {skipDrifted: true});
      });
    }

    it('is a disk now that was mounted meanwhile: the plan is stale', async function () {
      needMounts(this);
      const pair = await planned(NEW, undefined);
      mount.memory(pair.target);
      await refused(pair);
    });

    it('comes into being between a fresh plan and its apply: it is stale', async () => {
      const {root, source, target} = pairIn(temp(), NEW);
      const onEvent = (event: Event) => {
        if (event.type === 'plan-ready') writeTree(target, {folder: dir({kept: 'k'}, {mode: 0o700})});
      };
      const ended = await applyFresh(settings(source, target), {...context(), onEvent}).catch((error: unknown) => error);
      expect(ended).to.include({code: 'PLAN_STALE'});
      expect(readTree(path.join(root, 'target'))).to.have.keys('.', 'folder', 'folder/kept');
    });

    it('is created by another program right before: it does not count as ours', async () => {
      const {source, target} = pairIn(temp(), NEW);
      const onEvent = (event: Event) => {
        if (event.type === 'apply-started') writeTree(target, {kept: 'k'});
      };
      const ended = await applyFresh(settings(source, target), {...context(), onEvent}).catch((error: unknown) => error);
      expect(ended).to.include({code: 'PLAN_STALE'});
      expect(fs.readdirSync(target)).to.deep.equal(['kept']);
    });

    it('was created by a run of this plan: the plan is applied again, and does the rest', async () => {
      const pair = await planned(NEW, undefined);
      expect((await applyFile(pair.plan)).counts.done).to.equal(4);
      expect((await applyFile(pair.plan)).counts).to.include({done: 0, 'already-done': 4});
      fs.rmSync(path.join(pair.target, 'folder/inside'));
      expect((await applyFile(pair.plan)).counts).to.include({done: 2, 'already-done': 2});
      expect(fs.statSync(pair.target).mode & 0o7777).to.equal(fs.statSync(pair.source).mode & 0o7777);
    });

    it('was created by a run of this plan, and other runs followed: the plan is applied again', async () => {
      const pair = await planned(NEW, undefined);
      await applyFile(pair.plan);
      fs.rmSync(path.join(pair.target, 'file'));
      await syncTrees(settings(pair.source, pair.target));
      expect((await applyFile(pair.plan)).counts).to.include({done: 0, 'already-done': 4});
    });

    describe('was left by a run of this plan that was killed', () => {
      before(function () {
        needStrace(this);
      });

      function killed(plan: string, nth: number): void {
        const inject = `inject=mkdirat:signal=SIGKILL:when=${nth}`;
        const under = ['strace', '-f', '-qq', '-e', 'signal=none', '-o', '/dev/null', '-e', 'trace=mkdirat', '-e', inject];
        expect(dirsync(['apply', plan], {under}).signal).to.equal('SIGKILL');
      }

      // In order: for .dirsync, runs, and what the first worker needs in staging.
      for (const nth of [1, 2, 3, 4]) {
        it(`when it made its folder number ${nth}: it is applied again, to the end`, async () => {
          const pair = await planned(NEW, undefined);
          killed(pair.plan, nth);
          expect(fs.readdirSync(pair.target)).to.deep.equal(nth === 1 ? [] : ['.dirsync']);
          const {code, stderr} = dirsync(['apply', pair.plan]);
          expect({code, stderr}).to.deep.equal({code: 0, stderr: ''});
          expect(readTree(pair.target)).to.include.keys('file', 'folder/inside');
          expect(fs.statSync(pair.target).mode & 0o7777).to.equal(fs.statSync(pair.source).mode & 0o7777);
        });
      }

      it('before it had a journal, and something was put there since: the plan is stale', async () => {
        const pair = await planned(NEW, undefined);
        killed(pair.plan, 1);
        fs.writeFileSync(path.join(pair.target, 'mine'), 'x');
        const {code} = withoutChange(pair.root, () => dirsync(['apply', pair.plan]));
        expect(code).to.equal(4);
      });
    });
  });
});
