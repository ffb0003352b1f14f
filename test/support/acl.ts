/** Values of POSIX ACLs in the format of the kernel: linux/posix_acl_xattr.h. */

export type AclEntry = readonly [tag: number, permissions: number, id?: number];

/** How Linux writes a missing id: a number that no user has. */
export function aclBytes(entries: readonly AclEntry[], version = 2): Buffer {
  const bytes = Buffer.alloc(4 + 8 * entries.length);
  bytes.writeUInt32LE(version);
  for (const [i, [tag, permissions, id = 0xffffffff]] of entries.entries()) {
    bytes.writeUInt16LE(tag, 4 + 8 * i);
    bytes.writeUInt16LE(permissions, 6 + 8 * i);
    bytes.writeUInt32LE(id, 8 + 8 * i);
  }
  return bytes;
}

/** `u::rw-,u:1000:r--,g::r--,m::r--,o::---` for the user 1000, in base64. */
export function aclFor(user: number): string {
  return aclBytes([
    [0x01, 6],
    [0x02, 4, user],
    [0x04, 4],
    [0x10, 4],
    [0x20, 0],
  ]).toString('base64');
}
