/**
 * The target of a run, as its main thread holds it: entered and locked before anything is changed, announced with the first change,
 * tidied and left in the end.
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

export interface TargetOptions {
  readonly platform: ShowingPlatform;
  readonly plan: Plan;
  readonly runId: string;
  /** Whether another run may have worked on the target since the plan was made. */
  readonly isOld: boolean;
  readonly lock: TargetLock;
  readonly approach: Approach;
  /** What it can hold is tried, also where that is known. */
  readonly probe: boolean;
  readonly onProblem: (problem: Problem) => void;
}

export class Target {
  readonly #header: PlanHeader;
  readonly #path: ByteName;
  /** Folders that are opened up to their owner, in the order in which that became known. */
  readonly opened: Opened[] = [];
  #root: Folder | undefined;
  #view: View = {};
  #opened: OpenedFolders | undefined;
  /** Whether it may have been changed. */
  #isChanging = false;
  /** Whether it has the mode that it was made with: see `NEW_ROOT_MODE`. */
  #isNew = false;

  constructor(private readonly o: TargetOptions) {
    this.#header = o.plan.header;
    this.#path = toByteName(this.#header.target.path);
  }

  /** Undefined while there is none. */
  get root(): Folder | undefined {
    return this.#root;
  }

  get mark(): RootMark | undefined {
    return this.#root && markRoot(this.#path, this.#root, this.#view);
  }

  /** Whether it folds names, or may. */
  get foldsNames(): boolean {
    return this.#root !== undefined && foldingOf(this.o.platform, this.#root) !== undefined;
  }

  /** Whether a killed run has left something of the user's without its name: `prepare` gives it back. */
  get hasRenamed(): boolean {
    return this.#root !== undefined && leftRenamed(this.o.platform, this.#root).size > 0;
  }

  /** What it can hold, where that was tried. */
  get abilities(): Abilities | undefined {
    return this.#root && readAbilities(this.o.platform, this.#root);
  }

  /** See `FileSystem`. */
  get isShared(): boolean {
    return this.#root !== undefined && this.o.platform.fileSystem(this.#root).isShared;
  }

  /** How it keeps times, as earlier runs have found. */
  get timeFacts(): TimeFacts | undefined {
    return this.#root && readTimeFacts(this.o.platform, this.#root);
  }

  /** Whether a rename over a file can lose both with the power. */
  get flushesRenames(): boolean {
    const isOneVolume = (this.#header.facts?.space?.length ?? 1) === 1;
    return isOneVolume && FLUSHING_RENAMES.has(this.o.platform.fileSystem(this.#root as Folder).type);
  }

  /**
   * Opens and locks the root. One that the plan saw as absent may be absent still. Changes nothing.
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
      // A disk may have gone, or come, since the plan was made: nothing is written into what is there instead.
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
   * The first changes: the root is made, where it is missing; `.dirsync`, with who works here; what killed runs left without its name
   * has it back, and their staging goes.
   * @throws DirsyncError TARGET_UNWRITABLE, and as `enter` does.
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
          ? 'its .dirsync, or what is in there, is no folder: somebody has changed it; remove it'
          : (wayOut(code) ?? 'check its permissions and how it is mounted'),
        {cause: error},
      );
    }
  }

  /** What somebody else has made in the meantime is looked at like what was there before. */
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

  /** From here on the journal tells who has made it. */
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

  /** As its own notes say: names that it cannot hold are written in another way. */
  #show(root: Folder): void {
    const {platform} = this.o;
    this.#view = viewOf(platform, root, 'target', this.#header.options);
    platform.show(root, this.#view);
  }

  /** A root that its owner may not write to is opened up. On a full disk the kernel's lock is enough: deletes make room. */
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

  /** So that the next runs know it, how it takes names, and what it can hold. On a full disk a later run does it. */
  #identify(): void {
    const {platform} = this.o;
    const root = this.#root as Folder;
    try {
      ensureTargetId(platform, root);
      writeSamples(platform, root);
      learnAbilities(platform, root, this.o.probe);
      // What a plan has read in another way is read so to the end: the next plan knows how.
      const isFree = this.#wasEmpty || this.#header.target.escapes !== undefined;
      if (this.#header.options.renameInvalid && isFree) noteNaming(platform, root, () => this.#newPaths());
      if (isFree) this.#show(root);
      if (!this.#wasEmpty && !areSameNames(this.#view.names, this.#header.target.escapes)) throw namesChanged('target');
    } catch (error) {
      if (!['ENOSPC', 'EDQUOT'].includes(errnoOf(error))) throw error;
    }
  }

  /** Whether a killed run has left something in `.dirsync` that this one can remove. */
  get hasLeftovers(): boolean {
    return this.#root !== undefined && this.#seesAll && hasLeftovers(this.o.platform, this.#root);
  }

  /** Whether the plan has all that is between the two trees: then what killed runs left undone is done with it. */
  get #seesAll(): boolean {
    const {problems, header} = this.o.plan;
    return problems.length === 0 && header.narrowed === undefined;
  }

  /** A worker has opened up a folder. */
  addOpened(path: RelPath, mode: number): void {
    this.#opened?.add(path, mode);
  }

  keepTimeFacts(facts: TimeFacts): void {
    this.#reporting('write', () => writeTimeFacts(this.o.platform, this.#root as Folder, facts));
  }

  /**
   * Drops what was set aside, only when all of the plan is done and on disk (`isWhole`), and nothing of the source was hidden from it,
   * where what was set aside may be; then what is left in staging. What cannot be tidied up now, on a disk that fails or as somebody else is at work in `.dirsync`, the next run tidies up.
   */
  sweep(isWhole: boolean, settled: readonly Action[], source: Folder | undefined): void {
    const {platform, runId} = this.o;
    const root = this.#root as Folder;
    const isSeen = this.o.plan.problems.length === 0;
    const isOwn = (run: string) => run === runId || this.#isOfPlan(run);
    const what = !isWhole || !isSeen ? 'empty' : this.#seesAll && !this.o.isOld ? 'all' : {isOwn};
    this.#reporting('delete', () => sweepReplaced(platform, root, what));
    // What they were is noted in staging until they are closed.
    this.closeFolders(settled, source);
    this.#reporting('delete', () => sweepStaging(platform, root));
  }

  /** Whether an earlier run has worked at this very plan, as its journal tells. */
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

  /** `settled`: the actions whose attributes were set; `source` where a folder that it has open as well stays so. */
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
      // Whoever may not work in it is told so by a guard.
      errnoOf(error);
    }
  }

  /** Unlocks and closes it. */
  leave(): void {
    const {lock, platform} = this.o;
    try {
      lock.release();
    } catch (error) {
      // The note of who held it stays, as after a kill; the lock goes with the open folder.
      errnoOf(error);
    }
    if (this.#isChanging) this.#handOver();
    if (this.#root !== undefined) platform.close(this.#root);
  }
}
