/** Runs a job once, with its hooks, and reports how the run ended. */
import type {Notices, Settings} from '../../config/settings.js';
import {BUG, DirsyncError} from '../../core/errors.js';
import {escapeName} from '../../core/escape.js';
import type {Event, Listener, NoticeTopic} from '../../core/event.js';
import type {JobRun, RunError} from '../../core/job-run.js';
import type {ApplyReport, StopSignal} from '../../core/outcome.js';
import {countDone, noKinds} from '../../core/run.js';
import {AroundRun} from '../../hooks/around.js';
import {environment} from '../../platform/environment.js';
import {type Context, Interrupted, newId} from '../context.js';
import {toError} from '../errors.js';
import {runVerdict} from '../exit-code.js';
import type {Output} from '../output/output.js';
import {applyFresh} from '../sync/apply.js';
import {checkLogPlace} from '../sync/own-files.js';
import {isUnknownJob, salvagedNotices, settingsOf, type Typed} from '../typed.js';
import {writeMetrics} from './metrics-file.js';

const NOBODY: Notices = {
  log: undefined,
  metrics: undefined,
  heartbeat: undefined,
  webhook: undefined,
  hooks: {commands: {}, timeout: 0, folder: undefined},
};

export interface JobOptions {
  /** The name of the job; undefined for two folders. */
  readonly name: string | undefined;
  /** The job or the folders, with the flags. */
  readonly typed: Typed;
  readonly output: Output;
  readonly context: Omit<Context, 'onEvent'>;
}

/** The reason why a job has no settings. */
export interface NoSettings {
  readonly failure: unknown;
}

/** A run that has ended, and the error that ended it, if any. */
export interface EndedRun {
  readonly run: JobRun;
  readonly failure: unknown;
}

/** A job that can run repeatedly: it reads its settings, makes one run at a time, and notifies hooks, metrics and log. */
export class Job {
  readonly name: string | undefined;
  /** Log, metrics and hooks from the last config that could be read. */
  #notices: Notices | undefined;

  constructor(private readonly options: JobOptions) {
    this.name = options.name;
  }

  /** Returns the current settings from flags and config. */
  async settings(): Promise<Settings | NoSettings> {
    try {
      const settings = await settingsOf(this.options.typed);
      const isFirst = this.#notices === undefined;
      this.#notices = settings;
      if (isFirst) checkLogPlace(settings.log);
      return settings;
    } catch (error) {
      if (error instanceof DirsyncError && error.code === 'LOG_UNWRITABLE' && this.#notices !== undefined)
        this.#notices = {...this.#notices, log: undefined};
      this.#notices ??= await salvagedNotices(this.options.typed).catch(() => undefined);
      return {failure: toError(error)};
    }
  }

  readonly tell = (event: Event): void => this.options.output.listener(event, this.name);

  async openLog({log}: Pick<Notices, 'log'>): Promise<void> {
    await this.options.output.openLog(log, this.name);
  }

  notice(level: 'info' | 'warn', about: NoticeTopic, message: string): void {
    this.tell({type: 'notice', level, about, message});
  }

  /** Runs the job. Never throws: an error that ends the run is reported and returned. */
  async run(settings: Settings | NoSettings): Promise<EndedRun> {
    const {context} = this.options;
    const id = newId(context.now());
    const started = context.now().toISOString();
    const begin = performance.now();
    const notices = 'failure' in settings ? this.#notices : settings;
    if (notices !== undefined) await this.openLog(notices);
    this.tell({type: 'run-started', id});

    const seen = new Seen(this.tell);
    const around = new AroundRun({
      told: notices ?? NOBODY,
      run: {id, job: this.name, ...rootsOf(settings)},
      cwd: notices?.hooks.folder,
      env: environment(),
      onNotice: this.tell,
      signal: context.signal,
    });
    let failure: unknown;
    let report: ApplyReport | undefined;
    try {
      if ('failure' in settings) throw settings.failure;
      await around.before();
      report = await applyFresh(settings, {...context, runId: id, onEvent: seen.listener});
    } catch (error) {
      failure = toError(error);
    }
    await around.after().catch((error: unknown) => {
      if (failure === undefined && report?.interrupted === undefined) failure = error;
      else this.notice('warn', 'hook', errorOf(error).message);
    });

    const stoppedBy = failure instanceof Interrupted ? (context.signal.reason as StopSignal) : undefined;
    const run: JobRun = {
      id,
      job: this.name,
      ...rootsOf(settings),
      started,
      finished: context.now().toISOString(),
      duration: performance.now() - begin,
      ...runVerdict({report, failure, stoppedBy}),
      planned: seen.planned,
      report,
      done: seen.done,
      error: failure === undefined || failure instanceof Interrupted ? undefined : errorOf(failure),
    };
    if (run.error !== undefined) this.tell({type: 'run-failed', ...run.error});
    // An unknown job has no metrics.
    if (notices?.metrics !== undefined && !isUnknownJob(failure)) {
      const trouble = await writeMetrics(notices.metrics, run);
      if (trouble !== undefined) this.notice('warn', 'metrics', trouble);
    }
    await around.ended(run);
    this.tell({type: 'run-ended', run});
    return {run, failure};
  }
}

/** Collects the results of a run from its events. */
class Seen {
  planned: JobRun['planned'];
  readonly done = noKinds();

  constructor(private readonly tell: Listener) {}

  readonly listener: Listener = (event) => {
    if (event.type === 'plan-ready') this.planned = event;
    if (event.type === 'action') countDone(this.done, event.action, event.status);
    this.tell(event);
  };
}

function rootsOf(settings: Settings | NoSettings): Pick<JobRun, 'source' | 'target'> {
  return 'failure' in settings ? {source: undefined, target: undefined} : {source: settings.source, target: settings.target};
}

/** Converts what a run has thrown into the error of its record. */
export function errorOf(failure: unknown): RunError {
  if (failure instanceof DirsyncError) return {code: failure.code, message: failure.message, hint: failure.hint};
  const stack = failure instanceof Error ? (failure.stack ?? failure.message) : String(failure);
  return {code: 'INTERNAL', message: escapeName(stack), hint: BUG};
}
