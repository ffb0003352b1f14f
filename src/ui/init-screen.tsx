/** The questions of `init`, one below the other, and what is wrong with the answer at hand. Drawn below the text; nothing of it stays. */
import {Box, Text, useInput} from 'ink';
import {type Question, WHENS, type When} from '../core/answers.js';
import {escapeName} from '../core/escape.js';
import {cut, cutStart, pad} from '../report/columns.js';
import {asked, type InitMessage, type InitState} from './init-state.js';
import type {ViewProps} from './live.js';
import {style} from './parts.js';

export interface InitScreenProps extends ViewProps<InitState, InitMessage> {
  /** The config that is to be written. */
  readonly file: string;
  readonly color: boolean;
}

const WORDS: Readonly<Record<Question, readonly [label: string, help: string]>> = {
  source: ['Folder to copy from', 'It is only read.'],
  target: ['Folder to copy to', 'It becomes what the first is: what is only there is deleted. Every run begins with a plan.'],
  job: ['Name of the job', 'As in `dirsync plan photos`.'],
  exclude: ['Leave alone', 'Patterns as in .gitignore, with commas: *.tmp, /cache/. Empty: nothing.'],
  when: ['Run', '← and → choose.'],
  every: ['Every', 'Such as 30s, 5m or 1h30m.'],
  at: ['At', 'Times of the day, with commas: 03:00, 15:30.'],
  cron: ['Cron pattern', 'Minute, hour, day of the month, month, day of the week: 0 3 * * mon-fri.'],
  log: ['Log file', 'Empty: none.'],
  heartbeat: ['Address to call', 'Is called after each run, so that somebody notices when runs stay away. Empty: none.'],
};
const WHEN_WORDS: Readonly<Record<When, string>> = {
  'by-hand': 'by hand',
  every: 'at an interval',
  at: 'at times of the day',
  cron: 'by a cron pattern',
  watch: 'when something has changed',
};
const LABEL_WIDTH = Math.max(...Object.values(WORDS).map(([label]) => label.length));
const KEYS = 'Enter next · ↑ back · Ctrl-U empty · Esc leave, nothing is written';
/** Title, keys, and what is said of the question at hand; one line of the terminal stays free. */
const FRAME_LINES = 4;
/** From so many rows on, there is a line between title, questions and keys. */
const ROOMY = 12;
/** What is wrong may take so many lines, where there is room: broken at words, it may become one more. */
const MISTAKE_LINES = 4;
const LARGE = {rows: 22, columns: 60};

export function InitScreen({state, file, columns, rows, color, send}: InitScreenProps) {
  useInput((input, key) => {
    for (const message of messagesOf(input, key)) send(message);
  });
  const {texts, current, mistake} = state;
  const questions = asked(state);
  const place = questions.indexOf(current);
  const wordLines = rows < LARGE.rows || columns < LARGE.columns ? 1 : MISTAKE_LINES;
  const gaps = rows < ROOMY ? 0 : 1;
  const shown = Math.max(1, rows - FRAME_LINES - 2 * gaps);
  const first = Math.max(0, Math.min(place - shown + 1, questions.length - shown));
  const indent = LABEL_WIDTH + 4;
  return (
    <Box flexDirection="column" width={columns}>
      <Text wrap="truncate" {...style(color, {bold: true})}>{`A first config: ${escapeName(file)}`}</Text>
      <Box height={gaps} />
      {questions.slice(first, first + shown).map((question) => (
        <Box key={question} flexDirection="column">
          <Text wrap="truncate" {...style(color, {bold: question === current})}>
            {`${question === current ? '›' : ' '} ${pad(WORDS[question][0], LABEL_WIDTH)}  `}
            {valueText(question, texts[question], question === current, columns - indent - 1)}
          </Text>
          {question === current && (
            <Box marginLeft={indent}>
              <Text
                wrap={wordLines === 1 ? 'truncate' : 'wrap'}
                {...style(color, mistake === undefined ? {dimColor: true} : {color: 'red'})}
              >
                {cut(mistake === undefined ? WORDS[question][1] : `! ${mistake}`, wordLines * (columns - indent))}
              </Text>
            </Box>
          )}
        </Box>
      ))}
      <Box height={gaps} />
      <Text wrap="truncate" {...style(color, {dimColor: true})}>
        {KEYS}
      </Text>
    </Box>
  );
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

/** Keys that come fast arrive as one text, and so does what is pasted: a line's end is the Enter key. */
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
