/**
 * Names that a target cannot hold, and how they are written in it: in `.dirsync/naming.json`, which holds from then on, also when the
 * target is the source of another run, and with another driver.
 */
import type {HeldNames} from '../core/abilities.js';
import {emptyStat, inodeOf} from '../core/block.js';
import {DirsyncError} from '../core/errors.js';
import {type ByteName, toByteName} from '../core/name.js';
import type {PlanOptions} from '../core/plan.js';
import type {Side} from '../core/problem.js';
import {errnoOf, type Folder, type Platform, type View} from '../platform/platform.js';
import {areNames, readAbilities} from './abilities.js';
import {NAMES, readNote, writeNote} from './folder.js';

/** What of a plan's options says how its trees are shown. */
export type Showing = Pick<PlanOptions, 'linksAs' | 'renameInvalid'>;

/** How a tree is to be shown to a run. @throws DirsyncError NAMING_UNREADABLE. */
export function viewOf(platform: Platform, root: Folder, side: Side, {linksAs, renameInvalid}: Showing): View {
  if (side === 'target') return {names: readNaming(platform, root) ?? (renameInvalid ? refusedNames(platform, root) : undefined)};
  return {names: namingAbove(platform, root), links: linksAs};
}

/** Undefined where names are written as they are. @throws DirsyncError NAMING_UNREADABLE: other names would be taken for deleted ones. */
export function readNaming(platform: Platform, root: Folder): HeldNames | undefined {
  const note = readNote(platform, root, NAMES.naming);
  if (note === undefined || note.fault === 'EACCES') return undefined;
  if (areNames(note.value)) return note.value;
  throw new DirsyncError(
    'NAMING_UNREADABLE',
    `${NAMES.state}/${NAMES.naming} (${note.fault ?? 'it says nothing that can be understood'})`,
    'it tells how names are escaped there: put it back from a backup, or remove it, and names stay as they are written',
  );
}

/** What is restored may be a part of what was a target. */
function namingAbove(platform: Platform, root: Folder): HeldNames | undefined {
  const found = readNaming(platform, root);
  const parent = found === undefined ? parentOf(platform, root) : undefined;
  if (parent === undefined) return found;
  try {
    return namingAbove(platform, parent);
  } finally {
    platform.close(parent);
  }
}

/** On the same file system, and to be read. */
function parentOf(platform: Platform, folder: Folder): Folder | undefined {
  let parent: Folder;
  try {
    parent = platform.openFolder(folder, toByteName('..'));
  } catch (error) {
    errnoOf(error);
    return undefined;
  }
  const [here, above] = [emptyStat(), emptyStat()];
  platform.stat(folder, SELF, here);
  platform.stat(parent, SELF, above);
  const isRoot = inodeOf(here) === inodeOf(above);
  if (here.device === above.device && !isRoot) return parent;
  platform.close(parent);
  return undefined;
}

const SELF = '' as ByteName;

/** From now on, names that this target refuses are escaped, if it refuses any and that is known. */
export function noteNaming(platform: Platform, root: Folder): void {
  const names = refusedNames(platform, root);
  if (names !== undefined && readNaming(platform, root) === undefined) writeNote(platform, root, NAMES.naming, names);
}

/** Undefined where none are, as far as is known. */
function refusedNames(platform: Platform, root: Folder): HeldNames | undefined {
  const names = readAbilities(platform, root)?.names;
  return names === undefined || (names.refused === '' && names.ends === '' && names.letters === 'bytes') ? undefined : names;
}
