/** The remembered manifest of a target, `.dirsync/last.manifest`: its file. What it means is decided elsewhere (docs/memory.md). */
import {type Block, CODE, emptyStat} from '../core/block.js';
import type {ByteName} from '../core/name.js';
import type {RelPath} from '../core/path.js';
import type {Side} from '../core/problem.js';
import {decodeLastEnd, encodeLastEnd, type LastFacts, type LastTree} from '../formats/last-manifest.js';
import {type Manifest, ManifestWriter, openManifest, type RandomAccess} from '../formats/manifest-file.js';
import {Devices, encodeFrame} from '../formats/manifest-frame.js';
import {FormatError} from '../formats/shapes.js';
import {errnoOf, type Folder, type OpenFile, type Platform} from '../platform/platform.js';
import {inState, NAMES, removeNote, replaceInState} from './folder.js';

/** An open remembered manifest. Close it. */
export class LastManifest {
  readonly facts: LastFacts;
  /** Identifies the file. */
  readonly checksum: string;
  readonly #manifests: Partial<Record<Side, Manifest>> = {};

  private constructor(
    private readonly platform: Platform,
    private readonly file: OpenFile,
    private readonly access: RandomAccess,
  ) {
    const {facts, checksum} = decodeLastEnd(access);
    this.facts = facts;
    this.checksum = checksum;
  }

  /**
   * Opens the one of a target; undefined if there is none. @throws FormatError for any damage; SystemError. `describeFault` says
   * what these errors mean.
   */
  static open(platform: Platform, root: Folder): LastManifest | undefined {
    return inState(platform, root, (state) => {
      const stat = emptyStat();
      if (!platform.stat(state, NAMES.last, stat)) return undefined;
      if (stat.code !== CODE.file) throw new FormatError('it is not a file');
      const file = platform.openFile(state, NAMES.last);
      try {
        // A file of the same name that was put there since is read within these limits, and its checksums are wrong.
        const access = {size: stat.size, read: (offset: number, length: number) => platform.readAt(file, offset, length)};
        return new LastManifest(platform, file, access);
      } catch (error) {
        platform.close(file);
        throw error;
      }
    });
  }

  /** The manifest of one tree. @throws FormatError, SystemError. */
  manifest(side: Side): Manifest {
    const known = this.#manifests[side];
    if (known !== undefined) return known;
    const {manifest} = this.facts[side];
    const opened = openManifest(this.access, manifest);
    if (opened.checksum !== manifest.checksum) throw new FormatError(`its manifest of the ${side} is a different one`);
    this.#manifests[side] = opened;
    return opened;
  }

  close(): void {
    this.platform.close(this.file);
  }
}

/** The blocks of one tree for a scan of it; undefined if the file is no longer the one with this checksum. Close them. */
export function openEarlier(platform: Platform, side: Side, {target, checksum}: {target: ByteName; checksum: string}) {
  const root = platform.openRoot(target);
  try {
    const last = LastManifest.open(platform, root);
    if (last === undefined) return undefined;
    try {
      if (last.checksum !== checksum) {
        last.close();
        return undefined;
      }
      const manifest = last.manifest(side);
      const {rows, frames} = manifest;
      return {rows, count: frames.length, read: (index: number) => manifest.block(index), close: () => last.close()};
    } catch (error) {
      last.close();
      throw error;
    }
  } finally {
    platform.close(root);
  }
}

/** Encodes a block whose devices are numbers below `devices`. @throws FormatError if it cannot be encoded. */
export function encodeNumbered(block: Block, devices: number): Uint8Array {
  return encodeFrame(block, new Devices(numbersTo(devices)));
}

function numbersTo(end: number): number[] {
  return Array.from({length: end}, (_, i) => i);
}

/** Describes an error of this file, as the end of a sentence. @throws any other error, which is a bug, unchanged. */
export function describeFault(error: unknown): string {
  return error instanceof FormatError ? error.message : errnoOf(error);
}

/** The entries of one tree, to be written. */
export interface NewTree extends Omit<LastTree, 'manifest'> {
  readonly frames: Iterable<{readonly bytes: Uint8Array; readonly first: RelPath}>;
  /** The number of its file systems. */
  readonly devices: number;
}

export interface NewLast extends Omit<LastFacts, Side> {
  readonly source: NewTree;
  readonly target: NewTree;
  /** Whether it is flushed to disk before it gets its name. */
  readonly flush: boolean;
}

/** Writes the remembered manifest in one step. @throws FormatError if a tree has too much of something; SystemError. */
export function writeLastManifest(platform: Platform, root: Folder, last: NewLast): void {
  const {source, target, flush, ...facts} = last;
  const write = (put: (bytes: Uint8Array) => void) => {
    let offset = 0;
    const tree = ({frames, devices, ...rest}: NewTree): LastTree => {
      const writer = new ManifestWriter({}, put);
      for (const {bytes, first} of frames) writer.add(bytes, first);
      const {length, checksum} = writer.finish({}, numbersTo(devices));
      offset += length;
      return {...rest, manifest: {offset: offset - length, length, checksum}};
    };
    put(encodeLastEnd({...facts, source: tree(source), target: tree(target)}));
  };
  inState(platform, root, (state) => {
    const stat = emptyStat();
    // Else it could not be replaced.
    if (platform.stat(state, NAMES.last, stat) && stat.code === CODE.directory) removeNote(platform, root, NAMES.last);
  });
  replaceInState(platform, root, NAMES.last, {write, flush});
}
