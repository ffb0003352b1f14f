/** Doing one step of one action: the unit of work of a wave. Every act is preceded by a look at what it is done to. */
import {createHash} from 'node:crypto';
import process from 'node:process';
import type {Action} from '../core/action.js';
import {CODE, isSpecial, toEntry} from '../core/block.js';
import type {Entry} from '../core/entry.js';
import {type ByteName, toByteName} from '../core/name.js';
import {parentPath, type RelPath} from '../core/path.js';
import type {Drift} from '../core/plan.js';
import {type Phase, type Problem, problem, type Side} from '../core/problem.js';
import type {TimeLearner} from '../core/times.js';
import {isKeptXattr, keepsXattrs, UNREADABLE_XATTR, valueDigest} from '../core/xattr.js';
import {isCurrent, mayGiveTo, sameEntry} from '../plan/compare.js';
import {WAVE_PHASES, type WaveStep} from '../plan/waves.js';
import type {Cursor, Place} from '../platform/cursor.js';
import {type Attributes, errnoOf, SystemError, type WantedXattrs} from '../platform/platform.js';
import type {Staging} from '../state/staging.js';
import {besideName, type Opened} from '../state/traces.js';
import {
  check,
  checkSource,
  checkTarget,
  drift,
  entryAtPlace,
  inSource,
  lookAt,
  lookAtTarget,
  openMode,
  SourceError,
  type World,
} from './check.js';

/** `staged`: written, and waiting for the folder that it replaces to be empty. */
export interface StepResult {
  readonly status: 'done' | 'already-done' | 'skipped' | 'failed' | 'stopped' | 'staged';
  readonly drift?: Drift;
  readonly problem?: Problem;
  /** Folders that were opened up to do it. */
  readonly opened?: readonly Opened[] | undefined;
}

/**
 * Which files are flushed before they take their places. `replacing`: what replaces something, and what is large. `holes`: what has
 * holes. After a power loss a file that has its name but not all of its content must not pass for whole: its size tells, unless it
 * was set before the content came (holes), or several pieces were on their way to disk at once.
 */
export type Flushed = 'none' | 'holes' | 'replacing' | 'all';

/** Well below what the kernel writes back in one piece. */
const ONE_PIECE = 256 * 1024;

export interface Task {
  readonly step: WaveStep;
  readonly action: Action;
  /** The action's index in the plan, which names it in staging. */
  readonly index: number;
  readonly world: World;
  readonly staging: Staging;
  readonly waiting: ReadonlyMap<RelPath, number> | undefined;
  readonly flushed: Flushed;
  /** The permissions that new files do not get, where modes are not kept. */
  readonly umask: number;
  readonly learner: TimeLearner;
  /** False when the target has refused extended attributes of this path. */
  readonly takesXattrs?: boolean;
  /** The plan was made just now. */
  readonly fresh: boolean;
  /** Files of the source are copied as they now are, not only as the plan saw them. */
  readonly follow: boolean;
  readonly onBytes: (bytes: number) => boolean;
}

const DONE: StepResult = {status: 'done'};
const ALREADY: StepResult = {status: 'already-done'};

/** A copy that took longer than a moment: what stands at its place is looked at once more before it is taken. */
const LOOK_AGAIN_BYTES = 1024 * 1024;

/** @throws SystemError for what the kernel refused. */
export function perform(task: Task): StepResult {
  try {
    return act(task);
  } catch (error) {
    if (isOfXattrs(error)) return withoutXattrs(task);
    if (errnoOf(error) !== 'EACCES') throw error;
    const opened = openUp(task);
    if (opened === undefined) throw error;
    try {
      return {...act(task), opened};
    } catch (again) {
      // Whatever came of it, they are to be closed.
      return {...failed(task.action, WAVE_PHASES[task.step], errnoOf(again), sideOf(again)), opened};
    }
  }
}

