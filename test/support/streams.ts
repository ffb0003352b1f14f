/** Scans and plans without a disk: blocks made from tree literals, actions described in short. */
import {type Action, fromOf} from '../../src/core/action.js';
import {type Block, CODE, emptyStat, MOUNT, PARTIAL} from '../../src/core/block.js';
import {BlockWriter} from '../../src/core/block-writer.js';
import {fromNanoseconds} from '../../src/core/entry.js';
import type {Problem} from '../../src/core/problem.js';
import type {Xattrs} from '../../src/core/xattr.js';
import {DEFAULT_MTIME, Leaf, type LeafAttributes, nameBytes, sortedEntries, type Tree, toLeaf} from './tree.js';

/** Rows that exist only in a scan. */
export const excluded = () => new Leaf('excluded');
export const unknown = () => new Leaf('unknown');

/** A folder that could not be read (all), and a folder in which filter rules with this digest apply. */
export class Scanned extends Leaf {
  constructor(
    tree: Tree,
    readonly partial: boolean,
    readonly rules: string,
    readonly flags = partial ? PARTIAL : 0,
  ) {
    super('dir', '', tree);
  }
}
export const partial = (tree: Tree = {}) => new Scanned(tree, true, '');
export const ruled = (digest: string, tree: Tree) => new Scanned(tree, false, digest);
/** A folder on another file system, which is not entered. */
export const mount = () => new Scanned({}, true, '', MOUNT);

/** The name in a target that folds names; the source has the name of the row. */
export class Respelled extends Leaf {
  constructor(
    readonly ownName: string,
    leaf: Leaf,
  ) {
    super(leaf.type, leaf.text, leaf.tree, leaf.attributes);
  }
}
export const was = (ownName: string, node: Tree | string | Leaf) => new Respelled(ownName, toLeaf(node));

/** A device of these numbers, such as "8:1". */
export const device = (rdev: string, type: 'chardev' | 'blockdev' = 'blockdev', attributes: LeafAttributes = {}) =>
  new Leaf(type, rdev, {}, attributes);

const CODES = {...CODE, dir: CODE.directory, hardlink: CODE.file};

/** The blocks of a scan of this tree, `rows` rows each. Everything belongs to 1000:1000 by default. */
export function blocksOf(tree: Tree | Leaf, rows = Number.POSITIVE_INFINITY): Block[] {
  const blocks: Block[] = [];
  const writer = new BlockWriter((block) => blocks.push(block));
  const root = toLeaf(tree);
  const inodes = new Map<string, number>();
  const links = new Map<number, number>();
  number(root, '', inodes, links);
  let written = 0;
  const write = (leaf: Leaf, path: string, name: string, depth: number) => {
    if (written++ % rows === 0) writer.finish();
    const own = leaf.type === 'hardlink' ? at(root, leaf.text) : leaf;
    const isRow = own.type !== 'excluded' && own.type !== 'unknown';
    const {uid = 1000, gid = 1000, mtime = DEFAULT_MTIME, mode = DEFAULT_MODES[own.type] ?? 0o644} = own.attributes;
    const inode = inodes.get(path) as number;
    writer.append(depth, nameBytes(name).toString('latin1'), {
      ...emptyStat(),
      code: CODES[own.type],
      ...(isRow && {mode, uid, gid, ...fromNanoseconds(mtime)}),
      size: own.type === 'file' ? own.text.length : 0,
      device: 1,
      inodeLow: inode,
      links: links.get(inode) as number,
    });
    const belongs = BELONGS.has(own.type) ? nameBytes(own.text).toString('latin1') : '';
    const xattrs = packXattrs(own.attributes.xattrs);
    if (own instanceof Scanned) writer.amend(own.flags, own.rules, xattrs);
    else if (own instanceof Respelled) writer.amend(0, belongs, xattrs, nameBytes(own.ownName).toString('latin1'));
    else if (belongs !== '' || xattrs !== '') writer.amend(0, belongs, xattrs);
    for (const [childName, child] of sortedEntries(own.tree)) {
      write(child, path === '' ? childName : `${path}/${childName}`, childName, depth + 1);
    }
  };
  write(root, '', '', 0);
  writer.finish();
  return blocks;
}

/** Entries with a link target or device numbers. */
const BELONGS: ReadonlySet<Leaf['type']> = new Set(['symlink', 'chardev', 'blockdev']);

function packXattrs(xattrs: Xattrs = {}): string {
  return Object.entries(xattrs)
    .map(([name, value]) => `${nameBytes(name).toString('latin1')}\0${value}\0`)
    .join('');
}

const DEFAULT_MODES: Partial<Record<Leaf['type'], number>> = {dir: 0o755, symlink: 0o777};

/** Gives each path an inode number, hard links that of their file, and counts names. */
function number(root: Leaf, path: string, inodes: Map<string, number>, links: Map<number, number>): void {
  const later: [path: string, to: string][] = [];
  const visit = (leaf: Leaf, at: string) => {
    if (leaf.type === 'hardlink') later.push([at, leaf.text]);
    else {
      inodes.set(at, inodes.size + 1);
      links.set(inodes.size, 1);
    }
    for (const [name, child] of sortedEntries(leaf.tree)) visit(child, at === '' ? name : `${at}/${name}`);
  };
  visit(root, path);
  for (const [from, to] of later) {
    const inode = inodes.get(to);
    if (inode === undefined) throw new Error(`a hard link to ${to}, which is not there`);
    inodes.set(from, inode);
    links.set(inode, (links.get(inode) as number) + 1);
  }
}

function at(root: Leaf, path: string): Leaf {
  let leaf = root;
  for (const name of path.split('/')) leaf = toLeaf(leaf.tree[name] as Tree | string | Leaf);
  return leaf;
}

export async function* streamOf(blocks: readonly Block[]): AsyncGenerator<Block> {
  yield* blocks;
}

/** Such as `create a/b (new)`; the root is `.`. */
export function describeActions(actions: readonly Action[]): string[] {
  return actions.map((action) => {
    const from = fromOf(action);
    const to = `${from === undefined ? '' : ` <- ${from}`}${action.kind === 'link' ? ` -> ${action.leader}` : ''}`;
    return `${action.kind} ${action.path || '.'}${to} (${action.reasons.join(' ')})`;
  });
}

/** Such as `target a/b PROTECTED`. */
export function describeProblems(problems: readonly Problem[]): string[] {
  return problems.map(({side, path, code}) => `${side} ${path || '.'} ${code}`);
}
