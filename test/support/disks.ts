/**
 * Mounts of file systems that common disks, pools and shares use, each in its own folder of a test. All are FUSE: a program serves each
 * mount, and an unmount waits for its end.
 */
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {makeImage, needMounts, toolOf} from './filesystems.js';
import {call, has} from './shell.js';
import {skip} from './skip.js';

export type DiskName =
  | 'exfat'
  | 'ntfs'
  | 'ntfs-permissions'
  | 'ntfs-ignore-case'
  | 'mergerfs'
  | 'sshfs'
  | 'bindfs'
  | 'gocryptfs'
  | 'fuse-overlayfs'
  | 'rclone'
  | 'fusefat';

/** Where a file system is made: an empty folder, the mount point inside it, and the size of an image. */
interface Place {
  readonly home: string;
  readonly at: string;
  readonly mebibytes: number;
  /** Further mount options, for exFAT and NTFS. */
  readonly more: readonly string[];
}

interface Disk {
  /** Programs that it needs. */
  readonly needs: readonly string[];
  /** The size of its image, if it has one. */
  readonly mebibytes?: number;
  /** Its program accepts only a device, not an image. */
  readonly needsLoop?: boolean;
  mount(place: Place): void;
}

// The options of the first are those that udisks uses for a disk that is plugged in.
const NTFS: Readonly<Record<'ntfs' | 'ntfs-permissions' | 'ntfs-ignore-case', readonly string[]>> = {
  ntfs: ['ntfs-3g', '-o', 'uid=1000,gid=1000,windows_names'],
  'ntfs-permissions': ['ntfs-3g', '-o', 'permissions'],
  'ntfs-ignore-case': ['lowntfs-3g', '-o', 'ignore_case'],
};

const DISK: Readonly<Record<DiskName, Disk>> = {
  exfat: {
    needs: [toolOf('exfat'), 'mount.exfat-fuse'],
    mebibytes: 200,
    needsLoop: true,
    mount: ({home, at, mebibytes, more}) =>
      start(home, 'mount', ['-t', 'exfat-fuse', '-o', ['loop', ...more].join(), image('exfat', home, mebibytes), at]),
  },
  ntfs: ntfs('ntfs'),
  'ntfs-permissions': ntfs('ntfs-permissions'),
  'ntfs-ignore-case': ntfs('ntfs-ignore-case'),
  mergerfs: {
    needs: ['mergerfs'],
    // With another policy all files of a small test would be on one branch.
    mount: ({home, at}) => start(home, 'mergerfs', ['-o', 'category.create=rand', folders(home, 'one', 'two').join(':'), at]),
  },
  sshfs: {
    needs: ['sshfs', 'sshd', 'ssh-keygen'],
    mount({home, at}) {
      const [far = ''] = folders(home, 'far');
      const port = startServer(home);
      const own = ['BatchMode=yes', 'StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', `IdentityFile=${home}/user`];
      start(home, 'sshfs', ['-F', '/dev/null', '-p', `${port}`, '-o', own.join(','), `root@127.0.0.1:${far}`, at]);
    },
  },
  bindfs: {
    needs: ['bindfs'],
    mount: ({home, at}) => {
      const forced = ['--force-user=1000', '--force-group=1000', '-p', '0755', '--chown-ignore', '--chmod-ignore'];
      start(home, 'bindfs', [...forced, ...folders(home, 'far'), at]);
    },
  },
  gocryptfs: {
    needs: ['gocryptfs'],
    mount({home, at}) {
      const [far = ''] = folders(home, 'far');
      const password = path.join(home, 'password');
      fs.writeFileSync(password, 'password\n');
      // The cheapest password hash that it allows.
      if (fs.readdirSync(far).length === 0)
        start(home, 'gocryptfs', ['-q', '-init', '-passfile', password, '-scryptn', '10', far]);
      start(home, 'gocryptfs', ['-q', '-passfile', password, far, at]);
    },
  },
  'fuse-overlayfs': {
    needs: ['fuse-overlayfs'],
    mount({home, at}) {
      const [lower, upper, work] = folders(home, 'lower', 'upper', 'work');
      start(home, 'fuse-overlayfs', ['-o', `lowerdir=${lower},upperdir=${upper},workdir=${work}`, at]);
    },
  },
  rclone: {
    needs: ['rclone'],
    mount({home, at}) {
      const own = ['--config', '/dev/null', '--cache-dir', path.join(home, 'cache')];
      start(home, 'rclone', ['mount', '--daemon', '--vfs-cache-mode', 'full', ...own, ...folders(home, 'far'), at]);
    },
  },
  fusefat: {
    needs: [toolOf('vfat'), 'fusefat'],
    mebibytes: 64,
    mount: ({home, at, mebibytes}) => start(home, 'fusefat', ['-o', 'rw+', image('vfat', home, mebibytes), at]),
  },
};

