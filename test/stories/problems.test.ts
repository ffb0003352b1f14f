import {spawn} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {dirsync, handOver, NOBODY, pairIn, planned, Running, startDirsync, withoutChange} from '../support/cli.js';
import {makeImage, mounts, needMounts, toolOf} from '../support/filesystems.js';
import {needRsync, rsyncDifference} from '../support/oracle.js';
import {has} from '../support/shell.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';
import {dir, file, hardlink, readTree, type Tree, writeTree} from '../support/tree.js';

const FILES = 6000;
const many = (count: number, content = (i: number) => `text ${i}`): Tree =>
  Object.fromEntries(Array.from({length: count / 100}, (_, d) => [`d${d}`, hundred(d, content)]));
const hundred = (d: number, content: (i: number) => string): Tree =>
  Object.fromEntries(Array.from({length: 100}, (_, i) => [`f${i}`, content(100 * d + i)]));

describe('story: problems of single paths, for a user who is not root', () => {
  const temp = tempDirs();

  interface Case {
    readonly title: string;
    readonly source: Tree;
    readonly target: Tree;
    /** What the text of plan and apply holds. */
    readonly says: string;
    /** Only root can look into these trees to judge. */
    readonly needsRoot?: boolean;
    /** Only apply meets it. */
    readonly late?: boolean;
    /** What is in the target after the apply, with a piece of its description. */
    readonly left: Readonly<Record<string, string>>;
    readonly gone?: readonly string[];
  }

  const locked = (tree: Tree) => dir(tree, {mode: 0});

  const CASES: readonly Case[] = [
    {
      title: 'nothing below a source folder that cannot be read is deleted',
      source: {locked: locked({inside: 'x'}), other: 'new'},
      target: {gone: '', locked: {inside: 'old', deep: {kept: 'k'}}, other: 'old text'},
      says: '! EACCES  locked (source): permission denied',
      left: {'locked/inside': '"old"', 'locked/deep/kept': '"k"', other: '"new"'},
      gone: ['gone'],
    },
    {
      title: 'a source folder that can be listed but not entered',
      source: {half: dir({inside: 'x'}, {mode: 0o444}), other: 'new'},
      target: {half: {inside: 'old', kept: 'k'}},
      needsRoot: true,
      says: 'half/inside (source): permission denied',
      left: {'half/inside': '"old"', other: '"new"'},
    },
    {
      title: 'a source file that cannot be read',
      source: {locked: file('x', {mode: 0}), other: 'new'},
      target: {locked: 'old text'},
      says: '! EACCES  locked (source): permission denied',
      late: true,
      left: {locked: '"old text"', other: '"new"'},
    },
    {
      title: 'a new source file that cannot be read',
      source: {folder: {locked: file('x', {mode: 0}), other: 'new'}},
      target: {},
      says: '! EACCES  folder/locked (source): permission denied',
      late: true,
      left: {'folder/other': '"new"'},
      gone: ['folder/locked'],
    },
    {
      title: 'a target folder that cannot be read',
      source: {locked: {inside: 'new'}, other: 'new'},
      target: {locked: locked({kept: 'k'})},
      says: '! EACCES  locked (target): permission denied',
      left: {'locked/kept': '"k"', other: '"new"'},
      gone: ['locked/inside'],
    },
  ];

  for (const {title, source: from, target: to, says, late, left, gone = [], needsRoot} of CASES) {
    it(title, function () {
      if (needsRoot && NOBODY === undefined) skip(this, 'only root can look into such a folder');
      const {root, source, target} = pairIn(temp(), from, to);
      handOver(root);
      const plan = withoutChange(root, () => dirsync(['plan', source, target], {uid: NOBODY}));
      expect(plan.code).to.equal(0);
      if (!late) {
        expect(plan.stdout).to.include(says);
        expect(dirsync(['plan', source, target, '--detailed-exitcode'], {uid: NOBODY}).code).to.equal(3);
      }
      const applied = dirsync(['apply', source, target, '--yes'], {uid: NOBODY});
      expect(applied.code, applied.stderr).to.equal(3);
      expect(applied.stdout).to.include(says);
      open(target);
      const found = readTree(target);
      for (const [at, text] of Object.entries(left)) expect(found[at]).to.include(text);
      for (const at of gone) expect(found[at]).to.equal(undefined);
    });
  }

  /** Lets a user who is not root look everywhere. */
  function open(folder: string) {
    fs.chmodSync(folder, 0o755);
    for (const entry of fs.readdirSync(folder, {withFileTypes: true})) {
      if (entry.isDirectory()) open(path.join(folder, entry.name));
    }
  }

  it('a target folder that cannot be written does not stop the rest', function () {
    if (process.geteuid?.() !== 0) skip(this, 'only root can make folders that the user does not own');
    const tree = {closed: dir({changed: 'new', added: 'a'}, {mode: 0o555}), other: 'new'};
    const {root, source, target} = pairIn(temp(), tree, {closed: dir({changed: 'older', gone: 'gone'}, {mode: 0o555})});
    handOver(root);
    if (NOBODY !== undefined) fs.chownSync(path.join(target, 'closed'), 0, 0);
    const {code, stdout} = dirsync(['apply', source, target, '--yes', '--allow', 'not-writable'], {uid: NOBODY});
    expect(code).to.equal(3);
    expect(stdout).to.match(/! EACCES {2}closed\/changed \(target\): permission denied/);
    expect(stdout).to.match(/! EACCES {2}closed\/gone \(target\): permission denied/);
    const found = readTree(target);
    expect(found['closed/changed']).to.include('"older"');
    expect(found['closed/gone']).to.include('"gone"');
    expect(found.other).to.include('"new"');
    expect(found['.']).to.match(/^dir 0755 1700000000.000000001/);
  });

  it('a target that cannot be written at all is told once, and nothing is changed', function () {
    if (process.geteuid?.() !== 0) skip(this, 'only root can make folders that the user does not own');
    const {root, source, target} = pairIn(temp(), {new: 'n'}, {old: 'o'});
    handOver(root);
    fs.chmodSync(target, 0o555);
    if (NOBODY !== undefined) fs.chownSync(target, 0, 0);
    const {code, stderr} = withoutChange(root, () =>
      dirsync(['apply', source, target, '--yes', '--allow', 'not-writable'], {uid: NOBODY}),
    );
    expect(code).to.equal(1);
    expect(stderr).to.include(`The target cannot be written: ${target} (EACCES)`);
  });

  it("a target with another user's .dirsync: nothing to do is nothing to do, else it cannot be written", function () {
    if (NOBODY === undefined) skip(this, 'only root has another user at hand');
    const {root, source, target} = pairIn(temp(), {a: 'x'}, {});
    handOver(root);
    expect(dirsync(['apply', source, target, '--yes']).code).to.equal(0);
    fs.chownSync(path.join(target, '.dirsync'), 0, 0);
    expect(dirsync(['apply', source, target, '--yes', '--allow', 'not-writable'], {uid: NOBODY}).code).to.equal(0);
    fs.writeFileSync(path.join(source, 'a'), 'longer');
    const {code, stderr} = withoutChange(root, () =>
      dirsync(['apply', source, target, '--yes', '--allow', 'not-writable'], {uid: NOBODY}),
    );
    expect(stderr).to.include('The target cannot be written: ').and.include('.dirsync');
    expect(code).to.equal(1);
  });

  it('an absent target that cannot be made', () => {
    const {root, source, target} = pairIn(temp(), {new: 'n'});
    handOver(root);
    fs.chmodSync(root, 0o555);
    const {code, stderr} = withoutChange(root, () =>
      dirsync(['apply', source, target, '--yes', '--allow', 'not-writable'], {uid: NOBODY}),
    );
    expect(code).to.equal(1);
    expect(stderr).to.include(`The target cannot be written: ${target} (EACCES)`);
  });
});