/** An attribute that the target does not take is a problem of its path, but no reason to have no copy of it. */
function withoutXattrs(task: Task): StepResult {
  const {action} = task;
  const done = act({...task, takesXattrs: false});
  if (done.status === 'done') return failed(action, 'attrs', 'XATTRS_NOT_KEPT');
  // What waits for its place will take it; that is what counts, beside the problem.
  return done.status === 'staged' ? {...failed(action, 'attrs', 'XATTRS_NOT_KEPT'), status: 'staged'} : done;
}

function isOfXattrs(error: unknown): boolean {
  return error instanceof SystemError && error.syscall.endsWith('setxattr') && XATTR_REFUSALS.has(error.code);
}

/** setxattr(2): too large for the file system in one way or another, unknown to it, or forbidden by it. */
const XATTR_REFUSALS: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'E2BIG', 'ERANGE', 'EOPNOTSUPP', 'EPERM', 'EINVAL']);

/**
 * Gives the owner, who is at work, all rights to the folders that an action changes; their own modes are set back in the end.
 * Undefined where none is his. Another worker may have opened them by now: then there is nothing to open, and all to try again.
 */
function openUp({action, world, staging}: Task): Opened[] | undefined {
  const {platform, target, opened} = world;
  // To move a folder is to change what its ".." is.
  const paths = [parentPath(action.path), ...(action.before?.kind === 'directory' ? [action.path] : [])];
  let found: Opened[] | undefined;
  for (const path of paths) {
    const folder = target?.folder(path);
    const now = folder && entryAtPlace(platform, {folder, name: SELF}, NO_XATTRS);
    if (folder === undefined || now?.uid !== process.geteuid?.()) continue;
    found ??= [];
    if (now?.mode === undefined || now.mode === openMode(now.mode)) continue;
    staging.traces.add({opened: {path, mode: now.mode}});
    platform.setAttributes(folder, SELF, CODE.directory, {mode: openMode(now.mode)});
    opened.set(path, now.mode);
    found.push({path, mode: now.mode});
  }
  return found;
}

const SELF = '' as ByteName;
const NO_XATTRS = {xattrs: [], acls: false};

function act(task: Task): StepResult {
  const result = actOn(task);
  if (result.status === 'done' || result.status === 'staged') noteMount(task);
  return result;
}

/** What is flushed before anything is deleted is all that was written, wherever it was. */
function noteMount({action, world}: Task): void {
  const {target, mounts, platform} = world;
  const path = parentPath(action.path);
  const mount = target?.mountAt(path);
  if (target === undefined || mount === undefined || mount === target.rootMount || mounts.has(mount)) return;
  mounts.set(mount, platform.openFolder(target.folder(path), '.' as ByteName));
}

function actOn(task: Task): StepResult {
  switch (task.step) {
    case 'folders':
      return makeFolder(task);
    case 'writes':
      return write(task);
    case 'links':
      return link(task);
    case 'deletes':
      return remove(task);
    case 'emptied':
      return task.action.kind === 'rmdir' ? removeFolder(task) : placeStaged(task);
    case 'attrs':
      return setAttributes(task);
    case 'settle':
      return settleFolder(task);
  }
}

function makeFolder(task: Task): StepResult {
  const {action, index, world} = task;
  const {platform} = world;
  const after = action.after as Entry;
  // Made so that this process can work in it; it gets its own mode in the end.
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
  // The old leaf is kept aside until what is in the folder is on disk.
  const {staging} = task;
  const spot = spotOf(task, place);
  const aside = spot.folder === staging.own ? {folder: staging.replaced, name: nameOf(index)} : besideSpot(task, place, 'old');
  platform.makeFolder(spot.folder, spot.name, mode);
  if (exchanged(task, spot, place)) {
    platform.move({from: spot.folder, name: spot.name, to: aside.folder, as: aside.name, replace: true});
  } else {
    platform.removeFolder(spot.folder, spot.name);
    platform.move({from: place.folder, name: place.name, to: aside.folder, as: aside.name, replace: true});
    platform.makeFolder(place.folder, place.name, mode);
  }
  return DONE;
}

