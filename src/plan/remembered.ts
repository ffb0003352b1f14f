/** What is remembered of both trees from the last run, as the planner asks for it. */
import type {RelPath} from '../core/path.js';
import type {Row} from './reader.js';

export interface Remembered {
  /** Whether nothing is known to have changed the target since; if not, it may show changes of a run that was killed. */
  readonly isCurrent: boolean;
  /** The source's entry at a path; undefined if it is not known. Fast if paths are asked for in canonical order. */
  sourceAt(path: RelPath): Row | undefined;
  /** The target's entry. */
  targetAt(path: RelPath): Row | undefined;
}
