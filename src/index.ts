/** The library: what other programs import to plan, review and apply. Nothing here prints, asks or ends the process. */
export {type ApplySettings, applyFresh, applySaved, type SavedPlanOptions} from './app/apply.js';
export {type Context, Interrupted} from './app/context.js';
export {type Planned, planTrees} from './app/plan.js';
export {resolveSettings, type SettingFlags, type Settings} from './config/settings.js';
export type {Action, ActionKind, Reason} from './core/action.js';
export type {Entry, Kind} from './core/entry.js';
export {DirsyncError, type ErrorCode, EXIT} from './core/errors.js';
export {escapeName} from './core/escape.js';
export type {Event, Listener} from './core/event.js';
export type {ApplyReport, OutcomeStatus} from './core/outcome.js';
export type {RelPath} from './core/path.js';
export type {Drift, GuardName, Halt, Plan, PlanHeader, PlanOptions, PlanSummary} from './core/plan.js';
export type {Problem} from './core/problem.js';
export {readPlanFile, writePlanFile} from './formats/plan-file.js';
export {guardHalts} from './plan/guards.js';
export {summarize} from './plan/summary.js';
export {planText} from './report/text.js';
