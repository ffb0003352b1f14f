/** File systems of their own, made and mounted for a suite by root, each on a sparse image or in memory. */
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {call, has} from './shell.js';
import {skip} from './skip.js';

/**
 * `ext4-small-inodes` keeps times to the second, up to 2038; `ntfs` folds names and shows them in lower case, `ntfs-exact` tells them
 * apart; `exfat` folds them and shows
 * them as they were given, and each way to write one has an inode number of its own.
 */
export const FILESYSTEMS = ['ext4', 'tmpfs', 'btrfs', 'xfs'] as const;
export type FilesystemType = (typeof FILESYSTEMS)[number] | 'ext4-small-inodes' | 'vfat' | 'ntfs' | 'ntfs-exact' | 'exfat';

// The block size is said, since a small image would get blocks of 1 KiB, and with them symlinks of 1 KiB;
// the bytes per inode, so that many small files find room.
const MAKE: Readonly<Record<Exclude<FilesystemType, 'tmpfs'>, readonly [tool: string, ...args: string[]]>> = {
  ext4: ['mkfs.ext4', '-q', '-F', '-b', '4096', '-i', '2048'],
  'ext4-small-inodes': ['mkfs.ext4', '-q', '-F', '-b', '4096', '-I', '128'],
  btrfs: ['mkfs.btrfs', '-q', '-f'],
  xfs: ['mkfs.xfs', '-q', '-f'],
  vfat: ['mkfs.vfat'],
  ntfs: ['mkntfs', '-q', '-F'],
  'ntfs-exact': ['mkntfs', '-q', '-F'],
  exfat: ['mkfs.exfat'],
};

const MIB = 1024 ** 2;
const PREFIX = 'dirsync-fs-';

/** What is mounted by this process; should it end before an `after` hook, these do not outlive it. */
const mounted: string[] = [];
process.on('exit', () => {
  for (const at of [...mounted].reverse()) unmount(at);
});

/** Why nothing can be mounted here. */
export function cannotMount(): string | undefined {
  if (process.platform !== 'linux') return 'file systems are mounted on Linux';
  if (process.geteuid?.() !== 0) return 'only root can mount';
  return ['mount', 'umount'].every(has) ? undefined : 'mount is not installed';
}

/** Mounts at a folder that is there; gives the reason why it was refused. */
function mount(args: readonly string[], at: string): string | undefined {
  const {status, stderr, error} = spawnSync('mount', [...args, '--', at], {encoding: 'utf8', env: sbin()});
  if (status !== 0) return `mount was refused: ${(error?.message ?? stderr).trim().split('\n')[0]}`;
  mounted.push(at);
  return undefined;
}

function unmount(at: string): void {
  // Whatever still holds it, such as a program that is being killed, must not keep it mounted for others.
  if (spawnSync('umount', ['--', at], {env: sbin()}).status !== 0) call('umount', ['-l', '--', at], {env: sbin()});
  mounted.splice(mounted.lastIndexOf(at), 1);
}

