/** Decides what can be preserved: by this user, with this backend, in this target. */
import {type Abilities, withAbilities} from '../core/abilities.js';
import type {Preservable, Preserved} from '../core/plan.js';
import {type PreservedXattrs, XATTR_NAMESPACES} from '../core/xattr.js';

export interface PreserveOptions {
  readonly wanted: readonly Preservable[];
  readonly user: {
    /** Whether they can give files to any owner and group. */
    readonly chown: boolean;
    /** The groups to which they can give their own files. */
    readonly groups: readonly number[];
    readonly makeDevices: boolean;
    /** Whether they can set the extended attributes of the system. */
    readonly trustedXattrs: boolean;
  };
  /** Whether the backend can set and make everything. */
  readonly preservesAll: boolean;
  /** What the file system of the target supports, by its type. */
  readonly supported: PreservedXattrs;
  /** What the target can hold, if a run has tried that. */
  readonly abilities: Abilities | undefined;
}

/** The attributes that are preserved, and those that have to be read to count losses. */
export interface WhatIsPreserved {
  readonly preserved: Preserved;
  /** The extended attributes to read in the source, including those that are lost, which are counted. */
  readonly read: PreservedXattrs;
  /**
   * The extended attributes to read in the target, since some file systems return errors for attributes that they do not support.
   */
  readonly readInTarget: PreservedXattrs;
}

/** Returns what is preserved of the wanted attributes. */
export function whatIsPreserved({wanted, user, preservesAll, supported, abilities}: PreserveOptions): WhatIsPreserved {
  const wants = (preservable: Preservable) => wanted.includes(preservable);
  const read = {
    xattrs: wants('xattrs') && preservesAll ? XATTR_NAMESPACES : [],
    acls: wants('acls') && preservesAll,
  };
  const readInTarget = {
    xattrs: read.xattrs.filter((each) => supported.xattrs.includes(each)),
    acls: read.acls && supported.acls,
  };
  const settable = user.trustedXattrs ? XATTR_NAMESPACES : ['user'];
  const preserved: Preserved = {
    mode: wants('mode'),
    owner: wants('owner') && user.chown,
    groups: !wants('owner') ? [] : user.chown ? 'any' : user.groups,
    times: wants('times'),
    xattrs: readInTarget.xattrs.filter((each) => settable.includes(each)),
    acls: readInTarget.acls,
    symlinks: 'kept',
    hardlinks: wants('hardlinks'),
    showsLinks: true,
    sparse: wants('sparse') && preservesAll,
    specials: wants('specials') && preservesAll,
    devices: wants('specials') && preservesAll && user.makeDevices,
  };
  return {preserved: withAbilities(preserved, abilities), read, readInTarget};
}
