/** The content of logs: one line per event, as text for users and `grep`, or as JSON for programs. */

import {fromOf} from '../core/action.js';
import {formatPlural} from '../core/count.js';
import {driftWords} from '../core/drift.js';
import {escapeLine, escapeName} from '../core/escape.js';
import type {Event} from '../core/event.js';
import type {RunResult} from '../core/job-run.js';
import type {LogLevel} from '../core/log.js';
import {type ApplyReport, type OutcomeStatus, unfinished} from '../core/outcome.js';
import {runStep} from '../core/run.js';
import {formatBytes, formatDuration} from './words/units.js';
import {
  lockWaitWords,
  movedWords,
  pathWords,
  plainPath,
  planSentence,
  sizeOf,
  skippedWords,
  stepWords,
  verdict,
} from './words/words.js';

/** At most this many drifted paths are named in a line. */
const MAX_DRIFT = 20;

const STATUS_LEVELS: Readonly<Record<OutcomeStatus, LogLevel>> = {
  done: 'info',
  'already-done': 'info',
  'not-kept': 'warn',
  skipped: 'warn',
  failed: 'error',
  stopped: 'warn',
  blocked: 'warn',
};

const RESULT_LEVELS: Readonly<Record<Exclude<RunResult, 'success'>, LogLevel>> = {
  partial: 'warn',
  halted: 'warn',
  failed: 'error',
  interrupted: 'warn',
};

export interface LogEntry {
  readonly level: LogLevel;
  /** For users, with names escaped. */
  readonly text: string;
  /** For programs, in addition to the text; names are not escaped. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A line of a log in its JSON form. */
export interface LogLine {
  readonly time: string;
  readonly level: LogLevel;
  readonly job?: string;
  readonly run?: string;
  readonly event: Event['type'];
  readonly msg: string;
}

/** Returns "TIME LEVEL [JOB] [RUN] what  details", without a newline. */
export function logText({time, level, job, run, msg}: LogLine): string {
  const from = [job, run].filter((name) => name !== undefined).map((name) => `[${escapeName(name)}] `);
  return escapeLine(`${time} ${level.toUpperCase().padEnd(5)} ${from.join('')}${msg}`);
}

/**
 * Returns the entry for an event, or undefined for progress and results of queries. For a run with nothing to do, only the plan is
 * logged at `info`.
 */
export function logEntry(event: Event): LogEntry | undefined {
  switch (event.type) {
    case 'scan-progress':
    case 'snapshot-progress':
    case 'manifest':
    case 'apply-progress':
    case 'run-shown':
    case 'history':
    case 'explained':
    case 'config-shown':
      return undefined;
    case 'run-started':
      return entry('debug', 'run started');
    case 'plan-started': {
      const {source, target} = event;
      return entry('debug', `plan started  ${escapeName(source)} → ${escapeName(target)}`, {source, target});
    }
    case 'scan-done': {
      const {side, entries, bytes} = event;
      const text = `${side} read  ${formatPlural(entries, 'entry', 'entries')}, ${formatBytes(bytes)}`;
      return entry('debug', text, {side, entries, bytes});
    }
    case 'plan-ready': {
      const {plan, summary} = event;
      const {changes, bytes, moved, targetDrift, problems} = summary;
      const halts = event.halts.filter(({allowed}) => !allowed);
      const why = halts.map(({guard, message}) => ` ${guard}: ${escapeName(message)}${/[.?]$/.test(message) ? '' : '.'}`);
      return entry(halts.length > 0 ? 'warn' : 'info', `plan ready  ${planSentence(plan, summary)}${why.join('')}`, {
        plan: plan.header.id,
        changes,
        bytes,
        moved,
        targetDrift,
        problems,
        guards: halts.map(({guard}) => guard),
      });
    }
    case 'plan-file': {
      const {file, sha256} = event;
      return entry('info', `plan file  ${escapeName(file)} (sha256 ${sha256})`, {file, sha256});
    }
    case 'drift': {
      const {drift} = event;
      const paths = drift.slice(0, MAX_DRIFT).map((each) => `${plainPath(each.path)}: ${escapeName(driftWords(each))}`);
      return entry('warn', `drift  ${formatPlural(drift.length, 'path')}: ${paths.join('; ')}`, {paths: drift.length});
    }
    case 'lock-waiting': {
      const {target, holder} = event;
      return entry('info', `waiting  ${lockWaitWords(event)}`, {target, ...(holder && {holder: holder.pid})});
    }
    case 'apply-started': {
      const {actions, bytes} = event;
      return entry(
        actions > 0 ? 'info' : 'debug',
        `apply started  ${formatPlural(actions, 'action')}, ${formatBytes(bytes)} to write`,
        {actions, bytes},
      );
    }
    case 'action': {
      const {action, status} = event;
      const {kind, path, targetDrift} = action;
      const bytes = sizeOf(action);
      const size = bytes === undefined ? '' : ` (${formatBytes(bytes)})`;
      const from = fromOf(action);
      const more = stepWords(runStep(action, status));
      return entry(STATUS_LEVELS[status], `${kind} ${status}  ${pathWords(action)}${size}${more && `  ${more}`}`, {
        kind,
        path,
        ...(from !== undefined && {from}),
        ...(targetDrift && {targetDrift}),
        status,
        bytes,
      });
    }
    case 'problem': {
      const {path, side, phase, code, message} = event.problem;
      const text = `${escapeName(code)}  ${plainPath(path)} (${side}): ${escapeName(message)}`;
      return entry('error', text, {path, side, phase, code});
    }
    case 'apply-done': {
      const {counts, bytes, moved, problems, interrupted} = event.report;
      const whole = !interrupted && problems.length === 0 && unfinished(counts) === 0;
      const notCopied = movedWords(moved);
      const text = `apply done  ${verdict(event.report)} ${formatBytes(bytes)} written.${notCopied && ` ${notCopied}.`}`;
      return entry(whole ? levelOf(event.report) : 'warn', text, {counts, bytes, moved, problems: problems.length});
    }
    case 'run-waiting':
      return entry('debug', `waiting  next run at ${event.next}${event.watching ? ', or when the source changes' : ''}`, {
        next: event.next,
      });
    case 'run-skipped':
      return entry('warn', `skipped  ${skippedWords(event)}`, {ticks: event.ticks});
    case 'run-ended': {
      const {result, exitCode, duration, report} = event.run;
      return entry(
        result === 'success' ? levelOf(report) : RESULT_LEVELS[result],
        `run ended  ${result}, exit code ${exitCode}, ${formatDuration(duration)}`,
        {
          result,
          exitCode,
          duration: Math.round(duration),
        },
      );
    }
    case 'notice':
      return entry(event.level, `${event.about}  ${event.message}`, {about: event.about});
    case 'run-failed':
      return entry('error', `run failed  ${event.code}: ${event.message.replaceAll('\n', '; ')}`, {code: event.code});
  }
}

/** Returns the level of a successful run: `info` only if it changed anything. */
function levelOf(report: ApplyReport | undefined): LogLevel {
  return report !== undefined && Object.values(report.counts).some((count) => count > 0) ? 'info' : 'debug';
}

function entry(level: LogLevel, text: string, fields: LogEntry['fields'] = {}): LogEntry {
  return {level, text, fields};
}