describe('story: a locked target', () => {
  const temp = tempDirs();

  for (const {title, args} of [
    {title: 'apply', args: ({source, target}: Pair) => ['apply', source, target, '--yes']},
    {title: 'run', args: ({source, target}: Pair) => ['run', source, target]},
    {title: 'apply of a saved plan', args: ({plan}: Pair) => ['apply', plan]},
  ]) {
    it(`is left alone by ${title}, exit code 6`, async function () {
      const root = temp();
      const pair = {...pairIn(root, {new: 'n'}, {old: 'o'}), plan: path.join(root, 'plan')};
      expect(dirsync(['plan', pair.source, pair.target, '--out', pair.plan]).code).to.equal(0);
      const holder = new Running(
        spawn('flock', [pair.target, 'sh', '-c', 'echo held; cat'], {timeout: 60_000, killSignal: 'SIGKILL'}),
      );
      const missing = await Promise.race([holder.says('held'), holder.ended]).catch((error: Error) => error);
      if (missing instanceof Error) skip(this, `flock cannot be used: ${missing.message}`);
      try {
        const {code, stderr} = withoutChange(root, () => dirsync(args(pair)));
        expect(code).to.equal(6);
        expect(stderr).to.include(`Another run is working on this target: ${pair.target} is locked`);
        expect(planned([pair.source, pair.target]), 'planning takes no lock').to.have.length(2);
      } finally {
        holder.child.stdin?.end();
        await holder.ended;
      }
      expect(dirsync(args(pair)).code, 'once it is free').to.equal(0);
    });
  }

  type Pair = ReturnType<typeof pairIn> & {plan: string};
});

