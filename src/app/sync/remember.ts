import {toByteName} from '../../core/name.js';
import {ROOT} from '../../core/path.js';
import type {GuardName, Plan, PlanOptions} from '../../core/plan.js';
import {type Problem, problem, problemMessage} from '../../core/problem.js';
import {type Ended, filtersToRemember, nowKnown} from '../../plan/remember.js';
import {platform} from '../../platform/choose.js';
import {errnoOf} from '../../platform/platform.js';
import {openNearest} from '../../platform/roots.js';
import {MAX_MOUNTS_KIB, MAX_RULES_KIB, MAX_TAGS_KIB, type ScanAnswer} from '../../scan/task.js';
import {readTargetId} from '../../state/identity.js';
import {recall, remember} from '../../state/memory.js';
import {memoryFault} from '../../state/memory-folder.js';
import {pairOf, type Seen, volumeAt} from './facts.js';

/**
 * Remembers facts about both trees for the guards of the next run. Returns a problem if that fails and the plan has not warned of
 * it.
 */
export function rememberRun(plan: Plan, ended: Ended): Problem | undefined {
  const {allowed} = ended;
  // After a restore, the original must not be remembered as a copy of its backup.
  if (allowed.has('reversed')) return undefined;
  const {source, target, facts} = plan.header;
  const root = openNearest(toByteName(target.path));
  if (root === undefined) return undefined;
  const isThere = root.path === toByteName(target.path);
  const {id} = isThere ? readTargetId(platform(), root.folder) : {};
  platform().close(root.folder);
  const mounts = {
    source: nowKnown(facts?.sourceMounts, allowed.has('source-fs-changed')),
    target: nowKnown(facts?.targetMounts, allowed.has('target-lost')),
  };
  try {
    remember(pairOf(plan), {
      id,
      fileSystem: volumeAt(source.path)?.id,
      filters: filtersToRemember(plan, ended, {
        fits: fits(plan.header.options.filters),
        areKnown: () => recall(pairOf(plan)).filters !== undefined,
      }),
      mounts,
      anew: allowed.has('memory-unreadable'),
    });
    return undefined;
  } catch (error) {
    const fault = errnoOf(error);
    if (memoryWarnings().some((warning) => plan.header.warnings.includes(warning))) return undefined;
    const code = 'MEMORY_UNWRITABLE';
    const message = `${problemMessage(code, {side: 'target', phase: 'write'})} (${fault})`;
    return problem({path: ROOT, side: 'target', phase: 'write', code, message});
  }
}

/** The largest size of remembered filters: KiB as JSON. */
const MAX_FILTERS_KIB = 512;

function fits(filters: readonly string[]): boolean {
  return Buffer.byteLength(JSON.stringify(filters)) <= MAX_FILTERS_KIB * 1024;
}

/** Returns warnings about facts that are too large to be remembered. */
export function sizeWarnings(
  {filters}: PlanOptions,
  {source, target}: Seen & Readonly<Record<'source', Pick<ScanAnswer, 'rules' | 'tagged'>>>,
): string[] {
  const forgotten = (what: string, limit: number, guard: GuardName) =>
    `${what} take more than ${limit} KiB and cannot all be remembered, so the guard ${guard} may miss changes in the next run`;
  return [
    ...(fits(filters) ? [] : [forgotten('the filters', MAX_FILTERS_KIB, 'filters-changed')]),
    ...(source.rules.isCut ? [forgotten('the .dirsyncignore files', MAX_RULES_KIB, 'filters-changed')] : []),
    ...(source.tagged.isCut ? [forgotten('the tags', MAX_TAGS_KIB, 'filters-changed')] : []),
    ...(source.mountPoints.isCut ? [forgotten('the mounts in the source', MAX_MOUNTS_KIB, 'source-fs-changed')] : []),
    ...(target.mountPoints.isCut ? [forgotten('the mounts in the target', MAX_MOUNTS_KIB, 'target-lost')] : []),
  ];
}

/** Returns a warning if nothing can be remembered, because some guards compare with earlier runs. */
export function memoryWarnings(): string[] {
  const fault = memoryFault();
  return fault === undefined ? [] : [`nothing can be remembered ${fault}, so the next run will not notice a lost target`];
}
