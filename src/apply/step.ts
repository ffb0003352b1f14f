/** One step of one action, as a worker has it in hand, and what can come of it. */
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

/** `staged`: written, and waiting for the folder that it replaces to be empty. `todo`: the rest of it is another wave's. */
export interface StepResult {
  readonly status: 'done' | 'already-done' | 'not-kept' | 'skipped' | 'failed' | 'stopped' | 'staged' | 'todo';
  readonly drift?: Drift;
  readonly problem?: Problem;
  /** It wrote what the source has now, which is not what the plan says. */
  readonly isOther?: boolean;
  /** Folders that were opened up to do it. */
  readonly opened?: readonly Opened[] | undefined;
}

/**
 * How far the file has come that leads a group of hard links: `untouched`, the plan has no action for it; `written`, it was made or
 * found as it is to be; `staged`, it waits in staging by the index of its action; `attrs`, its attributes are still to be set.
 */
export type LeaderNow =
  | {readonly is: 'untouched' | 'written'}
  | {readonly is: 'staged'; readonly index: number}
  | {readonly is: 'attrs'; readonly action: Action};

/**
 * Which files are flushed before they take their places. `replacing`: what replaces something, and what is large. `holes`: what has
 * holes. After a power loss a file that has its name but not all of its content must not pass for whole: its size tells, unless it
 * was set before the content came (holes), or several pieces were on their way to disk at once.
 */
export type Flushed = 'none' | 'holes' | 'replacing' | 'all';

export interface Step {
  readonly wave: WaveStep;
  readonly action: Action;
  /** The action's index in the plan, which names it in staging. */
  readonly index: number;
  readonly world: World;
  readonly staging: Staging;
  /** For a link: how far its leader has come. */
  readonly leader: LeaderNow | undefined;
  /** The path beside which what the action removes or replaces is set aside, if it is. */
  readonly aside?: RelPath | undefined;
  readonly flushed: Flushed;
  /** The permissions that new files do not get, where modes are not kept. */
  readonly umask: number;
  readonly learner: TimeLearner;
  /** False when the target has refused extended attributes of this path. */
  readonly takesXattrs?: boolean;
  readonly rules: Rules;
  readonly onBytes: (bytes: number) => boolean;
}

export const DONE: StepResult = {status: 'done'};
export const ALREADY: StepResult = {status: 'already-done'};
export const STOPPED: StepResult = {status: 'stopped'};

export function skipped(drifted: Drift): StepResult {
  return {status: 'skipped', drift: drifted};
}

export function failed(action: Action, phase: Phase, code: string, side: Side = 'target'): StepResult {
  return {status: 'failed', problem: problem({path: action.path, side, phase, code, isKept: action.before !== undefined})};
}

/** What went wrong, as a problem of one path. A bug of ours is the problem of the path that shows it, and the rest goes on. */
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

export function sideOf(error: unknown): Side {
  return error instanceof SourceError ? 'source' : 'target';
}
