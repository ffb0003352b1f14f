/**
 * A frame of a manifest: one block as bytes. It begins with a head: a checksum over everything after it, the length of the packed
 * columns, their length before they were packed, and the number of rows. Input is not trusted: a frame is checked completely before
 * its block is returned, and takes a bounded amount of memory.
 */
import {deflateRawSync, inflateRawSync} from 'node:zlib';
import {blake3} from '@napi-rs/blake-hash';
import {BLOCK_ENTRIES, type Block, CODE, DIGEST_BYTES, isDevice, nameStart, RENAMED} from '../core/block.js';
import {MAX_SIZE} from '../core/entry.js';
import {decodeName, encodeName} from '../core/name.js';
import {STATE_DIR} from '../core/path.js';
import {isXattrValue, MAX_XATTRS} from '../core/xattr.js';
import {type Bases, ByteReader, ByteWriter} from './manifest-columns.js';
import {excerpt, FormatError, HostilePathError} from './shapes.js';

/** The bytes of a checksum: the start of a BLAKE3. */
export const CHECKSUM_BYTES = 16;
export const FRAME_HEAD = CHECKSUM_BYTES + 12;

/** The most bytes of text of one block; those of a scan have little more than a quarter of it. */
const MAX_TEXT = 4 << 20;
/** The most bytes of a frame before it was packed: its text and its other columns. */
const MAX_RAW = MAX_TEXT + (1 << 20);
/** The most bytes of a frame: what cannot be packed becomes a little longer. */
export const MAX_FRAME = MAX_RAW + (1 << 16);
/** Trees on more devices than this are not written. */
export const MAX_DEVICES = 4096;

const LEVEL = 3;
const ALL_FLAGS = 7;
const MAX_MODE = 0o7777;
const MAX_NANOSECONDS = 999_999_999;
const WORD = 2 ** 32;
const SLASH = 0x2f;
const DOT = 0x2e;
const DIGITS = /^\d{1,10}:\d{1,10}$/;
const STATE_NAME = encodeName(STATE_DIR);

/**
 * The devices of a manifest. A frame has positions in this list instead of device numbers, which may change with a reboot; so an old
 * frame stays valid in a new manifest, with new numbers at the same positions.
 */
export class Devices {
  readonly #numbers: number[];

  constructor(numbers: readonly number[] = []) {
    this.#numbers = [...numbers];
  }

  get numbers(): readonly number[] {
    return this.#numbers;
  }

  /** Returns the position of a device, which is added if it is new. */
  position(device: number): number {
    const known = this.#numbers.lastIndexOf(device);
    return known === -1 ? this.#numbers.push(device) - 1 : known;
  }
}

/** The facts in a frame's head. */
export interface FrameHead {
  readonly checksum: Uint8Array;
  /** The length of the whole frame. */
  readonly length: number;
  readonly rows: number;
}

// ── Writing ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Encodes a block, which must not be empty. */
export function encodeFrame(block: Block, devices: Devices): Uint8Array {
  const {count} = block;
  const raw = new ByteWriter();
  const codes = block.code.subarray(0, count);
  const bases: Bases = {codes};
  const put = (column: ArrayLike<number>, further: Bases = bases) => {
    const values = new Uint32Array(count);
    for (let i = 0; i < count; i++) values[i] = column[i] as number;
    raw.column(values, further);
    return values;
  };
  const high = (column: Float64Array) => column.map((value) => Math.floor(value / WORD));
  raw.append(codes);
  put(block.depth);
  put(block.flags);
  put(block.mode);
  put(block.uid);
  put(block.gid);
  put(block.size);
  put(high(block.size));
  const seconds = put(block.seconds);
  put(high(block.seconds));
  const nanoseconds = put(block.nanoseconds);
  put(positionsOf(block, devices));
  const words = new Uint32Array(block.inode.buffer, block.inode.byteOffset, 2 * count);
  put(everySecond(words, 0));
  put(everySecond(words, 1));
  put(block.links);
  const birthSeconds = put(block.birthSeconds, {codes, columns: [seconds]});
  const birthNanoseconds = put(block.birthNanoseconds, {codes, columns: [nanoseconds]});
  put(block.changeSeconds, {codes, columns: [seconds, birthSeconds]});
  put(block.changeNanoseconds, {codes, columns: [nanoseconds, birthNanoseconds]});
  putText(block, put, raw);
  putDigests(block, raw);
  return pack(raw.bytes, count);
}

function positionsOf(block: Block, devices: Devices): Uint32Array {
  const positions = new Uint32Array(block.count);
  let [device, position] = [-1, 0];
  for (let i = 0; i < block.count; i++) {
    if (block.device[i] !== device) {
      device = block.device[i] as number;
      position = devices.position(device);
    }
    positions[i] = position;
  }
  return positions;
}

function everySecond(words: Uint32Array, start: number): Uint32Array {
  const values = new Uint32Array(words.length / 2);
  for (let i = 0; i < values.length; i++) values[i] = words[2 * i + start] as number;
  return values;
}

