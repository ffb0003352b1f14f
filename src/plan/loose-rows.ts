/**
 * Rows of one tree that have no equal at their path in the other tree. They are kept until both trees were read, since only then it is
 * known what was moved. Most of them are packed, so that a folder with a million files takes little memory.
 */
import {BLOCK_ENTRIES, type Block} from '../core/block.js';
import {BlockWriter} from '../core/block-writer.js';
import {Reader, type Row} from './reader.js';

/** Makes blocks small, and restores them. */
export interface Packing {
  pack(block: Block): unknown;
  unpack(packed: unknown): Block;
}

/** Blocks that are kept as they are, or were unpacked last: enough for small plans, and to read several folders in step. */
const OPEN_BLOCKS = 32;

/** Rows by number, in the order in which they were added. */
export class LooseRows {
  readonly #packed: unknown[] = [];
  /** By number, the one that was used last at the end. */
  readonly #open = new Map<number, Block>();
  readonly #writer = new BlockWriter((block) => this.#keep(this.#blocks++, block));
  #blocks = 0;
  #count = 0;
  /** The block that was read last. */
  #last: {readonly at: number; readonly block: Block} | undefined;

  constructor(private readonly packing: Packing) {}

  get count(): number {
    return this.#count;
  }

  add({block, index}: Row): void {
    this.#writer.copy(block, index);
    this.#count++;
  }

  /** To be called before the first row is read. */
  close(): void {
    this.#writer.finish();
  }

  row(number: number): Row {
    return {block: this.blockOf(number), index: number % BLOCK_ENTRIES};
  }

  blockOf(number: number): Block {
    const at = Math.floor(number / BLOCK_ENTRIES);
    if (at !== this.#last?.at) this.#last = {at, block: this.#opened(at)};
    return this.#last.block;
  }

  #opened(at: number): Block {
    const open = this.#open.get(at);
    if (open === undefined) return this.#keep(at, this.packing.unpack(this.#packed[at]));
    this.#open.delete(at);
    this.#open.set(at, open);
    return open;
  }

  #keep(at: number, block: Block): Block {
    this.#open.set(at, block);
    if (this.#open.size > OPEN_BLOCKS) {
      const [[oldest, unused]] = this.#open as unknown as [[number, Block]];
      this.#packed[oldest] ??= this.packing.pack(unused);
      this.#open.delete(oldest);
    }
    return block;
  }
}

/** Rows from `start` up to, but not including, `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Reads a range of loose rows like a stream. `shift` is added to their depths; `onRows` is called for each block of them. */
export class LooseReader extends Reader {
  #number: number;
  readonly #end: number;

  constructor(
    private readonly rows: LooseRows,
    {start, end}: Range,
    private readonly shift: number,
    private readonly onRows: () => void,
  ) {
    super(NOTHING);
    this.#number = start - 1;
    this.#end = end;
  }

  /** The number of the current row. */
  get number(): number {
    return this.#number;
  }

  override async fill(): Promise<void> {
    if (this.atEnd) this.#read(this.#number + 1);
  }

  override next(): void {
    const number = this.#number + 1;
    if (number < this.#end && number % BLOCK_ENTRIES !== 0) this.#read(number);
    else this.atEnd = true;
  }

  #read(number: number): void {
    this.#number = number;
    this.atEnd = false;
    if (number >= this.#end) {
      this.depth = -1;
      return;
    }
    this.index = number % BLOCK_ENTRIES;
    if (this.index === 0 || this.block === undefined) {
      this.onRows();
      this.block = this.rows.blockOf(number);
    }
    this.depth = (this.block.depth[this.index] as number) + this.shift;
  }
}

const NOTHING = (async function* () {})();
