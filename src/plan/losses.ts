/** What a plan does not keep of what was asked for: counted by what it is, so that it can be said once. */
import {CODE, isDevice} from '../core/block.js';
import {addSizes, type Entry} from '../core/entry.js';
import type {PlanOptions, Preservable} from '../core/plan.js';
import {isAcl, isKeptXattr, XATTR_NAMESPACES} from '../core/xattr.js';
import {mayGiveTo} from './compare.js';

/** Paths of which something is not kept that was asked for, by what it is. */
export type Losses = Readonly<
  Record<
    'mode' | 'owner' | 'times' | 'xattrs' | 'acls' | 'symlinks' | 'hardlinks' | 'linkedBytes' | 'specials' | 'devices',
    number
  >
>;

export const NO_LOSSES: Losses = {
  mode: 0,
  owner: 0,
  times: 0,
  xattrs: 0,
  acls: 0,
  symlinks: 0,
  hardlinks: 0,
  linkedBytes: 0,
  specials: 0,
  devices: 0,
};

export interface LossOptions {
  readonly policy: PlanOptions;
  readonly wanted: readonly Preservable[];
  /** The user that new files belong to, unless the owner is kept. */
  readonly uid: number;
}

export class LossCount {
  readonly #counts: {-readonly [Key in keyof Losses]: number} = {...NO_LOSSES};
  readonly #files = new Set<string>();

  constructor(private readonly o: LossOptions) {}

  get counts(): Losses {
    return this.#counts;
  }

  /** A symbolic link, a FIFO, a socket or a device that is not made. */
  countUnmade(code: number): void {
    if (code === CODE.symlink) this.#counts.symlinks++;
    else if (this.#wants('specials')) this.#counts[isDevice(code) ? 'devices' : 'specials']++;
  }

  /** What is lost of the source's entry `after`, where the target has `before`. */
  count(after: Entry, before?: Entry): void {
    const {policy, uid} = this.o;
    if (!policy.mode && after.kind !== 'symlink' && after.mode !== before?.mode && this.#wants('mode')) this.#counts.mode++;
    if (!policy.times && after.mtime !== before?.mtime && this.#wants('times')) this.#counts.times++;
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

  /** A name of a file with several; all but the first are files of their own in the target. */
  countName(file: string, size: number): void {
    if (!this.#wants('hardlinks')) return;
    if (!this.#files.has(file)) {
      this.#files.add(file);
      return;
    }
    this.#counts.hardlinks++;
    this.#counts.linkedBytes = addSizes(this.#counts.linkedBytes, size);
  }

  #wants(preservable: Preservable): boolean {
    return this.o.wanted.includes(preservable);
  }
}

/** Whether an attribute is one of those that are copied where it can be. The kernel gives every file a label of its own. */
function isCopied(name: string): boolean {
  return name !== 'security.selinux' && isKeptXattr(name, {xattrs: XATTR_NAMESPACES, acls: false});
}
