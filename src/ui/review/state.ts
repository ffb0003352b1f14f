/**
 * The state of a review, and what follows directly from it. States are immutable, except for the flags of the tree and the selection,
 * one or two bytes per change, which all states of a review share.
 */
import type {ActionKind} from '../../core/action.js';
import type {Halt, Plan, PlanSummary} from '../../core/plan.js';
import type {Selection} from '../../plan/selection.js';
import type {DifferenceLine} from '../../report/words/difference.js';
import {type ChangeTree, type NodeTotals, type Sort, TOP} from './tree.js';

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

export interface SaveEffect {
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

export interface Notice {
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
  /** Whether only changes at paths that somebody else changed in the target are visible. */
  readonly onlyDrifted: boolean;
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

/** Returns the node under the cursor. */
export function currentNode({rows, cursor}: ReviewState): number {
  return rows[cursor]?.node ?? TOP;
}

/** Returns the change under the cursor, or the move of what is there now: an index into the actions. */
export function currentAction(state: ReviewState): number | undefined {
  const node = currentNode(state);
  return state.tree.actionOf(node) ?? state.tree.moveFrom(node);
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
  let out = tree.movesOut(node).filter((move) => !selection.isIn(move)).length;
  if (tree.shown === tree.changes) return out + selection.outIn(start, end);
  for (let i = start; i < end; i++) if (!selection.isIn(i) && tree.isShown(i)) out++;
  return out;
}

/** Returns the number of chosen changes, visible or not. */
export function chosen({tree, selection}: Pick<ReviewState, 'tree' | 'selection'>): number {
  return tree.changes - selection.leftOut;
}
