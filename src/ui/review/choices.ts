/** What a review shows of the changes, and which of them are chosen. */
import {ACTION_KINDS, type ActionKind} from '../../core/action.js';
import {formatCount, formatPlural} from '../../core/count.js';
import {allFolders, withRows} from './rows.js';
import {currentNode, GROUPS, type Notice, type ReviewState, totalsOf} from './state.js';
import {TOP} from './tree.js';

/** Returns the visible kinds after the key of a group; `group` undefined: all kinds. */
export function kindsAfter(kinds: ReadonlySet<ActionKind>, group: number | undefined): ReadonlySet<ActionKind> {
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

/** Shows the changes of the visible kinds that the search found. */
export function filtered(state: ReviewState): ReviewState {
  const {tree, kinds, found, query, onlyDrifted} = state;
  const node = currentNode(state);
  const isAll = kinds.size === ACTION_KINDS.length;
  const isDrifted = (index: number) => tree.actions[index]?.targetDrift !== undefined;
  tree.show(
    (index, kind) =>
      (isAll || kinds.has(kind)) && (found === undefined || found[index] === 1) && (!onlyDrifted || isDrifted(index)),
  );
  const {shown} = tree;
  const expanded = query !== '' && shown <= OPEN_FOUND ? allFolders(tree, TOP) : state.expanded;
  const next = withRows({...state, expanded, version: state.version + 1}, node);
  if (shown > 0) return next;
  return {...next, notice: NOTHING_SHOWN};
}

const NOTHING_SHOWN: Notice = {tone: 'error', text: 'Nothing matches. Esc shows all changes again.'};

/** Leaves out or includes the visible changes at the cursor, and those that depend on them. */
export function toggle(state: ReviewState): ReviewState {
  const {tree, selection} = state;
  const node = currentNode(state);
  const totals = totalsOf(state, node);
  if (totals.changes === 0) return {...state, notice: NOTHING_SHOWN};
  const leaveOut = totals.chosen > 0;
  const before = selection.leftOut;
  const {start, end} = tree.range(node);
  const toggleRange = (from: number, to: number) => (leaveOut ? selection.leaveOut(from, to) : selection.takeIn(from, to));
  for (const move of tree.movesOut(node)) toggleRange(move, move + 1);
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
