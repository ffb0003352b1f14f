/** Scans of trees that do not exist, or whose content is not known. */
import {type Block, emptyStat, PARTIAL} from '../core/block.js';
import {BlockWriter} from '../core/block-writer.js';
import type {ByteName} from '../core/name.js';
import {ROOT} from '../core/path.js';
import type {TreeTotals} from '../core/plan.js';
import {problem} from '../core/problem.js';
import {platform} from '../platform/choose.js';
import type {Scan} from './scan.js';

const EMPTY_TOTALS: TreeTotals = {entries: 0, leaves: 0, bytes: 0, digest: ''};
const EMPTY_ANSWER = Promise.resolve({
  totals: EMPTY_TOTALS,
  problems: [],
  collisions: undefined,
  respelled: 0,
  mounts: [],
  mountPoints: {items: [], isCut: false},
  rules: {items: [], isCut: false},
  tagged: {items: [], isCut: false},
  idle: [],
  holdsOther: false,
  stopped: false,
});

/** Of a target that does not exist yet. */
export const NO_SCAN: Scan = {blocks: (async function* () {})(), answer: EMPTY_ANSWER, problems: []};

/**
 * A scan of a source that does not exist and counts as an empty folder with the attributes of `root`, the target's root; or of a
 * source that cannot be opened, whose content is not known: `unread` is the reason.
 */
export function emptyScan(root: ByteName, unread: string | undefined): Scan {
  const backend = platform();
  const folder = backend.openRoot(root);
  const stat = emptyStat();
  backend.stat(folder, '' as ByteName, stat);
  backend.close(folder);
  const blocks: Block[] = [];
  const writer = new BlockWriter((block) => blocks.push(block));
  writer.append(0, '', stat);
  if (unread !== undefined) writer.amend(PARTIAL, '', '');
  writer.finish();
  return {
    blocks: (async function* () {
      yield* blocks;
    })(),
    answer: EMPTY_ANSWER,
    problems: unread === undefined ? [] : [problem({path: ROOT, side: 'source', phase: 'scan', code: unread})],
  };
}
