/** Reads the journals of a target. Writes nothing and takes no lock, so a run may still be in progress. */
import {DirsyncError} from '../../core/errors.js';
import {escapeName} from '../../core/escape.js';
import type {LastRun} from '../../core/explanation.js';
import {isWithin, type RelPath} from '../../core/path.js';
import type {Problem} from '../../core/problem.js';
import {countStep, noKinds, type Run, type RunEnd, type RunHeader, type RunStep, type RunSummary} from '../../core/run.js';
import {type JournalLine, readJournalFile} from '../../formats/journal.js';
import {platform} from '../../platform/choose.js';
import type {Folder, Platform} from '../../platform/platform.js';
import {findTarget, type Root} from '../../platform/roots.js';
import {listRuns, readJournal, startOf} from '../../state/runs.js';

/** Stands for the newest run of a target. */
export const LATEST = 'latest';

/**
 * Returns the runs of a target, newest first, at most `limit` of them. A run whose journal cannot be read to its end has a
 * `fault`.
 * @throws DirsyncError TARGET_MISSING, TARGET_NOT_DIRECTORY, TARGET_UNREADABLE or JOURNAL_UNREADABLE.
 *
 * @example
 * const {runId} = await applyFresh(settings, context);
 * readRuns('target', 1).map(({header}) => header.id); // → [runId]
 */
export function readRuns(target: string, limit = Number.POSITIVE_INFINITY): RunSummary[] {
  return inTarget(existing(target), (backend, root) =>
    listRuns(backend, root)
      .slice(0, limit)
      .flatMap((id) => summaryOf(id, readJournal(backend, root, id))),
  );
}

/**
 * Returns one run of a target, by its id or as `latest`.
 * @throws DirsyncError RUN_UNKNOWN, or an error of `readRuns` or `decodeJournal`.
 *
 * @example
 * await applyFresh(settings, context);
 * readRun('target', LATEST).problems; // → []
 */
export function readRun(target: string, id: string): Run {
  const place = existing(target);
  return inTarget(place, (backend, root) => {
    const found = id === LATEST ? listRuns(backend, root)[0] : id;
    if (found === undefined) throw new DirsyncError('RUN_UNKNOWN', `no run is recorded in ${escapeName(place.path)}`);
    return runOf(readJournal(backend, root, found));
  });
}

/**
 * Returns the run that a journal file records.
 * @throws DirsyncError as `readJournalFile` does.
 *
 * @example
 * const {runId} = await applyFresh(settings, context);
 * readRunFile(`target/.dirsync/runs/${runId}.ndjson`).header.id; // → runId
 */
export function readRunFile(file: string): Run {
  return runOf(readJournalFile(file));
}

/**
 * Returns the newest run that changed this very path or moved it, and what it did; undefined if no journal mentions one. In a damaged
 * journal,
 * everything before the damage counts.
 * @throws DirsyncError TARGET_NOT_DIRECTORY, TARGET_UNREADABLE or JOURNAL_UNREADABLE.
 *
 * @example
 * await applyFresh(settings, context);
 * lastRunOf('target', 'a.txt')?.step.kind; // → 'create'
 */
export function lastRunOf(target: string, path: RelPath): LastRun | undefined {
  const place = findTarget(target, true);
  if (place.live === undefined) return undefined;
  return inTarget(place, (backend, root) => {
    for (const id of listRuns(backend, root)) {
      const found = lastStepOf(path, readJournal(backend, root, id));
      if (found !== undefined) return found;
    }
    return undefined;
  });
}

function lastStepOf(path: RelPath, lines: Iterable<JournalLine>): LastRun | undefined {
  let header: RunHeader | undefined;
  try {
    for (const line of lines) {
      if (line.type === 'header') header = line.header;
      if (line.type !== 'step' || line.step.status !== 'done' || !isOf(line.step, path)) continue;
      return {header: header as RunHeader, step: line.step};
    }
  } catch (error) {
    if (!(error instanceof DirsyncError)) throw error;
  }
  return undefined;
}

/** Whether a step changed a path, or moved it, alone or with a folder above it. */
function isOf(step: RunStep, path: RelPath): boolean {
  if (step.path === path) return true;
  return step.moved !== undefined && [step.path, step.from ?? step.path].some((moved) => isWithin(path, moved));
}

function runOf(lines: Iterable<JournalLine>): Run {
  let header: RunHeader | undefined;
  let end: RunEnd | undefined;
  const steps: RunStep[] = [];
  const problems: Problem[] = [];
  for (const line of lines) {
    if (line.type === 'header') header = line.header;
    else if (line.type === 'step') steps.push(line.step);
    else if (line.type === 'problem') problems.push(line.problem);
    else end = line.end;
  }
  return {header: header as RunHeader, steps, problems, end};
}

/** Returns a run with its counts, or an empty list if another run has just deleted the old journal. */
function summaryOf(id: string, lines: Iterable<JournalLine>): RunSummary[] {
  let header: RunHeader = {id, planId: '', writer: '', source: '', target: '', started: startOf(id), changes: 0, bytes: 0};
  let end: RunEnd | undefined;
  let problems = 0;
  let fault: string | undefined;
  const kinds = noKinds();
  try {
    for (const line of lines) {
      if (line.type === 'header') header = line.header;
      else if (line.type === 'step') countStep(kinds, line.step);
      else if (line.type === 'problem') problems++;
      else end = line.end;
    }
  } catch (error) {
    if (!(error instanceof DirsyncError)) throw error;
    if (error.code === 'RUN_UNKNOWN') return [];
    fault = error.message;
  }
  return [{header, end, kinds, problems, ...(fault !== undefined && {fault})}];
}

function existing(target: string): Root {
  const root = findTarget(target, true);
  if (root.live !== undefined) return root;
  throw new DirsyncError('TARGET_MISSING', escapeName(root.path), 'check the path, and that the disk is mounted');
}

function inTarget<T>({bytes}: Root, read: (backend: Platform, root: Folder) => T): T {
  const backend = platform();
  const root = backend.openRoot(bytes);
  try {
    return read(backend, root);
  } finally {
    backend.close(root);
  }
}
