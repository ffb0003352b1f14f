/** The real program, as a user starts it: a separate process, without this machine's settings. */
import {type ChildProcess, type SpawnSyncOptions, spawn, spawnSync} from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {expect} from 'chai';
import {removeTree} from './temp.js';
import {nameBytes, readTree, type Tree, writeTree} from './tree.js';

export interface CliOptions {
  readonly cwd?: string | undefined;
  readonly env?: NodeJS.ProcessEnv;
  /** Runs as this user and group. */
  readonly uid?: number | undefined;
  readonly input?: string;
  /** A command that starts the program, such as strace with its options. */
  readonly under?: readonly string[] | undefined;
  /** Milliseconds until it is killed. */
  readonly timeout?: number;
}

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly signal: NodeJS.Signals | null;
}

const CHECKOUT = fileURLToPath(new URL('../../..', import.meta.url));
/** The files that the built program needs. */
const PROGRAM = ['package.json', 'bin', 'dist', 'node_modules/koffi', 'node_modules/@koromix', 'node_modules/@napi-rs'];
const TIMEOUT = 60_000;

/** Runs dirsync to its end. */
export function dirsync(args: readonly string[], options: CliOptions = {}): CliResult {
  const home = new Home(options);
  try {
    const [file = '', ...rest] = home.command(args);
    const {status, signal, stdout, stderr, error} = spawnSync(file, rest, {
      ...home.spawnOptions,
      ...(options.input !== undefined && {input: options.input}),
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    if (error !== undefined) throw error;
    return {code: status, stdout, stderr, signal};
  } finally {
    home.remove();
  }
}

/** Starts dirsync, so that a test can watch and end it; with `terminal` it has a terminal (util-linux's script). */
export function startDirsync(args: readonly string[], options: CliOptions & {terminal?: boolean} = {}): Running {
  const home = new Home(options);
  const command = home.command(args);
  const inTerminal = ['script', '-qefc', command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' '), '/dev/null'];
  const [file = '', ...rest] = options.terminal ? inTerminal : command;
  return new Running(spawn(file, rest, home.spawnOptions), () => home.remove());
}

/** A child process whose output is collected. */
export class Running {
  stdout = '';
  stderr = '';
  readonly ended: Promise<CliResult>;

  constructor(
    readonly child: ChildProcess,
    onEnd: () => void = () => {},
  ) {
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      this.stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      this.stderr += text;
    });
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        onEnd();
        resolve({code, signal, stdout: this.stdout, stderr: this.stderr});
      });
    });
  }

  /** Waits for a condition, at most until the process ends. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.child.exitCode !== null || this.child.signalCode !== null) {
        throw new Error(`it ended before: ${JSON.stringify(await this.ended)}`);
      }
      await delay(2);
    }
  }

  says(text: string): Promise<void> {
    return this.until(() => this.stdout.includes(text));
  }

  kill(signal: NodeJS.Signals): Promise<CliResult> {
    this.child.kill(signal);
    return this.ended;
  }
}

/** A word as bash reads it back; a lone surrogate is a byte, as in core/name. */
function bashWord(text: string): string {
  return `$'${Array.from(nameBytes(text), (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}'`;
}

/** A home folder for one run; for another user it also contains the program, because that user may not be able to read the checkout. */
export class Home {
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dirsync-home-'));
  readonly program: string;
  readonly spawnOptions: SpawnSyncOptions;
  readonly #under: readonly string[];
  /** Values that Node cannot pass to a child, because they are not UTF-8: a shell passes them. */
  readonly #bytes: string;

