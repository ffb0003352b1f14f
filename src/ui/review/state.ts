/**
 * The state of a review: what it shows and what each intent does, without a terminal. States are immutable, except for the flags of
 * the tree and the selection, one or two bytes per change, which all states of a review share.
 */
import {ACTION_KINDS, type ActionKind} from '../../core/action.js';
import {formatCount, formatPlural} from '../../core/count.js';
import type {Halt, Plan, PlanSummary} from '../../core/plan.js';
import {Selection} from '../../plan/selection.js';
import type {DifferenceLine} from '../../report/words/difference.js';
import {ChangeTree, type NodeTotals, type Sort, TOP} from './tree.js';

/**
 * Groups of kinds that look the same to users, named as in `--kinds`. The key of a group is its position, so new groups are added
 * at the end.
 */
export const GROUPS = [
  {name: 'create', kinds: ['mkdir', 'create']},
  {name: 'update', kinds: ['update']},
  {name: 'replace', kinds: ['replace']},
  {name: 'link', kinds: ['link']},
  {name: 'attrs', kinds: ['attrs']},
  {name: 'delete', kinds: ['delete', 'rmdir']},
  {name: 'blocked', kinds: ['blocked']},
  {name: 'move', kinds: ['move']},
] as const satisfies readonly {readonly name: string; readonly kinds: readonly ActionKind[]}[];

/** A line of the tree. */
export interface Row {
  /** The node of the line; for a chain of folders with a single entry each, the last one. */
  readonly node: number;
  /** The first node of the chain. */
  readonly top: number;
  readonly depth: number;
}

/** Details of a change that are not in the plan, read from the two trees on demand. */
export interface Look {
  readonly index: number;
  /** The difference of the content, or the reason why there is none. */
  readonly content: {readonly lines: readonly DifferenceLine[]} | {readonly none: string};
  /** The filter line that decided about the path, such as "docs/.dirsyncignore:3: !keep.md". */
  readonly filter?: string | undefined;
}

type Purpose = 'search' | 'save' | 'export';

export type Mode =
  | {readonly type: 'browse'}
  | {readonly type: 'help' | 'content' | 'notes'; readonly top: number}
  | {readonly type: 'input'; readonly purpose: Purpose; readonly text: string}
  | {readonly type: 'confirm'; readonly what: Confirmation};

type Confirmation =
  | {readonly type: 'apply'}
  | {readonly type: 'quit'}
  | {readonly type: 'overwrite'; readonly effect: SaveEffect};

interface SaveEffect {
  readonly type: 'save' | 'export';
  readonly file: string;
  readonly overwrite: boolean;
}

/** An effect that the review requests. */
export type Effect =
  | SaveEffect
  | {readonly type: 'filter'; readonly text: string}
  | {readonly type: 'judge'}
  | {readonly type: 'apply'}
  | {readonly type: 'quit'};

interface Notice {
  readonly tone: 'info' | 'error';
  readonly text: string;
}

/** The state of a review. */
export interface ReviewState {
  readonly plan: Plan;
  /** Summary of the whole plan. */
  readonly summary: PlanSummary;
  readonly halts: readonly Halt[];
  readonly tree: ChangeTree;
  readonly selection: Selection;
  /** Whether the plan can be applied from here. */
  readonly canApply: boolean;
  readonly rows: readonly Row[];
  readonly expanded: ReadonlySet<number>;
  readonly cursor: number;
  /** The first visible row. */
  readonly top: number;
  /** The number of rows that fit. */
  readonly height: number;
  readonly sort: Sort;
  /** The visible kinds. */
  readonly kinds: ReadonlySet<ActionKind>;
  /** The search text. */
  readonly query: string;
  /** The changes that the search found; undefined: all. */
  readonly found: Uint8Array | undefined;
  readonly mode: Mode;
  readonly notice: Notice | undefined;
  readonly look: Look | undefined;
  /** Whether details are shown beside or below the tree, if they fit. */
  readonly hasDetails: boolean;
  /** Whether the selection has changed since it was saved. */
  readonly isUnsaved: boolean;
  /** Suggested file names. */
  readonly names: {readonly save: string; readonly export: string};
  /** Increased with each change of the flags of tree or selection. */
  readonly version: number;
}

