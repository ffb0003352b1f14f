/**
 * Distributes the work of a run. Neighbours are in one batch, since they share folders; the next free worker takes the next batch.
 * When it returns or throws, no worker is working for this run any more.
 */
import {type Action, bytesOf} from '../core/action.js';
import type {RelPath} from '../core/path.js';
import type {Problem} from '../core/problem.js';
import {joinFacts, type TimeFacts} from '../core/times.js';
import {allEnded, type WorkerPool} from '../platform/pool.js';
import type {Opened} from '../state/traces.js';
import {type BatchResult, type BatchStep, type BatchTask, fromWire, type LeaderNow, type WireResult} from './batch.js';
import type {Whereabouts} from './check.js';
import type {ApplyContext} from './session.js';

/** A batch is as much as a worker does between two answers. */
const BATCH_ACTIONS = 128;
const BATCH_BYTES = 32 * 1024 * 1024;
/** The number of batches that wait at each worker, so that it is not idle while an answer is read. */
const BATCHES_AHEAD = 2;

/** What all batches of a run share. */
export interface DispatchOptions {
  readonly pool: WorkerPool;
  readonly actions: readonly Action[];
  readonly context: ApplyContext;
  /** Folders of the target to which their owner temporarily has all rights, in the order in which that became known; it grows. */
  readonly opened: readonly Opened[];
  /** Called with folders to which a worker has given their owner all rights. */
  readonly onOpened: (opened: Opened) => void;
  /** Called after each batch. */
  readonly onBatch: () => void;
  /** Whether no more batches may begin. */
  readonly isStopped: () => boolean;
}

/** What a worker gets with each action. */
interface Asked {
  readonly whereabouts?: ((index: number) => Whereabouts | undefined) | undefined;
  readonly leader?: ((index: number) => LeaderNow | undefined) | undefined;
  readonly asideOf?: ((index: number) => RelPath | undefined) | undefined;
}

/** Distributes batches of one run over the workers. */
export class Dispatch {
  #context: ApplyContext;
  /** How many of the opened folders each worker already knows. */
  readonly #knows: number[];
  /** The last context of each worker. */
  readonly #given: (ApplyContext | undefined)[];
  #wave = 0;

  constructor(private readonly o: DispatchOptions) {
    this.#context = o.context;
    this.#knows = new Array(o.pool.size).fill(0);
    this.#given = new Array(o.pool.size);
  }

  /** Sets the context of all following batches. */
  set context(context: ApplyContext) {
    this.#context = context;
  }

  /**
   * `leader`: for links, the progress of the file that leads the group of an action. `asideOf`: the path beside which the entry
   * that an action removes or replaces is set aside, if it is. `whereabouts`: where the entry of an action is, if moves are not done.
   */
  async run(
    step: BatchStep,
    indexes: readonly number[],
    onResult: (index: number, result: BatchResult) => void,
    {leader, asideOf, whereabouts}: Asked = {},
  ): Promise<void> {
    const {pool, actions, onBatch, isStopped} = this.o;
    this.#wave++;
    const batches = cut(actions, indexes);
    const lanes = this.#everywhere(BATCHES_AHEAD, async (worker) => {
      for (const batch of batches) {
        if (isStopped() || pool.isStopped) return;
        const task: BatchTask = {
          ...this.#task(worker, step),
          indexes: batch,
          actions: batch.map((index) => actions[index] as Action),
          ...(leader && {leaders: batch.map(leader)}),
          ...(asideOf && {asides: batch.map(asideOf)}),
          ...(whereabouts && {whereabouts: batch.map(whereabouts)}),
        };
        const results = await pool.call<readonly WireResult[]>(worker, task);
        for (const [i, wire] of results.entries()) {
          const result = fromWire(wire);
          if ('opened' in result) for (const opened of result.opened ?? []) this.o.onOpened(opened);
          onResult(batch[i] as number, result);
        }
        onBatch();
      }
    });
    // A batch returns its own problems: if the batch itself fails, nothing more may be done.
    await pool.together(lanes);
  }

  /** Flushes all written files: each worker knows the mounts that it has written to. Returns the first problem. */
  async sync(): Promise<Problem | undefined> {
    const ask = (worker: number) => this.o.pool.call<Problem | undefined>(worker, this.#task(worker, 'sync'));
    return (await allEnded(this.#everywhere(1, ask))).find((found) => found !== undefined);
  }

  /** What the workers have found about how the target stores times. */
  async timeFacts(): Promise<TimeFacts | undefined> {
    const ask = (worker: number) => this.o.pool.call<TimeFacts | undefined>(worker, this.#task(worker, 'times'));
    return (await allEnded(this.#everywhere(1, ask))).reduce(joinFacts, undefined);
  }

  /** Sends a worker only what is new to it: the context can be large, and there may be a million opened folders. */
  #task(worker: number, step: BatchStep): BatchTask {
    const task: BatchTask = {type: 'batch', step, wave: this.#wave, indexes: [], actions: []};
    const isNew = this.#given[worker] !== this.#context;
    const context = isNew ? {context: this.#context} : {};
    // With a new context a worker starts again, and knows none of them.
    if (isNew) this.#knows[worker] = 0;
    const news = this.o.opened.slice(this.#knows[worker]);
    this.#given[worker] = this.#context;
    this.#knows[worker] = this.o.opened.length;
    return {...task, ...context, ...(news.length > 0 && {opened: news})};
  }

  /** Starts this many `lanes` of work at each worker. */
  #everywhere<Answer>(lanes: number, work: (worker: number) => Promise<Answer>): Promise<Answer>[] {
    const {size} = this.o.pool;
    return Array.from({length: lanes * size}, (_, i) => work(i % size));
  }
}

function* cut(actions: readonly Action[], indexes: readonly number[]): Generator<number[], void, undefined> {
  let batch: number[] = [];
  let bytes = 0;
  for (const index of indexes) {
    batch.push(index);
    bytes += bytesOf(actions[index] as Action);
    if (batch.length < BATCH_ACTIONS && bytes < BATCH_BYTES) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}
