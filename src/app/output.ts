/** Where a command's results go: one listener for text, JSON, an event stream and the log. stdout holds the result alone. */
import {closeSync, openSync, writeSync} from 'node:fs';
import process from 'node:process';
import {DirsyncError} from '../core/errors.js';
import {escapeJson, escapeName} from '../core/escape.js';
import type {Event, Listener} from '../core/event.js';
import type {Format} from '../core/format.js';
import {configText} from '../report/config.js';
import {explanationText} from '../report/explain.js';
import {errorDocument, eventLine} from '../report/json.js';
import {logLine} from '../report/log.js';
import {historyText, runText} from '../report/runs.js';
import {applyText, driftText, planText} from '../report/text.js';
import {formatCount} from '../report/units.js';
import {lockWaitWords} from '../report/words.js';
import {ApplyView, ProgressLine} from './progress-view.js';
import {JsonView, ReportView} from './report-view.js';
import type {WatchedJob} from './run-view.js';
import {canDraw, hasColor} from './terminal.js';
import {errorText, type View, withHint} from './view.js';

export interface OutputOptions {
  /** Undefined: what a person at a terminal reads. */
  readonly format: Format | undefined;
  /** Every event as a line of JSON on stdout, when it happens. */
  readonly events: boolean;
  /** List everything, however long. */
  readonly all: boolean;
  readonly now: () => Date;
}

export interface Output {
  readonly listener: Listener;
  /** Writes to this log from now on. @throws DirsyncError LOG_UNWRITABLE. */
  openLog(file: string): void;
  /** Plans are not listed: somebody looks through them. */
  expectReview(): void;
  /** From now on runs are shown on a screen, where one can be drawn and nothing else was asked for. */
  openRunScreen(job: WatchedJob): Promise<void>;
  /** A sentence for who reviewed a plan. */
  say(text: string): void;
  error(error: unknown): void;
  close(): Promise<void>;
}

export function openOutput(options: OutputOptions): Output {
  const log = new Log(options.now);
  let view = viewOf(options);
  let isReviewed = false;
  return {
    listener(event) {
      log.write(event);
      const isSeen = isReviewed && event.type === 'plan-ready' && event.summary.changes > 0;
      if (isSeen) void view.close();
      else view.show(event);
    },
    openLog: (file) => log.open(file),
    expectReview() {
      isReviewed = true;
    },
    async openRunScreen(job) {
      if (!(view instanceof TextView) || options.format !== undefined || !canDraw(process, process.env)) return;
      const {RunView} = await import('./run-view.js');
      view = await RunView.open(job);
    },
    say: (text) => void process.stdout.write(`${text}\n`),
    error(error) {
      if (error instanceof DirsyncError) log.write(failureOf(error));
      view.fail(error);
    },
    async close() {
      const closed = view.close();
      log.close();
      await closed;
    },
  };
}

function viewOf(options: OutputOptions): View {
  const {format = 'text', events, all} = options;
  if (events) return new EventView();
  if (format === 'text') return new TextView(options);
  return format === 'json' ? new JsonView() : new ReportView(format, all);
}

/** Tells of an error that came before any command could. */
export function reportError(error: unknown, options: Pick<OutputOptions, 'format' | 'events'>): void {
  const output = openOutput({...options, all: false, now: () => new Date()});
  output.error(error);
  void output.close();
}

/** Plain text; on a terminal coloured, with a line of progress on stderr. */
class TextView implements View {
  readonly #line = new ProgressLine();
  readonly #apply: ApplyView;

  constructor(private readonly options: OutputOptions) {
    this.#apply = new ApplyView(this.#line, options.format === undefined);
  }

  show(event: Event): void {
    const {color, width} = terminal();
    switch (event.type) {
      case 'scan-progress':
        this.#line.draw(() => `reading: source ${formatCount(event.source)}, target ${formatCount(event.target)} entries`);
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
        // Of a plan with nothing to do the plan has said so.
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
      case 'lock-waiting':
        this.#complain(`Waiting ${lockWaitWords(event)}`);
        return;
      case 'run-waiting':
        this.#print(`Next run at ${event.next}.`);
        return;
      case 'run-skipped':
        this.#print(`The run took longer than its interval: ${event.ticks} skipped.`);
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

  close(): Promise<void> {
    this.#line.clear();
    return this.#apply.close();
  }

  #print(text: string): void {
    void this.close();
    process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  }

  #complain(text: string): void {
    void this.close();
    process.stderr.write(`${text}\n`);
  }
}

/** An error as the event of a run that failed. */
export function failureOf({code, message, hint}: DirsyncError): Event {
  return {type: 'run-failed', code, message, hint};
}

class EventView implements View {
  show(event: Event): void {
    process.stdout.write(`${escapeJson(JSON.stringify(eventLine(event)))}\n`);
  }

  fail(error: unknown): void {
    process.stdout.write(
      `${escapeJson(JSON.stringify(errorDocument(error instanceof Error ? error : new Error(String(error)))))}\n`,
    );
  }

  close(): void {}
}

/** The file of `-l`, appended to. A log that can no longer be written is said once, and the run goes on. */
class Log {
  #file: number | undefined;
  #name = '';

  constructor(private readonly now: () => Date) {}

  open(name: string): void {
    this.#name = name;
    try {
      this.#file = openSync(name, 'a', 0o644);
    } catch (error) {
      const {code} = error as NodeJS.ErrnoException;
      throw new DirsyncError('LOG_UNWRITABLE', `${escapeName(name)} (${code})`, 'check the path given by --log', {cause: error});
    }
  }

  write(event: Event): void {
    if (this.#file === undefined) return;
    const line = logLine(event, this.now());
    if (line === undefined) return;
    try {
      writeSync(this.#file, `${line}\n`);
    } catch (error) {
      const {code} = error as NodeJS.ErrnoException;
      process.stderr.write(`dirsync: the log ${escapeName(this.#name)} cannot be written (${code}), going on without it\n`);
      this.close();
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

function terminal(): {color: boolean; width: number} {
  return {color: hasColor(process.stdout, process.env), width: process.stdout.columns ?? 100};
}
