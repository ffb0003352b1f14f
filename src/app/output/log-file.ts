/** A log file that is rotated when it is large or old: FILE is the newest, then FILE.1, FILE.2 and so on. */
import {closeSync, constants, fstatSync, openSync, readSync, renameSync, rmSync, type Stats, statSync, writeSync} from 'node:fs';
import {escapeName} from '../../core/escape.js';
import type {LogSettings} from '../../core/log.js';
import {osPath} from '../../core/name.js';
import {keepAccess, PRIVATE} from '../../formats/whole-file.js';
import {realPath} from '../../platform/environment.js';

export type Rotation = Pick<LogSettings, 'maxSize' | 'maxAge' | 'maxFiles'>;

/** The clock and the listener for errors of a log file. */
export interface LogFileOptions {
  readonly now: () => Date;
  /** Called with a sentence, names escaped, when the file cannot be written or rotated; only once after each `open`. */
  readonly onTrouble: (message: string) => void;
}

interface Opened {
  readonly descriptor: number;
  readonly stat: Stats;
  /** The path with symlinks resolved; undefined if the file is never rotated. */
  readonly path: string | undefined;
  /** When its first line was written, in milliseconds since 1970; undefined if it is empty. */
  begun: number | undefined;
}

/**
 * Writes synchronously, so that no line waits in memory or is lost with the process. Each line is one append, which the kernel does
 * not mix with those of other processes. Nothing here throws: a log never stops a run.
 */
export class LogFile {
  #rotation: Rotation = {maxSize: Number.POSITIVE_INFINITY, maxAge: undefined, maxFiles: 0};
  #opened: Opened | undefined;
  #canWrite = false;
  #canRotate = false;
  /** Mode of a new file: that of the last one. */
  #mode = LOG_MODE;

  constructor(
    readonly name: string,
    private readonly options: LogFileOptions,
  ) {}

  /** Sets the limits. After a failure, writing and rotating are tried again. */
  open(rotation: Rotation): void {
    this.#rotation = rotation;
    this.#canRotate = true;
    this.#canWrite = true;
    if (this.#opened === undefined) this.#attempt(() => this.#reopen());
  }

  /** `line` ends with a newline. */
  write(line: string): void {
    this.#attempt(() => {
      const bytes = Buffer.from(line);
      const opened = this.#roomFor(bytes.length);
      opened.begun ??= this.options.now().getTime();
      for (let at = 0; at < bytes.length; ) at += writeSync(opened.descriptor, bytes, at);
    });
  }

  close(): void {
    if (this.#opened !== undefined) closeSync(this.#opened.descriptor);
    this.#opened = undefined;
  }

  #attempt(act: () => void): void {
    if (!this.#canWrite) return;
    try {
      act();
    } catch (error) {
      this.#canWrite = false;
      this.close();
      this.#complain('written', error, 'continuing without it');
    }
  }

  /** Returns the file for the next line. Checked for each line, because another process may have rotated or removed the file. */
  #roomFor(bytes: number): Opened {
    const opened = this.#opened ?? this.#reopen();
    const {path} = opened;
    if (path === undefined) return opened;
    const size = sizeAt(path, opened);
    if (size === undefined) return this.#reopen();
    const {maxSize, maxAge = Number.POSITIVE_INFINITY} = this.#rotation;
    const age = this.options.now().getTime() - (opened.begun ?? Number.POSITIVE_INFINITY);
    const isDue = size > 0 && (size + bytes > maxSize || age >= maxAge);
    if (!isDue || !this.#canRotate) return opened;
    return this.#beginAnew(path, opened) ? this.#reopen() : opened;
  }

  /** Rotates the file. Returns whether the name now leads to a new file. */
  #beginAnew(path: string, opened: Opened): boolean {
    try {
      return alone(path, () => {
        if (sizeAt(path, opened) === undefined) return;
        rotate(path, this.#rotation.maxFiles);
        makeLike(path, opened.stat);
      });
    } catch (error) {
      this.#canRotate = false;
      this.#complain('rotated', error, 'continuing with the current file');
      return false;
    }
  }

  #reopen(): Opened {
    this.close();
    const descriptor = openToAppend(this.name, this.#mode);
    const stat = fstatSync(descriptor);
    if (stat.isFile()) this.#mode = stat.mode & 0o777;
    // Paths such as /dev/stdout lead to the same file after a rotation.
    const path = stat.isFile() && !/^\/(?:dev|proc)\//.test(this.name) ? realPath(this.name) : undefined;
    const {begun, isTorn} = path === undefined || stat.size === 0 ? NOTHING : look(path, stat);
    this.#opened = {descriptor, stat, path, begun};
    if (isTorn) writeSync(descriptor, '\n');
    return this.#opened;
  }

  #complain(what: string, error: unknown, consequence: string): void {
    const {code} = error as NodeJS.ErrnoException;
    this.options.onTrouble(`the log ${escapeName(this.name)} cannot be ${what} (${code}); ${consequence}`);
  }
}

