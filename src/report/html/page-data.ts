/**
 * The data for the script of the page: one row per line of its tree, with folders before their contents. All texts are ready to be
 * shown: names are escaped, and modes are in words.
 */
import {
  ACTION_KINDS,
  type Action,
  carriedOf,
  fromOf,
  isUpkeep,
  type Reason,
  type TargetDrift,
  volumeOf,
} from '../../core/action.js';
import {type Entry, fromNanoseconds, KIND_WORDS} from '../../core/entry.js';
import {escapeName} from '../../core/escape.js';
import {comparePaths, pathParts, type RelPath} from '../../core/path.js';
import type {Plan} from '../../core/plan.js';
import type {Problem} from '../../core/problem.js';
import type {Run, RunStep} from '../../core/run.js';
import {type AttributeRow, rareRows} from '../words/attributes.js';
import {formatTime} from '../words/units.js';
import {notCopiedWords, OUTCOMES, octal, TARGET_DRIFT_WORDS} from '../words/words.js';

/** The data that the script of a report reads, by column. */
export interface PageData {
  /** The label of the notes, such as "Outcome". */
  readonly noteLabel: string;
  /** Whether there are few enough notes to filter by them. */
  readonly filterByNote: boolean;
  readonly rows: readonly PageRow[];
  readonly notes: readonly string[];
  /** Kind, mode, owner, group. */
  readonly attributes: readonly (readonly [kind: string, mode: string, owner: number, group: number])[];
  /** Device numbers, ACLs and extended attributes, for rows that have any. */
  readonly rare: readonly (readonly PageAttribute[])[];
  /** An additional sentence for some rows, by their index. */
  readonly remarks: Readonly<Record<number, string>>;
  /** For each move, the row of the old path and the row of the move. A row that is only an old path has only a depth and a name. */
  readonly moves: readonly PageMove[];
}

export type PageMove = readonly [old: number, now: number];

/**
 * A folder that only contains changes has only the first two fields. The name of a folder ends with "/"; `kind` is an index into
 * `ACTION_KINDS`.
 */
export type PageRow = readonly [
  depth: number,
  name: string,
  kind?: number,
  bytes?: number,
  note?: number,
  before?: PageEntry | 0,
  after?: PageEntry | 0,
  /** An index into `rare`. */
  rare?: number,
];

/** A side without the attribute has 0. `differs` is 0 if both sides are the same. */
export type PageAttribute = readonly [name: string, before: string | 0, after: string | 0, differs: 0 | 1];

/** An index into `attributes`, bytes, and a time in whole seconds since 1970, or as text if only the fraction differs. */
export type PageEntry = readonly [attributes: number, size: number, time: number | string, link?: string];

/** Returns the JSON of a `PageData` for a plan, in pieces, because that of a large plan does not fit in one string. */
export function* planData(plan: Plan): Generator<string> {
  const tables = new Tables();
  const toEntry = (entry: Entry, exact: boolean): PageEntry => {
    const {kind, mode, uid, gid, size, mtime, link} = entry;
    const attributes = tables.attributes.intern([KIND_WORDS[kind], octal(mode), uid, gid]);
    const base = [attributes, size, exact ? formatTime(mtime, {exact}) : fromNanoseconds(mtime).seconds] as const;
    return link === undefined ? base : [...base, escapeName(link)];
  };
  const fields = (action: Action) => {
    const {kind, before, after} = action;
    const exact = before !== undefined && after !== undefined && before.mtime !== after.mtime && sameSecond(before, after);
    const note = tables.notes.intern(noteOf(action));
    const both = before ? [toEntry(before, exact), ...(after ? [toEntry(after, exact)] : [])] : [0, toEntry(after, exact)];
    const base = [ACTION_KINDS.indexOf(kind), volumeOf(action), note, ...both];
    const rare = rareRows(action).map(toAttribute);
    return rare.length === 0 ? base : [...base, ...(after ? [] : [0]), tables.rare.intern(rare)];
  };
  const changes = plan.actions.filter((action) => !isUpkeep(action));
  const remark = (action: Action) => {
    const from = fromOf(action);
    const carried = carriedOf(action);
    const parts = [
      action.kind === 'link' && `Hard link to ${escapeName(action.leader)}`,
      from !== undefined && !carried && `Moved from ${escapeName(from)}`,
      carried && upperFirst(notCopiedWords(carried)),
      action.targetDrift && upperFirst(TARGET_DRIFT_WORDS[action.targetDrift]),
    ].filter((part) => typeof part === 'string' && part !== '');
    return parts.length === 0 ? undefined : parts.join('. ');
  };
  const oldPath = (action: Action) => (carriedOf(action) ? fromOf(action) : undefined);
  yield* document({changes, fields, remark, oldPath, tables, isFolder, noteLabel: 'Why', filterByNote: false});
}

