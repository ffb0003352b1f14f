/**
 * Where things are made, wait and take their places.
 *
 * | place | what lies there | user's data | who removes it, and when |
 * | --- | --- | --- | --- |
 * | `.dirsync/tmp/RUN/worker-N/INDEX` | what is being made | no | it takes its place; what failed goes at once, the rest with the sweep |
 * | `.dirsync/tmp/RUN/waiting/INDEX` | a leaf, until the folder that it replaces is empty | no | it takes its place, or the sweep |
 * | `.dirsync/replaced/RUN/INDEX` | a leaf that was set aside | yes | a run that has all of its plan done and on disk |
 * | `FOLDER/.dirsync-RUN-INDEX.tmp` | as in `tmp`, where FOLDER is on another volume | no | as in `tmp`, by the traces noted there |
 * | `FOLDER/.dirsync-RUN-INDEX.old` | as in `replaced`, likewise | yes | as in `replaced`, by the traces noted there |
 * | `FOLDER/.dirsync-RUN-INDEX.name` | what is being renamed to another way to write its name | yes | nobody: it gets its name, or its old one back |
 *
 * A leaf is set aside when a folder takes its place; when it goes with a folder that gives its place to a leaf, and may itself be a
 * leaf that still waits for its place (a rename, as of `a/photo` to `a`); or when it is written over, and may itself be what is only then
 * written at another path (two names that were swapped).
 *
 * The sweep empties `.dirsync/tmp` at the start and at the end of each run, whoever left what there. So what may be the only copy of
 * a user's data is never in it, not for a moment: it goes from its place to `replaced` by one rename.
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

/** Where an action is done; the way there is looked at again before something is destroyed. */
export function placeIn(target: Cursor | undefined, {path, before}: Action): Place {
  if (target === undefined) throw new SystemError('ENOENT', 'openat');
  return target.place(path, before !== undefined);
}

/** Where what takes a place is made: in staging, or beside the place where it cannot be renamed from there. */
export function spotOf(step: Step, place: Place): Place {
  const {action, world, staging, index} = step;
  const isHere = canMove(world, world.target, staging, action.path);
  return isHere ? {folder: staging.own, name: nameOf(index)} : besideSpot(step, place.folder, {path: action.path, use: 'tmp'});
}

/** Whether what is in staging can be renamed to a path of the target, and the reverse; `way`: by which this is looked at. */
function canMove({beside}: World, way: Cursor | undefined, {volume}: Staging, path: RelPath): boolean {
  const folder = parentPath(path);
  return way?.volumeAt(folder) === volume && !beside.has(folder);
}

/** `path`: that beside which it is. */
function besideSpot({staging, index}: Step, folder: Folder, {path, use}: {path: RelPath; use: 'tmp' | 'old'}): Place {
  const name = besideName(staging.runId, index, use);
  (use === 'old' ? staging.replacedTraces : staging.traces).add({beside: {folder: parentPath(path), name}});
  return {folder, name: name as ByteName};
}

/** Where a leaf is set aside; `path`: that of which the kind changes, the leaf's own or that of the folder which it is in. */
export function asideSpot(step: Step, path: RelPath): Place {
  const {world, staging, index} = step;
  // The other way stays at the leaf, which is still to be moved.
  const {leaders} = world;
  if (leaders === undefined || canMove(world, leaders, staging, path)) return {folder: staging.replaced, name: nameOf(index)};
  return besideSpot(step, leaders.folder(parentPath(path)), {path, use: 'old'});
}

/** Where something is to wait for the folder that it replaces to be empty. */
export function waitingSpot(world: World, staging: Staging, path: RelPath, index: number): Place {
  const {target} = world;
  if (target === undefined || canMove(world, target, staging, path)) return {folder: staging.waiting, name: nameOf(index)};
  return {folder: target.folder(parentPath(path)), name: besideName(staging.runId, index, 'tmp') as ByteName};
}

/** Where it waits: the worker that made it may have known less of where it can be renamed, or more. */
export function foundWaiting(world: World, staging: Staging, path: RelPath, index: number): Place {
  const inStaging: Place = {folder: staging.waiting, name: nameOf(index)};
  const {target, platform} = world;
  if (target === undefined || platform.stat(inStaging.folder, inStaging.name, emptyStat())) return inStaging;
  return {folder: target.folder(parentPath(path)), name: besideName(staging.runId, index, 'tmp') as ByteName};
}

export function discard({world}: Step, {folder, name}: Place): void {
  try {
    world.platform.removeFile(folder, name);
  } catch (error) {
    // What is left in staging is swept when the run ends, and again when the next one starts.
    errnoOf(error);
  }
}

/** Its name in staging. */
function nameOf(index: number): ByteName {
  return String(index) as ByteName;
}
