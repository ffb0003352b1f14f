/** A batch of actions as a worker's job: what is asked, what is answered, and how a worker keeps both trees open. */
import type {Action} from '../core/action.js';
import type {ByteName} from '../core/name.js';
import type {RelPath} from '../core/path.js';
import type {PlanOptions} from '../core/plan.js';
import {type Problem, problem} from '../core/problem.js';
import {type TimeFacts, TimeLearner} from '../core/times.js';
import type {WaveStep} from '../plan/waves.js';
import {platform} from '../platform/choose.js';
import {Cursor} from '../platform/cursor.js';
import {errnoOf, type Folder} from '../platform/platform.js';
import {openStaging, type Staging} from '../state/staging.js';
import {check, type World} from './check.js';
import {perform, type StepResult} from './perform.js';

/** What all batches of a run share. */
export interface ApplyContext {
  readonly runId: string;
  /** Undefined when it is gone and was taken as empty. */
  readonly source: ByteName | undefined;
  /** Undefined while the target's root does not exist. */
  readonly target: ByteName | undefined;
  readonly policy: PlanOptions;
  /** Flush each file before it takes its place. */
  readonly fsyncFiles: boolean;
  readonly umask: number;
  /** The plan was made just now, and not checked again. */
  readonly fresh: boolean;
}

export interface ApplyJob {
  readonly type: 'apply';
  /**
   * `check`: look only. `content`: compare the files at `paths`. `sync`: flush the file systems of the target. `times`: say what was
   * learnt of how it keeps times.
   */
  readonly step: WaveStep | 'check' | 'content' | 'sync' | 'times';
  readonly context: ApplyContext;
  readonly indexes: readonly number[];
  readonly actions: readonly Action[];
  readonly paths?: readonly RelPath[];
  /** For `links`: leaders that wait in staging, by the index that names them there. */
  readonly waiting?: ReadonlyMap<RelPath, number>;
  /** Folders of the target that are opened up to their owner, with the modes that they had. */
  readonly opened?: ReadonlyMap<RelPath, number>;
}

/** `obstacle`: what stands on the way to a new path and is no folder, to be made one by another action. */
type CheckResult = {
  readonly status: 'todo';
  readonly drift?: undefined;
  readonly problem?: undefined;
  readonly obstacle?: RelPath | undefined;
};

export type BatchResult = StepResult | CheckResult;

/** Between threads a result that says no more than its status is that status: nearly all are, and texts are cloned fast. */
export type WireResult = BatchResult | BatchResult['status'];

export function fromWire(result: WireResult): BatchResult {
  return typeof result === 'string' ? ({status: result} as BatchResult) : result;
}

function toWire(result: BatchResult): WireResult {
  const {drift, problem, status} = result;
  const isOpening = 'opened' in result && result.opened !== undefined;
  const isPlain =
    drift === undefined && problem === undefined && !isOpening && !('obstacle' in result && result.obstacle !== undefined);
  return isPlain ? status : result;
}

export interface JobTools {
  readonly worker: number;
  /** Counts steps and bytes; false when the run is to stop. */
  readonly count: (steps: number, bytes: number) => boolean;
  /** Says which action is in hand. */
  readonly at: (index: number | undefined) => void;
}

interface Session {
  readonly context: ApplyContext;
  readonly world: World;
  readonly roots: readonly Folder[];
  readonly learner: TimeLearner;
  step: ApplyJob['step'];
  staging?: Staging;
}

let session: Session | undefined;

