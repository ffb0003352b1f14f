/**
 * The nice value and the I/O priority of all threads of this process. Each thread has its own, and a new thread inherits those of
 * the thread that starts it.
 */
import fs from 'node:fs';
import os from 'node:os';
import process from 'node:process';
import {IO_PRIORITIES, type IoPriority} from '../core/priority.js';
import {platform} from './choose.js';
import {type IoPriorityCalls, loadIoPriority} from './libc.js';

interface Standing {
  readonly nice: number;
  /** The number that ioprio_set(2) takes. */
  readonly io: number;
}

/** The position of the class in an I/O priority. */
const CLASS = 13;

/** `idle` gets the disk only if no one else needs it; `low` gets the smallest share. */
const STANDINGS: Readonly<Record<Exclude<IoPriority, 'normal'>, Standing>> = {
  idle: {nice: 19, io: 3 << CLASS},
  low: {nice: 10, io: (2 << CLASS) | 7},
};

/** The priorities of the runs that are active in this process. */
const active: IoPriority[] = [];
/** The priority of this process before the first of them. */
let own: Standing | undefined;

/** A lowered priority, until `end` is called. */
export interface Lowered {
  /** Why it could not be set completely, as the end of a sentence. */
  readonly fault: string | undefined;
  /** Restores the priority from before, as far as the system allows: only root can lower a nice value. */
  readonly end: () => void;
}

/** Lowers the priority of this process until the run ends; the lowest of all active runs applies. */
export function lowerPriority(priority: IoPriority): Lowered {
  if (priority === 'normal') return {fault: undefined, end: () => {}};
  const calls = platform().name === 'posix' ? loadIoPriority() : undefined;
  own ??= {nice: os.getPriority(), io: calls?.get(0) ?? 0};
  active.push(priority);
  const fault = setAll(calls);
  return {
    fault: calls === undefined ? 'this system has no I/O priorities, so only the nice value was changed' : fault,
    end() {
      active.splice(active.indexOf(priority), 1);
      setAll(calls);
      if (active.length === 0) own = undefined;
    },
  };
}

/** Returns why it was refused, or undefined. */
function setAll(calls: IoPriorityCalls | undefined): string | undefined {
  const wanted = wantedNow();
  let fault: string | undefined;
  for (const thread of threads()) {
    try {
      os.setPriority(thread, wanted.nice);
    } catch (error) {
      const {code} = (error as {info?: {code?: string}}).info ?? {};
      if (code === undefined) throw error;
      // The thread has ended.
      if (code !== 'ESRCH') fault = `the nice value was refused (${code})`;
    }
    const code = calls?.set(thread, wanted.io);
    if (code !== undefined && code !== 'ESRCH') fault = `the I/O priority was refused (${code})`;
  }
  return fault;
}

/** A run never gets a higher priority than the process had at its start. */
function wantedNow(): Standing {
  const before = own as Standing;
  const lowest = IO_PRIORITIES.find((each) => active.includes(each));
  if (lowest === undefined || lowest === 'normal') return before;
  const {nice, io} = STANDINGS[lowest];
  return {nice: Math.max(nice, before.nice), io: before.io >> CLASS === STANDINGS.idle.io >> CLASS ? before.io : io};
}

/** Without /proc, only the process itself. */
function threads(): readonly number[] {
  try {
    return fs.readdirSync('/proc/self/task').map(Number);
  } catch {
    return [process.pid];
  }
}
