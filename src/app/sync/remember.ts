/** What a run leaves for the guards of the next one, and what is told where that cannot be. */
import {isSameFileSystem} from '../../core/file-system.js';
import {toByteName} from '../../core/name.js';
import {ROOT} from '../../core/path.js';
import type {GuardName, MountFacts, Plan, PlanOptions} from '../../core/plan.js';
import {type Problem, problem, problemMessage} from '../../core/problem.js';
import {platform} from '../../platform/choose.js';
import {errnoOf} from '../../platform/platform.js';
import {openNearest} from '../../platform/roots.js';
import {MAX_MOUNTS_KIB, MAX_RULES_KIB, MAX_TAGS_KIB, type ScanAnswer} from '../../scan/job.js';
import {readTargetId} from '../../state/identity.js';
import {memoryFault, type RememberedFilters, recall, remember} from '../../state/memory.js';
import {filtersOf, pairOf, type Seen, volumeAt} from './facts.js';

export interface Ended {
  /** What was not begun may be what the filters now let go. */
  readonly interrupted: boolean;
  /** The guards that this run was let pass. */
  readonly allowed: ReadonlySet<GuardName>;
}

/** Remembers what a run has found of both trees, for the guards of the next one. A problem where that fails, unless the plan has warned of it. */
export function rememberRun(plan: Plan, ended: Ended): Problem | undefined {
  const {allowed} = ended;
  // What is restored from a copy does not become the copy of its copy.
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
      filters: filtersToRemember(plan, ended),
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

/** A disk that is missing, or is another one, is known from now on only where that was let pass. */
function nowKnown(facts: readonly MountFacts[] = [], isAllowed: boolean): readonly MountFacts[] {
  return facts.filter(
    ({now, before}) => isAllowed || before.some((name) => isSameFileSystem(name, now)) || (before.length === 0 && now !== ''),
  );
}

/**
 * The filters to be remembered. Undefined, and those of an earlier run stay: where this one did not see all or could not delete, what they
 * kept may still be there, and no filter keep it any more. Once that was let pass, the new ones are known.
 */
function filtersToRemember(plan: Plan, {interrupted, allowed}: Ended): RememberedFilters | undefined {
  const {header, actions, problems} = plan;
  const {options, rules, narrowed} = header;
  if (interrupted || narrowed !== undefined || !options.delete || rules === undefined || !fits(options.filters)) return undefined;
  const isWhole = problems.length === 0 && actions.every(({kind}) => kind !== 'blocked');
  const isFirst = () => recall(pairOf(plan)).filters === undefined;
  return isWhole || allowed.has('filters-changed') || isFirst() ? filtersOf(header) : undefined;
}

/** KiB, as JSON, of the filters that are remembered. */
const MAX_FILTERS_KIB = 512;

function fits(filters: readonly string[]): boolean {
  return Buffer.byteLength(JSON.stringify(filters)) <= MAX_FILTERS_KIB * 1024;
}

/** What is too large to be remembered. */
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

/** Guards that compare with earlier runs need them remembered. */
export function memoryWarnings(): string[] {
  const fault = memoryFault();
  return fault === undefined ? [] : [`nothing can be remembered ${fault}, so the next run will not notice a lost target`];
}
