/** Which attributes an action sets on what it makes or changes. */
import {createHash} from 'node:crypto';
import type {Abilities} from '../core/abilities.js';
import type {Action} from '../core/action.js';
import type {Entry} from '../core/entry.js';
import {type ByteName, toByteName} from '../core/name.js';
import {parentPath} from '../core/path.js';
import {isKeptXattr, keepsXattrs, UNREADABLE_XATTR, valueDigest} from '../core/xattr.js';
import {isBare, mayGiveTo} from '../plan/compare.js';
import {type Attributes, SystemError, type WantedXattrs} from '../platform/platform.js';
import {inSource, SourceError, type World} from './check.js';
import type {Task} from './task.js';

/** What this process sets of the attributes that an action leads to; `isNew`: on something that has none of its own yet. */
export function attributesOf(task: Task, {isNew}: {isNew: boolean}): Attributes {
  const {action, world, learner} = task;
  const {policy, abilities} = world;
  const {kind, uid, gid, mtime, xattrs} = action.after as Entry;
  if (isBare(kind, policy)) return {};
  const hasXattrs = xattrs !== undefined && Object.keys(xattrs).some((name) => isKeptXattr(name, policy));
  return {
    uid: policy.owner ? uid : undefined,
    gid: mayGiveTo(gid, policy) ? gid : undefined,
    xattrs: task.takesXattrs !== false && keepsXattrs(policy) && (hasXattrs || !isNew) ? wantedXattrs(task) : undefined,
    mode: modeOf(task),
    mtime: policy.times ? mtime : undefined,
    withAccess: setsAccess(abilities),
    readBack: policy.times && learner.wants(mtime) ? (kept) => learner.learn(mtime, kept) : undefined,
  };
}

/** Whether a modification time stays only when an access time is set with it. */
export function setsAccess(abilities: Abilities | undefined): boolean {
  return abilities !== undefined && abilities.times !== 'open';
}

/** Where modes are not kept, a new path gets what a program that makes it would give it, and an old one keeps its own. */
function modeOf({action, world, umask}: Task): number | undefined {
  const {before, after} = action;
  const {kind, mode} = after as Entry;
  if (kind === 'symlink' || hasNoModes(action, world)) return undefined;
  if (world.policy.mode) return mode;
  if (isMade(action)) return mode & 0o777 & ~umask;
  return kind === 'directory' ? undefined : before?.mode;
}

/** What is mounted in the target may have modes where its root has none. */
function hasNoModes({path}: Action, {abilities, target}: World): boolean {
  return abilities?.mode === false && target?.volumeAt(parentPath(path)) === target?.rootVolume;
}

/** Whether what stands at the path in the end is of a kind that did not stand there before. */
export function isMade({before, after}: Action): boolean {
  return before?.kind !== after?.kind;
}

function wantedXattrs({action, world}: Task): WantedXattrs {
  const {platform, source, policy} = world;
  const {xattrs = {}} = action.after as Entry;
  const kept = Object.entries(xattrs).filter(([name]) => isKeptXattr(name, policy));
  const values = kept.map(([name, value]): [ByteName, Uint8Array] => {
    const attribute = toByteName(name);
    if (value === UNREADABLE_XATTR) throw new SourceError('EACCES', 'lgetxattr');
    const digest = valueDigest(value);
    if (digest === undefined) return [attribute, Buffer.from(value, 'base64')];
    const place = source?.find(action.path);
    const whole = place && inSource(() => platform.xattr(place.folder, place.name, attribute));
    // It is what the plan saw, or it is nothing that was approved.
    if (whole === undefined || createHash('sha256').update(whole).digest('hex') !== digest)
      throw new SourceError('ESTALE', 'lgetxattr');
    return [attribute, whole];
  });
  return {kept: policy, values};
}

/** Whether the target refused an extended attribute. */
export function isOfXattrs(error: unknown): boolean {
  return error instanceof SystemError && error.syscall.endsWith('setxattr') && XATTR_REFUSALS.has(error.code);
}

/** setxattr(2): too large for the file system in one way or another, unknown to it, or forbidden by it. */
const XATTR_REFUSALS: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'E2BIG', 'ERANGE', 'EOPNOTSUPP', 'EPERM', 'EINVAL']);
