/**
 * Executes a plan: lock, preflight, waves over the workers, report. The order of the steps is the promise of what survives
 * whatever happens in between: nothing is deleted before what replaces it is on disk, and a path at which the world is not
 * what the plan saw is left alone.
 */
import fs from 'node:fs';
import process from 'node:process';
import {type Action, bytesOf, isUpkeep} from '../core/action.js';
import {DirsyncError} from '../core/errors.js';
import {escapeName} from '../core/escape.js';
import type {ApplyPhase, ApplyProgress, Listener} from '../core/event.js';
import {type ByteName, toByteName} from '../core/name.js';
import {type ApplyReport, noOutcomes, type OutcomeStatus, type Stop} from '../core/outcome.js';
import {isWithin, parentPath, type RelPath, ROOT} from '../core/path.js';
import type {Drift, Plan} from '../core/plan.js';
import {type Problem, problem, problemMessage, wayOut} from '../core/problem.js';
import {runStep} from '../core/run.js';
import {joinFacts, type TimeFacts} from '../core/times.js';
import {withTimeFacts} from '../plan/compare.js';
import {summarize} from '../plan/summary.js';
import {isDestructive, WAVE_PHASES, type Wave, waves} from '../plan/waves.js';
import {platform} from '../platform/choose.js';
import {Cursor} from '../platform/cursor.js';
import {FLUSHING_RENAMES} from '../platform/filesystems.js';
import {errnoOf, type Folder} from '../platform/platform.js';
import {AT, type WorkerPool} from '../platform/pool.js';
import {isSameRoot, rootIdentity} from '../platform/roots.js';
import {ensureTargetId} from '../state/identity.js';
import {isLocked, type LockTiming, TargetLock} from '../state/lock.js';
import {Journal} from '../state/runs.js';
import {hasLeftovers, sweepReplaced, sweepStaging} from '../state/staging.js';
import {readTimeFacts, writeTimeFacts} from '../state/times.js';
import {type ApplyContext, type ApplyJob, type BatchResult, fromWire, type WireResult} from './job.js';
import {OpenedFolders} from './opened.js';
import type {Flushed} from './task.js';

/** Nothing more was to be done. */
const WHOLE: ReadonlySet<OutcomeStatus> = new Set(['done', 'already-done', 'blocked']);

export type Fsync = 'none' | 'end' | 'each';

export interface ApplyOptions {
  readonly plan: Plan;
  readonly pool: WorkerPool;
  readonly runId: string;
  /** Program and version, such as "dirsync 0.1.0". */
  readonly writer: string;
  /** Check every path on both sides before the first change: for a plan that was not made just now. */
  readonly preflight: boolean;
  /** Somebody approved what the plan says: a file of the source that is another by now is left alone, else copied as it is. */
  readonly approved: boolean;
  /** Leave drifted paths alone and do the rest, instead of refusing the plan. */
  readonly skipDrifted: boolean;
  /** When what was written is flushed to disk: never, before deletes and at the end, or each file before it takes its place. */
  readonly fsync: Fsync;
  /** How long to wait for another run on this target, in milliseconds, and what others are told of this one: see `Holder`. */
  readonly lock: {readonly timeout: number; readonly command: string; readonly timing?: LockTiming};
  readonly onEvent: Listener;
  /** Its reason is a `Stop`. */
  readonly signal: AbortSignal;
  readonly now: () => Date;
}

/** A batch is as much as a worker does between two answers. */
const BATCH_ACTIONS = 128;
const BATCH_BYTES = 32 * 1024 * 1024;
/** So many batches wait at each worker, so that none idles while an answer is read. */
const BATCHES_AHEAD = 2;

/** @throws DirsyncError TARGET_LOCKED, PLAN_STALE or TARGET_UNWRITABLE, before anything was changed; LOCK_LOST. */
export async function applyPlan(options: ApplyOptions): Promise<ApplyReport> {
  let run: Run | undefined;
  const lock = new TargetLock({
    platform: platform(),
    path: toByteName(options.plan.header.target.path),
    id: options.runId,
    command: options.lock.command,
    now: options.now,
    timeout: options.lock.timeout,
    onWait: (holder) => {
      const {timeout} = options.lock;
      options.onEvent({type: 'lock-waiting', target: options.plan.header.target.path, holder, timeout});
    },
    onLost: (reason) => run?.lose(reason),
    timing: options.lock.timing,
  });
  for (;;) {
    try {
      run = new Run(options, lock);
      return await run.run();
    } catch (error) {
      // Nothing was changed yet, also when another was quicker between this run's looks and its first change.
      if (!isLocked(error) || options.lock.timeout === 0) throw error;
    }
    await lock.wait(options.signal);
  }
}

