/** The events that the engine emits while it works. Text, JSON, the log and screens all use this union. */
import type {Action} from './action.js';
import type {Drift} from './drift.js';
import type {Explanation} from './explanation.js';
import type {Holder} from './holder.js';
import type {JobRun} from './job-run.js';
import type {ShownManifest} from './manifest.js';
import type {ApplyReport, OutcomeStatus} from './outcome.js';
import type {RelPath} from './path.js';
import type {Halt, Plan, PlanSummary} from './plan.js';
import type {Phase, Problem, Side} from './problem.js';
import type {Run, RunSummary} from './run.js';
import type {ShownConfig} from './shown-config.js';

/** What an apply is doing. */
export type ApplyPhase = Exclude<Phase, 'scan' | 'plan'>;

/** Emitted when an apply starts, with the amount of work. */
export interface ApplyStarted {
  readonly type: 'apply-started';
  readonly actions: number;
  /** The total number of steps: the checks before the first change, and each action once per wave that it is in. */
  readonly steps: number;
  /** How many of the steps are checks, which come first and are faster. */
  readonly checks: number;
  /** Bytes to write. */
  readonly bytes: number;
}

/** Emitted a few times per second. No number ever decreases, and steps that needed no work count as done. */
export interface ApplyProgress {
  readonly type: 'apply-progress';
  readonly phase: ApplyPhase;
  readonly actions: number;
  readonly steps: number;
  readonly totalSteps: number;
  readonly bytes: number;
  readonly totalBytes: number;
  /** The current path of each worker. */
  readonly current: readonly (RelPath | undefined)[];
}

/** What a notice is about. */
export const NOTICE_TOPICS = [
  'schedule',
  'watch',
  'config',
  'priority',
  'hook',
  'heartbeat',
  'webhook',
  'metrics',
  'log',
  'output',
] as const;
export type NoticeTopic = (typeof NOTICE_TOPICS)[number];

/** Reports something beside the sync itself. It never changes the result of a run. */
export interface Notice {
  readonly type: 'notice';
  readonly level: 'info' | 'warn';
  readonly about: NoticeTopic;
  /** A sentence, with names escaped. */
  readonly message: string;
}

export type Event =
  /** A run of a job begins; its events follow until `run-ended`. */
  | {readonly type: 'run-started'; readonly id: string}
  | {readonly type: 'plan-started'; readonly source: string; readonly target: string}
  | {readonly type: 'scan-progress'; readonly source: number; readonly target: number}
  | {readonly type: 'scan-done'; readonly side: Side; readonly entries: number; readonly bytes: number}
  | {readonly type: 'plan-ready'; readonly plan: Plan; readonly summary: PlanSummary; readonly halts: readonly Halt[]}
  /** The file that a plan was written to or read from, and the checksum that `--plan-sha256` pins. */
  | {readonly type: 'plan-file'; readonly file: string; readonly sha256: string}
  /** While a snapshot is taken: entries, and bytes of content if that is read too. */
  | {readonly type: 'snapshot-progress'; readonly entries: number; readonly bytes: number}
  /** A manifest that was written or read. */
  | {readonly type: 'manifest'; readonly manifest: ShownManifest}
  | {readonly type: 'explained'; readonly explanation: Explanation}
  | {readonly type: 'drift'; readonly drift: readonly Drift[]}
  /** Another run is working on the target; this one waits for at most `timeout` milliseconds. */
  | {readonly type: 'lock-waiting'; readonly target: string; readonly holder: Holder | undefined; readonly timeout: number}
  | ApplyStarted
  | ApplyProgress
  | {readonly type: 'action'; readonly action: Action; readonly status: OutcomeStatus}
  | {readonly type: 'problem'; readonly problem: Problem}
  | {readonly type: 'apply-done'; readonly report: ApplyReport}
  | {readonly type: 'run-shown'; readonly run: Run}
  | {readonly type: 'history'; readonly target: string; readonly runs: readonly RunSummary[]}
  | {readonly type: 'config-shown'; readonly config: ShownConfig}
  /** `watching`: a change of the source also starts a run. */
  | {readonly type: 'run-waiting'; readonly next: string; readonly watching?: boolean}
  | {readonly type: 'run-skipped'; readonly ticks: number; readonly why: 'busy' | 'slept'}
  | {readonly type: 'run-ended'; readonly run: JobRun}
  | Notice
  | {readonly type: 'run-failed'; readonly code: string; readonly message: string; readonly hint?: string | undefined};

export type Listener = (event: Event) => void;
