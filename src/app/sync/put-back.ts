/** Puts back what a killed run has left waiting in `.dirsync`, before a plan is made: so the plan finds it. */
import type {Settings} from '../../config/settings.js';
import {toByteName} from '../../core/name.js';
import {platform} from '../../platform/choose.js';
import {absolutePath} from '../../platform/environment.js';
import {errnoOf, type Folder, orNothing} from '../../platform/platform.js';
import {isLocked, TargetLock} from '../../state/lock.js';
import {parkedIn, restoreParked} from '../../state/moving.js';
import {viewOf} from '../../state/naming.js';
import {type Context, newId} from '../context.js';

/** Does nothing if another run works on the target, or if the target cannot be changed: the run itself reports that. */
export function putBackParked(settings: Settings, {now, command = ''}: Context): void {
  const path = toByteName(absolutePath(settings.target));
  const root = orNothing(() => platform().openRoot(path));
  if (root === undefined) return;
  try {
    if (parkedIn(platform(), root).size === 0) return;
    platform().show(root, viewOf(platform(), root, 'target', settings));
    const lock = new TargetLock({
      platform: platform(),
      path,
      id: newId(now()),
      command,
      now,
      timeout: 0,
      onWait: () => undefined,
      onLost: () => undefined,
    });
    withLock(lock, root, () => restoreParked(platform(), root));
  } finally {
    platform().close(root);
  }
}

function withLock(lock: TargetLock, root: Folder, act: () => void): void {
  try {
    lock.take(root);
    lock.announce();
    act();
  } catch (error) {
    if (!isLocked(error)) errnoOf(error);
  } finally {
    lock.release();
  }
}

/** Warns of what a run would put back. */
export function parkedWarnings(target: string): string[] {
  const root = orNothing(() => platform().openRoot(toByteName(target)));
  if (root === undefined) return [];
  try {
    const [first] = parkedIn(platform(), root).values();
    return first === undefined
      ? []
      : [
          `a killed run has left files of the target in ${first.split('/').slice(0, 2).join('/')}; the next \`dirsync apply\` puts them back, and then plans`,
        ];
  } finally {
    platform().close(root);
  }
}
