/** Decides whether two entries are the same, and how they differ. No other file decides this. */
import type {Reason} from '../core/action.js';
import {CODE, isDevice, isSpecial} from '../core/block.js';
import {type Entry, type Kind, MAX_SIZE} from '../core/entry.js';
import type {PlanOptions} from '../core/plan.js';
import {joinFacts, type TimeFacts} from '../core/times.js';
import {differingXattrs, isAcl} from '../core/xattr.js';

/** The part of the plan options that decides whether entries are equal. */
export type Policy = Pick<
  PlanOptions,
  | 'compare'
  | 'mtimeWindow'
  | 'sourceResolution'
  | 'mtimeRange'
  | 'mode'
  | 'owner'
  | 'groups'
  | 'times'
  | 'symlinks'
  | 'xattrs'
  | 'acls'
>;
type TimePolicy = Pick<Policy, 'mtimeWindow' | 'sourceResolution' | 'mtimeRange'>;

/** Whether two times are equal, given how exactly they are kept and the range that the target can hold. */
export function sameTime(a: bigint, b: bigint, policy: TimePolicy): boolean {
  const {mtimeWindow, sourceResolution = 0n, mtimeRange} = policy;
  const difference = mtimeRange === undefined ? a - b : clamp(a, mtimeRange) - clamp(b, mtimeRange);
  // Two different times of the source differ by at least one step.
  const window = sourceResolution > mtimeWindow ? sourceResolution - 1n : mtimeWindow;
  return difference <= window && difference >= -window;
}

/** Adjusts a policy to how the target keeps times. */
export function withTimeFacts<P extends TimePolicy>(policy: P, facts: TimeFacts | undefined): P {
  if (facts === undefined) return policy;
  const known = {resolution: policy.mtimeWindow > 0n ? policy.mtimeWindow : 1n, range: policy.mtimeRange ?? {}};
  const {resolution, range} = joinFacts(known, facts) ?? known;
  const isLimited = range.min !== undefined || range.max !== undefined;
  return {
    ...policy,
    mtimeWindow: resolution > 1n ? resolution : policy.mtimeWindow,
    ...(isLimited && {mtimeRange: range}),
  };
}

/** Limits a time to a range, like a target that cannot hold it. */
export function clamp(time: bigint, {min, max}: NonNullable<TimePolicy['mtimeRange']>): bigint {
  if (min !== undefined && time < min) return min;
  return max !== undefined && time > max ? max : time;
}

/** How the metadata differs, apart from kind, content and times. Only metadata that this process may set is compared. */
export function attributeReasons(source: Entry, target: Entry, policy: Policy): Reason[] {
  const reasons: Reason[] = [];
  if (isBare(source.kind, policy)) return reasons;
  // On Linux, the mode of a symlink has no meaning and cannot be set.
  if (policy.mode && source.kind !== 'symlink' && source.mode !== target.mode) reasons.push('mode');
  if (policy.owner && source.uid !== target.uid) reasons.push('owner');
  if (source.gid !== target.gid && mayGiveTo(source.gid, policy)) reasons.push('group');
  if (source.xattrs !== undefined || target.xattrs !== undefined) {
    const names = differingXattrs(source.xattrs, target.xattrs, policy);
    if (names.some((name) => !isAcl(name))) reasons.push('xattrs');
    if (names.some(isAcl)) reasons.push('acls');
  }
  return reasons;
}

/** Whether the modification time of this kind is kept. */
export function preservesTime(kind: Kind, policy: Pick<Policy, 'times' | 'symlinks'>): boolean {
  return policy.times && !isBare(kind, policy);
}

/** Whether this kind is a symlink of which only the link itself is kept, without metadata. */
export function isBare(kind: Kind, {symlinks}: Pick<Policy, 'symlinks'>): boolean {
  return kind === 'symlink' && symlinks === 'bare';
}

/** Whether a kind can be created in the target at all. */
export function canMake(
  code: number,
  {symlinks, specials, devices}: Pick<PlanOptions, 'symlinks' | 'specials' | 'devices'>,
): boolean {
  if (code === CODE.symlink) return symlinks !== 'none';
  return isDevice(code) ? devices : specials || !isSpecial(code);
}

/** Whether a file of this many bytes is copied, by `minSize` and `maxSize`. */
export function isWantedSize(size: number, {minSize = 0, maxSize = MAX_SIZE}: Pick<PlanOptions, 'minSize' | 'maxSize'>): boolean {
  return size >= minSize && size <= maxSize;
}

/** Whether this process may set the group. */
export function mayGiveTo(gid: number, {groups}: Pick<PlanOptions, 'groups'>): boolean {
  return groups === 'any' || groups.includes(gid);
}

/**
 * Why the content of a leaf must be written again. With `compare: 'content'`, files of equal size must still be compared by
 * content.
 */
export function contentReasons(source: Entry, target: Entry, policy: Policy): Reason[] {
  if (source.kind === 'symlink') return source.link === target.link ? [] : ['link'];
  if (source.kind !== 'file') return source.rdev === target.rdev ? [] : ['device'];
  const reasons: Reason[] = [];
  if (source.size !== target.size) reasons.push('size');
  // If times are not kept, the target's time is the time of the copy: a source that was changed since is newer.
  const isOther = policy.times ? !sameTime(source.mtime, target.mtime, policy) : source.mtime > target.mtime + policy.mtimeWindow;
  if (policy.compare === 'metadata' && isOther) reasons.push('mtime');
  return reasons;
}

/** Whether the target already has what the source's entry would become. Files of equal size and time count as equal. */
export function isCurrent(source: Entry, target: Entry, policy: Policy): boolean {
  return (
    source.kind === target.kind &&
    contentReasons(source, target, {...policy, compare: 'metadata'}).length === 0 &&
    (!preservesTime(source.kind, policy) || sameTime(source.mtime, target.mtime, policy)) &&
    attributeReasons(source, target, policy).length === 0
  );
}

/** Whether an entry is unchanged on its own side, as far as this policy can show. */
export function sameEntry(seen: Entry, now: Entry, policy: Policy): boolean {
  return isCurrent(seen, now, policy.times ? onOneSide(policy) : {...onOneSide(policy), times: true});
}

/** A policy to compare times of the same side with each other. */
export function onOneSide<P extends TimePolicy>(policy: P): P {
  return policy.sourceResolution === undefined ? policy : {...policy, sourceResolution: undefined};
}
