/**
 * Executes a plan: lock, preflight, waves over the workers, report. The order of the steps keeps the promises even if the run ends
 * at any point: nothing is deleted before its replacement is on disk, and paths that have drifted are left alone.
 */
import process from 'node:process';
import {withAbilities} from '../core/abilities.js';
import {type Action, spelledFrom} from '../core/action.js';
import {formatPlural} from '../core/count.js';
import {DirsyncError} from '../core/errors.js';
import type {Listener} from '../core/event.js';
import {type ByteName, toByteName} from '../core/name.js';
import type {ApplyReport, Stop} from '../core/outcome.js';
import {type RelPath, ROOT} from '../core/path.js';
import type {MountFacts, Plan} from '../core/plan.js';
import {type Problem, problem, problemMessage} from '../core/problem.js';
import {runStep} from '../core/run.js';
import {withTimeFacts} from '../plan/compare.js';
import {summarize} from '../plan/summary.js';
import {isDestructive, WAVE_PHASES, type Wave, type WaveStep, waves} from '../plan/waves.js';
import {platform} from '../platform/choose.js';
import {type Folder, orNothing, type View} from '../platform/platform.js';
import type {WorkerPool} from '../platform/pool.js';
import {isSameRoot, markRoot, otherRoot, type RootMark, rootIdentity} from '../platform/roots.js';
import {isLocked, type LockTiming, TargetLock} from '../state/lock.js';
import {areSameNames, namesChanged, viewOf} from '../state/naming.js';
import {Journal} from '../state/runs.js';
import {checkSourceAbsent} from './absent.js';
import {type Approach, type Live, type Rules, rulesOf} from './approach.js';
import type {BatchResult} from './batch.js';
import {Dispatch} from './dispatch.js';
import {Moving} from './moving.js';
import {Outcomes} from './outcomes.js';
import {preflight} from './preflight.js';
import {Progress} from './progress.js';
import type {ApplyContext} from './session.js';
import {type Flushed, problemOf} from './step.js';
import {Steps} from './steps.js';
import {Target} from './target.js';

type Fsync = 'none' | 'end' | 'each';

/** A run whose actions have ended, and what has become of each. */
interface Ended extends Pick<Outcomes, 'stateOf' | 'isOther'> {
  readonly interrupted: boolean;
  /** Whether the disk was full: what space there is now is for the journal. */
  readonly isFull: boolean;
}

/** The plan to apply, and how. */
export interface ApplyOptions {
  readonly plan: Plan;
  readonly pool: WorkerPool;
  readonly runId: string;
  /** Program and version, such as "dirsync 0.1.0". */
  readonly writer: string;
  readonly approach: Approach;
  /** Leave drifted paths alone and do the rest, instead of refusing the plan. */
  readonly skipDrifted: boolean;
  /** How to treat a file that grows while it is copied. */
  readonly live: Live;
  /** Tries again what the target can hold, even if that is known. */
  readonly probe: boolean;
  /** When written files are flushed to disk: never, before deletes and at the end, or each file before its rename. */
  readonly fsync: Fsync;
  /** How long to wait for another run on this target, in milliseconds, and how this run is described to others, see `Holder`. */
  readonly lock: {readonly timeout: number; readonly command: string; readonly timing?: LockTiming};
  readonly onEvent: Listener;
  /** Aborted with a `Stop` as its reason. */
  readonly signal: AbortSignal;
  readonly now: () => Date;
  /** Remembers the facts of the run while the target is still locked; returns problems if that fails. */
  readonly remember?: (ended: Ended) => readonly (Problem | undefined)[];
}

/** @throws DirsyncError TARGET_LOCKED, PLAN_STALE or TARGET_UNWRITABLE before the first change; LOCK_LOST. */
export async function applyPlan(options: ApplyOptions): Promise<ApplyReport> {
  let run: Execution | undefined;
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
      run = new Execution(options, lock);
      return await run.run();
    } catch (error) {
      // Nothing was changed yet. Another run was faster between this run's checks and its first change.
      if (!isLocked(error) || options.lock.timeout === 0) throw error;
    }
    await lock.wait(options.signal);
  }
}

class Execution {
  readonly #actions: readonly Action[];
  readonly #rules: Rules;
  readonly #started: Date;
  readonly #waves: readonly Wave[];
  /** The current paths of the folders whose names get another spelling, by their new paths. */
  readonly #moves: ReadonlyMap<RelPath, RelPath>;
  readonly #moving: Moving;
  readonly #target: Target;
  readonly #outcomes: Outcomes;
  readonly #journal: Journal;
  readonly #progress: Progress;
  readonly #steps: Steps;
  #source: Folder | undefined;
  #sourceView: View = {};
  #dispatch: Dispatch | undefined;
  /** The error that ended the run after its first change. */
  #brokenOff = false;
  /** Why nothing may be written any more. */
  #lost: DirsyncError | undefined;

