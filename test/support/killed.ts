/** Kills a run of the program at a moment: after some time, or before a call of the kernel. */
import {spawnSync} from 'node:child_process';
import process from 'node:process';
import {expect} from 'chai';
import type {Home} from './cli.js';

/** Calls of the kernel at which a run is killed: each changes something, or stands between two that do. */
const CALLS =
  'renameat2,rename,unlinkat,unlink,rmdir,mkdirat,mkdir,linkat,link,symlinkat,symlink,mknodat,fchmod,fchmodat,chmod,fchown,fchownat,' +
  'utimensat,lsetxattr,lremovexattr,fsetxattr,ftruncate,copy_file_range,write,openat,close,fsync,syncfs';

/** A kill after so many milliseconds, or before the n-th call of a thread. */
export type Moment = {readonly after: number} | {readonly call: string; readonly nth: number};

/** How many of each call one thread made before the first change in the target, and had made in the end. */
export type Calls = ReadonlyMap<string, readonly [first: number, last: number]>;

export interface KillOptions {
  readonly home: Home;
  readonly moment?: Moment | undefined;
  /** The file for the calls of a run that is not killed. */
  readonly trace?: string | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
}

/** True when it was killed; one that was not must have ended well. */
export function runKilled(args: readonly string[], {home, moment, trace, env}: KillOptions): boolean {
  const program = [process.execPath, home.program, ...args];
  const tracing = ['strace', '-f', '-qq', '-e', 'signal=none'];
  const inject = moment && 'call' in moment && ['-e', `inject=${moment.call}:signal=SIGKILL:when=${moment.nth}`];
  const strace = trace
    ? ['-o', trace, '-e', `trace=${CALLS}`]
    : inject && ['-o', '/dev/null', '-e', `trace=${moment.call}`, ...inject];
  const [file = '', ...rest] = strace ? [...tracing, ...strace, ...program] : program;
  const {spawnOptions} = home;
  const {status, signal, stdout, stderr} = spawnSync(file, rest, {
    ...spawnOptions,
    env: {...spawnOptions.env, ...env},
    ...(moment && 'after' in moment && {timeout: moment.after}),
    encoding: 'utf8',
  });
  if (signal === 'SIGKILL') return true;
  expect(status, `${args.join(' ')}: ${stderr}${stdout}`).to.equal(0);
  return false;
}

/** Of a run that was traced. */
export function callsIn(trace: string): Calls {
  const made = new Map<string, number>();
  const calls = new Map<string, [number, number]>();
  let hasBegun = false;
  for (const line of trace.split('\n')) {
    const [, thread, call = ''] = /^(\d+) +(\w+)\(/.exec(line) ?? [];
    if (thread === undefined) continue;
    const nth = (made.get(`${thread} ${call}`) ?? 0) + 1;
    made.set(`${thread} ${call}`, nth);
    hasBegun ||= /^\d+ +mkdir.*\.dirsync"/.test(line);
    if (!hasBegun) continue;
    const [first = nth, last = nth] = calls.get(call) ?? [];
    calls.set(call, [Math.min(first, nth), Math.max(last, nth)]);
  }
  return calls;
}
