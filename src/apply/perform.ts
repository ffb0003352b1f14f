/** Performs one step of one action, the unit of work of a wave. Every change is preceded by a check of the path. */
import process from 'node:process';
import {type Action, isCarried, type Link} from '../core/action.js';
import {CODE} from '../core/block.js';
import type {Entry} from '../core/entry.js';
import type {ByteName} from '../core/name.js';
import {baseName, parentPath, ROOT} from '../core/path.js';
import {canMake, isCurrent} from '../plan/compare.js';
import {WAVE_PHASES} from '../plan/waves.js';
import type {Place} from '../platform/cursor.js';
import {errnoOf, orNothing} from '../platform/platform.js';
import type {Opened} from '../state/traces.js';
import {attributesOf, isMade, isOfXattrs} from './attributes.js';
import {
  check,
  checkSource,
  checkTarget,
  comeOrGone,
  entryAtPlace,
  inSource,
  lookAtTarget,
  NO_XATTRS,
  openMode,
  SELF,
  type Standing,
  type World,
} from './check.js';
import {copyFromSource, makeOther} from './copy.js';
import {isCopiedNow, isOneInSource, leaderPlace} from './leader.js';
import {moveEntry, parkEntry} from './move.js';
import {spelledOtherwise} from './names.js';
import {isBorder, orBack, putInPlace, setTimeAgain} from './place.js';
import {rename} from './rename.js';
import {asideSpot, foundWaiting, placeIn, spotOf} from './spot.js';
import {ALREADY, DONE, failed, type Step, type StepResult, sideOf, skipped} from './step.js';

/** @throws SystemError if the kernel refuses a call. */
export function perform(step: Step): StepResult {
  try {
    return act(step);
  } catch (error) {
    if (isOfXattrs(error)) return withoutXattrs(step);
    if (errnoOf(error) !== 'EACCES') throw error;
    const opened = openUp(step);
    if (opened === undefined) throw error;
    try {
      return {...act(step), opened};
    } catch (again) {
      // They must be restored, whatever the result is.
      return {...failed(step.action, WAVE_PHASES[step.wave], errnoOf(again), sideOf(again)), opened};
    }
  }
}

/** If the target refuses an attribute, the path has a problem, but the copy is made without the attribute. */
function withoutXattrs(step: Step): StepResult {
  const {action} = step;
  const done = act({...step, takesXattrs: false});
  if (done.status === 'done') return failed(action, 'attrs', 'XATTRS_NOT_KEPT');
  // An entry that waits will still be renamed; that counts, in addition to the problem.
  return done.status === 'staged' ? {...done, ...failed(action, 'attrs', 'XATTRS_NOT_KEPT'), status: 'staged'} : done;
}

/**
 * Gives the owner, who runs this, all rights to the folders that an action changes; the modes are restored at the end. Undefined if
 * this user owns none of them. If another worker has opened them meanwhile, none has to be opened, and the action is tried again.
 */
function openUp({action, wave, world, staging}: Step): Opened[] | undefined {
  const {platform, target, opened, whereabouts} = world;
  // Moving a folder to another folder changes its ".." entry.
  const isMoved = wave !== 'renames' && action.before?.kind === 'directory';
  const {from = action.path} = whereabouts ?? {};
  const paths = new Set([parentPath(action.path), parentPath(from), ...(isMoved ? [from] : [])]);
  let found: Opened[] | undefined;
  for (const path of paths) {
    const folder = target && orNothing(() => target.folder(path));
    const now = folder && entryAtPlace(platform, {folder, name: SELF}, NO_XATTRS);
    if (folder === undefined || now?.uid !== process.geteuid?.()) continue;
    found ??= [];
    if (now?.mode === undefined || now.mode === openMode(now.mode)) continue;
    // After the move it is found at its new path.
    const all = isCarried(action) && path === from ? [path, action.path] : [path];
    for (const each of all) staging.traces.add({opened: {path: each, mode: now.mode}});
    platform.setAttributes(folder, SELF, CODE.directory, {mode: openMode(now.mode)});
    for (const each of all) opened.set(each, now.mode);
    found.push(...all.map((each) => ({path: each, mode: now.mode})));
  }
  return found;
}

