/**
 * Runs tools in turns and compares them. Wall time is measured here; processor time and peak memory come from the kernel through
 * GNU time. Its peak is that of the largest single process: all of dirsync, whose workers are threads, but only the
 * largest of rsync's three.
 */
import {execFileSync, spawnSync} from 'node:child_process';
import {existsSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const GNU_TIME = '/usr/bin/time';

export interface Tool {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** Before each turn, outside the timing. */
  prepare?(): void;
  /** After each turn, outside the timing: throws if the work was not really done. */
  check?(): void;
}

export interface Turn {
  readonly seconds: number;
  /** User and system time. */
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

export interface Setting {
  readonly rounds: number;
  /** Working folder and environment of every tool. */
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Bytes of memory to touch before each turn. */
  readonly touch: number;
  onTurn?(round: number, tool: Tool, turn: Turn): void;
}

/** The turns of each tool, by round. Each round begins with a different tool. */
export function compare(tools: readonly Tool[], setting: Setting): Turn[][] {
  if (!existsSync(GNU_TIME)) throw new Error(`${GNU_TIME} is missing (on Debian: apt-get install time)`);
  const turns: Turn[][] = tools.map(() => []);
  for (let round = 0; round < setting.rounds; round++) {
    for (let i = 0; i < tools.length; i++) {
      const at = (round + i) % tools.length;
      const tool = tools[at] as Tool;
      const turn = runOnce(tool, setting);
      turns[at]?.push(turn);
      setting.onTurn?.(round, tool, turn);
    }
  }
  return turns;
}

/** One turn of a tool. */
export function runOnce(tool: Tool, {cwd, env, touch}: Setting): Turn {
  tool.prepare?.();
  touchMemory(touch);
  execFileSync('sync');
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'dirsync-time-'));
  try {
    const usage = path.join(scratch, 'usage');
    const args = ['--quiet', '-o', usage, '-f', '%U %S %M', ...tool.command];
    const start = process.hrtime.bigint();
    const {status, stderr} = spawnSync(GNU_TIME, args, {cwd, env, stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8'});
    const seconds = Number(process.hrtime.bigint() - start) / 1e9;
    if (status !== 0) throw new Error(`${tool.command.join(' ')}: exit code ${status}\n${stderr}`);
    tool.check?.();
    const [user, system, kilobytes] = readFileSync(usage, 'utf8').trim().split(' ').map(Number) as [number, number, number];
    return {seconds, cpuSeconds: user + system, peakBytes: kilobytes * 1024};
  } finally {
    rmSync(scratch, {recursive: true});
  }
}

/**
 * Makes the kernel keep pages ready. A virtual machine may have returned free memory to its host, and the first tool would pay for
 * getting it back: up to 4 s per GB.
 */
function touchMemory(bytes: number): void {
  const script = 'for (let left = process.argv[1], held = []; left > 0; left -= 2 ** 26) held.push(Buffer.alloc(2 ** 26, 1));';
  if (bytes > 0) execFileSync(process.execPath, ['-e', script, String(bytes)]);
}

/** The median over the rounds of `a`'s value divided by `b`'s in the same round. */
export function medianRatio(a: readonly Turn[], b: readonly Turn[], figure: 'seconds' | 'cpuSeconds' = 'seconds'): number {
  return median(a.map((turn, round) => turn[figure] / (b[round] as Turn)[figure]));
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** The value that nine of ten values do not exceed. */
export function ninetieth(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(0.9 * values.length) - 1] as number;
}
