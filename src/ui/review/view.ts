/** The review as lines of a screen: a pure function of its state and the size of the terminal. */
import type {Action, ActionKind} from '../../core/action.js';
import {escapeName} from '../../core/escape.js';
import type {PlanSummary} from '../../core/plan.js';
import {attributeRows} from '../../report/attributes.js';
import {columns, cutMiddle, pad} from '../../report/columns.js';
import type {DifferenceLine} from '../../report/difference.js';
import {formatBytes, formatCount, formatPlural} from '../../report/units.js';
import {GLYPHS, KIND_STYLES, pathWords, plainPath, reasonWords, type Style, sizeOf} from '../../report/words.js';
import {fitLine, highlight, type Line, span, spread, widthOf} from '../line.js';
import {KEY_HELP} from './keys.js';
import {chosen, currentNode, GROUPS, type Mode, type ReviewState, type Row, type RowTotals, totalsOf} from './state.js';
import {TOP} from './tree.js';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

const DIM: Style = 'dim';
const STRONG: Style = 'bold';
const ALARM: Style = ['bold', 'red'];
const WARN: Style = 'yellow';

/** From this width on, the details stand beside the tree. */
const WIDE = 120;
const MAX_HALTS = 2;
const FOOT = 2;

interface Layout {
  readonly head: readonly Line[];
  readonly wide: boolean;
  readonly treeWidth: number;
  readonly treeHeight: number;
  readonly detailWidth: number;
  /** 0 where there is no room. */
  readonly detailHeight: number;
}

type Headed = Pick<ReviewState, 'plan' | 'summary' | 'halts' | 'tree' | 'selection'>;

function layoutOf(state: Headed, size: Size): Layout {
  const head = headLines(state, size.columns);
  const room = Math.max(1, size.rows - head.length - FOOT - 1);
  if (size.columns >= WIDE) {
    const detailWidth = Math.min(90, Math.floor(size.columns * 0.42));
    return {head, wide: true, treeWidth: size.columns - detailWidth - 3, treeHeight: room, detailWidth, detailHeight: room};
  }
  const detailHeight = room >= 14 ? Math.max(7, Math.floor(room * 0.4)) : 0;
  const treeHeight = detailHeight === 0 ? room : room - detailHeight - 1;
  return {head, wide: false, treeWidth: size.columns, treeHeight, detailWidth: size.columns, detailHeight};
}

/** How many rows of the tree fitLine. */
export function treeHeight(state: Headed, size: Size): number {
  return layoutOf(state, size).treeHeight;
}

/** Exactly `size.rows` lines of `size.columns` columns. */
export function reviewLines(state: ReviewState, size: Size): readonly Line[] {
  const layout = layoutOf(state, size);
  const body = bodyLines(state, layout, size);
  const lines = [...layout.head, ...body, ...footLines(state, size.columns)];
  return lines.slice(0, size.rows).map((line) => fitLine(line, size.columns));
}

// ── Head ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

function headLines({plan, summary, halts, tree, selection}: Headed, width: number): Line[] {
  const {header} = plan;
  const when = `planned ${header.created.slice(0, 16).replace('T', ' ')}Z`;
  const room = Math.max(20, width - columns(when) - 3);
  const half = Math.floor((room - 3) / 2);
  const roots = `${cutMiddle(escapeName(header.source.path), half)} → ${cutMiddle(escapeName(header.target.path), half)}`;
  const lines = [spread([span(' '), span(roots, STRONG)], [span(when, DIM), span(' ')], width), totalLine(summary, width)];
  const open = halts.filter(({allowed}) => !allowed);
  for (const {guard, message} of open.slice(0, MAX_HALTS)) lines.push([span(` ! ${guard}: ${escapeName(message)}`, ALARM)]);
  const notes = notesLine(plan, open.length - MAX_HALTS);
  if (notes !== undefined) lines.push([span(` ! ${notes}`, WARN)]);
  if (tree.changes === 0)
    lines.push([span(` Nothing to do${selection.leftOut > 0 ? '' : ': the target holds what it should'}.`)]);
  return lines;
}

function notesLine({header, problems}: ReviewState['plan'], moreHalts: number): string | undefined {
  const parts = [
    moreHalts > 0 && formatPlural(moreHalts, 'more guard'),
    problems.length > 0 && formatPlural(problems.length, 'problem'),
    header.warnings.length > 0 && formatPlural(header.warnings.length, 'warning'),
    header.narrowed && `${formatPlural(header.narrowed.leftOut, 'change')} left out before`,
  ].filter((part) => typeof part === 'string');
  return parts.length === 0 ? undefined : `${parts.join(', ')} (p shows them)`;
}