describe('story: a signal', () => {
  const temp = tempDirs();

  for (const {signal, code} of [
    {signal: 'SIGINT', code: 130},
    {signal: 'SIGTERM', code: 143},
    {signal: 'SIGKILL', code: null},
  ] as const) {
    it(`${signal} ends an apply with no file torn; applying again does the rest`, async function () {
      needRsync(this);
      const {root, source, target} = pairIn(
        temp(),
        many(FILES, (i) => `${i} `.repeat(1000)),
        {old: 'goes last'},
      );
      const plan = path.join(root, 'plan');
      expect(dirsync(['plan', source, target, '--out', plan]).code).to.equal(0);
      const running = startDirsync(['apply', plan]);
      await running.until(() => fs.existsSync(path.join(target, 'd0/f0')) || fs.existsSync(path.join(target, 'd30/f0')));
      const ended = await running.kill(signal);
      expect(ended.code, ended.stderr).to.equal(code);

      const wanted = readTree(source);
      const leaves = Object.entries(readTree(target)).filter(([, found]) => found.startsWith('file'));
      for (const [at, found] of leaves.filter(([at]) => at !== 'old')) expect(found, at).to.equal(wanted[at]);
      expect(leaves.length, 'it was ended in the middle').to.be.greaterThan(1).and.lessThan(FILES);
      if (code !== null) {
        expect(ended.stdout).to.match(
          new RegExp(`Interrupted by ${signal}: [\\d,]+ changes left; apply again to do the rest\\.`),
        );
        expect(fs.readdirSync(path.join(target, '.dirsync')), 'nothing but the id and the journals').to.have.members([
          'abilities.json',
          'id.json',
          'runs',
        ]);
      }
      const again = dirsync(['apply', plan]);
      expect(again.code, again.stderr + again.stdout.slice(-1000)).to.equal(0);
      expect(rsyncDifference(source, target)).to.deep.equal([]);
      expect(fs.readdirSync(path.join(target, '.dirsync')), 'nothing but the id and the journals').to.have.members([
        'abilities.json',
        'id.json',
        'runs',
      ]);
    });
  }

  it('SIGINT ends a plan that compares content, and nothing is told as if it were whole', async () => {
    const {root, source, target} = pairIn(temp(), {big: ''}, {big: ''});
    for (const tree of [source, target]) fs.truncateSync(path.join(tree, 'big'), 2 ** 32);
    const running = startDirsync(['plan', source, target, '--checksum', '--events', '--out', path.join(root, 'plan')]);
    // Told every 200 ms: both folders are read by the third time, and four gigabytes are not.
    await running.until(() => running.stdout.split('scan-progress').length > 3);
    const {code, stdout} = await running.kill('SIGINT');
    expect(code).to.equal(130);
    expect(stdout).to.not.include('plan-ready');
    expect(fs.readdirSync(root)).to.deep.equal(['source', 'target']);
  });

  for (const {signal, code} of [
    {signal: 'SIGINT', code: 130},
    {signal: 'SIGTERM', code: 143},
  ] as const) {
    it(`${signal} ends a run that waits`, async () => {
      const {source, target} = pairIn(temp(), {a: 'x'}, {});
      const running = startDirsync(['run', source, target, '--every', '1h']);
      await running.says('Next run at');
      expect(await running.kill(signal)).to.deep.include({code, signal: null, stderr: ''});
      expect(Object.keys(readTree(target))).to.deep.equal(['.', 'a']);
    });
  }
});

describe('story: a file of more names than the target allows', () => {
  const mount = mounts();
  const temp = tempDirs();

  before(function () {
    needMounts(this);
    if (!has(toolOf('btrfs'))) skip(this, `${toolOf('btrfs')} is not installed`);
  });

  it('names beyond that arrive with the same content, some in a file together, and are told; the next run leaves them', () => {
    const root = temp();
    const [source, target, disk] = ['source', 'target', 'disk'].map((name) => path.join(root, name)) as [string, string, string];
    // Names in one folder share a block of 4 KiB here, so that some 18 of this length are all.
    const names = Array.from({length: 60}, (_, i) => `${i}-`.padEnd(200, 'x'));
    writeTree(source, {a: 'content', ...Object.fromEntries(names.map((name) => [name, hardlink('a')]))});
    makeImage('btrfs', disk, 256, ['-O', '^extref', '-n', '4096']);
    mount.image(disk, target);
    const roots = [source, target, '--json'];
    const run = () => {
      const {code, stdout} = dirsync(['run', ...roots]);
      expect(code).to.equal(3);
      const {report} = JSON.parse(stdout) as {report: {problems: {code: string; path: string}[]; bytes: number}};
      expect(new Set(report.problems.map((found) => found.code))).to.deep.equal(new Set(['TOO_MANY_LINKS']));
      return report.problems.map((found) => found.path);
    };
    const inodes = () => names.map((name) => fs.statSync(path.join(target, name)).ino);

    const told = run();
    expect(told.length).to.be.within(35, 50);
    for (const name of ['a', ...names]) expect(fs.readFileSync(path.join(target, name), 'utf8')).to.equal('content');
    const made = inodes();
    const own = fs.statSync(path.join(target, 'a')).ino;
    expect(names.filter((_, i) => made[i] !== own).sort()).to.deep.equal([...told].sort());
    expect(new Set(made).size, 'few files').to.be.within(2, 8);

    expect(run().sort(), 'told again').to.deep.equal([...told].sort());
    expect(inodes(), 'and not written again').to.deep.equal(made);

    fs.writeFileSync(path.join(source, 'a'), 'other content');
    run();
    for (const name of ['a', ...names]) expect(fs.readFileSync(path.join(target, name), 'utf8')).to.equal('other content');
  });
});
