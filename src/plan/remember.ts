/** What of a run the guards of the next one are to know. */
import {isSameFileSystem, withFileSystem} from '../core/file-system.js';
import type {GuardName, KnownMount, MountFacts, Plan, PlanHeader, RememberedFilters} from '../core/plan.js';

export interface Ended {
  /** What was not begun may be what the filters now let go. */
  readonly interrupted: boolean;
  /** The guards that this run was let pass. */
  readonly allowed: ReadonlySet<GuardName>;
}

/** A disk that is missing, or is another one, is known from now on only where that was let pass. */
export function nowKnown(facts: readonly MountFacts[] = [], isAllowed: boolean): readonly MountFacts[] {
  return facts.filter(
    ({now, before}) => isAllowed || before.some((name) => isSameFileSystem(name, now)) || (before.length === 0 && now !== ''),
  );
}

/** What was mounted when a plan was made counts as known, beside what earlier runs have met. */
export function withPlanned(known: readonly KnownMount[], planned: readonly MountFacts[]): KnownMount[] {
  const before = new Map(known.map(({at, fileSystems}) => [at, fileSystems]));
  for (const {at, now} of planned) if (now !== '') before.set(at, withFileSystem(before.get(at) ?? [], now));
  return [...before].map(([at, fileSystems]) => ({at, fileSystems}));
}

/** What a plan's filters leave out, as it is remembered. */
export function filtersOf({options, rules = [], tagged = []}: PlanHeader): RememberedFilters {
  return {lines: options.filters, rules, tagged};
}

export interface FilterMemory {
  /** Whether those of the plan can be remembered whole. */
  readonly fits: boolean;
  /** Whether those of an earlier run are. */
  readonly areKnown: () => boolean;
}

/**
 * The filters to be remembered. Undefined, and those of an earlier run stay: where this one did not see all or could not delete, what they
 * kept may still be there, and no filter keep it any more. Once that was let pass, the new ones are known.
 */
export function filtersToRemember(plan: Plan, ended: Ended, {fits, areKnown}: FilterMemory): RememberedFilters | undefined {
  const {interrupted, allowed} = ended;
  const {header, actions, problems} = plan;
  const {options, rules, narrowed} = header;
  if (interrupted || narrowed !== undefined || !options.delete || rules === undefined || !fits) return undefined;
  const isWhole = problems.length === 0 && actions.every(({kind}) => kind !== 'blocked');
  return isWhole || allowed.has('filters-changed') || !areKnown() ? filtersOf(header) : undefined;
}