/** A new folder that was refused its place is gone: it may be tried again. */
function exchanged({world: {platform}}: Task, spot: Place, place: Place): boolean {
  try {
    return platform.exchange(spot.folder, spot.name, place.folder, place.name);
  } catch (error) {
    platform.removeFolder(spot.folder, spot.name);
    throw error;
  }
}

/** Where what takes a place is made: in staging, or beside the place where another mount lies between. */
function spotOf(task: Task, place: Place): Place {
  const {action, world, staging, index} = task;
  const isHere = world.target?.mountAt(parentPath(action.path)) === staging.mount;
  return isHere ? {folder: staging.own, name: nameOf(index)} : besideSpot(task, place, 'tmp');
}

function besideSpot({action, staging, index}: Task, {folder}: Place, use: 'tmp' | 'old'): Place {
  const name = besideName(staging.runId, index, use);
  (use === 'old' ? staging.replacedTraces : staging.traces).add({beside: {folder: parentPath(action.path), name}});
  return {folder, name: name as ByteName};
}

/** Where something waits for the folder that it replaces to be empty. */
function waitingSpot(target: Cursor | undefined, staging: Staging, path: RelPath, index: number): Place {
  if (target === undefined || target.mountAt(parentPath(path)) === staging.mount)
    return {folder: staging.waiting, name: nameOf(index)};
  return {folder: target.folder(parentPath(path)), name: besideName(staging.runId, index, 'tmp') as ByteName};
}

function write(task: Task): StepResult {
  const {action, world, fresh} = task;
  // Perf: a fresh plan saw nothing there a moment ago, and the rename refuses what has come since (bench: copy-memory).
  const standing = fresh && action.kind === 'create' ? 'todo' : checkTarget(action, world);
  if (typeof standing === 'object') return skipped(standing);
  if (standing === 'done') return ALREADY;
  const spot = spotOf(task, placeIn(world.target, action));
  return (action.after?.kind === 'file' ? writeFile(task, spot) : writeOther(task, spot)) ?? putInPlace(task, spot);
}

/** What was made takes its place, or waits for the folder that it replaces to be empty. */
function putInPlace(task: Task, spot: Place): StepResult {
  const {action, world, staging, index} = task;
  const {platform, policy} = world;
  let result: StepResult | undefined;
  try {
    const after = action.after as Entry;
    // Made beside its place it may have got what new files get there: an ACL.
    if (spot.folder !== staging.own && policy.acls && action.kind !== 'link') {
      platform.setAttributes(spot.folder, spot.name, CODE[after.kind], attributesOf(task, {isNew: false}));
    }
    if (action.before?.kind === 'directory') {
      const waiting = waitingSpot(world.target, staging, action.path, index);
      if (waiting.name !== spot.name || waiting.folder !== spot.folder) {
        platform.move({from: spot.folder, name: spot.name, to: waiting.folder, as: waiting.name, replace: true});
      }
      result = {status: 'staged'};
    } else {
      const again = after.size > LOOK_AGAIN_BYTES ? checkTarget(action, world) : 'todo';
      result = typeof again === 'object' ? skipped(again) : take(task, spot);
    }
    return result;
  } finally {
    if (result?.status !== 'done' && result?.status !== 'staged') discard(task, spot);
  }
}

/** Undefined: the file is in staging, whole. */
function writeFile(task: Task, spot: Place): StepResult | undefined {
  let {action} = task;
  for (let attempt = 1; ; attempt++) {
    const ended = copyFile({...task, action}, spot);
    if (ended !== 'changed' && ended !== 'refused') return ended;
    const {world, follow} = task;
    const now = lookAt(world.platform, world.source, action.path, world.policy);
    if (!follow && ended === 'refused' && attempt === 1) return skipped(sourceDrift(action, world));
    if (now === undefined) return vanished(task);
    if (attempt === ATTEMPTS || now.kind !== 'file') return failed(action, 'write', 'CHANGED_DURING_COPY', 'source');
    // Nobody has approved what the file was: what it is now is copied.
    if (follow) action = {...action, after: now} as Action;
  }
}

