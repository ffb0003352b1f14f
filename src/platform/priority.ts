/**
 * The nice value and the I/O priority of all threads of this process. Each thread has its own, and one that is started has those of the
 * thread that starts it.
 */
import fs from 'node:fs';
import os from 'node:os';
import process from 'node:process';
import {IO_PRIORITIES, type IoPriority} from '../core/priority.js';
import {platform} from './choose.js';
import {type IoPriorityCalls, loadIoPriority} from './libc.js';

interface Standing {
  readonly nice: number;
  /** As ioprio_set(2) takes it. */
  readonly io: number;
}

/** Where the class stands in an I/O priority. */
const CLASS = 13;

/** Nothing else waits for `idle`; `low` gets the least share of those that are served. */
const STANDINGS: Readonly<Record<Exclude<IoPriority, 'normal'>, Standing>> = {
  idle: {nice: 19, io: 3 << CLASS},
  low: {nice: 10, io: (2 << CLASS) | 7},
};

/** Of the runs that are at work in this process. */
const active: IoPriority[] = [];
/** What this process had before the first of them. */
let own: Standing | undefined;

export interface Lowered {
  /** Why not all of it can be had here, as the end of a sentence. */
  readonly fault: string | undefined;
  /** Gives back what the process had, as far as the system lets it: only root gets a better nice value. */
  readonly end: () => void;
}

/** Lowers what this process takes until it is ended; of several runs the lowest holds. */
export function lowerPriority(priority: IoPriority): Lowered {
  if (priority === 'normal') return {fault: undefined, end: () => {}};
  const calls = platform().name === 'posix' ? loadIoPriority() : undefined;
  own ??= {nice: os.getPriority(), io: calls?.get(0) ?? 0};
  active.push(priority);
  const fault = setAll(calls);
  return {
    fault: calls === undefined ? 'this system has no I/O priorities, so the nice value alone was lowered' : fault,
    end() {
      active.splice(active.indexOf(priority), 1);
      setAll(calls);
      if (active.length === 0) own = undefined;
    },
  };
}

/** Answers why that was refused, if it was. */
function setAll(calls: IoPriorityCalls | undefined): string | undefined {
  const wanted = wantedNow();
  let fault: string | undefined;
  for (const thread of threads()) {
    try {
      os.setPriority(thread, wanted.nice);
    } catch (error) {
      const {code} = (error as {info?: {code?: string}}).info ?? {};
      if (code === undefined) throw error;
      // It has ended.
      if (code !== 'ESRCH') fault = `the nice value was refused (${code})`;
    }
    const code = calls?.set(thread, wanted.io);
    if (code !== undefined && code !== 'ESRCH') fault = `the I/O priority was refused (${code})`;
  }
  return fault;
}

/** Nobody gets more by this than was given to the process when it was started. */
function wantedNow(): Standing {
  const before = own as Standing;
  const lowest = IO_PRIORITIES.find((each) => active.includes(each));
  if (lowest === undefined || lowest === 'normal') return before;
  const {nice, io} = STANDINGS[lowest];
  return {nice: Math.max(nice, before.nice), io: before.io >> CLASS === STANDINGS.idle.io >> CLASS ? before.io : io};
}

/** Of a system without /proc: the process. */
function threads(): readonly number[] {
  try {
    return fs.readdirSync('/proc/self/task').map(Number);
  } catch {
    return [process.pid];
  }
}
