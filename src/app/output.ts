/** Where a command's results go: one listener for text, JSON, an event stream and the log. stdout holds the result alone. */
import {closeSync, openSync, writeSync} from 'node:fs';
import process from 'node:process';
import {DirsyncError} from '../core/errors.js';
import {escapeJson, escapeName} from '../core/escape.js';
import type {Event, Listener} from '../core/event.js';
import type {Drift} from '../core/plan.js';
import {explanationText} from '../report/explain.js';
import {applyDocument, errorDocument, eventLine, explanationDocument, planDocument} from '../report/json.js';
import {logLine} from '../report/log.js';
import {applyText, driftText, planText} from '../report/text.js';
import {formatBytes, formatCount} from '../report/units.js';

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
  error(error: unknown): void;
  close(): void;
}

export function openOutput(options: OutputOptions): Output {
  const log = new Log(options.now);
  const view = options.json ? new JsonView() : options.events ? new EventView() : new TextView(options);
  return {
    listener(event) {
      log.write(event);
      view.show(event);
    },
    openLog: (file) => log.open(file),
    error(error) {
      if (error instanceof DirsyncError) log.write(failureOf(error));
      view.fail(error);
    },
    close() {
      view.close();
      log.close();
    },
  };
}

/** Tells of an error that came before any command could. */
export function reportError(error: unknown, options: Pick<OutputOptions, 'json' | 'events'>): void {
  const output = openOutput({...options, all: false, now: () => new Date()});
  output.error(error);
  output.close();
}

interface View {
  show(event: Event): void;
  fail(error: unknown): void;
  close(): void;
}

/** Plain text; on a terminal coloured, with a line of progress on stderr. */
class TextView implements View {
  readonly #progress = new ProgressLine();

  constructor(private readonly options: OutputOptions) {}

  show(event: Event): void {
    const {color, width} = terminal();
    switch (event.type) {
      case 'scan-progress':
        this.#progress.draw(() => `reading: source ${formatCount(event.source)}, target ${formatCount(event.target)} entries`);
        return;
      case 'apply-started':
        this.#progress.expect(event);
        return;
      case 'apply-progress':
        this.#progress.drawApply(event);
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

  close(): void {
    this.#progress.clear();
  }

  #print(text: string): void {
    this.#progress.clear();
    process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  }

  #complain(text: string): void {
    this.#progress.clear();
    process.stderr.write(`${text}\n`);
  }
}

export function errorText(error: unknown): string {
  if (error instanceof DirsyncError) return withHint(error);
  const {stack, message} = error instanceof Error ? error : new Error(String(error));
  return `Error: dirsync has a bug, please report it\n${(stack ?? message).split('\n').map(escapeName).join('\n')}`;
}

function withHint({message, hint}: {message: string; hint?: string | undefined}): string {
  return hint === undefined ? `Error: ${message}` : `Error: ${message}\n  ${hint}`;
}

/** An error as the event of a run that failed. */
export function failureOf({code, message, hint}: DirsyncError): Event {
  return {type: 'run-failed', code, message, hint};
}

/** One line on stderr, drawn over itself; nothing where stderr is no terminal. */
class ProgressLine {
  readonly #shown = Boolean(process.stderr.isTTY) && process.env.TERM !== 'dumb' && !process.env.CI;
  #drawn = false;
  #expected = {actions: 0, bytes: 0};

  expect({actions, bytes}: {actions: number; bytes: number}): void {
    this.#expected = {actions, bytes};
  }

  drawApply({actions, bytes}: {actions: number; bytes: number}): void {
    const all = this.#expected;
    // Settling folders counts an action twice, so the share is of the larger of both.
    const done = Math.min(actions, all.actions);
    const share = (done + bytes / 4096) / Math.max(1, all.actions + all.bytes / 4096);
    const percent = Math.min(100, Math.floor(100 * share));
    this.draw(
      () =>
        `applying: ${percent} %  ${formatCount(done)} of ${formatCount(all.actions)} actions, ${formatBytes(bytes)} of ${formatBytes(all.bytes)}`,
    );
  }

  draw(text: () => string): void {
    if (!this.#shown) return;
    const width = process.stderr.columns ?? 80;
    process.stderr.write(`\r${text().slice(0, width - 1)}\x1b[K`);
    this.#drawn = true;
  }

  clear(): void {
    if (this.#drawn) process.stderr.write('\r\x1b[K');
    this.#drawn = false;
  }
}

/** The document of what came last and counts: an error, an apply, an explanation, or a plan. */
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
    if (event.type === 'explained') this.#document = explanationDocument(event.explanation);
    if (event.type === 'drift') this.#drift = event.drift;
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

/** What stdout can show. NO_COLOR and FORCE_COLOR as everywhere (no-color.org, force-color.org). */
function terminal(): {color: boolean; width: number} {
  const {NO_COLOR, FORCE_COLOR, CI, TERM} = process.env;
  const plain = NO_COLOR || CI || TERM === 'dumb' || !process.stdout.isTTY;
  return {color: FORCE_COLOR ? FORCE_COLOR !== '0' : !plain, width: process.stdout.columns ?? 100};
}
