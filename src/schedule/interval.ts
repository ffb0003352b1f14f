/**
 * Runs work again and again, at whole intervals from the first start.
 *
 *   working ──ended──▶ waiting ──tick──▶ working
 *      └───── stop ──────┴──▶ stopped
 *
 * Runs never overlap: one that outlasts its interval skips the ticks that it missed, and the next is the first one after it.
 */

export interface IntervalOptions {
  /** Milliseconds between two starts. */
  readonly every: number;
  readonly work: () => Promise<void>;
  /** Milliseconds on a clock that never jumps. */
  readonly clock: () => number;
  /** Resolves after so many milliseconds, or as soon as `signal` is aborted. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
  /** Told before each wait: how long it is, and how many ticks the run just ended has missed. */
  readonly onWait: (milliseconds: number, missed: number) => void;
}

/** Ends when `signal` is aborted and the work at hand has ended. */
export async function runAtInterval({every, work, clock, sleep, signal, onWait}: IntervalOptions): Promise<void> {
  const first = clock();
  let tick = 0;
  while (!signal.aborted) {
    await work();
    if (signal.aborted) return;
    const due = Math.floor((clock() - first) / every) + 1;
    const missed = due - tick - 1;
    tick = due;
    const wait = first + due * every - clock();
    onWait(wait, missed);
    await sleep(wait, signal);
  }
}
