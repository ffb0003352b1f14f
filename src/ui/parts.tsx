/** Parts that several screens draw. Colour only repeats what glyphs and words say. */
import {Box, Text, type TextProps, useInput} from 'ink';
import {formatCount} from '../core/count.js';
import type {Problem} from '../core/problem.js';
import type {Progress} from '../report/words/progress.js';
import {formatBytes, formatDuration} from '../report/words/units.js';
import {PHASES, plainPath, problemWords} from '../report/words/words.js';
import {fitting, type Line, paint, span, wrapTo} from './line.js';
import {type ProblemList, type Scroll, visibleProblems} from './problem-list.js';

/** Returns the style, or none without colour. */
function style(color: boolean, props: Pick<TextProps, 'color' | 'dimColor' | 'bold'>): typeof props {
  return color ? props : {};
}

const LABEL_WIDTH = Math.max(...Object.values(PHASES).map((words) => words.length));
const LEFT_WIDTH = '59 min 59 s left'.length;
const FIGURE_WIDTH = 32;

export interface ProgressProps {
  readonly progress: Progress;
  readonly now: number;
  readonly columns: number;
  readonly color: boolean;
}

export const PROGRESS_LINES = 3;

/** Narrower screens have no bar and no column of labels. */
export const NARROW = 50;

/** Draws phase, bar, percentage and time left; below, what is done, and how fast. */
export function ProgressLines({progress, now, columns, color}: ProgressProps) {
  const {phase, share, left, actions, bytes, stepsPerSecond, bytesPerSecond, started} = progress;
  const words = PHASES[phase];
  const label = (words.charAt(0).toUpperCase() + words.slice(1)).padEnd(LABEL_WIDTH);
  const percent = `${Math.floor(100 * share)} %`.padStart('100 %'.length);
  const eta = left === undefined || phase === 'sync' ? '' : `${formatDuration(left, {whole: true})} left`;
  const width = Math.max(4, columns - LABEL_WIDTH - percent.length - LEFT_WIDTH - 4);
  const full = Math.floor(width * share);
  const done = `${formatCount(actions.done).padStart(formatCount(actions.total).length)} of ${formatCount(actions.total)} actions`;
  const written = bytes.total === 0 ? '' : `${formatBytes(bytes.done)} of ${formatBytes(bytes.total)}`;
  const speed = bytes.total === 0 || bytesPerSecond === undefined ? '' : `${formatBytes(bytesPerSecond)}/s`;
  const perSecond = formatCount(Math.round(stepsPerSecond ?? 0)).padStart(formatCount(actions.total).length);
  const pace = stepsPerSecond === undefined ? '' : `${perSecond} paths/s`;
  const soFar = `${formatDuration(Math.floor((now - started) / 1000) * 1000, {whole: true})} so far`;
  if (columns < NARROW) {
    const far = `${percent.trimStart()}${eta && `, ${eta}`}`;
    const count = done.trimStart();
    const lines = [
      fitting([`${label.trimEnd()} ${far}`, far], columns),
      fitting([`  ${count}`, `  ${count.replace(' actions', '')}`], columns),
      `  ${written || soFar}`,
    ];
    return (
      <Box flexDirection="column" flexShrink={0}>
        <Lines lines={lines.map((line) => [span(line)])} color={color} />
      </Box>
    );
  }
  return (
    <Box flexDirection="column" flexShrink={0}>
      <Text wrap="truncate">
        <Text {...style(color, {bold: true})}>{label}</Text> <Text {...style(color, {color: 'green'})}>{'█'.repeat(full)}</Text>
        <Text {...style(color, {dimColor: true})}>{'░'.repeat(width - full)}</Text>
        {`${percent}  ${eta}`}
      </Text>
      <Text wrap="truncate">{`  ${done.padEnd(FIGURE_WIDTH)}${written}`}</Text>
      <Text wrap="truncate">{`  ${pace.padEnd(FIGURE_WIDTH)}${speed.padEnd(22)}${soFar}`}</Text>
    </Box>
  );
}

