/** Plans the deletion of a subtree of the target, or blocks it. */
import type {Blocked, Delete, Reason, Rmdir} from '../core/action.js';
import {CODE} from '../core/block.js';
import {addSizes} from '../core/entry.js';
import {joinPath, type RelPath} from '../core/path.js';
import type {Reader} from './reader.js';

interface DeletionStep {
  readonly order: number;
  readonly action: Delete | Rmdir | Blocked;
}

/** The steps that delete a subtree. */
export interface Deletion {
  /** In canonical order. */
  readonly steps: readonly DeletionStep[];
  /** Why the top of the subtree stays, as a problem's code; undefined if everything is deleted. */
  readonly kept: string | undefined;
}

export interface DeletionOptions {
  readonly path: RelPath;
  /** The reasons of all steps; shared, because there may be millions of steps. */
  readonly reasons: readonly Reason[];
  /** Returns the next position in canonical order. */
  readonly nextOrder: () => number;
  /** Whether the current row is moved out of the subtree. */
  readonly isLeaving?: (() => boolean) | undefined;
}

/** Shared by all actions that have it. */
const UNREAD: readonly Reason[] = ['target-unread'];
const SOURCE_UNREAD: readonly Reason[] = ['source-unread'];

interface OpenFolder {
  readonly depth: number;
  readonly path: RelPath;
  /** The index of its step. */
  readonly step: number;
  /** The step that replaces it if its content is not known. */
  readonly unread: DeletionStep | undefined;
  kept: string | undefined;
}

/**
 * Reads everything at and below the current row of `target`, at `path`. Entries that a filter left out or that could not be read
 * are kept, with every folder above them.
 */
export async function readDeletion(target: Reader, {path, reasons, nextOrder, isLeaving}: DeletionOptions): Promise<Deletion> {
  const top = target.depth;
  const steps: (DeletionStep | undefined)[] = [];
  const open: OpenFolder[] = [];
  let kept: string | undefined;
  const keepAbove = (reason: string) => {
    const above = open.at(-1);
    if (above === undefined) kept = reason;
    else above.kept ??= reason;
  };
  const close = (depth: number) => {
    for (let last = open.at(-1); last !== undefined && last.depth >= depth; last = open.at(-1)) {
      open.pop();
      if (last.kept === undefined) continue;
      steps[last.step] = last.unread;
      keepAbove(last.kept);
    }
  };
  do {
    close(target.depth);
    if (isLeaving?.()) {
      await target.skipTree();
      continue;
    }
    const parent = open.at(-1);
    const here = parent === undefined ? path : joinPath(parent.path, target.name());
    if (target.code === CODE.excluded) keepAbove('PROTECTED');
    else if (target.code === CODE.unknown) keepAbove('UNKNOWN_BELOW');
    else {
      const before = target.entry();
      const isFolder = before.kind === 'directory';
      const order = nextOrder();
      if (isFolder) {
        const isUnread = target.partial && !target.isMount;
        open.push({
          depth: target.depth,
          path: here,
          step: steps.length,
          unread: isUnread
            ? {order, action: {kind: 'blocked', path: here, before, leaves: 0, bytes: 0, reasons: UNREAD}}
            : undefined,
          kept: target.partial ? 'UNKNOWN_BELOW' : undefined,
        });
      }
      steps.push({order, action: {kind: isFolder ? 'rmdir' : 'delete', path: here, before, reasons}});
    }
    target.next();
    if (target.atEnd) await target.fill();
  } while (target.depth > top);
  close(0);
  return {steps: steps.filter((step) => step !== undefined), kept};
}

/** Reads everything at and below the current row of `target` and returns one blocked action for it. */
export async function readBlocked(target: Reader, path: RelPath): Promise<Blocked> {
  const before = target.entry();
  const top = target.depth;
  let [leaves, bytes] = [0, 0];
  do {
    if (target.isLeaf) {
      leaves++;
      bytes = addSizes(bytes, target.entry().size);
    }
    target.next();
    if (target.atEnd) await target.fill();
  } while (target.depth > top);
  return {kind: 'blocked', path, before, leaves, bytes, reasons: SOURCE_UNREAD};
}
