/**
 * The state of an action compared with the current trees: to do, already done, or drifted. Every path of a saved plan is checked
 * before the first change, and every path again right before it is changed.
 */
import type {Abilities} from '../core/abilities.js';
import {type Action, type Attrs, isCarried, isUpkeep, type Link, type Move, type Reason, spelledFrom} from '../core/action.js';
import {CODE, emptyStat, inodeOf, type Stat, toEntry} from '../core/block.js';
import type {Drift, DriftAttribute} from '../core/drift.js';
import type {Entry, Kind} from '../core/entry.js';
import {type ByteName, FOLDING_UNKNOWN} from '../core/name.js';
import {baseName, isStateDir, joinPath, parentPath, pathParts, type RelPath, ROOT} from '../core/path.js';
import type {PlanOptions} from '../core/plan.js';
import type {Side} from '../core/problem.js';
import {differingXattrs, type PreservedXattrs} from '../core/xattr.js';
import {attributeReasons, contentReasons, isCurrent, onOneSide, sameEntry, sameTime} from '../plan/compare.js';
import type {Cursor, Place} from '../platform/cursor.js';
import {errnoOf, type Folder, NOT_HELD, type Pace, type Platform, SystemError} from '../platform/platform.js';
import {isThere} from '../platform/roots.js';
import type {FoldedNames} from './names.js';

/** Where the entry of an action is in the target, as long as moves are not done. */
export interface Whereabouts {
  /** Where the name at its path is; undefined if its folder, or the name in that folder, is not there yet. */
  readonly at: RelPath | undefined;
  /** For a move: where its entry is, and whether that is its path because it was moved. */
  readonly from?: RelPath | undefined;
  readonly isMoved?: boolean;
  /** For a move: whether another entry had the name at its path, and moves away. */
  readonly isFreed?: boolean;
  /** For a link: where its leader is; undefined as `at`. */
  readonly leader?: RelPath | undefined;
}

/** Both trees, opened by a worker. */
export interface World {
  readonly platform: Platform;
  /** Undefined if it is missing and counts as empty. */
  readonly source: Cursor | undefined;
  /** The path of a missing source that counts as empty. */
  readonly missing: ByteName | undefined;
  /** Undefined until the target's root exists. */
  readonly target: Cursor | undefined;
  /** A second cursor for the target, for the leaders of hard links. */
  readonly leaders: Cursor | undefined;
  /** What is preserved, limited to what the target can hold. */
  readonly policy: PlanOptions;
  /** What the target can hold, if that was tried. */
  readonly abilities: Abilities | undefined;
  /** Whether the target can hold a name, in its escaped form. */
  readonly holdsName: (name: string) => boolean;
  /** Whether what is read from it may be some seconds old, see `FileSystem`. */
  readonly isShared: boolean;
  /** Where the entry of the current action is; undefined if it is at its path. */
  readonly whereabouts?: Whereabouts | undefined;
  /** Whether moves wait for each other. */
  readonly hasRings: boolean;
  /** The current paths of folders whose names have their old spelling, by their paths in the plan. */
  readonly moves: ReadonlyMap<RelPath, RelPath>;
  /** Whether the target's root folds names, or may. */
  readonly foldsNames: boolean;
  readonly names: FoldedNames | undefined;
  /** Folders of the target to which their owner temporarily has all rights, with their original modes. */
  readonly opened: Map<RelPath, number>;
  /** An open folder of each volume in the target that was written to, except the root's volume, to flush its file system. */
  readonly volumes: Map<string, Folder>;
  /** Folders of the target to which nothing can be renamed from staging, although both are on one volume. */
  readonly beside: Set<RelPath>;
  /**
   * By the leader of a group of names: the last name that became a further file, since the leader has the maximum number of links.
   */
  readonly further: Map<RelPath, RelPath>;
  /** Whether the filters exclude the source's entry at a path. */
  readonly isLeftOut: (path: RelPath, isFolder: boolean) => boolean;
  /** False if the run was asked to stop. */
  readonly goOn: () => boolean;
  readonly pace?: Pace | undefined;
}

