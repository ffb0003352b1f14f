/** Explains why a path is or is not in a plan. Writes nothing. */
import {entryAtPlace} from '../../apply/check.js';
import {type Action, fromOf, isCarried, isUpkeep} from '../../core/action.js';
import {CODE, emptyStat, inodeOf, type Stat} from '../../core/block.js';
import type {Explanation, SideNow} from '../../core/explanation.js';
import type {FilterDecision, Filtering} from '../../core/filter.js';
import {Naming} from '../../core/naming.js';
import {isWithin, pathParts, type RelPath, ROOT} from '../../core/path.js';
import type {PlanHeader} from '../../core/plan.js';
import type {Side} from '../../core/problem.js';
import type {PreservedXattrs} from '../../core/xattr.js';
import {isNothing, isOfFolder, notesOf, problemsAbove, verdictOf} from '../../plan/explain.js';
import {OldPaths} from '../../plan/old-paths.js';
import {platform} from '../../platform/choose.js';
import {Cursor} from '../../platform/cursor.js';
import {currentFolderIfAny} from '../../platform/environment.js';
import {errnoOf, type Folder, NOT_HELD} from '../../platform/platform.js';
import {decideFilter, findExcluded} from '../../scan/decide.js';
import type {Planned} from '../sync/plan.js';
import {openSide} from '../sync/sides.js';
import {locate} from './locate.js';
import {lastRunOf} from './runs.js';

export interface ExplainOptions {
  /** The path as it was typed: see `locate`. */
  readonly path: string;
  /** The plan to look the path up in. */
  readonly planned: Planned;
}

/**
 * Explains why a path is or is not in a plan. Reads both trees and changes nothing.
 * @throws DirsyncError USAGE if the path is outside of both folders.
 *
 * @example
 * const explanation = await explainPath({path: 'old.txt', planned});
 * explanation.verdict; // → 'changed'
 * explanation.action?.kind; // → 'delete'
 */
export async function explainPath({path: typed, planned}: ExplainOptions): Promise<Explanation> {
  const {plan, halts} = planned;
  const {header, actions} = plan;
  const source = new Tree(header, 'source');
  const target = new Tree(header, 'target');
  try {
    const found = locate({
      typed,
      escaped: [source, target].flatMap(({naming}) => naming ?? []),
      cwd: currentFolderIfAny(),
      roots: [header.source.path, header.target.path],
      isKnown: (path) => [source, target].some((tree) => tree.has(path)) || actions.some((action) => action.path === path),
    });
    const paths = new OldPaths(actions);
    const path = newPathOf(found, {actions, paths, source});
    const old = paths.of(path);
    const isKept = old !== undefined && paths.finalOf(old) === path;
    const leaving = paths.finalOf(path);
    const movesTo = leaving !== path && target.has(path) ? leaving : undefined;
    const sides = {source: source.look(path), target: isKept ? target.look(old) : {}};
    const isMoved = paths.carrierOf(path) !== undefined && !isNothing(sides.target);
    const from = isMoved ? old : undefined;
    const action = actions.find((action) => action.path === path);
    const {deleteExcluded} = header.options;
    const filter = decide(path, typed, {source, target, filtering: header.options});
    const problemsBelow = plan.problems.filter((problem) => isBelow(problem.path, path));
    const isIn = (other: Action) => {
      return isBelow(other.path, path) || (isCarried(other) && old !== undefined && isBelow(other.from, old));
    };
    const facts = {
      path,
      from,
      movesTo,
      header,
      ...sides,
      action,
      above: actions.filter((action) => isBelow(path, action.path) && isOfFolder(action)),
      leader: action === undefined ? leaderOf(path, actions, source) : action.kind === 'link' ? action.leader : undefined,
      below: {
        changes: actions.filter((other) => isIn(other) && !isUpkeep(other)).length,
        problems: problemsBelow.length,
      },
      filter,
      problems: problemsAbove(path, plan.problems),
      halts,
      mount: header.options.oneFileSystem ? (source.mountAbove(path) ?? target.mountAbove(old ?? path)) : undefined,
      lastRun: lastRunOf(header.target.path, path) ?? (from && lastRunOf(header.target.path, from)),
    };
    const isGone = sides.source.entry === undefined || (filter.excluded && deleteExcluded);
    const isLeft = sides.target.entry?.kind === 'directory' && isGone && action === undefined;
    const excluded = isLeft && !deleteExcluded ? target.firstExcluded(old ?? path, header.options, source) : undefined;
    const holds = isLeft ? (problemsBelow[0]?.path ?? excluded) : undefined;
    const all = {...facts, holds};
    return {...all, verdict: verdictOf(all), notes: notesOf(all)};
  } finally {
    source.close();
    target.close();
  }
}