export type Intent =
  | {readonly type: 'move'; readonly by: number}
  | {readonly type: 'page'; readonly by: number}
  | {readonly type: 'first' | 'last'}
  | {readonly type: 'expand' | 'collapse' | 'open' | 'toggle' | 'back'}
  | {readonly type: 'expand-all' | 'collapse-all'}
  | {readonly type: 'sort'}
  /** Index into `GROUPS`; undefined: all. */
  | {readonly type: 'kinds'; readonly group: number | undefined}
  | {readonly type: 'search' | 'details' | 'help' | 'notes' | 'apply' | 'save' | 'export' | 'quit'}
  | {readonly type: 'yes' | 'no'}
  | {readonly type: 'text'; readonly text: string}
  | {readonly type: 'erase' | 'erase-all' | 'enter'}
  | {readonly type: 'resize'; readonly height: number}
  | {readonly type: 'filtered'; readonly text: string; readonly found: Uint8Array | undefined}
  | {readonly type: 'looked'; readonly look: Look}
  | {readonly type: 'judged'; readonly halts: readonly Halt[]}
  | {readonly type: 'saved'; readonly effect: SaveEffect; readonly text: string}
  | {readonly type: 'exists'; readonly effect: SaveEffect}
  | {readonly type: 'failed'; readonly text: string};

/** A new state, and the effects to run. */
export interface Step {
  readonly state: ReviewState;
  readonly effect?: Effect | undefined;
}

const BROWSE: Mode = {type: 'browse'};
/** Plans with at most this many lines are opened completely. */
const OPEN_WHOLE = 200;

export interface ReviewOptions {
  readonly plan: Plan;
  readonly summary: PlanSummary;
  readonly halts: readonly Halt[];
  readonly canApply: boolean;
  readonly names: ReviewState['names'];
  readonly height: number;
}

/** Returns the first state of a review. */
export function startReview({plan, summary, halts, canApply, names, height}: ReviewOptions): ReviewState {
  const tree = new ChangeTree(plan.actions);
  const state: ReviewState = {
    plan,
    summary,
    halts,
    tree,
    selection: new Selection(plan.actions, plan.header.options),
    canApply,
    rows: [],
    expanded: new Set([TOP]),
    cursor: 0,
    top: 0,
    height,
    sort: 'impact',
    kinds: new Set(ACTION_KINDS),
    query: '',
    found: undefined,
    mode: BROWSE,
    notice: undefined,
    look: undefined,
    hasDetails: true,
    isUnsaved: false,
    names,
    version: 0,
  };
  return withRows(tree.size <= OPEN_WHOLE ? {...state, expanded: allFolders(tree, TOP)} : state, TOP);
}

/** Returns the node under the cursor. */
export function currentNode({rows, cursor}: ReviewState): number {
  return rows[cursor]?.node ?? TOP;
}

/** Returns the change under the cursor: an index into the actions. */
export function currentAction(state: ReviewState): number | undefined {
  return state.tree.actionOf(currentNode(state));
}

/** The totals that a row shows. */
export interface RowTotals extends NodeTotals {
  /** The number of changes that are chosen. */
  readonly chosen: number;
}

/** Returns the totals of a row and of everything below it. */
export function totalsOf(state: ReviewState, node: number): RowTotals {
  const totals = state.tree.totals(node);
  return {...totals, chosen: totals.changes - shownAndOut(state, node)};
}

function shownAndOut({tree, selection}: ReviewState, node: number): number {
  if (selection.leftOut === 0) return 0;
  const {start, end} = tree.range(node);
  if (tree.shown === tree.changes) return selection.outIn(start, end);
  let out = 0;
  for (let i = start; i < end; i++) if (!selection.isIn(i) && tree.isShown(i)) out++;
  return out;
}

