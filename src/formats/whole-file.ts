/**
 * Replaces files as a whole: the new content is written beside the old file, flushed, and renamed over it. So readers see either
 * the old or the new content, even after a power cut. Also sets who can read such files: plans and reports contain names from
 * folders that other users cannot read.
 */
import {randomBytes} from 'node:crypto';
import fs, {type Stats} from 'node:fs';
import {open, rename, rm, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {decodeName, encodeName, osPath} from '../core/name.js';

/** The mode of a new plan or report: only its owner can read it. */
export const PRIVATE = 0o600;

type Content = string | Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

/** The owner and mode of the new file. */
export interface Access {
  /** The mode, reduced by the umask; undefined for the mode of any new file. */
  readonly mode?: number;
  /** The file that is replaced: the new one gets its mode, and its owner and group if this user may set them. */
  readonly like?: Pick<Stats, 'mode' | 'uid' | 'gid'> | undefined;
  /** The exact mode, regardless of the umask. */
  readonly exactMode?: number;
}

/**
 * Replaces a file. The content may come in pieces. A symlink at `file` is replaced, not followed.
 * @throws Node's error; then the old file is unchanged, and no draft is left.
 */
export async function replaceFile(file: string, content: Content, access: Access): Promise<void> {
  const draft = draftOf(file);
  const made = await open(draft, 'wx', access.mode);
  try {
    try {
      give(made.fd, access);
      await writeFile(made, content);
      await made.sync();
    } finally {
      await made.close();
    }
    await rename(draft, osPath(file));
  } catch (error) {
    await rm(draft, {force: true}).catch(() => undefined);
    throw error;
  }
}

/** Replaces a file synchronously, for a short text. @throws Node's error, as `replaceFile` does. */
export function replaceFileSync(file: string, text: string, access: Access): void {
  const draft = draftOf(file);
  const made = fs.openSync(draft, 'wx', access.mode);
  try {
    try {
      give(made, access);
      fs.writeFileSync(made, text);
      fs.fsyncSync(made);
    } finally {
      fs.closeSync(made);
    }
    fs.renameSync(draft, osPath(file));
  } catch (error) {
    attempt(() => fs.rmSync(draft, {force: true}));
    throw error;
  }
}

function give(descriptor: number, {like, exactMode}: Access): void {
  if (like !== undefined) keepAccess(descriptor, like);
  if (exactMode !== undefined) fs.fchmodSync(descriptor, exactMode);
}

/** An unused name beside the file. Not by `path.join`, which resolves `..` behind a symlink to the wrong folder. */
function draftOf(file: string): string | Buffer {
  return osPath(`${path.dirname(file)}/${startOf(file)}${randomBytes(6).toString('hex')}.tmp`);
}

/** The most bytes for the start of a draft's name, so that every file system accepts the whole name. */
const MAX_START = 255 - '0123456789ab.tmp'.length;

/** The start of the names of a file's drafts: the file's own name, truncated if it is long. */
function startOf(file: string): string {
  const start = `${path.basename(file)}.`;
  return encodeName(start).length <= MAX_START ? start : [...start].slice(0, MAX_START / 4).join('');
}

const MINUTE = 60_000;

/** Removes drafts of a small file that killed runs have left. A draft younger than a minute may still be in use. */
export function removeDrafts(file: string): void {
  const [folder, start] = [path.dirname(file), startOf(file)];
  try {
    for (const name of fs.readdirSync(osPath(folder), {encoding: 'buffer'}).map(decodeName)) {
      const isDraft = name.startsWith(start) && /^[0-9a-f]{12}\.tmp$/.test(name.slice(start.length));
      const leftover = osPath(`${folder}/${name}`);
      if (isDraft && Date.now() - fs.statSync(leftover).mtimeMs > MINUTE) fs.rmSync(leftover);
    }
  } catch {
    // Another run may remove them too, or the folder cannot be listed.
  }
}

/**
 * Gives a new `PRIVATE` file the mode of the file that it will replace, and its owner and group if this user may set them. Uses the
 * descriptor, so that a link put in its place is not followed.
 */
export function keepAccess(descriptor: number, old: Pick<Stats, 'mode' | 'uid' | 'gid'>): void {
  const isGiven =
    attempt(() => fs.fchownSync(descriptor, old.uid, old.gid)) || attempt(() => fs.fchownSync(descriptor, -1, old.gid));
  // If the group is different, it must not get the access of the old group.
  const same = isGiven || fs.fstatSync(descriptor).gid === old.gid;
  attempt(() => fs.fchmodSync(descriptor, old.mode & (same ? 0o777 : 0o707)));
}

/** Runs `act`; false if it is refused or not supported. */
function attempt(act: () => void): boolean {
  try {
    act();
    return true;
  } catch {
    return false;
  }
}
