/** Extended attributes of test files. */
import path from 'node:path';
import {CODE} from '../../src/core/block.js';
import {toByteName} from '../../src/core/name.js';
import {ACL_ACCESS, type XattrNamespace} from '../../src/core/xattr.js';
import {PosixPlatform} from '../../src/platform/posix.js';
import {aclFor} from './acl.js';
import {skip} from './skip.js';

/** Gives a file or folder exactly these attributes in the namespace `user`. */
export function setXattrs(at: string, values: Readonly<Record<string, string>>): void {
  const named = Object.entries(values).map(([name, value]) => [toByteName(name), Buffer.from(value)] as const);
  set(at, {preserved: {xattrs: ['user' satisfies XattrNamespace], acls: false}, values: named});
}

/** Lets this user read it with an ACL; its mode is then 0640. */
export function setAcl(at: string, user: number): void {
  const value = Buffer.from(aclFor(user), 'base64');
  set(at, {preserved: {xattrs: [], acls: true}, values: [[toByteName(ACL_ACCESS), value]]});
}

type Wanted = NonNullable<Parameters<PosixPlatform['setAttributes']>[3]['xattrs']>;

function set(at: string, xattrs: Wanted): void {
  const platform = new PosixPlatform();
  const folder = platform.openRoot(toByteName(path.dirname(at)));
  try {
    platform.setAttributes(folder, toByteName(path.basename(at)), CODE.file, {xattrs});
  } finally {
    platform.close(folder);
  }
}

/** Skips if the file system of this folder does not keep them. */
export function needXattrs(context: Mocha.Context, at: string): void {
  const platform = new PosixPlatform();
  const folder = platform.openRoot(toByteName(at));
  const {preserves, type} = platform.fileSystem(folder);
  platform.close(folder);
  if (!preserves.xattrs.includes('user') || !preserves.acls) skip(context, `${type} keeps no extended attributes or no ACLs`);
}
