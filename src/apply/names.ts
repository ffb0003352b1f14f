/**
 * Names in a target that folds them, or may: what is one name there is several in the source. Whatever a plan says, what the source has
 * under another spelling is not removed.
 */
import {type ByteName, foldName, fromByteName, toByteName} from '../core/name.js';
import {baseName, joinPath, parentPath, pathParts, type RelPath, ROOT} from '../core/path.js';
import type {Cursor} from '../platform/cursor.js';
import {errnoOf, type Platform} from '../platform/platform.js';

/** The names in the folders of one tree that were asked for last. */
export class FolderNames {
  readonly #folders = new Map<RelPath, ReadonlyMap<string, readonly ByteName[]>>();

  constructor(
    private readonly platform: Platform,
    private readonly cursor: Cursor,
  ) {}

  /** Whether a folder lists this very name. */
  has(path: RelPath): boolean {
    const name = baseName(path);
    return this.#in(parentPath(path)).get(foldName(name))?.includes(toByteName(name)) ?? false;
  }

  /** All paths that are this one to who folds names. */
  foldedTo(path: RelPath): RelPath[] {
    if (path === ROOT) return [ROOT];
    const key = foldName(baseName(path));
    return this.foldedTo(parentPath(path)).flatMap((folder) =>
      (this.#in(folder).get(key) ?? []).map((name) => joinPath(folder, fromByteName(name))),
    );
  }

  reset(): void {
    this.#folders.clear();
    this.cursor.reset();
  }

  #in(folder: RelPath): ReadonlyMap<string, readonly ByteName[]> {
    const known = this.#folders.get(folder);
    if (known !== undefined) return known;
    if (this.#folders.size >= MAX_FOLDERS) this.#folders.clear();
    const names = new Map<string, ByteName[]>();
    for (const name of this.#list(folder)) {
      const key = foldName(fromByteName(name));
      const others = names.get(key);
      if (others === undefined) names.set(key, [name]);
      else others.push(name);
    }
    this.#folders.set(folder, names);
    return names;
  }

  #list(folder: RelPath): ByteName[] {
    try {
      return this.platform.names(this.cursor.folder(folder));
    } catch (error) {
      if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errnoOf(error))) return [];
      throw error;
    }
  }
}

/** As many as a deep way has, and some beside it. */
const MAX_FOLDERS = 64;

/** Both trees' names, where the target folds names or may. */
export interface FoldedNames {
  readonly source: FolderNames | undefined;
  readonly target: FolderNames;
}

/**
 * What the source has and is perhaps what stands at a path of the target: it folds to that, and the target does not list both. Inode
 * numbers would not tell: some file systems give one file another number under each name.
 */
export function spelledOtherwise(path: RelPath, {source, target}: FoldedNames): RelPath | undefined {
  const here = pathParts(path);
  const isOther = (there: RelPath) =>
    pathParts(there).some((name, i) => name !== here[i] && target.has(joinPath(here.slice(0, i).join('/') as RelPath, name)));
  return source?.foldedTo(path).find((there) => there !== path && !isOther(there));
}
