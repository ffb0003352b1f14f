/**
 * A target that folds names may have an entry of the source under a different spelling: `readme` for `README`. Then the target is
 * read with the source's spelling, so that the entries match; a row that will be renamed also has its current name.
 */
import {type ByteName, type Folding, foldName, fromByteName, isShownAs, toByteName} from '../core/name.js';
import {isRenamedName} from '../core/path.js';
import type {ListedEntry} from '../platform/platform.js';

/** An entry of the target; its `name` is the source's spelling if the source has the entry. */
export interface SeenEntry extends ListedEntry {
  /** The name under which it is found, if that is not `name`. */
  place?: ByteName;
  /** Its current name in the target, if it will be renamed to `name`. */
  ownName?: ByteName;
  /** Whether a killed run left it under a temporary name, and its original name is unknown: then it stays. */
  isLeft?: boolean;
}

/** How one folder is respelled. */
export interface RespellOptions {
  /** The names in the same folder of the source. */
  readonly names: readonly ByteName[];
  readonly folding: Folding | undefined;
  /** See `WalkOptions.leftRenamed`. */
  readonly leftRenamed: ReadonlyMap<string, string>;
}

/** What respelling one folder found. */
export interface Respelled {
  /** Names that the target shows in a different spelling. */
  readonly respelled: number;
  /** Temporary names of killed runs whose original names are unknown. */
  readonly left: readonly ByteName[];
}

/** Replaces the entries of one folder of the target by entries with the source's spelling. */
export function respell(entries: SeenEntry[], {names, folding, leftRenamed}: RespellOptions): Respelled {
  const left: ByteName[] = [];
  const taken = new Set(entries.map(({name}) => name));
  entries.forEach((entry, i) => {
    if (!isRenamedName(entry.name)) return;
    // It counts as not renamed, since the next run renames it back before it does anything else.
    const name = leftRenamed.get(entry.name) as ByteName | undefined;
    const isKnown = name !== undefined && !taken.has(name);
    entries[i] = isKnown ? {...entry, name, place: entry.name} : {...entry, isLeft: true};
    if (isKnown) taken.add(name);
    else left.push(entry.name);
  });
  if (folding === undefined) return {respelled: 0, left};

  const known = new Set(names);
  /** Names of the source that the target does not show, by their folded form. */
  const missing = new Map<string, string[]>();
  for (const name of names) {
    if (taken.has(name)) continue;
    const text = fromByteName(name);
    const key = foldName(text);
    missing.set(key, [...(missing.get(key) ?? []), text]);
  }
  if (missing.size === 0) return {respelled: 0, left};
  let respelled = 0;
  entries.forEach((entry, i) => {
    if (entry.isLeft || known.has(entry.name)) return;
    const own = fromByteName(entry.name);
    const candidates = missing.get(foldName(own));
    if (candidates === undefined || candidates.length === 0) return;
    // A name that differs only in case takes precedence over one with a different encoding.
    const found = Math.max(
      0,
      candidates.findIndex((name) => isShownAs(name, own, CASE_ALONE)),
    );
    const [name] = candidates.splice(found, 1) as [string];
    const isKept = isShownAs(name, own, folding);
    if (isKept) respelled++;
    entries[i] = {...entry, name: toByteName(name), place: entry.place ?? entry.name, ...(isKept ? {} : {ownName: entry.name})};
  });
  return {respelled, left};
}

const CASE_ALONE: Folding = {keepsCase: false, keepsAccents: true};
