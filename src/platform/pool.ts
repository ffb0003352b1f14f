/**
 * A fixed set of worker threads that run jobs synchronously. A job is plain data; it answers once, or streams messages first.
 * Not a general pool: scans stream many transferred blocks with back-pressure, and apply workers keep folders open, for which
 * request-and-answer pools have no room (docs/decisions).
 */
import {availableParallelism} from 'node:os';
import {Worker} from 'node:worker_threads';
import {addSizes} from '../core/entry.js';
import {DirsyncError, MORE_MEMORY} from '../core/errors.js';
import {currentFolder, leaveDeletedFolder} from './environment.js';
import {limit, newAllowance} from './pace.js';
import {SystemError} from './platform.js';

/** Shared by all threads. Int32: who may go on. Float64: what has been done, a slot per worker with one writer each. */
export interface Shared {
  /** [STOP]: 0 runs, 1 asks every worker to end its job. */
  readonly control: Int32Array;
  /** `COUNTERS` numbers a worker. */
  readonly counters: Float64Array;
  /** Of content that is moved: see `SharedPace`. */
  readonly allowance: BigInt64Array;
}

export const STOP = 0;
export const COUNTERS = 3;
/** The counter that holds what a worker has in hand: the index of an action + 1, or 0. */
export const AT = 2;

/** The last job of a worker: to close what it holds open, which would outlive its thread. */
export const LEAVE = 'leave';

/** A worker may be so many messages ahead of the reader of its stream. */
const STREAM_AHEAD = 8;

export interface WorkerData {
  readonly shared: Shared;
  readonly index: number;
}

export interface Request {
  readonly id: number;
  readonly job: unknown;
  /** For a stream: [0] counts the messages that may still be sent. */
  readonly credit?: Int32Array;
}

/** A stream's messages come first; then one answer or error ends the request. */
export type Reply =
  | {readonly id: number; readonly message: unknown}
  | {readonly id: number; readonly answer: unknown}
  | {readonly id: number; readonly error: WireError};

/** An error between threads: cloning one keeps its message and stack only. */
interface WireError {
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: string | undefined;
  readonly syscall: string | undefined;
}

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
  /** It was given a job. */
  isUsed: boolean;
  /** Why it has ended, or can no longer be heard. */
  failure?: unknown;
}

/** Two at least, since both trees are read at once. */
const DEFAULT_SIZE = Math.max(2, availableParallelism());

export interface Stream<Message, Answer> extends AsyncIterable<Message> {
  /** Settles when the job has ended, after its last message was read. */
  readonly answer: Promise<Answer>;
}

export class WorkerPool {
  readonly size: number;
  readonly shared: Shared;
  readonly #members: Member[];
  #nextId = 0;
  #isClosing = false;

  /** Pools with nothing to do. */
  static #spares: WorkerPool[] = [];
  static #keepsSpares = false;

  /**
   * Perf: threads take as long to start as the command line to load, so the next pool of the usual size is started ahead
   * (bench: startup-plan).
   */
  static prepare(): void {
    if (WorkerPool.#spares.length === 0 && leaveDeletedFolder()) WorkerPool.#spares.push(new WorkerPool(DEFAULT_SIZE));
  }

  /** Perf: from now on a pool is kept when it is closed, since each thread that ends leaves some memory behind (bench: run-memory). */
  static keepSpares(): void {
    WorkerPool.#keepsSpares = true;
  }

  /** Ends what was started or kept, and nothing took. */
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

  /** Sends a job to one worker, which answers jobs in the order in which they come. */
  call<Answer>(index: number, job: unknown): Promise<Answer> {
    return this.#send(index, {id: this.#nextId++, job}) as Promise<Answer>;
  }

  /**
   * Waits for `work` that sends jobs. Where some of it fails, all is asked to end, and the failure is thrown when all has: nothing is
   * at work on the trees then.
   */
  async together(work: readonly Promise<unknown>[]): Promise<void> {
    for (const each of work) each.catch(() => this.stop());
    await allEnded(work);
  }

  /** A job that sends messages while it runs; it waits when the reader falls behind. */
  stream<Message, Answer>(index: number, job: unknown): Stream<Message, Answer> {
    const credit = new Int32Array(new SharedArrayBuffer(4));
    credit[0] = STREAM_AHEAD;
    const queue: Message[] = [];
    let ended = false;
    let wake = (): void => {};
    const onMessage = (message: unknown) => {
      queue.push(message as Message);
      wake();
    };
    const request = {id: this.#nextId++, job, credit};
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
          // A reader that left early must not leave the worker waiting.
          Atomics.store(credit, 0, 1 << 30);
          Atomics.notify(credit, 0);
        }
      },
    };
  }

  /** Asks every running job to end soon; each answers with what it has. */
  stop(): void {
    Atomics.store(this.shared.control, STOP, 1);
    Atomics.notify(this.shared.control, STOP);
  }

  /** From now on the workers together move no more than so many bytes of content a second. */
  limit(rate: number | undefined): void {
    limit(this.shared.allowance, rate);
  }

  /** Whoever sends one job after another ends with this. */
  get isStopped(): boolean {
    return Atomics.load(this.shared.control, STOP) !== 0;
  }

  /** One worker's counter `which`. */
  counter(worker: number, which: number): number {
    return this.shared.counters[worker * COUNTERS + which] as number;
  }

  /** The sum over all workers of counter `which`. */
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

  /** One that is still at work is not waited for: another has failed. */
  async #leave(member: Member, index: number): Promise<void> {
    if (!member.isUsed || member.pending.size > 0 || !isUsable(member)) return;
    await this.call(index, LEAVE).catch(() => {});
    member.isUsed = false;
  }

  #start(index: number): Member {
    // Built code sits one folder deep wherever this module ends up: see build.js.
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
      // An answer that nobody waited for comes while the worker is ended: were it let go now, the program would end before it.
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
    worker.on('exit', () => fail(new Error('a worker thread ended before its job')));
    return member;
  }

  #send(index: number, request: Request, onMessage?: (message: unknown) => void): Promise<unknown> {
    const member = this.#members[index % this.size] as Member;
    // Nobody would answer.
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

/** Node ends a worker whose heap is full; the program goes on. */
function asTyped(error: unknown): unknown {
  if ((error as NodeJS.ErrnoException).code !== 'ERR_WORKER_OUT_OF_MEMORY') return error;
  return new DirsyncError('OUT_OF_MEMORY', 'a worker thread has used up all that it may take', MORE_MEMORY, {cause: error});
}

/** As `Promise.all`, but it fails when all have ended. */
export async function allEnded<Answer>(work: readonly Promise<Answer>[]): Promise<Answer[]> {
  await Promise.allSettled(work);
  return Promise.all(work);
}
