/** Drift: a path is no longer what it was when the plan was made. A value, and the words that show it. */
import {KIND_WORDS, type Kind} from './entry.js';
import type {RelPath} from './path.js';
import type {Side} from './problem.js';

/**
 * How a path differs from what the plan saw. `existence`: it was created or removed. `way`: a part of its path is not a folder.
 * `leader`: it is no longer a hard link to the path in `before`. `name`: the new name is taken; for a delete, the source may have
 * the entry at the path in `now`. `own`: it belongs to dirsync. `filters`: they leave it out now, which protects it.
 */
export const DRIFT_ATTRIBUTES = [
  'existence',
  'way',
  'kind',
  'link',
  'device',
  'size',
  'mode',
  'owner',
  'group',
  'xattrs',
  'acls',
  'mtime',
  'leader',
  'name',
  'own',
  'filters',
] as const;
export type DriftAttribute = (typeof DRIFT_ATTRIBUTES)[number];

/** One path that drifted, and the first attribute found to differ. */
export interface Drift {
  readonly path: RelPath;
  readonly side: Side;
  readonly attribute: DriftAttribute;
  /**
   * The attribute when the plan was made, and now: a kind, a decimal number (a mode in octal), or a time in nanoseconds since 1970.
   * Undefined if nothing is there, or if the value is not shown.
   */
  readonly before?: string | undefined;
  readonly now?: string | undefined;
}

/** Describes the drift, such as "size 12 instead of 10". The text may contain a file name: escape it before it is shown. */
export function driftWords({side, attribute, before = '', now}: Drift): string {
  switch (attribute) {
    case 'existence':
      if (now === undefined) return side === 'source' ? 'it is gone from the source' : 'it is gone';
      return side === 'source' ? 'it is back in the source' : `a ${kindWord(now)} is there now`;
    case 'way':
      return 'a part of its path is not a folder';
    case 'kind':
      return `a ${kindWord(now)} instead of a ${kindWord(before)}`;
    case 'link':
      return 'the symlink points elsewhere';
    case 'xattrs':
      return 'different extended attributes';
    case 'acls':
      return 'a different ACL';
    case 'mtime':
      return 'a different modification time';
    case 'leader':
      return `it is no longer a hard link to ${before}`;
    case 'name':
      return now === undefined ? 'its new name is taken' : `the source may have it under the name ${now}`;
    case 'own':
      return 'the target treats its name as .dirsync';
    case 'filters':
      return 'the filters protect it now';
    default:
      return `${attribute} ${now} instead of ${before}`;
  }
}

function kindWord(kind: string | undefined): string {
  return KIND_WORDS[kind as Kind];
}
