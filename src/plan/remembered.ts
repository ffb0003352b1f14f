/** What earlier runs have found and done, as the planner asks for it: the remembered manifest of a source and a target. */
import type {RelPath} from '../core/path.js';
import type {Side} from '../core/problem.js';
import type {Row} from './reader.js';

/**
 * The entries of both trees as the last run left them. Rows have an entry: they are neither excluded nor unknown. The device of a
 * row is only a number of its file system among those of its tree, since device numbers change with a reboot.
 */
export interface Remembered {
  /** Whether that run was the last one that changed the target. If not, what the target was is not a reason to suspect anybody. */
  readonly isCurrent: boolean;
  /** What the source had at a path; undefined if it had nothing there, or that is not known. Fast in canonical order. */
  sourceAt(path: RelPath): Row | undefined;
  /**
   * What the target had at a path after the run; undefined if it had nothing there, or that is not known. What the run made is shown
   * as a row of the source, and has another inode and other change times.
   */
  targetAt(path: RelPath): Row | undefined;
  /** Whether it is known what a tree had at a path, which may be nothing. */
  isKnown(side: Side, path: RelPath): boolean;
}
