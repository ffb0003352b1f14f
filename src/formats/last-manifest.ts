/**
 * The remembered manifest: what both trees were after a run. It has a manifest for each of them, facts about both in JSON, and a
 * trailer at its end. The checksum in the trailer covers the facts, and these have the checksums of the two manifests, so it
 * identifies the file. Input is not trusted.
 */
import {deflateRawSync, inflateRawSync} from 'node:zlib';
import {blake3} from '@napi-rs/blake-hash';
import {TARGET_DRIFTS, type TargetDrift} from '../core/action.js';
import type {Changed, Drifted} from '../core/changed.js';
import type {PlanOptions, PlanRoot} from '../core/plan.js';
import type {PreservedXattrs, XattrNamespace} from '../core/xattr.js';
import {decodeRoot, encodeRoot} from './header-json.js';
import {decodePath} from './json.js';
import {NewerManifest, type RandomAccess, type Section} from './manifest-file.js';
import {CHECKSUM_BYTES} from './manifest-frame.js';
import {decodeOptions, encodeOptions} from './options-json.js';
import {boolean, FormatError, id, integer, keys, list, oneOf, record, text} from './shapes.js';

const FORMAT = 1;
const END = Buffer.from('\x8bdslmend', 'latin1');
const TRAILER = 12 + CHECKSUM_BYTES + END.length;
/** The most bytes of the facts before they are packed. */
const MAX_FACTS = 16 << 20;

/** One tree. */
export interface LastTree extends PlanRoot {
  /** When the scan of it began, in seconds since 1970. */
  readonly started: number;
  /** Which extended attributes were read. */
  readonly read: PreservedXattrs;
  /** Where its manifest is in the file, and the checksum that identifies it. */
  readonly manifest: Section & {readonly checksum: string};
}

/** All but the entries. */
export interface LastFacts {
  /** Program and version, such as "dirsync 0.1.0". */
  readonly writer: string;
  /** The newest run in the target at that time; undefined if there was none, or if the target is not known to be as described. */
  readonly run?: string | undefined;
  /** The target's own id. */
  readonly targetId?: string | undefined;
  readonly source: LastTree;
  /** As it was before the run. */
  readonly target: LastTree;
  /** What the run has preserved. */
  readonly options: PlanOptions;
  readonly changed: Changed;
  readonly drifted: Drifted;
}

const FACTS_KEYS = keys<LastFacts>({
  writer: 1,
  run: 1,
  targetId: 1,
  source: 1,
  target: 1,
  options: 1,
  changed: 1,
  drifted: 1,
});
const CHANGED_KEYS = keys<Changed>({touched: 1, whole: 1, unclear: 1});
const TREE_KEYS = keys<{root: 1; started: 1; read: 1; manifest: 1}>({root: 1, started: 1, read: 1, manifest: 1});
const READ_KEYS = keys<PreservedXattrs>({xattrs: 1, acls: 1});
const MANIFEST_KEYS = keys<LastTree['manifest']>({offset: 1, length: 1, checksum: 1});
const DRIFTS: ReadonlySet<TargetDrift> = new Set(TARGET_DRIFTS);
const NAMESPACES = keys<Record<XattrNamespace, 1>>({user: 1, trusted: 1, security: 1});

/** Returns the end of the file, which follows the two manifests. @throws FormatError if there are too many paths. */
export function encodeLastEnd(facts: LastFacts): Uint8Array {
  const {writer, run, targetId, source, target, options, changed, drifted} = facts;
  const json = Buffer.from(
    JSON.stringify({
      writer,
      run,
      targetId,
      source: encodeTree(source),
      target: encodeTree(target),
      // What was left out is not needed, and can be long.
      options: encodeOptions({...options, filters: []}),
      changed,
      drifted,
    } satisfies Record<keyof LastFacts, unknown>),
  );
  if (json.length > MAX_FACTS) throw new FormatError('the facts would be too long');
  const packed = deflateRawSync(json);
  const numbers = Buffer.alloc(12);
  for (const [i, number] of [packed.length, json.length, FORMAT].entries()) numbers.writeUInt32LE(number, 4 * i);
  return Buffer.concat([packed, numbers, checksumOf(packed, numbers), END]);
}

