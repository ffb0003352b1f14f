/** The changes that the picture of a plan or a run shows: their path, kind and bytes. */
import {type ActionKind, isCarried, isUpkeep, volumeOf} from '../../core/action.js';
import type {RelPath} from '../../core/path.js';
import type {Plan} from '../../core/plan.js';

/** One change with its path, kind and size. */
export interface Change {
  readonly path: RelPath;
  readonly kind: ActionKind;
  /** As `volumeOf` counts them. */
  readonly bytes: number;
  /** Whether it moves a folder with its content. */
  readonly movesFolder?: boolean;
}

/** Returns the changes of a plan: its actions without upkeep. */
export function planChanges({actions}: Plan): Change[] {
  return actions
    .filter((action) => !isUpkeep(action))
    .map((action) => ({
      path: action.path,
      kind: action.kind,
      bytes: volumeOf(action),
      movesFolder: isCarried(action) && action.after.kind === 'directory',
    }));
}
