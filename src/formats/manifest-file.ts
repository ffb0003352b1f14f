/**
 * The manifest file: the snapshot of one tree. It has a header in JSON, one frame for each block, an index in JSON with the path of
 * each frame's first row, and a trailer at its end. The checksum in the trailer covers header and index, and the index has the
 * checksum of each frame, so it identifies the manifest. A manifest can also be one section of a larger file. Input is not trusted:
 * each part is checked before anything of it is returned, and only one frame is in memory.
 */
import {deflateRawSync, inflateRawSync} from 'node:zlib';
import {blake3} from '@napi-rs/blake-hash';
import {type Block, CODE, nameAt} from '../core/block.js';
import {BlockPaths} from '../core/block-paths.js';
import {baseName, comparePaths, isWithin, parentPath, pathDepth, type RelPath, ROOT} from '../core/path.js';
import {decodePath} from './json.js';
import {CHECKSUM_BYTES, decodeFrame, FRAME_HEAD, frameHead, MAX_DEVICES, MAX_FRAME} from './manifest-frame.js';
import {excerpt, FormatError, integer, keys, list, record, refuse, text} from './shapes.js';

const FORMAT = 1;

/** Not text, and damaged by each program that takes it for text. */
const MAGIC = Buffer.from('\x8bdsmf\r\n\x1a', 'latin1');
const START = MAGIC.length + 8;
const END = Buffer.from('\x8bdsmfend', 'latin1');
const TRAILER = 8 + CHECKSUM_BYTES + END.length;

/** The most bytes of the header, and of the index before it is packed. */
const MAX_HEADER = 1 << 20;
const MAX_INDEX = 128 << 20;

type Json = Readonly<Record<string, unknown>>;

/** The file is not a manifest. */
export class NotAManifest extends FormatError {
  override readonly name = 'NotAManifest';
}

/** A newer dirsync wrote the manifest. */
export class NewerManifest extends FormatError {
  override readonly name = 'NewerManifest';
}

/** A file that can be read at any place; a short result means that the file ends there. */
export interface RandomAccess {
  readonly size: number;
  readonly read: (offset: number, length: number) => Uint8Array;
}

/** A frame in the index of a manifest. */
export interface IndexedFrame {
  /** From the start of the manifest. */
  readonly offset: number;
  readonly length: number;
  readonly rows: number;
  /** The path of the first row. */
  readonly first: RelPath;
  /** Hexadecimal. */
  readonly checksum: string;
}

// ── Writing ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Writes a manifest in pieces, from its start to its end. */
export class ManifestWriter {
  readonly #head: Buffer;
  readonly #frames: [length: number, rows: number, first: RelPath, checksum: string][] = [];
  #length = 0;

  /** `header`: what is known before the first frame. @throws FormatError if it is longer than 1 MiB. */
  constructor(
    header: Json,
    private readonly write: (bytes: Uint8Array) => void,
  ) {
    const json = Buffer.from(JSON.stringify(header));
    if (json.length > MAX_HEADER) throw new FormatError('the header would be longer than 1 MiB');
    const numbers = Buffer.alloc(8);
    numbers.writeUInt32LE(FORMAT, 0);
    numbers.writeUInt32LE(json.length, 4);
    this.#head = Buffer.concat([MAGIC, numbers, json]);
    this.#put(this.#head);
  }

  /** Adds a frame: a new one, or one of another manifest that has the same devices. `first`: the path of its first row. */
  add(frame: Uint8Array, first: RelPath): void {
    const {checksum, rows} = frameHead(frame);
    this.#frames.push([frame.length, rows, first, Buffer.from(checksum).toString('hex')]);
    this.#put(frame);
  }

