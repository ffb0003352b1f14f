/**
 * Guards: small predicates over a whole plan that halt it before anything is changed. Each returns a sentence that says why, or
 * undefined. They count leaves, not folders.
 */
import {type Action, isCarried, isUpkeep} from '../core/action.js';
import {formatCount, formatPlural} from '../core/count.js';
import {DirsyncError} from '../core/errors.js';
import {escapeName} from '../core/escape.js';
import {isSameFileSystem} from '../core/file-system.js';
import {isWithin, type RelPath, ROOT} from '../core/path.js';
import {
  type Found,
  GUARD_NAMES,
  type GuardName,
  type Halt,
  type MaxDelete,
  type MountFacts,
  type Overlap,
  type Plan,
} from '../core/plan.js';
import type {Side} from '../core/problem.js';
import {type Need, spaceNeeds} from './space.js';

/** The default of `--max-delete`. */
export const DEFAULT_MAX_DELETE: MaxDelete = {share: 0.5};

/** A share is checked only in a target with more leaves than this; in a smaller one, ordinary work easily deletes half. */
const SMALL_TARGET = 20;

type Guard = (plan: Plan) => string | undefined;

const GUARDS: Readonly<Record<GuardName, Guard>> = {
  'same-tree': sameTree,
  reversed,
  'source-missing': sourceMissing,
  'unreadable-source': unreadableSource,
  'source-empty': sourceEmpty,
  'source-fs-changed': sourceFileSystemChanged,
  'target-lost': targetLost,
  'memory-unreadable': memoryUnreadable,
  'not-writable': notWritable,
  'no-space': noSpace,
  'name-collision': nameCollision,
  'too-many-deletes': tooManyDeletes,
  'everything-changed': everythingChanged,
  'filters-changed': filtersChanged,
  'target-drift': targetDrift,
};

/**
 * The guards that this plan trips, in the order of `GUARD_NAMES`; those in `allow` are marked as allowed.
 *
 * @example
 * guardHalts(planned.plan, ['source-empty']); // → []
 */
export function guardHalts(plan: Plan, allow: readonly GuardName[]): Halt[] {
  return GUARD_NAMES.flatMap((guard) => {
    const message = GUARDS[guard](plan);
    return message === undefined ? [] : [{guard, message, allowed: allow.includes(guard)}];
  });
}

const OVERLAPS: Readonly<Record<Overlap, string>> = {
  same: 'source and target are the same folder',
  'target-in-source': 'the target lies inside the source',
  'source-in-target': 'the source lies inside the target',
};

function sameTree({header}: Plan): string | undefined {
  return header.overlap && OVERLAPS[header.overlap];
}

function reversed({header: {facts, source, target}}: Plan): string | undefined {
  if (!facts?.reversed) return undefined;
  return `earlier runs copied the other way, from ${escapeName(target.path)} to ${escapeName(source.path)}; are the two swapped? If you want to restore from the copy, allow this guard`;
}

function sourceMissing({header}: Plan): string | undefined {
  return header.sourceMissing ? 'the source does not exist and was treated as an empty folder' : undefined;
}

function unreadableSource({problems}: Plan): string | undefined {
  const found = problems.find(({path, side, phase}) => path === ROOT && side === 'source' && phase === 'scan');
  return found && `the source itself could not be read (${escapeName(found.code)}), so its content is unknown`;
}

function sourceFileSystemChanged({header: {facts}, actions}: Plan): string | undefined {
  const {now, before} = facts?.sourceFileSystem ?? NEVER;
  if (now === undefined || isKnown(now, before)) return mountChanged('source', facts?.sourceMounts, actions.filter(isLoss));
  return `the source is on a different file system than in earlier runs (${escapeName(now)}, not ${escapeName(before[0] as string)}); is its disk mounted?`;
}

function targetLost({header: {facts}, actions}: Plan): string | undefined {
  const {now, before} = facts?.target ?? NEVER;
  if (before.length === 0 || (now !== undefined && before.includes(now))) {
    const done = actions.filter((action) => action.kind !== 'blocked' && !isUpkeep(action));
    return mountChanged('target', facts?.targetMounts, done);
  }
  return now === undefined
    ? 'this is not the target of earlier runs: it has no .dirsync/id.json; is its disk mounted?'
    : 'this is not the target of earlier runs: a different one is at its path now; is the right disk mounted?';
}

