/**
 * What has become of each action of a run: one table with one way to change it. Whoever asks whether something was made, waits in
 * staging or failed asks here.
 *
 * ```
 * pending ─┬─> made ───┬─> done, skipped, failed, stopped
 *          ├─> found ──┼─> done, already-done, skipped, failed, stopped
 *          ├─> staged ─┴─> done, skipped, failed, stopped, blocked
 *          └─────────────> done, already-done, not-kept, skipped, failed, stopped, blocked
 * ```
 *
 * A run that ends early leaves actions on the way: these were stopped, but for a folder found as it is to be.
 */
import {type Action, isUpkeep} from '../core/action.js';
import {type ActionState, noOutcomes, type OutcomeStatus} from '../core/outcome.js';
import type {RelPath} from '../core/path.js';
import type {Problem} from '../core/problem.js';

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

/** Nothing more was to be done. */
const WHOLE: ReadonlySet<ActionState> = new Set(['done', 'already-done', 'not-kept', 'found', 'blocked']);

/** All that another action may need of it is there, or gone. */
const MEETS: ReadonlySet<ActionState> = new Set(['done', 'already-done']);

export interface OutcomeListener {
  /** An action of the plan has ended; upkeep is not told. */
  readonly onEnd: (action: Action, status: OutcomeStatus) => void;
  readonly onProblem: (problem: Problem) => void;
}

export class Outcomes {
  readonly problems: Problem[] = [];
  /** Paths left alone because they had drifted. */
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

  /** Grows with each change of a state. */
  get turn(): number {
    return this.#turn;
  }

  isPending(index: number): boolean {
    return this.#states[index] === 'pending';
  }

  /** Indexes of the actions with which nothing was done yet. */
  pending(): number[] {
    return [...this.#states.keys()].filter((index) => this.isPending(index));
  }

  /** Actions whose outcome is known. */
  get ended(): number {
    return this.#ended;
  }

  /** Whether all that was begun went well so far: then whatever an action needs is met. */
  get isSound(): boolean {
    return this.#isSound;
  }

  /** Whether something waits for a folder to be empty. */
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

  /** Brings an action on its way, or to its end. @throws for a step that no action can take. */
  set(index: number, state: ActionState): void {
    const before = this.stateOf(index);
    // Its attributes were right already, but the folder was made.
    const next = before === 'made' && state === 'already-done' ? 'done' : state;
    if (!NEXT[before].has(next)) throw new Error(`an action that is ${before} cannot be ${next}`);
    this.#states[index] = next;
    this.#turn++;
    if (next === 'pending' || next === 'made' || next === 'found' || next === 'staged') return;
    if (!MEETS.has(next)) this.#isSound = false;
    // What was not begun is counted in the end, and told by nobody.
    if (next === 'stopped') return;
    this.#ended++;
    const action = this.actions[index] as Action;
    if (next === 'skipped') this.skipped.push(action.path);
    if (isUpkeep(action)) return;
    this.#told[index] = true;
    this.listener.onEnd(action, next);
  }

  readonly isOther = (index: number): boolean => this.#other.has(index);

  /** An action wrote what the source had by then, which is not what the plan saw: that may be elsewhere now. */
  wroteOther(index: number): void {
    this.#other.add(index);
    this.#turn++;
    this.#isSound = false;
  }

  /** What was found done before the first change: it is no news to whoever follows the run. */
  foundDone(index: number): void {
    const isFolder = this.actions[index]?.after?.kind === 'directory';
    this.#states[index] = isFolder ? 'found' : 'already-done';
    this.#turn++;
    // A folder ends when it is settled, also one that was there already.
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

  /** What each action that was not told yet has come to; what was stopped and upkeep left out. */
  *untold(): Generator<[action: Action, status: OutcomeStatus], void, undefined> {
    for (const [index, action] of this.actions.entries()) {
      const status = this.#outcome(index);
      if (!this.#told[index] && status !== 'stopped' && !isUpkeep(action)) yield [action, status];
    }
  }

  /** Actions by what happened to them, upkeep left out. */
  counts(): Record<OutcomeStatus, number> {
    const counts = noOutcomes();
    this.actions.forEach((action, index) => {
      if (!isUpkeep(action)) counts[this.#outcome(index)]++;
    });
    return counts;
  }

  #outcome(index: number): OutcomeStatus {
    const state = this.stateOf(index);
    if (state === 'found') return 'already-done';
    return state === 'pending' || state === 'made' || state === 'staged' ? 'stopped' : state;
  }
}
