/** What is asked of the workers about the paths of both trees, outside of an apply. */
import type {ApplyContext, ApplyJob} from '../apply/job.js';
import {toByteName} from '../core/name.js';
import type {RelPath} from '../core/path.js';
import type {PlanHeader, PlanOptions} from '../core/plan.js';
import type {WorkerPool} from '../platform/pool.js';

export interface LookOptions {
  readonly pool: WorkerPool;
  readonly roots: Pick<PlanHeader, 'source' | 'target' | 'sourceMissing'>;
  readonly policy: PlanOptions;
  /** Workers before this one are busy. */
  readonly from?: number;
}

/** One answer for each path, in their order. */
export async function askWorkers<Answer>(
  step: 'content' | 'allocated' | 'refused',
  paths: readonly RelPath[],
  {pool, roots, policy, from = 0}: LookOptions,
): Promise<Answer[]> {
  if (paths.length === 0) return [];
  const workers = pool.size - from;
  const share = Math.ceil(paths.length / workers);
  const context: ApplyContext = {
    runId: 'look',
    source: roots.sourceMissing ? undefined : toByteName(roots.source.path),
    target: roots.target.identity === undefined ? undefined : toByteName(roots.target.path),
    policy,
    umask: 0,
    flushed: 'none',
    fresh: true,
    follow: false,
  };
  const answers = await Promise.all(
    Array.from({length: workers}, (_, i) => {
      const asked = paths.slice(i * share, (i + 1) * share);
      const job: ApplyJob = {type: 'apply', step, context, indexes: [], actions: [], paths: asked};
      return asked.length === 0 ? [] : pool.call<readonly Answer[]>(from + i, job);
    }),
  );
  return answers.flat();
}
