/**
 * When leaves may be one under two names: what goes or is written over at one path, and what is written at another. Where that does not
 * arrive, the old one may be the only copy.
 */
import {type Entry, NS_PER_SECOND} from '../core/entry.js';
import type {PlanOptions} from '../core/plan.js';
import {type Policy, sameTime} from './compare.js';

/** What decides whether two leaves may be one. */
export type TwinPolicy = Pick<Policy, 'times' | 'mtimeWindow' | 'mtimeRange'> & Pick<PlanOptions, 'deleteAnyway'>;

/** What leaves that may be one have in common; the seconds of their times only where times are kept exactly. */
export function twinKey({kind, size, mtime, link = '', rdev = ''}: Entry, {times, mtimeWindow, mtimeRange}: TwinPolicy): string {
  const isExact = times && mtimeWindow === 0n && mtimeRange === undefined;
  return `${kind} ${size} ${isExact ? mtime / NS_PER_SECOND : ''} ${rdev} ${link}`;
}

/** Whether two times may be of one leaf. Programs that pack or send files cut them to seconds. */
export function isTwinTime(a: bigint, b: bigint, policy: TwinPolicy): boolean {
  // Where times are not kept, that of the target says nothing.
  return !policy.times || a / NS_PER_SECOND === b / NS_PER_SECOND || sameTime(a, b, policy);
}
