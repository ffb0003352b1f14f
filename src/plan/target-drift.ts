/** Finds what somebody else than dirsync has done in the target since the last run, and what to do about it. */
import {type Action, fromOf, isUpkeep, type TargetDrift} from '../core/action.js';
import {entryAt} from '../core/block.js';
import type {Drifted} from '../core/changed.js';
import {formatPlural} from '../core/count.js';
import type {Entry} from '../core/entry.js';
import {parentPath, type RelPath, ROOT} from '../core/path.js';
import type {Plan, PlanOptions} from '../core/plan.js';
import {isCurrent, onOneSide, type Policy} from './compare.js';
import {narrow} from './narrow.js';
import type {Row} from './reader.js';
import type {RememberedTarget} from './remembered.js';
import {Selection} from './selection.js';

/** Marks the actions of a plan that are there, or do more, because of target drift. */
export function withTargetDrift(
  actions: readonly Action[],
  {remembered, options}: {readonly remembered: RememberedTarget | undefined; readonly options: PlanOptions},
): readonly Action[] {
  if (remembered?.isCurrent !== true) return actions;
  const drifts = new Drifts(actions, remembered, options);
  return actions.map((action) => {
    const targetDrift = drifts.of(action);
    return targetDrift === undefined ? action : {...action, targetDrift};
  });
}

/** The target drift in a plan that a run of some of its actions has left alone. */
export function driftLeft(actions: readonly Action[], done: ReadonlySet<RelPath>): Drifted {
  const moves = movesIn(actions);
  return actions.flatMap(({path, targetDrift}) => {
    if (targetDrift === undefined || done.has(path)) return [];
    // The folder above it may have been moved or not.
    return [...new Set([path, pathBefore(moves, path)])].map((at) => [at, targetDrift] as const);
  });
}

/** Leaves out the actions with target drift, and what depends on them, if the options say so. `id`: the id of the new plan. */
export function keepTargetDrift(plan: Plan, id: string): Plan {
  const {actions, header} = plan;
  if (header.options.onDrift !== 'keep' || !actions.some(({targetDrift}) => targetDrift)) return plan;
  const selection = new Selection(actions, header.options);
  actions.forEach(({targetDrift}, i) => {
    if (targetDrift !== undefined) selection.leaveOut(i, i + 1);
  });
  const changes = formatPlural(selection.leftOut, 'change');
  const is = selection.leftOut === 1 ? 'is' : 'are';
  const warnings = [`${changes} ${is} left out, because somebody else has changed the target there since the last run`];
  return narrow(plan, {selection, id, warnings});
}

class Drifts {
  /** Only what was preserved by the last run, and is now, says anything. */
  readonly #policy: Policy;
  readonly #moves: ReadonlyMap<RelPath, RelPath>;

  constructor(
    actions: readonly Action[],
    private readonly remembered: RememberedTarget,
    options: PlanOptions,
  ) {
    this.#policy = onOneSide({...commonPolicy(options, remembered.preserved), compare: 'metadata'});
    this.#moves = movesIn(actions);
  }

  of(action: Action): TargetDrift | undefined {
    if (isUpkeep(action) || action.kind === 'blocked') return undefined;
    const path = pathBefore(this.#moves, action.path);
    const {remembered} = this;
    if (!remembered.knowsTarget(path)) return undefined;
    const target = entryOf(remembered.targetAt(path));
    const source = entryOf(remembered.sourceAt(path));
    const {before, after} = action;
    const left = remembered.driftAt(path);
    if (before === undefined) {
      const isAsBefore = source !== undefined && this.#isSame(source, after);
      return isAsBefore && (target?.kind === source.kind || left === 'removed') ? 'removed' : undefined;
    }
    // What a run has made equal to the source is not drift, even if that run could not note it.
    if (source !== undefined && this.#isSame(source, before)) return undefined;
    if (left !== undefined) return left;
    if (target === undefined) return 'added';
    const isExact = this.#isSame(target, before) && (before.kind === 'directory' || target.mtime === before.mtime);
    return isExact ? undefined : 'changed';
  }

  /** Whether two entries are the same. The times of a folder are changed by anything in it. */
  #isSame(a: Entry, b: Entry): boolean {
    return isCurrent(a, b, b.kind === 'directory' ? {...this.#policy, times: false} : this.#policy);
  }
}

/** Old paths by new path. */
function movesIn(actions: readonly Action[]): ReadonlyMap<RelPath, RelPath> {
  const moves = new Map<RelPath, RelPath>();
  for (const action of actions) {
    const from = fromOf(action);
    if (from !== undefined) moves.set(action.path, from);
  }
  return moves;
}

/** The path in the target when the plan was made. */
function pathBefore(moves: ReadonlyMap<RelPath, RelPath>, path: RelPath): RelPath {
  if (moves.size === 0) return path;
  for (let at = path; ; at = parentPath(at)) {
    const from = moves.get(at);
    if (from !== undefined) return `${from}${path.slice(at.length)}` as RelPath;
    if (at === ROOT) return path;
  }
}

function entryOf(row: Row | undefined): Entry | undefined {
  return row && entryAt(row.block, row.index);
}

function commonPolicy(a: PlanOptions, b: PlanOptions): PlanOptions {
  return {
    ...a,
    mode: a.mode && b.mode,
    owner: a.owner && b.owner,
    groups: a.groups === 'any' ? b.groups : commonGroups(a.groups, b.groups),
    times: a.times && b.times,
    xattrs: a.xattrs.filter((namespace) => b.xattrs.includes(namespace)),
    acls: a.acls && b.acls,
    symlinks: a.symlinks === b.symlinks ? a.symlinks : 'bare',
  };
}

function commonGroups(a: readonly number[], b: PlanOptions['groups']): readonly number[] {
  return b === 'any' ? a : a.filter((group) => b.includes(group));
}
