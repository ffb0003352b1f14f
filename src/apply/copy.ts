/** Makes a copy of the source's entry at a path in the target: either complete or not at all. */
import type {Action} from '../core/action.js';
import {CODE, emptyStat, inodeOf, isSpecial, type Stat, toEntry} from '../core/block.js';
import type {Drift} from '../core/drift.js';
import type {Entry} from '../core/entry.js';
import {toByteName} from '../core/name.js';

import {sameEntry} from '../plan/compare.js';
import type {Place} from '../platform/cursor.js';
import {errnoOf, type Grown, type SystemError} from '../platform/platform.js';
import {attributesOf, isOfXattrs, setsAccess} from './attributes.js';
import {checkSource, lookAt, NO_XATTRS, type World} from './check.js';
import {discard} from './spot.js';
import {type Flushed, failed, type Step, type StepResult, sideOf, skipped} from './step.js';

/**
 * `action`: what was made, for the following steps; it differs from the plan's action if the source's file has changed meanwhile.
 */
export interface Copied {
  readonly action: Action;
}

/** A copy that took longer than a moment. */
const LOOK_AGAIN_BYTES = 1024 * 1024;

/** Well below the size that the kernel writes back in one piece. */
const ONE_PIECE = 256 * 1024;

/** How often a file is copied if it is written to meanwhile. */
const ATTEMPTS = 3;

/** Copies the source's file, or returns why it could not. */
export function copyFromSource(step: Step, spot: Place): Copied | StepResult {
  const {world, rules} = step;
  let {action} = step;
  for (let attempt = 1; ; attempt++) {
    // A growing file may have grown between the last check and its copy.
    const ended = copyFile({...step, action}, spot, rules.takesGrowing && attempt > 1);
    if (ended === 'copied') return {action};
    if (typeof ended !== 'string' && 'grown' in ended) return {action: asGrown(action, ended)};
    if (ended !== 'changed' && ended !== 'refused') return ended;
    const now = lookAt(world.platform, world.source, action.path, world.policy);
    if (!rules.follows && ended === 'refused' && attempt === 1) return skipped(sourceDrift(action, world));
    if (now === undefined) return vanished(step);
    if (attempt === ATTEMPTS || now.kind !== 'file') return failed(action, 'write', 'CHANGED_DURING_COPY', 'source');
    // The file's earlier state was not approved: its current state is copied.
    if (rules.follows) action = {...action, after: now} as Action;
  }
}

function asGrown(action: Action, {grown}: Grown): Action {
  const {size, mtime} = toEntry(grown);
  return {...action, after: {...(action.after as Entry), size, mtime}} as Action;
}

/** A symlink, a FIFO, a socket or a device. */
export function makeOther(step: Step, {folder, name}: Place): Copied | StepResult {
  const {action, world, rules} = step;
  const gone = checkSource(action, world);
  if (gone) return rules.follows && !isInSource(action, world) ? vanished(step) : skipped(gone);
  const {kind, link, rdev = '0:0'} = action.after as Entry;
  const attributes = attributesOf(step, {isNew: true});
  try {
    if (isSpecial(CODE[kind])) {
      const [major, minor] = rdev.split(':').map(Number) as [number, number];
      world.platform.makeNode({folder, name, code: CODE[kind], major, minor, attributes});
    } else {
      world.platform.makeSymlink(folder, name, toByteName(link as string), attributes);
    }
    return {action};
  } catch (error) {
    // It may exist without its attributes.
    discard(step, {folder, name});
    throw error;
  }
}

/** `mayBeLonger`: the file is also accepted if it has grown since it was checked. */
function copyFile(step: Step, spot: Place, mayBeLonger: boolean): StepResult | Grown | 'copied' | 'changed' | 'refused' {
  const {action, world, flushed, rules, onBytes} = step;
  const {platform, source, policy, abilities, pace} = world;
  const after = action.after as Entry;
  const from = source?.find(action.path);
  if (from === undefined) return vanished(step);
  const isExpected = (now: Entry) => sameEntry(now, after, {...policy, ...NO_XATTRS});
  let opened = emptyStat();
  try {
    const result = platform.copyFile({
      from: from.folder,
      name: from.name,
      to: spot.folder,
      as: spot.name,
      attributes: attributesOf(step, {isNew: true}),
      fsync: fsyncOf(action, flushed),
      sparse: policy.sparse,
      live: rules.takesGrowing,
      accept(stat) {
        opened = stat;
        const {size, mtime} = after;
        const now = toEntry(stat);
        return now.kind === 'file' && (isExpected(now) || (mayBeLonger && now.size > size && isExpected({...now, size, mtime})));
      },
      onBytes,
      pace,
    });
    if (result === 'stopped') return {status: 'stopped'};
    if (result === 'unsized') return failed(action, 'write', 'UNSIZED', 'source');
    if (result === 'changed' || result === 'refused') return result;
    // During a long copy, the file may have been moved away with its folder.
    const tookLong = result !== 'copied' || after.size > LOOK_AGAIN_BYTES;
    if (tookLong && !(rules.takesGrowing ? isSameFile(opened, action, world) : checkSource(action, world) === undefined)) {
      discard(step, spot);
      return 'changed';
    }
    const isGrown = result === 'copied' && opened.size !== after.size;
    if (!isGrown) return result;
    if (policy.times) {
      const {mtime} = toEntry(opened);
      platform.setAttributes(spot.folder, spot.name, CODE.file, {mtime, withAccess: setsAccess(abilities)});
    }
    return {grown: opened};
  } catch (error) {
    if (isOfXattrs(error)) throw error;
    const code = errnoOf(error);
    if (code === 'ENOENT') return vanished(step);
    // It is a symlink now.
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

/** The source's file has changed. For an approved plan this is drift; otherwise it is the problem of a file in use. */
function vanished({action, world, rules}: Step): StepResult {
  return rules.follows ? failed(action, 'write', 'VANISHED', 'source') : skipped(sourceDrift(action, world));
}

function sourceDrift(action: Action, world: World): Drift {
  // It changed and changed back: only its ctime differs.
  const {path, after} = action;
  const mtime = String((after as Entry).mtime);
  return checkSource(action, world) ?? {path, side: 'source', attribute: 'mtime', before: mtime, now: mtime};
}

function isInSource({path}: Action, {platform, source, policy}: World): boolean {
  return lookAt(platform, source, path, policy) !== undefined;
}

/** Whether a path of the source is still the file of this stat. */
function isSameFile(read: Stat, {path}: Action, {platform, source}: World): boolean {
  const place = source?.find(path);
  const now = emptyStat();
  const isThere = place !== undefined && platform.stat(place.folder, place.name, now);
  return isThere && now.device === read.device && inodeOf(now) === inodeOf(read);
}

/** Distinguishes a source that cannot be read from a target that cannot be written, for the report. */
function isReadable({platform}: World, {folder, name}: Place): boolean {
  try {
    platform.readFile(folder, name, 1);
    return true;
  } catch {
    return false;
  }
}
