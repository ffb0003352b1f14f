/** The details of one row of a review: a folder, or a change with its attributes and content. */
import type {Action, ActionKind} from '../../core/action.js';
import {formatCount, formatPlural} from '../../core/count.js';
import {type AttributeRow, attributeRows} from '../../report/words/attributes.js';
import {columns, cutMiddle, pad} from '../../report/words/columns.js';
import type {DifferenceLine} from '../../report/words/difference.js';
import {formatBytes} from '../../report/words/units.js';
import {endPath, GLYPHS, KIND_STYLES, pathWords, plainPath, reasonWords, type Style} from '../../report/words/words.js';
import {type Line, span, widthOf, wrapLine} from '../line.js';
import {currentAction, currentNode, GROUPS, type ReviewState, totalsOf} from './state.js';
import {DIM, STRONG, WARN} from './styles.js';
import {TOP} from './tree.js';

/** As much of the row under the cursor as there is room for. */
export function detailLines(state: ReviewState, width: number, height: number): Line[] {
  const node = currentNode(state);
  const own = currentAction(state);
  if (state.rows.length === 0) return [];
  if (own === undefined) return folderLines(state, node, width);
  const action = state.plan.actions[own] as Action;
  const looked = lookFacts(state, own);
  const below = state.tree.hasChildren(node) ? folderLines(state, node, width).slice(1) : [];
  const room = height - below.length - looked.length;
  // On a folder, Enter opens and closes it.
  const hint = below.length > 0 ? '' : ' (Enter shows all)';
  const [title = [], ...facts] = [...actionLines(action, width, {room, hint}), ...leavingLines(state, node), ...looked];
  const lines = [title, ...below, ...facts];
  if (below.length > 0) return lines;
  if (height - lines.length < 3) return lines;
  return [...lines, [], ...contentLines(state, own).slice(0, height - lines.length - 1)];
}

/** Where the entry goes that is at the path of another action now. */
function leavingLines({tree, plan}: ReviewState, node: number): Line[] {
  const move = tree.actionOf(node) === undefined ? undefined : tree.moveFrom(node);
  return move === undefined ? [] : [[span(toWords(plan.actions[move] as Action, true))]];
}

/** Returns where a move leads to, for its old path; `isOld`: another entry gets that path. */
export function toWords(move: Action, isOld: boolean): string {
  return `${isOld ? 'the old entry moves ' : ''}to ${endPath(move.path, move.after)}`;
}

/** All of an action, however long: what it does, and how the content differs. */
export function actionPage(state: ReviewState, index: number, width: number): Line[] {
  const action = state.plan.actions[index] as Action;
  return [...actionLines(action, width), ...lookFacts(state, index), [], ...contentLines(state, index)];
}

/** Returns the details of a folder. */
export function folderLines(state: ReviewState, node: number, width: number): Line[] {
  const {changes, chosen: taken, kinds, bytes} = totalsOf(state, node);
  const left = changes - taken;
  const named = kindCounts(kinds, true);
  return [
    [span(node === TOP ? 'All changes' : `${plainPath(state.tree.pathOf(node))}/`, STRONG)],
    [
      span(
        `${formatPlural(changes, 'change')}${bytes > 0 ? `, ${formatBytes(bytes)}` : ''}${left > 0 ? `; ${formatCount(left)} left out` : ''}`,
      ),
    ],
    widthOf(named) <= width ? named : kindCounts(kinds),
  ];
}

const NAME_WIDTH = 9;

