/**
 * Finds what was moved: loose rows of the source that are loose rows of the target under another path. Never by guessing: both are the
 * only ones with that inode number and birth time, which the last run has seen at the old path, and the target has there what that run
 * left; or their content was compared.
 *
 * A folder is moved as a whole, and its content is then compared like that of any folder, but a file in it counts as equal only if it
 * is proved in the same way: see `isProved`.
 */
import {belongingsAt, CODE, isDevice, ownNameAt} from '../core/block.js';
import {toNanoseconds} from '../core/entry.js';
import {compareBytes} from '../core/name.js';
import {joinPath, type RelPath} from '../core/path.js';
import type {PlanOptions} from '../core/plan.js';
import {canMake, isWantedSize, sameTime} from './compare.js';
import {detach, deviceOf, type Frame, pathInTarget, pathOf} from './frame.js';
import {LooseReader, type Packing, type Range} from './loose-rows.js';
import {LooseTree, NONE} from './loose-tree.js';
import {type Names, ONE_NAME, Pairs} from './pairs.js';
import type {Reader, Row} from './reader.js';
import type {Remembered} from './remembered.js';
import {pairByContent, type SameFiles} from './same-content.js';

export interface MoveOptions {
  readonly policy: PlanOptions;
  readonly remembered: Remembered | undefined;
  readonly packing: Packing;
  /** Whether the target can hold a name. */
  readonly holdsName?: ((name: string) => boolean) | undefined;
  /** Compares files of both trees by content, with their paths in each tree. */
  readonly sameFiles: SameFiles;
  /** Called for each block of loose rows that is read again. */
  readonly onRows: () => void;
}

/** A folder that both trees have, with loose rows in it. */
export interface Slot {
  readonly frame: Frame;
  readonly order: number;
  /** The position of its last path. */
  last: number;
  source: Range | undefined;
  target: Range | undefined;
}

export class Moves {
  readonly source: LooseTree;
  readonly target: LooseTree;
  readonly #slots: Slot[] = [];
  #pairs: Pairs | undefined;

  constructor(private readonly o: MoveOptions) {
    this.source = new LooseTree(o.packing);
    this.target = new LooseTree(o.packing);
  }

  get slots(): readonly Slot[] {
    return this.#slots;
  }

  /** Takes the subtree at the source's current row. */
  async takeSource(order: number, frame: Frame, reader: Reader): Promise<void> {
    const last = this.#last(order, frame);
    const range = await this.source.add(reader, (row) => row);
    if (last?.source !== undefined && last.target === undefined) extend(last, 'source', range.end, order);
    else this.#add({frame, order, last: order, source: range, target: undefined});
  }

  /** Takes the subtree at the target's current row. */
  async takeTarget(order: number, frame: Frame, reader: Reader): Promise<void> {
    const last = this.#last(order, frame);
    const range = await this.#addTarget(frame, reader);
    if (last?.target !== undefined && last.source === undefined) extend(last, 'target', range.end, order);
    else this.#add({frame, order, last: order, source: undefined, target: range});
  }

  /** Takes the subtrees at both current rows, which have the same name. */
  async takeBoth(order: number, frame: Frame, readers: {readonly source: Reader; readonly target: Reader}): Promise<void> {
    const source = await this.source.add(readers.source, (row) => row);
    const target = await this.#addTarget(frame, readers.target);
    this.#add({frame, order, last: order, source, target});
  }

