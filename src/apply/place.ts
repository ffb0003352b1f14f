/** Moves new entries from their spots to their places, and sets the old ones aside if necessary. */
import {CODE} from '../core/block.js';
import type {Entry} from '../core/entry.js';
import type {RelPath} from '../core/path.js';
import type {Place} from '../platform/cursor.js';
import {errnoOf, type Platform, type SystemError} from '../platform/platform.js';
import {attributesOf} from './attributes.js';
import {checkTarget, comeOrGone} from './check.js';
import {asideSpot, discard, placeIn, waitingSpot} from './spot.js';
import {ALREADY, DONE, type Step, type StepResult, skipped} from './step.js';

/** Moves a new entry to its place, or to where it waits until the folder that it replaces is empty. @throws SystemError. */
export function putInPlace(step: Step, spot: Place): StepResult {
  const {action, world, staging, index} = step;
  const {platform, policy} = world;
  let result: StepResult | undefined;
  try {
    const after = action.after as Entry;
    // An entry that was made beside its place may have inherited a default ACL there.
    if (spot.folder !== staging.own && policy.acls && action.kind !== 'link') {
      platform.setAttributes(spot.folder, spot.name, CODE[after.kind], attributesOf(step, {isNew: false}));
    }
    if (action.before?.kind === 'directory') {
      const waiting = waitingSpot(world, staging, action.path, index);
      if (waiting.name !== spot.name || waiting.folder !== spot.folder) {
        platform.move({from: spot.folder, name: spot.name, to: waiting.folder, as: waiting.name, replace: true});
      }
      result = {status: 'staged'};
    } else {
      // Race: an entry that appears between this check and the rename is replaced; some microseconds.
      const again = action.before === undefined ? 'todo' : checkTarget(action, world);
      if (typeof again === 'object') result = skipped(again);
      else result = step.aside === undefined ? take(step, spot) : takeAside(step, spot, step.aside);
    }
    return result;
  } finally {
    if (result?.status !== 'done' && result?.status !== 'staged') discard(step, spot);
  }
}

/** Replaces atomically by one rename. */
function take(step: Step, spot: Place): StepResult {
  const {action, world} = step;
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
    setTimeAgain(step, place);
    return DONE;
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    const standing = checkTarget(action, world);
    if (standing === 'done') return ALREADY;
    return skipped(standing === 'todo' ? comeOrGone(action.path, 'target', undefined, action.after) : standing);
  }
}

/** Sets the modification time again in a target in which closing or renaming a file changes it. */
export function setTimeAgain({action, world: {platform, policy, abilities}}: Step, place: Place): void {
  const {kind, mtime} = action.after as Entry;
  if (abilities?.times !== 'placed' || !policy.times || kind !== 'file') return;
  platform.setAttributes(place.folder, place.name, CODE.file, {mtime, withAccess: true});
}

/** Like `take`, but sets the old entry aside. It is atomic if the file system can exchange names or has hard links. */
function takeAside(step: Step, spot: Place, path: RelPath): StepResult {
  const {platform} = step.world;
  const place = placeIn(step.world.target, step.action);
  const aside = asideSpot(step, path);
  const move = (from: Place, to: Place, replace = false) =>
    platform.move({from: from.folder, name: from.name, to: to.folder, as: to.name, replace});
  // A broken connection may report a successful rename as failed: then the old entry is already set aside.
  const orUndo = <Result>(act: () => Result, undo: () => void): Result => {
    try {
      return act();
    } catch (error) {
      if (checkTarget(step.action, step.world) === 'todo') undo();
      throw error;
    }
  };
  const exchange = () => platform.exchange(aside.folder, aside.name, place.folder, place.name);
  // The new entry is put where the old one will be, so that the user's data is never in staging.
  move(spot, aside);
  if (orUndo(exchange, () => move(aside, spot))) {
    setTimeAgain(step, place);
    return DONE;
  }
  move(aside, spot);
  if (linked(platform, place, aside)) {
    orUndo(
      () => move(spot, place, true),
      () => platform.removeFile(aside.folder, aside.name),
    );
  } else {
    move(place, aside);
    orBack(step, aside, place, () => move(spot, place));
  }
  setTimeAgain(step, place);
  return DONE;
}

function linked(platform: Platform, from: Place, to: Place): boolean {
  try {
    platform.makeLink(from.folder, from.name, to.folder, to.name);
    return true;
  } catch (error) {
    // There are no hard links here, or they are forbidden for files of other users.
    errnoOf(error);
    return false;
  }
}

/** Runs `act` after an entry was set aside; if it fails, the entry is moved back. @throws the error of `act`. */
export function orBack<Result>({world: {platform}}: Step, aside: Place, place: Place, act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    platform.move({from: aside.folder, name: aside.name, to: place.folder, as: place.name, replace: false});
    throw error;
  }
}

/** Whether a rename or a link was refused between volumes. An EXDEV of `openat` means that something was mounted on the way. */
export function isBorder(error: unknown): boolean {
  return errnoOf(error) === 'EXDEV' && (error as SystemError).syscall !== 'openat';
}
