/** How long something of others may take. */

export interface TimeLimit {
  readonly timeout: number;
  readonly signal: AbortSignal;
  /** Milliseconds that are left once `signal` is aborted: none, unless said. */
  readonly linger?: number | undefined;
}

export type LimitReached = 'timed-out' | 'stopped';

/** A timer that is set to more would fire at once. */
const LONGEST = 2 ** 31 - 1;

/** Calls `onReached` when the time is over; answers what takes that back. */
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
