/**
 * Subtrees of one tree that have no equal at their path in the other one, with what is needed to find out where they were moved: for each
 * row its folder, the end of its subtree, its identity, and whether there is something in it that keeps a folder from being moved.
 *
 * Perf: everything is in typed arrays, because a renamed folder may have a million files (bench: plan-moved).
 */
import {type Block, belongingsAt, CODE, nameAt, nameStart} from '../core/block.js';
import {LooseRows, type Packing, type Range} from './loose-rows.js';
import type {Reader, Row} from './reader.js';

/** The number of no row. */
export const NONE = -1;

/** The size of an identity: the inode number and the birth time, two words each. All are 0 if it is not known. */
const WORDS = 4;

export class LooseTree {
  readonly rows: LooseRows;
  #identities = new Uint32Array(WORDS * 256);
  #parents = new Int32Array(256);
  #ends = new Int32Array(256);
  /** By row, how many rows before it are odd: see `isPlain`. */
  #odd = new Int32Array(257);

  constructor(packing: Packing) {
    this.rows = new LooseRows(packing);
  }

  get count(): number {
    return this.rows.count;
  }

  /**
   * Adds the current row and everything below it, and moves the reader behind them. `identify` returns the row that has the identity of a
   * row, or undefined if it is not known.
   */
  async add(from: Reader, identify: (row: Row) => Row | undefined): Promise<Range> {
    const top = from.depth;
    const start = this.count;
    /** The rows above the current one, by depth. */
    const open: number[] = [];
    const close = (depth: number) => {
      while (open.length > depth) this.#ends[open.pop() as number] = this.count;
    };
    do {
      const depth = from.depth - top;
      close(depth);
      const parent = open.at(-1) ?? NONE;
      this.#push(from.row(), parent, identify(from.row()));
      open.push(this.count - 1);
      from.next();
      if (from.atEnd) await from.fill();
    } while (from.depth > top);
    close(0);
    return {start, end: this.count};
  }

  #push(row: Row, parent: number, known: Row | undefined): void {
    const {block, index} = row;
    const n = this.count;
    if (n === this.#ends.length) this.#grow();
    this.#parents[n] = parent;
    if (known !== undefined) this.#identify(n, known);
    const isOdd = isOddRow(row) || (parent !== NONE && block.device[index] !== this.#deviceOf(parent));
    this.#odd[n + 1] = (this.#odd[n] as number) + (isOdd ? 1 : 0);
    this.rows.add(row);
    this.#devices[n] = block.device[index] as number;
  }

  #devices = new Uint32Array(256);

  #deviceOf(number: number): number {
    return this.#devices[number] as number;
  }

  #identify(n: number, {block, index}: Row): void {
    const inode = block.inode[index] as bigint;
    const [seconds, nanoseconds] = [block.birthSeconds[index] as number, block.birthNanoseconds[index] as number];
    if (inode === 0n || (seconds === 0 && nanoseconds === 0)) return;
    const at = WORDS * n;
    this.#identities[at] = Number(inode & 0xffff_ffffn);
    this.#identities[at + 1] = Number(inode >> 32n);
    this.#identities[at + 2] = seconds;
    this.#identities[at + 3] = nanoseconds;
  }

  #grow(): void {
    const size = 2 * this.#ends.length;
    const grown = <A extends Int32Array | Uint32Array>(array: A, larger: A): A => {
      larger.set(array);
      return larger;
    };
    this.#identities = grown(this.#identities, new Uint32Array(WORDS * size));
    this.#parents = grown(this.#parents, new Int32Array(size));
    this.#ends = grown(this.#ends, new Int32Array(size));
    this.#odd = grown(this.#odd, new Int32Array(size + 1));
    this.#devices = grown(this.#devices, new Uint32Array(size));
  }

  /** The row of the folder that a row is in; NONE if that folder is not loose. */
  parentOf(number: number): number {
    return this.#parents[number] as number;
  }

  /** The number after the last row at and below a row. */
  endOf(number: number): number {
    return this.#ends[number] as number;
  }

  /** The rows below a row. */
  below(number: number): Range {
    return {start: number + 1, end: this.endOf(number)};
  }

  /** Whether all at and below a row was read, is on one file system, and is not affected by filters or by renames of single names. */
  isPlain(number: number): boolean {
    return this.#odd[this.endOf(number)] === this.#odd[number];
  }

  hasIdentity(number: number): boolean {
    return this.identityWord(number, 0) !== 0 || this.identityWord(number, 1) !== 0;
  }

  identityWord(number: number, word: number): number {
    return this.#identities[WORDS * number + word] as number;
  }

  isSame(number: number, other: LooseTree, theirs: number): boolean {
    for (let word = 0; word < WORDS; word++) {
      if (this.identityWord(number, word) !== other.identityWord(theirs, word)) return false;
    }
    return this.hasIdentity(number);
  }

  /** A hash of 32 bits of an identity. */
  hashOf(number: number): number {
    let hash = 0x811c9dc5;
    for (let word = 0; word < WORDS; word++) hash = Math.imul(hash ^ this.identityWord(number, word), 0x9e3779b1);
    return (hash ^ (hash >>> 15)) >>> 0;
  }

  deviceOf(number: number): number {
    return this.#deviceOf(number);
  }

  codeOf(number: number): number {
    const {block, index} = this.rows.row(number);
    return block.code[index] as number;
  }

  nameOf(number: number): string {
    const {block, index} = this.rows.row(number);
    return nameAt(block, index);
  }
}

function isOddRow({block, index}: Row): boolean {
  const code = block.code[index] as number;
  if (code > CODE.blockdev || block.flags[index] !== 0) return true;
  return code === CODE.directory && belongingsAt(block, index).length > 0;
}

/** Compares two names byte by byte. */
export function compareNames(a: Row, b: Row): number {
  const [first, second] = [bytesOf(a), bytesOf(b)];
  const length = Math.min(first.length, second.length);
  for (let i = 0; i < length; i++) {
    const difference = (first[i] as number) - (second[i] as number);
    if (difference !== 0) return difference;
  }
  return first.length - second.length;
}

function bytesOf({block, index}: Row): Block['text'] {
  return block.text.subarray(nameStart(block, index), block.nameEnd[index]);
}
