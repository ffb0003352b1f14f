/**
 * Spots: where files are written, wait and are set aside before and after they get their places.
 *
 * | path | content | user's data | removed |
 * | --- | --- | --- | --- |
 * | `.dirsync/tmp/RUN/worker-N/INDEX` | a new file or folder | no | by the rename to its place; at once after a failure; the rest by the sweep |
 * | `.dirsync/tmp/RUN/waiting/INDEX` | a new leaf, until the folder that it replaces is empty | no | by the rename to its place, or by the sweep |
 * | `.dirsync/replaced/RUN/INDEX` | a leaf that was set aside | yes | by a run whose whole plan is done and on disk |
 * | `.dirsync/moving/RUN/INDEX` | an entry that waits until its new path is free | yes | by the rename to its new path, or back to its old one |
 * | `FOLDER/.dirsync-RUN-INDEX.tmp` | as in `tmp`, if FOLDER is on another volume | no | as in `tmp`, by its traces |
 * | `FOLDER/.dirsync-RUN-INDEX.old` | as in `replaced`, if FOLDER is on another volume | yes | as in `replaced`, by its traces |
 * | `FOLDER/.dirsync-RUN-INDEX.name` | an entry that is being renamed to a different spelling | yes | never: it gets its new name, or its old one back |
 *
 * A leaf is set aside in three cases: a folder replaces it; it is deleted with a folder that a leaf replaces, and may be the same as that
 * waiting leaf (a rename of `a/photo` to `a`); or it is overwritten, and may be the same as a leaf that is written later at another path
 * (two swapped names).
 *
 * An entry waits in `moving` if moves wait for each other in a ring (two swapped names, or a folder that becomes part of a new folder of
 * its name). Its old and its new path are noted first, and so are the moves that are done meanwhile. If the run ends early, it puts the
 * entry back; if it is killed, the next run does (`state/moving`). What can go to neither path stays: a file is removed by the rules of
 * `replaced`, a folder never.
 *
 * The sweep empties `.dirsync/tmp` at the start and at the end of each run, no matter which run left files there. So a file that may be
 * the only copy of a user's data is never there, not even for a moment: one rename moves it from its place to `replaced`.
 */
import type {Action} from '../core/action.js';
import {emptyStat} from '../core/block.js';
import type {ByteName} from '../core/name.js';
import {parentPath, type RelPath} from '../core/path.js';
import type {Cursor, Place} from '../platform/cursor.js';
import {errnoOf, type Folder, SystemError} from '../platform/platform.js';
import type {Staging} from '../state/staging.js';
import {besideName} from '../state/traces.js';
import type {World} from './check.js';
import type {Step} from './step.js';

/** The place of an action in the target. If the action destroys something, the way to it is checked again. */
export function placeIn(target: Cursor | undefined, {path, before}: Action): Place {
  if (target === undefined) throw new SystemError('ENOENT', 'openat');
  return target.place(path, before !== undefined);
}

/** The spot where a new entry is made: in staging, or beside its place if it could not be renamed from there. */
export function spotOf(step: Step, place: Place): Place {
  const {action, world, staging, index} = step;
  const isHere = canMove(world, world.target, staging, action.path);
  return isHere ? {folder: staging.own, name: nameOf(index)} : besideSpot(step, place.folder, {path: action.path, use: 'tmp'});
}

/** Whether entries can be renamed between staging and a path of the target; `way`: the cursor for the check. */
function canMove({beside}: World, way: Cursor | undefined, {volume}: Staging, path: RelPath): boolean {
  const folder = parentPath(path);
  return way?.volumeAt(folder) === volume && !beside.has(folder);
}

/** A spot beside `path`. */
function besideSpot({staging, index}: Step, folder: Folder, {path, use}: {path: RelPath; use: 'tmp' | 'old'}): Place {
  const name = besideName(staging.runId, index, use);
  (use === 'old' ? staging.replacedTraces : staging.traces).add({beside: {folder: parentPath(path), name}});
  return {folder, name: name as ByteName};
}

/** The spot where a leaf is set aside; `path`: its own path, or the path of the folder above it that a leaf replaces. */
export function asideSpot(step: Step, path: RelPath): Place {
  const {world, staging, index} = step;
  // The other cursor must stay at the leaf, which is moved next.
  const {leaders} = world;
  if (leaders === undefined || canMove(world, leaders, staging, path)) return {folder: staging.replaced, name: nameOf(index)};
  return besideSpot(step, leaders.folder(parentPath(path)), {path, use: 'old'});
}

/** The spot where a leaf waits until the folder that it replaces is empty. */
export function waitingSpot(world: World, staging: Staging, path: RelPath, index: number): Place {
  const {target} = world;
  if (target === undefined || canMove(world, target, staging, path)) return {folder: staging.waiting, name: nameOf(index)};
  return {folder: target.folder(parentPath(path)), name: besideName(staging.runId, index, 'tmp') as ByteName};
}

/** The spot where a leaf is waiting. The worker that put it there may have known different things about possible renames. */
export function foundWaiting(world: World, staging: Staging, path: RelPath, index: number): Place {
  const inStaging: Place = {folder: staging.waiting, name: nameOf(index)};
  const {target, platform} = world;
  if (target === undefined || platform.stat(inStaging.folder, inStaging.name, emptyStat())) return inStaging;
  return {folder: target.folder(parentPath(path)), name: besideName(staging.runId, index, 'tmp') as ByteName};
}

/** Removes a file from its spot; errors are ignored. */
export function discard({world}: Step, {folder, name}: Place): void {
  try {
    world.platform.removeFile(folder, name);
  } catch (error) {
    // The sweep at the end of this run, or at the start of the next one, removes what is left in staging.
    errnoOf(error);
  }
}

/** Its name in staging. */
function nameOf(index: number): ByteName {
  return String(index) as ByteName;
}
