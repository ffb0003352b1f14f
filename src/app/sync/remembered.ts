/** Looks up what both trees were after the last run, in the remembered manifest. Only the frames that are needed are decoded. */
import type {TargetDrift} from '../../core/action.js';
import {type Block, kindOf, MOUNT, nameAt, PARTIAL} from '../../core/block.js';
import {joinPath, parentPath, pathDepth, type RelPath, ROOT} from '../../core/path.js';
import type {PlanOptions} from '../../core/plan.js';
import type {Side} from '../../core/problem.js';
import type {IndexedFrame, Manifest} from '../../formats/manifest-file.js';
import {ChangedPaths} from '../../plan/changed.js';
import type {Row} from '../../plan/reader.js';
import type {RememberedTarget} from '../../plan/remembered.js';
import {describeFault, type LastManifest} from '../../state/last-manifest.js';

/** How many decoded frames are kept: lookups come in canonical order. */
const MOST_FRAMES = 8;

interface Frame {
  readonly block: Block;
  /** Each row by its path. */
  readonly rows: ReadonlyMap<RelPath, number>;
}

/** One tree of a remembered manifest. */
class RememberedTree {
  readonly #frames = new Map<number, Frame>();

  constructor(private readonly manifest: Manifest) {}

  /** The row at a path, which may be excluded or unknown; undefined if there is none. */
  at(path: RelPath): Row | undefined {
    const {from, to} = this.manifest.framesAt(path);
    if (from >= to) return undefined;
    const {block, rows} = this.#frame(from);
    const index = rows.get(path);
    return index === undefined ? undefined : {block, index};
  }

  /** Whether it is known what was at a path without a row: the folder above it was read. */
  isAbsent(path: RelPath): boolean {
    for (let at = path; at !== ROOT; at = parentPath(at)) {
      const row = this.at(parentPath(at));
      if (row === undefined) continue;
      const isRead = ((row.block.flags[row.index] as number) & (PARTIAL | MOUNT)) === 0;
      return isRead && kindOf(row.block.code[row.index] as number) !== undefined;
    }
    return this.manifest.frames.length > 0;
  }

  #frame(k: number): Frame {
    const known = this.#frames.get(k);
    if (known !== undefined) return known;
    const block = this.manifest.block(k);
    const {first} = this.manifest.frames[k] as IndexedFrame;
    const frame = {block, rows: pathsOf(block, parentPath(first))};
    if (this.#frames.size >= MOST_FRAMES) this.#frames.delete(this.#frames.keys().next().value as number);
    this.#frames.set(k, frame);
    return frame;
  }
}

/** The paths of all rows. `folder`: the folder of the first one. */
function pathsOf(block: Block, folder: RelPath): Map<RelPath, number> {
  const rows = new Map<RelPath, number>();
  const above: RelPath[] = [];
  const start = pathDepth(folder);
  for (let at = folder, depth = start; depth >= 0; depth--, at = parentPath(at)) above[depth] = at;
  for (let i = 0; i < block.count; i++) {
    const depth = block.depth[i] as number;
    const path = depth === 0 ? ROOT : joinPath(above[depth - 1] as RelPath, nameAt(block, i));
    above[depth] = path;
    rows.set(path, i);
  }
  return rows;
}

/** What an open remembered manifest says. Damage that is found on the way makes it say nothing more. */
export class RememberedTrees implements RememberedTarget {
  /** Why it cannot be read. */
  fault: string | undefined;
  readonly preserved: PlanOptions;
  readonly #trees: Readonly<Record<Side, RememberedTree>>;
  readonly #changed: ChangedPaths;
  readonly #drifted: ReadonlyMap<RelPath, TargetDrift>;

  /** @throws FormatError, SystemError */
  constructor(
    last: LastManifest,
    private readonly isOfNewestRun: boolean,
  ) {
    this.#trees = {source: new RememberedTree(last.manifest('source')), target: new RememberedTree(last.manifest('target'))};
    this.#changed = new ChangedPaths(last.facts.changed);
    this.#drifted = new Map(last.facts.drifted);
    this.preserved = last.facts.options;
  }

  get isCurrent(): boolean {
    return this.isOfNewestRun && this.fault === undefined;
  }

  sourceAt(path: RelPath): Row | undefined {
    return known(this.#try(undefined, () => this.#trees.source.at(path)));
  }

  targetAt(path: RelPath): Row | undefined {
    const of = this.#changed.at(path);
    return of === 'unclear' ? undefined : known(this.#try(undefined, () => this.#trees[of ?? 'target'].at(path)));
  }

  driftAt(path: RelPath): TargetDrift | undefined {
    return this.#drifted.get(path);
  }

  knowsTarget(path: RelPath): boolean {
    const of = this.#changed.at(path) ?? 'target';
    if (of === 'unclear') return false;
    return this.#try(false, () => {
      const tree = this.#trees[of];
      const row = tree.at(path);
      return row === undefined ? tree.isAbsent(path) : known(row) !== undefined;
    });
  }

  #try<T>(otherwise: T, look: () => T): T {
    if (this.fault !== undefined) return otherwise;
    try {
      return look();
    } catch (error) {
      this.fault = describeFault(error);
      return otherwise;
    }
  }
}

/** The row, if it has an entry. */
function known(row: Row | undefined): Row | undefined {
  return row !== undefined && kindOf(row.block.code[row.index] as number) !== undefined ? row : undefined;
}
