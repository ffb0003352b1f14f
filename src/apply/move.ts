/** Moves an entry of the target to its new path, or to a spot where it waits until that path is free. */
import type {Move} from '../core/action.js';
import {isWithin, type RelPath, STATE_DIR} from '../core/path.js';
import {changesMetadata} from '../plan/waves.js';
import type {Place} from '../platform/cursor.js';
import {errnoOf, SystemError} from '../platform/platform.js';
import {checkSource, checkTarget, isMoved, type World} from './check.js';
import {isBorder, setTimeAgain} from './place.js';
import {ALREADY, DONE, failed, type Step, type StepResult, skipped} from './step.js';

/** `todo`: it is at its path, and a later wave does the rest. */
export function moveEntry(step: Step): StepResult {
  const {action, world} = step;
  const move = action as Move;
  if (isMoved(move, world)) {
    const standing = checkTarget(move, inPlace(world));
    if (typeof standing === 'object') return skipped(standing);
    return standing === 'todo' && hasMore(move) ? {status: 'todo'} : ALREADY;
  }
  const ended = ofChecks(step);
  if (ended) return ended;
  try {
    setTimeAgain(
      step,
      carry(step, () => (world.target as NonNullable<World['target']>).place(move.path, true)),
    );
  } catch (error) {
    return refused(error, step);
  }
  return hasMore(move) ? {status: 'todo'} : DONE;
}

/** Moves an entry to its spot in `.dirsync`. `todo`: it waits there. */
export function parkEntry(step: Step): StepResult {
  const {action, index, world, staging, flushed} = step;
  const {path, from: old} = action as Move;
  const ended = isMoved(action as Move, world) ? undefined : ofChecks(step, true);
  if (ended) return ended;
  try {
    carry(step, (from) => {
      // An entry that waits in a folder which waits itself can only go back to the path that both had.
      const known = isWithin(from, STATE_DIR as RelPath) ? old : from;
      const name = staging.lot.note(index, {from: known, path, isFlushed: flushed !== 'none'});
      return {folder: staging.lot.folder, name};
    });
  } catch (error) {
    return refused(error, step);
  }
  return {status: 'todo'};
}

/** A folder is settled at the end, like a new one. */
function hasMore(action: Move): boolean {
  return action.after.kind !== 'directory' && changesMetadata(action);
}

function inPlace(world: World): World {
  return {...world, whereabouts: undefined};
}

/** What the checks of both sides forbid. `isWaiting`: the path does not have to be free yet. */
function ofChecks({action, world}: Step, isWaiting = false): StepResult | undefined {
  const {whereabouts} = world;
  const here = isWaiting ? {...world, whereabouts: {...whereabouts, at: undefined}} : world;
  const before = checkTarget(action, here);
  if (typeof before === 'object') return skipped(before);
  const source = checkSource(action, world);
  if (source) return skipped(source);
  // The target is checked last, since reading the source can take long.
  const after = checkTarget(action, here);
  return typeof after === 'object' ? skipped(after) : undefined;
}

/** One rename, which never replaces anything. Race: an entry that takes the old path after its check is moved; some microseconds. */
function carry(step: Step, placeTo: (from: RelPath) => Place): Place {
  const {action, world} = step;
  const {platform, leaders, whereabouts} = world;
  const {path, carried} = action as Move;
  const from = whereabouts?.from as RelPath;
  const to = placeTo(from);
  if (leaders === undefined) throw new SystemError('ENOENT', 'openat');
  const place = leaders.place(from, true);
  // Others may wait until this path is free: if they never get their turn, this move is undone.
  if (world.hasRings && carried?.inode !== undefined && !isWithin(from, STATE_DIR as RelPath)) {
    step.staging.lot.noteMoved({from, path, inode: String(carried.inode)});
  }
  platform.move({from: place.folder, name: place.name, to: to.folder, as: to.name, replace: false});
  return to;
}

function refused(error: unknown, {action}: Step): StepResult {
  const code = errnoOf(error);
  if (code === 'EEXIST' || code === 'ENOTEMPTY') return skipped({path: action.path, side: 'target', attribute: 'name'});
  if (isBorder(error)) return failed(action, 'write', 'NOT_MOVED');
  throw error;
}
