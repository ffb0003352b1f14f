/** Summaries of plans and runs. */
import {bytesOf, carriedOf, isChange, isUpkeep, volumeOf} from '../core/action.js';
import {addSizes} from '../core/entry.js';
import type {Plan, PlanSummary} from '../core/plan.js';
import {addMoved, doneKinds, noKinds, type Run, type RunSummary} from '../core/run.js';

/**
 * Counts the changes of a plan and their bytes, by kind; upkeep is counted separately.
 *
 * @example
 * summarize(planned.plan).changes; // → 4
 */
export function summarize(plan: Plan): PlanSummary {
  const kinds = noKinds();
  let upkeep = 0;
  let changes = 0;
  let bytes = 0;
  const moved = {leaves: 0, bytes: 0};
  const targetDrift = {added: 0, changed: 0, removed: 0};
  for (const action of plan.actions) {
    if (isUpkeep(action)) {
      upkeep++;
      continue;
    }
    if (isChange(action)) changes++;
    const totals = kinds[action.kind];
    totals.count++;
    const carried = carriedOf(action);
    totals.bytes = addSizes(totals.bytes, carried?.bytes ?? volumeOf(action));
    bytes = addSizes(bytes, bytesOf(action));
    if (carried) addMoved(moved, carried);
    if (action.targetDrift) targetDrift[action.targetDrift]++;
  }
  return {kinds, changes, upkeep, bytes, moved, targetDrift, problems: plan.problems.length};
}

/**
 * Counts what a run did, by kind.
 *
 * @example
 * await applyFresh(settings, context);
 * const {kinds} = summarizeRun(readRun('target', LATEST));
 * kinds.delete.count; // → 1
 */
export function summarizeRun({header, steps, problems, end}: Run): RunSummary {
  return {header, end, kinds: doneKinds(steps), problems: problems.length};
}
