/** A batch of actions as a worker's job: what is asked, what is answered, and how a worker keeps both trees open. */
import process from 'node:process';
import type {Action} from '../core/action.js';
import {emptyStat} from '../core/block.js';
import type {ByteName} from '../core/name.js';
import type {RelPath} from '../core/path.js';
import type {PlanOptions} from '../core/plan.js';
import {type Problem, problem} from '../core/problem.js';
import {type TimeFacts, TimeLearner} from '../core/times.js';
import {WAVE_PHASES, type WaveStep} from '../plan/waves.js';
import {platform} from '../platform/choose.js';
import {Cursor} from '../platform/cursor.js';
import {errnoOf, type Folder} from '../platform/platform.js';
import {openStaging, type Staging} from '../state/staging.js';
import {check, inSource, type World} from './check.js';
import {FullMounts} from './full.js';
import {perform} from './perform.js';
import {type Flushed, type StepResult, sideOf} from './task.js';

/** What all batches of a run share. */
export interface ApplyContext {
  readonly runId: string;
  /** Undefined when it is gone and was taken as empty. */
  readonly source: ByteName | undefined;
  /** Undefined while the target's root does not exist. */
  readonly target: ByteName | undefined;
  readonly policy: PlanOptions;
  readonly flushed: Flushed;
  readonly umask: number;
  /** The plan was made just now, and not checked again. */
  readonly fresh: boolean;
  /** What may be mounted in the two trees; undefined where that is not known. */
  readonly mounts?: ReadonlySet<number> | undefined;
  /** Nobody has approved the plan: files of the source are copied as they now are. */
  readonly follow: boolean;
}

export interface ApplyJob {
  readonly type: 'apply';
  /**
   * `check`: look only. `content`: compare the files at `paths`. `allocated`: bytes on disk of the source's and of the target's file
   * at each. `refused`: the errno name with which each folder of the target refuses changes. `sync`: flush the file systems of the target. `times`: say what was
   * learnt of how it keeps times.
   */
  readonly step: WaveStep | 'check' | 'content' | 'allocated' | 'refused' | 'sync' | 'times';
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
  readonly full: FullMounts;
  step: ApplyJob['step'];
  staging?: Staging;
}

let session: Session | undefined;

const STOPPED: StepResult = {status: 'stopped'};

/** Runs in a worker. One result for each action, or for each path: whether the content is the same. */
export function performJob(job: ApplyJob, tools: JobTools): readonly WireResult[] | readonly unknown[] | TimeFacts | undefined {
  const {step} = job;
  let entered: Session | undefined;
  // Where there is no way into the trees, each path fails for that, and the run goes on to its report.
  const session = () => {
    entered ??= enter(job, tools);
    return entered;
  };
  if (step === 'times') return session().learner.facts();
  if (step === 'sync') {
    const {world} = session();
    if (tools.worker === 0) world.platform.syncFileSystem((world.target as Cursor).root);
    for (const folder of world.mounts.values()) world.platform.syncFileSystem(folder);
    return [];
  }
  if (step === 'allocated') return (job.paths ?? []).map((path) => allocated(path, session().world));
  if (step === 'refused') return (job.paths ?? []).map((path) => refused(path, session().world));
  if (step === 'content') return (job.paths ?? []).map((path) => sameContent(path, session().world));
  const results = job.actions.map((action, i): WireResult => {
    if (!tools.count(0, 0)) return 'stopped';
    tools.at(job.indexes[i]);
    const result = attempt(step, action, () => {
      const {world, learner, full} = session();
      if (step === 'check') return checked(action, world);
      const done = full.isFor(step, action)
        ? STOPPED
        : attempt(step, action, () =>
            perform({
              step,
              action,
              index: job.indexes[i] as number,
              world,
              get staging() {
                return stagingOf(session(), tools.worker);
              },
              waiting: job.waiting,
              flushed: job.context.flushed,
              umask: job.context.umask,
              learner,
              fresh: job.context.fresh,
              follow: job.context.follow,
              onBytes: (bytes) => tools.count(0, bytes),
            }),
          );
      full.learn(step, action, done);
      return done;
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
function attempt<Result extends BatchResult>(step: WaveStep | 'check', {path}: Action, act: () => Result): Result | StepResult {
  try {
    return act();
  } catch (error) {
    const phase = step === 'check' ? 'check' : WAVE_PHASES[step];
    return {status: 'failed', problem: problem({path, side: sideOf(error), phase, code: errnoOf(error)})};
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

/** [of the source, of the target]; 0 where there is none. */
function allocated(path: RelPath, {platform: fs, source, target}: World): readonly [number, number] {
  const bytes = (cursor: Cursor | undefined) => {
    const place = cursor?.find(path);
    return place === undefined ? 0 : fs.bytesOnDisk(place.folder, place.name);
  };
  return [bytes(source), bytes(target)];
}

/** Why nothing may be changed in a folder of the target; its owner can open it up. */
function refused(path: RelPath, {platform: fs, target}: World): string | undefined {
  try {
    const folder = (target as Cursor).folder(path);
    const code = fs.refusesNames(folder);
    if (code !== 'EACCES') return code;
    const stat = emptyStat();
    return fs.stat(folder, '' as ByteName, stat) && stat.uid === process.geteuid?.() ? undefined : code;
  } catch (error) {
    // It is gone, or is no folder: its own actions will say so.
    const code = errnoOf(error);
    return code === 'EACCES' ? code : undefined;
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

/** Made with the first step that needs it: a full disk has no room for it, and things to delete. */
function stagingOf(session: Session, worker: number): Staging {
  const {context, world} = session;
  const {root} = world.target as Cursor;
  session.staging ??= openStaging({platform: world.platform, root, runId: context.runId, worker});
  return session.staging;
}

function open(context: ApplyContext, step: ApplyJob['step'], goOn: () => boolean): Session {
  const fs = platform();
  const target = context.target === undefined ? undefined : fs.openRoot(context.target);
  let source: Folder | undefined;
  try {
    if (context.source !== undefined) source = inSource(() => fs.openRoot(context.source as ByteName));
  } catch (error) {
    if (target !== undefined) fs.close(target);
    throw error;
  }
  // Times are compared no more exactly than this backend keeps them.
  const coarse = fs.timeResolution > 1n && fs.timeResolution > context.policy.mtimeWindow;
  const policy = coarse ? {...context.policy, mtimeWindow: fs.timeResolution} : context.policy;
  const way = target && new Cursor(fs, target, context.mounts);
  return {
    context,
    step,
    roots: [source, target].filter((root) => root !== undefined),
    full: new FullMounts(way),
    world: {
      platform: fs,
      source: source && new Cursor(fs, source, context.mounts),
      target: way,
      leaders: target && new Cursor(fs, target, context.mounts),
      policy,
      opened: new Map(),
      mounts: new Map(),
      goOn,
    },
    learner: new TimeLearner(),
  };
}

/** Closes the trees. What is open belongs to the process: the end of a worker's thread closes none of it. */
export function leave(): void {
  if (session === undefined) return;
  const {world, roots, staging} = session;
  for (const cursor of [world.source, world.target, world.leaders]) cursor?.reset();
  staging?.close();
  for (const folder of [...roots, ...world.mounts.values()]) world.platform.close(folder);
  session = undefined;
}
