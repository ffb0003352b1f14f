/**
 * Only one run at a time works on a target. There are two locks:
 *
 * - the kernel's flock(2) on the root folder, which needs no file, changes nothing, and is released however the process ends;
 * - the file `.dirsync/lock`, which is made only if it does not exist and names its holder. The holder touches it every few seconds:
 *   the beat.
 *
 * If the kernel's lock reaches every possible run (`Locked` 'all'), a leftover file means nothing. Otherwise the file is the lock. It is
 * taken over if its holder is known to have ended, or if this process has watched it for a minute without a beat. The clocks of two
 * machines are never compared.
 */
import {setTimeout as delay} from 'node:timers/promises';
import {CODE, emptyStat} from '../core/block.js';
import {DirsyncError} from '../core/errors.js';
import {escapeName} from '../core/escape.js';
import {type Holder, holderWords} from '../core/holder.js';
import {type ByteName, fromByteName} from '../core/name.js';
import {errnoOf, type Folder, type Locked, type Platform} from '../platform/platform.js';
import {hasEnded, type ProcessMark, thisProcess} from '../platform/process.js';
import {ensureFolder, inState, NAMES, removeTree} from './folder.js';

/** Milliseconds. */
export interface LockTiming {
  /** Between two checks whether it is free. */
  readonly poll: number;
  readonly beat: number;
  /**
   * Without a beat for this long it is taken over. This is much longer than a beat, since an attribute cache of NFS hides some
   * seconds, and the holder's main thread may be busy (at most 0.3 s measured in applies of 200 000 files).
   */
  readonly still: number;
}

const TIMING: LockTiming = {poll: 200, beat: 5_000, still: 60_000};

/** The target to lock, and the run that locks it. */
export interface LockOptions {
  readonly platform: Platform;
  /** The target's root. */
  readonly path: ByteName;
  /** Unique for each run. */
  readonly id: string;
  /** See `Holder`. */
  readonly command: string;
  readonly now: () => Date;
  /** How many milliseconds to wait for it; 0: no wait. */
  readonly timeout: number;
  /** Called once if it has to wait, with the holder if known. */
  readonly onWait: (holder: Holder | undefined) => void;
  /** Called if another run has taken it over. Nothing may be written any more. */
  readonly onLost: (reason: DirsyncError) => void;
  readonly timing?: LockTiming | undefined;
}

/** The content of the file. */
type Mark = Holder &
  ProcessMark & {
    readonly id: string;
    /** Whether the holder also has the kernel's lock. */
    readonly flock: boolean;
  };

/** The file as it was found. */
interface Found {
  readonly text: string;
  /** Changes with each beat. */
  readonly beat: string;
  /** Undefined if it is half written, or not a lock file of dirsync. */
  readonly mark: Mark | undefined;
}

/** The lock of one target, held by one run. */
export class TargetLock {
  readonly #timing: LockTiming;
  /** Undefined while it is not held. */
  #root: Folder | undefined;
  #locked: Locked = 'none';
  /** The content of the file; "" before it is written. */
  #text = '';
  #timer: NodeJS.Timeout | undefined;
  /** When it was first found to be held by another run. */
  #refused: number | undefined;
  #held: Mark | undefined;
  #isTold = false;
  #watched = {beat: '', at: 0, still: 0};

  constructor(private readonly o: LockOptions) {
    this.#timing = o.timing ?? TIMING;
  }

  /** Whether another run held it before: then the trees may have changed since a plan was made. */
  get hasWaited(): boolean {
    return this.#refused !== undefined;
  }

  /** Whether the kernel's lock keeps out all other runs, even without a file. */
  get isOfKernel(): boolean {
    return this.#locked === 'all';
  }

