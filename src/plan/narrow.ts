/** Derives a smaller plan from a plan: a new, valid plan that leaves alone everything that was left out. */
import {type Action, type ActionKind, type Attrs, fromOf, isCarried, isUpkeep} from '../core/action.js';
import type {Entry} from '../core/entry.js';
import {comparePaths, parentPath, type RelPath, ROOT} from '../core/path.js';
import type {Plan} from '../core/plan.js';
import {OldPaths} from './old-paths.js';
import {Selection} from './selection.js';

/** Which actions of a plan are wanted. Conditions that are not given match all actions. */
export interface Wanted {
  readonly kinds?: ReadonlySet<ActionKind> | undefined;
  /** `from`: the path in the target before the action, if that is another one. */
  readonly path?: ((path: RelPath, isFolder: boolean, from?: RelPath) => boolean) | undefined;
}

/** The actions that were chosen. */
export interface Narrowing {
  readonly selection: Selection;
  /** The number of wanted changes that are left out because they depend on unwanted ones. */
  readonly followed: number;
}

/**
 * Chooses actions from a plan. A folder is created or renamed if something in it is wanted, even if the folder itself is not. No
 * other actions are added, because they would change or delete existing entries.
 */
export function chooseWanted(plan: Plan, {kinds, path}: Wanted): Narrowing {
  const {actions} = plan;
  const selection = new Selection(actions, plan.header.options);
  const paths = new OldPaths(actions);
  const wanted = Uint8Array.from(actions, (action) => {
    const entry = action.after ?? action.before;
    const from = fromOf(action) ?? (action.before && paths.of(action.path));
    const isWanted = path?.(action.path, entry?.kind === 'directory', from) ?? true;
    return isWanted && (kinds?.has(action.kind) ?? true) ? 1 : 0;
  });
  for (let i = actions.length - 1; i >= 0; i--) {
    const maker = selection.makerOf(i);
    const kind = maker === undefined ? undefined : actions[maker]?.kind;
    if (wanted[i] === 1 && (kind === 'mkdir' || kind === 'move')) wanted[maker as number] = 1;
  }
  wanted.forEach((isWanted, i) => {
    if (isWanted === 0) selection.leaveOut(i, i + 1);
  });
  let followed = 0;
  wanted.forEach((isWanted, i) => {
    if (isWanted === 1 && !selection.isIn(i)) followed++;
  });
  return {selection, followed};
}

export interface NarrowOptions {
  readonly selection: Selection;
  /** The id of the new plan. */
  readonly id: string;
  /** The paths whose problems are kept; all by default. */
  readonly path?: Wanted['path'];
  readonly warnings?: readonly string[];
}

/** Returns the plan of the selected actions, or `plan` itself if nothing is left out. */
export function narrow(plan: Plan, {selection, id, path, warnings = []}: NarrowOptions): Plan {
  const {header, problems} = plan;
  const kept: Action[] = [];
  let leftOut = 0;
  const touched = touchedFolders(plan.actions, selection);
  plan.actions.forEach((action, i) => {
    const isChange = !isUpkeep(action);
    const isIn = isChange && selection.isIn(i);
    if (isChange && !isIn) leftOut++;
    if (isIn) kept.push(action);
    else if (action.before?.kind === 'directory' && touched.has(action.path)) {
      kept.push(isChange ? putBack(action.path, action.before) : action);
    }
  });
  if (leftOut === 0) return plan;
  return {
    header: {
      ...header,
      id,
      narrowed: {from: header.narrowed?.from ?? header.id, leftOut: leftOut + (header.narrowed?.leftOut ?? 0)},
      warnings: [...header.warnings, ...warnings],
    },
    actions: staying(plan.actions, kept),
    problems: path === undefined ? problems : problems.filter((problem) => path(problem.path, false)),
  };
}

/** If a folder's own change is left out, it keeps its current attributes and times when its content changes. */
function putBack(path: RelPath, folder: Entry): Attrs {
  return {kind: 'attrs', path, before: folder, after: folder, reasons: ['children']};
}

/**
 * Folders in which a name is created, deleted or replaced; also the root if anything is done, because `.dirsync` is created in it.
 */
function touchedFolders(actions: readonly Action[], selection: Selection): ReadonlySet<RelPath> {
  const touched = new Set<RelPath>();
  const paths = new OldPaths(actions);
  actions.forEach((action, i) => {
    if (isUpkeep(action) || !selection.isIn(i)) return;
    touched.add(ROOT);
    if (action.kind !== 'attrs') touched.add(parentPath(action.path));
    // Its folder may move too, and then has the action that restores its times at its new path.
    if (isCarried(action)) touched.add(paths.finalOf(parentPath(action.from)));
  });
  return touched;
}

/** If the move of a folder is left out, what stays of the actions in it is at its old path. */
function staying(all: readonly Action[], kept: readonly Action[]): readonly Action[] {
  const paths = new OldPaths(all);
  if (paths.moves.length === 0) return kept;
  const now = new OldPaths(kept);
  const isStill = ({before, after, path}: Action) => {
    // A folder that replaces a leaf has no old path.
    const old = paths.of(path);
    return before === undefined || after === undefined || old === undefined || old === now.of(path);
  };
  if (kept.every(isStill)) return kept;
  const moved = kept.map((action) =>
    isStill(action) ? action : {...action, path: now.finalOf(paths.of(action.path) as RelPath)},
  );
  return moved.sort((a, b) => comparePaths(a.path, b.path));
}
