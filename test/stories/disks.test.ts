/** The disks, pools and shares that people have: everything arrives that can be there, the rest is told, and a second run has nothing to do. */
import {createHash} from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import type {Problem} from '../../src/core/problem.js';
import {type CliOptions, dirsync, planDocument} from '../support/cli.js';
import {DISKS, type DiskName, disks, needDisk} from '../support/disks.js';
import {mounts} from '../support/filesystems.js';
import {remembering} from '../support/guards.js';
import {bash, call, has} from '../support/shell.js';
import {skip} from '../support/skip.js';
import {tempDirs} from '../support/temp.js';
import {symlink, writeTree} from '../support/tree.js';

/** How a plan says what is not kept. */
const LOSSES = {
  modes: /\bmodes?\b/i,
  owners: /\bowners?\b/i,
  symlinks: /symbolic link|symlink/i,
  'hard links': /hard link|second name|further name|names of (one|the same) file/i,
  xattrs: /extended attribute/i,
  FIFOs: /FIFO/,
  case: /upper and lower case/,
  times: /stores times only with a precision of/,
} as const;
type Loss = keyof typeof LOSSES;

interface Preserving {
  readonly loses: readonly Loss[];
  /** Times are kept to so many nanoseconds. */
  readonly resolution: bigint;
  /** Names of one file show one inode. */
  readonly oneInode: boolean;
  /** The time and the owner of a symbolic link can be set. */
  readonly linkAttributes: boolean;
  readonly holes: boolean;
}

const ALL: Preserving = {loses: [], resolution: 1n, oneInode: true, linkAttributes: true, holes: true};
const SECOND = 1_000_000_000n;
const CONTENT_ALONE: Preserving = {
  ...ALL,
  loses: ['modes', 'owners', 'symlinks', 'hard links', 'xattrs', 'FIFOs'],
  oneInode: false,
  holes: false,
};
const KEEPS: Readonly<Record<DiskName, Preserving>> = {
  exfat: {...CONTENT_ALONE, loses: [...CONTENT_ALONE.loses, 'times'], resolution: SECOND},
  ntfs: {...ALL, loses: ['modes', 'owners', 'times'], resolution: 100n},
  'ntfs-permissions': {...ALL, loses: ['times'], resolution: 100n},
  'ntfs-ignore-case': {...ALL, loses: ['modes', 'owners', 'case', 'times'], resolution: 100n},
  mergerfs: {...ALL, oneInode: false},
  sshfs: {...ALL, loses: ['xattrs', 'FIFOs', 'times'], resolution: SECOND, oneInode: false, linkAttributes: false, holes: false},
  bindfs: {...ALL, loses: ['modes', 'owners']},
  gocryptfs: ALL,
  'fuse-overlayfs': ALL,
  rclone: CONTENT_ALONE,
  fusefat: {...CONTENT_ALONE, loses: [...CONTENT_ALONE.loses, 'times'], resolution: 2n * SECOND},
};

const MICROSECOND = 1000n;
const WITHOUT_POSIX = /^without the posix backend/;
const PORTABLE: readonly DiskName[] = ['exfat', 'sshfs', 'mergerfs'];

const SOURCE = `
  mkdir -p Photos/2024 Films notes theirs
  for i in 1 2 3 4 5; do echo "photo $i" >Photos/2024/IMG_$i.jpg; touch -d "2024-01-02 03:04:0$i.123456789" Photos/2024/IMG_$i.jpg; done
  echo film >Films/one.mkv
  echo film two >Films/two.mkv
  echo task >notes/todo.txt
  ln notes/todo.txt notes/again.txt
  setfattr -n user.tag -v later notes/todo.txt
  echo 'echo hello' >notes/hello.sh
  ln -s todo.txt notes/link
  ln -s nowhere notes/dangling
  ln -s one theirs/link
  mkfifo notes/pipe
  truncate -s 3M notes/sparse
  echo end >>notes/sparse
  echo one >theirs/one
  echo two >theirs/two
  chmod 755 . Photos Photos/2024 Films notes theirs notes/hello.sh
  chmod 644 Photos/2024/* Films/* notes/again.txt notes/sparse notes/pipe theirs/*
  chmod 600 notes/todo.txt
  chown -hR 1234:2345 theirs
  touch -d '2023-04-05 06:07:09.987654321' Films/* notes/hello.sh notes/todo.txt notes/sparse notes/pipe theirs/*
  touch -h -d '2022-04-05 06:07:09.987654321' notes/link notes/dangling theirs/link
  touch -d '2024-05-06 07:08:11.123456789' Photos/2024 Photos Films notes theirs .`;

