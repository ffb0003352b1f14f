/** Manifests in files of their own, as `dirsync snapshot` writes them. */
import fs from 'node:fs';
import {realpath, stat} from 'node:fs/promises';
import type {Block} from '../core/block.js';
import {BlockPaths} from '../core/block-paths.js';
import {DirsyncError} from '../core/errors.js';
import {escapeName} from '../core/escape.js';
import type {ManifestFacts, ManifestHeader} from '../core/manifest.js';
import {decodeName, osPath} from '../core/name.js';
import type {RelPath} from '../core/path.js';
import {type Manifest, ManifestWriter, NewerManifest, NotAManifest, openManifest, startsManifest} from './manifest-file.js';
import {Devices, encodeFrame} from './manifest-frame.js';
import {decodeManifestFacts, decodeManifestHeader, encodeManifestFacts, encodeManifestHeader} from './manifest-json.js';
import {type FoundRow, ManifestRows} from './manifest-rows.js';
import {FormatError, HostilePathError} from './shapes.js';
import {isSystemError, type SystemError} from './system-error.js';
import {PRIVATE, replaceFile} from './whole-file.js';

/** A tree to write: its blocks, and what is known after the last one. */
export interface ReadTree {
  readonly header: ManifestHeader;
  readonly blocks: AsyncIterable<Block>;
  readonly facts: () => Promise<ManifestFacts>;
}

/**
 * Writes a manifest completely or not at all, and returns the checksum that identifies it. A symlink is followed. A new file is
 * readable only by its owner; a replaced file keeps its mode.
 * @throws DirsyncError MANIFEST_UNWRITABLE, and whatever the blocks throw; then nothing is left behind.
 */
export async function writeManifestFile(file: string, tree: ReadTree): Promise<{checksum: string; facts: ManifestFacts}> {
  const place = await realpath(osPath(file), {encoding: 'buffer'}).then(decodeName, () => file);
  const written: {checksum: string; facts?: ManifestFacts} = {checksum: ''};
  try {
    const old = await stat(osPath(place)).catch(() => undefined);
    if (old && !old.isFile()) {
      const detail = `${escapeName(file)} is not a regular file`;
      throw new DirsyncError('MANIFEST_UNWRITABLE', detail, 'name a new file, or one to replace');
    }
    await replaceFile(place, piecesOf(tree, written), {mode: PRIVATE, like: old});
  } catch (error) {
    if (error instanceof FormatError) throw new DirsyncError('MANIFEST_UNWRITABLE', error.message);
    if (isSystemError(error) && error.syscall !== undefined) throw systemError('MANIFEST_UNWRITABLE', file, error);
    throw error;
  }
  return {checksum: written.checksum, facts: written.facts as ManifestFacts};
}

async function* piecesOf({header, blocks, facts}: ReadTree, written: {checksum: string; facts?: ManifestFacts}) {
  const pieces: Uint8Array[] = [];
  const writer = new ManifestWriter(encodeManifestHeader(header), (bytes) => pieces.push(bytes));
  const devices = new Devices();
  const paths = new BlockPaths();
  for await (const block of blocks) {
    writer.add(encodeFrame(block, devices), paths.next(block));
    yield* pieces.splice(0);
  }
  written.facts = await facts();
  written.checksum = writer.finish(encodeManifestFacts(written.facts), devices.numbers).checksum;
  yield* pieces;
}

/** A manifest in an open file. Close it. */
export interface SavedManifest {
  readonly file: string;
  readonly header: ManifestHeader;
  readonly facts: ManifestFacts;
  readonly checksum: string;
  /** Its blocks. @throws DirsyncError MANIFEST_UNREADABLE, MANIFEST_DAMAGED or MANIFEST_HOSTILE. */
  readonly blocks: () => Iterable<Block>;
  /** Its row at a path; undefined if there is none. @throws DirsyncError as `blocks` does. */
  readonly rowAt: (path: RelPath) => FoundRow | undefined;
  readonly close: () => void;
}

