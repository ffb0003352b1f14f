/**
 * A block is a sequence of entries of one tree in canonical order, stored by column in typed arrays. Blocks are transferred between
 * threads, not cloned, and comparing two trees reads columns without creating an object for each entry.
 *
 * The first entry of the first block is the root, with depth 0 and an empty name. A folder is followed by its content.
 */
import {type Entry, type Kind, toNanoseconds} from './entry.js';
import {type ByteName, decodeName, fromByteName} from './name.js';
import type {Xattrs} from './xattr.js';

/**
 * What a scan found at a path. Two codes are not kinds of files: `excluded`, an entry that a filter left out, and `unknown`, an
 * entry that could not be read. Neither means that nothing is there: what the other tree has at such a path is never deleted.
 */
export const CODE = {
  file: 1,
  directory: 2,
  symlink: 3,
  fifo: 4,
  socket: 5,
  chardev: 6,
  blockdev: 7,
  excluded: 8,
  unknown: 9,
} as const satisfies Record<Kind | 'excluded' | 'unknown', number>;

const KINDS: readonly (Kind | undefined)[] = [undefined, 'file', 'directory', 'symlink', 'fifo', 'socket', 'chardev', 'blockdev'];

/** The kind for a code; undefined for `excluded` and `unknown`. */
export function kindOf(code: number): Kind | undefined {
  return KINDS[code];
}

/** Whether a code is a FIFO, a socket or a device. */
export function isSpecial(code: number): boolean {
  return code >= CODE.fifo && code <= CODE.blockdev;
}

/** Whether a code is a character or block device. */
export function isDevice(code: number): boolean {
  return code === CODE.chardev || code === CODE.blockdev;
}

/** A flag: the content of this folder could not be read completely. */
export const PARTIAL = 1;
/** A flag: this folder is on another file system, and its content was left out on request. */
export const MOUNT = 2;
/** A flag: the row has the name that the other tree uses; its own name is stored apart (`ownNameAt`). */
export const RENAMED = 4;

/** The most entries of one block. */
export const BLOCK_ENTRIES = 4096;

/** A block with this many bytes of text is full: names, belongings and extended attributes. Its last row may exceed that. */
export const BLOCK_TEXT = 1 << 20;

/** The bytes of one digest in `Block.digests`. */
export const DIGEST_BYTES = 32;

/** The columns of a block. Only the first `count` rows are in use. */
export interface Block {
  readonly count: number;
  /** The number of names in the path. */
  readonly depth: Uint16Array;
  readonly code: Uint8Array;
  readonly flags: Uint8Array;
  readonly mode: Uint16Array;
  readonly uid: Uint32Array;
  readonly gid: Uint32Array;
  readonly size: Float64Array;
  readonly seconds: Float64Array;
  readonly nanoseconds: Uint32Array;
  readonly device: Uint32Array;
  readonly inode: BigUint64Array;
  /** How many names the file has (hard links). */
  readonly links: Uint32Array;
  /**
   * When the inode was made and when it was last changed (statx(2): btime, ctime), to recognise it again. Seconds modulo 2^32; both
   * parts are 0 if the file system stores no such time.
   */
  readonly birthSeconds: Uint32Array;
  readonly birthNanoseconds: Uint32Array;
  readonly changeSeconds: Uint32Array;
  readonly changeNanoseconds: Uint32Array;
  /**
   * Entry i's name is text[end of i-1 .. nameEnd[i]). Its belongings are text[nameEnd[i] .. belongsEnd[i]): a symlink's target, a
   * device's numbers, or the digest of a folder's own filter rules; in a `RENAMED` row they end with NUL and the entry's own name.
   * Its extended attributes are text[belongsEnd[i] .. end[i]): name, NUL, value, NUL, sorted by name.
   */
  readonly nameEnd: Uint32Array;
  readonly belongsEnd: Uint32Array;
  readonly end: Uint32Array;
  readonly text: Uint8Array;
  /** Rows that are another folder than the last run has seen at their path. Absent if there are none, or if nothing is remembered. */
  readonly others?: ReadonlySet<number> | undefined;
  /** The BLAKE3 of each file's content, if a snapshot has read it; zeros for a file that was not read, and for other kinds. */
  readonly digests?: Uint8Array | undefined;
}

/** The result of a stat call, which fills a row. Mutable, so that one object is enough for a whole walk. */
export interface Stat {
  code: number;
  mode: number;
  uid: number;
  gid: number;
  size: number;
  seconds: number;
  nanoseconds: number;
  device: number;
  inodeLow: number;
  inodeHigh: number;
  links: number;
  /** See `Block`. */
  birthSeconds: number;
  birthNanoseconds: number;
  changeSeconds: number;
  changeNanoseconds: number;
  /** A device's numbers; 0 for other kinds. */
  rdevMajor: number;
  rdevMinor: number;
  /** Whether this path is a mount point; undefined if only device numbers can show it. Not stored in blocks. */
  mounted: boolean | undefined;
}

