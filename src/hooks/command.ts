/** Runs commands, each in a process group of its own, so that the processes that it starts end with it. */
import {type ChildProcess, type SpawnOptions, spawn} from 'node:child_process';
import process from 'node:process';
import {setTimeout as sleep} from 'node:timers/promises';
import {escapeName} from '../core/escape.js';
import type {CommandLine} from '../core/hooks.js';
import {formatDuration} from '../report/words/units.js';
import {surroundingsOf} from './bytes.js';
import {type LimitReached, startLimit, type TimeLimit} from './limit.js';

/** How a command is run. */
export interface CommandOptions extends TimeLimit {
  /** The working folder; undefined for the folder of this process. */
  readonly cwd: string | undefined;
  /** Variables with undefined values are not set. */
  readonly env: NodeJS.ProcessEnv;
  /** Text for the command's stdin, which it need not read. */
  readonly input?: string | undefined;
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly grace?: number | undefined;
}

export type CommandEnd =
  | {readonly status: 'done' | LimitReached}
  | {readonly status: 'failed'; readonly exitCode: number}
  | {readonly status: 'killed'; readonly signal: NodeJS.Signals}
  | {readonly status: 'not-started'; readonly code: string};

/** How a command ended. */
export interface CommandResult {
  readonly end: CommandEnd;
  /** Milliseconds. */
  readonly duration: number;
  /** The end of its output on stdout and stderr. */
  readonly output: string;
  /** Whether its output was longer. */
  readonly isCut: boolean;
}

const GRACE = 2000;
/** The grace if dirsync itself has to end. */
const SHORT_GRACE = 1000;
/**
 * How long to wait for output after a command has ended: processes that it left in the background may hold its pipes open for ever.
 */
const DRAIN = 250;
/** How often to check whether a group has ended. */
const GLANCE = 20;
const KEPT_BYTES = 8192;
const MAX_LINE = 300;

/** Runs a command and waits until it ends for any reason. */
export async function runCommand(command: CommandLine, options: CommandOptions): Promise<CommandResult> {
  const started = performance.now();
  const tail = new Tail();
  const {signal, linger = 0} = options;
  const end: CommandEnd = signal.aborted && linger === 0 ? {status: 'stopped'} : await carryOut(command, options, tail);
  return {end, duration: performance.now() - started, output: tail.text(), isCut: tail.isCut};
}

async function carryOut(command: CommandLine, options: CommandOptions, tail: Tail): Promise<CommandEnd> {
  let child: ChildProcess;
  try {
    child = start(command, options);
  } catch (error) {
    return notStarted(error);
  }
  const exited = new Promise<CommandEnd>((resolve) => {
    child.on('error', (error) => resolve(notStarted(error)));
    child.once('exit', (exitCode, killer) => resolve(endOf(exitCode, killer)));
  });
  const closed = new Promise((resolve) => child.once('close', resolve));
  child.stdout?.on('data', (chunk: Buffer) => tail.add(chunk));
  child.stderr?.on('data', (chunk: Buffer) => tail.add(chunk));
  // A command need not read its stdin.
  child.stdin?.on('error', () => {}).end(options.input);

  const forget = endWithUs(child);
  let dropLimit = () => {};
  const limit = new Promise<LimitReached>((resolve) => {
    dropLimit = startLimit(options, resolve);
  });
  const first = await Promise.race([exited, limit]);
  dropLimit();
  if (typeof first === 'string') {
    const {grace = GRACE} = options;
    await endGroup(child, first === 'stopped' ? Math.min(grace, SHORT_GRACE) : grace);
  }
  await Promise.race([closed, sleep(DRAIN, undefined, {ref: false})]);
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
  // Not even SIGKILL ends a process that waits for a lost disk.
  child.unref();
  forget();
  return typeof first === 'string' ? {status: first} : first;
}

function start(command: CommandLine, {cwd, env, input}: CommandOptions): ChildProcess {
  const {script, ...surroundings} = surroundingsOf(cwd, env);
  const options: SpawnOptions = {
    ...surroundings,
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
    windowsHide: true,
  };
  if (typeof command === 'string') return spawn(script + command, {...options, shell: true});
  const [program, ...args] = command;
  if (script !== '') return spawn('/bin/sh', ['-c', `${script}exec "$0" "$@"`, ...command], options);
  return spawn(program, args, options);
}

function notStarted(error: unknown): CommandEnd {
  return {status: 'not-started', code: (error as NodeJS.ErrnoException).code ?? 'unknown reason'};
}

function endOf(exitCode: number | null, killer: NodeJS.Signals | null): CommandEnd {
  if (killer !== null) return {status: 'killed', signal: killer};
  return exitCode === 0 ? {status: 'done'} : {status: 'failed', exitCode: exitCode as number};
}

/** Asks a group to end, and kills it after the grace. */
async function endGroup({pid}: ChildProcess, grace: number): Promise<void> {
  let isThere = signalGroup(pid, 'SIGTERM');
  for (let waited = 0; isThere && waited < grace; waited += GLANCE) {
    await sleep(GLANCE);
    isThere = signalGroup(pid, 0);
  }
  if (isThere) signalGroup(pid, 'SIGKILL');
}

/** Whether the group exists, or existed a moment ago. */
function signalGroup(pid: number | undefined, signal: NodeJS.Signals | 0): boolean {
  if (pid === undefined) return false;
  try {
    return process.kill(process.platform === 'win32' ? pid : -pid, signal);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

const running = new Set<ChildProcess>();

/** If this process ends at once, such as at a second Ctrl-C, its commands are asked to end. Returns a function that undoes this. */
function endWithUs(child: ChildProcess): () => void {
  if (running.size === 0) process.on('exit', endRunning);
  running.add(child);
  return () => {
    running.delete(child);
    if (running.size === 0) process.off('exit', endRunning);
  };
}

function endRunning(): void {
  for (const {pid} of running) signalGroup(pid, 'SIGTERM');
}

/** Keeps the last bytes of everything that is added. */
class Tail {
  #bytes = Buffer.alloc(0);
  isCut = false;

  add(chunk: Buffer): void {
    const all = Buffer.concat([this.#bytes, chunk]);
    this.isCut ||= all.length > KEPT_BYTES;
    this.#bytes = all.subarray(-KEPT_BYTES);
  }

  text(): string {
    return this.#bytes.toString('utf8');
  }
}

/** How a command ended, in a few words, with its last line of output if it failed. Escaped. */
export function resultWords({end, duration, output}: CommandResult): string {
  const line = end.status === 'done' ? '' : lastLine(output);
  return `${endWords(end, duration)}${line === '' ? '' : `: ${line}`}`;
}

function endWords(end: CommandEnd, duration: number): string {
  const time = formatDuration(duration);
  switch (end.status) {
    case 'done':
      return `done in ${time}`;
    case 'failed':
      return `exit code ${end.exitCode} after ${time}`;
    case 'killed':
      return `killed by ${end.signal} after ${time}`;
    case 'timed-out':
      return `reached its time limit, and was stopped after ${time}`;
    case 'stopped':
      return 'stopped, because dirsync was asked to stop';
    case 'not-started':
      return `could not be started (${end.code})`;
  }
}

function lastLine(output: string): string {
  const lines = output.split(/[\r\n]/).map((line) => line.trim());
  const last = lines.findLast((line) => line !== '') ?? '';
  const start = [...last].slice(0, MAX_LINE).join('');
  return escapeName(start) + (start === last ? '' : '…');
}
