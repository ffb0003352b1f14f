/**
 * Names in a target that folds them, or may fold them: several names of the source can be one name there. Regardless of the plan,
 * an entry that the source has under a different spelling is not removed.
 */
import {type ByteName, foldName, fromByteName, toByteName} from '../core/name.js';
import {baseName, joinPath, parentPath, pathParts, type RelPath, ROOT} from '../core/path.js';
import type {Cursor} from '../platform/cursor.js';
import {errnoOf, type Platform} from '../platform/platform.js';

/** The names in the last used folders of one tree. */
export class FolderNames {
  readonly #folders = new Map<RelPath, ReadonlyMap<string, readonly ByteName[]>>();

  constructor(
    private readonly platform: Platform,
    private readonly cursor: Cursor,
  ) {}

  /** Whether a folder lists exactly this name. */
  has(path: RelPath): boolean {
    const name = baseName(path);
    return this.#in(parentPath(path)).get(foldName(name))?.includes(toByteName(name)) ?? false;
  }

  /** All paths that fold to the same path. */
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

/** Enough for the folders of a deep path and some beside it. */
const MAX_FOLDERS = 64;

/** The names of both trees, if the target folds names or may fold them. */
export interface FoldedNames {
  readonly source: FolderNames | undefined;
  readonly target: FolderNames;
}

/**
 * The source's entry that may be the target's entry at a path: their names fold to the same, and the target does not list both.
 * Inode numbers cannot decide this, since some file systems show a different number under each name of a file.
 */
export function spelledOtherwise(path: RelPath, {source, target}: FoldedNames): RelPath | undefined {
  const here = pathParts(path);
  const isOther = (there: RelPath) =>
    pathParts(there).some((name, i) => name !== here[i] && target.has(joinPath(here.slice(0, i).join('/') as RelPath, name)));
  return source?.foldedTo(path).find((there) => there !== path && !isOther(there));
}
