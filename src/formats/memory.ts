/** Limits the memory that a plan or a run may take. */
import {getHeapStatistics, setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';

/**
 * The share of Node's memory for a plan or a run, which is held as a whole; the rest is for the work with it. An action takes about
 * 400 bytes, so 5 million of them fit in the 4 GiB that Node uses by default on a large machine.
 */
const MAX_HEAP_SHARE = 0.5;

/** Bytes of growth between two checks, because collecting garbage takes seconds in a heap of gigabytes. */
const COLLECTED_EVERY = 1 / 32;

/** The heap size at the last check that found less than the limit in use. */
let checked = 0;

/** Says that a plan takes too much memory, to follow its name in a message; undefined if it does not. Call it after each chunk. */
export function heapFault(): string | undefined {
  const {used_heap_size: used, heap_size_limit: limit} = getHeapStatistics();
  const most = limit * MAX_HEAP_SHARE;
  if (used <= Math.max(most, checked)) return undefined;
  // Garbage, such as the plan of the previous run, must not count.
  collect();
  const held = getHeapStatistics().used_heap_size;
  if (held <= most) {
    checked = held + limit * COLLECTED_EVERY;
    return undefined;
  }
  return `takes more than ${Math.floor(most / 2 ** 20)} MiB, half of the memory that Node has`;
}

let collectGarbage: (() => void) | undefined;

/** Collects garbage. Node has the function only with this flag, which can be set at any time. */
function collect(): void {
  if (collectGarbage === undefined) {
    setFlagsFromString('--expose-gc');
    collectGarbage = runInNewContext('gc') as () => void;
  }
  collectGarbage();
}
