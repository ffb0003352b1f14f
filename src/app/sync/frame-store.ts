/** The frames of two scans, from the scans until they are remembered: in memory, and beyond a limit in a file without a name. */
import {randomUUID} from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type {RelPath} from '../../core/path.js';
import type {Side} from '../../core/problem.js';

/** The most bytes in memory. */
const MOST_BYTES = 64 << 20;

/** A frame of a new remembered manifest: the frame of the old one with this number, or a new one. */
type Stored = {readonly first: RelPath} & (
  | {readonly same: number}
  | {readonly bytes: Uint8Array}
  | {readonly offset: number; readonly length: number}
);

/** Close it. */
export class FrameStore {
  readonly #frames: Record<Side, Stored[]> = {source: [], target: []};
  #bytes = 0;
  #file: number | undefined;
  #length = 0;

  constructor(private readonly most = MOST_BYTES) {}

  /** Adds the next frame of a tree: one of the old manifest. `first`: the path of its first row. */
  addSame(side: Side, first: RelPath, same: number): void {
    this.#frames[side].push({first, same});
  }

  /** Adds a new one. @throws an error of node:fs. */
  add(side: Side, first: RelPath, bytes: Uint8Array): void {
    if (this.#bytes + bytes.length <= this.most) {
      this.#bytes += bytes.length;
      this.#frames[side].push({first, bytes});
      return;
    }
    this.#file ??= nameless();
    for (let at = 0; at < bytes.length; ) at += fs.writeSync(this.#file, bytes, at, bytes.length - at, this.#length + at);
    this.#frames[side].push({first, offset: this.#length, length: bytes.length});
    this.#length += bytes.length;
  }

  /** Whether a tree has exactly the frames of an old manifest, whose first paths are given. */
  isSame(side: Side, firsts: readonly RelPath[]): boolean {
    const frames = this.#frames[side];
    return (
      frames.length === firsts.length &&
      frames.every((frame, i) => 'same' in frame && frame.same === i && frame.first === firsts[i])
    );
  }

  /** Whether any frame is taken from the old manifest. */
  get needsOld(): boolean {
    return [...this.#frames.source, ...this.#frames.target].some((frame) => 'same' in frame);
  }

  /** All frames of a tree. `old`: returns a frame of the old manifest. @throws what `old` throws, or an error of node:fs. */
  *all(side: Side, old: (index: number) => Uint8Array): Generator<{bytes: Uint8Array; first: RelPath}, undefined> {
    for (const frame of this.#frames[side]) {
      const bytes = 'same' in frame ? old(frame.same) : 'bytes' in frame ? frame.bytes : this.#read(frame);
      yield {bytes, first: frame.first};
    }
  }

  #read({offset, length}: {offset: number; length: number}): Uint8Array {
    const bytes = Buffer.alloc(length);
    for (let at = 0; at < length; ) {
      const got = fs.readSync(this.#file as number, bytes, at, length - at, offset + at);
      if (got === 0) throw new Error('a file without a name became shorter');
      at += got;
    }
    return bytes;
  }

  close(): void {
    if (this.#file !== undefined) fs.closeSync(this.#file);
    this.#file = undefined;
  }
}

/** Opens a private file that nobody else can open, and that is gone when it is closed. */
function nameless(): number {
  const name = path.join(os.tmpdir(), `dirsync-${randomUUID()}`);
  const file = fs.openSync(name, 'wx+', 0o600);
  fs.unlinkSync(name);
  return file;
}
