/** The rows of a review: which lines of the tree are open, where the cursor is, and what is scrolled into view. */
import {currentNode, type ReviewState, type Row} from './state.js';
import {type ChangeTree, TOP} from './tree.js';

/** Recomputes the rows, with the cursor on `node`, or on the nearest folder above it that has a row. */
export function withRows(state: ReviewState, node: number): ReviewState {
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

/** Moves the cursor to a row, and scrolls it into view. */
export function moved(state: ReviewState, cursor: number): ReviewState {
  return scrolled({...state, cursor: Math.max(0, Math.min(cursor, state.rows.length - 1))});
}

/** Scrolls the cursor into view. */
export function scrolled(state: ReviewState): ReviewState {
  const {rows, cursor, height} = state;
  const lowest = Math.max(0, rows.length - height);
  const top = Math.min(Math.max(state.top, cursor - height + 1), cursor, Math.max(lowest, cursor - height + 1));
  return {...state, top: Math.max(0, top)};
}

/** Opens the folder under the cursor, or moves into it if it is open. */
export function expand(state: ReviewState): ReviewState {
  const node = currentNode(state);
  if (!state.tree.hasChildren(node)) return state;
  if (state.expanded.has(node)) return moved(state, state.cursor + 1);
  return withRows({...state, expanded: new Set([...state.expanded, node])}, node);
}

/** Closes the folder under the cursor, or moves to the folder above it. */
export function collapse(state: ReviewState): ReviewState {
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

/** Moves the cursor to the other path of the move under it, and opens the folders above. */
export function goToOtherEnd(state: ReviewState): ReviewState {
  const {tree} = state;
  const node = tree.otherEnd(currentNode(state));
  if (node === undefined) return state;
  const expanded = new Set(state.expanded);
  for (let at = tree.parentOf(node); at > TOP; at = tree.parentOf(at)) expanded.add(at);
  return withRows({...state, expanded}, node);
}

/** Returns the folders with visible changes. */
export function allFolders(tree: ChangeTree, node: number): Set<number> {
  const folders = new Set<number>([TOP]);
  const end = tree.endOf(node);
  for (let at = node; at < end; at++) if (tree.endOf(at) > at + 1 && tree.isVisible(at)) folders.add(at);
  return folders;
}
