/** A batch of actions as a worker's task: the task, its results, and how a worker performs it. */
import {type Action, isCarried} from '../core/action.js';
import {type RelPath, ROOT} from '../core/path.js';
import type {Problem} from '../core/problem.js';
import type {TimeFacts} from '../core/times.js';
import {WAVE_PHASES, type WaveStep} from '../plan/waves.js';
import type {Cursor} from '../platform/cursor.js';
import type {Pace} from '../platform/platform.js';
import {RootReplaced} from '../platform/roots.js';
import type {Opened} from '../state/traces.js';
import {check, isMoved, type Whereabouts, type World} from './check.js';
import {perform} from './perform.js';
import {type ApplyContext, type LeftOut, Session} from './session.js';
import {type LeaderNow, problemOf, STOPPED, type StepResult} from './step.js';

export type {LeaderNow} from './step.js';

/** `locate`: find out whether moves are done. `check`: change nothing. `sync`: flush the file systems of the target. `times`: return what was learnt about its times. */
export type BatchStep = WaveStep | 'locate' | 'check' | 'sync' | 'times';

/** The actions of a batch, and what the worker must know about them. */
export interface BatchTask {
  readonly type: 'batch';
  readonly step: BatchStep;
  /** The number of the wave in its run: several waves may have the same step. */
  readonly wave: number;
  readonly indexes: readonly number[];
  readonly actions: readonly Action[];
  /** For links: the leader of each action. */
  readonly leaders?: readonly (LeaderNow | undefined)[];
  /** For each action, if anything is set aside: see `Step`. */
  readonly asides?: readonly (RelPath | undefined)[];
  /** Where the entry of each action is, while moves are not done. */
  readonly whereabouts?: readonly (Whereabouts | undefined)[];
  /** Present if it differs from the context of the worker's last batch. */
  readonly context?: ApplyContext;
  /** Folders of the target that were temporarily opened since the worker's last batch. */
  readonly opened?: readonly Opened[];
}

/** `obstacle`: a path above a new path that is not a folder yet; another action must replace it by one. `isMoved`: of a move that is done. */
type CheckResult = {
  readonly status: 'todo';
  readonly drift?: undefined;
  readonly problem?: undefined;
  readonly obstacle?: RelPath | undefined;
  readonly isMoved?: boolean;
};

export type BatchResult = StepResult | CheckResult;

/** A result between threads. If it has only a status, only the status is sent: strings are cloned fast, and most results are so. */
export type WireResult = BatchResult | BatchResult['status'];

/** The inverse of `toWire`. */
export function fromWire(result: WireResult): BatchResult {
  return typeof result === 'string' ? ({status: result} as BatchResult) : result;
}

function toWire(result: BatchResult): WireResult {
  const {drift, problem, status} = result;
  const isOpening = 'opened' in result && result.opened !== undefined;
  const isOther = 'isOther' in result && result.isOther;
  const hasMoved = 'isMoved' in result && result.isMoved;
  const isObstructed = 'obstacle' in result && result.obstacle !== undefined;
  const isPlain = drift === undefined && problem === undefined && !isOpening && !isOther && !isObstructed && !hasMoved;
  return isPlain ? status : result;
}

/** What a batch needs from its worker. */
export interface BatchTools {
  readonly worker: number;
  /** Counts steps and bytes; false if the run must stop. */
  readonly count: (steps: number, bytes: number) => boolean;
  /** Whether filters leave out the source's entry at a path. */
  readonly leftOut: LeftOut;
  readonly pace: Pace;
  /** Records the current action. */
  readonly at: (index: number | undefined) => void;
}

let session: Session | undefined;

