/** Reads a tree as it is, for a manifest: with everything that can be read. Writes nothing in it. */
import {availableParallelism} from 'node:os';
import {typedPatterns} from '../../config/patterns.js';
import {parseFileName, parseRate} from '../../config/quantity.js';
import type {SettingFlags, Settings} from '../../config/settings.js';
import {type Block, kindOf} from '../../core/block.js';
import type {ManifestFacts, ManifestHeader, ShownManifest, TreeFileSystem} from '../../core/manifest.js';
import {toByteName} from '../../core/name.js';
import type {Problem, Side} from '../../core/problem.js';
import {XATTR_NAMESPACES} from '../../core/xattr.js';
import {type ReadTree, writeManifestFile} from '../../formats/saved-manifest.js';
import {namesOf as accountNames, type Database} from '../../platform/accounts.js';
import {platform} from '../../platform/choose.js';
import type {WorkerPool} from '../../platform/pool.js';
import {findSource, type Root} from '../../platform/roots.js';
import {FilterScope} from '../../scan/filter.js';
import {idlePatterns} from '../../scan/idle.js';
import {ScanStopped, startScan} from '../../scan/scan.js';
import {type Context, Interrupted, newId, type Workers, withWorkers} from '../context.js';
import {VERSION} from '../version.js';
import {withDigests} from './digests.js';
import {namesOf} from './facts.js';
import {idleWarnings, rootNames} from './filters.js';
import {outInTree} from './own-files.js';
import {hiddenNamingWarnings, viewOfTree} from './sides.js';
import {sourceFacts} from './source-facts.js';

/** How a tree is read. */
export interface SnapshotSettings
  extends Pick<Settings, 'filters' | 'excludeCaches' | 'excludeIfPresent' | 'oneFileSystem' | 'linksAs' | 'rate' | 'ioPriority'> {
  /** Whether the content of files is read too. */
  readonly digest: boolean;
  /** Only for a target: whether names that it refuses are escaped. */
  readonly renameInvalid?: boolean;
}

/** Returns the settings of a command line. @throws DirsyncError USAGE for a value that is not valid. */
export function snapshotSettings(flags: SettingFlags, digest: boolean): SnapshotSettings {
  return {
    filters: flags.filters,
    excludeCaches: flags.excludeCaches ?? false,
    excludeIfPresent: (flags.excludeIfPresent ?? []).map(parseFileName),
    oneFileSystem: flags.oneFileSystem ?? false,
    linksAs: flags.linksAs,
    rate: parseRate(flags.rate ?? '0'),
    ioPriority: flags.ioPriority ?? 'normal',
    digest,
  };
}

/** The most problems that a manifest lists. */
const MAX_PROBLEMS = 100_000;
const PROGRESS_MS = 200;

/** Returns the workers that read trees with these settings; `trees`: their number. */
export function workersToRead({digest, rate, ioPriority}: SnapshotSettings, trees: number): Workers {
  return {size: digest ? trees + availableParallelism() : undefined, rate, ioPriority};
}

/** Reads a tree and writes its manifest to `file`. @throws DirsyncError; Interrupted; then no manifest is written. */
export function takeSnapshot(folder: string, file: string, settings: SnapshotSettings, context: Context): Promise<ShownManifest> {
  return withWorkers(workersToRead(settings, 1), context, async (pool) => {
    const root = findSource(folder);
    const out = outInTree(file, root.path);
    const tree = readTree({folder, root, settings, out, worker: 0, workers: 1}, pool, context);
    const timer = setInterval(() => {
      context.onEvent({type: 'snapshot-progress', entries: pool.counter(0, 0), bytes: tree.bytes()});
    }, PROGRESS_MS);
    try {
      const {checksum, facts} = await writeManifestFile(file, tree);
      return {file, checksum, header: tree.header, facts};
    } catch (error) {
      if (error instanceof ScanStopped || context.signal.aborted) throw new Interrupted();
      throw error;
    } finally {
      clearInterval(timer);
    }
  });
}

export interface ReadOptions {
  /** As typed. */
  readonly folder: string;
  readonly root: Root;
  readonly settings: SnapshotSettings;
  /** Patterns for the file that is written, if it is in the tree. */
  readonly out?: readonly string[];
  /**
   * As a target, nothing is left out, since the filters of the source decide about that; and what killed runs have renamed gets its
   * old name. Default: as a source.
   */
  readonly side?: Side;
  /** The number of the worker that scans, and how many workers scan. */
  readonly worker: number;
  readonly workers: number;
}

/** A tree that is being read. */
export interface OpenTree extends ReadTree {
  /** Bytes of content that were read so far. */
  readonly bytes: () => number;
}

