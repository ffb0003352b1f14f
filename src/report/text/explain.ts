/** Explanations as text: why a path is or is not in a plan. All names are escaped. */
import {type Action, isCarried, type Move} from '../../core/action.js';
import {formatPlural} from '../../core/count.js';
import {type Entry, KIND_WORDS} from '../../core/entry.js';
import {escapeName} from '../../core/escape.js';
import type {Explanation, LastRun, Note} from '../../core/explanation.js';
import type {RelPath} from '../../core/path.js';
import type {Problem} from '../../core/problem.js';
import {attributeRows} from '../words/attributes.js';
import {columns, pad} from '../words/columns.js';
import {formatBytes, formatIsoTime} from '../words/units.js';
import {
  filterRuleWords,
  GLYPHS,
  KIND_STYLES,
  OUTCOMES,
  pathWords,
  plainPath,
  reasonWords,
  TARGET_DRIFT_WORDS,
} from '../words/words.js';
import {haltLine, joinSections, paint, problemLines} from './text.js';

/** Returns the verdict, the attributes on both sides, and the reasons. */
export function explanationText(explanation: Explanation, color: boolean): string {
  const {header, problems, halts} = explanation;
  return joinSections([
    [`${escapeName(header.source.path)} → ${escapeName(header.target.path)}`],
    [paint(color, 'bold', explanationSentence(explanation))],
    attributeLines(explanation, color),
    reasonLines(explanation, color),
    problemLines(problems, color, problems.length),
    halts.map((halt) => haltLine(halt, color)),
  ]);
}

/** Returns the verdict in one sentence. */
export function explanationSentence(explanation: Explanation): string {
  const {verdict, action, source, target, leader, holds} = explanation;
  const path = folderPath(explanation);
  switch (verdict) {
    case 'changed':
      return `${path} will be ${changeWords(action as Action)}.`;
    case 'upkeep':
      return `${path} is not changed itself, but its contents are; its times will be restored.`;
    case 'linked':
      return `${path} changes with ${plainPath(leader as RelPath)}: both are names of one file.`;
    case 'equal':
      return `${path} is not in the plan: both sides are the same.`;
    case 'moved':
      return `${path} moves with its folder: ${carrierWords(explanation)}.`;
    case 'left-out':
      return `${path} is left out by ${filterWords(explanation)}.`;
    case 'protected':
      return `${path} stays in the target: a filter protects it, ${filterWords(explanation)}.`;
    case 'blocked':
      return `${path} ${target.entry === undefined ? 'is not in the plan' : 'stays as it is'}: ${obstacle(explanation)}.`;
    case 'not-kept':
      return `${path} is not in the plan: a ${KIND_WORDS[source.entry?.kind ?? 'fifo']} cannot be made here, or is not kept; the target is not changed at this path.`;
    case 'other-size':
      return `${path} is not in the plan: --min-size or --max-size leave files of ${formatBytes((source.entry as Entry).size)} alone, on both sides.`;
    case 'other-file-system':
      return `${path} is not in the plan: ${plainPath(explanation.mount as RelPath)}/ is another file system, and --one-file-system leaves it out.`;
    case 'kept':
      return `${path} stays in the target: the source does not have it, and --no-delete keeps it.`;
    case 'holds':
      return `${path} stays in the target: it contains ${plainPath(holds as RelPath)}, which ${
        explanation.below.problems > 0 ? 'could not be read' : 'a filter protects'
      }.`;
    case 'narrowed':
      return `${path} is not in the plan: its change was left out.`;
    case 'drifted':
      return `${path} is not in the plan, but it changed since the plan was made; plan again.`;
    case 'nowhere':
      return `${path} does not exist on either side.`;
    case 'own':
      return `${path} belongs to dirsync and is never part of a tree.`;
  }
}

function folderPath({path, source, target}: Explanation): string {
  return (source.entry ?? target.entry)?.kind === 'directory' ? `${plainPath(path)}/` : plainPath(path);
}

/** "incoming/trip/ → photos/2024/" */
function carrierWords({above}: Explanation): string {
  const move = above.findLast(isCarried) as Move;
  return `${plainPath(move.from)}/ → ${plainPath(move.path)}/`;
}

function changeWords(drifted: Action): string {
  // A line of its own says what somebody else did.
  const action = {...drifted, targetDrift: undefined};
  switch (action.kind) {
    case 'mkdir':
    case 'create':
      return 'created: the target does not have it';
    case 'update':
      return `updated: ${reasonWords(action)}`;
    case 'replace':
      return `replaced: ${reasonWords(action)}`;
    case 'link':
      return `made a hard link to ${plainPath(action.leader)}`;
    case 'move':
      return `moved ${reasonWords(action)}`;
    case 'attrs':
      return `changed only in its attributes: ${reasonWords(action)}`;
    case 'delete':
    case 'rmdir':
      return action.reasons.includes('excluded')
        ? 'deleted: a filter leaves it out (--delete-excluded)'
        : 'deleted: the source does not have it';
    case 'blocked':
      return reasonWords(action);
  }
}

