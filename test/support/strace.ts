/** strace makes system calls fail or slow. The program sees the fault as an answer of the kernel. */
import {spawnSync} from 'node:child_process';
import {skip} from './skip.js';

export interface Injection {
  /** System calls, as strace names them. */
  readonly calls: string;
  /** The fault, such as `error=EIO` or `delay_enter=12000`. */
  readonly does: string;
  /** Only for calls with these: a name as passed to the call, or the full path of the open file. */
  readonly at?: readonly string[];
}

/** A command that starts another command with these faults. Signals reach that command, because it stays the child. */
export function injecting({calls, does, at = []}: Injection): string[] {
  const paths = at.flatMap((path) => ['-P', path]);
  return [
    'strace',
    '-D',
    '-f',
    '--seccomp-bpf',
    '-qq',
    '-o',
    '/dev/null',
    ...paths,
    '-e',
    `trace=${calls}`,
    '-e',
    `inject=${calls}:${does}`,
  ];
}

export function needStrace(context: Mocha.Context): void {
  const [file = '', ...args] = [...injecting({calls: 'fsync', does: 'error=EIO'}), 'true'];
  if (spawnSync(file, args).status !== 0) skip(context, 'strace is missing or may not trace');
  if (process.env.DIRSYNC_PLATFORM === 'portable') skip(context, 'this backend makes other system calls');
}
