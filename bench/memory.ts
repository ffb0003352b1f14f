/** The memory of one process over many runs. */
import {spawn} from 'node:child_process';
import {mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {createInterface} from 'node:readline';
import {median} from './measure.js';

export interface MemoryOptions {
  /** A folder for this benchmark, which is created again. */
  readonly folder: string;
  readonly program: string;
  readonly env: NodeJS.ProcessEnv;
  readonly runs: number;
}

export interface Memory {
  /** Bytes in memory: the medians of the second tenth of the runs (the first tenth fills caches) and of the last tenth. */
  readonly early: number;
  readonly late: number;
  /** Open descriptors, likewise. */
  readonly earlyFiles: number;
  readonly lateFiles: number;
}

/**
 * Each run finds one changed file of 200, copies it, writes log and metrics, and runs a hook: everything that a job can do. SIGUSR1
 * starts the next run as soon as one has ended.
 */
export async function memoryOver({folder, program, env, runs}: MemoryOptions): Promise<Memory> {
  rmSync(folder, {recursive: true, force: true});
  const source = path.join(folder, 'source');
  mkdirSync(source, {recursive: true});
  for (let i = 0; i < 200; i++) writeFileSync(path.join(source, `${i}`), `${i}`);
  const config = path.join(folder, 'dirsync.config.json');
  const job = {
    source,
    target: path.join(folder, 'target'),
    every: '1h',
    log: 'log',
    metrics: 'metrics',
    fsync: 'none',
    hooks: {onChange: ['true']},
  };
  writeFileSync(config, JSON.stringify({jobs: {job}}));

  const child = spawn(process.execPath, [program, 'run', 'job', '--config', config, '--events'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const seen: {bytes: number; files: number}[] = [];
  for await (const line of createInterface({input: child.stdout})) {
    // The loop waits, so the next run can be started.
    if (!line.includes('"type":"run-waiting"')) continue;
    seen.push(use(child.pid as number));
    if (seen.length === runs) child.kill('SIGTERM');
    if (seen.length >= runs) continue;
    writeFileSync(path.join(source, `${seen.length % 200}`), `run ${seen.length}`);
    child.kill('SIGUSR1');
  }
  if (seen.length < runs) throw new Error(`it ended after ${seen.length} runs`);
  const tenth = Math.floor(runs / 10);
  const [early, late] = [seen.slice(tenth, 2 * tenth), seen.slice(-tenth)];
  return {
    early: median(early.map(({bytes}) => bytes)),
    late: median(late.map(({bytes}) => bytes)),
    earlyFiles: median(early.map(({files}) => files)),
    lateFiles: median(late.map(({files}) => files)),
  };
}

function use(pid: number): {bytes: number; files: number} {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return {bytes: Number(kibibytes) * 1024, files: readdirSync(`/proc/${pid}/fd`).length};
}
