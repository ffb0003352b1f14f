/** A scan as the planner reads it: a stream of blocks from a worker, with the problems that it found. */
import type {Block} from '../core/block.js';
import type {Problem} from '../core/problem.js';
import type {WorkerPool} from '../platform/pool.js';
import type {KeptBlock} from './keeper.js';
import type {ScanAnswer, ScanMessage, ScanTask} from './task.js';

/** A scan in progress. */
export interface Scan {
  readonly blocks: AsyncIterable<Block>;
  /** Settles when the last block was read. */
  readonly answer: Promise<ScanAnswer>;
  /** Grows while the blocks are read; complete when `answer` settles. */
  readonly problems: readonly Problem[];
}

/** Called for each block before it is read, with the form in which it will be remembered, if it will be. */
export type OnBlock = (block: Block, kept: KeptBlock | undefined) => void;

/** Starts a scan in a worker. Errors come through the blocks and the answer. */
export function startScan(pool: WorkerPool, worker: number, task: ScanTask, onBlock: OnBlock = () => {}): Scan {
  const stream = pool.stream<ScanMessage, ScanAnswer>(worker, task);
  const problems: Problem[] = [];
  const answer = stream.answer.then((result) => {
    for (const found of result.problems) problems.push(found);
    return result;
  });
  // The reader of the blocks awaits the answer later; until then a failure must not count as unhandled.
  answer.catch(() => {});
  return {blocks: readBlocks(stream, answer, {problems, onBlock}), answer, problems};
}

async function* readBlocks(
  stream: AsyncIterable<ScanMessage>,
  answer: Promise<ScanAnswer>,
  {problems, onBlock}: {problems: Problem[]; onBlock: OnBlock},
): AsyncGenerator<Block> {
  for await (const message of stream) {
    for (const found of message.problems) problems.push(found);
    onBlock(message.block, message.kept);
    yield message.block;
  }
  // If the worker failed, the end of the stream is not the end of the tree: entries that it did not list still exist.
  const {stopped} = await answer;
  if (stopped) throw new ScanStopped();
}

/** A scan was stopped. */
export class ScanStopped extends Error {
  override readonly name = 'ScanStopped';
}