/** As for system logs: the owner writes, and a group may read. */
const LOG_MODE = 0o640;

const {O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK} = constants;

/** Opens a file to append to it. `mode`: the mode of a new file. */
function openToAppend(name: string, mode: number): number {
  // Opening a named pipe without a reader blocks; with O_NONBLOCK it fails instead. Writing may block.
  const probe = openSync(osPath(name), O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, mode);
  try {
    return openSync(osPath(name), O_WRONLY | O_APPEND);
  } finally {
    closeSync(probe);
  }
}

const NOTHING = {begun: undefined, isTorn: false};

/**
 * Returns when the first line was written, and whether the last line is incomplete because its writer was killed or the disk was
 * full.
 */
function look(path: string, {size, birthtimeMs, ino, dev}: Stats): {begun: number; isTorn: boolean} {
  try {
    const descriptor = openSync(osPath(path), 'r');
    try {
      const found = fstatSync(descriptor);
      // Another process has just rotated the file: this is the next one, in which `size` is not the end.
      if (found.ino !== ino || found.dev !== dev) return {begun: birthtimeMs, isTorn: false};
      const head = Buffer.alloc(200);
      const last = Buffer.alloc(1);
      readSync(descriptor, head, 0, head.length, 0);
      const hasLast = readSync(descriptor, last, 0, 1, size - 1) === 1;
      // A copied file has a later birth time than its first line, and some file systems store none.
      const time = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/.exec(head.toString('latin1'))?.[0];
      return {begun: time === undefined ? birthtimeMs : Date.parse(time), isTorn: hasLast && last.toString() !== '\n'};
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // The file can be written, but not read.
    return {begun: birthtimeMs, isTorn: false};
  }
}

/** Returns the size of the file, or undefined if it was replaced or removed. */
function sizeAt(path: string, {stat}: Opened): number | undefined {
  const found = statSync(osPath(path), {throwIfNoEntry: false});
  return found?.ino === stat.ino && found.dev === stat.dev ? found.size : undefined;
}

const MINUTE = 60_000;

/**
 * Calls `act` under a lock. Returns false if another process holds it: two that rotate at once would overwrite a newer file with an
 * older.
 */
function alone(path: string, act: () => void): boolean {
  const lock = osPath(`${path}.lock`);
  try {
    closeSync(openSync(lock, 'wx'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const found = statSync(lock, {throwIfNoEntry: false});
    // The lock is held only for a moment, so an old one is left by a killed process.
    if (found !== undefined && Date.now() - found.mtimeMs > MINUTE) rmSync(lock, {force: true});
    return false;
  }
  try {
    act();
  } finally {
    rmSync(lock, {force: true});
  }
  return true;
}

/** Creates an empty file with the owner and mode of the old one. */
function makeLike(path: string, old: Stats): void {
  try {
    const descriptor = openSync(osPath(path), 'wx', PRIVATE);
    keepAccess(descriptor, old);
    closeSync(descriptor);
  } catch (error) {
    // Another process was faster, and uses the same mode.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Renames each file to the next number, and deletes the oldest. */
function rotate(path: string, maxFiles: number): void {
  const numbered = (number: number) => osPath(number === 0 ? path : `${path}.${number}`);
  if (maxFiles === 0) rmSync(numbered(0));
  for (let number = maxFiles; number > 0; number--) {
    try {
      renameSync(numbered(number - 1), numbered(number));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}
