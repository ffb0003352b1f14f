/**
 * How a plan came to be applied, and what follows from that. In each case every path is checked right before it is changed.
 *
 * | approach | all paths checked first | any drift refuses the plan | files are copied as they |
 * | --- | --- | --- | --- |
 * | fresh: made just now, not shown | only after another run | no | are now |
 * | approved: made just now, shown and approved | only after another run | no | were shown |
 * | saved: read from a file | yes | yes, unless --skip-drifted | were saved |
 *
 * If the target did not exist when the plan was made and exists now, the plan is refused, unless a run of the same plan has made it. For
 * the first two approaches, the run that this one has waited for may also have made it.
 *
 * If this run had to wait for another run on the target, its plan is as outdated as a saved one, so all paths are checked first. The plan
 * is not refused: each path either still fits or is left alone.
 */
export type Approach = 'fresh' | 'approved' | 'saved';

/** `copy`: copied as it is at one moment, proved by a comparison; `skip`: it is a problem, and the target's file stays. */
export type Live = 'copy' | 'skip';

/** What an approach means for a run. */
export interface Rules {
  /** Whether every path is checked on both sides before the first change. */
  readonly looksFirst: boolean;
  /** Whether a drifted path refuses the whole plan. */
  readonly refusesDrift: boolean;
  /** Whether a changed file of the source is copied as it is now; if not, it is drift. */
  readonly follows: boolean;
  /** Whether a file that grows while it is copied is copied as it is at one moment. */
  readonly takesGrowing: boolean;
}

/** `live`: how to treat files that grow, if their content was not approved. */
export function rulesOf(
  approach: Approach,
  {skipDrifted, live, hasWaited}: {skipDrifted: boolean; live: Live; hasWaited: boolean},
): Rules {
  return {
    looksFirst: approach === 'saved' || hasWaited,
    refusesDrift: approach === 'saved' && !skipDrifted,
    follows: approach === 'fresh',
    takesGrowing: approach === 'fresh' && live === 'copy',
  };
}