function act(step: Step): StepResult {
  const {action, world} = step;
  const isNewName = action.before === undefined || isCarried(action);
  const isRefused = isNewName && action.path !== ROOT && !world.holdsName(baseName(action.path));
  if (isRefused) return failed(action, 'write', 'NAME_NOT_HELD');
  const result = orBeside(step, () => actOn(step));
  const isWritten = result.status === 'done' || result.status === 'staged' || (result.status === 'todo' && step.wave === 'moves');
  if (isWritten) noteVolume(step);
  return result;
}

/**
 * A border within one volume: project quotas (xfs, ext4) and encrypted folders have them. It is met once for each folder, since
 * later files are made beside their final name.
 */
function orBeside({action, world}: Step, act: () => StepResult): StepResult {
  const folder = parentPath(action.path);
  try {
    return act();
  } catch (error) {
    if (!isBorder(error) || world.beside.has(folder)) throw error;
    world.beside.add(folder);
    return act();
  }
}

/** Remembers where something was written, since all of it is flushed before anything is deleted. */
function noteVolume({action, world}: Step): void {
  const {target, volumes, platform} = world;
  const path = parentPath(action.path);
  const volume = target?.volumeAt(path);
  if (target === undefined || volume === undefined || volume === target.rootVolume || volumes.has(volume)) return;
  volumes.set(volume, platform.openFolder(target.folder(path), '.' as ByteName));
}

function actOn(step: Step): StepResult {
  switch (step.wave) {
    case 'renames':
      return rename(step);
    case 'parks':
      return parkEntry(step);
    case 'moves':
      return moveEntry(step);
    case 'folders':
      return makeFolder(step);
    case 'writes':
    case 'overwrites':
    case 'exchanges':
      return write(step);
    case 'links':
      return link(step);
    case 'deletes':
      return remove(step);
    case 'emptied':
      return step.action.kind === 'rmdir' ? removeFolder(step) : placeStaged(step);
    case 'attrs':
      return setAttributes(step);
    case 'settle':
      return settleFolder(step);
  }
}

function makeFolder(step: Step): StepResult {
  const {action, world} = step;
  const {platform} = world;
  const after = action.after as Entry;
  // This process must be able to work in it; it gets its final mode at the end.
  const mode = (after.mode & 0o777) | 0o700;
  const standing = checkTarget(action, world);
  if (typeof standing === 'object') return skipped(standing);
  if (standing === 'done') return ALREADY;
  const place = placeIn(world.target, action);
  const now = entryAtPlace(platform, place, NO_XATTRS);
  if (now?.kind === 'directory') return ALREADY;
  const gone = checkSource(action, world);
  if (gone) return skipped(gone);
  if (now === undefined) {
    platform.makeFolder(place.folder, place.name, mode);
    return DONE;
  }
  // It is made under the name at which the old file is set aside: the exchange puts the old file there, until the folder's content is on disk.
  const aside = asideSpot(step, action.path);
  platform.makeFolder(aside.folder, aside.name, mode);
  if (!exchanged(step, aside, place)) {
    platform.removeFolder(aside.folder, aside.name);
    platform.move({from: place.folder, name: place.name, to: aside.folder, as: aside.name, replace: false});
    orBack(step, aside, place, () => platform.makeFolder(place.folder, place.name, mode));
  }
  return DONE;
}

/** Removes a new folder that could not be renamed, so that it can be tried again. */
function exchanged({world: {platform}}: Step, aside: Place, place: Place): boolean {
  try {
    return platform.exchange(aside.folder, aside.name, place.folder, place.name);
  } catch (error) {
    platform.removeFolder(aside.folder, aside.name);
    throw error;
  }
}

function write(step: Step): StepResult {
  const {action, world, rules} = step;
  if (!canMake(CODE[(action.after as Entry).kind], world.policy)) return {status: 'not-kept'};
  // Perf: a plan made just now saw nothing there, and the rename fails if something has appeared since (bench: copy-memory).
  const standing = !rules.looksFirst && action.kind === 'create' ? 'todo' : checkTarget(action, world);
  if (typeof standing === 'object') return skipped(standing);
  if (standing === 'done') return ALREADY;
  const spot = spotOf(step, placeIn(world.target, action));
  const made = action.after?.kind === 'file' ? copyFromSource(step, spot) : makeOther(step, spot);
  if (!('action' in made)) return made;
  if (made.action === action) return putInPlace(step, spot);
  const result = putInPlace({...step, action: made.action}, spot);
  const [planned, copied] = [action.after as Entry, made.action.after as Entry];
  const isOther = planned.size !== copied.size || planned.mtime !== copied.mtime;
  return isOther ? {...result, isOther} : result;
}

