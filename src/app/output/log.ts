/** The logs of all jobs of one process. */
import process from 'node:process';
import {isDeepStrictEqual} from 'node:util';
import {type Logger, pino} from 'pino';
import {escapeJson} from '../../core/escape.js';
import type {Event} from '../../core/event.js';
import type {LogSettings} from '../../core/log.js';
import {type LogLine, logEntry, logText} from '../../report/log.js';
import {Breaker, isRead} from './ci-runner.js';
import {LogFile, type LogFileOptions} from './log-file.js';

interface JobLog {
  readonly settings: LogSettings;
  readonly file: LogFile;
  readonly logger: Logger;
}

/** Jobs with the same log file share it. Each line names its job. */
export class Logs {
  readonly #files = new Map<string, LogFile>();
  readonly #jobs = new Map<string | undefined, JobLog>();
  /** Ids of the current runs, by job. */
  readonly #runs = new Map<string | undefined, string>();

  constructor(private readonly options: LogFileOptions) {}

  /** Opens or changes the log of a job. Called before each run, so that a failed log is tried again. */
  open(settings: LogSettings, job: string | undefined): void {
    const file = this.#files.get(settings.file) ?? new LogFile(settings.file, this.options);
    this.#files.set(settings.file, file);
    file.open(settings);
    if (isDeepStrictEqual(this.#jobs.get(job)?.settings, settings)) return;
    this.#jobs.set(job, {settings, file, logger: this.#loggerOf(settings, file)});
    this.#closeUnused();
  }

  /** Closes the log of a job. */
  drop(job: string | undefined): void {
    this.#jobs.delete(job);
    this.#closeUnused();
  }

  /** Writes an event to the log of its job; an event without a job goes to all logs. */
  write(event: Event, job: string | undefined): void {
    const entry = logEntry(event);
    if (event.type === 'run-started') this.#runs.set(job, event.id);
    if (entry !== undefined) {
      const {level, text, fields} = entry;
      const run = this.#runs.get(job);
      const line = {...(job !== undefined && {job}), ...(run !== undefined && {run}), event: event.type, ...fields};
      for (const {logger} of this.#logsOf(job)) logger[level](line, text);
    }
    if (event.type === 'run-ended') this.#runs.delete(job);
  }

  close(): void {
    for (const file of this.#files.values()) file.close();
  }

  #logsOf(job: string | undefined): Iterable<JobLog> {
    const own = this.#jobs.get(job);
    if (own !== undefined) return [own];
    if (job !== undefined) return [];
    return new Map([...this.#jobs.values()].map((log) => [log.file, log])).values();
  }

  #loggerOf({format, level}: LogSettings, file: LogFile): Logger {
    const form = format === 'json' ? escapeJson : (line: string) => `${logText(JSON.parse(line) as LogLine)}\n`;
    // The log may be /dev/stdout, or a later step may print it.
    const breaker = new Breaker(format);
    const shown = isRead(process.env) ? (line: string) => breaker.break(form(line)) : form;
    return pino(
      {
        level,
        base: null,
        timestamp: () => `,"time":"${this.options.now().toISOString()}"`,
        formatters: {level: (label) => ({level: label})},
      },
      {write: (line) => file.write(shown(line))},
    );
  }

  #closeUnused(): void {
    const used = new Set([...this.#jobs.values()].map(({file}) => file));
    for (const file of this.#files.values()) {
      if (used.has(file)) continue;
      file.close();
      this.#files.delete(file.name);
    }
  }
}
