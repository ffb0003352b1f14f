/** The attributes that an action sets on an entry. */
import {createHash} from 'node:crypto';
import type {Abilities} from '../core/abilities.js';
import type {Action} from '../core/action.js';
import type {Entry} from '../core/entry.js';
import {type ByteName, toByteName} from '../core/name.js';
import {parentPath} from '../core/path.js';
import {isPreservedXattr, preservesXattrs, UNREADABLE_XATTR, valueDigest} from '../core/xattr.js';
import {isBare, mayGiveTo} from '../plan/compare.js';
import {type Attributes, SystemError, type WantedXattrs} from '../platform/platform.js';
import {inSource, SourceError, type World} from './check.js';
import type {Step} from './step.js';

/** The attributes to set for an action; `isNew`: the entry was just made and has no attributes of its own yet. */
export function attributesOf(step: Step, {isNew}: {isNew: boolean}): Attributes {
  const {action, world, learner} = step;
  const {policy, abilities} = world;
  const {kind, uid, gid, mtime, xattrs} = action.after as Entry;
  if (isBare(kind, policy)) return {};
  const hasXattrs = xattrs !== undefined && Object.keys(xattrs).some((name) => isPreservedXattr(name, policy));
  return {
    uid: policy.owner ? uid : undefined,
    gid: mayGiveTo(gid, policy) ? gid : undefined,
    xattrs: step.takesXattrs !== false && preservesXattrs(policy) && (hasXattrs || !isNew) ? wantedXattrs(step) : undefined,
    mode: modeOf(step),
    mtime: policy.times ? mtime : undefined,
    withAccess: setsAccess(abilities),
    readBack: policy.times && learner.wants(mtime) ? (kept) => learner.learn(mtime, kept) : undefined,
  };
}

/** Whether a modification time is only stored if an access time is set with it. */
export function setsAccess(abilities: Abilities | undefined): boolean {
  return abilities !== undefined && abilities.times !== 'open';
}

/** If modes are not preserved, a new entry gets the usual mode of a new file, and an existing one keeps its mode. */
function modeOf({action, world, umask}: Step): number | undefined {
  const {before, after} = action;
  const {kind, mode} = after as Entry;
  if (kind === 'symlink' || hasNoModes(action, world)) return undefined;
  if (world.policy.mode) return mode;
  if (isMade(action)) return mode & 0o777 & ~umask;
  return kind === 'directory' ? undefined : before?.mode;
}

/** A file system mounted inside the target may have modes even if the root has none. */
function hasNoModes({path}: Action, {abilities, target}: World): boolean {
  return abilities?.mode === false && target?.volumeAt(parentPath(path)) === target?.rootVolume;
}

/** Whether the kind of the entry at the path changes. */
export function isMade({before, after}: Action): boolean {
  return before?.kind !== after?.kind;
}

function wantedXattrs({action, world}: Step): WantedXattrs {
  const {platform, source, policy} = world;
  const {xattrs = {}} = action.after as Entry;
  const kept = Object.entries(xattrs).filter(([name]) => isPreservedXattr(name, policy));
  const values = kept.map(([name, value]): [ByteName, Uint8Array] => {
    const attribute = toByteName(name);
    if (value === UNREADABLE_XATTR) throw new SourceError('EACCES', 'lgetxattr');
    const digest = valueDigest(value);
    if (digest === undefined) return [attribute, Buffer.from(value, 'base64')];
    const place = source?.find(action.path);
    const whole = place && inSource(() => platform.xattr(place.folder, place.name, attribute));
    // It is either unchanged since the plan, or was not approved.
    if (whole === undefined || createHash('sha256').update(whole).digest('hex') !== digest)
      throw new SourceError('ESTALE', 'lgetxattr');
    return [attribute, whole];
  });
  return {preserved: policy, values};
}

/** Whether the target refused an extended attribute. */
export function isOfXattrs(error: unknown): boolean {
  return error instanceof SystemError && error.syscall.endsWith('setxattr') && XATTR_REFUSALS.has(error.code);
}

/** setxattr(2): too large for the file system, not supported, or forbidden. */
const XATTR_REFUSALS: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'E2BIG', 'ERANGE', 'EOPNOTSUPP', 'EPERM', 'EINVAL']);
