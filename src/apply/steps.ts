/** The steps of a run's waves: which ones to perform now, and their results. */
import type {Action} from '../core/action.js';
import {type Drift, driftWords} from '../core/drift.js';
import {escapeName} from '../core/escape.js';
import type {RelPath} from '../core/path.js';
import type {Plan} from '../core/plan.js';
import {type Problem, problem} from '../core/problem.js';
import {Needs, type Unmet} from '../plan/needs.js';
import {WAVE_PHASES, type WaveStep} from '../plan/waves.js';
import {parkedPath} from '../state/moving.js';
import type {BatchResult} from './batch.js';
import type {Moving} from './moving.js';
import type {Outcomes} from './outcomes.js';
import type {Progress} from './progress.js';
import type {LeaderNow} from './step.js';

export interface StepsOptions {
  readonly plan: Plan;
  readonly outcomes: Outcomes;
  readonly progress: Progress;
  readonly moving: Moving;
  readonly runId: string;
}

/** Decides which steps are ready, and records their results. */
export class Steps {
  #needs: Needs | undefined;

  constructor(private readonly o: StepsOptions) {}

  /** Whether to perform a step of an action now, because all its needs are met. If not, it gets the outcome of its needs. */
  isReady(index: number, step: WaveStep, isSynced: boolean): boolean {
    const state = this.o.outcomes.stateOf(index);
    if (step === 'settle') {
      const isOpen = state === 'pending' || state === 'made' || state === 'found';
      return isOpen && this.#isMet(index, step);
    }
    // It has left its path already, in an earlier run.
    if (step === 'parks' && this.o.moving.hasLeft(index)) return false;
    const replaces = step === 'emptied' && this.o.plan.actions[index]?.after !== undefined;
    if (state !== (replaces ? 'staged' : 'pending')) return false;
    if (!isSynced) {
      this.#failNeed(index, step);
      return false;
    }
    return this.#isMet(index, step);
  }

  #isMet(index: number, step: WaveStep): boolean {
    const unmet = this.#unmet(index, step);
    if (unmet !== undefined) this.#giveUp(index, step, unmet);
    return unmet === undefined;
  }

  /** Perf: without any failure all needs are met, and are not computed (bench: copy-memory). */
  #unmet(index: number, step: WaveStep): Unmet | undefined {
    const {outcomes, moving} = this.o;
    if (outcomes.isSound) return undefined;
    const {stateOf, isOther, turn} = outcomes;
    return this.#allNeeds.unmet(index, step, {stateOf, isOther, turn, hasLeft: moving.hasLeft});
  }

  get #allNeeds(): Needs {
    const {actions, header} = this.o.plan;
    this.#needs ??= new Needs(actions, header.options);
    return this.#needs;
  }

  #giveUp(index: number, step: WaveStep, {need, of}: Unmet): void {
    const outcomes = this.o.outcomes;
    const {path} = this.o.plan.actions[index] as Action;
    if (outcomes.isPending(index)) this.o.progress.spareContent(index);
    const why = outcomes.stateOf(of);
    // Nothing was changed in the folder, so its times are as they were.
    if (this.#allNeeds.isUpkeep(index)) outcomes.set(index, 'stopped');
    else if (need === 'copy') {
      outcomes.set(index, 'blocked');
      outcomes.problem(problem({path, side: 'target', phase: WAVE_PHASES[step], code: 'HELD_BACK'}));
    } else if (why === 'blocked' || why === 'stopped' || why === 'not-kept') outcomes.set(index, why);
    else this.#failNeed(index, step);
  }

  #failNeed(index: number, step: WaveStep): void {
    const {path} = this.o.plan.actions[index] as Action;
    this.o.outcomes.fail(index, problem({path, side: 'target', phase: WAVE_PHASES[step], code: 'DEPENDS'}));
  }

  /** For a link: the progress of its group's leader. */
  readonly leaderNow = (index: number): LeaderNow => {
    const leader = this.#allNeeds.leaderOf(index);
    if (leader === undefined) return {is: 'untouched'};
    const state = this.o.outcomes.stateOf(leader);
    if (state === 'staged') return {is: state, index: leader};
    return state === 'pending' ? {is: 'attrs', action: this.o.plan.actions[leader] as Action} : {is: 'written'};
  };

  /** The path beside which the entry that an action removes or replaces is set aside; undefined if it is not set aside. */
  asideIn(step: WaveStep): ((index: number) => RelPath | undefined) | undefined {
    if (step === 'exchanges') return (index) => this.o.plan.actions[index]?.path;
    const {hasStaged, stateOf} = this.o.outcomes;
    const mayWait = hasStaged && (step === 'deletes' || step === 'links');
    return mayWait ? (index) => this.#allNeeds.asideOf(index, stateOf) : undefined;
  }

  /** Records the answer of a worker. */
  record(step: WaveStep, index: number, result: BatchResult): void {
    const outcomes = this.o.outcomes;
    const action = this.o.plan.actions[index] as Action;
    const {path} = action;
    if (isMoving(step)) this.#recordMove(step, index, result);
    if (WRITES.has(step) && result.status !== 'done' && result.status !== 'staged') this.o.progress.spareContent(index);
    switch (result.status) {
      case 'failed':
        outcomes.fail(index, result.problem as Problem);
        break;
      case 'skipped': {
        outcomes.set(index, 'skipped');
        const {side} = result.drift as Drift;
        const message = `${escapeName(driftWords(result.drift as Drift))}; left alone, plan again`;
        outcomes.problem(problem({path, side, phase: 'check', code: 'DRIFTED', message}));
        break;
      }
      case 'staged':
        outcomes.set(index, 'staged');
        if (result.isOther) outcomes.wroteOther(index);
        if (result.problem !== undefined) outcomes.problem(result.problem);
        break;
      case 'done':
        // A folder is made, moved or renamed in one wave and settled in a later one.
        outcomes.set(index, isSettledLater(step, action) ? 'made' : 'done');
        if (result.isOther) outcomes.wroteOther(index);
        break;
      case 'already-done':
        outcomes.set(index, isSettledLater(step, action) ? 'found' : 'already-done');
        break;
      case 'stopped':
      case 'not-kept':
        outcomes.set(index, result.status);
        break;
      case 'todo':
        if (step !== 'renames' && !isMoving(step)) throw new Error('only a check, a name or a path leaves an action to be done');
        break;
    }
  }

  #recordMove(step: WaveStep, index: number, {status}: BatchResult): void {
    const {moving, plan, runId} = this.o;
    if (step === 'parks' && status === 'todo') moving.left(index, parkedPath(runId, index));
    const isThere = step === 'moves' && (status === 'done' || status === 'already-done' || status === 'todo');
    if (isThere) moving.left(index, (plan.actions[index] as Action).path);
  }
}

/** The steps that write content. */
const WRITES: ReadonlySet<WaveStep> = new Set<WaveStep>(['writes', 'overwrites', 'exchanges']);

function isMoving(step: WaveStep): boolean {
  return step === 'parks' || step === 'moves';
}

function isSettledLater(step: WaveStep, {after}: Action): boolean {
  return step === 'folders' || ((step === 'renames' || step === 'moves') && after?.kind === 'directory');
}