function toAttribute({name, before, after, differs}: AttributeRow): PageAttribute {
  // Capitalized like the other rows, except the names of extended attributes, which contain a dot.
  const title = name.includes('.') ? name : upperFirst(name);
  return [title, before ?? 0, after ?? 0, differs ? 1 : 0];
}

function upperFirst(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

/** Returns the JSON of a `PageData` for a run, in pieces. */
export function* runData(run: Run): Generator<string> {
  const tables = new Tables();
  const problems = new Map(run.problems.map((problem) => [problem.path, problem]));
  yield* document({
    changes: run.steps.toSorted((a, b) => comparePaths(a.path, b.path)),
    fields: ({kind, status, bytes}) => [ACTION_KINDS.indexOf(kind), bytes, tables.notes.intern(OUTCOMES[status])],
    remark: (step) => {
      const words = [stepRemark(step), step.status === 'done' ? undefined : problemWords(problems.get(step.path))];
      const parts = words.filter((part) => part !== undefined);
      return parts.length === 0 ? undefined : parts.join('. ');
    },
    oldPath: ({from, moved}) => (moved ? from : undefined),
    tables,
    isFolder: ({kind}) => kind === 'mkdir' || kind === 'rmdir',
    noteLabel: 'Outcome',
    filterByNote: true,
  });
}

function stepRemark({from, moved, targetDrift}: RunStep): string | undefined {
  const parts = [
    from !== undefined && !moved && `Moved from ${escapeName(from)}`,
    moved && upperFirst(notCopiedWords(moved)),
    targetDrift && upperFirst(TARGET_DRIFT_WORDS[targetDrift]),
  ].filter((part) => typeof part === 'string' && part !== '');
  return parts.length === 0 ? undefined : parts.join('. ');
}

function problemWords(problem: Problem | undefined): string | undefined {
  return problem && `${escapeName(problem.code)}: ${escapeName(problem.message)}`;
}

const NOTES: Readonly<Record<Reason, string | undefined>> = {
  new: 'new',
  gone: 'not in source',
  excluded: 'left out',
  kind: 'kind',
  name: 'moved',
  size: 'size',
  mtime: 'time',
  content: 'content',
  link: 'link target',
  mode: 'mode',
  owner: 'owner',
  group: 'group',
  xattrs: 'attributes',
  acls: 'ACL',
  device: 'device',
  hardlink: 'hard links',
  children: undefined,
  'source-unread': 'source unread',
  elsewhere: 'may be elsewhere',
  'target-unread': 'unread',
};

const DRIFT_NOTES: Readonly<Record<TargetDrift, string>> = {
  added: 'added in the target',
  changed: 'changed in the target',
  removed: 'removed from the target',
};

function noteOf(action: Action): string {
  const {reasons, targetDrift} = action;
  // The tree says where a move comes from.
  const shown = carriedOf(action) ? reasons.filter((reason) => reason !== 'name') : reasons;
  const notes = [...shown.map((reason) => NOTES[reason]), targetDrift && DRIFT_NOTES[targetDrift]];
  return notes.filter((note) => note !== undefined).join(', ');
}

function sameSecond(a: Entry, b: Entry): boolean {
  return fromNanoseconds(a.mtime).seconds === fromNanoseconds(b.mtime).seconds;
}

function isFolder({before, after}: Action): boolean {
  return (after ?? before)?.kind === 'directory';
}

/** Stores values that many rows share only once. */
class Table<T> {
  readonly values: T[] = [];
  readonly #indexes = new Map<string, number>();

  /** Returns the index of a value. Adds the value if it is new. */
  intern(value: T): number {
    const key = typeof value === 'string' ? value : JSON.stringify(value);
    let index = this.#indexes.get(key);
    if (index === undefined) {
      index = this.values.push(value) - 1;
      this.#indexes.set(key, index);
    }
    return index;
  }
}

class Tables {
  readonly notes = new Table<string>();
  readonly attributes = new Table<[string, string, number, number]>();
  readonly rare = new Table<readonly PageAttribute[]>();
}

interface DocumentOptions<T> {
  /** In canonical order. */
  readonly changes: readonly T[];
  readonly fields: (change: T) => readonly unknown[];
  readonly remark: (change: T) => string | undefined;
  /** Where a change takes its entry from, if that gets a row. */
  readonly oldPath: (change: T) => RelPath | undefined;
  readonly isFolder: (change: T) => boolean;
  readonly tables: Tables;
  readonly noteLabel: string;
  readonly filterByNote: boolean;
}

/** Number of rows in one piece. */
const BATCH = 2000;

function* document<T extends {path: RelPath}>(options: DocumentOptions<T>): Generator<string> {
  const {changes, fields, remark, oldPath, isFolder, tables, noteLabel, filterByNote} = options;
  const remarks: Record<number, string> = {};
  let count = 0;
  let batch: string[] = [];
  yield `{"noteLabel":${json(noteLabel)},"filterByNote":${filterByNote},"rows":[`;
  let above: string[] = [];
  const olds = new Map<T, number>();
  const news = new Map<T, number>();
  for (const {path, change, leaving} of withOldPaths(changes, oldPath)) {
    const parts = path === '' ? ['.'] : pathParts(path);
    const last = parts.length - 1;
    let shared = 0;
    while (shared < last && parts[shared] === above[shared]) shared++;
    for (let depth = shared; depth < last; depth++) batch.push(json([depth, `${escapeName(parts[depth] as string)}/`]));
    count += last - shared;
    const sentence = change && remark(change);
    if (sentence !== undefined) remarks[count] = sentence;
    if (leaving) olds.set(leaving, count);
    if (change && oldPath(change) !== undefined) news.set(change, count);
    const name = escapeName(parts[last] as string);
    batch.push(json([last, isFolder((change ?? leaving) as T) ? `${name}/` : name, ...(change ? fields(change) : [])]));
    count++;
    above = parts;
    if (batch.length >= BATCH) {
      yield (count > batch.length ? ',' : '') + batch.join(',');
      batch = [];
    }
  }
  if (batch.length > 0) yield (count > batch.length ? ',' : '') + batch.join(',');
  const {notes, attributes, rare} = tables;
  yield `],"notes":${json(notes.values)},"attributes":${json(attributes.values)},"rare":${json(rare.values)},`;
  const moves = [...olds].map(([change, row]): PageMove => [row, news.get(change) as number]);
  yield `"remarks":${json(remarks)},"moves":${json(moves)}}`;
}

interface Place<T> {
  readonly path: RelPath;
  readonly change?: T | undefined;
  /** The move of what is at this path now. */
  readonly leaving?: T | undefined;
}

/** Returns the changes together with the old paths of moves, in canonical order. Both may be at the same path. */
function* withOldPaths<T extends {path: RelPath}>(
  changes: readonly T[],
  oldPath: (change: T) => RelPath | undefined,
): Generator<Place<T>> {
  const left = changes
    .map((leaving) => ({path: oldPath(leaving), leaving}))
    .filter((place): place is {path: RelPath; leaving: T} => place.path !== undefined)
    .sort((a, b) => comparePaths(a.path, b.path));
  let next = 0;
  for (const change of changes) {
    const {path} = change;
    for (; next < left.length && comparePaths((left[next] as Place<T>).path, path) < 0; next++) yield left[next] as Place<T>;
    const isHere = left[next]?.path === path;
    yield {path, change, leaving: isHere ? left[next]?.leaving : undefined};
    if (isHere) next++;
  }
  yield* left.slice(next);
}

/**
 * Returns JSON that cannot close or open a script element and contains no command of a CI runner, which app/output/ci-runner could
 * not break up.
 */
function json(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&#\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
