/** The screen of scheduled jobs: the status of each, its last result, its next start, and a chart of its runs. */
import {Box} from 'ink';
import {formatCount, formatPlural} from '../core/count.js';
import {escapeName} from '../core/escape.js';
import {cutMiddle} from '../report/words/columns.js';
import {formatBytes, formatDuration, formatIsoTime, formatTime} from '../report/words/units.js';
import {movedWords, type Style} from '../report/words/words.js';
import {fitting, type Line, span, wrapLine, wrapTo} from './line.js';
import type {ViewProps} from './live.js';
import {Keys, Lines, NARROW, PROBLEMS_HEAD, PROGRESS_LINES, Problems, ProgressLines, useKeys, Workers} from './parts.js';
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
const COLORS: Readonly<Record<RunStatus, Style>> = {unchanged: 'green', done: 'green', partial: 'yellow', failed: 'red'};

/** Lines of a job with a chart of one line and a last result of two lines. */
const JOB_LINES = 7;
/** Lines of a job on a small screen: its last result, and its status. */
const MIN_JOB_LINES = 2;
const MAX_CHART = 8;
/** Lines that long messages leave free: for the current files, and for problems. */
const WORKER_LINES = 2;
const PROBLEM_LINES = 4;

/** The screen of jobs that run on a schedule. */
export function RunScreen({state, now, columns, rows, color, send}: RunScreenProps) {
  const {jobs, stops} = state;
  const busy = jobs.find(({progress}) => progress !== undefined);
  const troubled = troubledJob(state);
  const {shown, chart, height} = jobLayout(rows, jobs.length, {isBusy: busy !== undefined, isTroubled: troubled !== undefined});
  const drawn = jobs.slice(0, shown).flatMap((job) => jobLines(job, {now, columns, chart, height, isOnly: jobs.length === 1}));
  const lines = restLayout(rows - drawn.length, busy !== undefined);
  useKeys(lines.problems, send);
  return (
    <Box flexDirection="column" width={columns}>
      <Lines lines={drawn} color={color} />
      <Box flexDirection="column" height={lines.progress} overflow="hidden">
        {busy?.progress !== undefined && (
          <>
            <ProgressLines progress={busy.progress} now={now} columns={columns} color={color} />
            <Workers current={busy.progress.current} lines={lines.progress - PROGRESS_LINES} color={color} />
          </>
        )}
      </Box>
      {troubled !== undefined && <Problems list={troubled.problems} lines={lines.problems} columns={columns} color={color} />}
      <Box marginTop={lines.problems > 0 ? 1 : 0}>
        <Keys
          stops={stops}
          scrolls={troubled !== undefined && troubled.problems.count > lines.problems}
          columns={columns}
          color={color}
        />
      </Box>
    </Box>
  );
}

/** One line of the terminal stays free, and one shows the keys. */
const FOOT = 2;

/** Returns how many jobs are shown, and the lines of a chart and of a job. */
function jobLayout(rows: number, jobs: number, {isBusy, isTroubled}: {isBusy: boolean; isTroubled: boolean}) {
  const free = Math.max(1, rows - FOOT);
  const others = (isBusy ? PROGRESS_LINES + WORKER_LINES : 0) + (isTroubled ? PROBLEMS_HEAD + PROBLEM_LINES : 0);
  const height = Math.max(Math.min(MIN_JOB_LINES, free), Math.floor((free - others) / jobs));
  return {
    height,
    shown: Math.min(jobs, Math.floor(free / height)),
    chart: Math.max(1, Math.min(MAX_CHART, Math.floor((free - jobs * JOB_LINES) / (4 * jobs)) - 2)),
  };
}

/** Returns the lines of progress and problems below the jobs. */
function restLayout(rows: number, isBusy: boolean) {
  const free = Math.max(0, rows - FOOT);
  const progress = isBusy ? Math.min(free, PROGRESS_LINES + Math.max(0, Math.floor((free - PROGRESS_LINES) / 5))) : 0;
  return {progress, problems: Math.max(0, free - progress - PROBLEMS_HEAD - 1)};
}

interface JobDrawing {
  readonly now: number;
  readonly columns: number;
  readonly chart: number;
  /** The most lines. */
  readonly height: number;
  /** Whether this is the only job. */
  readonly isOnly: boolean;
}

