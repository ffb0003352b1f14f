/**
 * Owners by name (`--owner-by name`). Both trees are seen by one machine, where a name and its number are the same thing; a saved
 * plan may be applied on another. So the plan carries the names, and is refused where they stand for other numbers.
 *
 * A saved plan may also be applied by another user than made it. It is refused where files would get other owners than it says, or
 * where each would be copied in full and then be refused its owner.
 */
import process from 'node:process';
import type {Action, ActionKind} from '../../core/action.js';
import {DirsyncError} from '../../core/errors.js';
import {escapeName} from '../../core/escape.js';
import {ROOT} from '../../core/path.js';
import type {Owners, Plan, PlanHeader} from '../../core/plan.js';
import {mayGiveTo} from '../../plan/compare.js';
import {type Database, idsOf, namesOf} from '../../platform/accounts.js';
import {ownGroups, privileges} from '../../platform/privileges.js';

/** The names of all owners that a plan sets; a number without a name stays a number. */
export function ownersOf(actions: readonly Action[]): Owners {
  const users = new Set<number>();
  const groups = new Set<number>();
  for (const {after} of actions) {
    if (after === undefined) continue;
    users.add(after.uid);
    groups.add(after.gid);
  }
  const named = (database: Database, ids: Set<number>) =>
    Object.fromEntries(
      [
        ...namesOf(
          database,
          [...ids].sort((a, b) => a - b),
        ),
      ].map(([id, name]) => [name, id]),
    );
  return {users: named('passwd', users), groups: named('group', groups)};
}

/** @throws DirsyncError PLAN_OTHER_OWNERS where a name of the plan's is not this machine's. */
export function checkOwners({owners}: PlanHeader): void {
  if (owners === undefined) return;
  for (const [database, what, named] of [
    ['passwd', 'user', owners.users],
    ['group', 'group', owners.groups],
  ] as const) {
    const here = idsOf(database, Object.keys(named));
    for (const [name, id] of Object.entries(named)) {
      if (here.get(name) === id) continue;
      const now = here.get(name);
      const found = now === undefined ? 'does not exist here' : `has ID ${now} here`;
      throw new DirsyncError(
        'PLAN_OTHER_OWNERS',
        `the ${what} ${escapeName(name)} had ID ${id} where the plan was made, but ${found}`,
        'plan again on this machine, or plan with --owner-by id',
      );
    }
  }
}

/** What makes a new file or folder, which belongs to who makes it. */
const MAKING: ReadonlySet<ActionKind> = new Set(['mkdir', 'create', 'update', 'replace']);

/** @throws DirsyncError PLAN_OTHER_USER where this user cannot give what the plan makes or changes to its owners. */
export function checkUser({header, actions}: Plan): void {
  const uid = process.geteuid?.();
  if (uid === undefined) return;
  const {options, plannedBy} = header;
  const mayChown = privileges().chown;
  const groups = ownGroups();
  const isRefused = ({kind, after}: Action) =>
    after !== undefined &&
    kind !== 'link' &&
    ((options.owner && after.uid !== uid) || (mayGiveTo(after.gid, options) && !groups.includes(after.gid)));
  const refused = mayChown ? undefined : actions.find(isRefused);
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
