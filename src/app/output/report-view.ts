/** Views that print nothing during the work, and a report in the requested format at the end. */
import {appendFileSync} from 'node:fs';
import process from 'node:process';
import type {Drift} from '../../core/drift.js';
import {DirsyncError} from '../../core/errors.js';
import {escapeName} from '../../core/escape.js';
import type {Event} from '../../core/event.js';
import type {Format} from '../../core/format.js';
import type {JobRun} from '../../core/job-run.js';
import {osPath} from '../../core/name.js';
import type {ApplyReport, StopSignal} from '../../core/outcome.js';
import {type Run, type RunStep, runStep} from '../../core/run.js';
import {environment} from '../../platform/environment.js';
import {loseOutput, writeOut} from '../../platform/streams.js';
import {
  applyDocument,
  documentText,
  errorDocument,
  explanationDocument,
  historyDocument,
  jobsDocument,
  manifestDocumentText,
  planDocumentText,
  runDocumentText,
  settingsDocument,
  stoppedDocument,
} from '../../report/json.js';
import type {PlanSubject, Subject} from '../../report/subject.js';
import {driftText} from '../../report/words/words.js';
import {signalExitCode} from '../exit-code.js';
import {printAs} from './ci-runner.js';
import {renderReport} from './render.js';
import {errorText, tellNotice, type View} from './view.js';

/** Prints the document of the last result: an error, an apply, a plan, an explanation, a recorded run, or a history. */
export class JsonView implements View {
  /** Created only when it is written, because it takes as much memory as a plan. */
  #document: (() => Iterable<string>) | undefined;
  #plan: Extract<Event, {type: 'plan-ready'}> | undefined;
  #drift: readonly Drift[] | undefined;

  show(event: Event): void {
    if (event.type === 'notice') tellNotice(event);
    if (event.type === 'plan-ready') this.#plan = event;
    if (event.type === 'plan-ready') this.#document = () => planDocumentText(event);
    if (event.type === 'plan-file' && this.#plan) {
      const subject = {...this.#plan, file: {path: event.file, sha256: event.sha256}};
      this.#document = () => planDocumentText(subject);
    }
    if (event.type === 'explained') this.#document = () => documentText(explanationDocument(event.explanation));
    if (event.type === 'drift') this.#drift = event.drift;
    if (event.type === 'run-shown') this.#document = () => runDocumentText(event.run);
    if (event.type === 'manifest') this.#document = () => manifestDocumentText(event.manifest);
    if (event.type === 'history') this.#document = () => documentText(historyDocument(event));
    if (event.type === 'config-shown') this.#document = () => documentText(settingsDocument(event.config));
    if (event.type === 'apply-done') this.#document = () => documentText(applyDocument(this.#plan?.plan, event.report));
  }

  fail(error: unknown): void {
    this.#document = () => documentText(errorDocumentOf(error, this.#drift));
  }

  stopped(by: StopSignal): void {
    this.#document = () => documentText(stoppedDocument(by, signalExitCode(by)));
  }

  async close(): Promise<void> {
    const document = this.#document?.();
    this.#document = undefined;
    if (document !== undefined) await writeOut(document);
  }
}

function errorDocumentOf(error: unknown, drift?: readonly Drift[]) {
  return errorDocument(error instanceof Error ? error : new Error(String(error)), drift);
}

/** Prints one document with the runs of several jobs. */
export class JobsView implements View {
  readonly #runs: JobRun[] = [];
  #error: unknown;

  show(event: Event): void {
    if (event.type === 'notice') tellNotice(event);
    if (event.type === 'run-ended') this.#runs.push(event.run);
  }

  fail(error: unknown): void {
    this.#error = error;
  }

  async close(): Promise<void> {
    await writeOut(documentText(this.#error === undefined ? jobsDocument(this.#runs) : errorDocumentOf(this.#error)));
  }
}

/** Prints Markdown, HTML, JUnit, or GitHub annotations. Errors go to stderr, and to CI servers also in their format. */
export class ReportView implements View {
  #plan: PlanSubject | undefined;
  #subject: Subject | undefined;
  #steps: RunStep[] = [];
  #drift: readonly Drift[] = [];
  #error: unknown;
  #stop: StopSignal | undefined;
  #isClosed = false;

  constructor(
    private readonly format: Exclude<Format, 'text' | 'json'>,
    private readonly all: boolean,
  ) {}

  show(event: Event): void {
    switch (event.type) {
      case 'plan-ready':
        this.#plan = {...event, type: 'plan'};
        this.#subject = this.#plan;
        return;
      case 'notice':
        tellNotice(event);
        return;
      case 'apply-started':
        this.#steps = [];
        return;
      case 'action':
        this.#steps.push(runStep(event.action, event.status));
        return;
      case 'apply-done':
        if (this.#plan) this.#subject = {type: 'run', run: runOf(this.#plan, event.report, this.#steps)};
        return;
      case 'run-shown':
        this.#subject = {type: 'run', run: event.run};
        return;
      case 'history':
        this.#subject = event;
        return;
      case 'drift':
        this.#drift = event.drift;
        return;
      default:
        return;
    }
  }

  fail(error: unknown): void {
    this.#subject = undefined;
    const drift = this.#drift.length === 0 ? '' : `${driftText(this.#drift)}\n`;
    process.stderr.write(`${drift}${errorText(error)}\n`);
    this.#error = error;
  }

  stopped(by: StopSignal): void {
    this.#subject = undefined;
    this.#stop = by;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const subject = this.#subject;
    if (this.format === 'github') await this.#tellGithub(subject);
    else if (this.format === 'junit' && this.#failure !== undefined) {
      const {junitError} = await import('../../report/junit.js');
      await writeOut([junitError(this.#failure)]);
    } else if (subject) await writeOut(await renderReport(subject, this.format, {color: false, width: 100, all: this.all}));
  }

  get #failure(): {readonly code: string; readonly message: string} | undefined {
    if (this.#stop !== undefined) return {code: 'STOPPED', message: `stopped by ${this.#stop}`};
    return this.#error instanceof DirsyncError ? this.#error : undefined;
  }

  async #tellGithub(subject: Subject | undefined): Promise<void> {
    const {githubError, githubReport} = await import('../../report/markdown/github.js');
    if (this.#error instanceof DirsyncError) return printCommands(githubError(this.#error, this.#drift));
    if (subject === undefined) return;
    const {annotations, summary} = githubReport(subject);
    const file = environment().GITHUB_STEP_SUMMARY;
    if (file) appendSummary(file, summary);
    await printCommands(annotations);
    if (!file) await writeOut([summary]);
  }
}

/** Returns the run in the form in which its journal records it. */
function runOf({plan, summary}: PlanSubject, report: ApplyReport, steps: readonly RunStep[]): Run {
  const {id, writer, source, target} = plan.header;
  const {runId, started, finished, counts, bytes, problems, interrupted} = report;
  return {
    header: {
      id: runId,
      planId: id,
      writer,
      source: source.path,
      target: target.path,
      started,
      changes: summary.changes,
      bytes: summary.bytes,
    },
    steps,
    problems,
    end: {finished, counts, bytes, interrupted},
  };
}

function appendSummary(file: string, summary: string): void {
  try {
    appendFileSync(osPath(file), summary);
  } catch (error) {
    loseOutput(escapeName(file), error);
  }
}

/** Prints commands that the runner obeys. */
async function printCommands(text: string): Promise<void> {
  printAs('commands');
  await writeOut([text, '\n']);
  printAs('text');
}
