/** Checks the owner of a config that was found, not named: in a shared folder, another user could have placed it as a trap. */
import {lstatSync, readlinkSync, type Stats} from 'node:fs';
import {dirname, resolve} from 'node:path';
import process from 'node:process';
import {escapeName} from '../core/escape.js';
import {decodeName, osPath} from '../core/name.js';

/** The file may come from another user and is not read. The message is escaped. */
export class Foreign extends Error {}

/**
 * Checks that a file, and each folder and symlink on the way to it, belongs to this user or to root and that no other user can
 * write to it. In a sticky folder, others can create files but not replace these.
 * @throws Foreign, or a system error if the file does not exist.
 */
export function checkOwn(file: string): void {
  const uid = process.geteuid?.();
  if (uid !== undefined) checkWay(file, {file, uid, gid: process.getegid?.() ?? uid}, new Set());
}

function checkWay(path: string, user: User, seen: Set<string>): void {
  if (seen.has(path)) return;
  seen.add(path);
  const stat = lstatSync(osPath(path));
  const what = path === user.file ? 'it' : escapeName(path);
  if (stat.uid !== user.uid && stat.uid !== 0) throw new Foreign(`${what} belongs to uid ${stat.uid}`);
  if (stat.isSymbolicLink()) {
    checkWay(resolve(dirname(path), decodeName(readlinkSync(osPath(path), {encoding: 'buffer'}))), user, seen);
  } else if (mayOthersWrite(stat, user)) throw new Foreign(`other users can write to ${what}`);
  if (path !== dirname(path)) checkWay(dirname(path), user, seen);
}

interface User {
  /** The file that was found. */
  readonly file: string;
  readonly uid: number;
  readonly gid: number;
}

const STICKY = 0o1000;

/** Whether other users can write. Write access for the user's own group is normal: most users are alone in it. */
function mayOthersWrite(stat: Stats, {gid}: User): boolean {
  // Other kinds, such as devices, are not configs.
  if (!(stat.isFile() || (stat.isDirectory() && (stat.mode & STICKY) === 0))) return false;
  return (stat.mode & 0o002) !== 0 || ((stat.mode & 0o020) !== 0 && stat.gid !== gid && stat.gid !== 0);
}
