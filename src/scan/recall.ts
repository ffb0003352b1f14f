/**
 * What an earlier scan has found in the same tree, read in step with a new walk: both are in canonical order. It saves reading the
 * extended attributes of entries that have not changed, and shows which parts of the tree are as they were.
 */
import {BLOCK_ENTRIES, type Block, CODE, canonicalColumns, type Stat} from '../core/block.js';
import type {BlockWriter} from '../core/block-writer.js';
import type {ByteName} from '../core/name.js';

/** The blocks of an earlier scan, one after another. The devices in them are the numbers of `DeviceNumbers`. */
export interface EarlierBlocks {
  readonly count: number;
  /** The number of entries in all blocks. */
  readonly rows: number;
  /** @throws any error if it is damaged. */
  read(index: number): Block;
}

export interface RecallOptions {
  readonly blocks: EarlierBlocks;
  /** When the earlier scan began and when this one begins, in seconds since 1970, by the clock of this machine. */
  readonly before: number;
  readonly now: number;
  /** Whether the earlier scan has read the same extended attributes. */
  readonly hasXattrs: boolean;
  readonly writer: BlockWriter;
}

/**
 * Seconds before the earlier scan. An entry that was changed later can have been changed again at the same change time, since clocks
 * of file systems tick slowly: then its change time does not show that.
 */
const RACY = 2;

/** How many blocks there may be for one full block, and in addition. If there are more, the tree is cut anew. */
const USUAL = 1.5;
const SPARE = 16;

/** A walk asks about each of its entries, in canonical order. */
export class Recall {
  /** Why the rest of the earlier scan cannot be read. */
  fault: unknown;
  /** Entries that were not trusted, only because the earlier scan was too soon after their last change. */
  racy = 0;
  #next = 0;
  #block: Block | undefined;
  #inodes: Uint32Array = new Uint32Array();
  #row = 0;
  readonly #isCut: boolean;

  constructor(private readonly o: RecallOptions) {
    const {count, rows} = o.blocks;
    this.#isCut = count <= USUAL * Math.ceil(rows / BLOCK_ENTRIES) + SPARE;
  }

  /**
   * Whether the earlier scan had an entry with this name in the same folder. Where one of its blocks ends, the new block ends too,
   * so that a part of the tree that is as it was has the same blocks.
   */
  seek(depth: number, name: ByteName): boolean {
    for (;;) {
      if ((this.#block === undefined || this.#row >= this.#block.count) && !this.#read()) return false;
      const block = this.#block as Block;
      const at = block.depth[this.#row] as number;
      if (at < depth) return false;
      const order = at > depth ? -1 : compareName(block, this.#row, name);
      if (order > 0) return false;
      this.#row++;
      if (order === 0) return true;
    }
  }

  /** Whether the entry that was just found was a different folder. `stat`: the folder now. */
  isOtherFolder(stat: Stat): boolean {
    return this.#block?.code[this.#row - 1] === CODE.directory && !this.#isSameInode(this.#block, this.#row - 1, stat);
  }

  /**
   * The packed extended attributes of the entry that was just found, if they cannot have changed since: as a byte string. `stat`:
   * the entry now.
   */
  xattrs(stat: Stat): string | undefined {
    const i = this.#row - 1;
    const block = this.#block;
    if (block === undefined || !this.o.hasXattrs) return undefined;
    const changed = stat.changeSeconds;
    const isSame =
      block.code[i] === stat.code &&
      block.changeSeconds[i] === changed &&
      block.changeNanoseconds[i] === stat.changeNanoseconds &&
      this.#isSameInode(block, i, stat) &&
      block.size[i] === stat.size &&
      block.seconds[i] === stat.seconds &&
      block.nanoseconds[i] === stat.nanoseconds &&
      changed !== 0;
    if (!isSame) return undefined;
    if (changed >= this.o.before - RACY) {
      if (changed < this.o.now - RACY) this.racy++;
      return undefined;
    }
    const start = block.belongsEnd[i] as number;
    const end = block.end[i] as number;
    return start === end ? '' : Buffer.from(block.text.subarray(start, end)).toString('latin1');
  }

  #isSameInode({birthSeconds, birthNanoseconds}: Block, i: number, stat: Stat): boolean {
    return (
      this.#inodes[2 * i] === stat.inodeLow &&
      this.#inodes[2 * i + 1] === stat.inodeHigh &&
      birthSeconds[i] === stat.birthSeconds &&
      birthNanoseconds[i] === stat.birthNanoseconds
    );
  }

  /** The index of the earlier block that has the same rows as a new one, which was just finished; undefined if there is none. */
  same(block: Block): number | undefined {
    return this.#block !== undefined && isSameBlock(block, this.#block) ? this.#next - 1 : undefined;
  }

  #read(): boolean {
    const {blocks, writer} = this.o;
    if (this.fault !== undefined || this.#next >= blocks.count) return false;
    // The new block is compared with the current one.
    if (this.#isCut) writer.finish();
    try {
      this.#block = blocks.read(this.#next++);
    } catch (error) {
      this.fault = error;
      this.#block = undefined;
      return false;
    }
    const {buffer, byteOffset} = this.#block.inode;
    this.#inodes = new Uint32Array(buffer, byteOffset, 2 * this.#block.count);
    this.#row = 0;
    return true;
  }
}

/** Perf: bytes are compared in place, since every entry is sought. */
function compareName({text, end, nameEnd}: Block, i: number, name: ByteName): number {
  let at = i === 0 ? 0 : (end[i - 1] as number);
  const last = nameEnd[i] as number;
  const {length} = name;
  for (let j = 0; j < length; j++) {
    if (at === last) return -1;
    const difference = (text[at++] as number) - name.charCodeAt(j);
    if (difference !== 0) return difference;
  }
  return last - at;
}

function isSameBlock(a: Block, b: Block): boolean {
  if (a.count !== b.count) return false;
  const others = allColumns(b);
  return allColumns(a).every((column, i) => bytesOf(column).equals(bytesOf(others[i] as ArrayBufferView)));
}

function allColumns(block: Block): ArrayBufferView[] {
  const {count, device, inode, links, birthSeconds, birthNanoseconds, changeSeconds, changeNanoseconds} = block;
  const further = [device, inode, links, birthSeconds, birthNanoseconds, changeSeconds, changeNanoseconds];
  return [...canonicalColumns(block), ...further.map((column) => column.subarray(0, count))];
}

function bytesOf({buffer, byteOffset, byteLength}: ArrayBufferView): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}

/**
 * Numbers the file systems of a tree in the order in which they appear, from 0 for that of the root. Device numbers may change with
 * a reboot, these only if file systems are mounted differently.
 */
export class DeviceNumbers {
  readonly #numbers = new Map<number, number>();

  /** How many there are so far. */
  get count(): number {
    return this.#numbers.size;
  }

  /** The device column of a block, as numbers. */
  of({count, device, code}: Block): Uint32Array {
    const column = new Uint32Array(count);
    for (let i = 0; i < count; i++) {
      const kind = code[i] as number;
      if (kind === CODE.excluded || kind === CODE.unknown) continue;
      const number = this.#numbers.get(device[i] as number) ?? this.#numbers.size;
      if (number === this.#numbers.size) this.#numbers.set(device[i] as number, number);
      column[i] = number;
    }
    return column;
  }
}
