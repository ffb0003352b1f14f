/** Where the results of a command go: one listener for text, JSON, an event stream and the log. stdout holds only the result. */

import process from 'node:process';
import {formatCount} from '../../core/count.js';
import {DirsyncError} from '../../core/errors.js';
import {escapeJson, escapeName} from '../../core/escape.js';
import type {Event, NoticeTopic} from '../../core/event.js';
import type {Format} from '../../core/format.js';
import type {LogSettings} from '../../core/log.js';
import type {StopSignal} from '../../core/outcome.js';
import {type LostOutput, onLostOutput, writeOut} from '../../platform/streams.js';
import {errorDocument, eventLine, stoppedDocument} from '../../report/json.js';
import {configText} from '../../report/text/config.js';
import {explanationText} from '../../report/text/explain.js';
import {manifestListing, manifestText} from '../../report/text/manifest.js';
import {historyText, runText} from '../../report/text/runs.js';
import {applyText, planText} from '../../report/text/text.js';
import {formatBytes, formatIsoTime} from '../../report/words/units.js';
import {driftText, lockWaitWords, sentence, skippedWords} from '../../report/words/words.js';
import {signalExitCode} from '../exit-code.js';
import {type Form, printAs} from './ci-runner.js';
import type {Logs} from './log.js';
import {ApplyView, ProgressLine} from './progress-view.js';
import {JobsView, JsonView, ReportView} from './report-view.js';
import type {WatchedJob} from './schedule-view.js';
import {canDraw, hasColor} from './terminal.js';
import {errorText, type View, withHint} from './view.js';

export interface OutputOptions {
  /** Undefined: text for a user at a terminal. */
  readonly format: Format | undefined;
  /** Print each event as a line of JSON on stdout as it happens. */
  readonly events: boolean;
  /** List everything, no matter how long. */
  readonly all: boolean;
  readonly now: () => Date;
}

/** The listener for the events of a command, with its log and its end. */
export interface Output {
  /** Shows and logs an event. `job`: the name of its job, if any. */
  readonly listener: (event: Event, job?: string) => void;
  /** Sets the log of a job before each of its runs. A log that cannot be written is reported on stderr and changes nothing else. */
  openLog(settings: LogSettings | undefined, job?: string): Promise<void>;
  /** Writes an event only to the log. */
  log(event: Event, job?: string): void;
  /** Suppresses the list of changes, because the plan opens in a review. */
  expectReview(): void;
  /** Shows runs on a screen from now on, if one can be drawn and no other output was requested. */
  openRunScreen(jobs: readonly WatchedJob[]): Promise<void>;
  /** Announces how many jobs run, each once. */
  expectJobs(count: number): void;
  /** Prints a sentence on stdout. */
  say(text: string): void;
  error(error: unknown): void;
  /** Reports that a signal ended the command before it had a result. */
  stopped(by: StopSignal): void;
  close(): Promise<void>;
}

/** Opens the output of a command in its format. */
export function openOutput(options: OutputOptions): Output {
  let logs: Logs | undefined;
  let view = viewOf(options);
  let isReviewed = false;
  /** Whether the program continues after a failed run. Otherwise the error is reported at the end of the program. */
  let goesOn = false;
  let isLogged = false;
  const forget = onLostOutput((lost) => {
    const event = {type: 'notice', level: 'warn', about: 'output', message: lostWords(lost)} as const;
    logs?.write(event, undefined);
    // If stderr is lost, users read stdout.
    if (lost.output === 'stderr' && view instanceof TextView) view.show({...event, level: 'info'});
  });
  return {
    listener(event, job) {
      logs?.write(event, job);
      if (event.type === 'run-failed') isLogged = true;
      if (event.type === 'run-failed' && !goesOn) return;
      const isSeen = isReviewed && event.type === 'plan-ready' && event.summary.changes > 0;
      if (isSeen) void view.close();
      else view.show(event, job);
    },
    log: (event, job) => logs?.write(event, job),
    async openLog(settings, job) {
      if (settings === undefined) {
        logs?.drop(job);
        return;
      }
      // Loaded only here, because loading pino takes longer than a small run (bench: startup-plan).
      const {Logs} = await import('./log.js');
      const onTrouble = (message: string) => view.show({type: 'notice', level: 'warn', about: 'log', message});
      logs ??= new Logs({now: options.now, onTrouble});
      logs.open(settings, job);
    },
    expectReview() {
      isReviewed = true;
    },
    async openRunScreen(jobs) {
      goesOn = true;
      if (view instanceof TextView) view.tellsJobs = jobs.length > 1;
      if (!(view instanceof TextView) || options.format !== undefined || !canDraw(process, process.env)) return;
      const {RunView} = await import('./schedule-view.js');
      view = await RunView.open(jobs);
    },
    expectJobs(count) {
      goesOn = count > 1;
      if (view instanceof TextView) view.tellsJobs = goesOn;
      if (count > 1 && options.format === 'json' && !options.events) view = new JobsView();
    },
    say: (text) => void process.stdout.write(`${text}\n`),
    error(error) {
      if (error instanceof DirsyncError && !isLogged) logs?.write(failureOf(error), undefined);
      view.fail(error);
    },
    stopped: (by) => view.stopped?.(by),
    async close() {
      const closed = view.close();
      logs?.close();
      await closed;
      forget();
    },
  };
}

/** How each format escapes a character. In Markdown, names stand in code, where nothing is markup. */
const FORMS: Readonly<Record<Format, Form>> = {
  text: 'text',
  json: 'json',
  markdown: 'text',
  html: 'markup',
  github: 'text',
  junit: 'markup',
};

