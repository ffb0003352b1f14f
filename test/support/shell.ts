/** Programs of the system, which make and judge trees without any code of dirsync. */
import {spawnSync} from 'node:child_process';

export interface ShellOptions {
  readonly cwd?: string | undefined;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: Buffer;
  /** Runs as this user and group. */
  readonly uid?: number | undefined;
}

/** Runs a program to its end, in the C locale, and returns its output: one UTF-16 unit for each byte. */
export function call(file: string, args: readonly string[], {cwd, env, input, uid}: ShellOptions = {}): string {
  const {status, stdout, stderr, error} = spawnSync(file, args, {
    env: {...process.env, ...env, LC_ALL: 'C'},
    ...(cwd !== undefined && {cwd}),
    ...(input && {input}),
    ...(uid !== undefined && {uid, gid: uid}),
    encoding: 'latin1',
    maxBuffer: 1 << 30,
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${file} ended with ${status}: ${stderr.slice(0, 2000)}`);
  return stdout;
}

/** Runs a script of bash in a folder; its first failing command ends it. */
export function bash(script: string, cwd: string, options: ShellOptions = {}): string {
  return call('bash', ['-euo', 'pipefail', '-c', script], {...options, cwd});
}

/** Whether a program exists, including the programs of administrators. */
export function has(program: string): boolean {
  const {PATH} = process.env;
  const env = {...process.env, PATH: `${PATH}:/usr/local/sbin:/usr/sbin:/sbin`};
  return spawnSync('sh', ['-c', `command -v ${program}`], {env}).status === 0;
}