/** The number before each kind is the key that shows it alone. No kind is ever cut off: rather the words go than a count. */
function totalLine(summary: PlanSummary, width: number): Line {
  const groups = GROUPS.map(({name, kinds}, i) => ({
    key: i + 1,
    name,
    kind: kinds[0],
    count: kinds.reduce((sum, kind) => sum + summary.kinds[kind].count, 0),
    bytes: kinds.reduce((sum, kind) => sum + summary.kinds[kind].bytes, 0),
  })).filter(({count}) => count > 0);
  const right = [span(`${formatPlural(summary.changes, 'change')}, ${formatBytes(summary.bytes)} to write `)];
  const full = groups.flatMap(({key, name, kind, count, bytes}) => [
    span(` ${key}`, DIM),
    span(`${GLYPHS[kind]} `, KIND_STYLES[kind]),
    span(`${formatCount(count)} ${name}`),
    span(`${bytes > 0 ? ` ${formatBytes(bytes)}` : ''}  `, DIM),
  ]);
  const named = groups.flatMap(({key, name, kind, count}) => [
    span(` ${key}`, DIM),
    span(GLYPHS[kind], KIND_STYLES[kind]),
    span(`${formatCount(count)} ${name} `),
  ]);
  const short = groups.flatMap(({key, kind, count}) => [
    span(` ${key}`, DIM),
    span(`${GLYPHS[kind]}${formatCount(count)}`, KIND_STYLES[kind]),
  ]);
  const fits = [full, named].find((line) => widthOf(line) + widthOf(right) < width);
  if (fits !== undefined) return spread(fits, right, width);
  return widthOf(short) + widthOf(right) < width ? spread(short, right, width) : short;
}

// ── Body ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

function bodyLines(state: ReviewState, layout: Layout, size: Size): Line[] {
  const height = layout.wide || layout.detailHeight === 0 ? layout.treeHeight : layout.treeHeight + layout.detailHeight + 1;
  const {mode} = state;
  if (mode.type === 'help' || mode.type === 'notes' || mode.type === 'content') {
    const {title, lines} = pageOf(state, mode, size.columns);
    const top = Math.max(0, Math.min(mode.top, lines.length - height));
    const place =
      lines.length > height ? `${top + 1}–${Math.min(lines.length, top + height)} of ${formatCount(lines.length)}` : '';
    return [rule(title, place, size.columns), ...filled(lines.slice(top, top + height), height)];
  }
  const tree = treeLines(state, layout);
  const title = rule(treeTitle(state), placeWords(state), size.columns);
  if (layout.wide) {
    const details = filled(detailLines(state, layout.detailWidth, layout.detailHeight), layout.treeHeight);
    const rows = tree.map((line, i) => [...fitLine(line, layout.treeWidth), span(' │ ', DIM), ...(details[i] ?? [])]);
    return [title, ...rows];
  }
  if (layout.detailHeight === 0) return [title, ...tree];
  const details = filled(detailLines(state, layout.detailWidth, layout.detailHeight), layout.detailHeight);
  return [title, ...tree, rule('', '', size.columns), ...details];
}

function rule(left: string, right: string, width: number): Line {
  const middle = Math.max(0, width - columns(left) - columns(right) - 6);
  return [
    span('──', DIM),
    left === '' ? span('──', DIM) : span(` ${left} `),
    span('─'.repeat(middle), DIM),
    right === '' ? span('──', DIM) : span(` ${right} `),
    ...(right === '' && left === '' ? [span('──', DIM)] : []),
  ];
}

