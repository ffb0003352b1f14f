/** Runs a job whenever its machine says so, until it is stopped. */
import type {RunResult} from '../core/job-run.js';
import type {Schedule} from '../core/schedule.js';
import type {WallTime} from './calendar.js';
import {Machine, type Now, type Step} from './machine.js';

export interface LoopOptions {
  readonly schedule: Schedule;
  readonly clock: () => Now;
  /** Resolves after so many milliseconds, or as soon as the signal is aborted. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  readonly work: () => Promise<RunResult>;
  readonly signal: AbortSignal;
  /** Told before each wait, unless it is none; undefined: nothing is due. */
  readonly onWait: (next: WallTime | undefined) => void;
  readonly onSkipped: (skipped: NonNullable<Step['skipped']>) => void;
  readonly random?: () => number;
}

/** The longest sleep at a time: so soon it is seen that the clock was set or that the machine slept. */
const MOST_SLEEP_MS = 30_000;
/** A next run that moves by less, as clocks drift, is not told anew. */
const SAME_MS = 1_500;

export class Loop {
  readonly #machine: Machine;
  #wake = new AbortController();

  constructor(private readonly options: LoopOptions) {
    this.#machine = new Machine(options.schedule, options.clock(), options.random);
  }

  /** Ends when the signal is aborted and the work at hand has ended. */
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

  /** A change of the source was heard. */
  changed(): void {
    this.#machine.changed(this.options.clock());
    this.#wake.abort();
  }

  /** Somebody wants a run now. */
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
