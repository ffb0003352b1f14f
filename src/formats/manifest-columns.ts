/**
 * Columns of whole numbers in as few bytes as a fast deflate needs. Each column is written in the way that takes the fewest bytes:
 * what repeats becomes zeros, which deflate removes, and what grows slowly becomes small differences.
 */
import {FormatError} from './shapes.js';

/** How the numbers of a column are written; the first byte of each column. The order of the middle four is that of `ByteWriter.column`. */
const WAY = {
  /** All are equal: one number. */
  same: 0,
  plain: 1,
  /** The difference to the row before. */
  row: 2,
  /** The difference to the last row of the same code. */
  code: 3,
  /** The difference to another column, in the same row. */
  column: 4,
  /** Four bytes each, for numbers without any pattern: first all lowest bytes, and so on. */
  bytes: 5,
} as const;

/** What a column's numbers may depend on. Both sides of the codec must pass the same. */
export interface Bases {
  readonly codes: Uint8Array;
  /** Columns that are written before this one. */
  readonly columns?: readonly Uint32Array[];
}

const MAX_CODE = 255;
const MAX_VARINT = 5;

/** The last number of each code, reused by each call. */
const last = new Uint32Array(MAX_CODE + 1);

/** Bytes that grow as they are written. */
export class ByteWriter {
  #bytes = new Uint8Array(1 << 16);
  #used = 0;

