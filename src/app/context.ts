/** What every command's function works with: where it reports to, what stops it, and what time it is. */
import {randomBytes} from 'node:crypto';
import {DirsyncError} from '../core/errors.js';
import type {Listener} from '../core/event.js';
import type {IoPriority} from '../core/priority.js';
import {WorkerPool} from '../platform/pool.js';
import {lowerPriority} from '../platform/priority.js';
import {formatDuration} from '../report/words/units.js';

export interface Context {
  readonly onEvent: Listener;
  /** Its reason is a `Stop`. */
  readonly signal: AbortSignal;
  /** From now on SIGHUP asks for something else, unless the answer is that it is to stop. */
  readonly onHangUp?: (act: () => 'stop' | undefined) => void;
  readonly now: () => Date;
  /** As it was typed: what another run is told that finds the target locked. */
  readonly command?: string;
  /** The id of the run that this is to be; without it, one is made. */
  readonly runId?: string;
}

/**
 * The run was ended from outside before it had changed anything.
 *
 * @example
 * const stopped = {...context, signal: AbortSignal.abort('SIGINT')};
 * const error = await planTrees(settings, stopped).catch((error) => error);
 * error instanceof Interrupted; // → true
 */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** The longest that a timer can be set to. */
const MOST_TIMER_MS = 2 ** 31 - 1;

/** Stops `body` cleanly after so many milliseconds. @throws DirsyncError OUT_OF_TIME when it had not come to a change. */
export async function withTimeLimit<Result>(
  limit: number | undefined,
  context: Context,
  body: (context: Context) => Promise<Result>,
): Promise<Result> {
  if (limit === undefined) return body(context);
  const {signal} = context;
  const controller = new AbortController();
  const stop = () => controller.abort(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop);
  const timer = setTimeout(() => controller.abort('max-duration'), Math.min(limit, MOST_TIMER_MS));
  try {
    return await body({...context, signal: controller.signal});
  } catch (error) {
    if (!(error instanceof Interrupted) || controller.signal.reason !== 'max-duration') throw error;
    const hint = 'give it more time with --max-duration';
    throw new DirsyncError('OUT_OF_TIME', `the limit was ${formatDuration(limit)}`, hint, {cause: error});
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}

/** Once is enough, however many runs there are. */
let isFaultTold = false;

export interface Workers {
  /** Undefined for as many as there are processors. */
  readonly size?: number | undefined;
  /** How this process stands behind others meanwhile; `normal` without it. */
  readonly ioPriority?: IoPriority | undefined;
  /** Bytes of content that they move in a second, all together; undefined for no limit. */
  readonly rate?: number | undefined;
}

/** Runs `body` with workers that end with it, and that a signal asks to stop. */
export async function withWorkers<Result>(
  {size, rate, ioPriority = 'normal'}: Workers,
  {signal, onEvent}: Context,
  body: (pool: WorkerPool) => Promise<Result>,
) {
  if (signal.aborted) throw new Interrupted();
  // First, since a thread has the priority of the one that starts it.
  const lowered = lowerPriority(ioPriority);
  if (lowered.fault !== undefined && !isFaultTold)
    onEvent({type: 'notice', level: 'warn', about: 'priority', message: lowered.fault});
  isFaultTold ||= lowered.fault !== undefined;
  const pool = WorkerPool.open(size);
  pool.limit(rate);
  const stop = () => pool.stop();
  signal.addEventListener('abort', stop);
  try {
    return await body(pool);
  } finally {
    signal.removeEventListener('abort', stop);
    await pool.close();
    lowered.end();
  }
}

/** Names a plan or a run: sorts by time, and is a plain file name. */
export function newId(now: Date): string {
  const time = now.toISOString().replaceAll(/[-:.]/g, '');
  return `${time}-${randomBytes(3).toString('hex')}`;
}

export function isRunId(text: string): boolean {
  return /^\d{8}T\d{9}Z-[0-9a-f]{6}$/.test(text);
}
