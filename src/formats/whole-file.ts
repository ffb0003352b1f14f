/**
 * Files that are written as a whole: what is new is written beside the old file, flushed, and renamed over it. So whoever reads sees the
 * old content or the new one, also after a power cut. And who may read them: what dirsync writes about trees holds names from folders that
 * are closed to others.
 */
import {randomBytes} from 'node:crypto';
import fs, {type Stats} from 'node:fs';
import {open, rename, rm, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {decodeName, encodeName, osPath} from '../core/name.js';

/** Of a new plan or report: its maker's alone, until that user says otherwise. */
export const PRIVATE = 0o600;

type Content = string | Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

export interface Access {
  /** Less what the umask takes; without it, that of any new file. */
  readonly mode?: number;
  /** The file that is replaced: the new one gets its mode, and its owner and group where this user may. */
  readonly like?: Pick<Stats, 'mode' | 'uid' | 'gid'> | undefined;
  /** Whatever the umask is. */
  readonly exactMode?: number;
}

/**
 * The content may come in pieces. A symlink at `file` is replaced, not followed.
 * @throws Node's error; then the old file is there, and nothing beside it.
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

/** The same at once, for a short text. */
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

/** A name beside the file that nothing has. Not by `path.join`: behind a symlink, `..` is another folder than it takes it for. */
function draftOf(file: string): string | Buffer {
  return osPath(`${path.dirname(file)}/${startOf(file)}${randomBytes(6).toString('hex')}.tmp`);
}

/** Bytes that every file system takes for a name, without what follows the start of a draft's. */
const MAX_START = 255 - '0123456789ab.tmp'.length;

/** How the names of a file's drafts begin: as it does. Of a long name, as much as has room whatever its letters are. */
function startOf(file: string): string {
  const start = `${path.basename(file)}.`;
  return encodeName(start).length <= MAX_START ? start : [...start].slice(0, MAX_START / 4).join('');
}

const MINUTE = 60_000;

/** Removes drafts of a small file that killed runs have left; one that is younger than a minute may be at work. */
export function removeDrafts(file: string): void {
  const [folder, start] = [path.dirname(file), startOf(file)];
  try {
    for (const name of fs.readdirSync(osPath(folder), {encoding: 'buffer'}).map(decodeName)) {
      const isDraft = name.startsWith(start) && /^[0-9a-f]{12}\.tmp$/.test(name.slice(start.length));
      const leftover = osPath(`${folder}/${name}`);
      if (isDraft && Date.now() - fs.statSync(leftover).mtimeMs > MINUTE) fs.rmSync(leftover);
    }
  } catch {
    // Another run removes them too, or the folder cannot be listed.
  }
}

/**
 * Gives a file that was just made as `PRIVATE` the mode of the one that it is to replace, and its owner and group where this user may.
 * By descriptor, so that no link put in its place is followed.
 */
export function keepAccess(descriptor: number, old: Pick<Stats, 'mode' | 'uid' | 'gid'>): void {
  const isGiven =
    attempt(() => fs.fchownSync(descriptor, old.uid, old.gid)) || attempt(() => fs.fchownSync(descriptor, -1, old.gid));
  // What the old group might read, another one may not.
  const same = isGiven || fs.fstatSync(descriptor).gid === old.gid;
  attempt(() => fs.fchmodSync(descriptor, old.mode & (same ? 0o777 : 0o707)));
}

/** False where that is refused, or the file system has no such thing. */
function attempt(act: () => void): boolean {
  try {
    act();
    return true;
  } catch {
    return false;
  }
}
