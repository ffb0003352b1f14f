/**
 * Collects the facts that guards check besides a plan's actions: when it is made, and again before it is applied. Writes nothing.
 */
import {isDeepStrictEqual} from 'node:util';
import {type Action, bytesOf} from '../../core/action.js';
import {type ByteName, FOLDING_UNKNOWN, type Folding, fromByteName, toByteName} from '../../core/name.js';
import {isWithin, type RelPath, ROOT} from '../../core/path.js';
import type {Facts, Found, Plan, RememberedFilters, Space} from '../../core/plan.js';
import type {Side} from '../../core/problem.js';
import {changedFolders} from '../../plan/changed-folders.js';
import {OldPaths} from '../../plan/old-paths.js';
import {filtersOf, withPlanned} from '../../plan/remember.js';
import {type Need, spaceNeeds} from '../../plan/space.js';
import {unfiltered} from '../../plan/unfiltered.js';
import {platform} from '../../platform/choose.js';
import {Cursor} from '../../platform/cursor.js';
import {errnoOf, type Folder, type Volume} from '../../platform/platform.js';
import type {WorkerPool} from '../../platform/pool.js';
import {privileges} from '../../platform/privileges.js';
import {openNearest} from '../../platform/roots.js';
import {KnownFilters} from '../../scan/known-filters.js';
import type {ScanAnswer} from '../../scan/task.js';
import {readAbilities} from '../../state/abilities.js';
import {NAMES} from '../../state/folder.js';
import {readTargetId, type TargetId} from '../../state/identity.js';
import {isReversed, type Memory, recall} from '../../state/memory.js';
import {foldingOf} from '../../state/names.js';
import {stateOwner} from '../../state/ownership.js';
import {leftRenamed} from '../../state/staging.js';
import {askWorkers} from './ask.js';
import {mountFacts} from './mounts.js';
import {openSide, viewsOf} from './sides.js';

/** What the two scans found, besides the entries. */
export type Seen = Readonly<Record<Side, Pick<ScanAnswer, 'collisions' | 'mounts' | 'mountPoints'>>>;

/** Returns the facts for a plan that was just made. */
export async function factsOf(plan: Plan, {source, target}: Seen, pool: WorkerPool): Promise<Facts> {
  const mountPoints = {source: source.mountPoints.items, target: target.mountPoints.items};
  const current = await currentFacts({plan, mounts: target.mounts, mountPoints, memory: recall(pairOf(plan)), pool});
  return {...current, collisions: source.collisions};
}

/** Returns the facts for a plan that was made earlier. Everything that may have changed is checked again. */
export async function factsNow(plan: Plan, pool: WorkerPool): Promise<Facts> {
  const {facts} = plan.header;
  const mounts = (facts?.space ?? []).map(({at}) => at).filter((at) => at !== ROOT);
  const memory = recall(pairOf(plan));
  const [source, target] = [facts?.sourceMounts ?? [], facts?.targetMounts ?? []];
  const mountPoints = {source: source.map(({at}) => at), target: target.map(({at}) => at)};
  // The mounts that the plan was made with are expected, even if it was the first plan here.
  const known = {source: withPlanned(memory.mounts.source, source), target: withPlanned(memory.mounts.target, target)};
  return {...facts, ...(await currentFacts({plan, mounts, mountPoints, memory: {...memory, mounts: known}, pool}))};
}

export interface NamesSeen {
  /** How the file system of the target folds names; undefined if it keeps them apart. */
  readonly folding: Folding | undefined;
  /** See `leftRenamed`. */
  readonly leftRenamed: ReadonlyMap<string, string>;
}

/** Returns what must be known about a target's names before it is read. */
export function namesOf(target: ByteName): NamesSeen {
  const nearest = openNearest(target);
  if (nearest === undefined) return NAMES_UNKNOWN;
  try {
    return {
      folding: foldingOf(platform(), nearest.folder),
      leftRenamed: nearest.path === target ? leftRenamed(platform(), nearest.folder) : NAMES_UNKNOWN.leftRenamed,
    };
  } catch (error) {
    errnoOf(error);
    return NAMES_UNKNOWN;
  } finally {
    platform().close(nearest.folder);
  }
}

const NAMES_UNKNOWN: NamesSeen = {folding: FOLDING_UNKNOWN, leftRenamed: new Map()};

/** Returns the key of a source and a target in the memory of targets. */
export function pairOf({header: {source, target}}: Plan) {
  return {source: source.path, target: target.path};
}

