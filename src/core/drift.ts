/** Drift: the world is no longer what a plan saw at a path. A value; its words are for where it is shown. */
import {KIND_WORDS, type Kind} from './entry.js';
import type {RelPath} from './path.js';
import type {Side} from './problem.js';

/**
 * In what a path differs from what the plan saw. `existence`: something stands there and nothing did, or the reverse. `way`: what
 * stands above it is no folder. `leader`: it is no longer a name of the same file as the path named in `before`. `name`: the new name of
 * what is to be renamed is another one's; of a delete, it may be what the source has at the path named in `now`. `own`: it is dirsync's.
 * `filters`: they leave it out by now, which protects it.
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

export interface Drift {
  readonly path: RelPath;
  readonly side: Side;
  readonly attribute: DriftAttribute;
  /**
   * The attribute as the plan saw it and as it is now: a kind, a number in decimal (a mode in octal), or a time in nanoseconds since
   * 1970. Undefined where nothing stands, or where the value is not shown.
   */
  readonly before?: string | undefined;
  readonly now?: string | undefined;
}

/** What is there now instead: "size 12 instead of 10". It may hold a name of a file system: escape it where it is shown. */
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
