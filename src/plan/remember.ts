/** Decides what to remember of a run for the guards of the next one. */
import {isSameFileSystem, withFileSystem} from '../core/file-system.js';
import type {GuardName, KnownMount, MountFacts, Plan, PlanHeader, RememberedFilters} from '../core/plan.js';

/** How a run ended. */
export interface Ended {
  /** The run was stopped early. Paths that were not reached may be those that the new filters no longer protect. */
  readonly interrupted: boolean;
  /** The guards that were allowed for this run (`--allow`). */
  readonly allowed: ReadonlySet<GuardName>;
}

/** Mount points to remember. A disk that is missing or different is remembered only if its guard was allowed. */
export function nowKnown(facts: readonly MountFacts[] = [], isAllowed: boolean): readonly MountFacts[] {
  return facts.filter(
    ({now, before}) => isAllowed || before.some((name) => isSameFileSystem(name, now)) || (before.length === 0 && now !== ''),
  );
}

/** Adds the file systems that were mounted when a plan was made to those known from earlier runs. */
export function withPlanned(known: readonly KnownMount[], planned: readonly MountFacts[]): KnownMount[] {
  const before = new Map(known.map(({at, fileSystems}) => [at, fileSystems]));
  for (const {at, now} of planned) if (now !== '') before.set(at, withFileSystem(before.get(at) ?? [], now));
  return [...before].map(([at, fileSystems]) => ({at, fileSystems}));
}

/** The filters of a plan in the form in which they are remembered. */
export function filtersOf({options, rules = [], tagged = []}: PlanHeader): RememberedFilters {
  return {lines: options.filters, rules, tagged};
}

/** What can be and is remembered about filters. */
export interface FilterMemory {
  /** Whether the filters of the plan are small enough to be remembered. */
  readonly fits: boolean;
  /** Whether filters of an earlier run are remembered. */
  readonly areKnown: () => boolean;
}

/**
 * The filters to remember; undefined to keep those of an earlier run. They are kept if this run did not see everything or could not
 * delete: what they protected may still be there, and the new filters may not protect it. If the guard was allowed, the new filters
 * are remembered.
 */
export function filtersToRemember(plan: Plan, ended: Ended, {fits, areKnown}: FilterMemory): RememberedFilters | undefined {
  const {interrupted, allowed} = ended;
  const {header, actions, problems} = plan;
  const {options, rules, narrowed} = header;
  if (interrupted || narrowed !== undefined || !options.delete || rules === undefined || !fits) return undefined;
  const isWhole = problems.length === 0 && actions.every(({kind}) => kind !== 'blocked');
  return isWhole || allowed.has('filters-changed') || !areKnown() ? filtersOf(header) : undefined;
}
