/** Where things are made, wait and take their places. */
import type {Action} from '../core/action.js';
import type {ByteName} from '../core/name.js';
import {parentPath, type RelPath} from '../core/path.js';
import type {Cursor, Place} from '../platform/cursor.js';
import {errnoOf, SystemError} from '../platform/platform.js';
import type {Staging} from '../state/staging.js';
import {besideName} from '../state/traces.js';
import type {Task} from './task.js';

/** Where an action is done; the way there is looked at again before something is destroyed. */
export function placeIn(target: Cursor | undefined, {path, before}: Action): Place {
  if (target === undefined) throw new SystemError('ENOENT', 'openat');
  return target.place(path, before !== undefined);
}

/** Where what takes a place is made: in staging, or beside the place where another mount lies between. */
export function spotOf(task: Task, place: Place): Place {
  const {action, world, staging, index} = task;
  const isHere = world.target?.mountAt(parentPath(action.path)) === staging.mount;
  return isHere ? {folder: staging.own, name: nameOf(index)} : besideSpot(task, place, 'tmp');
}

export function besideSpot({action, staging, index}: Task, {folder}: Place, use: 'tmp' | 'old'): Place {
  const name = besideName(staging.runId, index, use);
  (use === 'old' ? staging.replacedTraces : staging.traces).add({beside: {folder: parentPath(action.path), name}});
  return {folder, name: name as ByteName};
}

/** Where something waits for the folder that it replaces to be empty. */
export function waitingSpot(target: Cursor | undefined, staging: Staging, path: RelPath, index: number): Place {
  if (target === undefined || target.mountAt(parentPath(path)) === staging.mount)
    return {folder: staging.waiting, name: nameOf(index)};
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
export function nameOf(index: number): ByteName {
  return String(index) as ByteName;
}
