/** Decides which entries of the source are not copied: those that the target cannot hold, and those that are not wanted. */
import {CODE} from '../core/block.js';
import type {PlanOptions} from '../core/plan.js';
import {canMake, isWantedSize} from './compare.js';
import {type Frame, isOnRootDevice} from './frame.js';
import type {Reader} from './reader.js';

/** The policies for entries that the target does not get. */
export interface LimitOptions {
  readonly policy: PlanOptions;
  /** Whether the target can hold a new name. */
  readonly holdsName?: ((name: string) => boolean) | undefined;
  /**
   * The largest file that the target's own file system can hold, in bytes. For other file systems mounted in it, it is not known.
   */
  readonly largestFile?: number | undefined;
}

/** Judges the current row of the source. */
export class Limits {
  constructor(
    private readonly source: Reader,
    private readonly options: LimitOptions,
  ) {}

  /** It cannot be created in the target: it is left out, and what the target has at its path stays. */
  get cannotMake(): boolean {
    return !canMake(this.source.code, this.options.policy);
  }

  /** A file that is left alone because of its size. It may have moved from another path, where it is then not deleted. */
  get isOtherSize(): boolean {
    const {code, block, index} = this.source;
    return code === CODE.file && !isWantedSize(block.size[index] as number, this.options.policy);
  }

  /** Whether the target cannot hold a file this large. `frame`: the nearest existing folder of the target above it. */
  isTooLarge(frame: Frame | undefined): boolean {
    const {largestFile = Infinity} = this.options;
    const {code, block, index} = this.source;
    if (code !== CODE.file || (block.size[index] as number) <= largestFile) return false;
    return frame === undefined || isOnRootDevice(frame);
  }

  /** Why the target cannot hold a new entry, as a problem's code; undefined if it can. */
  unheld(frame: Frame | undefined): string | undefined {
    if (this.options.holdsName?.(this.source.name()) === false) return 'NAME_NOT_HELD';
    return this.isTooLarge(frame) ? 'FILE_TOO_LARGE' : undefined;
  }
}
