/** One step of a plan: enough to show it, count it, check it and do it. */
import type {Entry} from './entry.js';
import type {RelPath} from './path.js';

/**
 * Why an action is there. `children` alone: only a folder's times are put back after its content changed. `excluded`: a filter leaves
 * out what the source has here. `name`: the target has it under another name. `source-unread`, `target-unread`: that tree could not be
 * read here. `elsewhere`: it may be what could not be read or written at another path.
 */
export type Reason = (typeof REASONS)[number];

export const REASONS = [
  'new',
  'gone',
  'excluded',
  'kind',
  'name',
  'size',
  'mtime',
  'content',
  'link',
  'mode',
  'owner',
  'group',
  'xattrs',
  'acls',
  'device',
  'hardlink',
  'children',
  'source-unread',
  'target-unread',
  'elsewhere',
] as const;

interface Step {
  readonly path: RelPath;
  /** Explains the action to people, and tells apply when content has to be compared to see whether it is done. */
  readonly reasons: readonly Reason[];
}

interface Renamed extends Step {
  /**
   * Where the target has it until now: in the same folder, under a name that is another one only to who tells upper from lower case, or
   * accents written in two ways. It is renamed before all else.
   */
  readonly from?: RelPath | undefined;
}

/** A new folder. Its attributes are set after its content is there. */
interface Mkdir extends Step {
  readonly kind: 'mkdir';
  readonly before?: undefined;
  readonly after: Entry;
}

/** What is no folder, where nothing is. */
interface Create extends Step {
  readonly kind: 'create';
  readonly before?: undefined;
  readonly after: Entry;
}

/** A file or symlink with other content, or a device with other numbers. */
interface Update extends Renamed {
  readonly kind: 'update';
  readonly before: Entry;
  readonly after: Entry;
}

/** Another kind. What is in a folder that goes is deleted by actions of its own. */
interface Replace extends Renamed {
  readonly kind: 'replace';
  readonly before: Entry;
  readonly after: Entry;
}

/** A further name of a file in the same tree (a hard link). */
export interface Link extends Renamed {
  readonly kind: 'link';
  readonly before?: Entry | undefined;
  readonly after: Entry;
  /** The first path of the group, in canonical order. */
  readonly leader: RelPath;
}

/** The same content under another name; metadata that differs is set as well. What is in a folder has actions of its own. */
export interface Move extends Renamed {
  readonly kind: 'move';
  readonly from: RelPath;
  readonly before: Entry;
  readonly after: Entry;
}

/** Metadata alone. */
export interface Attrs extends Step {
  readonly kind: 'attrs';
  readonly before: Entry;
  readonly after: Entry;
}

export interface Delete extends Step {
  readonly kind: 'delete';
  readonly before: Entry;
  readonly after?: undefined;
}

export interface Rmdir extends Step {
  readonly kind: 'rmdir';
  readonly before: Entry;
  readonly after?: undefined;
}

/** What would be deleted were it known that the source has not got it: it stays, with all that is below it. */
export interface Blocked extends Step {
  readonly kind: 'blocked';
  readonly before: Entry;
  readonly after?: undefined;
  /** At and below the path: what is no folder, and the bytes of files. */
  readonly leaves: number;
  readonly bytes: number;
}

export type Action = Mkdir | Create | Update | Replace | Link | Move | Attrs | Delete | Rmdir | Blocked;
export type ActionKind = Action['kind'];

export const ACTION_KINDS: readonly ActionKind[] = [
  'mkdir',
  'create',
  'update',
  'replace',
  'link',
  'move',
  'attrs',
  'delete',
  'rmdir',
  'blocked',
];

/** Where the target has what an action is about until it is renamed; undefined where it has the right name. */
export function fromOf(action: Action): RelPath | undefined {
  return 'from' in action ? action.from : undefined;
}

/**
 * Bytes of content that an action writes: all of the new file, for content is written anew and never in part. A link, a move and an
 * attrs have the size of the file they are about in `after`, and write nothing of it.
 */
export function bytesOf(action: Action): number {
  return action.kind === 'create' || action.kind === 'update' || action.kind === 'replace' ? action.after.size : 0;
}

/** Bytes that an action is about: those that it writes, for a delete those given back, for a blocked one those that stay. */
export function volumeOf(action: Action): number {
  if (action.kind === 'blocked') return action.bytes;
  return action.kind === 'delete' ? action.before.size : bytesOf(action);
}

/** Whether an action only puts back the times of a folder that other actions touched: not a change that a person reviews. */
export function isUpkeep(action: Action): boolean {
  return action.kind === 'attrs' && action.reasons.length === 1 && action.reasons[0] === 'children';
}

/** Whether an action changes something that a person reviews: it is neither upkeep nor blocked. */
export function isChange(action: Action): boolean {
  return action.kind !== 'blocked' && !isUpkeep(action);
}