/** Runs in a worker. One result for each action, or for each path: whether the content is the same. */
export function performJob(
  job: ApplyJob,
  tools: JobTools,
): readonly WireResult[] | readonly (boolean | Problem)[] | TimeFacts | undefined {
  const session = enter(job, tools);
  const {world, learner} = session;
  if (job.step === 'times') return learner.facts();
  if (job.step === 'sync') {
    if (tools.worker === 0) world.platform.syncFileSystem((world.target as Cursor).root);
    for (const folder of world.mounts.values()) world.platform.syncFileSystem(folder);
    return [];
  }
  if (job.step === 'content') return (job.paths ?? []).map((path) => sameContent(path, world));
  const {step} = job;
  const results = job.actions.map((action, i): WireResult => {
    if (!tools.count(0, 0)) return 'stopped';
    tools.at(job.indexes[i]);
    const result = attempt(action, () => {
      if (step === 'check') return checked(action, world);
      return perform({
        step,
        action,
        index: job.indexes[i] as number,
        world,
        staging: stagingOf(session, tools.worker),
        waiting: job.waiting,
        fsyncFiles: job.context.fsyncFiles,
        umask: job.context.umask,
        learner,
        fresh: job.context.fresh,
        onBytes: (bytes) => tools.count(0, bytes),
      });
    });
    tools.count(1, 0);
    return toWire(result);
  });
  tools.at(undefined);
  return results;
}

function checked(action: Action, world: World): BatchResult {
  const standing = check(action, world);
  if (standing === 'todo')
    return {status: 'todo', obstacle: action.before === undefined ? world.target?.obstacleAbove(action.path) : undefined};
  return standing === 'done' ? {status: 'already-done'} : {status: 'skipped', drift: standing};
}

/** One path that goes wrong is a value; the rest of the batch continues. */
function attempt(action: Action, act: () => BatchResult): BatchResult {
  try {
    return act();
  } catch (error) {
    return {status: 'failed', problem: problem({path: action.path, side: 'target', phase: 'write', code: errnoOf(error)})};
  }
}

function sameContent(path: RelPath, {platform: fs, source, target, goOn}: World): boolean | Problem {
  try {
    const from = (source as Cursor).place(path);
    const to = (target as Cursor).place(path);
    return fs.sameContent({a: from.folder, aName: from.name, b: to.folder, bName: to.name, goOn});
  } catch (error) {
    return problem({path, side: 'source', phase: 'plan', code: errnoOf(error)});
  }
}

/** Both trees, kept open from one batch of a run to the next; the ways into them start anew with each wave. */
function enter({context, step, opened}: ApplyJob, {count}: JobTools): Session {
  if (session === undefined || session.context.runId !== context.runId || session.context.target !== context.target) {
    leave();
    session = open(context, step, () => count(0, 0));
  }
  if (session.step !== step) {
    session.step = step;
    const {source, target, leaders} = session.world;
    for (const cursor of [source, target, leaders]) cursor?.reset();
  }
  for (const [path, mode] of opened ?? []) session.world.opened.set(path, mode);
  return session;
}

/** Opened for the first action that needs it: where it cannot be, that is a problem of each path. */
function stagingOf(session: Session, worker: number): Staging {
  const {world, context} = session;
  const root = (world.target as Cursor).root;
  session.staging ??= openStaging({platform: world.platform, root, runId: context.runId, worker});
  return session.staging;
}

function open(context: ApplyContext, step: ApplyJob['step'], goOn: () => boolean): Session {
  const fs = platform();
  const source = context.source === undefined ? undefined : fs.openRoot(context.source);
  const target = context.target === undefined ? undefined : fs.openRoot(context.target);
  // Times are compared no more exactly than this backend keeps them.
  const coarse = fs.timeResolution > 1n && fs.timeResolution > context.policy.mtimeWindow;
  const policy = coarse ? {...context.policy, mtimeWindow: fs.timeResolution} : context.policy;
  return {
    context,
    step,
    roots: [source, target].filter((root) => root !== undefined),
    world: {
      platform: fs,
      source: source && new Cursor(fs, source),
      target: target && new Cursor(fs, target),
      leaders: target && new Cursor(fs, target),
      policy,
      opened: new Map(),
      mounts: new Map(),
      goOn,
    },
    learner: new TimeLearner(),
  };
}

function leave(): void {
  if (session === undefined) return;
  const {world, roots, staging} = session;
  for (const cursor of [world.source, world.target, world.leaders]) cursor?.reset();
  staging?.close();
  for (const folder of [...roots, ...world.mounts.values()]) world.platform.close(folder);
  session = undefined;
}
