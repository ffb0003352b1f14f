/** Makes a smaller plan of a plan: a new, valid one that leaves alone all that was left out. */
import {type Action, type ActionKind, type Attrs, isUpkeep} from '../core/action.js';
import type {Entry} from '../core/entry.js';
import {parentPath, type RelPath, ROOT} from '../core/path.js';
import type {Plan} from '../core/plan.js';
import {Selection} from './selection.js';

/** What is wanted of a plan; what is not given is not asked. */
export interface Wanted {
  readonly kinds?: ReadonlySet<ActionKind> | undefined;
  readonly path?: ((path: RelPath, isFolder: boolean) => boolean) | undefined;
}

export interface Narrowing {
  readonly selection: Selection;
  /** Changes that were wanted and are left out, since they need others that are not wanted. */
  readonly followed: number;
}

/**
 * Chooses from a plan. A new folder is made for what is wanted in it, and one that is there is renamed, also when the folder itself was
 * not asked for; nothing else is added, since all else changes or deletes what is there.
 */
export function chooseWanted(plan: Plan, {kinds, path}: Wanted): Narrowing {
  const {actions} = plan;
  const selection = new Selection(actions, plan.header.options);
  const wanted = Uint8Array.from(actions, (action) => {
    const entry = action.after ?? action.before;
    const isWanted = (kinds?.has(action.kind) ?? true) && (path?.(action.path, entry?.kind === 'directory') ?? true);
    return isWanted ? 1 : 0;
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
  /** Of what paths problems are still told; all by default. */
  readonly path?: Wanted['path'];
  readonly warnings?: readonly string[];
}

/** The plan of what is in. The plan itself when nothing is left out. */
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
    actions: kept,
    problems: path === undefined ? problems : problems.filter((problem) => path(problem.path, false)),
  };
}

/** A folder whose own change is left out keeps the attributes that it has, its times too, whatever is done in it. */
function putBack(path: RelPath, folder: Entry): Attrs {
  return {kind: 'attrs', path, before: folder, after: folder, reasons: ['children']};
}

/** Folders in which a name comes, goes or is replaced; the root as soon as anything is done, since `.dirsync` comes into it. */
function touchedFolders(actions: readonly Action[], selection: Selection): ReadonlySet<RelPath> {
  const touched = new Set<RelPath>();
  actions.forEach((action, i) => {
    if (isUpkeep(action) || !selection.isIn(i)) return;
    touched.add(ROOT);
    if (action.kind !== 'attrs') touched.add(parentPath(action.path));
  });
  return touched;
}
