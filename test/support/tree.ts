/**
 * Trees as literals, written to disk and read back. Names are text as in core/name (a lone surrogate U+DC80 to U+DCFF is a
 * byte that is not UTF-8), but nothing here uses src/ to read, because the result is used to judge it.
 */
import {spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import fs from 'node:fs';
import fc from 'fast-check';
import type {ByteName} from '../../src/core/name.js';
import type {Xattrs} from '../../src/core/xattr.js';
import type {Platform} from '../../src/platform/platform.js';
import {PortablePlatform} from '../../src/platform/portable.js';
import {PosixPlatform} from '../../src/platform/posix.js';

/** A text is the content of a file. */
export type Tree = {[name: string]: Tree | string | Leaf};

export type LeafType = 'file' | 'dir' | 'symlink' | 'hardlink' | 'fifo' | 'chardev' | 'blockdev' | 'excluded' | 'unknown';

export interface LeafAttributes {
  readonly mode?: number | undefined;
  /** Nanoseconds since 1970. */
  readonly mtime?: bigint | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** Only for blocks; not written to disk. */
  readonly xattrs?: Xattrs | undefined;
}

/** An entry that needs more than a name and content. */
export class Leaf {
  constructor(
    readonly type: LeafType,
    /** The content of a file, the target of a symlink, or the path of a hard link's file. */
    readonly text = '',
    readonly tree: Tree = {},
    readonly attributes: LeafAttributes = {},
  ) {}
}

export const DEFAULT_MTIME = 1_700_000_000_000_000_001n;

export const file = (content: string, attributes?: LeafAttributes) => new Leaf('file', content, {}, attributes);
export const dir = (tree: Tree, attributes?: LeafAttributes) => new Leaf('dir', '', tree, attributes);
export const symlink = (target: string, attributes?: LeafAttributes) => new Leaf('symlink', target, {}, attributes);
/** Another name of the file at this path of the whole tree. */
export const hardlink = (toPath: string) => new Leaf('hardlink', toPath);
export const fifo = () => new Leaf('fifo');

export function toLeaf(node: Tree | string | Leaf): Leaf {
  if (node instanceof Leaf) return node;
  return typeof node === 'string' ? file(node) : dir(node);
}

/** The bytes of a name or path. */
export function nameBytes(text: string): Buffer {
  return Buffer.concat(
    Array.from(text, (char) => {
      const code = char.codePointAt(0) as number;
      return code >= 0xdc80 && code <= 0xdcff ? Buffer.from([code - 0xdc00]) : Buffer.from(char);
    }),
  );
}

/** A tree's names in canonical order. */
export function sortedEntries(tree: Tree): [string, Leaf][] {
  return Object.entries(tree)
    .map(([name, node]): [string, Leaf] => [name, toLeaf(node)])
    .sort(([a], [b]) => Buffer.compare(nameBytes(a), nameBytes(b)));
}

let backend: Platform | undefined;

function exactBackend(): Platform {
  if (backend === undefined) {
    try {
      backend = new PosixPlatform();
    } catch {
      backend = new PortablePlatform();
    }
  }
  return backend;
}

/** Makes the tree in the folder `root`, which can exist already; attributes of `dir` are those of the root. */
export function writeTree(root: string, tree: Tree | Leaf): void {
  const rootBytes = nameBytes(root);
  fs.mkdirSync(rootBytes, {recursive: true});
  const links: [at: Buffer, to: string][] = [];
  const folders: [at: Buffer, leaf: Leaf][] = [];
  const write = (at: Buffer, leaf: Leaf) => {
    folders.push([at, leaf]);
    for (const [name, child] of sortedEntries(leaf.tree)) {
      const path = joined(at, nameBytes(name));
      if (child.type === 'hardlink') links.push([path, child.text]);
      else if (child.type === 'dir') {
        fs.mkdirSync(path);
        write(path, child);
      } else {
        writeLeaf(path, child);
        setAttributes(path, child, 0o644);
      }
    }
  };
  write(rootBytes, toLeaf(tree));
  for (const [at, to] of links) fs.linkSync(joined(rootBytes, nameBytes(to)), at);
  // Children first, because new entries change the times of their folder.
  for (const [at, leaf] of folders.reverse()) setAttributes(at, leaf, 0o755);
}

function writeLeaf(path: Buffer, {type, text}: Leaf): void {
  if (type === 'file') fs.writeFileSync(path, text);
  else if (type === 'symlink') fs.symlinkSync(nameBytes(text), path);
  else if (type !== 'fifo' || spawnSync('mkfifo', [path.toString()]).status !== 0) throw new Error(`no ${type} can be made`);
}

function setAttributes(path: Buffer, {type, attributes}: Leaf, defaultMode: number): void {
  const {uid, gid, mode = defaultMode, mtime = DEFAULT_MTIME} = attributes;
  if (uid !== undefined || gid !== undefined) fs.lchownSync(path, uid ?? -1, gid ?? -1);
  if (type !== 'symlink') fs.chmodSync(path, mode);
  setMtime(path, mtime);
}

/** In nanoseconds, which node:fs does not set; a symlink is not followed. */
export function setMtime(path: Buffer, mtime: bigint): void {
  const slash = path.lastIndexOf('/');
  const platform = exactBackend();
  const folder = platform.openRoot(path.toString('latin1', 0, slash) as ByteName);
  try {
    platform.setAttributes(folder, path.toString('latin1', slash + 1) as ByteName, 0, {mtime});
  } finally {
    platform.close(folder);
  }
}

function joined(folder: Buffer, name: Buffer): Buffer {
  return Buffer.concat([folder, Buffer.from('/'), name]);
}

/**
 * The content of a folder, in canonical order: path to a description such as `file 0644 12 1700000000.000000001 "text"`. The root
 * is `.`; /.dirsync is left out. Owners are shown if they differ from this process's, hard links as ` = first path of the group`.
 */
export function readTree(root: string): Record<string, string> {
  const found: Record<string, string> = {};
  const groups = new Map<string, string>();
  const read = (at: Buffer, shown: string) => {
    // Another process removed it after it was listed.
    const stat = fs.lstatSync(at, {bigint: true, throwIfNoEntry: shown === '.'});
    if (stat === undefined) return;
    const id = `${stat.dev}:${stat.ino}`;
    const first = stat.isFile() ? groups.get(id) : undefined;
    found[shown] = describe(at, stat);
    if (first !== undefined) found[shown] += ` = ${first}`;
    groups.set(id, first ?? shown);
    if (!stat.isDirectory()) return;
    let names: Buffer[];
    try {
      names = fs.readdirSync(at, {encoding: 'buffer'});
    } catch {
      found[shown] += ' unreadable';
      return;
    }
    for (const name of names.sort(Buffer.compare)) {
      if (shown === '.' && name.equals(Buffer.from('.dirsync'))) continue;
      read(joined(at, name), shown === '.' ? readable(name) : `${shown}/${readable(name)}`);
    }
  };
  read(nameBytes(root), '.');
  return found;
}

/** The content of a tree, without times. */
export function holdings(root: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(readTree(root)).map(([at, line]) => [
      at,
      line.replace(/^(dir \d+|symlink .*|file \d+ \d+) -?\d+\.\d{9}/, '$1'),
    ]),
  );
}

