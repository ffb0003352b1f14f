/** Doing one step of one action: the unit of work of a wave. Every act is preceded by a look at what it is done to. */
import type {Action} from '../core/action.js';
import {CODE, toEntry} from '../core/block.js';
import type {Entry} from '../core/entry.js';
import {type ByteName, toByteName} from '../core/name.js';
import type {RelPath} from '../core/path.js';
import type {Drift, PlanOptions} from '../core/plan.js';
import {type Phase, type Problem, problem} from '../core/problem.js';
import {mayGiveTo, sameEntry} from '../plan/compare.js';
import type {WaveStep} from '../plan/waves.js';
import {type Attributes, errnoOf, SystemError} from '../platform/platform.js';
import type {Staging} from '../state/staging.js';
import {check, checkSource, checkTarget, drift, entryAtPlace, type World} from './check.js';
import type {Cursor, Place} from './cursor.js';

/** `staged`: written, and waiting for the folder that it replaces to be empty. */
export interface StepResult {
  readonly status: 'done' | 'already-done' | 'skipped' | 'failed' | 'stopped' | 'staged';
  readonly drift?: Drift;
  readonly problem?: Problem;
}

export interface Task {
  readonly step: WaveStep;
  readonly action: Action;
  /** The action's index in the plan, which names it in staging. */
  readonly index: number;
  readonly world: World;
  readonly staging: Staging;
  readonly waiting: ReadonlyMap<RelPath, number> | undefined;
  readonly fsyncFiles: boolean;
  /** The plan was made just now. */
  readonly fresh: boolean;
  readonly onBytes: (bytes: number) => boolean;
}

const DONE: StepResult = {status: 'done'};
const ALREADY: StepResult = {status: 'already-done'};

/** A copy that took longer than a moment: what stands at its place is looked at once more before it is taken. */
const LOOK_AGAIN_BYTES = 1024 * 1024;

