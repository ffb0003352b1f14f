/**
 * Owners by name (`--owner-by name`). On one machine, a name and its ID are equivalent, but a saved plan may be applied on another
 * machine. So the plan contains the names, and is refused if they have different IDs there.
 */
import process from 'node:process';
import type {Action} from '../../core/action.js';
import {DirsyncError} from '../../core/errors.js';
import {escapeName} from '../../core/escape.js';
import type {Owners, Plan, PlanHeader} from '../../core/plan.js';
import {checkUser} from '../../plan/user.js';
import {type Database, idsOf, namesOf} from '../../platform/accounts.js';
import {ownGroups, privileges} from '../../platform/privileges.js';

/** Returns the names of all owners that a plan sets, with their IDs. IDs without a name are left out. */
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

/** @throws DirsyncError PLAN_OTHER_OWNERS if a name in the plan has a different ID on this machine. */
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

/** @throws DirsyncError PLAN_OTHER_USER if this user cannot set the owners that the plan needs. */
export function checkThisUser(plan: Plan): void {
  const uid = process.geteuid?.();
  if (uid !== undefined) checkUser(plan, {uid, chown: privileges().chown, groups: ownGroups()});
}
