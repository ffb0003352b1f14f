/** Explains one path from a plan and from the current entries. */
import {type Action, fromOf, isUpkeep} from '../core/action.js';
import {CODE} from '../core/block.js';
import type {Entry} from '../core/entry.js';
import type {Explanation, Note, SideNow, Verdict} from '../core/explanation.js';
import {IGNORE_FILE} from '../core/filter.js';
import {baseName, isWithin, parentPath, pathDepth, type RelPath, STATE_DIR} from '../core/path.js';
import type {PlanOptions} from '../core/plan.js';
import type {Problem} from '../core/problem.js';
import {attributeReasons, canMake, contentReasons, isWantedSize, mayGiveTo, sameTime} from './compare.js';

type Facts = Omit<Explanation, 'verdict' | 'notes'>;

/** The verdict about one path. */
export function verdictOf(facts: Facts): Verdict {
  const {path, action, target, filter, problems, header} = facts;
  const source = sourceOf(facts);
  if (isWithin(path, STATE_DIR as RelPath)) return 'own';
  if (action !== undefined && action.kind !== 'blocked') return isUpkeep(action) ? 'upkeep' : 'changed';
  if (isNothing(facts.source) && isNothing(target)) return 'nowhere';
  if (problems.length > 0) return 'blocked';
  if (filter.excluded && target.entry === undefined) return 'left-out';
  if (filter.excluded && !header.options.deleteExcluded) return 'protected';
  if (facts.mount !== undefined && facts.mount !== path) return 'other-file-system';
  if (source.entry !== undefined && target.entry !== undefined) {
    if (isEqual(source.entry, target.entry, header.options)) return facts.from === undefined ? 'equal' : 'moved';
    if (facts.leader !== undefined) return 'linked';
  }
  if (source.entry?.kind === 'file' && !isWantedSize(source.entry.size, header.options)) return 'other-size';
  if (source.entry !== undefined && !canMake(CODE[source.entry.kind], header.options)) return 'not-kept';
  if (isNothing(source)) {
    if (!header.options.delete) return 'kept';
    if (facts.holds !== undefined) return 'holds';
  }
  return header.narrowed === undefined ? 'drifted' : 'narrowed';
}

/** The source's entry as the plan treats it: nothing if a filter leaves it out and excluded entries are deleted. */
function sourceOf({source, filter, header}: Facts): SideNow {
  return filter.excluded && header.options.deleteExcluded ? {} : source;
}

/** Notes that explain how the plan compares the two entries. */
export function notesOf(facts: Facts): Note[] {
  const {action, target, header} = facts;
  const {options} = header;
  const notes: Note[] = [];
  const after = sourceOf(facts).entry;
  const before = target.entry;
  if (after !== undefined && before !== undefined) {
    const isFile = after.kind === 'file' && before.kind === 'file';
    if (options.compare === 'size' && isFile && after.size === before.size) notes.push('size-only');
    if (after.mtime !== before.mtime && sameTime(after.mtime, before.mtime, options)) notes.push('within-window');
    if (!options.mode && after.mode !== before.mode && after.kind !== 'symlink') notes.push('mode-not-kept');
    if (!options.owner && after.uid !== before.uid) notes.push('owner-not-kept');
    if (after.gid !== before.gid && !mayGiveTo(after.gid, options)) notes.push('group-not-kept');
  }
  if (action !== undefined && !(isAsSeen(action.after, after) && isAsSeen(action.before, before))) notes.push('drifted');
  return notes;
}

/** Whether a side has nothing at a path. */
export function isNothing({entry, fault}: SideNow): boolean {
  return entry === undefined && fault === undefined;
}

/** Whether a plan would not change one into the other. */
function isEqual(source: Entry, target: Entry, options: PlanOptions): boolean {
  return (
    source.kind === target.kind &&
    contentReasons(source, target, options).length === 0 &&
    attributeReasons(source, target, options).length === 0 &&
    (!options.times || sameTime(source.mtime, target.mtime, options))
  );
}

/** Whether an entry is still what the plan saw. A folder's times change with its content, so they are ignored. */
function isAsSeen(seen: Entry | undefined, now: Entry | undefined): boolean {
  if (seen === undefined || now === undefined) return seen === now;
  const isFolder = seen.kind === 'directory';
  return (
    (['kind', 'mode', 'uid', 'gid', 'size', 'link', 'rdev'] as const).every((key) => seen[key] === now[key]) &&
    (isFolder || seen.mtime === now.mtime)
  );
}

/** Whether an action creates, deletes, replaces or renames a folder. */
export function isOfFolder(action: Action): boolean {
  const {before, after} = action;
  return (
    (before?.kind === 'directory') !== (after?.kind === 'directory') ||
    (after?.kind === 'directory' && fromOf(action) !== undefined)
  );
}

/** Problems that affect the path, nearest first: its own, those of folders above it, and those of unreadable filter files. */
export function problemsAbove(path: RelPath, problems: readonly Problem[]): Problem[] {
  return problems
    .filter(({path: at, phase}) => {
      const isRules = phase === 'scan' && baseName(at) === IGNORE_FILE;
      return isWithin(path, at) || (isRules && isWithin(path, parentPath(at)));
    })
    .sort((a, b) => pathDepth(b.path) - pathDepth(a.path));
}
