/**
 * Which names a target cannot hold, and how they are escaped in it: in `.dirsync/naming.json`. This stays valid from then on, also
 * if the target is the source of another run, or is mounted with another driver.
 */
import process from 'node:process';
import {areHeldNames, type HeldNames} from '../core/abilities.js';
import {emptyStat, inodeOf} from '../core/block.js';
import {DirsyncError} from '../core/errors.js';
import {type ByteName, toByteName} from '../core/name.js';
import {Naming} from '../core/naming.js';
import type {PlanOptions} from '../core/plan.js';
import type {Side} from '../core/problem.js';
import {type Folder, orNothing, type Platform, SystemError, type View} from '../platform/platform.js';
import {readAbilities} from './abilities.js';
import {NAMES, readNote, writeNote} from './folder.js';

/** The options of a plan that determine how its trees are shown. */
export type Showing = Pick<PlanOptions, 'linksAs' | 'renameInvalid' | 'oneFileSystem'>;

/** How a tree is shown to a run. @throws DirsyncError NAMING_UNREADABLE. */
export function viewOf(platform: Platform, root: Folder, side: Side, options: Showing): View {
  const {linksAs: links, renameInvalid, oneFileSystem} = options;
  const names = namingOf(platform, root, side);
  if (side === 'source') return {names, links, oneFileSystem};
  return {names: names ?? (renameInvalid ? refusedNames(platform, root) : undefined)};
}

/** Undefined if names are not escaped. The root may be a folder inside a former target, so folders above it are checked too. */
function namingOf(platform: Platform, root: Folder, side: Side): HeldNames | undefined {
  const stat = emptyStat();
  platform.stat(root, SELF, stat);
  return namingAt({platform, side, trusted: new Set([0, stat.uid, process.geteuid?.() ?? 0])}, root);
}

interface Looking {
  readonly platform: Platform;
  readonly side: Side;
  /** The user whose notes are trusted above the root. */
  readonly trusted: ReadonlySet<number>;
}

function namingAt(looking: Looking, folder: Folder): HeldNames | undefined {
  const {platform, side, trusted} = looking;
  const found = readNaming(platform, folder, side);
  const parent = found === undefined ? parentOf(platform, folder) : undefined;
  if (parent === undefined) return found;
  try {
    const stat = emptyStat();
    const isTrusted = !platform.stat(parent, NAMES.state, stat) || trusted.has(stat.uid);
    return isTrusted ? namingAt(looking, parent) : undefined;
  } finally {
    platform.close(parent);
  }
}

/** @throws DirsyncError NAMING_UNREADABLE, since escaped names would otherwise count as deleted. */
function readNaming(platform: Platform, folder: Folder, side: Side): HeldNames | undefined {
  const note = readNote(platform, folder, NAMES.naming);
  if (note === undefined || note.fault === 'EACCES') return undefined;
  if (areHeldNames(note.value)) return note.value;
  if (note.fault === 'EMFILE' || note.fault === 'ENFILE') throw new SystemError(note.fault, 'openat');
  throw new DirsyncError(
    'NAMING_UNREADABLE',
    `${NAMES.state}/${NAMES.naming} of the ${side} or of a folder above it (${note.fault ?? 'its content is not valid'})`,
    'restore it from a backup; if you delete it, escaped names are taken literally',
  );
}

/** Whether a note about escaped names may exist where this user cannot read it. */
export function isNamingHidden(platform: Platform, root: Folder): boolean {
  return readNote(platform, root, NAMES.naming)?.fault === 'EACCES';
}

/** It must be on the same file system and readable. */
function parentOf(platform: Platform, folder: Folder): Folder | undefined {
  const parent = orNothing(() => platform.openFolder(folder, toByteName('..')));
  if (parent === undefined) return undefined;
  const [here, above] = [emptyStat(), emptyStat()];
  platform.stat(folder, SELF, here);
  platform.stat(parent, SELF, above);
  const isRoot = inodeOf(here) === inodeOf(above);
  if (here.device === above.device && !isRoot) return parent;
  platform.close(parent);
  return undefined;
}

const SELF = '' as ByteName;

/** Notes that names which this target refuses are escaped from now on, if its rules are known and some of `paths` need that. */
export function noteNaming(platform: Platform, root: Folder, paths: () => Iterable<string>): void {
  const names = refusedNames(platform, root);
  if (names === undefined || namingOf(platform, root, 'target') !== undefined) return;
  const naming = new Naming(names);
  for (const path of paths()) {
    if (naming.writePath(path) === path) continue;
    writeNote(platform, root, NAMES.naming, names);
    return;
  }
}

/** Undefined if no names are known to be refused. */
function refusedNames(platform: Platform, root: Folder): HeldNames | undefined {
  const names = readAbilities(platform, root)?.names;
  return names === undefined || (names.refused === '' && names.ends === '' && names.letters === 'bytes') ? undefined : names;
}

/** Whether the same names are escaped in both. */
export function areSameNames(a: HeldNames | undefined, b: HeldNames | undefined): boolean {
  return a?.refused === b?.refused && a?.ends === b?.ends && a?.letters === b?.letters;
}

/** Whether the paths of a plan would now lead to different files. */
export function namesChanged(side: Side): DirsyncError {
  return new DirsyncError(
    'PLAN_STALE',
    `the names in the ${side} are not escaped as they were when the plan was made`,
    'plan again',
  );
}
