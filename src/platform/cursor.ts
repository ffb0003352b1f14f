/**
 * A way to the folders of one tree, opened component by component and never through a symlink. It keeps the folders of the
 * last path open, since the next one asked for is mostly the same or near it.
 */
import {type ByteName, toByteName} from '../core/name.js';
import {baseName, parentPath, pathParts, type RelPath} from '../core/path.js';
import {errnoOf, type Folder, type Platform} from './platform.js';

/** Where a path is looked for: its name in an open folder, which stays valid until the cursor moves on. */
export interface Place {
  readonly folder: Folder;
  readonly name: ByteName;
}

export class Cursor {
  readonly #open: {name: string; folder: Folder; mount?: number}[] = [];
  #at = '';
  #rootMount: number | undefined;

  /** `root` stays the caller's to close. */
  constructor(
    private readonly platform: Platform,
    readonly root: Folder,
  ) {}

  /** @throws SystemError: ENOENT, ENOTDIR or ELOOP where the way is not one of plain folders. */
  folder(path: RelPath): Folder {
    if (path !== this.#at) this.#move(path);
    return this.#open.at(-1)?.folder ?? this.root;
  }

  /** On which mount the folder at `path` is: see `Platform.mountOf`. */
  mountAt(path: RelPath): number {
    const folder = this.folder(path);
    const last = this.#open.at(-1);
    if (last === undefined) {
      this.#rootMount ??= this.platform.mountOf(folder);
      return this.#rootMount;
    }
    last.mount ??= this.platform.mountOf(folder);
    return last.mount;
  }

  place(path: RelPath): Place {
    return {folder: this.folder(parentPath(path)), name: toByteName(baseName(path))};
  }

  /** Like `place`, but undefined where no plain folder is on the way: then nothing of this tree stands at the path. */
  find(path: RelPath): Place | undefined {
    try {
      return this.place(path);
    } catch (error) {
      if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errnoOf(error))) return undefined;
      throw error;
    }
  }

  /** The first thing on the way to `path` that stands there and is no plain folder. */
  obstacleAbove(path: RelPath): RelPath | undefined {
    const above = parentPath(path);
    try {
      this.folder(above);
      return undefined;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      return pathParts(above)
        .slice(0, this.#open.length + 1)
        .join('/') as RelPath;
    }
  }

  /** Forgets all open folders: each wave starts anew, since the one before may have replaced some. */
  reset(): void {
    this.#shrink(0);
  }

  #move(path: RelPath): void {
    const parts = pathParts(path);
    let shared = 0;
    while (shared < parts.length && this.#open[shared]?.name === parts[shared]) shared++;
    this.#shrink(shared);
    for (const name of parts.slice(shared)) {
      this.#open.push({name, folder: this.platform.openFolder(this.folder(this.#at as RelPath), toByteName(name))});
      this.#at = this.#at === '' ? name : `${this.#at}/${name}`;
    }
  }

  #shrink(length: number): void {
    while (this.#open.length > length) this.platform.close((this.#open.pop() as {folder: Folder}).folder);
    this.#at = this.#open.map(({name}) => name).join('/');
  }
}
