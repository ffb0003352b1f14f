/**
 * Entries that wait in `.dirsync/moving/RUN/INDEX` for their new path, because moves wait for each other in a ring. They are user data:
 * a run that ends early puts them back, or the next run does. `traces` says where they belong.
 */
import {CODE, emptyStat, inodeOf} from '../core/block.js';
import type {ByteName} from '../core/name.js';
import {joinPath, type RelPath} from '../core/path.js';
import {Cursor, type Place} from '../platform/cursor.js';
import {errnoOf, type Folder, type Platform} from '../platform/platform.js';
import {ensurePath, inFolder, inState, NAMES, removeEmptyFolders, removeTree} from './folder.js';
import {type Moved, namesIn, type Parked, PREFIX, readTraces, TraceLog} from './traces.js';

/** Where the entries of one worker wait. */
export class ParkingLot {
  readonly folder: Folder;
  readonly #log: TraceLog;

  /** Opens the folder of a run, and makes it if it is missing. @throws SystemError. */
  constructor(
    private readonly platform: Platform,
    root: Folder,
    private readonly run: {readonly runId: string; readonly worker: number},
  ) {
    this.folder = ensurePath(platform, root, [NAMES.state, NAMES.moving, run.runId as ByteName]);
    this.#log = new TraceLog(platform, this.folder, run.worker);
  }

  /** Notes that an entry will wait here, and returns its name. `isFlushed`: after a power loss, the note must be there if the entry is. */
  note(index: number, {from, path, isFlushed}: Omit<Parked, 'spot'> & {readonly isFlushed: boolean}): ByteName {
    this.#log.add({parked: {from, path, spot: `${this.run.runId}/${index}`}});
    if (isFlushed) this.#log.flush();
    return String(index) as ByteName;
  }

  /** Notes that an entry will be moved. */
  noteMoved(moved: Moved): void {
    this.#log.add({moved});
  }

  /** Closes the file of notes, since file systems in user space could not remove an open file. */
  endNotes(): void {
    this.#log.close();
  }

  close(): void {
    this.#log.close();
    this.platform.close(this.folder);
  }
}

/** The path in the target at which an entry waits. */
export function parkedPath(runId: string, index: number): RelPath {
  return [NAMES.state, NAMES.moving, runId, index].join('/') as RelPath;
}

/** The paths of all entries that wait, by inode number. Nothing is changed. */
export function parkedIn(platform: Platform, root: Folder): Map<bigint, RelPath> {
  const found = new Map<bigint, RelPath>();
  const stat = emptyStat();
  try {
    eachRun(platform, root, (run, folder) => {
      for (const name of entriesIn(platform, folder)) {
        const path = [NAMES.state, NAMES.moving, run, name].join('/') as RelPath;
        if (platform.stat(folder, name, stat)) found.set(inodeOf(stat), path);
      }
    });
  } catch (error) {
    // Another user's `.dirsync`: this user cannot change anything either, and gets that error later.
    errnoOf(error);
  }
  return found;
}

/**
 * Renames entries that wait back to their old paths; if those are taken, to their new ones. If both are taken, the moves to the old path
 * are undone, but not for the entries of `run`, the run that works now. What can go to neither path stays. The caller must hold the
 * target's lock.
 */
export function restoreParked(platform: Platform, root: Folder, run?: string): void {
  if (parkedIn(platform, root).size === 0) return;
  const traces = inState(platform, root, (state) =>
    inFolder(platform, state, NAMES.moving, (folder) => readTraces(platform, folder)),
  );
  const parked = (traces ?? []).flatMap((trace) => ('parked' in trace ? [trace.parked] : []));
  const isAsked = ({spot}: Parked) => run === undefined || spot.startsWith(`${run}/`);
  const undone = run === undefined ? (traces ?? []) : [];
  const moved = new Map(undone.flatMap((trace) => ('moved' in trace ? [[trace.moved.path, trace.moved]] : [])));
  const restoring = new Restoring(platform, root, moved);
  // An entry may wait in a folder that waits itself.
  let waiting = parked.filter(isAsked);
  for (let count = Number.POSITIVE_INFINITY; waiting.length < count; ) {
    count = waiting.length;
    waiting = waiting.filter((each) => !restoring.restore(each));
  }
  restoring.close();
}

