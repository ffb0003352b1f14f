/**
 * The owner of `.dirsync`. Only its owner can access it, since it contains copies of private files. So after a run by root in
 * another user's target, that user's own runs could not use it. When a run of root is complete and has left nothing in it,
 * `.dirsync` is given to the owner of the target's root.
 *
 * That owner gains nothing by this, since they could replace `.dirsync` at any time. During the run, staging belongs to root.
 * Root's journals stay with root, since they contain names of files in folders that the owner may not be able to read.
 */
import process from 'node:process';
import {CODE, emptyStat} from '../core/block.js';
import type {ByteName} from '../core/name.js';
import {errnoOf, type Folder, type Platform} from '../platform/platform.js';
import {privileges} from '../platform/privileges.js';
import {inState, NAMES} from './folder.js';
import {namesIn} from './traces.js';

/** `.dirsync`, the folders in it, and those of runs. */
const DEPTH = 3;

/**
 * The owner of a part of `.dirsync` that this process cannot use; undefined if it can use all of it, or if there is no `.dirsync`.
 */
export function stateOwner(platform: Platform, parent: Folder, name: ByteName = NAMES.state, depth = DEPTH): number | undefined {
  const stat = emptyStat();
  if (depth === 0 || !platform.stat(parent, name, stat) || stat.code !== CODE.directory) return undefined;
  let folder: Folder | undefined;
  try {
    folder = platform.openFolder(parent, name);
    if (platform.refusesNames(folder) === 'EACCES') return stat.uid;
    for (const inside of namesIn(platform, folder, CODE.directory)) {
      const owner = stateOwner(platform, folder, inside, depth - 1);
      if (owner !== undefined) return owner;
    }
    return undefined;
  } catch (error) {
    return errnoOf(error) === 'EACCES' ? stat.uid : undefined;
  } finally {
    if (folder !== undefined) platform.close(folder);
  }
}

/** The entries that remain there after a complete run. */
const GIVEN: readonly ByteName[] = [NAMES.id, NAMES.times, NAMES.abilities, NAMES.naming, NAMES.names, NAMES.runs, NAMES.last];

/**
 * Gives root's `.dirsync` to the owner of the target's root, only if no other user could write to it: another user could have put a
 * link to one of root's files there, and would get that file.
 */
export function handOver(platform: Platform, root: Folder): void {
  const {chown, overridesModes} = privileges();
  const [target, stat] = [emptyStat(), emptyStat()];
  platform.stat(root, SELF, target);
  const {uid, gid} = target;
  const euid = process.geteuid?.();
  if (!chown || !overridesModes || euid === undefined || uid === euid) return;
  inState(platform, root, (state) => {
    platform.stat(state, SELF, stat);
    if (stat.uid !== euid || (stat.mode & 0o077) !== 0) return;
    const names = namesIn(platform, state);
    if (!names.every((name) => GIVEN.includes(name))) return;
    for (const name of names) {
      platform.stat(state, name, stat);
      const isOnly = stat.code === CODE.directory || (stat.code === CODE.file && stat.links === 1);
      if (isOnly && stat.uid === euid) platform.setAttributes(state, name, stat.code, {uid, gid});
    }
    platform.setAttributes(state, SELF, CODE.directory, {uid, gid});
  });
}

const SELF = '' as ByteName;