const CHANGES = `
  echo 'photo 2, brighter' >Photos/2024/IMG_2.jpg
  echo 'another task' >>notes/todo.txt
  mkdir Photos/2025
  echo 'a new photo' >Photos/2025/IMG_6.jpg
  rm Photos/2024/IMG_3.jpg
  mv Films Movies`;

/** What is changed, created or deleted, and the folders whose times that changes; nothing else is to be written again. */
const CHANGED =
  /^(|Photos|Photos\/2024|Photos\/2024\/IMG_[23]\.jpg|Photos\/2025(\/.*)?|(Films|Movies)(\/.*)?|notes\/(todo|again)\.txt)$/i;

function portable(preserving: Preserving): Preserving {
  const {resolution, loses} = preserving;
  return {
    ...preserving,
    loses: [...new Set<Loss>([...loses, 'xattrs', 'FIFOs'])],
    resolution: resolution > MICROSECOND ? resolution : MICROSECOND,
    holes: false,
  };
}

/** What is in a folder, in so far as the target can hold it: its paths, and what there is of each. */
function holds(root: string, {loses, resolution, oneInode, linkAttributes, holes}: Preserving): Record<string, string> {
  const found: Record<string, string> = {};
  const first = new Map<bigint, string>();
  const keeps = (loss: Loss) => !loses.includes(loss);
  const look = (at: string, shown: string) => {
    const stat = fs.lstatSync(at, {bigint: true});
    const facts: string[] = [];
    if (stat.isSymbolicLink()) {
      if (!keeps('symlinks')) return;
      facts.push('symlink', fs.readlinkSync(at));
    } else if (stat.isFIFO()) {
      if (!keeps('FIFOs')) return;
      facts.push('FIFO');
    } else if (stat.isDirectory()) facts.push('folder');
    else {
      const content = fs.readFileSync(at);
      const isShort = content.length < 100;
      facts.push('file', isShort ? JSON.stringify(content.toString()) : createHash('sha256').update(content).digest('hex'));
      if (holes && !isShort && stat.blocks * 512n < stat.size / 2n) facts.push('with holes');
      if (keeps('xattrs')) facts.push(call('getfattr', ['-d', '--absolute-names', at]).split('\n').slice(1).join(''));
      if (oneInode) facts.push(`= ${first.get(stat.ino) ?? shown}`);
      first.set(stat.ino, first.get(stat.ino) ?? shown);
    }
    if (keeps('modes') && !stat.isSymbolicLink()) facts.push((stat.mode & 0o7777n).toString(8));
    if (!stat.isSymbolicLink() || linkAttributes) {
      if (keeps('owners')) facts.push(`${stat.uid}:${stat.gid}`);
      facts.push(`${stat.mtimeNs - (stat.mtimeNs % resolution)} ns`);
    }
    found[shown] = facts.join(' ');
    if (!stat.isDirectory()) return;
    for (const name of fs.readdirSync(at).sort()) {
      if (shown === '.' && name === '.dirsync') continue;
      const told = keeps('case') ? name : name.toLowerCase();
      look(path.join(at, name), shown === '.' ? told : `${shown}/${told}`);
    }
  };
  look(root, '.');
  return found;
}

/** All files there, also dirsync's own, with their sizes and times. */
function files({target, name}: Pick<Story, 'target' | 'name'>): string[] {
  const found = call('find', ['.', '-type', 'f', '-printf', '%p %s %T@\\n'], {cwd: target}).split('\n').sort();
  // A run with nothing to do notes the inodes of what the run before has made.
  const lines = found.filter((line) => !line.startsWith('./.dirsync/last.manifest '));
  // A cloud may give what was written, and has no time of its own, another one a moment later.
  return name === 'rclone' ? lines.map((line) => (line.startsWith('./.dirsync/') ? line.replace(/ \S+$/, '') : line)) : lines;
}

interface Story {
  readonly name: DiskName;
  readonly preserving: Preserving;
  readonly isPortable: boolean;
  readonly source: string;
  readonly target: string;
  readonly options: CliOptions;
}

