/** Recognises roots on other machines, which are refused. */
import {DirsyncError} from './errors.js';
import {escapeName} from './escape.js';

/** rsync's rule: a colon before the first slash, as in `nas:photos`, `me@nas:/photos` and `sftp://nas/photos`. */
export function isRemote(root: string): boolean {
  return /^[^/]*:/.test(root);
}

/** The error for a root on another machine. */
export function remoteRoot(root: string): DirsyncError {
  const name = escapeName(root);
  const hint = `mount that folder here and name its mount point; for a local folder of this name write ./${name}`;
  return new DirsyncError('ROOT_REMOTE', `${name} (a ":" before the first "/" ends the name of a machine)`, hint);
}

/** @throws DirsyncError ROOT_REMOTE if the root names another machine: as a local path it would be a new, unexpected folder. */
export function checkLocal(root: string): void {
  if (isRemote(root)) throw remoteRoot(root);
}