/** @throws SystemError for what the kernel refused. */
export function perform(task: Task): StepResult {
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

function makeFolder({action, index, world, staging}: Task): StepResult {
  const {platform} = world;
  const after = action.after as Entry;
  // Made so that this process can work in it; it gets its own mode in the end.
  const mode = (after.mode & 0o777) | 0o700;
  const standing = checkTarget(action, world);
  if (typeof standing === 'object') return skipped(standing);
  if (standing === 'done') return ALREADY;
  const place = placeIn(world.target, action);
  const now = entryAtPlace(platform, place);
  if (now?.kind === 'directory') return ALREADY;
  const gone = checkSource(action, world);
  if (gone) return skipped(gone);
  if (now === undefined) {
    platform.makeFolder(place.folder, place.name, mode);
    return DONE;
  }
  // The old leaf is kept aside until what is in the folder is on disk.
  const name = nameOf(index);
  platform.makeFolder(staging.own, name, mode);
  if (platform.exchange(staging.own, name, place.folder, place.name)) {
    platform.move({from: staging.own, name, to: staging.replaced, as: name, replace: true});
  } else {
    platform.removeFolder(staging.own, name);
    platform.move({from: place.folder, name: place.name, to: staging.replaced, as: name, replace: true});
    platform.makeFolder(place.folder, place.name, mode);
  }
  return DONE;
}

function write(task: Task): StepResult {
  const {action, index, world, fresh} = task;
  // Perf: a fresh plan saw nothing there a moment ago, and the rename refuses what has come since (bench: copy-memory).
  const standing = fresh && action.kind === 'create' ? 'todo' : checkTarget(action, world);
  if (typeof standing === 'object') return skipped(standing);
  if (standing === 'done') return ALREADY;
  const name = nameOf(index);
  const written = action.after?.kind === 'symlink' ? writeSymlink(task, name) : writeFile(task, name);
  return written ?? putInPlace(task, name);
}

/** What lies in staging takes its place, or waits there for the folder that it replaces to be empty. */
function putInPlace(task: Task, name: ByteName): StepResult {
  const {action, world, staging} = task;
  let result: StepResult | undefined;
  try {
    if (action.before?.kind === 'directory') {
      world.platform.move({from: staging.own, name, to: staging.waiting, as: name, replace: true});
      result = {status: 'staged'};
    } else {
      const again = (action.after as Entry).size > LOOK_AGAIN_BYTES ? checkTarget(action, world) : 'todo';
      result = typeof again === 'object' ? skipped(again) : take(task, name);
    }
    return result;
  } finally {
    if (result?.status !== 'done' && result?.status !== 'staged') discard(task, name);
  }
}

/** Undefined: the file is in staging, whole. */
function writeFile({action, world, staging, fsyncFiles, onBytes}: Task, name: ByteName): StepResult | undefined {
  const {platform, source, policy} = world;
  const after = action.after as Entry;
  const from = source?.find(action.path);
  const gone = drift(action.path, 'source', 'it is gone from the source');
  if (from === undefined) return skipped(gone);
  try {
    const result = platform.copyFile({
      from: from.folder,
      name: from.name,
      to: staging.own,
      as: name,
      attributes: attributesOf(after, policy),
      fsync: fsyncFiles,
      accept: (stat) => stat.code === CODE.file && sameEntry(toEntry(stat), after, policy),
      onBytes,
    });
    if (result === 'copied') return undefined;
    if (result === 'stopped') return {status: 'stopped'};
    if (result === 'refused') return skipped(checkSource(action, world) ?? drift(action.path, 'source', 'it changed'));
    return failed(action, 'write', 'CHANGED_DURING_COPY', 'source');
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT' || code === 'ELOOP') return skipped(checkSource(action, world) ?? gone);
    const readable = (error as SystemError).syscall !== 'openat' || isReadable(world, from);
    return failed(action, 'write', code, readable ? 'target' : 'source');
  }
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

function writeSymlink({action, world, staging}: Task, name: ByteName): StepResult | undefined {
  const gone = checkSource(action, world);
  if (gone) return skipped(gone);
  const after = action.after as Entry;
  world.platform.makeSymlink(staging.own, name, toByteName(after.link as string), attributesOf(after, world.policy));
  return undefined;
}

/** One rename: at one moment the old, at the next the new. */
function take({action, world, staging}: Task, name: ByteName): StepResult {
  const {platform} = world;
  const place = placeIn(world.target, action);
  try {
    platform.move({from: staging.own, name, to: place.folder, as: place.name, replace: action.before !== undefined});
    return DONE;
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    const standing = checkTarget(action, world);
    if (standing === 'done') return ALREADY;
    return skipped(standing === 'todo' ? drift(action.path, 'target', 'something stood there') : standing);
  }
}

function link(task: Task): StepResult {
  const {world, staging, index} = task;
  const action = task.action as Action & {kind: 'link'};
  const {platform} = world;
  const ended = endedBefore(action, world);
  if (ended) return ended;
  const waits = task.waiting?.get(action.leader);
  const leader = waits === undefined ? world.leaders?.find(action.leader) : {folder: staging.waiting, name: nameOf(waits)};
  const now = leader && entryAtPlace(platform, leader);
  // Metadata alone may still be set on the leader, and then holds for this name too.
  if (leader === undefined || now?.kind !== 'file' || now.size !== action.after.size) return failed(action, 'write', 'DEPENDS');
  const name = nameOf(index);
  platform.makeLink(leader.folder, leader.name, staging.own, name);
  return putInPlace(task, name);
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
function placeStaged({action, index, world, staging}: Task): StepResult {
  const {platform} = world;
  const name = nameOf(index);
  const place = placeIn(world.target, action);
  const now = entryAtPlace(platform, place);
  const back = {from: staging.waiting, name, to: place.folder, as: place.name};
  try {
    if (now === undefined) {
      platform.move({...back, replace: false});
    } else if (now.kind !== 'directory') {
      return skipped(drift(action.path, 'target', `a ${now.kind} stands there`));
    } else if (platform.exchange(staging.waiting, name, place.folder, place.name)) {
      try {
        platform.removeFolder(staging.waiting, name);
      } catch (error) {
        platform.exchange(staging.waiting, name, place.folder, place.name);
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

function setAttributes({action, world}: Task): StepResult {
  const ended = endedBefore(action, world);
  if (ended) return ended;
  const after = action.after as Entry;
  const {folder, name} = placeIn(world.target, action);
  world.platform.setAttributes(folder, name, CODE[after.kind], attributesOf(after, world.policy));
  return DONE;
}

function settleFolder({action, world}: Task): StepResult {
  const {platform, policy} = world;
  const after = action.after as Entry;
  const place = placeIn(world.target, action);
  const now = entryAtPlace(platform, place);
  if (now?.kind !== 'directory')
    return skipped(drift(action.path, 'target', now === undefined ? 'it is gone' : `a ${now.kind} stands there`));
  if (action.kind === 'attrs') {
    const standing = checkTarget(action, world);
    if (typeof standing === 'object') return skipped(standing);
  }
  if (sameEntry(now, after, policy)) return ALREADY;
  platform.setAttributes(place.folder, place.name, CODE.directory, attributesOf(after, policy));
  return DONE;
}

/** The result of an action that is not to be done: done already, or drifted on either side. */
function endedBefore(action: Action, world: World): StepResult | undefined {
  const standing = check(action, world);
  if (standing === 'todo') return undefined;
  return standing === 'done' ? ALREADY : skipped(standing);
}

/** What this process sets of an entry's attributes. */
function attributesOf({kind, uid, gid, mode, mtime}: Entry, policy: PlanOptions): Attributes {
  return {
    uid: policy.owner ? uid : undefined,
    gid: mayGiveTo(gid, policy) ? gid : undefined,
    mode: kind === 'symlink' ? undefined : mode,
    mtime,
  };
}

function placeIn(target: Cursor | undefined, {path}: Action): Place {
  if (target === undefined) throw new SystemError('ENOENT', 'openat');
  return target.place(path);
}

function discard({world, staging}: Task, name: ByteName): void {
  try {
    world.platform.removeFile(staging.own, name);
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

function failed(action: Action, phase: Phase, code: string, side: 'source' | 'target' = 'target'): StepResult {
  return {status: 'failed', problem: problem({path: action.path, side, phase, code})};
}