/** The current state of one side. */
class Tree {
  /** Undefined if the root cannot be opened. */
  readonly root: Folder | undefined;
  readonly #cursor: Cursor | undefined;
  readonly #fault: string | undefined;
  /** How names are written on disk, if some are escaped. */
  readonly naming: Naming | undefined;

  constructor(
    header: PlanHeader,
    side: Side,
    private readonly preserved: PreservedXattrs = header.options,
  ) {
    try {
      const {root, view} = openSide(header, side);
      this.root = root;
      this.naming = view.names && new Naming(view.names);
      this.#cursor = new Cursor(platform(), this.root);
    } catch (error) {
      const code = errnoOf(error);
      this.#fault = code === 'ENOENT' ? undefined : code;
    }
  }

  look(path: RelPath): SideNow {
    if (this.#cursor === undefined) return {fault: this.#fault};
    try {
      const stat = this.#stat(path);
      if (stat === undefined) return {};
      const {folder, name} = this.#cursor.place(path);
      const escaped = this.naming?.writePath(path) ?? path;
      return {entry: entryAtPlace(platform(), {folder, name}, this.preserved), ...(escaped !== path && {escaped})};
    } catch (error) {
      const fault = errnoOf(error);
      return NOT_HELD.has(fault) ? {} : {fault};
    }
  }

  has(path: RelPath): boolean {
    const {entry, fault} = this.look(path);
    return (entry ?? fault) !== undefined;
  }

  /** Returns a key that all hard links of a file share; undefined for a path without other names. */
  linkKey(path: RelPath): string | undefined {
    try {
      const stat = this.#stat(path);
      return stat?.code === CODE.file && stat.links > 1 ? `${stat.device}:${inodeOf(stat)}` : undefined;
    } catch (error) {
      errnoOf(error);
      return undefined;
    }
  }

  /** Returns the first path in this folder that a filter protects. */
  firstExcluded(path: RelPath, filtering: Filtering, {root}: Tree): RelPath | undefined {
    try {
      const folder = this.#cursor?.folder(path);
      return folder && findExcluded({platform: platform(), root, filtering, path, folder});
    } catch (error) {
      errnoOf(error);
      return undefined;
    }
  }

  /** Returns the first folder on the way to the path, or the path itself, that is on a different device than the root. */
  mountAbove(path: RelPath): RelPath | undefined {
    const names = pathParts(path);
    const ways = names.map((_, i) => names.slice(0, i + 1).join('/') as RelPath);
    try {
      const root = this.#stat(ROOT)?.device;
      return ways.find((way) => (this.#stat(way)?.device ?? root) !== root);
    } catch (error) {
      errnoOf(error);
      return undefined;
    }
  }

  #stat(path: RelPath): Stat | undefined {
    const place = this.#cursor?.find(path);
    const stat = emptyStat();
    return place !== undefined && platform().stat(place.folder, place.name, stat) ? stat : undefined;
  }

  close(): void {
    this.#cursor?.reset();
    if (this.root !== undefined) platform().close(this.root);
  }
}

interface Known {
  readonly actions: readonly Action[];
  readonly paths: OldPaths;
  readonly source: Tree;
}

/** The path to explain: for the old path of something that moves, alone or with a folder above it, the new path. */
function newPathOf(found: RelPath, {actions, paths, source}: Known): RelPath {
  if (actions.some(({path}) => path === found)) return found;
  const renamed = actions.find((action) => fromOf(action) === found);
  if (renamed !== undefined) return renamed.path;
  return source.has(found) ? found : paths.finalOf(found);
}

function isBelow(path: RelPath, folder: RelPath): boolean {
  return path !== folder && isWithin(path, folder);
}

/**
 * Decides for both sides, because one may have a file and the other a folder here. A path that is left out on either side is not
 * planned.
 */
function decide(path: RelPath, typed: string, {source, target, filtering}: Decider): FilterDecision {
  const kinds = [source, target].flatMap((tree) => tree.look(path).entry?.kind ?? []);
  const decisions = (kinds.length === 0 ? [typed.endsWith('/')] : kinds.map((kind) => kind === 'directory')).map((isFolder) =>
    decideFilter({platform: platform(), root: source.root, filtering, path, isFolder}),
  );
  return decisions.find(({excluded}) => excluded) ?? (decisions[0] as FilterDecision);
}

interface Decider {
  readonly source: Tree;
  readonly target: Tree;
  readonly filtering: Filtering;
}

/** Returns the path whose action changes the metadata of this file, if both are hard links of one file. */
function leaderOf(path: RelPath, actions: readonly Action[], source: Tree): RelPath | undefined {
  const key = source.linkKey(path);
  if (key === undefined) return undefined;
  return actions.find((action) => action.kind === 'attrs' && action.path !== path && source.linkKey(action.path) === key)?.path;
}
