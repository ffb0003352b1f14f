/** What several screens draw. Colour only repeats what glyphs and words say. */
import {Box, Text, type TextProps, useInput} from 'ink';
import type {Problem} from '../core/problem.js';
import type {Progress} from '../report/progress.js';
import {formatBytes, formatCount, formatDuration} from '../report/units.js';
import {PHASES, plainPath, problemWords} from '../report/words.js';
import {type ProblemList, type Scroll, visibleProblems} from './problem-list.js';

/** A text's style, or none where there is no colour. */
export function style(color: boolean, props: Pick<TextProps, 'color' | 'dimColor' | 'bold'>): typeof props {
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

/** Phase, bar, percentage and time left; below, what is done, and how fast. */
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
  const speed = bytes.total === 0 ? '' : `${formatBytes(bytesPerSecond)}/s`;
  const pace = formatCount(Math.round(stepsPerSecond)).padStart(formatCount(actions.total).length);
  return (
    <Box flexDirection="column">
      <Text wrap="truncate">
        <Text {...style(color, {bold: true})}>{label}</Text> <Text {...style(color, {color: 'green'})}>{'█'.repeat(full)}</Text>
        <Text {...style(color, {dimColor: true})}>{'░'.repeat(width - full)}</Text>
        {`${percent}  ${eta}`}
      </Text>
      <Text wrap="truncate">{`  ${done.padEnd(FIGURE_WIDTH)}${written}`}</Text>
      <Text wrap="truncate">
        {`  ${`${pace} paths/s`.padEnd(FIGURE_WIDTH)}${speed.padEnd(22)}${formatDuration(Math.floor((now - started) / 1000) * 1000, {whole: true})} so far`}
      </Text>
    </Box>
  );
}

/** The path at each worker's hand; `lines` of them. */
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

/** The lines above the problems themselves. */
export const PROBLEMS_HEAD = 2;

export function Problems({list, lines, color}: {list: ProblemList; lines: number; color: boolean}) {
  if (list.count === 0 || lines <= 0) return null;
  const {first, problems} = visibleProblems(list, lines);
  const all = problems.length === list.count;
  const range = `${formatCount(first)}–${formatCount(first + problems.length - 1)} of ${formatCount(list.count)}`;
  return (
    <Box flexDirection="column" marginTop={1}>
      <Text wrap="truncate">{all ? `Problems (${formatCount(list.count)}):` : `Problems (${range}):`}</Text>
      {problems.map((problem, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: it is the problem's number, which stays.
        <ProblemLine key={first + i} problem={problem} color={color} />
      ))}
    </Box>
  );
}

function ProblemLine({problem, color}: {problem: Problem; color: boolean}) {
  const [code, words] = problemWords(problem);
  return (
    <Text wrap="truncate">
      {'  '}
      <Text {...style(color, {color: 'red'})}>{`! ${code}`}</Text>
      {`  ${words}`}
    </Text>
  );
}

/** What the keys do, at the foot. `stops`: how often it was asked to stop. */
export function Keys({stops, scrolls, color}: {stops: number; scrolls: boolean; color: boolean}) {
  const stop = stops === 0 ? 'q stop' : 'Stopping when what is at hand is whole; q again ends at once';
  return (
    <Text wrap="truncate" {...style(color, {dimColor: stops === 0, bold: stops > 0})}>
      {scrolls ? `${stop} · ↑ ↓ PgUp PgDn Home End scroll` : stop}
    </Text>
  );
}

/** The keys of every screen of this kind: Ctrl-C is a key here, since the terminal is raw. */
export function useKeys(shown: number, send: (message: Scroll | {type: 'stop'}) => void): void {
  useInput((input, key) => {
    // Keys that are pressed fast come as one text.
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
