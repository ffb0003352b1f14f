/** Writes blocks row by row. */
import {BLOCK_ENTRIES, BLOCK_TEXT, type Block, nameStart, RENAMED, type Stat} from './block.js';

/** Fills one block after another and passes each full block to `flush`, which may transfer its buffers. */
export class BlockWriter {
  #block = emptyBlock();
  #inodeWords = new Uint32Array(this.#block.inode.buffer);
  #count = 0;
  #used = 0;
  #others: Set<number> | undefined;

  constructor(private readonly flush: (block: Block) => void) {}

  /** Adds an entry, which `amend` can complete until the next one is added. */
  append(depth: number, name: string, stat: Stat): void {
    if (this.#count === BLOCK_ENTRIES || this.#used >= BLOCK_TEXT) this.finish();
    const block = this.#block;
    const i = this.#count++;
    block.depth[i] = depth;
    block.code[i] = stat.code;
    block.mode[i] = stat.mode;
    block.uid[i] = stat.uid;
    block.gid[i] = stat.gid;
    block.size[i] = stat.size;
    block.seconds[i] = stat.seconds;
    block.nanoseconds[i] = stat.nanoseconds;
    block.device[i] = stat.device;
    // Typed arrays are little-endian on every platform that Node runs on.
    this.#inodeWords[2 * i] = stat.inodeLow;
    this.#inodeWords[2 * i + 1] = stat.inodeHigh;
    block.links[i] = stat.links;
    block.birthSeconds[i] = stat.birthSeconds;
    block.birthNanoseconds[i] = stat.birthNanoseconds;
    block.changeSeconds[i] = stat.changeSeconds;
    block.changeNanoseconds[i] = stat.changeNanoseconds;
    this.#push(name);
    block.nameEnd[i] = this.#used;
    block.belongsEnd[i] = this.#used;
    block.end[i] = this.#used;
  }

  /** Adds a row of another block as it is. */
  copy(from: Block, row: number): void {
    if (this.#count === BLOCK_ENTRIES) this.finish();
    const start = nameStart(from, row);
    const end = from.end[row] as number;
    const at = this.#reserve(end - start);
    const block = this.#block;
    const i = this.#count++;
    block.depth[i] = from.depth[row] as number;
    block.code[i] = from.code[row] as number;
    block.flags[i] = from.flags[row] as number;
    block.mode[i] = from.mode[row] as number;
    block.uid[i] = from.uid[row] as number;
    block.gid[i] = from.gid[row] as number;
    block.size[i] = from.size[row] as number;
    block.seconds[i] = from.seconds[row] as number;
    block.nanoseconds[i] = from.nanoseconds[row] as number;
    block.device[i] = from.device[row] as number;
    block.inode[i] = from.inode[row] as bigint;
    block.links[i] = from.links[row] as number;
    block.birthSeconds[i] = from.birthSeconds[row] as number;
    block.birthNanoseconds[i] = from.birthNanoseconds[row] as number;
    block.changeSeconds[i] = from.changeSeconds[row] as number;
    block.changeNanoseconds[i] = from.changeNanoseconds[row] as number;
    block.text.set(from.text.subarray(start, end), at);
    block.nameEnd[i] = at + (from.nameEnd[row] as number) - start;
    block.belongsEnd[i] = at + (from.belongsEnd[row] as number) - start;
    block.end[i] = at + end - start;
    this.#used = at + end - start;
  }

  /**
   * Completes the last entry: flags, its belongings and extended attributes (byte strings), and its own name if it was added under
   * a different one.
   */
  amend(flags: number, belongs = '', xattrs = '', ownName?: string): void {
    const i = this.#count - 1;
    (this.#block.flags as Uint8Array)[i] = ownName === undefined ? flags : flags | RENAMED;
    this.#push(belongs);
    if (ownName !== undefined) this.#push(`\0${ownName}`);
    this.#block.belongsEnd[i] = this.#used;
    this.#push(xattrs);
    this.#block.end[i] = this.#used;
  }

  /** Notes that the last entry is another folder than the last run has seen at its path. */
  markOther(): void {
    this.#others ??= new Set();
    this.#others.add(this.#count - 1);
  }

  /** Flushes the current block unless it is empty. */
  finish(): void {
    if (this.#count === 0) return;
    const block = {...this.#block, count: this.#count, ...(this.#others && {others: this.#others})};
    this.#others = undefined;
    this.#block = emptyBlock();
    this.#inodeWords = new Uint32Array(this.#block.inode.buffer);
    this.#count = 0;
    this.#used = 0;
    this.flush(block);
  }

  /** Makes room for this many bytes of text, and returns where they begin. */
  #reserve(length: number): number {
    if (this.#used + length > this.#block.text.length) {
      const grown = new Uint8Array(Math.max(2 * this.#block.text.length, this.#used + length));
      grown.set(this.#block.text);
      this.#block = {...this.#block, text: grown};
    }
    return this.#used;
  }

  #push(text: string): void {
    let at = this.#reserve(text.length);
    const bytes = this.#block.text;
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
    this.#used = at;
  }
}

function emptyBlock(): Block {
  const n = BLOCK_ENTRIES;
  return {
    count: 0,
    depth: new Uint16Array(n),
    code: new Uint8Array(n),
    flags: new Uint8Array(n),
    mode: new Uint16Array(n),
    uid: new Uint32Array(n),
    gid: new Uint32Array(n),
    size: new Float64Array(n),
    seconds: new Float64Array(n),
    nanoseconds: new Uint32Array(n),
    device: new Uint32Array(n),
    inode: new BigUint64Array(n),
    links: new Uint32Array(n),
    birthSeconds: new Uint32Array(n),
    birthNanoseconds: new Uint32Array(n),
    changeSeconds: new Uint32Array(n),
    changeNanoseconds: new Uint32Array(n),
    nameEnd: new Uint32Array(n),
    belongsEnd: new Uint32Array(n),
    end: new Uint32Array(n),
    text: new Uint8Array(16 * n),
  };
}