const LABEL_WIDTH = 'Changes'.length;

/** Returns the lines of a job that fit, the most important first. The last result is shown in full if possible. */
function jobLines(job: JobState, {now, columns, chart, height, isOnly}: JobDrawing): Line[] {
  const isNarrow = columns < NARROW;
  const width = isNarrow ? columns : columns - LABEL_WIDTH - 5;
  let left = height;
  const take = (lines: (room: number) => readonly Line[]): readonly Line[] => {
    const taken = left > 0 ? lines(left) : [];
    // A part of several lines would say nothing.
    if (taken.length > left) return [];
    left -= taken.length;
    return taken;
  };
  const title = () => take(() => [[span(titleWords(job, columns), 'bold')]]);
  const first = isOnly ? [] : title();
  // A run in progress is shown too. The next start is shown only if the hint of the last result still fits.
  const kept = job.status === 'waiting' && height <= MIN_JOB_LINES + 1 ? 0 : 1;
  const last = take((room) => lastLines(job, width, Math.max(1, room - kept)));
  const status = take(() => [[span(fitting(statusWays(job, now), width))]]);
  const head = isOnly ? title() : first;
  const totals = take(() => [[span(totalWords(job))]]);
  const bars = take(() => historyBars(job.runs, width, chart).map((line) => [span(line)]));
  const gap = take(() => [[]]);
  const labelled = (label: string, lines: readonly Line[], at = 0): Line[] =>
    isNarrow ? [...lines] : lines.map((line, i) => [span(`  ${(i === at ? label : '').padEnd(LABEL_WIDTH)}  `), ...line]);
  return [
    ...head,
    ...labelled('Now', status),
    ...labelled('Last', last),
    ...labelled('Changes', bars, bars.length - 1),
    ...labelled('All', totals),
    ...gap,
  ];
}

function titleWords({name, source, target}: JobState, width: number): string {
  const roots = `${escapeName(source)} → ${escapeName(target)}`;
  return cutMiddle(name === undefined ? roots : `${escapeName(name)}   ${roots}`, width);
}

/** Returns the last result with its notice. If not everything fits, the hint stays. */
function lastLines({runs, notice}: JobState, width: number, height: number): Line[] {
  const last = runs.at(-1);
  if (last === undefined) return [[span('no run has finished yet')]];
  const {status, verdict, hint} = last;
  const said = [span(GLYPHS[status], COLORS[status]), span(` ${escapeName(verdict)}`)];
  const more = notice ?? resultWords(last);
  const lines = [...wrapLine(said, width), ...wrapLine([span(more)], width - 2).map((line) => [span('  '), ...line])];
  if (lines.length <= height) return lines;
  return wrapTo([...said, span(`; ${hint === undefined ? more : escapeName(hint)}`)], width, height);
}

/** Returns the status of the job, from the longest to the shortest text. */
function statusWays({status, scanned, next, watching, started}: JobState, now: number): string[] {
  const since = `for ${formatDuration(Math.floor(Math.max(0, now - started) / 1000) * 1000, {whole: true})}`;
  if (status === 'planning') return [`reading: ${formatCount(scanned)} entries, ${since}`, `reading, ${since}`, 'reading'];
  if (status === 'locked')
    return [`waiting for another run on this target, ${since}`, 'waiting for another run', 'target is locked'];
  if (status === 'applying') return [`applying, ${since}`, 'applying'];
  if (next === undefined) return ['waiting'];
  const left = formatDuration(Math.max(0, Date.parse(next) - now), {whole: true});
  const words = watching ? 'waiting for changes' : 'waiting';
  return [
    `${words}; next run at ${formatIsoTime(next)}, in ${left}`,
    `${words}; next run in ${left}`,
    `next run in ${left}`,
    `next in ${left}`,
  ];
}

function resultWords({status, hint, ended, duration, changes, bytes, moved}: RunResult): string {
  const when = `${formatTime(BigInt(Math.floor(ended)) * 1_000_000n)}, took ${formatDuration(duration)}`;
  if (status === 'failed') return hint === undefined ? when : `${when}; ${escapeName(hint)}`;
  const parts = [when, formatPlural(changes, 'change'), bytes > 0 ? `${formatBytes(bytes)} written` : '', movedWords(moved)];
  return parts.filter((part) => part !== '').join(', ');
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
