/** The open trees of a worker: opened once, kept between batches, and closed when the worker leaves. */
import type {Abilities} from '../core/abilities.js';
import type {Filtering} from '../core/filter.js';
import type {ByteName} from '../core/name.js';
import {holderOf} from '../core/naming.js';
import type {RelPath} from '../core/path.js';
import type {PlanOptions} from '../core/plan.js';
import type {Side} from '../core/problem.js';
import {TimeLearner} from '../core/times.js';
import {platform} from '../platform/choose.js';
import {Cursor} from '../platform/cursor.js';
import type {Folder, Pace} from '../platform/platform.js';
import {openMarked, type RootMark} from '../platform/roots.js';
import {openStaging, type Staging} from '../state/staging.js';
import type {Opened} from '../state/traces.js';
import type {Rules} from './approach.js';
import {inSource, type World} from './check.js';
import {FullVolumes} from './full.js';
import {FolderNames} from './names.js';
import type {Flushed} from './step.js';

/** What all batches of a run share. */
export interface ApplyContext {
  readonly runId: string;
  /** Undefined if it is missing and counts as empty. */
  readonly source: RootMark | undefined;
  /** Its path in that case. */
  readonly missing: ByteName | undefined;
  /** Undefined until the target's root exists: it is made before any action in it. */
  readonly target: RootMark | undefined;
  /** See `World`. */
  readonly policy: PlanOptions;
  readonly abilities: Abilities | undefined;
  readonly isShared: boolean;
  readonly moves: ReadonlyMap<RelPath, RelPath>;
  readonly hasRings: boolean;
  readonly foldsNames: boolean;
  readonly rules: Rules;
  readonly flushed: Flushed;
  /** The umask for new files, if modes are not preserved. */
  readonly umask: number;
  /** The mounts that may be in the two trees; undefined if unknown. */
  readonly mounts: ReadonlySet<number> | undefined;
  /** Paths at which something must still be mounted, as when the guards checked. Otherwise nothing is done below them. */
  readonly mountPoints: Readonly<Record<Side, ReadonlySet<RelPath>>>;
}

/** Whether the filters exclude a path; the rules of each folder are read only once. */
export type LeftOut = (source: Folder, filtering: Filtering) => (path: RelPath, isFolder: boolean) => boolean;

/** One session per context. */
export class Session {
  readonly learner = new TimeLearner();
  /** Whether a root was replaced: this is reported once, and nothing more is done. */
  isLost = false;
  readonly #opened = new Map<string, number>() as World['opened'];
  #wave: string | undefined;
  #trees: {readonly world: World; readonly full: FullVolumes; readonly roots: readonly Folder[]} | undefined;
  #staging: Staging | undefined;
  #isLeftOut: ReturnType<LeftOut> | undefined;

  constructor(
    readonly context: ApplyContext,
    private readonly tools: {readonly worker: number; readonly leftOut: LeftOut; readonly pace: Pace},
    private readonly goOn: () => boolean,
  ) {}

  /** The cursors of both trees start again with each wave, since the wave before may have replaced or moved folders. */
  begin(wave: string, opened: readonly Opened[] = []): void {
    for (const {path, mode} of opened) this.#opened.set(path, mode);
    if (this.#wave === wave) return;
    this.#wave = wave;
    this.forgetWays();
  }

  forgetWays(): void {
    for (const cursor of this.#cursors) cursor?.reset();
    this.#isLeftOut = undefined;
    this.#resetNames();
  }

  endNotes(): void {
    this.#staging?.endNotes();
  }

  #resetNames(): void {
    const {source, target} = this.#trees?.world.names ?? {};
    for (const names of [source, target]) names?.reset();
  }

  /** @throws SystemError if a root cannot be opened; RootReplaced. */
  get world(): World {
    return this.#open().world;
  }

  get full(): FullVolumes {
    return this.#open().full;
  }

  /** It is made by the first step that needs it, since a full disk has no space for it but entries to delete. */
  get staging(): Staging {
    const {world} = this.#open();
    const {root} = world.target as Cursor;
    this.#staging ??= openStaging({platform: world.platform, root, runId: this.context.runId, worker: this.tools.worker});
    return this.#staging;
  }

  /** Closes the trees. Open descriptors belong to the process, so the end of a worker's thread does not close them. */
  close(): void {
    this.forgetWays();
    this.#staging?.close();
    if (this.#trees === undefined) return;
    const {world, roots} = this.#trees;
    for (const folder of [...roots, ...world.volumes.values()]) world.platform.close(folder);
  }

  get #cursors(): readonly (Cursor | undefined)[] {
    const {source, target, leaders} = this.#trees?.world ?? {};
    return [source, target, leaders];
  }

  #open() {
    this.#trees ??= this.#openTrees();
    return this.#trees;
  }

  #openTrees() {
    const fs = platform();
    const {context, tools, goOn} = this;
    const target = context.target && openMarked(context.target, 'target');
    let source: Folder | undefined;
    try {
      if (context.source !== undefined) source = inSource(() => openMarked(context.source as RootMark, 'source'));
    } catch (error) {
      if (target !== undefined) fs.close(target);
      throw error;
    }
    // Times are compared only as exactly as this backend stores them.
    const coarse = fs.timeResolution > 1n && fs.timeResolution > context.policy.mtimeWindow;
    const policy = coarse ? {...context.policy, mtimeWindow: fs.timeResolution} : context.policy;
    const {mounts, mountPoints} = context;
    const sourceWay = (root: Folder) => new Cursor(fs, root, mounts, mountPoints.source);
    const targetWay = (root: Folder) => new Cursor(fs, root, mounts, mountPoints.target);
    const way = target && targetWay(target);
    return {
      roots: [source, target].filter((root) => root !== undefined),
      full: new FullVolumes(way),
      world: {
        platform: fs,
        source: source && sourceWay(source),
        missing: context.missing,
        target: way,
        leaders: target && targetWay(target),
        policy,
        abilities: context.abilities,
        holdsName: holderOf(context.abilities, context.target?.view.names),
        isShared: context.isShared,
        moves: context.moves,
        hasRings: context.hasRings,
        foldsNames: context.foldsNames,
        names: target && {
          source: source && new FolderNames(fs, sourceWay(source)),
          target: new FolderNames(fs, targetWay(target)),
        },
        opened: this.#opened,
        beside: new Set<RelPath>(),
        volumes: new Map<string, Folder>(),
        further: new Map<RelPath, RelPath>(),
        isLeftOut: (path: RelPath, isFolder: boolean) => {
          if (source === undefined) return false;
          this.#isLeftOut ??= tools.leftOut(source, policy);
          return this.#isLeftOut(path, isFolder);
        },
        goOn,
        pace: tools.pace,
      },
    };
  }
}
