/** A scan as the planner reads it: a stream of blocks from a worker, with the problems met on the way. */
import type {Block} from '../core/block.js';
import type {Problem} from '../core/problem.js';
import type {WorkerPool} from '../platform/pool.js';
import type {ScanAnswer, ScanJob, ScanMessage} from './job.js';

export interface Scan {
  readonly blocks: AsyncIterable<Block>;
  /** Settles after the last block was read. */
  readonly answer: Promise<ScanAnswer>;
  /** Grows while the blocks are read; whole when `answer` settles. */
  readonly problems: readonly Problem[];
}

export function startScan(pool: WorkerPool, worker: number, job: ScanJob): Scan {
  const stream = pool.stream<ScanMessage, ScanAnswer>(worker, job);
  const problems: Problem[] = [];
  const answer = stream.answer.then((result) => {
    for (const found of result.problems) problems.push(found);
    return result;
  });
  // Whoever reads the blocks awaits the answer; until then a failure is not an unhandled one.
  answer.catch(() => {});
  return {blocks: readBlocks(stream, answer, problems), answer, problems};
}

async function* readBlocks(
  stream: AsyncIterable<ScanMessage>,
  answer: Promise<ScanAnswer>,
  problems: Problem[],
): AsyncGenerator<Block> {
  for await (const message of stream) {
    for (const found of message.problems) problems.push(found);
    yield message.block;
  }
  // A stream that ends because its worker failed must not pass for a tree that ends here: what it did not list is not gone.
  const {stopped} = await answer;
  if (stopped) throw new ScanStopped();
}

/** A scan was ended from outside. */
export class ScanStopped extends Error {
  override readonly name = 'ScanStopped';
}
