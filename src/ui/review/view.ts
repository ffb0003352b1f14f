/** Renders a review as lines: a pure function of its state and the size of the terminal. */
import {type Action, isCarried} from '../../core/action.js';
import {formatCount, formatPlural} from '../../core/count.js';
import {escapeName} from '../../core/escape.js';
import type {PlanSummary} from '../../core/plan.js';
import {columns, cutMiddle, cutStart, pad} from '../../report/words/columns.js';
import {formatBytes, formatIsoTime, formatShortCount} from '../../report/words/units.js';
import {
  applyQuestion,
  GLYPHS,
  KIND_STYLES,
  plainPath,
  reasonWords,
  type Style,
  targetDriftCounts,
} from '../../report/words/words.js';
import {fitLine, fitting, highlight, type Line, span, spread, widthOf, wrapLine, wrapTo} from '../line.js';
import {actionPage, detailLines, folderLines, kindCounts, toWords} from './details.js';
import {review} from './intents.js';
import {KEY_HELP} from './keys.js';
import {
  chosen,
  currentAction,
  currentNode,
  GROUPS,
  type Mode,
  type ReviewState,
  type Row,
  type RowTotals,
  totalsOf,
} from './state.js';
import {ALARM, DIM, STRONG, WARN} from './styles.js';
import {TOP} from './tree.js';

/** The size of the terminal. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** From this width on, the details are beside the tree. */
const WIDE = 132;
/** Below this height, secondary lines are dropped to leave room for the tree. */
const ROOMY = 10;
const MAX_HALTS = 2;
/** The most lines of a guard's message in the head. */
const HALT_LINES = 3;
/** Rows that the head leaves for the tree. */
const MIN_TREE = 3;

interface Layout {
  readonly head: readonly Line[];
  /** Whether a line separates the head from the tree. */
  readonly hasTitle: boolean;
  readonly foot: readonly Line[];
  readonly wide: boolean;
  readonly treeWidth: number;
  readonly treeHeight: number;
  readonly detailWidth: number;
  /** 0 if there is no room. */
  readonly detailHeight: number;
}

function layoutOf(state: ReviewState, size: Size): Layout {
  // There is always a row of the tree, and the foot shows questions.
  const foot = footLines(state, {columns: size.columns, rows: size.rows - 1}, size.rows >= ROOMY);
  const hasTitle = size.rows - foot.length > MIN_TREE + 1;
  const below = size.rows - foot.length - Number(hasTitle);
  const head = headLines(state, size.columns).slice(0, Math.max(0, below - MIN_TREE));
  const room = below - head.length;
  const common = {head, hasTitle, foot};
  if (size.columns >= WIDE && state.hasDetails) {
    const detailWidth = Math.max(57, Math.min(90, Math.floor(size.columns * 0.42)));
    const treeWidth = size.columns - detailWidth - 3;
    return {...common, wide: true, treeWidth, treeHeight: room, detailWidth, detailHeight: room};
  }
  const detailHeight = room >= 14 && state.hasDetails ? Math.max(7, Math.floor(room * 0.4)) : 0;
  const treeHeight = detailHeight === 0 ? room : room - detailHeight - 1;
  return {...common, wide: false, treeWidth: size.columns, treeHeight, detailWidth: size.columns, detailHeight};
}

/** Fits the state to a screen size: the cursor is visible, and pages do not scroll beyond their end. */
export function settle(state: ReviewState, size: Size): ReviewState {
  const layout = layoutOf(state, size);
  const settled = review(state, {type: 'resize', height: layout.treeHeight}).state;
  const {mode} = settled;
  if (!isPage(mode)) return settled;
  const last = Math.max(0, pageOf(settled, mode, size.columns).lines.length - pageHeight(layout));
  return mode.top <= last ? settled : {...settled, mode: {...mode, top: last}};
}

/** Returns exactly `size.rows` lines of `size.columns` columns. */
export function reviewLines(state: ReviewState, size: Size): readonly Line[] {
  const layout = layoutOf(state, size);
  const body = bodyLines(state, layout, size);
  const lines = [...layout.head, ...body, ...layout.foot];
  return lines.map((line) => fitLine(line, size.columns));
}

// ── Head ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

