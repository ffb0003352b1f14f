/** Identifies this process, so that another process can later find out whether it still runs. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {errnoOf, orNothing} from './platform.js';

/** Identifies a process. */
export interface ProcessMark {
  readonly pid: number;
  readonly host: string;
  /** The id of this boot of this kernel, since hosts can have the same name. "" without /proc, like the rest. */
  readonly boot: string;
  /** The namespaces in which `pid` and `start` mean this process. */
  readonly space: string;
  /** The start time in ticks since the boot, since process numbers are used again. */
  readonly start: string;
}

/** The mark of this process. */
export function thisProcess(): ProcessMark {
  const {pid} = process;
  // A mounted /proc may belong to other namespaces, in which this number is a different process.
  const isOurs = orEmpty(() => fs.readlinkSync('/proc/self')) === String(pid);
  return {
    pid,
    host: os.hostname(),
    boot: orEmpty(() => fs.readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()),
    space: ['pid', 'time'].map((name) => orEmpty(() => fs.readlinkSync(`/proc/self/ns/${name}`))).join(' '),
    start: isOurs ? startOf(pid) : '',
  };
}

/** Whether a process has ended; undefined if that cannot be seen from here, such as for a process of another machine. */
export function hasEnded(mark: ProcessMark): boolean | undefined {
  const {host, boot, space, start} = thisProcess();
  if (mark.host !== host || mark.boot !== boot || mark.space !== space) return undefined;
  try {
    process.kill(mark.pid, 0);
  } catch (error) {
    // EPERM: it exists and belongs to another user.
    if (errnoOf(error) === 'ESRCH') return true;
  }
  const now = start === '' || mark.start === '' ? '' : startOf(mark.pid);
  return now !== '' && now !== mark.start;
}

/**
 * Whether this process was started to outlive its terminal, by nohup(1) or by a parent that ignores SIGHUP. Node resets the signal
 * to its default before any script runs, so this looks for traces: nohup replaces a terminal as stdin by a file that cannot be
 * read, and writes to nohup.out; bash, zsh and ksh pass the command that they start as `$_`. In a dash script without a terminal,
 * nohup leaves no trace.
 */
export function ignoresHangUp({_ = ''}: NodeJS.ProcessEnv = process.env): boolean {
  if (path.basename(_) === 'nohup') return true;
  const [stdin, ...outputs] = ['0', '1', '2'].map((fd) => orEmpty(() => fs.readlinkSync(`/proc/self/fd/${fd}`)));
  if (outputs.some((name) => path.basename(name as string) === 'nohup.out')) return true;
  const flags = Number.parseInt(fieldOf('/proc/self/fdinfo/0', 'flags'), 8);
  const isUnreadable = (flags & (fs.constants.O_WRONLY | fs.constants.O_RDWR)) === fs.constants.O_WRONLY;
  if (stdin === '/dev/null' && isUnreadable) return true;
  const ignored = fieldOf(`/proc/${process.ppid}/status`, 'SigIgn');
  return ignored !== '' && (BigInt(`0x${ignored}`) & SIGHUP_BIT) !== 0n;
}

/** SIGHUP is signal 1, which is bit 0 (proc_pid_status(5)). */
const SIGHUP_BIT = 1n;

/** A line such as `SigIgn:\t0000000000000001`; "" if it cannot be read. */
function fieldOf(file: string, name: string): string {
  const text = orEmpty(() => fs.readFileSync(file, 'latin1'));
  return new RegExp(`^${name}:\\s+(\\S+)$`, 'm').exec(text)?.[1] ?? '';
}

/** proc_pid_stat(5): fields 22, 3 and 20. "" if it cannot be read. */
function startOf(pid: number): string {
  const text = orEmpty(() => fs.readFileSync(`/proc/${pid}/stat`, 'latin1'));
  // The program's name, in parentheses, may contain spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, threads, start = ''] = [fields[0], fields[17], fields[19]];
  // It was killed, and its parent has not waited for it; if it has other threads, it may still be ending.
  return state === 'Z' && Number(threads) <= 1 ? 'ended' : start;
}

function orEmpty(read: () => string): string {
  return orNothing(read) ?? '';
}
