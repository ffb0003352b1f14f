/** Filters of a source, and the decision of a filter about one path. */
import type {RelPath} from './path.js';

/** The name of the files with the filter rules of their folders. */
export const IGNORE_FILE = '.dirsyncignore';

/** What to leave out of a source, from flags and the config. Its .dirsyncignore files add more. */
export interface Filtering extends Tags {
  /** Filter lines from the command line and the config, in order (gitignore syntax: the last match wins). */
  readonly filters: readonly string[];
}

/** Which files are tags. If a folder of the source contains a tag, everything else in it is left out. */
export interface Tags {
  /** A CACHEDIR.TAG that begins with the standard signature is a tag. */
  readonly excludeCaches: boolean;
  /** Any entry with one of these names is a tag. */
  readonly excludeIfPresent: readonly string[];
}

/**
 * The folders of a source that contain a tag, each with the name of the tag, in canonical order. A limited number is kept from one
 * run to the next.
 */
export type Tagged = readonly (readonly [folder: RelPath, tag: string])[];

/** The filter line that decided about a path, as it was written. */
export interface FilterRule {
  /** Path of the .dirsyncignore that contains it; '' for the command line and the config. */
  readonly from: string;
  /** Its line number in that file, from 1; for the command line and the config, its number among all their lines. */
  readonly line: number;
  readonly pattern: string;
}

/** The decision of the filters about one path. */
export interface FilterDecision {
  readonly excluded: boolean;
  /** Absent if no line matches. */
  readonly rule?: FilterRule;
  /** The tag that leaves it out; lines are then not consulted. */
  readonly tag?: RelPath;
  /** The path that was decided about: the given path, or a folder above it that is left out with its content. */
  readonly at: RelPath;
}

/** A pattern, and where it was written. */
export interface PatternAt {
  readonly pattern: string;
  /** The file and line of the pattern; undefined for a command line or a config. */
  readonly at?: string;
}
