/**
 * Renders plans, runs and histories as GitHub Markdown, small enough for a comment on a pull request or a job summary. Foreign text
 * is in code spans or code blocks, where nothing is Markdown, HTML, a link, a mention or a reference.
 */
import {ACTION_KINDS, type Action, type ActionKind, isUpkeep} from '../../core/action.js';
import {formatCount, formatPlural} from '../../core/count.js';
import {escapeName} from '../../core/escape.js';
import {noOutcomes, type OutcomeStatus} from '../../core/outcome.js';
import type {Halt, KindTotals, PlanHeader} from '../../core/plan.js';
import type {Problem} from '../../core/problem.js';
import {movedBy, type RunEnd, type RunHeader, type RunStep, type RunSummary} from '../../core/run.js';
import type {HistorySubject, PlanSubject, RunSubject, Subject} from '../subject.js';
import {columns, pad} from '../words/columns.js';
import {type FolderTotals, foldersOf} from '../words/folders.js';
import {formatBytes, formatDuration, formatIsoTime} from '../words/units.js';
import {
  endSentence,
  GLYPHS,
  movedWords,
  OUTCOMES,
  pathWords,
  plainPath,
  planSentence,
  reasonWords,
  rootPaths,
  sizeOf,
  stepWords,
} from '../words/words.js';
import {code, foreign, problemItem, prose} from './spans.js';

/** Longer lists are folded. */
const MAX_OPEN = 25;
const MAX_FOLDERS = 20;
/** Rows are aligned up to this many columns, measured from the first MEASURED rows. */
const MAX_WIDTH = 60;
const MEASURED = 500;

/** A part of a report. If not all rows fit, it shows the first ones, and `more` renders the number of the others. */
interface Section {
  readonly before: string;
  readonly count: number;
  readonly row: (index: number) => string;
  readonly after: string;
  readonly more: (count: string) => string;
}

/** Returns a report of at most `limit` bytes of UTF-8, shortened by leaving out whole rows. */
export function markdownReport(subject: Subject, {limit = 60_000}: {readonly limit?: number} = {}): string {
  const sections = sectionsOf(subject).filter(({count}) => count > 0);
  const whole = fill(sections, limit, 1);
  if (!whole.isCut) return whole.text;
  // Each long list leaves half of the remaining room to the following sections.
  return `${fill(sections, limit - byteLength(CUT), 0.5).text}${byteLength(CUT) <= limit ? CUT : ''}`;
}

const CUT = '\n_Shortened to fit here; the text, JSON and HTML reports have everything._\n';

function sectionsOf(subject: Subject): Section[] {
  switch (subject.type) {
    case 'plan':
      return planSections(subject);
    case 'run':
      return runSections(subject);
    case 'history':
      return historySections(subject);
  }
}

function fill(sections: readonly Section[], limit: number, share: number): {text: string; isCut: boolean} {
  let text = '';
  let left = limit;
  let isCut = false;
  sections.forEach((section, i) => {
    const gap = text === '' ? '' : '\n';
    const isLast = i === sections.length - 1;
    const {rows, bytes} = take(section, (isLast ? left : left * share) - gap.length);
    isCut ||= rows.length < section.count;
    if (rows.length === 0) return;
    const more = section.count - rows.length;
    const lines = more > 0 ? [...rows, section.more(formatCount(more))] : rows;
    text += `${gap}${section.before}${lines.join('\n')}\n${section.after}`;
    left -= bytes + gap.length;
  });
  return {text, isCut};
}

/** Returns the rows of a section that fit, and the bytes of the section with them. */
function take({before, count, row, after, more}: Section, room: number): {rows: string[]; bytes: number} {
  const rows: string[] = [];
  const moreBytes = byteLength(more(formatCount(count))) + 1;
  let bytes = byteLength(before) + byteLength(after);
  for (let i = 0; i < count; i++) {
    const next = row(i);
    const size = byteLength(next) + 1;
    const isLast = i === count - 1;
    if (bytes + size + (isLast ? 0 : moreBytes) > room) return {rows, bytes: bytes + moreBytes};
    rows.push(next);
    bytes += size;
  }
  return {rows, bytes};
}

const encoder = new TextEncoder();

function byteLength(text: string): number {
  return encoder.encode(text).length;
}

// ── Plans ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

