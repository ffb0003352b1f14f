/** Runs a review on a terminal: keys become intents, states are drawn, and what they ask for is done by those who can. */
import type {Key} from 'ink';
import type {Action} from '../../core/action.js';
import type {Halt, Plan, PlanSummary} from '../../core/plan.js';
import {narrow} from '../../plan/narrow.js';
import {paint} from '../line.js';
import {mount} from '../mount.js';
import {firstKey, intentOf, isInterrupt} from './keys.js';
import {Keys} from './listen.js';
import {parseQuery} from './query.js';
import {currentAction, type Effect, type Intent, type Look, type ReviewState, review, startReview} from './state.js';
import {reviewLines, type Size, settle} from './view.js';

/** What the screen cannot do by itself. */
export interface ReviewServices {
  /** Reads what a change is about from both trees. */
  look(action: Action): Promise<Omit<Look, 'index'>>;
  /** Writes the plan; 'exists' when it would have to write over a file. Throws when it cannot. Answers what it did, in words. */
  save(plan: Plan, file: string, overwrite: boolean): Promise<string | 'exists'>;
  /** The same for a report, whose format the file's name tells. */
  export(plan: Plan, file: string, overwrite: boolean): Promise<string | 'exists'>;
  judge(plan: Plan): readonly Halt[];
  /** Ends the program as Ctrl-C does, which arrives here as a key. */
  interrupt(): void;
  /** An id for a plan that is made of a part of this one. */
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
  /** Ends the review as if it was left. */
  readonly signal: AbortSignal;
}

/** `plan`: what was chosen, when it is to be applied; undefined when nothing is to be done. */
export interface ReviewResult {
  readonly plan: Plan | undefined;
}

/** So long must the cursor rest on a change before its content is read. */
const LOOK_AFTER_MS = 60;
/** A search works for so long between two looks at the keys. */
const SLICE_MS = 12;

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

  /** The last row stays free: a screen that fills it would scroll. */
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
      // A question is answered by who has read it, not by what was typed or pasted before it was asked.
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

  /** Asks each change; in slices, so that keys are heard and the next search ends this one. */
  async #filter(text: string): Promise<void> {
    const search = ++this.#search;
    const {actions} = this.#state.plan;
    const query = parseQuery(text);
    if (query === undefined) return this.#dispatch({type: 'filtered', text: '', found: undefined});
    const found = new Uint8Array(actions.length);
    let sliceEnd = performance.now() + SLICE_MS;
    for (const [i, {path, before, after}] of actions.entries()) {
      if (query(path, (after ?? before)?.kind === 'directory')) found[i] = 1;
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