  /** The last slot, if it is in the same folder and nothing has come after it. */
  #last(order: number, frame: Frame): Slot | undefined {
    const last = this.#slots.at(-1);
    return last?.frame === frame && last.last === order - 1 ? last : undefined;
  }

  #add(slot: Slot): void {
    detach(slot.frame);
    this.#slots.push(slot);
  }

  #addTarget(frame: Frame, reader: Reader): Promise<Range> {
    const paths: RelPath[] = [pathOf(frame)];
    const top = reader.depth;
    const {remembered} = this.o;
    return this.target.add(reader, (row) => {
      if (remembered === undefined) return undefined;
      const depth = reader.depth - top;
      const path = joinPath(paths[depth] as RelPath, reader.name());
      paths[depth + 1] = path;
      return this.#originOf(row, path, remembered);
    });
  }

  /** The source's remembered row that the target's row is a copy of, if the target still has what the last run left. */
  #originOf({block, index}: Row, path: RelPath, remembered: Remembered): Row | undefined {
    const source = remembered.sourceAt(path);
    const left = source && remembered.targetAt(path);
    if (source === undefined || left === undefined) return undefined;
    const code = block.code[index];
    if (source.block.code[source.index] !== code || left.block.code[left.index] !== code) return undefined;
    return code === CODE.file && !(this.#isSameFile({block, index}, left) && this.#isSameFile(left, source)) ? undefined : source;
  }

  /** Whether size and time are the same. */
  #isSameFile(a: Row, b: Row): boolean {
    return a.block.size[a.index] === b.block.size[b.index] && this.#hasSameTime(a, b);
  }

  #hasSameTime(a: Row, b: Row): boolean {
    const [first, second] = [timeOf(a), timeOf(b)];
    return first === second || sameTime(first, second, this.o.policy);
  }

  /** Whether the source's entry at a path is another one than the last run has seen there. */
  isOther({block, index}: Row, path: RelPath): boolean {
    const known = this.o.remembered?.sourceAt(path);
    if (known === undefined) return false;
    const {inode, birthSeconds, birthNanoseconds} = known.block;
    return (
      inode[known.index] !== block.inode[index] ||
      birthSeconds[known.index] !== block.birthSeconds[index] ||
      birthNanoseconds[known.index] !== block.birthNanoseconds[index]
    );
  }

  /** Pairs the loose rows, after both trees were read. */
  async find(): Promise<void> {
    this.source.rows.close();
    this.target.rows.close();
    const pairs = new Pairs(this.source, this.target);
    this.#pairs = pairs;
    const isEmpty = this.source.count === 0 || this.target.count === 0;
    if (isEmpty) return;
    // What links lead to has one inode under many paths.
    if (this.o.policy.linksAs === undefined) {
      pairs.byIdentity((s, t, names) => this.#fits(s, t, names) && this.#isUnchanged(s, t));
    }
    const fits = (s: number, t: number) => this.#fits(s, t, ONE_NAME);
    await pairByContent({...this.o, source: this.source, target: this.target, pairs, fits, paths: this});
    pairs.settle(this.#slots);
  }

  /** Whether the target's entry can become the source's entry by a move and a change of metadata. */
  #fits(s: number, t: number, names: Names): boolean {
    // The name comes last, because names that are asked for are counted.
    return this.#isSuitable(s, t, names) && this.o.holdsName?.(this.source.nameOf(s)) !== false;
  }

  #isSuitable(s: number, t: number, names: Names): boolean {
    const {policy} = this.o;
    const [from, to] = [this.source.rows.row(s), this.target.rows.row(t)];
    const code = from.block.code[from.index] as number;
    if (code !== to.block.code[to.index] || !canMake(code, policy) || ownNameAt(to.block, to.index) !== undefined) return false;
    if (this.target.deviceOf(t) !== deviceOf(this.#slotOf('source', s).frame)) return false;
    if (code === CODE.directory) {
      return names.source === 1 && names.target === 1 && this.source.isPlain(s) && this.target.isPlain(t);
    }
    // If a name of the file stays at its path, the others are linked to it.
    if (from.block.links[from.index] !== names.source || to.block.links[to.index] !== names.target) return false;
    if (code === CODE.file) return isWantedSize(from.block.size[from.index] as number, policy);
    const hasBelongings = code === CODE.symlink || isDevice(code);
    return !hasBelongings || compareBytes(belongingsAt(from.block, from.index), belongingsAt(to.block, to.index)) === 0;
  }

  /** Whether a file is as the last run has seen it: then the target's file, which is too, has the same content. */
  #isUnchanged(s: number, t: number): boolean {
    const [from, to] = [this.source.rows.row(s), this.target.rows.row(t)];
    return from.block.code[from.index] !== CODE.file || (this.#isByTime && this.#isSameFile(from, to));
  }

  /** Whether an equal size and time mean that a file was not changed. */
  get #isByTime(): boolean {
    const {times, compare} = this.o.policy;
    return times && compare !== 'content';
  }

  /** The row of the target that becomes a row of the source; undefined if it was not moved. */
  originOf(source: number): number | undefined {
    const number = this.#known.ofSource(source);
    return number === NONE ? undefined : number;
  }

  /** Whether a row of the target is moved to another path. */
  isLeaving(target: number): boolean {
    return this.#known.ofTarget(target) !== NONE;
  }

  /** Whether two files with the same size and time have the same content. */
  isProved(source: number, target: number): boolean {
    return this.#known.ofSource(source) === target || this.source.isSame(source, this.target, target);
  }

  get #known(): Pairs {
    return this.#pairs as Pairs;
  }

  /** Reads rows of one side. `depth`: the depth of the folder that they are in. */
  read(side: 'source' | 'target', range: Range, depth: number): LooseReader {
    const {rows} = this[side];
    const isEmpty = range.start === range.end;
    const {block, index} = isEmpty ? {block: undefined, index: 0} : rows.row(range.start);
    return new LooseReader(rows, range, isEmpty ? 0 : depth + 1 - (block?.depth[index] as number), this.o.onRows);
  }

  /** The path of a row in its own tree. */
  pathOf(side: 'source' | 'target', number: number): RelPath {
    const tree = this[side];
    const parent = tree.parentOf(number);
    const name = tree.nameOf(number);
    if (parent !== NONE) return joinPath(this.pathOf(side, parent), name);
    const {frame} = this.#slotOf(side, number);
    return joinPath(side === 'source' ? pathOf(frame) : pathInTarget(frame), name);
  }

  #slotOf(side: 'source' | 'target', number: number): Slot {
    let [low, high] = [0, this.#slots.length];
    const starts = this.#starts(side);
    high = starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((starts[middle] as readonly [number, Slot])[0] <= number) low = middle + 1;
      else high = middle;
    }
    return (starts[low - 1] as readonly [number, Slot])[1];
  }

  readonly #startsOf: Partial<Record<'source' | 'target', readonly (readonly [start: number, slot: Slot])[]>> = {};

  #starts(side: 'source' | 'target') {
    this.#startsOf[side] ??= this.#slots.flatMap((slot) => {
      const range = slot[side];
      return range === undefined ? [] : [[range.start, slot] as const];
    });
    return this.#startsOf[side];
  }
}

function extend(slot: Slot, side: 'source' | 'target', end: number, order: number): void {
  slot[side] = {start: (slot[side] as Range).start, end};
  slot.last = order;
}

function timeOf({block, index}: Row): bigint {
  return toNanoseconds(block.seconds[index] as number, block.nanoseconds[index] as number);
}
