/**
 * The paths of a target before and after the moves of a plan. The paths of actions are new paths; `from` of a move is an old one. A
 * folder that moves takes the old paths below it along.
 */
import {type Action, isCarried, spelledFrom} from '../core/action.js';
import {foldName} from '../core/name.js';
import {baseName, joinPath, parentPath, type RelPath, ROOT} from '../core/path.js';

export class OldPaths {
  /** The indexes of the moves. */
  readonly moves: readonly number[];
  /** The moves, the new folders, and the folders whose name gets a different spelling, by their new paths. */
  readonly #shapers = new Map<RelPath, number>();
  /** The moves, and the folders whose name gets a different spelling, by their old paths. */
  readonly #leaving = new Map<RelPath, number>();
  /** The moves by their old paths, folded: in some targets two spellings are one name. */
  readonly #freed = new Map<string, number[]>();
  /** The old paths of folders; undefined for new ones. */
  readonly #known = new Map<RelPath, RelPath | undefined>([[ROOT, ROOT]]);

  /** If nothing moves, every path stays as it is, and this takes almost no time. */
  constructor(private readonly actions: readonly Action[]) {
    const moves: number[] = [];
    for (let i = 0; i < actions.length; i++) if (isCarried(actions[i] as Action)) moves.push(i);
    this.moves = moves;
    if (moves.length === 0) return;
    actions.forEach((action, i) => {
      const {path} = action;
      const isSpelled = action.before?.kind === 'directory' && spelledFrom(action) !== undefined;
      if (isCarried(action) || isSpelled || makesFolder(action)) this.#shapers.set(path, i);
      if (isCarried(action)) {
        this.#leaving.set(action.from, i);
        const name = foldName(action.from);
        const others = this.#freed.get(name);
        if (others === undefined) this.#freed.set(name, [i]);
        else others.push(i);
      } else if (isSpelled) this.#leaving.set(this.of(path) as RelPath, i);
    });
  }

  /** The old path of the entry that has this path in the end; undefined if its folder is new. */
  of(path: RelPath): RelPath | undefined {
    if (this.#shapers.size === 0 || this.#known.has(path)) return this.#shapers.size === 0 ? path : this.#known.get(path);
    const shaper = this.actions[this.#shapers.get(path) ?? -1];
    let old: RelPath | undefined;
    if (shaper !== undefined && isCarried(shaper)) old = shaper.from;
    else if (shaper === undefined || !makesFolder(shaper)) {
      const above = this.of(parentPath(path));
      old = above === undefined ? undefined : joinPath(above, baseName((shaper && spelledFrom(shaper)) ?? path));
    }
    if (shaper !== undefined) this.#known.set(path, old);
    return old;
  }

  /** The path that the name at a new path had before the moves; undefined if its folder is new. */
  nameOf(path: RelPath): RelPath | undefined {
    const above = this.of(parentPath(path));
    return above === undefined || path === ROOT ? above : joinPath(above, baseName(path));
  }

  /** The new path of the entry at an old path. If the entry is deleted, the path that its delete has. */
  finalOf(old: RelPath): RelPath {
    const leaving = this.leaving(old);
    if (leaving === undefined) return old;
    const {path, from} = leaving;
    return (path + old.slice(from.length)) as RelPath;
  }

  /** The move, or the folder with a different spelling, that takes the entry at an old path along. */
  leaving(old: RelPath): {readonly index: number; readonly from: RelPath; readonly path: RelPath} | undefined {
    if (this.#leaving.size === 0) return undefined;
    for (let from = old; from !== ROOT; from = parentPath(from)) {
      const index = this.#leaving.get(from);
      if (index !== undefined) return {index, from, path: (this.actions[index] as Action).path};
    }
    return undefined;
  }

  /** The move whose entry was at exactly this old path. */
  moveFrom(old: RelPath): number | undefined {
    const index = this.#leaving.get(old);
    return index === undefined || !isCarried(this.actions[index] as Action) ? undefined : index;
  }

  /** The move to exactly this path. */
  moveTo(path: RelPath): number | undefined {
    const index = this.#shapers.get(path);
    return index === undefined || !isCarried(this.actions[index] as Action) ? undefined : index;
  }

  /** The move that takes the entry at a new path along: to this path, or to a folder above it; undefined if it does not move. */
  carrierOf(path: RelPath): number | undefined {
    for (let at = path; at !== ROOT; at = parentPath(at)) {
      const index = this.#shapers.get(at);
      if (index !== undefined && makesFolder(this.actions[index] as Action)) return undefined;
      if (index !== undefined && isCarried(this.actions[index] as Action)) return index;
    }
    return undefined;
  }

  /** Whether the folder at a path is new. */
  isNewFolder(path: RelPath): boolean {
    return this.actions[this.#shapers.get(path) ?? -1]?.kind === 'mkdir';
  }

  /** The moves that must be done before a new entry can get the name at a path, without the move to this path itself. */
  freeing(path: RelPath): readonly number[] {
    if (this.#freed.size === 0) return [];
    const old = this.nameOf(path);
    const found = old === undefined ? [] : (this.#freed.get(foldName(old)) ?? []);
    return found.filter((index) => (this.actions[index] as Action).path !== path);
  }

  /** The move, the new folder, or the folder with a different spelling that is nearest to a path, above it. */
  shaperAbove(path: RelPath): number | undefined {
    for (let above = path; above !== ROOT; ) {
      above = parentPath(above);
      const index = this.#shapers.get(above);
      if (index !== undefined) return index;
    }
    return undefined;
  }
}

/** Whether there is a folder at the path of an action that was not there before. */
export function makesFolder({kind, after}: Action): boolean {
  return kind === 'mkdir' || (kind === 'replace' && after.kind === 'directory');
}
