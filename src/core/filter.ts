/** What a filter said of a path, for those who ask why. */
import type {RelPath} from './path.js';

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
  /** What was decided about: the path asked for, or a folder above it that is left out with all that is in it. */
  readonly at: RelPath;
}
