import {ACTION_KINDS, type ActionKind, bytesOf, isUpkeep} from '../core/action.js';
import type {KindTotals, Plan, PlanSummary} from '../core/plan.js';

/** Counts the changes of a plan and their bytes, by kind; upkeep is counted apart and in no kind. */
export function summarize(plan: Plan): PlanSummary {
  const kinds = Object.fromEntries(ACTION_KINDS.map((kind) => [kind, {count: 0, bytes: 0}])) as Record<
    ActionKind,
    {-readonly [Key in keyof KindTotals]: KindTotals[Key]}
  >;
  let upkeep = 0;
  let bytes = 0;
  for (const action of plan.actions) {
    if (isUpkeep(action)) {
      upkeep++;
      continue;
    }
    const written = bytesOf(action);
    const totals = kinds[action.kind];
    totals.count++;
    totals.bytes += action.kind === 'delete' ? action.before.size : written;
    bytes += written;
  }
  return {kinds, changes: plan.actions.length - upkeep, upkeep, bytes, problems: plan.problems.length};
}