class Run {
  readonly #actions: readonly Action[];
  readonly #status: (OutcomeStatus | undefined)[];
  /** Actions whose file waits in staging for a folder to go. */
  readonly #staged = new Map<RelPath, number>();
  readonly #problems: Problem[] = [];
  readonly #skipped: RelPath[] = [];
  /** Folders that could not be made, or were not begun. */
  readonly #unmade = new Map<RelPath, 'failed' | 'stopped'>();
  /** Folders that stay, since what was to replace them could not be written. */
  readonly #kept: RelPath[] = [];
  readonly #started: Date;
  readonly #journal: Journal;
  /** Which actions' outcomes were told. */
  readonly #told: boolean[];
  readonly #counted: readonly [number, number];
  #opened: OpenedFolders | undefined;
  readonly #waves: readonly Wave[];
  /** How many actions are to be done. */
  readonly #toDo: number;
  readonly #todoTotal: {readonly steps: number; readonly bytes: number};
  /** Steps that needed no work, and bytes that will not be written. */
  readonly #spared = {steps: 0, bytes: 0};
  /** Those bytes of it that were known before the first wave. */
  #sparedByCheck = 0;
  #phase: ApplyPhase = 'check';
  /** Actions whose outcome is known. */
  #ended = 0;
  /** Whether the target may have been changed. */
  #isChanging = false;
  /** Why nothing may be written any more. */
  #lost: DirsyncError | undefined;
  #root: Folder | undefined;
  #context: ApplyContext;