function isKnown(now: string, before: readonly string[]): boolean {
  return before.length === 0 || before.some((name) => isSameFileSystem(name, now));
}

/** A disk inside a tree that is missing or different, if one of these actions affects its content. */
function mountChanged(side: Side, mounts: readonly MountFacts[] = [], actions: readonly Action[]): string | undefined {
  const changed = mounts.find(({at, now, before}) => !isKnown(now, before) && actions.some((action) => isOn(action, at)));
  if (changed === undefined) return undefined;
  const {at, now, before} = changed;
  const was = escapeName(before.find((name) => name !== '') ?? 'nothing');
  return now === ''
    ? `nothing is mounted at ${escapeName(at)} in the ${side} any more (before, it was ${was}); is its disk mounted?`
    : `a different file system than before is mounted at ${escapeName(at)} in the ${side} (${escapeName(now)}, not ${was}); is the right disk mounted?`;
}

/** The mount point itself does not count: it may be created and deleted while empty, as for login sessions. */
function isOn({path, before, after}: Action, at: RelPath): boolean {
  return isWithin(path, at) && (path !== at || (before ?? after)?.kind !== 'directory');
}

/** Whether the action loses something that the target has. */
function isLoss(action: Action): boolean {
  const {kind, before} = action;
  return before !== undefined && kind !== 'attrs' && kind !== 'blocked' && !isCarried(action);
}

function memoryUnreadable({header: {facts}}: Plan): string | undefined {
  const unread = facts?.unread ?? [];
  if (unread.length === 0) return undefined;
  const files = unread.map(({file, why}) => `${escapeName(file)} (${escapeName(why)})`).join(' and ');
  if (unread.every(({why}) => why === 'EACCES'))
    return `this user cannot read the record that identifies the target of earlier runs: ${files}; if a run by root wrote it, root can give it to this user with chown`;
  return `the record that identifies the target of earlier runs is not valid: ${files}; is the right disk mounted? Then delete it, and dirsync starts a new one`;
}

const NEVER: {readonly now?: string; readonly before: readonly string[]} = {before: []};

function notWritable({header: {facts}}: Plan): string | undefined {
  const {notWritable: found, stateOwner} = facts ?? {};
  if (stateOwner !== undefined)
    return `.dirsync in the target belongs to uid ${stateOwner}, and this user cannot write to it; root can give it to this user: chown -R`;
  if (found === undefined) return undefined;
  const folders = some(found.count, 'folder');
  return `${folders} of the target cannot be written to: ${example(found)}`;
}

function noSpace(plan: Plan): string | undefined {
  const {space = []} = plan.header.facts ?? {};
  const needs = spaceNeeds(plan, space);
  for (const [i, {at, free, freeInodes = Number.POSITIVE_INFINITY, needed = Number.POSITIVE_INFINITY}] of space.entries()) {
    const {bytes: most, inodes} = needs[i] as Need;
    const bytes = Math.min(most, needed);
    if (bytes <= free && inodes <= freeInodes) continue;
    const where = at === ROOT ? 'the target' : `${escapeName(at)}/ in the target`;
    const lack =
      bytes > free
        ? `${formatCount(bytes)} bytes are needed and ${formatCount(free)} are free`
        : `${formatCount(inodes)} inodes are needed and ${formatCount(freeInodes)} are free`;
    return `${where} does not have enough room: ${lack}${wayOut(plan)}`;
  }
  return undefined;
}

/** Whether the plan would fit if deletes were done first. */
function wayOut({header, actions}: Plan): string {
  const {options, facts} = header;
  if (options.deleteBefore) return '';
  let [freed, inodes] = [0, 0];
  for (const {kind, before} of actions) {
    if (kind !== 'delete' && kind !== 'rmdir') continue;
    freed += before.size;
    inodes++;
  }
  if (inodes === 0) return '';
  const needs = spaceNeeds({header, actions}, facts?.space ?? []);
  const fits = (facts?.space ?? []).every(
    ({free, freeInodes = Number.POSITIVE_INFINITY, needed = Number.POSITIVE_INFINITY}, i) => {
      const need = needs[i] as Need;
      return Math.min(need.bytes, needed) - freed <= free && need.inodes - inodes <= freeInodes;
    },
  );
  return fits ? '; with --delete-before it would fit' : '; not even --delete-before would make it fit';
}

