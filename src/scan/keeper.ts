/**
 * The memory of a scan: what it knows of an earlier scan of the same tree, and what it sends along to be remembered for later ones.
 * Files and their format are passed in.
 */
import type {Block} from '../core/block.js';
import type {BlockWriter} from '../core/block-writer.js';
import type {ByteName} from '../core/name.js';
import type {Side} from '../core/problem.js';
import {DeviceNumbers, type EarlierBlocks, Recall, type RecallOptions} from './recall.js';

/** How a scan uses what is remembered. */
export interface MemoryTask {
  /** Undefined if nothing is remembered. */
  readonly earlier?: EarlierScan | undefined;
  /** Whether this scan is remembered: then its blocks are also sent as they will be stored. */
  readonly isKept: boolean;
}

/** An earlier scan in the remembered manifest of a target. */
interface EarlierScan extends Pick<RecallOptions, 'before' | 'hasXattrs'> {
  /** The root of the target. */
  readonly target: ByteName;
  /** Identifies the remembered manifest, since another run may replace it at any time. */
  readonly checksum: string;
}

/** A block as it will be remembered: the index of the same block of the earlier scan, or the new block in encoded form. */
export type KeptBlock =
  | {readonly same: number; readonly bytes?: undefined}
  | {readonly same?: undefined; readonly bytes: Uint8Array};

/** Reads and encodes what is remembered. */
export interface MemoryCodec {
  /** Opens the blocks of an earlier scan; undefined if they are gone. */
  readonly open: (side: Side, earlier: EarlierScan) => OpenBlocks | undefined;
  /** `devices`: the number of file systems so far. @throws Error if the block cannot be encoded. */
  readonly encode: (block: Block, devices: number) => Uint8Array;
  /** Describes an error of these functions, as the end of a sentence. @throws other errors, which are bugs, unchanged. */
  readonly describe: (error: unknown) => string;
}

export interface OpenBlocks extends EarlierBlocks {
  close(): void;
}

/** What a scan says about its memory at its end. */
export interface MemoryAnswer {
  /** When the scan began, in seconds since 1970. */
  readonly started: number;
  /** The number of file systems of the tree. */
  readonly devices: number;
  /** See `Recall.racy`. */
  readonly racy: number;
  /** Why the earlier scan could not be read to its end. */
  readonly unread: string | undefined;
  /** Why this scan cannot be remembered. */
  readonly unkept: string | undefined;
}

/** Serves one scan. Close it. */
export class Keeper {
  readonly #started = Math.floor(Date.now() / 1000);
  readonly #devices = new DeviceNumbers();
  readonly #opened: OpenBlocks | undefined;
  #recall: Recall | undefined;
  #unread: string | undefined;
  #unkept: string | undefined;

  constructor(
    private readonly task: MemoryTask,
    side: Side,
    private readonly codec: MemoryCodec,
  ) {
    const {earlier} = task;
    if (earlier === undefined) return;
    try {
      this.#opened = codec.open(side, earlier);
    } catch (error) {
      this.#unread = codec.describe(error);
    }
  }

  /** What the walk asks; undefined if there is no earlier scan. `writer`: the writer of the walk. */
  recall(writer: BlockWriter): Recall | undefined {
    const {earlier} = this.task;
    if (this.#opened === undefined || earlier === undefined) return undefined;
    const {before, hasXattrs} = earlier;
    this.#recall = new Recall({blocks: this.#opened, before, hasXattrs, now: this.#started, writer});
    return this.#recall;
  }

  /** Returns a finished block as it will be remembered; undefined if it is not. */
  keep(block: Block): KeptBlock | undefined {
    if (!this.task.isKept || this.#unkept !== undefined) return undefined;
    const numbered = {...block, device: this.#devices.of(block)};
    const same = this.#recall?.same(numbered);
    if (same !== undefined) return {same};
    try {
      return {bytes: this.codec.encode(numbered, this.#devices.count)};
    } catch (error) {
      this.#unkept = this.codec.describe(error);
      return undefined;
    }
  }

  answer(): MemoryAnswer {
    const fault = this.#recall?.fault;
    return {
      started: this.#started,
      devices: this.#devices.count,
      racy: this.#recall?.racy ?? 0,
      unread: fault === undefined ? this.#unread : this.codec.describe(fault),
      unkept: this.#unkept,
    };
  }

  close(): void {
    this.#opened?.close();
  }
}
