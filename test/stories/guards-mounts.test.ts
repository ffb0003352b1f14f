import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {type CliOptions, dirsync, pairIn, planDocument, withoutChange} from '../support/cli.js';
import {mounts, needMounts} from '../support/filesystems.js';
import {expectHalted, remembering} from '../support/guards.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';
import {type Tree, writeTree} from '../support/tree.js';

const PHOTOS: Tree = {p1: '1', p2: '2', sub: {p3: '3'}};

describe('story: disks inside of the trees', () => {
  const mount = mounts();
  const temp = tempDirs();
  const here = (env: NodeJS.ProcessEnv = {}) => {
    const pair = pairIn(temp(), {doc: 'x'}, {});
    const remembered = remembering(pair.root);
    const options = {...remembered, env: {...remembered.env, ...env}, cwd: pair.root};
    return {...pair, args: [pair.source, pair.target], options};
  };
  const isPortable = process.env.DIRSYNC_PLATFORM === 'portable';
  const expectDone = (args: readonly string[], options: CliOptions, why?: string) =>
    expect(dirsync(['run', ...args], options), why).to.deep.include({code: 0, stderr: ''});

  before(function () {
    needMounts(this as unknown as Mocha.Context);
  });

  for (const DIRSYNC_PLATFORM of isPortable ? ['portable'] : ['posix', 'portable']) {
    describe(DIRSYNC_PLATFORM, () => {
      it('a disk of the source that is missing halts; let pass once, it may come and go', () => {
        const {source, target, args, options} = here({DIRSYNC_PLATFORM});
        const photos = path.join(source, 'photos');
        mount.memory(photos);
        writeTree(photos, PHOTOS);
        expectDone(args, options);
        mount.undo();
        expectHalted(
          'source-fs-changed',
          'nothing is mounted at photos in the source any more (before, it was tmpfs)',
          args,
          options,
        );
        fs.rmdirSync(photos);
        expectHalted('source-fs-changed', 'nothing is mounted at photos', args, options);
        expectDone([...args, '--allow', 'source-fs-changed'], options);
        expect(fs.existsSync(path.join(target, 'photos'))).to.equal(false);

        mount.memory(photos);
        writeTree(photos, PHOTOS);
        expectDone(args, options, 'it is back');
        mount.undo();
        expectDone(args, options, 'it may be missing');
      });

      it('a disk of the target that is missing halts, and nothing is written below its place', () => {
        const {source, target, args, options} = here({DIRSYNC_PLATFORM});
        writeTree(source, {photos: PHOTOS});
        const photos = path.join(target, 'photos');
        mount.memory(photos);
        expectDone(args, options);
        expect(fs.readdirSync(photos)).to.have.length(3);
        mount.undo();
        expectHalted('target-lost', 'nothing is mounted at photos in the target any more (before, it was tmpfs)', args, options);
        expect(fs.readdirSync(photos)).to.deep.equal([]);
        fs.rmdirSync(photos);
        expectHalted('target-lost', 'nothing is mounted at photos', args, options);
      });

      it('a disk of the target that has gone since a plan was saved halts it, also the first one ever', () => {
        const {root, source, target, args, options} = here({DIRSYNC_PLATFORM});
        writeTree(source, {photos: PHOTOS});
        const photos = path.join(target, 'photos');
        const saved = path.join(root, 'plan');
        mount.memory(photos);
        expect(dirsync(['plan', ...args, '--out', saved], options).code).to.equal(0);
        mount.undo();
        const {code, stderr} = withoutChange(target, () => dirsync(['apply', saved], options));
        expect({code, stderr}).to.deep.include({code: 5});
        expect(stderr).to.include('target-lost: nothing is mounted at photos in the target any more');
      });
    });
  }

  it('another file system in the place of one halts', () => {
    const {source, args, options} = here();
    const photos = path.join(source, 'photos');
    mount.memory(photos);
    writeTree(photos, PHOTOS);
    expectDone(args, options);
    mount.undo();
    mount.of('ramfs', photos);
    expectHalted('source-fs-changed', 'a different file system than before is mounted at photos in the source', args, options);
  });

  it('a bind mount, and a mounted file, are known as well', function () {
    if (isPortable) skip(this, 'this backend sees no mounts of the file system that they are in');
    const {root, source, args, options} = here();
    writeTree(root, {data: PHOTOS, file: 'content'});
    writeTree(source, {placeholder: ''});
    const photos = path.join(source, 'photos');
    mount.bind(path.join(root, 'data'), photos);
    expectDone(args, options);
    mount.undo();
    expectHalted('source-fs-changed', 'nothing is mounted at photos in the source any more (before, it was bind ', args, options);
    // The portable backend cannot see whether it is there, and does not guess.
    mount.bind(path.join(root, 'data'), photos);
    expectDone(args, {...options, env: {...options.env, DIRSYNC_PLATFORM: 'portable'}});

    mount.file(path.join(root, 'file'), path.join(source, 'placeholder'));
    expectDone(args, options);
    mount.undo();
    mount.bind(path.join(root, 'data'), photos);
    expectHalted('source-fs-changed', 'nothing is mounted at placeholder in the source any more', args, options);
  });

  it('what a run leaves alone does not halt it, and is not forgotten', () => {
    const {source, target, args, options} = here();
    const photos = path.join(source, 'photos');
    mount.memory(photos);
    writeTree(photos, PHOTOS);
    expectDone(args, options);
    mount.undo();
    fs.writeFileSync(path.join(source, 'doc'), 'changed');
    for (const how of [
      ['--only', '/doc'],
      ['--exclude', '/photos/'],
      ['--except', '/photos/**'],
    ]) {
      expectDone([...args, ...how], options, how.join(' '));
    }
    expect(fs.readFileSync(path.join(target, 'doc'), 'utf8')).to.equal('changed');
    fs.writeFileSync(path.join(source, 'doc'), 'changed again');
    expectHalted('source-fs-changed', 'nothing is mounted at photos', args, options);
  });

  it('what is filled from elsewhere is kept with --one-file-system when the disk is missing', () => {
    const {source, target, args, options} = here();
    const photos = path.join(source, 'photos');
    mount.memory(photos);
    expectDone([...args, '-x'], options);
    writeTree(path.join(target, 'photos'), PHOTOS);
    expectDone([...args, '-x'], options);
    mount.undo();
    expectHalted('source-fs-changed', 'nothing is mounted at photos', [...args, '-x'], options);
  });

  it('a mount point that goes with its mount, and had nothing in it, is no loss', () => {
    const {source, target, args, options} = here();
    const session = path.join(source, 'session');
    mount.memory(session);
    writeTree(session, {secret: 'x'});
    expectDone([...args, '-x'], options);
    mount.undo();
    fs.rmdirSync(session);
    expectDone([...args, '-x'], options);
    expect(fs.existsSync(path.join(target, 'session'))).to.equal(false);
  });

  it('stands in the plan, of which the facts say what is mounted where', () => {
    const {source, args, options} = here();
    mount.memory(path.join(source, 'photos'));
    expectDone(args, options);
    const {header} = planDocument(args, options) as unknown as {header: {facts: object}};
    expect(header.facts).to.deep.include({
      sourceMounts: [{at: 'photos', now: 'tmpfs', before: ['tmpfs']}],
      targetMounts: [],
    });
  });
});