/** Starts to read a tree. */
export function readTree(
  {folder, root, settings, out = [], side = 'source', worker, workers}: ReadOptions,
  pool: WorkerPool,
  {now, signal}: Context,
): OpenTree {
  const patterns = typedPatterns(settings.filters);
  const filters = [...patterns.map(({pattern}) => pattern), ...out];
  const {excludeCaches, excludeIfPresent, oneFileSystem, linksAs, digest} = settings;
  // Invalid filters are refused here, because an error in a worker would be reported as a bug.
  FilterScope.root(filters);
  const typedNames = rootNames([root.path], [folder]);
  const {preservesAll} = platform();
  const fileSystem = fileSystemOf(root);
  const all = {xattrs: preservesAll ? XATTR_NAMESPACES : [], acls: preservesAll};
  // Some targets return errors for attributes that they do not support.
  const read = side === 'source' ? all : fileSystem.supports;
  const view = viewOfTree(root.path, side, {linksAs, renameInvalid: settings.renameInvalid ?? false, oneFileSystem});
  const {leftRenamed} = namesOf(root.bytes);
  const scan = startScan(pool, worker, {
    type: 'scan',
    side,
    root: root.bytes,
    view,
    ...(side === 'target' && {isWhole: true, leftRenamed}),
    rootNames: typedNames,
    filters,
    excludeCaches,
    excludeIfPresent,
    preserved: read,
    oneFileSystem,
  });
  const started = now();
  const owners = new OwnerNumbers();
  const unread: Problem[] = [];
  let bytes = 0;
  const roots = {source: root, target: root, sourceMissing: undefined};
  const hashed = (blocks: AsyncIterable<Block>) =>
    withDigests(blocks, {
      pool,
      roots,
      views: {source: view, target: view},
      from: workers,
      onProblem: (problem) => unread.push(problem),
      onBytes: (more) => {
        bytes += more;
      },
    });
  const header: ManifestHeader = {
    id: newId(started),
    created: started.toISOString(),
    writer: `dirsync ${VERSION}`,
    root: {path: root.path, identity: root.identity, escapes: view.names},
    options: {filters, excludeCaches, excludeIfPresent, oneFileSystem, linksAs, digest, read},
    fileSystem,
  };
  const facts = async (): Promise<ManifestFacts> => {
    if (signal.aborted) throw new Interrupted();
    const {totals, rules, tagged, idle} = await scan.answer;
    const problems = [...scan.problems, ...unread];
    const warnings = [...idleWarnings([...idlePatterns(patterns, typedNames), ...idle]), ...hiddenNamingWarnings({source: root})];
    return {
      totals,
      owners: owners.named(),
      rules: rules.items,
      tagged: tagged.items,
      isCut: rules.isCut || tagged.isCut,
      problems: problems.slice(0, MAX_PROBLEMS),
      unlisted: Math.max(0, problems.length - MAX_PROBLEMS),
      warnings,
    };
  };
  return {header, blocks: owners.watch(digest ? hashed(scan.blocks) : scan.blocks), facts, bytes: () => bytes};
}

function fileSystemOf(root: Root): TreeFileSystem {
  const {type, madeUp, resolution} = sourceFacts(root.bytes);
  const {folding} = namesOf(root.bytes);
  const backend = platform();
  const folder = backend.openRoot(toByteName(root.path));
  try {
    const {preserves, times, largestFile} = backend.fileSystem(folder);
    return {type, madeUp, resolution, range: times.range, supports: preserves, largestFile, folding};
  } finally {
    backend.close(folder);
  }
}

/** Collects the numbers of all owners on the way. */
class OwnerNumbers {
  readonly #users = new Set<number>();
  readonly #groups = new Set<number>();

  async *watch(blocks: AsyncIterable<Block>): AsyncGenerator<Block> {
    for await (const block of blocks) {
      for (let i = 0; i < block.count; i++) {
        if (kindOf(block.code[i] as number) === undefined) continue;
        this.#users.add(block.uid[i] as number);
        this.#groups.add(block.gid[i] as number);
      }
      yield block;
    }
  }

  /** The names of those that have one, with their numbers. */
  named(): ManifestFacts['owners'] {
    return {users: namesIn('passwd', this.#users), groups: namesIn('group', this.#groups)};
  }
}

function namesIn(database: Database, ids: ReadonlySet<number>): Record<string, number> {
  const sorted = [...ids].sort((a, b) => a - b);
  return Object.fromEntries([...accountNames(database, sorted)].map(([id, name]) => [name, id]));
}
