/** Actions: the steps of a plan, with everything needed to show, count, check and apply them. */
import type {Entry} from './entry.js';
import type {RelPath} from './path.js';

/**
 * Why a plan contains an action. Only `children`: a folder's times are restored after its content changed. `excluded`: a filter
 * leaves out what the source has here. `name`: the target has it under a different name. `source-unread`, `target-unread`: that
 * tree could not be read here. `elsewhere`: it may be the only copy of something that could not be read or written at another path.
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
  /** Shown to users; apply also uses it to decide whether content must be compared to see that the action is already done. */
  readonly reasons: readonly Reason[];
  /** Target drift: what somebody did to the target's entry since the last run, if that is why there is an action. */
  readonly targetDrift?: TargetDrift | undefined;
}

/** What somebody else than dirsync did in the target since the last run. */
export const TARGET_DRIFTS = ['added', 'changed', 'removed'] as const;
export type TargetDrift = (typeof TARGET_DRIFTS)[number];

interface Renamed extends Step {
  /**
   * The current path in the target: in the same folder, with a name that differs only in case or in how an accent is encoded. It is
   * renamed before everything else.
   */
  readonly from?: RelPath | undefined;
}

/** A new folder. Its attributes are set after its content is complete. */
interface Mkdir extends Step {
  readonly kind: 'mkdir';
  readonly before?: undefined;
  readonly after: Entry;
}

/** A new entry that is not a folder. */
interface Create extends Step {
  readonly kind: 'create';
  readonly before?: undefined;
  readonly after: Entry;
}

/** A file or symlink with different content, or a device with different numbers. */
interface Update extends Renamed {
  readonly kind: 'update';
  readonly before: Entry;
  readonly after: Entry;
}

/** An entry of a different kind. The content of a folder that is replaced is deleted by separate actions. */
interface Replace extends Renamed {
  readonly kind: 'replace';
  readonly before: Entry;
  readonly after: Entry;
}

/** Another name of a file in the same tree (a hard link). */
export interface Link extends Renamed {
  readonly kind: 'link';
  readonly before?: Entry | undefined;
  readonly after: Entry;
  /** The first path of the group, in canonical order. */
  readonly leader: RelPath;
}

/**
 * The same entry under a new path; different metadata is set too. A folder takes its content with it, and what changes inside has
 * separate actions, at the new paths. `from` is the path in the target when the plan was made, before all moves.
 *
 * With the same folder and a name that differs only in spelling, it is a `Renamed` like others, and `carried` is absent.
 */
export interface Move extends Step {
  readonly kind: 'move';
  readonly from: RelPath;
  readonly before: Entry;
  readonly after: Entry;
  readonly carried?: Carried | undefined;
}

/** What a move carries to its new path, and how to recognise it there. */
export interface Carried extends Moved {
  /** The inode number in the target; undefined if the file system does not keep it. */
  readonly inode?: bigint | undefined;
}

/** What moves, at and below a path: the number of entries that are not folders, and the bytes of files, which are not copied. */
export interface Moved {
  readonly leaves: number;
  readonly bytes: number;
}

/** A change of metadata only. */
export interface Attrs extends Step {
  readonly kind: 'attrs';
  readonly before: Entry;
  readonly after: Entry;
}

/** Deletes an entry that is not a folder. */
export interface Delete extends Step {
  readonly kind: 'delete';
  readonly before: Entry;
  readonly after?: undefined;
}

/** Removes a folder that is empty by then. */
export interface Rmdir extends Step {
  readonly kind: 'rmdir';
  readonly before: Entry;
  readonly after?: undefined;
}

/** Would be deleted if it were certain that the source does not have it. It stays, with everything below it. */
export interface Blocked extends Step {
  readonly kind: 'blocked';
  readonly before: Entry;
  readonly after?: undefined;
  /** At and below the path: the number of entries that are not folders, and the bytes of files. */
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

/** The path in the target before the action renames it; undefined if the action does not rename. */
export function fromOf(action: Action): RelPath | undefined {
  return 'from' in action ? action.from : undefined;
}

/** Whether an action moves an entry to a path that is not just another spelling of the old one. */
export function isCarried(action: Action): action is Move {
  return action.kind === 'move' && action.carried !== undefined;
}

/** The path in the target before the action changes the spelling of its name; undefined if it does not. */
export function spelledFrom(action: Action): RelPath | undefined {
  return isCarried(action) ? undefined : fromOf(action);
}

/** What an action carries to another path, so that it need not be copied; undefined if there is nothing. */
export function carriedOf(action: Action): Carried | undefined {
  return action.kind === 'move' ? action.carried : undefined;
}

/**
 * Bytes of content that an action writes: the whole new file, because content is never written in part. A link, a move and an attrs
 * have the file's size in `after` but write no content.
 */
export function bytesOf(action: Action): number {
  return action.kind === 'create' || action.kind === 'update' || action.kind === 'replace' ? action.after.size : 0;
}

/** Bytes that an action affects: the bytes it writes, for a delete the bytes it frees, for a blocked action the bytes that stay. */
export function volumeOf(action: Action): number {
  if (action.kind === 'blocked') return action.bytes;
  return action.kind === 'delete' ? action.before.size : bytesOf(action);
}

/** Whether an action only restores the times of a folder whose content other actions change. Users do not review such actions. */
export function isUpkeep(action: Action): boolean {
  return action.kind === 'attrs' && action.reasons.length === 1 && action.reasons[0] === 'children';
}

/** Whether users review this action: it is neither upkeep nor blocked. */
export function isChange(action: Action): boolean {
  return action.kind !== 'blocked' && !isUpkeep(action);
}
