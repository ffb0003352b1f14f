/**
 * Makes a plan for which at least one tree is given by its manifest. What a manifest does not show, such as free space and mounts, is
 * looked at when the plan is applied.
 */
import process from 'node:process';
import {typedPatterns} from '../../config/patterns.js';
import type {Settings} from '../../config/settings.js';
import {DirsyncError} from '../../core/errors.js';
import {escapeName} from '../../core/escape.js';
import type {ManifestFacts, ManifestHeader} from '../../core/manifest.js';
import {toByteName} from '../../core/name.js';
import type {Owners, Plan, PlanOptions, PlanRoot, RememberedFilters} from '../../core/plan.js';
import type {Side} from '../../core/problem.js';
import type {PreservedXattrs} from '../../core/xattr.js';
import {openManifestFile} from '../../formats/saved-manifest.js';
import {diff} from '../../plan/diff.js';
import {type WhatIsPreserved, whatIsPreserved} from '../../plan/preserve.js';
import {platform} from '../../platform/choose.js';
import type {WorkerPool} from '../../platform/pool.js';
import {ownGroups, privileges} from '../../platform/privileges.js';
import {findSource, findTarget} from '../../platform/roots.js';
import {FilterScope} from '../../scan/filter.js';
import {ScanStopped} from '../../scan/scan.js';
import {type Context, Interrupted, newId, withWorkers} from '../context.js';
import {VERSION} from '../version.js';
import {lossWarnings, madeUpWarnings} from './loss-warnings.js';
import {NamesInTarget} from './names-in-target.js';
import {narrowingOf, narrowPlan} from './narrow.js';
import {ownersOf} from './owners.js';
import {checkMemory, judge, type Planned, planOptions, withFacts, workersFor} from './plan.js';
import {type Preserving, preservingIn} from './preserve.js';
import type {SnapshotSettings} from './snapshot.js';
import {
  type ComparedTree,
  checkDigests,
  collected,
  EntryCount,
  filtered,
  folderTree,
  manifestTree,
  missingTree,
  sameDigests,
} from './trees.js';

/** The files of the manifests; undefined for a folder. */
export type ManifestFiles = Readonly<Record<Side, string | undefined>>;

/** Returns the root of a manifest, to name the folder in settings. @throws DirsyncError MANIFEST_… */
export function manifestRoot(file: string): PlanRoot {
  const {header, close} = openManifestFile(file);
  close();
  return header.root;
}

/**
 * Makes a plan from manifests. Settings that depend on a folder that is not here are refused.
 * @throws DirsyncError MANIFEST_…, USAGE, and for roots or filters that cannot be used; Interrupted.
 */
export function planManifests(settings: Settings, files: ManifestFiles, context: Context): Promise<Planned> {
  return withWorkers(workersFor(settings), context, async (pool) => {
    const narrowing = await narrowingOf(settings.narrow, context);
    const trees = openTrees(settings, files, pool, context);
    try {
      const made = await compareTrees(settings, trees, context);
      const plan = withFacts(narrowPlan(made, narrowing, made.header.id), {});
      const planned = judge(plan, settings.allow);
      context.onEvent({type: 'plan-ready', ...planned});
      return planned;
    } catch (error) {
      if (error instanceof ScanStopped || context.signal.aborted) throw new Interrupted();
      throw error;
    } finally {
      trees.source.close();
      trees.target.close();
    }
  });
}

type Trees = Readonly<Record<Side, ComparedTree>>;

/** The workers that scan; those after them compare content meanwhile. */
function scanners({compare}: Settings): number {
  return compare === 'content' ? 2 : 0;
}

function openTrees(settings: Settings, files: ManifestFiles, pool: WorkerPool, context: Context): Trees {
  const source = openSource(settings, files.source, pool, context);
  try {
    const {options} = source.header;
    const target = openTarget({...settings, ...ofSource(options)}, files.target, {pool, context, like: source.header});
    context.onEvent({type: 'plan-started', source: source.header.root.path, target: target.header.root.path});
    return {source, target};
  } catch (error) {
    source.close();
    throw error;
  }
}

/** The options that a source has from its snapshot. */
function ofSource({linksAs, oneFileSystem, excludeCaches, excludeIfPresent}: ManifestHeader['options']) {
  return {linksAs, oneFileSystem, excludeCaches, excludeIfPresent};
}

