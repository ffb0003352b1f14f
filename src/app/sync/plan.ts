/** Makes a plan: reads both trees at the same time and compares them as they arrive. Writes nothing. */
import {availableParallelism} from 'node:os';
import process from 'node:process';
import {typedPatterns} from '../../config/patterns.js';
import type {Settings} from '../../config/settings.js';
import type {Block} from '../../core/block.js';
import {formatPlural} from '../../core/count.js';
import {DirsyncError, type ErrorCode, MORE_MEMORY} from '../../core/errors.js';
import {toByteName} from '../../core/name.js';
import type {Facts, GuardName, Halt, Plan, PlanOptions, PlanSummary} from '../../core/plan.js';
import type {Problem, Side} from '../../core/problem.js';
import {heapFault} from '../../formats/memory.js';
import {withTimeFacts} from '../../plan/compare.js';
import {diff} from '../../plan/diff.js';
import {DEFAULT_MAX_DELETE, guardHalts} from '../../plan/guards.js';
import {summarize} from '../../plan/summary.js';
import {keepTargetDrift, withTargetDrift} from '../../plan/target-drift.js';
import {platform} from '../../platform/choose.js';
import {absolutePath} from '../../platform/environment.js';
import {keepsInodes, renamesFolders} from '../../platform/filesystems.js';
import {errnoOf} from '../../platform/platform.js';
import type {WorkerPool} from '../../platform/pool.js';
import {findSource, findTarget, type Root, rootOverlap} from '../../platform/roots.js';
import {emptyScan, NO_SCAN} from '../../scan/empty.js';
import {FilterScope} from '../../scan/filter.js';
import {idlePatterns} from '../../scan/idle.js';
import type {KeptBlock} from '../../scan/keeper.js';
import {ScanStopped, startScan} from '../../scan/scan.js';
import type {ScanTask} from '../../scan/task.js';
import {type Context, Interrupted, newId, type Workers, withWorkers} from '../context.js';
import {VERSION} from '../version.js';
import {askWorkers} from './ask.js';
import {factsOf, namesOf} from './facts.js';
import {idleWarnings, rootNames} from './filters.js';
import {lossWarnings, madeUpWarnings} from './loss-warnings.js';
import {PlanMemory} from './memory.js';
import {NamesInTarget} from './names-in-target.js';
import {narrowingOf, narrowPlan} from './narrow.js';
import {ownInTrees} from './own-files.js';
import {ownersOf} from './owners.js';
import {packing} from './packing.js';
import {type Preserving, preservingIn} from './preserve.js';
import {parkedWarnings} from './put-back.js';
import {memoryWarnings, sizeWarnings} from './remember.js';
import {hiddenNamingWarnings, viewsOf} from './sides.js';
import {type SourceFacts, sourceFacts} from './source-facts.js';

/** Returns a copy of the plan with these facts. */
export function withFacts(plan: Plan, facts: Facts): Plan {
  return {...plan, header: {...plan.header, facts}};
}

/** A plan with its summary and the guards that halt it. */
export interface Planned {
  readonly plan: Plan;
  readonly summary: PlanSummary;
  readonly halts: readonly Halt[];
  /** What the run of it will remember of both trees; undefined if it will not. Close it if the plan is not applied. */
  readonly memory?: PlanMemory | undefined;
}

const PROGRESS_MS = 200;
/** Comparing content reads both trees during the two scans, so it has its own workers. */
const SCAN_WORKERS = 2;

/** Returns the workers that a plan with these settings needs. */
export function workersFor({compare, rate, ioPriority}: Pick<Settings, 'compare' | 'rate' | 'ioPriority'>): Workers {
  return {size: compare === 'content' ? SCAN_WORKERS + availableParallelism() : undefined, rate, ioPriority};
}

