/** The memory that what is read from a file may take. */
import {getHeapStatistics} from 'node:v8';

/**
 * A plan or a run is held as a whole, so what bounds it is memory: half of Node's, the rest is for the work with it. An action
 * takes 400 bytes or so: 5 million of them fit in the 4 GiB that Node takes by itself on a large machine.
 */
const MAX_HEAP_SHARE = 0.5;

export const MORE_MEMORY = 'give it more memory, such as NODE_OPTIONS=--max-old-space-size=8192';

/** Says that too much was read, or undefined. To be asked after each chunk. */
export function heapFault(): string | undefined {
  const {used_heap_size: used, heap_size_limit: limit} = getHeapStatistics();
  if (used <= limit * MAX_HEAP_SHARE) return undefined;
  const mib = Math.floor((limit * MAX_HEAP_SHARE) / 2 ** 20);
  return `what was read up to here takes more than the ${mib} MiB that it may take`;
}
