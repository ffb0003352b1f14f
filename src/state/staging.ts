/**
 * Where files are written before they take their place: on the target's file system, so that taking it is one rename. Each
 * worker has a folder of its own, which is much faster than one for all (bench: copy-disk).
 */
import type {ByteName} from '../core/name.js';
import type {Folder, Platform} from '../platform/platform.js';
import {ensurePath, NAMES, openState, removeEmptyFolders, removeTree} from './folder.js';

export interface Staging {
  /** This worker's own. */
  readonly own: Folder;
  /** What replaces a folder waits here until that folder is empty. Shared by all workers. */
  readonly waiting: Folder;
  /** Leaves that gave their place to a folder. Shared by all workers. */
  readonly replaced: Folder;
  close(): void;
}

export interface StagingOptions {
  readonly platform: Platform;
  readonly root: Folder;
  readonly runId: string;
  readonly worker: number;
}

export function openStaging({platform, root, runId, worker}: StagingOptions): Staging {
  const run = runId as ByteName;
  const open = (...names: string[]) => ensurePath(platform, root, [NAMES.state, ...names] as ByteName[]);
  const own = open(NAMES.staging, run, `worker-${worker}`);
  const waiting = open(NAMES.staging, run, 'waiting');
  const replaced = open(NAMES.replaced, run);
  return {
    own,
    waiting,
    replaced,
    close: () => {
      for (const folder of [own, waiting, replaced]) platform.close(folder);
    },
  };
}

/** Removes what runs left in staging, this one's and that of killed ones. Only for who holds the target's lock. */
export function sweepStaging(platform: Platform, root: Folder): void {
  sweep(platform, root, NAMES.staging);
}

/**
 * Drops the leaves that gave their place to folders: `all` only when what replaced them is on disk, else no more than this run's
 * empty folders, so that a later run that ends well drops them.
 */
export function sweepReplaced(platform: Platform, root: Folder, what: 'all' | 'empty'): void {
  if (what === 'all') {
    sweep(platform, root, NAMES.replaced);
    return;
  }
  const state = openState(platform, root);
  if (state === undefined) return;
  try {
    removeEmptyFolders(platform, state, NAMES.replaced);
  } finally {
    platform.close(state);
  }
}

function sweep(platform: Platform, root: Folder, name: ByteName): void {
  const state = openState(platform, root);
  if (state === undefined) return;
  try {
    removeTree(platform, state, name);
  } finally {
    platform.close(state);
  }
}
