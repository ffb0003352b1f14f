/**
 * The text of a frame's rows: names, belongings and extended attributes. What a name shares with the sibling before it is not written
 * again, nor are extended attributes that are those of the last row that has some. Reading checks that the rows are a part of a tree
 * in canonical order.
 */
import {type Block, CODE, isDevice, nameStart, RENAMED} from '../core/block.js';
import {decodeName} from '../core/name.js';
import {checkBelongings, checkName, checkPlace, checkXattrs, DOT, SLASH} from './manifest-checks.js';
import {type ByteReader, ByteWriter} from './manifest-columns.js';
import {excerpt, FormatError, HostilePathError} from './shapes.js';

/** The most bytes of text of one block; those of a scan have little more than a quarter of it. */
export const MAX_TEXT = 4 << 20;

/** Names without what they share with the sibling before; then all belongings; then extended attributes that are new. */
export function putText(block: Block, put: (column: Uint32Array) => void, raw: ByteWriter): void {
  const {count, text, nameEnd, belongsEnd, end} = block;
  const column = () => new Uint32Array(count);
  const [shared, rest, belongs, xattrs] = [column(), column(), column(), column()];
  const names = new Uint8Array(end[count - 1] as number);
  const [others, attributes] = [new ByteWriter(), new ByteWriter()];
  const siblings = new Siblings();
  let before = text.subarray(0, 0);
  let [start, used] = [0, 0];
  for (let i = 0; i < count; i++) {
    const [stop, belongsStop, rowStop] = [nameEnd[i] as number, belongsEnd[i] as number, end[i] as number];
    const sibling = siblings.enter(block.depth[i] as number);
    let at = start;
    if (sibling !== -1) {
      const siblingStop = nameEnd[sibling] as number;
      for (let j = nameStart(block, sibling); at < stop && j < siblingStop && text[at] === text[j]; j++) at++;
    }
    siblings.row = i;
    shared[i] = at - start;
    rest[i] = stop - at;
    while (at < stop) names[used++] = text[at++] as number;
    if (stop < belongsStop) {
      belongs[i] = belongsStop - stop;
      others.append(text.subarray(stop, belongsStop));
    }
    if (belongsStop < rowStop) {
      const packed = text.subarray(belongsStop, rowStop);
      const isSame = Buffer.compare(packed, before) === 0;
      xattrs[i] = isSame ? SAME_XATTRS : packed.length + 1;
      if (!isSame) attributes.append(packed);
      before = packed;
    }
    start = rowStop;
  }
  for (const lengths of [shared, rest, belongs, xattrs]) put(lengths);
  raw.append(names.subarray(0, used));
  raw.append(others.bytes);
  raw.append(attributes.bytes);
}

/** In the column of lengths: the same extended attributes as the last row that has some. Other lengths are one more. */
const SAME_XATTRS = 1;

export interface TextLengths {
  readonly shared: Uint32Array;
  readonly rest: Uint32Array;
  readonly belongs: Uint32Array;
  readonly xattrs: Uint32Array;
}

type Rows = Pick<Block, 'count' | 'depth' | 'code' | 'flags'>;

