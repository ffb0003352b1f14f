import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {type CliOptions, dirsync, handOver, NOBODY, pairIn, planDocument, withoutChange} from '../support/cli.js';
import {mountedFilesystem, mounts, needMounts} from '../support/filesystems.js';
import {expectHalted, remembering} from '../support/guards.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';
import {dir, file, type Tree, writeTree} from '../support/tree.js';

const many = (count: number, content = 'x'): Tree =>
  Object.fromEntries(Array.from({length: count}, (_, i) => [`f${i}`, `${content}${i}`]));

describe('story: guards that judge the world', () => {
  const mount = mounts();
  const temp = tempDirs();
  const here = (source: Tree, target?: Tree) => {
    const pair = pairIn(temp(), source, target);
    return {...pair, args: [pair.source, pair.target], options: {...remembering(pair.root), cwd: pair.root}};
  };

  describe('target-lost', () => {
    it('halts where the disk is missing, or is another one, and leaves its place as it is', () => {
      const {target, args, options} = here({a: 'x'}, {});
      expect(dirsync(['run', ...args], options).code).to.equal(0);
      fs.renameSync(target, `${target}-away`);
      fs.mkdirSync(target);
      expectHalted('target-lost', 'it has no .dirsync/id.json; is its disk mounted?', args, options);
      expect(fs.readdirSync(target)).to.deep.equal([]);

      // Another disk: one that another machine has written to.
      expect(dirsync(['run', ...args], {cwd: options.cwd}).code).to.equal(0);
      expectHalted('target-lost', 'is the right disk mounted?', args, options);
      expect(dirsync(['run', ...args, '--allow', 'target-lost'], options).code).to.equal(0);

      // Both are known now: they may take turns.
      expect(dirsync(['run', ...args], options).code).to.equal(0);
      fs.rmSync(target, {recursive: true});
      fs.renameSync(`${target}-away`, target);
      expect(dirsync(['run', ...args], options)).to.deep.include({code: 0, stderr: ''});
    });

    it('halts where the target itself is gone, and a saved plan of an absent target', () => {
      const {root, target, args, options} = here({a: 'x'}, undefined);
      const saved = path.join(root, 'plan');
      expect(dirsync(['plan', ...args, '--out', saved], options).code).to.equal(0);
      expect(dirsync(['run', ...args], options).code).to.equal(0);
      fs.rmSync(target, {recursive: true});
      for (const command of [
        ['run', ...args],
        ['apply', saved],
      ]) {
        const {code, stderr} = dirsync(command, options);
        expect({code, stderr}).to.deep.include({code: 5});
        expect(stderr).to.include('target-lost: ');
      }
      expect(fs.existsSync(target)).to.equal(false);
      expect(dirsync(['apply', saved, '--allow', 'target-lost'], options).code).to.equal(0);
    });

    it('is remembered for the target, whatever the source', () => {
      const {root, target, args, options} = here({a: 'x'}, {});
      expect(dirsync(['run', ...args], options).code).to.equal(0);
      fs.rmSync(path.join(target, '.dirsync'), {recursive: true});
      writeTree(path.join(root, 'other'), {b: 'y'});
      expect(dirsync(['run', path.join(root, 'other'), target, '--allow', 'too-many-deletes'], options).code).to.equal(5);
    });

    it('warns where nothing can be remembered, and goes on', () => {
      const {root, source, target} = pairIn(temp(), {a: 'x'}, {});
      writeTree(path.join(root, 'state'), {dirsync: 'no folder'});
      const options = remembering(root);
      const {code, stdout} = dirsync(['run', source, target], options);
      expect(code).to.equal(0);
      expect(stdout).to.include('nothing can be remembered in').and.include('(ENOTDIR)');
    });
  });

  it('source-fs-changed halts where the source is on another file system than before', function () {
    needMounts(this);
    const {root, source, args, options} = here({a: 'x'}, {});
    expect(dirsync(['run', ...args], options).code).to.equal(0);
    mount.memory(source);
    fs.writeFileSync(path.join(source, 'b'), 'y');
    expectHalted('source-fs-changed', 'is its disk mounted?', args, options);
    expect(dirsync(['run', ...args, '--allow', 'source-fs-changed'], options).code).to.equal(0);
    expect(dirsync(['run', ...args], {...options, cwd: root}).code, 'both are known now').to.equal(0);
  });

  describe('no-space', () => {
    const small = mountedFilesystem('tmpfs', {mebibytes: 8});
    const sharing = mountedFilesystem('btrfs', {mebibytes: 256});
    const few = mountedFilesystem('tmpfs', {mebibytes: 64, inodes: 60});

    const onto = (disk: {folder(): string}, source: Tree, target: Tree) => {
      const root = temp();
      writeTree(path.join(root, 'source'), source);
      const place = disk.folder();
      writeTree(place, target);
      fs.symlinkSync(place, path.join(root, 'target'));
      return {
        root,
        target: place,
        args: [path.join(root, 'source'), place],
        options: {...remembering(root), cwd: path.dirname(place)},
      };
    };
    const halted = (says: string, args: readonly string[], options: CliOptions) => {
      expect(dirsync(['plan', ...args], options).stdout)
        .to.include('Would halt: no-space — ')
        .and.include(says);
      const {code, stderr} = dirsync(['run', ...args], options);
      expect({code, stderr}).to.deep.include({code: 5});
      expect(stderr).to.include('no-space: ').and.include(says);
    };

    it('halts more bytes than are free; allowed, what fits is written and the old file stays', () => {
      const {target, args, options} = onto(small, {a: 'fits', big: 'x'.repeat(9 * 1024 ** 2)}, {big: 'old'});
      halted('bytes are needed and', args, options);
      const {code, stdout} = dirsync(['run', ...args, '--allow', 'no-space'], options);
      expect({code, stdout}).to.deep.include({code: 3});
      expect(stdout).to.include('ENOSPC');
      expect(fs.readFileSync(path.join(target, 'a'), 'utf8')).to.equal('fits');
      expect(fs.readFileSync(path.join(target, 'big'), 'utf8')).to.equal('old');
      fs.rmSync(target, {recursive: true});
    });

    it('halts more files than inodes', () => {
      const {target, args, options} = onto(few, many(100), {});
      halted('inodes are needed and', args, options);
      fs.rmSync(target, {recursive: true});
    });

    it('says whether --delete-before would do, which does', () => {
      const {target, args, options} = onto(small, {new: 'n'.repeat(4 * 1024 ** 2)}, {old: 'o'.repeat(5 * 1024 ** 2)});
      halted('with --delete-before it would fit', args, options);
      const {code, stderr} = dirsync(['run', ...args, '--delete-before'], options);
      expect({code, stderr}).to.deep.equal({code: 0, stderr: ''});
      expect(fs.readdirSync(target)).to.have.members(['.dirsync', 'new']);
      fs.rmSync(target, {recursive: true});
    });

    it('lets content pass that is shared', () => {
      const root = sharing.folder();
      const content = Buffer.alloc(4 * 1024 ** 2, 'content');
      for (let i = 0; i < 32; i++) writeTree(path.join(root, 'source'), {[`f${i}`]: content.toString()});
      expect(spawnSync('sync', ['-f', root]).status).to.equal(0);
      const {bavail, bsize} = fs.statfsSync(root);
      expect(bavail * bsize, 'it does not fit twice').to.be.lessThan(32 * content.length);
      const args = [path.join(root, 'source'), path.join(root, 'target')];
      expect(dirsync(['run', ...args], remembering(temp()))).to.deep.include({code: 0, stderr: ''});
    });

    it('lets all pass where the file system does not tell its room', function () {
      needMounts(this);
      const {target, args, options} = here({a: 'x'}, {});
      mount.of('ramfs', target);
      expect(fs.statfsSync(target).blocks).to.equal(0);
      expect(dirsync(['run', ...args], options)).to.deep.include({code: 0, stderr: ''});
    });

    it('lets holes pass, and files that replace as large ones', () => {
      const {root, target, args, options} = onto(small, {same: 'n'.repeat(5 * 1024 ** 2)}, {same: 'o'.repeat(1024)});
      fs.writeFileSync(path.join(root, 'source/holes'), '');
      fs.truncateSync(path.join(root, 'source/holes'), 1024 ** 3);
      expect(dirsync(['run', ...args], options)).to.deep.include({code: 0, stderr: ''});
      fs.rmSync(target, {recursive: true});
    });
  });

  describe('not-writable', () => {
    it('halts a user who may not write to a folder, and is lifted: the rest is done', function () {
      if (NOBODY === undefined) skip(this, 'only root can make what others own');
      const {root, source, target, args} = here({open: {a: 'x'}, closed: {b: 'y'}}, {open: {}, closed: {}});
      handOver(source, target);
      fs.chmodSync(root, 0o755);
      fs.chownSync(path.join(target, 'closed'), 0, 0);
      fs.chmodSync(path.join(target, 'closed'), 0o755);
      const options = {uid: NOBODY, cwd: root};
      expectHalted('not-writable', 'a folder of the target cannot be written to: closed', args, options);
      expect(dirsync(['run', ...args, '--allow', 'not-writable'], options).code).to.equal(3);
      expect(fs.readFileSync(path.join(target, 'open/a'), 'utf8')).to.equal('x');
    });

    it('lets folders pass that their owner can open up', function () {
      if (NOBODY === undefined) skip(this, 'only root can make what others own');
      const {root, source, target, args} = here({folder: {a: 'x'}}, {folder: dir({}, {mode: 0o555})});
      handOver(source, target);
      fs.chmodSync(root, 0o755);
      expect(dirsync(['run', ...args], {uid: NOBODY, cwd: root}).code).to.equal(0);
    });

    it('halts a target that is mounted read-only', function () {
      needMounts(this);
      const {target, args, options} = here({a: 'x'}, {b: 'y'});
      mount.bind(target, target);
      expect(spawnSync('mount', ['-o', 'remount,ro,bind', target]).status).to.equal(0);
      expectHalted('not-writable', 'cannot be written to: .', args, options);
    });
  });

  describe('name-collision', () => {
    const ntfs = mountedFilesystem('ntfs', {mebibytes: 32});

    it('halts names that a folding target takes for one; allowed, neither is lost', () => {
      const root = temp();
      const source = path.join(root, 'source');
      writeTree(source, {folder: {README: 'upper', readme: 'lower case'}, other: 'x'});
      const target = ntfs.folder();
      const args = [source, target, '--no-preserve', 'mode,owner,xattrs,acls,specials'];
      const options = remembering(root);
      const {code, stderr} = dirsync(['run', ...args], options);
      expect({code, stderr}).to.deep.include({code: 5});
      expect(stderr).to.include('name-collision: ').and.include('folder/readme');
      expect(fs.readdirSync(target)).to.deep.equal([]);
      expect(dirsync(['run', ...args, '--allow', 'name-collision'], options).code).to.equal(3);
      expect(['upper', 'lower case']).to.include(fs.readFileSync(path.join(target, 'folder/readme'), 'utf8'));
      expect(fs.readFileSync(path.join(target, 'other'), 'utf8')).to.equal('x');
      fs.rmSync(path.join(source, 'folder/README'));
      expect(dirsync(['plan', ...args], options).stdout).to.not.include('name-collision');
    });

    it('lets them pass where names are told apart', () => {
      const {args, options} = here({README: 'upper', readme: 'lower'}, {});
      expect(dirsync(['run', ...args], options).code).to.equal(0);
    });
  });

  it('everything-changed halts files of which the time alone is another', () => {
    const {source, target, args, options} = here(many(30), {});
    expect(dirsync(['run', ...args], options).code).to.equal(0);
    for (const name of fs.readdirSync(source)) fs.utimesSync(path.join(source, name), 1_700_000_000, 1_700_000_000);
    expectHalted('everything-changed', '30 of 30 files differ only in their times', args, options);
    const {actions, halts} = planDocument([...args, '--checksum'], options);
    expect({halts, kinds: new Set(actions.map(({kind}) => kind))}).to.deep.equal({halts: [], kinds: new Set(['attrs'])});
    expect(dirsync(['run', ...args, '--allow', 'everything-changed'], options).code).to.equal(0);
    expect(fs.statSync(path.join(target, 'f0')).mtimeMs).to.equal(1_700_000_000_000);
  });

  describe('filters-changed', () => {
    it('halts where a filter of the command line is gone that kept something', () => {
      const {target, args, options} = here({a: 'x'}, {a: 'x', cache: {b: 'kept'}});
      expect(dirsync(['run', ...args, '--exclude', '/cache/'], options).code).to.equal(0);
      expect(fs.existsSync(path.join(target, 'cache/b'))).to.equal(true);
      expectHalted(
        'filters-changed',
        '2 paths that they protected would be deleted or overwritten: cache and others',
        args,
        options,
      );
      expect(dirsync(['run', ...args, '--allow', 'filters-changed'], options).code).to.equal(0);
      expect(fs.existsSync(path.join(target, 'cache'))).to.equal(false);
      expect(dirsync(['run', ...args], options).code, 'the new filters are remembered').to.equal(0);
    });

    it('halts where a .dirsyncignore has let go of something', () => {
      const {source, target, args, options} = here(
        {sub: {'.dirsyncignore': '*.tmp\n', a: 'x'}},
        {sub: {a: 'x', 'b.tmp': 'kept'}, gone: 'by the way'},
      );
      expect(dirsync(['run', ...args], options).code).to.equal(0);
      fs.writeFileSync(path.join(source, 'sub/.dirsyncignore'), '*.bak\n');
      expectHalted('filters-changed', 'would be deleted or overwritten: sub/b.tmp', args, options);
      expect(fs.existsSync(path.join(target, 'sub/b.tmp'))).to.equal(true);
    });

    it('with --delete-excluded halts where a new filter leaves out what is there, and for nothing that the old ones left out', () => {
      const {target, args, options} = here(
        {a: 'x', 'b.tmp': 'x', 'c.bak': 'x'},
        {a: 'x', 'b.tmp': 'x', 'c.bak': 'x', 'd.tmp': 'x'},
      );
      const tmp = ['--exclude', '*.tmp', '--delete-excluded'];
      expect(dirsync(['run', ...args, ...tmp.slice(0, 2)], options).code).to.equal(0);
      expectHalted(
        'filters-changed',
        'a path would be deleted because of that: c.bak',
        [...args, ...tmp, '--exclude', '*.bak'],
        options,
      );
      expect(dirsync(['run', ...args, ...tmp], options).code).to.equal(0);
      expect(fs.readdirSync(target).sort()).to.deep.equal(['.dirsync', 'a', 'c.bak']);
    });

    it('lets a new filter pass, and deletes of what no filter kept', () => {
      const {source, args, options} = here({a: 'x', b: 'y'}, {});
      expect(dirsync(['run', ...args], options).code).to.equal(0);
      fs.rmSync(path.join(source, 'b'));
      expect(dirsync(['run', ...args, '--exclude', '*.tmp'], options).code).to.equal(0);
      expect(dirsync(['run', ...args, '--exclude', '*.bak'], options).code).to.equal(0);
    });
  });

  it('unreadable-source halts apply and run, and is lifted: nothing is deleted', function () {
    if (NOBODY === undefined) skip(this, 'root reads everything');
    const {root, source, target} = here({a: 'x'}, {a: file('x'), b: 'y'});
    fs.chmodSync(root, 0o755);
    handOver(target);
    fs.chmodSync(source, 0o700);
    const options = {uid: NOBODY, cwd: root};
    for (const command of [['apply', '--yes'], ['run']]) {
      const {code, stderr} = withoutChange(target, () => dirsync([...command, source, target], options));
      expect({code, stderr}).to.deep.include({code: 5});
      expect(stderr)
        .to.include('; halted by unreadable-source\n')
        .and.include('or add --allow unreadable-source if this is intended');
    }
    const {code, stdout} = withoutChange(target, () => dirsync(['run', source, target, '--allow', 'unreadable-source'], options));
    expect({code, stdout}).to.deep.include({code: 3});
    // It can be opened, but not listed.
    fs.chmodSync(source, 0o711);
    expect(dirsync(['run', source, target], options).code).to.equal(5);
  });
});