/** Names without what they share with the sibling before; then all belongings; then extended attributes that are new. */
function putText(block: Block, put: (column: Uint32Array) => void, raw: ByteWriter): void {
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

function putDigests({count, code, digests}: Block, raw: ByteWriter): void {
  raw.number(digests === undefined ? 0 : 1);
  if (digests === undefined) return;
  for (let i = 0; i < count; i++)
    if (code[i] === CODE.file) raw.append(digests.subarray(DIGEST_BYTES * i, DIGEST_BYTES * (i + 1)));
}

function pack(raw: Uint8Array, rows: number): Uint8Array {
  if (raw.length > MAX_RAW) throw new FormatError('a block has too much text for a manifest');
  const packed = deflateRawSync(raw, {level: LEVEL});
  const frame = new Uint8Array(FRAME_HEAD + packed.length);
  const head = new DataView(frame.buffer, CHECKSUM_BYTES);
  head.setUint32(0, packed.length, true);
  head.setUint32(4, raw.length, true);
  head.setUint32(8, rows, true);
  frame.set(packed, FRAME_HEAD);
  frame.set(blake3(frame.subarray(CHECKSUM_BYTES)).subarray(0, CHECKSUM_BYTES));
  return frame;
}

// ── Reading ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Reads the head of a frame. @throws FormatError if its numbers are impossible. */
export function frameHead(bytes: Uint8Array): FrameHead {
  if (bytes.length < FRAME_HEAD) throw new FormatError('it is cut off');
  const head = new DataView(bytes.buffer, bytes.byteOffset + CHECKSUM_BYTES);
  const [packed, raw, rows] = [head.getUint32(0, true), head.getUint32(4, true), head.getUint32(8, true)];
  if (rows < 1 || rows > BLOCK_ENTRIES || raw > MAX_RAW || packed > MAX_FRAME - FRAME_HEAD) {
    throw new FormatError('it has an impossible number of rows or bytes');
  }
  return {checksum: bytes.subarray(0, CHECKSUM_BYTES), length: FRAME_HEAD + packed, rows};
}

/** Decodes a frame. `devices`: those of its manifest. @throws FormatError for any damage; HostilePathError for a harmful name. */
export function decodeFrame(bytes: Uint8Array, devices: readonly number[]): Block {
  const {checksum, length, rows: count} = frameHead(bytes);
  if (bytes.length !== length) throw new FormatError('it has a different length than its head says');
  if (!blake3(bytes.subarray(CHECKSUM_BYTES)).subarray(0, CHECKSUM_BYTES).equals(checksum)) {
    throw new FormatError('its checksum does not match');
  }
  const raw = new ByteReader(unpack(bytes));
  const code = new Uint8Array(raw.take(count));
  const bases: Bases = {codes: code};
  const next = (further: Bases = bases) => raw.column(count, further);
  const depth = new Uint16Array(limited(next(), 0xffff, 'depth'));
  const flags = new Uint8Array(limited(next(), ALL_FLAGS, 'flag'));
  const mode = new Uint16Array(limited(next(), MAX_MODE, 'mode'));
  const uid = next();
  const gid = next();
  const size = wide(next(), next(), 'size');
  const secondsLow = next();
  const seconds = wide(secondsLow, next(), 'time');
  const nanoseconds = limited(next(), MAX_NANOSECONDS, 'time');
  const device = devicesAt(limited(next(), devices.length - 1, 'device'), devices);
  const inode = inodesOf(next(), next());
  const links = next();
  const birthSeconds = next({codes: code, columns: [secondsLow]});
  const birthNanoseconds = limited(next({codes: code, columns: [nanoseconds]}), MAX_NANOSECONDS, 'time');
  const changeSeconds = next({codes: code, columns: [secondsLow, birthSeconds]});
  const changeNanoseconds = limited(next({codes: code, columns: [nanoseconds, birthNanoseconds]}), MAX_NANOSECONDS, 'time');
  const lengths: TextLengths = {shared: next(), rest: next(), belongs: next(), xattrs: next()};
  const texts = takeText({count, depth, code, flags}, lengths, raw);
  const digests = takeDigests(code, raw);
  raw.end();
  for (let i = 0; i < count; i++) {
    if (size[i] !== 0 && (code[i] !== CODE.file || (size[i] as number) < 0))
      throw new FormatError('it has a size that no entry can have');
  }
  return {
    count,
    depth,
    code,
    flags,
    mode,
    uid,
    gid,
    size,
    seconds,
    nanoseconds,
    device,
    inode,
    links,
    birthSeconds,
    birthNanoseconds,
    changeSeconds,
    changeNanoseconds,
    ...texts,
    ...(digests && {digests}),
  };
}

function unpack(frame: Uint8Array): Uint8Array {
  const length = new DataView(frame.buffer, frame.byteOffset + CHECKSUM_BYTES).getUint32(4, true);
  try {
    const packed = frame.subarray(FRAME_HEAD);
    const {buffer, engine} = inflateRawSync(packed, {
      // One more, so that zlib finds the end of the stream in its first call.
      chunkSize: Math.max(64, length + 1),
      maxOutputLength: Math.max(1, length),
      info: true,
    } as Parameters<typeof inflateRawSync>[1]) as unknown as {buffer: Buffer; engine: {bytesWritten: number}};
    if (buffer.length === length && engine.bytesWritten === packed.length) return buffer;
  } catch (error) {
    if (!/^(?:Z_|ERR_)/.test((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
  throw new FormatError('it cannot be unpacked');
}

function devicesAt(positions: Uint32Array, devices: readonly number[]): Uint32Array {
  for (let i = 0; i < positions.length; i++) positions[i] = devices[positions[i] as number] as number;
  return positions;
}

function limited(values: Uint32Array, max: number, what: string): Uint32Array {
  for (let i = 0; i < values.length; i++) if ((values[i] as number) > max) throw new FormatError(`it has an impossible ${what}`);
  return values;
}

/** Joins the low and high words of numbers that may be negative. */
function wide(low: Uint32Array, high: Uint32Array, what: string): Float64Array {
  const values = new Float64Array(low.length);
  for (let i = 0; i < low.length; i++) {
    const value = ((high[i] as number) | 0) * WORD + (low[i] as number);
    if (value > MAX_SIZE || value < -MAX_SIZE) throw new FormatError(`it has an impossible ${what}`);
    values[i] = value;
  }
  return values;
}

function inodesOf(low: Uint32Array, high: Uint32Array): BigUint64Array {
  const inode = new BigUint64Array(low.length);
  const words = new Uint32Array(inode.buffer);
  for (let i = 0; i < low.length; i++) {
    words[2 * i] = low[i] as number;
    words[2 * i + 1] = high[i] as number;
  }
  return inode;
}

interface TextLengths {
  readonly shared: Uint32Array;
  readonly rest: Uint32Array;
  readonly belongs: Uint32Array;
  readonly xattrs: Uint32Array;
}

type Rows = Pick<Block, 'count' | 'depth' | 'code' | 'flags'>;

/** Reads all text, and checks on the way that the rows are a part of a tree in canonical order. */
function takeText(rows: Rows, lengths: TextLengths, raw: ByteReader): Pick<Block, 'nameEnd' | 'belongsEnd' | 'end' | 'text'> {
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

/** @throws FormatError if a row cannot be at its depth, or has an unknown code. */
function checkPlace({depth, code}: Rows, i: number): void {
  const d = depth[i] as number;
  const kind = code[i] as number;
  if (kind < CODE.file || kind > CODE.unknown) throw new FormatError('it has an unknown kind of entry');
  if (i === 0) {
    if (d === 0 && kind !== CODE.directory) throw new FormatError('its root is not a folder');
    return;
  }
  const above = depth[i - 1] as number;
  if (d === 0) throw new FormatError('it has a second root');
  if (d <= above) return;
  if (d > above + 1) throw new FormatError('it has an entry without the folder above it');
  if (code[i - 1] !== CODE.directory) throw new HostilePathError('an entry is below something that is not a folder');
}

/** @throws HostilePathError for a name that is not one, or leads elsewhere. */
function checkName(name: Uint8Array, depth: number): void {
  const {length} = name;
  if (length > 2 && (name[0] !== DOT || depth > 1)) return;
  const isDots = length <= 2 && name[0] === DOT && (length === 1 || name[1] === DOT);
  const isState = depth === 1 && length === STATE_NAME.length && STATE_NAME.every((byte, i) => byte === name[i]);
  if (length === 0 || isDots || isState)
    throw new HostilePathError(`"${excerpt(decodeName(name))}" cannot be the name of an entry`);
}

function checkBelongings(belongings: Uint8Array, code: number, isRenamed: boolean): void {
  let own = belongings;
  if (isRenamed) {
    const nul = belongings.lastIndexOf(0);
    const ownName = belongings.subarray(nul + 1);
    if (nul === -1 || ownName.includes(SLASH)) throw new HostilePathError('an entry has no valid name of its own');
    checkName(ownName, 2);
    own = belongings.subarray(0, nul);
  }
  const isValid =
    code === CODE.symlink
      ? own.length > 0 && !own.includes(0)
      : isDevice(code)
        ? DIGITS.test(decodeName(own))
        : own.length === 0 || code === CODE.directory;
  if (!isValid) throw new FormatError('it has an entry with belongings that do not fit its kind');
}

function checkXattrs(packed: Uint8Array): void {
  const texts = decodeName(packed).split('\0');
  const isWhole = packed.length <= MAX_XATTRS && texts.length % 2 === 1 && texts.at(-1) === '';
  for (let i = 0; i + 1 < texts.length; i += 2) {
    if (!isWhole || !texts[i]?.includes('.') || !isXattrValue(texts[i + 1])) {
      throw new FormatError('it has extended attributes that are not valid');
    }
  }
}

function takeDigests(code: Uint8Array, raw: ByteReader): Uint8Array | undefined {
  const has = raw.number();
  if (has > 1) throw new FormatError('it has a column that is written in an unknown way');
  if (has === 0) return undefined;
  const digests = new Uint8Array(DIGEST_BYTES * code.length);
  for (let i = 0; i < code.length; i++) if (code[i] === CODE.file) digests.set(raw.take(DIGEST_BYTES), DIGEST_BYTES * i);
  return digests;
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