function nameCollision({header: {facts}}: Plan): string | undefined {
  const found = facts?.collisions;
  if (found === undefined) return undefined;
  const names = some(found.count, 'name');
  return `the target does not distinguish upper and lower case, or two ways to write an accent: ${names} in the source would collide with another: ${example(found)}`;
}

function sourceEmpty({header, actions}: Plan): string | undefined {
  const {source, target} = header.totals;
  if (source.entries > 0 || target.entries === 0) return undefined;
  const deletes = actions.filter(({kind}) => kind === 'delete' || kind === 'rmdir').length;
  if (deletes === 0) return undefined;
  return `the source is empty, so the target would be emptied: ${formatCount(deletes)} of its ${formatCount(target.entries)} entries would be deleted`;
}

function tooManyDeletes({header, actions}: Plan): string | undefined {
  const {maxDelete} = header.options;
  const {leaves} = header.totals.target;
  const deletes = actions.reduce((count, {kind}) => (kind === 'delete' ? count + 1 : count), 0);
  const tooMany = 'count' in maxDelete ? deletes > maxDelete.count : leaves > SMALL_TARGET && deletes / leaves > maxDelete.share;
  if (!tooMany) return undefined;
  const limit = 'count' in maxDelete ? String(maxDelete.count) : `${percent(maxDelete.share * 100)}%`;
  const share = percent((100 * deletes) / Math.max(leaves, 1));
  return `would delete ${formatCount(deletes)} of ${formatCount(leaves)} files (${share} %), more than --max-delete ${limit}`;
}

/** All files are copied again if a clock or a time zone changed, or if an earlier copy did not keep times. */
const EVERYTHING = 0.9;

function everythingChanged({header: {totals}, actions}: Plan): string | undefined {
  const files = Math.min(totals.source.leaves, totals.target.leaves);
  const times = actions.filter(({kind, reasons}) => kind === 'update' && reasons.length === 1 && reasons[0] === 'mtime').length;
  if (files < SMALL_TARGET || times <= EVERYTHING * files) return undefined;
  return `${formatCount(times)} of ${formatCount(files)} files differ only in their times: did a clock or a time zone change? --checksum compares their content`;
}

function filtersChanged({header: {facts, options}}: Plan): string | undefined {
  const found = facts?.unfiltered;
  if (found === undefined) return undefined;
  const paths = some(found.count, 'path');
  const kept = options.deleteExcluded
    ? 'would be deleted because of that'
    : 'that they protected would be deleted or overwritten';
  return `the filters have changed since the last run, and ${paths} ${kept}: ${example(found)}`;
}

function targetDrift({header: {options}, actions}: Plan): string | undefined {
  if (options.onDrift !== 'fail') return undefined;
  const found = actions.filter((action) => action.targetDrift !== undefined);
  const [first] = found;
  if (first === undefined) return undefined;
  const paths = some(found.length, 'path');
  return `somebody else has changed the target since the last run, at ${paths} of this plan: ${example({count: found.length, example: first.path})}`;
}

function example({count, example: path}: Found): string {
  return `${path === ROOT ? '.' : escapeName(path)}${count > 1 ? ' and others' : ''}`;
}

function some(count: number, noun: string): string {
  return count === 1 ? `a ${noun}` : formatPlural(count, noun);
}

/** Of a share in percent. */
function percent(value: number): string {
  return value.toLocaleString('en-US', {maximumFractionDigits: 1});
}

/** @throws DirsyncError GUARD_HALTED if a guard halts that is not allowed. */
export function checkHalts(halts: readonly Halt[]): void {
  const halting = halts.filter(({allowed}) => !allowed);
  const [first, ...others] = halting;
  if (first === undefined) return;
  const more = others.map(({guard}) => `, and ${guard}`).join('');
  const allow = halting.map(({guard}) => `--allow ${guard}`).join(' ');
  throw new DirsyncError('GUARD_HALTED', `${first.guard}: ${first.message}${more}`, `if this is intended, add ${allow}`);
}
