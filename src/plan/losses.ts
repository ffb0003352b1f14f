/** What a plan does not keep of what was asked for: counted by what it is, so that it can be said once. */
import {isDevice} from '../core/block.js';
import type {Entry} from '../core/entry.js';
import type {PlanOptions, Preservable} from '../core/plan.js';
import {isAcl, isKeptXattr, XATTR_NAMESPACES} from '../core/xattr.js';
import {mayGiveTo} from './compare.js';

/** Paths of which something is not kept that was asked for, by what it is. */
export type Losses = Readonly<Record<'owner' | 'xattrs' | 'acls' | 'specials' | 'devices', number>>;

export interface LossOptions {
  readonly policy: PlanOptions;
  readonly wanted: readonly Preservable[];
  /** The user that new files belong to, unless the owner is kept. */
  readonly uid: number;
}

export class LossCount {
  readonly #counts: {-readonly [Key in keyof Losses]: number} = {owner: 0, xattrs: 0, acls: 0, specials: 0, devices: 0};

  constructor(private readonly o: LossOptions) {}

  get counts(): Losses {
    return this.#counts;
  }

  /** A FIFO, a socket or a device that is not made. */
  countSpecial(code: number): void {
    if (this.#wants('specials')) this.#counts[isDevice(code) ? 'devices' : 'specials']++;
  }

  /** What is lost of the source's entry `after`, where the target has `before`. */
  count(after: Entry, before?: Entry): void {
    const {policy, uid} = this.o;
    const owner = !policy.owner && after.uid !== (before?.uid ?? uid);
    const group = !mayGiveTo(after.gid, policy) && after.gid !== before?.gid;
    if ((owner || group) && this.#wants('owner')) this.#counts.owner++;
    if (after.xattrs === undefined) return;
    const lost = Object.entries(after.xattrs)
      .filter(([name, value]) => !isKeptXattr(name, policy) && before?.xattrs?.[name] !== value)
      .map(([name]) => name);
    if (lost.some(isAcl) && this.#wants('acls')) this.#counts.acls++;
    if (lost.some(isCopied) && this.#wants('xattrs')) this.#counts.xattrs++;
  }

  #wants(preservable: Preservable): boolean {
    return this.o.wanted.includes(preservable);
  }
}

/** Whether an attribute is one of those that are copied where it can be. The kernel gives every file a label of its own. */
function isCopied(name: string): boolean {
  return name !== 'security.selinux' && isKeptXattr(name, {xattrs: XATTR_NAMESPACES, acls: false});
}
