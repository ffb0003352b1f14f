/** Where a run has changed its target, for the remembered manifest. */
import type {TargetDrift} from './action.js';
import type {RelPath} from './path.js';

/** Paths, in canonical order. If several of them hold for a path, the one nearest to it does. */
export interface Changed {
  /** The target has what the source has. Says nothing about the content of a folder. */
  readonly touched: readonly RelPath[];
  /** The same, with all content. */
  readonly whole: readonly RelPath[];
  /** It is not known what the target has, also in the content of a folder. */
  readonly unclear: readonly RelPath[];
}

/** Target drift that was left alone. */
export type Drifted = readonly (readonly [path: RelPath, drift: TargetDrift])[];

export const NOTHING_CHANGED: Changed = {touched: [], whole: [], unclear: []};
