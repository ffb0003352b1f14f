/**
 * The state of each action of a run, in one table with one method that changes it. It is the only place that knows whether something
 * was made, waits in staging, or failed.
 *
 * ```
 * pending ─┬─> made ───┬─> done, skipped, failed, stopped
 *          ├─> found ──┼─> done, already-done, skipped, failed, stopped
 *          ├─> staged ─┴─> done, skipped, failed, stopped, blocked
 *          └─────────────> done, already-done, not-kept, skipped, failed, stopped, blocked
 * ```
 *
 * If a run ends early, actions that are not in a final state count as stopped, except for folders that were already as planned.
 */
import {type Action, carriedOf, isUpkeep, type Moved} from '../core/action.js';
import {type ActionState, noOutcomes, type OutcomeStatus} from '../core/outcome.js';
import type {RelPath} from '../core/path.js';
import type {Problem} from '../core/problem.js';
import {addMoved} from '../core/run.js';

type Ended = Exclude<OutcomeStatus, 'blocked'>;

const NEXT: Readonly<Record<ActionState, ReadonlySet<ActionState>>> = {
  pending: new Set<ActionState>([
    'made',
    'found',
    'staged',
    'done',
    'already-done',
    'not-kept',
    'skipped',
    'failed',
    'stopped',
    'blocked',
  ]),
  made: new Set<Ended>(['done', 'skipped', 'failed', 'stopped']),
  found: new Set<Ended>(['done', 'already-done', 'skipped', 'failed', 'stopped']),
  staged: new Set<OutcomeStatus>(['done', 'skipped', 'failed', 'stopped', 'blocked']),
  done: new Set(),
  'already-done': new Set(),
  'not-kept': new Set(),
  skipped: new Set(),
  failed: new Set(),
  stopped: new Set(),
  blocked: new Set(),
};

/** States in which nothing more has to be done. */
const WHOLE: ReadonlySet<ActionState> = new Set(['done', 'already-done', 'not-kept', 'found', 'blocked']);

/** States in which other actions that need this one can begin. */
const MEETS: ReadonlySet<ActionState> = new Set(['done', 'already-done']);

/** Called as outcomes and problems become known. */
export interface OutcomeListener {
  /** Called when an action of the plan has ended, except for upkeep. */
  readonly onEnd: (action: Action, status: OutcomeStatus) => void;
  readonly onProblem: (problem: Problem) => void;
}

/** The state of each action, by its index in the plan. */
export class Outcomes {
  readonly problems: Problem[] = [];
  /** Paths that were left alone because they have drifted. */
  readonly skipped: RelPath[] = [];
  readonly #states: ActionState[];
  readonly #told: boolean[];
  readonly #other = new Set<number>();
  #ended = 0;
  #turn = 0;
  #isSound = true;

  constructor(
    private readonly actions: readonly Action[],
    private readonly listener: OutcomeListener,
  ) {
    this.#states = actions.map(({kind}) => (kind === 'blocked' ? 'blocked' : 'pending'));
    this.#told = new Array(actions.length);
  }

  readonly stateOf = (index: number): ActionState => this.#states[index] as ActionState;

  /** Increases with each change of a state. */
  get turn(): number {
    return this.#turn;
  }

  isPending(index: number): boolean {
    return this.#states[index] === 'pending';
  }

  /** The indexes of actions that have not started yet. */
  pending(): number[] {
    return [...this.#states.keys()].filter((index) => this.isPending(index));
  }

  /** The number of actions with a known outcome. */
  get ended(): number {
    return this.#ended;
  }

  /** Whether every action went well so far: then the needs of all actions are met. */
  get isSound(): boolean {
    return this.#isSound;
  }

  /** Whether an entry waits for a folder to become empty. */
  get hasStaged(): boolean {
    return this.#states.includes('staged');
  }

  /** Whether all of the plan is done. */
  get isWhole(): boolean {
    return this.#states.every((state) => WHOLE.has(state));
  }

  /** The indexes of the actions in these states. */
  indexesIn(...states: readonly ActionState[]): number[] {
    return [...this.#states.keys()].filter((index) => states.includes(this.stateOf(index)));
  }

  /** Changes the state of an action. @throws Error if the change is impossible. */
  set(index: number, state: ActionState): void {
    const before = this.stateOf(index);
    // Its attributes were already correct, but the folder was made.
    const next = before === 'made' && state === 'already-done' ? 'done' : state;
    if (!NEXT[before].has(next)) throw new Error(`an action that is ${before} cannot be ${next}`);
    this.#states[index] = next;
    this.#turn++;
    if (next === 'pending' || next === 'made' || next === 'found' || next === 'staged') return;
    if (!MEETS.has(next)) this.#isSound = false;
    // Actions that never started are counted at the end and not reported one by one.
    if (next === 'stopped') return;
    this.#ended++;
    const action = this.actions[index] as Action;
    if (next === 'skipped') this.skipped.push(action.path);
    if (isUpkeep(action)) return;
    this.#told[index] = true;
    this.listener.onEnd(action, next);
  }

  readonly isOther = (index: number): boolean => this.#other.has(index);

  /** An action has copied the source's current entry, which differs from the plan; the planned one may now be elsewhere. */
  wroteOther(index: number): void {
    this.#other.add(index);
    this.#turn++;
    this.#isSound = false;
  }

  /** Marks an action that was already done before the first change, which is not reported as an event. */
  foundDone(index: number): void {
    const isFolder = this.actions[index]?.after?.kind === 'directory';
    this.#states[index] = isFolder ? 'found' : 'already-done';
    this.#turn++;
    // A folder is done when it is settled, also one that already existed.
    if (!isFolder) this.#ended++;
  }

  fail(index: number, reason: Problem): void {
    this.set(index, 'failed');
    this.problem(reason);
  }

  problem(found: Problem): void {
    this.problems.push(found);
    this.listener.onProblem(found);
  }

  /** The outcomes of all actions that were not reported yet, except for stopped ones and upkeep. */
  *untold(): Generator<[action: Action, status: OutcomeStatus], void, undefined> {
    for (const [index, action] of this.actions.entries()) {
      const status = this.#outcome(index);
      if (!this.#told[index] && status !== 'stopped' && !isUpkeep(action)) yield [action, status];
    }
  }

  /** The number of actions by outcome, without upkeep. */
  counts(): Record<OutcomeStatus, number> {
    const counts = noOutcomes();
    this.actions.forEach((action, index) => {
      if (!isUpkeep(action)) counts[this.#outcome(index)]++;
    });
    return counts;
  }

  /** What the moves that were done carried. */
  moved(): Moved {
    const sum = {leaves: 0, bytes: 0};
    this.actions.forEach((action, index) => {
      const carried = this.stateOf(index) === 'done' ? carriedOf(action) : undefined;
      if (carried) addMoved(sum, carried);
    });
    return sum;
  }

  #outcome(index: number): OutcomeStatus {
    const state = this.stateOf(index);
    if (state === 'found') return 'already-done';
    return state === 'pending' || state === 'made' || state === 'staged' ? 'stopped' : state;
  }
}
