/** Frames: the folders that both trees have, from the root to the one whose content is being compared. */
import {type Block, nameAt, ownNameAt} from '../core/block.js';
import {joinPath, type RelPath, ROOT} from '../core/path.js';
import type {Row} from './reader.js';

/** A folder that both trees have, while its content is merged. */
export interface Frame {
  readonly parent: Frame | undefined;
  readonly depth: number;
  /** Its position in canonical order. */
  readonly order: number;
  readonly source: Row;
  readonly target: Row;
  /** Why nothing in the target's folder is deleted: the content of the source's folder is not known. */
  readonly noDeletes: 'unread' | 'other-file-system' | undefined;
  /** Whether it or a folder above it will be renamed. */
  readonly isRenamed: boolean;
  path: RelPath | undefined;
  /** Whether an action already sets its attributes. */
  settled: boolean;
}

/** The folder's path in the source, which it will have in the target. */
export function pathOf(frame: Frame): RelPath {
  frame.path ??= joinPath(pathOf(frame.parent as Frame), nameAt(frame.source.block, frame.source.index));
  return frame.path;
}

/** The folder's current path in the target, before renames. */
export function pathInTarget({parent, target: {block, index}}: Frame): RelPath {
  return parent === undefined ? ROOT : joinPath(pathInTarget(parent), ownNameAt(block, index) ?? nameAt(block, index));
}

/** Whether the target's folder is on the file system of its root. */
export function isOnRootDevice(frame: Frame): boolean {
  let root = frame;
  while (root.parent !== undefined) root = root.parent;
  return deviceOf(frame) === deviceOf(root);
}

/** The device number of the target's folder. */
export function deviceOf({target: {block, index}}: Frame): Block['device'][number] | undefined {
  return block.device[index];
}
