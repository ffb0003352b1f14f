/**
 * Extended attributes as plain data: xattr(7). Linux stores POSIX ACLs as two of them, and so does an entry; only the setting of
 * what to keep distinguishes them. A short value is base64 text, a long one its digest, which is enough to compare and show it.
 * Nearly all values are short and can be set from the plan.
 */

/** Values by attribute name, in the order of the names' bytes. */
export type Xattrs = Readonly<Record<string, string>>;

/** Namespaces whose attributes are copied. `system` contains the ACLs and attributes that file systems generate. */
export const XATTR_NAMESPACES = ['user', 'trusted', 'security'] as const;
export type XattrNamespace = (typeof XATTR_NAMESPACES)[number];

export const ACL_ACCESS = 'system.posix_acl_access';
export const ACL_DEFAULT = 'system.posix_acl_default';

/** Longer values, in bytes, are replaced by a digest. */
export const MAX_XATTR_BYTES = 256;

/**
 * The most bytes of packed names and values of one path. A line of a plan contains two such sets, and a letter may take six bytes.
 */
export const MAX_XATTRS = 48 * 1024;

/** Stands for a value that could not be read; it equals only another unreadable value. */
export const UNREADABLE_XATTR = '?';

const DIGEST = 'sha256:';
const VALUE = /^(?:[A-Za-z0-9+/]*={0,2}|sha256:[0-9a-f]{64}|\?)$/;

/** Which attributes of an entry are compared and set. */
export interface PreservedXattrs {
  readonly xattrs: readonly XattrNamespace[];
  readonly acls: boolean;
}

/** Whether an attribute is one of the two POSIX ACLs. */
export function isAcl(name: string): boolean {
  return name === ACL_ACCESS || name === ACL_DEFAULT;
}

/** Whether an attribute is compared and set. */
export function isPreservedXattr(name: string, {xattrs, acls}: PreservedXattrs): boolean {
  // XFS shows its ACLs a second time under these names.
  if (name.startsWith('trusted.SGI_ACL_')) return false;
  return isAcl(name) ? acls : xattrs.some((namespace) => name.startsWith(`${namespace}.`));
}

/** Whether any attributes are kept. */
export function preservesXattrs({xattrs, acls}: PreservedXattrs): boolean {
  return acls || xattrs.length > 0;
}

/** The value that stands for a long one, from its hexadecimal SHA-256. */
export function digestValue(sha256: string): string {
  return `${DIGEST}${sha256}`;
}

/** The hexadecimal SHA-256 of a long value; undefined for a short value. */
export function valueDigest(value: string): string | undefined {
  return value.startsWith(DIGEST) ? value.slice(DIGEST.length) : undefined;
}

/** Whether a value from a file has a valid form. */
export function isXattrValue(value: unknown): value is string {
  return typeof value === 'string' && VALUE.test(value);
}

/** The kept names whose values differ between two entries. */
export function differingXattrs(a: Xattrs | undefined, b: Xattrs | undefined, preserved: PreservedXattrs): string[] {
  if (a === undefined && b === undefined) return [];
  const names = new Set([...Object.keys(a ?? {}), ...Object.keys(b ?? {})]);
  return [...names].filter((name) => a?.[name] !== b?.[name] && isPreservedXattr(name, preserved));
}