function expectTold(warnings: readonly string[], {preserving: {loses}, isPortable}: Story): void {
  const ofDisk = warnings.filter((warning) => !WITHOUT_POSIX.test(warning));
  const told = (loss: Loss) => ofDisk.filter((warning) => LOSSES[loss].test(warning));
  if (isPortable) expect(warnings.length - ofDisk.length, 'what the portable backend does not keep is said once').to.equal(1);
  for (const loss of Object.keys(LOSSES) as Loss[]) {
    // That warning tells of them, whatever the target could hold.
    if (isPortable && (loss === 'xattrs' || loss === 'FIFOs')) continue;
    const count = loses.includes(loss) ? 1 : 0;
    expect(told(loss), `${loss} in ${JSON.stringify(warnings, undefined, 1)}`).to.have.lengthOf(count);
    if (count === 1) expect(told(loss)[0], 'with a number').to.match(/\d/);
  }
}

/** A plan, and a run that does it; gives what was planned, but for folders' times that are only put back. */
function expectRun(story: Story, {knows}: {knows: boolean}): string[] {
  const {source, target, options, preserving} = story;
  const plan = planDocument([source, target], options);
  expect(plan.problems).to.deep.equal([]);
  const {code, stdout, stderr} = dirsync(['run', source, target, '--format', 'json'], options);
  const {report, plan: header, message} = JSON.parse(stdout || '{}');
  const problems = report?.problems.map(({path, code, message}: Problem) => `${path}: ${code}, ${message}`) ?? [message];
  expect({code, problems}, stderr).to.deep.equal({code: 0, problems: []});
  expect(holds(target, preserving)).to.deep.equal(holds(source, preserving));
  for (const warnings of [plan.header.warnings, header.warnings]) {
    expect(new Set(warnings).size, 'each said once').to.equal(warnings.length);
    if (knows) expectTold(warnings, story);
  }
  const actions = plan.actions.filter(({kind, reasons}) => !(kind === 'attrs' && reasons.join() === 'children'));
  return actions.map(({kind, path, reasons}) => `${kind} ${path}: ${reasons.join(', ')}`);
}

function expectNothingToDo(story: Story): void {
  const {source, target, options} = story;
  const before = files(story);
  expect(expectRun(story, {knows: true})).to.deep.equal([]);
  const {report} = JSON.parse(dirsync(['run', source, target, '--format', 'json'], options).stdout);
  expect({done: report.counts.done, bytes: report.bytes}).to.deep.equal({done: 0, bytes: 0});
  expect(files(story), 'nothing is written').to.deep.equal(before);
}

function tell(story: Story): void {
  const {source} = story;
  expect(expectRun(story, {knows: false})).to.not.deep.equal([]);
  expectNothingToDo(story);
  bash(CHANGES, source);
  const changes = expectRun(story, {knows: true});
  const paths = changes.map((line) => line.replace(/^\S+ (.*): .*$/, '$1'));
  expect(
    paths.filter((at) => !CHANGED.test(at)),
    `what did not change in ${changes.join('; ')}`,
  ).to.deep.equal([]);
  expectNothingToDo(story);
}

