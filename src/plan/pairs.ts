/**
 * Pairs of loose rows: a row of the source, and the row of the target that becomes it. Each row is in one pair at most. A pair is found by
 * identity or by content; `settle` drops those whose place in the target stays occupied.
 */
import {CODE} from '../core/block.js';
import type {Side} from '../core/problem.js';
import type {Range} from './loose-rows.js';
import {compareNames, type LooseTree, NONE} from './loose-tree.js';

/** A place where the source or the target has loose rows: side by side if both have something at the path. */
export interface Slot {
  readonly source: Range | undefined;
  readonly target: Range | undefined;
}

/** How many loose rows of each side have one identity. */
export type Names = Readonly<Record<Side, number>>;

export const ONE_NAME: Names = {source: 1, target: 1};

export class Pairs {
  readonly #ofSource: Int32Array;
  readonly #ofTarget: Int32Array;

  constructor(
    private readonly source: LooseTree,
    private readonly target: LooseTree,
  ) {
    this.#ofSource = new Int32Array(source.count).fill(NONE);
    this.#ofTarget = new Int32Array(target.count).fill(NONE);
  }

  /** The row of the target that becomes a row of the source; NONE if it was not moved. */
  ofSource(number: number): number {
    return this.#ofSource[number] as number;
  }

  ofTarget(number: number): number {
    return this.#ofTarget[number] as number;
  }

  add(source: number, target: number): void {
    this.#ofSource[source] = target;
    this.#ofTarget[target] = source;
  }

  #drop(source: number): void {
    this.#ofTarget[this.ofSource(source)] = NONE;
    this.#ofSource[source] = NONE;
  }

  /**
   * Pairs rows with the same identity if `fits` allows it. If it is a file with several names, all of them have it, and the first names
   * are paired.
   */
  byIdentity(fits: (source: number, target: number, names: Names) => boolean): void {
    const {source, target} = this;
    // An open hash table; Perf: a million entries of a Map take ten times the memory (bench: plan-moved).
    const size = 2 ** Math.ceil(Math.log2(2 * target.count + 2));
    const table = new Int32Array(size).fill(NONE);
    const find = (tree: LooseTree, row: number): number => {
      let at = tree.hashOf(row) & (size - 1);
      while (table[at] !== NONE && !tree.isSame(row, target, table[at] as number)) at = (at + 1) & (size - 1);
      return at;
    };
    const names = {source: new Uint32Array(size), target: new Uint32Array(size)};
    const first = new Int32Array(size).fill(NONE);
    const count = (side: Side, at: number) => {
      (names[side][at] as number)++;
    };
    for (let t = 0; t < target.count; t++) {
      if (!target.hasIdentity(t)) continue;
      const at = find(target, t);
      if (table[at] === NONE) table[at] = t;
      count('target', at);
    }
    for (let s = 0; s < source.count; s++) {
      if (!source.hasIdentity(s)) continue;
      const at = find(source, s);
      if (table[at] === NONE) continue;
      if (first[at] === NONE) first[at] = s;
      count('source', at);
    }
    // Rows are read in their order, because most of them are packed.
    for (let s = 0; s < source.count; s++) {
      const at = source.hasIdentity(s) ? find(source, s) : NONE;
      if (first[at] !== s) continue;
      const t = table[at] as number;
      const both = {source: names.source[at] as number, target: names.target[at] as number};
      if (fits(s, t, both)) this.add(s, t);
    }
  }

  /**
   * Drops each pair whose row would arrive at a path at which something else stays. `slots`: all places with loose rows.
   */
  settle(slots: readonly Slot[]): void {
    for (;;) {
      /** By row of the target, the row of the source that arrives at its path. */
      const arrivals = new Map<number, number>();
      for (const {source, target} of slots) {
        if (source !== undefined && target !== undefined) this.#compare(source.start, target.start, arrivals);
      }
      this.#ofSource.forEach((t, s) => {
        if (t !== NONE && this.source.codeOf(s) === CODE.directory) this.#compareBelow(s, t, arrivals);
      });
      const stuck = [...arrivals.keys()].filter((t) => this.ofTarget(t) === NONE);
      let hasFolder = false;
      for (let t = stuck.pop(); t !== undefined; t = stuck.pop()) {
        const s = arrivals.get(t) as number;
        const origin = this.ofSource(s);
        if (origin === NONE) continue;
        hasFolder ||= this.source.codeOf(s) === CODE.directory;
        this.#drop(s);
        // The row that should have become it stays, and may be in the way of another one.
        if (arrivals.has(origin)) stuck.push(origin);
      }
      // What is in a folder is then compared with another folder.
      if (!hasFolder) return;
    }
  }

  /** Both trees have a row at the same path. */
  #compare(s: number, t: number, arrivals: Map<number, number>): void {
    const [from, to] = [this.ofSource(s), this.ofTarget(t)];
    if (from === t) return;
    if (from !== NONE) arrivals.set(t, s);
    else if (to === NONE) this.#compareBelow(s, t, arrivals);
  }

  #compareBelow(folder: number, theirs: number, arrivals: Map<number, number>): void {
    const {source, target} = this;
    let [s, t] = [folder + 1, theirs + 1];
    const [sEnd, tEnd] = [source.endOf(folder), target.endOf(theirs)];
    while (s < sEnd && t < tEnd) {
      const order = compareNames(source.rows.row(s), target.rows.row(t));
      if (order === 0) this.#compare(s, t, arrivals);
      if (order <= 0) s = source.endOf(s);
      if (order >= 0) t = target.endOf(t);
    }
  }
}
