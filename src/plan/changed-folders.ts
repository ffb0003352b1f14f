/** Finds the folders of the target in which a plan creates or removes names. */
import {type Action, isCarried} from '../core/action.js';
import {parentPath, type RelPath, ROOT} from '../core/path.js';
import {OldPaths} from './old-paths.js';

/**
 * Existing folders in which names are created or removed, at their paths before all moves; always the root, because of `.dirsync`. A
 * folder that moves to another folder changes too: its `..` is another one.
 */
export function changedFolders(actions: readonly Action[]): RelPath[] {
  const made = new Set(
    actions.filter(({before, after}) => before?.kind !== 'directory' && after?.kind === 'directory').map(({path}) => path),
  );
  const changed = actions.filter(({kind}) => kind !== 'attrs').map(({path}) => parentPath(path));
  const found = [...new Set([ROOT, ...changed])].filter((path) => !made.has(path));
  const paths = new OldPaths(actions);
  if (paths.moves.length === 0) return found;
  const left = paths.moves.flatMap((index) => leftBy(actions[index] as Action));
  return [...new Set([...found.flatMap((path) => paths.of(path) ?? []), ...left])];
}

function leftBy(action: Action): RelPath[] {
  if (!isCarried(action)) return [];
  const {from, path, before} = action;
  const isTurned = before.kind === 'directory' && parentPath(from) !== parentPath(path);
  return [parentPath(from), ...(isTurned ? [from] : [])];
}
