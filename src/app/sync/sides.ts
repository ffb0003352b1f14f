/** Opens the two trees of a plan as their views show them: see `View`. */
import {toByteName} from '../../core/name.js';
import type {PlanHeader} from '../../core/plan.js';
import type {Side} from '../../core/problem.js';
import {platform} from '../../platform/choose.js';
import {type Folder, orNothing, type View} from '../../platform/platform.js';
import {openTree} from '../../platform/roots.js';
import {isNamingHidden, type Showing, viewOf} from '../../state/naming.js';

/** The parts of a plan's header that determine the views. */
export type Sides = Pick<PlanHeader, Side> & {readonly options: Showing};

/** Returns the views of both trees. A tree that cannot be opened has an empty view. @throws DirsyncError NAMING_UNREADABLE. */
export function viewsOf(sides: Sides): Readonly<Record<Side, View>> {
  return {source: viewAt(sides, 'source'), target: viewAt(sides, 'target')};
}

function viewAt(sides: Sides, side: Side): View {
  return viewOfTree(sides[side].path, side, sides.options);
}

/** Returns the view of one tree. A tree that cannot be opened has an empty view. @throws DirsyncError NAMING_UNREADABLE. */
export function viewOfTree(path: string, side: Side, options: Showing): View {
  return inRoot(path, (root) => viewOf(platform(), root, side, options)) ?? {};
}

/** Returns a warning if this user cannot read whether names in the source are escaped. */
export function hiddenNamingWarnings({source}: Pick<Sides, 'source'>): string[] {
  return inRoot(source.path, (root) => isNamingHidden(platform(), root))
    ? ['names in the source may be escaped, and would be copied as they are, because this user cannot read its .dirsync']
    : [];
}

/** Calls `act` with a root that is open until `act` ends; undefined if it cannot be opened. */
function inRoot<T>(path: string, act: (root: Folder) => T): T | undefined {
  const root = orNothing(() => platform().openRoot(toByteName(path)));
  if (root === undefined) return undefined;
  try {
    return act(root);
  } finally {
    platform().close(root);
  }
}

/** Opens one tree. The caller closes its root. @throws SystemError if it cannot be opened; DirsyncError NAMING_UNREADABLE. */
export function openSide(sides: Sides, side: Side): {readonly root: Folder; readonly view: View} {
  const view = viewAt(sides, side);
  return {root: openTree(toByteName(sides[side].path), view), view};
}
