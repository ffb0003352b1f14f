/**
 * Roots that did not exist when a plan was made. If one exists when the plan is applied, a disk was mounted or someone else has
 * made it, and the plan says nothing about its content. Then the plan is refused.
 */
import process from 'node:process';
import {CODE, emptyStat} from '../core/block.js';
import {DirsyncError} from '../core/errors.js';
import {escapeName} from '../core/escape.js';
import {toByteName} from '../core/name.js';
import type {PlanHeader} from '../core/plan.js';
import type {Folder, Platform} from '../platform/platform.js';
import {isThere} from '../platform/roots.js';
import {NAMES} from '../state/folder.js';
import {runHeaders} from '../state/runs.js';
import {namesIn} from '../state/traces.js';
import {SELF} from './check.js';

/**
 * The mode of a new root until its run has a journal. No one else makes an empty folder with this mode, so it distinguishes a
 * folder that a killed run has left from one that someone else has made. Without modes they cannot be distinguished, and the plan
 * is stale.
 */
export const NEW_ROOT_MODE = 0o1700;

/** @throws DirsyncError PLAN_STALE if the source counted as empty and now exists. */
export function checkSourceAbsent(platform: Platform, {source, sourceMissing}: PlanHeader): void {
  if (sourceMissing && isThere(platform, toByteName(source.path)))
    throw stale(source.path, 'was missing when the plan was made, and exists now', 'plan again');
}

/** The facts about a target that was created since the plan was made. */
export interface Maker {
  readonly platform: Platform;
  readonly root: Folder;
  readonly header: PlanHeader;
  /** Whether this run has waited for another run. */
  readonly hasWaited: boolean;
}

/**
 * Checks who has made a target that did not exist when the plan was made: a run of the same plan, or, for a plan that was made just
 * now, the run from the same source that this one has waited for. Returns whether that run was killed before it had a journal.
 * @throws DirsyncError PLAN_STALE if it was anyone else.
 */
export function checkTargetMaker({platform, root, header, hasWaited}: Maker): 'just-made' | 'working' {
  const {id, source, target} = header;
  if (isJustMade(platform, root)) return 'just-made';
  let isNewest = true;
  for (const run of runHeaders(platform, root)) {
    if (run.planId === id) return 'working';
    if (hasWaited && isNewest && run.source === source.path && run.target === target.path) return 'working';
    isNewest = false;
  }
  throw stale(
    target.path,
    'did not exist when the plan was made, and exists now',
    'was a disk mounted, or did another run create it? Plan again',
  );
}

function isJustMade(platform: Platform, root: Folder): boolean {
  const stat = emptyStat();
  const isOurs = platform.stat(root, SELF, stat) && stat.code === CODE.directory && stat.uid === process.geteuid?.();
  return isOurs && stat.mode === NEW_ROOT_MODE && namesIn(platform, root).every((name) => name === NAMES.state);
}

function stale(path: string, what: string, hint: string): DirsyncError {
  return new DirsyncError('PLAN_STALE', `${escapeName(path)} ${what}; nothing was done`, hint);
}
