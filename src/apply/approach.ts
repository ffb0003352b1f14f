/**
 * How a plan came to be applied, and what follows from it. Whatever the approach, each path is looked at right before it is changed.
 *
 * | approach | all paths looked at first | any drift refuses the plan | files copied as |
 * | --- | --- | --- | --- |
 * | fresh: made just now, nobody has seen it | after another run only | no | they now are |
 * | approved: made just now, and shown to somebody | after another run only | no | they were shown |
 * | saved: read from a file | yes | yes, unless --skip-drifted | they were saved |
 *
 * A target that was absent when the plan was made and is there now refuses the plan, unless a run of this very plan has made it; of the
 * first two, the run that this one has waited for may have made it as well.
 *
 * After another run has worked on the target (this one waited for its lock), a plan made before that is as old as a saved one, so all
 * paths are looked at first. It is not refused: what it says is right or left alone, path by path.
 */
export type Approach = 'fresh' | 'approved' | 'saved';

/** `copy`: as it is at one moment, shown by comparing; `skip`: it is a problem, and what the target has stays. */
export type Live = 'copy' | 'skip';

/** What an approach comes to, in one run. */
export interface Rules {
  /** Every path is looked at on both sides before the first change. */
  readonly looksFirst: boolean;
  /** A drifted path refuses the whole plan. */
  readonly refusesDrift: boolean;
  /** A file of the source that is another by now is copied as it is, else it is drift. */
  readonly follows: boolean;
  /** A file that grows while it is copied is taken as it is at one moment. */
  readonly takesGrowing: boolean;
}

/** `live`: what becomes of files that grow, where nobody has approved what they were. */
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
