/**
 * When leaves may be one under two names: what goes or is written over at one path, and what is written at another. Where that does not
 * arrive, the old one may be the only copy.
 */
import {type Entry, NS_PER_SECOND} from '../core/entry.js';
import type {PlanOptions} from '../core/plan.js';
import {type Policy, sameTime} from './compare.js';

/** What decides whether two leaves may be one. */
export type TwinPolicy = Pick<Policy, 'times' | 'mtimeWindow' | 'sourceResolution' | 'mtimeRange'> &
  Pick<PlanOptions, 'deleteAnyway'>;

/**
 * What leaves that may be one have in common. Their times only where those are kept exactly, and cut to seconds where that of the one
 * that goes is: programs that pack or send files do that.
 */
export function goingKey(leaf: Entry, policy: TwinPolicy): string {
  return isWholeSecond(leaf.mtime) ? keyOfSecond(leaf, policy) : keyOfTime(leaf, policy);
}

/** The keys of what a leaf that is written may be under another name. */
export function writtenKeys(leaf: Entry, policy: TwinPolicy): readonly string[] {
  return keepsTimes(policy) ? [keyOfTime(leaf, policy), keyOfSecond(leaf, policy)] : [keyOfTime(leaf, policy)];
}

/** Whether a leaf that goes may be, by its time, one that is written. */
export function isTwinTime(going: bigint, written: bigint, policy: TwinPolicy): boolean {
  // Where times are not kept, that of the target says nothing.
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
