import {spawnSync} from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {expect} from 'chai';
import {COMMANDS} from '../../src/commands/index.js';
import {skip} from '../support/skip.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const page = fs.readFileSync(path.join(ROOT, 'docs/coming-from-rsync.md'), 'utf8');

/** The cells of all rows that tell of an option. */
const rows = [...page.matchAll(/^\| (`-.*)\|$/gm)].map(([, row = '']) => row.split(/(?<!\\)\|/));

/** Options in the code of a text, with their dashes; of `--name=VALUE` the name. */
function optionsIn(text: string): string[] {
  const spans = [...text.matchAll(/`([^`]+)`/g)].flatMap(([, code = '']) => code);
  return spans.flatMap((code) => [...code.matchAll(/(?<![\w-])(--[a-z0-9][\w-]*|-[\w@])/g)].map(([, option = '']) => option));
}

interface Flag {
  readonly char?: string;
  readonly type: string;
  readonly allowNo?: boolean;
}

const flags = Object.values(COMMANDS).flatMap((command) => {
  const {flags = {}} = command as unknown as {readonly flags?: Readonly<Record<string, Flag>>};
  return Object.entries(flags);
});
const known = new Set([
  '--help',
  '--version',
  ...flags.flatMap(([name, {char, allowNo}]) => [
    `--${name}`,
    ...(allowNo === true ? [`--no-${name}`] : []),
    ...(char === undefined ? [] : [`-${char}`]),
  ]),
]);

describe('docs/coming-from-rsync', () => {
  it('names no flag that dirsync does not have', () => {
    const intro = page
      .slice(0, page.indexOf('\n## '))
      .replaceAll(/^```[^`]*```$/gm, '')
      .replaceAll(/`rsync[^`]*`/g, '');
    const ofRows = rows.flatMap(([, instead = '', more = '']) => optionsIn(instead + more));
    const named = [...optionsIn(intro), ...ofRows];
    expect(named).to.include.members(['--no-delete', '--links-as', '--rate']);
    // A row may tell of rsync's short options.
    const ofRsync = ['-H', '-A', '-X', '-S'];
    expect(named.filter((option) => !known.has(option) && !ofRsync.includes(option))).to.deep.equal([]);
  });

  it('names each value of a flag that is one', () => {
    const values = (flag: string) =>
      [...page.matchAll(new RegExp(`\`--${flag} ([a-z,]+)\``, 'g'))].flatMap(([, value = '']) => value.split(','));
    const {options: kinds} = COMMANDS.plan.flags.kinds as {options?: readonly string[]};
    const {options: kept} = COMMANDS.plan.flags['no-preserve'] as {options?: readonly string[]};
    expect(kinds).to.include.members(values('kinds'));
    expect(kept).to.include.members(values('no-preserve'));
  });

  it('has each option of rsync', function () {
    const {status, stdout} = spawnSync('rsync', ['--version'], {encoding: 'utf8'});
    if (status !== 0 || !/version 3\.[45]\./.test(stdout)) skip(this, 'the page is of rsync 3.4 and 3.5');
    const help = spawnSync('rsync', ['--help'], {encoding: 'utf8'}).stdout;
    const options = [...help.matchAll(/^ {0,2}((?:-[\w-]+(?:=\S+)?(?:, )?)+)/gm)].flatMap(([, names = '']) =>
      optionsIn(`\`${names}\``),
    );
    expect(options).to.have.length.above(100);
    const told = new Set(rows.flatMap(([rsync = '']) => optionsIn(rsync)));
    // `--no-OPTION` is told as it is written there.
    if (/`--no-OPTION`/.test(page)) told.add('--no-OPTION');
    expect(options.filter((option) => !told.has(option))).to.deep.equal([]);
  });
});
