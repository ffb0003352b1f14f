/** Asks workers about paths in both trees, outside of an apply. */
import type {QuestionTask} from '../../apply/question.js';
import {toByteName} from '../../core/name.js';
import type {RelPath} from '../../core/path.js';
import type {PlanHeader} from '../../core/plan.js';
import type {Side} from '../../core/problem.js';
import type {View} from '../../platform/platform.js';
import type {WorkerPool} from '../../platform/pool.js';

export interface LookOptions {
  readonly pool: WorkerPool;
  readonly roots: Pick<PlanHeader, 'source' | 'target' | 'sourceMissing'>;
  readonly views: Readonly<Record<Side, View>>;
  /** For `content` and `allocated`: the path in the target for each path, if it is different. */
  readonly inTarget?: readonly RelPath[];
  /** Number of the first worker to use. Those before it are busy. */
  readonly from?: number;
}

/** Returns one answer per path, in the same order. */
export async function askWorkers<Answer>(
  question: QuestionTask['question'],
  paths: readonly RelPath[],
  {pool, roots, views, inTarget = paths, from = 0}: LookOptions,
): Promise<Answer[]> {
  if (paths.length === 0) return [];
  const workers = pool.size - from;
  const size = Math.ceil(paths.length / workers);
  const source = roots.sourceMissing ? undefined : toByteName(roots.source.path);
  const target = roots.target.identity === undefined ? undefined : toByteName(roots.target.path);
  const answers = await Promise.all(
    Array.from({length: workers}, (_, i) => {
      const share = <T>(all: readonly T[]) => all.slice(i * size, (i + 1) * size);
      const asked = share(paths);
      const task: QuestionTask = {type: 'question', question, paths: asked, inTarget: share(inTarget), source, target, views};
      return asked.length === 0 ? [] : pool.call<readonly Answer[]>(from + i, task);
    }),
  );
  return answers.flat();
}
