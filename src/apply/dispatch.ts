/**
 * Hands a run's work to the workers. Neighbours go together, since they share folders; whoever is free takes the next batch. When it
 * returns or throws, no worker is at work for this run any more.
 */
import {type Action, bytesOf} from '../core/action.js';
import type {Problem} from '../core/problem.js';
import {joinFacts, type TimeFacts} from '../core/times.js';
import type {WorkerPool} from '../platform/pool.js';
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

  /** `leader`: for links, how far the file has come that leads the group of an action. */
  async run(
    step: BatchStep,
    indexes: readonly number[],
    onResult: (index: number, result: BatchResult) => void,
    leader?: (index: number) => LeaderNow | undefined,
  ): Promise<void> {
    const {pool, actions, onBatch, isStopped} = this.o;
    const batches = cut(actions, indexes);
    await this.#everywhere(BATCHES_AHEAD, async (worker) => {
      // A batch answers for what goes wrong in it: when it fails itself, nothing more is to be done.
      for (const batch of batches) {
        if (isStopped()) return;
        const job: BatchJob = {
          ...this.#job(worker, step),
          indexes: batch,
          actions: batch.map((index) => actions[index] as Action),
          ...(leader && {leaders: batch.map(leader)}),
        };
        const results = await pool.call<readonly WireResult[]>(worker, job).catch((error: unknown) => {
          pool.stop();
          throw error;
        });
        for (const [i, wire] of results.entries()) {
          const result = fromWire(wire);
          if ('opened' in result) for (const opened of result.opened ?? []) this.o.onOpened(opened);
          onResult(batch[i] as number, result);
        }
        onBatch();
      }
    });
  }

  /** Flushes all that was written: each worker knows which mounts it has written to. Answers the first thing that was refused. */
  async sync(): Promise<Problem | undefined> {
    const refused: Problem[] = [];
    await this.#everywhere(1, async (worker) => {
      const found = await this.o.pool.call<Problem | undefined>(worker, this.#job(worker, 'sync'));
      if (found !== undefined) refused.push(found);
    });
    return refused[0];
  }

  /** What the workers have learnt of how the target keeps times. */
  async timeFacts(): Promise<TimeFacts | undefined> {
    let facts: TimeFacts | undefined;
    await this.#everywhere(1, async (worker) => {
      const learnt = await this.o.pool.call<TimeFacts | undefined>(worker, this.#job(worker, 'times'));
      facts = joinFacts(facts, learnt);
    });
    return facts;
  }

  /** A worker gets only what is new to it: the context can be large, and there may be a million opened folders. */
  #job(worker: number, step: BatchStep): BatchJob {
    const job: BatchJob = {type: 'batch', step, indexes: [], actions: []};
    const context = this.#given[worker] === this.#context ? {} : {context: this.#context};
    const news = this.o.opened.slice(this.#knows[worker]);
    this.#given[worker] = this.#context;
    this.#knows[worker] = this.o.opened.length;
    return {...job, ...context, ...(news.length > 0 && {opened: news})};
  }

  /** Has `lanes` of work go on at each worker. When one fails this throws, after all have ended. */
  async #everywhere(lanes: number, work: (worker: number) => Promise<unknown>): Promise<void> {
    const {pool} = this.o;
    const ends = await Promise.allSettled(Array.from({length: lanes * pool.size}, (_, i) => work(i % pool.size)));
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
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