function planSections({plan, summary, halts}: PlanSubject): Section[] {
  const changes = plan.actions.filter((action) => !isUpkeep(action));
  const deletes = changes.filter(({kind}) => kind === 'delete' || kind === 'rmdir');
  const replaces = changes.filter(({kind}) => kind === 'replace');
  const moves = changes.filter(({kind}) => kind === 'move');
  const others = changes.filter(({kind}) => !['delete', 'rmdir', 'replace', 'move'].includes(kind));
  const isLong = changes.length > MAX_OPEN;
  const drifted = isLong ? changes.filter(({targetDrift}) => targetDrift !== undefined) : [];
  const folders = isLong ? foldersOf(changes, MAX_FOLDERS).slice(0, MAX_FOLDERS) : [];
  return [
    paragraphs([`### ${planSentence(plan, summary)}`, ...headerLines(plan.header)]),
    ...halts.map(haltCallout),
    callout('WARNING', plan.header.warnings.map(prose)),
    kindTable(summary.kinds),
    paragraphs(summary.upkeep > 0 ? [`The times of ${formatPlural(summary.upkeep, 'folder')} are restored afterwards.`] : []),
    problemList(plan.problems),
    block(`Changed in the target since the last run (${formatCount(drifted.length)})`, drifted, actionRow),
    block(`Deletes (${formatCount(deletes.length)})`, deletes, actionRow),
    block(`Replacements (${formatCount(replaces.length)})`, replaces, actionRow),
    block(`Moves (${formatCount(moves.length)})`, moves, actionRow),
    folderTable(folders),
    block(`${others.length === changes.length ? 'Changes' : 'Other changes'} (${formatCount(others.length)})`, others, actionRow),
  ];
}

function headerLines(header: PlanHeader): string[] {
  const {id, created, writer, narrowed, compared} = header;
  return [
    rootsLine(...rootPaths(header)),
    `${compared ? 'Comparison' : 'Plan'} ${foreign(id)}, made ${time(created)} by ${foreign(writer)}.`,
    ...(narrowed ? [`Narrowed: ${formatPlural(narrowed.leftOut, 'change')} of plan ${foreign(narrowed.from)} left out.`] : []),
  ];
}

function haltCallout({guard, message, allowed}: Halt): Section {
  if (allowed) return callout('WARNING', [`Allowed by ${code(`--allow ${guard}`)}: ${prose(message)}.`]);
  return callout('CAUTION', [
    `The guard **${guard}** halts this plan: ${prose(message)}. Lift it with ${code(`--allow ${guard}`)}.`,
  ]);
}

function folderTable(folders: readonly FolderTotals[]): Section {
  return table({
    title: 'Largest folders',
    head: '| Folder | Changes | To write | Kinds |\n| --- | ---: | ---: | --- |',
    items: folders,
    row: ({path, opened, changes, bytes, glyphs}) => {
      const marks = [...new Set(Object.values(GLYPHS))].filter((glyph) => glyphs[glyph] !== undefined);
      const parts = marks.map((glyph) => `${code(glyph)} ${formatCount(glyphs[glyph] as number)}`);
      return [
        `${code(`${plainPath(path)}/`)}${opened ? ' (itself)' : ''}`,
        formatCount(changes),
        someBytes(bytes),
        parts.join(', '),
      ];
    },
  });
}

function actionRow(action: Action): Row {
  const size = sizeOf(action);
  const isPlain = action.reasons.every((reason) => reason === 'new' || reason === 'gone');
  const reasons = reasonWords(isPlain ? {...action, reasons: []} : action);
  const words = [size === undefined ? '' : formatBytes(size), reasons].filter((part) => part !== '');
  return {kind: action.kind, path: pathWords(action), words: words.join(', ')};
}

// ── Runs ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The order and the titles in which the steps of a run are listed. */
const STEPS: readonly (readonly [status: OutcomeStatus, title: string])[] = [
  ['failed', 'Failed'],
  ['skipped', 'Skipped because of drift'],
  ['stopped', 'Not started'],
  ['blocked', 'Kept because they could not be read'],
  ['not-kept', 'Not supported by the target'],
  ['done', 'Done'],
  ['already-done', 'Already done'],
];

function runSections({run: {header, steps, problems, end}}: RunSubject): Section[] {
  const moved = movedWords(movedBy(steps));
  return [
    paragraphs([`### ${endSentence(end, problems.length)}`, rootsLine(header.source, header.target), runLine(header, end)]),
    outcomeTable(end?.counts ?? countsOf(steps)),
    paragraphs(moved === '' ? [] : [`${moved}.`]),
    problemList(problems),
    ...STEPS.map(([status, title]) => {
      const found = steps.filter((step) => step.status === status);
      return block(`${title} (${formatCount(found.length)})`, found, stepRow);
    }),
  ];
}

function runLine({id, planId, writer, started, changes, bytes}: RunHeader, end: RunEnd | undefined): string {
  const run = `Run ${foreign(id)} of plan ${foreign(planId)} (${formatPlural(changes, 'change')}, ${formatBytes(bytes)} to write)`;
  const began = `started ${time(started)} by ${foreign(writer)}`;
  return `${run} ${began}${end ? `; it wrote ${formatBytes(end.bytes)} in ${duration(started, end.finished)}` : ''}.`;
}

function countsOf(steps: readonly RunStep[]): Record<OutcomeStatus, number> {
  const counts = noOutcomes();
  for (const {status} of steps) counts[status]++;
  return counts;
}

function outcomeTable(counts: Readonly<Record<OutcomeStatus, number>>): Section {
  return table({
    head: '| Outcome | Changes |\n| --- | ---: |',
    items: STEPS.filter(([status]) => counts[status] > 0),
    row: ([status]) => [OUTCOMES[status], formatCount(counts[status])],
  });
}

