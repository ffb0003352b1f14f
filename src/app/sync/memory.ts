/**
 * The remembered manifest in a plan and a run: read for the two scans and for the planner, and written when the run has ended. What
 * cannot be read is as if nothing was remembered.
 */
import {isDeepStrictEqual} from 'node:util';
import {type Action, fromOf} from '../../core/action.js';
import type {Block} from '../../core/block.js';
import {BlockPaths} from '../../core/block-paths.js';
import {type Drifted, NOTHING_CHANGED} from '../../core/changed.js';
import {DirsyncError} from '../../core/errors.js';
import {toByteName} from '../../core/name.js';
import {ROOT} from '../../core/path.js';
import type {Plan, PlanRoot} from '../../core/plan.js';
import {type Problem, problem, problemMessage, type Side} from '../../core/problem.js';
import type {PreservedXattrs} from '../../core/xattr.js';
import {NewerManifest} from '../../formats/manifest-file.js';
import {FormatError} from '../../formats/shapes.js';
import {changedBy, donePaths, type Ends, hasChanged, withUnclear} from '../../plan/changed.js';
import type {RememberedTarget} from '../../plan/remembered.js';
import {driftLeft} from '../../plan/target-drift.js';
import {platform} from '../../platform/choose.js';
import {errnoOf, type Folder, orNothing} from '../../platform/platform.js';
import {isSameRoot, type Root, rootIdentity} from '../../platform/roots.js';
import type {KeptBlock, MemoryAnswer, MemoryTask} from '../../scan/keeper.js';
import {hasState} from '../../state/folder.js';
import {readTargetId} from '../../state/identity.js';
import {describeFault, LastManifest, type NewTree, writeLastManifest} from '../../state/last-manifest.js';
import {listRuns} from '../../state/runs.js';
import {VERSION} from '../version.js';
import {FrameStore} from './frame-store.js';
import {RememberedTrees} from './remembered.js';

const SIDES = ['source', 'target'] as const;

export interface MemoryOptions {
  readonly source: Root;
  readonly target: Root;
  /** Which extended attributes are read. */
  readonly read: Readonly<Record<Side, PreservedXattrs>>;
  /** Whether the two scans will be remembered. */
  readonly isKept: boolean;
}

/** What is remembered, for one plan and the run of it. Close it. */
export class PlanMemory {
  #last: LastManifest | undefined;
  #trees: RememberedTrees | undefined;
  /** The newest run of the target. */
  readonly #run: string | undefined;
  readonly #frames = new FrameStore();
  readonly #paths = {source: new BlockPaths(), target: new BlockPaths()};
  readonly #answers: Record<Side, MemoryAnswer | undefined> = {source: undefined, target: undefined};
  /** The actions of the whole plan with target drift. */
  #drifting: readonly Action[] = [];
  #unread: string | undefined;
  #unkept: string | undefined;

  constructor(private readonly o: MemoryOptions) {
    const root = this.o.target.live === undefined ? undefined : orNothing(() => platform().openRoot(this.o.target.bytes));
    if (root === undefined) return;
    try {
      this.#run = newestRun(root);
      this.#last = LastManifest.open(platform(), root);
      this.#unread = this.#last && this.#otherTree(this.#last, root);
      if (this.#unread === undefined && this.#last) {
        this.#trees = new RememberedTrees(this.#last, this.#last.facts.run !== undefined && this.#last.facts.run === this.#run);
      }
    } catch (error) {
      this.#unread = shortFault(error);
    } finally {
      platform().close(root);
    }
    if (this.#trees === undefined) this.close();
  }

  /** Says what else the file belongs to, if it does. */
  #otherTree({facts}: LastManifest, root: Folder): string | undefined {
    const {id} = readTargetId(platform(), root);
    const isOther = (side: Side) => {
      const {identity} = facts[side];
      return identity === undefined || !isSameRoot(identity, this.o[side].identity);
    };
    if (facts.targetId !== id || isOther('target')) return 'it belongs to a different target';
    return isOther('source') ? 'it belongs to a different source' : undefined;
  }

  /** What the planner may ask; undefined if nothing is remembered. */
  get remembered(): RememberedTarget | undefined {
    return this.#trees;
  }

