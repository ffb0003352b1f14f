/** What of the source the target does not get: what cannot be made or held there, and what is not wanted. */
import {CODE} from '../core/block.js';
import type {PlanOptions} from '../core/plan.js';
import {canMake, isWantedSize} from './compare.js';
import {type Frame, isOnRootDevice} from './frame.js';
import type {Reader} from './reader.js';

export interface LimitOptions {
  readonly policy: PlanOptions;
  /** Whether the target can hold a new name; asked once for each. */
  readonly holdsName?: ((name: string) => boolean) | undefined;
  /** Bytes of the largest file that the target holds; of what is mounted in it nothing is known. */
  readonly largestFile?: number | undefined;
}

/** Judges the row at which a reader of the source stands. */
export class Limits {
  constructor(
    private readonly source: Reader,
    private readonly options: LimitOptions,
  ) {}

  /** What is of no use to try: it is left out, and what stands in its place stays. */
  get cannotMake(): boolean {
    return !canMake(this.source.code, this.options.policy);
  }

  /** A file that is to be left alone for its size; it may have come from another path, at which it is then not deleted. */
  get isOtherSize(): boolean {
    const {code, block, index} = this.source;
    return code === CODE.file && !isWantedSize(block.size[index] as number, this.options.policy);
  }

  /** `frame`: the folder of the target that it is in, or would be in or below. */
  isTooLarge(frame: Frame | undefined): boolean {
    const {largestFile = Infinity} = this.options;
    const {code, block, index} = this.source;
    if (code !== CODE.file || (block.size[index] as number) <= largestFile) return false;
    return frame === undefined || isOnRootDevice(frame);
  }

  /** Why the target cannot have something new, as a problem's code; undefined where it can. */
  unheld(frame: Frame | undefined): string | undefined {
    if (this.options.holdsName?.(this.source.name()) === false) return 'NAME_NOT_HELD';
    return this.isTooLarge(frame) ? 'FILE_TOO_LARGE' : undefined;
  }
}
