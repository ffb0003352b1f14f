/** Decides what this user can preserve in this target, with this backend. Writes nothing. */
import type {Abilities} from '../../core/abilities.js';
import type {ByteName} from '../../core/name.js';
import type {Preservable} from '../../core/plan.js';
import {joinFacts, type TimeFacts} from '../../core/times.js';
import {XATTR_NAMESPACES} from '../../core/xattr.js';
import {type WhatIsPreserved, whatIsPreserved} from '../../plan/preserve.js';
import {platform} from '../../platform/choose.js';
import type {FileSystem} from '../../platform/platform.js';
import {ownGroups, privileges} from '../../platform/privileges.js';
import {openNearest} from '../../platform/roots.js';
import {readAbilities} from '../../state/abilities.js';
import {readTimeFacts} from '../../state/times.js';

/** What is preserved in a target, with facts about its file system. */
export interface Preserving extends WhatIsPreserved {
  readonly fileSystem: FileSystem;
  /** How the target stores times: from its type, and from what was read back after other runs. */
  readonly times: TimeFacts;
  /** What the target can hold; undefined if no run has tested it. */
  readonly abilities: Abilities | undefined;
}

/**
 * Returns what is preserved. If `target`, the root, does not exist yet, the nearest existing folder above it shows the file system.
 */
export function preservingIn(target: ByteName, wanted: readonly Preservable[]): Preserving {
  const found = lookAtTarget(target);
  const {fileSystem, abilities} = found;
  const {preservesAll} = platform();
  const user = {...privileges(), groups: ownGroups()};
  return {...whatIsPreserved({wanted, user, preservesAll, supported: fileSystem.preserves, abilities}), ...found};
}

function lookAtTarget(target: ByteName): Pick<Preserving, 'fileSystem' | 'times' | 'abilities'> {
  const backend = platform();
  const nearest = openNearest(target);
  if (nearest === undefined) return {fileSystem: UNKNOWN, times: UNKNOWN.times, abilities: undefined};
  const {path, folder} = nearest;
  try {
    const fileSystem = backend.fileSystem(folder);
    const learnt = path === target ? readTimeFacts(backend, folder) : undefined;
    return {
      fileSystem,
      times: joinFacts(fileSystem.times, learnt) ?? fileSystem.times,
      abilities: path === target ? readAbilities(backend, folder) : undefined,
    };
  } finally {
    backend.close(folder);
  }
}

/** Used if no folder above the target can be opened. Attributes that it cannot store then become problems of paths. */
const UNKNOWN: FileSystem = {
  type: undefined,
  preserves: {xattrs: XATTR_NAMESPACES, acls: true},
  times: {resolution: 1n, range: {}},
  largestFile: undefined,
  isShared: true,
  stampsChanges: false,
  mounted: undefined,
};