function link(step: Step): StepResult {
  const {world} = step;
  const action = step.action as Link;
  const {platform, policy} = world;
  if (!policy.hardlinks) return write({...step, action: asFile(action)});
  // A leader that has grown and was copied in its current state is the same file.
  const ended = isCopiedNow(step) ? endedAtTarget(action, world) : endedBefore(action, world);
  if (ended) return ended;
  if (!isOneInSource(action, world)) {
    return skipped({path: action.path, side: 'source', attribute: 'leader', before: action.leader});
  }
  const leader = leaderPlace(step, action);
  if (leader === undefined) return failed(action, 'write', 'DEPENDS');
  const spot = spotOf(step, placeIn(world.target, action));
  try {
    platform.makeLink(leader.folder, leader.name, spot.folder, spot.name);
  } catch (error) {
    if (isBorder(error) && spot.folder !== step.staging.own) return copyApart(step, action, 'NOT_LINKED');
    if (errnoOf(error) !== 'EMLINK') throw error;
    return linkBeyond(step, action, spot);
  }
  try {
    return putInPlace(step, spot);
  } catch (error) {
    // There may be room in staging but not in the folder, since btrfs limits the names in one folder.
    if (errnoOf(error) !== 'EMLINK') throw error;
    return linkBeyond(step, action, spot);
  }
}

/**
 * If a file has its maximum number of links, this name becomes a link to a further file with the same content, which each worker
 * makes, or stays the link that an earlier run has made.
 */
function linkBeyond(step: Step, action: Link, spot: Place): StepResult {
  const {platform, leaders, policy, further, target} = step.world;
  const {path, leader, after} = action;
  const beyond = 'TOO_MANY_LINKS';
  const now = entryAtPlace(platform, placeIn(target, action), policy);
  const known = further.get(leader);
  const place = known && leaders?.find(known);
  const made = place && entryAtPlace(platform, place, policy);
  const isDone = now !== undefined && isCurrent(after, now, policy);
  if (!isDone && place !== undefined && made !== undefined && isCurrent(after, made, policy)) {
    try {
      platform.makeLink(place.folder, place.name, spot.folder, spot.name);
      const result = putInPlace(step, spot);
      return result.status === 'done' ? failed(action, 'write', beyond) : result;
    } catch (error) {
      // It has its maximum number of links too, or is gone.
      if (!['EMLINK', 'ENOENT'].includes(errnoOf(error))) throw error;
    }
  }
  const result = copyApart(step, action, beyond);
  if (result.status === 'failed' && result.problem?.code === beyond) further.set(leader, path);
  return result;
}

/**
 * If two names of one file are on different volumes, or it has its maximum number of links, a separate file is made and reported
 * each time.
 */
function copyApart(step: Step, action: Link, code: 'NOT_LINKED' | 'TOO_MANY_LINKS'): StepResult {
  const {world} = step;
  const {after} = action;
  const apart = failed(action, 'write', code);
  const now = entryAtPlace(world.platform, placeIn(world.target, action), world.policy);
  if (now !== undefined && isCurrent(after, now, world.policy)) return apart;
  const result = write({...step, action: asFile(action)});
  if (result.status === 'staged') return {...apart, status: 'staged'};
  return result.status === 'done' ? apart : result;
}

/** The action that makes a separate file of a further name. */
function asFile({before, after, ...action}: Link): Action {
  const kind = before === undefined ? 'create' : before.kind === after.kind ? 'update' : 'replace';
  return {...action, ...(before && {before}), after, kind} as Action;
}

function remove(step: Step): StepResult {
  const {action, world, aside} = step;
  const {platform} = world;
  const ended = endedBefore(action, world) ?? keptAs(action, world);
  if (ended) return ended;
  const {folder, name} = placeIn(world.target, action);
  const changed = endedAtTarget(action, world);
  if (changed) return changed;
  // Race: a file that replaces this one between the check above and this call is deleted; some microseconds.
  if (aside === undefined) platform.removeFile(folder, name);
  else {
    const spot = asideSpot(step, aside);
    platform.move({from: folder, name, to: spot.folder, as: spot.name, replace: false});
  }
  return DONE;
}