  /**
   * Ends the manifest. `closing`: what is known after the last frame; `devices`: those of its frames. Returns the length of the whole
   * manifest and the checksum that identifies it. @throws FormatError if there is too much of something.
   */
  finish(closing: Json, devices: readonly number[]): {readonly length: number; readonly checksum: string} {
    const json = Buffer.from(JSON.stringify({devices, frames: this.#frames, closing}));
    if (json.length > MAX_INDEX) throw new FormatError('the index would be longer than 128 MiB');
    if (devices.length > MAX_DEVICES) throw new FormatError(`the tree is on more than ${MAX_DEVICES} devices`);
    const index = deflateRawSync(json);
    const lengths = Buffer.alloc(8);
    lengths.writeUInt32LE(index.length, 0);
    lengths.writeUInt32LE(json.length, 4);
    const checksum = checksumOf(this.#head, index, lengths);
    this.#put(Buffer.concat([index, lengths, checksum, END]));
    return {length: this.#length, checksum: checksum.toString('hex')};
  }

  #put(bytes: Uint8Array): void {
    this.#length += bytes.length;
    this.write(bytes);
  }
}

function checksumOf(...parts: readonly Uint8Array[]): Buffer {
  return blake3(Buffer.concat(parts)).subarray(0, CHECKSUM_BYTES);
}

// ── Reading ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Returns whether a file that begins with these bytes claims to be a manifest. */
export function startsManifest(bytes: Uint8Array): boolean {
  return bytes.length >= MAGIC.length && MAGIC.equals(bytes.subarray(0, MAGIC.length));
}

/** Where a manifest is in a file. */
export interface Section {
  readonly offset: number;
  readonly length: number;
}

const INDEX_KEYS = keys<{devices: 1; frames: 1; closing: 1}>({devices: 1, frames: 1, closing: 1});

/**
 * Opens a manifest: a whole file, or a section of one.
 * @throws NotAManifest, NewerManifest, or FormatError for any damage, and whatever the source throws.
 */
export function openManifest(file: RandomAccess, section: Section = {offset: 0, length: file.size}): Manifest {
  const read = (offset: number, length: number) => {
    const isInside = offset >= 0 && offset + length <= section.length;
    const bytes = isInside ? file.read(section.offset + offset, length) : undefined;
    if (bytes?.length !== length) throw new FormatError('it is cut off');
    return bytes;
  };
  const start = file.read(section.offset, Math.min(START, Math.max(0, section.length)));
  if (start.length === 0) throw new NotAManifest('is empty');
  const magic = start.subarray(0, MAGIC.length);
  if (!MAGIC.subarray(0, magic.length).equals(magic)) throw new NotAManifest('does not begin with the header of a manifest');
  if (start.length < START) throw new FormatError('it is cut off');
  const numbers = new DataView(start.buffer, start.byteOffset + MAGIC.length);
  const [format, headerLength] = [numbers.getUint32(0, true), numbers.getUint32(4, true)];
  if (format > FORMAT) throw new NewerManifest(`has format ${format}; this dirsync reads format ${FORMAT}`);
  if (format === 0) throw new FormatError('the format number is wrong');
  if (headerLength > MAX_HEADER) throw new FormatError('the header is longer than 1 MiB');
  const head = read(0, START + headerLength);

  const trailer = Buffer.from(read(section.length - TRAILER, TRAILER));
  if (!trailer.subarray(-END.length).equals(END)) throw new FormatError('it is cut off, or something follows its end');
  const [indexLength, jsonLength] = [trailer.readUInt32LE(0), trailer.readUInt32LE(4)];
  const indexStart = section.length - TRAILER - indexLength;
  if (indexStart < head.length || indexLength > MAX_INDEX || jsonLength > MAX_INDEX)
    throw new FormatError('the index has an impossible length');
  const index = read(indexStart, indexLength);
  const checksum = trailer.subarray(8, 8 + CHECKSUM_BYTES);
  if (!checksumOf(head, index, trailer.subarray(0, 8)).equals(checksum)) {
    throw new FormatError('the checksum of its header and index does not match');
  }
  const header = parseJson(head.subarray(START), 'the header');
  const {devices, frames, closing} = record(parseJson(unpackIndex(index, jsonLength), 'the index'), 'the index', INDEX_KEYS);
  const numbersOf = list(devices, 'devices', (device, what) => integer(device, what, 0xffffffff));
  if (numbersOf.length > MAX_DEVICES) throw new FormatError('devices are too many');
  return new Manifest(read, {
    header,
    closing: closing as Json,
    checksum: checksum.toString('hex'),
    devices: numbersOf,
    frames: decodeFrames(frames, head.length, indexStart),
  });
}

function unpackIndex(index: Uint8Array, length: number): Uint8Array {
  try {
    const json = inflateRawSync(index, {maxOutputLength: Math.max(1, length)});
    if (json.length === length) return json;
  } catch (error) {
    if (!/^(?:Z_|ERR_)/.test((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
  throw new FormatError('the index cannot be unpacked');
}

function parseJson(bytes: Uint8Array, what: string): Json {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString());
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  } catch (error) {
    // A SyntaxError, or a RangeError if the nesting is too deep.
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
  }
  throw new FormatError(`${what} is not a JSON object`);
}

/** Decodes the frames of an index, which must fill the space between header and index, in canonical order. */
function decodeFrames(value: unknown, start: number, end: number): IndexedFrame[] {
  let offset = start;
  let last: RelPath | undefined;
  const frames = list(value, 'frames', (item, what) => {
    if (!Array.isArray(item) || item.length !== 4) refuse(what, item, 'the four values of a frame');
    const length = integer(item[0], `${what}[0]`, MAX_FRAME);
    const rows = integer(item[1], `${what}[1]`);
    const first = decodePath(item[2], `${what}[2]`);
    const checksum = text(item[3], `${what}[3]`);
    if (length < FRAME_HEAD) throw new FormatError(`${what} has an impossible length`);
    if (last === undefined ? first !== ROOT : comparePaths(last, first) >= 0) {
      throw new FormatError(`${what} is out of order at "${excerpt(first)}"`);
    }
    last = first;
    offset += length;
    return {offset: offset - length, length, rows, first, checksum};
  });
  if (offset !== end) throw new FormatError('its frames have a different length than the index says');
  return frames;
}

interface Parts {
  readonly header: Json;
  readonly closing: Json;
  readonly checksum: string;
  readonly devices: readonly number[];
  readonly frames: readonly IndexedFrame[];
}

/** An open manifest. Its frames are read when they are asked for. */
export class Manifest implements Parts {
  readonly header: Json;
  readonly closing: Json;
  /** Hexadecimal; identifies the manifest. */
  readonly checksum: string;
  /** The device numbers in its frames. */
  readonly devices: readonly number[];
  readonly frames: readonly IndexedFrame[];

  constructor(
    private readonly read: (offset: number, length: number) => Uint8Array,
    {header, closing, checksum, devices, frames}: Parts,
  ) {
    this.header = header;
    this.closing = closing;
    this.checksum = checksum;
    this.devices = devices;
    this.frames = frames;
  }

  /** The number of rows of all frames. */
  get rows(): number {
    return this.frames.reduce((sum, {rows}) => sum + rows, 0);
  }

  /** Returns the bytes of a frame, to copy it to another manifest. @throws FormatError if they are not those of the index. */
  bytes(k: number): Uint8Array {
    const {offset, length, rows, checksum} = this.frames[k] as IndexedFrame;
    const bytes = this.read(offset, length);
    try {
      const head = frameHead(bytes);
      if (Buffer.from(head.checksum).toString('hex') === checksum && head.rows === rows && head.length === length) return bytes;
    } catch (error) {
      throw inFrame(k, error);
    }
    throw new FormatError(`frame ${k + 1}: it is not the frame of the index`);
  }

  /**
   * Decodes one frame. `devices`: other device numbers for its positions, such as those after a reboot.
   * @throws FormatError for any damage; HostilePathError for a harmful name.
   */
  block(k: number, devices = this.devices): Block {
    const {first} = this.frames[k] as IndexedFrame;
    const bytes = this.bytes(k);
    let block: Block;
    try {
      block = decodeFrame(bytes, devices);
    } catch (error) {
      throw inFrame(k, error);
    }
    const paths = new BlockPaths(parentPath(first));
    const isPlaced = block.depth[0] === pathDepth(first) && nameAt(block, 0) === baseName(first);
    const next = this.frames[k + 1]?.first;
    paths.next(block);
    if (isPlaced && (next === undefined || comparePaths(paths.last, next) < 0)) return block;
    throw new FormatError(`frame ${k + 1}: its rows are not where the index says`);
  }

  /** Decodes all frames in order, and checks that they are one tree. @throws FormatError, HostilePathError as `block` does. */
  *blocks(): Generator<Block, undefined> {
    let last: RelPath | undefined;
    let isFolder = true;
    if (this.frames.length === 0) throw new FormatError('it has no rows');
    const paths = new BlockPaths();
    for (const [k, {first}] of this.frames.entries()) {
      const block = this.block(k);
      const folder = parentPath(first);
      const isBelow = last !== undefined && folder === last;
      if (last !== undefined && !(isBelow ? isFolder : isWithin(last, folder))) {
        throw new FormatError(`frame ${k + 1}: the folder above its first row is missing`);
      }
      paths.next(block);
      last = paths.last;
      isFolder = block.code[block.count - 1] === CODE.directory;
      yield block;
    }
  }

  /** The positions of the frames that have the rows at and below a path: from the first, to the one after the last. */
  framesAt(path: RelPath): {readonly from: number; readonly to: number} {
    const {frames} = this;
    const from = firstWhere(frames.length, (k) => comparePaths((frames[k] as IndexedFrame).first, path) > 0) - 1;
    const to = firstWhere(frames.length, (k) => {
      const {first} = frames[k] as IndexedFrame;
      return comparePaths(first, path) > 0 && !isWithin(first, path);
    });
    return {from: Math.max(0, from), to};
  }
}

/** The smallest number from 0 to `end` for which `holds` is true; it must be true for all larger ones. */
function firstWhere(end: number, holds: (k: number) => boolean): number {
  let [low, high] = [0, end];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function inFrame(k: number, error: unknown): unknown {
  if (!(error instanceof FormatError)) return error;
  error.message = `frame ${k + 1}: ${error.message}`;
  return error;
}
