/** The journals of a target's runs: `.dirsync/runs/ID.ndjson`. Ids begin with the time, so sorting names sorts the runs. */
import {CODE, emptyStat} from '../core/block.js';
import {DirsyncError} from '../core/errors.js';
import {escapeName} from '../core/escape.js';
import type {ByteName} from '../core/name.js';
import type {Problem} from '../core/problem.js';
import type {RunEnd, RunHeader, RunStep} from '../core/run.js';
import {decodeJournal, encodeJournalLine, type JournalLine} from '../formats/journal.js';
import {errnoOf, type Folder, type ListedEntry, type OpenFile, type Platform} from '../platform/platform.js';
import {ensurePath, inFolder, inState, NAMES} from './folder.js';

/** Enough for months of daily runs, and few enough for `history` to read in about a second: 64 MiB are about 700 000 changes. */
export const MAX_RUNS = 100;
export const MAX_RUN_BYTES = 64 * 1024 * 1024;

const CHUNK = 1 << 18;
const JOURNAL = /^(\d{8}T\d{9}Z-[0-9a-f]{6})\.ndjson$/;

/** Writes the journal of one run. The run continues if writing fails; the error is reported at the end. */
export class Journal {
  #pending = '';
  /** Bytes that are known to be in the file. */
  #written = 0;
  #folder: Folder | undefined;
  #file: OpenFile | undefined;
  #fault: string | undefined;

  constructor(
    private readonly platform: Platform,
    private readonly header: RunHeader,
  ) {
    this.#add({type: 'header', header});
  }

  /** Makes the file and writes the lines that were added before. */
  open(root: Folder): void {
    this.#attempt(() => {
      this.#folder = ensurePath(this.platform, root, [NAMES.state, NAMES.runs]);
      this.#file = this.platform.createFile(this.#folder, nameOf(this.header.id));
    });
    this.flush();
  }

  step(step: RunStep): void {
    this.#add({type: 'step', step});
  }

  problem(problem: Problem): void {
    this.#add({type: 'problem', problem});
  }

  /** Writes the lines that were added since the last call. */
  flush(): void {
    if (this.#fault === undefined && this.#pending !== '') this.#write();
  }

  /** Writes the end and removes old journals. Returns the errno name if the run could not be recorded. */
  end(end: RunEnd): string | undefined {
    this.#add({type: 'end', end});
    // A full disk may have space again, now that the deletes are done.
    this.#write();
    const fault = this.#fault;
    // The next run tries again to remove what cannot be removed now.
    if (fault === undefined) this.#attempt(() => prune(this.platform, this.#folder as Folder, nameOf(this.header.id)));
    this.close();
    return fault;
  }

  close(): void {
    if (this.#file !== undefined) this.platform.close(this.#file);
    if (this.#folder !== undefined) this.platform.close(this.#folder);
    this.#file = undefined;
    this.#folder = undefined;
  }

  #add(line: JournalLine): void {
    const isLost = this.#fault !== undefined && this.#file === undefined;
    if (!isLost) this.#pending += encodeJournalLine(line);
  }

  #write(): void {
    const [file, folder] = [this.#file, this.#folder];
    if (file === undefined || folder === undefined) return;
    this.#attempt(() => {
      const bytes = Buffer.from(this.#pending);
      this.platform.append(file, bytes.subarray(this.#fault === undefined ? 0 : this.#begun(folder)));
      this.#written += bytes.length;
      this.#pending = '';
      this.#fault = undefined;
    });
  }

  /** Bytes of the pending text that a failed write has left in the file. */
  #begun(folder: Folder): number {
    const stat = emptyStat();
    this.platform.stat(folder, nameOf(this.header.id), stat);
    return Math.max(0, stat.size - this.#written);
  }

  #attempt(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#fault = errnoOf(error);
    }
  }
}

/** The ids of a target's runs, the newest first. @throws DirsyncError JOURNAL_UNREADABLE. */
export function listRuns(platform: Platform, root: Folder): string[] {
  const ids = inRuns(platform, root, (folder) => journals(platform, folder).map(({name}) => name.replace(JOURNAL, '$1')));
  return ids ?? [];
}

/** When a run began, taken from its id: ISO 8601 UTC. */
export function startOf(id: string): string {
  return id.replace(/^(....)(..)(..T..)(..)(..)(...)Z.*$/, '$1-$2-$3:$4:$5.$6Z');
}

/** The lines of a run's journal. @throws DirsyncError RUN_UNKNOWN, JOURNAL_UNREADABLE, or an error of `decodeJournal`. */
export function* readJournal(platform: Platform, root: Folder, id: string): Generator<JournalLine, void, undefined> {
  const name = nameOf(id);
  const file = JOURNAL.test(name) ? inRuns(platform, root, (folder) => platform.openFile(folder, name)) : undefined;
  if (file === undefined) {
    throw new DirsyncError('RUN_UNKNOWN', escapeName(id), '`dirsync history` lists the existing runs');
  }
  try {
    yield* decodeJournal(pieces(platform, file), name);
  } finally {
    platform.close(file);
  }
}

/** The headers of a target's runs, the newest first. Journals that cannot be read are left out. */
export function* runHeaders(platform: Platform, root: Folder): Generator<RunHeader, void, undefined> {
  for (const id of readableIds(platform, root)) {
    try {
      for (const line of readJournal(platform, root, id)) {
        if (line.type === 'header') yield line.header;
        break;
      }
    } catch (error) {
      if (!(error instanceof DirsyncError)) throw error;
    }
  }
}

function readableIds(platform: Platform, root: Folder): string[] {
  try {
    return listRuns(platform, root);
  } catch (error) {
    if (!(error instanceof DirsyncError)) throw error;
    return [];
  }
}

function nameOf(id: string): ByteName {
  return `${id}.ndjson` as ByteName;
}

function* pieces(platform: Platform, file: OpenFile): Generator<Uint8Array, void, undefined> {
  for (;;) {
    const piece = readable(() => platform.readNext(file, CHUNK));
    if (piece === undefined || piece.length === 0) return;
    yield piece;
  }
}

/** Calls `act` with the open folder of journals; undefined if the folder or the entry does not exist. */
function inRuns<T>(platform: Platform, root: Folder, act: (folder: Folder) => T): T | undefined {
  return readable(() => inState(platform, root, (state) => inFolder(platform, state, NAMES.runs, act)));
}

function readable<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT') return undefined;
    throw new DirsyncError(
      'JOURNAL_UNREADABLE',
      `${NAMES.state}/${NAMES.runs} of the target (${code})`,
      'check its permissions',
      {
        cause: error,
      },
    );
  }
}

/** The names of the journals in their folder, the newest first. Other files there are ignored. */
function journals(platform: Platform, folder: Folder): ListedEntry[] {
  const rows: ListedEntry[] = [];
  const count = platform.list(folder, rows);
  return rows
    .slice(0, count)
    .filter(({name, code}) => code === CODE.file && JOURNAL.test(name))
    .sort((a, b) => (a.name < b.name ? 1 : -1));
}

/** Removes old journals, from the first one on that exceeds the limit of count or bytes, but never `own`. */
function prune(platform: Platform, folder: Folder, own: ByteName): void {
  const all = journals(platform, folder);
  let bytes = all.find(({name}) => name === own)?.size ?? 0;
  let kept = 1;
  for (const {name, size} of all) {
    if (name === own) continue;
    kept++;
    bytes += size;
    if (kept > MAX_RUNS || bytes > MAX_RUN_BYTES) platform.removeFile(folder, name);
  }
}