function treeTitle({sort, query, kinds, tree}: ReviewState): string {
  const shownKinds = GROUPS.filter((group) => group.kinds.some((kind) => kinds.has(kind))).map(({name}) => name);
  const parts = [
    `by ${sort}`,
    query !== '' && `"${escapeName(query)}"`,
    shownKinds.length < GROUPS.length && `only ${shownKinds.join(', ')}`,
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

function treeLines(state: ReviewState, {treeWidth, treeHeight: height}: Layout): Line[] {
  const shown = state.rows.slice(state.top, state.top + height);
  const facts = shown.map((row) => ({row, totals: totalsOf(state, row.node)}));
  const notes = facts.map(({row, totals}) => noteOf(state, row, totals));
  const widest = Math.max(0, ...notes.map((line) => line.reduce((sum, {text}) => sum + columns(text), 0)));
  const noteWidth = Math.min(widest, Math.floor(treeWidth * 0.4));
  return filled(
    facts.map(({row, totals}, i) => {
      const bytes = totals.bytes > 0 ? formatBytes(totals.bytes) : '';
      const right = [...fitLine([span(' '), ...(notes[i] as Line)], noteWidth + 1), span(bytes.padStart(BYTES_WIDTH)), span(' ')];
      const isCurrent = state.top + i === state.cursor;
      const left = rowStart(state, row, totals, {isCurrent, width: treeWidth - noteWidth - BYTES_WIDTH - 2});
      const line = [...fitLine(left, treeWidth - noteWidth - BYTES_WIDTH - 2), ...right];
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
  const action = own === undefined ? undefined : state.plan.actions[own];
  const fold = tree.hasChildren(row.node) ? (state.expanded.has(row.node) ? '▾' : '▸') : ' ';
  const before = `${isCurrent ? '❯' : ' '}${box} ${'  '.repeat(Math.min(row.depth, 20))}`;
  const glyph = action === undefined ? span('  ') : span(`${GLYPHS[action.kind]} `, KIND_STYLES[action.kind]);
  const name = cutMiddle(nameOf(state, row, action), Math.max(8, width - columns(before) - 4));
  return [span(before), span(`${fold} `), glyph, span(name, action ? KIND_STYLES[action.kind] : undefined)];
}

/** The names that the row adds to the one above it. */
function nameOf({tree, plan}: ReviewState, {node, top}: Row, action: Action | undefined): string {
  if (node === TOP) return `${escapeName(plan.header.target.path)}/`;
  const above = tree.pathOf(tree.parentOf(top));
  const path = tree.pathOf(node);
  const name = escapeName(above === '' ? path : path.slice(above.length + 1));
  if (tree.isFolder(node)) return `${name}/`;
  const link = (action?.after ?? action?.before)?.link;
  return link === undefined ? name : `${name} -> ${escapeName(link)}`;
}

function noteOf(state: ReviewState, {node}: Row, totals: RowTotals): Line {
  const own = state.tree.actionOf(node);
  if (!state.tree.hasChildren(node) && own !== undefined) return [span(reasonWords(state.plan.actions[own] as Action), DIM)];
  return kindCounts(totals.kinds);
}

/** "+12 ~3 -1". */
function kindCounts(kinds: Readonly<Record<ActionKind, number>>): Line {
  return GROUPS.flatMap((group) => {
    const count = group.kinds.reduce((sum, kind) => sum + kinds[kind], 0);
    const [kind] = group.kinds;
    return count === 0 ? [] : [span(`${GLYPHS[kind]}${formatCount(count)} `, KIND_STYLES[kind])];
  });
}

// ── Details ────────────────────────────────────────────────────────────────────────────────────────────────────────────

function detailLines(state: ReviewState, width: number, height: number): Line[] {
  const node = currentNode(state);
  const own = state.tree.actionOf(node);
  if (state.rows.length === 0) return [];
  if (own === undefined) return folderLines(state, node);
  const action = state.plan.actions[own] as Action;
  const lines = [...actionLines(action, width), ...lookFacts(state, own)];
  if (state.tree.hasChildren(node)) return [...folderLines(state, node).slice(1), [], ...lines];
  if (height - lines.length < 3) return lines;
  return [...lines, [], ...contentLines(state, own).slice(0, height - lines.length - 1)];
}

function folderLines(state: ReviewState, node: number): Line[] {
  const {changes, chosen: taken, kinds, bytes} = totalsOf(state, node);
  const left = changes - taken;
  return [
    [span(node === TOP ? 'All changes' : `${plainPath(state.tree.pathOf(node))}/`, STRONG)],
    [span(`${formatPlural(changes, 'change')}, ${formatBytes(bytes)}${left > 0 ? `; ${formatCount(left)} left out` : ''}`)],
    ...GROUPS.flatMap((group) => {
      const count = group.kinds.reduce((sum, kind) => sum + kinds[kind], 0);
      const [kind] = group.kinds;
      return count === 0
        ? []
        : [[span(` ${GLYPHS[kind]} `, KIND_STYLES[kind]), span(`${pad(group.name, 8)} ${formatCount(count)}`)]];
    }),
  ];
}

const NAME_WIDTH = 9;

function actionLines(action: Action, width: number): Line[] {
  const rows = attributeRows(action);
  const title = [span(`${GLYPHS[action.kind]} ${action.kind}  `, KIND_STYLES[action.kind]), span(pathWords(action), STRONG)];
  const size = sizeOf(action);
  const about = [reasonWords(action), size !== undefined && size > 0 ? formatBytes(size) : ''].filter((part) => part !== '');
  if (action.before === undefined || action.after === undefined) {
    const word = action.before === undefined ? 'will be' : 'was';
    return [
      title,
      ...rows.map(({name, before, after}) => [
        span(pad(name === 'kind' ? word : name, NAME_WIDTH), DIM),
        span(` ${after ?? before}`),
      ]),
    ];
  }
  const column = Math.max(8, Math.floor((width - NAME_WIDTH - 6) / 2));
  return [
    title,
    [span(about.join(', '))],
    ...rows
      .filter(({name, differs}) => name !== 'kind' || differs)
      .map(({name, before = '–', after = '–', differs}) => [
        span(pad(name, NAME_WIDTH), DIM),
        span(differs ? ' * ' : '   ', WARN),
        span(pad(cutMiddle(before, column), column), differs ? 'red' : DIM),
        span(differs ? ' → ' : '   '),
        span(cutMiddle(after, column), differs ? 'green' : DIM),
      ]),
  ];
}

function lookFacts({look}: ReviewState, index: number): Line[] {
  if (look?.index !== index || look.filter === undefined) return [];
  return [[span(pad('filter', NAME_WIDTH), DIM), span(` ${look.filter}`)]];
}

function contentLines({look}: ReviewState, index: number): Line[] {
  if (look?.index !== index) return [[span('reading…', DIM)]];
  const {content} = look;
  return 'none' in content ? [[span(content.none, DIM)]] : content.lines.map(diffLine);
}

const DIFF_MARKS: Readonly<Record<DifferenceLine['type'], [mark: string, style: Style | undefined]>> = {
  hunk: ['', 'cyan'],
  same: [' ', undefined],
  added: ['+', 'green'],
  removed: ['-', 'red'],
};

function diffLine({type, text}: DifferenceLine): Line {
  const [mark, style] = DIFF_MARKS[type];
  return [span(`${mark}${text}`, style)];
}

// ── Pages ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

type Page = Extract<Mode, {readonly top: number}>;

function pageOf(state: ReviewState, {type}: Page, width: number): {title: string; lines: readonly Line[]} {
  if (type === 'help')
    return {title: 'Keys', lines: KEY_HELP.map(([keys, meaning]) => [span(`  ${pad(keys, 18)}`, STRONG), span(meaning)])};
  if (type === 'notes') return {title: 'Problems, warnings and guards', lines: noteLines(state)};
  const own = state.tree.actionOf(currentNode(state));
  if (own === undefined) return {title: 'Folder', lines: folderLines(state, currentNode(state))};
  const action = state.plan.actions[own] as Action;
  return {
    title: plainPath(action.path),
    lines: [...actionLines(action, width), ...lookFacts(state, own), [], ...contentLines(state, own)],
  };
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
  return lines.length > 0 ? lines : [[span(' No problems, no warnings, and no guard halts this plan.')]];
}

// ── Foot ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

const BROWSE_KEYS = '↑↓ move  ←→ fold  Space choose  Enter look  / search  s sort  a apply  w save  e export  ? keys  q quit';
const SHORT_KEYS = '↑↓ ←→ move  Space choose  Enter look  / search  a apply  w save  ? keys  q quit';

function footLines(state: ReviewState, width: number): Line[] {
  const {mode, notice} = state;
  const told: Line = notice === undefined ? [] : [span(` ${notice.text}`, notice.tone === 'error' ? ALARM : STRONG)];
  if (mode.type === 'input') return [told, [span(` ${PROMPTS[mode.purpose]}: `, STRONG), span(escapeName(mode.text)), span('▏')]];
  if (mode.type === 'confirm') return [told, [span(` ${question(state, mode)} [y/n] `, ALARM)]];
  if (mode.type !== 'browse') return [told, [span(' ↑↓ scroll  PgUp PgDn page  Esc back', DIM)]];
  const keys = width > columns(BROWSE_KEYS) + 1 ? BROWSE_KEYS : SHORT_KEYS;
  return [told, [span(` ${keys}`, DIM)]];
}

const PROMPTS = {
  search: 'Search (text or glob)',
  save: 'Save the plan as',
  export: 'Write a report to (.html .md .json .xml .txt)',
} as const;

function question(state: ReviewState, {what}: Extract<Mode, {type: 'confirm'}>): string {
  if (what.type === 'quit') return 'What you chose is not saved. Leave all the same?';
  if (what.type === 'overwrite') return `${escapeName(what.effect.file)} exists. Write over it?`;
  const count = chosen(state);
  const changes = count === 1 ? 'this change' : `these ${formatCount(count)} changes`;
  return `Apply ${changes}?`;
}
