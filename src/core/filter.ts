/** What is left out of a source, and what a filter said of a path, for those who ask why. */
import type {RelPath} from './path.js';

/** The file that says for its folder what is left out. */
export const IGNORE_FILE = '.dirsyncignore';

/** What of a source is left out, as it was asked for; its .dirsyncignore files say more. */
export interface Filtering extends Tags {
  /** Filter lines of the command line and the config, in order, the last match wins (gitignore syntax). */
  readonly filters: readonly string[];
}

/** Which files are tags: of a folder of the source that holds one, all else is left out. */
export interface Tags {
  /** A CACHEDIR.TAG that begins with the signature of caches. */
  readonly excludeCaches: boolean;
  /** Whatever has one of these names. */
  readonly excludeIfPresent: readonly string[];
}

/** The folders of a source that hold a tag, each with the name of its tag, in canonical order: as many as can be kept from one run to the next. */
export type Tagged = readonly (readonly [folder: RelPath, tag: string])[];

/** The line that decided about a path, as it was written. */
export interface FilterRule {
  /** Path of the .dirsyncignore that holds it; '' for the command line and the config. */
  readonly from: string;
  /** Its number in that file; for the command line and the config its place among all their lines. From 1. */
  readonly line: number;
  readonly pattern: string;
}

export interface FilterDecision {
  readonly excluded: boolean;
  /** Absent when no line matches. */
  readonly rule?: FilterRule;
  /** The tag that leaves it out; no line is asked then. */
  readonly tag?: RelPath;
  /** What was decided about: the path asked for, or a folder above it that is left out with all that is in it. */
  readonly at: RelPath;
}

/** A pattern, and where it was written. */
export interface PatternAt {
  readonly pattern: string;
  /** The file that holds it, with its line; undefined on a command line or in a config. */
  readonly at?: string;
}
