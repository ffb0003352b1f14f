/** Maps keys to intents. Arrow keys and vi keys are equivalent. */
import type {Key} from 'ink';
import type {Intent} from './intents.js';
import {GROUPS, type Mode} from './state.js';

/** The keys that ink names. */
export type NamedKeys = Partial<Key>;

/** Returns the first key of a text, because fast keys arrive together; in a prompt, all text up to a control character. */
export function firstKey(mode: Mode, text: string): string {
  return (mode.type === 'input' ? /^\P{Cc}+|^./su : /^./su).exec(text)?.[0] ?? '';
}

/** Keys that ink does not name if they arrive together with others. */
const NAMED: Readonly<Record<string, NamedKeys>> = {'\r': {return: true}, '\b': {backspace: true}, '\x7f': {backspace: true}};

/** Returns whether a key is Ctrl-C. */
export function isInterrupt(input: string, key: NamedKeys): boolean {
  return input.includes('\x03') || (key.ctrl === true && input === 'c');
}

/** Returns the intent of a key in a mode; undefined if the key has no meaning there. */
export function intentOf(mode: Mode, input: string, named: NamedKeys): Intent | undefined {
  const key = {...named, ...NAMED[input]};
  if (mode.type === 'input') return typing(input, key);
  if (mode.type === 'confirm') return answering(input, key);
  const intent = namedKey(key);
  if (intent !== undefined) return intent;
  if (key.ctrl) return CONTROLS[input];
  if (/^\d$/.test(input) && Number(input) <= GROUPS.length)
    return {type: 'kinds', group: input === '0' ? undefined : Number(input) - 1};
  return LETTERS[input];
}

function typing(input: string, key: NamedKeys): Intent | undefined {
  if (key.escape) return {type: 'back'};
  if (key.return) return {type: 'enter'};
  if (key.backspace || key.delete) return {type: 'erase'};
  if (input === '\x15' || (key.ctrl && input === 'u')) return {type: 'erase-all'};
  // Pasted text may contain anything. Control characters are removed.
  const text = input.replace(/\p{Cc}/gu, '');
  return key.ctrl || key.meta || text === '' ? undefined : {type: 'text', text};
}

function answering(input: string, key: NamedKeys): Intent | undefined {
  if (key.escape) return {type: 'back'};
  if (/^y$/i.test(input)) return {type: 'yes'};
  return /^[nq]$/i.test(input) || key.return ? {type: 'no'} : undefined;
}

function namedKey(key: NamedKeys): Intent | undefined {
  if (key.upArrow) return {type: 'move', by: -1};
  if (key.downArrow) return {type: 'move', by: 1};
  if (key.rightArrow) return {type: 'expand'};
  if (key.leftArrow) return {type: 'collapse'};
  if (key.pageUp) return {type: 'page', by: -1};
  if (key.pageDown) return {type: 'page', by: 1};
  if (key.home) return {type: 'first'};
  if (key.end) return {type: 'last'};
  if (key.return) return {type: 'open'};
  return key.escape ? {type: 'back'} : undefined;
}

const CONTROLS: Readonly<Record<string, Intent>> = {
  f: {type: 'page', by: 1},
  b: {type: 'page', by: -1},
  d: {type: 'page', by: 0.5},
  u: {type: 'page', by: -0.5},
};

const LETTERS: Readonly<Record<string, Intent>> = {
  j: {type: 'move', by: 1},
  k: {type: 'move', by: -1},
  l: {type: 'expand'},
  h: {type: 'collapse'},
  g: {type: 'first'},
  G: {type: 'last'},
  '*': {type: 'expand-all'},
  '-': {type: 'collapse-all'},
  ' ': {type: 'toggle'},
  s: {type: 'sort'},
  m: {type: 'other-end'},
  t: {type: 'target-drift'},
  '/': {type: 'search'},
  d: {type: 'details'},
  '?': {type: 'help'},
  p: {type: 'notes'},
  a: {type: 'apply'},
  w: {type: 'save'},
  e: {type: 'export'},
  q: {type: 'quit'},
};

const GROUP_WORDS = GROUPS.map(({name}) => name).join(', ');

/** The text of the help page. */
export const KEY_HELP: readonly (readonly [keys: string, meaning: string])[] = [
  ['↑ ↓  k j', 'move up and down'],
  ['PgUp PgDn  ^B ^F', 'page up and down'],
  ['Home End  g G', 'first and last line'],
  ['→ ←  l h', 'open and close a folder'],
  ['* -', 'open everything below; close all'],
  ['Enter', 'open a folder; show the content of a change'],
  ['Space', 'leave out a change or a whole folder, or include it again'],
  ['/', 'search paths: text, or a glob such as *.jpg or /src/**'],
  [`1 … ${GROUPS.length}`, `show only ${GROUP_WORDS}`],
  ['t', 'show only paths that somebody else changed in the target'],
  ['0  Esc', 'show all again'],
  ['m', 'go to the other path of a move'],
  ['s', 'sort by impact, name or kind'],
  ['d', 'hide or show the details'],
  ['p', 'show problems, warnings and guards'],
  ['a', 'apply the chosen changes'],
  ['w', 'save the chosen changes as a plan'],
  ['e', 'export a report: .html, .md, .json, .xml or .txt'],
  ['?', 'show this help'],
  ['q', 'quit without changing anything'],
  ['^C', 'quit without a question'],
  ['^Z', 'suspend dirsync; `fg` in the shell resumes it'],
];
