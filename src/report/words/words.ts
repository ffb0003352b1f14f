/** Describes actions, plans and runs in words. All names are escaped. */
import type {styleText} from 'node:util';
import {
  ACTION_KINDS,
  type Action,
  type ActionKind,
  carriedOf,
  fromOf,
  isUpkeep,
  type Moved,
  type Reason,
  TARGET_DRIFTS,
  type TargetDrift,
  volumeOf,
} from '../../core/action.js';
import {formatCount, formatPlural} from '../../core/count.js';
import {type Drift, driftWords} from '../../core/drift.js';
import {type Entry, KIND_WORDS} from '../../core/entry.js';
import {escapeName} from '../../core/escape.js';
import type {ApplyPhase, Event} from '../../core/event.js';
import type {FilterRule} from '../../core/filter.js';
import {holderWords} from '../../core/holder.js';
import type {ApplyReport, OutcomeStatus} from '../../core/outcome.js';
import type {RelPath} from '../../core/path.js';
import type {KindTotals, Plan, PlanHeader, PlanSummary} from '../../core/plan.js';
import type {Problem} from '../../core/problem.js';
import type {RunEnd, RunStep, RunSummary} from '../../core/run.js';
import {differingXattrs, type PreservedXattrs, XATTR_NAMESPACES} from '../../core/xattr.js';
import {formatBytes, formatDuration, formatTime} from './units.js';
import {xattrLabel} from './xattr.js';

/** One character per kind, so that nothing is shown only by colour. */
export const GLYPHS: Readonly<Record<ActionKind, string>> = {
  mkdir: '+',
  create: '+',
  update: '~',
  replace: '±',
  link: '=',
  move: '→',
  attrs: '·',
  delete: '-',
  rmdir: '-',
  blocked: '!',
};

export type Style = Parameters<typeof styleText>[0];

/** Colours per kind. They only repeat what glyphs and words say. */
export const KIND_STYLES: Readonly<Record<ActionKind, Style>> = {
  mkdir: 'green',
  create: 'green',
  update: 'yellow',
  replace: 'magenta',
  link: 'cyan',
  move: 'cyan',
  attrs: 'cyan',
  delete: 'red',
  rmdir: 'red',
  blocked: 'yellow',
};

/** Returns the path of an action for users: the root is ".", a folder ends with "/", a symlink shows where it points. */
export function pathWords(action: Action): string {
  const entry = (action.after ?? action.before) as Entry;
  const path = action.path === '' ? '.' : escapeName(action.path);
  if (entry.kind === 'directory') return `${path}/`;
  return entry.link === undefined ? path : `${path} -> ${escapeName(entry.link)}`;
}

/** Returns a path for users: the root is ".". */
export function plainPath(path: RelPath): string {
  return path === '' ? '.' : escapeName(path);
}

const MAX_DRIFT = 50;

/** Lists the paths that drifted since a plan was saved, one per line; at most 50. */
export function driftText(drift: readonly Drift[]): string {
  const lines = drift
    .slice(0, MAX_DRIFT)
    .map((each) => `  ${plainPath(each.path)} (${each.side}): ${escapeName(driftWords(each))}`);
  return [...lines, ...moreLines(drift.length - lines.length)].join('\n');
}

/** Returns a line with the number of lines that are not shown, if there are any. */
export function moreLines(more: number): string[] {
  return more > 0 ? [`  … and ${formatCount(more)} more`] : [];
}

/** Returns the question before a plan is applied. */
export function applyQuestion(changes: number): string {
  return `Apply ${changes === 1 ? 'this change' : `these ${formatCount(changes)} changes`}?`;
}

/** Returns the place of a filter line, and the line: "docs/.dirsyncignore:3: !keep.md". */
export function filterRuleWords({from, line, pattern}: FilterRule): string {
  return `${from === '' ? 'command line or config' : `${escapeName(from)}:${line}`}: ${escapeName(pattern)}`;
}