/** Draws the current paths of the first `lines` workers. */
export function Workers({current, lines, color}: {current: Progress['current']; lines: number; color: boolean}) {
  return (
    <Box flexDirection="column">
      {current.slice(0, lines).map((path, worker) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a worker is its number.
        <Text key={worker} wrap="truncate-middle">
          {'  '}
          <Text {...style(color, {dimColor: true})}>{String(worker + 1).padStart(2)}</Text>
          {`  ${path === undefined ? '' : plainPath(path)}`}
        </Text>
      ))}
    </Box>
  );
}

/** The number of lines above the problems. */
export const PROBLEMS_HEAD = 2;

interface ProblemsProps {
  readonly list: ProblemList;
  readonly lines: number;
  readonly columns: number;
  readonly color: boolean;
}

/** Draws as many problems as there are lines. If lines are left, the newest problems are shown in full. */
export function Problems({list, lines, columns, color}: ProblemsProps) {
  if (list.count === 0 || lines <= 0) return null;
  const {first, problems} = visibleProblems(list, lines);
  const all = problems.length === list.count;
  const range = `${formatCount(first)}–${formatCount(first + problems.length - 1)} of ${formatCount(list.count)}`;
  let spare = lines - problems.length;
  const newestFirst = problems.toReversed().map((problem) => {
    const own = spare === 0 ? [problemLine(problem)] : wrapTo(problemLine(problem), columns - 4, 1 + spare);
    spare -= own.length - 1;
    return own.map((line, i) => [span(i === 0 ? '  ' : '    '), ...line]);
  });
  return (
    <Box flexDirection="column" marginTop={1}>
      <Text wrap="truncate">{all ? `Problems (${formatCount(list.count)}):` : `Problems (${range}):`}</Text>
      <Lines lines={newestFirst.toReversed().flat()} color={color} />
    </Box>
  );
}

function problemLine(problem: Problem): Line {
  const [code, words] = problemWords(problem);
  return [span(`! ${code}`, 'red'), span(`  ${words}`)];
}

/** Draws lines. Lines that are too wide are cut. */
export function Lines({lines, color}: {readonly lines: readonly Line[]; readonly color: boolean}) {
  return lines.map((line, row) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a line is its row.
    <Text key={row} wrap="truncate">
      {paint(line, color) || ' '}
    </Text>
  ));
}

const STOP = {
  asked: [
    'Stopping after the current files; press q again to quit at once',
    'Stopping; q again quits at once',
    'q again quits at once',
  ],
  scrolls: ['q stop · ↑ ↓ PgUp PgDn Home End scroll', 'q stop · ↑ ↓ scroll'],
  not: ['q stop'],
} as const;

interface KeysProps {
  /** How often the user asked to stop. */
  readonly stops: number;
  readonly scrolls: boolean;
  readonly columns: number;
  readonly color: boolean;
}

/** Draws the meaning of the keys. */
export function Keys({stops, scrolls, columns, color}: KeysProps) {
  const words = STOP[stops > 0 ? 'asked' : scrolls ? 'scrolls' : 'not'];
  return (
    <Text wrap="truncate" {...style(color, {dimColor: stops === 0, bold: stops > 0})}>
      {fitting(words, columns)}
    </Text>
  );
}

/** Handles the keys that stop and scroll. Ctrl-C is a key here, because the terminal is raw. */
export function useKeys(shown: number, send: (message: Scroll | {type: 'stop'}) => void): void {
  useInput((input, key) => {
    // Fast keys arrive as one text.
    const times = (keys: string) => (Array.from(input).every((char) => keys.includes(char)) ? input.length : 0);
    const stops = input === 'c' && key.ctrl ? 1 : times('q\x03');
    for (let i = 0; i < stops; i++) send({type: 'stop'});
    const lines = times('j') - times('k') + Number(key.downArrow) - Number(key.upArrow);
    const pages = Number(key.pageDown) - Number(key.pageUp);
    const end = key.home ? Number.NEGATIVE_INFINITY : key.end ? Number.POSITIVE_INFINITY : 0;
    const by = lines + pages * shown + end;
    if (by !== 0) send({type: 'scroll', by, shown});
  });
}
