/** Which process this is, so that another one can tell later whether it is still there. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {errnoOf} from './platform.js';

export interface ProcessMark {
  readonly pid: number;
  readonly host: string;
  /** Which boot of which kernel: hosts can have the same name. Like the rest "" where there is no /proc. */
  readonly boot: string;
  /** The namespaces in which `pid` and `start` mean this process. */
  readonly space: string;
  /** When it started, in ticks since the boot: numbers of processes are given out again. */
  readonly start: string;
}

export function thisProcess(): ProcessMark {
  const {pid} = process;
  // What is mounted there may be that of other namespaces, in which this number is another process.
  const isOurs = orNothing(() => fs.readlinkSync('/proc/self')) === String(pid);
  return {
    pid,
    host: os.hostname(),
    boot: orNothing(() => fs.readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()),
    space: ['pid', 'time'].map((name) => orNothing(() => fs.readlinkSync(`/proc/self/ns/${name}`))).join(' '),
    start: isOurs ? startOf(pid) : '',
  };
}

/** Whether a process has ended; undefined where that cannot be told from here, as of another machine's. */
export function hasEnded(mark: ProcessMark): boolean | undefined {
  const {host, boot, space, start} = thisProcess();
  if (mark.host !== host || mark.boot !== boot || mark.space !== space) return undefined;
  try {
    process.kill(mark.pid, 0);
  } catch (error) {
    // EPERM: it is there, and another user's.
    if (errnoOf(error) === 'ESRCH') return true;
  }
  const now = start === '' || mark.start === '' ? '' : startOf(mark.pid);
  return now !== '' && now !== mark.start;
}

/**
 * Whether this process was started to outlive its terminal, by nohup(1) or a parent that ignores SIGHUP, as far as can be told: Node
 * sets the signal back to its default before any script runs. nohup leaves a stdin that cannot be read in the place of a terminal,
 * and an output called nohup.out; bash, zsh and ksh hand over what they start as `$_`. In a script of dash that has no terminal it
 * leaves no trace.
 */
export function ignoresHangUp({_ = ''}: NodeJS.ProcessEnv = process.env): boolean {
  if (path.basename(_) === 'nohup') return true;
  const [stdin, ...outputs] = ['0', '1', '2'].map((fd) => orNothing(() => fs.readlinkSync(`/proc/self/fd/${fd}`)));
  if (outputs.some((name) => path.basename(name as string) === 'nohup.out')) return true;
  const flags = Number.parseInt(fieldOf('/proc/self/fdinfo/0', 'flags'), 8);
  const isUnreadable = (flags & (fs.constants.O_WRONLY | fs.constants.O_RDWR)) === fs.constants.O_WRONLY;
  if (stdin === '/dev/null' && isUnreadable) return true;
  const ignored = fieldOf(`/proc/${process.ppid}/status`, 'SigIgn');
  return ignored !== '' && (BigInt(`0x${ignored}`) & SIGHUP_BIT) !== 0n;
}

/** SIGHUP is signal 1, which is bit 0 (proc_pid_status(5)). */
const SIGHUP_BIT = 1n;

/** A line such as `SigIgn:\t0000000000000001`; "" where it cannot be read. */
function fieldOf(file: string, name: string): string {
  const text = orNothing(() => fs.readFileSync(file, 'latin1'));
  return new RegExp(`^${name}:\\s+(\\S+)$`, 'm').exec(text)?.[1] ?? '';
}

/** proc_pid_stat(5): fields 22, 3 and 20. "" when it cannot be read. */
function startOf(pid: number): string {
  const text = orNothing(() => fs.readFileSync(`/proc/${pid}/stat`, 'latin1'));
  // The program's name, in parentheses, may hold spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, threads, start = ''] = [fields[0], fields[17], fields[19]];
  // Killed, and its parent has not asked how it ended; with other threads it may still be ending.
  return state === 'Z' && Number(threads) <= 1 ? 'ended' : start;
}

function orNothing(read: () => string): string {
  try {
    return read();
  } catch (error) {
    errnoOf(error);
    return '';
  }
}
