/** The paths of blocks. A row has only its depth and its name, so a stream of blocks must be followed to know where it is. */
import {type Block, nameAt} from './block.js';
import {pathParts, type RelPath, ROOT} from './path.js';

/** Follows a stream of blocks, from its start or from a folder whose content comes next. */
export class BlockPaths {
  /** The names of the path of the last row so far. */
  readonly #names: string[];

  constructor(folder: RelPath = ROOT) {
    this.#names = pathParts(folder);
  }

  /** Returns the path of the next block's first row. */
  next(block: Block): RelPath {
    const names = this.#names;
    const depth = block.depth[0] as number;
    const first = depth === 0 ? '' : [...names.slice(0, depth - 1), nameAt(block, 0)].join('/');
    // The path of the last row consists of the last row of each smaller depth.
    let above = (block.depth[block.count - 1] as number) + 1;
    names.length = Math.min(names.length, above - 1);
    for (let i = block.count - 1; i >= 0 && above > 1; i--) {
      if ((block.depth[i] as number) >= above) continue;
      above = block.depth[i] as number;
      if (above > 0) names[above - 1] = nameAt(block, i);
    }
    return first as RelPath;
  }

  /** Returns the paths of all rows of the next block. */
  *rows(block: Block): Generator<RelPath, undefined> {
    const names = this.#names;
    for (let i = 0; i < block.count; i++) {
      const depth = block.depth[i] as number;
      names.length = Math.max(0, depth - 1);
      if (depth > 0) names.push(nameAt(block, i));
      yield names.join('/') as RelPath;
    }
  }

  /** The path of the last row of the last block. */
  get last(): RelPath {
    return this.#names.join('/') as RelPath;
  }
}