/**
 * Reads both trees and returns the plan that makes the target equal to the source. Changes nothing. Starts its own workers.
 * @throws DirsyncError for roots or filters that cannot be used; Interrupted.
 *
 * @example
 * const {plan, summary, halts} = await planTrees(settings, context);
 * plan.actions.map(({kind, path}) => `${kind} ${path}`).includes('delete old.txt'); // → true
 * summary.changes; // → 4
 * halts; // → []
 */
export function planTrees(settings: Settings, context: Context): Promise<Planned> {
  return withWorkers(workersFor(settings), context, (pool) => makePlan(settings, {pool, isKept: false}, context));
}

/** How a plan is made. */
export interface Making {
  readonly pool: WorkerPool;
  /** Whether a run of the plan will follow, which remembers what both trees were. */
  readonly isKept: boolean;
}

/** Makes a plan with the given workers. @throws DirsyncError for roots or filters that cannot be used; Interrupted. */
export async function makePlan(settings: Settings, {pool, isKept}: Making, context: Context): Promise<Planned> {
  const {onEvent, now} = context;
  const started = now();
  const target = findTarget(settings.target, settings.mkpath);
  const {source, missing, unread} = sourceOf(settings, target);
  const roots = {source, target, sourceMissing: missing || undefined};
  onEvent({type: 'plan-started', source: source.path, target: target.path});
  const narrowing = await narrowingOf(settings.narrow, context);
  const ofSource = sourceFacts(source.bytes);
  const madeUp = ofSource.madeUp.filter((each) => settings.preserve.includes(each) && !settings.insisted.includes(each));
  const wanted = settings.preserve.filter((each) => !madeUp.includes(each));
  const preserving = preservingIn(target.bytes, wanted);
  const patterns = typedPatterns(settings.filters);
  const own = ownInTrees(settings, {source: source.path, target: target.path});
  const options = planOptions(settings, {
    ...preserving,
    filters: [...patterns.map(({pattern}) => pattern), ...own.patterns],
    ofSource,
  });
  const {filters, excludeCaches, excludeIfPresent, oneFileSystem, deleteExcluded} = options;
  // Invalid filters are refused here, because an error in a worker would be reported as a bug.
  FilterScope.root(filters);

  const typedNames = rootNames([source.path, target.path], [settings.source, settings.target]);
  const ofNames = namesOf(target.bytes);
  const views = viewsOf({source, target, options});
  const names = new NamesInTarget(preserving.abilities, views.target);
  const filtering = {filters, excludeCaches, excludeIfPresent};
  const read = {source: preserving.read, target: preserving.readInTarget};
  const memory = settings.memory ? new PlanMemory({source, target, read, isKept}) : undefined;
  const common = {
    type: 'scan',
    rootNames: typedNames,
    ...filtering,
    oneFileSystem,
    ...ofNames,
  } as const;
  const sourceTask: ScanTask = {
    ...common,
    side: 'source',
    root: source.bytes,
    view: views.source,
    preserved: read.source,
    memory: memory?.task('source'),
    other: target.live,
  };
  const rulesRoot = source.live === undefined ? undefined : source.bytes;
  // Paths to be deleted must be read.
  const filtered = deleteExcluded ? {filters: own.patterns, isWhole: true} : {};
  const targetTask: ScanTask = {
    ...common,
    side: 'target',
    preserved: read.target,
    memory: memory?.task('target'),
    root: target.bytes,
    view: views.target,
    rulesRoot,
    rulesView: views.source,
    ...filtered,
    other: source.live,
  };
  const keep = (side: Side) => (block: Block, kept: KeptBlock | undefined) => memory?.keep(side, block, kept);
  const scans = {
    source: missing || unread !== undefined ? emptyScan(target.bytes, unread) : startScan(pool, 0, sourceTask, keep('source')),
    target: target.live === undefined ? NO_SCAN : startScan(pool, 1, targetTask, keep('target')),
  };
  const timer = setInterval(() => {
    onEvent({type: 'scan-progress', source: pool.counter(0, 0), target: pool.counter(1, 0)});
  }, PROGRESS_MS);
  try {
    const found = await diff({
      source: scans.source.blocks,
      target: scans.target.blocks,
      policy: options,
      // Without fixed inode numbers, content shows what was moved.
      remembered: keepsInodes(ofSource.type) ? memory?.remembered : undefined,
      keepsInodes: keepsInodes(preserving.fileSystem.type),
      packing,
      wanted,
      uid: process.geteuid?.() ?? 0,
      holdsName: (name) => names.holds(name),
      largestFile: preserving.fileSystem.largestFile,
      onActions: checkMemory,
      // Moved files are compared after both scans.
      sameContent: (paths, inTarget) => {
        const from = options.compare === 'content' ? SCAN_WORKERS : 0;
        return askWorkers<boolean | Problem>('content', paths, {pool, roots, views, from, inTarget});
      },
    });
    if (context.signal.aborted) throw new Interrupted();
    const [sourceAnswer, targetAnswer] = await Promise.all([scans.source.answer, scans.target.answer]);
    onEvent({type: 'scan-done', side: 'source', entries: sourceAnswer.totals.entries, bytes: sourceAnswer.totals.bytes});
    onEvent({type: 'scan-done', side: 'target', entries: targetAnswer.totals.entries, bytes: targetAnswer.totals.bytes});
    const inside = sourceAnswer.holdsOther ? 'target-in-source' : targetAnswer.holdsOther ? 'source-in-target' : undefined;
    const idle = [...idlePatterns(patterns, typedNames), ...sourceAnswer.idle];
    const seen = {source: sourceAnswer, target: targetAnswer};
    memory?.scanned(seen);
    const actions = withTargetDrift(found.actions, {remembered: memory?.remembered, options});
    memory?.planned(actions);
    const plan: Plan = {
      header: {
        id: newId(started),
        created: started.toISOString(),
        writer: `dirsync ${VERSION}`,
        source: {path: source.path, identity: source.identity, escapes: views.source.names},
        target: {path: target.path, identity: target.identity, escapes: views.target.names},
        options,
        totals: {source: sourceAnswer.totals, target: targetAnswer.totals},
        overlap: rootOverlap(source, target) ?? inside,
        owners: settings.ownerBy === 'name' && options.owner ? ownersOf(found.actions) : undefined,
        plannedBy: process.geteuid?.(),
        sourceMissing: missing || undefined,
        rules: sourceAnswer.rules.items,
        tagged: sourceAnswer.tagged.items.length > 0 ? sourceAnswer.tagged.items : undefined,
        warnings: [
          ...idleWarnings(idle),
          ...own.warnings,
          ...lossWarnings({...found, preserving, respelled: targetAnswer.respelled, folding: ofNames.folding}),
          ...names.warnings(),
          ...hiddenNamingWarnings({source}),
          ...madeUpWarnings(ofSource.type, madeUp),
          ...parkedWarnings(target.path),
          ...memoryWarnings(),
          ...sizeWarnings(options, seen),
          ...(memory?.warnings ?? []),
        ],
      },
      actions,
      problems: unique([...scans.source.problems, ...scans.target.problems, ...found.problems]),
    };
    const narrowed = narrowPlan(keepTargetDrift(plan, plan.header.id), narrowing, plan.header.id);
    const facts = await factsOf(narrowed, seen, pool);
    const planned = judge(withFacts(narrowed, facts), settings.allow);
    onEvent({type: 'plan-ready', plan: planned.plan, summary: planned.summary, halts: planned.halts});
    if (memory !== undefined && isKept) return {...planned, memory};
    memory?.close();
    return planned;
  } catch (error) {
    memory?.close();
    if (error instanceof ScanStopped) throw new Interrupted();
    throw error;
  } finally {
    clearInterval(timer);
  }
}