/** Returns the bytes of an action, as `volumeOf` counts them; undefined if it has no content, not even that of an empty file. */
export function sizeOf(action: Action): number | undefined {
  const bytes = volumeOf(action);
  if (bytes > 0) return bytes;
  const isOfContent = !['link', 'move', 'attrs'].includes(action.kind);
  return isOfContent && (action.after ?? action.before)?.kind === 'file' ? 0 : undefined;
}

/**
 * Returns where an action takes its entry from, its reasons, and what is special about it: "size 10 → 12, mode 0644 → 0600", "from
 * old/ · 12 files, 3.4 MiB not copied".
 */
export function reasonWords(action: Action): string {
  const {kind, before, targetDrift} = action;
  const from = fromOf(action);
  const hidden: readonly (Reason | false)[] = [!isUpkeep(action) && 'children', from !== undefined && 'name'];
  const reasons = action.reasons.filter((reason) => !hidden.includes(reason)).map((reason) => reasonWord(reason, action));
  const first = from === undefined ? [] : [fromWords(kind, endPath(from, before))];
  return withMore([...first, ...reasons].join(', '), carriedOf(action), targetDrift);
}

/** Returns one of the paths of a move for users: a folder ends with "/". */
export function endPath(path: RelPath, entry: Entry | undefined): string {
  return `${plainPath(path)}${entry?.kind === 'directory' ? '/' : ''}`;
}

/** Returns what a step of a run says besides its path: "from old · 12 files, 3.4 MiB not copied". */
export function stepWords({kind, from, moved, targetDrift}: RunStep): string {
  return withMore(from === undefined ? '' : fromWords(kind, plainPath(from)), moved, targetDrift);
}

/** The kind already says that an entry moves; for others, it must be said. */
function fromWords(kind: ActionKind, from: string): string {
  return kind === 'move' ? `from ${from}` : `moved from ${from}`;
}

function withMore(words: string, moved: Moved | undefined, targetDrift: TargetDrift | undefined): string {
  const more = [words, moved ? notCopiedWords(moved) : '', targetDrift ? TARGET_DRIFT_WORDS[targetDrift] : ''];
  return more.filter((part) => part !== '').join(' · ');
}

/** Returns what need not be copied: "12 files, 3.4 MiB not copied"; '' for nothing. */
export function notCopiedWords({leaves, bytes}: Moved): string {
  const parts = [leaves > 1 && formatPlural(leaves, 'file'), bytes > 0 && formatBytes(bytes)].filter((part) => part !== false);
  return parts.length === 0 ? '' : `${parts.join(', ')} not copied`;
}

/** What somebody else than dirsync did to an entry of the target. */
export const TARGET_DRIFT_WORDS: Readonly<Record<TargetDrift, string>> = {
  added: 'added in the target since the last run',
  changed: 'changed in the target since the last run',
  removed: 'removed from the target since the last run',
};

/** Returns how many paths somebody else added, changed or removed in the target: "1 added, 2 removed"; '' for none. */
export function targetDriftCounts(targetDrift: PlanSummary['targetDrift']): string {
  return TARGET_DRIFTS.filter((drift) => targetDrift[drift] > 0)
    .map((drift) => `${formatCount(targetDrift[drift])} ${drift}`)
    .join(', ');
}

