/** Symbolic links as what they lead to, or as small files: `--links-as`. */
import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import type {Problem} from '../../src/core/problem.js';
import {type CliOptions, dirsync, planDocument, planned} from '../support/cli.js';
import {disks, needDisk} from '../support/disks.js';
import {mounts, needMounts} from '../support/filesystems.js';
import {remembering} from '../support/guards.js';
import {tempDirs} from '../support/temp.js';
import {holdings, symlink, type Tree, writeTree} from '../support/tree.js';

const SOURCE: Tree = {
  releases: {one: {app: 'app one'}, two: {app: 'app two, longer', config: symlink('../../shared/config')}},
  shared: {config: 'config', up: symlink('..')},
  current: symlink('releases/two'),
  readme: symlink('shared/config'),
  out: symlink('/etc/hostname'),
  nowhere: symlink('missing'),
};

for (const DIRSYNC_PLATFORM of ['posix', 'portable'] as const) {
  describe(`story: symbolic links as something else: ${DIRSYNC_PLATFORM}`, function () {
    this.timeout(60_000);
    // Undone first.
    const mount = mounts();
    const disk = disks();
    const temp = tempDirs();
    let root: string;
    let options: CliOptions;

    beforeEach(() => {
      root = temp();
      writeTree(root, {source: SOURCE});
      const own = remembering(root);
      options = {...own, env: {...own.env, DIRSYNC_PLATFORM}};
    });

    const source = () => path.join(root, 'source');
    const target = () => path.join(root, 'target');
    const read = (at: string) => fs.readFileSync(path.join(target(), at), 'utf8');
    const expectRun = (...flags: string[]) => {
      const {code, stderr} = dirsync(['run', source(), target(), ...flags], options);
      expect({code, stderr}).to.deep.equal({code: 0, stderr: ''});
      expect(planned([source(), target(), ...flags], options), 'nothing is left to do').to.deep.equal([]);
      if (!flags.includes('--checksum'))
        expect(planned([source(), target(), '--checksum', ...flags], options), 'the content too').to.deep.equal([]);
    };
    /** What the target has, without modes and owners. */
    const holds = () => Object.entries(holdings(target())).map(([at, line]) => `${at} ${line.replace(/^(dir|file) \d+/, '$1')}`);

    it('content: what they lead to inside the source is copied, and others stay links', () => {
      expectRun('--links-as', 'content');
      expect(holds()).to.deep.equal([
        '. dir',
        'current dir',
        'current/app file 15 "app two, longer"',
        'current/config file 6 "config"',
        'nowhere symlink missing',
        'out symlink /etc/hostname',
        'readme file 6 "config"',
        'releases dir',
        'releases/one dir',
        'releases/one/app file 7 "app one"',
        'releases/two dir',
        'releases/two/app file 15 "app two, longer"',
        'releases/two/config file 6 "config"',
        'shared dir',
        'shared/config file 6 "config"',
        'shared/up symlink ..',
      ]);
    });

    it('content: what they lead to is followed when it changes', () => {
      expectRun('--links-as', 'content');
      fs.rmSync(path.join(source(), 'current'));
      fs.symlinkSync('releases/one', path.join(source(), 'current'));
      fs.appendFileSync(path.join(source(), 'shared/config'), ', changed');
      expectRun('--links-as', 'content');
      expect(read('current/app')).to.equal('app one');
      expect(fs.readdirSync(path.join(target(), 'current'))).to.deep.equal(['app']);
      for (const at of ['readme', 'releases/two/config', 'shared/config']) expect(read(at)).to.equal('config, changed');
    });

    it('content: rules that a link leads to hold', () => {
      writeTree(source(), {rules: '*.tmp\n', '.dirsyncignore': symlink('rules'), 'x.tmp': 'x'});
      expectRun('--links-as', 'content');
      expect(fs.existsSync(path.join(target(), 'x.tmp'))).to.equal(false);
    });

    it('text: each is a small file that says where it leads', () => {
      expectRun('--links-as', 'text');
      expect(read('current')).to.equal('releases/two');
      expect(read('out')).to.equal('/etc/hostname');
      expect(read('shared/up')).to.equal('..');
      fs.rmSync(path.join(source(), 'current'));
      fs.symlinkSync('releases/one', path.join(source(), 'current'));
      expectRun('--links-as', 'text', '--checksum');
      expect(read('current')).to.equal('releases/one');
    });

    it('each way gives its place to another', () => {
      const before = holdings(source());
      for (const flags of [[], ['--links-as', 'content'], ['--links-as', 'text'], ['--links-as', 'content'], []])
        expectRun(...flags);
      expect(holdings(target())).to.deep.equal(before);
    });

    it('content: what a link led to is kept while it leads nowhere, and told', () => {
      expectRun('--links-as', 'content');
      const before = holdings(target());
      fs.renameSync(path.join(source(), 'releases/two'), path.join(root, 'away'));
      fs.renameSync(path.join(source(), 'shared/config'), path.join(root, 'config'));
      const {code, stdout} = dirsync(
        ['run', source(), target(), '--links-as', 'content', '--no-delete', '--format', 'json'],
        options,
      );
      const told = JSON.parse(stdout).report.problems.map(({path, code}: Problem) => `${path} ${code}`);
      expect({code, told}).to.deep.equal({code: 3, told: ['current LINK_NOT_FOLLOWED', 'readme LINK_NOT_FOLLOWED']});
      expect(holdings(target())).to.deep.equal(before);
      fs.renameSync(path.join(root, 'away'), path.join(source(), 'releases/two'));
      fs.renameSync(path.join(root, 'config'), path.join(source(), 'shared/config'));
      expectRun('--links-as', 'content');
    });

    it('content: with --one-file-system no link is followed to another one', function () {
      needMounts(this);
      mount.memory(path.join(source(), 'disk'));
      writeTree(path.join(source(), 'disk'), {folder: {file: 'far'}, file: 'far'});
      fs.symlinkSync('disk/file', path.join(source(), 'one'));
      fs.symlinkSync('disk/folder', path.join(source(), 'two'));
      expectRun('--links-as', 'content', '--one-file-system');
      expect(fs.readlinkSync(path.join(target(), 'one'))).to.equal('disk/file');
      expect(fs.readlinkSync(path.join(target(), 'two'))).to.equal('disk/folder');
      fs.rmSync(target(), {recursive: true});
      expectRun('--links-as', 'content', '--allow', 'target-lost');
      expect([read('one'), read('two/file')]).to.deep.equal(['far', 'far']);
    });

    for (const as of ['content', 'text'] as const) {
      it(`${as}: a saved plan notices that a link leads elsewhere`, () => {
        expectRun('--links-as', as);
        const plan = path.join(root, 'plan.json');
        const lead = (link: string) => {
          fs.rmSync(path.join(source(), 'readme'));
          fs.symlinkSync(link, path.join(source(), 'readme'));
        };
        lead('releases/one/app');
        const {code} = dirsync(['plan', source(), target(), '--links-as', as, '--out', plan], options);
        expect(code).to.equal(0);
        lead('releases/two/app');
        const before = holdings(target());
        expect(dirsync(['apply', plan], options).code).to.equal(4);
        expect(holdings(target())).to.deep.equal(before);
        lead('releases/one/app');
        // The link is a new one, with a new time; what it leads to is what it was.
        expect(dirsync(['apply', plan], options).code).to.equal(as === 'content' ? 0 : 4);
      });
    }

    it('exFAT: those that cannot be followed are counted, and all else arrives', function () {
      needDisk(this, 'exfat');
      const at = path.join(disk.mount('exfat', root), 'backup');
      fs.mkdirSync(at);
      const flags = ['--links-as', 'content'];
      for (let turn = 0; turn < 2; turn++) expect(dirsync(['run', source(), at, ...flags], options).code).to.equal(0);
      expect(fs.readFileSync(path.join(at, 'current/config'), 'utf8')).to.equal('config');
      const {header, actions} = planDocument([source(), at, ...flags], options);
      expect(actions).to.deep.equal([]);
      expect(header.warnings).to.include('3 symbolic links cannot be made: the target (fuseblk) does not support them');
      const text = ['--links-as', 'text'];
      expect(dirsync(['run', source(), at, ...text], options).code).to.equal(0);
      expect(fs.readFileSync(path.join(at, 'nowhere'), 'utf8')).to.equal('missing');
      expect(planned([source(), at, ...text], options)).to.deep.equal([]);
    });
  });
}