/** A path of a plan as `readTree` shows it. */
export function shownPath(path: string): string {
  const names = path.split('/').map((name) => readable(nameBytes(name)));
  return path === '' ? '.' : names.join('/');
}

function describe(at: Buffer, stat: fs.BigIntStats): string {
  const nanoseconds = ((stat.mtimeNs % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const time = `${(stat.mtimeNs - nanoseconds) / 1_000_000_000n}.${String(nanoseconds).padStart(9, '0')}`;
  const mode = `0${(stat.mode & 0o7777n).toString(8).padStart(3, '0')}`;
  const mine = stat.uid === BigInt(process.geteuid?.() ?? 0) && stat.gid === BigInt(process.getegid?.() ?? 0);
  const owner = mine ? '' : ` ${stat.uid}:${stat.gid}`;
  if (stat.isSymbolicLink()) return `symlink ${readable(fs.readlinkSync(at, {encoding: 'buffer'}))} ${time}${owner}`;
  if (stat.isDirectory()) return `dir ${mode} ${time}${owner}`;
  if (stat.isFile()) return `file ${mode} ${stat.size} ${time} ${content(at)}${owner}`;
  return `special ${(stat.mode & 0o170000n).toString(8)} ${mode} ${stat.rdev} ${time}${owner}`;
}

function content(at: Buffer): string {
  let bytes: Buffer;
  try {
    bytes = fs.readFileSync(at);
  } catch {
    return 'unreadable';
  }
  return bytes.length <= 64 ? JSON.stringify(readable(bytes)) : createHash('sha256').update(bytes).digest('hex');
}

/** As UTF-8 if it is valid, otherwise one character per byte: enough to distinguish values when trees are compared. */
function readable(bytes: Buffer): string {
  const text = bytes.toString();
  return Buffer.from(text).equals(bytes) ? text : `bytes:${bytes.toString('latin1')}`;
}

const HOSTILE = [
  'a\nb',
  '\x1b[31m',
  'x\udcff',
  '\udcc3',
  '-rf',
  ' ',
  'a b ',
  '😀',
  '\uffff',
  '\u202e',
  '*',
  '\\',
  'é',
  '~',
  '...',
];
const names = fc.oneof(
  {weight: 5, arbitrary: fc.constantFrom('a', 'b', 'c', 'a.b', 'a-b', 'ab')},
  {weight: 1, arbitrary: fc.constantFrom(...HOSTILE)},
);

/** Also before 1970, at the edges of a second, and after 2038. */
const mtimes = fc.constantFrom<(bigint | undefined)[]>(
  undefined,
  undefined,
  0n,
  -1n,
  -1_500_000_000n,
  DEFAULT_MTIME + 1n,
  1_700_000_000_999_999_999n,
  4_102_444_800_000_000_000n,
);

const files = fc
  .record({
    content: fc.constantFrom('', 'x', 'y', 'xx', 'longer than the others'),
    mode: fc.constantFrom(undefined, undefined, 0o600, 0o444, 0o755, 0o4755),
    mtime: mtimes,
  })
  .map(({content, ...attributes}) => file(content, attributes));

const symlinks = fc
  .record({target: fc.constantFrom('a', '../b', 'nowhere', '/', '.', '/nowhere/\udcff', '-x'), mtime: mtimes})
  .map(({target, mtime}) => symlink(target, {mtime}));

const {plainTree, node} = fc.letrec<{plainTree: Tree; node: Leaf}>((tie) => ({
  plainTree: fc
    .array(fc.tuple(names, tie('node')), {maxLength: 5, depthIdentifier: 'tree'})
    .map((entries) => Object.fromEntries(entries)),
  node: fc.oneof(
    {maxDepth: 4, depthIdentifier: 'tree'},
    {weight: 4, arbitrary: files},
    {weight: 1, arbitrary: symlinks},
    {
      weight: 3,
      arbitrary: fc
        .record({tree: tie('plainTree'), mode: fc.constantFrom(undefined, undefined, 0o700, 0o1777, 0o2755), mtime: mtimes})
        .map(({tree, ...attributes}) => dir(tree, attributes)),
    },
  ),
}));

/** Trees with few different names, so that two of them share many paths; some have hard links. */
export const arbitraryTree: fc.Arbitrary<Tree> = withLinks(plainTree);

function withLinks(plainTrees: fc.Arbitrary<Tree>): fc.Arbitrary<Tree> {
  const links = fc.array(fc.record({name: names, folder: fc.nat(9), to: fc.nat(9)}), {maxLength: 3});
  return fc.tuple(plainTrees, links).map(([plain, wanted]) => {
    const tree = copyOf(plain); // fast-check may use the same value again
    const all = pathsOf(tree);
    const filePaths = all.filter(({leaf}) => leaf.type === 'file');
    const trees = [tree, ...all.filter(({leaf}) => leaf.type === 'dir').map(({leaf}) => leaf.tree)];
    for (const {name, folder, to} of wanted) {
      const place = trees[folder % trees.length] as Tree;
      const target = filePaths[to % filePaths.length];
      if (target !== undefined && !(name in place)) place[name] = hardlink(target.path);
    }
    return tree;
  });
}

interface Edit {
  readonly how: 'put' | 'remove' | 'rename' | 'add' | 'link';
  /** The index of a path; for `add` and `link`, the new name in the folder of that path. */
  readonly at: number;
  readonly name: string;
  readonly node: Leaf;
}

const edits: fc.Arbitrary<Edit[]> = fc.array(
  fc.record({
    how: fc.constantFrom('put', 'put', 'put', 'remove', 'rename', 'add', 'link'),
    at: fc.nat(),
    name: names,
    node,
  }),
  {minLength: 1, maxLength: 4},
);

/** Trees with room for some edits. */
const largerTree = withLinks(
  fc.array(fc.tuple(names, node), {minLength: 3, maxLength: 6, size: 'max'}).map((entries) => Object.fromEntries(entries)),
);

/** A tree and an edited copy, like a source and its last backup: leaves changed, added, removed, renamed, or of a different kind. */
const similarTrees: fc.Arbitrary<[Tree, Tree]> = fc
  .tuple(largerTree, edits)
  .map(([tree, changes]) => [tree, edited(tree, changes)]);

/** Two trees: random, or almost equal. */
export const pairOfTrees: fc.Arbitrary<[Tree, Tree]> = fc.oneof(
  {weight: 1, arbitrary: fc.tuple(arbitraryTree, arbitraryTree)},
  {weight: 2, arbitrary: similarTrees},
);

function edited(tree: Tree, changes: readonly Edit[]): Tree {
  const copy = copyOf(tree);
  for (const {how, at, name, node} of changes) {
    const all = pathsOf(copy);
    const folders = [copy, ...all.filter(({leaf}) => leaf.type === 'dir').map(({leaf}) => leaf.tree)];
    const places = folders.flatMap((folder) => Object.keys(folder).map((key): [Tree, string] => [folder, key]));
    const [folder, key] = places[at % places.length] ?? [copy, name];
    const files = all.filter(({leaf}) => leaf.type === 'file');
    const there = folder[key];
    if (how === 'remove' || how === 'rename') delete folder[key];
    if (how === 'rename' && there !== undefined) folder[name] = there;
    else if (how === 'put') Object.assign(folder, copyOf({[key]: node}));
    else if (how === 'add') Object.assign(folder, copyOf({[name]: node}));
    else if (how === 'link') folder[name] = hardlink(files[at % files.length]?.path ?? '');
  }
  return withoutDeadLinks(copy, new Set(pathsOf(copy).flatMap(({path, leaf}) => (leaf.type === 'file' ? [path] : []))));
}

/** Without hard links to files that no longer exist. */
function withoutDeadLinks(tree: Tree, files: ReadonlySet<string>): Tree {
  const alive = sortedEntries(tree).filter(([, {type, text}]) => type !== 'hardlink' || files.has(text));
  return Object.fromEntries(
    alive.map(([name, leaf]) => [name, new Leaf(leaf.type, leaf.text, withoutDeadLinks(leaf.tree, files), leaf.attributes)]),
  );
}

function copyOf(tree: Tree): Tree {
  return Object.fromEntries(
    sortedEntries(tree).map(([name, leaf]) => [name, new Leaf(leaf.type, leaf.text, copyOf(leaf.tree), leaf.attributes)]),
  );
}

function pathsOf(tree: Tree, above = ''): {path: string; leaf: Leaf}[] {
  return sortedEntries(tree).flatMap(([name, leaf]) => [
    {path: `${above}${name}`, leaf},
    ...pathsOf(leaf.tree, `${above}${name}/`),
  ]);
}
