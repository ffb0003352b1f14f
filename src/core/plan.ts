/** What a plan is: an immutable, serialisable list of actions with all that is needed to check and explain it. */
import type {HeldNames, Symlinks} from './abilities.js';
import type {Action, ActionKind} from './action.js';
import type {Filtering, Tagged} from './filter.js';
import type {RelPath} from './path.js';
import type {Problem} from './problem.js';
import type {KeptXattrs} from './xattr.js';

/** What is compared and set, of what was asked for: only what this process may set, and the target can hold. */
export interface Kept extends KeptXattrs {
  readonly mode: boolean;
  /** Whether files may be given away. */
  readonly owner: boolean;
  /** The groups that the process may give a file to; 'any' for root. */
  readonly groups: 'any' | readonly number[];
  readonly times: boolean;
  readonly symlinks: Symlinks;
  /** Names of one file stay names of one file. */
  readonly hardlinks: boolean;
  /** In the target such names show one inode; else only what they hold tells that they are one. */
  readonly showsLinks: boolean;
  /** Holes are left out, not written as zeros. */
  readonly sparse: boolean;
  /** FIFOs and sockets. */
  readonly specials: boolean;
  readonly devices: boolean;
}

/** What becomes of symbolic links, where they are not to be links: what they lead to, or a file that holds what they say. */
export const LINKS_AS = ['content', 'text'] as const;
export type LinksAs = (typeof LINKS_AS)[number];

/** How files are compared, and what may be changed. It travels in the plan, so that apply does what was reviewed. */
export interface PlanOptions extends Kept, Filtering {
  /** What decides that a file's content is the same: size and mtime, size alone, or the content. */
  readonly compare: 'metadata' | 'size' | 'content';
  /** Times that differ by no more than this many nanoseconds are equal. */
  readonly mtimeWindow: bigint;
  /** The source cuts times to multiples of so many nanoseconds, where that is known: one that it comes to by that is equal to it. */
  readonly sourceResolution?: bigint | undefined;
  /** The earliest and the latest time that the target can hold, where they are known: it takes what lies beyond for these. */
  readonly mtimeRange?: TimeRange | undefined;
  readonly delete: boolean;
  /** What the source has not got is deleted before anything is written, to make room. */
  readonly deleteBefore: boolean;
  /** Also what may be, under another name, a file that could not be read or written. */
  readonly deleteAnyway: boolean;
  /** What a filter leaves out goes from the target too, instead of being protected there. Only where `delete` is set. */
  readonly deleteExcluded: boolean;
  /** Folders on other file systems than the root are copied without what is in them. */
  readonly oneFileSystem: boolean;
  /** Undefined: links stay links. */
  readonly linksAs?: LinksAs | undefined;
  /** Names that the target cannot hold are written in another way: see `Naming`. */
  readonly renameInvalid: boolean;
  /** Files of the source of fewer bytes, or of more, are left alone, and what the target has at their paths too. */
  readonly minSize?: number | undefined;
  readonly maxSize?: number | undefined;
  /** The guard `too-many-deletes` halts above this. */
  readonly maxDelete: MaxDelete;
}

/** Nanoseconds since 1970. */
export interface TimeRange {
  readonly min?: bigint | undefined;
  readonly max?: bigint | undefined;
}

/** What can be kept beside content and names; `--preserve` takes them by these names. */
export const PRESERVABLE = ['mode', 'owner', 'times', 'xattrs', 'acls', 'hardlinks', 'sparse', 'specials'] as const;
export type Preservable = (typeof PRESERVABLE)[number];

/** At most this many leaves, or this part (0 to 1) of the target's leaves. */
export type MaxDelete = {readonly count: number} | {readonly share: number};

/** A root and how it is known again. */
export interface PlanRoot {
  /** Absolute, with symlinks resolved; surrogateescape text. */
  readonly path: string;
  /** Undefined for a target that does not exist yet. */
  readonly identity?: RootIdentity | undefined;
  /** The names that are escaped in it, as the plan has read it: see `Naming`. */
  readonly escapes?: HeldNames | undefined;
}

/**
 * Tells whether a path still leads to the same folder. The device number is left out, since it may change with a reboot; a
 * birth time tells two file systems' roots apart, which often share inode 2.
 */
export interface RootIdentity {
  readonly inode: bigint;
  /** Nanoseconds since 1970; 0 where the file system keeps none. */
  readonly birthtime: bigint;
}

/** What a scan saw of one tree. */
export interface TreeTotals {
  /** All entries below the root. */
  readonly entries: number;
  /** Entries that are no folder. */
  readonly leaves: number;
  /** Bytes of all files. */
  readonly bytes: number;
  /** BLAKE3 over the canonical stream, hexadecimal. */
  readonly digest: string;
}

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
  /** The names of the owners that are set, where owners are kept by name. */
  readonly owners?: Owners | undefined;
  /** Number of the user who made the plan: what it makes belongs to them, where it sets no owners. */
  readonly plannedBy?: number | undefined;
  /** The source was absent and taken as empty (`--allow source-missing`). */
  readonly sourceMissing?: boolean | undefined;
  /** What guards judge besides the actions; absent in plans of programs that did not look. */
  readonly facts?: Facts | undefined;
  /** The .dirsyncignore files of the source; absent in plans of programs that did not keep them. */
  readonly rules?: Rules | undefined;
  /** The folders of the source that hold a tag; absent where there are none. */
  readonly tagged?: Tagged | undefined;
  /** Set when parts of the plan were left out by whoever reviewed it. */
  readonly narrowed?: Narrowed | undefined;
  /** What holds for the plan as a whole, each said once. */
  readonly warnings: readonly string[];
}

