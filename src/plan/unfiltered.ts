/** What filters let go that those of the last run did not. */
import type {Action} from '../core/action.js';
import type {RelPath} from '../core/path.js';
import type {Found} from '../core/plan.js';

/** Whether filters leave out a path. */
export type Excludes = (path: RelPath, isFolder: boolean) => boolean;

export interface UnfilteredOptions {
  /** The filters of the last run. */
  readonly old: Excludes;
  /** Those of the plan, where what they leave out is deleted. */
  readonly now: Excludes | undefined;
}

/**
 * Paths to be deleted or overwritten since the filters are others than in the run before: those left them out, and these do not. Where
 * what is left out is deleted, also the reverse; what both leave out is meant to go then.
 */
export function unfiltered(actions: readonly Action[], {old, now}: UnfilteredOptions): Found | undefined {
  let found: Found | undefined;
  for (const {kind, path, before, reasons} of actions) {
    if (before === undefined || kind === 'attrs' || kind === 'blocked') continue;
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
