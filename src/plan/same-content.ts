/**
 * Pairs loose files by content, where nothing is remembered of them: a file of the source and one of the target that are the only ones
 * of their size with the same name, or with the same time. Both are read and compared. Then folders are paired that have most of these
 * files in common.
 */
import {CODE} from '../core/block.js';
import type {RelPath} from '../core/path.js';
import type {PlanOptions} from '../core/plan.js';
import type {Problem} from '../core/problem.js';
import {type LooseTree, NONE} from './loose-tree.js';
import type {Pairs} from './pairs.js';
import type {Remembered} from './remembered.js';

/** Whether files have the same content, by their paths in both trees. A problem means that this is not known. */
export type SameFiles = (source: readonly RelPath[], target: readonly RelPath[]) => Promise<readonly (boolean | Problem)[]>;

interface ContentOptions {
  readonly policy: PlanOptions;
  readonly remembered: Remembered | undefined;
  readonly source: LooseTree;
  readonly target: LooseTree;
  readonly pairs: Pairs;
  /** Whether a row of the target can become a row of the source. */
  readonly fits: (source: number, target: number) => boolean;
  readonly paths: {pathOf(side: 'source' | 'target', number: number): RelPath};
  readonly sameFiles: SameFiles;
}

/** The number of files in a question. */
const BATCH = 512;

export async function pairByContent(o: ContentOptions): Promise<void> {
  const {policy, remembered, pairs, paths} = o;
  // What is remembered shows what was moved, unless size and time do not show that a file is unchanged.
  if (remembered !== undefined && policy.compare !== 'content' && policy.times) return;
  let room = policy.compare === 'content' ? Number.POSITIVE_INFINITY : policy.moveCheckLimit;
  const asked = candidates(o).filter(([s]) => {
    const size = sizeOf(o.source, s);
    if (size > room) return false;
    room -= size;
    return true;
  });
  let isAny = false;
  for (let i = 0; i < asked.length; i += BATCH) {
    const batch = asked.slice(i, i + BATCH);
    const answers = await o.sameFiles(
      batch.map(([s]) => paths.pathOf('source', s)),
      batch.map(([, t]) => paths.pathOf('target', t)),
    );
    batch.forEach(([s, t], k) => {
      if (answers[k] !== true) return;
      isAny = true;
      pairs.add(s, t);
    });
  }
  if (isAny) pairFolders(o);
}

/** Files that may be the same, in canonical order of the source. */
function candidates(o: ContentOptions): readonly (readonly [source: number, target: number])[] {
  const found = new Map<number, number>();
  const taken = new Set<number>();
  for (const keyOf of [byName, byTime]) {
    const sources = unique(o.source, (s) => o.pairs.ofSource(s) === NONE && !found.has(s), keyOf);
    const targets = unique(o.target, (t) => o.pairs.ofTarget(t) === NONE && !taken.has(t), keyOf);
    for (const [key, s] of sources) {
      const t = targets.get(key);
      if (s === NONE || t === undefined || t === NONE || !o.fits(s, t)) continue;
      found.set(s, t);
      taken.add(t);
    }
  }
  return [...found].sort(([a], [b]) => a - b);
}

/** Files by key; NONE for a key that several files have. */
function unique(tree: LooseTree, isFree: (number: number) => boolean, keyOf: (tree: LooseTree, number: number) => string) {
  const found = new Map<string, number>();
  for (let n = 0; n < tree.count; n++) {
    if (tree.codeOf(n) !== CODE.file || sizeOf(tree, n) === 0 || !isFree(n)) continue;
    const key = keyOf(tree, n);
    found.set(key, found.has(key) ? NONE : n);
  }
  return found;
}

function byName(tree: LooseTree, n: number): string {
  return `${sizeOf(tree, n)} ${tree.nameOf(n)}`;
}

function byTime(tree: LooseTree, n: number): string {
  const {block, index} = tree.rows.row(n);
  return `${block.size[index]} ${block.seconds[index]} ${block.nanoseconds[index]}`;
}

function sizeOf(tree: LooseTree, n: number): number {
  const {block, index} = tree.rows.row(n);
  return block.size[index] as number;
}

/** Pairs folders that have the most paired entries in common, under the same names. Deeper folders come first. */
function pairFolders({source, target, pairs, fits}: ContentOptions): void {
  /** By folder of the source, how many of its entries came from which folders of the target. And the reverse. */
  const cameFrom = new Votes();
  const wentTo = new Votes();
  const vote = (s: number, t: number) => {
    const [folder, other] = [source.parentOf(s), target.parentOf(t)];
    if (folder === NONE || other === NONE || source.nameOf(s) !== target.nameOf(t)) return;
    cameFrom.add(folder, other);
    wentTo.add(other, folder);
  };
  for (let s = 0; s < source.count; s++) if (pairs.ofSource(s) !== NONE) vote(s, pairs.ofSource(s));
  // A folder has a lower number than what is in it.
  for (let s = source.count - 1; s >= 0; s--) {
    const t = cameFrom.most(s);
    if (t === undefined || wentTo.most(t) !== s || pairs.ofSource(s) !== NONE || pairs.ofTarget(t) !== NONE) continue;
    if (!fits(s, t)) continue;
    pairs.add(s, t);
    vote(s, t);
  }
}

class Votes {
  readonly #counts = new Map<number, Map<number, number>>();

  add(folder: number, other: number): void {
    const counts = this.#counts.get(folder) ?? new Map<number, number>();
    this.#counts.set(folder, counts);
    counts.set(other, (counts.get(other) ?? 0) + 1);
  }

  /** The folder with the most votes; of equal ones the first. */
  most(folder: number): number | undefined {
    let [best, most]: [number | undefined, number] = [undefined, 0];
    for (const [other, count] of this.#counts.get(folder) ?? []) {
      if (count > most || (count === most && other < (best as number))) [best, most] = [other, count];
    }
    return best;
  }
}
