/** A tree of folders by path. Folders are created on first access, with those above them. */
import {pathParts, type RelPath, ROOT} from '../../core/path.js';

export interface TreeFolder {
  readonly path: RelPath;
}

/** Deeper folders count as their parent, which limits the work for extreme paths. */
const MAX_DEPTH = 32;

/** Folders by path, each created together with the folders above it. */
export class FolderTree<Folder extends TreeFolder> {
  readonly root: Folder;
  readonly #folders: Map<RelPath, Folder>;

  /** `make` creates a folder and gets its parent; the root has none. */
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

  /** Returns all folders, each after the folders inside it, so that sums can be added upwards. */
  upwards(): Folder[] {
    return [...this.#folders.values()].reverse();
  }
}
