/** Manifests: the snapshot of one tree. Its entries are a stream of blocks, as from a scan; this is what else is known about it. */
import type {Entry} from './entry.js';
import type {Filtering, Tagged} from './filter.js';
import type {Folding} from './name.js';
import type {RelPath} from './path.js';
import type {LinksAs, Owners, PlanRoot, Preservable, Rules, TimeRange, TreeTotals} from './plan.js';
import type {Problem} from './problem.js';
import type {PreservedXattrs} from './xattr.js';

/** What is known about a snapshot before its tree is read. */
export interface ManifestHeader {
  readonly id: string;
  /** When reading began, ISO 8601 UTC. */
  readonly created: string;
  /** Program and version. */
  readonly writer: string;
  readonly root: PlanRoot;
  readonly options: SnapshotOptions;
  readonly fileSystem: TreeFileSystem;
}

/** How the tree was read. */
export interface SnapshotOptions extends Filtering {
  readonly oneFileSystem: boolean;
  readonly linksAs?: LinksAs | undefined;
  /** Whether the content of files was read too. */
  readonly digest: boolean;
  /** The extended attributes that were read. */
  readonly read: PreservedXattrs;
}

/** The file system of the tree, as far as plans depend on it. */
export interface TreeFileSystem {
  /** As in mount(8); undefined if unknown. */
  readonly type?: string | undefined;
  /** Attributes that its driver makes up. */
  readonly madeUp: readonly Preservable[];
  /** The precision of its times in nanoseconds, and the times that it can store. */
  readonly resolution: bigint;
  readonly range: TimeRange;
  /** The extended attributes that it supports. */
  readonly supports: PreservedXattrs;
  readonly largestFile?: number | undefined;
  /** How it folds names; undefined if it does not. */
  readonly folding?: Folding | undefined;
}

/** What is known about a snapshot after its tree was read. */
export interface ManifestFacts {
  readonly totals: TreeTotals;
  /** The names of the owners in the tree, on the machine where it was read. */
  readonly owners: Owners;
  /** The .dirsyncignore files, and the folders with a tag. */
  readonly rules: Rules;
  readonly tagged: Tagged;
  /** Whether there were too many of them to list all. */
  readonly isCut: boolean;
  /** The first problems, and the number of further ones. */
  readonly problems: readonly Problem[];
  readonly unlisted: number;
  readonly warnings: readonly string[];
}

/** A manifest to show. */
export interface ShownManifest {
  /** As the user named it. */
  readonly file: string;
  /** Identifies the manifest; hexadecimal. */
  readonly checksum: string;
  readonly header: ManifestHeader;
  readonly facts: ManifestFacts;
  /** All entries, if they are wanted. */
  readonly entries?: (() => Iterable<ManifestEntry>) | undefined;
}

/** A row of a manifest. */
export interface ManifestEntry {
  readonly path: RelPath;
  /** Undefined for what a filter left out, and for what could not be read. */
  readonly entry: Entry | undefined;
  readonly state: 'known' | 'excluded' | 'unknown';
  /** The BLAKE3 of a file's content, if it was read; hexadecimal. */
  readonly digest?: string | undefined;
}
