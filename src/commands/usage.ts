/** Rewrites the errors of oclif's parser so that users understand what is wrong with their command line. */
import type {Command, Errors} from '@oclif/core';
import {nearest} from '../config/nearest.js';
import {DirsyncError} from '../core/errors.js';
import {escapeName} from '../core/escape.js';
import {typedWord} from '../core/shell.js';
import {COMMAND_HABITS, FLAG_HABITS} from './habits.js';

type Flags = Command.Loadable['flags'];

/** The command that was typed, and all existing commands. */
export interface Asked {
  readonly id: string;
  readonly usage: readonly string[];
  readonly flags: Flags;
  readonly commands: readonly Command.Loadable[];
}

/** Converts an error of oclif's parser into a DirsyncError with a hint. */
export function usageError(error: Errors.CLIError, asked: Asked): DirsyncError {
  const text = error.message.replace(/\n?See more help with --help\s*$/, '');
  for (const [pattern, say] of SAYINGS) {
    const match = pattern.exec(text);
    if (match === null) continue;
    const [detail, hint] = say(match.slice(1), asked);
    return usage(detail, hint, error);
  }
  return usage(text.split('\n').map(escapeName).join('\n'), helpOf(asked), error);
}

function usage(detail: string, hint: string, cause?: unknown): DirsyncError {
  return new DirsyncError('USAGE', detail, hint, {cause});
}

type Said = readonly [detail: string, hint: string];

/** Patterns of oclif's messages, and the detail and hint that replace them. */
const SAYINGS: readonly (readonly [RegExp, (found: readonly string[], asked: Asked) => Said])[] = [
  [/^Nonexistent flags?: (.*)$/s, ([flags = ''], asked) => unknownFlag(flags.split(', ')[0] ?? '', asked)],
  [
    /^Unexpected arguments?: (.*)$/s,
    ([words = ''], asked) => [`too many arguments: ${escapeName(words)}`, `${formsOf(asked)}; put a path with spaces in quotes`],
  ],
  [/^Missing \d+ required args?:\n(\w+)/, ([name = ''], asked) => [`${name.toUpperCase()} is missing`, formsOf(asked)]],
  [/Missing required flag ([\w-]+)/, ([flag = ''], asked) => [`--${flag} is missing`, formsOf(asked)]],
  [
    /Expected --([\w-]+)=(.*) to be one of: (.*)$/s,
    ([flag = '', value = '', options = '']) => {
      const choices = options.split(', ');
      const near = nearest(value, choices);
      const hint = near === undefined ? `give one of them, such as --${flag} ${choices[0]}` : `did you mean --${flag} ${near}?`;
      return [`--${flag} takes ${orList(choices)}, not "${escapeName(value)}"`, hint];
    },
  ],
  [
    /Flag --([\w-]+) expects (?:a value|one of these values: (.*))$/s,
    ([flag = '', options], {flags}) => {
      const value = options === undefined ? (sampleOf(flags[flag]) ?? 'VALUE') : options.split(', ')[0];
      const what = options === undefined ? '' : `: ${orList(options.split(', '))}`;
      return [`--${flag} needs a value${what}`, `write it after the flag, as in --${flag}=${value}`];
    },
  ],
  [/Flag --([\w-]+) can only be specified once/, ([flag = '']) => [`--${flag} is given twice`, 'give it once']],
  [
    /^Parsing --([\w-]+)\s+Expected an integer(?: greater than or equal to (\d+))? but received: (.*)$/s,
    ([flag = '', least, value = '']) => {
      const from = least === undefined ? '' : ` from ${least}`;
      return [`--${flag} takes a whole number${from}, not "${escapeName(value)}"`, `give one, such as --${flag} ${least ?? 1}`];
    },
  ],
  [
    /--([\w-]+)(?:=.*)? cannot also be provided when using --([\w-]+)/,
    ([other = '', flag = '']) => [`--${flag} and --${other} cannot be used together`, 'give one of them'],
  ],
  [
    /All of the following must be provided when using --([\w-]+): (.*)$/s,
    ([flag = '', needed = '']) => [`--${flag} is given without ${needed}`, `add ${needed}, or leave out --${flag}`],
  ],
  [
    /Exactly one of the following must be provided: (.*)$/s,
    ([flags = ''], asked) => [`one of ${orList(flags.split(', '))} is needed`, formsOf(asked)],
  ],
  [/^Parsing --[\w-]+\s+(.*)$/s, ([text = ''], asked) => [escapeName(text), helpOf(asked)]],
];

