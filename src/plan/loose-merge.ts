/** The merge of loose rows, after it is known what was moved. A moved folder is merged with the folder that it was. */
import {CODE, entryAt} from '../core/block.js';
import {addSizes, type Entry} from '../core/entry.js';
import {joinPath, type RelPath} from '../core/path.js';
import {type Frame, pathOf} from './frame.js';
import type {LooseReader, Range} from './loose-rows.js';
import {Merge, type Shared} from './merge.js';
import type {Moves, Slot} from './moves.js';

/** Merges all loose rows. */
export async function mergeLoose(shared: Shared, moves: Moves): Promise<void> {
  await moves.find();
  for (const slot of moves.slots) {
    shared.draft.goBackTo(slot.order);
    await new LooseMerge(shared, moves, readersOf(moves, slot)).mergeBelow(slot.frame);
  }
}

const EMPTY: Range = {start: 0, end: 0};

function readersOf(moves: Moves, {frame, source = EMPTY, target = EMPTY}: Slot): LooseReaders {
  return {source: moves.read('source', source, frame.depth), target: moves.read('target', target, frame.depth)};
}

interface LooseReaders {
  readonly source: LooseReader;
  readonly target: LooseReader;
}

/** Leaves that stay as they are in a moved folder, and their bytes. */
interface Load {
  leaves: number;
  bytes: number;
}

class LooseMerge extends Merge {
  /** `load`: counts what a moved folder carries; undefined for rows that are not in one. */
  constructor(
    shared: Shared,
    private readonly moves: Moves,
    private readonly rows: LooseReaders,
    private readonly load?: Load,
  ) {
    super(shared, rows);
  }

  protected override get skipsEqual(): boolean {
    return false;
  }

  protected override async handlesMoved(frame: Frame, order: number): Promise<boolean> {
    const {source, target} = this.rows;
    const origin = order <= 0 ? this.moves.originOf(source.number) : undefined;
    if (order === 0 && origin === target.number) return false;
    const isLeaving = order >= 0 && this.isLeaving();
    if (origin === undefined && !isLeaving) return false;
    this.draft.touch(frame);
    if (origin !== undefined) return this.#moveHere(joinPath(pathOf(frame), source.name()), frame, origin);
    await target.skipTree();
    return true;
  }

  protected override async movesHere(path: RelPath, frame: Frame | undefined): Promise<boolean> {
    const origin = this.moves.originOf(this.rows.source.number);
    return origin !== undefined && this.#moveHere(path, frame, origin);
  }

  protected override isLeaving(): boolean {
    return this.moves.isLeaving(this.rows.target.number);
  }

  /**
   * Plans the move of the source's current row to a path, and what changes below it. `parent`: the nearest folder above that the
   * target has; `origin`: the row of the target.
   */
  async #moveHere(path: RelPath, parent: Frame | undefined, origin: number): Promise<boolean> {
    const {moves, draft} = this;
    const s = this.rows.source;
    const {number, depth} = s;
    const [source, target] = [s.row(), moves.target.rows.row(origin)];
    const from = moves.pathOf('target', origin);
    const before = entryAt(target.block, target.index);
    const after = entryAt(source.block, source.index);
    const order = draft.nextOrder();
    const isFolder = after.kind === 'directory';
    const load: Load = isFolder ? {leaves: 0, bytes: 0} : {leaves: 1, bytes: after.size};
    // What a folder carries is counted while its content is compared.
    const carried = Object.assign(load, this.shared.options.keepsInodes && {inode: target.block.inode[target.index]});
    const reasons = ['name', ...this.metadata(after, before)] as const;
    draft.add(order, {kind: 'move', path, from, before, after, carried, reasons});
    // It leads its group: further names become links to it.
    if (!isFolder) draft.links.step(path, draft.keyOf(s, parent), undefined);
    await s.skipTree();
    if (!isFolder) return true;
    const frame: Frame = {
      ...{parent, depth, order, source, target, path, inTarget: from},
      ...{noDeletes: undefined, isRenamed: true, settled: true},
    };
    const below = {
      source: moves.read('source', moves.source.below(number), depth),
      target: moves.read('target', moves.target.below(origin), depth),
    };
    await new LooseMerge(this.shared, moves, below, load).mergeBelow(frame);
    return true;
  }

  /** Not for a file that was put into a moved folder. */
  protected override isProved(): boolean {
    const {source, target} = this.rows;
    const isFile = source.code === CODE.file && source.block.size[source.index] !== 0;
    if (this.load === undefined || this.policy.compare === 'content' || !isFile) return true;
    return this.moves.isProved(source.number, target.number);
  }

  protected override keeps({size}: Entry): void {
    if (this.load === undefined) return;
    this.load.leaves++;
    this.load.bytes = addSizes(this.load.bytes, size);
  }
}
