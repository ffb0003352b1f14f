/**
 * A fixed set of worker threads that run tasks synchronously. A task is plain data; it returns one answer, and may stream messages
 * before. A general pool does not fit: scans stream many transferred blocks with back-pressure, and apply workers keep folders open
 * between tasks (docs/decisions).
 */
import {availableParallelism} from 'node:os';
import {Worker} from 'node:worker_threads';
import {addSizes} from '../core/entry.js';
import {DirsyncError, MORE_MEMORY} from '../core/errors.js';
import {currentFolder, leaveDeletedFolder} from './environment.js';
import {limit, newAllowance} from './pace.js';
import {SystemError} from './platform.js';

/** Memory that all threads share. Only one worker writes to each slot of the counters. */
export interface Shared {
  /** [STOP]: 1 asks every worker to end its task, else 0. */
  readonly control: Int32Array;
  /** `COUNTERS` numbers per worker. */
  readonly counters: Float64Array;
  /** The allowance for content, see `SharedPace`. */
  readonly allowance: BigInt64Array;
}

export const STOP = 0;
export const COUNTERS = 3;
/** The counter for the current action of a worker: its index + 1, or 0. */
export const AT = 2;

/** The last task of a worker: closes its open folders, which would stay open after its thread has ended. */
export const LEAVE = 'leave';

/** The number of messages that a worker may be ahead of the reader of its stream. */
const STREAM_AHEAD = 8;

/** The data with which a worker thread starts. */
export interface WorkerData {
  readonly shared: Shared;
  readonly index: number;
}

/** A job for a worker. */
export interface Request {
  readonly id: number;
  readonly task: unknown;
  /** For a stream: [0] is the number of messages that may still be sent. */
  readonly credit?: Int32Array;
}

/** The messages of a stream come first; then one answer or error ends the request. */
export type Reply =
  | {readonly id: number; readonly message: unknown}
  | {readonly id: number; readonly answer: unknown}
  | {readonly id: number; readonly error: WireError};

/** An error as it is sent between threads: cloning an Error keeps only its message and stack. */
interface WireError {
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: string | undefined;
  readonly syscall: string | undefined;
}

/** Converts an error to plain data for another thread. */
export function toWire(error: unknown): WireError {
  const {message, stack, code, syscall} = error as NodeJS.ErrnoException;
  return {message, stack, code, syscall};
}

function fromWire({message, stack, code, syscall}: WireError): Error {
  const error = code === undefined ? new Error(message) : new SystemError(code, syscall ?? '');
  if (stack !== undefined) error.stack = stack;
  return error;
}

interface Pending {
  readonly onMessage?: (message: unknown) => void;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface Member {
  readonly worker: Worker;
  readonly pending: Map<number, Pending>;
  /** Whether it has got a task. */
  isUsed: boolean;
  /** Why it has ended, or its messages can no longer be read. */
  failure?: unknown;
}

/** At least two, since both trees are read at the same time. */
const DEFAULT_SIZE = Math.max(2, availableParallelism());

/** The messages of a job, then its answer. */
export interface Stream<Message, Answer> extends AsyncIterable<Message> {
  /** Settles when the task has ended and its last message was read. */
  readonly answer: Promise<Answer>;
}

/** The worker threads of a run. */
export class WorkerPool {
  readonly size: number;
  readonly shared: Shared;
  readonly #members: Member[];
  #nextId = 0;
  #isClosing = false;

  /** Idle pools. */
  static #spares: WorkerPool[] = [];
  static #keepsSpares = false;

