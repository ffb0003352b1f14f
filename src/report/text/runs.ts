/** Recorded runs as plain text: a single run, and the history of a target. */

import {formatCount} from '../../core/count.js';
import {escapeName} from '../../core/escape.js';
import {comparePaths} from '../../core/path.js';
import {doneKinds, movedBy, type Run, type RunStep, type RunSummary} from '../../core/run.js';
import {columns, pad} from '../words/columns.js';
import {formatBytes, formatDuration, formatIsoTime} from '../words/units.js';
import {GLYPHS, glyphWords, KIND_STYLES, OUTCOMES, plainPath, resultWords, stepWords} from '../words/words.js';
import {endSections, joinSections, kindLines, MAX_LISTED, MAX_PROBLEMS, paint, problemLines} from './text.js';

export interface RunTextOptions {
  readonly run: Run;
  readonly color: boolean;
  readonly width: number;
  /** List every step and problem, no matter how many. */
  readonly all?: boolean;
}

/**
 * Renders a run as `dirsync show` prints it: its steps in canonical order, its problems, and how it ended.
 *
 * @example
 * await applyFresh(settings, context);
 * const text = runText({run: readRun('target', LATEST), color: false, width: 80});
 * text.endsWith('Done: 4 changes.'); // → true
 */
export function runText(options: RunTextOptions): string {
  const {run, color, all = false} = options;
  const {header, steps, problems, end} = run;
  const {id, planId, writer, source, target, started} = header;
  return joinSections([
    [
      `${escapeName(source)} → ${escapeName(target)}`,
      `Run ${id} of plan ${planId}, started ${formatIsoTime(started)} by ${escapeName(writer)}`,
    ],
    all || steps.length <= MAX_LISTED ? stepLines(options) : tallyLines(steps, color),
    problemLines(problems, color, all ? Number.POSITIVE_INFINITY : MAX_PROBLEMS),
    ...(end ? endSections({...end, started, moved: movedBy(steps), problems}) : [unendedLines(run)]),
  ]);
}

function stepLines({run, color, width}: RunTextOptions): string[] {
  const rows = [...run.steps].sort((a, b) => comparePaths(a.path, b.path)).map((step) => stepRow(step));
  const pathWidth = Math.min(widest(rows.map(({path}) => path)), Math.max(20, Math.floor(width / 2)));
  const sizeWidth = widest(rows.map(({size}) => size));
  return rows.map(({kind, path, size, words}) => {
    const label = paint(color, KIND_STYLES[kind], `${GLYPHS[kind]} ${kind.padEnd(7)}`);
    return `  ${label}  ${pad(path, pathWidth)}  ${size.padStart(sizeWidth)}  ${words}`.trimEnd();
  });
}

function stepRow(step: RunStep) {
  const {kind, path, status, bytes} = step;
  const words = [status === 'done' ? '' : OUTCOMES[status], stepWords(step)].filter((part) => part !== '');
  return {
    kind,
    path: kind === 'mkdir' || kind === 'rmdir' ? `${plainPath(path)}/` : plainPath(path),
    size: bytes > 0 ? formatBytes(bytes) : '',
    words: words.join(' · '),
  };
}

function tallyLines(steps: readonly RunStep[], color: boolean): string[] {
  return [
    ...kindLines(doneKinds(steps), color),
    '',
    paint(color, 'dim', `--full lists all ${formatCount(steps.length)} changes one by one`),
  ];
}

function unendedLines({header, steps}: Run): string[] {
  const done = steps.filter(({status}) => status === 'done').length;
  return [
    `${formatCount(done)} of ${formatCount(header.changes)} changes are recorded as done.`,
    'The journal is incomplete: the run was killed, is still running, or could no longer write.',
  ];
}

export interface HistoryTextOptions {
  /** The target's root; surrogateescape text. */
  readonly target: string;
  /** The newest first. */
  readonly runs: readonly RunSummary[];
  readonly color: boolean;
  readonly width: number;
}

/**
 * Renders a history as `dirsync history` prints it: a line for each run, and the faults of journals that cannot be read.
 *
 * @example
 * const runs = readRuns('target');
 * historyText({target: 'target', runs, color: false, width: 80}); // → 'target\n\nNo runs are recorded here.'
 */
export function historyText({target, runs, color}: HistoryTextOptions): string {
  const rows = runs.map((run) => ({
    when: formatIsoTime(run.header.started),
    duration: run.end ? formatDuration(Math.max(0, Date.parse(run.end.finished) - Date.parse(run.header.started))) : '',
    changes: glyphWords(run.kinds),
    bytes: bytesWords(run),
    result: resultWords(run),
    id: run.header.id,
  }));
  const width = (column: keyof (typeof rows)[number]) => widest(rows.map((row) => row[column]));
  const lines = rows.map(({when, duration, changes, bytes, result, id}) => {
    const shown = paint(color, result === 'done' ? 'green' : 'yellow', pad(result, width('result')));
    const numbers = `${duration.padStart(width('duration'))}  ${pad(changes, width('changes'))}  ${bytes.padStart(width('bytes'))}`;
    return `  ${when.padEnd(width('when'))}  ${numbers}  ${shown}  ${id}`;
  });
  const faults = runs.flatMap(({header, fault}) => (fault === undefined ? [] : [`  ! ${header.id}  ${fault}`]));
  return joinSections([
    [escapeName(target)],
    lines,
    faults.length > 0 ? [`Journals that cannot be read (${formatCount(faults.length)}):`, ...faults] : [],
    [rows.length === 0 ? 'No runs are recorded here.' : paint(color, 'dim', '`dirsync show ID --target DIR` shows one run')],
  ]);
}

/** Returns the bytes written; for an unfinished run, those of its recorded steps. */
function bytesWords({end, kinds}: RunSummary): string {
  const written = end?.bytes ?? kinds.create.bytes + kinds.update.bytes + kinds.replace.bytes;
  return written > 0 ? formatBytes(written) : '';
}

function widest(texts: readonly string[]): number {
  return texts.reduce((most, text) => Math.max(most, columns(text)), 0);
}
