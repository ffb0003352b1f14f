/** File systems that root makes and mounts for a suite, each on a sparse image or in memory. */
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {call, has} from './shell.js';
import {skip} from './skip.js';

/**
 * `ext4-small-inodes` keeps times to the second, up to 2038. `ntfs` folds names and shows them in lower case; `ntfs-exact` distinguishes
 * them. `exfat` folds names and shows them as written, and each spelling has its own inode number.
 */
export const FILESYSTEMS = ['ext4', 'tmpfs', 'btrfs', 'xfs'] as const;
export type FilesystemType = (typeof FILESYSTEMS)[number] | 'ext4-small-inodes' | 'vfat' | 'ntfs' | 'ntfs-exact' | 'exfat';

// The block size is given, because a small image would get blocks of 1 KiB, and so symlinks of 1 KiB;
// the bytes per inode, so that there is room for many small files.
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

/** The mounts of this process. If it ends before an `after` hook, they are removed with it. */
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

/** Mounts at an existing folder; returns the reason if it was refused. */
function mount(args: readonly string[], at: string): string | undefined {
  const {status, stderr, error} = spawnSync('mount', [...args, '--', at], {encoding: 'utf8', env: sbin()});
  if (status !== 0) return `mount was refused: ${(error?.message ?? stderr).trim().split('\n')[0]}`;
  mounted.push(at);
  return undefined;
}

function unmount(at: string): void {
  // A program that still uses it, such as a dying one, must not keep it mounted.
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
  /** For tmpfs: the number of inodes. */
  readonly inodes?: number;
}

/** Called in a `describe`: mounts a fresh file system before its tests, and removes it after them; skips them all if it cannot. */
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
    // Not recursive: this must fail if it is still mounted.
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
  /** A new tmpfs; 64 MiB by default. */
  memory(at: string, options?: string): void;
  /** A new file system of a type that needs no image. */
  of(type: string, at: string): void;
  /** The folder `of` is also seen at `at`. */
  bind(of: string, at: string): void;
  /** The file `of` is also seen at `at`, which is a file. */
  file(of: string, at: string): void;
  /** The folder `of` is also seen at `at`, where nothing can be changed. */
  readOnly(of: string, at: string): void;
  /** An overlay at `at`: the folder `lower`, with all changes kept in a separate folder. */
  overlay(lower: string, at: string): void;
  /** A file that contains a file system, such as one of `makeImage`. */
  image(file: string, at: string, options?: string): void;
  /** Unmounts everything before the end of the test. */
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
 * Called in a `describe`, before its `tempDirs`: mounts at a test's own folders, unmounted after it. Only root can mount;
 * `needMounts` skips for other users.
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

/** Changes the options of a mount. */
export function remount(at: string, options: string): void {
  call('mount', ['-o', `remount,${options}`, '--', at]);
}

/** Skips if nothing can be mounted, even by root (in a container). */
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