/**
 * Opens a manifest file.
 * @throws DirsyncError MANIFEST_UNREADABLE, MANIFEST_NOT_A_MANIFEST, MANIFEST_NEWER, MANIFEST_DAMAGED, or MANIFEST_HOSTILE (a name
 * that leads elsewhere).
 */
export function openManifestFile(file: string): SavedManifest {
  let descriptor: number | undefined;
  try {
    // O_NONBLOCK: opening a FIFO must not wait for a writer. The flag has no effect on files.
    const opened = fs.openSync(osPath(file), fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    descriptor = opened;
    const found = fs.fstatSync(opened);
    if (!found.isFile()) throw notAManifest(file, 'is not a regular file');
    const manifest = openManifest({size: found.size, read: (offset, length) => readAt(opened, offset, length)});
    const rows = new ManifestRows(manifest);
    return {
      file,
      header: decodeManifestHeader(manifest.header),
      facts: decodeManifestFacts(manifest.closing),
      checksum: manifest.checksum,
      blocks: () => checkedBlocks(file, manifest),
      rowAt(path) {
        try {
          return rows.rowAt(path);
        } catch (error) {
          throw typed(file, error);
        }
      },
      close: () => fs.closeSync(opened),
    };
  } catch (error) {
    if (descriptor !== undefined) fs.closeSync(descriptor);
    throw typed(file, error);
  }
}

/** Returns whether a file begins as a manifest does. False if it cannot be read, and for a pipe, which can be read only once. */
export function isManifestFile(file: string): boolean {
  try {
    if (!fs.statSync(osPath(file)).isFile()) return false;
    const opened = fs.openSync(osPath(file), fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    try {
      return fs.fstatSync(opened).isFile() && startsManifest(readAt(opened, 0, 8));
    } finally {
      fs.closeSync(opened);
    }
  } catch {
    return false;
  }
}

function* checkedBlocks(file: string, manifest: Manifest): Generator<Block, undefined> {
  try {
    yield* manifest.blocks();
  } catch (error) {
    throw typed(file, error);
  }
}

function readAt(descriptor: number, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let read = 0;
  while (read < length) {
    const got = fs.readSync(descriptor, bytes, read, length - read, offset + read);
    if (got === 0) break;
    read += got;
  }
  return bytes.subarray(0, read);
}

function notAManifest(file: string, what: string): DirsyncError {
  return new DirsyncError('MANIFEST_NOT_A_MANIFEST', `${escapeName(file)} ${what}`, 'name a file that `dirsync snapshot` wrote');
}

/** Converts an error of reading to one for the user. */
function typed(file: string, error: unknown): unknown {
  const shown = escapeName(file);
  if (error instanceof NotAManifest) return notAManifest(file, error.message);
  if (error instanceof NewerManifest) {
    return new DirsyncError('MANIFEST_NEWER', `${shown} ${error.message}`, 'use the program that wrote it, or make it again');
  }
  if (error instanceof HostilePathError) {
    return new DirsyncError('MANIFEST_HOSTILE', `${shown}: ${error.message}`, 'do not use this file; make the snapshot again');
  }
  if (error instanceof FormatError) {
    return new DirsyncError('MANIFEST_DAMAGED', `${shown}: ${error.message}`, 'make the snapshot again');
  }
  return isSystemError(error) ? systemError('MANIFEST_UNREADABLE', file, error) : error;
}

function systemError(code: 'MANIFEST_UNREADABLE' | 'MANIFEST_UNWRITABLE', file: string, error: SystemError): DirsyncError {
  // Node's message is "CODE: what, call 'path'"; the path is removed, because it is already shown escaped.
  const [what = ''] = error.message.split(',');
  const hint =
    code === 'MANIFEST_UNREADABLE'
      ? 'check the path and its permissions'
      : 'check the path, and that its folder exists and is writable';
  return new DirsyncError(code, `${escapeName(file)}: ${escapeName(what)}`, hint, {cause: error});
}
