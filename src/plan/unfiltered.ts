/** Finds paths that the filters of the last run protected and those of this plan do not. */
import type {Action} from '../core/action.js';
import type {RelPath} from '../core/path.js';
import type {Found} from '../core/plan.js';
import {OldPaths} from './old-paths.js';

/** Whether a set of filters leaves out a path. */
export type Excludes = (path: RelPath, isFolder: boolean) => boolean;

export interface UnfilteredOptions {
  /** The filters of the last run. */
  readonly old: Excludes;
  /** The filters of the plan, if excluded paths are deleted. */
  readonly now: Excludes | undefined;
}

/**
 * Paths that are deleted or overwritten because the filters have changed: the old filters left them out, and the new ones do not.
 * If excluded paths are deleted, also the reverse; a path that both leave out is deleted on purpose then. Undefined if there are
 * none.
 */
export function unfiltered(actions: readonly Action[], {old, now}: UnfilteredOptions): Found | undefined {
  let found: Found | undefined;
  const paths = new OldPaths(actions);
  for (const action of actions) {
    const {kind, before, reasons} = action;
    if (before === undefined || kind === 'attrs' || kind === 'blocked') continue;
    // What moves was protected, or not, at its old path.
    const path = paths.of(action.path) ?? action.path;
    const isFolder = before.kind === 'directory';
    const isOfFilters = reasons.includes('excluded')
      ? // The source may have a folder where the target has a file.
        !old(path, isFolder) && !old(path, !isFolder)
      : old(path, isFolder) && !now?.(path, isFolder);
    if (!isOfFilters) continue;
    found = {count: (found?.count ?? 0) + 1, example: found?.example ?? path};
  }
  return found;
}
