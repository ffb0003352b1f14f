/** Plans: immutable, serialisable lists of actions with everything needed to check and explain them. */
import type {HeldNames, Symlinks} from './abilities.js';
import type {Action, ActionKind, Moved, TargetDrift} from './action.js';
import type {Filtering, Tagged} from './filter.js';
import type {RelPath} from './path.js';
import type {Problem} from './problem.js';
import type {PreservedXattrs} from './xattr.js';

/** The metadata that is compared and set: what was requested, limited to what this process may set and the target can hold. */
export interface Preserved extends PreservedXattrs {
  readonly mode: boolean;
  /** Whether this process may set owners. */
  readonly owner: boolean;
  /** The groups that this process may set; 'any' for root. */
  readonly groups: 'any' | readonly number[];
  readonly times: boolean;
  readonly symlinks: Symlinks;
  /** Hard links are preserved. */
  readonly hardlinks: boolean;
  /** Hard links in the target show the same inode; if not, only their content shows that they are one file. */
  readonly showsLinks: boolean;
  /** Holes are preserved, not written as zeros. */
  readonly sparse: boolean;
  /** FIFOs and sockets. */
  readonly specials: boolean;
  readonly devices: boolean;
}

/** What to copy instead of symbolic links: the file or folder that a link points to, or a small file with the link's text. */
export const LINKS_AS = ['content', 'text'] as const;
export type LinksAs = (typeof LINKS_AS)[number];

/** The default of `PlanOptions.moveCheckLimit`, as it is typed. */
export const DEFAULT_MOVE_CHECK = '1GiB';

/** How files are compared, and what may be changed. Stored in the plan, so that apply does what was reviewed. */
export interface PlanOptions extends Preserved, Filtering {
  /** What decides that a file's content is the same: size and mtime, only the size, or the content itself. */
  readonly compare: 'metadata' | 'size' | 'content';
  /** Times that differ by no more than this are equal, in nanoseconds. */
  readonly mtimeWindow: bigint;
  /** The resolution of the source's times in nanoseconds, if known: a time that is equal after truncation to it counts as equal. */
  readonly sourceResolution?: bigint | undefined;
  /** The earliest and latest time that the target can hold, if known: times beyond are stored as one of these. */
  readonly mtimeRange?: TimeRange | undefined;
  readonly delete: boolean;
  /** Delete before writing, to make room. */
  readonly deleteBefore: boolean;
  /** Also delete entries that may be the only copy of a file that could not be read or written. */
  readonly deleteAnyway: boolean;
  /** Delete from the target what a filter leaves out, instead of protecting it. Only if `delete` is set. */
  readonly deleteExcluded: boolean;
  /** Folders on other file systems are copied without their content. */
  readonly oneFileSystem: boolean;
  /** Undefined: links are copied as links. */
  readonly linksAs?: LinksAs | undefined;
  /** Names that the target cannot hold are escaped: see `Naming`. */
  readonly renameInvalid: boolean;
  /** Entries that were renamed in the source are renamed in the target. */
  readonly moves: boolean;
  /** The most bytes of each tree that are read to find moved files where nothing is remembered. */
  readonly moveCheckLimit: number;
  /** Files with fewer bytes than `minSize`, or more than `maxSize`, are left alone on both sides. */
  readonly minSize?: number | undefined;
  readonly maxSize?: number | undefined;
  /** What to do with actions that have target drift: do them, leave them out, or halt. */
  readonly onDrift: OnDrift;
  /** The guard `too-many-deletes` halts above this. */
  readonly maxDelete: MaxDelete;
}

/** The values of `--on-drift`. */
export const ON_DRIFT = ['overwrite', 'keep', 'fail'] as const;
export type OnDrift = (typeof ON_DRIFT)[number];

/** Nanoseconds since 1970. */
export interface TimeRange {
  readonly min?: bigint | undefined;
  readonly max?: bigint | undefined;
}

/** What can be preserved in addition to content and names; the values of `--preserve`. */
export const PRESERVABLE = ['mode', 'owner', 'times', 'xattrs', 'acls', 'hardlinks', 'sparse', 'specials'] as const;
export type Preservable = (typeof PRESERVABLE)[number];

