/** One step of one action in a worker, and its possible results. */
import type {Action} from '../core/action.js';
import type {Drift} from '../core/drift.js';
import {BUG, DirsyncError} from '../core/errors.js';
import {escapeName} from '../core/escape.js';
import type {RelPath} from '../core/path.js';
import {type Phase, type Problem, problem, type Side} from '../core/problem.js';
import type {TimeLearner} from '../core/times.js';
import type {WaveStep} from '../plan/waves.js';
import {errnoOf, isErrno} from '../platform/platform.js';
import {RootReplaced} from '../platform/roots.js';
import type {Staging} from '../state/staging.js';
import type {Opened} from '../state/traces.js';
import type {Rules} from './approach.js';
import {SourceError, type World} from './check.js';

/**
 * The result of a step. `staged`: written, and waiting until the folder that it replaces is empty. `todo`: another wave does the
 * rest.
 */
export interface StepResult {
  readonly status: 'done' | 'already-done' | 'not-kept' | 'skipped' | 'failed' | 'stopped' | 'staged' | 'todo';
  readonly drift?: Drift;
  readonly problem?: Problem;
  /** The step wrote a newer state of the source than the plan has. */
  readonly isOther?: boolean;
  /** Folders that were temporarily opened for the step. */
  readonly opened?: readonly Opened[] | undefined;
}

/**
 * The state of the leader of a group of hard links. `untouched`: the plan has no action for it; `written`: it is complete;
 * `staged`: it waits in staging under the index of its action; `attrs`: only its attributes must still be set.
 */
export type LeaderNow =
  | {readonly is: 'untouched' | 'written'}
  | {readonly is: 'staged'; readonly index: number}
  | {readonly is: 'attrs'; readonly action: Action};

/**
 * Which files are flushed before they are renamed to their paths. `replacing`: files that replace something, and large files.
 * `holes`: files with holes. After a power loss, a file with its name but without all of its content must not count as complete.
 * Its size shows that, unless the size was set before the content (holes) or several pieces were written to disk at once.
 */
export type Flushed = 'none' | 'holes' | 'replacing' | 'all';

/** A step, with everything that a worker needs to perform it. */
export interface Step {
  readonly wave: WaveStep;
  readonly action: Action;
  /** The action's index in the plan, which is its name in staging. */
  readonly index: number;
  readonly world: World;
  readonly staging: Staging;
  /** For a link: the state of its leader. */
  readonly leader: LeaderNow | undefined;
  /** If the action's old leaf is set aside: the path beside which that is done. */
  readonly aside?: RelPath | undefined;
  readonly flushed: Flushed;
  /** The umask for new files, if modes are not preserved. */
  readonly umask: number;
  readonly learner: TimeLearner;
  /** False if the target has refused extended attributes of this path. */
  readonly takesXattrs?: boolean;
  readonly rules: Rules;
  readonly onBytes: (bytes: number) => boolean;
}

export const DONE: StepResult = {status: 'done'};
export const ALREADY: StepResult = {status: 'already-done'};
export const STOPPED: StepResult = {status: 'stopped'};

/** The result of a step whose path has drifted. */
export function skipped(drifted: Drift): StepResult {
  return {status: 'skipped', drift: drifted};
}

/** The result of a step that failed with a code. */
export function failed(action: Action, phase: Phase, code: string, side: Side = 'target'): StepResult {
  return {status: 'failed', problem: problem({path: action.path, side, phase, code, isKept: action.before !== undefined})};
}

/** Converts an error to a problem of one path. A bug in dirsync is a problem of the path that shows it, and the rest continues. */
export function problemOf(error: unknown, at: Pick<Problem, 'path' | 'phase'> & {readonly side?: Side}): Problem {
  const where = {side: sideOf(error), ...at};
  if (isErrno(error)) return problem({...where, code: errnoOf(error)});
  if (error instanceof RootReplaced) return problem({...where, side: error.side, code: RootReplaced.CODE});
  if (error instanceof DirsyncError)
    return problem({...where, code: error.code, message: error.hint ? `${error.message}; ${error.hint}` : error.message});
  const [what, frame = ''] = error instanceof Error ? (error.stack ?? error.message).split('\n') : [String(error)];
  const message = `${BUG}: ${escapeName(`${what} ${frame.trim()}`.trim())}`;
  return problem({...where, code: 'INTERNAL', message});
}

/** The tree in which an error occurred. */
export function sideOf(error: unknown): Side {
  return error instanceof SourceError ? 'source' : 'target';
}
