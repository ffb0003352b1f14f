/** The attributes of entries as node:fs reads and sets them. */
import fs from 'node:fs';
import {CODE, type Stat} from '../core/block.js';
import {fromNanoseconds, MAX_SIZE} from '../core/entry.js';
import {type Attributes, SystemError} from './platform.js';

/** Sets attributes of an open file. @throws SystemError. */
export function setOnFile(file: number, {uid, gid, mode, mtime, readBack}: Attributes): void {
  if (uid !== undefined || gid !== undefined) fs.fchownSync(file, uid ?? -1, gid ?? -1);
  if (mode !== undefined) fs.fchmodSync(file, mode);
  if (mtime === undefined) return;
  fs.futimesSync(file, Date.now() / 1000, seconds(mtime));
  readBack?.(fs.fstatSync(file, {bigint: true}).mtimeNs);
}

/**
 * Seconds in the form that node:fs takes. It makes a float of them; libuv keeps the microseconds of the float (Node 20) or all of
 * it (Node 24). If the float is below the microsecond, the next float is used. It is text, since Node takes a negative number for
 * "now".
 */
export function seconds(mtime: bigint): string {
  const parts = fromNanoseconds(mtime);
  const microseconds = parts.seconds * 1e6 + Math.floor(parts.nanoseconds / 1000);
  const time = microseconds / 1e6;
  return String(microsecondOf(time) === microseconds ? time : time + Math.abs(time) * HALF_A_STEP);
}

/** A little more than half a step between floats: adding it rounds to the next float, never to the one after that. */
const HALF_A_STEP = 0.51 * Number.EPSILON;

/** The microsecond that libuv makes of a float of seconds (uv__fs_to_timespec). */
function microsecondOf(time: number): number {
  const whole = Math.trunc(time);
  return whole * 1e6 + Math.floor(Math.trunc((time - whole) * 1e9) / 1000);
}

/** @throws SystemError EOVERFLOW for a file above `MAX_SIZE`. */
export function fill(stat: Stat, found: fs.BigIntStats): void {
  if (found.isFile() && found.size > MAX_SIZE) throw new SystemError('EOVERFLOW', 'lstat');
  const {seconds: s, nanoseconds} = fromNanoseconds(found.mtimeNs);
  stat.code = codeOf(found);
  stat.mode = Number(found.mode & 0o7777n);
  stat.uid = Number(found.uid);
  stat.gid = Number(found.gid);
  stat.size = stat.code === CODE.file ? Number(found.size) : 0;
  stat.seconds = s;
  stat.nanoseconds = nanoseconds;
  stat.inodeLow = Number(found.ino & 0xffff_ffffn);
  stat.inodeHigh = Number((found.ino >> 32n) & 0xffff_ffffn);
  stat.device = Number(found.dev & 0xffff_ffffn);
  stat.links = Number(found.nlink);
  const [birth, change] = [fromNanoseconds(found.birthtimeNs), fromNanoseconds(found.ctimeNs)];
  stat.birthSeconds = birth.seconds >>> 0;
  stat.birthNanoseconds = birth.nanoseconds;
  stat.changeSeconds = change.seconds >>> 0;
  stat.changeNanoseconds = change.nanoseconds;
  stat.mounted = undefined;
  // The layout of a dev_t depends on the C library: here it only distinguishes devices.
  const isDevice = stat.code === CODE.chardev || stat.code === CODE.blockdev;
  stat.rdevMajor = isDevice ? Number((found.rdev >> 8n) & 0xfffn) : 0;
  stat.rdevMinor = isDevice ? Number((found.rdev & 0xffn) | ((found.rdev >> 12n) & 0xfff00n)) : 0;
}

function codeOf(found: fs.BigIntStats): number {
  if (found.isFile()) return CODE.file;
  if (found.isDirectory()) return CODE.directory;
  if (found.isSymbolicLink()) return CODE.symlink;
  if (found.isFIFO()) return CODE.fifo;
  if (found.isSocket()) return CODE.socket;
  return found.isCharacterDevice() ? CODE.chardev : CODE.blockdev;
}
