/** The state of the run screen: for each job its status, its results, and its next start. */

import type {Moved} from '../core/action.js';
import {formatPlural} from '../core/count.js';
import {escapeName} from '../core/escape.js';
import type {Event} from '../core/event.js';
import {type ApplyReport, unfinished} from '../core/outcome.js';
import {advance, type Progress, startProgress} from '../report/words/progress.js';
import {formatBytes, formatDuration} from '../report/words/units.js';
import {movedWords, verdict} from '../report/words/words.js';
import type {ScreenMessage} from './apply-state.js';
import {addProblem, NO_PROBLEMS, type ProblemList, scroll} from './problem-list.js';

/** The state of the screen of scheduled jobs. */
export interface RunState {
  readonly jobs: readonly JobState[];
  readonly stops: number;
}

/** The state of a job. Times are milliseconds on the clock of the screen. */
export interface JobState {
  /** The name of the job; undefined for two folders. */
  readonly name: string | undefined;
  readonly source: string;
  readonly target: string;
  readonly status: 'waiting' | 'planning' | 'locked' | 'applying';
  /** When the current run began. */
  readonly started: number;
  /** Entries read so far in both trees. */
  readonly scanned: number;
  readonly progress: Progress | undefined;
  /** ISO 8601 UTC. */
  readonly next: string | undefined;
  /** Whether a change of the source also starts a run. */
  readonly watching: boolean;
  /** Number of scheduled runs that were missed. */
  readonly skipped: number;
  /** The last warning since the current run began. */
  readonly notice: string | undefined;
  /** Problems of the current or the last run. */
  readonly problems: ProblemList;
  /** Newest last. */
  readonly runs: readonly RunResult[];
  readonly totals: RunTotals;
}

/** The result of one run of a job. */
export interface RunResult {
  readonly status: RunStatus;
  /** One sentence. */
  readonly verdict: string;
  readonly hint: string | undefined;
  readonly ended: number;
  readonly duration: number;
  readonly changes: number;
  readonly bytes: number;
  readonly moved: Moved;
}

export type RunStatus = 'unchanged' | 'done' | 'partial' | 'failed';

interface RunTotals {
  readonly runs: Readonly<Record<RunStatus, number>>;
  readonly changes: number;
  readonly bytes: number;
  readonly moved: Moved;
}

/** An event, and the name of its job. */
interface JobEvent {
  readonly type: 'of-job';
  readonly job: string | undefined;
  readonly event: Event;
}

export type RunMessage = Exclude<ScreenMessage, Event> | JobEvent;

/** As many runs as the widest terminal shows. */
const MAX_RUNS = 500;

const NOTHING: Moved = {leaves: 0, bytes: 0};

/** Returns the state of a job without runs. */
export function newJob(fields: Pick<JobState, 'name' | 'source' | 'target'>): JobState {
  return {
    ...fields,
    status: 'planning',
    started: 0,
    scanned: 0,
    progress: undefined,
    next: undefined,
    watching: false,
    skipped: 0,
    notice: undefined,
    problems: NO_PROBLEMS,
    runs: [],
    totals: {runs: {unchanged: 0, done: 0, partial: 0, failed: 0}, changes: 0, bytes: 0, moved: NOTHING},
  };
}

/** Applies a message. Scrolling affects the first job with problems, whose list is shown. */
export function runState(state: RunState, message: RunMessage, now: number): RunState {
  if (message.type === 'stop') return {...state, stops: state.stops + 1};
  if (message.type === 'of-job' && !state.jobs.some(({name}) => name === message.job)) {
    // The job was added to the config in the meantime.
    const added = newJob({name: message.job, source: '', target: ''});
    return runState({...state, jobs: [...state.jobs, added]}, message, now);
  }
  const isMeant =
    message.type === 'scroll' ? (job: JobState) => job === troubledJob(state) : ({name}: JobState) => name === message.job;
  const change = (job: JobState) =>
    message.type === 'scroll' ? {...job, problems: scroll(job.problems, message)} : jobState(job, message.event, now);
  const jobs = state.jobs.map((job) => (isMeant(job) ? change(job) : job));
  return jobs.every((job, i) => job === state.jobs[i]) ? state : {...state, jobs};
}

/** Returns the first job with problems, whose list is the one that scrolls. */
export function troubledJob({jobs}: RunState): JobState | undefined {
  return jobs.find(({problems}) => problems.count > 0);
}

