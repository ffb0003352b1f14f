/** strace as what makes system calls fail, or slow: the fault reaches the program as the kernel's own answer would. */
import {spawnSync} from 'node:child_process';
import {skip} from './skip.js';

export interface Injection {
  /** System calls, as strace names them. */
  readonly calls: string;
  /** What happens to them, such as `error=EIO` or `delay_enter=12000`. */
  readonly does: string;
  /** Only to calls on these: a name as it is given to the call, or a whole path of what is opened. */
  readonly at?: readonly string[];
}

/** A command that starts another one to which this is done. Signals reach that one: it stays the child. */
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