/** How often a file is copied that is written to meanwhile. */
const ATTEMPTS = 3;

function copyFile(task: Task, spot: Place): StepResult | 'changed' | 'refused' | undefined {
  const {action, world, flushed, onBytes} = task;
  const {platform, source, policy} = world;
  const after = action.after as Entry;
  const from = source?.find(action.path);
  if (from === undefined) return vanished(task);
  try {
    const result = platform.copyFile({
      from: from.folder,
      name: from.name,
      to: spot.folder,
      as: spot.name,
      attributes: attributesOf(task, {isNew: true}),
      fsync: fsyncOf(action, flushed),
      sparse: policy.sparse,
      accept: (stat) => stat.code === CODE.file && sameEntry(toEntry(stat), after, {...policy, ...NO_XATTRS}),
      onBytes,
    });
    if (result === 'stopped') return {status: 'stopped'};
    if (result !== 'copied') return result;
    // A copy that took a while may be of a file that has moved away, with the folder that it is in.
    if (after.size <= LOOK_AGAIN_BYTES || checkSource(action, world) === undefined) return undefined;
    discard(task, spot);
    return 'changed';
  } catch (error) {
    if (isOfXattrs(error)) throw error;
    const code = errnoOf(error);
    if (code === 'ENOENT') return vanished(task);
    // A symlink is there now.
    if (code === 'ELOOP') return 'refused';
    const {syscall} = error as SystemError;
    const isOfSource = syscall === 'read' || (syscall === 'openat' && !isReadable(world, from));
    return failed(action, 'write', code, isOfSource ? 'source' : sideOf(error));
  }
}

function fsyncOf({before, after}: Action, flushed: Flushed): 'none' | 'holes' | 'any' {
  if (flushed === 'none' || flushed === 'all') return flushed === 'none' ? 'none' : 'any';
  const isExposed = before !== undefined || (after as Entry).size > ONE_PIECE;
  return flushed === 'replacing' && isExposed ? 'any' : 'holes';
}

/** What a plan says is no longer there. One that was approved no longer fits; else it is what becomes of files in use. */
function vanished({action, world, follow}: Task): StepResult {
  return follow ? failed(action, 'write', 'VANISHED', 'source') : skipped(sourceDrift(action, world));
}

function sourceDrift(action: Action, world: World): Drift {
  return checkSource(action, world) ?? drift(action.path, 'source', 'it changed');
}

/** Tells a source that may not be read from a target that may not be written, for the report. */
function isReadable({platform}: World, {folder, name}: Place): boolean {
  try {
    platform.readFile(folder, name, 1);
    return true;
  } catch {
    return false;
  }
}

function isInSource({path}: Action, {platform, source, policy}: World): boolean {
  return lookAt(platform, source, path, policy) !== undefined;
}

/** A symlink, a FIFO, a socket or a device. */
function writeOther(task: Task, {folder, name}: Place): StepResult | undefined {
  const {action, world, follow} = task;
  const gone = checkSource(action, world);
  if (gone) return follow && !isInSource(action, world) ? vanished(task) : skipped(gone);
  const {kind, link, rdev = '0:0'} = action.after as Entry;
  const attributes = attributesOf(task, {isNew: true});
  try {
    if (isSpecial(CODE[kind])) {
      const [major, minor] = rdev.split(':').map(Number) as [number, number];
      world.platform.makeNode({folder, name, code: CODE[kind], major, minor, attributes});
    } else {
      world.platform.makeSymlink(folder, name, toByteName(link as string), attributes);
    }
    return undefined;
  } catch (error) {
    // It may be there without its attributes.
    discard(task, {folder, name});
    throw error;
  }
}

