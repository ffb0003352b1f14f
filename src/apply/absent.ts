/**
 * What was not there when a plan was made must not be there when it is carried out: a disk was mounted meanwhile, or somebody else has
 * made it. What is in it was seen by nobody, so the plan says nothing of it.
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
 * The mode of a target's root that was just made, until the journal of its run is there: nobody makes an empty folder like it. So a
 * folder that a killed run has left is told from one that somebody else has made. Where modes are not kept it is not, and the plan is
 * stale.
 */
export const NEW_ROOT_MODE = 0o1700;

/** @throws DirsyncError PLAN_STALE where the source was taken as empty, and is there. */
export function checkSourceAbsent(platform: Platform, {source, sourceMissing}: PlanHeader): void {
  if (sourceMissing && isThere(platform, toByteName(source.path)))
    throw stale(source.path, 'was missing when the plan was made, and is there now', 'plan again');
}

export interface Maker {
  readonly platform: Platform;
  readonly root: Folder;
  readonly header: PlanHeader;
  /** This run has waited for another one to end. */
  readonly hasWaited: boolean;
}

/**
 * Looks who has made a target that was absent when the plan was made: a run of this very plan, or, for a plan that was made just now,
 * the run from the same source that this one has waited for.
 * Answers whether that one was killed before it could say who it was.
 * @throws DirsyncError PLAN_STALE for anybody else.
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
    'was not there when the plan was made, and is there now',
    'was a disk mounted, or has another run made it? Plan again',
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