  /** Makes room for `length` more bytes. */
  #grow(length: number): void {
    if (this.#used + length <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(2 * this.#bytes.length, this.#used + length));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }

  number(value: number): void {
    this.#grow(MAX_VARINT);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#used++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#used++] = rest;
  }

  append(bytes: Uint8Array): void {
    this.#grow(bytes.length);
    this.#bytes.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  /** Writes a column of numbers from 0 to 2^32 - 1. */
  column(values: Uint32Array, {codes, columns = []}: Bases): void {
    if (isUniform(values)) {
      this.number(WAY.same);
      this.number(values[0] as number);
      return;
    }
    const numbers = [values, byRow(values), byCode(values, codes), ...columns.map((column) => byColumn(values, column))];
    const costs = numbers.map(costOf);
    const least = Math.min(...costs);
    if (least > 4 * values.length) {
      this.number(WAY.bytes);
      for (let shift = 0; shift < 32; shift += 8) this.append(Uint8Array.from(values, (value) => value >>> shift));
      return;
    }
    const best = costs.indexOf(least);
    this.number(Math.min(WAY.plain + best, WAY.column));
    if (WAY.plain + best >= WAY.column) this.number(WAY.plain + best - WAY.column);
    this.#grow(MAX_VARINT * values.length);
    for (const number of numbers[best] as Uint32Array) this.number(number);
  }

  /** The bytes so far; valid until the next ones are written. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#used);
  }
}

function isUniform(values: Uint32Array): boolean {
  for (let i = 1; i < values.length; i++) if (values[i] !== values[0]) return false;
  return true;
}

/** The bytes that numbers take. Zeros count as nothing, since deflate nearly removes them. */
function costOf(numbers: Uint32Array): number {
  let bytes = 0;
  for (let i = 0; i < numbers.length; i++) bytes += ((38 - Math.clz32(numbers[i] as number)) / 7) | 0;
  return bytes;
}

/** A difference modulo 2^32, with small numbers for both signs: 0, -1, 1, -2, … become 0, 1, 2, 3, … */
function folded(value: number, base: number): number {
  const difference = (value - base) | 0;
  return ((difference << 1) ^ (difference >> 31)) >>> 0;
}

function unfolded(number: number, base: number): number {
  return (base + ((number >>> 1) ^ -(number & 1))) >>> 0;
}

function byRow(values: Uint32Array): Uint32Array {
  const numbers = new Uint32Array(values.length);
  let base = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    numbers[i] = folded(value, base);
    base = value;
  }
  return numbers;
}

function byCode(values: Uint32Array, codes: Uint8Array): Uint32Array {
  const numbers = new Uint32Array(values.length);
  last.fill(0);
  for (let i = 0; i < values.length; i++) {
    const code = codes[i] as number;
    numbers[i] = folded(values[i] as number, last[code] as number);
    last[code] = values[i] as number;
  }
  return numbers;
}

function byColumn(values: Uint32Array, column: Uint32Array): Uint32Array {
  const numbers = new Uint32Array(values.length);
  for (let i = 0; i < values.length; i++) numbers[i] = folded(values[i] as number, column[i] as number);
  return numbers;
}

/** Reads what `ByteWriter` writes. The bytes are not trusted. */
export class ByteReader {
  #at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  /** @throws FormatError if there are not so many bytes left. */
  take(length: number): Uint8Array {
    const start = this.#at;
    this.#at += length;
    this.#check();
    return this.bytes.subarray(start, this.#at);
  }

  number(): number {
    const {bytes} = this;
    let value = 0;
    let shift = 0;
    let byte: number;
    do {
      byte = bytes[this.#at++] as number;
      value |= (byte & 0x7f) << shift;
      shift += 7;
    } while (byte >= 0x80 && shift < 7 * MAX_VARINT);
    this.#check();
    return value >>> 0;
  }

  /** Reads a column. @throws FormatError if it is not one. */
  column(count: number, {codes, columns = []}: Bases): Uint32Array {
    const way = this.number();
    const values = new Uint32Array(count);
    if (way === WAY.same) return values.fill(this.number());
    if (way === WAY.bytes) return joinBytes(values, this.take(4 * count));
    const column = way === WAY.column ? columns[this.number()] : undefined;
    if (way > WAY.bytes || (way === WAY.column && column === undefined)) {
      throw new FormatError('it has a column that is written in an unknown way');
    }
    this.#numbers(values);
    if (way === WAY.row) {
      let base = 0;
      for (let i = 0; i < count; i++) {
        base = unfolded(values[i] as number, base);
        values[i] = base;
      }
    } else if (way === WAY.code) {
      last.fill(0);
      for (let i = 0; i < count; i++) {
        const code = codes[i] as number;
        const value = unfolded(values[i] as number, last[code] as number);
        values[i] = value;
        last[code] = value;
      }
    } else if (column !== undefined) {
      for (let i = 0; i < count; i++) values[i] = unfolded(values[i] as number, column[i] as number);
    }
    return values;
  }

  /** Performance: the same as `number` for each value, with all in local variables (a million rows have 20 million numbers). */
  #numbers(values: Uint32Array): void {
    const {bytes} = this;
    let at = this.#at;
    for (let i = 0; i < values.length; i++) {
      let byte = bytes[at++] as number;
      let value = byte & 0x7f;
      for (let shift = 7; byte >= 0x80 && shift < 7 * MAX_VARINT; shift += 7) {
        byte = bytes[at++] as number;
        value |= (byte & 0x7f) << shift;
      }
      values[i] = value;
    }
    this.#at = at;
    this.#check();
  }

  /** @throws FormatError unless all bytes have been read. */
  end(): void {
    if (this.#at !== this.bytes.length) throw new FormatError('it is longer than its rows');
  }

  /** A read beyond the end returns nothing, so it is enough to check afterwards. */
  #check(): void {
    if (this.#at > this.bytes.length) throw new FormatError('it is shorter than its rows');
  }
}

function joinBytes(values: Uint32Array, bytes: Uint8Array): Uint32Array {
  const count = values.length;
  for (let i = 0; i < count; i++) {
    values[i] =
      (bytes[i] as number) |
      ((bytes[i + count] as number) << 8) |
      ((bytes[i + 2 * count] as number) << 16) |
      ((bytes[i + 3 * count] as number) << 24);
  }
  return values;
}
