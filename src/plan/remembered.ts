/** What earlier runs have found and done, as the planner asks for it: the remembered manifest of a source and a target. */
import type {TargetDrift} from '../core/action.js';
import type {RelPath} from '../core/path.js';
import type {PlanOptions} from '../core/plan.js';
import type {Row} from './reader.js';

/**
 * The entries of both trees as the last run left them. Rows have an entry: they are neither excluded nor unknown. The device of a
 * row is only a number of its file system among those of its tree, since device numbers change with a reboot.
 */
export interface Remembered {
  /** Whether that run was the last one that changed the target. If not, the target may show changes of a run that was killed. */
  readonly isCurrent: boolean;
  /** What the source had at a path; undefined if it had nothing there, or that is not known. Fast in canonical order. */
  sourceAt(path: RelPath): Row | undefined;
  /**
   * What the target had at a path after the run; undefined if it had nothing there, or that is not known. What the run made is shown
   * as a row of the source, and has another inode and other change times.
   */
  targetAt(path: RelPath): Row | undefined;
}

/** What is needed in addition to find target drift. */
export interface RememberedTarget extends Remembered {
  /** How that run has compared and preserved entries. */
  readonly preserved: PlanOptions;
  /** Whether it is known what the target had at a path, which may be nothing. */
  knowsTarget(path: RelPath): boolean;
  /** What somebody else had done in the target at a path, and that run has left as it was. */
  driftAt(path: RelPath): TargetDrift | undefined;
}
