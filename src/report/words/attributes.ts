/** The attributes of a path before and after a change. */
import type {Action} from '../../core/action.js';
import {formatCount, formatPlural} from '../../core/count.js';
import {type Entry, KIND_WORDS} from '../../core/entry.js';
import {escapeName} from '../../core/escape.js';
import {compareNames} from '../../core/name.js';
import {isAcl} from '../../core/xattr.js';
import {formatBytes, formatTime} from './units.js';
import {octal} from './words.js';
import {xattrLabel, xattrPairWords, xattrWords} from './xattr.js';

/** One attribute before and after an action, as text. */
export interface AttributeRow {
  readonly name: string;
  /** Undefined if the path does not exist on this side, or its kind does not have the attribute. */
  readonly before: string | undefined;
  readonly after: string | undefined;
  readonly differs: boolean;
  /** Number of attributes that the row stands for; default: 1. */
  readonly count?: number;
}

type Sides = Pick<Action, 'before' | 'after'>;

/** Returns a row for each attribute of either side. Times are exact if they would otherwise look the same. */
export function attributeRows({before, after}: Sides): AttributeRow[] {
  const exact =
    before !== undefined &&
    after !== undefined &&
    formatTime(before.mtime) === formatTime(after.mtime) &&
    before.mtime !== after.mtime;
  const attributes: readonly Attribute[] = [
    ['kind', ({kind}) => KIND_WORDS[kind]],
    ['size', ({kind, size}) => (kind === 'file' ? sizeWords(size) : undefined)],
    ['modified', ({mtime}) => formatTime(mtime, {exact})],
    ['mode', ({kind, mode}) => (kind === 'symlink' ? undefined : octal(mode))],
    ['owner', ({uid, gid}) => `${uid}:${gid}`],
    ['link to', ({link}) => (link === undefined ? undefined : escapeName(link))],
  ];
  return [...attributes.flatMap((attribute) => rowOf(attribute, {before, after})), ...rareRows({before, after})];
}

/** Returns the rows of rare attributes: device numbers, ACLs and extended attributes. */
export function rareRows({before, after}: Sides): AttributeRow[] {
  return [...rowOf(['device', ({rdev}) => rdev], {before, after}), ...xattrRows({before, after})];
}

type Attribute = readonly [name: string, of: (entry: Entry) => string | undefined];

function rowOf([name, of]: Attribute, {before, after}: Sides): AttributeRow[] {
  const [old, now] = [before && of(before), after && of(after)];
  if (old === undefined && now === undefined) return [];
  return [{name, before: old, after: now, differs: before !== undefined && after !== undefined && old !== now}];
}

/** At most this many extended attributes of a path get their own row; those that differ come first. */
const MAX_XATTRS = 20;

function xattrRows({before, after}: Sides): AttributeRow[] {
  const [old = {}, now = {}] = [before?.xattrs, after?.xattrs];
  if (before?.xattrs === undefined && after?.xattrs === undefined) return [];
  const differs = (name: string) => before !== undefined && after !== undefined && old[name] !== now[name];
  const names = [...new Set([...Object.keys(old), ...Object.keys(now)])].sort(
    (a, b) => Number(isAcl(b)) - Number(isAcl(a)) || compareNames(a, b),
  );
  const first = names.length <= MAX_XATTRS ? names : names.toSorted((a, b) => Number(differs(b)) - Number(differs(a)));
  const shown = new Set(first.slice(0, MAX_XATTRS));
  const rows = names.filter((name) => shown.has(name)).map((name) => xattrRow(name, old[name], now[name], differs(name)));
  const rest = first.slice(MAX_XATTRS);
  if (rest.length === 0) return rows;
  const count = (entry: Entry | undefined) =>
    entry && formatPlural(rest.filter((name) => entry.xattrs?.[name] !== undefined).length, 'attribute');
  return [
    ...rows,
    {name: `${rest.length} more`, before: count(before), after: count(after), differs: rest.some(differs), count: rest.length},
  ];
}

function xattrRow(name: string, old: string | undefined, now: string | undefined, differs: boolean): AttributeRow {
  const [before, after] =
    old === undefined || now === undefined
      ? [old, now].map((value) => (value === undefined ? undefined : xattrWords(name, value)))
      : xattrPairWords(name, old, now);
  return {name: xattrLabel(name), before, after, differs};
}

function sizeWords(size: number): string {
  return size < 1024 ? `${size} B` : `${formatBytes(size)} (${formatCount(size)} B)`;
}
