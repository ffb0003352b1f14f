/**
 * Twins: leaves that may be the same one under two names, one deleted or overwritten at one path, the other written at another. If
 * the write fails, the old leaf may be the only copy.
 */
import {type Entry, NS_PER_SECOND} from '../core/entry.js';
import type {PlanOptions} from '../core/plan.js';
import {type Policy, sameTime} from './compare.js';

/** The options that decide whether two leaves are twins. */
export type TwinPolicy = Pick<Policy, 'times' | 'mtimeWindow' | 'sourceResolution' | 'mtimeRange'> &
  Pick<PlanOptions, 'deleteAnyway'>;

/**
 * The key of a leaf that is deleted or overwritten: twins have equal keys. Times are part of it only if they are kept exactly; a
 * time in whole seconds matches any time in that second, because programs that pack or send files truncate times.
 */
export function goingKey(leaf: Entry, policy: TwinPolicy): string {
  return isWholeSecond(leaf.mtime) ? keyOfSecond(leaf, policy) : keyOfTime(leaf, policy);
}

/** The keys under which a leaf that is written may be found: see `goingKey`. */
export function writtenKeys(leaf: Entry, policy: TwinPolicy): readonly string[] {
  return keepsTimes(policy) ? [keyOfTime(leaf, policy), keyOfSecond(leaf, policy)] : [keyOfTime(leaf, policy)];
}

/** Whether two leaves with equal keys are twins by their times: `going` is deleted or overwritten, `written` is written. */
export function isTwinTime(going: bigint, written: bigint, policy: TwinPolicy): boolean {
  // If times are not kept, the target's time has no meaning.
  if (!policy.times || sameTime(going, written, policy)) return true;
  return isWholeSecond(going) && going / NS_PER_SECOND === written / NS_PER_SECOND;
}

function keyOfTime({mtime, ...leaf}: Entry, policy: TwinPolicy): string {
  return `${keyOf(leaf)} ${keepsTimes(policy) ? mtime : ''}`;
}

function keyOfSecond({mtime, ...leaf}: Entry, policy: TwinPolicy): string {
  return `${keyOf(leaf)} ${keepsTimes(policy) ? `${mtime / NS_PER_SECOND} s` : ''}`;
}

function keyOf({kind, size, link = '', rdev = ''}: Omit<Entry, 'mtime'>): string {
  return `${kind} ${size} ${rdev} ${link}`;
}

function keepsTimes({times, mtimeWindow, sourceResolution, mtimeRange}: TwinPolicy): boolean {
  return times && mtimeWindow === 0n && sourceResolution === undefined && mtimeRange === undefined;
}

function isWholeSecond(time: bigint): boolean {
  return time % NS_PER_SECOND === 0n;
}
