/** How a worker holds both trees of a run: opened once, kept from one batch to the next, closed when it leaves. */
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
import type {Flushed} from './task.js';

/** What all batches of a run share. */
export interface ApplyContext {
  readonly runId: string;
  /** Undefined when it is gone and was taken as empty. */
  readonly source: RootMark | undefined;
  /** Where it was then. */
  readonly missing: ByteName | undefined;
  /** Undefined while the target's root does not exist: it is made before anything is done in it. */
  readonly target: RootMark | undefined;
  /** See `World`. */
  readonly policy: PlanOptions;
  readonly abilities: Abilities | undefined;
  readonly isShared: boolean;
  readonly moves: ReadonlyMap<RelPath, RelPath>;
  readonly foldsNames: boolean;
  readonly rules: Rules;
  readonly flushed: Flushed;
  /** The permissions that new files do not get, where modes are not kept. */
  readonly umask: number;
  /** What may be mounted in the two trees; undefined where that is not known. */
  readonly mounts: ReadonlySet<number> | undefined;
  /** Where something must be mounted in them, as when the guards looked: below there nothing is done when it is not any more. */
  readonly mountPoints: Readonly<Record<Side, ReadonlySet<RelPath>>>;
}

/** Tells whether the filters leave out a path; of each folder asked about they are read once. */
export type LeftOut = (source: Folder, filtering: Filtering) => (path: RelPath, isFolder: boolean) => boolean;

/** Starts anew with each context. */
export class Session {
  readonly learner = new TimeLearner();
  /** A root was replaced: that is said once, and nothing more is done. */
  isLost = false;
  readonly #opened = new Map<string, number>() as World['opened'];
  #step: string | undefined;
  #trees: {readonly world: World; readonly full: FullVolumes; readonly roots: readonly Folder[]} | undefined;
  #staging: Staging | undefined;
  #isLeftOut: ReturnType<LeftOut> | undefined;

  constructor(
    readonly context: ApplyContext,
    private readonly tools: {readonly worker: number; readonly leftOut: LeftOut; readonly pace: Pace},
    private readonly goOn: () => boolean,
  ) {}

  /** The ways into both trees begin anew with each step: the one before may have replaced some folders. */
  begin(step: string, opened: readonly Opened[] = []): void {
    for (const {path, mode} of opened) this.#opened.set(path, mode);
    if (this.#step === step) return;
    this.#step = step;
    this.forgetWays();
  }

  forgetWays(): void {
    for (const cursor of this.#cursors) cursor?.reset();
    this.#isLeftOut = undefined;
    this.#resetNames();
  }

  /** Nothing more is noted of this run: what is open could not be swept on file systems in user space. */
  endNotes(): void {
    for (const log of [this.#staging?.traces, this.#staging?.replacedTraces]) log?.close();
  }

  #resetNames(): void {
    const {source, target} = this.#trees?.world.names ?? {};
    for (const names of [source, target]) names?.reset();
  }

  /** @throws SystemError where a root cannot be opened; RootReplaced. */
  get world(): World {
    return this.#open().world;
  }

  get full(): FullVolumes {
    return this.#open().full;
  }

  /** Made with the first step that needs it: a full disk has no room for it, and things to delete. */
  get staging(): Staging {
    const {world} = this.#open();
    const {root} = world.target as Cursor;
    this.#staging ??= openStaging({platform: world.platform, root, runId: this.context.runId, worker: this.tools.worker});
    return this.#staging;
  }

  /** Closes the trees. What is open belongs to the process: the end of a worker's thread closes none of it. */
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
    // Times are compared no more exactly than this backend keeps them.
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
