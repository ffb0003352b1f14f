/** Asks the filters about one path, without a walk of the whole tree. */
import {CODE} from '../core/block.js';
import type {FilterDecision} from '../core/filter.js';
import {type ByteName, decodeName, fromByteName, toByteName} from '../core/name.js';
import {joinPath, pathParts, type RelPath, ROOT} from '../core/path.js';
import {errnoOf, type Folder, type ListedEntry, type Platform} from '../platform/platform.js';
import {FilterScope} from './filter.js';
import {readRules} from './rules.js';

export interface DecideOptions {
  readonly platform: Platform;
  /** The source's root, whose rules hold for both trees; undefined for a source that is missing. */
  readonly root: Folder | undefined;
  /** Lines of the command line and the config. */
  readonly filters: readonly string[];
  readonly path: RelPath;
  readonly isFolder: boolean;
}

/**
 * What a walk decides about this path, whether anything stands there or not. Where a .dirsyncignore cannot be read, or the
 * filters would take too long, nothing is decided about what lies in the folder: a scan does not go there and says why.
 */
export function decideFilter({platform, root, filters, path, isFolder}: DecideOptions): FilterDecision {
  const names = pathParts(path);
  let scope = FilterScope.root(filters);
  let folder = root;
  let at = ROOT;
  try {
    for (const [i, name] of names.entries()) {
      if (folder !== undefined) {
        const rules = readRules(platform, folder);
        scope = scope.within(at, rules && decodeName(rules));
      }
      if (i > scope.deepest) break;
      at = joinPath(at, name);
      const isLast = i === names.length - 1;
      const decision = scope.decide(at, !isLast || isFolder);
      if (isLast || decision.excluded) return {...decision, at};
      const next = folder && openFolder(platform, folder, toByteName(name));
      if (folder !== undefined && folder !== root) platform.close(folder);
      folder = next;
    }
  } catch (error) {
    errnoOf(error);
  } finally {
    if (folder !== undefined && folder !== root) platform.close(folder);
  }
  return {excluded: false, at: path};
}

export interface FindOptions extends Pick<DecideOptions, 'platform' | 'root' | 'filters' | 'path'> {
  /** The folder of the target that stands at the path. */
  readonly folder: Folder;
}

/** The first path in a folder of the target that the filters leave out. */
export function findExcluded(options: FindOptions): RelPath | undefined {
  const {platform, root, filters, path, folder} = options;
  const rows: ListedEntry[] = [];
  const count = platform.list(folder, rows);
  for (const {name, code} of rows.slice(0, count).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const at = joinPath(path, fromByteName(name));
    const isFolder = code === CODE.directory;
    if (decideFilter({platform, root, filters, path: at, isFolder}).excluded) return at;
    const inside = isFolder ? openFolder(platform, folder, name) : undefined;
    if (inside === undefined) continue;
    try {
      const found = findExcluded({...options, path: at, folder: inside});
      if (found !== undefined) return found;
    } finally {
      platform.close(inside);
    }
  }
  return undefined;
}

/** Undefined where no folder can be opened: then no further rules are found on the way. */
function openFolder(platform: Platform, parent: Folder, name: ByteName): Folder | undefined {
  try {
    return platform.openFolder(parent, name);
  } catch (error) {
    errnoOf(error);
    return undefined;
  }
}
