/**
 * The standard streams, each of which can fail while the program runs: the disk of a log is full, the reader of a pipe has ended,
 * the terminal was closed. Then only output is lost: the work goes on, and listeners are called once.
 */
import fs from 'node:fs';
import process from 'node:process';
import tty from 'node:tty';
import {getSystemErrorMap} from 'node:util';

/** An output that failed, and why. */
export interface LostOutput {
  /** `stdout`, `stderr`, or the name of a file. */
  readonly output: string;
  /** Such as `no space left on device (ENOSPC)`. */
  readonly why: string;
}

type OnLost = (lost: LostOutput) => void;

const lost = new Map<string, LostOutput>();
const hearers = new Set<OnLost>();
const terminalHearers = new Set<() => void>();

/** Call it once, after all modules that add their own listeners to these streams are loaded. */
export function guardStreams(): void {
  const {stdin, stdout, stderr} = process;
  // oclif's listener throws all errors except EPIPE.
  stdout.removeAllListeners('error');
  for (const [name, stream] of Object.entries({stdout, stderr})) {
    stream.on('error', (error) => {
      if (stream.isTTY) loseTerminal();
      loseOutput(name, error);
    });
    writeWhole(stream);
  }
  // Only screens and questions read the terminal, and its end is not a key.
  for (const event of ['error', 'end', 'close']) stdin.on(event, () => stdin.isTTY && loseTerminal());
  const terminals = [0, 1, 2].filter((descriptor) => tty.isatty(descriptor));
  process.on('exit', () => {
    for (const descriptor of terminals) if (!tty.isatty(descriptor)) replaceLost(descriptor);
  });
}

/** Calls `hear` once for each output that fails from now on. Returns a function that removes the listener. */
export function onLostOutput(hear: OnLost): () => void {
  hearers.add(hear);
  return () => void hearers.delete(hear);
}

/** Calls `hear` when the terminal is gone while a screen or a question needs it. Returns a function that removes the listener. */
export function onLostTerminal(hear: () => void): () => void {
  terminalHearers.add(hear);
  return () => void terminalHearers.delete(hear);
}

/** Records that an output cannot be written. */
export function loseOutput(output: string, error: unknown): void {
  if (lost.has(output)) return;
  const {errno, code, message} = error as NodeJS.ErrnoException;
  const known = errno === undefined ? undefined : getSystemErrorMap().get(errno);
  const entry = {output, why: known === undefined ? (code ?? message) : `${known[1]} (${known[0]})`};
  lost.set(output, entry);
  for (const hear of hearers) hear(entry);
}

/** Output is collected up to this size before it is written. */
const PIECE_LENGTH = 1 << 16;

/** Writes long output to stdout piece by piece, and stops when stdout has failed. */
export async function writeOut(pieces: Iterable<string>): Promise<void> {
  let gathered = '';
  for (const piece of pieces) {
    gathered += piece;
    if (gathered.length < PIECE_LENGTH) continue;
    if (!(await isWritten(process.stdout, gathered))) return;
    gathered = '';
  }
  if (gathered !== '') await isWritten(process.stdout, gathered);
}

/** Resolves when everything is written or known to be lost. */
export async function outputsLost(): Promise<readonly LostOutput[]> {
  await Promise.all([process.stdout, process.stderr].map((stream) => isWritten(stream, '')));
  return [...lost.values()];
}

function isWritten(stream: NodeJS.WriteStream, text: string): Promise<boolean> {
  return new Promise((done) => {
    stream.write(text, (error) => done(error === undefined || error === null));
  });
}

/** Whether a screen or a question has the terminal in raw mode. */
function loseTerminal(): void {
  if (process.stdin.isRaw) for (const hear of terminalHearers) hear();
}

/** On a nearly full disk Node writes what still fits and does not report the rest (SyncWriteStream). */
function writeWhole(stream: NodeJS.WriteStream & {readonly fd?: number}): void {
  const {fd} = stream;
  if (fd === undefined || !isFile(fd)) return;
  stream._write = (chunk: Buffer, _encoding, done) => {
    try {
      for (let at = 0; at < chunk.length; ) at += fs.writeSync(fd, chunk, at);
      done();
    } catch (error) {
      done(error as Error);
    }
  };
}

function isFile(descriptor: number): boolean {
  try {
    return fs.fstatSync(descriptor).isFile();
  } catch {
    return false;
  }
}

/**
 * Node aborts if it cannot restore a terminal to its state at start, but ignores a descriptor that now belongs to another file
 * (ResetStdio in node.cc). So the terminal is closed and another file opened, which gets the lowest free descriptor: the same one,
 * or some other file has already taken it.
 */
function replaceLost(descriptor: number): void {
  try {
    fs.closeSync(descriptor);
    fs.openSync('/dev/null', 'r+');
  } catch {
    // It was already closed, or the file does not exist: Node ignores a free descriptor as well.
  }
}
