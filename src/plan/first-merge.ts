/** The merge that reads both trees while they are scanned. It puts aside what may have been moved, until both trees were read. */
import {CODE} from '../core/block.js';
import type {RelPath} from '../core/path.js';
import type {Side} from '../core/problem.js';
import {contentReasons} from './compare.js';
import type {Frame} from './frame.js';
import {Merge, type Readers, type Shared} from './merge.js';
import type {Moves} from './moves.js';

export class FirstMerge extends Merge {
  /** `moves`: where loose rows are put; undefined if nothing is moved. */
  constructor(
    shared: Shared,
    readers: Readers,
    private readonly moves: Moves | undefined,
  ) {
    super(shared, readers);
  }

  protected override async putsAside(what: Side | 'both', frame: Frame, path: RelPath): Promise<boolean> {
    const {source, target, draft, moves} = this;
    if (moves === undefined) return false;
    const isTaken = what === 'both' ? this.#isOther(path, moves) : this.#hasOtherEnd(what, moves);
    if (!isTaken) return false;
    const order = draft.nextOrder();
    if (what === 'both') await moves.takeBoth(order, frame, {source, target});
    else if (what === 'source') await moves.takeSource(order, frame, source);
    else await moves.takeTarget(order, frame, target);
    return true;
  }

  /** Whether the other tree has, or may still have, a row that one of this side moved to, or came from. */
  #hasOtherEnd(side: Side, moves: Moves): boolean {
    const other = side === 'source' ? 'target' : 'source';
    const {depth, atEnd} = this[other];
    const hasEnded = depth === -1 && !atEnd;
    return !hasEnded || moves[other].count > 0;
  }

  /** Whether both entries at a path may be moved, each to another path: they have two kinds, or the last run has seen another one. */
  #isOther(path: RelPath, moves: Moves): boolean {
    const [s, t] = [this.source, this.target];
    if (s.code !== t.code || s.isOther) return true;
    if (s.code !== CODE.file || s.linkKey() !== undefined || t.linkKey() !== undefined) return false;
    return contentReasons(s.entry(), t.entry(), this.policy).length > 0 && moves.isOther(s.row(), path);
  }
}
