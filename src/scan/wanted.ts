/** Which paths of a plan are wanted: by patterns, and by lists of paths. */
import {parentPath, type RelPath, ROOT} from '../core/path.js';
import {FilterScope} from './filter.js';

/** Exact paths; a folder includes its content. */
export class PathList {
  constructor(readonly paths: ReadonlySet<RelPath>) {}

  /** Whether it names this path, or a folder that it is in. */
  holds(path: RelPath): boolean {
    for (let at = path; ; at = parentPath(at)) {
      if (this.paths.has(at)) return true;
      if (at === ROOT) return false;
    }
  }
}

/** Which paths are wanted. */
export interface Wanted {
  /** Patterns; any path without them and without a list. */
  readonly only: readonly string[];
  readonly except: readonly string[];
  readonly list: PathList | undefined;
}

/**
 * Whether a path is wanted. What moves is also found by its old path: one of its two paths must be wanted, and none unwanted.
 * @throws DirsyncError FILTERS_REFUSED.
 */
export function wantedPaths({only, except, list}: Wanted): (path: RelPath, isFolder: boolean, from?: RelPath) => boolean {
  const wanted = FilterScope.root(only);
  const unwanted = FilterScope.root(except);
  const isAnyWanted = !wanted.active && list === undefined;
  return (path, isFolder, from = path) => {
    const paths = from === path ? [path] : [path, from];
    const isIn = (each: RelPath) => isAnyWanted || wanted.excludes(each, isFolder) || list?.holds(each) === true;
    return paths.some(isIn) && !paths.some((each) => unwanted.excludes(each, isFolder));
  };
}
