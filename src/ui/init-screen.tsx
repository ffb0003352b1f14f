/** The screen of `init`: the questions, and the error in the current answer. Drawn below the text, and removed at the end. */
import {Box, useInput} from 'ink';
import {type Question, WHENS, type When} from '../core/answers.js';
import {escapeName} from '../core/escape.js';
import {cut, cutStart, pad} from '../report/words/columns.js';
import {asked, type InitMessage, type InitState} from './init-state.js';
import {fitting, type Line, span, wrapTo} from './line.js';
import type {ViewProps} from './live.js';
import {Lines, NARROW} from './parts.js';

export interface InitScreenProps extends ViewProps<InitState, InitMessage> {
  /** The config file to write. */
  readonly file: string;
  readonly color: boolean;
}

const WORDS: Readonly<Record<Question, readonly [label: string, help: string]>> = {
  source: ['Folder to copy from', 'dirsync only reads it.'],
  target: [
    'Folder to copy to',
    'It becomes equal to the source: anything that exists only here is deleted. Every run begins with a plan.',
  ],
  job: ['Name of the job', 'Used in commands, as in `dirsync plan photos`.'],
  exclude: ['Leave out', 'Patterns as in .gitignore, separated by commas: *.tmp, /cache/. Empty: none.'],
  when: ['Run', 'Choose with ← and →.'],
  every: ['Every', 'For example 30s, 5m or 1h30m.'],
  at: ['At', 'Times of day, separated by commas: 03:00, 15:30.'],
  cron: ['Cron pattern', 'Minute, hour, day of the month, month, day of the week: 0 3 * * mon-fri.'],
  log: ['Log file', 'Empty: no log.'],
  heartbeat: ['URL to call', 'Called after each run, so that a monitor notices missing runs. Empty: none.'],
};
const WHEN_WORDS: Readonly<Record<When, string>> = {
  'by-hand': 'by hand',
  every: 'at an interval',
  at: 'at times of day',
  cron: 'by a cron pattern',
  watch: 'when the source changes',
};
const LABEL_WIDTH = Math.max(...Object.values(WORDS).map(([label]) => label.length));
const KEYS = [
  'Enter next · ↑ back · Ctrl-U clear · Esc quit without writing',
  'Enter next · ↑ back · Esc quit',
  'Enter · Esc quit',
];
/** From this height on, there is a blank line between title, questions and keys. */
const ROOMY = 12;
/** The most lines of an error message, before which other questions are hidden. */
const MISTAKE_LINES = 6;

/** The screen of `dirsync init`. */
export function InitScreen({state, file, columns, rows, color, send}: InitScreenProps) {
  useInput((input, key) => {
    for (const message of messagesOf(input, key)) send(message);
  });
  return (
    <Box flexDirection="column" width={columns}>
      <Lines lines={initLines(state, {file, columns, rows: rows - 1})} color={color} />
    </Box>
  );
}

/** Returns at most `rows` lines: the current question with its help or error, and as many other questions as fit. */
function initLines(state: InitState, {file, columns, rows}: Pick<InitScreenProps, 'file' | 'columns' | 'rows'>): Line[] {
  const {current, mistake} = state;
  const isNarrow = columns < NARROW;
  const indent = isNarrow ? 2 : LABEL_WIDTH + 4;
  const words = mistake === undefined ? span(WORDS[current][1], 'dim') : span(`! ${mistake}`, 'red');
  const question = questionLines(state, current, columns);
  // On a small screen, an error replaces the other questions.
  const room = mistake === undefined ? rows - question.length - 1 : Math.min(MISTAKE_LINES, rows - 1);
  const told = wrapTo([words], columns - indent, Math.max(1, room));
  const here = [...question, ...told.map((line) => [span(' '.repeat(indent)), ...line])];
  const gap: Line[] = rows < ROOMY ? [] : [[]];
  const foot = [...gap, [span(fitting(KEYS, columns), 'dim')]];
  const head = [[span(cut(`New config file: ${escapeName(file)}`, columns), 'bold')], ...gap];
  let free = rows - here.length;
  const fits = (lines: readonly Line[]): readonly Line[] => {
    if (lines.length > free) return [];
    free -= lines.length;
    return lines;
  };
  const [end, start] = [fits(foot), fits(head)];
  const questions = asked(state);
  const place = questions.indexOf(current);
  const first = Math.max(0, Math.min(place - free, questions.length - 1 - free));
  const around = isNarrow ? [] : questions.slice(first, first + free + 1);
  const others = (at: readonly Question[]) => at.flatMap((question) => questionLines(state, question, columns));
  const [above, below] = [around.slice(0, Math.max(0, place - first)), around.slice(place - first + 1)];
  // A small screen shows only the current question.
  return [...start, ...others(above), ...here.slice(-rows), ...others(below), ...end];
}

/** Returns a question and its answer, side by side if they fit. */
function questionLines({texts, current}: InitState, question: Question, columns: number): Line[] {
  const isCurrent = question === current;
  const style = isCurrent ? 'bold' : undefined;
  const label = `${isCurrent ? '›' : ' '} ${WORDS[question][0]}`;
  const value = (width: number) => valueText(question, texts[question], isCurrent, width);
  if (columns < NARROW) return [[span(label, style)], [span(`  ${value(columns - 3)}`, style)]];
  return [[span(`${pad(label, LABEL_WIDTH + 2)}  ${value(columns - LABEL_WIDTH - 5)}`, style)]];
}

function valueText(question: Question, text: string, isCurrent: boolean, width: number): string {
  if (question === 'when') {
    const words = WHEN_WORDS[WHENS.find((when) => when === text) ?? 'by-hand'];
    return isCurrent ? `‹ ${words} ›` : words;
  }
  const shown = cutStart(escapeName(text), Math.max(4, width - 1));
  return isCurrent ? `${shown}▏` : shown;
}

type Key = Parameters<Parameters<typeof useInput>[0]>[1];

/** Converts keys into messages. Fast keys and pasted text arrive as one text, where a line break means Enter. */
export function messagesOf(input: string, key: Partial<Key>): InitMessage[] {
  if (key.escape || (key.ctrl && input === 'c')) return [{type: 'stop'}];
  if (key.ctrl && input === 'u') return [{type: 'erase-all'}];
  if (key.return || key.downArrow || (key.tab && !key.shift)) return [{type: 'enter'}];
  if (key.upArrow || key.tab) return [{type: 'back'}];
  if (key.leftArrow || key.rightArrow) return [{type: 'choose', by: key.leftArrow ? -1 : 1}];
  if (key.backspace || key.delete) return [{type: 'erase'}];
  if (key.ctrl || key.meta) return [];
  const parts = input.match(/\p{Cc}|\P{Cc}+/gu) ?? [];
  return parts.flatMap((part) => CONTROLS[part] ?? (/\p{Cc}/u.test(part) ? [] : [{type: 'text', text: part}]));
}

const CONTROLS: Readonly<Record<string, readonly InitMessage[]>> = {
  '\r': [{type: 'enter'}],
  '\n': [{type: 'enter'}],
  '\t': [{type: 'enter'}],
  '\x03': [{type: 'stop'}],
  '\x15': [{type: 'erase-all'}],
  '\x7f': [{type: 'erase'}],
  '\b': [{type: 'erase'}],
};
