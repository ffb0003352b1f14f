/** When two entries are the same, and if not, in what they differ. The one place that knows. */
import type {Reason} from '../core/action.js';
import type {Entry} from '../core/entry.js';
import type {PlanOptions} from '../core/plan.js';

type Policy = Pick<PlanOptions, 'compare' | 'mtimeWindow' | 'owner' | 'groups'>;

/** Whether times are equal, given how exactly they are kept. */
export function sameTime(a: bigint, b: bigint, window: bigint): boolean {
  const difference = a - b;
  return difference <= window && difference >= -window;
}

/** In which metadata `target` is not what `source` is: kind and content apart. Only what this process may set is compared. */
export function attributeReasons(source: Entry, target: Entry, policy: Policy): Reason[] {
  const reasons: Reason[] = [];
  // A symlink's mode means nothing on Linux, and it cannot be set.
  if (source.kind !== 'symlink' && source.mode !== target.mode) reasons.push('mode');
  if (policy.owner && source.uid !== target.uid) reasons.push('owner');
  if (source.gid !== target.gid && mayGiveTo(source.gid, policy)) reasons.push('group');
  return reasons;
}

export function mayGiveTo(gid: number, {groups}: Pick<PlanOptions, 'groups'>): boolean {
  return groups === 'any' || groups.includes(gid);
}

/** Why the content of a leaf must be written again. For `compare: 'content'` equal sizes are still to be compared by content. */
export function contentReasons(source: Entry, target: Entry, policy: Policy): Reason[] {
  if (source.kind === 'symlink') return source.link === target.link ? [] : ['link'];
  const reasons: Reason[] = [];
  if (source.size !== target.size) reasons.push('size');
  if (policy.compare === 'metadata' && !sameTime(source.mtime, target.mtime, policy.mtimeWindow)) reasons.push('mtime');
  return reasons;
}

/** Whether both are the same to this policy, content of equal size and time taken as equal. */
export function sameEntry(a: Entry, b: Entry, policy: Policy): boolean {
  return (
    a.kind === b.kind &&
    contentReasons(a, b, {...policy, compare: 'metadata'}).length === 0 &&
    sameTime(a.mtime, b.mtime, policy.mtimeWindow) &&
    attributeReasons(a, b, policy).length === 0
  );
}