function headLines({plan, summary, halts, tree, selection}: ReviewState, width: number): Line[] {
  const {header} = plan;
  const when = width < NARROW ? '' : `planned ${formatIsoTime(header.created)}`;
  const half = Math.floor((width - columns(when) - 6) / 2);
  const roots = `${cutMiddle(escapeName(header.source.path), half)} → ${cutMiddle(escapeName(header.target.path), half)}`;
  const lines = [spread([span(' '), span(roots, STRONG)], [span(when, DIM), span(' ')], width), totalLine(summary, width)];
  const open = halts.filter(({allowed}) => !allowed);
  for (const {guard, message} of open.slice(0, MAX_HALTS)) {
    lines.push(...told(`! ${guard}: ${escapeName(message)}`, ALARM, {columns: width, rows: HALT_LINES}));
  }
  const drifted = targetDriftCounts(summary.targetDrift);
  if (drifted !== '')
    lines.push(
      ...told(`! In the target since the last run: ${drifted} (t shows only them)`, WARN, {columns: width, rows: HALT_LINES}),
    );
  const notes = notesLine(plan, open.length - MAX_HALTS);
  if (notes !== undefined) lines.push(...told(`! ${notes}`, WARN, {columns: width, rows: HALT_LINES}));
  if (tree.changes === 0) lines.push([span(` Nothing to do${selection.leftOut > 0 ? '' : ': the target is up to date'}.`)]);
  return lines;
}

/** Wraps a sentence into at most `rows` lines. */
function told(text: string, style: Style, {columns: width, rows}: Size): Line[] {
  return wrapTo([span(text, style)], width - 1, rows).map((line) => [span(' '), ...line]);
}

function notesLine({header, problems}: ReviewState['plan'], moreHalts: number): string | undefined {
  const parts = [
    moreHalts > 0 && formatPlural(moreHalts, 'more guard'),
    problems.length > 0 && formatPlural(problems.length, 'problem'),
    header.warnings.length > 0 && formatPlural(header.warnings.length, 'warning'),
    header.narrowed && `${formatPlural(header.narrowed.leftOut, 'change')} left out earlier`,
  ].filter((part) => typeof part === 'string');
  return parts.length === 0 ? undefined : `${parts.join(', ')} (p shows them)`;
}

/**
 * The number before each kind is the key that shows only this kind. No kind is ever cut off. If the line is too long, it drops bytes,
 * sums, words, and then digits. */
function totalLine(summary: PlanSummary, width: number): Line {
  const groups = GROUPS.map(({name, kinds}, i) => ({
    key: i + 1,
    name,
    kind: kinds[0],
    count: kinds.reduce((sum, kind) => sum + summary.kinds[kind].count, 0),
    bytes: kinds.reduce((sum, kind) => sum + summary.kinds[kind].bytes, 0),
  })).filter(({count}) => count > 0);
  const kindsLine = (named: boolean, sized: boolean, count: (value: number) => string = formatCount) =>
    groups.flatMap(({key, name, kind, count: changes, bytes}) => [
      span(` ${key} `, DIM),
      span(`${GLYPHS[kind]}${count(changes)}${named ? ` ${name}` : ''}`, KIND_STYLES[kind]),
      span(`${sized && bytes > 0 ? ` ${formatBytes(bytes)}` : ''}${named ? ' ' : ''}`, DIM),
    ]);
  const written = summary.bytes > 0 ? `${formatBytes(summary.bytes)} to write ` : '';
  const all = `${formatPlural(summary.changes, 'change')}${written && ', '}${written || ' '}`;
  const ways: readonly [left: Line, right: string][] = [
    [kindsLine(true, true), all],
    [kindsLine(true, false), all],
    [kindsLine(true, false), written],
    [kindsLine(false, false), written],
    [kindsLine(false, false), ''],
  ];
  const [left, right] = ways.find(([line, text]) => widthOf(line) + columns(text) < width) ?? [
    kindsLine(false, false, formatShortCount),
    '',
  ];
  return spread(left, [span(right)], width);
}

// ── Body ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