/** @throws DirsyncError PLAN_TOO_LARGE before V8 would end the program for lack of memory. */
export function checkMemory(actions: number): void {
  const fault = heapFault();
  if (fault === undefined) return;
  throw new DirsyncError('PLAN_TOO_LARGE', `the plan so far, with ${formatPlural(actions, 'action')}, ${fault}`, MORE_MEMORY);
}

/** Removes duplicates: both walks read the filter files of the source, so both may report the same problem. */
function unique(problems: readonly Problem[]): Problem[] {
  return [...new Map(problems.map((found) => [`${found.side}\0${found.code}\0${found.path}`, found])).values()];
}

/** Adds the summary and the verdicts of all guards to a plan. */
export function judge(plan: Plan, allow: Settings['allow']): Planned {
  return {plan, summary: summarize(plan), halts: guardHalts(plan, allow)};
}

interface FoundSource {
  readonly source: Root;
  /** The source does not exist and is treated as an empty folder. */
  readonly missing: boolean;
  /** The errno if the source exists but cannot be opened. */
  readonly unread: string | undefined;
}

/** The guards for roots that cannot be opened, by error code. */
export const ROOT_GUARDS: Partial<Record<ErrorCode, GuardName>> = {
  SOURCE_MISSING: 'source-missing',
  SOURCE_UNREADABLE: 'unreadable-source',
};

