/**
 * dirsync in a real terminal: a separate, detached tmux server, which shows what a person would see. `close` ends the server and the
 * program in it.
 */
import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {type CliOptions, Home} from './cli.js';

export interface TerminalOptions extends Pick<CliOptions, 'cwd' | 'env'> {
  readonly width?: number;
  readonly height?: number;
  /** A command that starts the program, such as strace with its options. */
  readonly under?: readonly string[];
  /** Starts it as a job, as shells do: it can be stopped, and `foreground` continues it. */
  readonly isJob?: boolean;
}

/** The state of the terminal after the program: whether its cursor is shown, the alternate screen is active, and keys are echoed and arrive by line. */
export interface TerminalState {
  readonly cursor: boolean;
  readonly alternate: boolean;
  readonly cooked: boolean;
}

export const RESTORED: TerminalState = {cursor: true, alternate: false, cooked: true};

/**
 * Each flush of a file is so slow that an apply of 1000 flushed files takes some seconds on any disk. `-DD`: strace has its own
 * process group, because Ctrl-Z would stop it before it passes the signal on to the program.
 */
export const SLOW = [
  'strace',
  '-DD',
  '-f',
  '--seccomp-bpf',
  '-qq',
  '-o',
  '/dev/null',
  '-e',
  'trace=fsync',
  '-e',
  'inject=fsync:delay_enter=12000',
];

const TIMEOUT = 20_000;

export function hasTmux(): boolean {
  return spawnSync('tmux', ['-V']).status === 0;
}

/** Starts dirsync in a terminal of this size, 80 × 24 by default. Close it. */
export function openTerminal(args: readonly string[], options: TerminalOptions = {}): Terminal {
  return new Terminal(args, options);
}

export class Terminal {
  readonly #home: Home;
  readonly #pidFile: string;
  readonly #foregroundFile: string;
  #isGone = false;

  constructor(args: readonly string[], options: TerminalOptions) {
    const {width = 80, height = 24, under = [], isJob = false} = options;
    this.#home = new Home(options);
    const {cwd, env} = this.#home.spawnOptions;
    const {folder} = this.#home;
    this.#pidFile = path.join(folder, 'pid');
    this.#foregroundFile = path.join(folder, 'foreground');
    const set = Object.entries({TERM: 'screen-256color', ...env, ...options.env}).map(([name, value]) => `${name}=${value}`);
    const program = ['env', '-i', ...set, ...under, process.execPath, this.#home.program, ...args].map(quote).join(' ');
    const script = path.join(folder, 'start');
    // This stays on the screen after the program, and shows its exit code.
    const start = `(echo $BASHPID >${quote(this.#pidFile)}; exec ${program}); code=$?`;
    const end = 'echo "[exit $code]"; exec sleep 600';
    fs.writeFileSync(script, (isJob ? ['set -m', start, goOn(this.#foregroundFile), end] : [start, end]).join('\n'));
    const size = ['-x', String(width), '-y', String(height)];
    this.#tmux('-f', '/dev/null', 'new-session', '-d', ...size, '-c', String(cwd), `exec bash ${quote(script)}`);
  }

  /** The current screen, line by line, without trailing spaces. */
  screen(): string {
    return this.#tmux('capture-pane', '-p').replace(/\n+$/, '');
  }

  /** The screen with all lines that have scrolled off it. */
  history(): string {
    return this.#tmux('capture-pane', '-p', '-S', '-').replace(/\n+$/, '');
  }

  /** The screen with its colours and styles as escape sequences. */
  styled(): string {
    return this.#tmux('capture-pane', '-p', '-e').replace(/\n+$/, '');
  }

  /** Records all bytes that the program writes from now on; returns a function for the bytes so far. */
  record(): () => string {
    const file = path.join(this.#home.folder, 'written');
    fs.writeFileSync(file, '');
    this.#tmux('pipe-pane', `cat >>${quote(file)}`);
    return () => fs.readFileSync(file, 'latin1');
  }

  /** Waits until the screen shows a text, and returns the screen. */
  async shows(text: string | RegExp): Promise<string> {
    const until = Date.now() + TIMEOUT;
    for (;;) {
      const screen = this.screen();
      if (typeof text === 'string' ? screen.includes(text) : text.test(screen)) return screen;
      if (Date.now() > until) throw new Error(`the screen never showed ${text}:\n${screen}`);
      await delay(20);
    }
  }

  /** Waits for the program's end, and returns its exit code. */
  async ended(): Promise<number> {
    const screen = await this.shows(/\[exit \d+\]/);
    return Number(/\[exit (\d+)\]/.exec(screen)?.[1]);
  }

  /** Brings a stopped job back to the foreground, with the terminal in the modes that shells use. */
  foreground(): void {
    fs.writeFileSync(this.#foregroundFile, '');
  }

  /** Presses keys by tmux's names: `Down`, `PPage`, `C-c`, `Enter`, `q`. */
  press(...keys: readonly string[]): void {
    this.#tmux('send-keys', ...keys);
  }

  type(text: string): void {
    this.#tmux('send-keys', '-l', text);
  }

  resize(width: number, height: number): void {
    this.#tmux('resize-window', '-x', String(width), '-y', String(height));
  }

  kill(signal: NodeJS.Signals): void {
    process.kill(Number(fs.readFileSync(this.#pidFile, 'utf8')), signal);
  }

  state(): TerminalState {
    const [cursor, alternate, tty = ''] = this.#tmux('display-message', '-p', '#{cursor_flag} #{alternate_on} #{pane_tty}')
      .trim()
      .split(' ');
    const stty = spawnSync('stty', ['-a', '-F', tty], {encoding: 'utf8'}).stdout;
    return {cursor: cursor === '1', alternate: alternate === '1', cooked: /(?<!-)\bicanon\b/.test(stty) && / echo\b/.test(stty)};
  }

  /** Removes the terminal, as when its window is closed; the program can still be running. */
  hangUp(): void {
    this.#isGone = true;
    this.#tmux('kill-server');
  }

  close(): void {
    if (!this.#isGone) this.#tmux('kill-server');
    this.#home.remove();
  }

  #tmux(...args: readonly string[]): string {
    const {env} = this.#home.spawnOptions;
    const {status, stdout, stderr, error} = spawnSync('tmux', ['-u', '-S', path.join(this.#home.folder, 'tmux'), ...args], {
      env: {...env, LC_ALL: 'C.UTF-8', TERM: 'screen-256color'},
      encoding: 'utf8',
    });
    if (error !== undefined) throw error;
    if (status !== 0) throw new Error(`tmux ${args.join(' ')}: ${stderr}`);
    return stdout;
  }
}

/**
 * A shell script for a job that is stopped several times. Unlike an interactive shell, it leaves the terminal as the job did.
 * It has no loop, because bash ends a loop when a job in it is stopped. The codes are 128 plus the number of SIGSTOP or SIGTSTP.
 */
function goOn(file: string): string {
  return `go_on() {
  case $code in 147 | 148) ;; *) return ;; esac
  printf '\\n[stopped]\\n'
  until [ -e ${quote(file)} ]; do sleep 0.05; done
  rm ${quote(file)}
  stty sane
  fg >/dev/null
  code=$?
  go_on
}
go_on`;
}

function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
