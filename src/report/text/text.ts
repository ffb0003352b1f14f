/** Plans and runs as plain text for terminals and pipes. Texts do not end with a newline. Colour only repeats what words say. */
import {styleText} from 'node:util';
import {ACTION_KINDS, type Action, isCarried, isUpkeep, type TargetDrift} from '../../core/action.js';
import {formatCount, formatPlural} from '../../core/count.js';
import {escapeName} from '../../core/escape.js';
import type {ApplyReport, OutcomeStatus} from '../../core/outcome.js';
import type {Halt, Plan, PlanSummary} from '../../core/plan.js';
import type {Problem} from '../../core/problem.js';
import type {RunEnd} from '../../core/run.js';
import {columns, pad} from '../words/columns.js';
import {foldersOf} from '../words/folders.js';
import {type Progress, SPEED_AFTER_MS} from '../words/progress.js';
import {formatBytes, formatDuration} from '../words/units.js';
import {
  GLYPHS,
  KIND_STYLES,
  moreLines,
  movedWords,
  OUTCOMES,
  PHASES,
  pathWords,
  plainPath,
  planSentence,
  problemWords,
  reasonWords,
  rootPaths,
  type Style,
  sizeOf,
  verdict,
} from '../words/words.js';

/** Up to this many changes are listed one by one; more are summed up by folder. */
export const MAX_LISTED = 100;
const MAX_FOLDERS = 20;
export const MAX_PROBLEMS = 20;

export interface PlanTextOptions {
  readonly plan: Plan;
  readonly summary: PlanSummary;
  readonly halts: readonly Halt[];
  readonly color: boolean;
  /** Columns of the terminal. A long path makes only its own line longer. */
  readonly width: number;
  /** List every change and problem, no matter how many. */
  readonly all?: boolean;
}

/**
 * Renders a plan as `dirsync plan` prints it: changes, problems, warnings, guards, totals, and one sentence.
 *
 * @example
 * const text = planText({...planned, color: false, width: 80});
 * text.includes('- delete   old.txt'); // → true
 */
export function planText(options: PlanTextOptions): string {
  const {plan, summary, halts, color, all = false} = options;
  const {header} = plan;
  const listed = all || summary.changes <= MAX_LISTED;
  return joinSections([
    [rootPaths(header).map(escapeName).join(' → ')],
    listed ? actionLines(options) : folderLines(options),
    upkeepLines(summary),
    listed ? [] : moveLines(plan.actions, color),
    listed ? [] : targetDriftLines(plan.actions, color),
    problemLines(plan.problems, color, all ? Number.POSITIVE_INFINITY : MAX_PROBLEMS),
    header.warnings.map((warning) => `${paint(color, 'yellow', 'Warning:')} ${escapeName(warning)}`),
    halts.map((halt) => haltLine(halt, color)),
    kindLines(summary.kinds, color),
    [planSentence(plan, summary)],
  ]);
}

function actionLines({plan, color, width}: PlanTextOptions): string[] {
  const rows = plan.actions.filter((action) => !isUpkeep(action)).map((action) => actionRow(action));
  const pathWidth = Math.min(
    rows.reduce((widest, {path}) => Math.max(widest, columns(path)), 0),
    Math.max(20, Math.floor(width / 2)),
  );
  const sizeWidth = rows.reduce((widest, {size}) => Math.max(widest, size.length), 0);
  return rows.map(({kind, path, size, reasons}) => {
    const label = paint(color, KIND_STYLES[kind], `${GLYPHS[kind]} ${kind.padEnd(7)}`);
    return `  ${label}  ${pad(path, pathWidth)}  ${size.padStart(sizeWidth)}  ${reasons}`.trimEnd();
  });
}

function actionRow(action: Action) {
  const size = sizeOf(action);
  const sizeWords = size === undefined ? '' : formatBytes(size);
  return {kind: action.kind, path: pathWords(action), size: sizeWords, reasons: reasonWords(action)};
}