/** One rename: at one moment the old, at the next the new. */
function take({action, world}: Task, spot: Place): StepResult {
  const {platform} = world;
  const place = placeIn(world.target, action);
  try {
    platform.move({
      from: spot.folder,
      name: spot.name,
      to: place.folder,
      as: place.name,
      replace: action.before !== undefined,
    });
    return DONE;
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    const standing = checkTarget(action, world);
    if (standing === 'done') return ALREADY;
    return skipped(standing === 'todo' ? drift(action.path, 'target', 'something stood there') : standing);
  }
}

function link(task: Task): StepResult {
  const {world, staging} = task;
  const action = task.action as Action & {kind: 'link'};
  const {platform} = world;
  const ended = endedBefore(action, world);
  if (ended) return ended;
  const waits = task.waiting?.get(action.leader);
  const leader =
    waits === undefined ? world.leaders?.find(action.leader) : waitingSpot(world.leaders, staging, action.leader, waits);
  const now = leader && entryAtPlace(platform, leader, NO_XATTRS);
  // Metadata alone may still be set on the leader, and then holds for this name too.
  if (leader === undefined || now?.kind !== action.after.kind || now.size !== action.after.size)
    return failed(action, 'write', 'DEPENDS');
  const {folder, name} = leader;
  const spot = spotOf(task, placeIn(world.target, action));
  platform.makeLink(folder, name, spot.folder, spot.name);
  return putInPlace(task, spot);
}

function remove({action, world}: Task): StepResult {
  const ended = endedBefore(action, world);
  if (ended) return ended;
  const {folder, name} = placeIn(world.target, action);
  // Race: a file that takes this one's place between the look above and here is deleted; a moment of microseconds.
  world.platform.removeFile(folder, name);
  return DONE;
}

