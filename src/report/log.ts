/** The log file of `-l`: one line an event, that a person can read and `grep` can find. */
import {escapeName} from '../core/escape.js';
import type {Event} from '../core/event.js';
import {type OutcomeStatus, unfinished} from '../core/outcome.js';
import {formatBytes, formatCount, formatDuration, formatPlural} from './units.js';
import {lockWaitWords, pathWords, plainPath, planSentence, sizeOf, verdict} from './words.js';

/** Drifted paths that are named in their line. */
const MAX_DRIFT = 20;

type Level = 'INFO' | 'WARN' | 'ERROR';

const LEVELS: Readonly<Record<OutcomeStatus, Level>> = {
  done: 'INFO',
  'already-done': 'INFO',
  skipped: 'WARN',
  failed: 'ERROR',
  stopped: 'WARN',
  blocked: 'WARN',
};

/** An event as "TIME LEVEL what  particulars", without a newline; undefined for progress and answers, which no log needs. */
export function logLine(event: Event, now: Date): string | undefined {
  const said = say(event);
  return said && `${now.toISOString()} ${said[0].padEnd(5)} ${said[1]}`;
}

function say(event: Event): [level: Level, text: string] | undefined {
  switch (event.type) {
    case 'scan-progress':
    case 'apply-progress':
    case 'run-shown':
    case 'history':
    case 'explained':
    case 'config-shown':
      return undefined;
    case 'plan-started':
      return ['INFO', `plan started  ${escapeName(event.source)} → ${escapeName(event.target)}`];
    case 'scan-done':
      return ['INFO', `${event.side} read  ${formatPlural(event.entries, 'entry', 'entries')}, ${formatBytes(event.bytes)}`];
    case 'plan-ready': {
      const halts = event.halts.filter(({allowed}) => !allowed).map(({guard, message}) => ` ${guard}: ${escapeName(message)}.`);
      return [halts.length > 0 ? 'WARN' : 'INFO', `plan ready  ${planSentence(event.plan, event.summary)}${halts.join('')}`];
    }
    case 'plan-file':
      return ['INFO', `plan file  ${escapeName(event.file)} (sha256 ${event.sha256})`];
    case 'drift': {
      const paths = event.drift.slice(0, MAX_DRIFT).map(({path, found}) => `${plainPath(path)}: ${escapeName(found)}`);
      return ['WARN', `drift  ${formatPlural(event.drift.length, 'path')}: ${paths.join('; ')}`];
    }
    case 'lock-waiting':
      return ['INFO', `waiting  ${lockWaitWords(event)}`];
    case 'apply-started':
      return ['INFO', `apply started  ${formatPlural(event.actions, 'action')}, ${formatBytes(event.bytes)} to write`];
    case 'action': {
      const {action, status} = event;
      const size = sizeOf(action);
      const bytes = size === undefined ? '' : ` (${formatBytes(size)})`;
      return [LEVELS[status], `${action.kind} ${status}  ${pathWords(action)}${bytes}`];
    }
    case 'problem': {
      const {path, side, code, message} = event.problem;
      return ['ERROR', `${escapeName(code)}  ${plainPath(path)} (${side}): ${escapeName(message)}`];
    }
    case 'apply-done': {
      const {counts, problems, interrupted} = event.report;
      const whole = !interrupted && problems.length === 0 && unfinished(counts) === 0;
      return [whole ? 'INFO' : 'WARN', `apply done  ${verdict(event.report)} ${formatBytes(event.report.bytes)} written.`];
    }
    case 'run-waiting':
      return ['INFO', `waiting  next run at ${escapeName(event.next)}`];
    case 'run-skipped':
      return ['WARN', `skipped  ${formatCount(event.ticks)} of the run's times passed while it was still at work`];
    case 'run-started':
      return ['INFO', 'run started'];
    case 'run-ended': {
      const {result, exitCode, duration} = event.run;
      return [result === 'success' ? 'INFO' : 'WARN', `run ended  ${result}, exit code ${exitCode}, ${formatDuration(duration)}`];
    }
    case 'notice':
      return [event.level === 'info' ? 'INFO' : 'WARN', `${event.about}  ${event.message}`];
    case 'run-failed':
      return ['ERROR', `run failed  ${escapeName(event.code)}: ${escapeName(event.message)}`];
  }
}
