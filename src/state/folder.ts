/** The names in a target's `.dirsync/`, and how its folders are opened, made and removed: by name in open folders, never followed. */

import process from 'node:process';
import {CODE, emptyStat} from '../core/block.js';
import type {ByteName} from '../core/name.js';
import {STATE_DIR} from '../core/path.js';
import {errnoOf, type Folder, type ListedEntry, type OpenFile, type Platform} from '../platform/platform.js';

export const NAMES = {
  state: STATE_DIR as ByteName,
  /** What is being written, a folder for each run. */
  staging: 'tmp' as ByteName,
  /** Leaves that gave their place to a folder, until what is in that folder is on disk. */
  replaced: 'replaced' as ByteName,
  /** A journal for each run that changed something. */
  runs: 'runs' as ByteName,
  /** The target's own id. */
  id: 'id.json' as ByteName,
  /** How the target keeps times, where it does not keep all of them. */
  times: 'times.json' as ByteName,
  /** What the target can hold, as was tried, and where that is tried. */
  abilities: 'abilities.json' as ByteName,
  probe: 'probe' as ByteName,
  /** How names are written that it cannot hold. */
  naming: 'naming.json' as ByteName,
  /** Files that show what the target makes of names, where that cannot be told from its file system. */
  names: 'names' as ByteName,
  /** Who holds the lock. */
  lock: 'lock' as ByteName,
} as const;

/** Only the user who runs dirsync looks in here: half-written copies of private files pass through. */
const PRIVATE = 0o700;

/** Opens a folder, made first when it is missing. Close it. */
export function ensureFolder(platform: Platform, parent: Folder, name: ByteName): Folder {
  try {
    platform.makeFolder(parent, name, PRIVATE);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
  return platform.openFolder(parent, name);
}

/** Opens the folder at a way of names below `root`, each made when it is missing. Close it. */
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

/** Removes what stands at `name`, with all that is in it. Nothing there is fine. */
export function removeTree(platform: Platform, parent: Folder, name: ByteName): void {
  const stat = emptyStat();
  try {
    if (!platform.stat(parent, name, stat)) return;
  } catch (error) {
    // A file, though too large to be looked at.
    if (errnoOf(error) !== 'EOVERFLOW') throw error;
  }
  if (stat.code !== CODE.directory) {
    platform.removeFile(parent, name);
    return;
  }
  const folder = platform.openFolder(parent, name);
  try {
    const rows: ListedEntry[] = [];
    const count = platform.list(folder, rows);
    for (const row of rows.slice(0, count)) removeTree(platform, folder, row.name);
  } finally {
    platform.close(folder);
  }
  platform.removeFolder(parent, name);
}

/** Removes what is empty of the folders directly in `name`, and `name` when it is empty then. Nothing there is fine. */
export function removeEmptyFolders(platform: Platform, parent: Folder, name: ByteName): void {
  if (!platform.stat(parent, name, emptyStat())) return;
  const folder = platform.openFolder(parent, name);
  try {
    const rows: ListedEntry[] = [];
    const count = platform.list(folder, rows);
    for (const row of rows.slice(0, count)) removeIfEmpty(platform, folder, row.name);
  } finally {
    platform.close(folder);
  }
  removeIfEmpty(platform, parent, name);
}

function removeIfEmpty(platform: Platform, parent: Folder, name: ByteName): void {
  try {
    platform.removeFolder(parent, name);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(errnoOf(error))) throw error;
  }
}

/** What a small file of `.dirsync` says, or why it cannot be understood. */
export type Note = {readonly value: unknown; readonly fault?: undefined} | {readonly value?: undefined; readonly fault: string};

/** Reads such a file, which is JSON; undefined where it is not there, as in a `.dirsync` that is no folder. */
export function readNote(platform: Platform, root: Folder, name: ByteName): Note | undefined {
  try {
    const state = openState(platform, root);
    if (state === undefined) return undefined;
    try {
      const stat = emptyStat();
      if (!platform.stat(state, name, stat)) return undefined;
      if (stat.code !== CODE.file) return {fault: 'it is no file'};
      if (stat.size > MAX_NOTE) return {fault: `it is over ${MAX_NOTE} bytes`};
      const text = platform.readFile(state, name, MAX_NOTE);
      return text && {value: JSON.parse(Buffer.from(text).toString())};
    } finally {
      platform.close(state);
    }
  } catch (error) {
    if (error instanceof SyntaxError) return {fault: 'it is no JSON, or not all of it'};
    const code = errnoOf(error);
    return code === 'ENOTDIR' || code === 'ELOOP' ? undefined : {fault: code};
  }
}

const MAX_NOTE = 4096;

/** Writes such a file whole: the old one or the new one is there, at any moment. */
export function writeNote(platform: Platform, root: Folder, name: ByteName, content: unknown): void {
  const state = ensureFolder(platform, root, NAMES.state);
  try {
    const draft = draftOf(name);
    removeTree(platform, state, draft);
    const file = platform.createFile(state, draft);
    try {
      platform.append(file, Buffer.from(`${JSON.stringify(content)}\n`));
      giveToOwner(platform, state, file);
      // Else a power cut may leave it empty under its name.
      flush(platform, file);
    } finally {
      platform.close(file);
    }
    platform.move({from: state, name: draft, to: state, as: name, replace: true});
  } finally {
    platform.close(state);
  }
}

/** A note that root makes in the `.dirsync` of another user is that user's. Only by its descriptor: its name may lead elsewhere by now. */
function giveToOwner(platform: Platform, state: Folder, file: OpenFile): void {
  const stat = emptyStat();
  platform.stat(state, '' as ByteName, stat);
  const {uid, gid} = stat;
  if (process.geteuid?.() !== 0 || uid === 0) return;
  try {
    platform.setOnFile(file, {uid, gid});
  } catch (error) {
    // Not every file system keeps owners.
    errnoOf(error);
  }
}

/** A note that is being written; one that a killed run has left is swept. */
export function draftOf(note: ByteName): ByteName {
  return `${note}.new` as ByteName;
}

/** A disk that refuses to flush will refuse what matters more, and tell it there. */
function flush(platform: Platform, file: OpenFile): void {
  try {
    platform.flush(file);
  } catch (error) {
    errnoOf(error);
  }
}

/** Removes what stands in the place of such a file. */
export function removeNote(platform: Platform, root: Folder, name: ByteName): void {
  const state = openState(platform, root);
  if (state === undefined) return;
  try {
    removeTree(platform, state, name);
  } finally {
    platform.close(state);
  }
}

/** Opens `.dirsync` if the target has one. */
export function openState(platform: Platform, root: Folder): Folder | undefined {
  try {
    return platform.openFolder(root, NAMES.state);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
