/**
 * One run at a time works on a target. The lock is the kernel's flock(2) on the root folder itself, so that it needs no file,
 * changes nothing, and is freed however the process ends; `.dirsync/lock` only says who holds it. Where the backend has no
 * flock that file is the lock: made if it is not there, and taken over when its process is gone.
 */
import os from 'node:os';
import process from 'node:process';
import {DirsyncError} from '../core/errors.js';
import {escapeName} from '../core/escape.js';
import {type ByteName, fromByteName} from '../core/name.js';
import {errnoOf, type Folder, type Platform} from '../platform/platform.js';
import {ensureFolder, NAMES, openState, removeTree} from './folder.js';

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** ISO 8601, UTC. */
  readonly since: string;
}

export interface TargetLock {
  /** Writes who holds the lock. The first thing that a run changes in the target. */
  announce(): void;
  release(): void;
}

export interface LockOptions {
  readonly platform: Platform;
  readonly root: Folder;
  readonly path: ByteName;
  readonly now: Date;
}

/** @throws DirsyncError TARGET_LOCKED when another run holds it. */
export function lockTarget({platform, root, path, now}: LockOptions): TargetLock {
  const isFree = platform.canLock ? platform.lock(root) : !isHeld(readHolder(platform, root));
  if (!isFree) throw locked(path, readHolder(platform, root));
  const holder: Holder = {pid: process.pid, host: os.hostname(), since: now.toISOString()};
  let announced = false;
  return {
    announce() {
      const state = ensureFolder(platform, root, NAMES.state);
      try {
        // What is there is of a run that has ended. Race without the kernel's lock: two runs that both find it so, at once.
        removeTree(platform, state, NAMES.lock);
        platform.writeFile(state, NAMES.lock, Buffer.from(`${JSON.stringify(holder)}\n`));
        announced = true;
      } catch (error) {
        if (errnoOf(error) === 'EEXIST') throw locked(path, readHolder(platform, root));
        throw error;
      } finally {
        platform.close(state);
      }
    },
    release() {
      if (!announced) return;
      try {
        const state = openState(platform, root);
        if (state === undefined) return;
        removeTree(platform, state, NAMES.lock);
        platform.close(state);
      } catch (error) {
        // Who has taken .dirsync away has the note as well; the next run replaces what is left of it.
        errnoOf(error);
      }
    },
  };
}

function readHolder(platform: Platform, root: Folder): Holder | undefined {
  let state: Folder | undefined;
  try {
    state = openState(platform, root);
    const text = state && platform.readFile(state, NAMES.lock, 4096);
    if (text === undefined) return undefined;
    const {pid, host, since} = JSON.parse(Buffer.from(text).toString()) as Partial<Holder>;
    return typeof pid === 'number' && typeof host === 'string' && typeof since === 'string' ? {pid, host, since} : undefined;
  } catch {
    // Half written, or not ours: it tells nothing.
    return undefined;
  } finally {
    if (state !== undefined) platform.close(state);
  }
}

/** Whether the process that the file names may still run. On another host there is no telling, so it may. */
function isHeld(holder: Holder | undefined): boolean {
  if (holder === undefined) return false;
  if (holder.host !== os.hostname()) return true;
  try {
    process.kill(holder.pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}

function locked(path: ByteName, holder: Holder | undefined): DirsyncError {
  const who =
    holder === undefined ? '' : ` by process ${holder.pid} on ${escapeName(holder.host)} since ${escapeName(holder.since)}`;
  return new DirsyncError(
    'TARGET_LOCKED',
    `${escapeName(fromByteName(path))} is locked${who}`,
    'wait for that run to end, or end it',
  );
}