function bodyLines(state: ReviewState, layout: Layout, size: Size): Line[] {
  const {mode} = state;
  const titled = (title: Line) => (layout.hasTitle ? [title] : []);
  if (isPage(mode)) {
    const height = pageHeight(layout);
    const {title, lines} = pageOf(state, mode, size.columns);
    const {top} = mode;
    const place =
      lines.length > height ? `${top + 1}–${Math.min(lines.length, top + height)} of ${formatCount(lines.length)}` : '';
    return [...titled(rule(title, place, size.columns)), ...filled(lines.slice(top, top + height), height)];
  }
  const tree = treeLines(state, layout);
  const title = titled(rule(treeTitle(state), placeWords(state), size.columns));
  if (layout.wide) {
    const details = filled(detailLines(state, layout.detailWidth, layout.detailHeight), layout.treeHeight);
    const rows = tree.map((line, i) => [...fitLine(line, layout.treeWidth), span(' │ ', DIM), ...(details[i] ?? [])]);
    return [...title, ...rows];
  }
  if (layout.detailHeight === 0) return [...title, ...tree];
  const details = filled(detailLines(state, layout.detailWidth, layout.detailHeight), layout.detailHeight);
  return [...title, ...tree, rule('', '', size.columns), ...details];
}

function pageHeight({wide, treeHeight, detailHeight}: Layout): number {
  return wide || detailHeight === 0 ? treeHeight : treeHeight + detailHeight + 1;
}

function rule(left: string, right: string, width: number): Line {
  const ends = [left, right].map((text) => (text === '' ? '' : ` ${text} `));
  const room = width - 4 - columns(ends[1] as string);
  const title = cutMiddle(ends[0] as string, room);
  return [
    span('──', DIM),
    span(title),
    span('─'.repeat(Math.max(0, room - columns(title))), DIM),
    span(ends[1] as string),
    span('──', DIM),
  ];
}

function treeTitle({sort, query, kinds, onlyDrifted, tree}: ReviewState): string {
  const shownKinds = GROUPS.filter((group) => group.kinds.some((kind) => kinds.has(kind))).map(({name}) => name);
  const parts = [
    `by ${sort}`,
    query !== '' && `"${escapeName(query)}"`,
    shownKinds.length < GROUPS.length && `only ${shownKinds.join(', ')}`,
    onlyDrifted && 'changed in the target',
    tree.shown < tree.changes && `${formatCount(tree.shown)} of ${formatCount(tree.changes)} shown`,
  ];
  return parts.filter((part) => part !== false).join(' · ');
}

function placeWords(state: ReviewState): string {
  const {selection, tree} = state;
  return selection.leftOut === 0 ? '' : `${formatCount(chosen(state))} of ${formatCount(tree.changes)} chosen`;
}

function filled(lines: readonly Line[], height: number): Line[] {
  return Array.from({length: height}, (_, i) => lines[i] ?? []);
}

// ── Tree ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

const BYTES_WIDTH = 9;
const NARROW = 50;
/** Narrower notes would say nothing. */
const MIN_NOTE = 4;

function treeLines(state: ReviewState, {treeWidth, treeHeight: height}: Layout): Line[] {
  const shown = state.rows.slice(state.top, state.top + height);
  const facts = shown.map((row) => ({row, totals: totalsOf(state, row.node)}));
  const notes = facts.map(({row, totals}) => noteOf(state, row, totals));
  const widest = Math.max(0, ...notes.map(widthOf));
  // On a narrow screen, names take precedence.
  const bytesWidth = treeWidth < NARROW ? 0 : BYTES_WIDTH;
  const noteRoom = Math.floor(Math.max(0, treeWidth - 20) * 0.5);
  const noteWidth = noteRoom < MIN_NOTE ? 0 : Math.min(widest, noteRoom);
  const nameWidth = treeWidth - noteWidth - bytesWidth - 2;
  return filled(
    facts.map(({row, totals}, i) => {
      const bytes = totals.bytes > 0 && bytesWidth > 0 ? formatBytes(totals.bytes) : '';
      const note = noteWidth === 0 ? [] : (notes[i] as Line);
      const right = [...fitLine([span(' '), ...note], noteWidth + 1), span(bytes.padStart(bytesWidth)), span(' ')];
      const isCurrent = state.top + i === state.cursor;
      const left = rowStart(state, row, totals, {isCurrent, width: nameWidth});
      const line = [...fitLine(left, nameWidth), ...right];
      if (isCurrent) return highlight(line, 'inverse');
      return totals.chosen === 0 && totals.changes > 0 ? highlight(line, DIM) : line;
    }),
    height,
  );
}

