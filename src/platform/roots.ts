/** Finds the two roots, checks them before anything else, and recognises them when a saved plan is applied. */
import fs from 'node:fs';
import path from 'node:path';
import {emptyStat, inodeOf} from '../core/block.js';
import type {Identity} from '../core/entry.js';
import {DirsyncError} from '../core/errors.js';
import {escapeName} from '../core/escape.js';
import {type ByteName, osPath, toByteName} from '../core/name.js';
import type {Overlap, PlanRoot, RootIdentity} from '../core/plan.js';
import {checkLocal} from '../core/remote.js';
import {platform} from './choose.js';
import {absolutePath, realPath} from './environment.js';
import {errnoOf, type Folder, type Platform, type View} from './platform.js';

/** A root that was found. */
export interface Root extends PlanRoot {
  readonly bytes: ByteName;
  /** Undefined for a target that does not exist yet. */
  readonly live: Identity | undefined;
}

/** @throws DirsyncError ROOT_REMOTE, SOURCE_MISSING, SOURCE_NOT_DIRECTORY or SOURCE_UNREADABLE. */
export function findSource(given: string): Root {
  checkLocal(given);
  try {
    return openedRoot(given);
  } catch (error) {
    const shown = escapeName(given);
    const code = errnoOf(error);
    if (code === 'ENOENT') {
      throw new DirsyncError('SOURCE_MISSING', shown, 'check the path, and that the disk is mounted', {cause: error});
    }
    if (code === 'ENOTDIR') throw new DirsyncError('SOURCE_NOT_DIRECTORY', shown, 'name the folder to copy', {cause: error});
    throw new DirsyncError('SOURCE_UNREADABLE', `${shown} (${code})`, 'check its permissions, or run as a user who can read it', {
      cause: error,
    });
  }
}

/**
 * A target may be missing if its parent exists, or with `mkpath`: it is made when the plan is applied.
 * @throws DirsyncError ROOT_REMOTE, TARGET_NOT_DIRECTORY, TARGET_PARENT_MISSING or TARGET_UNREADABLE.
 */
export function findTarget(given: string, mkpath: boolean): Root {
  checkLocal(given);
  const shown = escapeName(given);
  try {
    return openedRoot(given);
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOTDIR')
      throw new DirsyncError('TARGET_NOT_DIRECTORY', shown, 'name a folder, existing or new', {cause: error});
    if (code !== 'ENOENT')
      throw new DirsyncError('TARGET_UNREADABLE', `${shown} (${code})`, 'check its permissions', {cause: error});
  }
  if (fs.lstatSync(osPath(given), {throwIfNoEntry: false})?.isSymbolicLink()) {
    throw new DirsyncError('TARGET_NOT_DIRECTORY', `${shown} is a broken symlink`, 'is the disk mounted?');
  }
  const absolute = absolutePath(given);
  const [parent, missing] = existingParent(absolute);
  if (missing.length > 1 && !mkpath) {
    throw new DirsyncError(
      'TARGET_PARENT_MISSING',
      escapeName(path.dirname(absolute)),
      'is the disk mounted? --mkpath creates the folders',
    );
  }
  if (!fs.statSync(osPath(parent)).isDirectory())
    throw new DirsyncError('TARGET_NOT_DIRECTORY', escapeName(parent), 'name a folder, existing or new');
  const whole = path.join(realPath(parent), ...missing);
  return {path: whole, bytes: toByteName(whole), live: undefined};
}

/** Whether anything exists at a path, even if it cannot be opened, such as another user's folder. */
export function isThere(platform: Platform, path: ByteName): boolean {
  try {
    platform.close(platform.openRoot(path));
    return true;
  } catch (error) {
    return errnoOf(error) !== 'ENOENT';
  }
}

/** What identifies an open root. */
export function rootIdentity(folder: Folder): RootIdentity {
  const backend = platform();
  const stat = emptyStat();
  backend.stat(folder, '' as ByteName, stat);
  return {inode: inodeOf(stat), birthtime: backend.birthtime(folder)};
}

