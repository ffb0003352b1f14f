/** Why a path is or is not in a plan, as a value: reports say it in words. */
import type {Action} from './action.js';
import type {Entry} from './entry.js';
import type {FilterDecision} from './filter.js';
import type {RelPath} from './path.js';
import type {Halt, PlanHeader} from './plan.js';
import type {Problem} from './problem.js';
import type {RunHeader, RunStep} from './run.js';

export const VERDICTS = [
  /** An action changes it. */
  'changed',
  /** Only its times are put back, since what is in the folder changes. */
  'upkeep',
  /** It changes with another name of the same file. */
  'linked',
  'equal',
  /** A filter leaves it out; the target does not have it. */
  'left-out',
  /** A filter protects what the target has. */
  'protected',
  /** A problem, its own or of a folder above, keeps the plan away. */
  'blocked',
  /** A FIFO, a socket or a device, which cannot be made here or is not wanted. */
  'not-kept',
  /** It is a file that is left alone for its size. */
  'other-size',
  /** It lies on another file system, and those are not entered. */
  'other-file-system',
  /** Only the target has it, and deletes are not wanted. */
  'kept',
  /** Only the target has the folder, which stays for what it holds. */
  'holds',
  /** The sides differ, and whoever reviewed the plan left the change out. */
  'narrowed',
  /** The sides differ now, and did not when the plan was made. */
  'drifted',
  'nowhere',
  /** dirsync's own, never part of a tree. */
  'own',
] as const;
export type Verdict = (typeof VERDICTS)[number];

/** What must be known to understand why the plan takes two entries as it does. */
export const NOTES = [
  'size-only',
  'within-window',
  'mode-not-kept',
  'owner-not-kept',
  'group-not-kept',
  /** What stands there now is not what the plan saw. */
  'drifted',
] as const;
export type Note = (typeof NOTES)[number];

/** What one side has at a path now: nothing, an entry, or a fault. */
export interface SideNow {
  readonly entry?: Entry | undefined;
  /** The path under which it is on disk, where names that cannot be there are escaped. */
  readonly escaped?: string | undefined;
  /** Why it could not be looked at: an errno name. */
  readonly fault?: string | undefined;
}

/** A run that had to do with the path. */
export interface LastRun {
  readonly header: RunHeader;
  readonly step: RunStep;
}

export interface Explanation {
  readonly path: RelPath;
  readonly verdict: Verdict;
  /** The folder at or above the path where another file system begins, when those are not entered. */
  readonly mount?: RelPath | undefined;
  /** Of the plan that is explained. */
  readonly header: PlanHeader;
  readonly source: SideNow;
  readonly target: SideNow;
  readonly action?: Action | undefined;
  /** Actions by which a folder above comes, goes, is replaced or gets another name. */
  readonly above: readonly Action[];
  /** The first name of the file of which this path is another name. */
  readonly leader?: RelPath | undefined;
  /** What lies below the path: changes and problems of the plan. */
  readonly below: {readonly changes: number; readonly problems: number};
  /** Of a folder that stays: the first path in it that a filter protects or that could not be read. */
  readonly holds?: RelPath | undefined;
  readonly filter: FilterDecision;
  /** At the path and above it, the nearest first. */
  readonly problems: readonly Problem[];
  readonly halts: readonly Halt[];
  readonly notes: readonly Note[];
  readonly lastRun?: LastRun | undefined;
}
