import fs from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {expect} from 'chai';
import {COMMANDS} from '../../src/commands/index.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const PAGES = [
  'README.md',
  'examples/nas/README.md',
  ...fs.readdirSync(path.join(ROOT, 'docs')).flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : [])),
];

interface Flag {
  readonly char?: string;
  readonly allowNo?: boolean;
}

const FLAGS = new Map(
  Object.entries(COMMANDS).map(([name, command]) => {
    const {flags = {}} = command as unknown as {readonly flags?: Readonly<Record<string, Flag>>};
    const names = Object.entries(flags).flatMap(([flag, {char, allowNo}]) => [
      `--${flag}`,
      ...(allowNo === true ? [`--no-${flag}`] : []),
      ...(char === undefined ? [] : [`-${char}`]),
    ]);
    return [name.replaceAll(':', ' '), new Set(['--help', ...names])];
  }),
);

/** The command lines of a page: in code blocks and code spans, each up to a comment or the next command of the shell. */
function linesOf(text: string): string[] {
  const blocks = [...text.matchAll(/^ *```sh\n(.*?)^ *```/gms)].flatMap(([, block = '']) => block.split('\n'));
  const spans = [...text.replaceAll(/^ *```.*?^ *```/gms, '').matchAll(/`([^`]+)`/g)].map(([, span = '']) => span);
  return [...blocks, ...spans].flatMap((line) =>
    [...line.matchAll(/\bdirsync ([a-z][^|;#<>)]*)/g)].map(([, words = '']) => words.trim()),
  );
}

/** A line is wrong that starts no command, or that has a flag which its command does not have. */
function isWrong(line: string): boolean {
  const command = [...FLAGS.keys()].find((name) => `${line} `.startsWith(`${name} `));
  const flags = [...line.matchAll(/(?<![\S"'])(--[a-z][a-z0-9-]*|-[a-z0-9](?![\w-]))/gi)].map(([, flag = '']) => flag);
  return command === undefined || flags.some((flag) => !FLAGS.get(command)?.has(flag));
}

describe('command lines of the pages', () => {
  for (const page of PAGES)
    it(`${page} has only commands and flags that exist`, () => {
      const lines = linesOf(fs.readFileSync(path.join(ROOT, page), 'utf8'));
      expect(lines.filter(isWrong)).to.deep.equal([]);
    });

  it('notices an unknown command and an unknown flag', () => {
    const text =
      '`dirsync plan a b --full`, `dirsync plam a b` and\n\n```sh\ndirsync plan a b --fsnc each   # -x\ndirsync show f -Q\n```\n';
    expect(linesOf(text).filter(isWrong)).to.deep.equal(['plan a b --fsnc each', 'show f -Q', 'plam a b']);
  });
});
