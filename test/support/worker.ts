/**
 * Two folders as one worker of a run opens them: calls `check` and `perform` for one action, without plan, waves and threads. Only this
 * file knows the arguments and results of these two functions.
 */
import fs from 'node:fs';
import path from 'node:path';
import {type Approach, rulesOf} from '../../src/apply/approach.js';
import {check, lookAt, type World} from '../../src/apply/check.js';
import {FolderNames} from '../../src/apply/names.js';
import {perform} from '../../src/apply/perform.js';
import type {StepResult} from '../../src/apply/step.js';
import type {Abilities} from '../../src/core/abilities.js';
import type {Action, ActionKind, Link, Reason} from '../../src/core/action.js';
import {toByteName} from '../../src/core/name.js';
import {holderOf} from '../../src/core/naming.js';
import type {RelPath} from '../../src/core/path.js';
import type {PlanOptions} from '../../src/core/plan.js';
import {TimeLearner} from '../../src/core/times.js';
import {XATTR_NAMESPACES} from '../../src/core/xattr.js';
import type {WaveStep} from '../../src/plan/waves.js';
import {Cursor} from '../../src/platform/cursor.js';
import {errnoOf, type Folder, type Platform} from '../../src/platform/platform.js';
import {PortablePlatform} from '../../src/platform/portable.js';
import {PosixPlatform} from '../../src/platform/posix.js';
import {openStaging, type Staging} from '../../src/state/staging.js';
import {pairIn} from './cli.js';
import {header} from './plan.js';
import type {Tree} from './tree.js';

export const BACKENDS: Readonly<Record<Platform['name'], () => Platform>> = {
  posix: () => new PosixPlatform(),
  portable: () => new PortablePlatform(),
};

/** Such as `todo`, `done`, or the side that drifted. */
export type Stands = 'todo' | 'done' | 'drift of the source' | 'drift of the target';

export interface Given {
  readonly source: Tree;
  readonly target: Tree;
  readonly policy?: Partial<PlanOptions> | undefined;
  /** What the target can hold. */
  readonly abilities?: Abilities | undefined;
  /** Folders of the target that the run has made writable for their owner, with their old modes. */
  readonly opened?: Readonly<Record<string, number>> | undefined;
  /** The names in the folders of both trees are looked at, as where a target folds them, or may. */
  readonly looksAtNames?: boolean | undefined;
  /** Changes the two folders before the worker opens them. */
  readonly prepare?: ((folders: {readonly source: string; readonly target: string}) => void) | undefined;
}

export interface ActionOptions {
  readonly leader?: string | undefined;
  readonly reasons?: readonly Reason[] | undefined;
}

export interface PerformOptions {
  /** Called for each copied piece of a file. */
  readonly onBytes?: () => void;
  /** By default the value of a saved plan. */
  readonly approach?: Approach | undefined;
  /** The leader of a link waits in staging for the folder that it replaces. */
  readonly isLeaderStaged?: boolean;
}

const RUN = '20260101T000000000Z-000000';

export class OneWorker {
  readonly source: string;
  readonly target: string;
  readonly #world: World;
  readonly #roots: readonly Folder[];
  readonly #indexes = new Map<RelPath, number>();
  #step: WaveStep | 'check' | undefined;
  #staging: Staging | undefined;

