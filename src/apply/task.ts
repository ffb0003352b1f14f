/** One step of one action, as a worker has it in hand, and what can come of it. */
import type {Action} from '../core/action.js';
import type {RelPath} from '../core/path.js';
import type {Drift} from '../core/plan.js';
import {type Phase, type Problem, problem, type Side} from '../core/problem.js';
import type {TimeLearner} from '../core/times.js';
import type {WaveStep} from '../plan/waves.js';
import type {Staging} from '../state/staging.js';
import type {Opened} from '../state/traces.js';
import {SourceError, type World} from './check.js';

/** `staged`: written, and waiting for the folder that it replaces to be empty. */
export interface StepResult {
  readonly status: 'done' | 'already-done' | 'skipped' | 'failed' | 'stopped' | 'staged';
  readonly drift?: Drift;
  readonly problem?: Problem;
  /** Folders that were opened up to do it. */
  readonly opened?: readonly Opened[] | undefined;
}

/**
 * Which files are flushed before they take their places. `replacing`: what replaces something, and what is large. `holes`: what has
 * holes. After a power loss a file that has its name but not all of its content must not pass for whole: its size tells, unless it
 * was set before the content came (holes), or several pieces were on their way to disk at once.
 */
export type Flushed = 'none' | 'holes' | 'replacing' | 'all';

export interface Task {
  readonly step: WaveStep;
  readonly action: Action;
  /** The action's index in the plan, which names it in staging. */
  readonly index: number;
  readonly world: World;
  readonly staging: Staging;
  readonly waiting: ReadonlyMap<RelPath, number> | undefined;
  readonly flushed: Flushed;
  /** The permissions that new files do not get, where modes are not kept. */
  readonly umask: number;
  readonly learner: TimeLearner;
  /** False when the target has refused extended attributes of this path. */
  readonly takesXattrs?: boolean;
  /** The plan was made just now. */
  readonly fresh: boolean;
  /** Files of the source are copied as they now are, not only as the plan saw them. */
  readonly follow: boolean;
  readonly onBytes: (bytes: number) => boolean;
}

export function skipped(drifted: Drift): StepResult {
  return {status: 'skipped', drift: drifted};
}

export function failed(action: Action, phase: Phase, code: string, side: Side = 'target'): StepResult {
  return {status: 'failed', problem: problem({path: action.path, side, phase, code})};
}

export function sideOf(error: unknown): Side {
  return error instanceof SourceError ? 'source' : 'target';
}
