/**
 * The target of a run in the main thread: entered and locked before anything is changed, prepared with the first changes, and
 * cleaned up and left at the end.
 */
import fs from 'node:fs';
import {posix} from 'node:path';
import process from 'node:process';
import type {Abilities} from '../core/abilities.js';
import type {Action} from '../core/action.js';
import {CODE} from '../core/block.js';
import {DirsyncError} from '../core/errors.js';
import {escapeName} from '../core/escape.js';
import {type ByteName, toByteName} from '../core/name.js';
import {type RelPath, ROOT} from '../core/path.js';
import type {Plan, PlanHeader} from '../core/plan.js';
import {type Phase, type Problem, problem, wayOut} from '../core/problem.js';
import type {TimeFacts} from '../core/times.js';
import {Cursor} from '../platform/cursor.js';
import {FLUSHING_RENAMES} from '../platform/filesystems.js';
import {errnoOf, type Folder, type ShowingPlatform, SystemError, type View} from '../platform/platform.js';
import {isSameRoot, markRoot, otherRoot, type RootMark, rootIdentity} from '../platform/roots.js';
import {learnAbilities, readAbilities} from '../state/abilities.js';
import {NAMES} from '../state/folder.js';
import {ensureTargetId} from '../state/identity.js';
import type {TargetLock} from '../state/lock.js';
import {parkedIn, restoreParked} from '../state/moving.js';
import {foldingOf, writeSamples} from '../state/names.js';
import {areSameNames, namesChanged, noteNaming, viewOf} from '../state/naming.js';
import {handOver, stateOwner} from '../state/ownership.js';
import {readJournal} from '../state/runs.js';
import {hasLeftovers, leftRenamed, sweepReplaced, sweepStaging} from '../state/staging.js';
import {readTimeFacts, writeTimeFacts} from '../state/times.js';
import type {Opened} from '../state/traces.js';
import {checkTargetMaker, NEW_ROOT_MODE} from './absent.js';
import type {Approach} from './approach.js';
import {SELF} from './check.js';
import {OpenedFolders} from './opened.js';

/** The target of a plan, and how it is used. */
export interface TargetOptions {
  readonly platform: ShowingPlatform;
  readonly plan: Plan;
  readonly runId: string;
  /** Whether another run may have changed the target since the plan was made. */
  readonly isOld: boolean;
  readonly lock: TargetLock;
  readonly approach: Approach;
  /** Tries again what the target can hold, even if that is known. */
  readonly probe: boolean;
  readonly onProblem: (problem: Problem) => void;
}

/** The target of one run. */
export class Target {
  readonly #header: PlanHeader;
  readonly #path: ByteName;
  /** Folders to which their owner temporarily has all rights, in the order in which that became known. */
  readonly opened: Opened[] = [];
  #root: Folder | undefined;
  #view: View = {};
  #opened: OpenedFolders | undefined;
  /** Whether it may have been changed. */
  #isChanging = false;
  /** Whether the root still has the mode `NEW_ROOT_MODE`. */
  #isNew = false;

  constructor(private readonly o: TargetOptions) {
    this.#header = o.plan.header;
    this.#path = toByteName(this.#header.target.path);
  }

  /** Undefined until the root exists. */
  get root(): Folder | undefined {
    return this.#root;
  }

  get mark(): RootMark | undefined {
    return this.#root && markRoot(this.#path, this.#root, this.#view);
  }

  /** Whether it folds names, or may fold them. */
  get foldsNames(): boolean {
    return this.#root !== undefined && foldingOf(this.o.platform, this.#root) !== undefined;
  }

  /** Whether a killed run has left a user's entry under a temporary name, or waiting for its path, which `prepare` renames back. */
  get hasRenamed(): boolean {
    return this.#root !== undefined && (leftRenamed(this.o.platform, this.#root).size > 0 || this.parked.size > 0);
  }

  /** The paths of entries that wait for their new path, by inode number. */
  get parked(): ReadonlyMap<bigint, RelPath> {
    return this.#root === undefined ? new Map() : parkedIn(this.o.platform, this.#root);
  }

