/** Compares two trees, each a folder or a manifest, without planning anything. */
import {statSync} from 'node:fs';
import {parseDuration} from '../../config/quantity.js';
import type {NarrowSettings} from '../../config/settings.js';
import {type Action, isUpkeep} from '../../core/action.js';
import type {ManifestHeader} from '../../core/manifest.js';
import {osPath} from '../../core/name.js';
import {type Plan, type PlanOptions, PRESERVABLE, type Preservable} from '../../core/plan.js';
import type {Side} from '../../core/problem.js';
import {joinFacts} from '../../core/times.js';
import {XATTR_NAMESPACES} from '../../core/xattr.js';
import {withTimeFacts} from '../../plan/compare.js';
import {diff} from '../../plan/diff.js';
import {DEFAULT_MAX_DELETE} from '../../plan/guards.js';
import type {Remembered} from '../../plan/remembered.js';
import {summarize} from '../../plan/summary.js';
import type {WorkerPool} from '../../platform/pool.js';
import {findSource} from '../../platform/roots.js';
import {ScanStopped} from '../../scan/scan.js';
import {type Context, Interrupted, newId, withWorkers} from '../context.js';
import {VERSION} from '../version.js';
import {narrowingOf, narrowPlan} from './narrow.js';
import {checkMemory, type Planned} from './plan.js';
import {type SnapshotSettings, workersToRead} from './snapshot.js';
import {type ComparedTree, checkDigests, folderTree, manifestTree, sameDigests} from './trees.js';

/** How two trees are compared. */
export interface CompareSettings {
  /** How folders are read. */
  readonly read: SnapshotSettings;
  readonly compare: PlanOptions['compare'];
  /** Times that differ by no more than this are equal; undefined: as exact as both trees keep them. */
  readonly mtimeWindow?: string | undefined;
  /** What is compared in addition to content; undefined for everything. */
  readonly preserve?: readonly Preservable[] | undefined;
  readonly noPreserve?: readonly Preservable[] | undefined;
  readonly narrow?: NarrowSettings | undefined;
}

type Trees = Readonly<Record<Side, ComparedTree>>;

/**
 * Returns the changes from the tree `before` to the tree `after`, as a plan that cannot be applied: its source is the later tree.
 * @throws DirsyncError MANIFEST_…, USAGE, and for folders or filters that cannot be used; Interrupted.
 */
export function compareTrees(
  {before, after}: {readonly before: string; readonly after: string},
  settings: CompareSettings,
  context: Context,
): Promise<Planned> {
  const isContent = settings.compare === 'content';
  return withWorkers(workersToRead({...settings.read, digest: isContent}, SCANS), context, async (pool) => {
    const narrowing = await narrowingOf(settings.narrow, context);
    const workers = isContent ? SCANS : 0;
    const target = openSide(before, {settings: settings.read, worker: 0, workers}, pool, context);
    try {
      const source = openSide(after, {settings: settings.read, worker: 1, workers}, pool, context);
      try {
        const made = await compare({source, target}, settings, context);
        const plan = narrowPlan(made, narrowing, made.header.id);
        const planned = {plan, summary: summarize(plan), halts: []};
        context.onEvent({type: 'plan-ready', ...planned});
        return planned;
      } finally {
        source.close();
      }
    } catch (error) {
      if (error instanceof ScanStopped || context.signal.aborted) throw new Interrupted();
      throw error;
    } finally {
      target.close();
    }
  });
}

const SCANS = 2;

interface Reading {
  readonly settings: SnapshotSettings;
  readonly worker: number;
  readonly workers: number;
}

/** A folder is read as a source is, with its own filter rules. */
function openSide(given: string, reading: Reading, pool: WorkerPool, context: Context): ComparedTree {
  if (isFile(given)) return manifestTree(given, reading.worker === 0 ? 'target' : 'source', context.signal);
  return folderTree({folder: given, root: findSource(given), ...reading}, pool, context);
}

