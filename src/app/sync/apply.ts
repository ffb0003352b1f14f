/** Applies a plan: saved, fresh or approved. */

import {checkSourceAbsent} from '../../apply/absent.js';
import {applyPlan} from '../../apply/apply.js';
import type {Approach} from '../../apply/approach.js';
import type {Settings} from '../../config/settings.js';
import {DirsyncError} from '../../core/errors.js';
import {escapeName} from '../../core/escape.js';
import type {ApplyReport} from '../../core/outcome.js';
import type {GuardName, MaxDelete, Overlap, Plan, PlanRoot} from '../../core/plan.js';
import {readPlanFile, type SavedPlan} from '../../formats/plan-file.js';
import {checkHalts} from '../../plan/guards.js';
import {platform} from '../../platform/choose.js';
import {absolutePath} from '../../platform/environment.js';
import type {WorkerPool} from '../../platform/pool.js';
import {findSource, findTarget, isSameRoot, otherRoot, type Root, rootOverlap} from '../../platform/roots.js';
import {type Context, Interrupted, newId, type Workers, withTimeLimit, withWorkers} from '../context.js';
import {VERSION} from '../version.js';
import {factsNow} from './facts.js';
import {type EndedRun, noteSavedRun} from './memory.js';
import {checkOwners, checkThisUser} from './owners.js';
import {judge, makePlan, type Planned, ROOT_GUARDS, withFacts, workersFor} from './plan.js';
import {putBackParked} from './put-back.js';
import {memoryWarnings, rememberRun} from './remember.js';

const WRITER = `dirsync ${VERSION}`;

/** How a plan is applied, except for what the plan itself contains. */
export interface ApplySettings {
  readonly allow: readonly GuardName[];
  readonly fsync: Settings['fsync'];
  /** Ignored for plans that were approved. */
  readonly live?: Settings['live'];
  readonly probe?: Settings['probe'];
  readonly skipDrifted: boolean;
  /** Whether the run is remembered in the target; default: true. */
  readonly memory?: boolean | undefined;
  /** Milliseconds to wait for another run on the target; default: 0. */
  readonly lockTimeout?: number;
  /** Bytes of content per second; default: no limit. */
  readonly rate?: number | undefined;
  /** Priority of this process for disks and processors; default: `normal`. */
  readonly ioPriority?: Settings['ioPriority'] | undefined;
  /** Milliseconds after which the run stops; default: no limit. */
  readonly maxDuration?: number | undefined;
}

export interface SavedPlanOptions extends ApplySettings {
  readonly plan: Plan;
  /** The roots that the user expects in the plan. */
  readonly source?: string | undefined;
  readonly target?: string | undefined;
  /** Whether missing folders above the target may be created; default: true. */
  readonly mkpath?: boolean | undefined;
  /** Overrides the limit in the plan. */
  readonly maxDelete?: MaxDelete | undefined;
}

/** Reads a plan file. @throws DirsyncError PLAN_NOT_APPROVED if its SHA-256 is not `approved`, or an error of `readPlanFile`. */
export async function readApproved(file: string, approved: string | undefined): Promise<SavedPlan> {
  const saved = await readPlanFile(file);
  if (approved === undefined || approved === saved.sha256) return saved;
  throw new DirsyncError(
    'PLAN_NOT_APPROVED',
    `the SHA-256 of ${escapeName(file)} is ${saved.sha256}, not ${escapeName(approved)}`,
    'nothing was changed; get this plan approved, or name the approved file',
  );
}

/**
 * Applies a plan that was read from a file. Checks every path before the first change.
 * @throws DirsyncError PLAN_STALE, PLAN_OTHER_ROOT, PLAN_OTHER_OWNERS or PLAN_OTHER_USER if the plan no longer fits; GUARD_HALTED
 * or
 * OUT_OF_TIME; then nothing was changed.
 *
 * @example
 * await writePlanFile('notes.plan', planned.plan);
 * const {plan} = await readPlanFile('notes.plan');
 * const report = await applySaved({plan, allow: [], fsync: 'end', skipDrifted: false}, context);
 * report.problems; // → []
 */
