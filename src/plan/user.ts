/**
 * A saved plan may be applied by another user than made it. It is refused where files would get other owners than it says, or where each
 * would be copied in full and then be refused its owner.
 */
import type {Action, ActionKind} from '../core/action.js';
import {DirsyncError} from '../core/errors.js';
import {escapeName} from '../core/escape.js';
import {ROOT} from '../core/path.js';
import type {Plan} from '../core/plan.js';
import {mayGiveTo} from './compare.js';

/** Who applies a plan. */
export interface User {
  readonly uid: number;
  /** Whether they may give files to anybody. */
  readonly chown: boolean;
  /** The groups that they are in. */
  readonly groups: readonly number[];
}

/** What makes a new file or folder, which belongs to who makes it. */
const MAKING: ReadonlySet<ActionKind> = new Set(['mkdir', 'create', 'update', 'replace']);

/** @throws DirsyncError PLAN_OTHER_USER where this user cannot give what the plan makes or changes to its owners. */
export function checkUser({header, actions}: Plan, {uid, chown, groups}: User): void {
  const {options, plannedBy} = header;
  const isRefused = ({kind, after}: Action) =>
    after !== undefined &&
    kind !== 'link' &&
    ((options.owner && after.uid !== uid) || (mayGiveTo(after.gid, options) && !groups.includes(after.gid)));
  const refused = chown ? undefined : actions.find(isRefused);
  if (refused?.after !== undefined) {
    throw new DirsyncError(
      'PLAN_OTHER_USER',
      `${shown(refused)} must belong to ${refused.after.uid}:${refused.after.gid}, which uid ${uid} cannot set`,
      `nothing was changed; apply it as ${options.owner ? 'root' : `uid ${plannedBy}`}, or plan again as this user`,
    );
  }
  if (options.owner || plannedBy === undefined || plannedBy === uid) return;
  const made = actions.find(({kind}) => MAKING.has(kind));
  if (made === undefined) return;
  throw new DirsyncError(
    'PLAN_OTHER_USER',
    `uid ${plannedBy} made the plan, which sets no owners, so ${shown(made)} would belong to uid ${uid}`,
    'nothing was changed; apply it as that user, or plan again as this user',
  );
}

function shown({path}: Action): string {
  return path === ROOT ? 'the target' : escapeName(path);
}