/** A new stat for `Platform.stat` to fill. */
export function emptyStat(): Stat {
  return {
    code: 0,
    mode: 0,
    uid: 0,
    gid: 0,
    size: 0,
    seconds: 0,
    nanoseconds: 0,
    device: 0,
    inodeLow: 0,
    inodeHigh: 0,
    links: 0,
    birthSeconds: 0,
    birthNanoseconds: 0,
    changeSeconds: 0,
    changeNanoseconds: 0,
    rdevMajor: 0,
    rdevMinor: 0,
    mounted: undefined,
  };
}

/** The inode number, joined from its two halves. */
export function inodeOf(stat: Stat): bigint {
  return (BigInt(stat.inodeHigh) << 32n) | BigInt(stat.inodeLow);
}

/**
 * The columns that are equal in two snapshots of the same tree. What identifies inodes is not among them: their numbers, devices,
 * and times of birth and change.
 */
export function canonicalColumns(block: Block): Uint8Array[] {
  return columnsOf(block, block);
}

/** The same for a digest: with lengths of texts, since where they end depends on where the block begins. */
export function digestColumns(block: Block): Uint8Array[] {
  const {count} = block;
  const [nameEnd, belongsEnd, end] = [new Uint32Array(count), new Uint32Array(count), new Uint32Array(count)];
  for (let i = 0; i < count; i++) {
    nameEnd[i] = (block.nameEnd[i] as number) - nameStart(block, i);
    belongsEnd[i] = (block.belongsEnd[i] as number) - (block.nameEnd[i] as number);
    end[i] = (block.end[i] as number) - (block.belongsEnd[i] as number);
  }
  return columnsOf(block, {nameEnd, belongsEnd, end});
}

function columnsOf(block: Block, {nameEnd, belongsEnd, end}: Pick<Block, 'nameEnd' | 'belongsEnd' | 'end'>): Uint8Array[] {
  const {count, depth, code, flags, mode, uid, gid, size, seconds, nanoseconds} = block;
  const columns = [depth, code, flags, mode, uid, gid, size, seconds, nanoseconds, nameEnd, belongsEnd, end];
  const bytes = columns.map((column) => new Uint8Array(column.buffer, column.byteOffset, count * column.BYTES_PER_ELEMENT));
  return [...bytes, block.text.subarray(0, block.end[count - 1] ?? 0)];
}

