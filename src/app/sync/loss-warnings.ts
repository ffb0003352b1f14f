/** Warnings about attributes that a plan cannot preserve. */
import {formatPlural} from '../../core/count.js';
import type {Folding} from '../../core/name.js';
import type {Preservable} from '../../core/plan.js';
import {XATTR_NAMESPACES} from '../../core/xattr.js';
import type {Losses} from '../../plan/losses.js';
import {platform} from '../../platform/choose.js';
import {formatBytes, formatTime} from '../../report/words/units.js';
import type {Preserving} from './preserve.js';

interface Lost {
  readonly losses: Losses;
  readonly preserving: Preserving;
  /** The number of folders on other file systems. */
  readonly mounts: number;
  /** The number of names that the target spells differently, and how it folds names. */
  readonly respelled: number;
  readonly folding: Folding | undefined;
}

/** Returns warnings about attributes that the driver of the source invents and that are therefore not copied. */
export function madeUpWarnings(type: string | undefined, madeUp: readonly Preservable[]): string[] {
  if (madeUp.length === 0) return [];
  const source = type === undefined ? 'the source' : `the source (${type})`;
  const words = {mode: 'modes', owner: 'owners'} as Partial<Record<Preservable, string>>;
  const what = madeUp.map((each) => words[each] ?? each).join(' and ');
  return [`the ${what} of ${source} are invented by its driver and are not copied; name them in --preserve to copy them`];
}

/** Returns a warning for each kind of loss, with the number of paths. */
export function lossWarnings({losses, preserving, mounts, respelled, folding}: Lost): string[] {
  const {fileSystem, preserved, times, abilities} = preserving;
  const {resolution, range} = times;
  const target = fileSystem.type === undefined ? 'the target' : `the target (${fileSystem.type})`;
  const isUntried = abilities === undefined && fileSystem.isShared && fileSystem.mounted !== undefined;
  const warnings: (string | false)[] = [
    isUntried && `what ${target} can hold is not known yet; the first run tests it`,
    losses.mode > 0 && `the mode of ${formatPlural(losses.mode, 'path')} is not kept: ${target} does not store it`,
    losses.owner > 0 &&
      (abilities?.owner === false
        ? `the owner or group of ${formatPlural(losses.owner, 'path')} is not kept: ${target} does not store it`
        : `the owner or group of ${formatPlural(losses.owner, 'path')} is not kept: only root can give files to other users`),
    losses.times > 0 && `the times of ${formatPlural(losses.times, 'path')} are not kept: ${target} sets its own times`,
    losses.symlinks > 0 && `${formatPlural(losses.symlinks, 'symbolic link')} cannot be made: ${target} does not support them`,
    losses.hardlinks > 0 &&
      `${formatPlural(losses.hardlinks, 'hard link is copied as a separate file', 'hard links are copied as separate files')}, which ` +
        `takes ${formatBytes(losses.linkedBytes)}: ${target} does not support hard links`,
    losses.xattrs > 0 &&
      (fileSystem.preserves.xattrs.length < XATTR_NAMESPACES.length
        ? `extended attributes of ${formatPlural(losses.xattrs, 'path')} are not kept: ${target} does not support all kinds of them`
        : `extended attributes of ${formatPlural(losses.xattrs, 'path')} are not kept: only root can set system attributes`),
    losses.acls > 0 && `the ACLs of ${formatPlural(losses.acls, 'path')} are not kept: ${target} does not support them`,
    losses.specials > 0 &&
      `${formatPlural(losses.specials, 'FIFO or socket', 'FIFOs and sockets')} cannot be made${
        platform().preservesAll ? `: ${target} does not support them` : ' without the posix backend'
      }`,
    losses.devices > 0 &&
      `${formatPlural(losses.devices, 'device')} cannot be made: only root can make them, with the posix backend`,
    preserved.times &&
      resolution > platform().timeResolution &&
      `${target} stores times only with a precision of ${duration(resolution)}`,
    preserved.times && range.min !== undefined && `${target} cannot store times before ${formatTime(range.min, {utc: true})}`,
    preserved.times && range.max !== undefined && `${target} cannot store times after ${formatTime(range.max, {utc: true})}`,
    respelled > 0 && `${target} does not keep ${unkept(folding)} of ${formatPlural(respelled, 'name')}`,
    mounts > 0 &&
      `${formatPlural(mounts, 'folder')} on another file system ${mounts === 1 ? 'is' : 'are'} copied without content (--one-file-system)`,
    !platform().preservesAll &&
      'without the posix backend, extended attributes, ACLs, FIFOs, sockets, devices and holes are not kept, times are kept only to the ' +
        'microsecond, and files are flushed to disk one by one',
  ];
  return warnings.filter((warning) => warning !== false);
}

function unkept(folding: Folding | undefined): string {
  const parts = [
    folding?.keepsCase === false && 'upper and lower case',
    folding?.keepsAccents === false && 'the way accents are written',
  ];
  return parts.filter((part) => part !== false).join(', and ');
}

function duration(nanoseconds: bigint): string {
  const seconds = Number(nanoseconds) / 1e9;
  return seconds >= 1e-3 ? `${seconds} s` : `${nanoseconds} ns`;
}
