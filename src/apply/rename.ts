/** Renames a path of the target to the source's spelling of the same name. */
import {type Action, spelledFrom} from '../core/action.js';
import {emptyStat} from '../core/block.js';
import {type ByteName, foldName, fromByteName, toByteName} from '../core/name.js';
import {baseName, joinPath, parentPath, type RelPath} from '../core/path.js';
import {changesMetadata} from '../plan/waves.js';
import type {Place} from '../platform/cursor.js';
import {errnoOf} from '../platform/platform.js';
import {renamedName} from '../state/traces.js';
import {check, checkTarget, isNamed, oldName} from './check.js';
import {placeIn} from './spot.js';
import {type Step, type StepResult, skipped} from './step.js';

/** `todo`: it has its new name, and a later wave does the rest. */
export function rename(step: Step): StepResult {
  const {action, world} = step;
  // Steps that write content check the source themselves.
  const standing = action.kind === 'move' ? check(action, world) : checkTarget(action, world);
  if (typeof standing === 'object') return skipped(standing);
  if (standing === 'done') return {status: 'already-done'};
  const hasName = isNamed(action, world);
  if (!hasName && !giveName(step, placeIn(world.target, action))) {
    return skipped({path: action.path, side: 'target', attribute: 'name'});
  }
  if (hasMore(action)) return {status: 'todo'};
  return {status: hasName ? 'already-done' : 'done'};
}

/** A folder is settled at the end, like a new one. */
function hasMore(action: Action): boolean {
  return action.kind !== 'move' || (action.after.kind !== 'directory' && changesMetadata(action));
}

/** False if another entry has the name: then nothing was changed. */
function giveName(step: Step, {folder, name}: Place): boolean {
  const {action, world, staging, index} = step;
  const {platform} = world;
  const own = toByteName(oldName(action));
  const move = (from: ByteName, as: ByteName) => platform.move({from: folder, name: from, to: folder, as, replace: false});
  if (!platform.stat(folder, name, emptyStat())) {
    move(own, name);
    return true;
  }
  // Both names lead to the same file, and renaming a file to itself does nothing: so it is renamed twice, over a unique name.
  const via = renamedName(staging.runId, index) as ByteName;
  staging.traces.add({renamed: {from: joinPath(parentPath(action.path), baseName(spelledFrom(action) as RelPath)), via}});
  move(own, via);
  try {
    move(via, name);
    return true;
  } catch (error) {
    const isTaken = errnoOf(error) === 'EEXIST';
    if (isTaken && !isListed(step, {folder, name})) {
      // The kernel caches for a second that the name led to it. Race: an entry that gets the name at this moment is replaced.
      platform.move({from: folder, name: via, to: folder, as: name, replace: true});
      return true;
    }
    move(via, own);
    if (isTaken) return false;
    throw error;
  }
}

/** Whether any entry of the folder has a name that may be the same. */
function isListed({world: {platform}}: Step, {folder, name}: Place): boolean {
  const key = foldName(fromByteName(name));
  return platform.names(folder).some((other) => foldName(fromByteName(other)) === key);
}
