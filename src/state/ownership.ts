/**
 * To whom `.dirsync` belongs. It is closed to all others, since copies of private files pass through; so a run by root in the target of
 * another user would close it to that user's own runs. When root has done its work there, and nothing of it is left, `.dirsync` is
 * given to the owner of the target's root.
 *
 * That owner gets no power by it, as they could put another `.dirsync` in its place at any time. While root works, staging is root's
 * own. The journals of root stay root's: they name what is in folders that the owner may not read.
 */
import process from 'node:process';
import {CODE, emptyStat} from '../core/block.js';
import type {ByteName} from '../core/name.js';
import {errnoOf, type Folder, type Platform} from '../platform/platform.js';
import {privileges} from '../platform/privileges.js';
import {NAMES, openState} from './folder.js';
import {namesIn} from './traces.js';

/** `.dirsync`, the folders in it, and those of runs. */
const DEPTH = 3;

/** Who owns the part of `.dirsync` in which this process may not work; undefined where it may in all of it, and where there is none. */
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

/** What is left there when all work is done. */
const GIVEN: readonly ByteName[] = [NAMES.id, NAMES.times, NAMES.abilities, NAMES.naming, NAMES.names, NAMES.runs];

/**
 * Gives root's `.dirsync` to the owner of the target's root. Only one that was closed to all others: into another one somebody may have
 * put a name of a file of root's, and would be given that.
 */
export function handOver(platform: Platform, root: Folder): void {
  const {chown, overridesModes} = privileges();
  const [target, stat] = [emptyStat(), emptyStat()];
  platform.stat(root, SELF, target);
  const {uid, gid} = target;
  const euid = process.geteuid?.();
  if (!chown || !overridesModes || euid === undefined || uid === euid) return;
  const state = openState(platform, root);
  if (state === undefined) return;
  try {
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
  } finally {
    platform.close(state);
  }
}

const SELF = '' as ByteName;
