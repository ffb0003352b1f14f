/** Parses YAML so that keys are exactly the written texts, and describes syntax errors in plain words. */
import {FAILSAFE_SCHEMA, load, Type, types, YAMLException} from 'js-yaml';
import {escapeName} from '../core/escape.js';
import {twiceWords} from './json.js';
import {Unparsable} from './unparsable.js';

declare module 'js-yaml' {
  /** Missing in @types/js-yaml. */
  export const types: Readonly<Record<'null' | 'bool' | 'int' | 'float' | 'merge', Type>>;
  interface Type {
    tag: string;
  }
}

/** A number, a boolean or null; as a key it is the text as written. */
class Scalar {
  readonly #text: string;
  readonly #value: unknown;

  constructor(text: string, value: unknown) {
    this.#text = text;
    this.#value = value;
  }

  /** js-yaml converts keys that are not plain objects with `String`. */
  get [Symbol.toStringTag](): string {
    return 'Scalar';
  }

  toString(): string {
    return this.#text;
  }

  valueOf(): unknown {
    return this.#value;
  }
}

const scalars = [types.null, types.bool, types.int, types.float].map(
  ({tag, resolve, construct}) => new Type(tag, {kind: 'scalar', resolve, construct: (text) => new Scalar(text, construct(text))}),
);
/** Without dates: 2026-11-28 stays text, in any time zone. */
const SCHEMA = FAILSAFE_SCHEMA.extend({implicit: [...scalars, types.merge]});

/** Parses YAML. The result must still go through `plainYaml`, after its size was checked. @throws Unparsable. */
export function parseYaml(text: string): unknown {
  try {
    return load(text, {schema: SCHEMA});
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const {reason, mark} = error as {readonly reason: string; readonly mark?: YAMLException['mark']};
    const lines = text.split('\n');
    // For an unexpected end, js-yaml reports the line after the last.
    const line = mark && Math.min(mark.line + 1, lines.length);
    if (reason === 'duplicated mapping key') throw new Unparsable(twiceWords(keyAt(text.slice(mark?.position))), line, error);
    // js-yaml reads a tagged value to its end before it refuses the tag.
    const tag = /^unknown tag !<(?:tag:yaml\.org,2002:)?(.*)>$/s.exec(reason)?.[1];
    const tagged = tag === undefined ? 0 : lines.slice(0, line).findLastIndex((each) => each.includes(tag)) + 1;
    throw new Unparsable(wordsFor(reason, lines[(line ?? 1) - 1] ?? ''), tagged || line, error);
  }
}

/** Converts parsed scalars to plain values. */
export function plainYaml(value: unknown, seen = new Set<unknown>()): unknown {
  if (value instanceof Scalar) return value.valueOf();
  if (typeof value !== 'object' || value === null || seen.has(value)) return value;
  seen.add(value);
  const fields = value as Record<string, unknown>;
  for (const [key, field] of Object.entries(fields)) {
    const plain = plainYaml(field, seen);
    if (plain !== field) fields[key] = plain;
  }
  return value;
}

function keyAt(text: string): string {
  const [, , quoted, plain = ''] = /^\s*(?:(["'])(.*?)\1|(.*?)\s*(?::|$))/m.exec(text) ?? [];
  return quoted ?? plain;
}

const QUOTED = 'has a special meaning in YAML; put the text in quotes, such as';

/** Patterns of js-yaml's messages, and the messages that replace them. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/\balias\b/, `a "*" at the start ${QUOTED} '*.tmp'`],
  [/\btag\b/, `a "!" at the start ${QUOTED} '!keep.txt'`],
  [/\banchor\b/, `a "&" at the start ${QUOTED} '&x'`],
  [/^tab characters/, 'a tab is used where YAML allows only spaces'],
  [/^unexpected end of the stream within a (?:single|double) quoted/, 'the closing quote of a text is missing'],
  [/^unexpected end of the stream within a flow/, 'the closing ] of a list or } of an object is missing'],
  [/^missed comma/, 'a comma is missing, or the closing ] of a list or } of an object'],
  [/^expected a single document/, '"---" begins a second document, but a config is a single one'],
  [/^unknown escape sequence/, 'a "\\" in double quotes has a special meaning in YAML; put the text in single quotes'],
  [
    /^(?:bad indentation of a mapping|end of the stream or|can not read)/,
    'expected a key with ": ", indented like the keys around it',
  ],
];

function wordsFor(reason: string, line: string): string {
  const known = WORDS.find(([pattern]) => pattern.test(reason))?.[1];
  if (!/^bad indentation of a mapping/.test(reason)) return known ?? escapeName(reason);
  const first = /(?::|-) +([@`%|>[\]{}"'])/.exec(line)?.[1];
  if (first !== undefined && '@`%]}'.includes(first)) return `a "${first}" at the start ${QUOTED} '${first}x'`;
  return /: .*: /.test(line) && first === undefined ? `a ": " ${QUOTED} 'a: b'` : (known as string);
}