function rowStart(
  state: ReviewState,
  row: Row,
  totals: RowTotals,
  {isCurrent, width}: {isCurrent: boolean; width: number},
): Line {
  const {tree} = state;
  const box = totals.chosen === 0 ? '[ ]' : totals.chosen === totals.changes ? '[x]' : '[-]';
  const own = tree.actionOf(row.node);
  const shown = own ?? shownMoveFrom(state, row.node);
  const action = own === undefined ? undefined : state.plan.actions[own];
  const kind = shown === undefined ? undefined : state.plan.actions[shown]?.kind;
  const fold = tree.hasChildren(row.node) ? (state.expanded.has(row.node) ? '▾' : '▸') : ' ';
  // The name is visible at any depth.
  const before = `${isCurrent ? '❯' : ' '}${box} ${'  '.repeat(row.depth).slice(0, Math.max(0, Math.floor(width / 2) - 6))}`;
  const glyph = kind === undefined ? span('  ') : span(`${GLYPHS[kind]} `, KIND_STYLES[kind]);
  const name = cutMiddle(nameOf(state, row, action), Math.max(8, width - columns(before) - 4));
  return [span(before), span(`${fold} `), glyph, span(name, kind && KIND_STYLES[kind])];
}

/** Returns the names that the row adds to its parent. */
function nameOf({tree, plan}: ReviewState, {node, top}: Row, action: Action | undefined): string {
  if (node === TOP) return `${escapeName(plan.header.target.path)}/`;
  const above = tree.pathOf(tree.parentOf(top));
  const path = tree.pathOf(node);
  const name = escapeName(above === '' ? path : path.slice(above.length + 1));
  if (tree.isFolder(node)) return `${name}/`;
  const link = (action?.after ?? action?.before)?.link;
  return link === undefined ? name : `${name} -> ${escapeName(link)}`;
}

/** For a folder with changes below, their number by kind, "+12 ~3 -1"; for a move, also its other path. */
function noteOf(state: ReviewState, {node}: Row, totals: RowTotals): Line {
  const {tree, plan} = state;
  const own = tree.actionOf(node);
  const action = own === undefined ? undefined : plan.actions[own];
  const from = shownMoveFrom(state, node);
  const to = from === undefined ? '' : toWords(plan.actions[from] as Action, action !== undefined);
  if (!tree.hasChildren(node) && (action ?? from) !== undefined) {
    return [span([action ? reasonWords(action) : '', to].filter((part) => part !== '').join(' · '), DIM)];
  }
  const words = [action && isCarried(action) ? reasonWords(action) : '', to].filter((part) => part !== '');
  return [...kindCounts(totals.kinds), span(words.join(' · '), DIM)];
}

/** The move of what is at a node now, if it is visible. */
function shownMoveFrom({tree}: ReviewState, node: number): number | undefined {
  const move = tree.moveFrom(node);
  return move !== undefined && tree.isShown(move) ? move : undefined;
}

// ── Pages ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

type Page = Extract<Mode, {readonly top: number}>;

function isPage(mode: Mode): mode is Page {
  return 'top' in mode;
}

function pageOf(state: ReviewState, mode: Page, width: number): {title: string; lines: readonly Line[]} {
  const {title, lines} = wholePage(state, mode, width);
  return {title, lines: lines.flatMap((line) => wrapLine(line, width))};
}

function wholePage(state: ReviewState, {type}: Page, width: number): {title: string; lines: readonly Line[]} {
  if (type === 'help') return {title: 'Keys', lines: KEY_HELP.flatMap(([keys, meaning]) => helpLines(keys, meaning, width))};
  if (type === 'notes') return {title: 'Problems, warnings and guards', lines: noteLines(state)};
  const own = currentAction(state);
  if (own === undefined) return {title: 'Folder', lines: folderLines(state, currentNode(state), width)};
  const {path} = state.plan.actions[own] as Action;
  return {title: plainPath(path), lines: actionPage(state, own, width)};
}

