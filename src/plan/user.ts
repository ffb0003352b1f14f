/**
 * Checks that a saved plan can be applied by this user, who may not be the one who made it. It is refused if files would get
 * different owners than planned, or if setting their owners would fail after they were copied.
 */
import type {Action, ActionKind} from '../core/action.js';
import {DirsyncError} from '../core/errors.js';
import {escapeName} from '../core/escape.js';
import {ROOT} from '../core/path.js';
import type {Plan} from '../core/plan.js';
import {mayGiveTo} from './compare.js';

/** The user who applies a plan. */
export interface User {
  readonly uid: number;
  /** Whether they may set any owner. */
  readonly chown: boolean;
  /** The groups of the user. */
  readonly groups: readonly number[];
}

/** Actions that create a new file or folder, which then belongs to the user who applies the plan. */
const MAKING: ReadonlySet<ActionKind> = new Set(['mkdir', 'create', 'update', 'replace']);

/** @throws DirsyncError PLAN_OTHER_USER if this user cannot set the owners that the plan gives to entries. */
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
