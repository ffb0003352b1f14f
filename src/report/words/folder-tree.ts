/** Folders by path, made with those above them when they are first asked for. */
import {pathParts, type RelPath, ROOT} from '../../core/path.js';

export interface TreeFolder {
  readonly path: RelPath;
}

/** Folders deeper than this count as the one above them, which bounds the work for absurd paths. */
const MAX_DEPTH = 32;

export class FolderTree<Folder extends TreeFolder> {
  readonly root: Folder;
  readonly #folders: Map<RelPath, Folder>;

  /** `make` is told the folder that holds the new one; the root has none. */
  constructor(private readonly make: (path: RelPath, above: Folder | undefined) => Folder) {
    this.root = make(ROOT, undefined);
    this.#folders = new Map([[ROOT, this.root]]);
  }

  at(path: RelPath): Folder {
    const known = this.#folders.get(path);
    if (known) return known;
    let folder = this.root;
    let at = '';
    for (const name of pathParts(path).slice(0, MAX_DEPTH)) {
      at = at === '' ? name : `${at}/${name}`;
      let next = this.#folders.get(at as RelPath);
      if (!next) {
        next = this.make(at as RelPath, folder);
        this.#folders.set(next.path, next);
      }
      folder = next;
    }
    return folder;
  }

  /** Each after all that are in it, so that what is in it can be summed up. */
  upwards(): Folder[] {
    return [...this.#folders.values()].reverse();
  }
}
