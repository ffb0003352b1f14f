/** Checks every path of a plan before the first change: what is already done, what has drifted, and what has to be done. */
import type {Action, Link} from '../core/action.js';
import type {Drift} from '../core/drift.js';
import type {RelPath} from '../core/path.js';
import type {BatchResult} from './batch.js';
import type {Outcomes} from './outcomes.js';

export interface PreflightOptions {
  readonly actions: readonly Action[];
  readonly outcomes: Outcomes;
  /** Checks the paths of these actions. */
  readonly look: (indexes: readonly number[], onResult: (index: number, result: BatchResult) => void) => Promise<void>;
  /** Where the entry of an action is now; undefined if it is not there yet. */
  readonly pathNow: (index: number) => RelPath | undefined;
}

/** Records the results in the outcomes and returns the drifted paths. Nothing is changed on disk. */
export async function preflight({actions, outcomes, look, pathNow}: PreflightOptions): Promise<Drift[]> {
  const drifted: Drift[] = [];
  const done: number[] = [];
  const linked: number[] = [];
  const obstructed: {readonly index: number; readonly obstacle: RelPath}[] = [];
  const leaveAlone = (index: number, drift: Drift) => {
    drifted.push(drift);
    outcomes.set(index, 'skipped');
  };
  await look(outcomes.pending(), (index, result) => {
    if (result.status === 'already-done') (actions[index]?.kind === 'link' ? linked : done).push(index);
    else if (result.status === 'failed' && result.problem !== undefined) outcomes.fail(index, result.problem);
    else if ('obstacle' in result && result.obstacle !== undefined) obstructed.push({index, obstacle: result.obstacle});
    else if (result.drift !== undefined) leaveAlone(index, result.drift);
  });
  const made = foldersMade(actions, obstructed.length > 0, pathNow);
  for (const {index, obstacle} of obstructed) {
    const {path} = actions[index] as Action;
    if (!made.has(obstacle)) leaveAlone(index, {path, side: 'target', attribute: 'way'});
  }
  for (const index of done) outcomes.foundDone(index);
  for (const index of settledLinks(actions, linked, outcomes)) outcomes.foundDone(index);
  return drifted;
}

/** Folders with which the plan replaces other entries: those entries will not be in the way of the folders' content. */
function foldersMade(
  actions: readonly Action[],
  isAsked: boolean,
  pathNow: PreflightOptions['pathNow'],
): ReadonlySet<RelPath | undefined> {
  if (!isAsked) return new Set();
  return new Set(actions.flatMap(({kind, after}, i) => (kind === 'replace' && after.kind === 'directory' ? [pathNow(i)] : [])));
}

/** A name is done if it is a link to its leader, but not if the leader has to be written again. */
function settledLinks(actions: readonly Action[], linked: readonly number[], outcomes: Outcomes): readonly number[] {
  if (linked.length === 0) return [];
  const pending = new Set(outcomes.pending().map((index) => (actions[index] as Action).path));
  return linked.filter((index) => !pending.has((actions[index] as Link).leader));
}