  constructor(
    private readonly o: ApplyOptions,
    private readonly lock: TargetLock,
  ) {
    const {plan, pool, runId, approach, probe, skipDrifted, live, now} = o;
    this.#actions = plan.actions;
    this.#rules = rulesOf(approach, {skipDrifted, live, hasWaited: lock.hasWaited});
    this.#started = now();
    this.#waves = waves(plan.actions, plan.header.options);
    this.#moves = movesOf(plan.actions);
    this.#moving = new Moving(plan.actions);
    this.#journal = this.#openedJournal();
    const onProblem = (found: Problem) => this.#outcomes.problem(found);
    const isOld = this.#rules.looksFirst;
    this.#target = new Target({platform: platform(), plan, runId, isOld, lock, approach, probe, onProblem});
    this.#outcomes = new Outcomes(plan.actions, {
      onEnd: (action, status) => {
        this.#journal.step(runStep(action, status));
        o.onEvent({type: 'action', action, status});
      },
      onProblem: (found) => {
        this.#journal.problem(found);
        o.onEvent({type: 'problem', problem: found});
      },
    });
    const toDo = this.#outcomes.pending().length;
    const checks = this.#rules.looksFirst ? toDo : 0;
    this.#progress = new Progress({actions: plan.actions, waves: this.#waves, pool, toDo, checks});
    this.#steps = new Steps({plan, outcomes: this.#outcomes, progress: this.#progress, moving: this.#moving, runId});
  }

  #openedJournal(): Journal {
    const {plan, runId, writer} = this.o;
    const {source, target, id} = plan.header;
    const {changes, bytes} = summarize(plan);
    const started = this.#started.toISOString();
    const header = {id: runId, planId: id, writer, source: source.path, target: target.path, started, changes, bytes};
    const journal = new Journal(platform(), header);
    for (const found of plan.problems) journal.problem(found);
    return journal;
  }

  async run(): Promise<ApplyReport> {
    const {onEvent, signal, pool} = this.o;
    const stop = () => pool.stop();
    signal.addEventListener('abort', stop);
    let timer: NodeJS.Timeout | undefined;
    let report: ApplyReport;
    try {
      // A signal came while it waited.
      if (!this.#isStopped || !this.lock.hasWaited) this.#enter();
      onEvent(this.#progress.started());
      timer = setInterval(() => onEvent(this.#now()), 200);
      if (this.#rules.looksFirst && !this.#isStopped) {
        // This comes before any check of its path.
        if (this.#target.hasRenamed) this.#target.prepare();
        await this.#preflight();
      }
      report = await this.#work();
    } finally {
      clearInterval(timer);
      this.#leave();
      signal.removeEventListener('abort', stop);
    }
    onEvent(this.#now());
    onEvent({type: 'apply-done', report});
    return report;
  }

  /** Ends the run after the current actions. */
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

  #now() {
    return this.#progress.now(this.#outcomes.ended);
  }

  /** Opens both roots, and locks the target's root if it exists. Changes nothing. */
  #enter(): void {
    this.#target.enter();
    this.#source = this.#openSource();
    this.#dispatch = new Dispatch({
      pool: this.o.pool,
      actions: this.#actions,
      context: this.#context(),
      opened: this.#target.opened,
      onOpened: ({path, mode}) => {
        for (const each of this.#moving.pathsOf(path)) this.#target.addOpened(each, mode);
      },
      onBatch: () => this.#journal.flush(),
      isStopped: () => this.#isStopped,
    });
  }

  /** Undefined if it cannot be opened: then each of its paths reports that. @throws DirsyncError PLAN_OTHER_ROOT or PLAN_STALE. */
  #openSource(): Folder | undefined {
    const {source, sourceMissing, options} = this.o.plan.header;
    checkSourceAbsent(platform(), this.o.plan.header);
    if (sourceMissing) return undefined;
    const root = orNothing(() => platform().openRoot(toByteName(source.path)));
    if (root === undefined) return undefined;
    try {
      if (source.identity !== undefined && !isSameRoot(source.identity, rootIdentity(root))) throw otherRoot(source.path);
      this.#sourceView = viewOf(platform(), root, 'source', options);
      if (!areSameNames(this.#sourceView.names, source.escapes)) throw namesChanged('source');
    } catch (error) {
      platform().close(root);
      throw error;
    }
    platform().show(root, this.#sourceView);
    return root;
  }

  #context(): ApplyContext {
    const {plan, runId} = this.o;
    const {source, sourceMissing, options, facts} = plan.header;
    const path = toByteName(source.path);
    const {mark, abilities, isShared, timeFacts, foldsNames} = this.#target;
    return {
      runId,
      source: sourceMissing
        ? undefined
        : this.#source === undefined
          ? unreachable(path)
          : markRoot(path, this.#source, this.#sourceView),
      missing: sourceMissing ? path : undefined,
      target: mark,
      // When the plan was made, it may have been unknown what the target can hold.
      policy: withAbilities(withTimeFacts(options, timeFacts), abilities),
      abilities,
      isShared,
      moves: this.#moves,
      hasRings: this.#waves.some(({step}) => step === 'parks'),
      foldsNames,
      rules: this.#rules,
      flushed: this.#flushed(),
      umask: process.umask(),
      mounts: platform().mounts(),
      mountPoints: {source: mountPointsOf(facts?.sourceMounts), target: mountPointsOf(facts?.targetMounts)},
    };
  }

  /** By default too, a power loss must not lose content that already existed, see `FLUSHING_RENAMES`. */
  #flushed(): Flushed {
    const {fsync} = this.o;
    if (fsync === 'none') return 'none';
    if (fsync === 'each' || !platform().canSyncFileSystem) return 'all';
    return this.#target.root !== undefined && this.#target.flushesRenames ? 'holes' : 'replacing';
  }

  /** @throws DirsyncError PLAN_STALE. */
  async #preflight(): Promise<void> {
    const outcomes = this.#outcomes;
    if (this.#moving.moves.length > 0) await this.#moving.locate(this.#target.parked, (moves) => this.#movedAlready(moves));
    const whereabouts = this.#whereabouts;
    const drift = await preflight({
      actions: this.#actions,
      outcomes,
      look: (indexes, onResult) => this.#workers.run('check', indexes, onResult, {whereabouts}),
      pathNow: (index) => (whereabouts?.(index) ?? {at: this.#actions[index]?.path}).at,
    });
    for (const index of this.#actions.keys()) if (!outcomes.isPending(index)) this.#progress.spareContent(index);
    // If it was stopped, it has not checked all paths: it neither judges the plan nor does anything.
    if (drift.length === 0 || this.#isStopped) return;
    this.o.onEvent({type: 'drift', drift});
    if (!this.#rules.refusesDrift) return;
    throw new DirsyncError(
      'PLAN_STALE',
      `${formatPlural(drift.length, 'path has', 'paths have')} changed since it was made; nothing was done`,
      'plan again, or apply the rest with --skip-drifted',
    );
  }

  /** Returns which of these moves an earlier run has done. */
  async #movedAlready(moves: readonly number[]): Promise<readonly number[]> {
    const found: number[] = [];
    const onResult = (index: number, result: BatchResult) => {
      if ('isMoved' in result && result.isMoved) found.push(index);
    };
    await this.#workers.run('locate', moves, onResult, {whereabouts: this.#whereabouts});
    return found;
  }

  /** Undefined if nothing moves. */
  get #whereabouts() {
    return this.#moving.moves.length === 0 ? undefined : (index: number) => this.#moving.whereabouts(index);
  }

  async #work(): Promise<ApplyReport> {
    if (this.#isStopped) return this.#report();
    if (this.#outcomes.pending().length === 0) {
      // There is nothing else to do, but a killed run may have left files in `.dirsync`.
      if (this.#target.hasLeftovers) {
        this.#target.prepare();
        await this.#sweep();
      }
      if (this.o.probe && this.#target.root !== undefined) this.#target.prepare();
      this.#remember();
      return this.#report();
    }
    this.#target.prepare();
    this.#workers.context = this.#context();
    this.#journal.open(this.#target.root as Folder);
    try {
      this.#target.openNewRoot();
      await this.#doWaves();
      this.#checkHeld();
      await this.#keepTimeFacts();
      await this.#sweep();
    } catch (error) {
      this.#checkHeld();
      // The target may have been changed, so the run ends with a report: an error would mean that nothing was changed.
      this.#brokenOff = true;
      this.#outcomes.problem(problemOf(error, {path: ROOT, phase: 'write'}));
      this.#target.closeFolders(...this.#settled());
    }
    this.#remember();
    return this.#recorded();
  }

  #remember(): void {
    const {stateOf, isOther} = this.#outcomes;
    const interrupted = this.o.signal.aborted || this.#brokenOff;
    const isFull = this.#outcomes.problems.some(({code}) => code === 'ENOSPC' || code === 'EDQUOT');
    for (const found of this.o.remember?.({interrupted, isFull, stateOf, isOther}) ?? []) {
      if (found !== undefined) this.#outcomes.problem(found);
    }
  }

  async #doWaves(): Promise<void> {
    let isSynced: boolean | undefined;
    for (const {step, actions, isOnDisk = isDestructive(step)} of this.#waves) {
      if (!MOVING.has(step)) this.#putBackParked();
      if (!isOnDisk) isSynced = undefined;
      else isSynced ??= await this.#sync();
      this.#progress.phase = WAVE_PHASES[step];
      const ready = actions.filter((index) => this.#steps.isReady(index, step, isSynced ?? true));
      this.#progress.spareSteps(actions.length - ready.length);
      const asked = {
        leader: step === 'links' ? this.#steps.leaderNow : undefined,
        asideOf: this.#steps.asideIn(step),
        whereabouts: step === 'parks' || step === 'moves' ? this.#whereabouts : undefined,
      };
      await this.#workers.run(step, ready, (index, result) => this.#steps.record(step, index, result), asked);
      if (this.#isStopped) return;
      // An entry that was just renamed may be removed next under its old name.
      const hasWritten = step !== 'deletes' && actions.some((index) => this.#actions[index]?.after !== undefined);
      if (hasWritten) isSynced = undefined;
    }
  }

  /** Puts back what still waits after all moves, because its own move could not be done. */
  #putBackParked(): void {
    const {parked} = this.#moving;
    if (parked.length === 0) return;
    this.#target.restoreParked();
    this.#moving.forget(parked);
  }

  get #workers(): Dispatch {
    return this.#dispatch as Dispatch;
  }

  /** Flushes all written files. False if that failed: then nothing may be deleted. */
  async #sync(): Promise<boolean> {
    if (this.o.fsync === 'none') return true;
    this.#progress.phase = 'sync';
    const refused = await this.#workers.sync();
    if (refused !== undefined) this.#outcomes.problem(refused);
    return refused === undefined;
  }

  /** Notes how the target stores times, if not all of them exactly. */
  async #keepTimeFacts(): Promise<void> {
    const facts = await this.#workers.timeFacts();
    if (facts !== undefined) this.#target.keepTimeFacts(facts);
  }

  async #sweep(): Promise<void> {
    const isWhole = (await this.#sync()) && this.#outcomes.isWhole;
    this.#checkHeld();
    this.#target.sweep(isWhole, ...this.#settled());
  }

  /** The actions whose modes were set, if modes are preserved, and the source, which has the modes of all other folders. */
  #settled(): [actions: readonly Action[], source: Folder | undefined] {
    if (!this.o.plan.header.options.mode) return [[], undefined];
    return [this.#outcomes.indexesIn('done').map((index) => this.#actions[index] as Action), this.#source];
  }

  #leave(): void {
    try {
      // Open folders are noted, and the run that took over closes them.
      if (this.#lost === undefined) this.#target.closeFolders(...this.#settled());
      this.#journal.close();
    } finally {
      this.#target.leave();
      if (this.#source !== undefined) platform().close(this.#source);
    }
  }

  /** Ends the journal and returns the report. A journal that cannot be written does not change the outcome. */
  #recorded(): ApplyReport {
    for (const [action, status] of this.#outcomes.untold()) this.#journal.step(runStep(action, status));
    const report = this.#report();
    const fault = this.#journal.end(report);
    if (fault === undefined) return report;
    const code = 'JOURNAL_UNWRITABLE';
    const message = `${problemMessage(code, {side: 'target', phase: 'write'})} (${fault})`;
    const unrecorded = problem({path: ROOT, side: 'target', phase: 'write', code, message});
    this.#outcomes.problem(unrecorded);
    return {...report, problems: [...report.problems, unrecorded]};
  }

  #report(): ApplyReport {
    const {plan, runId, signal, now} = this.o;
    const {problems, skipped} = this.#outcomes;
    return {
      planId: plan.header.id,
      runId,
      started: this.#started.toISOString(),
      finished: now().toISOString(),
      counts: this.#outcomes.counts(),
      bytes: this.#progress.written,
      moved: this.#outcomes.moved(),
      problems: [...plan.problems, ...problems],
      skipped,
      leftOut: plan.header.narrowed?.leftOut,
      interrupted: signal.aborted ? (signal.reason as Stop) : undefined,
      brokenOff: this.#brokenOff,
    };
  }
}

/** The steps that come before all moves are done. */
const MOVING: ReadonlySet<WaveStep> = new Set<WaveStep>(['renames', 'folders', 'parks', 'moves']);

function mountPointsOf(facts: readonly MountFacts[] = []): ReadonlySet<RelPath> {
  return new Set(facts.filter(({now}) => now !== '').map(({at}) => at));
}

/** A path that does not exist: workers that open it fail. */
function unreachable(path: ByteName): RootMark {
  return {path, device: -1, inode: 0n, mount: -1, view: {}};
}

function movesOf(actions: readonly Action[]): Map<RelPath, RelPath> {
  const moves = new Map<RelPath, RelPath>();
  for (const action of actions) {
    const from = spelledFrom(action);
    if (from !== undefined && action.before?.kind === 'directory') moves.set(action.path, from);
  }
  return moves;
}
