/** Keeps track of where the entries of a plan are in the target until all of its moves are done. It reads and changes nothing itself. */
import type {Action, Move} from '../core/action.js';
import {baseName, joinPath, parentPath, type RelPath, ROOT} from '../core/path.js';
import {OldPaths} from '../plan/old-paths.js';
import type {Whereabouts} from './check.js';

export class Moving {
  readonly #paths: OldPaths;
  /** The current paths of entries that have left their old paths, by the index of their move. */
  readonly #left = new Map<number, RelPath>();

  constructor(private readonly actions: readonly Action[]) {
    this.#paths = new OldPaths(actions);
  }

  /** The indexes of all moves. */
  get moves(): readonly number[] {
    return this.#paths.moves;
  }

  /** Records where the entry of a move is now. */
  left(index: number, path: RelPath): void {
    this.#left.set(index, path);
  }

  /**
   * Finds out which moves an earlier run has done. `parked`: the paths of entries that wait in a spot, by inode number; `isDone` returns
   * which of some moves have their entries at their new paths.
   */
  async locate(
    parked: ReadonlyMap<bigint, RelPath>,
    isDone: (moves: readonly number[]) => Promise<readonly number[]>,
  ): Promise<void> {
    for (const index of this.moves) {
      const {inode} = this.#move(index).carried ?? {};
      const path = inode === undefined ? undefined : parked.get(inode);
      if (path !== undefined) this.left(index, path);
    }
    for (const group of this.#groups) {
      const done = await isDone(group.filter((index) => !this.hasLeft(index)));
      for (const index of done) this.left(index, this.#move(index).path);
    }
  }

  /** Records that the entries of these moves are no longer where they were recorded. */
  forget(indexes: readonly number[]): void {
    for (const index of indexes) this.#left.delete(index);
  }

  readonly hasLeft = (index: number): boolean => this.#left.has(index);

  /** The moves whose entries wait in a spot. */
  get parked(): number[] {
    return [...this.#left].filter(([index, path]) => path !== this.#move(index).path).map(([index]) => index);
  }

  /** Where the entry of an action is; undefined if it is at its path. */
  whereabouts(index: number): Whereabouts | undefined {
    if (this.moves.length === 0) return undefined;
    const action = this.actions[index] as Action;
    const isMove = this.#isMove(index);
    const at = this.#placeOf(action.path, isMove || action.before === undefined);
    if (isMove) {
      const {path} = this.#move(index);
      const isFreed = this.#paths.freeing(path).length > 0;
      return {at, from: this.#entryOf(index), isMoved: this.#left.get(index) === path, isFreed};
    }
    const leader = action.kind === 'link' ? this.#entryAt(action.leader) : undefined;
    const isThere = at === action.path && (action.kind !== 'link' || leader === action.leader);
    return isThere ? undefined : {at, leader};
  }

  /** The moves in groups: what moves out of a folder comes after the folder itself. */
  get #groups(): number[][] {
    const groups: number[][] = [];
    for (const index of this.moves) {
      let depth = 0;
      for (let above = this.#move(index).from; above !== ROOT; ) {
        above = parentPath(above);
        if (this.#paths.moveFrom(above) !== undefined) depth++;
      }
      while (groups.length <= depth) groups.push([]);
      groups[depth]?.push(index);
    }
    return groups;
  }

  /** The paths that a folder with this current path will have later, and has now. */
  pathsOf(path: RelPath): readonly RelPath[] {
    const last = this.#paths.finalOf(path);
    return last === path ? [path] : [path, last];
  }

  #move(index: number): Move {
    return this.actions[index] as Move;
  }

  #isMove(index: number): boolean {
    const {kind} = this.actions[index] as Action;
    return kind === 'move' && this.#paths.moveFrom(this.#move(index).from) === index;
  }

  /** Where the entry of a move is. */
  #entryOf(index: number): RelPath {
    return this.#left.get(index) ?? this.#carried(this.#move(index).from);
  }

  /** Where the entry at an old path is: a folder above it may have left. */
  #carried(old: RelPath): RelPath {
    for (let above = old; above !== ROOT; ) {
      above = parentPath(above);
      const index = this.#paths.moveFrom(above);
      const now = index === undefined ? undefined : this.#left.get(index);
      if (now !== undefined) return (now + old.slice(above.length)) as RelPath;
    }
    return old;
  }

  /** Where the name at a path is; undefined if it is not there yet. A new entry may still find its name taken by one that moves away. */
  #placeOf(path: RelPath, isNew: boolean): RelPath | undefined {
    if (path === ROOT) return ROOT;
    if (isNew && this.#paths.freeing(path).some((index) => !this.#left.has(index))) return undefined;
    const folder = this.#entryAt(parentPath(path));
    return folder === undefined ? undefined : joinPath(folder, baseName(path));
  }

  /** Where the entry is that has this path in the end; undefined if it is not there yet. */
  #entryAt(path: RelPath): RelPath | undefined {
    const index = this.#paths.moveTo(path);
    return index === undefined ? this.#placeOf(path, this.#paths.isNewFolder(path)) : this.#entryOf(index);
  }
}
