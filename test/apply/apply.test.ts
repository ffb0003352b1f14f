import fs from 'node:fs';
import path from 'node:path';
import {Worker} from 'node:worker_threads';
import {expect} from 'chai';
import type {Context} from '../../src/app/context.js';
import {applyApproved, applyFresh} from '../../src/app/sync/apply.js';
import type {Planned} from '../../src/app/sync/plan.js';
import type {Settings} from '../../src/config/settings.js';
import type {DirsyncError} from '../../src/core/errors.js';
import type {ApplyReport} from '../../src/core/outcome.js';
import {writePlanFile} from '../../src/formats/plan-file.js';
import {pairIn} from '../support/cli.js';
import {mounts, needMounts} from '../support/filesystems.js';
import {applyFile, context, planTrees, settings, syncTrees} from '../support/sync.js';
import {tempDirs} from '../support/temp.js';
import {dir, hardlink, readTree, symlink, type Tree, writeTree} from '../support/tree.js';

describe('apply, when the world changes after the plan', () => {
  const mount = mounts();
  const temp = tempDirs();

  it('writes nothing into a folder that has replaced the target', async () => {
    const root = temp();
    const [source, target] = [path.join(root, 'source'), path.join(root, 'target')];
    writeTree(source, {a: 'new'});
    writeTree(target, {a: 'the old one'});
    const unmount = async (planned: Planned) => {
      fs.renameSync(target, `${target}-away`);
      fs.mkdirSync(target);
      return planned;
    };
    const error = await applyApproved(settings(source, target), unmount, context()).catch((reason: DirsyncError) => reason);
    expect(error).to.include({code: 'PLAN_OTHER_ROOT', exitCode: 4});
    expect(fs.readdirSync(target)).to.deep.equal([]);
    expect(fs.readdirSync(`${target}-away`)).to.deep.equal(['a']);
  });

  it('writes nothing below the place of a disk that is unmounted after the plan was made', async function () {
    needMounts(this);
    const root = temp();
    const [source, target] = [path.join(root, 'source'), path.join(root, 'target')];
    writeTree(source, {a: 'new', disk: {b: 'new', sub: {c: 'new'}}});
    writeTree(target, {});
    mount.memory(path.join(target, 'disk'));
    const unmount: Context['onEvent'] = ({type}) => type === 'plan-ready' && mount.undo();
    const report = await applyFresh(settings(source, target), {...context(), onEvent: unmount});
    const codes = Object.fromEntries(report.problems.map(({path, code}) => [path, code]));
    expect(codes).to.include({'disk/b': 'ENODEV', 'disk/sub': 'ENODEV'});
    expect(fs.readdirSync(path.join(target, 'disk'))).to.deep.equal([]);
    expect(fs.readFileSync(path.join(target, 'a'), 'utf8')).to.equal('new');
  });

  const changes: {title: string; before: Tree; change: (target: string) => void; skipped: string}[] = [
    {
      title: 'a file that has come where one is to be made',
      before: {},
      change: (target) => fs.writeFileSync(path.join(target, 'a'), 'mine'),
      skipped: 'a',
    },
    {
      title: 'a file that was edited where it is to be updated',
      before: {a: 'older'},
      change: (target) => fs.writeFileSync(path.join(target, 'a'), 'mine'),
      skipped: 'a',
    },
    {
      title: 'a file that was edited where it is to be deleted',
      before: {a: 'new', gone: 'old'},
      change: (target) => fs.writeFileSync(path.join(target, 'gone'), 'mine'),
      skipped: 'gone',
    },
    {
      title: 'a file that was edited where a symlink is to be',
      before: {a: 'new', link: 'old'},
      change: (target) => fs.writeFileSync(path.join(target, 'link'), 'mine'),
      skipped: 'link',
    },
  ];
  for (const {title, before, change, skipped} of changes) {
    it(`leaves alone ${title}`, async () => {
      const root = temp();
      const [source, target] = [path.join(root, 'source'), path.join(root, 'target')];
      writeTree(source, {a: 'new', link: symlink('a')});
      writeTree(target, before);
      const meanwhile = async (planned: Planned) => {
        change(target);
        return planned;
      };
      const report = await applyApproved(settings(source, target), meanwhile, context());
      expect(report?.skipped).to.deep.equal([skipped]);
      expect(fs.readFileSync(path.join(target, skipped), 'utf8')).to.equal('mine');
    });
  }

  it('keeps a file that gave its place to a folder until all that is in the folder has arrived', async () => {
    const root = temp();
    const [source, target] = [path.join(root, 'source'), path.join(root, 'target')];
    writeTree(source, {a: {b: 'b', c: 'c'}});
    writeTree(target, {a: 'the old file'});
    const change = async (planned: Planned) => {
      fs.appendFileSync(path.join(source, 'a/b'), 'changed');
      return planned;
    };
    const report = await applyApproved(settings(source, target), change, context());
    expect(report?.skipped).to.deep.equal(['a/b']);
    const replaced = path.join(target, '.dirsync/replaced');
    const [run = ''] = fs.readdirSync(replaced);
    const kept = fs.readdirSync(path.join(replaced, run)).map((name) => fs.readFileSync(path.join(replaced, run, name), 'utf8'));
    expect(kept).to.deep.equal(['the old file']);

    await syncTrees(settings(source, target));
    expect(fs.readdirSync(path.join(target, '.dirsync')), 'nothing but the id and the journals').to.have.members([
      'abilities.json',
      'id.json',
      'last.manifest',
      'runs',
    ]);
    expect(readTree(target)).to.deep.equal(readTree(source));
  });

  describe('that nobody has approved', () => {
    const cases: {title: string; change: (file: string) => void; code?: string; target: string}[] = [
      {title: 'copies a file that grew', change: (file) => fs.appendFileSync(file, ' and more'), target: 'the new one and more'},
      {title: 'copies a file that shrank', change: (file) => fs.truncateSync(file, 3), target: 'the'},
      {title: 'copies a file that was rewritten', change: (file) => fs.writeFileSync(file, 'THE NEW ONE'), target: 'THE NEW ONE'},
      {
        title: 'copies a file that took the place of the one that was seen',
        change(file) {
          fs.writeFileSync(`${file}-next`, 'next');
          fs.renameSync(`${file}-next`, file);
        },
        target: 'next',
      },
      {title: 'keeps the old file of one that vanished', change: (file) => fs.rmSync(file), code: 'VANISHED', target: 'old'},
      {
        title: 'keeps the old file of one that became a folder',
        change(file) {
          fs.rmSync(file);
          fs.mkdirSync(file);
        },
        code: 'CHANGED_DURING_COPY',
        target: 'old',
      },
      {
        title: 'keeps the old file of one that became a symlink',
        change(file) {
          fs.rmSync(file);
          fs.symlinkSync('/etc/passwd', file);
        },
        code: 'CHANGED_DURING_COPY',
        target: 'old',
      },
      {
        title: 'keeps the old file of one whose folder was moved away',
        change(file) {
          fs.renameSync(path.dirname(file), `${path.dirname(path.dirname(file))}-away`);
          fs.symlinkSync(`${path.dirname(path.dirname(file))}-away`, path.dirname(file));
        },
        code: 'VANISHED',
        target: 'old',
      },
    ];
    it('copies a file of two names that grew, and makes both', async () => {
      const root = temp();
      const [source, target] = [path.join(root, 'source'), path.join(root, 'target')];
      writeTree(source, {a: 'the new one', b: hardlink('a')});
      writeTree(target, {a: 'old', b: hardlink('a')});
      const grow = () => fs.appendFileSync(path.join(source, 'b'), ' and more');
      const at = {...context(), onEvent: ({type}: {type: string}) => type === 'plan-ready' && grow()};
      expect((await applyFresh(settings(source, target), at)).problems).to.deep.equal([]);
      expect(readTree(target)).to.deep.equal(readTree(source));
    });

    for (const {title, change, code, target: expected} of cases) {
      it(title, async () => {
        const root = temp();
        const [source, target] = [path.join(root, 'source'), path.join(root, 'target')];
        writeTree(source, {folder: {a: 'the new one', b: 'b'}});
        writeTree(target, {folder: {a: 'old'}});
        const at = {
          ...context(),
          onEvent: ({type}: {type: string}) => type === 'plan-ready' && change(path.join(source, 'folder/a')),
        };
        const {problems} = await applyFresh(settings(source, target), at);
        const found = problems.filter((problem) => problem.path === 'folder/a').map((problem) => problem.code);
        expect(found).to.deep.equal(code === undefined ? [] : [code]);
        expect(fs.readFileSync(path.join(target, 'folder/a'), 'utf8')).to.equal(expected);
        await syncTrees(settings(source, target));
        expect(readTree(target)).to.deep.equal(readTree(source));
      });
    }

    it('gives a file on another mount its current time', async function () {
      needMounts(this);
      const root = temp();
      const [source, target] = [path.join(root, 'source'), path.join(root, 'target')];
      writeTree(source, {folder: {a: 'the new one'}});
      writeTree(target, {folder: {}});
      mount.memory(path.join(target, 'folder'));
      const later = () => {
        fs.writeFileSync(path.join(source, 'folder/a'), 'a later one');
        fs.utimesSync(path.join(source, 'folder/a'), 1_800_000_000, 1_800_000_000);
      };
      const at = {...context(), onEvent: ({type}: {type: string}) => type === 'plan-ready' && later()};
      expect((await applyFresh(settings(source, target), at)).problems).to.deep.equal([]);
      expect(fs.statSync(path.join(target, 'folder/a')).mtimeMs).to.equal(1_800_000_000_000);
    });

    it('gives up on a file that is written to each time, and keeps the old one', async () => {
      const root = temp();
      const [source, target] = [path.join(root, 'source'), path.join(root, 'target')];
      writeTree(source, {busy: 'x'.repeat(192 * 1024 * 1024), calm: 'calm'});
      writeTree(target, {busy: 'old'});
      const busy = JSON.stringify(path.join(source, 'busy'));
      const script = `const fs = require('node:fs'); const file = fs.openSync(${busy}, 'r+');
        require('node:worker_threads').parentPort.postMessage('at work');
        for (let i = 0; ; i++) fs.writeSync(file, String(i).padStart(12, '0'), 0);`;
      // Several, so that one of them gets to write during each copy, also on a busy machine.
      const writers = Array.from({length: 4}, () => new Worker(script, {eval: true}));
      try {
        await Promise.all(writers.map((writer) => new Promise((resolve) => writer.once('message', resolve))));
        const {problems} = await applyFresh(settings(source, target), context());
        expect(problems.map(({path: at, code}) => [at, code])).to.deep.equal([['busy', 'CHANGED_DURING_COPY']]);
      } finally {
        await Promise.all(writers.map((writer) => writer.terminate()));
      }
      expect(fs.readFileSync(path.join(target, 'busy'), 'utf8')).to.equal('old');
      expect(fs.readFileSync(path.join(target, 'calm'), 'utf8')).to.equal('calm');
      expect(fs.readdirSync(path.join(target, '.dirsync')), 'nothing is left in staging').to.have.members([
        'abilities.json',
        'id.json',
        'last.manifest',
        'runs',
      ]);
    });
  });

  describe('of a saved plan', () => {
    /** A plan of two trees is written, something changes, and it is applied. */
    async function laterOn(source: Tree, target: Tree, change: (pair: {target: string}) => void) {
      const pair = pairIn(temp(), source, target);
      const file = path.join(pair.root, 'plan');
      const {plan} = await planTrees(settings(pair.source, pair.target));
      await writePlanFile(file, plan);
      change(pair);
      return {...pair, report: await applyFile(file)};
    }

    const together: [title: string, source: Tree, target: Tree, link?: [leader: string, name: string]][] = [
      ['both names in the target already', {a: 'new one', b: hardlink('a')}, {a: 'old', b: hardlink('a')}],
      ['both in folders', {d: {a: 'new one'}, e: {b: hardlink('d/a')}}, {d: {a: 'old'}, e: {b: hardlink('d/a')}}],
      ['three of them', {a: 'new one', b: hardlink('a'), c: hardlink('a')}, {a: 'old', b: hardlink('a'), c: hardlink('a')}],
      ['names that were made one since', {a: 'new one', b: hardlink('a')}, {a: 'old', b: 'old'}, ['a', 'b']],
    ];
    for (const [title, source, target, link] of together) {
      it(`makes a link again that is its leader's old file, while the leader must be written: ${title}`, async () => {
        const {report, ...pair} = await laterOn(source, target, (pair) => {
          if (link === undefined) return;
          const [leader, name] = link.map((at) => path.join(pair.target, at)) as [string, string];
          fs.unlinkSync(name);
          fs.linkSync(leader, name);
        });
        expect(report.problems).to.deep.equal([]);
        expect(report.counts['already-done'], 'nothing is done before its leader').to.equal(0);
        const files = Object.entries(readTree(pair.source)).flatMap(([at, line]) => (line.startsWith('file') ? [at] : []));
        const inTarget = files.map((at) => path.join(pair.target, at));
        for (const file of inTarget) expect(fs.readFileSync(file, 'utf8'), file).to.equal('new one');
        expect(new Set(inTarget.map((file) => fs.statSync(file).ino)).size, 'one file').to.equal(1);
      });
    }

    it('leaves a name that is its leader’s file when the leader was written before', async () => {
      const {report, ...pair} = await laterOn({a: 'new one', b: hardlink('a')}, {a: 'old', b: 'older'}, (pair) => {
        for (const name of ['a', 'b']) fs.unlinkSync(path.join(pair.target, name));
        writeTree(pair.target, {a: 'new one', b: hardlink('a')});
      });
      expect(report.counts).to.include({'already-done': 2, 'not-kept': 0, done: 0});
      expect(readTree(pair.target)).to.deep.equal(readTree(pair.source));
    });
  });

  describe('if the leaf that should replace a folder vanished from the source', () => {
    type Apply = (wanted: Settings, change: () => void) => Promise<ApplyReport | undefined>;
    const ways: Record<string, Apply> = {
      async 'a saved plan'(wanted, change) {
        const file = path.join(temp(), 'plan');
        const {plan} = await planTrees(wanted);
        await writePlanFile(file, plan);
        change();
        return applyFile(file, {skipDrifted: true});
      },
      'an approved plan': (wanted, change) => {
        const approve = async (planned: Planned) => {
          change();
          return planned;
        };
        return applyApproved(wanted, approve, context());
      },
      'a plan that nobody saw': (wanted, change) => {
        const onEvent = ({type}: {type: string}) => type === 'plan-ready' && change();
        return applyFresh(wanted, {...context(), onEvent});
      },
    };
    const replacements: {what: string; source: Tree; at?: string; more?: Partial<Settings>}[] = [
      {what: 'a file', source: {a: 'new'}},
      {what: 'a file, what goes going first', source: {a: 'new'}, more: {deleteBefore: true}},
      {what: 'a symlink', source: {a: symlink('there')}},
      {what: 'a further name of a file', source: {'0': 'new', a: hardlink('0')}},
      {what: 'a file deep down', source: {d: {e: {a: 'new'}}}, at: 'd/e/a'},
    ];
    const full: Tree = {mine: 'mine', more: {deep: 'mine too', empty: {}}};
    for (const [way, apply] of Object.entries(ways)) {
      for (const {what, source, at = 'a', more} of replacements) {
        it(`the folder keeps its content: ${what}, ${way}`, async () => {
          const target = at.split('/').reduceRight<Tree>((inside, name) => ({[name]: inside}), full);
          const pair = pairIn(temp(), {...source, other: 'new'}, target);
          const folder = path.join(pair.target, at);
          const before = readTree(folder);
          const report = await apply(settings(pair.source, pair.target, more), () => fs.unlinkSync(path.join(pair.source, at)));
          expect(readTree(folder)).to.deep.equal(before);
          expect(fs.readFileSync(path.join(pair.target, 'other'), 'utf8'), 'the rest is done').to.equal('new');
          const {failed = 0, skipped = 0} = report?.counts ?? {};
          expect(failed + skipped, 'and what was not done is told').to.be.at.least(1);
        });
      }
    }
  });

  it('copies a growing file as it is at one moment', async () => {
    const root = temp();
    const [source, target] = [path.join(root, 'source'), path.join(root, 'target')];
    writeTree(source, {log: 'x'.repeat(8 * 1024 * 1024), calm: 'calm'});
    writeTree(target, {log: 'old'});
    const log = JSON.stringify(path.join(source, 'log'));
    const writer = new Worker(
      `const fs = require('node:fs'); const file = fs.openSync(${log}, 'a');
       require('node:worker_threads').parentPort.postMessage('at work');
       for (let i = 0; ; i++) fs.writeSync(file, 'line ' + i + '\\n');`,
      {eval: true},
    );
    try {
      await new Promise((resolve) => writer.once('message', resolve));
      expect((await applyFresh(settings(source, target), context())).problems).to.deep.equal([]);
    } finally {
      await writer.terminate();
    }
    const copy = fs.readFileSync(path.join(target, 'log'));
    const now = fs.readFileSync(path.join(source, 'log'));
    expect(copy.length).to.be.at.least(8 * 1024 * 1024);
    expect(now.subarray(0, copy.length).equals(copy)).to.equal(true);
    await syncTrees(settings(source, target));
    expect(readTree(target), 'the next run takes the rest').to.deep.equal(readTree(source));
  });

  for (const name of ['probe', 'id.json.new', 'times.json.new', 'abilities.json.new']) {
    it(`removes ${name}, which a killed run left, also when nothing else is to be done`, async () => {
      const root = temp();
      const [source, target] = [path.join(root, 'source'), path.join(root, 'target')];
      for (const side of [source, target]) writeTree(side, {a: 'a'});
      writeTree(path.join(target, '.dirsync'), {[name]: name === 'probe' ? {file: 'content'} : '{"half'});
      writeTree(target, dir({}));
      expect((await syncTrees(settings(source, target))).counts.done).to.equal(0);
      expect(fs.readdirSync(path.join(target, '.dirsync'))).to.not.include(name);
    });
  }

  it('removes leftovers of a killed run even if nothing else is to be done', async () => {
    const root = temp();
    const [source, target] = [path.join(root, 'source'), path.join(root, 'target')];
    for (const side of [source, target]) writeTree(side, {a: 'a'});
    const run = '20260101T000000000Z-000000';
    writeTree(path.join(target, '.dirsync'), {
      lock: '{}',
      tmp: {[run]: {'worker-0': {'0': 'half a fi'}, waiting: {'1': 'b'}}},
      replaced: {[run]: {'2': 'c'}},
      runs: {},
    });
    writeTree(target, dir({}));
    const {counts} = await syncTrees(settings(source, target));
    expect(counts.done).to.equal(0);
    expect(fs.readdirSync(path.join(target, '.dirsync'))).to.have.members(['abilities.json', 'id.json', 'last.manifest', 'runs']);
    expect(fs.readdirSync(path.join(target, '.dirsync/runs')), 'there is nothing to record').to.deep.equal([]);
  });
});
