/** Plans, runs and histories for GitHub Actions: workflow commands, which become annotations, and a Markdown summary. */

import {formatCount, formatPlural} from '../../core/count.js';
import type {Drift} from '../../core/drift.js';
import type {DirsyncError} from '../../core/errors.js';
import {escapeName} from '../../core/escape.js';
import type {Plan, PlanSummary} from '../../core/plan.js';
import type {Problem} from '../../core/problem.js';
import type {HistorySubject, PlanSubject, RunSubject, Subject} from '../subject.js';
import {driftText, endSentence, moreLines, plainPath, planSentence, targetDriftCounts} from '../words/words.js';
import {markdownReport} from './markdown.js';

export interface GithubReport {
  /** Workflow commands, one per line, for the stdout of a step. */
  readonly annotations: string;
  /** Markdown for the file that GITHUB_STEP_SUMMARY names. */
  readonly summary: string;
}

/** GitHub shows this many annotations per level and step, and silently drops the rest. */
const MAX_ANNOTATIONS = 10;

type Level = 'error' | 'warning' | 'notice';

interface Annotation {
  readonly level: Level;
  readonly title: string;
  readonly message: string;
}

/** Returns the annotations and the job summary for GitHub Actions. */
export function githubReport(subject: Subject): GithubReport {
  const annotations = annotationsOf(subject);
  const shown = (['error', 'warning', 'notice'] as const).flatMap((level) =>
    shorten(annotations.filter((annotation) => annotation.level === level)),
  );
  return {annotations: shown.map(command).join('\n'), summary: markdownReport(subject)};
}

/** Returns the annotation for the error that ended a command, with the drifted paths if a saved plan no longer fits. */
export function githubError({summary, detail, hint}: DirsyncError, drift: readonly Drift[] = []): string {
  const lines = [detail, ...(drift.length === 0 ? [] : [driftText(drift)]), ...(hint === undefined ? [] : [hint])];
  return command({level: 'error', title: summary, message: lines.join('\n')});
}

function annotationsOf(subject: Subject): Annotation[] {
  switch (subject.type) {
    case 'plan':
      return planAnnotations(subject);
    case 'run':
      return runAnnotations(subject);
    case 'history':
      return historyAnnotations(subject);
  }
}

function planAnnotations({plan, summary, halts}: PlanSubject): Annotation[] {
  return [
    ...halts.map(({guard, message, allowed}): Annotation => {
      const said = escapeName(message);
      if (allowed) return {level: 'warning', title: `Allowed: ${guard}`, message: said};
      return {level: 'error', title: `Would halt: ${guard}`, message: `${said}; lift it with --allow ${guard}`};
    }),
    ...targetDriftAnnotations(plan, summary),
    ...plan.header.warnings.map((text): Annotation => ({level: 'warning', title: 'dirsync', message: escapeName(text)})),
    ...plan.problems.map((found) => problemAnnotation('warning', found)),
    {level: 'notice', title: 'dirsync', message: planSentence(plan, summary)},
  ];
}

/** One annotation, which names as many paths as other annotations there may be. */
function targetDriftAnnotations({actions}: Plan, {targetDrift}: PlanSummary): Annotation[] {
  const counts = targetDriftCounts(targetDrift);
  if (counts === '') return [];
  const paths = actions.filter((action) => action.targetDrift !== undefined).map(({path}) => `  ${plainPath(path)}`);
  const lines = [`${counts}:`, ...paths.slice(0, MAX_ANNOTATIONS), ...moreLines(paths.length - MAX_ANNOTATIONS)];
  return [{level: 'warning', title: 'Changed in the target since the last run', message: lines.join('\n')}];
}

function runAnnotations({run: {steps, problems, end}}: RunSubject): Annotation[] {
  const skipped = steps.filter(({status}) => status === 'skipped');
  return [
    ...problems.map((found) => problemAnnotation('error', found)),
    ...skipped.map(({path}): Annotation => ({level: 'warning', title: 'Skipped because of drift', message: plainPath(path)})),
    {level: 'notice', title: 'dirsync', message: endSentence(end, problems.length)},
  ];
}

function historyAnnotations({target, runs}: HistorySubject): Annotation[] {
  return [{level: 'notice', title: 'dirsync', message: `${formatPlural(runs.length, 'run')} of ${escapeName(target)}`}];
}

function problemAnnotation(level: Level, {path, side, code, message}: Problem): Annotation {
  return {level, title: escapeName(code), message: `${plainPath(path)} (${side}): ${escapeName(message)}`};
}

/** Returns the annotations of one level; if there are too many, the first ones and one with the number of the others. */
function shorten(annotations: readonly Annotation[]): readonly Annotation[] {
  const [first] = annotations;
  if (first === undefined || annotations.length <= MAX_ANNOTATIONS) return annotations;
  const shown = annotations.slice(0, MAX_ANNOTATIONS - 1);
  const more = formatCount(annotations.length - shown.length);
  return [...shown, {level: first.level, title: 'dirsync', message: `… and ${more} more; the job summary lists them`}];
}

function command({level, title, message}: Annotation): string {
  return `::${level} title=${escapeData(title).replaceAll(':', '%3A').replaceAll(',', '%2C')}::${escapeData(message)}`;
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
