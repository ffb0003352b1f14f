/**
 * A target that folds names may have what the source has under other letters: `readme` for `README`. Both trees are then read under the
 * names of the source, so that they meet; a row that is to get its name still has its own with it.
 */
import {type ByteName, type Folding, foldName, fromByteName, isShownAs, toByteName} from '../core/name.js';
import {isRenamedName} from '../core/path.js';
import type {ListedEntry} from '../platform/platform.js';

/** An entry of the target; its `name` is the source's, where that has one for it. */
export interface SeenEntry extends ListedEntry {
  /** The name by which it is found, where that is not `name`. */
  place?: ByteName;
  /** The name that it has in the target, when it is to get `name`. */
  ownName?: ByteName;
  /** A killed run left it under a name of its own, and it is not known what it was called: it stays. */
  isLeft?: boolean;
}

export interface RespellOptions {
  /** The names in the same folder of the source. */
  readonly names: readonly ByteName[];
  readonly folding: Folding | undefined;
  /** See `WalkOptions.leftRenamed`. */
  readonly leftRenamed: ReadonlyMap<string, string>;
}

export interface Respelled {
  /** Names that the target has as the source has them, and shows in other letters. */
  readonly respelled: number;
  /** Names of killed runs' own, of which nothing is known. */
  readonly left: readonly ByteName[];
}

/** Replaces entries of one folder of the target by what they are to the source. */
export function respell(entries: SeenEntry[], {names, folding, leftRenamed}: RespellOptions): Respelled {
  const left: ByteName[] = [];
  const taken = new Set(entries.map(({name}) => name));
  entries.forEach((entry, i) => {
    if (!isRenamedName(entry.name)) return;
    // As if that run had not begun: the next one gives it back its name before it does anything else.
    const name = leftRenamed.get(entry.name) as ByteName | undefined;
    const isKnown = name !== undefined && !taken.has(name);
    entries[i] = isKnown ? {...entry, name, place: entry.name} : {...entry, isLeft: true};
    if (isKnown) taken.add(name);
    else left.push(entry.name);
  });
  if (folding === undefined) return {respelled: 0, left};

  const known = new Set(names);
  /** Names of the source that the target does not show, by what they are to a target that folds them. */
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
    // One that differs in case alone comes before one that is written in another way.
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
