/**
 * A frame of a manifest: one block as bytes. It begins with a head: a checksum over everything after it, the length of the packed
 * columns, their length before they were packed, and the number of rows. Input is not trusted: a frame is checked completely before
 * its block is returned, and takes a bounded amount of memory.
 */
import {deflateRawSync, inflateRawSync} from 'node:zlib';
import {blake3} from '@napi-rs/blake-hash';
import {BLOCK_ENTRIES, type Block, CODE, DIGEST_BYTES} from '../core/block.js';
import {MAX_SIZE} from '../core/entry.js';
import {type Bases, ByteReader, ByteWriter} from './manifest-columns.js';
import {MAX_TEXT, putText, type TextLengths, takeText} from './manifest-text.js';
import {FormatError} from './shapes.js';

/** The bytes of a checksum: the start of a BLAKE3. */
export const CHECKSUM_BYTES = 16;
export const FRAME_HEAD = CHECKSUM_BYTES + 12;

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

function takeDigests(code: Uint8Array, raw: ByteReader): Uint8Array | undefined {
  const has = raw.number();
  if (has > 1) throw new FormatError('it has a column that is written in an unknown way');
  if (has === 0) return undefined;
  const digests = new Uint8Array(DIGEST_BYTES * code.length);
  for (let i = 0; i < code.length; i++) if (code[i] === CODE.file) digests.set(raw.take(DIGEST_BYTES), DIGEST_BYTES * i);
  return digests;
}