/** Renders a key beside its meaning; on a narrow screen, above it. */
function helpLines(keys: string, meaning: string, width: number): Line[] {
  if (width >= NARROW) return [[span(`  ${pad(keys, 18)}`, STRONG), span(meaning)]];
  return [[span(` ${keys}`, STRONG)], ...wrapLine([span(meaning)], width - 3).map((line) => [span('   '), ...line])];
}

function noteLines({plan, halts}: ReviewState): Line[] {
  const {warnings, narrowed} = plan.header;
  const lines: Line[] = [
    ...halts.map(
      ({guard, message, allowed}): Line => [
        span(allowed ? ' guard (allowed)  ' : ' guard  ', ALARM),
        span(`${guard}: ${escapeName(message)}`),
      ],
    ),
    ...warnings.map((warning): Line => [span(' warning  ', WARN), span(escapeName(warning))]),
    ...(narrowed
      ? [[span(` made from plan ${escapeName(narrowed.from)}, ${formatPlural(narrowed.leftOut, 'change')} left out`)]]
      : []),
    ...plan.problems.flatMap(({path, side, code, message}): Line[] => [
      [span(' problem  ', ALARM), span(`${plainPath(path)} (${side})`, STRONG)],
      [span(`          ${escapeName(code)}: ${escapeName(message)}`)],
    ]),
  ];
  return lines.length > 0 ? lines : [[span(' No problems or warnings, and no guard halts this plan.')]];
}

// ── Foot ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The meaning of the keys, from the longest to the shortest text. */
const BROWSE_KEYS = [
  '↑↓ move  ←→ fold  Space choose  Enter look  / search  s sort  a apply  w save  e export  ? keys  q quit',
  '↑↓ ←→ move  Space choose  Enter look  / search  a apply  w save  ? keys  q quit',
  'Space choose  Enter look  a apply  w save  ? keys  q quit',
  'Space choose  a apply  ? keys  q quit',
  '? keys  q quit',
];
const PAGE_KEYS = ['↑↓ scroll  PgUp PgDn page  Esc back', '↑↓ scroll  Esc back'];

/**
 * Returns a notice, a question or a prompt, in full if possible; otherwise the meaning of the keys. Shows both if there is room.
 */
function footLines({mode, notice, ...state}: ReviewState, size: Size, isRoomy: boolean): Line[] {
  const {columns: width, rows} = size;
  const above = isRoomy ? [[]] : [];
  if (mode.type === 'input') return [...above, ...promptLines(mode, width)].slice(-rows);
  if (mode.type === 'confirm') return [...above, ...told(`${question(state, mode)} [y/n]`, ALARM, size)].slice(-rows);
  const ways = mode.type === 'browse' ? BROWSE_KEYS : PAGE_KEYS;
  const keys: Line = [span(` ${fitting(ways, width - 1)}`, DIM)];
  if (notice === undefined) return [...above, keys];
  const lines = told(notice.text, notice.tone === 'error' ? ALARM : STRONG, {columns: width, rows: rows - above.length});
  return isRoomy ? [...lines, keys] : lines;
}

/** Renders a prompt. If the text is too long, its end stays visible. */
function promptLines({purpose, text}: Extract<Mode, {type: 'input'}>, width: number): Line[] {
  const prompt = ` ${PROMPTS[purpose]}: `;
  const room = width - columns(prompt) - 1;
  const typed = (space: number): Line => [span(cutStart(escapeName(text), space)), span('▏')];
  if (room >= MIN_TYPED) return [[span(prompt, STRONG), ...typed(room)]];
  return [...told(prompt.trim(), STRONG, {columns: width, rows: width}), [span(' '), ...typed(width - 2)]];
}

/** A prompt leaves at least this many columns for the text, or is above it. */
const MIN_TYPED = 20;

const PROMPTS = {
  search: 'Search (text or glob)',
  save: 'Save the plan as',
  export: 'Write a report to (.html .md .json .xml .txt)',
} as const;

function question(state: Pick<ReviewState, 'tree' | 'selection'>, {what}: Extract<Mode, {type: 'confirm'}>): string {
  if (what.type === 'quit') return 'Your choice is not saved. Quit anyway?';
  if (what.type === 'overwrite') return `${escapeName(what.effect.file)} exists. Overwrite it?`;
  return applyQuestion(chosen(state));
}