/** What an action does to its path; as far as there is room for it, where that is said. */
function actionLines(action: Action, width: number, {room, hint = ''}: {room?: number; hint?: string} = {}): Line[] {
  const {before, after} = action;
  const title = [span(`${GLYPHS[action.kind]} ${action.kind}  `, KIND_STYLES[action.kind]), span(pathWords(action), STRONG)];
  const isChange = before !== undefined && after !== undefined;
  // The rows below show every other reason.
  const reasons = isChange ? action.reasons.filter((reason) => reason === 'content' || reason === 'hardlink') : [];
  const words = reasonWords({...action, reasons});
  const head = words === '' ? [title] : [title, ...wrapLine([span(words)], width)];
  const rows = attributeRows(action).filter(({name, differs}) => !isChange || name !== 'kind' || differs);
  const widest = Math.max(...rows.map(({name}) => columns(name)));
  const layout = {nameWidth: Math.max(NAME_WIDTH, Math.min(widest, Math.floor(width * 0.28))), width, isCut: room !== undefined};
  const drawn = rows.map((row) => ({
    row,
    lines: isChange ? changeLines(row, layout) : [sideLine(row, before ? 'was' : 'will be', layout)],
  }));
  return [...head, ...(room === undefined ? drawn.flatMap(({lines}) => lines) : fitted(drawn, room - head.length, hint))];
}

interface RowLayout {
  readonly width: number;
  readonly nameWidth: number;
  /** Whether long texts are cut to one line. */
  readonly isCut: boolean;
}

/** An attribute of what stands on one side alone. */
function sideLine({name, before, after}: AttributeRow, word: string, layout: RowLayout): Line {
  return [span(label(name === 'kind' ? word : name, layout), DIM), span(` ${after ?? before ?? '–'}`)];
}

function changeLines({name, before = '–', after = '–', differs}: AttributeRow, layout: RowLayout): Line[] {
  const {width, nameWidth, isCut} = layout;
  const start = [span(label(name, layout), DIM), span(differs ? ' * ' : '   ', WARN)];
  const [old, now]: [Style, Style] = differs ? ['red', 'green'] : [DIM, DIM];
  const column = Math.max(8, Math.floor((width - nameWidth - 6) / 2));
  if (columns(before) <= column && columns(after) <= column) {
    return [[...start, span(pad(before, column), old), span(differs ? ' → ' : '   '), span(after, now)]];
  }
  const room = Math.max(8, width - nameWidth - 3);
  if (differs && columns(before) + columns(after) + 3 <= room)
    return [[...start, span(before, old), span(' → '), span(after, now)]];
  const shown = (text: string) => (isCut ? cutMiddle(text, room) : text);
  const first = [...start, span(shown(before), old)];
  return differs ? [first, [span(`${' '.repeat(nameWidth)} → `), span(shown(after), now)]] : [first];
}

function label(name: string, {nameWidth, isCut}: RowLayout): string {
  return pad(isCut ? cutMiddle(name, nameWidth) : name, nameWidth);
}

/** As many rows as there is room for; what differs comes before what does not. */
function fitted(drawn: readonly {row: AttributeRow; lines: readonly Line[]}[], room: number, hint: string): Line[] {
  const height = drawn.reduce((sum, {lines}) => sum + lines.length, 0);
  if (height <= room) return drawn.flatMap(({lines}) => lines);
  // The last line counts those that are not shown.
  let left = room - 1;
  const shown = new Set(
    drawn
      .toSorted((a, b) => Number(b.row.differs) - Number(a.row.differs))
      .filter(({lines}) => {
        left -= lines.length;
        return left >= 0;
      }),
  );
  const more = drawn.reduce((sum, each) => sum + (shown.has(each) ? 0 : (each.row.count ?? 1)), 0);
  return [
    ...drawn.filter((each) => shown.has(each)).flatMap(({lines}) => lines),
    [span(`${formatPlural(more, 'more attribute')}${hint}`, DIM)],
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

/** Returns the number of changes by kind, with `named` also the name of each kind. */
export function kindCounts(kinds: Readonly<Record<ActionKind, number>>, named = false): Line {
  return GROUPS.flatMap((group) => {
    const count = group.kinds.reduce((sum, kind) => sum + kinds[kind], 0);
    const [kind] = group.kinds;
    return count === 0 ? [] : [span(`${GLYPHS[kind]}${formatCount(count)}${named ? ` ${group.name} ` : ''} `, KIND_STYLES[kind])];
  });
}