/** An error of the kernel in the source; all other errors of an act concern the target. */
export class SourceError extends SystemError {}

/** Runs `act` and marks its errors as errors of the source. @throws SourceError instead of SystemError. */
export function inSource<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof SystemError) throw new SourceError(error.code, error.syscall);
    throw error;
  }
}

export type Standing = 'todo' | 'done' | Drift;

/** The name for an open folder itself. */
export const SELF = '' as ByteName;
export const NO_XATTRS: PreservedXattrs = {xattrs: [], acls: false};

const stat: Stat = emptyStat();

/** The entry at a path with its preserved extended attributes, or undefined. */
export function lookAt(
  platform: Platform,
  cursor: Cursor | undefined,
  path: RelPath,
  preserved: PreservedXattrs,
): Entry | undefined {
  const place = cursor?.find(path);
  return place && entryAtPlace(platform, place, preserved);
}

/** The entry at a place; undefined if nothing is there. @throws SystemError. */
export function entryAtPlace(platform: Platform, {folder, name}: Place, preserved: PreservedXattrs): Entry | undefined {
  if (!platform.stat(folder, name, stat)) return undefined;
  const link = stat.code === CODE.symlink ? platform.readLink(folder, name) : undefined;
  return toEntry(stat, {link, xattrs: platform.xattrs(folder, name, preserved)});
}

/**
 * The target's entry at the path of an action, even if a folder above it is not renamed yet. A folder that is temporarily opened
 * has its original mode.
 */
export function lookAtTarget(action: Action, world: World): Entry | undefined {
  const {path, before} = action;
  const {opened, whereabouts} = world;
  const now = entryInTarget(action, world);
  const closed = opened.get(whereabouts?.at ?? path);
  if (now?.kind !== 'directory' || closed === undefined) return now;
  // A plan that was made after a run was killed has seen the folder with all rights.
  const isOpen = now.mode === openMode(closed) && now.mode !== before?.mode;
  return isOpen ? {...now, mode: closed} : now;
}

function entryInTarget(action: Action, world: World): Entry | undefined {
  try {
    const place = findInTarget(action, world);
    return place && entryAtPlace(world.platform, place, world.policy);
  } catch (error) {
    if (action.before === undefined && NOT_HELD.has(errnoOf(error))) return undefined;
    throw error;
  }
}

/** A target that folds names finds an entry under both names, other targets only under the current one. */
function findInTarget(action: Action, world: World): Place | undefined {
  const {path, before} = action;
  const {target, moves, whereabouts} = world;
  if (whereabouts !== undefined) return whereabouts.at === undefined ? undefined : target?.find(whereabouts.at);
  const place = target?.find(path);
  const from = spelledFrom(action);
  // Perf: almost nothing is renamed (bench: unchanged-linux).
  if (before === undefined || (from === undefined && moves.size === 0) || isSomething(place, world)) return place;
  return target?.find(pathNow(path, from, world));
}

/** The current path of an entry that is renamed from `from`, or lies in a renamed folder, if some of the renames are done. */
function pathNow(path: RelPath, from: RelPath | undefined, world: World): RelPath {
  const above = parentPath(path);
  const folder = above === ROOT ? ROOT : pathNow(above, world.moves.get(above), world);
  const named = joinPath(folder, baseName(path));
  return from === undefined || isSomething(world.target?.find(named), world) ? named : joinPath(folder, baseName(from));
}

function isSomething(place: Place | undefined, {platform}: World): boolean {
  return place !== undefined && platform.stat(place.folder, place.name, stat);
}

/** The name of an action's path before it is renamed. */
export function oldName(action: Action): string {
  return baseName(spelledFrom(action) ?? action.path);
}

/** Whether an action's path already has its new name, as far as the target shows that. */
export function isNamed(action: Action, world: World): boolean {
  const {path} = action;
  const {names} = world;
  const old = oldName(action);
  if (names === undefined || old === baseName(path)) return true;
  const folder = parentPath(pathNow(path, spelledFrom(action), world));
  return names.target.has(joinPath(folder, baseName(path))) || !names.target.has(joinPath(folder, old));
}

