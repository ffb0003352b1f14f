/** The names in a target's `.dirsync/`. Opens, makes and removes its folders by name in open folders, never through a symlink. */

import process from 'node:process';
import {CODE, emptyStat} from '../core/block.js';
import type {ByteName} from '../core/name.js';
import {STATE_DIR} from '../core/path.js';
import {errnoOf, type Folder, type ListedEntry, type OpenFile, orNothing, type Platform} from '../platform/platform.js';

export const NAMES = {
  state: STATE_DIR as ByteName,
  /** Files that are being written, in a folder for each run. */
  staging: 'tmp' as ByteName,
  /** Files that were replaced by a folder, until the folder's content is on disk. */
  replaced: 'replaced' as ByteName,
  /** Entries that wait for their new path, in a folder for each run. */
  moving: 'moving' as ByteName,
  /** A journal for each run that changed something. */
  runs: 'runs' as ByteName,
  /** The target's own id. */
  id: 'id.json' as ByteName,
  /** How the target stores times, if not all of them exactly. */
  times: 'times.json' as ByteName,
  /** What the target can hold, and the folder in which that is tried. */
  abilities: 'abilities.json' as ByteName,
  probe: 'probe' as ByteName,
  /** How names that the target cannot hold are escaped. */
  naming: 'naming.json' as ByteName,
  /** Files that show how the target folds names, if its file system type does not determine that. */
  names: 'names' as ByteName,
  /** What both trees were after the last run. */
  last: 'last.manifest' as ByteName,
  /** The holder of the lock. */
  lock: 'lock' as ByteName,
} as const;

/** Only the user who runs dirsync may look in here, since it contains half-written copies of private files. */
const PRIVATE = 0o700;

/** Opens a folder, and makes it if it is missing. Close it. */
export function ensureFolder(platform: Platform, parent: Folder, name: ByteName): Folder {
  try {
    platform.makeFolder(parent, name, PRIVATE);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
  return platform.openFolder(parent, name);
}

/** Opens the folder at a path of names below `root`, and makes missing ones. Close it. */
export function ensurePath(platform: Platform, root: Folder, names: readonly ByteName[]): Folder {
  let folder = root;
  for (const name of names) {
    const parent = folder;
    try {
      folder = ensureFolder(platform, parent, name);
    } finally {
      if (parent !== root) platform.close(parent);
    }
  }
  return folder;
}

/** Removes the entry at `name` with all its content, if it exists. */
export function removeTree(platform: Platform, parent: Folder, name: ByteName): void {
  const stat = emptyStat();
  try {
    if (!platform.stat(parent, name, stat)) return;
  } catch (error) {
    // It is a file, although its size is above the limit.
    if (errnoOf(error) !== 'EOVERFLOW') throw error;
  }
  if (stat.code !== CODE.directory) {
    platform.removeFile(parent, name);
    return;
  }
  inFolder(platform, parent, name, (folder) => {
    const rows: ListedEntry[] = [];
    const count = platform.list(folder, rows);
    for (const row of rows.slice(0, count)) removeTree(platform, folder, row.name);
  });
  platform.removeFolder(parent, name);
}

/** Removes the empty folders directly in `name`, and `name` itself if it is empty then. It may be missing. */
export function removeEmptyFolders(platform: Platform, parent: Folder, name: ByteName): void {
  if (!platform.stat(parent, name, emptyStat())) return;
  inFolder(platform, parent, name, (folder) => {
    const rows: ListedEntry[] = [];
    const count = platform.list(folder, rows);
    for (const row of rows.slice(0, count)) removeIfEmpty(platform, folder, row.name);
  });
  removeIfEmpty(platform, parent, name);
}

function removeIfEmpty(platform: Platform, parent: Folder, name: ByteName): void {
  try {
    platform.removeFolder(parent, name);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(errnoOf(error))) throw error;
  }
}

/** The value of a small file of `.dirsync`, or why it is not valid. */
export type Note = {readonly value: unknown; readonly fault?: undefined} | {readonly value?: undefined; readonly fault: string};