function filterWords({path, filter: {rule, tag, at}}: Explanation): string {
  if (tag !== undefined) return `the tag ${plainPath(tag)}`;
  const line = rule === undefined ? 'a filter' : filterRuleWords(rule);
  return at === path ? line : `${line} (matches ${plainPath(at)}/)`;
}

function obstacle({path, problems}: Explanation): string {
  const [{path: at, side, phase, code, message}] = problems as [Problem];
  const who = at === path ? 'it' : plainPath(at);
  return phase === 'scan'
    ? `${who} could not be read in the ${side} (${escapeName(code)})`
    : `${at === path ? '' : `${who}: `}${escapeName(message)}`;
}

const MAX_COLUMN = 60;

function attributeLines({action, source, target}: Explanation, color: boolean): string[] {
  const rows = attributeRows(action ?? {before: target.entry, after: source.entry});
  if (rows.length === 0) return [];
  const cells = rows.map(({name, before = '–', after = '–', differs}) => ({name, before, after, differs}));
  const head = {name: '', before: 'target', after: 'source', differs: false};
  // A very long text does not move other columns.
  const widest = (key: 'name' | 'before') => Math.min(MAX_COLUMN, Math.max(...[head, ...cells].map((row) => columns(row[key]))));
  const [nameWidth, beforeWidth] = [widest('name'), widest('before')];
  return [head, ...cells].map(({name, before, after, differs}) => {
    const line = `${differs ? '~' : ' '} ${pad(name, nameWidth)}  ${pad(before, beforeWidth)}  ${after}`.trimEnd();
    return differs ? paint(color, 'yellow', line) : line;
  });
}

const NOTES: Readonly<Record<Note, string>> = {
  'size-only': 'only sizes are compared, not content (--size-only)',
  'within-window': 'the times differ, but by no more than the precision of the two trees or --mtime-window',
  'mode-not-kept': 'the mode differs and is not kept: one side does not store modes, or --preserve leaves it out',
  'owner-not-kept':
    'the owner differs and is not kept: only root can give files to other users, if the target stores owners at all',
  'group-not-kept':
    'the group differs and is not kept: only root can give files to any group, if the target stores groups at all',
  drifted: 'the path has changed since the plan was made; plan again',
};

function reasonLines(explanation: Explanation, color: boolean): string[] {
  const {verdict, action, from, movesTo, above, leader, below, filter, source, target, notes, lastRun} = explanation;
  const saysFilter = verdict === 'left-out' || verdict === 'protected';
  const rows: [label: string, text: string][] = [
    ...above.map((action): [string, string] => ['Above', actionWords(action, color)]),
    ...(leader === undefined ? [] : [['Hard link', `another name of ${plainPath(leader)}`] as [string, string]]),
    ...(below.changes === 0 ? [] : [['Below', formatPlural(below.changes, 'change')] as [string, string]]),
    ...(below.problems === 0 ? [] : [['Below', formatPlural(below.problems, 'problem')] as [string, string]]),
    ...((filter.rule ?? filter.tag) === undefined || saysFilter
      ? []
      : [['Filter', `${filter.excluded ? 'left out' : 'included'} by ${filterWords(explanation)}`] as [string, string]]),
    ...(source.fault === undefined ? [] : [['Source', `could not be read (${escapeName(source.fault)})`] as [string, string]]),
    ...(from === undefined || (action && isCarried(action)) ? [] : [['Target', `now ${plainPath(from)}`] as [string, string]]),
    ...(movesTo === undefined ? [] : [['Target', `what is at this path now moves to ${plainPath(movesTo)}`] as [string, string]]),
    ...(action?.targetDrift === undefined ? [] : [['Target', TARGET_DRIFT_WORDS[action.targetDrift]] as [string, string]]),
    ...(source.escaped === undefined ? [] : [['Source', `on disk ${escapeName(source.escaped)}`] as [string, string]]),
    ...(target.escaped === undefined ? [] : [['Target', `on disk ${escapeName(target.escaped)}`] as [string, string]]),
    ...(target.fault === undefined ? [] : [['Target', `could not be read (${escapeName(target.fault)})`] as [string, string]]),
    ...notes.map((note): [string, string] => ['Note', NOTES[note]]),
    ...(lastRun === undefined ? [] : [['Last run', lastRunWords(lastRun, explanation)] as [string, string]]),
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, text]) => `${label.padEnd(width)}  ${text}`);
}

function lastRunWords({header, step: {kind, path, from, status}}: LastRun, explanation: Explanation): string {
  const as = path === explanation.path ? '' : `, as ${plainPath(path)}`;
  const paths = from === undefined ? as : `, ${plainPath(from)} → ${plainPath(path)}`;
  return `${escapeName(header.id)}, ${formatIsoTime(header.started)}: ${kind} ${OUTCOMES[status]}${paths}`;
}

function actionWords(action: Action, color: boolean): string {
  const {kind} = action;
  return `${paint(color, KIND_STYLES[kind], `${GLYPHS[kind]} ${kind}`)} ${pathWords(action)}  ${reasonWords(action)}`;
}