  constructor({cwd, env, uid, under = [], timeout = TIMEOUT}: CliOptions) {
    const {folder} = this;
    this.#under = under;
    if (uid !== undefined) {
      for (const part of PROGRAM) fs.cpSync(path.join(CHECKOUT, part), path.join(folder, 'app', part), {recursive: true});
      fs.chmodSync(folder, 0o755);
      fs.chownSync(folder, uid, uid);
    }
    this.program = path.join(uid === undefined ? CHECKOUT : path.join(folder, 'app'), 'bin/run.js');
    const {PATH} = process.env;
    const xdg = {XDG_CONFIG_HOME: `${folder}/config`, XDG_STATE_HOME: `${folder}/state`, XDG_CACHE_HOME: `${folder}/cache`};
    const isText = (text = '') => text.isWellFormed();
    const variables = Object.entries({PATH, HOME: folder, ...xdg, TERM: 'xterm', TZ: 'UTC', ...env});
    this.#bytes = [
      ...(isText(cwd) ? [] : [`cd ${bashWord(cwd ?? '')}`]),
      ...variables.flatMap(([name, value]) => (isText(value) ? [] : [`export ${name}=${bashWord(value ?? '')}`])),
    ].join('\n');
    this.spawnOptions = {
      cwd: isText(cwd) ? (cwd ?? folder) : folder,
      env: Object.fromEntries(variables.filter(([, value]) => isText(value))),
      ...(uid !== undefined && {uid, gid: uid}),
      timeout,
      killSignal: 'SIGKILL',
    };
  }

  command(args: readonly string[]): string[] {
    const words = [...this.#under, process.execPath, this.program, ...args];
    if (this.#bytes === '' && words.every((word) => word.isWellFormed())) return words;
    // Without it, a shell whose stdin is a socket reads its user's startup files.
    return ['bash', '--norc', '-c', `${this.#bytes}\nexec ${words.map(bashWord).join(' ')}`];
  }

  remove(): void {
    removeTree(this.folder);
  }
}

/** A user without rights: `nobody` if this is root, otherwise this user. `handOver` gives files to it. */
export const NOBODY = process.geteuid?.() === 0 ? 65_534 : undefined;

export function handOver(...folders: readonly string[]): void {
  if (NOBODY === undefined) return;
  for (const folder of folders) {
    fs.lchownSync(folder, NOBODY, NOBODY);
    for (const entry of fs.readdirSync(folder, {withFileTypes: true, recursive: true})) {
      fs.lchownSync(path.join(entry.parentPath, entry.name), NOBODY, NOBODY);
    }
  }
}

/** `source` and `target` in a folder, with these trees in them. */
export function pairIn(root: string, source: Parameters<typeof writeTree>[1] = {}, target?: Tree) {
  const pair = {root, source: path.join(root, 'source'), target: path.join(root, 'target')};
  writeTree(pair.source, source);
  if (target !== undefined) writeTree(pair.target, target);
  return pair;
}

/** Runs the body and checks that nothing in this folder changed: no path, content, mode or time. */
export function withoutChange<T>(root: string, body: () => T): T {
  const before = readTree(root);
  const result = body();
  expect(readTree(root), 'nothing is changed').to.deep.equal(before);
  return result;
}

interface PlanDocument {
  readonly actions: readonly {readonly kind: string; readonly path: string; readonly reasons: readonly string[]}[];
  readonly problems: readonly {readonly path: string; readonly side: string; readonly code: string}[];
  readonly header: {readonly warnings: readonly string[]};
  readonly halts: readonly {readonly guard: string; readonly allowed: boolean}[];
}

/** The document of `plan --json`. */
export function planDocument(args: readonly string[], options: CliOptions = {}): PlanDocument {
  const {code, stdout, stderr} = dirsync(['plan', '--json', ...args], options);
  expect({code, stderr}).to.deep.equal({code: 0, stderr: ''});
  return JSON.parse(stdout);
}

/** The actions of a plan, such as `create a/b`, without folders whose times are only restored. The root is `.`. */
export function planned(args: readonly string[], options: CliOptions = {}): string[] {
  return planDocument(args, options)
    .actions.filter(({kind, reasons}) => !(kind === 'attrs' && reasons.length === 1 && reasons[0] === 'children'))
    .map(({kind, path}) => `${kind} ${path || '.'}`);
}
