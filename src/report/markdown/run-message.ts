/** A run in a few lines for a chat: short enough for every chat, and in Markdown that all of them support. */

import {formatCount} from '../../core/count.js';
import type {JobRun, RunResult} from '../../core/job-run.js';
import type {GuardName} from '../../core/plan.js';
import {formatBytes, formatDuration} from '../words/units.js';
import {movedWords, planSentence, verdict} from '../words/words.js';
import {code, escapedProse, foreign, problemItem, prose} from './spans.js';

/** The longest message that Discord accepts, in characters. Slack accepts more. */
const MAX_MESSAGE = 2000;
const MAX_PROBLEMS = 5;
/** Longer foreign texts are shortened. */
const MAX_FOREIGN = 200;

const RESULTS: Readonly<Record<RunResult, string>> = {
  success: 'succeeded',
  partial: 'finished incompletely',
  halted: 'was halted by a guard',
  failed: 'failed',
  interrupted: 'was interrupted',
};

/** Returns a headline and a list, the most important first. Lines that do not fit are left out. */
export function runMessage(run: JobRun): string {
  let text = `${headline(run)}\n`;
  for (const line of linesOf(run)) {
    if (text.length + line.length + 1 > MAX_MESSAGE - CUT.length) return text + CUT;
    text += `\n${line}`;
  }
  return text;
}

const CUT = '\n- …';

function headline({job, result, duration}: JobRun): string {
  const name = job === undefined ? 'The run' : shortForeign(job);
  return `${name} ${RESULTS[result]} after ${formatDuration(duration)}`;
}

function linesOf(run: JobRun): string[] {
  const {id, source, target, exitCode, planned, report, error} = run;
  const bytes = report && report.bytes > 0 ? ` ${formatBytes(report.bytes)} written.` : '';
  const moved = report ? movedWords(report.moved) : '';
  return [
    ...(error ? [`- ${foreign(error.code)}: ${escapedProse(cut(error.message))}`] : []),
    ...(error?.hint === undefined ? [] : [`- ${escapedProse(cut(error.hint))}`]),
    ...(report ? [`- ${verdict(report)}${bytes}${moved && ` ${moved}.`}`] : []),
    ...(planned ? [`- ${planSentence(planned.plan, planned.summary)}`] : []),
    ...(planned?.halts ?? []).map(({guard, message, allowed}) => {
      return `- ${allowed ? 'Allowed' : 'Guard'} ${code(guard)}: ${prose(cut(message))}`;
    }),
    ...problemLines(run),
    ...(source === undefined || target === undefined ? [] : [`- ${shortForeign(source)} → ${shortForeign(target)}`]),
    `- Run ${foreign(id)}, exit code ${exitCode}`,
  ];
}

function problemLines({planned, report}: JobRun): string[] {
  const problems = report?.problems ?? planned?.plan.problems ?? [];
  const lines = problems.slice(0, MAX_PROBLEMS).map((found) => {
    return problemItem({...found, path: cut(found.path), message: cut(found.message)});
  });
  const more = problems.length - lines.length;
  return more > 0 ? [...lines, `- … and ${formatCount(more)} more`] : lines;
}

function shortForeign(text: string): string {
  return foreign(cut(text));
}

function cut<Text extends string>(text: Text): Text {
  const start = Array.from(text.slice(0, 2 * MAX_FOREIGN))
    .slice(0, MAX_FOREIGN)
    .join('');
  return start === text ? text : (`${start}…` as Text);
}

/** Returns the result of a run in one sentence; escaped. */
export function runSentence({planned, report, error, result}: JobRun): string {
  if (error) return error.message;
  if (report === undefined) return planned ? planSentence(planned.plan, planned.summary) : `The run ${RESULTS[result]}.`;
  const isNothing = Object.values(report.counts).every((count) => count === 0) && report.problems.length === 0;
  return isNothing && planned && !report.interrupted ? planSentence(planned.plan, planned.summary) : verdict(report);
}

/** Returns the guards that halted a run. */
export function haltingGuards({result, planned, error}: JobRun): GuardName[] {
  if (result !== 'halted') return [];
  const guards = planned?.halts.filter(({allowed}) => !allowed).map(({guard}) => guard) ?? [];
  if (guards.length > 0) return guards;
  if (error?.code === 'SOURCE_MISSING') return ['source-missing'];
  return error?.code === 'SOURCE_UNREADABLE' ? ['unreadable-source'] : [];
}
