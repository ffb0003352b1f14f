/**
 * Where files are written before they take their place: on the target's file system, so that taking it is one rename. Each
 * worker has a folder of its own, which is much faster than one for all (bench: copy-disk).
 */
import {CODE, emptyStat} from '../core/block.js';
import {toNanoseconds} from '../core/entry.js';
import {type ByteName, toByteName} from '../core/name.js';
import {baseName, joinPath, type RelPath} from '../core/path.js';
import {Cursor, volumeOf} from '../platform/cursor.js';
import {errnoOf, type Folder, type Platform} from '../platform/platform.js';
import {draftOf, ensurePath, NAMES, openState, removeEmptyFolders, removeTree} from './folder.js';
import {type Beside, isBesideOf, namesIn, type Renamed, readTraces, type Trace, TraceLog} from './traces.js';

export interface Staging {
  /** This worker's own. */
  readonly own: Folder;
  /** What replaces a folder waits here until that folder is empty. Shared by all workers. */
  readonly waiting: Folder;
  /** Leaves that gave their place to a folder. Shared by all workers. */
  readonly replaced: Folder;
  /** What all of it is on: see `volumeOf`. */
  readonly volume: string;
  readonly runId: string;
  /** What this worker leaves in the target for a while, and what gave its place to a folder on another mount. */
  readonly traces: TraceLog;
  readonly replacedTraces: TraceLog;
  close(): void;
}

export interface StagingOptions {
  readonly platform: Platform;
  readonly root: Folder;
  readonly runId: string;
  readonly worker: number;
}

export function openStaging({platform, root, runId, worker}: StagingOptions): Staging {
  const run = runId as ByteName;
  const folders: Folder[] = [];
  const open = (...names: string[]) => {
    const folder = ensurePath(platform, root, [NAMES.state, ...names] as ByteName[]);
    folders.push(folder);
    return folder;
  };
  const close = () => {
    for (const folder of folders) platform.close(folder);
  };
  try {
    const own = open(NAMES.staging, run, `worker-${worker}`);
    const waiting = open(NAMES.staging, run, WAITING);
    const replaced = open(NAMES.replaced, run);
    const traces = new TraceLog(platform, open(NAMES.staging, run), worker);
    const replacedTraces = new TraceLog(platform, replaced, worker);
    // A default ACL of the root is for what is made in the target, not for what is made here and has an ACL of its own.
    for (const folder of [own, waiting, replaced]) platform.setAttributes(folder, SELF, CODE.directory, {xattrs: NO_ACLS});
    const volume = volumeOf(platform, own);
    return {
      own,
      waiting,
      replaced,
      volume,
      runId,
      traces,
      replacedTraces,
      close: () => {
        for (const log of [traces, replacedTraces]) log.close();
        close();
      },
    };
  } catch (error) {
    close();
    throw error;
  }
}

const SELF = '' as ByteName;
const NO_ACLS = {kept: {xattrs: [], acls: true}, values: []};

/** Whether a killed run left anything to remove. Not where it is another user's: then this one cannot. */
export function hasLeftovers(platform: Platform, root: Folder): boolean {
  try {
    const state = openState(platform, root);
    if (state === undefined) return false;
    try {
      const stat = emptyStat();
      return [NAMES.lock, NAMES.staging, NAMES.replaced, ...LITTER].some((name) => platform.stat(state, name, stat));
    } finally {
      platform.close(state);
    }
  } catch (error) {
    if (!NOT_OURS.has(errnoOf(error))) throw error;
    return false;
  }
}

/** What only a killed run leaves, and nobody needs. */
const LITTER: readonly ByteName[] = [NAMES.probe, ...[NAMES.id, NAMES.times, NAMES.abilities, NAMES.naming].map(draftOf)];

/** A `.dirsync` that another user has made, or in which something is no folder. */
const NOT_OURS: ReadonlySet<string> = new Set(['EACCES', 'ENOTDIR', 'ELOOP']);

/**
 * Removes what runs left in staging, but for one that is at work: while that is, what others had ready for the place of a folder
 * stays as well. Only for who holds the target's lock.
 */
export function sweepStaging(platform: Platform, root: Folder, keptRun?: string): void {
  // Before the notes of it go: it is data of the user.
  restoreRenamed(platform, root);
  sweep(platform, root, NAMES.staging, keptRun);
  const state = openState(platform, root);
  if (state === undefined) return;
  try {
    for (const name of LITTER) removeTree(platform, state, name);
  } finally {
    platform.close(state);
  }
}

/**
 * Folders that killed runs left open, with the modes that they had; nothing is changed. None where `.dirsync` is not this
 * user's: then this one can change nothing either, and is told so when it tries.
 */
export function foldersLeftOpen(platform: Platform, root: Folder): Map<RelPath, number> {
  let traces: Trace[];
  try {
    traces = withFolder(platform, root, NAMES.staging, (folder) => readTraces(platform, folder)) ?? [];
  } catch (error) {
    if (!NOT_OURS.has(errnoOf(error))) throw error;
    return new Map();
  }
  // Who opened a folder that was open already noted the mode that it had then.
  return new Map(
    traces.flatMap((trace) => ('opened' in trace ? [[trace.opened.path, trace.opened.mode] as const] : [])).reverse(),
  );
}

/** What killed runs left under names of their own, by these: the names that it had. Nothing is changed. */
export function leftRenamed(platform: Platform, root: Folder): Map<string, string> {
  return new Map(renamedIn(platform, root).map(({from, via}) => [via, toByteName(baseName(from))]));
}

