/** The folders that both trees have, from the root down to the one whose content is being compared. */
import {type Block, nameAt, ownNameAt} from '../core/block.js';
import {joinPath, type RelPath, ROOT} from '../core/path.js';
import type {Row} from './reader.js';

/** A folder that both trees have, while its content is merged. */
export interface Frame {
  readonly parent: Frame | undefined;
  readonly depth: number;
  /** Its place in the canonical order. */
  readonly order: number;
  readonly source: Row;
  readonly target: Row;
  /** Nothing in the target's folder is deleted: what is in the source is not known. */
  readonly keeps: 'unread' | 'other-file-system' | undefined;
  /** Whether it, or a folder above it, is to be renamed. */
  readonly isRenamed: boolean;
  path: RelPath | undefined;
  /** Whether an action sets its attributes already. */
  settled: boolean;
}

export function pathOf(frame: Frame): RelPath {
  frame.path ??= joinPath(pathOf(frame.parent as Frame), nameAt(frame.source.block, frame.source.index));
  return frame.path;
}

/** Where the target has a folder. */
export function pathInTarget({parent, target: {block, index}}: Frame): RelPath {
  return parent === undefined ? ROOT : joinPath(pathInTarget(parent), ownNameAt(block, index) ?? nameAt(block, index));
}

/** Whether the target has a folder on the file system of its root. */
export function isOnRootDevice(frame: Frame): boolean {
  let root = frame;
  while (root.parent !== undefined) root = root.parent;
  return deviceOf(frame) === deviceOf(root);
}

/** The file system on which the target has a folder, as a block has it. */
export function deviceOf({target: {block, index}}: Frame): Block['device'][number] | undefined {
  return block.device[index];
}
