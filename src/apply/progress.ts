/** The progress of a run, for its events. No number ever decreases, and steps that need no work count as done. */
import {type Action, bytesOf} from '../core/action.js';
import type {ApplyPhase, ApplyProgress, ApplyStarted} from '../core/event.js';
import type {Wave} from '../plan/waves.js';
import {AT, type WorkerPool} from '../platform/pool.js';

/** The work of a run. */
export interface ProgressOptions {
  readonly actions: readonly Action[];
  readonly waves: readonly Wave[];
  readonly pool: WorkerPool;
  /** How many actions the plan has, and how many of them are checked before the first change. */
  readonly toDo: number;
  readonly checks: number;
}

/** The progress of one run. */
export class Progress {
  phase: ApplyPhase = 'check';
  readonly #counted: readonly [steps: number, bytes: number];
  readonly #total: {readonly steps: number; readonly bytes: number};
  /** Steps that needed no work, and bytes that are not written. */
  #sparedSteps = 0;
  #sparedBytes = 0;

  constructor(private readonly o: ProgressOptions) {
    const {actions, waves, pool, checks} = o;
    this.#counted = [pool.total(0), pool.total(1)];
    this.#total = {
      steps: checks + waves.reduce((sum, wave) => sum + wave.actions.length, 0),
      bytes: actions.reduce((sum, action) => sum + bytesOf(action), 0),
    };
  }

  started(): ApplyStarted {
    const {toDo, checks} = this.o;
    return {type: 'apply-started', actions: toDo, checks, ...this.#total};
  }

  /** Bytes written by this run. */
  get written(): number {
    return this.o.pool.total(1) - this.#counted[1];
  }

  /** Steps of a wave that need no work. */
  spareSteps(count: number): void {
    this.#sparedSteps += count;
  }

  /** Counts the content of an action that is not written. */
  spareContent(index: number): void {
    this.#sparedBytes += bytesOf(this.o.actions[index] as Action);
  }

  /** `ended`: actions whose outcome is known. */
  now(ended: number): ApplyProgress {
    const {actions, pool} = this.o;
    const {steps, bytes} = this.#total;
    return {
      type: 'apply-progress',
      phase: this.phase,
      actions: ended,
      steps: Math.min(steps, pool.total(0) - this.#counted[0] + this.#sparedSteps),
      totalSteps: steps,
      // A file that failed in the middle counts completely, and one that is tried again counts twice.
      bytes: Math.min(bytes, this.written + this.#sparedBytes),
      totalBytes: bytes,
      current: Array.from({length: pool.size}, (_, worker) => actions[pool.counter(worker, AT) - 1]?.path),
    };
  }
}
