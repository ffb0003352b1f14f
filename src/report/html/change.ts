/** What the picture of a plan and that of a run are made of: a kind of change at a path, and the bytes it touches. */
import {type ActionKind, isUpkeep, volumeOf} from '../../core/action.js';
import type {RelPath} from '../../core/path.js';
import type {Plan} from '../../core/plan.js';

export interface Change {
  readonly path: RelPath;
  readonly kind: ActionKind;
  /** As `volumeOf` counts them. */
  readonly bytes: number;
}

/** A plan's changes: its actions without upkeep. */
export function planChanges({actions}: Plan): Change[] {
  return actions
    .filter((action) => !isUpkeep(action))
    .map((action) => ({path: action.path, kind: action.kind, bytes: volumeOf(action)}));
}
