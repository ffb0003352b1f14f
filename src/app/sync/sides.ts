/** Opens the two trees of a plan as their views show them: see `View`. */
import {toByteName} from '../../core/name.js';
import type {PlanHeader} from '../../core/plan.js';
import type {Side} from '../../core/problem.js';
import {platform} from '../../platform/choose.js';
import {errnoOf, type Folder, type View} from '../../platform/platform.js';
import {openTree} from '../../platform/roots.js';
import {isNamingHidden, type Showing, viewOf} from '../../state/naming.js';

/** The parts of a plan's header that determine the views. */
export type Sides = Pick<PlanHeader, Side> & {readonly options: Showing};

/** Returns the views of both trees. A tree that cannot be opened has an empty view. @throws DirsyncError NAMING_UNREADABLE. */
export function viewsOf(sides: Sides): Readonly<Record<Side, View>> {
  return {source: viewAt(sides, 'source'), target: viewAt(sides, 'target')};
}

function viewAt(sides: Sides, side: Side): View {
  let root: Folder;
  try {
    root = platform().openRoot(toByteName(sides[side].path));
  } catch (error) {
    errnoOf(error);
    return {};
  }
  try {
    return viewOf(platform(), root, side, sides.options);
  } finally {
    platform().close(root);
  }
}

/** Returns a warning if this user cannot read whether names in the source are escaped. */
export function hiddenNamingWarnings({source}: Pick<Sides, 'source'>): string[] {
  let root: Folder;
  try {
    root = platform().openRoot(toByteName(source.path));
  } catch (error) {
    errnoOf(error);
    return [];
  }
  try {
    const isHidden = isNamingHidden(platform(), root);
    return isHidden
      ? ['names in the source may be escaped, and would be copied as they are, because this user cannot read its .dirsync']
      : [];
  } finally {
    platform().close(root);
  }
}

/** Opens one tree. The caller closes its root. @throws SystemError if it cannot be opened; DirsyncError NAMING_UNREADABLE. */
export function openSide(sides: Sides, side: Side): {readonly root: Folder; readonly view: View} {
  const view = viewAt(sides, side);
  return {root: openTree(toByteName(sides[side].path), view), view};
}