function jobState(job: JobState, event: Event, now: number): JobState {
  switch (event.type) {
    case 'plan-started': {
      const {source, target} = event;
      return {...job, source, target, status: 'planning', started: now, scanned: 0, next: undefined, problems: NO_PROBLEMS};
    }
    case 'scan-progress':
      return {...job, scanned: event.source + event.target};
    case 'lock-waiting':
      return {...job, status: 'locked'};
    case 'apply-started':
      return {...job, status: 'applying', progress: startProgress(event, now)};
    case 'apply-progress':
      return job.progress === undefined ? job : {...job, progress: advance(job.progress, event, now)};
    case 'problem':
      return {...job, problems: addProblem(job.problems, event.problem)};
    case 'apply-done':
      return ended({...job, problems: event.report.problems.reduce(addProblem, NO_PROBLEMS)}, resultOf(event.report, job, now));
    case 'run-failed':
      return ended(job, {
        status: 'failed',
        verdict: event.message,
        hint: event.hint,
        ended: now,
        duration: job.status === 'waiting' ? 0 : now - job.started,
        changes: 0,
        bytes: 0,
        moved: NOTHING,
      });
    case 'notice':
      return event.level === 'warn' ? {...job, notice: event.message} : job;
    case 'run-started':
      return {...job, notice: undefined};
    case 'run-waiting':
      return {...job, status: 'waiting', next: event.next, watching: event.watching ?? false};
    case 'run-skipped':
      return {...job, skipped: job.skipped + event.ticks};
    default:
      return job;
  }
}

function resultOf(report: ApplyReport, {started}: JobState, now: number): RunResult {
  const {counts, problems, interrupted, bytes, moved} = report;
  const whole = problems.length + unfinished(counts) === 0 && !interrupted;
  const isNothing = whole && counts.done + counts['already-done'] === 0;
  return {
    status: isNothing ? 'unchanged' : whole ? 'done' : 'partial',
    verdict: isNothing ? 'Nothing to do.' : verdict(report),
    hint: undefined,
    ended: now,
    duration: now - started,
    changes: counts.done,
    bytes,
    moved,
  };
}

function ended(job: JobState, result: RunResult): JobState {
  const {runs, changes, bytes, moved} = job.totals;
  return {
    ...job,
    status: 'waiting',
    progress: undefined,
    runs: [...job.runs.slice(1 - MAX_RUNS), result],
    totals: {
      runs: {...runs, [result.status]: runs[result.status] + 1},
      changes: changes + result.changes,
      bytes: bytes + result.bytes,
      moved: {leaves: moved.leaves + result.moved.leaves, bytes: moved.bytes + result.moved.bytes},
    },
  };
}

const LEVELS = ' ▁▂▃▄▅▆▇█';
const FULL = LEVELS.length - 1;
const MARKS: Readonly<Partial<Record<RunStatus, string>>> = {unchanged: '·', failed: '✗'};

/**
 * Returns `height` lines with a bar for each run, newest last: how much it changed, compared with the others; "·" for nothing to
 * do, "✗" for a failed run.
 */
export function historyBars(runs: readonly RunResult[], width: number, height: number): string[] {
  const shown = width > 0 ? runs.slice(-width) : [];
  const most = Math.max(1, ...shown.map(({changes}) => changes));
  return Array.from({length: height}, (_, line) => {
    const below = (height - 1 - line) * FULL;
    const bars = shown.map(({status, changes}) => {
      const mark = MARKS[status];
      if (mark !== undefined) return below === 0 ? mark : ' ';
      const level = Math.max(1, Math.round((changes / most) * height * FULL));
      return LEVELS[Math.min(FULL, Math.max(0, level - below))];
    });
    return bars.join('');
  });
}

/**
 * Returns the summary that stays on the terminal: "12 runs in 1 h 0 min: 3 done, 8 with nothing to do, 1 failed; 34 changes, 1.2
 * MiB written."
 */
export function runsText({jobs}: RunState, elapsed: number): string {
  return jobs
    .map(({name, totals}) => {
      const whose = jobs.length > 1 && name !== undefined ? `${escapeName(name)}: ` : '';
      const {unchanged, done, partial, failed} = totals.runs;
      const parts: [count: number, words: string][] = [
        [done, 'done'],
        [unchanged, 'with nothing to do'],
        [partial, 'with problems'],
        [failed, 'failed'],
      ];
      const counts = parts.filter(([count]) => count > 0).map(([count, words]) => `${count} ${words}`);
      const runs = formatPlural(unchanged + done + partial + failed, 'run');
      const written = totals.bytes > 0 ? `, ${formatBytes(totals.bytes)} written` : '';
      const moved = movedWords(totals.moved);
      const how = counts.length > 0 ? `: ${counts.join(', ')}` : '';
      return `${whose}${runs} in ${formatDuration(elapsed)}${how}; ${formatPlural(totals.changes, 'change')}${written}${moved && `, ${moved}`}.`;
    })
    .join('\n');
}
