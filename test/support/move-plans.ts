/**
 * Plans with moves, made by hand: the target is copied, the entries of the copy are moved, and the rest is planned as usual. So a plan
 * does not depend on what is recognised as moved.
 */
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {lookAt} from '../../src/apply/check.js';
import type {Settings} from '../../src/config/settings.js';
import type {Action} from '../../src/core/action.js';
import type {Entry} from '../../src/core/entry.js';
import {toByteName} from '../../src/core/name.js';
import {comparePaths, parentPath, type RelPath} from '../../src/core/path.js';
import type {Plan} from '../../src/core/plan.js';
import {attributeReasons, sameTime} from '../../src/plan/compare.js';
import {OldPaths} from '../../src/plan/old-paths.js';
import {platform} from '../../src/platform/choose.js';
import {Cursor} from '../../src/platform/cursor.js';
import {planTrees, settings} from './sync.js';
import {Leaf, nameBytes, setMtime, sortedEntries, type Tree, toLeaf} from './tree.js';

/** Old path and new path. */
export type Moved = readonly [from: string, path: string];

export interface MovePlanOptions {
  readonly source: string;
  readonly target: string;
  readonly moves: readonly Moved[];
  /** False: as in a target that does not keep inode numbers. */
  readonly keepsInodes?: boolean;
  readonly settings?: Partial<Settings>;
}

export async function planMoves({source, target, moves, keepsInodes = true, ...more}: MovePlanOptions): Promise<Plan> {
  const shadow = `${target}.shadow`;
  const made = layMoved(target, shadow, moves);
  const wanted = {moves: false, ...more.settings} as Partial<Settings>;
  const {plan: rest} = await planTrees(settings(source, shadow, wanted));
  const {plan: own} = await planTrees(settings(source, target, wanted));
  fs.rmSync(shadow, {recursive: true});
  const policy = own.header.options;
  const entry = (root: string, at: string) => entryAt(root, at, policy) as Entry;
  const byPath = new Map<string, Action>(rest.actions.map((action) => [action.path, action]));
  for (const [at, isReplaced] of made) {
    const after = entry(source, at);
    const old = isReplaced ? entryAt(target, at, policy) : undefined;
    const action =
      old === undefined ? {kind: 'mkdir', reasons: ['new'], after} : {kind: 'replace', reasons: ['kind'], before: old, after};
    byPath.set(at, {path: at as RelPath, ...action} as unknown as Action);
  }
  for (const [from, at] of moves) {
    const [before, after] = [entry(target, from), entry(source, at)];
    const isTimed = before.kind === 'directory' || sameTime(before.mtime, after.mtime, policy);
    const reasons = ['name', ...(isTimed ? [] : ['mtime' as const]), ...attributeReasons(after, before, policy)] as const;
    const {ino} = fs.lstatSync(nameBytes(`${target}/${from}`), {bigint: true});
    const carried = {...(keepsInodes && {inode: ino}), leaves: 1, bytes: 0};
    const [path, old] = [at as RelPath, from as RelPath];
    byPath.set(at, {kind: 'move', path, from: old, carried, before, after, reasons});
  }
  // Names come and go in the folders from and to which entries are moved.
  const paths = new OldPaths([...byPath.values()].sort(byPathOf));
  for (const folder of moves.flatMap(([from, at]) => [paths.finalOf(parentPath(from as RelPath)), parentPath(at as RelPath)])) {
    const after = entryAt(source, folder, policy);
    const before = entryAt(target, paths.of(folder) ?? folder, policy);
    if (byPath.has(folder) || after?.kind !== 'directory' || before?.kind !== 'directory') continue;
    byPath.set(folder, {kind: 'attrs', path: folder, reasons: ['children'], before, after});
  }
  const actions = [...byPath.values()].sort(byPathOf);
  return {...own, header: {...own.header, warnings: []}, actions, problems: []};
}

function byPathOf(a: Action, b: Action): number {
  return comparePaths(a.path, b.path);
}

/** Copies the target and moves entries of the copy. Returns the folders that had to be made, and whether they replace a leaf. */
function layMoved(target: string, shadow: string, moves: readonly Moved[]): Map<string, boolean> {
  const copied = spawnSync('cp', ['-a', target, shadow]);
  if (copied.status !== 0) throw new Error(copied.stderr.toString());
  fs.rmSync(path.join(shadow, '.dirsync'), {recursive: true, force: true});
  const times = new Map<bigint, bigint>();
  eachFolder(nameBytes(shadow), (_, {ino, mtimeNs}) => times.set(ino, mtimeNs));
  const waiting = `${shadow}.waiting`;
  fs.mkdirSync(waiting);
  const deepest = [...moves.entries()].sort(([, [a]], [, [b]]) => b.length - a.length);
  for (const [i, [from]] of deepest) fs.renameSync(nameBytes(`${shadow}/${from}`), `${waiting}/${i}`);
  const made = new Map<string, boolean>();
  const shallow = [...moves.entries()].sort(([, [, a]], [, [, b]]) => a.length - b.length);
  for (const [i, [, at]] of shallow) {
    const parts = at.split('/').slice(0, -1);
    parts.forEach((_, depth) => {
      const folder = parts.slice(0, depth + 1).join('/');
      const place = nameBytes(`${shadow}/${folder}`);
      const stat = fs.lstatSync(place, {throwIfNoEntry: false});
      if (stat?.isDirectory()) return;
      if (stat !== undefined) fs.rmSync(place);
      fs.mkdirSync(place);
      made.set(folder, stat !== undefined);
    });
    fs.renameSync(`${waiting}/${i}`, nameBytes(`${shadow}/${at}`));
  }
  fs.rmdirSync(waiting);
  const folders: [at: Buffer, mtime: bigint][] = [];
  eachFolder(nameBytes(shadow), (at, {ino}) => folders.push([at, times.get(ino) ?? 0n]));
  for (const [at, mtime] of folders.reverse()) setMtime(at, mtime);
  return made;
}

function eachFolder(at: Buffer, tell: (at: Buffer, stat: fs.BigIntStats) => void): void {
  tell(at, fs.lstatSync(at, {bigint: true}));
  for (const entry of fs.readdirSync(at, {withFileTypes: true, encoding: 'buffer'})) {
    if (entry.isDirectory()) eachFolder(Buffer.concat([at, Buffer.from('/'), entry.name as unknown as Buffer]), tell);
  }
}

function entryAt(root: string, at: string, preserved: Plan['header']['options']): Entry | undefined {
  const fsys = platform();
  const folder = fsys.openRoot(toByteName(root));
  const cursor = new Cursor(fsys, folder);
  try {
    return lookAt(fsys, cursor, at as RelPath, preserved);
  } finally {
    cursor.reset();
    fsys.close(folder);
  }
}

/** The tree with times that every backend keeps, where it gives none. */
export function inMicroseconds(tree: Tree): Leaf {
  const timed = (leaf: Leaf): Leaf => {
    const {type, text, attributes} = leaf;
    const inside = Object.fromEntries(sortedEntries(leaf.tree).map(([name, child]) => [name, timed(child)]));
    return new Leaf(type, text, inside, {mtime: 1_700_000_000_000_001_000n, ...attributes});
  };
  return timed(toLeaf(tree));
}