/** The .dirsyncignore files of a tree, each with its folder, in canonical order: as many as can be kept from one run to the next. */
export type Rules = readonly (readonly [folder: RelPath, text: string])[];

/** All that leaves something out of a tree, as it is remembered for the next plan. */
export interface RememberedFilters {
  readonly lines: readonly string[];
  readonly rules: Rules;
  readonly tagged: Tagged;
}

/**
 * What only the world can tell and guards judge: looked at when the plan is made, and what can change again before it is applied.
 * Absent: not known, or nothing to tell.
 */
export interface Facts {
  /** The target's own id, in its `.dirsync`. */
  readonly target?: Known | undefined;
  /** Files that tell what was met here before, and cannot be understood: a lost target would not be noticed. */
  readonly unread?: readonly Unread[] | undefined;
  /** The file system of the source: see `isSameFileSystem`. */
  readonly sourceFileSystem?: Known | undefined;
  /** Places below the source's root, and below the target's, at which something is mounted or was in earlier runs. */
  readonly sourceMounts?: readonly MountFacts[] | undefined;
  readonly targetMounts?: readonly MountFacts[] | undefined;
  /** An earlier run copied the other way: from what is now the target to what is now the source. */
  readonly reversed?: boolean | undefined;
  /** The file systems of the target: that of its root first, then those mounted in it, deeper ones after those above. */
  readonly space?: readonly Space[] | undefined;
  /** Folders of the target in which something is to be done, and that refuse it. */
  readonly notWritable?: Found | undefined;
  /** Number of the user to whom the part of the target's `.dirsync` belongs in which this user may not work. */
  readonly stateOwner?: number | undefined;
  /** Names of one folder of the source that are one name to the target. */
  readonly collisions?: Found | undefined;
  /** Paths to be deleted or overwritten that the filters of the last run kept. */
  readonly unfiltered?: Found | undefined;
}

/** How something is called now, and under which names it was met here before. */
export interface Known {
  readonly now?: string | undefined;
  readonly before: readonly string[];
}

/** What is mounted at a path, as `isSameFileSystem` compares it: '' for nothing. */
export interface MountFacts {
  readonly at: RelPath;
  readonly now: string;
  /** What was met there, in earlier runs and when the plan was made; empty for a path that is new. */
  readonly before: readonly string[];
}

/** A path at which something was mounted: its file systems, the last one first; '' if it is also fine without a mount. */
export interface KnownMount {
  readonly at: RelPath;
  readonly fileSystems: readonly string[];
}

export interface Unread {
  /** Absolute; surrogateescape text. */
  readonly file: string;
  /** An errno name, or a sentence. */
  readonly why: string;
}

export interface Found {
  readonly count: number;
  /** One of them. */
  readonly example: RelPath;
}

export interface Space {
  /** Where it is mounted in the target; the root for the target's own. */
  readonly at: RelPath;
  /** Bytes of a block: what a file takes is a multiple of it. */
  readonly block: number;
  /** Bytes that this user may write. */
  readonly free: number;
  /** Inodes that are left; undefined where there is no limit. */
  readonly freeInodes?: number | undefined;
  /** Bytes that the plan takes at most, holes and shared content left out: measured where the sizes alone would not fit. */
  readonly needed?: number | undefined;
}

/** Numbers by name, as they were where the plan was made. */
export interface Owners {
  readonly users: Readonly<Record<string, number>>;
  readonly groups: Readonly<Record<string, number>>;
}

/** How a plan was made from a larger one. */
export interface Narrowed {
  /** The id of the plan that it was made from. */
  readonly from: string;
  /** Changes (upkeep is none) that were left out. */
  readonly leftOut: number;
}

export type Overlap = 'same' | 'target-in-source' | 'source-in-target';

export interface Plan {
  readonly header: PlanHeader;
  /** In canonical order of their paths; a folder's own action before those below it. */
  readonly actions: readonly Action[];
  /** What scanning and comparing found wrong. */
  readonly problems: readonly Problem[];
}

export interface KindTotals {
  readonly count: number;
  /** As `volumeOf` counts them. */
  readonly bytes: number;
}

/** Counts of a plan. Upkeep (a folder's times put back) is counted apart: it is no change that a person reviews. */
export interface PlanSummary {
  readonly kinds: Readonly<Record<ActionKind, KindTotals>>;
  /** All actions but upkeep and what is blocked. */
  readonly changes: number;
  readonly upkeep: number;
  /** To be written: `bytesOf`. */
  readonly bytes: number;
  readonly problems: number;
}

/** A guard that would halt this plan. */
export interface Halt {
  readonly guard: GuardName;
  /** The guard's fixed sentence with its particulars. */
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
] as const;
export type GuardName = (typeof GUARD_NAMES)[number];
