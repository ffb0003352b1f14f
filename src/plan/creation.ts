/** Plans the creation of a subtree that only the source has. */
import {kindOf} from '../core/block.js';
import type {Entry} from '../core/entry.js';
import {joinPath, type RelPath, ROOT} from '../core/path.js';
import type {Draft} from './draft.js';
import {type Frame, pathOf} from './frame.js';
import type {Limits} from './limits.js';
import type {Reader} from './reader.js';

/** The policies for new entries. */
export interface CreationOptions {
  readonly source: Reader;
  readonly limits: Limits;
  readonly draft: Draft;
  /** Plans that the source's current row is moved to a path, if it is, and goes on to the next row. */
  readonly moveHere?: ((path: RelPath, frame: Frame | undefined) => Promise<boolean>) | undefined;
}

/** The target's leaf that a folder will replace. */
export interface Replaced {
  readonly before: Entry;
  readonly from: RelPath | undefined;
}

/** Plans to create everything at and below the current row of the source. `frame`: its folder; undefined for the root. */
export async function createTree(options: CreationOptions, frame: Frame | undefined, replaced?: Replaced): Promise<void> {
  const {source: s, limits, draft} = options;
  const top = s.depth;
  const paths: RelPath[] = [frame === undefined ? ROOT : pathOf(frame)];
  draft.touch(frame);
  do {
    const parent = paths[s.depth - top] as RelPath;
    const path = s.depth === 0 ? ROOT : joinPath(parent, s.name());
    const kind = kindOf(s.code);
    if (await options.moveHere?.(path, frame)) continue;
    if (s.isUnread) draft.elsewhere.isUnknown = true;
    const fault = s.depth > top && kind !== undefined ? limits.unheld(frame) : undefined;
    if (fault !== undefined) {
      await skipUnheld(options, path, fault);
      continue;
    }
    if (limits.cannotMake) {
      draft.losses.countUnmade(s.code);
    } else if (limits.isOtherSize) {
      draft.elsewhere.add(s.entry());
    } else if (kind !== undefined) {
      const after = s.entry();
      const order = draft.nextOrder();
      draft.losses.count(after);
      if (s.isMount) draft.mounts++;
      if (kind !== 'directory') draft.create(order, {path, after, key: draft.keyOf(s, frame)});
      else if (replaced !== undefined && s.depth === top) draft.replaceByFolder({path, order, frame, after, ...replaced});
      else draft.mkdir(order, path, after);
      if (kind === 'directory') paths[s.depth - top + 1] = path;
    }
    s.next();
    if (s.atEnd) await s.fill();
  } while (s.depth > top);
}

/** Skips the current row of the source and everything below it, with a problem, because the target cannot hold it. */
export async function skipUnheld({source: s, draft}: CreationOptions, path: RelPath, fault: string): Promise<void> {
  const {depth} = s;
  draft.problem(path, 'source', fault);
  do {
    if (s.isUnread) draft.elsewhere.isUnknown = true;
    if (s.isLeaf) draft.elsewhere.add(s.entry());
    s.next();
    if (s.atEnd) await s.fill();
  } while (s.depth > depth);
}