function stepRow(step: RunStep): Row {
  const {kind, path, bytes} = step;
  const isFolder = kind === 'mkdir' || kind === 'rmdir';
  const words = [someBytes(bytes), stepWords(step)].filter((part) => part !== '');
  return {kind, path: `${plainPath(path)}${isFolder ? '/' : ''}`, words: words.join(', ')};
}

// ── Histories ──────────────────────────────────────────────────────────────────────────────────────────────────────────

function historySections({target, runs}: HistorySubject): Section[] {
  return [
    paragraphs([`### ${formatPlural(runs.length, 'run')} of ${code(escapeName(target))}`]),
    table({
      head: '| Run | Started | Took | Changes | Written | Result |\n| --- | --- | ---: | ---: | ---: | --- |',
      items: runs,
      row: historyRow,
    }),
  ];
}

function historyRow({header, end, problems}: RunSummary): string[] {
  const took = end ? duration(header.started, end.finished) : '';
  const written = end ? formatBytes(end.bytes) : '';
  return [foreign(header.id), time(header.started), took, formatCount(header.changes), written, endSentence(end, problems)];
}

// ── Parts of all ───────────────────────────────────────────────────────────────────────────────────────────────────────

function rootsLine(source: string, target: string): string {
  return `${foreign(source)} → ${foreign(target)}`;
}

function kindTable(kinds: Readonly<Record<ActionKind, KindTotals>>): Section {
  return table({
    head: '| | Kind | Count | Bytes |\n| --- | --- | ---: | ---: |',
    items: ACTION_KINDS.filter((kind) => kinds[kind].count > 0),
    row: (kind) => [code(GLYPHS[kind]), kind, formatCount(kinds[kind].count), someBytes(kinds[kind].bytes)],
  });
}

function problemList(problems: readonly Problem[]): Section {
  return folded(`Problems (${formatCount(problems.length)})`, {
    before: '',
    count: problems.length,
    row: (i) => problemItem(problems[i] as Problem),
    after: '',
    more: (count) => `- … and ${count} more`,
  });
}

function paragraphs(lines: readonly string[]): Section {
  return {
    before: '',
    count: lines.length,
    row: (i) => `${i > 0 ? '\n' : ''}${lines[i]}`,
    after: '',
    more: () => '\n…',
  };
}

/** A callout with one paragraph for each line. */
function callout(level: 'CAUTION' | 'WARNING', lines: readonly string[]): Section {
  return {
    before: `> [!${level}]\n`,
    count: lines.length,
    row: (i) => `${i > 0 ? '>\n' : ''}> ${lines[i]}`,
    after: '',
    more: (count) => `>\n> … and ${count} more`,
  };
}

interface Table<Item> {
  readonly title?: string;
  readonly head: string;
  readonly items: readonly Item[];
  readonly row: (item: Item) => readonly string[];
}

function table<Item>({title, head, items, row}: Table<Item>): Section {
  return {
    before: `${title === undefined ? '' : `#### ${title}\n\n`}${head}\n`,
    count: items.length,
    // A bar ends a cell even in code spans.
    row: (i) =>
      `| ${row(items[i] as Item)
        .map((cell) => cell.replaceAll('|', '\\|'))
        .join(' | ')} |`,
    after: '',
    more: (count) => `| … and ${count} more |`,
  };
}

/** One line of a code block. */
interface Row {
  readonly kind: ActionKind;
  readonly path: string;
  readonly words: string;
}

/** Changes in a code block, which GitHub colours by their first character. No line begins like a fence. */
function block<Item>(title: string, items: readonly Item[], rowOf: (item: Item) => Row): Section {
  const widths = items.slice(0, MEASURED).map((item) => columns(rowOf(item).path));
  const width = Math.min(MAX_WIDTH, Math.max(0, ...widths));
  return folded(title, {
    before: '```diff\n',
    count: items.length,
    row: (i) => {
      const {kind, path, words} = rowOf(items[i] as Item);
      return `${GLYPHS[kind]} ${words === '' ? path : `${pad(path, width)}  ${words}`}`;
    },
    after: '```\n',
    more: (count) => `… and ${count} more`,
  });
}

/** A section under a title, folded if it is long. */
function folded(title: string, section: Section): Section {
  if (section.count <= MAX_OPEN) return {...section, before: `#### ${title}\n\n${section.before}`};
  return {
    ...section,
    before: `<details>\n<summary><b>${title}</b></summary>\n\n${section.before}`,
    after: `${section.after}\n</details>\n`,
  };
}

// ── Words ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

function someBytes(bytes: number): string {
  return bytes > 0 ? formatBytes(bytes) : '';
}

/** An ISO 8601 time. */
function time(iso: string): string {
  return Number.isNaN(Date.parse(iso)) ? foreign(iso) : formatIsoTime(iso);
}

function duration(started: string, finished: string): string {
  const ms = Date.parse(finished) - Date.parse(started);
  return Number.isNaN(ms) ? '' : formatDuration(Math.max(0, ms));
}
