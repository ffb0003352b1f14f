/** Time limits of commands and calls. */

/** A time limit in milliseconds, and a signal that ends the work early. */
export interface TimeLimit {
  readonly timeout: number;
  readonly signal: AbortSignal;
  /** Milliseconds that are left after `signal` is aborted; 0 by default. */
  readonly linger?: number | undefined;
}

export type LimitReached = 'timed-out' | 'stopped';

/** A longer timer would fire at once. */
const LONGEST = 2 ** 31 - 1;

/** Calls `onReached` when the time is over. Returns a function that cancels it. */
export function startLimit({timeout, signal, linger = 0}: TimeLimit, onReached: (why: LimitReached) => void): () => void {
  let timer = setTimeout(onReached, Math.min(timeout, LONGEST), 'timed-out');
  const hurry = () => {
    clearTimeout(timer);
    timer = setTimeout(onReached, linger, 'stopped');
  };
  if (signal.aborted) hurry();
  else signal.addEventListener('abort', hurry);
  return () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', hurry);
  };
}