function encodeTree({path, identity, escapes, started, read, manifest}: LastTree) {
  return {root: encodeRoot({path, identity, escapes}), started, read, manifest};
}

function checksumOf(packed: Uint8Array, numbers: Uint8Array): Buffer {
  return blake3(Buffer.concat([packed, numbers])).subarray(0, CHECKSUM_BYTES);
}

/** Decodes the end of the file. @throws NewerManifest, or FormatError for any damage, and whatever the file throws. */
export function decodeLastEnd(file: RandomAccess): {readonly facts: LastFacts; readonly checksum: string} {
  const trailer = Buffer.from(file.size < TRAILER ? [] : file.read(file.size - TRAILER, TRAILER));
  if (trailer.length !== TRAILER || !trailer.subarray(-END.length).equals(END)) {
    throw new FormatError('it is cut off, or is a different file');
  }
  const [length, jsonLength, format] = [trailer.readUInt32LE(0), trailer.readUInt32LE(4), trailer.readUInt32LE(8)];
  if (format > FORMAT) throw new NewerManifest(`it has format ${format}; this dirsync reads format ${FORMAT}`);
  const start = file.size - TRAILER - length;
  if (start < 0 || length > MAX_FACTS || jsonLength > MAX_FACTS) throw new FormatError('its facts have an impossible length');
  const packed = file.read(start, length);
  const checksum = trailer.subarray(12, 12 + CHECKSUM_BYTES);
  if (packed.length !== length || !checksumOf(packed, trailer.subarray(0, 12)).equals(checksum)) {
    throw new FormatError('the checksum of its facts does not match');
  }
  return {facts: decodeFacts(unpack(packed, jsonLength)), checksum: checksum.toString('hex')};
}

function unpack(packed: Uint8Array, length: number): unknown {
  try {
    return JSON.parse(inflateRawSync(packed, {maxOutputLength: Math.max(1, length)}).toString());
  } catch (error) {
    const isDamage = error instanceof SyntaxError || /^(?:Z_|ERR_)/.test((error as NodeJS.ErrnoException).code ?? '');
    throw isDamage ? new FormatError('its facts cannot be unpacked') : error;
  }
}

function decodeFacts(value: unknown): LastFacts {
  const json = record(value, 'the facts', FACTS_KEYS);
  return {
    writer: text(json.writer, 'writer'),
    ...(json.run !== undefined && {run: id(json.run, 'run')}),
    ...(json.targetId !== undefined && {targetId: id(json.targetId, 'targetId')}),
    source: decodeTree(json.source, 'source'),
    target: decodeTree(json.target, 'target'),
    options: decodeOptions(json.options),
    changed: decodeChanged(json.changed),
    drifted: list(json.drifted, 'drifted', decodeDrifted),
  };
}

function decodeChanged(value: unknown): Changed {
  const {touched, whole, unclear} = record(value, 'changed', CHANGED_KEYS);
  return {
    touched: list(touched, 'changed.touched', decodePath),
    whole: list(whole, 'changed.whole', decodePath),
    unclear: list(unclear, 'changed.unclear', decodePath),
  };
}

function decodeDrifted(value: unknown, what: string): Drifted[number] {
  const [path, drift] = list(value, what, (item) => item);
  return [decodePath(path, `${what}[0]`), oneOf(drift, `${what}[1]`, DRIFTS)];
}

function decodeTree(value: unknown, what: string): LastTree {
  const {root, started, read, manifest} = record(value, what, TREE_KEYS);
  const {xattrs, acls} = record(read, `${what}.read`, READ_KEYS);
  const {offset, length, checksum} = record(manifest, `${what}.manifest`, MANIFEST_KEYS);
  return {
    ...decodeRoot(root, `${what}.root`),
    started: integer(started, `${what}.started`),
    read: {
      xattrs: list(xattrs, `${what}.read.xattrs`, (name, at) => oneOf(name, at, NAMESPACES)),
      acls: boolean(acls, `${what}.read.acls`),
    },
    manifest: {
      offset: integer(offset, `${what}.manifest.offset`),
      length: integer(length, `${what}.manifest.length`),
      checksum: text(checksum, `${what}.manifest.checksum`),
    },
  };
}
