/**
 * A judge that shares no code with dirsync, and compares everything in two trees except content: find, stat, getfattr and getfacl.
 * Only find can reach paths longer than PATH_MAX: leave out xattrs and ACLs for them.
 */
import fs from 'node:fs';
import {needRsync, type RsyncOptions, rsyncDifference} from './oracle.js';
import {call, has} from './shell.js';
import {skip} from './skip.js';

export interface FidelityOptions extends Omit<RsyncOptions, 'more'> {
  /** The allowed difference of times, in nanoseconds. */
  readonly timeWindow?: bigint;
  /** Times later than this many seconds since 1970 are kept as this value. */
  readonly lastSecond?: bigint;
  /** Whether the link counts of folders are compared; btrfs always counts 1. */
  readonly directoryLinks?: boolean;
}

/** Paths and values as printed, one UTF-16 unit for each byte. */
type Facts = Map<string, string>;
type Tree = Map<string, Facts>;

export function needFidelityTools(context: Mocha.Context): void {
  for (const tool of ['find', 'stat', 'getfattr', 'getfacl', 'setfattr', 'setfacl', 'perl', 'xargs']) {
    if (!has(tool)) skip(context, `${tool} is not installed`);
  }
  needRsync(context);
}

/** The differences that both judges find, one line each. */
export function differences(source: string, target: string, options: FidelityOptions = {}): string[] {
  // rsync supports only a window of whole seconds.
  const coarse = options.timeWindow !== undefined || options.lastSecond !== undefined;
  return [
    ...rsyncDifference(source, target, coarse ? {...options, times: false} : options).map((line) => `rsync: ${line}`),
    ...fidelityDifference(source, target, options),
  ];
}

/** The differences, one line each: the path, the fact, source and target; empty for equal trees. */
export function fidelityDifference(source: string, target: string, options: FidelityOptions = {}): string[] {
  const [wanted, found] = [treeFacts(source, options, 'names'), treeFacts(target, options, 'links')];
  const lines: string[] = [];
  // If an entry is ignored, so is the entry at its path in the other tree.
  for (const at of [...wanted.keys(), ...found.keys()]) {
    if (!isLeftOut(wanted.get(at)?.get('kind') ?? '', options) && !isLeftOut(found.get(at)?.get('kind') ?? '', options)) continue;
    wanted.delete(at);
    found.delete(at);
  }
  for (const [at, facts] of wanted) {
    const other = found.get(at);
    if (other === undefined) {
      lines.push(`${shown(at)}: missing in the target`);
      continue;
    }
    for (const fact of new Set([...facts.keys(), ...other.keys()])) {
      const [a, b] = [facts.get(fact), other.get(fact)];
      if (a !== b && !(fact === 'mtime' && closeTimes(a, b, options))) {
        lines.push(`${shown(at)}: ${shown(fact)} ${shown(a ?? 'absent')}, in the target ${shown(b ?? 'absent')}`);
      }
    }
  }
  for (const at of found.keys()) if (!wanted.has(at)) lines.push(`${shown(at)}: only in the target`);
  return lines;
}

/** The number of paths below the root, and how many of them each judge can distinguish. */
export function treeFigures(root: string): {paths: number; linked: number; attributed: number; special: number} {
  const entries = listEntries(root);
  const attributed = [...readAttributes(root).values()].filter((facts) => facts.size > 0).length;
  return {
    paths: entries.length - 1,
    linked: entries.filter(({kind, links}) => kind !== 'd' && links !== '1').length,
    attributed,
    special: entries.filter(({kind}) => 'pscb'.includes(kind)).length,
  };
}

