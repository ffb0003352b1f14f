/** Where a command's results go: one listener for text, JSON, an event stream and the log. stdout holds the result alone. */
import {closeSync, openSync, writeSync} from 'node:fs';
import process from 'node:process';
import {DirsyncError} from '../core/errors.js';
import {escapeJson, escapeName} from '../core/escape.js';
import type {Event, Listener} from '../core/event.js';
import type {Drift} from '../core/plan.js';
import {applyDocument, errorDocument, eventLine, historyDocument, planDocument, runDocument} from '../report/json.js';
import {logLine} from '../report/log.js';
import {historyText, runText} from '../report/runs.js';
import {applyText, driftText, planText} from '../report/text.js';
import {formatCount} from '../report/units.js';
import {ApplyView, ProgressLine} from './progress-view.js';
import type {WatchedJob} from './run-view.js';
import {canDraw, hasColor} from './terminal.js';
import {errorText, type View, withHint} from './view.js';

export interface OutputOptions {
  /** One document on stdout, at the end. */
  readonly json: boolean;
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
  /** From now on runs are shown on a screen, where one can be drawn and nothing else was asked for. */
  openRunScreen(job: WatchedJob): Promise<void>;
  error(error: unknown): void;
  close(): Promise<void>;
}

export function openOutput(options: OutputOptions): Output {
  const log = new Log(options.now);
  let view: View = options.json ? new JsonView() : options.events ? new EventView() : new TextView(options);
  return {
    listener(event) {
      log.write(event);
      view.show(event);
    },
    openLog: (file) => log.open(file),
    async openRunScreen(job) {
      if (!(view instanceof TextView) || !canDraw(process, process.env)) return;
      const {RunView} = await import('./run-view.js');
      view = await RunView.open(job);
    },
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

/** Tells of an error that came before any command could. */
export function reportError(error: unknown, options: Pick<OutputOptions, 'json' | 'events'>): void {
  const output = openOutput({...options, all: false, now: () => new Date()});
  output.error(error);
  void output.close();
}

/** Plain text; on a terminal coloured, with a line of progress on stderr. */
class TextView implements View {
  readonly #line = new ProgressLine();
  readonly #apply = new ApplyView(this.#line);

  constructor(private readonly options: OutputOptions) {}

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

/** The document of what came last and counts: an error, an apply, a plan, a run that was, or a history. */
class JsonView implements View {
  #document: object | undefined;
  #plan: Extract<Event, {type: 'plan-ready'}> | undefined;
  #drift: readonly Drift[] | undefined;

  show(event: Event): void {
    if (event.type === 'plan-ready') this.#plan = event;
    if (event.type === 'plan-ready') this.#document = planDocument(event);
    if (event.type === 'plan-file' && this.#plan) {
      this.#document = planDocument({...this.#plan, file: {path: event.file, sha256: event.sha256}});
    }
    if (event.type === 'drift') this.#drift = event.drift;
    if (event.type === 'run-shown') this.#document = runDocument(event.run);
    if (event.type === 'history') this.#document = historyDocument(event);
    if (event.type === 'apply-done') this.#document = applyDocument(this.#plan?.plan, event.report);
  }

  fail(error: unknown): void {
    this.#document = errorDocument(error instanceof Error ? error : new Error(String(error)), this.#drift);
  }

  close(): void {
    if (this.#document !== undefined) process.stdout.write(`${escapeJson(JSON.stringify(this.#document, null, 2))}\n`);
  }
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