function folderLines({plan, summary, color}: PlanTextOptions): string[] {
  const folders = foldersOf(plan.actions, MAX_FOLDERS);
  const rows = folders.slice(0, MAX_FOLDERS).map(({path, opened, changes, glyphs, bytes}) => ({
    path: `${plainPath(path)}/${opened ? ' (itself)' : ''}`,
    changes: formatPlural(changes, 'change'),
    bytes: bytes > 0 ? formatBytes(bytes) : '',
    glyphs: [...new Set(Object.values(GLYPHS))]
      .filter((glyph) => glyphs[glyph] !== undefined)
      .map((glyph) => `${glyph}${formatCount(glyphs[glyph] as number)}`)
      .join(' '),
  }));
  const widest = (of: (row: (typeof rows)[number]) => string) => Math.max(...rows.map((row) => columns(of(row))));
  const pathWidth = widest(({path}) => path);
  const changesWidth = widest(({changes}) => changes);
  const bytesWidth = widest(({bytes}) => bytes);
  const lines = rows.map(({path, changes, glyphs, bytes}) =>
    `  ${pad(path, pathWidth)}  ${changes.padStart(changesWidth)}  ${bytes.padStart(bytesWidth)}  ${glyphs}`.trimEnd(),
  );
  const more = folders.length - rows.length;
  if (more > 0) lines.push(`  … and ${formatPlural(more, 'more folder', 'more folders')}`);
  const how = `--full lists all ${formatCount(summary.changes)} changes one by one; for a saved plan: dirsync show FILE --full`;
  return [...lines, '', paint(color, 'dim', how)];
}

function upkeepLines({upkeep, changes}: PlanSummary): string[] {
  return upkeep > 0 && changes > 0 ? [`The times of ${formatPlural(upkeep, 'folder')} are restored afterwards.`] : [];
}

/** Returns a line for each move, up to a limit, where the changes are not listed. */
function moveLines(actions: readonly Action[], color: boolean): string[] {
  const moves = actions.filter(isCarried);
  if (moves.length === 0) return [];
  const lines = moves.slice(0, MAX_PROBLEMS).map((move) => {
    return `  ${paint(color, KIND_STYLES.move, GLYPHS.move)} ${pathWords(move)}  ${reasonWords(move)}`;
  });
  return [`Moves (${formatCount(moves.length)}):`, ...lines, ...moreLines(moves.length - lines.length)];
}

/** Returns a line for each path that somebody else changed in the target, up to a limit, where the changes are not listed. */
function targetDriftLines(actions: readonly Action[], color: boolean): string[] {
  const drifted = actions.filter(({targetDrift}) => targetDrift !== undefined);
  if (drifted.length === 0) return [];
  const lines = drifted.slice(0, MAX_PROBLEMS).map((action) => {
    const label = paint(color, 'yellow', (action.targetDrift as TargetDrift).padEnd('removed'.length));
    return `  ${label}  ${pathWords(action)}`;
  });
  const title = `Changed in the target since the last run (${formatCount(drifted.length)}):`;
  return [title, ...lines, ...moreLines(drifted.length - lines.length)];
}

/** Returns a line for each problem, up to `limit`, and a line with the number of remaining ones. */
export function problemLines(problems: readonly Problem[], color: boolean, limit: number): string[] {
  if (problems.length === 0) return [];
  const lines = problems.slice(0, limit).map((problem) => {
    const [code, words] = problemWords(problem);
    return `  ${paint(color, 'red', `! ${code}`)}  ${words}`;
  });
  return [`Problems (${formatCount(problems.length)}):`, ...lines, ...moreLines(problems.length - lines.length)];
}

/** Returns a line about a guard that would halt the plan, or that is allowed. */
export function haltLine({guard, message, allowed}: Halt, color: boolean): string {
  if (allowed) return `${paint(color, 'yellow', 'Allowed:')} ${guard} — ${escapeName(message)}`;
  return `${paint(color, 'red', 'Would halt:')} ${guard} — ${escapeName(message)}; lift it with --allow ${guard}`;
}

