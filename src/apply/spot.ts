/**
 * Where things are made, wait and take their places.
 *
 * | place | what lies there | user's data | who removes it, and when |
 * | --- | --- | --- | --- |
 * | `.dirsync/tmp/RUN/worker-N/INDEX` | what is being made | no | it takes its place; what failed goes at once, the rest with the sweep |
 * | `.dirsync/tmp/RUN/waiting/INDEX` | a leaf, until the folder that it replaces is empty | no | it takes its place, or the sweep |
 * | `.dirsync/replaced/RUN/INDEX` | a leaf that gave its place to a folder | yes | a run that has all of its plan done and on disk |
 * | `FOLDER/.dirsync-RUN-INDEX.tmp` | as in `tmp`, where FOLDER is on another volume | no | as in `tmp`, by the traces noted there |
 * | `FOLDER/.dirsync-RUN-INDEX.old` | as in `replaced`, likewise | yes | as in `replaced`, by the traces noted there |
 * | `FOLDER/.dirsync-RUN-INDEX.name` | what is being renamed to another way to write its name | yes | nobody: it gets its name, or its old one back |
 *
 * The sweep empties `.dirsync/tmp` at the start and at the end of each run, whoever left what there. So what may be the only copy of
 * a user's data is never in it, not for a moment: it goes from its place to `replaced` by one rename.
 */
import type {Action} from '../core/action.js';
import {emptyStat} from '../core/block.js';
import type {ByteName} from '../core/name.js';
import {parentPath, type RelPath} from '../core/path.js';
import type {Cursor, Place} from '../platform/cursor.js';
import {errnoOf, SystemError} from '../platform/platform.js';
import type {Staging} from '../state/staging.js';
import {besideName} from '../state/traces.js';
import type {World} from './check.js';
import type {Task} from './task.js';

/** Where an action is done; the way there is looked at again before something is destroyed. */
export function placeIn(target: Cursor | undefined, {path, before}: Action): Place {
  if (target === undefined) throw new SystemError('ENOENT', 'openat');
  return target.place(path, before !== undefined);
}

/** Where what takes a place is made: in staging, or beside the place where it cannot be renamed from there. */
export function spotOf(task: Task, place: Place): Place {
  const {action, world, staging, index} = task;
  const isHere = canMove(world, staging, action.path);
  return isHere ? {folder: staging.own, name: nameOf(index)} : besideSpot(task, place, 'tmp');
}

/** Whether what is in staging can be renamed to a path of the target. */
function canMove({target, beside}: World, {volume}: Staging, path: RelPath): boolean {
  const folder = parentPath(path);
  return target?.volumeAt(folder) === volume && !beside.has(folder);
}

function besideSpot({action, staging, index}: Task, {folder}: Place, use: 'tmp' | 'old'): Place {
  const name = besideName(staging.runId, index, use);
  (use === 'old' ? staging.replacedTraces : staging.traces).add({beside: {folder: parentPath(action.path), name}});
  return {folder, name: name as ByteName};
}

/** Where a leaf lies that gave its place to a folder. */
export function asideSpot(task: Task, place: Place): Place {
  const {action, world, staging, index} = task;
  const isHere = canMove(world, staging, action.path);
  return isHere ? {folder: staging.replaced, name: nameOf(index)} : besideSpot(task, place, 'old');
}

/** Where something is to wait for the folder that it replaces to be empty. */
export function waitingSpot(world: World, staging: Staging, path: RelPath, index: number): Place {
  const {target} = world;
  if (target === undefined || canMove(world, staging, path)) return {folder: staging.waiting, name: nameOf(index)};
  return {folder: target.folder(parentPath(path)), name: besideName(staging.runId, index, 'tmp') as ByteName};
}

/** Where it waits: the worker that made it may have known less of where it can be renamed, or more. */
export function foundWaiting(world: World, staging: Staging, path: RelPath, index: number): Place {
  const inStaging: Place = {folder: staging.waiting, name: nameOf(index)};
  const {target, platform} = world;
  if (target === undefined || platform.stat(inStaging.folder, inStaging.name, emptyStat())) return inStaging;
  return {folder: target.folder(parentPath(path)), name: besideName(staging.runId, index, 'tmp') as ByteName};
}

export function discard({world}: Task, {folder, name}: Place): void {
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
