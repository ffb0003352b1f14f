/** Narrows a plan to the paths and kinds that the command line asks for. */
import type {NarrowSettings} from '../../config/settings.js';
import {emptyStat} from '../../core/block.js';
import {formatPlural} from '../../core/count.js';
import {DirsyncError} from '../../core/errors.js';
import {type RelPath, ROOT} from '../../core/path.js';
import type {Plan} from '../../core/plan.js';
import {chooseWanted, narrow} from '../../plan/narrow.js';
import {platform} from '../../platform/choose.js';
import {Cursor} from '../../platform/cursor.js';
import {errnoOf, isErrno, NOT_HELD} from '../../platform/platform.js';
import {idlePatterns} from '../../scan/idle.js';
import {type PathList, wantedPaths} from '../../scan/wanted.js';
import type {Context} from '../context.js';
import {idleWarnings, rootNames} from './filters.js';
import {readPathLists} from './path-list.js';
import {openSide} from './sides.js';

/** What to keep of a plan, with the contents of the named lists. */
export interface Narrowing extends NarrowSettings {
  readonly list: PathList | undefined;
}

/** Reads the lists of `wanted`. @throws DirsyncError LIST_UNREADABLE; Interrupted. */
export async function narrowingOf(
  wanted: NarrowSettings | undefined,
  {signal}: Pick<Context, 'signal'>,
): Promise<Narrowing | undefined> {
  return wanted && {...wanted, list: await readPathLists(wanted, signal)};
}

/** Returns the narrowed plan, or the same plan if everything is kept. `id`: the id of the narrowed plan. */
export function narrowPlan(plan: Plan, wanted: Narrowing | undefined, id: string): Plan {
  if (wanted === undefined || isAll(wanted)) return plan;
  const path = wantedPaths(wanted);
  const kinds = wanted.kinds.length === 0 ? undefined : new Set(wanted.kinds);
  const {selection, followed} = chooseWanted(plan, {path, kinds});
  const idle = [...idleIn(plan, wanted), ...missingWarnings(plan, wanted.list)];
  const warnings =
    followed === 0
      ? idle
      : [
          ...idle,
          `${formatPlural(followed, 'change is', 'changes are')} also left out, because they need changes that are left out`,
        ];
  const narrowed = narrow(plan, {selection, id, path, warnings});
  if (narrowed !== plan || idle.length === 0) return narrowed;
  return {...plan, header: {...plan.header, warnings: [...plan.header.warnings, ...idle]}};
}

function idleIn({header}: Plan, {only, except}: NarrowSettings): string[] {
  const patterns = [...only, ...except].map((pattern) => ({pattern}));
  return idleWarnings(idlePatterns(patterns, rootNames([header.source.path, header.target.path])));
}

function isAll({only, except, kinds, list}: Narrowing): boolean {
  return list === undefined && only.length + except.length + kinds.length === 0;
}

/** At most this many paths of a list are checked. */
const MOST_LOOKED_FOR = 10_000;

/** Warns about listed paths that exist in neither folder, because they may be mistyped. Needs access to a folder. */
function missingWarnings({header, actions}: Plan, list: PathList | undefined): string[] {
  const known = new Set(actions.map(({path}) => path));
  const unsure = [...(list?.paths ?? [])].filter((path) => !known.has(path)).slice(0, MOST_LOOKED_FOR);
  if (unsure.length === 0) return [];
  const trees = (['source', 'target'] as const).flatMap((side) => {
    try {
      return [openSide(header, side).root];
    } catch (error) {
      if (!isErrno(error) && !(error instanceof DirsyncError)) throw error;
      return [];
    }
  });
  const cursors = trees.map((root) => new Cursor(platform(), root));
  try {
    if (trees.length === 0) return [];
    const missing = unsure.filter((path) => !cursors.some((cursor) => isThere(cursor, path)));
    const [first = ROOT] = missing;
    if (missing.length === 0) return [];
    return [
      `the list names ${formatPlural(missing.length, 'path')} that exist in neither folder: ${first}${missing.length > 1 ? ' and others' : ''}`,
    ];
  } finally {
    for (const cursor of cursors) cursor.reset();
    for (const root of trees) platform().close(root);
  }
}

/** Whether the path exists; also true if that cannot be determined. */
function isThere(cursor: Cursor, path: RelPath): boolean {
  try {
    const place = cursor.find(path);
    return place !== undefined && platform().stat(place.folder, place.name, emptyStat());
  } catch (error) {
    return !NOT_HELD.has(errnoOf(error));
  }
}