function openSource(settings: Settings, file: string | undefined, pool: WorkerPool, context: Context): ComparedTree {
  if (file === undefined) {
    const root = findSource(settings.source);
    const options = {folder: settings.source, root, settings: readSettings(settings), worker: 0, workers: scanners(settings)};
    return folderTree(options, pool, context);
  }
  const tree = manifestTree(file, 'source', context.signal);
  const {linksAs, oneFileSystem, excludeCaches, excludeIfPresent} = tree.header.options;
  const wanted: [flag: string, isOther: boolean][] = [
    ['links-as', settings.linksAs !== undefined && settings.linksAs !== linksAs],
    ['one-file-system', settings.oneFileSystem && !oneFileSystem],
    ['exclude-caches', settings.excludeCaches && !excludeCaches],
    ['exclude-if-present', settings.excludeIfPresent.some((name) => !excludeIfPresent.includes(name))],
  ];
  const refused = wanted.find(([, isOther]) => isOther);
  if (refused === undefined) return tree;
  tree.close();
  throw new DirsyncError(
    'USAGE',
    `--${refused[0]} needs the source itself, but ${escapeName(file)} was made without it`,
    `leave it out, or take the snapshot with --${refused[0]}`,
  );
}

interface Opening {
  readonly pool: WorkerPool;
  readonly context: Context;
  readonly like: ManifestHeader;
}

function openTarget(settings: Settings, file: string | undefined, {pool, context, like}: Opening): ComparedTree {
  if (file !== undefined) {
    if (settings.renameInvalid) {
      const detail = '--rename-invalid needs the target itself, but the target is given as a manifest';
      throw new DirsyncError('USAGE', detail, 'leave it out, or name the folder');
    }
    return manifestTree(file, 'target', context.signal);
  }
  const root = findTarget(settings.target, settings.mkpath);
  if (root.live === undefined) return missingTree(root, like);
  // The filters of the source decide what is left out.
  const read = {...readSettings(settings), filters: [], excludeCaches: false, excludeIfPresent: [], linksAs: undefined};
  const asTarget = {...read, renameInvalid: settings.renameInvalid};
  const options = {folder: settings.target, root, settings: asTarget, worker: 1, workers: scanners(settings)};
  return folderTree({...options, side: 'target'}, pool, context);
}

function readSettings(settings: Settings): SnapshotSettings {
  const {filters, excludeCaches, excludeIfPresent, oneFileSystem, linksAs, rate, ioPriority} = settings;
  return {filters, excludeCaches, excludeIfPresent, oneFileSystem, linksAs, rate, ioPriority, digest: false};
}

/** Compares both trees, and returns the plan without the facts of guards. */
async function compareTrees(settings: Settings, trees: Trees, {now, signal, onEvent}: Context): Promise<Plan> {
  const started = now();
  if (settings.compare === 'content') checkDigests(trees);
  checkNames(trees.target);
  // A folder is read to its end first, since its rules leave out paths of both trees.
  const source = trees.source.file === undefined ? await collected(trees.source, signal) : trees.source;
  const facts = await source.facts();
  const {header} = source;
  const madeUp = header.fileSystem.madeUp.filter((each) => settings.preserve.includes(each) && !settings.insisted.includes(each));
  const wanted = settings.preserve.filter((each) => !madeUp.includes(each));
  const preserving = preservingFor(trees.target, wanted);
  const filters = [
    ...header.options.filters,
    // A folder was read with them.
    ...(source.file === undefined ? [] : typedPatterns(settings.filters).map(({pattern}) => pattern)),
  ];
  FilterScope.root(filters);
  const options = optionsOf({...settings, ...ofSource(header.options)}, {trees, preserving, filters});
  const known = knownFilters(source, facts, filters);
  const names = new NamesInTarget(preserving.abilities, {names: trees.target.header.root.escapes});
  const counts = {source: new EntryCount(), target: new EntryCount()};
  const ofTarget = known === undefined || options.deleteExcluded ? trees.target.blocks : filtered(trees.target.blocks, known);
  const found = await diff({
    source: counts.source.watch(known === undefined ? source.blocks : filtered(source.blocks, known)),
    target: counts.target.watch(ofTarget),
    areFiltered: true,
    policy: options,
    wanted,
    uid: process.geteuid?.() ?? 0,
    holdsName: (name) => names.holds(name),
    largestFile: preserving.fileSystem.largestFile,
    onActions: checkMemory,
    sameContent: (paths, inTarget) => sameDigests(trees, {source: paths, target: inTarget}),
  });
  if (signal.aborted) throw new Interrupted();
  const targetFacts = await trees.target.facts();
  const totals = {
    source: counts.source.totals(facts.totals.digest),
    target: counts.target.totals(targetFacts.totals.digest),
  };
  for (const side of ['source', 'target'] as const) {
    onEvent({type: 'scan-done', side, entries: totals[side].entries, bytes: totals[side].bytes});
  }
  return {
    header: {
      id: newId(started),
      created: started.toISOString(),
      writer: `dirsync ${VERSION}`,
      source: header.root,
      target: trees.target.header.root,
      options,
      totals,
      owners: settings.ownerBy === 'name' && options.owner ? ownersIn(trees.source, facts, found.actions) : undefined,
      plannedBy: process.geteuid?.(),
      rules: facts.rules,
      tagged: facts.tagged.length > 0 ? facts.tagged : undefined,
      warnings: [
        ...manifestWarnings(trees),
        ...lossWarnings({...found, preserving, respelled: 0, folding: undefined}),
        ...names.warnings(),
        ...madeUpWarnings(header.fileSystem.type, madeUp),
        ...facts.warnings,
      ],
    },
    actions: found.actions,
    problems: [...facts.problems, ...targetFacts.problems, ...found.problems],
  };
}

