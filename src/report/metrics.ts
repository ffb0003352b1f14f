/** Metrics of a job after a run, for Prometheus: OpenMetrics text that older parsers also accept. */
import {Gauge, type OpenMetricsContentType, Registry} from 'prom-client';
import {ACTION_KINDS, TARGET_DRIFTS} from '../core/action.js';
import {escapeName} from '../core/escape.js';
import {type JobRun, RUN_RESULTS} from '../core/job-run.js';
import {GUARD_NAMES} from '../core/plan.js';

const LAST_SUCCESS = 'dirsync_last_success_timestamp_seconds';

interface Metric {
  readonly name: string;
  /** The same for every job, because node_exporter refuses files with different help texts. */
  readonly help: string;
  readonly values: readonly Value[];
}

type Value = readonly [value: number | undefined, labels?: Readonly<Record<string, string>>];

/**
 * Returns the metrics of a run. `job`: the value of the label; `lastSuccess`: when an earlier run last succeeded, in seconds since
 * 1970.
 */
export async function metricsText(run: JobRun, job: string, lastSuccess: number | undefined): Promise<string> {
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  for (const {name, help, values} of metricsOf(run, lastSuccess)) {
    const known = values.filter(([value]) => value !== undefined);
    if (known.length === 0) continue;
    const gauge = new Gauge({name, help, labelNames: ['job', ...Object.keys(values[0]?.[1] ?? {})], registers: [registry]});
    for (const [value, labels] of known) gauge.set({job: escapeName(job), ...labels}, value as number);
  }
  return registry.metrics();
}

/** Reads from metrics when a run of the job last succeeded, in seconds since 1970; undefined if the text does not contain it. */
export function lastSuccessIn(text: string, job: string): number | undefined {
  const [, label = '', seconds] =
    new RegExp(`^${LAST_SUCCESS}{job="((?:[^"\\\\\n]|\\\\.)*)"} (\\d{1,12}(?:\\.\\d+)?)$`, 'm').exec(text) ?? [];
  return label.replace(/\\(.)/g, '$1') === escapeName(job) && Number(seconds) > 0 ? Number(seconds) : undefined;
}

function metricsOf(run: JobRun, lastSuccess: number | undefined): readonly Metric[] {
  const {planned, report, done} = run;
  const {header} = planned?.plan ?? {};
  const [space] = header?.facts?.space ?? [];
  const finished = Date.parse(run.finished) / 1000;
  const kinds = ACTION_KINDS.filter((kind) => kind !== 'blocked');
  const halting = new Set(planned?.halts.filter(({allowed}) => !allowed).map(({guard}) => guard));
  const pending = report ? report.counts.failed + report.counts.skipped + report.counts.stopped : planned?.summary.changes;
  return [
    {
      name: 'dirsync_last_run_timestamp_seconds',
      help: 'When the last run ended, in seconds since 1970.',
      values: [[finished]],
    },
    {
      name: LAST_SUCCESS,
      help: 'When a run last succeeded, in seconds since 1970; 0 if none is known.',
      values: [[run.result === 'success' ? finished : believed(lastSuccess, finished)]],
    },
    {
      name: 'dirsync_last_run_duration_seconds',
      help: 'How long the last run took.',
      values: [[run.duration / 1000]],
    },
    {
      name: 'dirsync_last_run_result',
      help: 'How the last run ended: 1 for that result, 0 for the others.',
      values: RUN_RESULTS.map((result) => [Number(result === run.result), {result}]),
    },
    {
      name: 'dirsync_last_run_exit_code',
      help: 'The exit code of the last run.',
      values: [[run.exitCode]],
    },
    {
      name: 'dirsync_last_run_done_actions',
      help: 'Actions that the last run completed, by kind.',
      values: kinds.map((kind) => [done?.[kind].count ?? (report ? undefined : 0), {kind}]),
    },
    {
      name: 'dirsync_last_run_written_bytes',
      help: 'Bytes that the last run wrote.',
      values: [[report?.bytes ?? 0]],
    },
    {
      name: 'dirsync_last_run_moved_bytes',
      help: 'Bytes that the last run moved in the target instead of copying them.',
      values: [[report?.moved.bytes ?? 0]],
    },
    {
      name: 'dirsync_last_run_planned_bytes',
      help: 'Bytes that the last plan would write, by kind of action; for deletes, bytes that it would free; for moves, bytes that it would not copy.',
      values: kinds.map((kind) => [planned?.summary.kinds[kind].bytes, {kind}]),
    },
    {
      name: 'dirsync_pending_actions',
      help: 'Changes that were planned but not made.',
      values: [[pending]],
    },
    {
      name: 'dirsync_drifted_paths',
      help: 'Paths that the last run skipped because they had changed since the plan was made.',
      values: [[report?.skipped.length ?? (planned && 0)]],
    },
    {
      name: 'dirsync_target_drift_paths',
      help: 'Paths in the last plan that somebody else had added, changed or removed in the target since the run before.',
      values: TARGET_DRIFTS.map((change) => [planned?.summary.targetDrift[change], {change}]),
    },
    {
      name: 'dirsync_blocked_paths',
      help: 'Paths that the last run kept because they could not be read or compared.',
      values: [[report?.counts.blocked ?? planned?.summary.kinds.blocked.count]],
    },
    {
      name: 'dirsync_problems',
      help: 'Paths with problems in the last run.',
      values: [[report?.problems.length ?? planned?.summary.problems]],
    },
    {
      name: 'dirsync_guard_halted',
      help: 'Guards that halted the last run: 1 for those, 0 for the others.',
      values: GUARD_NAMES.map((guard) => [Number(halting.has(guard)), {guard}]),
    },
    {
      name: 'dirsync_target_free_bytes',
      help: 'Free bytes on the file system of the target when the last run was planned.',
      values: [[space?.free]],
    },
    {
      name: 'dirsync_target_free_inodes',
      help: 'Free inodes on the file system of the target when the last run was planned.',
      values: [[space?.freeInodes]],
    },
    {
      name: 'dirsync_tree_entries',
      help: 'Entries of the source and of the target when the last run was planned.',
      values: [
        [header?.totals.source.entries, {side: 'source'}],
        [header?.totals.target.entries, {side: 'target'}],
      ],
    },
    {
      name: 'dirsync_tree_bytes',
      help: 'Bytes of all files of the source and of the target when the last run was planned.',
      values: [
        [header?.totals.source.bytes, {side: 'source'}],
        [header?.totals.target.bytes, {side: 'target'}],
      ],
    },
  ];
}

/** Ignores a success in the future, which would suppress alerts. */
function believed(lastSuccess = 0, now: number): number {
  return lastSuccess <= now ? lastSuccess : 0;
}