/** Whether two blocks of equal count agree in all canonical columns. */
export function sameColumns(a: Block, b: Block): boolean {
  const others = canonicalColumns(b);
  return canonicalColumns(a).every((column, i) => sameBytes(column, others[i] as Uint8Array));
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/**
 * A block without some of its rows, and with rows that are `excluded` now: `codeOf` returns the new code of a row, or undefined to
 * leave it out.
 */
export function recoded(block: Block, codeOf: (i: number) => number | undefined): Block {
  const rows: number[] = [];
  const code = new Uint8Array(block.count);
  for (let i = 0; i < block.count; i++) {
    const now = codeOf(i);
    if (now === undefined) continue;
    code[rows.length] = now;
    rows.push(i);
  }
  const taken = <Column extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(column: Column): Column => {
    const values = new (column.constructor as new (length: number) => Column)(rows.length);
    for (let k = 0; k < rows.length; k++) values[k] = column[rows[k] as number] as number;
    return values;
  };
  const inode = new BigUint64Array(rows.length);
  const {nameEnd, belongsEnd, end} = {nameEnd: taken(block.nameEnd), belongsEnd: taken(block.belongsEnd), end: taken(block.end)};
  const text = new Uint8Array(block.end[block.count - 1] ?? 0);
  let used = 0;
  for (let k = 0; k < rows.length; k++) {
    const i = rows[k] as number;
    inode[k] = block.inode[i] as bigint;
    const start = nameStart(block, i);
    text.set(block.text.subarray(start, block.end[i]), used);
    nameEnd[k] = (block.nameEnd[i] as number) - start + used;
    belongsEnd[k] = (block.belongsEnd[i] as number) - start + used;
    used += (block.end[i] as number) - start;
    end[k] = used;
  }
  return {
    count: rows.length,
    depth: taken(block.depth),
    code: code.slice(0, rows.length),
    flags: taken(block.flags),
    mode: taken(block.mode),
    uid: taken(block.uid),
    gid: taken(block.gid),
    size: taken(block.size),
    seconds: taken(block.seconds),
    nanoseconds: taken(block.nanoseconds),
    device: taken(block.device),
    inode,
    links: taken(block.links),
    birthSeconds: taken(block.birthSeconds),
    birthNanoseconds: taken(block.birthNanoseconds),
    changeSeconds: taken(block.changeSeconds),
    changeNanoseconds: taken(block.changeNanoseconds),
    nameEnd,
    belongsEnd,
    end,
    text,
  };
}

/** All buffers of a block, for a transfer to another thread. */
export function blockBuffers(block: Block): ArrayBuffer[] {
  return Object.values(block).flatMap((column) => (ArrayBuffer.isView(column) ? [column.buffer as ArrayBuffer] : []));
}

/** Where entry i's name starts in the block's text. */
export function nameStart(block: Block, i: number): number {
  return i === 0 ? 0 : (block.end[i - 1] as number);
}

/** Entry i's name, as surrogateescape text. */
export function nameAt(block: Block, i: number): string {
  return decodeName(block.text.subarray(nameStart(block, i), block.nameEnd[i]));
}

/** Entry i's belongings: see `Block.nameEnd`. */
export function belongingsAt(block: Block, i: number): Uint8Array {
  const belongs = block.text.subarray(block.nameEnd[i], block.belongsEnd[i]);
  return isRenamedAt(block, i) ? belongs.subarray(0, belongs.lastIndexOf(0)) : belongs;
}

/** Entry i's name in its own tree; undefined if the row has that name. */
export function ownNameAt(block: Block, i: number): string | undefined {
  if (!isRenamedAt(block, i)) return undefined;
  const belongs = block.text.subarray(block.nameEnd[i], block.belongsEnd[i]);
  return decodeName(belongs.subarray(belongs.lastIndexOf(0) + 1));
}

function isRenamedAt(block: Block, i: number): boolean {
  return ((block.flags[i] as number) & RENAMED) !== 0;
}

/** Entry i's packed extended attributes: see `Block.nameEnd`. */
function xattrsAt(block: Block, i: number): Uint8Array {
  return block.text.subarray(block.belongsEnd[i], block.end[i]);
}

function unpackXattrs(packed: Uint8Array): Xattrs {
  const texts = decodeName(packed).split('\0');
  const xattrs: Record<string, string> = {};
  for (let i = 0; i + 1 < texts.length; i += 2) xattrs[texts[i] as string] = texts[i + 1] as string;
  return xattrs;
}

/** Entry i as a value. @throws Error if the row is excluded or unknown. */
export function entryAt(block: Block, i: number): Entry {
  const kind = kindOf(block.code[i] as number);
  if (kind === undefined) throw new Error('an excluded or unknown row has no entry');
  const entry = {
    kind,
    mode: block.mode[i] as number,
    uid: block.uid[i] as number,
    gid: block.gid[i] as number,
    size: block.size[i] as number,
    mtime: toNanoseconds(block.seconds[i] as number, block.nanoseconds[i] as number),
  };
  const code = block.code[i] as number;
  const xattrs = xattrsAt(block, i);
  if (xattrs.length === 0 && code <= CODE.directory) return entry;
  const belongings = decodeName(belongingsAt(block, i));
  return {
    ...entry,
    ...(code === CODE.symlink && {link: belongings}),
    ...(isDevice(code) && {rdev: belongings}),
    ...(xattrs.length > 0 && {xattrs: unpackXattrs(xattrs)}),
  };
}

/** A stat as a value, with a symlink's target and packed extended attributes (byte strings) if they were read. */
export function toEntry(stat: Stat, {link, xattrs = ''}: {link?: ByteName | undefined; xattrs?: string} = {}): Entry {
  const kind = kindOf(stat.code);
  if (kind === undefined) throw new Error('a stat always has a kind');
  const {mode, uid, gid, size} = stat;
  const entry = {kind, mode, uid, gid, size, mtime: toNanoseconds(stat.seconds, stat.nanoseconds)};
  if (xattrs === '' && stat.code <= CODE.directory) return entry;
  return {
    ...entry,
    ...(link !== undefined && {link: fromByteName(link)}),
    ...(isDevice(stat.code) && {rdev: rdevOf(stat)}),
    ...(xattrs !== '' && {xattrs: unpackXattrs(Uint8Array.from(xattrs, (unit) => unit.charCodeAt(0)))}),
  };
}

/** A device's numbers as "MAJOR:MINOR" (makedev(3)). */
export function rdevOf({rdevMajor, rdevMinor}: Stat): string {
  return `${rdevMajor}:${rdevMinor}`;
}
