/** The main file of worker threads: runs one task after another, each synchronously. Errors are sent back unchanged. */
import {parentPort, workerData} from 'node:worker_threads';
import {type BatchTask, leave, performBatch} from './apply/batch.js';
import {answer, type QuestionTask} from './apply/question.js';
import type {Filtering} from './core/filter.js';
import {platform} from './platform/choose.js';
import {SharedPace, workersClock} from './platform/pace.js';
import type {Folder} from './platform/platform.js';
import {AT, COUNTERS, LEAVE, type Reply, type Request, STOP, toWire, type WorkerData} from './platform/pool.js';
import {leftOutBy} from './scan/decide.js';
import type {MemoryCodec} from './scan/keeper.js';
import {type ScanTask, scan} from './scan/task.js';
import {describeFault, encodeNumbered, openEarlier} from './state/last-manifest.js';

const port = parentPort as NonNullable<typeof parentPort>;
const {shared, index} = workerData as WorkerData;
const slot = index * COUNTERS;
const pace = new SharedPace(shared.allowance, workersClock(shared.control, STOP));

/** Adds to this worker's counters; false if the run must stop. */
function count(entries: number, bytes: number): boolean {
  // No other thread writes to this slot; readers may see slightly older values.
  shared.counters[slot] = (shared.counters[slot] as number) + entries;
  shared.counters[slot + 1] = (shared.counters[slot + 1] as number) + bytes;
  return Atomics.load(shared.control, STOP) === 0;
}

/** Records this worker's current action. */
function at(index: number | undefined): void {
  shared.counters[slot + AT] = index === undefined ? 0 : index + 1;
}

function leftOut(root: Folder, filtering: Filtering) {
  return leftOutBy({platform: platform(), root, filtering});
}

function run(task: ScanTask | BatchTask | QuestionTask | typeof LEAVE, {id, credit}: Request): unknown {
  if (task === LEAVE) return leave();
  if (task.type === 'batch') return performBatch(task, {worker: index, count, at, leftOut, pace});
  if (task.type === 'question') return answer(task, {goOn: () => count(0, 0), pace});
  const send = (message: unknown, transfer: ArrayBuffer[]) => {
    if (credit !== undefined) takeCredit(credit);
    port.postMessage({id, message} satisfies Reply, transfer);
  };
  return scan(task, {send, onProgress: (entries) => count(entries, 0), memory: MEMORY});
}

/** How scans read and encode what is remembered. */
const MEMORY: MemoryCodec = {
  open: (side, earlier) => openEarlier(platform(), side, earlier),
  encode: encodeNumbered,
  describe: describeFault,
};

function takeCredit(credit: Int32Array): void {
  while (Atomics.load(credit, 0) <= 0) Atomics.wait(credit, 0, 0);
  Atomics.sub(credit, 0, 1);
}

// Without the request there is no id to answer to, so the worker ends, which the pool notices.
port.on('messageerror', (error) => {
  throw error;
});

port.on('message', (request: Request) => {
  try {
    port.postMessage({id: request.id, answer: run(request.task as Parameters<typeof run>[0], request)} satisfies Reply);
  } catch (error) {
    port.postMessage({id: request.id, error: toWire(error)} satisfies Reply);
  }
});
