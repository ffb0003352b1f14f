/** Reviews without a terminal: opens plans, plays keys, and describes the screen in short. */
import type {Plan} from '../../src/core/plan.js';
import {summarize} from '../../src/plan/summary.js';
import {type Intent, type ReviewOptions, review, startReview} from '../../src/ui/review/intents.js';
import {type Effect, type ReviewState, totalsOf} from '../../src/ui/review/state.js';

export function openPlan(plan: Plan, options: Partial<ReviewOptions> = {}): ReviewState {
  const names = {save: 'dirsync.plan', export: 'dirsync-report.html'};
  return startReview({plan, summary: summarize(plan), halts: [], canApply: true, names, height: 10, ...options});
}

export interface Played {
  readonly state: ReviewState;
  readonly effects: readonly Effect[];
}

export function play(from: ReviewState, ...intents: readonly Intent[]): Played {
  const effects: Effect[] = [];
  let state = from;
  for (const intent of intents) {
    const step = review(state, intent);
    state = step.state;
    if (step.effect !== undefined) effects.push(step.effect);
  }
  return {state, effects};
}

/** Each row as "> [x] a/b", indented by its depth; a folder ends with "/". */
export function rowTexts(state: ReviewState): string[] {
  const {rows, tree, cursor} = state;
  return rows.map(({node, depth}, place) => {
    const {chosen, changes} = totalsOf(state, node);
    const box = chosen === 0 ? '[ ]' : chosen === changes ? '[x]' : '[-]';
    const path = `${tree.pathOf(node)}${tree.isFolder(node) ? '/' : ''}`;
    return `${place === cursor ? '>' : ' '} ${box} ${'  '.repeat(depth)}${path}`;
  });
}
