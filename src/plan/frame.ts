/** Frames: the folders that both trees have, from the root to the one whose content is being compared. */
import {type Block, entryAt, nameAt, ownNameAt} from '../core/block.js';
import type {Entry} from '../core/entry.js';
import {joinPath, type RelPath, ROOT} from '../core/path.js';
import type {Row} from './reader.js';

/** A folder that both trees have, while its content is merged. */
export interface Frame {
  readonly parent: Frame | undefined;
  readonly depth: number;
  /** Its position in canonical order. */
  readonly order: number;
  /** Where its entries are read; undefined if the frame is `detached`. */
  source: Row | undefined;
  target: Row | undefined;
  /** Why nothing in the target's folder is deleted: the content of the source's folder is not known. */
  readonly noDeletes: 'unread' | 'other-file-system' | undefined;
  /** Whether it or a folder above it will be renamed. */
  readonly isRenamed: boolean;
  path: RelPath | undefined;
  /** Its current path in the target, if known: it differs from `path` if it will be renamed or moved. */
  inTarget?: RelPath | undefined;
  /** Whether an action already sets its attributes. */
  settled: boolean;
  detached?: Detached | undefined;
}

interface Detached {
  readonly before: Entry;
  readonly after: Entry;
  readonly device: number;
}

/** The folder's path in the source, which it will have in the target. */
export function pathOf(frame: Frame): RelPath {
  frame.path ??= joinPath(pathOf(frame.parent as Frame), nameOf(frame.source as Row));
  return frame.path;
}

/** The folder's current path in the target, before renames. */
export function pathInTarget(frame: Frame): RelPath {
  const {parent, target} = frame;
  frame.inTarget ??= parent === undefined ? ROOT : joinPath(pathInTarget(parent), ownNameOf(target as Row));
  return frame.inTarget;
}

/** The target's entry and the source's. */
export function entriesOf({source, target, detached}: Frame): Pick<Detached, 'before' | 'after'> {
  if (detached !== undefined) return detached;
  const [from, to] = [source as Row, target as Row];
  return {before: entryAt(to.block, to.index), after: entryAt(from.block, from.index)};
}

/** Whether the target's folder is on the file system of its root. */
export function isOnRootDevice(frame: Frame): boolean {
  let root = frame;
  while (root.parent !== undefined) root = root.parent;
  return deviceOf(frame) === deviceOf(root);
}

/** The device number of the target's folder. */
export function deviceOf({target, detached}: Frame): Block['device'][number] | undefined {
  return detached?.device ?? target?.block.device[target.index];
}

/** Releases the blocks that a frame and those above it refer to, which are large, so that it can be kept until later. */
export function detach(frame: Frame): void {
  for (let at: Frame | undefined = frame; at !== undefined && at.detached === undefined; at = at.parent) {
    pathOf(at);
    pathInTarget(at);
    at.detached = {...entriesOf(at), device: deviceOf(at) as number};
    at.source = undefined;
    at.target = undefined;
  }
}

function nameOf({block, index}: Row): string {
  return nameAt(block, index);
}

function ownNameOf({block, index}: Row): string {
  return ownNameAt(block, index) ?? nameAt(block, index);
}
