/** A machine with two clocks, on which time passes only during sleeps, and a loop on it. */
import type {RunResult} from '../../src/core/job-run.js';
import type {Schedule} from '../../src/core/schedule.js';
import {Loop} from '../../src/schedule/loop.js';
import {schedule} from './schedule.js';

/** Durations are milliseconds. */
export interface Story {
  readonly schedule: Partial<Schedule>;
  /** ISO 8601, UTC. */
  readonly from?: string;
  /** How long the loop runs. */
  readonly lasts: number;
  /** How long the n-th run takes, counted from 1. */
  readonly takes?: (run: number) => number;
  readonly ends?: (run: number) => RunResult;
  /** Events, by the time after the start. */
  readonly happens?: readonly (readonly [after: number, what: (world: World) => void])[];
  readonly random?: () => number;
}

export class World {
  steady = 5_000_000;
  wall: number;
  readonly told: string[] = [];
  /** Wall times. */
  readonly starts: number[] = [];
  readonly loop: Loop;
  readonly #controller = new AbortController();
  readonly #due: (readonly [at: number, what: (world: World) => void])[];

  constructor(story: Story) {
    const {takes = () => 0, ends = () => 'success', random = () => 0} = story;
    this.wall = Date.parse(story.from ?? '2026-01-01T00:00:00Z');
    this.#due = [...(story.happens ?? []), [story.lasts, () => this.#controller.abort()] as const]
      .map(([after, what]) => [this.steady + after, what] as const)
      .sort(([a], [b]) => a - b);
    this.loop = new Loop({
      schedule: schedule(story.schedule),
      clock: () => ({wall: this.wall, steady: this.steady}),
      sleep: async (milliseconds, signal) => this.#pass(milliseconds, signal),
      work: async () => {
        const run = this.starts.push(this.wall);
        this.told.push(`run ${this.#time()}`);
        this.#pass(takes(run));
        return ends(run);
      },
      signal: this.#controller.signal,
      onWait: () => {},
      onSkipped: ({times, why}) => this.told.push(`${times} skipped, ${why}`),
      random,
    });
  }

  async live(): Promise<this> {
    await this.loop.run();
    return this;
  }

  /** Sets the clock. */
  set(by: number): void {
    this.wall += by;
  }

  /** The machine sleeps: nothing runs, and both clocks advance. */
  sleep(milliseconds: number): void {
    this.#advance(this.steady + milliseconds);
  }

  /** Due events happen meanwhile; the signal ends it early. */
  #pass(milliseconds: number, signal?: AbortSignal): void {
    const until = this.steady + milliseconds;
    while (!signal?.aborted) {
      const [first] = this.#due;
      if (first === undefined || first[0] > until) {
        this.#advance(until);
        return;
      }
      this.#due.shift();
      this.#advance(first[0]);
      first[1](this);
    }
  }

  #advance(to: number): void {
    const by = Math.max(0, to - this.steady);
    this.steady += by;
    this.wall += by;
  }

  #time(): string {
    return new Date(this.wall).toISOString().slice(5, 19).replace('T', ' ');
  }
}
