/**
 * Full volumes of the target. After a write has failed for lack of space, files of at least that size are not tried any more, which
 * would only fail a million times. Smaller files may fit, so they are tried; each failure lowers the mark. Deletes continue: their
 * entries are gone from the source in any case, and they free space for the next run. Each worker keeps its own marks.
 */
import {type Action, bytesOf} from '../core/action.js';
import {parentPath} from '../core/path.js';
import type {WaveStep} from '../plan/waves.js';
import type {Cursor} from '../platform/cursor.js';
import {orNothing} from '../platform/platform.js';
import type {StepResult} from './step.js';

const NO_ROOM: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT']);
const NEED_ROOM: ReadonlySet<WaveStep> = new Set<WaveStep>(['folders', 'writes', 'overwrites', 'exchanges', 'links']);

/** The volumes on which a write of this run failed for lack of space. */
export class FullVolumes {
  /** The size in bytes of the smallest write that failed, by volume. */
  readonly #refused = new Map<string, number>();

  constructor(private readonly target: Cursor | undefined) {}

  isFor(step: WaveStep, action: Action): boolean {
    if (this.#refused.size === 0 || !NEED_ROOM.has(step)) return false;
    const refused = this.#refused.get(this.#volumeOf(action) ?? '');
    return refused !== undefined && bytesOf(action) >= refused;
  }

  learn(step: WaveStep, action: Action, {problem}: StepResult): void {
    if (!NEED_ROOM.has(step) || !NO_ROOM.has(problem?.code)) return;
    const volume = this.#volumeOf(action);
    if (volume !== undefined) this.#refused.set(volume, bytesOf(action));
  }

  #volumeOf({path}: Action): string | undefined {
    // If the folder does not exist, the act itself reports that.
    return orNothing(() => this.target?.volumeAt(parentPath(path)));
  }
}