  constructor(
    private readonly o: ApplyOptions,
    private readonly lock: TargetLock,
  ) {
    const {plan, runId, writer, pool, fsync} = o;
    this.#actions = plan.actions;
    this.#status = plan.actions.map(({kind}) => (kind === 'blocked' ? 'blocked' : undefined));
    this.#told = new Array(plan.actions.length);
    this.#started = o.now();
    this.#counted = [pool.total(0), pool.total(1)];
    this.#waves = waves(plan.actions, plan.header.options);
    this.#toDo = this.#pending().length;
    const {source, target} = plan.header;
    const {changes, bytes} = summarize(plan);
    this.#todoTotal = {steps: this.#waves.reduce((sum, wave) => sum + wave.actions.length, 0), bytes};
    this.#journal = new Journal(platform(), {
      id: runId,
      planId: plan.header.id,
      writer,
      source: source.path,
      target: target.path,
      started: this.#started.toISOString(),
      changes,
      bytes,
    });
    for (const found of plan.problems) this.#journal.problem(found);
    this.#context = {
      runId,
      source: plan.header.sourceMissing ? undefined : toByteName(plan.header.source.path),
      // One that was missing was made by the run that this one waited for.
      target: plan.header.target.identity === undefined && !lock.hasWaited ? undefined : toByteName(plan.header.target.path),
      policy: plan.header.options,
      umask: process.umask(),
      flushed: fsync === 'none' ? 'none' : fsync === 'each' || !platform().canSyncFileSystem ? 'all' : 'replacing',
      fresh: !this.#isChecked,
      follow: !o.approved,
      mounts: platform().mounts(),
    };
  }

  async run(): Promise<ApplyReport> {
    const {onEvent} = this.o;
    const stop = () => this.o.pool.stop();
    this.o.signal.addEventListener('abort', stop);
    let timer: NodeJS.Timeout | undefined;
    let report: ApplyReport;
    try {
      // A signal that came while it waited.
      const hasEntered = !this.lock.hasWaited || !this.#isStopped;
      if (hasEntered) this.#enter();
      onEvent({type: 'apply-started', actions: this.#toDo, ...this.#total, checks: this.#checks});
      timer = setInterval(() => onEvent(this.#progress()), 200);
      if (hasEntered && this.#isChecked) await this.#preflight();
      const canWork = hasEntered && !this.#isStopped;
      if (canWork && this.#isWorkLeft()) {
        report = await this.#work();
      } else {
        if (canWork) await this.#tidy();
        report = this.#report();
      }
    } finally {
      clearInterval(timer);
      this.#leave();
      this.o.signal.removeEventListener('abort', stop);
    }
    onEvent(this.#progress());
    onEvent({type: 'apply-done', report});
    return report;
  }

  /** Ends it with the actions in hand. */
  lose(reason: DirsyncError): void {
    this.#lost = reason;
    this.o.pool.stop();
  }

  get #isStopped(): boolean {
    return this.o.signal.aborted || this.#lost !== undefined;
  }

  #checkHeld(): void {
    if (this.#lost !== undefined) throw this.#lost;
  }

  /**
   * Whether every path is looked at before the first change. After another run has worked here a fresh plan is as old as a saved one.
   * It is not made anew: somebody may have approved it, and what it says is right or left alone, path by path.
   */
  get #isChecked(): boolean {
    return this.o.preflight || this.lock.hasWaited;
  }

  get #checks(): number {
    return this.#isChecked ? this.#toDo : 0;
  }

  get #total(): {steps: number; bytes: number} {
    return {...this.#todoTotal, steps: this.#todoTotal.steps + this.#checks};
  }

  get #written(): number {
    return this.o.pool.total(1) - this.#counted[1];
  }

  #progress(): ApplyProgress {
    const {pool} = this.o;
    const {steps, bytes} = this.#total;
    return {
      type: 'apply-progress',
      phase: this.#phase,
      actions: this.#ended,
      steps: Math.min(steps, pool.total(0) - this.#counted[0] + this.#spared.steps),
      totalSteps: steps,
      // A file that failed half-way counts as a whole one, and one that is tried again counts twice.
      bytes: Math.min(bytes, this.#written + this.#spared.bytes),
      totalBytes: bytes,
      current: Array.from({length: pool.size}, (_, worker) => this.#actions[pool.counter(worker, AT) - 1]?.path),
    };
  }

  /** Opens and locks the target's root, if it is there already. */
  #enter(): void {
    const {target} = this.#context;
    if (target === undefined) return;
    const backend = platform();
    const {path, identity} = this.o.plan.header.target;
    let root: Folder;
    try {
      root = backend.openRoot(target);
    } catch (error) {
      const detail = `${escapeName(path)} (${errnoOf(error)})`;
      throw new DirsyncError('TARGET_UNREADABLE', detail, 'is the disk mounted? Then plan again', {cause: error});
    }
    try {
      // A disk may have gone, or come, since the plan was made: nothing is written into what is there instead.
      if (identity !== undefined && !isSameRoot(identity, rootIdentity(root))) {
        throw new DirsyncError(
          'PLAN_OTHER_ROOT',
          `${escapeName(path)} is another folder now`,
          'is the disk mounted? Then plan again',
        );
      }
      this.lock.take(root);
    } catch (error) {
      backend.close(root);
      throw error;
    }
    this.#root = root;
    // A plan that was saved before the target's times were known.
    const policy = withTimeFacts(this.#context.policy, readTimeFacts(backend, root));
    this.#context = {...this.#context, policy, flushed: this.#flushedIn(root)};
    this.#opened = new OpenedFolders(backend, root);
  }

  /** Nothing that was there may be lost with the power, by default either: see `FLUSHING_RENAMES`. */
  #flushedIn(root: Folder): Flushed {
    const {flushed} = this.#context;
    const isOneVolume = (this.o.plan.header.facts?.space?.length ?? 1) === 1;
    const isNeeded = !isOneVolume || !FLUSHING_RENAMES.has(platform().fileSystem(root).type);
    return flushed === 'replacing' && !isNeeded ? 'holes' : flushed;
  }

  #leave(): void {
    // What is open is noted, and whoever took over closes it.
    if (this.#lost === undefined) this.#closeFolders();
    this.#journal.close();
    try {
      this.lock.release();
    } catch (error) {
      // The note of who held it stays, as after a kill; the lock goes with the open folder.
      errnoOf(error);
    }
    if (this.#root !== undefined) platform().close(this.#root);
  }

  /** Looks at every path on both sides; nothing has been changed yet. */
  async #preflight(): Promise<void> {
    const drifted: Drift[] = [];
    const linked: number[] = [];
    const obstructed: [index: number, obstacle: RelPath][] = [];
    await this.#batches('check', this.#pending(), (index, result) => {
      if (result.status === 'already-done') {
        if (this.#actions[index]?.kind === 'link') linked.push(index);
        else this.#status[index] = 'already-done';
      }
      if (result.status === 'failed') this.#record('check', index, result);
      if (result.status === 'todo' && result.obstacle !== undefined) obstructed.push([index, result.obstacle]);
      if (result.drift === undefined) return;
      drifted.push(result.drift);
      this.#record('check', index, result);
    });
    for (const found of this.#obstacles(obstructed)) {
      drifted.push(found.drift);
      this.#record('check', found.index, {status: 'skipped', drift: found.drift});
    }
    this.#settleLinks(linked);
    this.#sparedByCheck = this.#bytesOf([...this.#status.keys()].filter((index) => this.#status[index] !== undefined));
    this.#spared.bytes += this.#sparedByCheck;
    // A folder ends when it is settled, also one that was there already.
    this.#ended += this.#actions.filter(({after}, i) => this.#status[i] === 'already-done' && after?.kind !== 'directory').length;
    // Stopped on the way it has not seen all: nothing is said of the plan then, and nothing done.
    if (drifted.length === 0 || this.#isStopped) return;
    this.o.onEvent({type: 'drift', drift: drifted});
    if (this.o.preflight && !this.o.skipDrifted) {
      const count = drifted.length === 1 ? '1 path has' : `${drifted.length} paths have`;
      throw new DirsyncError(
        'PLAN_STALE',
        `${count} changed since, nothing was done`,
        'plan again, or apply the rest with --skip-drifted',
      );
    }
  }

  /** New paths whose way leads over something that is no folder, nor made one by this plan: nothing may be written through it. */
  #obstacles(obstructed: readonly [index: number, obstacle: RelPath][]): {index: number; drift: Drift}[] {
    if (obstructed.length === 0) return [];
    const made = new Set(
      this.#actions.flatMap(({kind, path, after}) => (kind === 'replace' && after.kind === 'directory' ? [path] : [])),
    );
    return obstructed.flatMap(([index, obstacle]) => {
      if (made.has(obstacle)) return [];
      const {path} = this.#actions[index] as Action;
      return [{index, drift: {path, side: 'target', found: 'what stands above it is no folder'}}];
    });
  }

  /** A name is done when it is its leader's file, but not while the leader is to be written anew. */
  #settleLinks(linked: readonly number[]): void {
    if (linked.length === 0) return;
    const pending = new Set(this.#actions.flatMap((action, i) => (this.#status[i] === undefined ? [action.path] : [])));
    for (const index of linked) {
      const action = this.#actions[index] as Action & {kind: 'link'};
      if (!pending.has(action.leader)) this.#status[index] = 'already-done';
    }
  }

  #isWorkLeft(): boolean {
    return this.#pending().length > 0;
  }

  /** Indexes of the actions whose outcome is not known. */
  #pending(): number[] {
    return [...this.#status.keys()].filter((index) => this.#status[index] === undefined);
  }

  async #work(): Promise<ApplyReport> {
    this.#prepare();
    this.#journal.open(this.#root as Folder);
    let synced = false;
    let canDestroy = true;
    for (const wave of this.#waves) {
      if (isDestructive(wave.step) && !synced) {
        synced = true;
        canDestroy = await this.#sync();
      } else if (!isDestructive(wave.step)) {
        synced = false;
      }
      this.#phase = WAVE_PHASES[wave.step];
      const todo = this.#todo(wave, canDestroy);
      this.#spare(wave, todo);
      await this.#batches(wave.step, todo, (index, result) => this.#record(wave.step, index, result));
      if (this.#isStopped) break;
    }
    this.#checkHeld();
    await this.#keepTimeFacts();
    await this.#sweep();
    return this.#recorded();
  }

  /** Removes what a killed run left in `.dirsync`, though there is nothing else to do. */
  async #tidy(): Promise<void> {
    if (this.#root === undefined || !this.#seesAll || !hasLeftovers(platform(), this.#root)) return;
    this.#prepare();
    await this.#sweep();
  }

  /** Whether the plan has all that is between the two trees: then what killed runs left undone is done with it. */
  get #seesAll(): boolean {
    const {problems, header} = this.o.plan;
    return problems.length === 0 && header.narrowed === undefined;
  }

  async #sweep(): Promise<void> {
    const backend = platform();
    const root = this.#root as Folder;
    // What gave its place to a folder is dropped only when all that is in that folder is there, and on disk.
    const isWhole = this.#status.every((status) => status !== undefined && WHOLE.has(status));
    const isSynced = await this.#sync();
    const what = !isSynced || !isWhole ? 'empty' : this.#seesAll ? 'all' : {own: this.o.runId};
    this.#checkHeld();
    this.#reporting(() => sweepReplaced(backend, root, what));
    // What they were is noted in staging until they are closed.
    this.#closeFolders();
    this.#reporting(() => sweepStaging(backend, root));
  }

  /** What cannot be tidied up now, on a disk that fails or as somebody else is at work in `.dirsync`, is tidied up by the next run. */
  #reporting(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#addProblem(problem({path: ROOT, side: 'target', phase: 'delete', code: errnoOf(error)}));
    }
  }

  /** The first changes in the target: its root, `.dirsync`, and the staging of killed runs removed. */
  #prepare(): void {
    const {plan} = this.o;
    const backend = platform();
    const path = plan.header.target.path;
    try {
      if (this.#root === undefined) {
        fs.mkdirSync(Buffer.from(toByteName(path), 'latin1'), {recursive: true});
        this.#context = {...this.#context, target: toByteName(path) as ByteName};
        this.#enter();
      }
      this.#isChanging = true;
      this.#announce();
      this.#identify();
      this.#opened?.note(this.o.runId);
      sweepStaging(backend, this.#root as Folder, this.o.runId);
    } catch (error) {
      if (error instanceof DirsyncError) throw error;
      const code = errnoOf(error);
      const isStrange = code === 'ENOTDIR' || code === 'ELOOP';
      throw new DirsyncError(
        'TARGET_UNWRITABLE',
        `${escapeName(path)} (${code})`,
        isStrange
          ? 'its .dirsync, or what is in there, is no folder: somebody has changed it; remove it'
          : (wayOut(code) ?? 'check its permissions and how it is mounted'),
        {cause: error},
      );
    }
  }

  /** A root that its owner may not write to is opened up. On a full disk the kernel's lock is enough: deletes make room. */
  #announce(): void {
    try {
      this.lock.announce();
    } catch (error) {
      const code = error instanceof DirsyncError ? undefined : errnoOf(error);
      if ((code === 'ENOSPC' || code === 'EDQUOT') && this.lock.isOfKernel) return;
      if (code !== 'EACCES' || !this.#opened?.openRoot()) throw error;
      this.lock.announce();
    }
  }

  /** On a full disk a later run does it. */
  #identify(): void {
    try {
      ensureTargetId(platform(), this.#root as Folder);
    } catch (error) {
      if (!['ENOSPC', 'EDQUOT'].includes(errnoOf(error))) throw error;
    }
  }

  #closeFolders(): void {
    if (!this.#isChanging || !this.#opened?.modes.size) return;
    const keepsModes = this.#context.policy.mode;
    const settled = keepsModes ? this.#actions.filter((_, i) => this.#status[i] === 'done') : [];
    const source = keepsModes ? this.#openSource() : undefined;
    const cursor = source && new Cursor(platform(), source);
    for (const found of this.#opened.close(settled, cursor)) this.#addProblem(found);
    cursor?.reset();
    if (source !== undefined) platform().close(source);
  }

  /** Undefined also where it has gone meanwhile. */
  #openSource(): Folder | undefined {
    const {source} = this.#context;
    try {
      return source === undefined ? undefined : platform().openRoot(source);
    } catch (error) {
      errnoOf(error);
      return undefined;
    }
  }

  /** Notes how the target keeps times, if it does not keep all of them. */
  async #keepTimeFacts(): Promise<void> {
    const {pool} = this.o;
    try {
      const learnt = await Promise.all(
        Array.from({length: pool.size}, (_, worker) => pool.call<TimeFacts | undefined>(worker, this.#job('times'))),
      );
      const facts = learnt.reduce(joinFacts, undefined);
      if (facts !== undefined) writeTimeFacts(platform(), this.#root as Folder, facts);
    } catch (error) {
      this.#addProblem(problem({path: ROOT, side: 'target', phase: 'write', code: errnoOf(error)}));
    }
  }

  /** A job without actions. */
  #job(step: ApplyJob['step']): ApplyJob {
    return {type: 'apply', step, context: this.#context, indexes: [], actions: []};
  }

  /** Which actions of a wave are still to be done. */
  #todo({step, actions}: Wave, canDestroy: boolean): number[] {
    return actions.filter((index) => {
      const action = this.#actions[index] as Action;
      const status = this.#status[index];
      // A folder made or found is done only when its attributes are set as well.
      if (step === 'settle') return status === undefined || status === 'done' || status === 'already-done';
      if (status !== undefined) return false;
      if (!isDestructive(step)) return !this.#isWithoutFolder(index);
      if (action.after !== undefined && !this.#staged.has(action.path)) return false;
      if (canDestroy && !this.#kept.some((kept) => isWithin(action.path, kept))) return true;
      this.#fail(index, problem({path: action.path, side: 'target', phase: 'delete', code: 'DEPENDS'}));
      return false;
    });
  }

  /** Whether the folder that an action is to be done in was not made; the action then ends as that did. */
  #isWithoutFolder(index: number): boolean {
    const {path, after} = this.#actions[index] as Action;
    const why = this.#unmade.size === 0 ? undefined : this.#unmade.get(parentPath(path));
    if (why === undefined) return false;
    if (after?.kind === 'directory') this.#unmade.set(path, why);
    if (why === 'stopped') this.#status[index] = why;
    else this.#fail(index, problem({path, side: 'target', phase: 'write', code: 'DEPENDS'}));
    return true;
  }

  /** Counts what of a wave needs no work. */
  #spare({step, actions}: Wave, todo: readonly number[]): void {
    this.#spared.steps += actions.length - todo.length;
    if (step !== 'writes' || todo.length === actions.length) return;
    this.#spared.bytes += this.#bytesOf(actions) - this.#bytesOf(todo) - this.#sparedByCheck;
  }

  #bytesOf(indexes: readonly number[]): number {
    return indexes.reduce((sum, index) => sum + bytesOf(this.#actions[index] as Action), 0);
  }

  /** Flushes all that was written. False when that failed: then nothing may be deleted. */
  async #sync(): Promise<boolean> {
    if (this.o.fsync === 'none') return true;
    this.#phase = 'sync';
    try {
      const {pool} = this.o;
      // Each worker knows which mounts it has written to.
      await Promise.all(Array.from({length: pool.size}, (_, worker) => pool.call(worker, this.#job('sync'))));
      return true;
    } catch (error) {
      this.#addProblem(problem({path: ROOT, side: 'target', phase: 'sync', code: errnoOf(error)}));
      return false;
    }
  }

  /** Shares actions out to the workers: neighbours together, since they share folders. */
  async #batches(
    step: ApplyJob['step'],
    indexes: readonly number[],
    onResult: (index: number, result: BatchResult) => void,
  ): Promise<void> {
    const {pool} = this.o;
    const batches = this.#cut(indexes);
    const work = async (worker: number) => {
      for (const batch of batches) {
        if (this.#isStopped) return;
        const actions = batch.map((index) => this.#actions[index] as Action);
        const waiting = step === 'links' ? {waiting: this.#staged} : {};
        const opened = this.#opened?.modes.size ? {opened: this.#opened.modes} : {};
        const job: ApplyJob = {type: 'apply', step, context: this.#context, indexes: batch, actions, ...waiting, ...opened};
        const results = await pool.call<readonly WireResult[]>(worker, job);
        for (const [i, wire] of results.entries()) {
          const result = fromWire(wire);
          if ('opened' in result) for (const {path, mode} of result.opened ?? []) this.#opened?.add(path, mode);
          onResult(batch[i] as number, result);
        }
        this.#journal.flush();
      }
    };
    // All share one iterator of batches, so whoever is free takes the next.
    await Promise.all(Array.from({length: BATCHES_AHEAD * pool.size}, (_, i) => work(i % pool.size)));
  }

  *#cut(indexes: readonly number[]): Generator<number[], void, undefined> {
    let batch: number[] = [];
    let bytes = 0;
    for (const index of indexes) {
      batch.push(index);
      bytes += bytesOf(this.#actions[index] as Action);
      if (batch.length < BATCH_ACTIONS && bytes < BATCH_BYTES) continue;
      yield batch;
      batch = [];
      bytes = 0;
    }
    if (batch.length > 0) yield batch;
  }

  #record(step: ApplyJob['step'], index: number, result: BatchResult): void {
    const action = this.#actions[index] as Action;
    if (step === 'writes' && result.status !== 'done' && result.status !== 'staged') this.#spared.bytes += bytesOf(action);
    if (step === 'folders' && (result.status === 'failed' || result.status === 'stopped'))
      this.#unmade.set(action.path, result.status);
    switch (result.status) {
      case 'todo':
        return;
      case 'staged':
        this.#staged.set(action.path, index);
        if (result.problem !== undefined) this.#addProblem(result.problem);
        return;
      case 'failed':
        this.#fail(index, result.problem as Problem);
        break;
      case 'skipped':
        this.#set(index, 'skipped');
        this.#skipped.push(action.path);
        if (step !== 'check') {
          const {side, found} = result.drift as Drift;
          this.#addProblem(
            problem({path: action.path, side, phase: 'check', code: 'DRIFTED', message: `${found}; left alone, plan again`}),
          );
        }
        break;
      case 'stopped':
        this.#status[index] = 'stopped';
        break;
      default:
        // A folder is made in one wave and settled in a later one: done is what did anything.
        if (step === 'folders') this.#status[index] = result.status;
        else this.#set(index, this.#status[index] === 'done' ? 'done' : result.status);
        return;
    }
    if (action.before?.kind === 'directory' && action.after !== undefined && action.after.kind !== 'directory')
      this.#kept.push(action.path);
  }

  #fail(index: number, reason: Problem): void {
    this.#set(index, 'failed');
    this.#addProblem(reason);
  }

  #set(index: number, status: OutcomeStatus): void {
    this.#status[index] = status;
    this.#ended++;
    const action = this.#actions[index] as Action;
    if (isUpkeep(action)) return;
    this.#tell(index, status);
    this.o.onEvent({type: 'action', action, status});
  }

  #tell(index: number, status: OutcomeStatus): void {
    this.#told[index] = true;
    this.#journal.step(runStep(this.#actions[index] as Action, status));
  }

  #addProblem(found: Problem): void {
    this.#problems.push(found);
    this.#journal.problem(found);
    this.o.onEvent({type: 'problem', problem: found});
  }

  /** The report, and the journal ended with it. What was done is done, recorded or not. */
  #recorded(): ApplyReport {
    this.#actions.forEach((action, i) => {
      const status = this.#status[i];
      if (status !== undefined && status !== 'stopped' && !this.#told[i] && !isUpkeep(action)) this.#tell(i, status);
    });
    const report = this.#report();
    const fault = this.#journal.end(report);
    if (fault === undefined) return report;
    const code = 'JOURNAL_UNWRITABLE';
    const message = `${problemMessage(code, {side: 'target', phase: 'write'})} (${fault})`;
    this.#addProblem(problem({path: ROOT, side: 'target', phase: 'write', code, message}));
    return {...report, problems: [...report.problems, this.#problems.at(-1) as Problem]};
  }

  #report(): ApplyReport {
    const {plan, runId, signal, now} = this.o;
    const counts = noOutcomes();
    this.#actions.forEach((action, i) => {
      if (!isUpkeep(action)) counts[this.#status[i] ?? 'stopped']++;
    });
    return {
      planId: plan.header.id,
      runId,
      started: this.#started.toISOString(),
      finished: now().toISOString(),
      counts,
      bytes: this.#written,
      problems: [...plan.problems, ...this.#problems],
      skipped: this.#skipped,
      interrupted: signal.aborted ? (signal.reason as Stop) : undefined,
    };
  }
}