/** Regardless of the plan, an entry that the source has under a different spelling is not removed. */
function keptAs({path}: Action, {names, foldsNames, target}: World): StepResult | undefined {
  if (names === undefined || target === undefined) return undefined;
  // A file system mounted inside the target may fold names even if the root does not.
  const mayFold = foldsNames || target.volumeAt(parentPath(path)) !== target.rootVolume;
  const now = mayFold ? inSource(() => spelledOtherwise(path, names)) : undefined;
  return now && skipped({path, side: 'source', attribute: 'name', now});
}

function removeFolder({action, world}: Step): StepResult {
  const ended = endedBefore(action, world) ?? keptAs(action, world);
  if (ended) return ended;
  const {folder, name} = placeIn(world.target, action);
  try {
    world.platform.removeFolder(folder, name);
    return DONE;
  } catch (error) {
    if (!isNotEmpty(error)) throw error;
    return failed(action, 'delete', 'NOT_EMPTY');
  }
}

/**
 * Removes the folder that a staged file replaces, which the kernel refuses if it is not empty, and then renames the file to its
 * path. For a moment nothing exists at the path. Exchanging first would be worse: the folder could contain a file that someone has
 * just put into it, and a killed run would lose that file.
 */
function placeStaged(step: Step): StepResult {
  const {action, index, world} = step;
  const {platform} = world;
  const {folder, name} = foundWaiting(world, step.staging, action.path, index);
  const place = placeIn(world.target, action);
  const now = entryAtPlace(platform, place, NO_XATTRS);
  if (now !== undefined && now.kind !== 'directory') return skipped(comeOrGone(action.path, 'target', action.before, now));
  try {
    if (now !== undefined) platform.removeFolder(place.folder, place.name);
    platform.move({from: folder, name, to: place.folder, as: place.name, replace: false});
    setTimeAgain(step, place);
    return DONE;
  } catch (error) {
    if (isBorder(error)) return makeBeside(step);
    if (!isNotEmpty(error)) throw error;
    return failed(action, 'delete', 'NOT_EMPTY');
  }
}

/** The staged file cannot be renamed to its path, which is now free: it is made again. */
function makeBeside(step: Step): StepResult {
  const {world} = step;
  world.beside.add(parentPath(step.action.path));
  const action = {...step.action, before: undefined} as Action;
  return action.kind === 'link' ? link({...step, action}) : write({...step, action});
}

function setAttributes(step: Step): StepResult {
  const {action, world} = step;
  const ended = endedBefore(action, world);
  if (ended) return ended;
  const after = action.after as Entry;
  const {folder, name} = placeIn(world.target, action);
  const changed = endedAtTarget(action, world);
  if (changed) return changed;
  world.platform.setAttributes(folder, name, CODE[after.kind], attributesOf(step, {isNew: false}));
  return DONE;
}

function settleFolder(step: Step): StepResult {
  const {action, world} = step;
  const {platform, policy} = world;
  const after = action.after as Entry;
  const place = placeIn(world.target, action);
  const now = lookAtTarget(action, world);
  if (now?.kind !== 'directory') return skipped(comeOrGone(action.path, 'target', action.after, now));
  if (action.kind === 'attrs' || action.kind === 'move') {
    const standing = checkTarget(action, world);
    if (typeof standing === 'object') return skipped(standing);
  }
  const isDone = isCurrent(after, now, policy) && !(isMade(action) && !policy.mode);
  if (isDone && !world.isShared) return ALREADY;
  platform.setAttributes(place.folder, place.name, CODE.directory, attributesOf(step, {isNew: false}));
  return isDone ? ALREADY : DONE;
}

/** The result of an action that must not be performed: already done, or drifted on either side. */
function endedBefore(action: Action, world: World): StepResult | undefined {
  return endOf(check(action, world));
}

/** The same for only the target. It is checked last, since reading the source can take long and folders may be moved meanwhile. */
function endedAtTarget(action: Action, world: World): StepResult | undefined {
  return endOf(checkTarget(action, world));
}

function endOf(standing: Standing): StepResult | undefined {
  if (standing === 'todo') return undefined;
  return standing === 'done' ? ALREADY : skipped(standing);
}

function isNotEmpty(error: unknown): boolean {
  return ['ENOTEMPTY', 'EEXIST'].includes(errnoOf(error));
}
