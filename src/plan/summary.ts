import {ACTION_KINDS, type Action, type ActionKind, bytesOf, isChange, isUpkeep, volumeOf} from '../core/action.js';
import {addSizes} from '../core/entry.js';
import type {OutcomeStatus} from '../core/outcome.js';
import type {KindTotals, Plan, PlanSummary} from '../core/plan.js';
import {type Run, type RunStep, type RunSummary, runStep} from '../core/run.js';

type Kinds = Record<ActionKind, {-readonly [Key in keyof KindTotals]: KindTotals[Key]}>;

/** Counts the changes of a plan and their bytes, by kind; upkeep is counted apart and in no kind. */
export function summarize(plan: Plan): PlanSummary {
  const kinds = noKinds();
  let upkeep = 0;
  let changes = 0;
  let bytes = 0;
  for (const action of plan.actions) {
    if (isUpkeep(action)) {
      upkeep++;
      continue;
    }
    if (isChange(action)) changes++;
    const totals = kinds[action.kind];
    totals.count++;
    totals.bytes = addSizes(totals.bytes, volumeOf(action));
    bytes = addSizes(bytes, bytesOf(action));
  }
  return {kinds, changes, upkeep, bytes, problems: plan.problems.length};
}

/** Counts what a run did, by kind. */
export function summarizeRun({header, steps, problems, end}: Run): RunSummary {
  const kinds = noKinds();
  for (const step of steps) countStep(kinds, step);
  return {header, end, kinds, problems: problems.length};
}

/** Counts a step that was done: for who does not hold all of a run at once. */
export function countStep(kinds: Kinds, {kind, status, bytes}: RunStep): void {
  if (status !== 'done') return;
  kinds[kind].count++;
  kinds[kind].bytes = addSizes(kinds[kind].bytes, bytes);
}

/** Counts an action that was done, upkeep in no kind: for who hears of a run's actions one by one. */
export function countDone(kinds: Kinds, action: Action, status: OutcomeStatus): void {
  if (!isUpkeep(action)) countStep(kinds, runStep(action, status));
}

export function noKinds(): Kinds {
  return Object.fromEntries(ACTION_KINDS.map((kind) => [kind, {count: 0, bytes: 0}])) as Kinds;
}