  /** What the scan of a tree gets. */
  task(side: Side): MemoryTask {
    const {isKept, read, target} = this.o;
    if (this.#last === undefined) return {isKept};
    const {facts, checksum} = this.#last;
    const {started, read: before} = facts[side];
    return {isKept, earlier: {target: target.bytes, checksum, before: started, hasXattrs: isDeepStrictEqual(before, read[side])}};
  }

  /** Takes a block of a scan as it will be remembered. */
  readonly keep = (side: Side, block: Block, kept: KeptBlock | undefined): void => {
    const first = this.#paths[side].next(block);
    if (kept === undefined || this.#unkept !== undefined) return;
    try {
      if (kept.same !== undefined) this.#frames.addSame(side, first, kept.same);
      else this.#frames.add(side, first, kept.bytes);
    } catch (error) {
      this.#unkept = errnoOf(error);
    }
  };

  /** Takes what the scans say at their end. */
  scanned(answers: Readonly<Record<Side, {readonly memory?: MemoryAnswer | undefined}>>): void {
    for (const side of SIDES) {
      const {memory} = answers[side];
      this.#answers[side] = memory;
      this.#unread ??= memory?.unread;
      this.#unkept ??= memory?.unkept;
    }
  }

  /** Takes all actions that were planned, before any is left out. */
  planned(actions: readonly Action[]): void {
    this.#drifting = actions.filter((action) => action.targetDrift !== undefined || fromOf(action) !== undefined);
  }

  /** Warnings of the plan. */
  get warnings(): string[] {
    const fault = this.#unread ?? this.#trees?.fault;
    return fault === undefined
      ? []
      : [`what earlier runs have remembered in the target cannot be used (${fault}), so this plan was made without it`];
  }

  /**
   * Remembers what both trees are after the run of a plan, while the target is locked. Returns a problem if something was done and
   * this fails.
   */
  save(plan: Plan, ended: EndedRun): Problem | undefined {
    const isChanged = hasChanged(plan, ended);
    return inTarget(plan, isChanged, (root) => {
      const {source} = this.#answers;
      if (source === undefined) return;
      if (this.#unkept !== undefined) throw new FormatError(this.#unkept);
      const [newest, before] = listRuns(platform(), root);
      // Another run has changed the target since the scans.
      if ((isChanged && newest === ended.runId ? before : newest) !== this.#run) return;
      const drifted = driftLeft(this.#drifting, donePaths(plan, ended));
      if (!isChanged && this.#isAsBefore(drifted)) return;
      const changed = isChanged ? changedBy(plan, ended) : NOTHING_CHANGED;
      writeLastManifest(platform(), root, {
        writer: `dirsync ${VERSION}`,
        run: changed && newest,
        targetId: readTargetId(platform(), root).id,
        source: this.#tree('source', this.o.source),
        target: this.#tree('target', {...this.o.target, identity: rootIdentity(root)}),
        options: plan.header.options,
        changed: changed ?? NOTHING_CHANGED,
        drifted,
        flush: ended.flush,
      });
    });
  }

  /** Whether a new file would say the same as the old one. */
  #isAsBefore(drifted: Drifted): boolean {
    if (this.#last === undefined || this.#trees === undefined || !this.#trees.isCurrent) return false;
    const {facts} = this.#last;
    if (!isDeepStrictEqual(facts.drifted, drifted)) return false;
    return SIDES.every((side) => {
      const {frames, rows} = (this.#last as LastManifest).manifest(side);
      const racy = this.#answers[side]?.racy ?? 0;
      const firsts = frames.map(({first}) => first);
      return (
        this.#frames.isSame(side, firsts) && isDeepStrictEqual(facts[side].read, this.o.read[side]) && racy * RACY_SHARE <= rows
      );
    });
  }

  #tree(side: Side, {path, identity, escapes}: PlanRoot): NewTree {
    const answer = this.#answers[side];
    return {
      path,
      identity,
      escapes,
      started: answer?.started ?? 0,
      devices: answer?.devices ?? 0,
      read: this.o.read[side],
      frames: this.#frames.all(side, (index) => (this.#last as LastManifest).manifest(side).bytes(index)),
    };
  }

  close(): void {
    this.#last?.close();
    this.#last = undefined;
    this.#frames.close();
  }
}

/** If more entries than one of so many would be read again only because of their age, what is remembered is written anew. */
const RACY_SHARE = 64;

/** A run that has ended. */
export interface EndedRun extends Ends {
  readonly runId: string;
  /** Whether files are flushed to disk. */
  readonly flush: boolean;
}

/**
 * Notes in what is remembered what the run of a saved plan has changed: it is not known whether the target then had what the source
 * has. Returns a problem if that fails.
 */
export function noteSavedRun(plan: Plan, ended: EndedRun): Problem | undefined {
  if (!hasChanged(plan, ended)) return undefined;
  return inTarget(plan, true, (root) => {
    const last = openOld(root);
    if (last === undefined) return;
    try {
      const [newest, before] = listRuns(platform(), root);
      const {facts} = last;
      const by = changedBy(plan, ended);
      // If it was not the last run before, it stays outdated.
      if (by === undefined || newest !== ended.runId || facts.run === undefined || facts.run !== before) return;
      const tree = (side: Side): NewTree => {
        const manifest = last.manifest(side);
        const frames = manifest.frames.map(({first}, k) => ({first, bytes: manifest.bytes(k)}));
        return {...facts[side], devices: manifest.devices.length, frames};
      };
      const changed = withUnclear(facts.changed, by);
      const done = donePaths(plan, ended);
      writeLastManifest(platform(), root, {
        ...facts,
        run: newest,
        source: tree('source'),
        target: tree('target'),
        changed,
        drifted: facts.drifted.filter(([path]) => !done.has(path)),
        flush: ended.flush,
      });
    } finally {
      last.close();
    }
  });
}

/** What cannot be read is replaced by the next run that has read both trees. */
function openOld(root: Folder): LastManifest | undefined {
  try {
    return LastManifest.open(platform(), root);
  } catch (error) {
    describeFault(error);
    return undefined;
  }
}

/** Calls `act` with the target's root if the target has a `.dirsync`. Returns a problem if it fails, and `isTold`. */
function inTarget({header}: Plan, isTold: boolean, act: (root: Folder) => void): Problem | undefined {
  const root = orNothing(() => platform().openRoot(toByteName(header.target.path)));
  if (root === undefined) return undefined;
  try {
    if (hasState(platform(), root)) act(root);
    return undefined;
  } catch (error) {
    const fault = error instanceof DirsyncError ? error.detail : describeFault(error);
    if (!isTold) return undefined;
    const code = 'LAST_UNWRITABLE';
    const message = `${problemMessage(code, {side: 'target', phase: 'write'})} (${fault})`;
    return problem({path: ROOT, side: 'target', phase: 'write', code, message});
  } finally {
    platform().close(root);
  }
}

/** The newest run of a target. */
function newestRun(root: Folder): string | undefined {
  try {
    return listRuns(platform(), root)[0];
  } catch (error) {
    if (error instanceof DirsyncError) return undefined;
    throw error;
  }
}

function shortFault(error: unknown): string {
  return error instanceof NewerManifest ? 'a newer dirsync wrote it' : describeFault(error);
}