/** At most this many leaves, or this share (0 to 1) of the target's leaves. */
export type MaxDelete = {readonly count: number} | {readonly share: number};

/** A root, and how to recognise it again. */
export interface PlanRoot {
  /** Absolute, with symlinks resolved; surrogateescape text. */
  readonly path: string;
  /** Undefined for a target that does not exist yet. */
  readonly identity?: RootIdentity | undefined;
  /** Which names were escaped in it when the plan was made: see `Naming`. */
  readonly escapes?: HeldNames | undefined;
}

/**
 * Identifies a folder, to check that a path still leads to it. It has no device number, because that may change with a reboot. The
 * birth time distinguishes the roots of two file systems, which often share inode 2.
 */
export interface RootIdentity {
  readonly inode: bigint;
  /** Nanoseconds since 1970; 0 if the file system keeps no birth time. */
  readonly birthtime: bigint;
}

/** Totals of one scanned tree. */
export interface TreeTotals {
  /** All entries below the root. */
  readonly entries: number;
  /** Entries that are not folders. */
  readonly leaves: number;
  /** Bytes of all files. */
  readonly bytes: number;
  /** BLAKE3 over the canonical stream, hexadecimal. */
  readonly digest: string;
}

/** Everything that holds for a plan as a whole. */
export interface PlanHeader {
  readonly id: string;
  /** When planning began, ISO 8601 UTC. */
  readonly created: string;
  /** Program and version, such as "dirsync 0.1.0". */
  readonly writer: string;
  readonly source: PlanRoot;
  readonly target: PlanRoot;
  readonly options: PlanOptions;
  readonly totals: {readonly source: TreeTotals; readonly target: TreeTotals};
  /** How the roots overlap, if they do: the guard `same-tree`. */
  readonly overlap?: Overlap | undefined;
  /** The names of the owners to set, if owners are identified by name. */
  readonly owners?: Owners | undefined;
  /** The uid of the user who made the plan. If the plan sets no owners, new entries belong to that user. */
  readonly plannedBy?: number | undefined;
  /** The source did not exist and was treated as empty (`--allow source-missing`). */
  readonly sourceMissing?: boolean | undefined;
  /** What guards judge in addition to the actions; absent in plans of versions that did not collect facts. */
  readonly facts?: Facts | undefined;
  /** The .dirsyncignore files of the source; absent in plans of versions that did not keep them. */
  readonly rules?: Rules | undefined;
  /** The folders of the source that contain a tag; absent if there are none. */
  readonly tagged?: Tagged | undefined;
  /** Present if parts of the plan were left out, in review or by flags. */
  readonly narrowed?: Narrowed | undefined;
  /** The two trees were only compared: the target is the earlier one. It is not in plan files, since it cannot be applied. */
  readonly compared?: true | undefined;
  /** Warnings about the plan as a whole, each only once. */
  readonly warnings: readonly string[];
}

/** The .dirsyncignore files of a tree with their folders, in canonical order. A limited amount is kept from one run to the next. */
export type Rules = readonly (readonly [folder: RelPath, text: string])[];

/** All that leaves something out of a tree, as it is remembered for the next plan. */
export interface RememberedFilters {
  readonly lines: readonly string[];
  readonly rules: Rules;
  readonly tagged: Tagged;
}

/**
 * Facts for the guards that the actions do not show. They are collected when the plan is made; those that can change are collected
 * again before it is applied. Absent: not known, or nothing found.
 */
export interface Facts {
  /** The target's own id, in its `.dirsync`. */
  readonly target?: Known | undefined;
  /** Records of earlier runs that cannot be read: without them, a lost target would not be noticed. */
  readonly unread?: readonly Unread[] | undefined;
  /** The file system of the source: see `isSameFileSystem`. */
  readonly sourceFileSystem?: Known | undefined;
  /** Mount points below each root, current and from earlier runs. */
  readonly sourceMounts?: readonly MountFacts[] | undefined;
  readonly targetMounts?: readonly MountFacts[] | undefined;
  /** An earlier run copied in the other direction, from the current target to the current source. */
  readonly reversed?: boolean | undefined;
  /** The file systems of the target: first the one of its root, then those mounted in it, deeper ones last. */
  readonly space?: readonly Space[] | undefined;
  /** Folders of the target in which the plan changes something and that are not writable. */
  readonly notWritable?: Found | undefined;
  /** The uid of the owner of the target's `.dirsync`, if this user cannot write to it. */
  readonly stateOwner?: number | undefined;
  /** Names in the same folder of the source that the target treats as one name. */
  readonly collisions?: Found | undefined;
  /** Paths to be deleted or overwritten that the filters of the last run protected. */
  readonly unfiltered?: Found | undefined;
}