function sourceOf({source, allow}: Settings, target: Root): FoundSource {
  try {
    return {source: findSource(source), missing: false, unread: undefined};
  } catch (error) {
    // Without a target, a missing source is always an error.
    const guard = error instanceof DirsyncError ? ROOT_GUARDS[error.code] : undefined;
    if (guard === undefined || target.live === undefined) throw error;
    const {code, detail, hint, cause} = error as DirsyncError;
    const missing = guard === 'source-missing';
    if (!allow.includes(guard)) {
      // A missing source is also empty.
      const guards = missing ? [guard, 'source-empty'].filter((each) => !allow.includes(each as GuardName)) : [guard];
      const lifted = guards.map((each) => `--allow ${each}`).join(' ');
      throw new DirsyncError(code, detail, `${hint}; or add ${lifted} if this is intended`, {cause});
    }
    const whole = absolutePath(source);
    const root = {path: whole, bytes: toByteName(whole), live: undefined};
    return {source: root, missing, unread: missing ? undefined : errnoOf(cause)};
  }
}

interface Known extends Pick<Preserving, 'preserved' | 'times' | 'fileSystem'>, Pick<PlanOptions, 'filters'> {
  readonly ofSource: SourceFacts;
}

/** Returns the options of a plan. */
export function planOptions(settings: Settings, {preserved, times, filters, ofSource, fileSystem}: Known): PlanOptions {
  const resolution = platform().timeResolution;
  const mtimeWindow = resolution > 1n ? resolution : 0n;
  const policy = withTimeFacts({mtimeWindow}, times);
  return {
    compare: settings.compare,
    ...policy,
    ...(ofSource.resolution > 1n && {sourceResolution: ofSource.resolution}),
    ...(settings.mtimeWindow !== undefined && {mtimeWindow: settings.mtimeWindow, sourceResolution: undefined}),
    delete: settings.delete,
    deleteBefore: settings.deleteBefore,
    deleteAnyway: settings.deleteAnyway,
    deleteExcluded: settings.deleteExcluded,
    oneFileSystem: settings.oneFileSystem,
    linksAs: settings.linksAs,
    renameInvalid: settings.renameInvalid,
    moves: settings.moves && renamesFolders(fileSystem.type),
    moveCheckLimit: settings.moveCheckLimit,
    ...preserved,
    filters,
    excludeCaches: settings.excludeCaches,
    excludeIfPresent: settings.excludeIfPresent,
    minSize: settings.minSize,
    maxSize: settings.maxSize,
    onDrift: settings.onDrift,
    maxDelete: settings.maxDelete ?? DEFAULT_MAX_DELETE,
  };
}
