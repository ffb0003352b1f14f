import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {githubActions, gitlabCi} from '../support/ci.js';
import {withoutChange} from '../support/cli.js';
import {environment, started} from '../support/examples.js';
import {has} from '../support/shell.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';
import {DEFAULT_MTIME, dir, readTree, writeTree} from '../support/tree.js';

const PAGES = {'index.html': '<h1>', notes: {'a.html': 'a'}};

for (const {name, server} of [
  {name: 'github-actions.yml', server: githubActions},
  {name: 'gitlab-ci.yml', server: gitlabCi},
]) {
  describe(`examples/${name}`, () => {
    const temp = tempDirs();
    before(function () {
      for (const tool of ['bash', 'jq']) if (!has(tool)) skip(this, `${tool} is not installed`);
    });

    function planned() {
      const folder = temp();
      const ci = server(folder);
      fs.rmdirSync(ci.source);
      writeTree(ci.source, PAGES);
      writeTree(path.join(ci.target, 'old'), {page: 'x'});
      const plan = withoutChange(ci.target, () => ci.plan());
      expect(plan, plan.stderr).to.include({code: 0});
      return {...ci, folder, plan, again: () => ci.plan()};
    }

    function contents(folder: string): string[] {
      return Object.keys(readTree(folder)).filter((at) => !at.startsWith('.dirsync'));
    }

    it('shows the plan, and after approval does it', () => {
      const {plan, apply, source, target, artifacts} = planned();
      expect(plan.shown).to.match(/Plan: 5 changes: 3 to create, 2 to delete/);
      expect(fs.readFileSync(path.join(artifacts, 'plan.html'), 'utf8')).to.match(/^<!doctype html>/i);
      const end = withoutChange(source, () => apply());
      expect(end, end?.stderr).to.include({code: 0});
      expect(contents(target)).to.deep.equal(contents(source));
      expect(fs.readFileSync(path.join(target, 'notes/a.html'), 'utf8')).to.equal('a');
      expect(end?.shown).to.match(/done|finished/);
    });

    it('has nothing to do afterwards, though a build wrote all files anew', () => {
      const {again, apply, source, target} = planned();
      expect(apply()?.code).to.equal(0);
      fs.rmSync(source, {recursive: true});
      writeTree(source, dir(PAGES, {mtime: DEFAULT_MTIME + 7n}));
      fs.utimesSync(path.join(source, 'index.html'), 7, 7);
      const plan = withoutChange(target, again);
      expect(plan).to.include({code: 0});
      expect(plan.shown).to.match(/Nothing to do|failures="0"/);
      const end = withoutChange(target, apply);
      // GitHub skips the job; GitLab cannot, and somebody may start it.
      expect(end?.code).to.equal(server === gitlabCi ? 0 : undefined);
    });

    it('refuses another plan than the one that was approved', () => {
      const {apply, target, artifacts, folder} = planned();
      const file = path.join(artifacts, 'site.plan');
      const env = {...environment(folder), PATH: `${folder}/bin:${folder}/home/.local/bin:${process.env.PATH}`};
      expect(started(['dirsync', 'show', file, '--except', 'old', '--out', file], folder, env).code).to.equal(0);
      const end = withoutChange(target, () => apply());
      expect(end?.code).to.equal(4);
      expect(end?.stderr).to.include('The plan file is not the one that was approved');
    });

    for (const side of ['source', 'target'] as const) {
      it(`refuses the plan once the ${side} is another, and says where`, () => {
        const {apply, ...ci} = planned();
        const changed = side === 'source' ? 'notes/a.html' : 'old/page';
        fs.appendFileSync(path.join(ci[side], changed), '+');
        const end = withoutChange(ci.target, () => apply());
        expect(end?.code).to.equal(4);
        expect(end?.stderr).to.include(`${changed} (${side}): size 2 instead of 1`);
        if (server === gitlabCi) expect(end?.shown).to.include('type="PLAN_STALE"');
        else expect(end?.stdout).to.include(`${changed} (${side})`);
      });
    }

    it('asks nobody about a plan that a guard would halt', () => {
      const ci = server(temp());
      writeTree(path.join(ci.target, 'old'), {page: 'x'});
      const plan = withoutChange(ci.target, () => ci.plan());
      expect(plan.code).to.equal(5);
      expect(plan.shown).to.include('source-empty');
    });

    it('asks nobody about a plan that would not do all', () => {
      const ci = server(temp());
      fs.writeFileSync(path.join(ci.source, '.dirsyncignore'), '*.mine\n');
      fs.writeFileSync(path.join(ci.source, 'a'), '');
      writeTree(path.join(ci.target, 'a'), {'b.mine': 'x'});
      const plan = withoutChange(ci.target, () => ci.plan());
      expect(plan.code, plan.stdout).to.equal(3);
    });

    it('says that there is no source', () => {
      const ci = server(temp());
      fs.rmdirSync(ci.source);
      const plan = withoutChange(ci.target, () => ci.plan());
      expect(plan.code).to.equal(1);
      expect(plan.stderr).to.include('The source does not exist');
    });
  });
}
