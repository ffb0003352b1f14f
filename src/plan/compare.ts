/** When two entries are the same, and if not, in what they differ. The one place that knows. */
import type {Reason} from '../core/action.js';
import {CODE, isDevice, isSpecial} from '../core/block.js';
import {type Entry, type Kind, MAX_SIZE} from '../core/entry.js';
import type {PlanOptions} from '../core/plan.js';
import {joinFacts, type TimeFacts} from '../core/times.js';
import {differingXattrs, isAcl} from '../core/xattr.js';

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

/** Whether times are equal, given how exactly they are kept, and what the target takes for those beyond its range. */
export function sameTime(a: bigint, b: bigint, policy: TimePolicy): boolean {
  const {mtimeWindow, sourceResolution = 0n, mtimeRange} = policy;
  const difference = mtimeRange === undefined ? a - b : clamp(a, mtimeRange) - clamp(b, mtimeRange);
  // Two that the source tells apart are a whole step from each other.
  const window = sourceResolution > mtimeWindow ? sourceResolution - 1n : mtimeWindow;
  return difference <= window && difference >= -window;
}

/** A policy for a target of which is known how it keeps times. */
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

export function clamp(time: bigint, {min, max}: NonNullable<TimePolicy['mtimeRange']>): bigint {
  if (min !== undefined && time < min) return min;
  return max !== undefined && time > max ? max : time;
}

/** In which metadata `target` is not what `source` is: kind, content and times apart. Only what this process may set is compared. */
export function attributeReasons(source: Entry, target: Entry, policy: Policy): Reason[] {
  const reasons: Reason[] = [];
  if (isBare(source.kind, policy)) return reasons;
  // A symlink's mode means nothing on Linux, and it cannot be set.
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

/** Whether the time of what is of this kind is kept. */
export function keepsTime(kind: Kind, policy: Pick<Policy, 'times' | 'symlinks'>): boolean {
  return policy.times && !isBare(kind, policy);
}

/** Whether nothing but where it points is kept of what is of this kind. */
export function isBare(kind: Kind, {symlinks}: Pick<Policy, 'symlinks'>): boolean {
  return kind === 'symlink' && symlinks === 'bare';
}

/** Whether what is of a kind can be made in the target at all. */
export function canMake(
  code: number,
  {symlinks, specials, devices}: Pick<PlanOptions, 'symlinks' | 'specials' | 'devices'>,
): boolean {
  if (code === CODE.symlink) return symlinks !== 'none';
  return isDevice(code) ? devices : specials || !isSpecial(code);
}

/** Whether a file of so many bytes is copied, by the limits that were asked for. */
export function isWantedSize(size: number, {minSize = 0, maxSize = MAX_SIZE}: Pick<PlanOptions, 'minSize' | 'maxSize'>): boolean {
  return size >= minSize && size <= maxSize;
}

export function mayGiveTo(gid: number, {groups}: Pick<PlanOptions, 'groups'>): boolean {
  return groups === 'any' || groups.includes(gid);
}

/** Why the content of a leaf must be written again. For `compare: 'content'` equal sizes are still to be compared by content. */
export function contentReasons(source: Entry, target: Entry, policy: Policy): Reason[] {
  if (source.kind === 'symlink') return source.link === target.link ? [] : ['link'];
  if (source.kind !== 'file') return source.rdev === target.rdev ? [] : ['device'];
  const reasons: Reason[] = [];
  if (source.size !== target.size) reasons.push('size');
  // Where times are not kept the target's is that of the copy: what was written to since is newer than it.
  const isOther = policy.times ? !sameTime(source.mtime, target.mtime, policy) : source.mtime > target.mtime + policy.mtimeWindow;
  if (policy.compare === 'metadata' && isOther) reasons.push('mtime');
  return reasons;
}

/** Whether what stands in the target is what an entry of the source comes to, content of equal size and time taken as equal. */
export function isCurrent(source: Entry, target: Entry, policy: Policy): boolean {
  return (
    source.kind === target.kind &&
    contentReasons(source, target, {...policy, compare: 'metadata'}).length === 0 &&
    (!keepsTime(source.kind, policy) || sameTime(source.mtime, target.mtime, policy)) &&
    attributeReasons(source, target, policy).length === 0
  );
}

/** Whether an entry is still what it was on the same side, as far as this policy can tell. */
export function sameEntry(seen: Entry, now: Entry, policy: Policy): boolean {
  return isCurrent(seen, now, policy.times ? onOneSide(policy) : {...onOneSide(policy), times: true});
}

/** How times of one side are compared with each other: as exactly as they are kept there, or in the target. */
export function onOneSide<P extends TimePolicy>(policy: P): P {
  return policy.sourceResolution === undefined ? policy : {...policy, sourceResolution: undefined};
}
