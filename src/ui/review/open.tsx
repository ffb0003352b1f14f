/** Runs a review on a terminal: converts keys into intents, draws states, and performs their effects. */
import type {Key} from 'ink';
import {type Action, fromOf} from '../../core/action.js';
import type {Halt, Plan, PlanSummary} from '../../core/plan.js';
import {narrow} from '../../plan/narrow.js';
import {paint} from '../line.js';
import {mount} from '../mount.js';
import {type Intent, review, startReview} from './intents.js';
import {firstKey, intentOf, isInterrupt} from './keys.js';
import {Keys} from './listen.js';
import {parseQuery} from './query.js';
import {currentAction, type Effect, type Look, type ReviewState} from './state.js';
import {reviewLines, type Size, settle} from './view.js';

/** Services that the review needs. */
export interface ReviewServices {
  /** Reads the details of a change from both trees. */
  look(action: Action): Promise<Omit<Look, 'index'>>;
  /** Writes the plan. Returns a message, or 'exists' if it would overwrite a file. @throws Error if it cannot. */
  save(plan: Plan, file: string, overwrite: boolean): Promise<string | 'exists'>;
  /** As `save`, for a report in the format of the file's ending. */
  export(plan: Plan, file: string, overwrite: boolean): Promise<string | 'exists'>;
  judge(plan: Plan): readonly Halt[];
  /** Ends the program as Ctrl-C does. */
  interrupt(): void;
  /** Returns an id for a narrowed plan. */
  newId(): string;
}

export interface OpenReviewOptions {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly color: boolean;
  readonly plan: Plan;
  readonly summary: PlanSummary;
  readonly halts: readonly Halt[];
  readonly canApply: boolean;
  readonly names: ReviewState['names'];
  readonly services: ReviewServices;
  /** Ends the review as if the user quit. */
  readonly signal: AbortSignal;
}

/** `plan`: the chosen changes to apply; undefined if nothing is to be applied. */
export interface ReviewResult {
  readonly plan: Plan | undefined;
}

/** The content of a change is read after the cursor has rested on it for this time. */
const LOOK_AFTER_MS = 60;
/** A search handles keys after each slice of this time. */
const SLICE_MS = 12;

/** Opens the review. Resolves with the chosen plan, or without one if nothing is to be applied. */
export function openReview(options: OpenReviewOptions): Promise<ReviewResult> {
  return new Review(options).run();
}

class Review {
  #state: ReviewState;
  #search = 0;
  #lookTimer: NodeJS.Timeout | undefined;
  #looking: number | undefined;
  #finish: (result: ReviewResult) => void = () => {};

  constructor(private readonly o: OpenReviewOptions) {
    const {plan, summary, halts, canApply, names} = o;
    this.#state = settle(startReview({plan, summary, halts, canApply, names, height: 1}), this.#size());
  }

  async run(): Promise<ReviewResult> {
    const {stdin, stdout, signal} = this.o;
    const ended = new Promise<ReviewResult>((resolve) => {
      this.#finish = resolve;
    });
    const screen = mount(<Keys onKey={(input, key) => this.#press(input, key)} />, {stdin, stdout, fullScreen: true});
    this.#update = () => screen.draw(this.#lines());
    this.#update();
    setImmediate(() => this.#state.selection.prepare());
    const resize = () => this.#show(this.#state);
    const leave = () => this.#finish({plan: undefined});
    stdout.on('resize', resize);
    signal.addEventListener('abort', leave);
    this.#lookLater();
    try {
      return await ended;
    } finally {
      this.#search++;
      clearTimeout(this.#lookTimer);
      stdout.off('resize', resize);
      signal.removeEventListener('abort', leave);
      await screen.unmount();
    }
  }

  #update: () => void = () => {};

  /** The last row stays free, because a full terminal would scroll. */
  #size(): Size {
    const {columns, rows} = this.o.stdout;
    return {columns: Math.max(20, columns ?? 80), rows: Math.max(2, (rows ?? 24) - 1)};
  }

  #lines(): readonly string[] {
    return reviewLines(this.#state, this.#size()).map((line) => paint(line, this.o.color));
  }

  #press(input: string, key: Key): void {
    if (isInterrupt(input, key)) {
      this.o.services.interrupt();
      return;
    }
    let rest = input;
    do {
      const {mode} = this.#state;
      const one = firstKey(mode, rest);
      rest = rest.slice(one.length);
      const intent = intentOf(mode, one, key);
      if (intent !== undefined) this.#dispatch(intent);
      // A question must not be answered by keys that were typed or pasted before it appeared.
    } while (rest !== '' && this.#state.mode.type !== 'confirm');
  }

  #dispatch(intent: Intent): void {
    const {state, effect} = review(this.#state, intent);
    this.#show(state);
    if (effect !== undefined) this.#perform(effect).catch((error) => this.#dispatch({type: 'failed', text: messageOf(error)}));
  }

  #show(state: ReviewState): void {
    this.#state = settle(state, this.#size());
    this.#update();
    this.#lookLater();
  }

  async #perform(effect: Effect): Promise<void> {
    const {services} = this.o;
    switch (effect.type) {
      case 'filter':
        return this.#filter(effect.text);
      case 'judge':
        return this.#dispatch({type: 'judged', halts: services.judge(this.#chosen())});
      case 'save':
      case 'export': {
        const answer = await services[effect.type](this.#chosen(), effect.file, effect.overwrite);
        return this.#dispatch(answer === 'exists' ? {type: 'exists', effect} : {type: 'saved', effect, text: answer});
      }
      case 'apply':
        return this.#finish({plan: this.#chosen()});
      case 'quit':
        return this.#finish({plan: undefined});
    }
  }

  #chosen(): Plan {
    const {plan, selection} = this.#state;
    return narrow(plan, {selection, id: this.o.services.newId()});
  }

  /** Searches all changes, in slices, so that keys are handled and a new search ends this one. */
  async #filter(text: string): Promise<void> {
    const search = ++this.#search;
    const {actions} = this.#state.plan;
    const query = parseQuery(text);
    if (query === undefined) return this.#dispatch({type: 'filtered', text: '', found: undefined});
    const found = new Uint8Array(actions.length);
    let sliceEnd = performance.now() + SLICE_MS;
    for (const [i, action] of actions.entries()) {
      const isFolder = (action.after ?? action.before)?.kind === 'directory';
      const from = fromOf(action);
      if (query(action.path, isFolder) || (from !== undefined && query(from, isFolder))) found[i] = 1;
      if (i % 256 !== 0 || performance.now() < sliceEnd) continue;
      await new Promise((resolve) => setImmediate(resolve));
      if (search !== this.#search) return;
      sliceEnd = performance.now() + SLICE_MS;
    }
    this.#dispatch({type: 'filtered', text, found});
  }

  #lookLater(): void {
    const index = currentAction(this.#state);
    if (index === undefined || index === this.#looking || index === this.#state.look?.index) return;
    this.#looking = index;
    clearTimeout(this.#lookTimer);
    this.#lookTimer = setTimeout(async () => {
      const action = this.#state.plan.actions[index] as Action;
      const look = await this.o.services.look(action).catch((error) => ({content: {none: messageOf(error)}}));
      this.#looking = undefined;
      if (currentAction(this.#state) === index) this.#dispatch({type: 'looked', look: {index, ...look}});
    }, LOOK_AFTER_MS);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