/** The mode of a folder to which its owner has all rights. */
export function openMode(mode: number): number {
  return mode | 0o700;
}

/** The state of an action, with both sides checked. */
export function check(action: Action, world: World): Standing {
  const standing = checkTarget(action, world);
  return standing === 'todo' ? (checkSource(action, world) ?? 'todo') : standing;
}

/** What has drifted in the source. Upkeep restores values of the target and does not depend on the source. */
export function checkSource(action: Action, {platform, source, missing, policy, isLeftOut}: World): Drift | undefined {
  const {path, before, after} = action;
  if (isUpkeep(action)) return undefined;
  // It is unknown what else returns with its root.
  if (missing !== undefined && isThere(platform, missing))
    return {path, side: 'source', attribute: 'existence', now: 'directory'};
  const now = inSource(() => lookAt(platform, source, path, policy));
  if (after === undefined) {
    const leavesOut = (kind: Kind | undefined) => inSource(() => isLeftOut(path, kind === 'directory'));
    if (now !== undefined) {
      return policy.deleteExcluded && leavesOut(now.kind) ? undefined : comeOrGone(path, 'source', undefined, now);
    }
    return policy.deleteExcluded || !leavesOut(before?.kind) ? undefined : {path, side: 'source', attribute: 'filters'};
  }
  if (now === undefined) return comeOrGone(path, 'source', after, now);
  const same = after.kind === 'directory' ? sameFolder(now, after, policy) : sameEntry(now, after, policy);
  return same ? undefined : difference({path, side: 'source'}, after, now, policy);
}

/** The state of an action, judged by the target's entry at its path. */
export function checkTarget(action: Action, world: World): Standing {
  const [first = ''] = world.foldsNames ? pathParts(action.path) : [];
  if (isStateDir(first, FOLDING_UNKNOWN)) return {path: action.path, side: 'target', attribute: 'own'};
  const standing = standingOf(action, world);
  return standing === 'done' && !isNamed(action, world) ? 'todo' : standing;
}

function standingOf(action: Action, world: World): Standing {
  const {policy} = world;
  const {path} = action;
  const now = lookAtTarget(action, world);
  switch (action.kind) {
    case 'mkdir':
      if (now === undefined) return 'todo';
      if (now.kind !== 'directory') return comeOrGone(path, 'target', undefined, now);
      // A run that ended early leaves folders without their attributes. This is no drift, since they are set at the end.
      return isCurrent(action.after, now, policy) ? 'done' : 'todo';
    case 'create':
      if (now === undefined) return 'todo';
      return isCurrent(action.after, now, policy) ? 'done' : comeOrGone(path, 'target', undefined, now);
    case 'update':
      return checkUpdate(action, now, world);
    case 'replace':
      return checkReplace(action, now, policy);
    case 'link':
      if (isLinked(action, world) || (isApart(policy) && isCurrentNow(action, now, world))) return 'done';
      // A run that ended early may have made this name before its leader. The content is the same, so nothing is lost.
      if (now === undefined || isCurrent(action.after, now, policy) || same(action.before, now, policy)) return 'todo';
      return action.before === undefined
        ? comeOrGone(path, 'target', undefined, now)
        : difference({path, side: 'target'}, action.before, now, policy);
    case 'move':
      return isCarried(action) ? checkMove(action, now, world) : checkAttrs(action, now, policy);
    case 'attrs':
      return checkAttrs(action, now, policy);
    case 'delete':
      if (now === undefined) return 'done';
      return sameEntry(now, action.before, policy) ? 'todo' : difference({path, side: 'target'}, action.before, now, policy);
    case 'rmdir':
      if (now === undefined) return 'done';
      return sameFolder(now, action.before, policy) ? 'todo' : difference({path, side: 'target'}, action.before, now, policy);
    case 'blocked':
      throw new Error('what is blocked is not to be done');
  }
}

