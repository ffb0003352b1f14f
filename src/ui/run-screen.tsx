/** Jobs that run again and again: what each is at, how its last run ended, when the next one starts, and how much each changed. */
import {Box, Text} from 'ink';
import type {ReactNode} from 'react';
import {escapeName} from '../core/escape.js';
import {formatBytes, formatCount, formatDuration, formatPlural, formatTime} from '../report/units.js';
import type {ViewProps} from './live.js';
import {Keys, PROBLEMS_HEAD, PROGRESS_LINES, Problems, ProgressLines, style, useKeys, Workers} from './parts.js';
import {
  historyBars,
  type JobState,
  type RunMessage,
  type RunResult,
  type RunState,
  type RunStatus,
  troubledJob,
} from './run-state.js';

export interface RunScreenProps extends ViewProps<RunState, RunMessage> {
  readonly color: boolean;
}

const GLYPHS: Readonly<Record<RunStatus, string>> = {unchanged: '·', done: '✓', partial: '!', failed: '✗'};
const COLORS: Readonly<Record<RunStatus, string>> = {unchanged: 'green', done: 'green', partial: 'yellow', failed: 'red'};

/** Of one job, with a chart of one line. */
const JOB_LINES = 7;
const MAX_CHART = 8;

export function RunScreen({state, now, columns, rows, color, send}: RunScreenProps) {
  const {jobs, stops} = state;
  const lines = layout(rows, jobs.length);
  useKeys(lines.problems, send);
  const busy = jobs.find(({progress}) => progress !== undefined);
  const troubled = troubledJob(state);
  return (
    <Box flexDirection="column" width={columns}>
      {jobs.slice(0, lines.jobs).map((job) => (
        <Job key={job.name} job={job} now={now} columns={columns} chart={lines.chart} color={color} />
      ))}
      <Box flexDirection="column" height={lines.progress} overflow="hidden">
        {busy?.progress !== undefined && (
          <>
            <ProgressLines progress={busy.progress} now={now} columns={columns} color={color} />
            <Workers current={busy.progress.current} lines={lines.progress - PROGRESS_LINES} color={color} />
          </>
        )}
      </Box>
      {troubled !== undefined && <Problems list={troubled.problems} lines={lines.problems} color={color} />}
      <Box marginTop={lines.problems > 0 ? 1 : 0}>
        <Keys stops={stops} scrolls={troubled !== undefined && troubled.problems.count > lines.problems} color={color} />
      </Box>
    </Box>
  );
}

/** How many jobs are shown, and how many lines a chart, the progress and the problems have. One line stays free. */
export function layout(rows: number, jobs: number) {
  const free = Math.max(0, rows - 2);
  const shown = Math.min(jobs, Math.floor(free / JOB_LINES));
  const chart = Math.max(1, Math.min(MAX_CHART, Math.floor((free - shown * JOB_LINES) / (4 * jobs)) - 2));
  const rest = free - shown * (JOB_LINES + chart - 1);
  const progress = rest < PROGRESS_LINES ? 0 : PROGRESS_LINES + Math.floor((rest - PROGRESS_LINES) / 5);
  return {jobs: shown, chart, progress, problems: Math.max(0, rest - progress - PROBLEMS_HEAD - 1)};
}

interface JobProps {
  readonly job: JobState;
  readonly now: number;
  readonly columns: number;
  readonly chart: number;
  readonly color: boolean;
}

function Job({job, now, columns, chart, color}: JobProps) {
  const {name, source, target, runs, notice} = job;
  const roots = `${escapeName(source)} → ${escapeName(target)}`;
  const last = runs.at(-1);
  return (
    <Box flexDirection="column" height={JOB_LINES + chart - 1} overflow="hidden">
      <Text wrap="truncate-middle" {...style(color, {bold: true})}>
        {name === undefined ? roots : `${escapeName(name)}   ${roots}`}
      </Text>
      <Row label="Now">{statusWords(job, now)}</Row>
      <Row label="Last">
        {last === undefined ? (
          'no run has ended yet'
        ) : (
          <>
            <Text {...style(color, {color: COLORS[last.status]})}>{GLYPHS[last.status]}</Text> {escapeName(last.verdict)}
          </>
        )}
      </Row>
      <Row label="">{last !== undefined && `  ${notice ?? resultWords(last)}`}</Row>
      {historyBars(runs, columns - LABEL_WIDTH - 5, chart).map((bars, line) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line of the chart is its number.
        <Row key={line} label={line === chart - 1 ? 'Changes' : ''}>
          {bars}
        </Row>
      ))}
      <Row label="All">{totalWords(job)}</Row>
    </Box>
  );
}

const LABEL_WIDTH = 'Changes'.length;

function Row({label, children}: {label: string; children: ReactNode}) {
  return (
    <Text wrap="truncate">
      {`  ${label.padEnd(LABEL_WIDTH)}  `}
      {children}
    </Text>
  );
}

function statusWords({status, scanned, next, watching, started}: JobState, now: number): string {
  const since = `for ${formatDuration(Math.floor(Math.max(0, now - started) / 1000) * 1000, {whole: true})}`;
  if (status === 'planning') return `reading: ${formatCount(scanned)} entries, ${since}`;
  if (status === 'locked') return `waiting for another run on this target, ${since}`;
  if (status === 'applying') return `applying, ${since}`;
  if (next === undefined) return 'waiting';
  const left = Math.max(0, Date.parse(next) - now);
  return `${watching ? 'waiting for changes' : 'waiting'}; next run at ${timeWords(Date.parse(next))}, in ${formatDuration(left, {whole: true})}`;
}

function resultWords({status, hint, ended, duration, changes, bytes}: RunResult): string {
  const when = `${timeWords(ended)}, took ${formatDuration(duration)}`;
  if (status === 'failed') return hint === undefined ? when : `${when}; ${escapeName(hint)}`;
  return `${when}, ${formatPlural(changes, 'change')}, ${formatBytes(bytes)} written`;
}

function totalWords({totals, skipped}: JobState): string {
  const {unchanged, done, partial, failed} = totals.runs;
  const parts: [count: number, words: string][] = [
    [done, `${GLYPHS.done} done`],
    [unchanged, `${GLYPHS.unchanged} nothing to do`],
    [partial, `${GLYPHS.partial} with problems`],
    [failed, `${GLYPHS.failed} failed`],
    [skipped, 'skipped'],
  ];
  const counts = parts.filter(([count]) => count > 0).map(([count, words]) => `${formatCount(count)} ${words}`);
  return [formatPlural(unchanged + done + partial + failed, 'run'), ...counts].join('   ');
}

function timeWords(time: number): string {
  return formatTime(BigInt(Math.round(time / 1000)) * 1_000_000_000n);
}
