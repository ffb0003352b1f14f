/** Which process this is, so that another one can tell later whether it is still there. */
import fs from 'node:fs';
import os from 'node:os';
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