function checkUpdate(action: Action & {kind: 'update'}, now: Entry | undefined, world: World): Standing {
  const {before, after, path} = action;
  const {policy} = world;
  if (now === undefined) return comeOrGone(path, 'target', before, now);
  const isBefore = sameEntry(now, before, policy);
  const isAfter = isCurrent(after, now, policy);
  // A target's file may match both if only its content or its group of names changes.
  if (isAfter && !(isBefore && isPending(action, world))) return 'done';
  return isBefore ? 'todo' : difference({path, side: 'target'}, before, now, policy);
}

/** Whether something that metadata does not show still has to be changed. */
function isPending(action: Action & {kind: 'update'}, world: World): boolean {
  const {path, reasons, after} = action;
  const {platform, policy} = world;
  const to = findInTarget(action, world);
  if (to === undefined) return true;
  if (reasons.includes('hardlink')) {
    if (platform.stat(to.folder, to.name, stat) && stat.links > 1) return true;
    if (policy.compare !== 'content') return false;
  }
  return after.kind === 'file' && !isSameContent(path, to, world);
}

function isSameContent(path: RelPath, to: Place, {platform, source, goOn, pace}: World): boolean {
  const from = source?.find(path);
  return from !== undefined && platform.sameContent({a: from.folder, aName: from.name, b: to.folder, bName: to.name, goOn, pace});
}

/** Whether a name that may be a file of its own is already as planned, including its content if that is compared. */
function isCurrentNow(action: Link, now: Entry | undefined, world: World): boolean {
  const {path, after} = action;
  const {policy} = world;
  if (now === undefined || !isCurrent(after, now, policy)) return false;
  if (policy.compare !== 'content' || after.kind !== 'file') return true;
  const to = findInTarget(action, world);
  return to !== undefined && isSameContent(path, to, world);
}

function checkReplace({path, before, after}: Action & {kind: 'replace'}, now: Entry | undefined, policy: PlanOptions): Standing {
  // Nothing exists there, since a run ended in between. There is nothing to lose.
  if (now === undefined) return 'todo';
  if (now.kind === after.kind) {
    if (isCurrent(after, now, policy)) return 'done';
    return after.kind === 'directory' ? 'todo' : difference({path, side: 'target'}, after, now, policy);
  }
  const unchanged = before.kind === 'directory' ? sameFolder(now, before, policy) : sameEntry(now, before, policy);
  return unchanged ? 'todo' : difference({path, side: 'target'}, before, now, policy);
}

/** `there`: the entry at its new path. */
function checkMove(action: Move, there: Entry | undefined, world: World): Standing {
  const {path, before, carried} = action;
  const {policy, whereabouts} = world;
  const {from = path, isMoved = true} = whereabouts ?? {};
  if (isMoved) {
    const isOther = there !== undefined && carried?.inode !== undefined && inodeAt(path, world) !== carried.inode;
    return isOther ? {path, side: 'target', attribute: 'name'} : checkAttrs(action, there, policy);
  }
  const now = lookAtTarget({...action, path: from}, {...world, whereabouts: {at: from}});
  const isOwn = now !== undefined && (carried?.inode === undefined || inodeAt(from, world) === carried.inode);
  if (!isOwn) return comeOrGone(path, 'target', before, undefined);
  if (!same(before, now, policy)) return difference({path, side: 'target'}, before, now, policy);
  return there === undefined ? 'todo' : {path, side: 'target', attribute: 'name'};
}

/** Whether the entry of a move is at its new path, as it may be if an earlier run has ended early. */
export function isMoved(action: Move, world: World): boolean {
  const {path, carried} = action;
  const {target, whereabouts = {at: path}} = world;
  const {from = path, isMoved: isKnown = false, isFreed = false} = whereabouts;
  if (isKnown || from === path) return isKnown;
  if (carried?.inode !== undefined) {
    // What had the name before may be the same file under another name, if it moves away itself.
    return inodeAt(path, world) === carried.inode && !(isFreed && inodeAt(from, world) === carried.inode);
  }
  const there = lookAtTarget(action, {...world, whereabouts: undefined});
  const isAsPlanned = there !== undefined && typeof checkAttrs(action, there, world.policy) !== 'object';
  return isAsPlanned && !isSomething(target?.find(from), world);
}