function removeFolder({action, world}: Task): StepResult {
  const ended = endedBefore(action, world);
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

/** The folder that a staged leaf replaces is empty by now: they change places, and the folder goes. */
function placeStaged(task: Task): StepResult {
  const {action, index, world} = task;
  const {platform} = world;
  const {folder, name} = waitingSpot(world.target, task.staging, action.path, index);
  const place = placeIn(world.target, action);
  const now = entryAtPlace(platform, place, NO_XATTRS);
  const back = {from: folder, name, to: place.folder, as: place.name};
  try {
    if (now === undefined) {
      platform.move({...back, replace: false});
    } else if (now.kind !== 'directory') {
      return skipped(drift(action.path, 'target', `a ${now.kind} stands there`));
    } else if (platform.exchange(folder, name, place.folder, place.name)) {
      try {
        platform.removeFolder(folder, name);
      } catch (error) {
        platform.exchange(folder, name, place.folder, place.name);
        throw error;
      }
    } else {
      platform.removeFolder(place.folder, place.name);
      platform.move({...back, replace: false});
    }
    return DONE;
  } catch (error) {
    if (!isNotEmpty(error)) throw error;
    return failed(action, 'delete', 'NOT_EMPTY');
  }
}

function setAttributes(task: Task): StepResult {
  const {action, world} = task;
  const ended = endedBefore(action, world);
  if (ended) return ended;
  const after = action.after as Entry;
  const {folder, name} = placeIn(world.target, action);
  world.platform.setAttributes(folder, name, CODE[after.kind], attributesOf(task, {isNew: false}));
  return DONE;
}

function settleFolder(task: Task): StepResult {
  const {action, world} = task;
  const {platform, policy} = world;
  const after = action.after as Entry;
  const place = placeIn(world.target, action);
  const now = lookAtTarget(action, world);
  if (now?.kind !== 'directory')
    return skipped(drift(action.path, 'target', now === undefined ? 'it is gone' : `a ${now.kind} stands there`));
  if (action.kind === 'attrs') {
    const standing = checkTarget(action, world);
    if (typeof standing === 'object') return skipped(standing);
  }
  if (isCurrent(after, now, policy) && !(isMade(action) && !policy.mode)) return ALREADY;
  platform.setAttributes(place.folder, place.name, CODE.directory, attributesOf(task, {isNew: false}));
  return DONE;
}

/** The result of an action that is not to be done: done already, or drifted on either side. */
function endedBefore(action: Action, world: World): StepResult | undefined {
  const standing = check(action, world);
  if (standing === 'todo') return undefined;
  return standing === 'done' ? ALREADY : skipped(standing);
}

/** What this process sets of the attributes that an action leads to; `isNew`: on something that has none of its own yet. */
function attributesOf(task: Task, {isNew}: {isNew: boolean}): Attributes {
  const {action, world, learner} = task;
  const {policy} = world;
  const {uid, gid, mtime, xattrs} = action.after as Entry;
  const hasXattrs = xattrs !== undefined && Object.keys(xattrs).some((name) => isKeptXattr(name, policy));
  return {
    uid: policy.owner ? uid : undefined,
    gid: mayGiveTo(gid, policy) ? gid : undefined,
    xattrs: task.takesXattrs !== false && keepsXattrs(policy) && (hasXattrs || !isNew) ? wantedXattrs(task) : undefined,
    mode: modeOf(task),
    mtime: policy.times ? mtime : undefined,
    readBack: policy.times && learner.wants(mtime) ? (kept) => learner.learn(mtime, kept) : undefined,
  };
}

/** Where modes are not kept, a new path gets what a program that makes it would give it, and an old one keeps its own. */
function modeOf({action, world, umask}: Task): number | undefined {
  const {before, after} = action;
  const {kind, mode} = after as Entry;
  if (kind === 'symlink') return undefined;
  if (world.policy.mode) return mode;
  if (isMade(action)) return mode & 0o777 & ~umask;
  return kind === 'directory' ? undefined : before?.mode;
}

/** Whether what stands at the path in the end is of a kind that did not stand there before. */
function isMade({before, after}: Action): boolean {
  return before?.kind !== after?.kind;
}

function wantedXattrs({action, world}: Task): WantedXattrs {
  const {platform, source, policy} = world;
  const {xattrs = {}} = action.after as Entry;
  const kept = Object.entries(xattrs).filter(([name]) => isKeptXattr(name, policy));
  const values = kept.map(([name, value]): [ByteName, Uint8Array] => {
    const attribute = toByteName(name);
    if (value === UNREADABLE_XATTR) throw new SourceError('EACCES', 'lgetxattr');
    const digest = valueDigest(value);
    if (digest === undefined) return [attribute, Buffer.from(value, 'base64')];
    const place = source?.find(action.path);
    const whole = place && inSource(() => platform.xattr(place.folder, place.name, attribute));
    // It is what the plan saw, or it is nothing that was approved.
    if (whole === undefined || createHash('sha256').update(whole).digest('hex') !== digest)
      throw new SourceError('ESTALE', 'lgetxattr');
    return [attribute, whole];
  });
  return {kept: policy, values};
}

/** Where an action is done; the way there is looked at again before something is destroyed. */
function placeIn(target: Cursor | undefined, {path, before}: Action): Place {
  if (target === undefined) throw new SystemError('ENOENT', 'openat');
  return target.place(path, before !== undefined);
}

function discard({world}: Task, {folder, name}: Place): void {
  try {
    world.platform.removeFile(folder, name);
  } catch (error) {
    // What is left in staging is swept when the run ends, and again when the next one starts.
    errnoOf(error);
  }
}

function nameOf(index: number): ByteName {
  return String(index) as ByteName;
}

function isNotEmpty(error: unknown): boolean {
  return ['ENOTEMPTY', 'EEXIST'].includes(errnoOf(error));
}

function skipped(drifted: Drift): StepResult {
  return {status: 'skipped', drift: drifted};
}

export function sideOf(error: unknown): Side {
  return error instanceof SourceError ? 'source' : 'target';
}

function failed(action: Action, phase: Phase, code: string, side: Side = 'target'): StepResult {
  return {status: 'failed', problem: problem({path: action.path, side, phase, code})};
}
