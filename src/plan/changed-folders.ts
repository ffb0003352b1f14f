/** Finds the folders of the target in which a plan creates or removes names. */
import type {Action} from '../core/action.js';
import {parentPath, type RelPath, ROOT} from '../core/path.js';

/** Existing folders in which names are created or removed; always the root, because of `.dirsync`. */
export function changedFolders(actions: readonly Action[]): RelPath[] {
  const made = new Set(
    actions.filter(({before, after}) => before?.kind !== 'directory' && after?.kind === 'directory').map(({path}) => path),
  );
  const changed = actions.filter(({kind}) => kind !== 'attrs').map(({path}) => parentPath(path));
  return [...new Set([ROOT, ...changed])].filter((path) => !made.has(path));
}