export async function applySaved(options: SavedPlanOptions, context: Context): Promise<ApplyReport> {
  const {plan, maxDelete = plan.header.options.maxDelete, mkpath = true} = options;
  const header = {...plan.header, options: {...plan.header.options, maxDelete}};
  checkOwners(header);
  checkThisUser(plan);
  const target = findTarget(header.target.path, mkpath);
  checkRoot('target', header.target, target, options.target === undefined ? undefined : findTarget(options.target, true));
  // The plan may have been made on another machine or by another user.
  const warnings = [...new Set([...header.warnings, ...memoryWarnings()])];
  const seen: Plan = {...plan, header: {...header, overlap: overlapNow(plan, target, options), warnings}};
  return withTimeLimit(options.maxDuration, context, (limited) =>
    withWorkers(paceOf(options), limited, async (pool) => {
      const planned = judge(withFacts(seen, await factsNow(seen, pool)), options.allow);
      context.onEvent({type: 'plan-ready', ...planned});
      return execute(planned, {...options, approach: 'saved'}, pool, limited);
    }),
  );
}

/** Checks the source of a saved plan. Returns how the two roots overlap now. */
function overlapNow({header}: Plan, target: Root, options: SavedPlanOptions): Overlap | undefined {
  checkSourceAbsent(platform(), header);
  if (header.sourceMissing) {
    const expected = options.source && absolutePath(options.source);
    if (expected && expected !== header.source.path) throw unexpectedRoot('source', header.source.path, expected);
    return undefined;
  }
  try {
    const source = findSource(header.source.path);
    checkRoot('source', header.source, source, options.source && findSource(options.source));
    return rootOverlap(source, target) ?? header.overlap;
  } catch (error) {
    return asGuard(error);
  }
}

/**
 * Makes a plan and applies it.
 * @throws DirsyncError for roots or filters that cannot be used; GUARD_HALTED or OUT_OF_TIME; then nothing was changed.
 *
 * @example
 * const report = await applyFresh(settings, context);
 * report.counts.failed; // → 0
 */
export async function applyFresh(settings: Settings, context: Context): Promise<ApplyReport> {
  return withTimeLimit(settings.maxDuration, context, (limited) =>
    withWorkers(workersFor(settings), limited, async (pool) => {
      putBackParked(settings, context);
      const planned = await makePlan(settings, {pool, isKept: true}, limited).catch(asGuard);
      checkGoing(planned, limited);
      return execute(planned, {...settings, approach: 'fresh'}, pool, limited);
    }),
  );
}

/**
 * Makes a plan, lets `approve` choose what of it to apply, and applies that. Returns undefined if `approve` chose nothing.
 * @throws DirsyncError as `applyFresh` does.
 *
 * @example
 * const fewDeletes = (planned) => planned.summary.kinds.delete.count < 10;
 * const approve = async (planned) => (fewDeletes(planned) ? planned : undefined);
 * const report = await applyApproved(settings, approve, context);
 * report?.counts.failed; // → 0
 */
export async function applyApproved(
  settings: Settings,
  approve: (planned: Planned) => Promise<Planned | undefined>,
  context: Context,
): Promise<ApplyReport | undefined> {
  return withWorkers(workersFor(settings), context, async (pool) => {
    putBackParked(settings, context);
    const planned = await makePlan(settings, {pool, isKept: true}, context).catch(asGuard);
    const isNothing = planned.summary.changes + planned.summary.upkeep === 0;
    const chosen = isNothing ? planned : await approve(planned);
    if (chosen === undefined) {
      planned.memory?.close();
      return undefined;
    }
    checkGoing(planned, context);
    return withTimeLimit(settings.maxDuration, context, async (limited) => {
      const judged = await judgedAgain({...chosen, memory: planned.memory}, settings, pool);
      return execute(judged, {...settings, approach: 'approved'}, pool, limited);
    });
  });
}

