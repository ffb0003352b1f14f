/** Finds single rows of a manifest by their paths. Fast if the paths come in canonical order, since one frame is kept. */
import type {Block} from '../core/block.js';
import {BlockPaths} from '../core/block-paths.js';
import {parentPath, type RelPath} from '../core/path.js';
import type {IndexedFrame, Manifest} from './manifest-file.js';

/** A row of a block. */
export interface FoundRow {
  readonly block: Block;
  readonly index: number;
}

export class ManifestRows {
  #frame = -1;
  #block: Block | undefined;
  readonly #rows = new Map<RelPath, number>();

  constructor(private readonly manifest: Manifest) {}

  /** The row at a path; undefined if there is none. @throws FormatError as `Manifest.block` does. */
  rowAt(path: RelPath): FoundRow | undefined {
    const {from} = this.manifest.framesAt(path);
    if (from !== this.#frame) this.#load(from);
    const index = this.#rows.get(path);
    return index === undefined || this.#block === undefined ? undefined : {block: this.#block, index};
  }

  #load(frame: number): void {
    this.#rows.clear();
    this.#frame = frame;
    const {first} = this.manifest.frames[frame] as IndexedFrame;
    const block = this.manifest.block(frame);
    this.#block = block;
    let i = 0;
    for (const path of new BlockPaths(parentPath(first)).rows(block)) this.#rows.set(path, i++);
  }
}
