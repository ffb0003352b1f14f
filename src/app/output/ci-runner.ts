/**
 * Breaks up commands to CI runners. The runner of a CI job reads what a step prints, on stdout and stderr, and obeys commands in
 * it: GitHub Actions `::name …::` at the start of a line and `##[name …]` anywhere, Azure Pipelines `##vso[…]`, TeamCity
 * `##teamcity[…]`. File names, messages and the output of hooks must never be commands. So all output passes through here, and no
 * other code needs to care.
 */

/** How a character is escaped: as in names, as JSON, or as HTML and XML. */
export type Form = 'text' | 'json' | 'markup' | 'commands';

type Environment = Readonly<Record<string, string | undefined>>;

/** Returns whether a CI runner reads the output of this process. */
export function isRead({GITHUB_ACTIONS, TF_BUILD, TEAMCITY_VERSION}: Environment): boolean {
  return Boolean(GITHUB_ACTIONS || TF_BUILD || TEAMCITY_VERSION);
}

/**
 * Matches the last character of a command's beginning. Only that one is escaped, so that the text before it can be written at once.
 */
const ANYWHERE = /(?<=##[a-z]{0,8})\[/gi;
// U+0085 is whitespace in .NET, but not in JavaScript.
const AT_START = /(?<=^[\s\x85]*:):/gm;

/** Breaks up commands in a text that arrives in pieces. */
export class Breaker {
  /** The part of the current line that a command could continue. */
  #line = '';

  /** With the form `commands`, lines may be dirsync's own commands, `::name …::`. */
  constructor(public form: Form) {}

  break(text: string): string {
    const {form} = this;
    const write = (char: string) => written(char, form);
    const all = (this.#line + text).replace(ANYWHERE, write);
    const broken = form === 'commands' ? all : all.replace(AT_START, write);
    const piece = broken.slice(this.#line.length);
    this.#line = lineOf(broken);
    return piece;
  }
}

function written(char: string, form: Form): string {
  const hex = char.charCodeAt(0).toString(16);
  if (form === 'json') return `\\u00${hex}`;
  return form === 'markup' ? `&#x${hex};` : `\\x${hex}`;
}

function lineOf(text: string): string {
  const line = text.slice(Math.max(text.lastIndexOf('\n'), text.lastIndexOf('\r')) + 1);
  return /^[\s\x85]*:?$/.test(line) ? line : `.${line.slice(-10)}`;
}

const stdout = new Breaker('text');

/** Sets how stdout is escaped from now on. stderr is always text. */
export function printAs(form: Form): void {
  stdout.form = form;
}

/** Breaks up all foreign commands in the output from now on, if a CI runner reads it. */
export function breakCommands(process: Pick<NodeJS.Process, 'stdout' | 'stderr' | 'env'>): void {
  if (!isRead(process.env)) return;
  pass(process.stdout, stdout);
  pass(process.stderr, new Breaker('text'));
}

function pass(stream: NodeJS.WriteStream, breaker: Breaker): void {
  const write = stream.write.bind(stream) as (text: string, ...rest: unknown[]) => boolean;
  stream.write = (chunk: string | Uint8Array, ...rest: unknown[]) => {
    return write(breaker.break(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()), ...rest);
  };
}