  /**
   * Waits until it is free or the signal is aborted. Call it after `take` or `announce` has thrown.
   * @throws DirsyncError TARGET_LOCKED if the time to wait is over.
   */
  async wait(signal: AbortSignal): Promise<void> {
    const {timeout, onWait} = this.o;
    const until = (this.#refused as number) + timeout;
    for (let look = 0; !signal.aborted; look++) {
      const left = until - performance.now();
      if (left <= 0) throw this.#refusal();
      // A run that has just begun may not have written its name yet.
      if (!this.#isTold && (this.#held !== undefined || look > 0)) {
        this.#isTold = true;
        onWait(this.#held);
      }
      await delay(Math.min(this.#timing.poll, left), undefined, {signal}).catch(() => {});
      if (this.#isFree()) return;
    }
  }

  #isFree(): boolean {
    const {platform, path} = this.o;
    let root: Folder;
    try {
      root = platform.openRoot(path);
    } catch (error) {
      // Nothing holds a root that does not exist; opening it next reports the error.
      errnoOf(error);
      return true;
    }
    try {
      return this.#try(root);
    } finally {
      platform.close(root);
    }
  }

  /**
   * Takes the lock on the opened root, which must stay open, and changes nothing. If the file is the lock, this only checks that it
   * is free, and `announce` takes it.
   * @throws DirsyncError TARGET_LOCKED if another run holds it.
   */
  take(root: Folder): void {
    if (!this.#try(root)) throw this.#refusal();
    this.#root = root;
  }

  /**
   * Writes the file with the holder. This is the first change of a run in the target.
   * @throws DirsyncError TARGET_LOCKED if another run was faster.
   */
  announce(): void {
    const {platform, id, command, now} = this.o;
    const state = ensureFolder(platform, this.#root as Folder, NAMES.state);
    try {
      const found = read(platform, state, NAMES.lock);
      if (found !== undefined) this.#clear(state, found);
      const mark: Mark = {
        ...thisProcess(),
        since: now().toISOString(),
        command: shortened(command),
        id,
        flock: this.#locked !== 'none',
      };
      const text = `${JSON.stringify(mark)}\n`;
      this.#write(state, text);
      this.#text = text;
      this.#timer = setInterval(() => this.#beat(), this.#timing.beat).unref();
    } catch (error) {
      if (errnoOf(error) === 'EEXIST') throw this.#refuse(read(platform, state, NAMES.lock));
      throw error;
    } finally {
      platform.close(state);
    }
  }

  #write(state: Folder, text: string): void {
    const {platform} = this.o;
    try {
      platform.writeFile(state, NAMES.lock, Buffer.from(text));
    } catch (error) {
      // A full disk accepts the file, but no content.
      if (errnoOf(error) !== 'EEXIST') removeTree(platform, state, NAMES.lock);
      throw error;
    }
  }

  /**
   * Removes the file unless another run has taken the lock over. Between this check and the removal none can, since it must wait a
   * minute first.
   */
  release(): void {
    clearInterval(this.#timer);
    if (this.#text === '') return;
    const {platform} = this.o;
    inState(platform, this.#root as Folder, (state) => {
      if (read(platform, state, NAMES.lock)?.text === this.#text) platform.removeFile(state, NAMES.lock);
    });
  }

  #try(root: Folder): boolean {
    this.#locked = this.o.platform.lock(root);
    const found = this.#look(root);
    if (this.#locked !== 'held' && (found === undefined || this.#isOver(found))) return true;
    this.#refuse(found);
    return false;
  }

  /** The file, if it can be read. */
  #look(root: Folder): Found | undefined {
    const {platform} = this.o;
    try {
      return inState(platform, root, (state) => read(platform, state, NAMES.lock));
    } catch (error) {
      // A user who cannot read .dirsync cannot write there either, and gets that error later.
      errnoOf(error);
      return undefined;
    }
  }

  /** Whether the run that made the file is known to have ended. */
  #isOver({mark, beat}: Found): boolean {
    if (this.#locked === 'all' && (mark === undefined || mark.flock)) return true;
    if (mark === undefined) return this.#stoodStill(beat);
    if (this.#locked === 'machine' && mark.flock && mark.boot !== '' && mark.boot === thisProcess().boot) return true;
    return hasEnded(mark) ?? this.#stoodStill(beat);
  }

  /** The most time that is counted between two checks, since a suspended machine has not watched. */
  #stoodStill(beat: string): boolean {
    const now = performance.now();
    const {beat: last, at, still} = this.#watched;
    this.#watched = {beat, at: now, still: beat === last ? still + Math.min(now - at, 5 * this.#timing.poll) : 0};
    return this.#watched.still >= this.#timing.still;
  }

  /**
   * Removes the file of a run that has ended. If several runs try, one succeeds in moving it away. A run that finds that it has
   * moved the new file of a faster run moves that back.
   *
   * Race: between these two moves a third run may make its own file. Then two runs work until the run whose file is gone notices
   * that at its next beat and stops. Every path is checked right before it is changed, so changes of one run are drift for the
   * other.
   */
  #clear(state: Folder, found: Found): void {
    const {platform, id} = this.o;
    if (!this.#isOver(found)) throw this.#refuse(found);
    const aside = `lock-${id}` as ByteName;
    // If this process is killed, the next run removes it with the staging.
    const staging = ensureFolder(platform, state, NAMES.staging);
    try {
      platform.move({from: state, name: NAMES.lock, to: staging, as: aside, replace: true});
      const moved = read(platform, staging, aside);
      if (moved?.beat !== found.beat) {
        platform.move({from: staging, name: aside, to: state, as: NAMES.lock, replace: false});
        throw this.#refuse(moved);
      }
      removeTree(platform, staging, aside);
    } catch (error) {
      // Another run was faster; the next check shows whether it has made its file.
      if (error instanceof DirsyncError || errnoOf(error) !== 'ENOENT') throw error;
    } finally {
      platform.close(staging);
    }
  }

  /**
   * Touches the file, and checks that the lock still belongs to this run, since a suspended machine may have lost it. Then the
   * current actions end, so two runs work at the same time for at most one beat and one file after the machine wakes up.
   */
  #beat(): void {
    const {platform, path, onLost} = this.o;
    let found: Found | undefined;
    try {
      found = inState(platform, this.#root as Folder, (state) => {
        const now = read(platform, state, NAMES.lock);
        if (now?.text === this.#text) {
          platform.setAttributes(state, NAMES.lock, CODE.file, {mtime: BigInt(Date.now()) * 1_000_000n});
        }
        return now;
      });
      if (found?.text === this.#text) return;
    } catch (error) {
      // A disk that fails for a moment does not mean that another run has the lock.
      errnoOf(error);
      return;
    }
    // If every run has the kernel's lock, the file was only cleaned up.
    if (found === undefined && this.#locked === 'all') return;
    clearInterval(this.#timer);
    const by = found?.mark === undefined ? '' : ` by ${holderWords(found.mark)}`;
    onLost(
      new DirsyncError(
        'LOCK_LOST',
        `the lock of ${escapeName(fromByteName(path))} was taken over${by}`,
        'this run must have been suspended for a minute, as on a machine that slept; plan again when the other run has ended',
      ),
    );
  }

  /** Notes that another run holds it. */
  #refuse(found: Found | undefined): DirsyncError {
    this.#refused ??= performance.now();
    this.#held = found?.mark;
    return this.#refusal();
  }

  #refusal(): DirsyncError {
    const path = escapeName(fromByteName(this.o.path));
    const held = this.#held;
    const isKnown = this.#locked === 'held' || (held !== undefined && hasEnded(held) !== undefined);
    return new DirsyncError(
      'TARGET_LOCKED',
      `${path} is locked${held === undefined ? '' : ` by ${holderWords(held)}`}`,
      isKnown
        ? 'wait for that run to end, as with --lock-timeout 5m, or end it'
        : `wait for that run to end; if it will never return, --lock-timeout 2m detects that, or remove ${path}/.dirsync/lock`,
    );
  }
}

/** Whether an error means that another run holds the lock. */
export function isLocked(error: unknown): boolean {
  return error instanceof DirsyncError && error.code === 'TARGET_LOCKED';
}

/** Well above the size of the file. */
const MAX_BYTES = 4096;
const MAX_COMMAND = 300;

/** The file of this name, or undefined; any other entry there counts as a file without a holder. */
function read(platform: Platform, folder: Folder, name: ByteName): Found | undefined {
  let text = '';
  try {
    const bytes = platform.readFile(folder, name, MAX_BYTES);
    if (bytes === undefined) return undefined;
    text = Buffer.from(bytes).toString();
  } catch (error) {
    errnoOf(error);
  }
  const stat = emptyStat();
  if (!platform.stat(folder, name, stat)) return undefined;
  return {text, beat: `${stat.seconds}.${stat.nanoseconds} ${text}`, mark: parse(text)};
}

/** Checks the content, which anyone may have written and which may be incomplete. */
function parse(text: string): Mark | undefined {
  let json: Partial<Record<string, unknown>>;
  try {
    json = JSON.parse(text) ?? {};
  } catch {
    return undefined;
  }
  const {pid, flock} = json;
  const isPid = typeof pid === 'number' && Number.isInteger(pid) && pid > 0 && pid < 2 ** 31;
  if (!isPid || typeof flock !== 'boolean') return undefined;
  const texts = TEXTS.map((key) => [key, json[key]] as const);
  if (!texts.every(([, value]) => typeof value === 'string')) return undefined;
  const {command, ...mark} = Object.fromEntries(texts) as Record<(typeof TEXTS)[number], string>;
  return {...mark, command: shortened(command), pid, flock};
}

const TEXTS = ['host', 'boot', 'space', 'start', 'since', 'command', 'id'] as const;

function shortened(text: string): string {
  const chars = [...text];
  return chars.length > MAX_COMMAND ? `${chars.slice(0, MAX_COMMAND - 1).join('')}…` : text;
}
