/**
 * Files that are written over, of which the old content may be what another action writes under another name: `mv a b` and a new `a`,
 * rotated logs, two names that were swapped. They are written over after that one. In a ring none comes first: then the old content is
 * set aside, until the run is whole.
 *
 * Only where times are kept: a size alone would tie together files that have nothing to do with each other, and most are written over
 * by one of another size. A hard link brings no content: its leader does.
 */
import type {Action} from '../core/action.js';
import {type Entry, NS_PER_SECOND} from '../core/entry.js';
import {clamp} from './compare.js';
import {isTwinTime, type TwinPolicy} from './twins.js';

export interface Overwrites {
  /** Each after what it waits for. */
  readonly levels: readonly (readonly number[])[];
  /** Those that are set aside, since they wait for each other, for a folder to be empty, or for one that does. */
  readonly aside: readonly number[];
  /** Links, which come after all of these. */
  readonly links: readonly number[];
}

/** So many levels at most, in a chain of files that each get another name; what is left is set aside. */
const MAX_LEVELS = 256;

const NONE: Overwrites = {levels: [], aside: [], links: []};

/** Indexes of the files that are written over, by links too, and whose content another action may bring. */
export function overwritten(actions: readonly Action[], policy: TwinPolicy): readonly number[] {
  return find(actions, policy)?.files ?? [];
}

export function overwritesOf(actions: readonly Action[], policy: TwinPolicy): Overwrites {
  const found = find(actions, policy);
  if (found === undefined) return NONE;
  const {writers, reach, keyOf} = found;
  const at = (index: number) => actions[index] as Action;
  const links = found.files.filter((i) => at(i).kind === 'link');
  let rest = found.files.filter((i) => at(i).kind !== 'link');
  const isLate = new Set(rest);
  /** How many of a key's writers are in no level yet; one that waits for its place, as a folder is there, never is. */
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
  /** What writes a file, by its key. */
  readonly writers: ReadonlyMap<number, readonly number[]>;
  /** So many seconds apart keys may be, and still mean one file. */
  readonly reach: number;
  readonly keyOf: (leaf: Entry) => number;
}

/** Perf: most plans have nothing of the kind, which numbers alone tell (bench: review-million). */
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

/** Times that may differ by more seconds (--mtime-window) are no part of a key: see `COARSEST`. */
const MAX_REACH = 2;

/** A file that another leaf is written over. */
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

/** Of size and second, as a whole number under 2^53. Files that are not twins may share one: then they only wait for each other. */
function keyOfTime(size: number, mtime: bigint): number {
  return (size % 2 ** 18) * 2 ** 34 + Number(BigInt.asUintN(33, mtime / NS_PER_SECOND));
}

/** Whether one of these, sorted, is no farther from the key. */
function hasNear(sorted: Float64Array, key: number, reach: number): boolean {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < key - reach) low = middle + 1;
    else high = middle;
  }
  return low < sorted.length && (sorted[low] as number) <= key + reach;
}