/** @throws Interrupted if the run was stopped while the plan was made or reviewed. */
function checkGoing({memory}: Planned, {signal}: Context): void {
  if (!signal.aborted) return;
  memory?.close();
  throw new Interrupted();
}

/** Makes the plan of an apply, where a missing source is a guard. */
export async function planForApply(settings: Settings, context: Context): Promise<Planned> {
  putBackParked(settings, context);
  return withWorkers(workersFor(settings), context, (pool) => makePlan(settings, {pool, isKept: true}, context)).catch(asGuard);
}

/** Applies a plan that was reviewed in this process. Paths that changed since are skipped. */
export function applyPlanned(planned: Planned, settings: ApplySettings, context: Context): Promise<ApplyReport> {
  return withTimeLimit(settings.maxDuration, context, (limited) =>
    withWorkers(paceOf(settings), limited, async (pool) =>
      execute(await judgedAgain(planned, settings, pool), {...settings, approach: 'approved'}, pool, limited),
    ),
  );
}

/** Judges the plan again, because the facts that guards check may have changed during the review. */
async function judgedAgain({plan, memory}: Planned, {allow}: ApplySettings, pool: WorkerPool): Promise<Planned> {
  return {...judge(withFacts(plan, await factsNow(plan, pool)), allow), memory};
}

function paceOf({rate, ioPriority}: ApplySettings): Workers {
  return {rate, ioPriority};
}

async function execute(
  {plan, halts, memory}: Planned,
  {
    fsync,
    live = 'copy',
    probe = false,
    skipDrifted,
    lockTimeout = 0,
    approach,
    memory: isRemembered = true,
  }: ApplySettings & {approach: Approach},
  pool: WorkerPool,
  {onEvent, signal, now, command = WRITER, runId = newId(now())}: Context,
): Promise<ApplyReport> {
  const ofRun = {runId, flush: fsync !== 'none'};
  const rememberTrees = (ended: EndedRun) => (memory === undefined ? noteSavedRun(plan, ended) : memory.save(plan, ended));
  try {
    checkHalts(halts);
    return await applyPlan({
      plan,
      pool,
      runId,
      writer: WRITER,
      approach,
      skipDrifted,
      fsync,
      live,
      probe,
      lock: {timeout: lockTimeout, command},
      onEvent,
      signal,
      now,
      remember: ({interrupted, isFull, ...ends}) => [
        rememberRun(plan, {interrupted, allowed: new Set(halts.map(({guard}) => guard))}),
        isRemembered && !isFull ? rememberTrees({...ends, ...ofRun}) : undefined,
      ],
    });
  } finally {
    memory?.close();
  }
}

/** Converts the error of a missing or unreadable source into that of a guard, with its exit code. */
function asGuard(error: unknown): never {
  const guard = error instanceof DirsyncError ? ROOT_GUARDS[error.code] : undefined;
  if (guard === undefined) throw error;
  const {code, detail, hint} = error as DirsyncError;
  throw new DirsyncError(code, `${detail}; halted by ${guard}`, hint, {cause: error, isHalt: true});
}

function checkRoot(side: 'source' | 'target', planned: PlanRoot, now: Root, expected: Root | '' | undefined): void {
  if (expected && expected.path !== now.path) throw unexpectedRoot(side, planned.path, expected.path);
  if (planned.identity === undefined || isSameRoot(planned.identity, now.identity)) return;
  throw otherRoot(planned.path);
}

function unexpectedRoot(side: 'source' | 'target', planned: string, expected: string): DirsyncError {
  const detail = `its ${side} is ${escapeName(planned)}, not ${escapeName(expected)}`;
  return new DirsyncError('PLAN_OTHER_ROOT', detail, 'make a new plan for the right folder');
}