/** @throws DirsyncError USAGE for a target that folds names: it must be read with the source's spelling. */
function checkNames({header}: ComparedTree): void {
  if (header.fileSystem.folding === undefined) return;
  const detail = `the target ${escapeName(header.root.path)} treats names that differ in case as one`;
  throw new DirsyncError('USAGE', detail, 'plan where both folders are, without manifests');
}

/** What this user can preserve in the target, as far as that is known without it. */
function preservingFor({file, header}: ComparedTree, wanted: Settings['preserve']): Preserving {
  if (file === undefined) return preservingIn(toByteName(header.root.path), wanted);
  const {type, supports, resolution, range, largestFile} = header.fileSystem;
  const {preservesAll} = platform();
  const user = {...privileges(), groups: ownGroups()};
  const times = {resolution, range};
  const kept: WhatIsPreserved = whatIsPreserved({wanted, user, preservesAll, supported: supports, abilities: undefined});
  const fileSystem = {type, preserves: supports, times, largestFile, isShared: false, stampsChanges: false, mounted: undefined};
  return {...kept, fileSystem, times, abilities: undefined};
}

interface Known {
  readonly trees: Trees;
  readonly preserving: Preserving;
  readonly filters: readonly string[];
}

/** Only what was read in both trees can be compared. */
function optionsOf(settings: Settings, {trees, preserving, filters}: Known): PlanOptions {
  const {type, madeUp, resolution} = trees.source.header.fileSystem;
  const options = planOptions(settings, {...preserving, filters, ofSource: {type, madeUp, resolution}});
  const isRead = (holds: (read: PreservedXattrs) => boolean) =>
    [trees.source, trees.target].every(({header}) => holds(header.options.read));
  return {
    ...options,
    xattrs: options.xattrs.filter((each) => isRead(({xattrs}) => xattrs.includes(each))),
    acls: options.acls && isRead(({acls}) => acls),
  };
}

/** The filters of the source; undefined if it has none. @throws DirsyncError USAGE if the manifest does not have all of them. */
function knownFilters({file}: ComparedTree, {rules, tagged, isCut}: ManifestFacts, lines: readonly string[]) {
  if (isCut) {
    const detail = `the source has more .dirsyncignore files or tags than ${file === undefined ? 'can be kept' : escapeName(file)}`;
    throw new DirsyncError('USAGE', detail, 'plan where both folders are, without manifests');
  }
  const known: RememberedFilters = {lines, rules, tagged};
  return lines.length + rules.length + tagged.length === 0 ? undefined : known;
}

/** The names of the owners that the plan sets: those of the machine where the source was read. */
function ownersIn({file}: ComparedTree, {owners}: ManifestFacts, actions: Plan['actions']): Owners {
  if (file === undefined) return ownersOf(actions);
  const users = new Set(actions.map(({after}) => after?.uid));
  const groups = new Set(actions.map(({after}) => after?.gid));
  const used = (names: Readonly<Record<string, number>>, ids: ReadonlySet<number | undefined>) =>
    Object.fromEntries(Object.entries(names).filter(([, id]) => ids.has(id)));
  return {users: used(owners.users, users), groups: used(owners.groups, groups)};
}

function manifestWarnings(trees: Trees): string[] {
  return (['source', 'target'] as const).flatMap((side) => {
    const {file, header} = trees[side];
    return file === undefined ? [] : [`the ${side} was not read: ${file} shows it as it was at ${header.created}`];
  });
}
