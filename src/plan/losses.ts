/** Counts what a plan cannot preserve although it was requested, so that one warning can say it. */
import {CODE, isDevice} from '../core/block.js';
import {addSizes, type Entry} from '../core/entry.js';
import type {PlanOptions, Preservable} from '../core/plan.js';
import {isAcl, isPreservedXattr, XATTR_NAMESPACES} from '../core/xattr.js';
import {mayGiveTo} from './compare.js';

/** The number of paths that lose something, by what they lose; `linkedBytes` counts the bytes of hard links written as files. */
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

/** What was requested and what is preserved. */
export interface LossOptions {
  readonly policy: PlanOptions;
  readonly wanted: readonly Preservable[];
  /** The uid of new files, unless owners are preserved. */
  readonly uid: number;
}

/** Counts losses while a plan is made. */
export class LossCount {
  readonly #counts: {-readonly [Key in keyof Losses]: number} = {...NO_LOSSES};
  readonly #files = new Set<string>();

  constructor(private readonly o: LossOptions) {}

  get counts(): Losses {
    return this.#counts;
  }

  /** Counts a symbolic link, a FIFO, a socket or a device that is not created. */
  countUnmade(code: number): void {
    if (code === CODE.symlink) this.#counts.symlinks++;
    else if (this.#wants('specials')) this.#counts[isDevice(code) ? 'devices' : 'specials']++;
  }

  /** Counts what is lost of the source's entry `after` if the target has `before`. */
  count(after: Entry, before?: Entry): void {
    const {policy, uid} = this.o;
    if (!policy.mode && after.kind !== 'symlink' && after.mode !== before?.mode && this.#wants('mode')) this.#counts.mode++;
    if (!policy.times && after.mtime !== before?.mtime && this.#wants('times')) this.#counts.times++;
    const owner = !policy.owner && after.uid !== (before?.uid ?? uid);
    const group = !mayGiveTo(after.gid, policy) && after.gid !== before?.gid;
    if ((owner || group) && this.#wants('owner')) this.#counts.owner++;
    if (after.xattrs === undefined) return;
    const lost = Object.entries(after.xattrs)
      .filter(([name, value]) => !isPreservedXattr(name, policy) && before?.xattrs?.[name] !== value)
      .map(([name]) => name);
    if (lost.some(isAcl) && this.#wants('acls')) this.#counts.acls++;
    if (lost.some(isCopied) && this.#wants('xattrs')) this.#counts.xattrs++;
  }

  /** Counts one name of a file with several names; all but the first become separate files in the target. */
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

/** Whether an attribute is copied where possible. The kernel gives every file its own SELinux label. */
function isCopied(name: string): boolean {
  return name !== 'security.selinux' && isPreservedXattr(name, {xattrs: XATTR_NAMESPACES, acls: false});
}