/** Performs a batch, in a worker. Returns one result per action; for `sync` a problem, and for `times` the facts, if any. */
export function performBatch(task: BatchTask, tools: BatchTools): readonly WireResult[] | Problem | TimeFacts | undefined {
  const {step, context} = task;
  if (context !== undefined) {
    leave();
    session = new Session(context, tools, () => tools.count(0, 0));
  }
  const run = session as Session;
  run.begin(`${step} ${task.wave}`, task.opened);
  if (step === 'times') {
    run.endNotes();
    return run.learner.facts();
  }
  if (step === 'sync') return sync(run, tools.worker);
  const results = task.actions.map((action, i): WireResult => {
    if (run.isLost || !tools.count(0, 0)) return 'stopped';
    tools.at(task.indexes[i]);
    const result = attempt(step, action, () => resultOf(step, i, task, run, tools));
    run.isLost = result.problem?.code === RootReplaced.CODE;
    if (step !== 'locate') tools.count(1, 0);
    return toWire(result);
  });
  tools.at(undefined);
  return results;
}

function resultOf(step: WaveStep | 'locate' | 'check', i: number, task: BatchTask, run: Session, tools: BatchTools): BatchResult {
  const action = task.actions[i] as Action;
  const whereabouts = task.whereabouts?.[i];
  // Perf: almost every action is at its path (bench: unchanged-linux).
  const world = whereabouts === undefined ? run.world : {...run.world, whereabouts};
  if (step === 'locate') return {status: 'todo', isMoved: isCarried(action) && isMoved(action, world)};
  return step === 'check' ? checked(action, world) : done(step, i, task, {run, world, tools});
}

function done(
  step: WaveStep,
  i: number,
  {actions, indexes, leaders, asides}: BatchTask,
  {run, world, tools}: {readonly run: Session; readonly world: World; readonly tools: BatchTools},
): StepResult {
  const action = actions[i] as Action;
  const {full, learner, context} = run;
  if (full.isFor(step, action)) return STOPPED;
  const result = attempt(step, action, () =>
    perform({
      wave: step,
      action,
      index: indexes[i] as number,
      world,
      get staging() {
        return run.staging;
      },
      leader: leaders?.[i],
      aside: asides?.[i],
      flushed: context.flushed,
      umask: context.umask,
      learner,
      rules: context.rules,
      onBytes: (bytes) => tools.count(0, bytes),
    }),
  );
  full.learn(step, action, result);
  return result;
}

function checked(action: Action, world: World): BatchResult {
  const standing = check(action, world);
  if (standing === 'todo') {
    const {at} = world.whereabouts ?? {at: action.path};
    const isNew = action.before === undefined && at !== undefined;
    return {status: 'todo', obstacle: isNew ? world.target?.obstacleAbove(at) : undefined};
  }
  return standing === 'done' ? {status: 'already-done'} : {status: 'skipped', drift: standing};
}

/**
 * Turns an error into a problem of its path, so that the rest of the batch continues. If a tree cannot be opened, each path fails.
 */
function attempt<Result extends BatchResult>(
  step: WaveStep | 'locate' | 'check',
  {path}: Action,
  act: () => Result,
): Result | StepResult {
  try {
    return act();
  } catch (error) {
    const found = problemOf(error, {path, phase: step === 'check' || step === 'locate' ? 'check' : WAVE_PHASES[step]});
    // After a bug, the state of the cursors is not known.
    if (found.code === 'INTERNAL') session?.forgetWays();
    return {status: 'failed', problem: found};
  }
}

/**
 * Flushes the volumes that this worker has written to; worker 0 also flushes the target's own. Returns a problem if that is
 * refused.
 */
function sync(run: Session, worker: number): Problem | undefined {
  try {
    const {platform, target, volumes} = run.world;
    if (worker === 0) platform.syncFileSystem((target as Cursor).root);
    for (const folder of volumes.values()) platform.syncFileSystem(folder);
    return undefined;
  } catch (error) {
    return problemOf(error, {path: ROOT, phase: 'sync'});
  }
}

/** Closes everything that this worker has open for a run. */
export function leave(): void {
  session?.close();
  session = undefined;
}
