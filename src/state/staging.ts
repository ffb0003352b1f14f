/**
 * Where files are written before they are renamed to their paths: on the target's file system, so that one rename is enough. Each
 * worker has a folder of its own, which is much faster than a shared one (bench: copy-disk).
 */
import {CODE, emptyStat} from '../core/block.js';
import {toNanoseconds} from '../core/entry.js';
import {type ByteName, toByteName} from '../core/name.js';
import {baseName, joinPath, type RelPath} from '../core/path.js';
import {Cursor, volumeOf} from '../platform/cursor.js';
import {errnoOf, type Folder, type Platform} from '../platform/platform.js';
import {draftOf, ensurePath, inFolder, inState, NAMES, removeEmptyFolders, removeTree} from './folder.js';
import {ParkingLot, sweepParked} from './moving.js';
import {type Beside, isBesideOf, namesIn, type Renamed, readTraces, type Trace, TraceLog} from './traces.js';

/** The open staging folders of one worker. */
export interface Staging {
  /** This worker's own. */
  readonly own: Folder;
  /** Files that will replace a folder, until that folder is empty. Shared by all workers. */
  readonly waiting: Folder;
  /** Files that were replaced by a folder. Shared by all workers. */
  readonly replaced: Folder;
  /** The volume of the staging, see `volumeOf`. */
  readonly volume: string;
  readonly runId: string;
  /** Temporary entries of this worker in the target, and files on another mount that were replaced by a folder. */
  readonly traces: TraceLog;
  readonly replacedTraces: TraceLog;
  /** Where entries wait for their new path; made when it is first used. */
  readonly lot: ParkingLot;
  /** Closes the files of traces, since file systems in user space could not remove open files. */
  endNotes(): void;
  close(): void;
}

/** The run and worker to which the staging belongs. */
export interface StagingOptions {
  readonly platform: Platform;
  readonly root: Folder;
  readonly runId: string;
  readonly worker: number;
}

/** Opens the staging of a worker and creates missing folders. @throws SystemError if that fails; then nothing stays open. */
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
    // A default ACL of the root is meant for entries in the target, not for files here, which get an ACL of their own.
    for (const folder of [own, waiting, replaced]) platform.setAttributes(folder, SELF, CODE.directory, {xattrs: NO_ACLS});
    const volume = volumeOf(platform, own);
    let lot: ParkingLot | undefined;
    const endNotes = () => {
      for (const log of [traces, replacedTraces]) log.close();
      lot?.endNotes();
    };
    return {
      own,
      waiting,
      replaced,
      volume,
      runId,
      traces,
      replacedTraces,
      get lot() {
        lot ??= new ParkingLot(platform, root, {runId, worker});
        return lot;
      },
      endNotes,
      close: () => {
        endNotes();
        lot?.close();
        close();
      },
    };
  } catch (error) {
    close();
    throw error;
  }
}

const SELF = '' as ByteName;
const NO_ACLS = {preserved: {xattrs: [], acls: true}, values: []};

/** Whether a killed run left anything to remove. False if it belongs to another user, since this user cannot remove it. */
export function hasLeftovers(platform: Platform, root: Folder): boolean {
  try {
    const stat = emptyStat();
    const names = [NAMES.lock, NAMES.staging, NAMES.replaced, NAMES.moving, ...LITTER];
    return inState(platform, root, (state) => names.some((name) => platform.stat(state, name, stat))) ?? false;
  } catch (error) {
    if (!NOT_OURS.has(errnoOf(error))) throw error;
    return false;
  }
}

/** Names that only a killed run leaves and that are no longer needed. */
const LITTER: readonly ByteName[] = [
  NAMES.probe,
  ...[NAMES.id, NAMES.times, NAMES.abilities, NAMES.naming, NAMES.last].map(draftOf),
];

/** Errors of a `.dirsync` that belongs to another user, or in which a folder is something else. */
const NOT_OURS: ReadonlySet<string> = new Set(['EACCES', 'ENOTDIR', 'ELOOP']);

/**
 * Removes what runs left in staging, except for the files of a run that is still active; while one is, files of other runs that
 * will replace a folder stay too. The caller must hold the target's lock.
 */
