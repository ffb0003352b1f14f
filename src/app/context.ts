/** The context of a command: where it reports events, what stops it, and the clock; and the workers of a run. */
import {randomBytes} from 'node:crypto';
import {DirsyncError} from '../core/errors.js';
import type {Listener} from '../core/event.js';
import type {IoPriority} from '../core/priority.js';
import {WorkerPool} from '../platform/pool.js';
import {lowerPriority} from '../platform/priority.js';
import {formatDuration} from '../report/words/units.js';

/** What a command needs from its surroundings: clock, signals, listener and workers. */
export interface Context {
  readonly onEvent: Listener;
  /** Stops the work when it aborts. Its reason is a `Stop`. */
  readonly signal: AbortSignal;
  /** Registers what SIGHUP does instead of stopping the program. It still stops if `act` returns 'stop'. */
  readonly onHangUp?: (act: () => 'stop' | undefined) => void;
  readonly now: () => Date;
  /** The command line as it was typed. Shown to other runs that find the target locked. */
  readonly command?: string;
  /** The id of the run. Without it, a new one is made. */
  readonly runId?: string;
}

/**
 * The run was stopped from outside before it changed anything.
 *
 * @example
 * const stopped = {...context, signal: AbortSignal.abort('SIGINT')};
 * const error = await planTrees(settings, stopped).catch((error) => error);
 * error instanceof Interrupted; // → true
 */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** The longest delay that a timer supports. */
const MOST_TIMER_MS = 2 ** 31 - 1;

/** Stops `body` cleanly after `limit` milliseconds. @throws DirsyncError OUT_OF_TIME if it had not changed anything by then. */
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

/** The warning is shown once per process, not once per run. */
let isFaultTold = false;

/** Settings for the worker threads of a command. */
export interface Workers {
  /** Number of workers; undefined: one per processor. */
  readonly size?: number | undefined;
  /** Priority of this process for disks and processors; default: `normal`. */
  readonly ioPriority?: IoPriority | undefined;
  /** Bytes of content per second, for all workers together; undefined: no limit. */
  readonly rate?: number | undefined;
}

/** Runs `body` with a pool of workers, which the context's signal stops. Closes the pool at the end. @throws Interrupted */
export async function withWorkers<Result>(
  {size, rate, ioPriority = 'normal'}: Workers,
  {signal, onEvent}: Context,
  body: (pool: WorkerPool) => Promise<Result>,
) {
  if (signal.aborted) throw new Interrupted();
  // Before the pool opens, because a thread inherits the priority of the thread that starts it.
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

/** Returns a new id for a plan or a run. Ids sort by time and are valid file names. */
export function newId(now: Date): string {
  const time = now.toISOString().replaceAll(/[-:.]/g, '');
  return `${time}-${randomBytes(3).toString('hex')}`;
}

/** Returns whether a text has the form of a run id. */
export function isRunId(text: string): boolean {
  return /^\d{8}T\d{9}Z-[0-9a-f]{6}$/.test(text);
}
