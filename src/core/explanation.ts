/** Explains why a path is or is not in a plan, as a value that reports put into words. */
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
  /** Only the folder's times are restored, because its content changes. */
  'upkeep',
  /** It changes because another name of the same file changes. */
  'linked',
  'equal',
  /** It moves with a folder above it, and does not change otherwise. */
  'moved',
  /** A filter leaves it out; the target does not have it. */
  'left-out',
  /** A filter protects what the target has. */
  'protected',
  /** A problem at this path or at a folder above it prevents a change. */
  'blocked',
  /** A FIFO, a socket or a device that cannot be created here or is not wanted. */
  'not-kept',
  /** A file that is left alone because of its size. */
  'other-size',
  /** It is on another file system, and those are not entered. */
  'other-file-system',
  /** Only the target has it, and deletion is off. */
  'kept',
  /** Only the target has this folder, which stays because of its content. */
  'holds',
  /** The sides differ, and the change was left out of the plan in review or by flags. */
  'narrowed',
  /** The sides differ now, but were equal when the plan was made. */
  'drifted',
  'nowhere',
  /** It belongs to dirsync and is never part of a tree. */
  'own',
] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Facts that explain how the plan compares two entries. */
export const NOTES = [
  'size-only',
  'within-window',
  'mode-not-kept',
  'owner-not-kept',
  'group-not-kept',
  /** The path has changed since the plan was made. */
  'drifted',
] as const;
export type Note = (typeof NOTES)[number];

/** What one side has at a path now: nothing, an entry, or a fault. */
export interface SideNow {
  readonly entry?: Entry | undefined;
  /** The path on disk, if it has escaped names. */
  readonly escaped?: string | undefined;
  /** Why it could not be read: an errno name. */
  readonly fault?: string | undefined;
}

/** The last run that changed the path or tried to. */
export interface LastRun {
  readonly header: RunHeader;
  readonly step: RunStep;
}

/** The explanation of one path. */
export interface Explanation {
  readonly path: RelPath;
  /** The current path in the target, if it is another one: the entry moves, alone or with a folder above it. */
  readonly from?: RelPath | undefined;
  /** Where the entry moves that is at the path in the target now, if another one gets its place. */
  readonly movesTo?: RelPath | undefined;
  readonly verdict: Verdict;
  /** The folder at or above the path where another file system begins, when those are not entered. */
  readonly mount?: RelPath | undefined;
  /** The header of the explained plan. */
  readonly header: PlanHeader;
  readonly source: SideNow;
  readonly target: SideNow;
  readonly action?: Action | undefined;
  /** Actions that create, delete, replace or rename a folder above. */
  readonly above: readonly Action[];
  /** The first name of the file, if this path is another name of it. */
  readonly leader?: RelPath | undefined;
  /** The number of the plan's changes and problems below the path. */
  readonly below: {readonly changes: number; readonly problems: number};
  /** For a folder that stays: the first path in it that a filter protects or that could not be read. */
  readonly holds?: RelPath | undefined;
  readonly filter: FilterDecision;
  /** Problems at the path and above it, nearest first. */
  readonly problems: readonly Problem[];
  readonly halts: readonly Halt[];
  readonly notes: readonly Note[];
  readonly lastRun?: LastRun | undefined;
}
