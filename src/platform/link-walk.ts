/** Follows symbolic links within their tree, in dirsync itself and never by the kernel. */
import {CODE, emptyStat} from '../core/block.js';
import {type ByteName, FOLDING_UNKNOWN, fromByteName, toByteName} from '../core/name.js';
import type {Naming} from '../core/naming.js';
import {isStateDir} from '../core/path.js';
import type {Folder, Platform} from './platform.js';

/** The tree of a link, and the folder of the link in it. */
export interface Tree {
  readonly naming: Naming | undefined;
  /** The device on which links are followed; undefined: on all devices. */
  readonly device: number | undefined;
  readonly root: Folder;
  /** The names of the folders from the root to the link, without links. */
  readonly way: readonly string[];
}

/** The target of a symbolic link; `name` is '' for a folder, which is then open itself. */
export interface Led {
  readonly folder: Folder;
  readonly name: ByteName;
  readonly way: readonly string[];
}

/** The limit of Linux: path_resolution(7). */
const MAX_LINKS = 40;

/** Follows a link folder by folder, opening each by its name, so that a folder swapped meanwhile cannot lead out of the tree. */
export class LinkWalk {
  readonly #way: string[] = [];
  readonly #open: Folder[] = [];
  readonly #stat = emptyStat();

  constructor(
    private readonly base: Platform,
    private readonly tree: Tree,
  ) {}

  /** Undefined if the link leads nowhere, out of the tree, or to something that is neither a file nor a folder. */
  to(link: string): Led | undefined {
    // A folder that was reached through a link has a real path that differs from the shown one.
    const ahead = [...this.tree.way, ...link.split('/')];
    if (link.startsWith('/')) return undefined;
    for (let links = 0; ahead.length > 0; ) {
      const part = ahead.shift() as string;
      if (part === '' || part === '.') continue;
      if (part === '..') {
        if (this.#way.pop() === undefined) return undefined;
        this.base.close(this.#open.pop() as Folder);
        continue;
      }
      const name = this.#written(part);
      if (this.#open.length === 0 && isStateDir(part, FOLDING_UNKNOWN)) return undefined;
      if (!this.base.stat(this.#folder, name, this.#stat)) return undefined;
      if (this.#stat.device !== (this.tree.device ?? this.#stat.device)) return undefined;
      if (this.#stat.code === CODE.symlink) {
        const next = fromByteName(this.base.readLink(this.#folder, name));
        if (next.startsWith('/') || ++links > MAX_LINKS) return undefined;
        ahead.unshift(...next.split('/'));
      } else if (this.#stat.code === CODE.directory) {
        this.#open.push(this.base.openFolder(this.#folder, name));
        this.#way.push(part);
      } else if (this.#stat.code === CODE.file && ahead.length === 0) {
        return {folder: this.#folder, name, way: [...this.#way, part]};
      } else return undefined;
    }
    return {folder: this.#folder, name: '' as ByteName, way: this.#way};
  }

  get #folder(): Folder {
    return this.#open.at(-1) ?? this.tree.root;
  }

  #written(part: string): ByteName {
    const name = toByteName(part);
    return this.tree.naming?.write(name) ?? name;
  }

  close(): void {
    for (const folder of this.#open.splice(0).reverse()) this.base.close(folder);
  }
}
