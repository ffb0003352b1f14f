/**
 * Extended attributes as plain data: xattr(7). POSIX ACLs are two of them to Linux, and here too; only what is kept tells them
 * apart. A value is base64 text where it is short, else the digest of it: enough to compare, to show, and for nearly all to set.
 */

/** Values by attribute name, in the order of the names' bytes. */
export type Xattrs = Readonly<Record<string, string>>;

/** Namespaces whose attributes are copied; `system` holds the ACLs and what file systems give out themselves. */
export const XATTR_NAMESPACES = ['user', 'trusted', 'security'] as const;
export type XattrNamespace = (typeof XATTR_NAMESPACES)[number];

export const ACL_ACCESS = 'system.posix_acl_access';
export const ACL_DEFAULT = 'system.posix_acl_default';

/** Values above so many bytes travel as a digest. */
export const MAX_XATTR_BYTES = 256;

/** Names and values of one path together, as they are packed: a line of a plan holds two such sets of which each letter takes six bytes. */
export const MAX_XATTRS = 48 * 1024;

/** Stands for a value that could not be read: equal to another such one only. */
export const UNREADABLE_XATTR = '?';

const DIGEST = 'sha256:';
const VALUE = /^(?:[A-Za-z0-9+/]*={0,2}|sha256:[0-9a-f]{64}|\?)$/;

/** Which attributes of an entry are compared and set. */
export interface KeptXattrs {
  readonly xattrs: readonly XattrNamespace[];
  readonly acls: boolean;
}

export function isAcl(name: string): boolean {
  return name === ACL_ACCESS || name === ACL_DEFAULT;
}

export function isKeptXattr(name: string, {xattrs, acls}: KeptXattrs): boolean {
  // XFS shows its ACLs a second time under these names.
  if (name.startsWith('trusted.SGI_ACL_')) return false;
  return isAcl(name) ? acls : xattrs.some((namespace) => name.startsWith(`${namespace}.`));
}

export function keepsXattrs({xattrs, acls}: KeptXattrs): boolean {
  return acls || xattrs.length > 0;
}

export function digestValue(sha256: string): string {
  return `${DIGEST}${sha256}`;
}

/** The hexadecimal SHA-256 that stands for a long value; undefined for one that is there itself. */
export function valueDigest(value: string): string | undefined {
  return value.startsWith(DIGEST) ? value.slice(DIGEST.length) : undefined;
}

export function isXattrValue(value: unknown): value is string {
  return typeof value === 'string' && VALUE.test(value);
}

/** The names under which two entries have different values, of those that are kept. */
export function differingXattrs(a: Xattrs | undefined, b: Xattrs | undefined, kept: KeptXattrs): string[] {
  if (a === undefined && b === undefined) return [];
  const names = new Set([...Object.keys(a ?? {}), ...Object.keys(b ?? {})]);
  return [...names].filter((name) => a?.[name] !== b?.[name] && isKeptXattr(name, kept));
}