interface Looking {
  readonly plan: Plan;
  /** Folders in the target where other file systems are mounted. */
  readonly mounts: readonly RelPath[];
  /** Mount points in either tree, from the scans or the plan. */
  readonly mountPoints: Readonly<Record<Side, readonly RelPath[]>>;
  readonly memory: Memory;
  readonly pool: WorkerPool;
}

async function currentFacts({plan, mounts, mountPoints, memory, pool}: Looking): Promise<Facts> {
  const {source, target} = plan.header;
  const leftOut = new KnownFilters(filtersOf(plan.header));
  const mountsOf = (side: Side) =>
    mountFacts({
      open: () => openSide(plan.header, side).root,
      met: mountPoints[side],
      // Excluded paths are neither read nor written.
      known: memory.mounts[side].filter(({at}) => !leftOut.excludes(at, true)),
    });
  const fileSystem = volumeAt(source.path)?.id;
  const root = openNearest(toByteName(target.path));
  if (root === undefined) return {};
  try {
    const isThere = root.path === toByteName(target.path);
    if (isThere) platform().show(root.folder, viewsOf(plan.header).target);
    const {id, fault}: TargetId = isThere ? readTargetId(platform(), root.folder) : {};
    const volumes = volumesOf(root.folder, isThere ? mounts : []);
    const abilities = isThere ? readAbilities(platform(), root.folder) : undefined;
    const changes = plan.actions.some(({kind}) => kind !== 'blocked');
    const owner = isThere && changes ? stateOwner(platform(), root.folder) : undefined;
    // Another guard reports a .dirsync of another user, and a plan without changes needs no id.
    const isUnread = fault !== undefined && changes && owner === undefined;
    const file = fromByteName(`${root.path}/${NAMES.state}/${NAMES.id}` as ByteName);
    const unread = [...(memory.unread === undefined ? [] : [memory.unread]), ...(isUnread ? [{file, why: fault}] : [])];
    return {
      // Without access to .dirsync, the id is unknown.
      ...(fault === undefined && owner === undefined && {target: {now: id, before: memory.ids}}),
      unread: unread.length === 0 ? undefined : unread,
      stateOwner: owner,
      ...(fileSystem !== undefined && {sourceFileSystem: {now: fileSystem, before: memory.fileSystems}}),
      sourceMounts: mountsOf('source'),
      targetMounts: isThere ? mountsOf('target') : [],
      ...(isReversed(pairOf(plan), targetIdAt(source.path)) && {reversed: true}),
      unfiltered: unfilteredBy(plan, memory.filters),
      space: await spaceOf(plan, {volumes, hasHoles: abilities?.holes ?? true, pool}),
      notWritable: await notWritable({plan, volumes, pool, nearest: isThere ? undefined : root.folder}),
    };
  } finally {
    platform().close(root.folder);
  }
}

/** Returns the volume at a path or at the nearest folder above it; undefined if none can be opened. */
export function volumeAt(path: string): Volume | undefined {
  return lookAtRoot(path, (folder) => platform().volume(folder));
}

/** Returns the id of a tree, if it is the target of other runs. */
function targetIdAt(path: string): string | undefined {
  return lookAtRoot(path, (folder) => readTargetId(platform(), folder).id);
}

/** Calls `look` with an open root. Returns undefined if the root cannot be opened. */
function lookAtRoot<T>(path: string, look: (root: Folder) => T): T | undefined {
  try {
    const folder = platform().openRoot(toByteName(path));
    try {
      return look(folder);
    } finally {
      platform().close(folder);
    }
  } catch (error) {
    errnoOf(error);
    return undefined;
  }
}

type Volumes = readonly {readonly at: RelPath; readonly volume: Volume}[];

function volumesOf(root: Folder, mounts: readonly RelPath[]): Volumes {
  const cursor = new Cursor(platform(), root);
  const look = (at: RelPath) => {
    try {
      return [{at, volume: platform().volume(cursor.folder(at))}];
    } catch (error) {
      // It was unmounted: writes go to the file system above.
      errnoOf(error);
      return [];
    }
  };
  const volumes = [ROOT, ...mounts].flatMap(look);
  cursor.reset();
  return volumes;
}

interface Room {
  readonly volumes: Volumes;
  /** Whether the file system of the target's root stores holes without using space. */
  readonly hasHoles: boolean;
  readonly pool: WorkerPool;
}

