/** Runs jobs on their schedules in one process, until a signal ends it. */

import {closeSync, openSync} from 'node:fs';
import process from 'node:process';
import type {StopSignal} from '../../core/outcome.js';
import {WorkerPool} from '../../platform/pool.js';
import {Slots} from '../../schedule/slots.js';
import {type Context, Interrupted} from '../context.js';
import {signalExitCode} from '../exit-code.js';
import type {Output} from '../output/output.js';
import type {Typed} from '../typed.js';
import {type JobSettled, jobOf, namesOf, type RunOptions, rootsOf, runWhenFree, scheduleOf} from './choose.js';
import {Scheduled} from './scheduled.js';

export interface DaemonOptions {
  readonly typed: Typed;
  readonly options: RunOptions;
  readonly context: Context;
  readonly output: Output;
}

/**
 * Runs jobs until a signal ends them.
 * @throws Interrupted at the end, or the reason why a job cannot run before the first run.
 */
export async function runOnSchedule(options: DaemonOptions, settled: readonly JobSettled[]): Promise<never> {
  for (const {job, settings} of settled) {
    if (!('failure' in settings)) continue;
    // A failed run tells its hooks and monitors that there will be no runs.
    await job.run(settings);
    throw settings.failure;
  }
  WorkerPool.keepSpares();
  const {output, context} = options;
  await output.openRunScreen(settled.map(({job, settings}) => ({name: job.name, ...rootsOf(settings)})));
  // The log shows the start, even if the first run is much later.
  for (const {job, settings} of settled) {
    if ('failure' in settings) continue;
    await job.openLog(settings);
    output.log({type: 'notice', level: 'info', about: 'schedule', message: 'the schedule has started'}, job.name);
  }
  await new Daemon(options).run(settled);
  if (!context.signal.aborted) throw new Error('it ended without a signal');
  throw new Interrupted();
}

class Daemon {
  readonly #slots: Slots;
  readonly #scheduled = new Map<string | undefined, Scheduled>();
  readonly #running = new Set<Promise<void>>();
  /** Files that the runs of all jobs write. They do not count as changes of a watched source. */
  readonly #own = new Set<string>();
  /** Ensures that the config is reread by one request at a time. */
  #reading: Promise<void> = Promise.resolve();
  #fail: (error: unknown) => void = () => {};

  constructor(private readonly o: DaemonOptions) {
    this.#slots = new Slots(o.options.atOnce);
  }

  async run(settled: readonly JobSettled[]): Promise<void> {
    const {signal, onHangUp} = this.o.context;
    const hadTerminal = process.stdin.isTTY;
    const hangUp = () => {
      if (hadTerminal && !hasTerminal()) return 'stop';
      this.#reading = this.#reading.then(() => this.#reread());
      return undefined;
    };
    const ask = () => {
      for (const one of this.#scheduled.values()) one.ask();
    };
    onHangUp?.(hangUp);
    process.on('SIGUSR1', ask);
    try {
      await new Promise<void>((done, fail) => {
        this.#fail = fail;
        signal.addEventListener('abort', () => done(), {once: true});
        for (const one of settled) this.#add(one);
      });
      await Promise.all(this.#running);
    } finally {
      process.off('SIGUSR1', ask);
    }
  }

  #add({job, settings}: JobSettled): void {
    const {options, context} = this.o;
    const schedule = scheduleOf(settings);
    const onWait = () => job.notice('info', 'schedule', 'the run waits for another job to finish');
    const slots = this.#slots;
    if (schedule !== undefined) {
      const {signal, now} = context;
      const one = new Scheduled({
        job,
        schedule,
        signal,
        now,
        own: this.#own,
        use: (current, until) => runWhenFree({slots, job, signal: until, onWait}, current),
      });
      this.#scheduled.set(job.name, one);
      this.#keep(one.run());
    } else if (options.allJobs && !('failure' in settings)) {
      job.notice('info', 'schedule', 'the job has no schedule and is skipped; name it to run it once');
    } else {
      this.#keep(runWhenFree({slots, job, signal: context.signal, onWait}, settings).then(() => {}));
    }
  }

  #keep(running: Promise<void>): void {
    const kept = running.catch(this.#fail).then(() => void this.#running.delete(kept));
    this.#running.add(kept);
  }

  async #reread(): Promise<void> {
    const {typed, options, context, output} = this.o;
    for (const one of this.#scheduled.values()) await one.reread();
    // Each job has reported a config that cannot be read.
    const names = options.allJobs ? await namesOf(typed, true).catch(() => undefined) : undefined;
    if (names === undefined || context.signal.aborted) return;
    for (const [name, one] of this.#scheduled) {
      if (names.includes(name)) continue;
      this.#scheduled.delete(name);
      one.end();
    }
    for (const name of names) {
      if (this.#scheduled.has(name)) continue;
      const job = jobOf(name, typed, context, output);
      this.#add({job, settings: await job.settings()});
    }
  }
}

function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}

/** Time for runs to end cleanly after a signal. Unfinished files then stay in staging, as after any kill. */
const GRACE_MS = 4_500;

/** Ends the process if it does not react to a signal in time, for example because a disk does not respond. */
export function endInTime({signal}: Context): void {
  const end = () => {
    process.stderr.write('dirsync: the run did not stop in time and was abandoned; the next run cleans up\n');
    process.exit(signalExitCode(signal.reason as StopSignal));
  };
  signal.addEventListener('abort', () => void setTimeout(end, GRACE_MS).unref(), {once: true});
}
