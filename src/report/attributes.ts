/** What a change makes of a path's attributes, side by side. */
import type {Action} from '../core/action.js';
import type {Entry} from '../core/entry.js';
import {escapeName} from '../core/escape.js';
import {formatBytes, formatCount, formatTime} from './units.js';
import {KIND_WORDS, octal} from './words.js';

export interface AttributeRow {
  readonly name: string;
  /** Undefined where there is none: nothing stands there, or it is no such attribute of its kind. */
  readonly before: string | undefined;
  readonly after: string | undefined;
  readonly differs: boolean;
}

/** One row for each attribute that either side has; times are exact where they would look the same. */
export function attributeRows({before, after}: Pick<Action, 'before' | 'after'>): AttributeRow[] {
  const exact =
    before !== undefined &&
    after !== undefined &&
    formatTime(before.mtime) === formatTime(after.mtime) &&
    before.mtime !== after.mtime;
  const attributes: readonly [name: string, of: (entry: Entry) => string | undefined][] = [
    ['kind', ({kind}) => KIND_WORDS[kind]],
    ['size', ({kind, size}) => (kind === 'file' ? sizeWords(size) : undefined)],
    ['modified', ({mtime}) => formatTime(mtime, {exact})],
    ['mode', ({kind, mode}) => (kind === 'symlink' ? undefined : octal(mode))],
    ['owner', ({uid, gid}) => `${uid}:${gid}`],
    ['link to', ({link}) => (link === undefined ? undefined : escapeName(link))],
  ];
  return attributes.flatMap(([name, of]) => {
    const [old, now] = [before && of(before), after && of(after)];
    if (old === undefined && now === undefined) return [];
    return [{name, before: old, after: now, differs: before !== undefined && after !== undefined && old !== now}];
  });
}

function sizeWords(size: number): string {
  return size < 1024 ? `${size} B` : `${formatBytes(size)} (${formatCount(size)} B)`;
}