function shown(bytes: string): string {
  return bytes.replace(/[^ -~]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`).slice(0, 300);
}

interface Found {
  readonly kind: string;
  readonly mode: string;
  readonly owner: string;
  readonly mtime: string;
  readonly links: string;
  readonly inode: string;
  readonly size: string;
  readonly path: string;
  readonly link: string;
}

const FIELDS = ['%y', '%m', '%U:%G', '%T@', '%n', '%D:%i', '%s', '%p', '%l'];

function listEntries(root: string): Found[] {
  const args = ['.', '-path', './.dirsync', '-prune', '-o', '-printf', `${FIELDS.join('\\0')}\\0`];
  const values = call('find', args, {cwd: root}).split('\0');
  const entries: Found[] = [];
  for (let i = 0; i + FIELDS.length <= values.length; i += FIELDS.length) {
    const [kind, mode, owner, mtime, links, inode, size, path, link] = values.slice(i, i + FIELDS.length) as [
      string,
      ...string[],
    ];
    entries.push({kind, mode, owner, mtime, links, inode, size, path, link} as Found);
  }
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/**
 * The expected link count is the number of `names` in the source, because a file can have further names outside of it.
 * The actual link count is that of the file system: it shows a forgotten name anywhere.
 */
function treeFacts(root: string, options: FidelityOptions, counted: 'names' | 'links'): Tree {
  const tree: Tree = new Map();
  const first = new Map<string, string>();
  const names = new Map<string, number>();
  const entries = listEntries(root);
  const devices = deviceNumbers(
    root,
    entries.filter(({kind}) => kind === 'c' || kind === 'b').map(({path}) => path),
  );
  for (const {inode} of entries) names.set(inode, (names.get(inode) ?? 0) + 1);
  for (const {kind, mode, owner, mtime, links, inode, size, path, link} of entries) {
    const facts: Facts = new Map([['kind', kind]]);
    if (options.mode !== false) facts.set('mode', mode);
    if (options.owner !== false) facts.set('owner', owner);
    if (options.times !== false) facts.set('mtime', mtime);
    if (kind === 'f') facts.set('size', size);
    if (kind === 'l') facts.set('link', link);
    const device = devices.get(path);
    if (device !== undefined) facts.set('device', device);
    if (kind === 'd') {
      // The root of a target has one more folder, .dirsync.
      if (options.directoryLinks !== false && path !== '.') facts.set('link count', links);
    } else if (options.hardlinks !== false) {
      facts.set('link count', counted === 'links' ? links : `${names.get(inode)}`);
      if (!first.has(inode)) first.set(inode, path);
      facts.set('same inode as', first.get(inode) as string);
    }
    tree.set(path, facts);
  }
  if (options.xattrs !== false || options.acls !== false) {
    for (const [path, attributes] of readAttributes(root)) {
      for (const [name, value] of attributes) if (isCompared(name, options)) tree.get(path)?.set(name, value);
    }
  }
  if (options.acls !== false && options.mode !== false) {
    for (const [path, acl] of readAcls(root, options)) tree.get(path)?.set('ACL', acl);
  }
  return tree;
}

function isLeftOut(kind: string, {specials, devices}: FidelityOptions): boolean {
  return kind !== '' && ((specials === false && 'pscb'.includes(kind)) || (devices === false && 'cb'.includes(kind)));
}

const SYSTEM_ACL = /^system\.posix_acl_(access|default)$/;

function isCompared(name: string, {xattrs, acls, mode}: FidelityOptions): boolean {
  // An access ACL contains the mode.
  if (SYSTEM_ACL.test(name)) return acls !== false && !(mode === false && name.endsWith('access'));
  if (xattrs === false || name.startsWith('trusted.SGI_ACL_')) return false;
  return typeof xattrs !== 'object' || xattrs.some((namespace) => name.startsWith(`${namespace}.`));
}

function closeTimes(a = '', b = '', {timeWindow = 0n, lastSecond}: FidelityOptions): boolean {
  const last = lastSecond === undefined ? undefined : lastSecond * 1_000_000_000n;
  const wanted = last !== undefined && nanoseconds(a) > last ? last : nanoseconds(a);
  const off = wanted - nanoseconds(b);
  return (off < 0n ? -off : off) <= timeWindow;
}

/** find prints the two numbers of a time side by side: "-2.5000000000" is half a second after -2. */
function nanoseconds(time: string): bigint {
  const [seconds = '', fraction = ''] = time.split('.');
  return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.slice(0, 9));
}

function deviceNumbers(root: string, paths: readonly string[]): Map<string, string> {
  if (paths.length === 0) return new Map();
  const input = Buffer.from(paths.map((path) => `${path}\0`).join(''), 'latin1');
  const numbers = call('xargs', ['-0', 'stat', '--printf', '%t:%T\\0', '--'], {cwd: root, input}).split('\0');
  return new Map(paths.map((path, i) => [path, numbers[i] as string]));
}

/** getfattr writes an unprintable byte of a path or name as a backslash and three octal digits. */
function unquote(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** All xattrs of all paths, including ACLs and symlinks, in hexadecimal. */
function readAttributes(root: string): Tree {
  const tree: Tree = new Map();
  for (const [path, lines] of blocks(call('getfattr', ['-d', '-m-', '-h', '-R', '-P', '-e', 'hex', '--', '.'], {cwd: root}))) {
    const facts: Facts = new Map();
    for (const line of lines) {
      const [, name = line, value = ''] = /^(.*?)(?:=(.*))?$/s.exec(line) ?? [];
      facts.set(unquote(name), value);
    }
    tree.set(path, facts);
  }
  return tree;
}

function readAcls(root: string, {owner}: FidelityOptions): [path: string, acl: string][] {
  const text = call('getfacl', ['-R', '-P', '-n', '-p', '--', '.'], {cwd: root});
  return blocks(text).map(([path, lines]) => {
    return [path, lines.filter((line) => owner !== false || !/^# (owner|group): /.test(line)).join(' ')];
  });
}

/** The paragraphs of getfattr and getfacl: the path in the first line, and the other lines. */
function blocks(text: string): [path: string, lines: string[]][] {
  return text
    .split('\n\n')
    .map((block) => block.split('\n').filter((line) => line !== ''))
    .filter((lines) => lines.length > 0)
    .map(([head = '', ...lines]): [string, string[]] => {
      const path = unquote(head.replace(/^# file: /, ''));
      return [path === '.' ? path : `./${path.replace(/^\.\//, '')}`, lines];
    })
    .filter(([path]) => path !== './.dirsync' && !path.startsWith('./.dirsync/'));
}

/** Bytes on disk, as du counts them. */
export function bytesOnDisk(file: string): number {
  return fs.lstatSync(file).blocks * 512;
}

/**
 * The files whose holes were lost in the target: their size on disk is more than `slack` bytes below their size in the source, and
 * more than `slack` bytes larger in the target. A file system rounds to its own units, and allocates in advance.
 */
export function sparseDifference(source: string, target: string, slack = 1 << 18): string[] {
  call('sync', ['-f', target]);
  const [wanted, found] = [blocksOf(source), blocksOf(target)];
  const lines: string[] = [];
  for (const [path, [size, bytes]] of wanted) {
    const there = found.get(path)?.[1];
    if (there !== undefined && size - bytes > slack && there > bytes + slack) {
      lines.push(`${shown(path)}: ${bytes} bytes on disk, in the target ${there}`);
    }
  }
  return lines;
}

function blocksOf(root: string): Map<string, [size: number, bytes: number]> {
  const args = ['.', '-path', './.dirsync', '-prune', '-o', '-type', 'f', '-printf', '%s\\0%b\\0%p\\0'];
  const values = call('find', args, {cwd: root}).split('\0');
  const found = new Map<string, [number, number]>();
  for (let i = 0; i + 3 <= values.length; i += 3) {
    found.set(values[i + 2] as string, [Number(values[i]), Number(values[i + 1]) * 512]);
  }
  return found;
}