/** Returns the state after an intent, with the effects to run. */
export function review(state: ReviewState, intent: Intent): Step {
  switch (intent.type) {
    case 'resize':
      return {state: scrolled({...state, height: intent.height})};
    case 'looked':
      return {state: {...state, look: intent.look}};
    case 'filtered':
      return {state: filtered({...state, query: intent.text, found: intent.found})};
    case 'judged':
      return {state: judged({...state, halts: intent.halts})};
    case 'saved':
      return {
        state: {
          ...state,
          isUnsaved: intent.effect.type === 'save' ? false : state.isUnsaved,
          notice: {tone: 'info', text: intent.text},
        },
      };
    case 'exists':
      return {state: {...state, mode: {type: 'confirm', what: {type: 'overwrite', effect: intent.effect}}}};
    case 'failed':
      return {state: {...state, notice: {tone: 'error', text: intent.text}}};
    default:
      return MODES[state.mode.type]({...state, notice: undefined}, intent);
  }
}

/** The meaning of an intent depends on the mode. */
const MODES: Readonly<Record<Mode['type'], (state: ReviewState, intent: Intent) => Step>> = {
  browse,
  help: read,
  content: read,
  notes: read,
  input,
  confirm,
};

function browse(state: ReviewState, intent: Intent): Step {
  const {tree, rows, cursor, height} = state;
  switch (intent.type) {
    case 'move':
      return {state: moved(state, cursor + intent.by)};
    case 'page':
      return {state: moved(state, cursor + intent.by * Math.max(1, height - 1))};
    case 'first':
      return {state: moved(state, 0)};
    case 'last':
      return {state: moved(state, rows.length - 1)};
    case 'expand':
      return {state: expand(state)};
    case 'collapse':
      return {state: collapse(state)};
    case 'open':
    case 'enter':
      if (!tree.hasChildren(currentNode(state))) return {state: {...state, mode: {type: 'content', top: 0}}};
      return {state: state.expanded.has(currentNode(state)) ? collapse(state) : expand(state)};
    case 'expand-all': {
      const node = currentNode(state);
      return {state: withRows({...state, expanded: new Set([...state.expanded, ...allFolders(tree, node)])}, node)};
    }
    case 'collapse-all':
      return {state: withRows({...state, expanded: new Set([TOP])}, currentNode(state))};
    case 'toggle':
      return {state: toggle(state)};
    case 'sort': {
      const sort = SORTS[(SORTS.indexOf(state.sort) + 1) % SORTS.length] as Sort;
      return {state: withRows({...state, sort, notice: {tone: 'info', text: SORT_WORDS[sort]}}, currentNode(state))};
    }
    case 'kinds':
      return {state: filtered({...state, kinds: kindsAfter(state.kinds, intent.group)})};
    case 'back':
      if (state.query === '' && state.kinds.size === ACTION_KINDS.length) return {state: {...state, notice: LEAVE_BY}};
      return {state: filtered({...state, query: '', found: undefined, kinds: new Set(ACTION_KINDS)})};
    case 'search':
      return {state: {...state, mode: {type: 'input', purpose: 'search', text: state.query}}};
    case 'save':
    case 'export':
      return {state: {...state, mode: {type: 'input', purpose: intent.type, text: state.names[intent.type]}}};
    case 'details':
      return {state: {...state, hasDetails: !state.hasDetails}};
    case 'help':
    case 'notes':
      return {state: {...state, mode: {type: intent.type, top: 0}}};
    case 'apply':
      return askToApply(state);
    case 'quit':
      return quit(state);
    default:
      return {state};
  }
}

const LEAVE_BY: Notice = {tone: 'info', text: 'All changes are shown. Press q to quit the review.'};
const SORTS: readonly Sort[] = ['impact', 'name', 'kind'];
const SORT_WORDS: Readonly<Record<Sort, string>> = {
  impact: 'Sorted by impact: most bytes and changes first.',
  name: 'Sorted by name.',
  kind: 'Sorted by kind: delete first, create last.',
};

function read(state: ReviewState, intent: Intent): Step {
  const mode = state.mode as Extract<Mode, {type: 'help' | 'content' | 'notes'}>;
  const scroll = (top: number): Step => ({state: {...state, mode: {...mode, top: Math.max(0, top)}}});
  switch (intent.type) {
    case 'move':
      return scroll(mode.top + intent.by);
    case 'page':
      return scroll(mode.top + intent.by * Math.max(1, state.height - 1));
    case 'first':
      return scroll(0);
    case 'last':
      return scroll(Number.MAX_SAFE_INTEGER);
    case 'back':
    case 'quit':
    case 'enter':
    case 'open':
    case 'collapse':
    case 'help':
    case 'notes':
      return {state: {...state, mode: BROWSE}};
    default:
      return {state};
  }
}