function inodeAt(path: RelPath, {platform, target}: World): bigint | undefined {
  const place = target?.find(path);
  return place !== undefined && platform.stat(place.folder, place.name, stat) ? inodeOf(stat) : undefined;
}

/** Each attribute may have its old or new value, since a run that ended early has set some. */
function checkAttrs({path, before, after}: Move | Attrs, now: Entry | undefined, policy: PlanOptions): Standing {
  if (now === undefined) return comeOrGone(path, 'target', before, now);
  if (isCurrent(after, now, policy)) return 'done';
  const isFolder = before.kind === 'directory';
  const byTime: PlanOptions = {...policy, compare: 'size'};
  const known =
    now.kind === before.kind &&
    contentReasons(before, now, byTime).length === 0 &&
    (isFolder || sameTime(now.mtime, before.mtime, onOneSide(policy)) || sameTime(now.mtime, after.mtime, policy)) &&
    attributeReasons(before, now, policy).every(
      (reason) => !attributeReasons(after, now, policy).includes(reason) || isOfXattrs(reason),
    ) &&
    differingXattrs(before.xattrs, now.xattrs, policy).every((name) => now.xattrs?.[name] === after.xattrs?.[name]);
  return known ? 'todo' : difference({path, side: 'target'}, before, now, policy);
}

function isOfXattrs(reason: Reason): boolean {
  return reason === 'xattrs' || reason === 'acls';
}

/** Whether names of one file are separate files in the target, or look like that. */
function isApart({hardlinks, showsLinks}: PlanOptions): boolean {
  return !hardlinks || !showsLinks;
}

/** Whether a path of the target is the same file as its leader. */
function isLinked({path, leader}: Action & {kind: 'link'}, {platform, target, leaders, whereabouts}: World): boolean {
  const {at = undefined, leader: led = undefined} = whereabouts ?? {at: path, leader};
  const here = at === undefined ? undefined : target?.find(at);
  const there = led === undefined ? undefined : leaders?.find(led);
  if (here === undefined || there === undefined) return false;
  if (!platform.stat(here.folder, here.name, stat)) return false;
  const {device} = stat;
  const inode = inodeOf(stat);
  return platform.stat(there.folder, there.name, stat) && stat.device === device && inodeOf(stat) === inode;
}

/** The times of a folder change with its content, so they show no drift. */
function sameFolder(a: Entry, b: Entry, policy: PlanOptions): boolean {
  return a.kind === b.kind && attributeReasons(a, b, policy).length === 0;
}

function same(expected: Entry | undefined, now: Entry | undefined, policy: PlanOptions): boolean {
  if (expected === undefined || now === undefined) return expected === now;
  return expected.kind === 'directory' ? sameFolder(expected, now, policy) : sameEntry(expected, now, policy);
}

/** An expected entry is missing, or an entry exists where none was expected. */
export function comeOrGone(path: RelPath, side: Side, expected: Entry | undefined, now: Entry | undefined): Drift {
  return {path, side, attribute: 'existence', before: expected?.kind, now: now?.kind};
}

/** The first difference between the entry and the expected one. */
function difference(at: Pick<Drift, 'path' | 'side'>, expected: Entry, now: Entry, policy: PlanOptions): Drift {
  const pair = (attribute: DriftAttribute, value: (entry: Entry) => string | undefined): Drift => ({
    ...at,
    attribute,
    before: value(expected),
    now: value(now),
  });
  if (now.kind !== expected.kind) return pair('kind', ({kind}) => kind);
  if (now.link !== expected.link) return pair('link', ({link}) => link);
  if (now.rdev !== expected.rdev) return pair('device', ({rdev}) => rdev);
  if (now.size !== expected.size) return pair('size', ({size}) => String(size));
  const [reason] = attributeReasons(expected, now, policy);
  if (reason === 'mode') return pair(reason, ({mode}) => mode.toString(8));
  if (reason === 'owner') return pair(reason, ({uid}) => String(uid));
  if (reason === 'group') return pair(reason, ({gid}) => String(gid));
  if (reason === 'xattrs' || reason === 'acls') return {...at, attribute: reason};
  return pair('mtime', ({mtime}) => String(mtime));
}
