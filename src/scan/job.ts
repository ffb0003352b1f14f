/** A scan as a worker's job: what is asked, what is streamed back, and how a worker does it. */
import {Blake3Hasher} from '@napi-rs/blake-hash';
import {type Block, BlockWriter, blockBuffers, canonicalColumns, inodeOf} from '../core/block.js';
import type {Identity} from '../core/entry.js';
import type {ByteName} from '../core/name.js';
import type {TreeTotals} from '../core/plan.js';
import type {Problem, Side} from '../core/problem.js';
import type {KeptXattrs} from '../core/xattr.js';
import {platform} from '../platform/choose.js';
import {FilterScope} from './filter.js';
import {WalkStopped, walk} from './walk.js';

export interface ScanJob {
  readonly type: 'scan';
  readonly side: Side;
  readonly root: ByteName;
  /** The source's root, when this is the target. */
  readonly rulesRoot?: ByteName | undefined;
  readonly filters: readonly string[];
  /** Which extended attributes are read. */
  readonly kept: KeptXattrs;
  readonly oneFileSystem: boolean;
  /** The other tree's root: meeting it means that the two overlap. */
  readonly other?: Identity | undefined;
}

export interface ScanMessage {
  readonly block: Block;
  readonly problems: readonly Problem[];
}

export interface ScanAnswer {
  readonly totals: TreeTotals;
  /** Problems met after the last block. */
  readonly problems: readonly Problem[];
  /** The other tree's root lies in this one. */
  readonly holdsOther: boolean;
  /** Ended before its time: the blocks are not a whole tree. */
  readonly stopped: boolean;
}

export interface ScanContext {
  readonly send: (message: ScanMessage, transfer: ArrayBuffer[]) => void;
  /** Told of entries seen; false ends the scan. */
  readonly onProgress: (entries: number) => boolean;
}

/** Runs in a worker. @throws SystemError when a root cannot be opened. */
export function scan(job: ScanJob, {send, onProgress}: ScanContext): ScanAnswer {
  const fs = platform();
  const hash = new Blake3Hasher();
  let problems: Problem[] = [];
  let holdsOther = false;
  const writer = new BlockWriter((block) => {
    for (const column of canonicalColumns(block)) hash.update(column);
    send({block, problems}, blockBuffers(block));
    problems = [];
  });
  const root = fs.openRoot(job.root);
  const rulesRoot = job.rulesRoot === undefined ? undefined : fs.openRoot(job.rulesRoot);
  let totals = {entries: 0, leaves: 0, bytes: 0};
  let stopped = false;
  try {
    totals = walk({
      platform: fs,
      side: job.side,
      root,
      rulesRoot,
      filters: FilterScope.root(job.filters),
      kept: job.kept,
      oneFileSystem: job.oneFileSystem,
      writer,
      onProblem: (problem) => problems.push(problem),
      onFolder: (stat) => {
        holdsOther ||= job.other !== undefined && stat.device === job.other.device && inodeOf(stat) === job.other.inode;
      },
      onProgress,
    });
  } catch (error) {
    if (!(error instanceof WalkStopped)) throw error;
    stopped = true;
  } finally {
    fs.close(root);
    if (rulesRoot !== undefined) fs.close(rulesRoot);
  }
  return {totals: {...totals, digest: hash.digest('hex')}, problems, holdsOther, stopped};
}