class Restoring {
  readonly #from: Cursor;
  readonly #to: Cursor;

  constructor(
    private readonly platform: Platform,
    root: Folder,
    /** By their new paths. */
    private readonly moved: ReadonlyMap<RelPath, Moved>,
  ) {
    this.#from = new Cursor(platform, root);
    this.#to = new Cursor(platform, root);
  }

  /** False if the entry still waits. */
  restore({from, path, spot}: Parked): boolean {
    const here = joinPath([NAMES.state, NAMES.moving].join('/') as RelPath, spot);
    if (this.#move(here, from) || this.#move(here, path)) return true;
    if (this.#free(from, new Set()) && this.#move(here, from)) return true;
    return this.#stat(this.#from.find(here)) === undefined;
  }

  /** Undoes the moves to a path, and to the old path of what is there. False if something else is there. */
  #free(path: RelPath, asked: Set<RelPath>): boolean {
    const there = this.#stat(this.#from.find(path));
    if (there === undefined) return true;
    const moved = this.moved.get(path);
    if (moved === undefined || asked.has(path) || String(inodeOf(there)) !== moved.inode) return false;
    asked.add(path);
    return this.#free(moved.from, asked) && this.#move(path, moved.from);
  }

  #stat(place: Place | undefined) {
    const stat = emptyStat();
    return place !== undefined && this.platform.stat(place.folder, place.name, stat) ? stat : undefined;
  }

  #move(from: RelPath, path: RelPath): boolean {
    try {
      const [here, there] = [this.#from.find(from), this.#to.find(path)];
      if (here === undefined || there === undefined || this.#stat(here) === undefined) return false;
      this.platform.move({from: here.folder, name: here.name, to: there.folder, as: there.name, replace: false});
      // They may have open what was just moved.
      this.close();
      return true;
    } catch (error) {
      // The path is taken, or its folder is closed to this user: the entry stays where it is.
      errnoOf(error);
      return false;
    }
  }

  close(): void {
    for (const cursor of [this.#from, this.#to]) cursor.reset();
  }
}

/**
 * Removes the files that still wait: those of this plan's runs (`isOwn`) if all of the plan is on disk, and those of all runs (`all`) if
 * this run has seen both trees completely. A folder that waits is never removed, since filters may protect what is in it.
 */
export function sweepParked(
  platform: Platform,
  root: Folder,
  what: 'all' | 'empty' | {readonly isOwn: (run: string) => boolean},
): void {
  const isSwept = (run: string) => what === 'all' || (what !== 'empty' && what.isOwn(run));
  const empty: ByteName[] = [];
  eachRun(platform, root, (run, folder) => {
    const stat = emptyStat();
    let kept = 0;
    for (const name of entriesIn(platform, folder)) {
      if (isSwept(run) && platform.stat(folder, name, stat) && stat.code !== CODE.directory) platform.removeFile(folder, name);
      else kept++;
    }
    if (kept === 0) empty.push(run);
  });
  inState(platform, root, (state) => {
    if (!platform.stat(state, NAMES.moving, emptyStat())) return;
    inFolder(platform, state, NAMES.moving, (folder) => {
      for (const run of empty) removeTree(platform, folder, run);
    });
    removeEmptyFolders(platform, state, NAMES.moving);
  });
}

function eachRun(platform: Platform, root: Folder, use: (run: ByteName, folder: Folder) => void): void {
  inState(platform, root, (state) => {
    if (!platform.stat(state, NAMES.moving, emptyStat())) return;
    inFolder(platform, state, NAMES.moving, (moving) => {
      for (const run of namesIn(platform, moving, CODE.directory)) {
        inFolder(platform, moving, run, (folder) => use(run, folder));
      }
    });
  });
}

function entriesIn(platform: Platform, folder: Folder): ByteName[] {
  return namesIn(platform, folder).filter((name) => !name.startsWith(PREFIX));
}
