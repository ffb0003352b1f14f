/** Applies the filters to single paths, without a walk of the whole tree. */
import {CODE} from '../core/block.js';
import type {FilterDecision, Filtering} from '../core/filter.js';
import {type ByteName, decodeName, fromByteName, toByteName} from '../core/name.js';
import {joinPath, parentPath, pathParts, type RelPath, ROOT} from '../core/path.js';
import {errnoOf, type Folder, type ListedEntry, orNothing, type Platform} from '../platform/platform.js';
import {FilterScope} from './filter.js';
import {readRules, readTag} from './rules.js';

/** The filters of a source. */
export interface FilterOptions {
  readonly platform: Platform;
  /** The source's root, whose rules apply to both trees; undefined if the source is missing. */
  readonly root: Folder | undefined;
  readonly filtering: Filtering;
}

/** The path to decide about. */
export interface DecideOptions extends FilterOptions {
  readonly path: RelPath;
  readonly isFolder: boolean;
}

/**
 * The decision of a walk about this path, whether it exists or not. If a .dirsyncignore or a tag cannot be read, or the filters
 * would take too long, there is no decision about the content of the folder: a scan does not enter it and reports why.
 */
export function decideFilter({path, isFolder, ...options}: DecideOptions): FilterDecision {
  const undecided = {excluded: false, at: path};
  if (path === ROOT) return undecided;
  try {
    const {scope, above} = enter(options, parentPath(path));
    return above ?? (scope === undefined ? undecided : {...scope.decide(path, isFolder), at: path});
  } catch (error) {
    errnoOf(error);
    return undecided;
  }
}

/**
 * Decides about many paths: the rules of a folder are read once for all following paths in the same folder.
 * @throws SystemError if a .dirsyncignore or a tag cannot be read.
 */
export function leftOutBy(options: FilterOptions): (path: RelPath, isFolder: boolean) => boolean {
  let known: (Entered & {readonly folder: RelPath}) | undefined;
  return (path, isFolder) => {
    if (path === ROOT) return false;
    const folder = parentPath(path);
    if (known?.folder !== folder) known = {...enter(options, folder), folder};
    return known.above !== undefined || known.scope?.excludes(path, isFolder) === true;
  };
}

/** `above`: the folder that is excluded, the path itself or one above it. If neither is set, the filters would take too long. */
interface Entered {
  readonly scope?: FilterScope;
  readonly above?: FilterDecision;
}

function enter({platform, root, filtering}: FilterOptions, path: RelPath): Entered {
  const names = pathParts(path);
  let scope = FilterScope.root(filtering.filters, filtering);
  let folder = root;
  let at = ROOT;
  try {
    for (let i = 0; ; i++) {
      if (folder !== undefined) {
        const rules = readRules(platform, folder);
        scope = scope.within(at, rules && decodeName(rules), readTag(platform, folder, filtering));
      }
      if (i > scope.deepest) return {};
      const name = names[i];
      if (name === undefined) return {scope};
      at = joinPath(at, name);
      const decision = scope.decide(at, true);
      if (decision.excluded) return {above: {...decision, at}};
      const next = folder && openFolder(platform, folder, toByteName(name));
      if (folder !== undefined && folder !== root) platform.close(folder);
      folder = next;
    }
  } finally {
    if (folder !== undefined && folder !== root) platform.close(folder);
  }
}

/** Where to look for an excluded path. */
export interface FindOptions extends Pick<DecideOptions, 'platform' | 'root' | 'filtering' | 'path'> {
  /** The folder of the target at the path. */
  readonly folder: Folder;
}

/** The first path in a folder of the target that the filters exclude. */
export function findExcluded(options: FindOptions): RelPath | undefined {
  const {platform, root, filtering, path, folder} = options;
  const rows: ListedEntry[] = [];
  const count = platform.list(folder, rows);
  for (const {name, code} of rows.slice(0, count).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const at = joinPath(path, fromByteName(name));
    const isFolder = code === CODE.directory;
    if (decideFilter({platform, root, filtering, path: at, isFolder}).excluded) return at;
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

/** Undefined if the folder cannot be opened: then there are no further rules. */
function openFolder(platform: Platform, parent: Folder, name: ByteName): Folder | undefined {
  return orNothing(() => platform.openFolder(parent, name));
}
