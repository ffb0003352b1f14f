/** Describes the mistakes in a config file. */
import type {z} from 'zod';
import {escapeName} from '../core/escape.js';
import {nearest} from './nearest.js';

/** The place of a value in the file. */
export type KeyPath = readonly PropertyKey[];

/** One mistake in a config file. */
export interface Mistake {
  readonly path: KeyPath;
  /** Returns the escaped message. A function, because a hostile file may have very many mistakes. */
  readonly say: () => string;
}

/** Converts an issue of zod. `keysAt`: the valid keys at a place of the file. */
export function mistakesOf(issue: z.core.$ZodIssue, keysAt: (path: KeyPath) => readonly string[]): Mistake[] {
  if (issue.code === 'invalid_union') {
    // If the intended form is clear, its own mistakes say more than that no form matches.
    const meant = issue.errors.find((issues) => issues.every(({code, path}) => code !== 'invalid_type' || path.length > 0));
    if (meant !== undefined) {
      return meant.flatMap((inner) => mistakesOf({...inner, path: [...issue.path, ...inner.path]}, keysAt));
    }
  }
  if (issue.code !== 'unrecognized_keys') return [{path: issue.path, say: () => wordsOf(issue)}];
  return issue.keys.map((key) => ({
    path: [...issue.path, key],
    say: () => `unknown key${didYouMean(OTHER_WORDS[key] ?? key, keysAt(issue.path))}`,
  }));
}

/** Keys of other programs that have a different name here. */
const OTHER_WORDS: Readonly<Record<string, string>> = Object.assign(Object.create(null), {$import: 'extends', import: 'extends'});

function wordsOf(issue: z.core.$ZodIssue): string {
  const {input} = issue;
  switch (issue.code) {
    case 'invalid_value': {
      const meant = typeof input === 'string' ? didYouMean(input, issue.values.map(String)) : '';
      return `expected one of ${issue.values.join(', ')}, found ${show(input)}${meant}`;
    }
    case 'invalid_type': {
      const expected = expectedIn(issue);
      return input === undefined ? missing(expected) : `expected ${expected}, found ${shown(issue)}${advice(issue)}`;
    }
    case 'invalid_union':
      return `expected ${issue.message}, found ${shown(issue)}${advice(issue)}`;
    case 'invalid_key':
      return issue.issues.map(({message}) => message).join(', ');
    default:
      return issue.message;
  }
}

type TypeIssue = Extract<z.core.$ZodIssue, {code: 'invalid_type'}>;

/** The expected type, in the words of the schema if it has some. */
function expectedIn({expected, message}: TypeIssue): string {
  if (!message.startsWith('Invalid input')) return message;
  return expected === 'record' ? 'object' : expected === 'boolean' ? 'true or false' : expected;
}

/** What a schema for one or several texts expects. */
export const TEXTS = 'string or array of strings';

const SWITCHES: ReadonlyMap<string, boolean> = new Map([
  ...['yes', 'on', 'y', 'true'].map((word) => [word, true] as const),
  ...['no', 'off', 'n', 'false'].map((word) => [word, false] as const),
]);

/** What to write instead, if that is clear. */
function advice(issue: z.core.$ZodIssue): string {
  const {input} = issue;
  if (issue.code === 'invalid_type' && issue.expected === 'boolean') {
    const meant = typeof input === 'string' ? SWITCHES.get(input.toLowerCase()) : undefined;
    if (meant === undefined) return '';
    return input === String(meant) ? `, write ${meant} without quotes` : `, write ${meant}`;
  }
  const isText = issue.code === 'invalid_type' ? expectedIn(issue) === 'string' : issue.message === TEXTS;
  return isText && typeof input === 'number' ? ', put a string that looks like a number in quotes' : '';
}

/** The message for a missing key. */
export function missing(expected: string): string {
  return `missing, expected ${expected}`;
}

/** `, did you mean "x"?` or nothing. */
function didYouMean(word: string, candidates: readonly string[]): string {
  const candidate = nearest(word, candidates);
  return candidate === undefined ? '' : `, did you mean "${escapeName(candidate)}"?`;
}

/** The path in JavaScript notation: `jobs.photos.allow[0]`, `jobs["a b"]`. */
export function keyPathWords(path: KeyPath): string {
  if (path.length === 0) return 'the file';
  const words = path.map((key) => {
    if (typeof key === 'number') return `[${key}]`;
    return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(String(key)) ? `.${String(key)}` : `["${escapeName(String(key))}"]`;
  });
  return words.join('').replace(/^\./, '');
}

const SHOWN = 40;
/** Settings whose values are often secrets. */
const SECRETS: readonly PropertyKey[] = ['heartbeat', 'webhook', 'hooks'];

function isShown({path}: z.core.$ZodIssue): boolean {
  return !path.some((key) => SECRETS.includes(key));
}

/** The value of an issue, or only its type if it may be a secret. */
function shown(issue: z.core.$ZodIssue): string {
  return isShown(issue) ? show(issue.input) : typeOf(issue.input);
}

function typeOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}

/** A value from the file with its type; a long value is truncated. */
function show(value: unknown): string {
  if (value === null) return 'null';
  const text = typeof value === 'string' ? `"${escapeName(value)}"` : escapeName(inJson(value));
  return `${typeOf(value)} ${text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text}`;
}

function inJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    // A JavaScript config may contain values that JSON cannot express.
    return Object.prototype.toString.call(value);
  }
}