function reasonWord(reason: Reason, action: Action): string {
  const {before, after} = action;
  switch (reason) {
    case 'new':
      return 'new';
    case 'gone':
      return 'not in source';
    case 'excluded':
      return 'left out by a filter';
    case 'source-unread':
      return 'kept because the source could not be read here';
    case 'target-unread':
      return 'kept because it could not be read';
    case 'elsewhere':
      return 'kept because it may be the only copy of a file that could not be read or written at another path';
    case 'content':
      return 'content';
    case 'children':
      return 'content changes';
    case 'hardlink':
      return action.kind === 'link' ? `hard link to ${escapeName(action.leader)}` : 'hard links';
    case 'kind':
      return change('', before && KIND_WORDS[before.kind], after && KIND_WORDS[after.kind]);
    case 'name':
      return 'a different name';
    case 'size':
      return change('size ', before && formatCount(before.size), after && formatCount(after.size));
    case 'mtime':
      return timeChange(before?.mtime, after?.mtime);
    case 'xattrs':
      return xattrChanges(before, after, {xattrs: XATTR_NAMESPACES, acls: false}) || 'extended attributes';
    case 'acls':
      return xattrChanges(before, after, {xattrs: [], acls: true}) || 'ACL';
    case 'device':
      return change('device ', before?.rdev, after?.rdev);
    case 'link':
      return change('link ', escaped(before?.link), escaped(after?.link));
    case 'mode':
      return change('mode ', before && octal(before.mode), after && octal(after.mode));
    case 'owner':
      return change('owner ', before?.uid, after?.uid);
    case 'group':
      return change('group ', before?.gid, after?.gid);
  }
}

/**
 * Returns which extended attributes differ: up to three by name, more as a number. A name without a verb means that the value
 * differs.
 */
function xattrChanges(before: Entry | undefined, after: Entry | undefined, preserved: PreservedXattrs): string {
  const [old, now] = [before?.xattrs ?? {}, after?.xattrs ?? {}];
  const names = differingXattrs(old, now, preserved);
  if (names.length > 3) return `${names.length} extended attributes`;
  return names
    .map((name) => `${xattrLabel(name)}${old[name] === undefined ? ' added' : now[name] === undefined ? ' removed' : ''}`)
    .join(', ');
}

function change(label: string, before: string | number | undefined, after: string | number | undefined): string {
  return `${label}${before ?? 'none'} → ${after ?? 'none'}`;
}

function timeChange(before: bigint | undefined, after: bigint | undefined): string {
  if (before === undefined || after === undefined) return 'mtime';
  const exact = formatTime(before) === formatTime(after);
  return change('mtime ', formatTime(before, {exact}), formatTime(after, {exact}));
}

function escaped(text: string | undefined): string | undefined {
  return text === undefined ? undefined : escapeName(text);
}

/** Returns the permission bits as four octal digits. */
export function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

/** Returns the code of a problem, and its path and message. */
export function problemWords({path, side, code, message}: Problem): [code: string, words: string] {
  return [escapeName(code), `${plainPath(path)} (${side}): ${escapeName(message)}`];
}

/** "up to 30 s for the lock of /t, held by process 12 on host since 2026-01-01T10:00:00.000Z: dirsync run photos" */
export function lockWaitWords(
  {target, holder, timeout}: Extract<Event, {type: 'lock-waiting'}>,
  time: (iso: string) => string = (iso) => iso,
): string {
  const by = holder === undefined ? '' : `, held by ${holderWords({...holder, since: time(holder.since)})}`;
  return `up to ${formatDuration(timeout, {whole: true})} for the lock of ${escapeName(target)}${by}`;
}

/** Summarizes a plan in one sentence: "Plan: 12 changes: 3 to create, 9 to delete; 1.2 MiB to write." */
export function planSentence(plan: Plan, summary: PlanSummary): string {
  const {kinds, changes, upkeep, bytes, problems} = summary;
  const {narrowed, compared} = plan.header;
  if (compared) return comparedSentence(plan, summary);
  if (changes === 0 && narrowed) {
    return `Nothing to do: ${formatPlural(narrowed.leftOut, 'change is', 'changes are')} left out.${trouble(plan, summary)}`;
  }
  if (changes === 0) {
    if (upkeep > 0)
      return `Plan: no changes, but the times of ${formatPlural(upkeep, 'folder')} will be restored.${trouble(plan, summary)}`;
    const equal = plan.header.options.delete ? 'equals' : 'holds all of';
    if (problems === 0) return `Nothing to do: the target ${equal} the source.`;
    const unread = plan.problems.every(({phase}) => phase === 'scan');
    return `Nothing to do, but ${formatPlural(problems, 'path')} ${unread ? 'could not be read' : 'had problems'}.`;
  }
  const write = bytes > 0 ? `; ${formatBytes(bytes)} to write` : '';
  return `Plan: ${formatPlural(changes, 'change')}: ${kindCounts(kinds)}${write}.${restWords(plan, summary)}`;
}

