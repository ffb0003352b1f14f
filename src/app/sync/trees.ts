/** The trees of a comparison, each a folder or a manifest. Nothing is written. */
import {setImmediate} from 'node:timers/promises';
import type {Digested} from '../../apply/question.js';
import {type Block, CODE, DIGEST_BYTES, kindOf, recoded} from '../../core/block.js';
import {BlockPaths} from '../../core/block-paths.js';
import {addSizes} from '../../core/entry.js';
import {DirsyncError} from '../../core/errors.js';
import {escapeName} from '../../core/escape.js';
import type {ManifestFacts, ManifestHeader} from '../../core/manifest.js';
import {isWithin, type RelPath} from '../../core/path.js';
import type {RememberedFilters, TreeTotals} from '../../core/plan.js';
import {type Problem, problem, type Side} from '../../core/problem.js';
import {Devices, decodeFrame, encodeFrame} from '../../formats/manifest-frame.js';
import {openManifestFile} from '../../formats/saved-manifest.js';
import type {Row} from '../../plan/reader.js';
import type {WorkerPool} from '../../platform/pool.js';
import type {Root} from '../../platform/roots.js';
import {KnownFilters} from '../../scan/known-filters.js';
import {type Context, Interrupted} from '../context.js';
import {askWorkers} from './ask.js';
import {viewOfTree} from './sides.js';
import {type ReadOptions, readTree} from './snapshot.js';

/** The digest of a file, or why it is not known. */
type KnownDigest = Uint8Array | Problem;

/** One tree of a comparison. Close it. */
export interface ComparedTree {
  /** The manifest's file; undefined for a folder. */
  readonly file: string | undefined;
  readonly header: ManifestHeader;
  readonly blocks: AsyncIterable<Block>;
  /** What is known when all blocks were read. */
  readonly facts: () => Promise<ManifestFacts>;
  /** The digests of the files at these paths. */
  readonly digests: (paths: readonly RelPath[]) => Promise<readonly KnownDigest[]>;
  /** Its row at a path; only of a manifest. */
  readonly rowAt?: ((path: RelPath) => Row | undefined) | undefined;
  readonly close: () => void;
}

/** Opens a manifest as a tree. `signal`: stops reading its blocks. @throws DirsyncError MANIFEST_… */
export function manifestTree(file: string, side: Side, signal: AbortSignal): ComparedTree {
  const {header, facts, rowAt, blocks, close} = openManifestFile(file);
  const ofSide = {...facts, problems: facts.problems.map((each) => ({...each, side}))};
  return {
    file,
    header,
    blocks: streamOf(blocks, signal),
    facts: async () => ofSide,
    digests: async (paths) => paths.map((path) => digestAt(rowAt(path)) ?? undigested(path, side)),
    rowAt,
    close,
  };
}

/** @throws Interrupted */
async function* streamOf(blocks: () => Iterable<Block>, signal: AbortSignal): AsyncGenerator<Block> {
  for (const block of blocks()) {
    yield block;
    // Otherwise signals would not be heard until the end.
    await setImmediate();
    if (signal.aborted) throw new Interrupted();
  }
}

/** The digest of a row; undefined if its content was not read. */
export function digestAt(row: Row | undefined): Uint8Array | undefined {
  if (row === undefined || row.block.code[row.index] !== CODE.file) return undefined;
  const digest = row.block.digests?.subarray(DIGEST_BYTES * row.index, DIGEST_BYTES * (row.index + 1));
  return digest?.some((byte) => byte !== 0) ? digest : undefined;
}

function undigested(path: RelPath, side: Side): Problem {
  return problem({path, side, phase: 'plan', code: 'NOT_DIGESTED'});
}

/** Starts to read a folder. Its digests are made when they are asked for. */
export function folderTree(options: ReadOptions, pool: WorkerPool, context: Context): ComparedTree {
  const {root, side = 'source', settings} = options;
  const {header, blocks, facts} = readTree(options, pool, context);
  const view = viewOfTree(root.path, side, {...settings, renameInvalid: settings.renameInvalid ?? false});
  const roots = {source: root, target: root, sourceMissing: undefined};
  const digests = async (paths: readonly RelPath[]) => {
    const asked = {pool, roots, views: {source: view, target: view}, from: options.workers};
    const answers = await askWorkers<Digested | Problem>('digest', paths, asked);
    return answers.map((answer) => ('digest' in answer ? answer.digest : {...answer, side}));
  };
  return {file: undefined, header, blocks, facts, digests, close: () => undefined};
}

