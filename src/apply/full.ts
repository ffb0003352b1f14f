/**
 * Volumes of the target that answered that there is no room. A million writes are not tried in vain then, with a problem for each:
 * what is at least as large as what was refused is not begun. Smaller files may fit, so they are tried; one that is refused lowers
 * the mark. Deletes go on: what they remove is gone from the source, whatever could be written, and they make room for the next
 * run. Each worker learns for itself.
 */
import {type Action, bytesOf} from '../core/action.js';
import {parentPath} from '../core/path.js';
import type {WaveStep} from '../plan/waves.js';
import type {Cursor} from '../platform/cursor.js';
import {errnoOf} from '../platform/platform.js';
import type {StepResult} from './task.js';

const NO_ROOM: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT']);
const NEED_ROOM: ReadonlySet<WaveStep> = new Set<WaveStep>(['folders', 'writes', 'overwrites', 'exchanges', 'links']);

export class FullVolumes {
  /** The bytes of the smallest write that was refused, by volume. */
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
    try {
      return this.target?.volumeAt(parentPath(path));
    } catch (error) {
      // No folder to write into: the act will say so.
      errnoOf(error);
      return undefined;
    }
  }
}
