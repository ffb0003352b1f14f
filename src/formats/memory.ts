/** The memory that a plan or a run may take. */
import {getHeapStatistics, setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';

/**
 * A plan or a run is held as a whole, so what bounds it is memory: half of Node's, the rest is for the work with it. An action
 * takes 400 bytes or so: 5 million of them fit in the 4 GiB that Node takes by itself on a large machine.
 */
const MAX_HEAP_SHARE = 0.5;

/** So much more is taken before it is asked again how much of it is held: a collection takes some seconds in a heap of gigabytes. */
const COLLECTED_EVERY = 1 / 32;

/** Up to here it is known that less than the limit is held. */
let checked = 0;

/** Says that there is too much, or undefined. To be asked after each chunk. */
export function heapFault(): string | undefined {
  const {used_heap_size: used, heap_size_limit: limit} = getHeapStatistics();
  const most = limit * MAX_HEAP_SHARE;
  if (used <= Math.max(most, checked)) return undefined;
  // What nobody holds any more is no reason to refuse a plan, such as that of the run before.
  collect();
  const held = getHeapStatistics().used_heap_size;
  if (held <= most) {
    checked = held + limit * COLLECTED_EVERY;
    return undefined;
  }
  return `takes more than ${Math.floor(most / 2 ** 20)} MiB, half of the memory that Node has`;
}

let collectGarbage: (() => void) | undefined;

/** Node has the function only with this flag, which may be set at any time. */
function collect(): void {
  if (collectGarbage === undefined) {
    setFlagsFromString('--expose-gc');
    collectGarbage = runInNewContext('gc') as () => void;
  }
  collectGarbage();
}