function unknownFlag(typed: string, asked: Asked): Said {
  const {id, flags, commands} = asked;
  const flag = typed.replace(/=.*$/s, '');
  const isLong = flag.startsWith('--');
  const name = flag.replace(/^--?/, '');
  const detail = `dirsync ${id} has no flag ${escapeName(flag)}`;
  const positive = name.replace(/^no-/, '');
  if (isLong && Object.hasOwn(flags, positive)) return [detail, `it is off without --${positive}: leave it out`];
  // Combined letters, as in -av.
  const names = isLong ? [name] : Array.from(name).filter((letter) => Object.values(flags).every(({char}) => char !== letter));
  const habits = names.flatMap((each) => (id === 'plan' && isDryRun(each) ? A_PLAN : (FLAG_HABITS[each] ?? [])));
  if (habits.length > 0) return [detail, [...new Set(habits)].join('; ')];
  const others = commands.filter((command) =>
    Object.entries(command.flags).some(([long, {char}]) => (isLong ? long === name : char === names[0])),
  );
  if (others.length > 0) return [detail, `it is a flag of ${andList(others.map((other) => `dirsync ${wordsOf(other.id)}`))}`];
  const near = isLong ? nearest(name, longFlags(flags)) : undefined;
  return [detail, near === undefined ? helpOf(asked) : `did you mean --${near}?`];
}

const A_PLAN = 'a plan changes nothing: leave it out';

function isDryRun(name: string): boolean {
  return FLAG_HABITS[name] === FLAG_HABITS.n;
}

function longFlags(flags: Flags): string[] {
  return Object.entries(flags).flatMap(([name, flag]) =>
    flag.type === 'boolean' && flag.allowNo ? [name, `no-${name}`] : [name],
  );
}

/**
 * Refuses values of boolean flags, because oclif treats the value of `--delete=no` as an argument, such as a folder.
 * @throws DirsyncError USAGE if a flag that takes no value has one.
 */
export function checkSwitches(argv: readonly string[], flags: Flags): void {
  const end = argv.indexOf('--');
  for (const [index, word] of argv.slice(0, end === -1 ? undefined : end).entries()) {
    const [, no, name = '', value = ''] = /^--(no-)?([\w-]+)=(.*)$/s.exec(word) ?? [];
    const flag = flags[name];
    if (flag?.type !== 'boolean' || takesNext(argv[index - 1], flags)) continue;
    const typed = `--${no ?? ''}${name}`;
    const isOff = /^(?:no|off|false|0)$/i.test(value);
    const hint = isOff ? (flag.allowNo && !no ? `write --no-${name}` : 'leave it out') : `write ${typed}`;
    throw usage(`${typed} takes no value, but "${escapeName(value)}" is given`, hint);
  }
}

/** Whether the next word is the value of this flag. */
function takesNext(word: string | undefined, flags: Flags): boolean {
  const [, long, char] = /^(?:--([\w-]+)|-(\w))$/.exec(word ?? '') ?? [];
  return Object.entries(flags).some(
    ([name, flag]) => flag.type === 'option' && (name === long || (char !== undefined && flag.char === char)),
  );
}

/** Returns the error for words that name no command, with the most likely fix as its hint. */
export function unknownCommand(words: readonly string[], commandIds: readonly string[]): DirsyncError {
  const [first = '', ...others] = words;
  const name = escapeName(first);
  const ids = commandIds.map(wordsOf);
  if (first.startsWith('-')) {
    const habit = FLAG_HABITS[first.replace(/^--?/, '')];
    return usage(
      `found ${name} where a command is expected`,
      habit ?? `write the command first, as in dirsync plan SOURCE TARGET ${name}`,
    );
  }
  const own = ids.find((id) => id === first);
  if (own !== undefined) return usage(`too many arguments: ${others.map(escapeName).join(' ')}`, `see \`dirsync ${own} --help\``);
  const topic = ids.filter((id) => id.startsWith(`${first} `));
  if (topic.length > 0)
    return usage(`dirsync ${name} has no command ${escapeName(others[0] ?? '')}`, `did you mean dirsync ${topic.join(' or ')}?`);
  const detail = `"${name}" is not a command`;
  const near = COMMAND_HABITS[first] ?? (first.includes('/') ? undefined : meantCommand(first, ids));
  if (near !== undefined) return usage(detail, near);
  const roots = others.length === 1 ? [first, ...others].map(typedWord).join(' ') : undefined;
  if (roots !== undefined) {
    const steps = `dirsync plan ${roots} shows the changes, dirsync apply ${roots} makes them after a review, dirsync run ${roots} makes them at once`;
    return usage(detail, `for two folders: ${steps}`);
  }
  return usage(detail, `give one of ${ids.join(', ')}; see \`dirsync --help\``);
}

function meantCommand(word: string, ids: readonly string[]): string | undefined {
  const near = nearest(word, ids);
  return near === undefined ? undefined : `did you mean dirsync ${near}?`;
}

function wordsOf(id: string): string {
  return id.replaceAll(':', ' ');
}

/** Returns a hint with all forms of the command. */
function formsOf({id, usage}: Asked): string {
  const forms = usage.map((form) => form.replace('<%= command.id %>', `dirsync ${id}`).replace(' [FLAGS]', ''));
  return `write ${forms.join(', or ')}`;
}

function helpOf({id}: Pick<Asked, 'id'>): string {
  return `see \`dirsync ${id} --help\``;
}

function sampleOf(flag: Flags[string] | undefined): string | undefined {
  const shown = flag?.type === 'option' ? flag.helpValue : undefined;
  return typeof shown === 'string' ? shown : shown?.[0];
}

function andList(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

function orList(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
