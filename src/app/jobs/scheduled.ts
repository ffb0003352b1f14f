/** A job that runs on its schedule: its loop, the watch on its source, and its config, which is reread before each run. */
import {uptime} from 'node:os';
import {setTimeout as delay} from 'node:timers/promises';
import type {Settings} from '../../config/settings.js';
import type {JobRun, RunResult} from '../../core/job-run.js';
import type {Schedule} from '../../core/schedule.js';
import {formatDuration} from '../../report/words/units.js';
import {Loop} from '../../schedule/loop.js';
import type {Renewed} from '../../schedule/watch.js';
import {ownFiles} from '../sync/own-files.js';
import {type EndedRun, errorOf, type Job, type NoSettings} from './job.js';
import {SourceWatch} from './source-watch.js';

export interface ScheduledOptions {
  readonly job: Job;
  readonly schedule: Schedule;
  readonly signal: AbortSignal;
  readonly now: () => Date;
  /** Runs the job as soon as it may start. Returns undefined if it was stopped before. */
  readonly use: (settings: Settings | NoSettings, signal: AbortSignal) => Promise<EndedRun | undefined>;
  /** Files that the runs of this process write. */
  readonly own: Set<string>;
}

/** How often the source is checked while changes cannot be detected. */
const DEAF_MS = 60_000;

/** A job on its schedule: it waits, watches the source, and starts the runs. */
export class Scheduled {
  readonly #loop: Loop;
  readonly #end = new AbortController();
  readonly #signal: AbortSignal;
  /** The schedule of the current config. */
  #schedule: Schedule;
  #watch: SourceWatch | undefined;
  #isDeaf = false;

  constructor(private readonly options: ScheduledOptions) {
    const {job, schedule, signal, now} = options;
    this.#signal = AbortSignal.any([signal, this.#end.signal]);
    this.#schedule = schedule;
    this.#loop = new Loop({
      schedule,
      // Includes time asleep, and does not jump when the clock is set.
      clock: () => ({wall: now().getTime(), steady: uptime() * 1000}),
      sleep: (milliseconds, wake) => delay(milliseconds, undefined, {signal: wake}).catch(() => {}),
      work: () => this.#work(),
      signal: this.#signal,
      onWait: (next) => {
        const watching = this.#schedule.watch && !this.#isDeaf;
        if (next !== undefined) job.tell({type: 'run-waiting', next: new Date(next).toISOString(), ...(watching && {watching})});
      },
      onSkipped: ({times, why}) => job.tell({type: 'run-skipped', ticks: times, why}),
    });
  }

  async run(): Promise<void> {
    await this.#loop.run();
    await this.#watch?.close();
    await this.options.job.openLog({log: undefined});
  }

  /** Ends the job after its current run. */
  end(): void {
    this.#end.abort();
  }

  ask(): void {
    this.#loop.ask();
  }

  async reread(): Promise<void> {
    const {job} = this.options;
    const settings = await job.settings();
    if ('failure' in settings) {
      job.notice('warn', 'config', errorOf(settings.failure).message);
      return;
    }
    await job.openLog(settings);
    this.#take(settings);
    // The source may have changed before the new watch started.
    if ((await this.#listen(settings)) === 'anew') this.#loop.changed();
    job.notice('info', 'config', 'the config was reread');
  }

  async #work(): Promise<RunResult> {
    const {job, use} = this.options;
    const settings = await job.settings();
    if (!('failure' in settings)) this.#take(settings);
    const renewed = await this.#listen(settings);
    const ended = await use(settings, this.#signal);
    if (renewed === 'anew' && hasNewFolders(ended?.run)) {
      this.#watch?.doubt();
      this.#loop.changed();
    }
    return ended?.run.result ?? 'interrupted';
  }

  #take(settings: Settings): void {
    const {schedule} = settings;
    for (const file of ownFiles(settings)) this.options.own.add(file);
    if (schedule === undefined) {
      this.options.job.notice('warn', 'schedule', 'the config no longer has a schedule; the previous one stays in effect');
      return;
    }
    this.#schedule = schedule;
    this.#loop.reload(this.#effective());
  }

  #effective(): Schedule {
    const {every = DEAF_MS} = this.#schedule;
    return this.#isDeaf ? {...this.#schedule, every: Math.min(every, DEAF_MS)} : this.#schedule;
  }

  /** Starts or renews the watch before a run, so that the run sees all earlier changes. */
  async #listen(settings: Settings | NoSettings): Promise<Renewed | undefined> {
    if ('failure' in settings) return undefined;
    const isWanted = this.#schedule.watch;
    if (!isWanted || this.#watch?.isFor(settings) === false) {
      await this.#watch?.close();
      this.#watch = undefined;
    }
    if (!isWanted) {
      this.#isDeaf = false;
      this.#loop.reload(this.#effective());
      return undefined;
    }
    this.#watch ??= new SourceWatch(settings, {
      own: this.options.own,
      onChange: () => this.#loop.changed(),
      onLost: (why) => {
        this.#hear(why);
        // There may be more changes that were not reported.
        this.#loop.changed();
      },
    });
    const renewed = await this.#watch.renew();
    this.#hear(typeof renewed === 'string' ? undefined : renewed.deaf);
    return renewed;
  }

  /** `why`: the reason why changes cannot be detected; undefined if they can. */
  #hear(why: string | undefined): void {
    const isDeaf = why !== undefined;
    if (isDeaf === this.#isDeaf) return;
    this.#isDeaf = isDeaf;
    const {job} = this.options;
    if (isDeaf) {
      const every = formatDuration(this.#effective().every as number, {whole: true});
      job.notice('warn', 'watch', `changes cannot be detected (${why}); the source is checked every ${every} instead`);
    } else {
      job.notice('info', 'watch', 'changes are detected again');
    }
    this.#loop.reload(this.#effective());
  }
}

/** A replaced entry can also be a new folder. */
function hasNewFolders(run: JobRun | undefined): boolean {
  return (run?.done?.mkdir.count ?? 0) + (run?.done?.replace.count ?? 0) > 0;
}
