/**
 * Hands a run's work to the workers. Neighbours go together, since they share folders; whoever is free takes the next batch. When it
 * returns or throws, no worker is at work for this run any more.
 */
import {type Action, bytesOf} from '../core/action.js';
import type {RelPath} from '../core/path.js';
import type {Problem} from '../core/problem.js';
import {joinFacts, type TimeFacts} from '../core/times.js';
import {allEnded, type WorkerPool} from '../platform/pool.js';
import type {Opened} from '../state/traces.js';
import {type BatchJob, type BatchResult, type BatchStep, fromWire, type LeaderNow, type WireResult} from './batch.js';
import type {ApplyContext} from './session.js';

/** A batch is as much as a worker does between two answers. */
const BATCH_ACTIONS = 128;
const BATCH_BYTES = 32 * 1024 * 1024;
/** So many batches wait at each worker, so that none idles while an answer is read. */
const BATCHES_AHEAD = 2;

export interface DispatchOptions {
  readonly pool: WorkerPool;
  readonly actions: readonly Action[];
  readonly context: ApplyContext;
  /** Folders of the target that are opened up to their owner, in the order in which that became known; it grows. */
  readonly opened: readonly Opened[];
  /** Told of folders that a worker has opened up. */
  readonly onOpened: (opened: Opened) => void;
  /** Called after each batch. */
  readonly onBatch: () => void;
  /** Whether no more batches are to begin. */
  readonly isStopped: () => boolean;
}

/** What a worker is told of each action beside the action itself. */
interface Asked {
  readonly leader?: ((index: number) => LeaderNow | undefined) | undefined;
  readonly asideOf?: ((index: number) => RelPath | undefined) | undefined;
}

export class Dispatch {
  #context: ApplyContext;
  /** How many of the opened folders each worker knows. */
  readonly #knows: number[];
  /** The context that each worker was given last. */
  readonly #given: (ApplyContext | undefined)[];

  constructor(private readonly o: DispatchOptions) {
    this.#context = o.context;
    this.#knows = new Array(o.pool.size).fill(0);
    this.#given = new Array(o.pool.size);
  }

  /** Batches from here on are done in this one. */
  set context(context: ApplyContext) {
    this.#context = context;
  }

  /**
   * `leader`: for links, how far the file has come that leads the group of an action. `asideOf`: the path beside
   * which what an action removes or replaces is set aside, if it is.
   */
  async run(
    step: BatchStep,
    indexes: readonly number[],
    onResult: (index: number, result: BatchResult) => void,
    {leader, asideOf}: Asked = {},
  ): Promise<void> {
    const {pool, actions, onBatch, isStopped} = this.o;
    const batches = cut(actions, indexes);
    const lanes = this.#everywhere(BATCHES_AHEAD, async (worker) => {
      for (const batch of batches) {
        if (isStopped() || pool.isStopped) return;
        const job: BatchJob = {
          ...this.#job(worker, step),
          indexes: batch,
          actions: batch.map((index) => actions[index] as Action),
          ...(leader && {leaders: batch.map(leader)}),
          ...(asideOf && {asides: batch.map(asideOf)}),
        };
        const results = await pool.call<readonly WireResult[]>(worker, job);
        for (const [i, wire] of results.entries()) {
          const result = fromWire(wire);
          if ('opened' in result) for (const opened of result.opened ?? []) this.o.onOpened(opened);
          onResult(batch[i] as number, result);
        }
        onBatch();
      }
    });
    // A batch answers for what goes wrong in it: when it fails itself, nothing more is to be done.
    await pool.together(lanes);
  }

  /** Flushes all that was written: each worker knows which mounts it has written to. Answers the first thing that was refused. */
  async sync(): Promise<Problem | undefined> {
    const ask = (worker: number) => this.o.pool.call<Problem | undefined>(worker, this.#job(worker, 'sync'));
    return (await allEnded(this.#everywhere(1, ask))).find((found) => found !== undefined);
  }

  /** What the workers have learnt of how the target keeps times. */
  async timeFacts(): Promise<TimeFacts | undefined> {
    const ask = (worker: number) => this.o.pool.call<TimeFacts | undefined>(worker, this.#job(worker, 'times'));
    return (await allEnded(this.#everywhere(1, ask))).reduce(joinFacts, undefined);
  }

  /** A worker gets only what is new to it: the context can be large, and there may be a million opened folders. */
  #job(worker: number, step: BatchStep): BatchJob {
    const job: BatchJob = {type: 'batch', step, indexes: [], actions: []};
    const isNew = this.#given[worker] !== this.#context;
    const context = isNew ? {context: this.#context} : {};
    // With another context a worker begins anew, and knows none of them.
    if (isNew) this.#knows[worker] = 0;
    const news = this.o.opened.slice(this.#knows[worker]);
    this.#given[worker] = this.#context;
    this.#knows[worker] = this.o.opened.length;
    return {...job, ...context, ...(news.length > 0 && {opened: news})};
  }

  /** Begins so many `lanes` of work at each worker. */
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