function input(state: ReviewState, intent: Intent): Step {
  const mode = state.mode as Extract<Mode, {type: 'input'}>;
  const done = {...state, mode: BROWSE};
  switch (intent.type) {
    case 'text':
      return {state: {...state, mode: {...mode, text: mode.text + intent.text}}};
    case 'erase':
      return {state: {...state, mode: {...mode, text: [...mode.text].slice(0, -1).join('')}}};
    case 'erase-all':
      return {state: {...state, mode: {...mode, text: ''}}};
    case 'back':
      return {state: done};
    case 'enter':
      if (mode.purpose === 'search') return {state: done, effect: {type: 'filter', text: mode.text}};
      if (mode.text.trim() === '') return {state: done};
      return {state: done, effect: {type: mode.purpose, file: mode.text, overwrite: false}};
    default:
      return {state};
  }
}

function confirm(state: ReviewState, intent: Intent): Step {
  const {what} = state.mode as Extract<Mode, {type: 'confirm'}>;
  const done = {...state, mode: BROWSE};
  if (intent.type === 'no' || intent.type === 'back' || intent.type === 'quit') return {state: done};
  if (intent.type !== 'yes') return {state};
  if (what.type === 'overwrite') return {state: done, effect: {...what.effect, overwrite: true}};
  return {state: done, effect: {type: what.type}};
}

function askToApply(state: ReviewState): Step {
  if (!state.canApply) return {state: {...state, notice: {tone: 'error', text: 'This plan cannot be applied from here.'}}};
  if (chosen(state) === 0)
    return {state: {...state, notice: {tone: 'error', text: 'No changes are chosen, so there is nothing to apply.'}}};
  return {state, effect: {type: 'judge'}};
}

/** A guard may halt the selection even if it does not halt the whole plan, and the reverse. */
function judged(state: ReviewState): ReviewState {
  const halt = state.halts.find(({allowed}) => !allowed);
  if (halt === undefined) return {...state, mode: {type: 'confirm', what: {type: 'apply'}}};
  const text = `${halt.guard} halts this: leave some out, or use --allow ${halt.guard}`;
  return {...state, notice: {tone: 'error', text}};
}

function quit(state: ReviewState): Step {
  if (!state.isUnsaved) return {state, effect: {type: 'quit'}};
  return {state: {...state, mode: {type: 'confirm', what: {type: 'quit'}}}};
}

/** Returns the number of chosen changes, visible or not. */
export function chosen({tree, selection}: Pick<ReviewState, 'tree' | 'selection'>): number {
  return tree.changes - selection.leftOut;
}

// ── Rows ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Recomputes the rows, with the cursor on `node`, or on the nearest folder above it that has a row. */
function withRows(state: ReviewState, node: number): ReviewState {
  const rows = rowsOf(state);
  const way = new Set([TOP]);
  for (let at = node; at !== TOP; at = state.tree.parentOf(at)) way.add(at);
  return moved(
    {...state, rows},
    rows.findLastIndex((row) => way.has(row.node) || way.has(row.top)),
  );
}

function rowsOf({tree, expanded, sort}: ReviewState): Row[] {
  const rows: Row[] = [];
  const add = (top: number, depth: number): void => {
    const node = tree.endOfChain(top);
    rows.push({node, top, depth});
    if (!expanded.has(node)) return;
    for (const child of tree.sorted(tree.children(node), sort)) add(child, depth + 1);
  };
  if (tree.shown > 0) add(TOP, 0);
  return rows;
}

function moved(state: ReviewState, cursor: number): ReviewState {
  return scrolled({...state, cursor: Math.max(0, Math.min(cursor, state.rows.length - 1))});
}

/** Scrolls the cursor into view. */
function scrolled(state: ReviewState): ReviewState {
  const {rows, cursor, height} = state;
  const lowest = Math.max(0, rows.length - height);
  const top = Math.min(Math.max(state.top, cursor - height + 1), cursor, Math.max(lowest, cursor - height + 1));
  return {...state, top: Math.max(0, top)};
}