async function spaceOf(plan: Plan, {volumes, hasHoles, pool}: Room): Promise<Space[]> {
  const {usesReserve} = privileges();
  const spaces = volumes.map(({at, volume: {room}}): Space => {
    // Unlimited space is an entry too, so that paths below it do not count for the file system above.
    if (room === undefined) return {at, block: 1, free: Number.MAX_SAFE_INTEGER};
    const {block, free, freeForRoot, freeInodes} = room;
    return {at, block, free: usesReserve ? freeForRoot : free, ...(freeInodes !== undefined && {freeInodes})};
  });
  const isTight = spaceNeeds(plan, spaces).some(({bytes}, i) => bytes > (spaces[i] as Space).free);
  if (!isTight) return spaces;
  const measured = await measuredNeeds(plan, {spaces, volumes, hasHoles, pool});
  return spaces.map((space, i) => ({...space, needed: (measured[i] as Need).bytes}));
}

/** Returns the space that the plan needs, without holes and shared content, and minus what replaced files free. */
async function measuredNeeds({header, actions}: Plan, {spaces, volumes, hasHoles, pool}: Room & {spaces: Space[]}) {
  const {source, options: policy} = header;
  const asked = [...actions.keys()].filter((i) => {
    const action = actions[i] as Action;
    return bytesOf(action) > 0 || action.kind === 'delete' || action.kind === 'rmdir';
  });
  const paths = asked.map((i) => (actions[i] as Action).path);
  const old = new OldPaths(actions);
  const inTarget = paths.map((path) => old.of(path) ?? path);
  const trees = {pool, roots: header, views: viewsOf(header)};
  const answers = await askWorkers<readonly [number, number]>('allocated', paths, {...trees, inTarget});
  const allocated = new Map(asked.map((index, i) => [index, answers[i] as readonly [number, number]]));
  const from = volumeAt(source.path);
  const shares = from?.shares && volumes.every(({volume}) => volume.id === from.id);
  // Holes were tested only in the root.
  const keepsHoles = ({path}: Action) => hasHoles || volumes.some(({at}) => at !== ROOT && isWithin(path, at));
  const isWritten = (index: number) => (shares ? 0 : (allocated.get(index)?.[0] ?? 0));
  return spaceNeeds({header, actions}, spaces, {
    // If holes are not kept, they are written as zeros.
    written: (index) =>
      policy.sparse && keepsHoles(actions[index] as Action) ? isWritten(index) : bytesOf(actions[index] as Action),
    replaced: (index) => allocated.get(index)?.[1] ?? 0,
  });
}

interface Writing {
  readonly plan: Plan;
  readonly volumes: Volumes;
  readonly pool: WorkerPool;
  /** The folder in which the target will be created; undefined if it exists. */
  readonly nearest: Folder | undefined;
}

async function notWritable({plan, volumes, pool, nearest}: Writing): Promise<Found | undefined> {
  const {header, actions} = plan;
  const steps = actions.filter(({kind}) => kind !== 'blocked');
  if (steps.length === 0) return undefined;
  const closed = volumes.filter(({volume}) => volume.readOnly).map(({at}) => at);
  const touched = closed.filter((at) => at === ROOT || steps.some(({path}) => isWithin(path, at)));
  if (touched.length > 0) return {count: touched.length, example: touched[0] as RelPath};
  if (privileges().overridesModes) return undefined;
  if (nearest !== undefined) {
    return platform().refusesNames(nearest) === undefined ? undefined : {count: 1, example: ROOT};
  }
  const folders = changedFolders(steps);
  const answers = await askWorkers<string | undefined>('refused', folders, {pool, roots: header, views: viewsOf(header)});
  const refused = folders.filter((_, i) => answers[i] !== undefined);
  return refused.length === 0 ? undefined : {count: refused.length, example: refused[0] as RelPath};
}

function unfilteredBy({header, actions}: Plan, known: RememberedFilters | undefined): Found | undefined {
  const now = filtersOf(header);
  // The usual case: excluded paths are in no plan.
  if (known === undefined || isDeepStrictEqual(known, now)) return undefined;
  const excludes = (filters: RememberedFilters) => {
    const all = new KnownFilters(filters);
    return (path: RelPath, isFolder: boolean) => all.excludes(path, isFolder);
  };
  return unfiltered(actions, {old: excludes(known), now: header.options.deleteExcluded ? excludes(now) : undefined});
}