function comparedSentence(plan: Plan, summary: PlanSummary): string {
  const {kinds, changes} = summary;
  const found = changes === 0 ? 'No differences' : `${formatPlural(changes, 'difference')}: ${kindCounts(kinds, DONE_WORDS)}`;
  return `${found}.${restWords(plan, summary)}`;
}

/** Returns the two roots of a plan or comparison as an arrow shows them: from where to where. */
export function rootPaths({source, target, compared}: PlanHeader): readonly [from: string, to: string] {
  return compared ? [target.path, source.path] : [source.path, target.path];
}

type KindWords = Readonly<Record<'create' | 'update' | 'replace' | 'link' | 'move' | 'delete', string>>;

const TO_DO_WORDS: KindWords = {
  create: 'to create',
  update: 'to update',
  replace: 'to replace',
  link: 'to link',
  move: 'to move',
  delete: 'to delete',
};

/** What happened from the earlier tree to the later one. */
const DONE_WORDS: KindWords = {
  create: 'created',
  update: 'changed',
  replace: 'replaced',
  link: 'linked',
  move: 'moved',
  delete: 'deleted',
};

/** Returns the number of changes by kind: "1 to create, 2 to delete". */
export function kindCounts(kinds: PlanSummary['kinds'], words = TO_DO_WORDS): string {
  const parts: [count: number, words: string][] = [
    [kinds.mkdir.count + kinds.create.count, words.create],
    [kinds.update.count, words.update],
    [kinds.replace.count, words.replace],
    [kinds.link.count, words.link],
    [kinds.move.count, words.move],
    [kinds.attrs.count, 'in attributes only'],
    [kinds.delete.count + kinds.rmdir.count, words.delete],
  ];
  const counts = parts.filter(([count]) => count > 0).map(([count, words]) => `${formatCount(count)} ${words}`);
  return counts.join(', ');
}

/** Returns sentences about what a plan moves, leaves out, or cannot do, and about what somebody else did in the target. */
export function restWords(plan: Plan, summary: PlanSummary): string {
  const {narrowed} = plan.header;
  const moved = movedWords(summary.moved);
  const parts = [moved === '' ? '' : ` ${moved}.`, narrowed ? ` ${formatCount(narrowed.leftOut)} left out.` : ''];
  return `${parts.join('')}${trouble(plan, summary)}`;
}

/** Returns what moves, or has moved, instead of being copied: "12 files (3.4 MiB) moved, not copied"; '' if nothing does. */
export function movedWords({leaves, bytes}: Moved): string {
  if (leaves === 0) return '';
  return `${formatPlural(leaves, 'file')}${bytes > 0 ? ` (${formatBytes(bytes)})` : ''} moved, not copied`;
}

function trouble({problems}: Plan, {kinds: {blocked}, targetDrift}: PlanSummary): string {
  const drifted = targetDriftCounts(targetDrift);
  const parts = [
    drifted === '' ? '' : ` In the target since the last run: ${drifted}.`,
    blocked.count > 0 ? ` ${formatPlural(blocked.count, 'path is', 'paths are')} blocked and kept.` : '',
    problems.length > 0 ? ` ${formatPlural(problems.length, 'problem')}.` : '',
  ];
  return parts.join('');
}

export const PHASES: Readonly<Record<ApplyPhase, string>> = {
  check: 'checking',
  write: 'writing',
  sync: 'flushing to disk',
  delete: 'deleting',
  attrs: 'setting attributes',
};

export const OUTCOMES: Readonly<Record<OutcomeStatus, string>> = {
  done: 'done',
  'already-done': 'already done',
  'not-kept': 'not kept (unsupported)',
  skipped: 'skipped (drift)',
  failed: 'failed',
  stopped: 'not started',
  blocked: 'held back',
};