function sbin(): NodeJS.ProcessEnv {
  return {...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin`};
}

export interface Mounted {
  readonly type: FilesystemType;
  /** Where it is mounted. */
  readonly root: string;
  /** An empty folder in it. */
  folder(): string;
}

export interface MountOptions {
  readonly mebibytes?: number;
  /** Of a tmpfs: inodes in all. */
  readonly inodes?: number;
}

/** Called in a `describe`: mounts a fresh file system before its tests, and removes it after them; skips them all where it cannot. */
export function mountedFilesystem(type: FilesystemType, {mebibytes = 512, inodes}: MountOptions = {}): Mounted {
  let home = '';
  let root = '';
  let folders = 0;

  before(function () {
    const refused = cannotMount() ?? make();
    if (refused !== undefined) skip(this, `${type}: ${refused}`);
  });
  after(remove);

  function make(): string | undefined {
    const tool = type === 'tmpfs' ? '' : toolOf(type);
    if (tool !== '' && !has(tool)) return `${tool} is not installed`;
    home = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), PREFIX)));
    fs.chmodSync(home, 0o755);
    const at = path.join(home, 'root');
    const image = path.join(home, 'image');
    fs.mkdirSync(at);
    if (type !== 'tmpfs') makeImage(type, image, mebibytes);
    const memory = `size=${mebibytes}m${inodes === undefined ? '' : `,nr_inodes=${inodes}`}`;
    const how: Partial<Record<FilesystemType, readonly string[]>> = {
      tmpfs: ['-t', 'tmpfs', '-o', memory, 'dirsync-test'],
      ntfs: ['-t', 'lowntfs-3g', '-o', 'ignore_case', image],
      'ntfs-exact': ['-t', 'lowntfs-3g', image],
      exfat: ['-t', 'exfat-fuse', '-o', 'loop', image],
    };
    const refused = mount(how[type] ?? ['-o', 'loop', image], at);
    if (refused === undefined) {
      root = at;
      if (!['vfat', 'ntfs', 'ntfs-exact', 'exfat'].includes(type)) fs.chmodSync(root, 0o755);
    }
    return refused;
  }

  function remove(): void {
    if (root !== '') unmount(root);
    if (home === '') return;
    fs.rmSync(path.join(home, 'image'), {force: true});
    // Not with what is in it: were it still mounted, this must fail.
    fs.rmdirSync(path.join(home, 'root'));
    fs.rmdirSync(home);
  }

  return {
    type,
    get root() {
      return root;
    },
    folder() {
      const folder = path.join(root, `test${folders++}`);
      fs.mkdirSync(folder);
      return folder;
    },
  };
}

export interface Mounts {
  /** A new tmpfs; of other options than 64 MiB when they are given. */
  memory(at: string, options?: string): void;
  /** A new file system of a type that needs no image. */
  of(type: string, at: string): void;
  /** The folder `of` is also seen at `at`. */
  bind(of: string, at: string): void;
  /** The file `of` is also seen at `at`, which is a file. */
  file(of: string, at: string): void;
  /** The folder `of` is also seen at `at`, where nothing can be changed. */
  readOnly(of: string, at: string): void;
  /** The folder `lower`, on which all that is changed at `at` is laid over and kept beside it. */
  overlay(lower: string, at: string): void;
  /** A file with a file system in it, such as `makeImage` makes. */
  image(file: string, at: string, options?: string): void;
  /** Undoes the mounts made so far, before the test has ended. */
  undo(): void;
}

/** Makes a file system in a new file. Its tool must be installed: see `toolOf`. */
export function makeImage(type: keyof typeof MAKE, file: string, mebibytes: number, more: readonly string[] = []): void {
  const [tool, ...args] = MAKE[type];
  fs.writeFileSync(file, '');
  fs.truncateSync(file, mebibytes * MIB);
  call(tool, [...args, ...more, file], {env: sbin()});
}

/** The program that makes such file systems. */
export function toolOf(type: keyof typeof MAKE): string {
  return MAKE[type][0];
}

/**
 * Called in a `describe`, before its `tempDirs`: mounts at folders of a test's own, undone after it. Only root can; `needMounts`
 * skips for others.
 */
export function mounts(): Mounts {
  const own: string[] = [];
  const undo = () => {
    for (const at of own.splice(0).reverse()) unmount(at);
  };
  afterEach(undo);
  const add = (args: readonly string[], at: string, isFile = false) => {
    if (!isFile) fs.mkdirSync(at, {recursive: true});
    const refused = mount(args, at);
    if (refused !== undefined) throw new Error(refused);
    own.push(at);
  };
  return {
    memory: (at, options = 'size=64m') => add(['-t', 'tmpfs', '-o', `${options},mode=755`, 'dirsync-test'], at),
    of: (type, at) => add(['-t', type, 'dirsync-test'], at),
    bind: (of, at) => add(['--bind', of], at),
    file: (of, at) => add(['--bind', of], at, true),
    readOnly(of, at) {
      add(['--bind', of], at);
      remount(at, 'bind,ro');
    },
    overlay(lower, at) {
      const [upper, work] = [`${lower}-upper`, `${lower}-work`];
      for (const folder of [upper, work]) fs.mkdirSync(folder);
      add(['-t', 'overlay', '-o', `lowerdir=${lower},upperdir=${upper},workdir=${work}`, 'dirsync-test'], at);
    },
    image: (file, at, options) => add(['-o', options === undefined ? 'loop' : `loop,${options}`, file], at),
    undo,
  };
}

/** Gives what is mounted there other options. */
export function remount(at: string, options: string): void {
  call('mount', ['-o', `remount,${options}`, '--', at]);
}

/** Skips where nothing can be mounted, also where root has not the right to (a container). */
export function needMounts(context: Mocha.Context): void {
  const reason = cannotMount() ?? tryMount();
  if (reason !== undefined) skip(context, reason);
}

function tryMount(): string | undefined {
  const at = fs.mkdtempSync(path.join(os.tmpdir(), PREFIX));
  const refused = mount(['-t', 'tmpfs', '-o', 'size=1m', 'dirsync-test'], at);
  if (refused === undefined) unmount(at);
  fs.rmdirSync(at);
  return refused;
}