  /**
   * Perf: starting threads takes as long as loading the command line, so the next pool of the usual size is started early
   * (bench: startup-plan).
   */
  static prepare(): void {
    if (WorkerPool.#spares.length === 0 && leaveDeletedFolder()) WorkerPool.#spares.push(new WorkerPool(DEFAULT_SIZE));
  }

  /** Perf: from now on closed pools are reused, since each thread that ends leaks some memory (bench: run-memory). */
  static keepSpares(): void {
    WorkerPool.#keepsSpares = true;
  }

  /** Ends the pools that were started early or kept and are not in use. */
  static async dropSpares(): Promise<void> {
    WorkerPool.#keepsSpares = false;
    await Promise.all(WorkerPool.#spares.splice(0).map((pool) => pool.close()));
  }

  /** A pool of `size` workers, as many as there are processors by default. Close it. @throws DirsyncError CURRENT_FOLDER. */
  static open(size = DEFAULT_SIZE): WorkerPool {
    if (!leaveDeletedFolder()) currentFolder();
    const spare = WorkerPool.#spares.findIndex((pool) => pool.size === size && pool.#isAlive);
    return WorkerPool.#spares.splice(spare, spare === -1 ? 0 : 1)[0] ?? new WorkerPool(size);
  }

  private constructor(size: number) {
    this.size = size;
    this.shared = {
      control: new Int32Array(new SharedArrayBuffer(4)),
      counters: new Float64Array(new SharedArrayBuffer(8 * COUNTERS * size)),
      allowance: newAllowance(),
    };
    this.#members = Array.from({length: size}, (_, index) => this.#start(index));
  }

  /** Sends a task to one worker, which answers tasks in the order in which it gets them. */
  call<Answer>(index: number, task: unknown): Promise<Answer> {
    return this.#send(index, {id: this.#nextId++, task}) as Promise<Answer>;
  }

  /**
   * Waits for `work` that sends tasks. If one fails, all workers are asked to end, and the error is thrown when all have ended, so
   * that nothing is working on the trees any more.
   */
  async together(work: readonly Promise<unknown>[]): Promise<void> {
    for (const each of work) each.catch(() => this.stop());
    await allEnded(work);
  }

  /** Starts a task that sends messages while it runs. It waits if the reader is too slow. */
  stream<Message, Answer>(index: number, task: unknown): Stream<Message, Answer> {
    const credit = new Int32Array(new SharedArrayBuffer(4));
    credit[0] = STREAM_AHEAD;
    const queue: Message[] = [];
    let ended = false;
    let wake = (): void => {};
    const onMessage = (message: unknown) => {
      queue.push(message as Message);
      wake();
    };
    const request = {id: this.#nextId++, task, credit};
    const answer = this.#send(index, request, onMessage) as Promise<Answer>;
    const end = () => {
      ended = true;
      wake();
    };
    answer.then(end, end);
    return {
      answer,
      async *[Symbol.asyncIterator]() {
        try {
          for (;;) {
            const message = queue.shift();
            if (message !== undefined) {
              yield message;
              Atomics.add(credit, 0, 1);
              Atomics.notify(credit, 0);
            } else if (ended) {
              return;
            } else {
              await new Promise<void>((resolve) => {
                wake = resolve;
              });
            }
          }
        } finally {
          // If the reader left early, the worker must not wait for it.
          Atomics.store(credit, 0, 1 << 30);
          Atomics.notify(credit, 0);
        }
      },
    };
  }

  /** Asks every running task to end soon; each returns what it has. */
  stop(): void {
    Atomics.store(this.shared.control, STOP, 1);
    Atomics.notify(this.shared.control, STOP);
  }

  /** Limits the content that all workers together read and write to `rate` bytes per second. */
  limit(rate: number | undefined): void {
    limit(this.shared.allowance, rate);
  }

  /** Whether the workers were asked to end. Callers that send one task after another stop then. */
  get isStopped(): boolean {
    return Atomics.load(this.shared.control, STOP) !== 0;
  }

  /** The counter `which` of one worker. */
  counter(worker: number, which: number): number {
    return this.shared.counters[worker * COUNTERS + which] as number;
  }

  /** The sum of the counter `which` over all workers. */
  total(which: number): number {
    let sum = 0;
    for (let i = which; i < this.shared.counters.length; i += COUNTERS) sum = addSizes(sum, this.shared.counters[i] as number);
    return sum;
  }

  async close(): Promise<void> {
    const isIdle = this.#isAlive && this.#members.every(({pending}) => pending.size === 0);
    await Promise.all(this.#members.map((member, index) => this.#leave(member, index)));
    if (isIdle && WorkerPool.#keepsSpares) {
      Atomics.store(this.shared.control, STOP, 0);
      this.shared.counters.fill(0);
      this.limit(undefined);
      WorkerPool.#spares.push(this);
      return;
    }
    this.#isClosing = true;
    await Promise.all(this.#members.map(({worker}) => worker.terminate()));
  }

  get #isAlive(): boolean {
    return this.#members.every(isUsable);
  }

  /** Does not wait for a worker that is still busy, since another one has failed. */
  async #leave(member: Member, index: number): Promise<void> {
    if (!member.isUsed || member.pending.size > 0 || !isUsable(member)) return;
    await this.call(index, LEAVE).catch(() => {});
    member.isUsed = false;
  }

  #start(index: number): Member {
    // Built code is always one folder deep, wherever this module ends up: see build.js.
    const worker = new Worker(new URL('../worker.js', import.meta.url), {
      workerData: {shared: this.shared, index} satisfies WorkerData,
    });
    worker.unref();
    const member: Member = {worker, pending: new Map(), isUsed: false};
    worker.on('message', (reply: Reply) => {
      const pending = member.pending.get(reply.id);
      if (pending === undefined) return;
      if ('message' in reply) return pending.onMessage?.(reply.message);
      member.pending.delete(reply.id);
      // An answer that nobody waited for may come while the worker is ending: unref'ed now, the program could end before the worker.
      if (member.pending.size === 0 && !this.#isClosing) worker.unref();
      if ('error' in reply) pending.reject(fromWire(reply.error));
      else pending.resolve(reply.answer);
    });
    const fail = (error: unknown) => {
      member.failure ??= asTyped(error);
      for (const pending of member.pending.values()) pending.reject(member.failure);
      member.pending.clear();
    };
    worker.on('error', fail);
    worker.on('messageerror', fail);
    worker.on('exit', () => fail(new Error('a worker thread ended before its task')));
    return member;
  }

  #send(index: number, request: Request, onMessage?: (message: unknown) => void): Promise<unknown> {
    const member = this.#members[index % this.size] as Member;
    // No worker would answer.
    if (!isUsable(member)) return Promise.reject(member.failure ?? new Error('a worker thread has ended'));
    member.isUsed = true;
    return new Promise((resolve, reject) => {
      member.pending.set(request.id, onMessage ? {onMessage, resolve, reject} : {resolve, reject});
      member.worker.ref();
      member.worker.postMessage(request);
    });
  }
}

function isUsable({worker, failure}: Member): boolean {
  return worker.threadId !== -1 && failure === undefined;
}

/** Node ends a worker that runs out of heap; the program continues. */
function asTyped(error: unknown): unknown {
  if ((error as NodeJS.ErrnoException).code !== 'ERR_WORKER_OUT_OF_MEMORY') return error;
  return new DirsyncError('OUT_OF_MEMORY', 'a worker thread has used up its memory', MORE_MEMORY, {cause: error});
}

/** Like `Promise.all`, but it rejects only after all have settled. */
export async function allEnded<Answer>(work: readonly Promise<Answer>[]): Promise<Answer[]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}
