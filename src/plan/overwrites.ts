/**
 * Orders overwrites: the old content of an overwritten file may be what another action writes under another name, as after `mv a b`
 * and a new `a`, with rotated logs, or with two swapped names. The other action then comes first. In a ring, none can come first:
 * the old content is set aside until the run is complete.
 *
 * Only if times are kept: equal sizes alone would connect unrelated files, and most files are overwritten by one of a different
 * size. A hard link writes no content; its leader does.
 */
import type {Action} from '../core/action.js';
import {type Entry, NS_PER_SECOND} from '../core/entry.js';
import {clamp} from './compare.js';
import {isTwinTime, type TwinPolicy} from './twins.js';

/** The order of overwrites, as indexes into the actions. */
export interface Overwrites {
  /** Groups of actions; each group comes after the groups that it waits for. */
  readonly levels: readonly (readonly number[])[];
  /** Actions whose old file is set aside, because they wait for each other or for a folder to become empty. */
  readonly aside: readonly number[];
  /** Links, which come last. */
  readonly links: readonly number[];
}

/** The most levels, in a chain of renamed files; the rest is set aside. */
const MAX_LEVELS = 256;

const NONE: Overwrites = {levels: [], aside: [], links: []};

/** Indexes of actions, including links, that overwrite a file whose old content another action may write. */
export function overwritten(actions: readonly Action[], policy: TwinPolicy): readonly number[] {
  return find(actions, policy)?.files ?? [];
}

/** Orders the overwrites of a plan. */
export function overwritesOf(actions: readonly Action[], policy: TwinPolicy): Overwrites {
  const found = find(actions, policy);
  if (found === undefined) return NONE;
  const {writers, reach, keyOf} = found;
  const at = (index: number) => actions[index] as Action;
  const links = found.files.filter((i) => at(i).kind === 'link');
  let rest = found.files.filter((i) => at(i).kind !== 'link');
  const isLate = new Set(rest);
  /** How many of a key's writers are not in a level yet. One that waits until a folder is empty never is. */
  const open = new Map<number, number>();
  for (const [key, indexes] of writers) {
    open.set(key, indexes.filter((i) => isLate.has(i) || at(i).before?.kind === 'directory').length);
  }
  const mayGo = (index: number) => {
    const action = at(index);
    const key = keyOf(action.before as Entry);
    const own = bringsFile(action) ? keyOf(action.after as Entry) : undefined;
    for (let near = key - reach; near <= key + reach; near++) {
      if ((open.get(near) ?? 0) > (near === own ? 1 : 0)) return false;
    }
    return true;
  };
  const levels: number[][] = [];
  while (levels.length < MAX_LEVELS) {
    const level = rest.filter(mayGo);
    if (level.length === 0) break;
    for (const i of level) {
      if (!bringsFile(at(i))) continue;
      const key = keyOf(at(i).after as Entry);
      open.set(key, (open.get(key) ?? 1) - 1);
    }
    levels.push(level);
    const isPlaced = new Set(level);
    rest = rest.filter((i) => !isPlaced.has(i));
  }
  return {levels, aside: rest, links};
}

interface Found {
  readonly files: readonly number[];
  /** Actions that write a file, by its key. */
  readonly writers: ReadonlyMap<number, readonly number[]>;
  /** Keys that differ by at most this many seconds may mean the same file. */
  readonly reach: number;
  readonly keyOf: (leaf: Entry) => number;
}

/** Performance: most plans have no such files, which comparing numbers is enough to find out (bench: review-million). */
function find(actions: readonly Action[], policy: TwinPolicy): Found | undefined {
  if (policy.deleteAnyway || !policy.times) return undefined;
  const over: number[] = [];
  for (let i = 0; i < actions.length; i++) if (isOverwrite(actions[i] as Action)) over.push(i);
  if (over.length === 0) return undefined;
  const {mtimeWindow, sourceResolution = 0n} = policy;
  const seconds = Math.ceil(Math.max(Number(mtimeWindow), Number(sourceResolution)) / Number(NS_PER_SECOND));
  const isWide = seconds > MAX_REACH;
  const reach = isWide ? 0 : seconds;
  const {mtimeRange = {}} = policy;
  const keyOf = ({size, mtime}: Entry) => keyOfTime(size, isWide ? 0n : clamp(mtime, mtimeRange));
  const wanted = Float64Array.from(over, (i) => keyOf((actions[i] as Action).before as Entry)).sort();
  const writers = new Map<number, number[]>();
  for (let i = 0; i < actions.length; i++) {
    const action = actions[i] as Action;
    if (!bringsFile(action)) continue;
    const key = keyOf(action.after as Entry);
    if (!hasNear(wanted, key, reach)) continue;
    const known = writers.get(key);
    if (known === undefined) writers.set(key, [i]);
    else known.push(i);
  }
  if (writers.size === 0) return undefined;
  const files = over.filter((i) => {
    const before = (actions[i] as Action).before as Entry;
    const key = keyOf(before);
    for (let near = key - reach; near <= key + reach; near++) {
      if (writers.get(near)?.some((other) => other !== i && isTwin(before, actions[other] as Action, policy))) return true;
    }
    return false;
  });
  return files.length === 0 ? undefined : {files, writers, reach, keyOf};
}

/** If times may differ by more seconds than this (--mtime-window), they are not part of a key: see `COARSEST`. */
const MAX_REACH = 2;

/** Whether an action overwrites a file with another leaf. */
export function isOverwrite({kind, before, after}: Action): boolean {
  const isOver = kind === 'update' || kind === 'replace' || kind === 'link';
  return isOver && before?.kind === 'file' && before.size > 0 && after.kind !== 'directory';
}

function bringsFile({kind, after}: Action): boolean {
  return (kind === 'create' || kind === 'update' || kind === 'replace') && after.kind === 'file' && after.size > 0;
}

function isTwin(before: Entry, {after}: Action, policy: TwinPolicy): boolean {
  const {size, mtime} = after as Entry;
  return size === before.size && isTwinTime(before.mtime, mtime, policy);
}

/** A key of size and second, below 2^53. Different files may share a key: then they only wait for each other. */
function keyOfTime(size: number, mtime: bigint): number {
  return (size % 2 ** 18) * 2 ** 34 + Number(BigInt.asUintN(33, mtime / NS_PER_SECOND));
}

/** Whether one of these sorted keys is within `reach` of the key. */
function hasNear(sorted: Float64Array, key: number, reach: number): boolean {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < key - reach) low = middle + 1;
    else high = middle;
  }
  return low < sorted.length && (sorted[low] as number) <= key + reach;
}
