/**
 * One run at a time works on a target. The lock is the kernel's flock(2) on the root folder itself, so that it needs no file,
 * changes nothing, and is freed however the process ends; `.dirsync/lock` only says who holds it. Where the backend has no
 * flock that file is the lock: made if it is not there, and taken over when its process is gone.
 */
import fs from 'node:fs';
import os from 'node:os';
import process from 'node:process';
import {DirsyncError} from '../core/errors.js';
import {escapeName} from '../core/escape.js';
import {type ByteName, fromByteName} from '../core/name.js';
import {errnoOf, type Folder, type Platform} from '../platform/platform.js';
import {ensureFolder, NAMES, openState} from './folder.js';

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
  const file = Buffer.from(`${path}/${NAMES.state}/${NAMES.lock}`, 'latin1');
  const isKernelLock = platform.canLock;
  if (isKernelLock ? !platform.lock(root) : isHeld(readHolder(platform, root))) throw locked(path, readHolder(platform, root));
  const holder: Holder = {pid: process.pid, host: os.hostname(), since: now.toISOString()};
  let announced = false;
  return {
    announce() {
      platform.close(ensureFolder(platform, root, NAMES.state));
      if (!isKernelLock) removeStale(file);
      try {
        fs.writeFileSync(file, `${JSON.stringify(holder)}\n`, {flag: isKernelLock ? 'w' : 'wx', mode: 0o600});
      } catch (error) {
        if (errnoOf(error) === 'EEXIST') throw locked(path, readHolder(platform, root));
        throw error;
      }
      announced = true;
    },
    release() {
      if (announced) fs.rmSync(file, {force: true});
    },
  };
}

/** Only called after `isHeld` found the holder gone. */
function removeStale(file: Buffer): void {
  fs.rmSync(file, {force: true});
}

function readHolder(platform: Platform, root: Folder): Holder | undefined {
  const state = openState(platform, root);
  if (state === undefined) return undefined;
  try {
    const text = platform.readFile(state, NAMES.lock, 4096);
    if (text === undefined) return undefined;
    const {pid, host, since} = JSON.parse(Buffer.from(text).toString()) as Partial<Holder>;
    return typeof pid === 'number' && typeof host === 'string' && typeof since === 'string' ? {pid, host, since} : undefined;
  } catch {
    // Half written, or not ours: it tells nothing.
    return undefined;
  } finally {
    platform.close(state);
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
