import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {type CliOptions, dirsync, pairIn, planned} from '../support/cli.js';
import {type FilesystemType, type Mounted, mountedFilesystem, mounts} from '../support/filesystems.js';
import {skip} from '../support/skip.js';
import {needStrace} from '../support/strace.js';
import {tempDirs} from '../support/temp.js';
import {DEFAULT_MTIME, file, symlink, type Tree, writeTree} from '../support/tree.js';

/** Names and contents alone: no disk here keeps all the rest. */
const ALONE = ['--no-preserve', 'mode,owner,times,xattrs,acls,specials'];

/** Each file's content, and where each symlink points; `.dirsync` and folders are left out. */
function contents(root: string): Record<string, string> {
  const entries = fs.readdirSync(root, {withFileTypes: true, recursive: true});
  const found = entries.flatMap((entry): [string, string][] => {
    const at = path.join(entry.parentPath, entry.name);
    const name = path.relative(root, at);
    if (name.split('/')[0] === '.dirsync' || entry.isDirectory()) return [];
    return [[name, entry.isSymbolicLink() ? `-> ${fs.readlinkSync(at)}` : fs.readFileSync(at, 'utf8')]];
  });
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const inLowerCase = (found: Record<string, string>) =>
  Object.fromEntries(Object.entries(found).map(([name, content]) => [name.toLowerCase(), content]));

/** Older than its copy, however coarsely the disk keeps times. */
function put(root: string, at: string, content: string): void {
  fs.writeFileSync(path.join(root, at), content);
  fs.utimesSync(path.join(root, at), 1_700_000_000, 1_700_000_000);
}

interface Place {
  readonly root: string;
  readonly source: string;
  readonly target: string;
  readonly args: readonly string[];
  readonly options: CliOptions;
}

const DISKS: readonly {readonly type: FilesystemType; readonly shown: typeof contents}[] = [
  {type: 'exfat', shown: contents},
  {type: 'ntfs', shown: (root) => inLowerCase(contents(root))},
];
const BACKENDS = process.env.DIRSYNC_PLATFORM === 'portable' ? (['portable'] as const) : (['posix', 'portable'] as const);

const BEFORE: Tree = {
  readme: 'read me',
  swap: 'one',
  other: 'another one',
  photos: {a: 'x', inside: {img: 'picture', still: 'y'}},
  'caf\u00e9.txt': 'coffee',
  gone: 'z',
};

interface Case {
  readonly name: string;
  /** What is done to the source. */
  readonly change: (move: (from: string, to: string) => void, source: string) => void;
  /** The plan on a disk that shows names as they were given. */
  readonly plan: readonly string[];
  /** Another case has all of it: one backend will do. */
  readonly isEasy?: boolean;
}

const CASES: readonly Case[] = [
  {name: 'a file', change: (move) => move('readme', 'README'), plan: ['move README'], isEasy: true},
  {
    name: 'a folder with what is in it',
    change: (move) => move('photos', 'Photos'),
    plan: ['move Photos'],
    isEasy: true,
  },
  {
    name: 'a chain of folders, with a file at its end',
    change(move) {
      move('photos/inside/img', 'photos/inside/IMG');
      move('photos/inside', 'photos/Inside');
      move('photos', 'PHOTOS');
    },
    plan: ['move PHOTOS', 'move PHOTOS/Inside', 'move PHOTOS/Inside/IMG'],
  },
  {
    name: 'two names that change places',
    change(move) {
      move('swap', 'x');
      move('other', 'SWAP');
      move('x', 'OTHER');
    },
    plan: ['update OTHER', 'update SWAP'],
  },
  {
    name: 'a file with other content besides',
    change(move, source) {
      move('readme', 'ReadMe');
      put(source, 'ReadMe', 'read me once more');
    },
    plan: ['update ReadMe'],
  },
  {
    name: 'a folder in which something comes, changes and goes',
    change(move, source) {
      move('photos', 'Photos');
      writeTree(source, {new: {}});
      put(source, 'Photos/New', 'new');
      put(source, 'Photos/a', 'x and more');
      fs.rmSync(path.join(source, 'Photos/inside/img'));
    },
    plan: ['move Photos', 'create Photos/New', 'update Photos/a', 'delete Photos/inside/img', 'mkdir new'],
  },
  {
    name: 'a folder that becomes a file',
    change(_, source) {
      fs.rmSync(path.join(source, 'photos'), {recursive: true});
      put(source, 'Photos', 'no folder');
    },
    plan: ['replace Photos', 'delete Photos/a', 'rmdir Photos/inside', 'delete Photos/inside/img', 'delete Photos/inside/still'],
  },
  {
    name: 'a file that becomes a folder',
    change(_, source) {
      fs.rmSync(path.join(source, 'readme'));
      writeTree(path.join(source, 'README'), {text: 'x'});
    },
    plan: ['replace README', 'create README/text'],
  },
  {
    name: 'an accent that is written in another way',
    change: (move) => move('caf\u00e9.txt', 'cafe\u0301.txt'),
    plan: ['move cafe\u0301.txt'],
    isEasy: true,
  },
  {
    name: 'beside a file that goes',
    change(move, source) {
      move('readme', 'README');
      fs.rmSync(path.join(source, 'gone'));
    },
    plan: ['move README', 'delete gone'],
    isEasy: true,
  },
];

for (const {type, shown} of DISKS) {
  describe(`story: a target that folds names (${type})`, () => {
    const disk = mountedFilesystem(type, {mebibytes: 48});
    const temp = tempDirs();
    const keepsCase = type === 'exfat';

    /** A copy of the tree that a run has made, in a folder of the disk. */
    const copied = (tree: Tree, on: Mounted, env: NodeJS.ProcessEnv = {}): Place => {
      const root = temp();
      const source = path.join(root, 'source');
      writeTree(source, tree);
      const target = on.folder();
      const args = [source, target, ...ALONE];
      const options = {cwd: root, env: {XDG_STATE_HOME: path.join(root, 'state'), ...env}};
      const place = {root, source, target, args, options};
      expectDone(place);
      return place;
    };
    /** A run is done whole, all is there, and nothing is left to do. */
    const expectDone = ({source, target, args, options}: Place) => {
      expect(dirsync(['run', ...args], options)).to.deep.include({code: 0, stderr: ''});
      expectEqual(target, source);
      expect(dirsync(['plan', '--detailed-exitcode', ...args], options).code, 'a second run has nothing to do').to.equal(0);
    };
    const expectEqual = (target: string, source: string) => {
      expect(shown(target)).to.deep.equal(shown(source));
      if (keepsCase) expect(fs.readdirSync(target).filter((name) => name !== '.dirsync')).to.have.members(fs.readdirSync(source));
      expect(fs.readdirSync(target, {recursive: true}).filter((name) => /\.dirsync-/.test(String(name)))).to.deep.equal([]);
      expect(fs.readdirSync(path.join(target, '.dirsync'))).to.not.include('tmp');
    };
    const mover = (source: string) => (from: string, to: string) => fs.renameSync(path.join(source, from), path.join(source, to));

    for (const backend of BACKENDS) {
      for (const {name, change, plan} of backend === 'posix' ? CASES : CASES.filter(({isEasy}) => isEasy !== true)) {
        it(`${name}, ${backend}`, () => {
          const place = copied(BEFORE, disk, {DIRSYNC_PLATFORM: backend});
          change(mover(place.source), place.source);
          const actions = planned(place.args, place.options);
          // What shows no capitals has nothing to rename.
          if (keepsCase) expect(actions).to.deep.equal(plan);
          else expect(actions.filter((action) => !action.startsWith('move')).length).to.be.at.most(plan.length);
          expectDone(place);
        });
      }
    }

    it('a saved plan, applied twice', () => {
      const place = copied(BEFORE, disk);
      const {root, source, target, options} = place;
      const move = mover(source);
      move('photos/inside', 'photos/Inside');
      move('photos', 'Photos');
      move('readme', 'README');
      const saved = path.join(root, 'plan');
      expect(dirsync(['plan', ...place.args, '--out', saved], options).code).to.equal(0);
      for (let i = 0; i < 2; i++) {
        const {code, stderr} = dirsync(['apply', saved], options);
        expect({code, stderr}).to.deep.equal({code: 0, stderr: ''});
        expectEqual(target, source);
      }
    });

    it('a narrowed plan renames the folder above what is wanted, and no more', () => {
      const place = copied(BEFORE, disk);
      const {source, target, args, options} = place;
      mover(source)('photos', 'Photos');
      mover(source)('readme', 'README');
      put(source, 'Photos/new', 'new');
      fs.rmSync(path.join(source, 'Photos/a'));
      const {code, stderr} = dirsync(['run', ...args, '--only', 'Photos/new'], options);
      expect({code, stderr}).to.deep.equal({code: 0, stderr: ''});
      const photos = keepsCase ? 'Photos' : 'photos';
      expect(shown(target)).to.include.keys('readme', `${photos}/new`, `${photos}/a`);
      expectDone(place);
    });

    it('a plan that knows nothing of names removes nothing that the source has', () => {
      const {root, source, target, args, options} = copied(BEFORE, disk);
      const saved = path.join(root, 'plan');
      for (const name of ['readme', 'photos']) fs.rmSync(path.join(source, name), {recursive: true});
      expect(dirsync(['plan', ...args, '--out', saved], options).code).to.equal(0);
      writeTree(source, {README: 'read me', Photos: {a: 'x', Inside: {img: 'picture', STILL: 'y'}}});
      const before = contents(target);
      const {code, stdout} = dirsync(['apply', saved, '--skip-drifted'], options);
      expect({code, stdout}).to.deep.include({code: 3});
      expect(contents(target)).to.deep.equal(before);
      expect(stdout).to.include('the source may have it under the name Photos/Inside/STILL');
    });

    for (const way of ['fresh', 'saved', 'named back'] as const) {
      it(`kill -9 between the two steps of a rename, then ${way}`, function () {
        if (!keepsCase) skip(this, 'nothing is renamed where no case is kept');
        needStrace(this);
        const place = copied(BEFORE, disk);
        const {root, source, target, args, options} = place;
        const move = mover(source);
        move('photos', 'Photos');
        const saved = path.join(root, 'plan');
        expect(dirsync(['plan', ...args, '--out', saved], options).code).to.equal(0);
        const left = () => fs.readdirSync(target).filter((name) => name.startsWith('.dirsync-'));
        // It has no way to rename only where nothing is, so each step is tried twice.
        for (let call = 1; left().length === 0; call++) {
          expect(call).to.be.below(20);
          const kill = `inject=renameat2:signal=KILL:when=${call}`;
          const under = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', 'trace=renameat2', '-e', kill];
          expect(dirsync(['apply', saved], {...options, under}).code).to.not.equal(0);
        }

        if (way === 'named back') move('Photos', 'photos');
        // Planning writes nothing, and takes it for what it was.
        expect(planned(args, options)).to.deep.equal(way === 'named back' ? [] : ['move Photos']);
        expect(left()).to.have.length(1);
        const {code, stderr} = dirsync(way === 'saved' ? ['apply', saved] : ['run', ...args], options);
        expect({code, stderr}).to.deep.equal({code: 0, stderr: ''});
        expectEqual(target, source);
      });
    }

    it('what a killed run left, and no note tells of, stays', () => {
      const {target, args, options} = copied({a: 'x'}, disk);
      const left = '.dirsync-20260101t000000000z-abcdef-7.name';
      fs.mkdirSync(path.join(target, left));
      put(target, `${left}/file`, 'data');
      const {code, stdout} = dirsync(['run', ...args], options);
      expect({code, stdout}).to.deep.include({code: 3});
      expect(stdout).to.include('LEFT_RENAMED');
      expect(contents(target)).to.include({[`${left}/file`]: 'data'});
    });

    it('symbolic links whose case changes', function () {
      if (type === 'exfat') skip(this, 'exFAT has no symbolic links');
      const place = copied({link: symlink('nowhere'), Other: symlink('x')}, disk);
      mover(place.source)('link', 'LINK');
      expectDone(place);
    });

    it('two names of the source that are one halt, and when that is allowed neither loses its copy', () => {
      const place = copied({folder: {readme: 'lower'}}, disk);
      const {source, target, args, options} = place;
      fs.writeFileSync(path.join(source, 'folder/README'), 'upper');
      // Times are not kept: within one second it could pass for what is there.
      const later = Date.now() / 1000 + 10;
      fs.utimesSync(path.join(source, 'folder/README'), later, later);
      expect(dirsync(['run', ...args], options).code).to.equal(5);
      expect(dirsync(['run', ...args, '--allow', 'name-collision'], options).code).to.equal(3);
      expect(inLowerCase(contents(target))['folder/readme']).to.be.oneOf(['lower', 'upper']);
    });

    it('what is not there in other letters is still deleted', () => {
      const place = copied({Keep: 'x', Gone: 'y', Folder: {In: 'z'}}, disk);
      fs.rmSync(path.join(place.source, 'Gone'));
      fs.rmSync(path.join(place.source, 'Folder'), {recursive: true});
      expectDone(place);
    });

    it('a filter protects by the name that the source has', () => {
      const place = copied({'A.TMP': 'x', b: 'y'}, disk);
      const {source, target, args, options} = place;
      fs.writeFileSync(path.join(source, 'A.TMP'), 'more than before');
      expect(dirsync(['run', ...args, '--exclude', '*.TMP'], options)).to.deep.include({code: 0, stderr: ''});
      expect(inLowerCase(contents(target))).to.deep.equal({'a.tmp': 'x', b: 'y'});
    });

    for (const backend of BACKENDS) {
      it(`what is .dirsync in other letters is left out and told, ${backend}`, () => {
        const root = temp();
        const source = path.join(root, 'source');
        writeTree(source, {a: 'x', '.DIRSYNC': {replaced: {file: 'precious'}, runs: {y: 'x'}, 'id.json': '{}'}});
        const target = disk.folder();
        const args = [source, target, ...ALONE];
        const options = {cwd: root, env: {XDG_STATE_HOME: path.join(root, 'state'), DIRSYNC_PLATFORM: backend}};
        for (let i = 0; i < 2; i++) {
          const {code, stdout} = dirsync(['run', ...args], options);
          expect({code, stdout}).to.deep.include({code: 3});
          expect(stdout).to.match(/! OWN_NAME +\.DIRSYNC \(source\): the target treats this name as \.dirsync/);
          expect(contents(target)).to.deep.equal({a: 'x'});
          expect(fs.existsSync(path.join(target, '.dirsync/replaced/file'))).to.equal(false);
          expect(JSON.parse(fs.readFileSync(path.join(target, '.dirsync/id.json'), 'utf8'))).to.have.keys(['id']);
        }
      });
    }
  });
}

describe('story: a target of which is not known whether it folds names', () => {
  const exact = mountedFilesystem('ntfs-exact', {mebibytes: 48});
  const temp = tempDirs();

  /** The target has what others have copied there, before dirsync has ever been. */
  const found = (source: Tree, target: Tree) => {
    const root = temp();
    const place = {root, source: path.join(root, 'source'), target: exact.folder()};
    writeTree(place.source, source);
    writeTree(place.target, target);
    const options = {cwd: root, env: {XDG_STATE_HOME: path.join(root, 'state')}};
    return {...place, args: [place.source, place.target, ...ALONE], options};
  };
  // It keeps times to 100 ns.
  const LATER = {mtime: DEFAULT_MTIME + 1000n};
  const SOURCE: Tree = {Photos: {a: 'x and more', Inside: {IMG: 'picture'}, new: 'new'}, README: 'read me'};
  const TARGET: Tree = {
    photos: {a: 'x', inside: {img: file('picture', LATER), gone: 'z'}},
    Readme: file('read me', LATER),
    readme: 'another',
  };
  const PLAN = [
    'move Photos',
    'move Photos/Inside',
    'move Photos/Inside/IMG',
    'delete Photos/Inside/gone',
    'update Photos/a',
    'create Photos/new',
    'move README',
    'delete readme',
  ];

  for (const way of ['fresh', 'saved', 'compared by content'] as const) {
    it(`renames where names are told apart, ${way}`, () => {
      const {root, source, target, args, options} = found(SOURCE, TARGET);
      if (way === 'compared by content') args.push('--checksum');
      expect(planned(args, options)).to.deep.equal(PLAN);
      const saved = path.join(root, 'plan');
      expect(dirsync(['plan', ...args, '--out', saved], options).code).to.equal(0);
      for (let i = 0; i < (way === 'saved' ? 2 : 1); i++) {
        const {code, stdout} = dirsync(way === 'saved' ? ['apply', saved] : ['run', ...args], options);
        expect({code, stdout}).to.deep.include({code: 0});
        expect(contents(target)).to.deep.equal(contents(source));
      }
      expect(dirsync(['plan', '--detailed-exitcode', ...args], options).code).to.equal(0);
    });
  }

  it('knows after a run, and then takes names as two that differ in case alone', () => {
    const {source, target, args, options} = found({readme: 'x'}, {});
    expect(dirsync(['run', ...args], options).code).to.equal(0);
    writeTree(source, {README: 'y', '.DIRSYNC': {a: 'z'}});
    expect(dirsync(['run', ...args], options)).to.deep.include({code: 0, stderr: ''});
    expect(contents(target)).to.deep.equal({'.DIRSYNC/a': 'z', README: 'y', readme: 'x'});
    fs.renameSync(path.join(source, 'readme'), path.join(source, 'ReadMe'));
    expect(planned(args, options)).to.deep.equal(['create ReadMe', 'delete readme']);
  });
});

describe('story: a disk that folds names, mounted in a target that does not', () => {
  const disk = mountedFilesystem('exfat', {mebibytes: 48});
  const mount = mounts();
  const temp = tempDirs();

  it('has what is in it renamed in place', () => {
    const {root, source, target} = pairIn(temp(), {Disk: {readme: 'x', photos: {a: 'y'}}, readme: 'z'}, {Disk: {}});
    mount.bind(disk.folder(), path.join(target, 'Disk'));
    const args = [source, target, ...ALONE];
    const options = {cwd: root, env: {XDG_STATE_HOME: path.join(root, 'state')}};
    expect(dirsync(['run', ...args], options)).to.deep.include({code: 0, stderr: ''});
    for (const [from, to] of [
      ['Disk/readme', 'Disk/README'],
      ['Disk/photos', 'Disk/Photos'],
      ['readme', 'README'],
    ] as const)
      fs.renameSync(path.join(source, from), path.join(source, to));
    expect(planned(args, options)).to.deep.equal(['move Disk/Photos', 'move Disk/README', 'create README', 'delete readme']);
    expect(dirsync(['run', ...args], options)).to.deep.include({code: 0, stderr: ''});
    expect(contents(target)).to.deep.equal(contents(source));
  });
});