/** Whether a root is the one that a plan was made for. */
export function isSameRoot(planned: RootIdentity, now: RootIdentity | undefined): boolean {
  if (now === undefined || now.inode !== planned.inode) return false;
  // A backend without birth times cannot compare more.
  return now.birthtime === 0n || planned.birthtime === 0n || now.birthtime === planned.birthtime;
}

/** The root of a plan is no longer the folder at its path. */
export function otherRoot(path: string): DirsyncError {
  return new DirsyncError(
    'PLAN_OTHER_ROOT',
    `${escapeName(path)} is now a different folder`,
    'is the disk mounted? Then plan again',
  );
}

/** A root that the main thread holds open. Opening its path again must lead to the same folder on the same mount. */
export interface RootMark extends Identity {
  readonly path: ByteName;
  readonly mount: number;
  readonly view: View;
}

/** A mark by which a run recognises its root, and its view. */
export function markRoot(path: ByteName, folder: Folder, view: View): RootMark {
  const stat = emptyStat();
  platform().stat(folder, '' as ByteName, stat);
  return {path, device: stat.device, inode: inodeOf(stat), mount: platform().mountOf(folder), view};
}

/** Since the run began, the root at its path was replaced by another folder, or something was mounted there. */
export class RootReplaced extends Error {
  static readonly CODE = 'ROOT_REPLACED';
  override readonly name = 'RootReplaced';

  constructor(readonly side: 'source' | 'target') {
    super(`the root of the ${side} was replaced`);
  }
}

/** Opens a root and shows it as the run sees it, see `View`. Close it. */
export function openTree(path: ByteName, view: View): Folder {
  const folder = platform().openRoot(path);
  platform().show(folder, view);
  return folder;
}

/** Opens a root again. Close it. @throws RootReplaced; SystemError if it cannot be opened. */
export function openMarked(mark: RootMark, side: 'source' | 'target'): Folder {
  const folder = openTree(mark.path, mark.view);
  const now = markRoot(mark.path, folder, mark.view);
  if (now.device === mark.device && now.inode === mark.inode && now.mount === mark.mount) return folder;
  platform().close(folder);
  throw new RootReplaced(side);
}

/** How two roots overlap, judged by their paths and identities. The scans find bind mounts further down. */
export function rootOverlap(source: Root, target: Root): Overlap | undefined {
  const {live} = target;
  if (live !== undefined && source.live?.inode === live.inode && source.live.device === live.device) return 'same';
  if (isBelow(target.path, source.path)) return 'target-in-source';
  if (isBelow(source.path, target.path)) return 'source-in-target';
  return undefined;
}

function isBelow(inner: string, outer: string): boolean {
  return inner.startsWith(outer.endsWith('/') ? outer : `${outer}/`);
}

function openedRoot(given: string): Root {
  const whole = realPath(given);
  const bytes = toByteName(whole);
  const backend = platform();
  const folder = backend.openRoot(bytes);
  try {
    const stat = emptyStat();
    backend.stat(folder, '' as ByteName, stat);
    return {path: whole, bytes, identity: rootIdentity(folder), live: {device: stat.device, inode: inodeOf(stat)}};
  } finally {
    backend.close(folder);
  }
}

/** Opens a folder, or the nearest folder above it that can be opened. Close it. Undefined if none can be opened. */
export function openNearest(given: ByteName): {readonly path: ByteName; readonly folder: Folder} | undefined {
  for (let at = given; ; at = path.posix.dirname(at) as ByteName) {
    try {
      return {path: at, folder: platform().openRoot(at)};
    } catch (error) {
      errnoOf(error);
      if (at === path.posix.dirname(at)) return undefined;
    }
  }
}

/** The nearest existing folder above a path, and the names from there on. */
function existingParent(absolute: string): [string, string[]] {
  const missing: string[] = [];
  let at = absolute;
  while (!fs.existsSync(osPath(at))) {
    missing.unshift(path.basename(at));
    at = path.dirname(at);
  }
  return [at, missing];
}