  constructor(
    readonly platform: Platform,
    readonly root: string,
    {source, target, policy, abilities, opened = {}, looksAtNames = false, prepare}: Given,
  ) {
    const pair = pairIn(root, source, target);
    this.source = pair.source;
    this.target = pair.target;
    prepare?.(pair);
    const [from, to] = [platform.openRoot(toByteName(this.source)), platform.openRoot(toByteName(this.target))];
    this.#roots = [from, to];
    const cursor = (folder: Folder) => new Cursor(platform, folder, platform.mounts());
    const {timeResolution, preservesAll} = platform;
    this.#world = {
      platform,
      source: cursor(from),
      missing: undefined,
      target: cursor(to),
      leaders: cursor(to),
      policy: {
        ...header.options,
        owner: true,
        groups: 'any',
        mtimeWindow: timeResolution > 1n ? timeResolution : 0n,
        xattrs: preservesAll ? XATTR_NAMESPACES : [],
        acls: preservesAll,
        ...policy,
      },
      abilities,
      holdsName: holderOf(abilities, undefined),
      isShared: false,
      opened: new Map(Object.entries(opened)) as World['opened'],
      moves: new Map(),
      hasRings: false,
      foldsNames: false,
      names: looksAtNames
        ? {source: new FolderNames(platform, cursor(from)), target: new FolderNames(platform, cursor(to))}
        : undefined,
      volumes: new Map(),
      beside: new Set(),
      further: new Map(),
      isLeftOut: () => false,
      goOn: () => true,
    };
  }

  /** The action that a plan made now would contain. */
  plan(kind: ActionKind, at: string, {leader, reasons = ['mtime']}: ActionOptions = {}): Action {
    const {platform, source, target, policy} = this.#world;
    const isNew = kind === 'mkdir' || kind === 'create';
    const isGone = kind === 'delete' || kind === 'rmdir';
    const before = isNew ? undefined : lookAt(platform, target, at as RelPath, policy);
    const after = isGone ? undefined : lookAt(platform, source, at as RelPath, policy);
    this.#forget();
    return {kind, path: at, reasons, ...(before && {before}), ...(after && {after}), ...(leader && {leader})} as Action;
  }

  check(action: Action): Stands {
    this.#begin('check');
    const standing = check(action, this.#world);
    return typeof standing === 'object' ? `drift of the ${standing.side}` : standing;
  }

  /** The result of a step: its status, with the side that drifted or the code of the problem. */
  perform(step: WaveStep, action: Action, {onBytes, approach = 'saved', isLeaderStaged = false}: PerformOptions = {}): string {
    this.#begin(step);
    this.#staging ??= openStaging({platform: this.platform, root: this.#roots[1] as Folder, runId: RUN, worker: 0});
    let result: StepResult;
    try {
      result = perform({
        wave: step,
        action,
        index: this.#indexOf(action.path),
        world: this.#world,
        staging: this.#staging,
        aside: step === 'exchanges' ? action.path : undefined,
        leader: isLeaderStaged ? {is: 'staged', index: this.#indexOf((action as Link).leader)} : undefined,
        flushed: 'none',
        umask: 0o022,
        learner: new TimeLearner(),
        rules: rulesOf(approach, {skipDrifted: false, live: 'copy', hasWaited: false}),
        onBytes: () => {
          onBytes?.();
          return true;
        },
      });
    } catch (error) {
      return `failed ${errnoOf(error)}`;
    }
    const {status, drift, problem} = result;
    return [status, ...(drift ? [`drift of the ${drift.side}`] : []), ...(problem ? [problem.code] : [])].join(': ');
  }

  /** Entries left in staging, incomplete or no longer needed. */
  get litter(): string[] {
    return contents(path.join(this.target, '.dirsync/tmp', RUN, 'worker-0'));
  }

  /** Entries that were set aside. */
  get replaced(): string[] {
    return contents(path.join(this.target, '.dirsync/replaced', RUN));
  }

  close(): void {
    this.#forget();
    this.#staging?.close();
    for (const folder of [...this.#world.volumes.values(), ...this.#roots]) this.platform.close(folder);
  }

  /** Each wave opens the folders of both trees again. */
  #begin(step: WaveStep | 'check'): void {
    if (step !== this.#step) this.#forget();
    this.#step = step;
  }

  #forget(): void {
    const {source, target, leaders, names} = this.#world;
    for (const way of [source, target, leaders, names?.source, names?.target]) way?.reset();
  }

  #indexOf(at: RelPath): number {
    const index = this.#indexes.get(at) ?? this.#indexes.size;
    this.#indexes.set(at, index);
    return index;
  }
}

function contents(folder: string): string[] {
  if (!fs.existsSync(folder)) return [];
  return fs.readdirSync(folder).map((name) => fs.readFileSync(path.join(folder, name), 'utf8'));
}

/** Called in a `describe` after its `tempDirs`: returns a function that makes workers, whose folders are closed after the test. */
export function workers(temp: () => string): (platform: Platform, given: Given) => OneWorker {
  const made: OneWorker[] = [];
  afterEach(() => {
    for (const worker of made.splice(0)) worker.close();
  });
  return (platform, given) => {
    const worker = new OneWorker(platform, temp(), given);
    made.push(worker);
    return worker;
  };
}
