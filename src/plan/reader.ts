/**
 * Reads a stream of blocks row by row, and compares rows of two streams in place, without creating entries. It only finds rows that
 * are equal; plan/diff decides what a difference means.
 */
import {type Block, CODE, entryAt, kindOf, MOUNT, nameAt, nameStart, ownNameAt, PARTIAL, sameColumns} from '../core/block.js';
import type {Entry} from '../core/entry.js';
import type {LinkKey} from './hardlinks.js';

export type BlockStream = AsyncIterable<Block>;

/** One row of a block. It stays readable after the stream has moved on. */
export interface Row {
  readonly block: Block;
  readonly index: number;
}

/** Reads one stream of blocks row by row. `depth` is -1 after the end of the stream. */
export class Reader {
  block!: Block;
  index = -1;
  depth = -1;
  atEnd = true;
  readonly #blocks: AsyncIterator<Block>;
  #ended = false;

  /** `onBlock` is called for each block before its first row is read. */
  constructor(
    stream: BlockStream,
    private readonly onBlock: () => void = () => {},
  ) {
    this.#blocks = stream[Symbol.asyncIterator]();
  }

  /** Reads the next block if the current one is used up. */
  async fill(): Promise<void> {
    if (!this.atEnd || this.#ended) return;
    const {value, done} = await this.#blocks.next();
    if (done) {
      this.#ended = true;
      this.atEnd = false;
      this.depth = -1;
      return;
    }
    this.onBlock();
    this.block = value;
    this.index = 0;
    this.atEnd = false;
    this.depth = value.depth[0] as number;
  }

  /** Moves to the next row. If `atEnd` is true, call `fill` before reading it. */
  next(): void {
    this.index++;
    if (this.index < this.block.count) this.depth = this.block.depth[this.index] as number;
    else this.atEnd = true;
  }

  /** Skips the row and everything below it. */
  async skipTree(): Promise<void> {
    const top = this.depth;
    do {
      this.next();
      if (this.atEnd) await this.fill();
    } while (this.depth > top);
  }

  skipBlock(): void {
    this.index = this.block.count;
    this.atEnd = true;
  }

  get code(): number {
    return this.block.code[this.index] as number;
  }

  /** The content of this folder is not completely known. */
  get partial(): boolean {
    return ((this.block.flags[this.index] as number) & (PARTIAL | MOUNT)) !== 0;
  }

  get isMount(): boolean {
    return ((this.block.flags[this.index] as number) & MOUNT) !== 0;
  }

  /** It is another folder than the last run has seen at its path. */
  get isOther(): boolean {
    return this.block.others?.has(this.index) === true;
  }

  /** It should have been read, but could not be read completely. */
  get isUnread(): boolean {
    return this.code === CODE.unknown || (this.code === CODE.directory && this.partial && !this.isMount);
  }

  /** It is known and is not a folder. */
  get isLeaf(): boolean {
    const kind = kindOf(this.code);
    return kind !== undefined && kind !== 'directory';
  }

  name(): string {
    return nameAt(this.block, this.index);
  }

  /** Its name in its own tree; undefined if the row has that name. */
  ownName(): string | undefined {
    return ownNameAt(this.block, this.index);
  }

  row(): Row {
    return {block: this.block, index: this.index};
  }

  entry(): Entry {
    return entryAt(this.block, this.index);
  }

  /** Returns the entry and moves to the next row. */
  take(): Entry {
    const entry = this.entry();
    this.next();
    return entry;
  }

  linkKey(): LinkKey {
    const {block, index} = this;
    if ((block.links[index] as number) < 2 || block.code[index] === CODE.directory) return undefined;
    return `${block.device[index]}:${block.inode[index]}`;
  }
}

/** Compares the names of two current rows. Performance: bytes are compared in place (bench: unchanged-generated). */
export function compareNamesAt(s: Reader, t: Reader): number {
  const a = s.block;
  const b = t.block;
  let i = nameStart(a, s.index);
  let j = nameStart(b, t.index);
  const aEnd = a.nameEnd[s.index] as number;
  const bEnd = b.nameEnd[t.index] as number;
  const aText = a.text;
  const bText = b.text;
  while (i < aEnd && j < bEnd) {
    const difference = (aText[i++] as number) - (bText[j++] as number);
    if (difference !== 0) return difference;
  }
  return aEnd - i - (bEnd - j);
}

/**
 * Whether both current rows are files of the same size, time, mode, owner and attributes, with one name in each tree. Performance:
 * nearly every row of a usual run is one, so only columns are compared (bench: unchanged-generated).
 */
export function isSameFile(s: Reader, t: Reader): boolean {
  const a = s.block;
  const b = t.block;
  const i = s.index;
  const j = t.index;
  return (
    a.code[i] === CODE.file &&
    b.code[j] === CODE.file &&
    a.size[i] === b.size[j] &&
    a.seconds[i] === b.seconds[j] &&
    a.nanoseconds[i] === b.nanoseconds[j] &&
    a.mode[i] === b.mode[j] &&
    a.uid[i] === b.uid[j] &&
    a.gid[i] === b.gid[j] &&
    a.links[i] === 1 &&
    b.links[j] === 1 &&
    b.flags[j] === 0 &&
    sameXattrs(a, i, b, j)
  );
}

/** Whether two files have the same attributes. Performance: bytes are compared in place (bench: unchanged-generated). */
function sameXattrs(a: Block, i: number, b: Block, j: number): boolean {
  let at = a.belongsEnd[i] as number;
  let other = b.belongsEnd[j] as number;
  const end = a.end[i] as number;
  if (end - at !== (b.end[j] as number) - other) return false;
  while (at < end) if (a.text[at++] !== b.text[other++]) return false;
  return true;
}

/**
 * Whether both readers are at the start of equal blocks without rows that need a closer look, such as hard links. Performance: as
 * long as nothing has changed, both trees fill their blocks in the same way (bench: unchanged-linux).
 */
export function isSameBlock(s: Reader, t: Reader): boolean {
  // In the first block, the comparison starts after its first row, the root.
  if (s.index > 1 || s.index !== t.index || s.depth < 1 || t.depth < 1) return false;
  const a = s.block;
  const b = t.block;
  if (a.count !== b.count || (a.others?.size ?? 0) > 0) return false;
  for (let i = 0; i < a.count; i++) {
    const code = a.code[i] as number;
    const isLeaf = code !== CODE.directory && code <= CODE.blockdev;
    if (a.flags[i] !== 0 || (isLeaf && (a.links[i] !== 1 || b.links[i] !== 1))) return false;
  }
  return sameColumns(a, b);
}