function isFile(given: string): boolean {
  return statSync(osPath(given), {throwIfNoEntry: false})?.isDirectory() === false;
}

async function compare(trees: Trees, settings: CompareSettings, {now, signal}: Context): Promise<Plan> {
  const started = now();
  if (settings.compare === 'content') checkDigests(trees);
  const {source, target} = trees;
  const options = optionsOf(settings, {source: source.header, target: target.header});
  const found = await diff({
    source: source.blocks,
    target: target.blocks,
    areFiltered: true,
    policy: options,
    wanted: [],
    uid: 0,
    holdsName: () => true,
    largestFile: undefined,
    onActions: checkMemory,
    sameContent: (paths, inTarget) => sameDigests(trees, {source: paths, target: inTarget}),
    remembered: rememberedOf(target),
  });
  if (signal.aborted) throw new Interrupted();
  const [after, before] = await Promise.all([source.facts(), target.facts()]);
  return {
    header: {
      id: newId(started),
      created: started.toISOString(),
      writer: `dirsync ${VERSION}`,
      source: source.header.root,
      target: target.header.root,
      options,
      totals: {source: after.totals, target: before.totals},
      compared: true,
      warnings: [...new Set([...before.warnings, ...after.warnings])],
    },
    // Nothing is written, so no times of folders have to be restored.
    actions: found.actions.filter((action) => !isUpkeep(action)).map(asFound),
    problems: [...before.problems, ...after.problems, ...found.problems],
  };
}

/** Leaves out what reports would say of a sync: that the source does not have an entry, and what a move need not copy. */
function asFound<A extends Action>(action: A): A {
  const {reasons} = action;
  const shown = reasons.includes('gone') ? {...action, reasons: reasons.filter((reason) => reason !== 'gone')} : action;
  return shown.kind === 'move' ? {...shown, carried: undefined} : shown;
}

/** An inode of the earlier tree shows what was moved since. */
function rememberedOf({rowAt}: ComparedTree): Remembered | undefined {
  return rowAt && {isCurrent: true, sourceAt: rowAt, targetAt: rowAt};
}

/** Everything is compared that both trees have. */
function optionsOf(settings: CompareSettings, headers: Readonly<Record<Side, ManifestHeader>>): PlanOptions {
  const {source, target} = headers;
  const {preserve = PRESERVABLE, noPreserve = []} = settings;
  const wants = (each: Preservable) => preserve.includes(each) && !noPreserve.includes(each);
  const isReal = (each: Preservable) => wants(each) && ![source, target].some(({fileSystem: {madeUp}}) => madeUp.includes(each));
  const isRead = [source, target].map(({options}) => options.read);
  const times = joinFacts(target.fileSystem, source.fileSystem);
  const {filters, excludeCaches, excludeIfPresent, oneFileSystem, linksAs} = source.options;
  return {
    compare: settings.compare,
    ...withTimeFacts({mtimeWindow: 0n}, times),
    ...(settings.mtimeWindow !== undefined && {mtimeWindow: parseDuration(settings.mtimeWindow)}),
    delete: true,
    deleteBefore: false,
    deleteAnyway: false,
    deleteExcluded: false,
    oneFileSystem,
    linksAs,
    renameInvalid: false,
    moves: true,
    onDrift: 'overwrite',
    moveCheckLimit: 0,
    mode: isReal('mode'),
    owner: isReal('owner'),
    groups: isReal('owner') ? 'any' : [],
    times: wants('times'),
    xattrs: wants('xattrs') ? XATTR_NAMESPACES.filter((each) => isRead.every(({xattrs}) => xattrs.includes(each))) : [],
    acls: wants('acls') && isRead.every(({acls}) => acls),
    symlinks: 'kept',
    hardlinks: wants('hardlinks'),
    showsLinks: true,
    sparse: wants('sparse'),
    specials: true,
    devices: true,
    filters,
    excludeCaches,
    excludeIfPresent,
    maxDelete: DEFAULT_MAX_DELETE,
  };
}