function viewOf(options: OutputOptions): View {
  const {format = 'text', events, all} = options;
  printAs(events ? 'json' : FORMS[format]);
  if (events) return new EventView();
  if (format === 'text') return new TextView(options);
  return format === 'json' ? new JsonView() : new ReportView(format, all);
}

/** Reports an error that occurred before any command ran. */
export async function reportError(error: unknown, options: Pick<OutputOptions, 'format' | 'events'>): Promise<void> {
  const output = openOutput({...options, all: false, now: () => new Date()});
  output.error(error);
  await output.close();
}

/** Returns a sentence about output that could not be written. */
export function lostWords({output, why}: LostOutput): string {
  return `${output} cannot be written: ${why}`;
}

/** Notices that are printed even if nothing is wrong. Notices about hooks only go to the log. */
const TOLD: ReadonlySet<NoticeTopic> = new Set(['schedule', 'watch', 'config', 'output']);

/** Plain text, coloured on a terminal, with a progress line on stderr. */
class TextView implements View {
  readonly #line = new ProgressLine();
  /** Whether output is preceded by the name of its job. */
  tellsJobs = false;
  /** The job of the current output, and that of the output before. */
  #job: string | undefined;
  #told: string | undefined;
  /** Ends when all entries of a manifest are printed. */
  #listing: Promise<void> | undefined;
  readonly #apply: ApplyView;

  constructor(private readonly options: OutputOptions) {
    this.#apply = new ApplyView(this.#line, options.format === undefined);
  }

  show(event: Event, job?: string): void {
    const {color, width} = terminal();
    this.#job = job;
    switch (event.type) {
      case 'scan-progress':
        this.#line.draw(
          () => `reading: ${formatCount(event.source)} entries in the source, ${formatCount(event.target)} in the target`,
        );
        return;
      case 'apply-started':
      case 'apply-progress':
      case 'problem':
        this.#apply.show(event);
        return;
      case 'plan-ready': {
        const {plan, summary, halts} = event;
        this.#print(planText({plan, summary, halts, color, width, all: this.options.all}));
        return;
      }
      case 'plan-file':
        this.#print(`Plan file ${escapeName(event.file)}\nSHA-256 ${event.sha256}`);
        return;
      case 'explained':
        this.#print(explanationText(event.explanation, color));
        return;
      case 'drift':
        this.#print(driftText(event.drift));
        return;
      case 'apply-done': {
        const {counts, problems, interrupted} = event.report;
        // If there was nothing to do, the plan has already said so.
        const isNothing = Object.values(counts).every((count) => count === 0) && problems.length === 0 && !interrupted;
        if (!isNothing) this.#print(applyText({report: event.report, color}));
        return;
      }
      case 'run-shown':
        this.#print(runText({run: event.run, color, width, all: this.options.all}));
        return;
      case 'history':
        this.#print(historyText({target: event.target, runs: event.runs, color, width}));
        return;
      case 'config-shown':
        this.#print(configText(event.config, color));
        return;
      case 'snapshot-progress':
        this.#line.draw(() => {
          const content = event.bytes > 0 ? ` and ${formatBytes(event.bytes)} of content` : '';
          return `reading: ${formatCount(event.entries)} entries${content}`;
        });
        return;
      case 'manifest': {
        const {entries} = event.manifest;
        this.#print(manifestText({manifest: event.manifest, color, all: this.options.all}));
        this.#listing = entries && writeOut(withBlankLine(manifestListing(entries())));
        return;
      }
      case 'lock-waiting':
        this.#complain(`Waiting ${lockWaitWords(event, formatIsoTime)}`);
        return;
      case 'run-waiting':
        this.#print(`Next run at ${formatIsoTime(event.next)}${event.watching ? ', or when the source changes' : ''}.`);
        return;
      case 'run-skipped':
        this.#print(sentence(skippedWords(event)));
        return;
      case 'notice':
        if (event.level === 'warn') this.#complain(`Warning: ${event.about}: ${event.message}`);
        else if (TOLD.has(event.about)) this.#print(sentence(event.message));
        return;
      case 'run-failed':
        this.#complain(withHint(event));
        return;
      default:
        return;
    }
  }

  fail(error: unknown): void {
    this.#complain(errorText(error));
  }

  async close(): Promise<void> {
    this.#line.clear();
    await this.#apply.close();
    await this.#listing;
  }

  #print(text: string): void {
    void this.close();
    this.#head(process.stdout);
    process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  }

  /** With several jobs, prints the name of the job when it changes. */
  #head(stream: NodeJS.WriteStream): void {
    if (this.tellsJobs && this.#job !== undefined && this.#job !== this.#told) stream.write(`${escapeName(this.#job)}:\n`);
    this.#told = this.#job;
  }

  #complain(text: string): void {
    void this.close();
    this.#head(process.stderr);
    process.stderr.write(`${text}\n`);
  }
}

function* withBlankLine(pieces: Iterable<string>): Generator<string> {
  yield '\n';
  yield* pieces;
}

/** Returns an error as the event of a failed run. */
function failureOf({code, message, hint}: DirsyncError): Event {
  return {type: 'run-failed', code, message, hint};
}

class EventView implements View {
  show(event: Event, job?: string): void {
    process.stdout.write(`${escapeJson(JSON.stringify(eventLine(event, job)))}\n`);
  }

  fail(error: unknown): void {
    process.stdout.write(
      `${escapeJson(JSON.stringify(errorDocument(error instanceof Error ? error : new Error(String(error)))))}\n`,
    );
  }

  stopped(by: StopSignal): void {
    process.stdout.write(`${escapeJson(JSON.stringify(stoppedDocument(by, signalExitCode(by))))}\n`);
  }

  close(): void {}
}

function terminal(): {color: boolean; width: number} {
  return {color: hasColor(process.stdout, process.env), width: process.stdout.columns ?? 100};
}