export function sweepStaging(platform: Platform, root: Folder, keptRun?: string): void {
  // This comes before the traces are removed, since it is user data.
  restoreRenamed(platform, root);
  sweep(platform, root, NAMES.staging, keptRun);
  inState(platform, root, (state) => {
    for (const name of LITTER) removeTree(platform, state, name);
  });
}

/**
 * Folders to which killed runs had given their owner all rights, with their original modes; nothing is changed. None if `.dirsync`
 * belongs to another user: then this user cannot change anything either, and gets that error later.
 */
export function foldersLeftOpen(platform: Platform, root: Folder): Map<RelPath, number> {
  let traces: Trace[];
  try {
    traces = withFolder(platform, root, NAMES.staging, (folder) => readTraces(platform, folder)) ?? [];
  } catch (error) {
    if (!NOT_OURS.has(errnoOf(error))) throw error;
    return new Map();
  }
  // If two runs opened the same folder, the first trace has the original mode.
  return new Map(
    traces.flatMap((trace) => ('opened' in trace ? [[trace.opened.path, trace.opened.mode] as const] : [])).reverse(),
  );
}

/** Entries that killed runs left under temporary names: the original name by temporary name. Nothing is changed. */
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

/** Renames entries that killed runs left under temporary names back to their original names. */
function restoreRenamed(platform: Platform, root: Folder): void {
  const target = new Cursor(platform, root);
  for (const {from, via} of renamedIn(platform, root)) {
    try {
      const place = target.find(from);
      const own = via as ByteName;
      if (place === undefined || !platform.stat(place.folder, own, emptyStat())) continue;
      platform.move({from: place.folder, name: own, to: place.folder, as: place.name, replace: false});
    } catch (error) {
      // It stays as it is, and the next plan shows it.
      errnoOf(error);
    }
  }
  target.reset();
}

/** The folders to note. */
export interface NoteOptions extends Omit<StagingOptions, 'worker'> {
  readonly modes: ReadonlyMap<RelPath, number>;
}

/** Notes that this run must restore the modes of these folders. */
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
 * Removes the files that were set aside, or that still wait for their new path: those of this plan's runs (`isOwn`) if all of the plan
 * is on disk, and those of all killed runs (`all`) if this run has seen both trees completely. Otherwise removes only empty folders and
 * leaves the files to a later run.
 */
export function sweepReplaced(platform: Platform, root: Folder, what: 'all' | 'empty' | {readonly isOwn: IsOwn}): void {
  sweepParked(platform, root, what);
  if (what === 'all') {
    sweep(platform, root, NAMES.replaced);
    return;
  }
  if (what !== 'empty') sweepOwn(platform, root, what.isOwn);
  inState(platform, root, (state) => removeEmptyFolders(platform, state, NAMES.replaced));
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
  if (keptRun === undefined) inState(platform, root, (state) => removeTree(platform, state, name));
  else withFolder(platform, root, name, (folder) => removeOthers(platform, folder, keptRun));
}

/** Files that wait for a folder to become empty stay: if the folder is already empty, they are the target's only copy. */
function removeOthers(platform: Platform, folder: Folder, kept: string): void {
  const runs = namesIn(platform, folder, CODE.directory).filter((name) => name !== kept);
  for (const name of runs) {
    inFolder(platform, folder, name, (run) => {
      for (const inside of namesIn(platform, run)) if (inside !== WAITING) removeTree(platform, run, inside);
    });
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
    // The times of the folder may already be set.
    platform.setAttributes(place.folder, SELF, CODE.directory, {mtime: toNanoseconds(stat.seconds, stat.nanoseconds)});
  } catch (error) {
    // It stays, and the next plan shows it as an entry that the source does not have.
    errnoOf(error);
  }
}

/** Calls `act` with an open folder of `.dirsync`; undefined if the folder does not exist. */
function withFolder<T>(platform: Platform, root: Folder, name: ByteName, use: (folder: Folder) => T): T | undefined {
  return inState(platform, root, (state) =>
    platform.stat(state, name, emptyStat()) ? inFolder(platform, state, name, use) : undefined,
  );
}