function renamedIn(platform: Platform, root: Folder): Renamed[] {
  try {
    const traces = withFolder(platform, root, NAMES.staging, (folder) => readTraces(platform, folder)) ?? [];
    return traces.flatMap((trace) => ('renamed' in trace ? [trace.renamed] : []));
  } catch (error) {
    if (!NOT_OURS.has(errnoOf(error))) throw error;
    return [];
  }
}

/** Gives what killed runs left under names of their own the names back that it had. */
export function restoreRenamed(platform: Platform, root: Folder): void {
  const target = new Cursor(platform, root);
  for (const {from, via} of renamedIn(platform, root)) {
    try {
      const place = target.find(from);
      const own = via as ByteName;
      if (place === undefined || !platform.stat(place.folder, own, emptyStat())) continue;
      platform.move({from: place.folder, name: own, to: place.folder, as: place.name, replace: false});
    } catch (error) {
      // It stays as it is, and the next plan tells it.
      errnoOf(error);
    }
  }
  target.reset();
}

export interface NoteOptions extends Omit<StagingOptions, 'worker'> {
  readonly modes: ReadonlyMap<RelPath, number>;
}

/** Notes folders that are open as this run's to close. */
export function noteOpened({platform, root, runId, modes}: NoteOptions): void {
  const folder = ensurePath(platform, root, [NAMES.state, NAMES.staging, runId as ByteName]);
  const log = new TraceLog(platform, folder, 'main');
  try {
    for (const [path, mode] of modes) log.add({opened: {path, mode}});
  } finally {
    log.close();
    platform.close(folder);
  }
}

/**
 * Drops the leaves that were set aside: those of this plan's runs (`isOwn`) when all of it is on disk, those of all killed runs with
 * them (`all`) when this run has seen both trees whole as they are now; else no more than empty folders, so that a later run drops them.
 */
export function sweepReplaced(platform: Platform, root: Folder, what: 'all' | 'empty' | {readonly isOwn: IsOwn}): void {
  if (what === 'all') {
    sweep(platform, root, NAMES.replaced);
    return;
  }
  if (what !== 'empty') sweepOwn(platform, root, what.isOwn);
  const state = openState(platform, root);
  if (state === undefined) return;
  try {
    removeEmptyFolders(platform, state, NAMES.replaced);
  } finally {
    platform.close(state);
  }
}

type IsOwn = (run: string) => boolean;

function sweepOwn(platform: Platform, root: Folder, isOwn: IsOwn): void {
  withFolder(platform, root, NAMES.replaced, (folder) => {
    const own = namesIn(platform, folder, CODE.directory).filter(isOwn);
    const target = new Cursor(platform, root);
    for (const trace of readTraces(platform, folder)) {
      if ('beside' in trace && own.some((run) => isBesideOf(run, trace.beside.name)))
        removeBeside(platform, target, trace.beside);
    }
    target.reset();
    for (const run of own) removeTree(platform, folder, run);
  });
}

function sweep(platform: Platform, root: Folder, name: ByteName, keptRun?: string): void {
  const traces = withFolder(platform, root, name, (folder) => readTraces(platform, folder)) ?? [];
  const target = new Cursor(platform, root);
  for (const trace of traces) if ('beside' in trace) removeBeside(platform, target, trace.beside);
  target.reset();
  const state = openState(platform, root);
  if (state === undefined) return;
  try {
    if (keptRun === undefined) removeTree(platform, state, name);
    else withFolder(platform, root, name, (folder) => removeOthers(platform, folder, keptRun));
  } finally {
    platform.close(state);
  }
}

/** What waits for a folder to be empty stays: where that folder is empty by now, it is all that the target has of it. */
function removeOthers(platform: Platform, folder: Folder, kept: string): void {
  const runs = namesIn(platform, folder, CODE.directory).filter((name) => name !== kept);
  for (const name of runs) {
    const run = platform.openFolder(folder, name);
    try {
      for (const inside of namesIn(platform, run)) if (inside !== WAITING) removeTree(platform, run, inside);
    } finally {
      platform.close(run);
    }
    removeEmptyFolders(platform, folder, name);
  }
}

const WAITING = 'waiting' as ByteName;

function removeBeside(platform: Platform, target: Cursor, {folder, name}: Beside): void {
  try {
    const place = target.find(joinPath(folder, name));
    const stat = emptyStat();
    if (place === undefined || !platform.stat(place.folder, SELF, stat)) return;
    removeTree(platform, place.folder, place.name);
    // The folder may have got its times already.
    platform.setAttributes(place.folder, SELF, CODE.directory, {mtime: toNanoseconds(stat.seconds, stat.nanoseconds)});
  } catch (error) {
    // It stays, and the next plan shows it as what the source does not have.
    errnoOf(error);
  }
}

/** Opens a folder of `.dirsync` for a moment; undefined where there is none. */
function withFolder<T>(platform: Platform, root: Folder, name: ByteName, use: (folder: Folder) => T): T | undefined {
  const state = openState(platform, root);
  if (state === undefined) return undefined;
  try {
    if (!platform.stat(state, name, emptyStat())) return undefined;
    const folder = platform.openFolder(state, name);
    try {
      return use(folder);
    } finally {
      platform.close(folder);
    }
  } finally {
    platform.close(state);
  }
}