/** Reads all text, and checks on the way that the rows are a part of a tree in canonical order. */
export function takeText(
  rows: Rows,
  lengths: TextLengths,
  raw: ByteReader,
): Pick<Block, 'nameEnd' | 'belongsEnd' | 'end' | 'text'> {
  const {count, depth, code, flags} = rows;
  const sums = sumsOf(lengths);
  const names = raw.take(sums.names);
  const others = raw.take(sums.belongs);
  const attributes = raw.take(sums.attributes);
  const text = new Uint8Array(sums.text);
  const [nameEnd, belongsEnd, end] = [new Uint32Array(count), new Uint32Array(count), new Uint32Array(count)];
  const siblings = new Siblings();
  let [at, atName, atOther, atAttribute] = [0, 0, 0, 0];
  let xattrs = attributes.subarray(0, 0);
  for (let i = 0; i < count; i++) {
    const d = depth[i] as number;
    checkPlace(rows, i);
    const start = at;
    const sibling = siblings.enter(d);
    const sharedLength = lengths.shared[i] as number;
    const nameLength = sharedLength + (lengths.rest[i] as number);
    const from = sibling < 1 ? 0 : (end[sibling - 1] as number);
    const siblingLength = sibling === -1 ? 0 : (nameEnd[sibling] as number) - from;
    if (sharedLength > siblingLength) throw new FormatError('it has a name that shares more than there is');
    for (let j = 0; j < sharedLength; j++) text[at++] = text[from + j] as number;
    const isAfter =
      sibling === -1 ||
      (nameLength > sharedLength &&
        (sharedLength === siblingLength || (names[atName] as number) > (text[from + sharedLength] as number)));
    for (let j = sharedLength; j < nameLength; j++) {
      const byte = names[atName++] as number;
      if (byte === SLASH || byte === 0) throw new HostilePathError('a name contains a slash or a NUL');
      text[at++] = byte;
    }
    if (d > 0) {
      // Performance: no other name is wrong, and this is done for each row.
      if (nameLength === 0 || text[start] === DOT) checkName(text.subarray(start, at), d);
    } else if (nameLength > 0) throw new FormatError('the root has a name');
    if (!isAfter) throw new FormatError(`the name "${excerpt(decodeName(text.subarray(start, at)))}" is out of order`);
    siblings.row = i;
    nameEnd[i] = at;
    const belongsLength = lengths.belongs[i] as number;
    if (belongsLength > 0) {
      const belongings = others.subarray(atOther, atOther + belongsLength);
      text.set(belongings, at);
      atOther += belongsLength;
      at += belongsLength;
    }
    const kind = code[i] as number;
    const isRenamed = ((flags[i] as number) & RENAMED) !== 0;
    if (belongsLength > 0 || isRenamed || kind === CODE.symlink || isDevice(kind)) {
      checkBelongings(text.subarray(at - belongsLength, at), kind, isRenamed);
    }
    belongsEnd[i] = at;
    const xattrLength = lengths.xattrs[i] as number;
    if (xattrLength > 0) {
      if (xattrLength > SAME_XATTRS) {
        xattrs = attributes.subarray(atAttribute, atAttribute + xattrLength - 1);
        atAttribute += xattrLength - 1;
        checkXattrs(xattrs);
      } else if (xattrs.length === 0) {
        throw new FormatError('it has extended attributes like those of no other row');
      }
      if (kind > CODE.blockdev) throw new FormatError('it has extended attributes of an entry that was not read');
      text.set(xattrs, at);
      at += xattrs.length;
    }
    end[i] = at;
  }
  return {nameEnd, belongsEnd, end, text};
}

/** The lengths of all texts. @throws FormatError if they are too long. */
function sumsOf({shared, rest, belongs, xattrs}: TextLengths): {
  names: number;
  belongs: number;
  attributes: number;
  text: number;
} {
  const sums = {names: 0, belongs: 0, attributes: 0, text: 0};
  let same = 0;
  for (let i = 0; i < shared.length; i++) {
    const length = xattrs[i] as number;
    if (length > SAME_XATTRS) {
      same = length - 1;
      sums.attributes += same;
    }
    sums.names += rest[i] as number;
    sums.belongs += belongs[i] as number;
    sums.text += (shared[i] as number) + (rest[i] as number) + (belongs[i] as number) + (length === 0 ? 0 : same);
  }
  if (sums.text > MAX_TEXT) throw new FormatError('it has too much text');
  return sums;
}

/** Finds the sibling before each row, among the rows of one block. */
class Siblings {
  /** The last row at each depth. */
  readonly #rows: number[] = [];
  /** The smallest depth so far: the folders above it are in an earlier block. */
  #smallest = Number.POSITIVE_INFINITY;
  #depth = 0;

  /** The sibling before a new row with this depth; -1 if the block has none. */
  enter(depth: number): number {
    const sibling = depth > this.#depth || depth < this.#smallest ? -1 : (this.#rows[depth] as number);
    this.#depth = depth;
    if (depth < this.#smallest) this.#smallest = depth;
    return sibling;
  }

  /** Sets the row that was entered. */
  set row(row: number) {
    this.#rows[this.#depth] = row;
  }
}
