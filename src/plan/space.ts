/** Computes how much space a plan needs on the target's file systems while it is applied. */
import {type Action, bytesOf} from '../core/action.js';
import {MAX_SIZE} from '../core/entry.js';
import {isWithin, ROOT} from '../core/path.js';
import type {Plan, Space} from '../core/plan.js';
import {overwritesOf} from './overwrites.js';

/** Space that a plan needs on one file system. */
export interface Need {
  readonly bytes: number;
  readonly inodes: number;
}

/** The most files that are written at once: this many old files may exist together with their new versions. */
export const WRITERS = 16;
/** For `.dirsync`: the folders of staging, the journal, and records. */
const OWN_INODES = 16;
const OWN_BYTES = 1024 * 1024;

/** The most bytes for the name, inode and attributes of a new file, on file systems that do not reserve space for them. */
const ENTRY_BYTES = 1024;

/** Bytes on disk that an action writes, and that it frees, by the action's index in the plan. */
export interface Allocation {
  readonly written: (index: number) => number;
  readonly replaced: (index: number) => number;
}

/**
 * The most bytes and inodes that a plan needs at any moment on each of these file systems, in any order of its writes: everything
 * that grows, and the new content of the files that are being replaced. Without `allocation`, a file takes its size and replacing a
 * file frees nothing.
 */
export function spaceNeeds(plan: Pick<Plan, 'header' | 'actions'>, spaces: readonly Space[], allocation?: Allocation): Need[] {
  const {deleteBefore} = plan.header.options;
  const totals = spaces.map(() => ({
    bytes: OWN_BYTES,
    inodes: OWN_INODES + WRITERS,
    freed: 0,
    freedInodes: 0,
    largest: [] as number[],
  }));
  const aside = new Set(overwritesOf(plan.actions, plan.header.options).aside);
  plan.actions.forEach((action, index) => {
    const place = placeOf(action, spaces);
    const total = totals[place];
    const space = spaces[place];
    if (total === undefined || space === undefined) return;
    const {block} = space;
    if (action.kind === 'delete' || action.kind === 'rmdir') {
      total.freed += allocation === undefined ? 0 : blocks(allocation.replaced(index), block);
      total.freedInodes++;
    }
    if (action.kind === 'mkdir' || action.kind === 'create' || action.kind === 'replace') {
      total.inodes++;
      total.bytes += action.after.kind === 'directory' ? block : ENTRY_BYTES;
    }
    if (action.kind === 'update' && aside.has(index)) total.inodes++;
    if (bytesOf(action) === 0) return;
    const written = blocks(allocation?.written(index) ?? bytesOf(action), block);
    const givesBack = action.kind === 'update' && !aside.has(index);
    const replaced = givesBack && allocation !== undefined ? blocks(allocation.replaced(index), block) : 0;
    total.bytes += Math.max(0, written - replaced);
    keepLargest(total.largest, Math.min(written, replaced));
  });
  return totals.map(({bytes, inodes, freed, freedInodes, largest}) => ({
    // Deletes that come first may free more than is written.
    bytes: Math.min(MAX_SIZE, Math.max(0, bytes + largest.reduce((sum, size) => sum + size, 0) - (deleteBefore ? freed : 0))),
    inodes: inodes - (deleteBefore ? freedInodes : 0),
  }));
}

function blocks(bytes: number, block: number): number {
  return Math.ceil(bytes / block) * block;
}

/** The index of the file system of an action's path; -1 if there is none. */
function placeOf({path}: Action, spaces: readonly Space[]): number {
  return spaces.findLastIndex(({at}) => at === ROOT || (path !== at && isWithin(path, at)));
}

function keepLargest(largest: number[], size: number): void {
  if (size === 0) return;
  largest.push(size);
  if (largest.length <= WRITERS) return;
  largest.sort((a, b) => b - a);
  largest.pop();
}
