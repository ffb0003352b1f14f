/**
 * The standard streams, each of which can fail while the program runs: the disk of a log is full, the reader of a pipe is gone, the
 * terminal was closed. What is lost then is the output, never the work: it goes on, and whoever asked is told once.
 */
import fs from 'node:fs';
import process from 'node:process';
import tty from 'node:tty';
import {getSystemErrorMap} from 'node:util';

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

/** To be called once, after all modules are loaded that listen to these streams on their own. */
export function guardStreams(): void {
  const {stdin, stdout, stderr} = process;
  // oclif's listener throws whatever is not EPIPE.
  stdout.removeAllListeners('error');
  for (const [name, stream] of Object.entries({stdout, stderr})) {
    stream.on('error', (error) => {
      if (stream.isTTY) loseTerminal();
      loseOutput(name, error);
    });
    writeWhole(stream);
  }
  // Nobody reads a terminal but a screen or a question, and its end is no key.
  for (const event of ['error', 'end', 'close']) stdin.on(event, () => stdin.isTTY && loseTerminal());
  const terminals = [0, 1, 2].filter((descriptor) => tty.isatty(descriptor));
  process.on('exit', () => {
    for (const descriptor of terminals) if (!tty.isatty(descriptor)) replaceLost(descriptor);
  });
}

/** Calls `hear` for each output that is lost from now on, once. The answer ends that. */
export function onLostOutput(hear: OnLost): () => void {
  hearers.add(hear);
  return () => void hearers.delete(hear);
}

/** Calls `hear` when the terminal is gone while a screen or a question needs it. The answer ends that. */
export function onLostTerminal(hear: () => void): () => void {
  terminalHearers.add(hear);
  return () => void terminalHearers.delete(hear);
}

/** Notes that an output does not arrive where it should. */
export function loseOutput(output: string, error: unknown): void {
  if (lost.has(output)) return;
  const {errno, code, message} = error as NodeJS.ErrnoException;
  const known = errno === undefined ? undefined : getSystemErrorMap().get(errno);
  const entry = {output, why: known === undefined ? (code ?? message) : `${known[1]} (${known[0]})`};
  lost.set(output, entry);
  for (const hear of hearers) hear(entry);
}

/** A piece of output is gathered up to this size. */
const PIECE_LENGTH = 1 << 16;

/** Writes to stdout what can be long, and stops where nobody takes it. */
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

/** Everything that was written has arrived, or is known to be lost. */
export async function outputsLost(): Promise<readonly LostOutput[]> {
  await Promise.all([process.stdout, process.stderr].map((stream) => isWritten(stream, '')));
  return [...lost.values()];
}

function isWritten(stream: NodeJS.WriteStream, text: string): Promise<boolean> {
  return new Promise((done) => {
    stream.write(text, (error) => done(error === undefined || error === null));
  });
}

/** A screen or a question has the terminal in raw mode. */
function loseTerminal(): void {
  if (process.stdin.isRaw) for (const hear of terminalHearers) hear();
}

/** On a disk that is nearly full Node writes what still fits, and does not tell of the rest (SyncWriteStream). */
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
 * Node aborts when it cannot put a terminal back as it was at start; what has another file in its place it leaves alone (ResetStdio in
 * node.cc). The lowest free descriptor is given out first. Whatever else takes this one meanwhile is another file, too.
 */
function replaceLost(descriptor: number): void {
  try {
    fs.closeSync(descriptor);
    fs.openSync('/dev/null', 'r+');
  } catch {
    // It was closed before, or there is no such file: a free descriptor is left alone as well.
  }
}
