/** Tells what a run has changed in its target from the plan and the outcomes of its actions. */
import {type Action, fromOf} from '../core/action.js';
import type {Changed} from '../core/changed.js';
import type {ActionState} from '../core/outcome.js';
import {comparePaths, parentPath, type RelPath, ROOT} from '../core/path.js';
import type {Plan} from '../core/plan.js';

/** What has become of the actions of a plan, by index. */
export interface Ends {
  readonly stateOf: (index: number) => ActionState;
  /** Whether it wrote something that the source has only had since the plan. */
  readonly isOther: (index: number) => boolean;
}

/** More paths are not remembered. */
const MOST_PATHS = 100_000;

const DONE: ReadonlySet<ActionState> = new Set(['done', 'already-done', 'found']);
/** Nothing was done. */
const UNTOUCHED: ReadonlySet<ActionState> = new Set(['pending', 'blocked']);

/** Whether anything may have been changed. */
export function hasChanged({actions}: Plan, {stateOf}: Ends): boolean {
  return actions.some((_, i) => !UNTOUCHED.has(stateOf(i)) && stateOf(i) !== 'already-done');
}

/** Returns what was changed; undefined if it is too much to be remembered. */
export function changedBy(plan: Plan, ends: Ends): Changed | undefined {
  const {actions, header} = plan;
  const isWhole = becomesEqual(plan);
  const touched = new Set<RelPath>();
  const whole = new Set<RelPath>();
  const unclear = new Set<RelPath>();
  // A target that was empty is as good as new.
  if (isWhole && header.totals.target.entries === 0 && actions.length > 0) whole.add(ROOT);
  const nearest = (path: RelPath): 'whole' | 'unclear' | undefined => {
    for (let at = path; ; at = parentPath(at)) {
      if (unclear.has(at)) return 'unclear';
      if (whole.has(at)) return 'whole';
      if (at === ROOT) return undefined;
    }
  };
  for (const [i, action] of actions.entries()) {
    if (isOfTimes(action)) continue;
    const state = ends.stateOf(i);
    const from = fromOf(action);
    const isDone = DONE.has(state) && !ends.isOther(i);
    const known = nearest(action.path);
    if (!isDone) {
      const isAsBefore = UNTOUCHED.has(state) && known === undefined;
      if (!isAsBefore && known !== 'unclear') unclear.add(action.path);
      if (!isAsBefore && from !== undefined) unclear.add(from);
    } else {
      const has = contentOf(action, isWhole);
      if (has === 'unclear') unclear.add(action.path);
      else if (known !== 'whole') (has === 'whole' ? whole : touched).add(action.path);
      if (from !== undefined) whole.add(from);
    }
    if (touched.size + whole.size + unclear.size > MOST_PATHS) return undefined;
  }
  return {touched: sorted(touched), whole: sorted(whole), unclear: sorted(unclear)};
}

/** The times of folders are not remembered, since anything in a folder changes them. */
function isOfTimes({kind, after, reasons}: Action): boolean {
  return kind === 'attrs' && after.kind === 'directory' && reasons.every((reason) => reason === 'mtime' || reason === 'children');
}

/** The paths of actions that are done. */
export function donePaths({actions}: Plan, {stateOf}: Ends): Set<RelPath> {
  return new Set(actions.filter((_, i) => DONE.has(stateOf(i))).map(({path}) => path));
}

/** Whether the target has all that the source has, and nothing else, when the whole plan is done. */
function becomesEqual({actions, problems, header}: Plan): boolean {
  const {totals, narrowed} = header;
  if (narrowed !== undefined || problems.length > 0) return false;
  let entries = totals.target.entries;
  for (const {path, before, after} of actions) {
    if (path === ROOT) continue;
    if (before === undefined) entries++;
    else if (after === undefined) entries--;
  }
  return entries === totals.source.entries;
}

/** What is known of the content of an action's path after it is done. */
function contentOf({kind, before, after, path, ...action}: Action, isWhole: boolean): 'whole' | 'unclear' | 'none' {
  if (kind === 'attrs') return 'none';
  const isFolder = after?.kind === 'directory';
  if (kind === 'move') return !isFolder ? 'whole' : !('carried' in action) ? 'none' : isWhole ? 'whole' : 'unclear';
  // The content of a folder that is gone is gone too.
  return isFolder && !isWhole ? 'none' : 'whole';
}

/** What was changed by an earlier run and by a later one, of which only the paths are known. */
export function withUnclear(earlier: Changed, later: Changed): Changed {
  const unclear = new Set([...later.touched, ...later.whole, ...later.unclear]);
  const isClear = (path: RelPath) => !hasAbove(unclear, path);
  return {
    touched: earlier.touched.filter(isClear),
    whole: earlier.whole.filter(isClear),
    unclear: sorted(new Set([...earlier.unclear, ...unclear])),
  };
}

/** Whether a path, or a folder above it, is one of these. */
function hasAbove(paths: ReadonlySet<RelPath>, path: RelPath): boolean {
  for (let at = path; ; at = parentPath(at)) {
    if (paths.has(at)) return true;
    if (at === ROOT) return false;
  }
}

function sorted(paths: ReadonlySet<RelPath>): RelPath[] {
  return [...paths].sort(comparePaths);
}

/** Finds what holds for a path. */
export class ChangedPaths {
  readonly #touched: ReadonlySet<RelPath>;
  readonly #whole: ReadonlySet<RelPath>;
  readonly #unclear: ReadonlySet<RelPath>;

  constructor({touched, whole, unclear}: Changed) {
    this.#touched = new Set(touched);
    this.#whole = new Set(whole);
    this.#unclear = new Set(unclear);
  }

  /** `source`: the target has what the source has; `unclear`: that is not known; undefined: it is as it was before the run. */
  at(path: RelPath): 'source' | 'unclear' | undefined {
    for (let at = path; ; at = parentPath(at)) {
      if (this.#unclear.has(at)) return 'unclear';
      if (this.#whole.has(at) || (at === path && this.#touched.has(at))) return 'source';
      if (at === ROOT) return undefined;
    }
  }
}