export const DISKS = Object.keys(DISK) as DiskName[];

function ntfs(name: keyof typeof NTFS): Disk {
  const [program = '', ...options] = NTFS[name];
  return {
    needs: [toolOf('ntfs'), program],
    mebibytes: 60,
    mount({home, at, mebibytes, more}) {
      const own = more.length === 0 ? [] : ['-o', more.join()];
      start(home, program, [...options, ...own, image('ntfs', home, mebibytes), at]);
    },
  };
}

export interface Disks {
  /** Makes the file system in a new folder there, and returns the folder where it is mounted. */
  mount(name: DiskName, folder: string, options?: {readonly mebibytes?: number}): string;
  /** Mounts everything again, as if a disk had been unplugged; `more`: with different options. */
  remount(more?: readonly string[]): void;
  /** Unmounts everything before the end of the test. */
  undo(): void;
}

/** The mounts of this process. If it ends before an `afterEach` hook, they are removed with it. */
const mounted: Place[] = [];
process.on('exit', () => {
  for (const place of mounted.splice(0).reverse()) unmount(place);
});

/** Called in a `describe`, before its `tempDirs`: mounts in a test's own folders, unmounted after it. `needDisk` skips if that is impossible. */
export function disks(): Disks {
  const own: Place[] = [];
  const undo = () => {
    for (const place of own.splice(0).reverse()) {
      unmount(place);
      mounted.splice(mounted.indexOf(place), 1);
    }
  };
  afterEach(undo);
  const add = (place: Place, mount: Disk['mount']) => {
    // A failed mount may already have a server.
    own.push(place);
    mounted.push(place);
    mount(place);
    until(`${place.home} is mounted`, () => isMounted(place), place.home);
  };
  return {
    mount(name, folder, options = {}) {
      const {mount, mebibytes = 0} = DISK[name];
      const home = path.join(folder, name);
      const place: Place = {home, at: path.join(home, 'disk'), mebibytes: options.mebibytes ?? mebibytes, more: []};
      fs.mkdirSync(place.at, {recursive: true});
      add(place, mount);
      return place.at;
    },
    remount(more = []) {
      const places = [...own];
      undo();
      for (const place of places) add({...place, more}, DISK[path.basename(place.home) as DiskName].mount);
    },
    undo,
  };
}

/** Skips if such a file system is impossible: a program is not installed, or this machine cannot mount. */
export function needDisk(context: Mocha.Context, name: DiskName): void {
  needMounts(context);
  const {needs, needsLoop = false} = DISK[name];
  for (const program of needs) if (!has(program)) skip(context, `${program} is not installed`);
  for (const device of ['/dev/fuse', ...(needsLoop ? ['/dev/loop-control'] : [])])
    if (!fs.existsSync(device)) skip(context, `this machine has no ${device}`);
}

function folders(home: string, ...names: readonly string[]): string[] {
  return names.map((name) => {
    const folder = path.join(home, name);
    fs.mkdirSync(folder, {recursive: true});
    return folder;
  });
}

function image(type: 'exfat' | 'ntfs' | 'vfat', home: string, mebibytes: number): string {
  const file = path.join(home, 'image');
  // The quick format, which does not fill the image with zeros.
  if (!fs.existsSync(file)) makeImage(type, file, mebibytes, type === 'ntfs' ? ['-Q'] : []);
  return file;
}

function logOf(home: string): string {
  return path.join(home, 'log');
}

