/** Runs a job at the times that its state machine gives, until it is stopped. */
import type {RunResult} from '../core/job-run.js';
import type {Schedule} from '../core/schedule.js';
import type {WallTime} from './calendar.js';
import {Machine, type Now, type Step} from './machine.js';

/** What the loop needs from outside. */
export interface LoopOptions {
  readonly schedule: Schedule;
  readonly clock: () => Now;
  /** Resolves after this many milliseconds, or when the signal is aborted. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  readonly work: () => Promise<RunResult>;
  readonly signal: AbortSignal;
  /** Called before each wait with the time of the next run; undefined if none is due. */
  readonly onWait: (next: WallTime | undefined) => void;
  readonly onSkipped: (skipped: NonNullable<Step['skipped']>) => void;
  readonly random?: () => number;
}

/** The longest sleep at a time, so that a changed clock or a suspended machine is noticed this soon. */
const MOST_SLEEP_MS = 30_000;
/** If the next run moves by less than this, because clocks drift, it is not reported again. */
const SAME_MS = 1_500;

/** Runs one job on its schedule. */
export class Loop {
  readonly #machine: Machine;
  #wake = new AbortController();

  constructor(private readonly options: LoopOptions) {
    this.#machine = new Machine(options.schedule, options.clock(), options.random);
  }

  /** Resolves when the signal is aborted and the current run has ended. */
  async run(): Promise<void> {
    const {clock, sleep, work, signal, onWait, onSkipped} = this.options;
    const stop = () => {
      this.#machine.stop();
      this.#wake.abort();
    };
    if (signal.aborted) return;
    signal.addEventListener('abort', stop, {once: true});
    let told: WallTime | undefined | null = null;
    while (this.#machine.state === 'waiting') {
      const {wait, skipped} = this.#machine.look(clock());
      if (skipped) onSkipped(skipped);
      if (wait > 0) {
        const next = Number.isFinite(wait) ? clock().wall + wait : undefined;
        if (told === null || next === undefined || told === undefined ? told !== next : Math.abs(next - told) > SAME_MS)
          onWait(next);
        told = next;
        await sleep(Math.min(wait, MOST_SLEEP_MS), this.#wake.signal);
        if (this.#wake.signal.aborted) this.#wake = new AbortController();
        continue;
      }
      this.#machine.began(clock());
      const result = await work();
      const {skipped: missed} = this.#machine.ended(result, clock());
      if (missed) onSkipped(missed);
      told = null;
    }
    signal.removeEventListener('abort', stop);
  }

  /** Reports a change of the source. */
  changed(): void {
    this.#machine.changed(this.options.clock());
    this.#wake.abort();
  }

  /** Requests a run now. */
  ask(): void {
    this.#machine.ask();
    this.#wake.abort();
  }

  reload(schedule: Schedule): void {
    if (this.#machine.state === 'stopped') return;
    this.#machine.reload(schedule, this.options.clock());
    this.#wake.abort();
  }
}
