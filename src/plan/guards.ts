/**
 * Guards: small predicates over a whole plan that halt it before anything is changed. Each answers with the sentence that
 * tells why, or undefined. They count leaves, not folders.
 */
import {GUARD_NAMES, type GuardName, type Halt, type MaxDelete, type Overlap, type Plan} from '../core/plan.js';

export const DEFAULT_MAX_DELETE: MaxDelete = {share: 0.5};

/** A share is judged only in a target with more leaves than this: below it, half is soon reached by ordinary work. */
const SMALL_TARGET = 20;

type Guard = (plan: Plan) => string | undefined;

const GUARDS: Readonly<Record<GuardName, Guard>> = {
  'same-tree': sameTree,
  'source-missing': sourceMissing,
  'source-empty': sourceEmpty,
  'too-many-deletes': tooManyDeletes,
};

/** The guards that would halt this plan, in the order of `GUARD_NAMES`; those in `allow` are marked as allowed. */
export function guardHalts(plan: Plan, allow: readonly GuardName[]): Halt[] {
  return GUARD_NAMES.flatMap((guard) => {
    const message = GUARDS[guard](plan);
    return message === undefined ? [] : [{guard, message, allowed: allow.includes(guard)}];
  });
}

const OVERLAPS: Readonly<Record<Overlap, string>> = {
  same: 'source and target are the same folder',
  'target-in-source': 'the target lies inside the source',
  'source-in-target': 'the source lies inside the target',
};

function sameTree({header}: Plan): string | undefined {
  return header.overlap && OVERLAPS[header.overlap];
}

function sourceMissing({header}: Plan): string | undefined {
  return header.sourceMissing ? 'the source does not exist and was taken as an empty folder' : undefined;
}

function sourceEmpty({header, actions}: Plan): string | undefined {
  const {source, target} = header.totals;
  if (source.entries > 0 || target.entries === 0) return undefined;
  const deletes = actions.filter(({kind}) => kind === 'delete' || kind === 'rmdir').length;
  if (deletes === 0) return undefined;
  return `the source is empty and would empty the target: ${number(deletes)} of its ${number(target.entries)} entries would go`;
}

function tooManyDeletes({header, actions}: Plan): string | undefined {
  const {maxDelete} = header.options;
  const {leaves} = header.totals.target;
  const deletes = actions.reduce((count, {kind}) => (kind === 'delete' ? count + 1 : count), 0);
  const tooMany = 'count' in maxDelete ? deletes > maxDelete.count : leaves > SMALL_TARGET && deletes / leaves > maxDelete.share;
  if (!tooMany) return undefined;
  const limit = 'count' in maxDelete ? String(maxDelete.count) : `${number(maxDelete.share * 100)}%`;
  const share = number((100 * deletes) / Math.max(leaves, 1));
  return `would delete ${number(deletes)} of ${number(leaves)} files (${share} %), more than --max-delete ${limit}`;
}

function number(value: number): string {
  return value.toLocaleString('en-US', {maximumFractionDigits: 1});
}
