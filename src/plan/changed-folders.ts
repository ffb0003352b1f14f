/** In which folders of the target a plan has names come or go. */
import type {Action} from '../core/action.js';
import {parentPath, type RelPath, ROOT} from '../core/path.js';

/** Folders that are there, and in which names come or go; the root, for `.dirsync`. */
export function changedFolders(actions: readonly Action[]): RelPath[] {
  const made = new Set(
    actions.filter(({before, after}) => before?.kind !== 'directory' && after?.kind === 'directory').map(({path}) => path),
  );
  const changed = actions.filter(({kind}) => kind !== 'attrs').map(({path}) => parentPath(path));
  return [...new Set([ROOT, ...changed])].filter((path) => !made.has(path));
}
