import {execFileSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {blake3} from '@napi-rs/blake-hash';
import {expect} from 'chai';
import {dirsync, handOver, NOBODY, pairIn, planned, startDirsync, withoutChange} from '../support/cli.js';
import {tempDirs} from '../support/temp.js';
import {dir, file, hardlink, readTree, symlink, type Tree, writeTree} from '../support/tree.js';

const TREE: Tree = {
  'a\udcff\n': 'text',
  b: dir({c: file('more', {mode: 0o600}), again: hardlink('b/c')}),
  empty: dir({}),
  link: symlink('b/c'),
  'x.tmp': 'left out',
};

interface Entry {
  readonly path: string;
  readonly state?: string;
  readonly digest?: string;
  readonly entry?: {readonly kind: string; readonly size: number};
}

describe('story: snapshots', () => {
  const temp = tempDirs();
  const ok = (root: string, ...args: string[]) => {
    const {code, stdout, stderr} = dirsync(args, {cwd: root});
    expect({code, stderr}).to.deep.equal({code: 0, stderr: ''});
    return stdout;
  };
  const given = (tree: Tree = TREE) => {
    const root = temp();
    writeTree(path.join(root, 'dir'), tree);
    return root;
  };
  const entriesOf = (root: string, name: string): Entry[] => JSON.parse(ok(root, 'show', name, '--entries', '--json')).entries;

  describe('snapshot and show', () => {
    it('writes all that is in a folder, and shows it', () => {
      const root = given();
      const text = withoutChange(path.join(root, 'dir'), () => ok(root, 'snapshot', 'dir', '--out', 'm', '--exclude', '*.tmp'));
      expect(text).to.match(
        new RegExp(`^${root}/dir \\(.+\\)\nSnapshot .* of 2.*Z, by dirsync .*\n\n2 folders and 4 other entries, 12 B\n`),
      );
      expect(text).to.match(/\n {2}filters: \*\.tmp\n\nManifest m\nChecksum [0-9a-f]{32}\n$/);
      expect(ok(root, 'show', 'm')).to.equal(text);
      const listing = ok(root, 'show', 'm', '--entries');
      expect(listing.startsWith(`${text}\n`)).to.equal(true);
      const lines = listing
        .slice(text.length + 1)
        .trimEnd()
        .split('\n');
      expect(lines.map((line) => line.replace(/^(\w+) +0.* {2}(\S.*)$/, '$1 $2'))).to.deep.equal([
        'folder .',
        'file a\\xff\\n',
        'folder b',
        'file b/again',
        'file b/c',
        'folder empty',
        'symlink link -> b/c',
        'left out  x.tmp',
      ]);
    });

    it('as JSON, with the digests of files', () => {
      const root = given();
      const document = JSON.parse(ok(root, 'snapshot', 'dir', '--out', 'm', '--digest', '--json'));
      expect(document).to.deep.include({format: 1, type: 'manifest', file: 'm'});
      expect(document.facts.totals).to.include({entries: 7, leaves: 5, bytes: 20});
      expect(document.header.options).to.include({digest: true});
      expect(JSON.parse(ok(root, 'show', 'm', '--json'))).to.deep.equal(document);
      const entries = entriesOf(root, 'm');
      expect(entries.map(({path: at, digest}) => [at, digest])).to.deep.equal([
        ['', undefined],
        ['a\udcff\n', blake3('text').toString('hex')],
        ['b', undefined],
        ['b/again', blake3('more').toString('hex')],
        ['b/c', blake3('more').toString('hex')],
        ['empty', undefined],
        ['link', undefined],
        ['x.tmp', blake3('left out').toString('hex')],
      ]);
    });

    it('as events', () => {
      const root = given();
      const events = ok(root, 'snapshot', 'dir', '--out', 'm', '--events').trim().split('\n');
      expect(JSON.parse(events.at(-1) as string)).to.include({type: 'manifest', file: 'm'});
    });

    it('leaves itself out', () => {
      const root = given();
      for (let i = 0; i < 2; i++) ok(path.join(root, 'dir'), 'snapshot', '.', '--out', 'my.manifest');
      const known = entriesOf(path.join(root, 'dir'), 'my.manifest').filter(({entry}) => entry !== undefined);
      expect(known.map(({path: at}) => at)).to.not.include('my.manifest');
      expect(known).to.have.length(8);
    });

    it('says what it could not read, and ends with 3', function () {
      if (NOBODY === undefined) this.skip();
      const root = given({a: 'a', b: file('b', {mode: 0}), closed: dir({x: 'x'}, {mode: 0})});
      fs.chmodSync(root, 0o777);
      handOver(path.join(root, 'dir'));
      fs.chmodSync(path.join(root, 'dir/closed'), 0);
      const taken = (...flags: string[]) => dirsync(['snapshot', 'dir', '--out', 'm', ...flags], {cwd: root, uid: NOBODY});
      const plain = taken();
      expect([plain.code, plain.stderr]).to.deep.equal([3, '']);
      expect(plain.stdout).to.include('Problems (1):\n  ! EACCES  closed (source): ');
      const digested = taken('--digest');
      expect(digested.code).to.equal(3);
      expect(digested.stdout).to.include('  ! EACCES  b (source): ');
      expect(entriesOf(root, 'm').map(({path: at, digest}) => `${at} ${digest !== undefined}`)).to.include.members([
        'a true',
        'b false',
      ]);
    });

    it('a file that is written to meanwhile has no digest', async () => {
      const root = given({a: 'a', fifo: ''});
      const log = path.join(root, 'dir/log');
      fs.writeFileSync(log, Buffer.alloc(64 << 20));
      const running = startDirsync(['snapshot', 'dir', '--out', 'm', '--digest', '--rate', '32MiB/s'], {cwd: root});
      const timer = setInterval(() => fs.appendFileSync(log, 'more'), 20);
      const {code, stdout} = await running.ended;
      clearInterval(timer);
      expect(code).to.equal(3);
      expect(stdout).to.match(/! CHANGED_DURING_READ {2}log \(source\): it changed while its content was read/);
      expect(entriesOf(root, 'm').find(({path: at}) => at === 'log')?.digest).to.equal(undefined);
    });

    it('a stop leaves no manifest', async () => {
      const root = given();
      fs.writeFileSync(path.join(root, 'dir/large'), Buffer.alloc(32 << 20));
      const running = startDirsync(['snapshot', 'dir', '--out', 'm', '--digest', '--rate', '1MiB/s', '--events'], {cwd: root});
      await running.says('snapshot-progress');
      const {code} = await running.kill('SIGINT');
      expect(code).to.equal(130);
      expect(fs.readdirSync(root)).to.deep.equal(['dir']);
    });

    it('refuses what is no manifest, and flags without effect', () => {
      const root = given();
      ok(root, 'snapshot', 'dir', '--out', 'm');
      fs.writeFileSync(path.join(root, 'cut'), fs.readFileSync(path.join(root, 'm')).subarray(0, -10));
      fs.writeFileSync(path.join(root, 'text'), 'text');
      const cases: [args: string[], code: string][] = [
        [['show', 'cut'], 'MANIFEST_DAMAGED'],
        [['show', 'text', '--entries'], 'USAGE'],
        [['show', 'm', '--only', 'a'], 'USAGE'],
        [['show', 'm', '--out', 'n'], 'USAGE'],
        [['plan', '--source-manifest', 'text', 'dir'], 'MANIFEST_NOT_A_MANIFEST'],
        [['plan', '--source-manifest', 'none', 'dir'], 'MANIFEST_UNREADABLE'],
        [['diff', 'text', 'm'], 'MANIFEST_NOT_A_MANIFEST'],
        [['snapshot', 'dir', '--out', 'none/m'], 'MANIFEST_UNWRITABLE'],
        [['snapshot', 'dir', '--out', 'dir'], 'MANIFEST_UNWRITABLE'],
        [['snapshot', 'none', '--out', 'n'], 'SOURCE_MISSING'],
        [['apply', 'm'], 'PLAN_NOT_A_PLAN'],
      ];
      for (const [args, code] of cases) {
        const {stdout, code: exit} = dirsync([...args, '--json'], {cwd: root});
        expect([JSON.parse(stdout).code, exit], args.join(' ')).to.deep.equal([code, 1]);
      }
      expect(dirsync(['show', 'm', '--format', 'html'], {cwd: root}).stderr).to.include('a manifest cannot be shown as html');
    });
  });

  describe('plan', () => {
    const pair = () => {
      const root = temp();
      const source = {...TREE, 'y.log': 'log', '.dirsyncignore': '*.log\n', old: 'name'};
      const target = {b: dir({c: 'other'}), gone: 'gone', 'z.log': 'kept', 'x.tmp': 'kept', '.dirsyncignore': '*.log\n'};
      pairIn(root, source, target);
      ok(root, 'snapshot', 'source', '--out', 's.m', '--digest');
      ok(root, 'snapshot', 'target', '--out', 't.m', '--digest');
      return root;
    };

    it('says the same from manifests as from folders, with filters and without', () => {
      const root = pair();
      for (const flags of [[], ['--exclude', '*.tmp'], ['--checksum'], ['--size-only']]) {
        const live = planned(['source', 'target', ...flags], {cwd: root});
        for (const given of [
          ['--source-manifest', 's.m', '--target-manifest', 't.m'],
          ['--source-manifest', 's.m', './target'],
          ['--source-manifest', 's.m', '-o', 'target'],
          ['source', '--target-manifest', 't.m'],
        ]) {
          expect(planned([...given, ...flags], {cwd: root}), [...given, ...flags].join(' ')).to.deep.equal(live);
        }
      }
    });

    it('--delete-excluded cannot delete what the snapshot of the target has left out', () => {
      const root = pair();
      const flags = ['--exclude', 'b', '--delete-excluded'];
      const live = planned(['source', 'target', ...flags], {cwd: root});
      expect(live).to.include.members(['rmdir b', 'delete b/c', 'delete z.log']);
      const actions = planned(['--source-manifest', 's.m', '--target-manifest', 't.m', ...flags], {cwd: root});
      expect(actions).to.deep.equal(live.filter((action) => action !== 'delete z.log'));
    });

    it('a saved plan is applied where the folders are', () => {
      const root = pair();
      const elsewhere = temp();
      for (const name of ['s.m', 't.m']) fs.renameSync(path.join(root, name), path.join(elsewhere, name));
      const text = ok(elsewhere, 'plan', '--source-manifest', 's.m', '--target-manifest', 't.m', '--out', 'p.plan');
      expect(text).to.include(`${root}/source → ${root}/target\n`);
      expect(text).to.match(/Warning: the source was not read: s\.m shows it as it was at 2\S+Z\n/);
      const applied = dirsync(['apply', path.join(elsewhere, 'p.plan'), '--allow', 'too-many-deletes'], {cwd: root});
      expect(applied.code, applied.stderr).to.equal(0);
      const {'y.log': _, ...copied} = readTree(path.join(root, 'source'));
      const {'z.log': kept, ...made} = readTree(path.join(root, 'target'));
      expect(kept).to.include('"kept"');
      expect(made).to.deep.equal(copied);
    });

    it('is stale if a folder has changed since the snapshot', () => {
      const root = pair();
      fs.appendFileSync(path.join(root, 'source/b/c'), 'more');
      ok(root, 'plan', '--source-manifest', 's.m', 'target', '--out', 'p.plan');
      const applied = dirsync(['apply', 'p.plan', '--allow', 'too-many-deletes', '--json'], {cwd: root});
      expect([applied.code, JSON.parse(applied.stdout).code]).to.deep.equal([4, 'PLAN_STALE']);
    });

    it('a new target, and the job of a config', () => {
      const root = pair();
      expect(planned(['--source-manifest', 's.m', './new'], {cwd: root})).to.deep.equal(planned(['source', 'new'], {cwd: root}));
      fs.writeFileSync(
        path.join(root, 'dirsync.config.yaml'),
        'jobs:\n  photos: {source: none, target: target, delete: false}\n',
      );
      const actions = planned(['photos', '--source-manifest', 's.m'], {cwd: root});
      expect(actions).to.include('create link').and.not.include('delete gone');
    });

    it('refuses what a manifest does not show', () => {
      const root = pair();
      ok(root, 'snapshot', 'source', '--out', 'plain.m');
      const cases: [args: string[], says: string][] = [
        [['--source-manifest', 'plain.m', 'target', '--checksum'], 'plain.m has no digests, so content cannot be compared'],
        [['--source-manifest', 's.m', './target', '--links-as', 'content'], '--links-as needs the source itself'],
        [['--source-manifest', 's.m', './target', '-x'], '--one-file-system needs the source itself'],
        [['--source-manifest', 's.m', './target', '--exclude-caches'], '--exclude-caches needs the source itself'],
        [['source', '--target-manifest', 't.m', '--rename-invalid'], '--rename-invalid needs the target itself'],
        [['source', 'target', '--target-manifest', 't.m'], 'the target is given twice'],
        [['--source-manifest', 's.m', '-i', 'source'], 'the source is given twice'],
        [['--source-manifest', 's.m', '--target-manifest', 't.m', './target'], 'both folders are given as manifests'],
        [['--source-manifest', 's.m'], 'no target is given'],
      ];
      for (const [args, says] of cases) {
        const {code, stderr} = dirsync(['plan', ...args], {cwd: root});
        expect([code, stderr.includes(says)], `${args.join(' ')}: ${stderr}`).to.deep.equal([1, true]);
      }
    });
  });

  describe('diff', () => {
    const changed = () => {
      const root = given({a: 'a', b: dir({c: 'c', d: file('d', {mode: 0o600})}), gone: 'gone', same: 'same', 'x.tmp': ''});
      ok(root, 'snapshot', 'dir', '--out', 'old.m', '--digest');
      const at = (name: string) => path.join(root, 'dir', name);
      fs.appendFileSync(at('a'), 'more');
      fs.renameSync(at('b'), at('moved'));
      fs.chmodSync(at('moved/d'), 0o644);
      fs.rmSync(at('gone'));
      fs.writeFileSync(at('new'), '');
      ok(root, 'snapshot', 'dir', '--out', 'new.m', '--digest');
      return root;
    };

    it('lists what was created, changed, moved and deleted, between manifests and folders', () => {
      const root = changed();
      for (const pair of [
        ['old.m', 'new.m'],
        ['old.m', 'dir'],
        ['./old.m', './dir'],
      ]) {
        const {code, stdout, stderr} = dirsync(['diff', ...pair, '--detailed-exitcode'], {cwd: root});
        expect({code, stderr}).to.deep.equal({code: 2, stderr: ''});
        const lines = stdout.split('\n').map((line) => line.trim().replace(/ {2,}/g, ' '));
        expect(lines.slice(2, 8).map((line) => line.replace(/mtime .*/, 'mtime'))).to.deep.equal([
          '· attrs ./ mtime',
          '~ update a 5 B size 1 → 5, mtime',
          '- delete gone 4 B',
          '→ move moved/ from b/',
          '· attrs moved/d mode 0600 → 0644',
          '+ create new 0 B new',
        ]);
        expect(stdout).to.include('\n6 differences: 1 created, 1 changed, 1 moved, 2 in attributes only, 1 deleted.\n');
      }
    });

    it('finds nothing where nothing changed', () => {
      const root = changed();
      for (const pair of [
        ['new.m', 'dir'],
        ['dir', 'new.m'],
        ['dir', 'dir'],
        ['new.m', 'new.m'],
      ]) {
        for (const flags of [[], ['--checksum']]) {
          const {code, stdout} = dirsync(['diff', ...pair, ...flags, '--detailed-exitcode'], {cwd: root});
          expect([code, stdout.split('\n').at(-2)], pair.join(' ')).to.deep.equal([0, 'No differences.']);
        }
      }
    });

    it('compares content that size and time do not show', () => {
      const root = changed();
      const at = path.join(root, 'dir/same');
      const {mtime} = fs.statSync(at);
      execFileSync('touch', ['-r', at, path.join(root, 'ref')]);
      fs.writeFileSync(at, 'SAME');
      execFileSync('touch', ['-r', path.join(root, 'ref'), at]);
      expect(fs.statSync(at).mtime).to.deep.equal(mtime);
      expect(ok(root, 'diff', 'new.m', 'dir')).to.include('No differences.');
      expect(ok(root, 'diff', 'new.m', 'dir', '--checksum')).to.match(/~ update {3}same {2}4 B {2}content\n/);
    });

    it('leaves out what filters and narrowing leave out', () => {
      const root = changed();
      fs.writeFileSync(path.join(root, 'dir/x.tmp'), 'changed');
      expect(ok(root, 'diff', 'new.m', 'dir', '--exclude', '*.tmp', '--no-preserve', 'times')).to.include('No differences.');
      expect(ok(root, 'diff', 'old.m', 'new.m', '--only', 'a')).to.match(/\n1 difference: 1 changed\. 5 left out\.\n$/);
    });

    it('in every format', () => {
      const root = changed();
      const document = JSON.parse(ok(root, 'diff', 'old.m', 'new.m', '--json'));
      expect(document.header).to.include({compared: true});
      expect(document.halts).to.deep.equal([]);
      expect(ok(root, 'diff', 'old.m', 'new.m', '--format', 'markdown')).to.match(
        /^### 6 differences: .*\n[\s\S]*\nComparison `/,
      );
      expect(ok(root, 'diff', 'old.m', 'new.m', '--format', 'html'))
        .to.include('<title>dirsync diff: ')
        .and.include('6 differences');
      expect(ok(root, 'diff', 'old.m', 'new.m', '--format', 'junit')).to.include('6 differences');
    });
  });
});