function expand(state: ReviewState): ReviewState {
  const node = currentNode(state);
  if (!state.tree.hasChildren(node)) return state;
  if (state.expanded.has(node)) return moved(state, state.cursor + 1);
  return withRows({...state, expanded: new Set([...state.expanded, node])}, node);
}

function collapse(state: ReviewState): ReviewState {
  const node = currentNode(state);
  if (state.expanded.has(node) && node !== TOP) {
    const expanded = new Set(state.expanded);
    expanded.delete(node);
    return withRows({...state, expanded}, node);
  }
  const depth = state.rows[state.cursor]?.depth ?? 0;
  const above = state.rows.findLastIndex((row, place) => place < state.cursor && row.depth < depth);
  return moved(state, Math.max(0, above));
}

/** Returns the folders with visible changes. */
function allFolders(tree: ChangeTree, node: number): Set<number> {
  const folders = new Set<number>([TOP]);
  const end = tree.endOf(node);
  for (let at = node; at < end; at++) if (tree.endOf(at) > at + 1 && tree.shownIn(at) > 0) folders.add(at);
  return folders;
}

// ── Filters and choices ────────────────────────────────────────────────────────────────────────────────────────────────

function kindsAfter(kinds: ReadonlySet<ActionKind>, group: number | undefined): ReadonlySet<ActionKind> {
  if (group === undefined) return new Set(ACTION_KINDS);
  const own: readonly ActionKind[] = GROUPS[group]?.kinds ?? [];
  // The first key shows only one group. Further keys add or remove groups.
  if (kinds.size === ACTION_KINDS.length) return new Set(own);
  const next = new Set(kinds);
  for (const kind of own) if (!next.delete(kind)) next.add(kind);
  return next.size === 0 ? new Set(ACTION_KINDS) : next;
}

/** Search results with at most this many changes are opened completely. */
const OPEN_FOUND = 100;

function filtered(state: ReviewState): ReviewState {
  const {tree, kinds, found, query} = state;
  const node = currentNode(state);
  const isAll = kinds.size === ACTION_KINDS.length;
  tree.show((index, kind) => (isAll || kinds.has(kind)) && (found === undefined || found[index] === 1));
  const {shown} = tree;
  const expanded = query !== '' && shown <= OPEN_FOUND ? allFolders(tree, TOP) : state.expanded;
  const next = withRows({...state, expanded, version: state.version + 1}, node);
  if (shown > 0) return next;
  return {...next, notice: NOTHING_SHOWN};
}

const NOTHING_SHOWN: Notice = {tone: 'error', text: 'Nothing matches. Esc shows all changes again.'};

function toggle(state: ReviewState): ReviewState {
  const {tree, selection} = state;
  const node = currentNode(state);
  const totals = totalsOf(state, node);
  if (totals.changes === 0) return {...state, notice: NOTHING_SHOWN};
  const leaveOut = totals.chosen > 0;
  const before = selection.leftOut;
  const {start, end} = tree.range(node);
  const toggleRange = (from: number, to: number) => (leaveOut ? selection.leaveOut(from, to) : selection.takeIn(from, to));
  if (tree.shown === tree.changes) toggleRange(start, end);
  else {
    // Hidden changes are not affected.
    for (let i = start; i < end; i++) if (tree.isShown(i)) toggleRange(i, i + 1);
  }
  const asked = leaveOut ? totals.chosen : totals.changes;
  const followed = Math.abs(selection.leftOut - before) - asked;
  return {...state, isUnsaved: true, version: state.version + 1, notice: toggleNotice(leaveOut, asked, followed)};
}

function toggleNotice(leftOut: boolean, asked: number, followed: number): Notice {
  const why = leftOut
    ? `${formatPlural(followed, 'more that depends', 'more that depend')} on ${asked === 1 ? 'it' : 'them'}`
    : `${formatCount(followed)} more that ${asked === 1 ? 'it depends' : 'they depend'} on`;
  return {
    tone: 'info',
    text: `${formatPlural(asked, 'change')} ${leftOut ? 'left out' : 'included'}${followed > 0 ? `, and ${why}` : ''}.`,
  };
}