/** How many of each kind, and their bytes. */
export function kindLines(kinds: PlanSummary['kinds'], color: boolean): string[] {
  const rows = ACTION_KINDS.filter((kind) => kinds[kind].count > 0).map((kind) => ({
    kind,
    count: formatCount(kinds[kind].count),
    bytes: kinds[kind].bytes > 0 ? formatBytes(kinds[kind].bytes) : '',
  }));
  const countWidth = Math.max(...rows.map(({count}) => count.length));
  const bytesWidth = Math.max(...rows.map(({bytes}) => bytes.length));
  return rows.map(({kind, count, bytes}) => {
    const label = paint(color, KIND_STYLES[kind], `${GLYPHS[kind]} ${kind.padEnd(7)}`);
    return `  ${label}  ${count.padStart(countWidth)}  ${bytes.padStart(bytesWidth)}`.trimEnd();
  });
}

/** Renders the end of an apply as `dirsync apply` prints it: problems, skipped paths, outcomes, speed, and one sentence. */
export function applyText({report, color}: {readonly report: ApplyReport; readonly color: boolean}): string {
  const {problems, skipped} = report;
  return joinSections([problemLines(problems, color, MAX_PROBLEMS), skippedLines(skipped), ...endSections(report)]);
}

/** Renders how a run ended: its outcomes, bytes and time, and one sentence. */
export function endSections(report: Pick<ApplyReport, keyof RunEnd | 'started' | 'moved' | 'problems'>): string[][] {
  const {counts, bytes, moved} = report;
  const rows = Object.entries(OUTCOMES)
    .map(([status, words]) => ({words, count: counts[status as OutcomeStatus]}))
    .filter(({count}) => count > 0)
    .map(({words, count}) => ({words, count: formatCount(count)}));
  const countWidth = Math.max(...rows.map(({count}) => count.length));
  const ms = Math.max(0, Date.parse(report.finished) - Date.parse(report.started));
  const notCopied = movedWords(moved);
  const speed = ms >= SPEED_AFTER_MS ? ` (${formatBytes((bytes * 1000) / ms)}/s)` : '';
  return [
    rows.map(({words, count}) => `  ${words.padEnd(OUTCOMES.skipped.length)}  ${count.padStart(countWidth)}`),
    [
      `${bytes > 0 ? `${formatBytes(bytes)} written in ${formatDuration(ms)}${speed}` : `Took ${formatDuration(ms)}`}${notCopied && `; ${notCopied}`}`,
      verdict(report),
    ],
  ];
}

/** Renders the progress of an apply in one line, with the percentage first, because the end may be cut off. */
export function progressText({phase, share, actions, bytes, bytesPerSecond, left}: Progress): string {
  const parts = [
    `${PHASES[phase]}: ${Math.floor(100 * share)} %`,
    left !== undefined && `${formatDuration(left, {whole: true})} left`,
    `${formatCount(actions.done)} of ${formatCount(actions.total)} actions`,
    bytes.total > 0 && `${formatBytes(bytes.done)} of ${formatBytes(bytes.total)}`,
    bytes.total > 0 && bytesPerSecond !== undefined && `${formatBytes(bytesPerSecond)}/s`,
  ];
  return parts.filter((part) => part !== false).join(', ');
}

function skippedLines(skipped: ApplyReport['skipped']): string[] {
  if (skipped.length === 0) return [];
  const lines = skipped.slice(0, MAX_PROBLEMS).map((path) => `  ${plainPath(path)}`);
  return [`Skipped because of drift (${formatCount(skipped.length)}):`, ...lines, ...moreLines(skipped.length - lines.length)];
}

/** Joins sections with blank lines, without empty sections. */
export function joinSections(sections: readonly (readonly string[])[]): string {
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

/** Styles a text if `color` is true. The caller has already checked the stream and the environment. */
export function paint(color: boolean, style: Style, text: string): string {
  return color ? styleText(style, text, {validateStream: false}) : text;
}
