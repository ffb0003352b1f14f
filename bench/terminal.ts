/** A command in a pseudo-terminal, timed by its output; `script` (util-linux) relays the output. */
import {type ChildProcessByStdio, spawn} from 'node:child_process';
import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import type {Readable, Writable} from 'node:stream';
import {setTimeout as delay} from 'node:timers/promises';

export interface TerminalOptions {
  readonly columns: number;
  readonly rows: number;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

const TIMEOUT_MS = 20_000;
/** Longer than the delay of anything a screen draws by itself after a key (the details of a change, 60 ms later). */
const REST_MS = 150;

/** The command for a shell in a pseudo-terminal, and its arguments. Its output also goes to `log`. */
export function inTerminal(command: readonly string[], {columns, rows}: {columns: number; rows: number}, log = '/dev/null') {
  const words = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  return ['script', '-qefc', `stty columns ${columns} rows ${rows}; echo pid $$; exec ${words}`, log] as const;
}

export class Terminal {
  readonly #script: ChildProcessByStdio<Writable, Readable, null>;
  readonly #exited: Promise<unknown>;
  #written = '';

  constructor(command: readonly string[], {columns, rows, cwd, env}: TerminalOptions) {
    const [script, ...args] = inTerminal(command, {columns, rows});
    this.#script = spawn(script, args, {cwd, env, stdio: ['pipe', 'pipe', 'inherit']});
    this.#exited = once(this.#script, 'exit');
    // A failed benchmark ends the processes that it started.
    const kill = () => this.#script.kill();
    process.once('exit', kill);
    this.#script.once('exit', () => process.off('exit', kill));
    this.#script.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#written += text;
    });
  }

  /** The id of the command's process; call this first. */
  async pid(): Promise<number> {
    await this.shows('pid ');
    await this.shows('\n', false);
    return Number.parseInt(this.#written, 10);
  }

  /** Waits until a text is written, and returns the time in milliseconds; output up to then is discarded. */
  async shows(text: string, forget = true): Promise<number> {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    while (!this.#written.includes(text)) {
      await once(this.#script.stdout, 'data', {signal}).catch(() => {
        throw new Error(`the terminal never showed ${JSON.stringify(text)}`);
      });
    }
    const now = performance.now();
    if (forget) this.#written = this.#written.slice(this.#written.indexOf(text) + text.length);
    return now;
  }

  /** Presses a key when the screen is idle; returns the milliseconds until `text` is written. */
  async press(key: string, text: string): Promise<number> {
    await delay(REST_MS);
    this.#written = '';
    const start = performance.now();
    this.#script.stdin.write(key);
    return (await this.shows(text)) - start;
  }

  /** Types the keys that end the command. */
  async end(keys: string): Promise<void> {
    this.#script.stdin.write(keys);
    await this.#exited;
  }
}

/** The peak memory of a process so far. */
export function peakMemory(pid: number): number {
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}
