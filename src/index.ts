/**
 * The library: what other programs import to plan, review and apply. It never prints, asks, or ends the process.
 *
 * The examples of single functions continue this one. Their folder holds `source` with `a.txt` and `sub/b.txt`, and `target` with
 * `old.txt`.
 *
 * @example
 * import {planText, planTrees, resolveSettings} from 'dirsync';
 *
 * const context = {onEvent: () => {}, signal: new AbortController().signal, now: () => new Date()};
 * const settings = resolveSettings(['source', 'target'], {filters: []}, {});
 * const planned = await planTrees(settings, context);
 * console.log(planText({...planned, color: false, width: 80}));
 */

export {type Context, Interrupted} from './app/context.js';
export {type ExplainOptions, explainPath} from './app/inspect/explain.js';
export {LATEST, lastRunOf, readRun, readRunFile, readRuns} from './app/inspect/runs.js';
export {type ReportOptions, renderReport} from './app/output/render.js';
export {type ApplySettings, applyApproved, applyFresh, applySaved, type SavedPlanOptions} from './app/sync/apply.js';
export {type Planned, planTrees} from './app/sync/plan.js';
export {resolveSettings, type SettingFlags, type Settings} from './config/settings.js';
export type {Action, ActionKind, Moved, Reason, TargetDrift} from './core/action.js';
export type {Drift} from './core/drift.js';
export type {Entry, Kind} from './core/entry.js';
export {DirsyncError, type ErrorCode, EXIT} from './core/errors.js';
export {escapeName} from './core/escape.js';
export type {Event, Listener, Notice} from './core/event.js';
export type {Explanation, LastRun, Note, SideNow, Verdict} from './core/explanation.js';
export type {FilterDecision, FilterRule} from './core/filter.js';
export {FORMATS, type Format} from './core/format.js';
export type {Heartbeat, Hooks, Webhook} from './core/hooks.js';
export type {JobRun, RunResult} from './core/job-run.js';
export type {LogSettings} from './core/log.js';
export type {ApplyReport, OutcomeStatus, Stop} from './core/outcome.js';
export type {RelPath} from './core/path.js';
export type {GuardName, Halt, Plan, PlanHeader, PlanOptions, PlanSummary} from './core/plan.js';
export type {Problem} from './core/problem.js';
export type {Run, RunEnd, RunHeader, RunStep, RunSummary} from './core/run.js';
export type {Schedule} from './core/schedule.js';
export {readPlanFile, writePlanFile} from './formats/plan-file.js';
export {guardHalts} from './plan/guards.js';
export {summarize, summarizeRun} from './plan/summary.js';
export type {HistorySubject, PlanSubject, RunSubject, Subject} from './report/subject.js';
export {historyText, runText} from './report/text/runs.js';
export {planText} from './report/text/text.js';
