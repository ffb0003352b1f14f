/** Who may read what dirsync writes about trees: it holds names from folders that are closed to others. */
import {fchmodSync, fchownSync, fstatSync, type Stats} from 'node:fs';

/** Of a new plan or report: its maker's alone, until that user says otherwise. */
export const PRIVATE = 0o600;

/**
 * Gives a file that was just made as `PRIVATE` the mode of the one that it is to replace, and its owner and group where this user may.
 * By descriptor, so that no link put in its place is followed.
 */
export function keepAccess(descriptor: number, old: Pick<Stats, 'mode' | 'uid' | 'gid'>): void {
  const isGiven = attempt(() => fchownSync(descriptor, old.uid, old.gid)) || attempt(() => fchownSync(descriptor, -1, old.gid));
  // What the old group might read, another one may not.
  const same = isGiven || fstatSync(descriptor).gid === old.gid;
  attempt(() => fchmodSync(descriptor, old.mode & (same ? 0o777 : 0o707)));
}

/** False where that is refused, or the file system has no such thing. */
function attempt(act: () => void): boolean {
  try {
    act();
    return true;
  } catch {
    return false;
  }
}