  /** Puts back the entries of this run that wait, since their moves cannot be done. */
  restoreParked(): void {
    restoreParked(this.o.platform, this.#root as Folder, this.o.runId);
  }

  /** What it can hold, if that was tried. */
  get abilities(): Abilities | undefined {
    return this.#root && readAbilities(this.o.platform, this.#root);
  }

  /** See `FileSystem`. */
  get isShared(): boolean {
    return this.#root !== undefined && this.o.platform.fileSystem(this.#root).isShared;
  }

  /** How it stores times, as earlier runs have found. */
  get timeFacts(): TimeFacts | undefined {
    return this.#root && readTimeFacts(this.o.platform, this.#root);
  }

  /** Whether a power loss after a rename over a file can lose both files. */
  get flushesRenames(): boolean {
    const isOneVolume = (this.#header.facts?.space?.length ?? 1) === 1;
    return isOneVolume && FLUSHING_RENAMES.has(this.o.platform.fileSystem(this.#root as Folder).type);
  }

  /**
   * Opens and locks the root, and changes nothing. If it did not exist when the plan was made, it may still be missing.
   * @throws DirsyncError TARGET_UNREADABLE, PLAN_OTHER_ROOT, PLAN_STALE, TARGET_LOCKED.
   */
  enter(): void {
    const {platform, lock, approach} = this.o;
    const {path, identity} = this.#header.target;
    let root: Folder;
    try {
      root = platform.openRoot(this.#path);
    } catch (error) {
      if (identity === undefined && errnoOf(error) === 'ENOENT') return;
      const detail = `${escapeName(path)} (${errnoOf(error)})`;
      throw new DirsyncError('TARGET_UNREADABLE', detail, 'is the disk mounted? Then plan again', {cause: error});
    }
    try {
      // A disk may have been removed or mounted since the plan was made: nothing is written to the wrong file system.
      if (identity !== undefined && !isSameRoot(identity, rootIdentity(root))) {
        throw otherRoot(path);
      }
      lock.take(root);
      if (identity === undefined && !this.#isNew) {
        const hasWaited = lock.hasWaited && approach !== 'saved';
        this.#isNew = checkTargetMaker({platform, root, header: this.#header, hasWaited}) === 'just-made';
      }
      this.#show(root);
      if (!this.#wasEmpty && !areSameNames(this.#view.names, this.#header.target.escapes)) throw namesChanged('target');
    } catch (error) {
      platform.close(root);
      throw error;
    }
    this.#root = root;
    this.#opened = new OpenedFolders(platform, root, this.opened);
  }

  /**
   * Makes the first changes: the root, if it is missing; `.dirsync` with the lock file; then it renames back what killed runs left
   * under temporary names, and removes their staging.
   * @throws DirsyncError TARGET_UNWRITABLE, or an error of `enter`.
   */
  prepare(): void {
    if (this.#isChanging) return;
    const {platform, runId} = this.o;
    const {path} = this.#header.target;
    try {
      if (this.#root === undefined) this.#make();
      this.#isChanging = true;
      this.#announce();
      this.#identify();
      this.#opened?.note(runId);
      restoreParked(platform, this.#root as Folder);
      sweepStaging(platform, this.#root as Folder, runId);
    } catch (error) {
      if (error instanceof DirsyncError) throw error;
      const code = errnoOf(error);
      const owner = this.#root && code === 'EACCES' ? stateOwner(platform, this.#root) : undefined;
      if (owner !== undefined) {
        const state = `${escapeName(path)}/${NAMES.state}`;
        const hint = `it belongs to uid ${owner}; root can give it to this user: chown -R ${process.geteuid?.()} ${state}`;
        throw new DirsyncError('TARGET_UNWRITABLE', `${state} (${code})`, hint, {cause: error});
      }
      const isStrange = code === 'ENOTDIR' || code === 'ELOOP';
      throw new DirsyncError(
        'TARGET_UNWRITABLE',
        `${escapeName(path)} (${code})`,
        isStrange
          ? 'its .dirsync, or something in it, is not a folder, so it was changed by another program; remove it'
          : (wayOut(code) ?? 'check its permissions and how it is mounted'),
        {cause: error},
      );
    }
  }

  /** A root that someone else has made meanwhile is checked like one that existed before. */
  #make(): void {
    fs.mkdirSync(Buffer.from(posix.dirname(this.#path), 'latin1'), {recursive: true});
    try {
      fs.mkdirSync(Buffer.from(this.#path, 'latin1'), {mode: NEW_ROOT_MODE});
      this.#isNew = true;
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
    this.enter();
    if (this.#root === undefined) throw new SystemError('ENOENT', 'open');
  }

  /** From now on the journal identifies the run that has made the root. */
  openNewRoot(): void {
    if (!this.#isNew) return;
    if (this.abilities?.mode === false) return;
    this.o.platform.setAttributes(this.#root as Folder, SELF, CODE.directory, {mode: 0o777 & ~process.umask()});
  }

  get #wasEmpty(): boolean {
    return this.#header.totals.target.entries === 0;
  }

  *#newPaths(): Iterable<RelPath> {
    for (const {path, after} of this.o.plan.actions) if (after !== undefined) yield path;
  }

  /** Shows the target as its own notes say: names that it cannot hold are escaped. */
  #show(root: Folder): void {
    const {platform} = this.o;
    this.#view = viewOf(platform, root, 'target', this.#header.options);
    platform.show(root, this.#view);
  }

  /**
   * Gives the owner of the root the right to write, if needed. On a full disk the kernel's lock is enough, since deletes free
   * space.
   */
  #announce(): void {
    const {lock} = this.o;
    try {
      lock.announce();
    } catch (error) {
      const code = error instanceof DirsyncError ? undefined : errnoOf(error);
      if ((code === 'ENOSPC' || code === 'EDQUOT') && lock.isOfKernel) return;
      if (code !== 'EACCES' || !this.#opened?.openRoot()) throw error;
      lock.announce();
    }
  }

  /** Writes the notes for later runs: id, folding of names, abilities. On a full disk a later run writes them. */
  #identify(): void {
    const {platform} = this.o;
    const root = this.#root as Folder;
    try {
      ensureTargetId(platform, root);
      writeSamples(platform, root);
      learnAbilities(platform, root, this.o.probe);
      // A run shows the target in the same way until its end; the next plan uses the new notes.
      const isFree = this.#wasEmpty || this.#header.target.escapes !== undefined;
      if (this.#header.options.renameInvalid && isFree) noteNaming(platform, root, () => this.#newPaths());
      if (isFree) this.#show(root);
      if (!this.#wasEmpty && !areSameNames(this.#view.names, this.#header.target.escapes)) throw namesChanged('target');
    } catch (error) {
      if (!['ENOSPC', 'EDQUOT'].includes(errnoOf(error))) throw error;
    }
  }

  /** Whether a killed run has left something in `.dirsync` that this run can remove. */
  get hasLeftovers(): boolean {
    return this.#root !== undefined && this.#seesAll && hasLeftovers(this.o.platform, this.#root);
  }

  /** Whether the plan contains all differences of the two trees: then it also completes what killed runs have left undone. */
  get #seesAll(): boolean {
    const {problems, header} = this.o.plan;
    return problems.length === 0 && header.narrowed === undefined;
  }

  /** Records that a worker has given the owner of a folder all rights. */
  addOpened(path: RelPath, mode: number): void {
    this.#opened?.add(path, mode);
  }

  keepTimeFacts(facts: TimeFacts): void {
    this.#reporting('write', () => writeTimeFacts(this.o.platform, this.#root as Folder, facts));
  }

  /**
   * Removes the files that were set aside, only if all of the plan is done and on disk (`isWhole`) and no part of the source that
   * may contain them was hidden from it. Then it removes the staging. The next run cleans up what cannot be removed now, because
   * the disk fails or someone else works in `.dirsync`.
   */
  sweep(isWhole: boolean, settled: readonly Action[], source: Folder | undefined): void {
    const {platform, runId} = this.o;
    const root = this.#root as Folder;
    const isSeen = this.o.plan.problems.length === 0;
    const isOwn = (run: string) => run === runId || this.#isOfPlan(run);
    this.#reporting('write', () => this.restoreParked());
    const what = !isWhole || !isSeen ? 'empty' : this.#seesAll && !this.o.isOld ? 'all' : {isOwn};
    this.#reporting('delete', () => sweepReplaced(platform, root, what));
    // Their original modes are noted in staging until they are restored.
    this.closeFolders(settled, source);
    this.#reporting('delete', () => sweepStaging(platform, root));
  }

  /** Whether the journal of an earlier run has the same plan. */
  #isOfPlan(run: string): boolean {
    try {
      const [first] = readJournal(this.o.platform, this.#root as Folder, run);
      return first?.type === 'header' && first.header.planId === this.#header.id;
    } catch (error) {
      if (error instanceof DirsyncError) return false;
      throw error;
    }
  }

  #reporting(phase: Phase, act: () => void): void {
    try {
      act();
    } catch (error) {
      this.o.onProblem(problem({path: ROOT, side: 'target', phase, code: errnoOf(error)}));
    }
  }

  /** `settled`: the actions whose attributes were set; `source`: a folder with the same open mode there stays open. */
  closeFolders(settled: readonly Action[], source: Folder | undefined): void {
    if (!this.#isChanging || !this.#opened?.modes.size) return;
    const cursor = source && new Cursor(this.o.platform, source);
    for (const found of this.#opened.close(settled, cursor)) this.o.onProblem(found);
    cursor?.reset();
  }

  #handOver(): void {
    try {
      handOver(this.o.platform, this.#root as Folder);
    } catch (error) {
      // A guard reports that to users who cannot use it.
      errnoOf(error);
    }
  }

  /** Unlocks and closes the root. */
  leave(): void {
    const {lock, platform} = this.o;
    try {
      lock.release();
    } catch (error) {
      // The lock file stays, as after a kill; closing the folder releases the kernel's lock.
      errnoOf(error);
    }
    if (this.#isChanging) this.#handOver();
    if (this.#root !== undefined) platform.close(this.#root);
  }
}
