/** The leader of a group of hard links: the file of which all further names become links. */
import type {Action, Link} from '../core/action.js';
import {emptyStat, inodeOf} from '../core/block.js';
import type {Entry} from '../core/entry.js';
import type {RelPath} from '../core/path.js';
import {COARSEST} from '../core/times.js';
import {isCurrent, sameTime} from '../plan/compare.js';
import type {Place} from '../platform/cursor.js';
import {checkTarget, entryAtPlace, inSource, lookAt, NO_XATTRS, type World} from './check.js';
import {foundWaiting} from './spot.js';
import type {Step} from './step.js';

/** Whether the leader of a link was copied in this run, in its state at that time. */
export function isCopiedNow({rules, leader}: Step): boolean {
  return rules.follows && (leader?.is === 'written' || leader?.is === 'staged');
}

/** Whether a path and its leader are names of one file in the source. */
export function isOneInSource({path, leader}: Link, {platform, source}: World): boolean {
  const inodeAt = (at: RelPath) => {
    const stat = emptyStat();
    const place = source?.find(at);
    return place && platform.stat(place.folder, place.name, stat) ? `${stat.device}:${inodeOf(stat)}` : undefined;
  };
  return inSource(() => {
    const inode = inodeAt(path);
    return inode !== undefined && inode === inodeAt(leader);
  });
}

/** The place of the file that a link is made to; undefined if that file is not the one of the source. */
export function leaderPlace(step: Step, action: Link): Place | undefined {
  const {world, staging, leader = {is: 'untouched'}} = step;
  const {platform, leaders} = world;
  const place =
    leader.is === 'staged'
      ? foundWaiting({...world, target: leaders}, staging, action.leader, leader.index)
      : leaders?.find(action.leader);
  const now = place && entryAtPlace(platform, place, NO_XATTRS);
  if (now?.kind !== action.after.kind || (now.size !== action.after.size && !isCopiedNow(step))) return undefined;
  if (leader.is === 'untouched') return isWhole(action.leader, world) ? place : undefined;
  if (leader.is === 'written' && !isOfItsTime(step, action, now)) return undefined;
  // Only its attributes still have to be set, and then apply to this name too.
  const isSound =
    leader.is !== 'attrs' ||
    ((leader.action.kind === 'attrs' || leader.action.kind === 'move') && !isDrifted(leader.action, world));
  return isSound ? place : undefined;
}

/** Whether a written leader is unchanged since. It may still be unknown how exactly the target stores times. */
function isOfItsTime(step: Step, {leader, after}: Link, {mtime}: Entry): boolean {
  const {platform, source, policy} = step.world;
  const closely = {...policy, mtimeWindow: policy.mtimeWindow + COARSEST};
  if (!policy.times || sameTime(mtime, after.mtime, closely)) return true;
  const now = isCopiedNow(step) ? inSource(() => lookAt(platform, source, leader, NO_XATTRS)) : undefined;
  // A file that is written to all the time was copied as it was at one moment.
  return now !== undefined && mtime > after.mtime && (mtime < now.mtime || sameTime(mtime, now.mtime, closely));
}

function isDrifted(action: Action, world: World): boolean {
  return typeof checkTarget(action, {...world, target: world.leaders}) === 'object';
}

/** Whether the target has the source's entry at a path. */
function isWhole(path: RelPath, {platform, source, leaders, policy, goOn, pace}: World): boolean {
  const from = source?.find(path);
  const to = leaders?.find(path);
  const [wanted, now] = [from && inSource(() => entryAtPlace(platform, from, policy)), to && entryAtPlace(platform, to, policy)];
  if (!from || !to || !wanted || !now || !isCurrent(wanted, now, policy)) return false;
  if (policy.compare !== 'content' || wanted.kind !== 'file') return true;
  return platform.sameContent({a: from.folder, aName: from.name, b: to.folder, bName: to.name, goOn, pace});
}
