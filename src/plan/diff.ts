/**
 * Compares two trees and returns actions: one pass over two streams of blocks in canonical order. Pure: everything outside (the
 * streams, whether two files have the same content) is passed in.
 *
 * Memory grows with the number of changes, the depth, and the files with several names, not with the size of the trees.
 *
 * If something may have been moved, what has no equal at its path is put aside as loose rows, and is merged in the same way when both
 * trees were read: then it is known what was moved.
 */
import type {Block} from '../core/block.js';
import {Contents, type SameContent} from './contents.js';
import {type Diff, Draft} from './draft.js';
import {FirstMerge} from './first-merge.js';
import {mergeLoose} from './loose-merge.js';
import type {Packing} from './loose-rows.js';
import type {MergeOptions} from './merge.js';
import {Moves} from './moves.js';
import {type BlockStream, Reader} from './reader.js';
import type {Remembered} from './remembered.js';

export interface DiffOptions extends MergeOptions {
  readonly source: BlockStream;
  readonly target: BlockStream;
  /** Called now and then with the current number of actions; it throws if there is no memory for more. */
  readonly onActions?: (count: number) => void;
  readonly sameContent: SameContent;
  /** What is remembered of both trees, to find what was moved. */
  readonly remembered?: Remembered | undefined;
  /** How rows are kept until both trees were read; as they are by default. */
  readonly packing?: Packing | undefined;
}

/** Compares two trees. @throws whatever a stream, `sameContent` or `onActions` throws. */
export async function diff(options: DiffOptions): Promise<Diff> {
  const {policy, sameContent, remembered, holdsName, packing = UNPACKED} = options;
  const draft = new Draft(options);
  const contents = new Contents(draft, options);
  const shared = {options, draft, contents};
  const onBlock = () => options.onActions?.(draft.count);
  const moveOptions = {policy, remembered, packing, holdsName, sameFiles: sameContent, onRows: onBlock};
  // What is not deleted at its old path cannot be moved.
  const moves = policy.moves && policy.delete ? new Moves(moveOptions) : undefined;
  const [source, target] = [new Reader(options.source, onBlock), new Reader(options.target, onBlock)];
  const root = await new FirstMerge(shared, {source, target}, moves).run();
  if (moves !== undefined && moves.slots.length > 0) await mergeLoose(shared, moves);
  await contents.compare();
  // Creating .dirsync changes the root's times, so they are restored if anything is done.
  if (root !== undefined && draft.hasChanges) draft.touch(root);
  return draft.finish();
}

const UNPACKED: Packing = {pack: (block) => block, unpack: (packed) => packed as Block};
