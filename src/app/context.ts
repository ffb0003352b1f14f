/** What every command's function works with: where it reports to, what stops it, and what time it is. */
import {randomBytes} from 'node:crypto';
import type {Listener} from '../core/event.js';
import {WorkerPool} from '../platform/pool.js';

export interface Context {
  readonly onEvent: Listener;
  /** Aborted by SIGINT or SIGTERM, whose name is its reason. */
  readonly signal: AbortSignal;
  readonly now: () => Date;
  /** As it was typed: what another run is told that finds the target locked. */
  readonly command?: string;
}

/** The run was ended from outside before it had changed anything. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** Runs `body` with workers that end with it, and that a signal asks to stop. */
export async function withWorkers<Result>(
  size: number | undefined,
  {signal}: Context,
  body: (pool: WorkerPool) => Promise<Result>,
) {
  const pool = WorkerPool.open(size);
  const stop = () => pool.stop();
  signal.addEventListener('abort', stop);
  try {
    return await body(pool);
  } finally {
    signal.removeEventListener('abort', stop);
    await pool.close();
  }
}

/** Names a plan or a run: sorts by time, and is a plain file name. */
export function newId(now: Date): string {
  const time = now.toISOString().replaceAll(/[-:.]/g, '');
  return `${time}-${randomBytes(3).toString('hex')}`;
}