/** Starts a program that goes to the background by itself. Its output goes to a file: a pipe would stay open as long as it lives. */
function start(home: string, program: string, args: readonly string[]): void {
  const log = fs.openSync(logOf(home), 'a');
  const env = {...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin`, LC_ALL: 'C'};
  const {status, error} = spawnSync(program, args, {env, stdio: ['ignore', log, log], timeout: 30_000});
  fs.closeSync(log);
  if (status === 0) return;
  throw new Error(
    `${program}: ${error?.message ?? `ended with ${status}: ${fs.readFileSync(logOf(home), 'utf8').slice(-2000)}`}`,
  );
}

/** Starts an sshd that accepts root with its own key, on a free port. */
function startServer(home: string): number {
  for (const name of ['host', 'user', 'pid']) fs.rmSync(path.join(home, name), {force: true});
  for (const key of ['host', 'user']) call('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path.join(home, key)]);
  // sshd does not start as root without this folder, which the system's service creates.
  fs.mkdirSync('/run/sshd', {recursive: true, mode: 0o755});
  const program = call('sh', ['-c', 'PATH=$PATH:/usr/sbin:/sbin; command -v sshd']).trim();
  for (let turn = 0; ; turn++) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const lines = [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${home}/host`,
      `AuthorizedKeysFile ${home}/user.pub`,
      'UsePAM no',
      'StrictModes no',
      'PermitRootLogin prohibit-password',
      `PidFile ${home}/pid`,
      'Subsystem sftp internal-sftp',
    ];
    fs.writeFileSync(path.join(home, 'sshd_config'), `${lines.join('\n')}\n`);
    start(home, program, ['-f', path.join(home, 'sshd_config'), '-E', logOf(home)]);
    // In the background it listens, then writes its pid; it ends if the port is in use.
    until('sshd listens', () => fs.existsSync(path.join(home, 'pid')) || serverOf(home) === undefined, home);
    if (serverOf(home) !== undefined) return port;
    if (turn === 9) throw new Error(`sshd: ${fs.readFileSync(logOf(home), 'utf8').slice(-2000)}`);
  }
}

function isMounted({home, at}: Place): boolean {
  return fs.statSync(at).dev !== fs.statSync(home).dev;
}

function unmount(place: Place): void {
  const {home, at} = place;
  const serving = processesFor(home);
  const isLeft = ({id}: Process) => running().some((other) => other.id === id);
  // While a dying program still uses it, it cannot be unmounted.
  if (spawnSync('umount', ['--', at]).status !== 0) spawnSync('umount', ['-l', '--', at]);
  const server = serverOf(home);
  if (server !== undefined) process.kill(server.pid, 'SIGTERM');
  try {
    until('all that served it has ended', () => !serving.some(isLeft), home);
  } catch (error) {
    for (const {pid} of serving.filter(isLeft)) process.kill(pid, 'SIGKILL');
    throw error;
  }
}

function serverOf(home: string): Process | undefined {
  return processesFor(home).find(({words}) => words.includes(`${home}/sshd_config`));
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  /** Its pid and start time: a pid alone is reused. */
  readonly id: string;
  readonly words: string;
}

function running(): Process[] {
  return fs.readdirSync('/proc').flatMap((name): Process[] => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const words = fs.readFileSync(`/proc/${name}/cmdline`, 'latin1');
      // Its name is in parentheses, and can contain anything.
      const [state, parent, ...more] = fs
        .readFileSync(`/proc/${name}/stat`, 'latin1')
        .replace(/^.*\) /s, '')
        .split(' ');
      return state === 'Z' ? [] : [{pid: Number(name), parent: Number(parent), id: `${name} ${more[17]}`, words}];
    } catch {
      return []; // it has ended
    }
  });
}

/** Processes that were started with a path of this folder, and their children. */
function processesFor(home: string): Process[] {
  const all = running();
  const found = new Set(all.filter(({words}) => words.includes(`${home}/`)));
  for (const each of found) for (const child of all) if (child.parent === each.pid) found.add(child);
  return [...found];
}

/** Blocks this thread, because it must also wait when the process exits. */
function until(what: string, condition: () => boolean, home: string): void {
  const end = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not in 10 s: ${what}. ${fs.readFileSync(logOf(home), 'utf8').slice(-2000)}`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  }
}
