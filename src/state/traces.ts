/**
 * Temporary changes of a run outside its staging: folders of the target to which it gives their owner all rights, and files that it
 * writes beside their final name because staging is on another mount. Each one is noted before it is made, so that the next run
 * finds it if this run is killed. An incomplete last line belongs to a change that was not made yet. The same is noted about entries
 * of the target that wait in `.dirsync` for their new path, and about the moves in between.
 */
import {CODE} from '../core/block.js';
import type {ByteName} from '../core/name.js';
import {isRenamedName, joinPath, pathFault, type RelPath} from '../core/path.js';
import {errnoOf, type Folder, type ListedEntry, type OpenFile, type Platform} from '../platform/platform.js';

/** A folder to which its owner got all rights; `mode` is its original mode. */
export interface Opened {
  readonly path: RelPath;
  readonly mode: number;
}

/** A temporary name of the run in a folder of the target. */
export interface Beside {
  readonly folder: RelPath;
  readonly name: string;
}

/** An entry of a folder of the target that has a temporary name for a moment, between two renames. */
export interface Renamed {
  /** The original name. */
  readonly from: RelPath;
  /** The temporary name, in the same folder. */
  readonly via: string;
}

/** An entry of the target that waits in `.dirsync` for its new path. */
export interface Parked {
  readonly from: RelPath;
  readonly path: RelPath;
  /** In the folder for entries that wait: run and index. */
  readonly spot: string;
}

/** An entry of the target that may have been moved while others wait. */
export interface Moved {
  readonly from: RelPath;
  readonly path: RelPath;
  readonly inode: string;
}

export type Trace =
  | {readonly opened: Opened}
  | {readonly beside: Beside}
  | {readonly renamed: Renamed}
  | {readonly parked: Parked}
  | {readonly moved: Moved};

export const PREFIX = 'traces-';
/** The most bytes of all traces that are read. Changes noted after that are not undone, and the next plan shows them. */
const MAX_BYTES = 64 * 1024 * 1024;

/** The traces of one worker, appended to a file in its run's folder. The first trace makes the file. */
export class TraceLog {
  #file: OpenFile | undefined;

  constructor(
    private readonly platform: Platform,
    private readonly folder: Folder,
    private readonly worker: number | 'main',
  ) {}

  add(trace: Trace): void {
    this.#file ??= this.platform.createFile(this.folder, `${PREFIX}${this.worker}` as ByteName);
    this.platform.append(this.#file, Buffer.from(`${JSON.stringify(trace)}\n`));
  }

  /** Waits until all of them are on disk. */
  flush(): void {
    if (this.#file !== undefined) this.platform.flush(this.#file);
  }

  close(): void {
    if (this.#file !== undefined) this.platform.close(this.#file);
    this.#file = undefined;
  }
}

/** All traces in the folders of runs below `parent`. */
export function readTraces(platform: Platform, parent: Folder): Trace[] {
  const traces: Trace[] = [];
  let room = MAX_BYTES;
  for (const run of namesIn(platform, parent, CODE.directory)) {
    let folder: Folder;
    try {
      folder = platform.openFolder(parent, run);
    } catch (error) {
      errnoOf(error);
      continue;
    }
    try {
      for (const name of namesIn(platform, folder, CODE.file)) {
        if (!name.startsWith(PREFIX) || room === 0) continue;
        const content = platform.readFile(folder, name, room) ?? new Uint8Array();
        room -= content.length;
        // One by one, since a call has a limited number of arguments.
        for (const trace of parse(content)) traces.push(trace);
      }
    } finally {
      platform.close(folder);
    }
  }
  return traces;
}

/** The names in a folder, of one kind or of all. */
export function namesIn(platform: Platform, folder: Folder, code?: number): ByteName[] {
  const rows: ListedEntry[] = [];
  const count = platform.list(folder, rows);
  return rows.slice(0, count).flatMap((row) => (code === undefined || row.code === code ? [row.name] : []));
}

function parse(content: Uint8Array): Trace[] {
  const lines = Buffer.from(content).toString().split('\n');
  return lines.flatMap((line) => {
    try {
      const {opened, beside, renamed, parked, moved} = JSON.parse(line) as Partial<{
        opened: Partial<Opened>;
        beside: Partial<Beside>;
        renamed: Partial<Renamed>;
        parked: Partial<Parked>;
        moved: Partial<Moved>;
      }>;
      // Only valid traces count, since files are removed where they point.
      return [
        ...(isOpened(opened) ? [{opened}] : []),
        ...(isBeside(beside) ? [{beside}] : []),
        ...(isRenamed(renamed) ? [{renamed}] : []),
        ...(isParked(parked) ? [{parked}] : []),
        ...(isMoved(moved) ? [{moved}] : []),
      ];
    } catch {
      return [];
    }
  });
}

function isOpened(value: Partial<Opened> | undefined): value is Opened {
  const {path, mode} = value ?? {};
  return pathFault(path) === undefined && Number.isInteger(mode) && (mode as number) >= 0 && (mode as number) <= 0o7777;
}

function isBeside(value: Partial<Beside> | undefined): value is Beside {
  const {folder, name} = value ?? {};
  if (pathFault(folder) !== undefined || typeof name !== 'string' || !BESIDE.test(name)) return false;
  return pathFault(joinPath(folder as RelPath, name)) === undefined;
}

function isRenamed(value: Partial<Renamed> | undefined): value is Renamed {
  const {from, via} = value ?? {};
  return from !== '' && pathFault(from) === undefined && typeof via === 'string' && isRenamedName(via);
}

function isParked(value: Partial<Parked> | undefined): value is Parked {
  const {from, path, spot} = value ?? {};
  return isPath(from) && isPath(path) && typeof spot === 'string' && SPOT.test(spot);
}

function isMoved(value: Partial<Moved> | undefined): value is Moved {
  const {from, path, inode} = value ?? {};
  return isPath(from) && isPath(path) && typeof inode === 'string';
}

/** Of an entry, so not the root. */
function isPath(value: RelPath | undefined): boolean {
  return value !== '' && pathFault(value) === undefined;
}

const SPOT = /^[\w-]+\/\d+$/;

const BESIDE = /^\.dirsync-[\w-]+\.(?:tmp|old)$/;

/** A temporary name beside the path of an action; `old` for an entry that is replaced by a folder. */
export function besideName(runId: string, index: number, use: 'tmp' | 'old'): string {
  return `${besideStart(runId)}${index}.${use}`;
}

/** The temporary name of an action's path between two renames. */
export function renamedName(runId: string, index: number): string {
  return `${besideStart(runId)}${index}.name`;
}

/** Whether a name is that of a temporary entry which this run made beside a final name. */
export function isBesideOf(runId: string, name: string): boolean {
  return name.startsWith(besideStart(runId));
}

function besideStart(runId: string): string {
  return `.dirsync-${runId.replace(/\W/g, '')}-`;
}