/** A target that does not exist yet. `like`: the header of another tree, for its options. */
export function missingTree(root: Root, like: ManifestHeader): ComparedTree {
  const facts: ManifestFacts = {
    totals: {entries: 0, leaves: 0, bytes: 0, digest: ''},
    owners: {users: {}, groups: {}},
    rules: [],
    tagged: [],
    isCut: false,
    problems: [],
    unlisted: 0,
    warnings: [],
  };
  return {
    file: undefined,
    header: {...like, root: {path: root.path}},
    blocks: (async function* () {})(),
    facts: async () => facts,
    digests: async () => [],
    close: () => undefined,
  };
}

/** Reads a tree to its end and keeps its rows in packed form, since its filter rules must be known before another tree is read. */
export async function collected(tree: ComparedTree, signal: AbortSignal): Promise<ComparedTree> {
  const devices = new Devices();
  const frames: Uint8Array[] = [];
  for await (const block of tree.blocks) frames.push(encodeFrame(block, devices));
  const facts = await tree.facts();
  return {...tree, blocks: streamOf(() => decoded(frames, devices), signal), facts: async () => facts};
}

function* decoded(frames: readonly Uint8Array[], {numbers}: Devices): Generator<Block> {
  for (const frame of frames) yield decodeFrame(frame, numbers);
}

/** The rows of a tree with what these filters leave out marked as that, without its content. */
export async function* filtered(blocks: AsyncIterable<Block>, filters: RememberedFilters): AsyncGenerator<Block> {
  const known = new KnownFilters(filters);
  const paths = new BlockPaths();
  let out: RelPath | undefined;
  for await (const block of blocks) {
    const at = [...paths.rows(block)];
    const left = recoded(block, (i) => {
      const path = at[i] as RelPath;
      if (out !== undefined && isWithin(path, out)) return undefined;
      const code = block.code[i] as number;
      if (code === CODE.excluded || !known.excludes(path, code === CODE.directory)) return code;
      out = path;
      return CODE.excluded;
    });
    if (left.count > 0) yield left;
  }
}

/** Counts the entries of a tree on the way, without its root. */
export class EntryCount {
  #entries = 0;
  #leaves = 0;
  #bytes = 0;

  async *watch(blocks: AsyncIterable<Block>): AsyncGenerator<Block> {
    for await (const block of blocks) {
      for (let i = 0; i < block.count; i++) {
        const kind = kindOf(block.code[i] as number);
        if (kind === undefined || block.depth[i] === 0) continue;
        this.#entries++;
        if (kind === 'directory') continue;
        this.#leaves++;
        this.#bytes = addSizes(this.#bytes, block.size[i] as number);
      }
      yield block;
    }
  }

  /** `digest`: that of the whole tree, without the filters of the plan. */
  totals(digest: string): TreeTotals {
    return {entries: this.#entries, leaves: this.#leaves, bytes: this.#bytes, digest};
  }
}

/** Compares files by their digests. */
export async function sameDigests(
  trees: Readonly<Record<Side, ComparedTree>>,
  paths: Readonly<Record<Side, readonly RelPath[]>>,
): Promise<(boolean | Problem)[]> {
  const blind = (['source', 'target'] as const).find((side) => !hasDigests(trees[side]));
  if (blind !== undefined) return paths.source.map((path) => undigested(path, blind));
  const [source, target] = await Promise.all([trees.source.digests(paths.source), trees.target.digests(paths.target)]);
  return source.map((one, i) => {
    const other = target[i] as KnownDigest;
    if ('code' in one) return one;
    return 'code' in other ? {...other, path: paths.source[i] as RelPath} : Buffer.compare(one, other) === 0;
  });
}

/** Whether the content of its files is known, or can be read. */
function hasDigests({file, header}: ComparedTree): boolean {
  return file === undefined || header.options.digest;
}

/** @throws DirsyncError USAGE if content is to be compared and a manifest has no digests. */
export function checkDigests(trees: Readonly<Record<Side, ComparedTree>>): void {
  for (const tree of [trees.source, trees.target]) {
    if (hasDigests(tree)) continue;
    const detail = `${escapeName(tree.file ?? '')} has no digests, so content cannot be compared`;
    throw new DirsyncError('USAGE', detail, 'make it with `dirsync snapshot --digest`, or leave out --checksum');
  }
}