/** The current name of something, and its names in earlier runs. */
export interface Known {
  readonly now?: string | undefined;
  readonly before: readonly string[];
}

/** What is mounted at a path: names for `isSameFileSystem`, or '' for nothing. */
export interface MountFacts {
  readonly at: RelPath;
  readonly now: string;
  /** What was mounted there in earlier runs and when the plan was made; empty for a new path. */
  readonly before: readonly string[];
}

/** A path at which something was mounted: its file systems, the last one first; '' if it is also fine without a mount. */
export interface KnownMount {
  readonly at: RelPath;
  readonly fileSystems: readonly string[];
}

/** A record that could not be read, and why. */
export interface Unread {
  /** Absolute; surrogateescape text. */
  readonly file: string;
  /** An errno name, or a sentence. */
  readonly why: string;
}

/** Paths found by a check: how many, and one example. */
export interface Found {
  readonly count: number;
  /** One of them. */
  readonly example: RelPath;
}

/** The free space of one file system of the target. */
export interface Space {
  /** Its mount point in the target; the root for the target's own file system. */
  readonly at: RelPath;
  /** The block size in bytes: the space of a file is a multiple of it. */
  readonly block: number;
  /** Free bytes for this user. */
  readonly free: number;
  /** Free inodes; undefined if there is no limit. */
  readonly freeInodes?: number | undefined;
  /** The most bytes that the plan needs without holes and shared content; measured only if the sizes alone would not fit. */
  readonly needed?: number | undefined;
}

/** Ids by name, on the machine where the plan was made. */
export interface Owners {
  readonly users: Readonly<Record<string, number>>;
  readonly groups: Readonly<Record<string, number>>;
}

/** How a plan was derived from a larger one. */
export interface Narrowed {
  /** The id of the original plan. */
  readonly from: string;
  /** The number of changes, without upkeep, that were left out. */
  readonly leftOut: number;
}

export type Overlap = 'same' | 'target-in-source' | 'source-in-target';

/** A plan in memory. */
export interface Plan {
  readonly header: PlanHeader;
  /** In canonical order of their paths, so a folder's action comes before those below it. */
  readonly actions: readonly Action[];
  /** Problems found while scanning and comparing. */
  readonly problems: readonly Problem[];
}

/** Totals of the actions of one kind. */
export interface KindTotals {
  readonly count: number;
  /** As `volumeOf` counts them; for moves, the bytes that are not copied. */
  readonly bytes: number;
}

/** Counts of a plan. Upkeep (restoring a folder's times) is counted separately, because users do not review it. */
export interface PlanSummary {
  readonly kinds: Readonly<Record<ActionKind, KindTotals>>;
  /** All actions except upkeep and blocked ones. */
  readonly changes: number;
  readonly upkeep: number;
  /** Bytes to write (`bytesOf`). */
  readonly bytes: number;
  /** What moves instead of being copied. */
  readonly moved: Moved;
  /** The number of actions with target drift, by what somebody did there. */
  readonly targetDrift: Readonly<Record<TargetDrift, number>>;
  readonly problems: number;
}

/** A guard that this plan trips. */
export interface Halt {
  readonly guard: GuardName;
  /** The guard's sentence with its details, escaped. */
  readonly message: string;
  /** Named in `--allow`, so it does not halt. */
  readonly allowed: boolean;
}

export const GUARD_NAMES = [
  'same-tree',
  'reversed',
  'source-missing',
  'unreadable-source',
  'source-empty',
  'source-fs-changed',
  'target-lost',
  'memory-unreadable',
  'not-writable',
  'no-space',
  'name-collision',
  'too-many-deletes',
  'everything-changed',
  'filters-changed',
  'target-drift',
] as const;
export type GuardName = (typeof GUARD_NAMES)[number];