/** Returns the number of changes by glyph: "+12 ~3 -1". */
export function glyphWords(kinds: Readonly<Record<ActionKind, KindTotals>>): string {
  const glyphs = new Map<string, number>();
  for (const kind of ACTION_KINDS) glyphs.set(GLYPHS[kind], (glyphs.get(GLYPHS[kind]) ?? 0) + kinds[kind].count);
  return [...glyphs]
    .filter(([, count]) => count > 0)
    .map(([glyph, count]) => `${glyph}${formatCount(count)}`)
    .join(' ');
}

/** Returns how a run ended, in a few words. */
export function resultWords({end, problems, fault}: RunSummary): string {
  if (fault !== undefined) return 'journal unreadable';
  if (end === undefined) return 'killed or still running';
  const {counts, interrupted} = end;
  const rest = [...restOf(counts), ...(problems > counts.failed ? [formatPlural(problems, 'problem')] : [])];
  if (interrupted === 'max-duration' && counts.stopped > 0) return ['out of time', ...rest].join(', ');
  if (interrupted && interrupted !== 'max-duration') return [`interrupted (${interrupted})`, ...rest].join(', ');
  return rest.length > 0 ? `done, but ${rest.join(', ')}` : 'done';
}

/** Describes the actions that were not done. */
function restOf(counts: RunEnd['counts']): string[] {
  return [
    counts.failed > 0 && `${formatCount(counts.failed)} failed`,
    counts.skipped > 0 && `${formatCount(counts.skipped)} skipped`,
    counts.stopped > 0 && `${formatCount(counts.stopped)} not started`,
    counts.blocked > 0 && `${formatCount(counts.blocked)} blocked`,
  ].filter((part) => part !== false);
}

/** Returns how an apply ended, in one sentence. */
export function verdict({
  problems,
  leftOut = 0,
  ...end
}: Pick<ApplyReport, 'counts' | 'problems' | 'interrupted' | 'leftOut'>): string {
  const left = leftOut > 0 ? ` ${formatPlural(leftOut, 'change was', 'changes were')} left out.` : '';
  return endSentence(end, problems.length) + left;
}

/** Returns how a run ended, in one sentence; `problems`: their number. */
export function endSentence(end: Pick<RunEnd, 'counts' | 'interrupted'> | undefined, problems: number): string {
  if (end === undefined) return 'Not finished: the run is still running or was killed; apply again to do the rest.';
  const {counts, interrupted} = end;
  const isEarly = interrupted !== undefined && (interrupted !== 'max-duration' || counts.stopped > 0);
  if (isEarly) {
    const left = formatPlural(counts.stopped, 'change');
    if (interrupted === 'max-duration') return `Stopped at the time limit: ${left} left; apply again to do the rest.`;
    return `Interrupted by ${interrupted}: ${left} left; apply again to do the rest.`;
  }
  const rest = restOf(counts);
  const done = formatPlural(counts.done + counts['already-done'], 'change');
  const unkept =
    counts['not-kept'] > 0 ? `, ${formatCount(counts['not-kept'])} not kept because the target does not support it` : '';
  if (rest.length > 0) return `Incomplete: ${done} done, ${rest.join(', ')}.`;
  if (problems > 0) return `Done: ${done}, but ${formatPlural(problems, 'path')} had problems.`;
  if (counts.done === 0 && counts['already-done'] > 0) return `Nothing left to do: ${done} already done.`;
  return `Done: ${done}${unkept}.`;
}

/** Returns how many scheduled runs were missed, and why; without a full stop. */
export function skippedWords({ticks, why}: Pick<Extract<Event, {type: 'run-skipped'}>, 'ticks' | 'why'>): string {
  const times = ticks === 1 ? 'one scheduled run' : `${formatCount(ticks)} scheduled runs`;
  return `${times} ${ticks === 1 ? 'was' : 'were'} missed while ${why === 'busy' ? 'a run was in progress' : 'this machine was asleep'}`;
}

/** Makes a text a sentence, with a capital letter and a full stop. */
export function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`;
}
