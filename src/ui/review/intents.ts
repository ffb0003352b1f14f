/** What each intent does to a review, without a terminal: a reducer that returns the next state and the effects to run. */
import {ACTION_KINDS} from '../../core/action.js';
import type {Halt, Plan, PlanSummary} from '../../core/plan.js';
import {Selection} from '../../plan/selection.js';
import {filtered, kindsAfter, toggle} from './choices.js';
import {allFolders, collapse, expand, goToOtherEnd, moved, scrolled, withRows} from './rows.js';
import {chosen, currentNode, type Effect, type Look, type Mode, type Notice, type ReviewState, type SaveEffect} from './state.js';
import {ChangeTree, type Sort, TOP} from './tree.js';

export type Intent =
  | {readonly type: 'move'; readonly by: number}
  | {readonly type: 'page'; readonly by: number}
  | {readonly type: 'first' | 'last'}
  | {readonly type: 'expand' | 'collapse' | 'open' | 'toggle' | 'back'}
  | {readonly type: 'expand-all' | 'collapse-all'}
  | {readonly type: 'sort' | 'other-end' | 'target-drift'}
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
    onlyDrifted: false,
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
    case 'other-end':
      if (tree.otherEnd(currentNode(state)) === undefined) return {state: {...state, notice: NO_MOVE}};
      return {state: goToOtherEnd(state)};
    case 'target-drift':
      if (!state.onlyDrifted && !hasTargetDrift(state)) return {state: {...state, notice: NO_TARGET_DRIFT}};
      return {state: filtered({...state, onlyDrifted: !state.onlyDrifted})};
    case 'kinds':
      if (intent.group === undefined)
        return {state: filtered({...state, onlyDrifted: false, kinds: kindsAfter(state.kinds, undefined)})};
      return {state: filtered({...state, kinds: kindsAfter(state.kinds, intent.group)})};
    case 'back':
      if (state.query === '' && !state.onlyDrifted && state.kinds.size === ACTION_KINDS.length) {
        return {state: {...state, notice: LEAVE_BY}};
      }
      return {state: filtered({...state, query: '', found: undefined, onlyDrifted: false, kinds: new Set(ACTION_KINDS)})};
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

function hasTargetDrift({summary: {targetDrift}}: ReviewState): boolean {
  return Object.values(targetDrift).some((count) => count > 0);
}

const NO_MOVE: Notice = {tone: 'info', text: 'Nothing moves here.'};
const NO_TARGET_DRIFT: Notice = {
  tone: 'info',
  text: 'As far as is known, nobody else has changed the target since the last run.',
};
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
