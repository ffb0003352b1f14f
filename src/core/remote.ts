/** Roots that lie on other machines. */
import {DirsyncError} from './errors.js';
import {escapeName} from './escape.js';

/** rsync's rule: a colon before the first slash, as in `nas:photos`, `me@nas:/photos` and `sftp://nas/photos`. */
export function isRemote(root: string): boolean {
  return /^[^/]*:/.test(root);
}

export function remoteRoot(root: string): DirsyncError {
  const name = escapeName(root);
  const hint = `mount that folder here and name its mount point; for a local folder of this name write ./${name}`;
  return new DirsyncError('ROOT_REMOTE', `${name} (a ":" before the first "/" ends the name of a machine)`, hint);
}

/** @throws DirsyncError ROOT_REMOTE: taken as a local path, it would be a new folder that nobody looks for. */
export function checkLocal(root: string): void {
  if (isRemote(root)) throw remoteRoot(root);
}