describe('story: the disks that people have', function () {
  this.timeout(120_000);
  // Undone first.
  const inner = mounts();
  const disk = disks();
  const temp = tempDirs();

  before(function () {
    for (const tool of ['setfattr', 'getfattr']) if (!has(tool)) skip(this, `${tool} is not installed`);
  });

  function begin(name: DiskName, isPortable: boolean): Story {
    const root = temp();
    const [source, target] = [path.join(root, 'source'), path.join(disk.mount(name, root), 'backup')];
    for (const folder of [source, target]) fs.mkdirSync(folder);
    bash(SOURCE, source);
    const options = remembering(root);
    const env = {...options.env, ...(isPortable && {DIRSYNC_PLATFORM: 'portable'})};
    const preserving = isPortable ? portable(KEEPS[name]) : KEEPS[name];
    return {name, preserving, isPortable, source, target, options: {...options, env}};
  }

  for (const name of DISKS) {
    it(`${name}: everything arrives, and the second and third run have nothing to do`, function () {
      needDisk(this, name);
      tell(begin(name, false));
    });
  }

  for (const name of PORTABLE) {
    it(`${name}, without the posix backend: everything arrives, and the second and third run have nothing to do`, function () {
      needDisk(this, name);
      tell(begin(name, true));
    });
  }

  it('fusefat: a file that is too large is told before anything is copied, and all else arrives', function () {
    needDisk(this, 'fusefat');
    const root = temp();
    const [source, target] = [path.join(root, 'source'), path.join(disk.mount('fusefat', root), 'backup')];
    writeTree(source, {small: 'small', inner: {}});
    for (const name of ['large', 'inner/large']) {
      fs.writeFileSync(path.join(source, name), '');
      fs.truncateSync(path.join(source, name), 2 ** 32);
    }
    inner.memory(path.join(target, 'inner'));
    const options = remembering(root);
    for (let turn = 0; turn < 2; turn++) {
      const {problems} = planDocument([source, target], options);
      expect(problems.map(({path, code}) => `${path} ${code}`)).to.deep.equal(['large FILE_TOO_LARGE']);
      expect(dirsync(['run', source, target], options).code).to.equal(3);
      expect(fs.readdirSync(target)).to.have.members(['.dirsync', 'inner', 'small']);
      expect(fs.statSync(path.join(target, 'inner/large')).size, 'another disk may hold it').to.equal(2 ** 32);
    }
  });

  it('exfat: a file with holes that does not fit halts the run', function () {
    needDisk(this, 'exfat');
    const root = temp();
    const [source, target] = [path.join(root, 'source'), path.join(disk.mount('exfat', root), 'backup')];
    writeTree(source, {file: 'file'});
    fs.mkdirSync(target);
    const options = remembering(root);
    expect(dirsync(['run', source, target], options).code).to.equal(0);
    fs.writeFileSync(path.join(source, 'sparse'), '');
    fs.truncateSync(path.join(source, 'sparse'), 2 ** 30);
    const {code, stderr} = dirsync(['run', source, target], options);
    expect({code, says: stderr.match(/no-space: .*needed/)?.length}, stderr).to.deep.equal({code: 5, says: 1});
    expect(fs.readdirSync(target)).to.have.members(['.dirsync', 'file']);
  });

  it('exfat: files on a disk that is mounted in it can be read by whom others can be', function () {
    needDisk(this, 'exfat');
    const root = temp();
    const [source, target] = [path.join(root, 'source'), path.join(disk.mount('exfat', root), 'backup')];
    writeTree(source, {inner: {file: 'file', sub: {file: 'file'}}});
    inner.memory(path.join(target, 'inner'));
    for (let turn = 0; turn < 2; turn++) {
      fs.rmSync(path.join(target, 'inner/file'), {force: true});
      expect(dirsync(['run', source, target], remembering(root)).code).to.equal(0);
      const modeOf = (at: string) => fs.statSync(path.join(target, at)).mode & 0o777;
      const umask = process.umask();
      expect([modeOf('inner/file'), modeOf('inner/sub/file')]).to.deep.equal([0o644 & ~umask, 0o644 & ~umask]);
      expect(modeOf('inner/sub')).to.equal(0o755 & ~umask);
    }
  });

  // The server of an sshfs follows a link that is given a time or an owner.
  for (const DIRSYNC_PLATFORM of ['posix', 'portable']) {
    it(`sshfs: what a symbolic link leads to is left alone, ${DIRSYNC_PLATFORM}`, function () {
      needDisk(this, 'sshfs');
      const root = temp();
      const [source, target] = [path.join(root, 'source'), path.join(disk.mount('sshfs', root), 'backup')];
      const outside = path.join(root, 'outside');
      const link = symlink(outside, {uid: 1234, gid: 2345});
      writeTree(root, {outside: 'not of this tree', source: {link}});
      fs.mkdirSync(target);
      const {env, cwd} = remembering(root);
      const seen = () => {
        const {uid, gid, mode, mtimeNs, ctimeNs} = fs.statSync(outside, {bigint: true});
        return {uid, gid, mode, mtimeNs, ctimeNs};
      };
      const before = seen();
      for (let turn = 0; turn < 2; turn++) dirsync(['run', source, target], {cwd, env: {...env, DIRSYNC_PLATFORM}});
      expect(seen()).to.deep.equal(before);
      expect(fs.lstatSync(path.join(target, 'link')).isSymbolicLink(), 'the link is there').to.equal(true);
    });
  }

  for (const DIRSYNC_PLATFORM of ['posix', 'portable']) {
    it(`sshfs: names arrive that others refuse, ${DIRSYNC_PLATFORM}`, function () {
      needDisk(this, 'sshfs');
      const root = temp();
      const [source, target] = [path.join(root, 'source'), path.join(disk.mount('sshfs', root), 'backup')];
      const names = ['a:b', 'end.', 'what?', '\u00e9'];
      writeTree(source, Object.fromEntries(names.map((name) => [name, name])));
      fs.mkdirSync(target);
      const {env, cwd} = remembering(root);
      const {code, stderr} = dirsync(['run', source, target], {cwd, env: {...env, DIRSYNC_PLATFORM}});
      expect({code, stderr}).to.deep.equal({code: 0, stderr: ''});
      for (const name of names) expect(fs.readFileSync(path.join(target, name), 'utf8')).to.equal(name);
    });
  }
});