/** Reads such a file, which is JSON; undefined if it does not exist, also if `.dirsync` is not a folder. */
export function readNote(platform: Platform, root: Folder, name: ByteName): Note | undefined {
  try {
    return inState<Note | undefined>(platform, root, (state) => {
      const stat = emptyStat();
      if (!platform.stat(state, name, stat)) return undefined;
      if (stat.code !== CODE.file) return {fault: 'it is not a file'};
      if (stat.size > MAX_NOTE) return {fault: `it is larger than ${MAX_NOTE} bytes`};
      const text = platform.readFile(state, name, MAX_NOTE);
      return text && {value: JSON.parse(Buffer.from(text).toString())};
    });
  } catch (error) {
    if (error instanceof SyntaxError) return {fault: 'it is not valid JSON, or it is cut off'};
    const code = errnoOf(error);
    return code === 'ENOTDIR' || code === 'ELOOP' ? undefined : {fault: code};
  }
}

const MAX_NOTE = 4096;

/** Writes such a file in one step: at any moment, either the old or the new one exists. */
export function writeNote(platform: Platform, root: Folder, name: ByteName, content: unknown): void {
  const bytes = Buffer.from(`${JSON.stringify(content)}\n`);
  replaceInState(platform, root, name, {write: (put) => put(bytes), flush: true});
}

export interface Replacing {
  /** Passes the content to `put` in pieces. If it throws, the old file stays. */
  readonly write: (put: (bytes: Uint8Array) => void) => void;
  /** Whether to flush the file. Without that, a power cut may leave an empty one. */
  readonly flush: boolean;
}

/** Writes a file of `.dirsync` in the same way. */
export function replaceInState(platform: Platform, root: Folder, name: ByteName, {write, flush: isFlushed}: Replacing): void {
  const state = ensureFolder(platform, root, NAMES.state);
  const draft = draftOf(name);
  try {
    removeTree(platform, state, draft);
    const file = platform.createFile(state, draft);
    try {
      write((bytes) => platform.append(file, bytes));
      giveToOwner(platform, state, file);
      if (isFlushed) flush(platform, file);
    } finally {
      platform.close(file);
    }
    platform.move({from: state, name: draft, to: state, as: name, replace: true});
  } catch (error) {
    // A full disk has its space back. Else the next run removes it.
    orNothing(() => removeTree(platform, state, draft));
    throw error;
  } finally {
    platform.close(state);
  }
}

/**
 * Gives a note that root writes in another user's `.dirsync` to that user. By descriptor, since the name may lead elsewhere
 * meanwhile.
 */
function giveToOwner(platform: Platform, state: Folder, file: OpenFile): void {
  const stat = emptyStat();
  platform.stat(state, '' as ByteName, stat);
  const {uid, gid} = stat;
  if (process.geteuid?.() !== 0 || uid === 0) return;
  try {
    platform.setOnFile(file, {uid, gid});
  } catch (error) {
    // Not every file system stores owners.
    errnoOf(error);
  }
}

/** The name of a note that is being written. A later run removes one that a killed run has left. */
export function draftOf(note: ByteName): ByteName {
  return `${note}.new` as ByteName;
}

/** A disk that cannot flush this also fails for something more important, which reports the error. */
function flush(platform: Platform, file: OpenFile): void {
  try {
    platform.flush(file);
  } catch (error) {
    errnoOf(error);
  }
}

/** Removes the entry that has the name of such a file. */
export function removeNote(platform: Platform, root: Folder, name: ByteName): void {
  inState(platform, root, (state) => removeTree(platform, state, name));
}

/** Calls `act` with a folder that is open until `act` ends. */
export function inFolder<T>(platform: Platform, parent: Folder, name: ByteName, act: (folder: Folder) => T): T {
  const folder = platform.openFolder(parent, name);
  try {
    return act(folder);
  } finally {
    platform.close(folder);
  }
}

/** The same with `.dirsync`; undefined if the target has none. */
export function inState<T>(platform: Platform, root: Folder, act: (state: Folder) => T): T | undefined {
  const state = openState(platform, root);
  if (state === undefined) return undefined;
  try {
    return act(state);
  } finally {
    platform.close(state);
  }
}

/** Whether the target has a `.dirsync`. @throws SystemError if it cannot be opened. */
export function hasState(platform: Platform, root: Folder): boolean {
  return inState(platform, root, () => true) === true;
}

function openState(platform: Platform, root: Folder): Folder | undefined {
  try {
    return platform.openFolder(root, NAMES.state);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
