/** A judge of a target during or after a run: it finds broken guarantees. It uses no code of src/. */
import fs from 'node:fs';
import path from 'node:path';
import {type Leaf, sortedEntries, type Tree, toLeaf} from './tree.js';
import {PROTECTED} from './worlds.js';

export type Kind = 'file' | 'dir' | 'symlink' | 'fifo';

export interface Thing {
  readonly kind: Kind;
  /** The content of a file, or the target of a symlink. */
  readonly text: string;
  readonly mode: number;
  readonly mtime: bigint | undefined;
}

export type Things = ReadonlyMap<string, Thing>;

/** Forbidden results, each with the paths where it occurred. */
export interface Broken {
  /** Neither the old nor the new version, but a part, a mixture, or something else. */
  torn: string[];
  /** In both trees, but missing now. */
  lost: string[];
  /** Deleted although it was not planned, or before the new files were written. */
  'deleted wrongly': string[];
  /** Changed, although it is not part of the plan. */
  touched: string[];
}

export function nothingBroken(): Broken {
  return {torn: [], lost: [], 'deleted wrongly': [], touched: []};
}

/** The paths below a tree's root; a hard link is replaced by its file. */
export function thingsOf(tree: Tree = {}): Things {
  const things = new Map<string, Thing>();
  const links: [at: string, to: string][] = [];
  const add = (leaf: Leaf, at: string) => {
    const {type, text, attributes} = leaf;
    if (type === 'hardlink') links.push([at, text]);
    else if (at !== '') things.set(at, {kind: type as Kind, text, mode: attributes.mode ?? 0o644, mtime: attributes.mtime});
    for (const [name, child] of sortedEntries(leaf.tree)) add(child, at === '' ? name : `${at}/${name}`);
  };
  add(toLeaf(tree), '');
  for (const [at, to] of links) things.set(at, things.get(to) as Thing);
  return things;
}

/** The entries below a root, without `.dirsync`. */
export function thingsIn(root: string): Things {
  const things = new Map<string, Thing>();
  const look = (folder: Buffer, above: string) => {
    for (const entry of fs.readdirSync(folder, {withFileTypes: true, encoding: 'buffer'})) {
      const name = entry.name.toString('latin1');
      const at = `${above}${name}`;
      if (at === '.dirsync') continue;
      const found = Buffer.concat([folder, Buffer.from('/'), entry.name]);
      const stat = fs.lstatSync(found, {bigint: true});
      const kind = stat.isFile() ? 'file' : stat.isDirectory() ? 'dir' : stat.isSymbolicLink() ? 'symlink' : 'fifo';
      const text = kind === 'file' ? fs.readFileSync(found, 'utf8') : kind === 'symlink' ? fs.readlinkSync(found) : '';
      things.set(at, {kind, text, mode: Number(stat.mode & 0o7777n), mtime: stat.mtimeNs});
      if (kind === 'dir') look(found, `${at}/`);
    }
  };
  if (fs.existsSync(root)) look(Buffer.from(root), '');
  return things;
}

export interface JudgeOptions {
  readonly target: string;
  readonly old: Things;
  readonly new: Things;
  /** Whether two names can be exchanged in one step, so that no name is missing for a moment. */
  readonly exchanges: boolean;
  /** The run has ended: a file that it could not write only protects the paths that it replaces. */
  readonly hasEnded?: boolean;
}

export function judge({target, old, new: wanted, exchanges, hasEnded = false}: JudgeOptions): Broken {
  const broken = nothingBroken();
  const found = thingsIn(target);
  const kept = new Set([...thingsIn(path.join(target, '.dirsync')).values()].map(labelOf));
  const is = (now: Thing | undefined, as: Thing | undefined) =>
    now !== undefined && as !== undefined && labelOf(now) === labelOf(as);
  const isLeaf = (thing: Thing | undefined) => thing !== undefined && thing.kind !== 'dir';
  // A file that replaces a folder waits in .dirsync until that folder is empty.
  const isWritten = ([at, thing]: [string, Thing]) =>
    is(found.get(at), thing) || (old.get(at)?.kind === 'dir' && kept.has(labelOf(thing)));
  const unwritten = [...wanted].filter(([at, thing]) => isLeaf(thing) && !isWritten([at, thing])).map(([at]) => at);
  const awaited = (at: string) => unwritten.find((other) => !hasEnded || at.startsWith(`${other}/`));

  for (const [at, now] of found) {
    const before = old.get(at);
    const after = wanted.get(at);
    if (!is(now, before) && !is(now, after)) broken.torn.push(at);
  }
  for (const [at, before] of old) {
    const after = wanted.get(at);
    const now = found.get(at);
    if (at === PROTECTED || at.startsWith(`${PROTECTED}/`)) {
      if (!isSame(now, before)) broken.touched.push(at);
    } else if (after === undefined) {
      const missing = awaited(at);
      if (now === undefined && isLeaf(before) && missing !== undefined)
        broken['deleted wrongly'].push(`${at} before ${missing} was there`);
    } else if (now === undefined) {
      // A folder is removed before a leaf replaces it, which the kernel refuses while the folder is not empty.
      const mayBeAway = before.kind === 'dir' ? isLeaf(after) : !exchanges && after.kind === 'dir';
      const isThere = before.kind === 'dir' ? kept.has(labelOf(after)) : kept.has(labelOf(before));
      if (!(mayBeAway && isThere)) broken.lost.push(at);
    } else if (isLeaf(before) && now.kind === 'dir' && after.kind === 'dir') {
      const missing = [...wanted].find(([below, thing]) => below.startsWith(`${at}/`) && !isWritten([below, thing]));
      if (missing !== undefined && !kept.has(labelOf(before)))
        broken['deleted wrongly'].push(`${at} before ${missing[0]} was there`);
    } else if (isLeaf(before) && isSame(before, after) && !isSame(now, before)) {
      broken.touched.push(at);
    }
  }
  const there = new Set([...found.values(), ...thingsIn(path.join(target, '.dirsync/replaced')).values()].map(labelOf));
  const stays = new Set([...wanted.values()].map(labelOf));
  for (const [at, before] of old) {
    const label = labelOf(before);
    if (isLeaf(before) && stays.has(label) && !there.has(label)) broken.lost.push(`${at}, which gets another name`);
  }
  return broken;
}

function labelOf({kind, text}: Thing): string {
  return `${kind} ${text}`;
}

function isSame(a: Thing | undefined, b: Thing | undefined): boolean {
  return a?.kind === b?.kind && a?.text === b?.text && (a?.kind === 'symlink' || a?.mode === b?.mode) && sameTime(a, b);
}

/** A literal does not have to give a time. */
function sameTime(a: Thing | undefined, b: Thing | undefined): boolean {
  return a?.mtime === undefined || b?.mtime === undefined || a.mtime === b.mtime;
}
