/** Opens the review, where a user looks through a plan and leaves changes out before anything is applied. */
import {existsSync} from 'node:fs';
import process from 'node:process';
import {withHome} from '../../config/home.js';
import type {Action} from '../../core/action.js';
import {formatPlural} from '../../core/count.js';
import {DirsyncError} from '../../core/errors.js';
import {escapeName} from '../../core/escape.js';
import {osPath} from '../../core/name.js';
import type {GuardName, Plan} from '../../core/plan.js';
import {writePlanFile} from '../../formats/plan-file.js';
import {OldPaths} from '../../plan/old-paths.js';
import {environment} from '../../platform/environment.js';
import {type Context, newId} from '../context.js';
import {canDraw, hasColor} from '../output/terminal.js';
import {judge, type Planned} from '../sync/plan.js';

export interface ReviewPlanOptions {
  readonly planned: Planned;
  readonly allow: readonly GuardName[];
  readonly canApply: boolean;
  /** The file that the plan was read from or written to. */
  readonly file?: string | undefined;
}

/** Whether a review can be shown. */
export function canReview(): boolean {
  return canDraw(process, process.env);
}

/** Starts to load the review, so that it is ready when the plan is. */
export function prepareReview(): void {
  // An error in loading appears when the review is opened.
  import('../../ui/review/open.js').catch(() => {});
}

/** Opens the review. Returns the plan to apply, or undefined if nothing is to be applied. */
export async function reviewPlan(
  {planned, allow, canApply, file}: ReviewPlanOptions,
  context: Context,
): Promise<Planned | undefined> {
  const [{openReview}, {contentOf, filterOf}] = await Promise.all([import('../../ui/review/open.js'), import('./difference.js')]);
  let paths: OldPaths | undefined;
  const look = (action: Action) => {
    paths ??= new OldPaths(planned.plan.actions);
    return {content: contentOf(action, planned.plan, paths), filter: filterOf(action, planned.plan)};
  };
  /** The SHA-256 of each plan file that was saved, by file. */
  const saved = new Map<string, string>();
  const {plan: wanted} = await openReview({
    stdin: process.stdin,
    stdout: process.stdout,
    color: hasColor(process.stdout, process.env),
    ...planned,
    canApply,
    names: {save: file ?? 'dirsync.plan', export: 'dirsync-report.html'},
    signal: context.signal,
    services: {
      look: async (action) => look(action),
      save: async (plan, name, overwrite) => savePlan({plan, file: typedPath(name), overwrite, saved}).catch(inShort),
      export: async (plan, name, overwrite) => exportReport(judge(plan, allow), typedPath(name), overwrite).catch(inShort),
      judge: (plan) => judge(plan, allow).halts,
      interrupt: () => process.kill(process.pid, 'SIGINT'),
      newId: () => newId(context.now()),
    },
  });
  // Printed after the review, where it can be copied for `apply --plan-sha256`.
  for (const [name, sha256] of saved) context.onEvent({type: 'plan-file', file: name, sha256});
  return wanted && judge(wanted, allow);
}

/** Replaces `~`, because no shell did. @throws Error */
function typedPath(text: string): string {
  const path = withHome(text, environment());
  if (path === undefined) throw new Error('There is no home folder to replace "~" with. Give the full path.');
  return path;
}

interface SaveOptions {
  readonly plan: Plan;
  readonly file: string;
  readonly overwrite: boolean;
  readonly saved: Map<string, string>;
}

async function savePlan({plan, file, overwrite, saved}: SaveOptions): Promise<string | 'exists'> {
  if (!overwrite && existsSync(osPath(file))) return 'exists';
  const {sha256} = await writePlanFile(file, plan);
  saved.set(file, sha256);
  const changes = formatPlural(judge(plan, []).summary.changes, 'change');
  return `Saved ${changes} to ${escapeName(file)}`;
}

async function exportReport(planned: Planned, file: string, overwrite: boolean): Promise<string | 'exists'> {
  const {writeReport} = await import('../output/render.js');
  const answer = await writeReport({type: 'plan', ...planned}, file, overwrite);
  return answer === 'exists' ? answer : `Wrote the report to ${escapeName(file)}`;
}

/** The review shows an error on one line, so its hint is appended to its message. */
function inShort(error: unknown): never {
  if (!(error instanceof DirsyncError)) throw error;
  throw new Error(`${error.message}${error.hint === undefined ? '' : ` - ${error.hint}`}`);
}
